/* SPDX-License-Identifier: MIT */
#include "relay/visit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "relay/barred.h"
#include "relay/visit_own.h"

enum {
	VISIT_SPARE = 256, /* the arena's own */
	VISIT_COMMITTERS = BESIDE_THREADS,
	VISIT_SECOND = 1000
};

struct visit *
visit_of_job(struct beside_job *job)
{
	return (
	    struct visit *)(void *)((char *)job - offsetof(struct visit, job));
}

struct visit *
visit_of_guest(struct guest *c)
{
	return (
	    struct visit *)(void *)((char *)c - offsetof(struct visit, guest));
}

struct visit *
visit_of_session(struct session *s)
{
	return visit_of_guest((struct guest *)(void *)((char *)s -
	    offsetof(struct guest, session)));
}

struct rule
visit_rule(const struct visit *v)
{
	const struct rule *at = &v->listen->rule;

	return v->allow != NULL ? rule_over(&v->allow->rule, at) : *at;
}

struct str
visit_who(const struct visit *v, char out[RANGE_TEXT_SIZE])
{
	if (v->user != NULL)
		return v->user->name;
	if (v->peer.local)
		(void)snprintf(out, RANGE_TEXT_SIZE, "uid %lu",
		    (unsigned long)v->peer.uid);
	else
		range_ip_print(&v->peer.ip, out);
	return str_of(out);
}

bool
visit_condemn(struct visit *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(v->refusal, sizeof(v->refusal), fmt, ap);
	va_end(ap);
	return false;
}

void
visit_answer_failure(struct visit *v, const struct err *e)
{
	struct buf text, known;

	if (v->refusal[0] != '\0') {
		session_answer(&v->guest.session, str_of(v->refusal));
		v->refusal[0] = '\0';
		return;
	}
	buf_init(&text, ERR_MSG_SIZE + SESSION_REPLY_MAX);
	buf_init(&known, SESSION_REPLY_MAX);
	session_reply(&text, e);
	/* what fails here is for the log: it names folders */
	if (!v->peer.local && e->kind == ERR_RETRY) {
		buf_addf(&known,
		    "%.*s %.*s cannot store mail now, try again "
		    "later",
		    STR_ARG(str_first(buf_view(&text), 9)),
		    STR_ARG(v->house->conf->hostname));
		v->unsaid = buf_view(&text);
	}
	session_answer(&v->guest.session,
	    known.n > 0    ? buf_view(&known) :
		text.n > 0 ? buf_view(&text) :
			     STR("451 4.3.0 Out of memory"));
	v->unsaid = (struct str){ 0 };
	buf_release(&known);
	buf_release(&text);
}

/* Yes, or what was kept against it. */
static void
visit_answer(struct visit *v)
{
	static const struct err said = { 0 };

	if (v->refusal[0] != '\0')
		visit_answer_failure(v, &said);
	else
		session_answer(&v->guest.session, STR(""));
}

/* Commands */

/* False: it has sent so many that it must wait. */
static bool
visit_is_in_rate(struct visit *v, const struct tally_ask *ask, uint64_t most)
{
	int64_t left;

	if (most == 0 || tally_count(&v->house->tally, ask, &left) <= most)
		return true;
	return visit_condemn(v,
	    "450 4.7.1 That is more than %llu messages in %lld s; wait %lld s",
	    (unsigned long long)most,
	    (long long)(ask->window_ms / VISIT_SECOND),
	    (long long)(left / VISIT_SECOND + 1));
}

/* The rates of the rule and of the address. */
static bool
visit_check_rates(struct visit *v)
{
	const struct config_rate *each = &v->house->conf->client_rate;
	struct tally_ask ask = { .now = os_mono_ms(), .more = 1 };
	char who[RANGE_TEXT_SIZE];

	if (v->rule.rate > 0) {
		ask.key = tally_name(TALLY_RULE, visit_who(v, who));
		ask.window_ms = v->rule.seconds * VISIT_SECOND;
		if (!visit_is_in_rate(v, &ask, v->rule.rate))
			return false;
	}
	if (each->n == 0 || v->peer.local)
		return true;
	ask.key = tally_address(TALLY_MESSAGES, &v->peer.ip);
	ask.window_ms = each->seconds * VISIT_SECOND;
	return visit_is_in_rate(v, &ask, each->n);
}

static void
visit_mail(struct visit *v)
{
	const struct syntax_mail *mail = &v->guest.session.mail;
	const struct addr *from = mail->from;
	char who[RANGE_TEXT_SIZE];
	struct err why;

	if (v->house->conf->sender_check != CONF_CHECK_OFF && from != NULL &&
	    !rule_allows(v->rule.from, from))
		(void)visit_condemn(v, "550 5.7.1 %.*s may not send as <%.*s>",
		    STR_ARG(visit_who(v, who)), STR_ARG(from->text));
	else if (visit_check_rates(v) &&
	    !spool_room(&v->house->outbox->spool, &v->house->outbox->limits,
		mail->size, &why)) {
		visit_answer_failure(v, &why);
		return;
	}
	visit_answer(v);
}

/* A name whose alias is an error, by the account known so far. */
static void
visit_check_alias(struct visit *v, const struct addr *to)
{
	const struct visit_account *a = visit_account_first(v);
	struct addr one = *to;
	const struct addr *list;
	struct str why = { 0 };
	struct arena mem;

	if (a == NULL)
		a = v->house->account;
	if (a->barred.n == 0)
		return;
	one.next = NULL;
	arena_init_of(&mem, VISIT_MEMORY, &v->house->stash);
	list = rewrite_list(&mem, v->house->map, &one);
	for (; why.n == 0 && list != NULL; list = list->next)
		why = barred_why(a->barred, list);
	if (why.n > 0)
		(void)visit_condemn(v, "550 5.1.1 <%.*s>: %.*s",
		    STR_ARG(to->text), STR_ARG(why));
	arena_release(&mem);
}

static void
visit_rcpt(struct visit *v)
{
	const struct addr *to = v->guest.session.rcpt.latest.to;
	char who[RANGE_TEXT_SIZE];

	if (v->allow == NULL && v->user == NULL)
		(void)visit_condemn(v,
		    "554 5.7.1 <%.*s>: Relay access denied; %.*s is not in "
		    "\"allow\"",
		    STR_ARG(to->text), STR_ARG(visit_who(v, who)));
	else if (!rule_allows(v->rule.to, to))
		(void)visit_condemn(v,
		    "550 5.7.1 <%.*s>: %.*s may not send there",
		    STR_ARG(to->text), STR_ARG(visit_who(v, who)));
	else
		visit_check_alias(v, to);
	visit_answer(v);
}

static bool
visit_event(struct guest *c, enum session_event what)
{
	struct visit *v = visit_of_guest(c);

	switch (what) {
	case SESSION_MAIL:
		visit_mail(v);
		break;
	case SESSION_RCPT:
		visit_rcpt(v);
		break;
	case SESSION_DATA:
		c->in_data = true;
		c->data_bytes = 0;
		c->data_since = os_mono_ms();
		visit_data(v);
		break;
	case SESSION_TEXT:
		visit_piece(v);
		break;
	case SESSION_FORGET:
		c->in_data = false;
		visit_forget(v);
		break;
	case SESSION_MESSAGE:
		c->in_data = false;
		return visit_message(v);
	case SESSION_AUTH:
		return visit_sign_in(v);
	case SESSION_MORE:
	case SESSION_STARTTLS:
	case SESSION_CLOSE:
		break;
	}
	return true;
}

void
visit_take_back(struct beside_job *list, int64_t now)
{
	struct beside_job *next;
	enum visit_job done;
	struct visit *v;

	for (; list != NULL; list = next) {
		next = list->next;
		v = visit_of_job(list);
		done = v->doing;
		v->doing = VISIT_NO_JOB;
		if (done == VISIT_COMMIT)
			visit_committed(v);
		else
			visit_signed_in(v, now);
		guest_go_on(&v->guest, now);
	}
}

/* Coming and going */

const struct allow *
visit_allow(const struct visit_house *h, const struct listen *l,
    const struct listen_peer *peer)
{
	static const struct allow everybody = { .kind = ALLOW_RANGE };
	const struct allow *a = allow_find(h->conf->allow, peer);

	if (a != NULL)
		return !peer->local && h->gateway != NULL &&
			memcmp(h->gateway, &peer->ip, sizeof(peer->ip)) == 0 &&
			conf_is_trap(a, h->gateway) ?
		    NULL :
		    a;
	/* who is on this machine, where only this machine is served */
	if (peer->local) {
		for (a = h->conf->allow; a != NULL; a = a->next)
			if (a->kind != ALLOW_RANGE)
				return NULL;
		return &everybody;
	}
	return l->kind == LISTEN_IP && range_ip_is_loopback(&l->ip) ?
	    &everybody :
	    NULL;
}

/* Is this address within a rate of its own? It counts. */
static bool
visit_counts(struct visit_house *h, const struct listen_peer *peer,
    enum tally_what what, const struct config_rate *each)
{
	const struct tally_ask ask = { .key = tally_address(what, &peer->ip),
		.window_ms = each->seconds * VISIT_SECOND,
		.now = os_mono_ms(),
		.more = 1 };
	int64_t left;

	return each->n == 0 || peer->local ||
	    tally_count(&h->tally, &ask, &left) <= each->n;
}

/* session_conf's may_secure. */
static bool
visit_may_secure(struct session *s)
{
	const struct visit *v = visit_of_session(s);

	return visit_counts(v->house, &v->peer, TALLY_HANDSHAKES,
	    &v->house->conf->tls_rate);
}

/* guest_host's secured: what was said in clear, a sign-in too, is void. */
static void
visit_secured(struct guest *c, const struct err *why)
{
	struct visit *v = visit_of_guest(c);

	v->user = NULL;
	v->rule = visit_rule(v);
	visit_say_secured(c, why);
}

const struct visit_away *
visit_refuse(struct visit_house *h, const struct listen *l,
    const struct listen_peer *peer, const struct allow *allow)
{
	static const struct visit_away often = { "connections",
		"connect_rate" };
	static const struct visit_away banned = { "failed sign-ins",
		"auth_failures" };
	static const struct visit_away shakes = { "TLS handshakes",
		"tls_rate" };

	if (peer->local)
		return NULL;
	if (!visit_counts(h, peer, TALLY_CONNECTIONS, &h->conf->connect_rate))
		return &often;
	if (l->tls == LISTEN_TLS &&
	    !visit_counts(h, peer, TALLY_HANDSHAKES, &h->conf->tls_rate))
		return &shakes;
	if (allow == NULL && visit_is_banned(h, peer, os_mono_ms()))
		return &banned;
	return NULL;
}

/* What a session may do here, before anybody signs in. */
static struct session_conf
visit_session(struct visit_house *h, const struct listen *l,
    const struct allow *allow, const struct listen_peer *peer)
{
	const struct conf *c = h->conf;
	bool near = peer->local || range_ip_is_loopback(&peer->ip);

	return (struct session_conf){ .host = c->hostname,
		.max_size = h->max_size,
		.max_rcpt = c->max_recipients,
		.max_errors = (unsigned)c->errors,
		.reject_bare = c->bare_newline == CONF_BARE_REJECT,
		.dsn = true,
		.limits = true,
		.starttls = h->host.cert != NULL && l->tls != LISTEN_PLAIN &&
		    l->tls != LISTEN_TLS,
		.tls = l->tls == LISTEN_TLS,
		.auth = h->users != NULL,
		.auth_in_clear =
		    (near && c->auth_without_tls != CONF_CLEAR_NO) ||
		    (allow != NULL && c->auth_without_tls == CONF_CLEAR_ALLOW),
		.auth_only = l->auth,
		.auth_legacy = l->legacy,
		.trusted = allow != NULL,
		.log = h->log,
		.text = &h->text,
		.stash = &h->stash,
		.heard = visit_say_refused,
		.may_secure = visit_may_secure };
}

struct visit *
visit_begin(struct visit_house *h, const struct listen *l, int fd,
    const struct listen_peer *peer, const struct allow *allow)
{
	struct session_conf conf = visit_session(h, l, allow, peer);
	const struct guest_how how = { .fd = fd,
		.tls = l->tls == LISTEN_TLS,
		.clients = l->legacy ? TLS_LEGACY :
		    l->tls13         ? TLS_NEWEST :
				       TLS_MODERN };
	struct arena own;
	struct visit *v;
	struct err e;

	arena_init(&own, sizeof(*v) + VISIT_SPARE);
	v = arena_alloc(&own, sizeof(*v));
	if (v == NULL) {
		arena_release(&own);
		os_close(&fd);
		return NULL;
	}
	*v = (struct visit){ .own = own,
		.house = h,
		.listen = l,
		.peer = *peer,
		.allow = allow };
	v->rule = visit_rule(v);
	arena_init_of(&v->mem, VISIT_MEMORY, &h->stash);
	if (h->conf->log_probes)
		visit_say_connect(v);
	if (guest_open(&v->guest, &h->host, &how, &conf, &e))
		return v;
	visit_end(v);
	return NULL;
}

void
visit_end(struct visit *v)
{
	struct arena own = v->own;

	visit_say_end(v);
	if (v->post != NULL)
		accept_release(&v->post->accept);
	guest_close(&v->guest);
	arena_release(&v->mem);
	arena_release(&own);
}

bool
visit_is_over(const struct visit *v)
{
	return v->guest.state == GUEST_GONE && v->doing == VISIT_NO_JOB;
}

/* No more is offered than some account takes. */
static uint64_t
visit_max_size(const struct visit_house *h)
{
	uint64_t most = 0, each;

	for (size_t i = 0; i < h->accounts; i++) {
		each = accept_largest(&h->account[i].config);
		most = each > most ? each : most;
	}
	return most > 0 && most < h->conf->max_size ? most : h->conf->max_size;
}

bool
visit_house_open(struct visit_house *h, struct err *e)
{
	const struct conf *c = h->conf;

	h->host.event = visit_event;
	h->host.secured = visit_secured;
	h->host.command_timeout = c->command_timeout_ms;
	h->host.data_timeout = c->data_timeout_ms;
	h->host.login_timeout = c->login_timeout_ms;
	h->host.tls_timeout = c->tls_timeout_ms;
	h->host.data_rate = c->data_rate;
	h->max_size = visit_max_size(h);
	buf_init(&h->text, SESSION_TEXT_MAX);
	tally_init(&h->tally);
	known_init(&h->known);
	/* syncs of several threads become one commit of the file system */
	h->commits = (struct beside){ .work = visit_commit_all,
		.arg = h,
		.wanted = VISIT_COMMITTERS };
	h->sign_ins =
	    (struct beside){ .work = visit_sign_in_all, .arg = h, .wanted = 1 };
	return beside_start(&h->commits, e) && beside_start(&h->sign_ins, e);
}

void
visit_house_close(struct visit_house *h)
{
	beside_stop(&h->commits);
	beside_stop(&h->sign_ins);
	tally_release(&h->tally);
	buf_release(&h->text);
	arena_stash_release(&h->stash);
}
