/* SPDX-License-Identifier: MIT */
#include "deliver/outbox.h"

#include <string.h>

enum {
	PATHS_MOST = 64 * 1024,
	/* some 100,000 attempts; a reader has one file in memory */
	JOURNAL_MOST = 4 << 20,
	JOURNAL_KEEP = 9
};

static enum spool_sync
sync_of(const struct config *c)
{
	if (str_eq(c->spool_sync, STR("none")))
		return SPOOL_NONE;
	return str_eq(c->spool_sync, STR("file")) ? SPOOL_FILE : SPOOL_FULL;
}

static bool
refuse_unset(const char *what, const char *key, struct err *e)
{
	err_set(e, ERR_CONFIG, "there is no folder for the %s: %s is not set",
	    what, key);
	return err_remedy(e, "set it, or state_dir, or HOME");
}

static bool
outbox_add_journal(struct outbox *o, const struct config *c, bool look,
    struct err *e)
{
	const struct journal_options how = { .most = JOURNAL_MOST,
		.keep = JOURNAL_KEEP,
		.sync = sync_of(c) != SPOOL_NONE,
		.look = look };
	const char *slash;
	struct str folder;

	*o = (struct outbox){ 0 };
	if (c->log_file.n == 0)
		return refuse_unset("journal", "log_file", e);
	slash = strrchr(c->log_file.p, '/');
	if (slash == NULL || slash[1] == '\0')
		return err_set(e, ERR_CONFIG,
		    "log_file: \"%s\" is not the whole path of a file",
		    c->log_file.p);
	arena_init(&o->mem, PATHS_MOST);
	/* of "/log" it is "/" */
	folder = str_first(c->log_file,
	    slash == c->log_file.p ? 1 : (size_t)(slash - c->log_file.p));
	folder = arena_str(&o->mem, folder);
	if (arena_ok(&o->mem, e) &&
	    journal_open(&o->journal, folder.p, slash + 1, how, e))
		return true;
	outbox_close(o);
	return false;
}

bool
outbox_open_journal(struct outbox *o, const struct config *c, struct err *e)
{
	return outbox_add_journal(o, c, false, e);
}

bool
outbox_look_journal(struct outbox *o, const struct config *c, struct err *e)
{
	return outbox_add_journal(o, c, true, e);
}

static bool
outbox_add_spool(struct outbox *o, const struct config *c, bool look,
    struct err *e)
{
	if (c->spool_dir.n == 0)
		return refuse_unset("queue", "spool_dir", e);
	o->limits = (struct spool_limits){ .min_free = c->min_free,
		.max_spool = c->max_spool,
		.max_queue = c->max_queue };
	return spool_open(&o->spool, c->spool_dir.p,
	    look ? SPOOL_LOOK : sync_of(c), &clock_system, e);
}

bool
outbox_open_spool(struct outbox *o, const struct config *c, struct err *e)
{
	*o = (struct outbox){ 0 };
	return outbox_add_spool(o, c, false, e);
}

static bool
outbox_add_both(struct outbox *o, const struct config *c, bool look,
    struct err *e)
{
	*o = (struct outbox){ 0 };
	if (c->spool_dir.n == 0)
		return refuse_unset("queue", "spool_dir", e);
	if (!outbox_add_journal(o, c, look, e))
		return false;
	if (outbox_add_spool(o, c, look, e))
		return true;
	outbox_close(o);
	return false;
}

bool
outbox_open(struct outbox *o, const struct config *c, struct err *e)
{
	return outbox_add_both(o, c, false, e);
}

bool
outbox_look(struct outbox *o, const struct config *c, struct err *e)
{
	return outbox_add_both(o, c, true, e);
}

void
outbox_close(struct outbox *o)
{
	journal_close(&o->journal);
	spool_close(&o->spool);
	arena_release(&o->mem);
	*o = (struct outbox){ 0 };
}
