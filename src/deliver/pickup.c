/* SPDX-License-Identifier: MIT */
#include "deliver/pickup.h"

#include <stdio.h>
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
	PICKUP_HOST = 256,
	PICKUP_NAME = 256, /* of a file */
	PICKUP_UID = 24,
	PICKUP_BATCH = 25
};

/* A file on its way. */
struct pickup_job {
	const struct pickup *pickup;
	char name[PICKUP_NAME];
	struct drop_file file;
	struct accept accept;
	struct config config; /* of its account */
	struct arena mem;
};

/* A folder that is gone through. */
struct pickup_pass {
	struct pickup *pickup;
	struct dir dir;
	struct arena mem;
	struct pickup_job *job; /* PICKUP_BATCH; sealed, for one commit */
	size_t jobs;
	size_t taken;
	bool more;
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

/* once: what is told of only once, a file or a user. */
static void
pickup_tell(const struct pickup_pass *pass, const struct drop_file *f,
    const char *once, const struct err *why)
{
	struct pickup *p = pass->pickup;

	if (pickup_is_told(p, once))
		return;
	p->told[p->tellings++] = pickup_key(once);
	log_warn(p->log, "%s/%s of user %lu is not taken: %s", pass->dir.path,
	    f->name, (unsigned long)f->owner, why->msg);
	syslog_send(p->syslog, SYSLOG_WARNING,
	    "%s/%s of user %lu is not taken: %s", pass->dir.path, f->name,
	    (unsigned long)f->owner, why->msg);
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
	struct str sender = j->file.envelope.sender;
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
	const struct envelope *v = &j->file.envelope;
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
	const struct envelope *v = &j->file.envelope;
	unsigned long uid = j->file.owner;
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
	return drop_read(&j->file, pickup_piece, &j->accept, e) &&
	    accept_end(&j->accept, e) && accept_seal(&j->accept, e);
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

static void
pickup_release(struct pickup_job *j)
{
	drop_close(&j->file);
	accept_release(&j->accept);
	config_release(&j->config);
	arena_release(&j->mem);
}

/* All that are sealed, in one commit of the disk. */
static void
pickup_settle(struct pickup_pass *pass)
{
	struct pickup *p = pass->pickup;
	struct accept *all[PICKUP_BATCH];
	struct pickup_job *j;
	struct err e, stays;
	bool ok, gone;

	for (size_t i = 0; i < pass->jobs; i++)
		all[i] = &pass->job[i].accept;
	ok = accept_settle(all, pass->jobs, &e);
	p->full = p->full || !ok;
	for (size_t i = 0; i < pass->jobs; i++) {
		j = &pass->job[i];
		ok = accept_is_stored(&j->accept);
		gone = ok && dir_remove(&pass->dir, j->name, &stays);
		if (ok)
			pickup_say(p, &j->file, &j->accept);
		if (!gone)
			pickup_tell(pass, &j->file, j->name, ok ? &stays : &e);
		/* what stays there would come again and again */
		p->stuck = p->stuck || (ok && !gone);
		pickup_release(j);
	}
	pass->jobs = 0;
}

/* True: it is kept for pickup_settle. */
static bool
pickup_take(struct pickup_pass *pass, struct pickup_job *j)
{
	struct pickup *p = pass->pickup;
	char user[PICKUP_UID];
	struct err e;

	if (!pickup_counts(p, j->file.owner)) {
		(void)snprintf(user, sizeof(user), "%lu",
		    (unsigned long)j->file.owner);
		err_set(&e, ERR_RETRY, "%d others of his come first",
		    PICKUP_EACH);
		pickup_tell(pass, &j->file, user, &e);
		return false;
	}
	if (pickup_copy(j, &e)) {
		pass->taken++;
		return true;
	}
	pickup_tell(pass, &j->file, j->name, &e);
	p->full = e.kind == ERR_RETRY;
	return false;
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
	struct pickup_job *j;
	bool kept = false;
	struct err e;

	(void)regular; /* drop_look opens nothing else */
	if (p->full || p->stuck || (pass->more = pass->taken == PICKUP_MOST))
		return;
	if (pass->job == NULL) /* 150 kB, once there is something */
		pass->job =
		    arena_alloc(&pass->mem, PICKUP_BATCH * sizeof(*pass->job));
	if (pass->job == NULL)
		return;
	j = &pass->job[pass->jobs];
	*j = (struct pickup_job){ .pickup = p };
	(void)snprintf(j->name, sizeof(j->name), "%s", name);
	arena_init(&j->mem, PICKUP_MEMORY);
	switch (drop_look(&pass->dir, j->name, accept_largest(p->config),
	    &j->file, &e)) {
	case DROP_WHOLE:
		kept = pickup_take(pass, j);
		break;
	case DROP_HALF:
		pickup_clean(pass, j->name);
		break;
	case DROP_FOREIGN:
		pickup_tell(pass, &j->file, j->name, &e);
		break;
	case DROP_GONE:
		break;
	}
	if (!kept)
		pickup_release(j);
	else if (++pass->jobs == PICKUP_BATCH)
		pickup_settle(pass);
}

bool
pickup_run(struct pickup *p)
{
	struct pickup_pass pass = { .pickup = p };
	struct config_relay_places places;
	struct err e;

	arena_init(&pass.mem, PICKUP_MEMORY);
	config_relay_find(p->config, &pass.mem, &places);
	p->full = false;
	if (places.drop != NULL && arena_ok(&pass.mem, &e) &&
	    (!drop_open(&pass.dir, places.drop, &e) ||
		(pass.dir.path != NULL &&
		    !dir_each(&pass.dir, pickup_each, &pass, &e))))
		log_warn(p->log, "%s", e.msg);
	if (pass.jobs > 0)
		pickup_settle(&pass);
	if (pass.taken > 0 && !dir_sync(&pass.dir, &e))
		log_warn(p->log, "%s", e.msg);
	dir_close(&pass.dir);
	arena_release(&pass.mem);
	if (!pass.more)
		p->users = 0; /* the next round */
	return pass.more;
}
