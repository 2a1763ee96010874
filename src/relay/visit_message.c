/* SPDX-License-Identifier: MIT */
/* visit_message: a message on its way from DATA into the queue. */
#include <string.h>

#include "base/os.h"
#include "deliver/bell.h"
#include "mail/head.h"
#include "mail/value.h"
#include "relay/visit_own.h"

enum {
	VISIT_LOOP = 5, /* Received fields of our own */
	VISIT_HEADER = 2 * ACCEPT_HEADER
};

/* Whose address it is; NULL: no account's own. */
static const struct visit_account *
visit_account_of(const struct visit *v, const struct addr *from)
{
	const struct visit_house *h = v->house;

	for (size_t i = 0; from != NULL && i < h->accounts; i++) {
		const struct visit_account *a = &h->account[i];

		if ((a->from != NULL && addr_same(a->from, from)) ||
		    (a->mailbox != NULL && addr_same(a->mailbox, from)))
			return a;
	}
	return NULL;
}

const struct visit_account *
visit_account_first(const struct visit *v)
{
	const struct visit_house *h = v->house;

	for (size_t i = 0; v->rule.account.n > 0 && i < h->accounts; i++)
		if (str_eq(h->account[i].config.account, v->rule.account))
			return &h->account[i];
	return visit_account_of(v, v->guest.session.mail.from);
}

/* What the header says */

/* From and Sender of the header are held against from=, too. */
static bool
visit_check_author(struct visit *v, struct arena *mem,
    const struct head_field *f)
{
	const struct addr *list;
	char who[RANGE_TEXT_SIZE];
	bool some;

	if (!str_ieq(f->name, STR("From")) && !str_ieq(f->name, STR("Sender")))
		return true;
	list = value_addresses(mem, f, true);
	some = list != NULL;
	while (list != NULL && rule_allows(v->rule.from, list))
		list = list->next;
	if (some && list == NULL)
		return true;
	return visit_condemn(v,
	    "550 5.7.1 %.*s: <%.*s> is not among what %.*s may send as",
	    STR_ARG(f->name), STR_ARG(list != NULL ? list->text : STR("?")),
	    STR_ARG(visit_who(v, who)));
}

/* Our own name in a Received field: it has been here. */
static bool
visit_is_ours(const struct visit *v, struct str received)
{
	struct str host = v->house->conf->hostname, by;
	size_t at = str_find(received, STR("by "));

	by = str_from(received, at + 3);
	return at < received.n && str_istarts(by, host) &&
	    (by.n == host.n || by.p[host.n] == ' ');
}

static bool
visit_check_header(struct visit *v, const struct head *head, struct arena *mem)
{
	const struct conf *c = v->house->conf;
	unsigned ours = 0, hops = 0;

	for (struct head_field *f = head->first; f != NULL; f = f->next) {
		if (str_ieq(f->name, STR("Received"))) {
			hops++;
			ours += visit_is_ours(v, f->value);
		}
		if (v->rule.from.n > 0 && c->sender_check == CONF_CHECK_BOTH &&
		    !visit_check_author(v, mem, f))
			return false;
	}
	if (hops > c->hop_limit || ours >= VISIT_LOOP)
		return visit_condemn(v, "554 5.4.6 Mail loop");
	return true;
}

static bool
visit_rewrite(struct visit *v, struct str header, struct accept_to *to,
    struct err *e)
{
	const struct rewrite r = { .map = v->house->map,
		.from = v->rule.rewrite };
	struct buf out;
	bool ok;

	if (r.map == NULL && r.from.n == 0)
		return true;
	buf_init(&out, VISIT_HEADER);
	ok = rewrite_header(&r, header, &out, e);
	if (ok)
		to->header = arena_str(&v->mem, buf_view(&out));
	buf_release(&out);
	return ok && arena_ok(&v->mem, e);
}

/* accept_choose: the header is whole. */
static bool
visit_choose(void *arg, struct str header, struct accept_to *to, struct err *e)
{
	struct visit *v = arg;
	const struct addr *from = v->guest.session.mail.from;
	struct arena mem;
	struct head head;
	bool ok;

	arena_init_of(&mem, VISIT_HEADER, &v->house->stash);
	ok = head_scan(&mem, header, &head, e) &&
	    (visit_check_header(v, &head, &mem) ||
		err_set(e, ERR_REFUSED, "the header is not taken"));
	if (ok && v->account == NULL)
		v->account = visit_account_of(v,
		    value_addresses(&mem, head_find(head.first, STR("From")),
			true));
	arena_release(&mem);
	if (!ok || !visit_rewrite(v, header, to, e))
		return false;
	if (v->account == NULL)
		v->account = v->house->account;
	to->config = &v->account->config;
	to->sender = from != NULL ? from->text : STR("");
	to->outbox = v->house->outbox;
	return true;
}

/* What is written down of it */

/* "from NAME ([IP]) by HOST with ESMTPSA" */
static struct str
visit_received(struct visit *v)
{
	const struct session *s = &v->guest.session;
	const struct conf *c = v->house->conf;
	char who[RANGE_TEXT_SIZE];
	struct str from = STR("");

	if (c->received == CONF_RECEIVED_NO)
		return STR("");
	if (c->received == CONF_RECEIVED_FULL && v->peer.local)
		from = arena_fmt(&v->mem, "from %s (uid %lu) ",
		    s->hello[0] != '\0' ? s->hello : "localhost",
		    (unsigned long)v->peer.uid);
	else if (c->received == CONF_RECEIVED_FULL) {
		range_ip_print(&v->peer.ip, who);
		from = arena_fmt(&v->mem, "from %s ([%s]) ",
		    s->hello[0] != '\0' ? s->hello : "unknown", who);
	}
	return arena_fmt(&v->mem, "%.*sby %.*s with %s%s%s", STR_ARG(from),
	    STR_ARG(c->hostname), s->extended ? "ESMTP" : "SMTP",
	    s->extended && s->conf.tls ? "S" : "",
	    s->extended && s->signed_in ? "A" : "");
}

/* For the envelope. */
static struct str
visit_handed_in(struct visit *v)
{
	const struct session *s = &v->guest.session;
	char ip[RANGE_TEXT_SIZE];
	struct str from, user = STR("");

	if (v->peer.local) {
		from =
		    arena_fmt(&v->mem, "uid=%lu", (unsigned long)v->peer.uid);
	} else {
		range_ip_print(&v->peer.ip, ip);
		from = arena_fmt(&v->mem, "address=%s", ip);
	}
	if (v->user != NULL)
		user = arena_fmt(&v->mem, " user=%.*s", STR_ARG(v->user->name));
	return arena_fmt(&v->mem, "%.*s%.*s listener=%.*s%s", STR_ARG(from),
	    STR_ARG(user), STR_ARG(v->listen->text), s->conf.tls ? " tls" : "");
}

void
visit_forget(struct visit *v)
{
	if (v->post != NULL)
		accept_release(&v->post->accept);
	v->spoiled = false;
	v->post = NULL;
	v->refusal[0] = '\0';
	v->account = NULL;
	arena_release(&v->mem);
	arena_init_of(&v->mem, VISIT_MEMORY, &v->house->stash);
}

void
visit_data(struct visit *v)
{
	const struct session *s = &v->guest.session;
	int64_t now = os_wall();
	struct err why;
	struct accept_ask ask = { .choose = visit_choose,
		.arg = v,
		.client = "relay",
		.log = v->house->log,
		.stash = &v->house->stash };

	visit_forget(v);
	v->account = visit_account_first(v);
	ask.entry = (struct entry_ask){ .sender = s->mail.from,
		.rcpt = rewrite_list(&v->mem, v->house->map, s->rcpt.list),
		.when = now,
		.zone = os_zone(now) };
	ask.received = visit_received(v);
	ask.who = visit_handed_in(v);
	ask.envelope_id = s->mail.envid;
	ask.ret = s->mail.full ? STR("full") : STR("");
	v->post = arena_alloc(&v->mem, sizeof(*v->post));
	if (!arena_ok(&v->mem, &why)) {
		visit_answer_failure(v, &why);
		return;
	}
	accept_begin(&v->post->accept, &ask);
	session_answer(&v->guest.session, STR(""));
}

/* What fails is kept until all of it is here. */
static void
visit_keep(struct visit *v, bool ok)
{
	if (ok)
		return;
	if (v->post->accept.too_large)
		(void)visit_condemn(v, "552 5.3.4 %s", v->post->why.msg);
	v->spoiled = true;
	accept_release(&v->post->accept);
}

void
visit_piece(struct visit *v)
{
	if (!v->spoiled)
		visit_keep(v,
		    accept_feed(&v->post->accept, v->guest.session.piece,
			&v->post->why));
}

static void
visit_refuse_message(struct visit *v)
{
	visit_answer_failure(v, &v->post->why);
	visit_forget(v);
}

bool
visit_message(struct visit *v)
{
	if (!v->spoiled)
		visit_keep(v, accept_end(&v->post->accept, &v->post->why));
	if (!v->spoiled)
		visit_keep(v, accept_seal(&v->post->accept, &v->post->why));
	if (v->spoiled) {
		visit_refuse_message(v);
		return true;
	}
	v->doing = VISIT_COMMIT;
	beside_add(&v->house->commits, &v->job);
	return false;
}

/* Beside the loop: as many as wait, in one commit of the disk. */
void
visit_commit_all(void *arg, struct beside_job *list)
{
	struct accept *all[ACCEPT_SETTLE_MOST];
	struct beside_job *job = list, *first;
	const struct visit_house *h = arg;
	struct err why;
	int64_t began;
	size_t n;
	bool ok;

	while (job != NULL) {
		first = job;
		for (n = 0; job != NULL && n < ACCEPT_SETTLE_MOST;
		     job = job->next)
			all[n++] = &visit_of_job(job)->post->accept;
		began = os_mono_ms();
		ok = accept_settle(all, n, &why);
		visit_say_commit(h, os_mono_ms() - began, n);
		for (; first != job && !ok; first = first->next)
			visit_of_job(first)->post->why = why;
	}
}

/* 250 means durable. */
void
visit_committed(struct visit *v)
{
	struct buf text;

	if (!accept_is_stored(&v->post->accept)) {
		visit_refuse_message(v);
		return;
	}
	visit_say_accepted(v);
	if (v->house->inlet >= 0)
		bell_tell(v->house->inlet, v->post->accept.id);
	buf_init(&text, SESSION_REPLY_MAX);
	buf_addf(&text, "250 2.0.0 Ok: queued as %s", v->post->accept.id);
	session_answer(&v->guest.session, buf_view(&text));
	buf_release(&text);
	visit_forget(v);
}
