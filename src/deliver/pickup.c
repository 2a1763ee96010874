/* SPDX-License-Identifier: MIT */
#include "deliver/pickup.h"

#include <unistd.h>

#include "base/os.h"
#include "base/record.h"
#include "compose/account.h"
#include "config/relay.h"
#include "deliver/accept.h"
#include "store/drop.h"

enum {
	PICKUP_MEMORY =
	    8 << 20, /* addresses of an envelope; lines of [relay] */
	PICKUP_HOST = 256
};

/* A folder that is gone through. */
struct pickup_pass {
	struct pickup *pickup;
	struct dir dir;
	size_t taken;
	bool more;
};

/* One file of it. */
struct pickup_job {
	const struct pickup *pickup;
	const struct drop_file *file;
	struct accept accept;
	struct config config; /* of its account */
	struct arena mem;
};

/* FNV-1a */
static uint64_t
pickup_key(const char *name)
{
	uint64_t key = 14695981039346656037ULL;

	for (; *name != '\0'; name++)
		key = (key ^ (unsigned char)*name) * 1099511628211ULL;
	return key;
}

/* Once for each; of more than there is room for nothing is told. */
static bool
pickup_is_told(const struct pickup *p, const char *name)
{
	size_t i = 0;

	while (i < p->tellings && p->told[i] != pickup_key(name))
		i++;
	return i < p->tellings || i == PICKUP_TOLD;
}

static void
pickup_tell(struct pickup_pass *pass, const char *name, uid_t owner,
    const struct err *why)
{
	struct pickup *p = pass->pickup;

	if (pickup_is_told(p, name))
		return;
	p->told[p->tellings++] = pickup_key(name);
	log_warn(p->log, "%s/%s of user %lu is not taken: %s", pass->dir.path,
	    name, (unsigned long)owner, why->msg);
	syslog_send(p->syslog, SYSLOG_WARNING,
	    "%s/%s of user %lu is not taken: %s", pass->dir.path, name,
	    (unsigned long)owner, why->msg);
}

/* May this user have one more in this round? */
static bool
pickup_counts(struct pickup *p, uid_t uid)
{
	size_t i = 0;

	while (i < p->users && p->user[i].uid != uid)
		i++;
	if (i == PICKUP_USERS)
		i--; /* the others share one */
	else if (i == p->users)
		p->user[p->users++].uid = uid;
	return p->user[i].n++ < PICKUP_EACH;
}

/* accept_choose */
static bool
pickup_choose(void *arg, struct str header, struct accept_to *to, struct err *e)
{
	static const struct log silent = { 0 };
	struct pickup_job *j = arg;
	const struct pickup *p = j->pickup;
	struct str sender = j->file->envelope.sender;
	const struct config_ask ask = { .path = p->path,
		.sender = arena_str(&j->mem, sender).p };

	to->config = p->config;
	to->sender = sender;
	to->outbox = p->outbox;
	if (p->config->accounts.n == 0)
		return arena_ok(&j->mem, e);
	to->config = &j->config;
	return arena_ok(&j->mem, e) &&
	    config_load(&j->config, &ask, &silent, e) &&
	    prepare_account(&j->config, &ask, header, e) &&
	    config_check(&j->config, NULL, CONFIG_TO_COMPOSE, e);
}

static bool
pickup_recipients(struct pickup_job *j, struct addr **list, struct err *e)
{
	const struct envelope *v = &j->file->envelope;
	struct addr **tail = list;

	*list = NULL;
	for (size_t i = 0; i < v->recipients; i++) {
		if (!addr_parse(&j->mem, v->recipient[i], true, tail, e))
			return false;
		if (v->notify != NULL)
			(*tail)->notify = v->notify[i];
		tail = &(*tail)->next;
	}
	return true;
}

static bool
pickup_piece(void *arg, struct str piece, struct err *e)
{
	return accept_feed(arg, piece, e);
}

static bool
pickup_copy(struct pickup_job *j, struct err *e)
{
	const struct envelope *v = &j->file->envelope;
	unsigned long uid = j->file->owner;
	char host[PICKUP_HOST] = "";
	struct addr *sender = NULL, *rcpt;
	struct accept_ask ask = { .choose = pickup_choose,
		.arg = j,
		.client = "sendmail",
		.envelope_id = v->envelope_id,
		.ret = v->ret,
		.log = j->pickup->log };

	(void)gethostname(host, sizeof(host) - 1);
	if (v->sender.n > 0 &&
	    !addr_parse(&j->mem, v->sender, true, &sender, e))
		return false;
	if (!pickup_recipients(j, &rcpt, e))
		return false;
	ask.entry = (struct entry_ask){ .sender = sender, .rcpt = rcpt };
	ask.received = arena_fmt(&j->mem, "by %s (uid %lu)",
	    host[0] != '\0' ? host : "localhost", uid);
	ask.who = arena_fmt(&j->mem, "uid=%lu drop", uid);
	if (!arena_ok(&j->mem, e))
		return false;
	accept_begin(&j->accept, &ask);
	return drop_read(j->file, pickup_piece, &j->accept, e) &&
	    accept_end(&j->accept, e) && accept_commit(&j->accept, e);
}

static void
pickup_say(const struct pickup *p, const struct drop_file *f,
    const struct accept *a)
{
	struct record r;

	if (p->syslog->way == NULL) {
		syslog_send(p->syslog, SYSLOG_INFO,
		    "%s: uid=%lu from=<%.*s>, message-id=%.*s", a->id,
		    (unsigned long)f->owner, STR_ARG(f->envelope.sender),
		    STR_ARG(a->entry.message_id));
		return;
	}
	record_begin(&r, p->syslog->way, SYSLOG_INFO, "accept");
	record_str(&r, "id", str_of(a->id));
	record_num(&r, "uid", f->owner);
	record_str(&r, "message_id", a->entry.message_id);
	record_str(&r, "from", f->envelope.sender);
	record_num(&r, "size", a->size);
	record_num(&r, "nrcpt", a->entry.n_rcpt);
	record_send(&r);
}

/* True: it is in the queue. */
static bool
pickup_store(struct pickup *p, const struct drop_file *f, struct err *e)
{
	struct pickup_job j = { .pickup = p, .file = f };
	bool ok;

	arena_init(&j.mem, PICKUP_MEMORY);
	ok = pickup_copy(&j, e);
	if (ok)
		pickup_say(p, f, &j.accept);
	accept_release(&j.accept);
	config_release(&j.config);
	arena_release(&j.mem);
	return ok;
}

static void
pickup_take(struct pickup_pass *pass, const char *name, struct drop_file *f)
{
	struct pickup *p = pass->pickup;
	struct err e;

	if (!pickup_counts(p, f->owner)) {
		err_set(&e, ERR_RETRY, "%d others of his come first",
		    PICKUP_EACH);
		pickup_tell(pass, name, f->owner, &e);
	} else if (!pickup_store(p, f, &e)) {
		pickup_tell(pass, name, f->owner, &e);
		p->full = e.kind == ERR_RETRY;
	} else {
		pass->taken++;
		/* one that cannot be removed would come again and again */
		if (!dir_remove(&pass->dir, name, &e)) {
			pickup_tell(pass, name, f->owner, &e);
			p->stuck = true;
		}
	}
}

/* Its writer died long ago. */
static void
pickup_clean(struct pickup_pass *pass, const char *name)
{
	struct os_stat st;
	struct err unsaid;

	if (dir_stat(&pass->dir, name, &st) && st.regular &&
	    st.mtime < os_wall() - DROP_HALF_S)
		(void)!dir_remove(&pass->dir, name, &unsaid);
}

static void
pickup_each(void *arg, const char *name, bool regular)
{
	struct pickup_pass *pass = arg;
	struct pickup *p = pass->pickup;
	struct drop_file f;
	struct err e;

	(void)regular; /* drop_look opens nothing else */
	if (p->full || p->stuck || (pass->more = pass->taken == PICKUP_MOST))
		return;
	switch (
	    drop_look(&pass->dir, name, accept_largest(p->config), &f, &e)) {
	case DROP_WHOLE:
		pickup_take(pass, name, &f);
		break;
	case DROP_HALF:
		pickup_clean(pass, name);
		break;
	case DROP_FOREIGN:
		pickup_tell(pass, name, f.owner, &e);
		break;
	case DROP_GONE:
		break;
	}
	drop_close(&f);
}

bool
pickup_run(struct pickup *p)
{
	struct pickup_pass pass = { .pickup = p };
	struct config_relay_places places;
	struct arena mem;
	struct err e;

	arena_init(&mem, PICKUP_MEMORY);
	config_relay_find(p->config, &mem, &places);
	p->full = false;
	if (places.drop != NULL && arena_ok(&mem, &e) &&
	    (!drop_open(&pass.dir, places.drop, &e) ||
		(pass.dir.path != NULL &&
		    !dir_each(&pass.dir, pickup_each, &pass, &e))))
		log_warn(p->log, "%s", e.msg);
	if (pass.taken > 0 && !dir_sync(&pass.dir, &e))
		log_warn(p->log, "%s", e.msg);
	dir_close(&pass.dir);
	arena_release(&mem);
	if (!pass.more)
		p->users = 0; /* the next round */
	return pass.more;
}
