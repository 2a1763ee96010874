/* SPDX-License-Identifier: MIT */
#include "command/config/apply.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crypt.h"
#include "base/os.h"
#include "base/replace.h"
#include "command/config/config.h"
#include "config/access.h"
#include "config/change.h"
#include "config/file.h"

enum { MEM_MAX = 64 * 1024, MODES = 07777 };

static const struct log apply_silent = { 0 };

void
apply_init(struct apply *a, const struct cli *cli)
{
	*a = (struct apply){ .cli = cli };
	arena_init(&a->mem, MEM_MAX);
	buf_init_secret(&a->text, CONFIG_FILE_MAX);
}

void
apply_release(struct apply *a)
{
	buf_release(&a->text);
	arena_release(&a->mem);
}

const char *
apply_place(struct arena *mem, const char *named)
{
	struct config_places places;

	config_find(mem, named, &places);
	return places.named || geteuid() != 0 ? places.item[0].p :
						places.item[places.n - 1].p;
}

const char *
apply_file(struct arena *mem, const char *named, bool *there)
{
	struct config_places places;
	struct os_stat st;
	struct err absent;

	config_find(mem, named, &places);
	for (size_t i = 0; i < places.n; i++) {
		*there = os_stat_path(places.item[i].p, &st, &absent);
		if (*there)
			return places.item[i].p;
	}
	return apply_place(mem, named);
}

void
apply_tag(struct str text, struct str apart, char out[APPLY_TAG])
{
	char hex[CRYPT_SHA256_HEX];
	struct crypt_sum sum;

	crypt_sum_init(&sum);
	crypt_sum_add(&sum, text);
	if (apart.p != NULL) {
		crypt_sum_add(&sum, (struct str){ "", 1 });
		crypt_sum_add(&sum, apart);
	}
	crypt_sum_hex(&sum, hex);
	memcpy(out, hex, APPLY_TAG - 1);
	out[APPLY_TAG - 1] = '\0';
}

/* The file that gives the key now; else the one where its half belongs. */
static struct str
apply_find(const struct config *c, const struct access *a,
    const struct config_row *row)
{
	const struct config_origin *o =
	    &(row->half == CONFIG_PUBLIC ? c->origin :
					   a->origin)[row - config_rows];

	if (o->line > 0)
		return str_of(o->name);
	return row->half == CONFIG_ACCESS && a->file.n > 0 ? a->file : c->file;
}

/* Of a file that cannot be used: the change may be what mends it. */
static bool
apply_find_file(struct apply *a, const struct config_row *row, struct err *e)
{
	const struct config_ask ask = { .path = a->cli->common.config };
	struct access access = { 0 };
	struct config_places places;
	struct config config;
	struct err unusable;
	bool ok;

	if (config_load(&config, &ask, &apply_silent, &unusable))
		(void)!access_load(&access, &config, &apply_silent, &unusable);
	if (config.piped) {
		err_set(e, ERR_USAGE,
		    "standard input is no file that can be changed");
	} else if (config.file.n == 0) {
		config_find(&a->mem, a->cli->common.config, &places);
		(void)!settings_no_file(&places, e);
	}
	ok = config.file.n > 0 && !config.piped;
	if (ok) {
		a->main = arena_str(&a->mem, config.file).p;
		a->path =
		    arena_str(&a->mem, apply_find(&config, &access, row)).p;
		ok = arena_ok(&a->mem, e);
	}
	access_release(&access);
	config_release(&config);
	return ok;
}

bool
apply_read(struct apply *a, const struct config_row *row, struct err *e)
{
	return apply_find_file(a, row, e) && os_read_file(a->path, &a->text, e);
}

/* Gives the text the line, which is wiped; empty: takes the key's away. */
static bool
apply_line(struct apply *a, const struct config_row *row, struct buf *line,
    bool *was, struct err *e)
{
	const struct change change = {
		.account = str_of(a->cli->common.account),
		.key = str_of(row->name),
		.line = buf_view(line),
	};
	struct buf next;
	bool ok;

	buf_init_secret(&next, CONFIG_FILE_MAX);
	*was = change_text(buf_view(&a->text), &change, &next);
	ok = buf_ok(line, e) && buf_ok(&next, e);
	buf_release(line);
	buf_release(&a->text);
	a->text = next;
	return ok;
}

bool
apply_set(struct apply *a, const struct config_row *row, struct str value,
    struct err *e)
{
	struct buf line;
	bool was;

	if (value.n == 0) {
		err_set(e, ERR_USAGE, "%s: the value is empty", row->name);
		return err_remedy(e, "post365 config unset %s takes it away",
		    row->name);
	}
	if (!config_text_check(value, e))
		return err_wrap(e, "%s", row->name);
	buf_init_secret(&line, CONFIG_LINE_MAX + 64);
	buf_addf(&line, "%s = ", row->name);
	buf_adds(&line, value);
	return apply_line(a, row, &line, &was, e);
}

bool
apply_unset(struct apply *a, const struct config_row *row, bool *was,
    struct err *e)
{
	struct change there = { .account = str_of(a->cli->common.account),
		.key = str_of(row->name) };
	struct buf line;

	buf_init_secret(&line, CONFIG_FILE_MAX);
	*was = change_text(buf_view(&a->text), &there, &line);
	buf_reset(&line);
	if (*was && row->standard != NULL && there.account.n == 0)
		buf_addf(&line, "#%s = %s", row->name, row->standard);
	return apply_line(a, row, &line, &(bool){ false }, e);
}

static void
apply_warn(const struct apply *a, const struct config_row *row,
    const struct config_origin *o)
{
	struct config_origin_text from;

	o += row - config_rows;
	if (o->place == CONFIG_ENVIRONMENT || o->place == CONFIG_AZURE)
		log_warn(&a->cli->log,
		    "%s is set in the file, but not in force here: that %s is",
		    row->name, config_origin(o, &from));
}

bool
apply_check(const struct apply *a, const struct config_row *row, struct err *e)
{
	const struct config_draft draft = { a->path, buf_view(&a->text) };
	const struct config_ask ask = { .path = a->main,
		.account = a->cli->common.account,
		.draft = &draft };
	struct access access = { 0 };
	struct config config;
	bool ok;

	ok = config_load(&config, &ask, &a->cli->log, e) &&
	    access_load(&access, &config, &a->cli->log, e);
	if (ok && row != NULL)
		apply_warn(a, row,
		    row->half == CONFIG_PUBLIC ? config.origin : access.origin);
	access_release(&access);
	config_release(&config);
	return ok;
}

/* No signal ends us between a temporary file and its name. */
static bool
apply_write(const char *path, struct str text, struct replace_how how,
    struct err *e)
{
	sigset_t all, before;
	bool ok;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	ok = replace_file(path, text, how, e);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

bool
apply_replace(const struct apply *a, struct err *e)
{
	struct replace_how how = { .durable = true, .sweep = true };
	char real[PATH_MAX]; /* a link stays one */
	struct os_stat as;
	struct stat st;

	if (realpath(a->path, real) == NULL || stat(real, &st) < 0)
		return err_sys(e, ERR_CONFIG, "%s", a->path);
	as = os_stat_of(&st);
	how.as = &as;
	how.mode = st.st_mode & MODES;
	return apply_write(real, buf_view(&a->text), how, e);
}

/* Takes away folders that were made, from below, as far as they are empty. */
static void
apply_remove_folders(char *folder, size_t kept)
{
	char *slash;

	while (
	    folder != NULL && str_of(folder).n > kept && rmdir(folder) == 0) {
		slash = strrchr(folder, '/');
		if (slash == NULL || slash == folder)
			return;
		*slash = '\0';
	}
}

/* How much of the path is a folder that is there. */
static size_t
apply_there(const char *folder)
{
	struct os_stat st;
	struct err absent;
	char part[PATH_MAX];
	size_t n = str_of(folder).n;

	while (n > 1 && n < sizeof(part)) {
		memcpy(part, folder, n);
		part[n] = '\0';
		if (os_stat_path(part, &st, &absent))
			break;
		while (n > 1 && folder[--n] != '/')
			;
	}
	return n;
}

bool
apply_may_write(const char *path, struct err *e)
{
	char real[PATH_MAX], folder[PATH_MAX];
	struct stat st = { .st_uid = geteuid() };
	bool there = realpath(path, real) != NULL;

	if (!there && errno != ENOENT)
		return err_sys(e, ERR_CONFIG, "%s", path);
	if (!os_folder_of(there ? real : path, folder, sizeof(folder), e))
		return false;
	if (!there)
		folder[apply_there(folder)] = '\0';
	else if (access(real, R_OK) < 0 || stat(real, &st) < 0)
		return err_sys(e, ERR_CONFIG, "%s", real);
	if (access(folder, W_OK | X_OK) < 0)
		return err_sys(e, ERR_CONFIG, "%s", folder);
	/* the new one would not be its owner's */
	return geteuid() == 0 || st.st_uid == geteuid() ||
	    err_set(e, ERR_CONFIG, "%s: belongs to user %u", real,
		(unsigned)st.st_uid);
}

bool
apply_is_free(const char *path, const char *remedy, struct err *e)
{
	struct os_stat st;

	if (!os_stat_path(path, &st, e))
		return true;
	err_set(e, ERR_CONFIG, "%s: is there already", path);
	e->exit = EX_CANTCREAT;
	return err_remedy(e, "%s", remedy);
}

bool
apply_make(const char *path, struct str text, struct err *e)
{
	struct replace_how how = { .mode = 0600,
		.durable = true,
		.sweep = true };
	char folder[PATH_MAX];
	struct os_stat st;
	size_t kept;

	if (!apply_is_free(path, "", e) ||
	    !os_folder_of(path, folder, sizeof(folder), e))
		return false;
	kept = apply_there(folder);
	if (os_mkdirs(folder, geteuid() == 0 ? 0755 : 0700, e)) {
		if (geteuid() == 0 && os_stat_path(folder, &st, e) &&
		    st.owner == 0 && st.group != 0 && !st.others) {
			how.mode = 0640;
			how.as = &st;
		}
		if (apply_write(path, text, how, e))
			return true;
	}
	apply_remove_folders(folder, kept);
	return false;
}
