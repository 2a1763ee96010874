/* SPDX-License-Identifier: MIT */
/*
 * visit_say: what of a client stands in the log. One that only looks whether
 * somebody answers (no bytes, or EHLO and QUIT) does not, unless log_probes:
 * so its "connect" waits for the first thing that is worth a line.
 */
#include <stdio.h>

#include "base/os.h"
#include "base/record.h"
#include "relay/visit_own.h"

enum { VISIT_SAY_FULL_MS = 60000 /* between two lines of 452 */ };

static void
say_client(struct record *r, const struct listen_peer *peer)
{
	char ip[RANGE_TEXT_SIZE];

	if (peer->local) {
		record_str(r, "host", STR("local"));
		record_fmt(r, "client", "uid %lu", (unsigned long)peer->uid);
		return;
	}
	range_ip_print(&peer->ip, ip);
	record_str(r, "host",
	    range_ip_is_loopback(&peer->ip) ? STR("localhost") :
					      STR("unknown"));
	record_str(r, "client", str_of(ip));
}

void
visit_say_connect(struct visit *v)
{
	struct record r;

	if (v->said || v->house->log->way == NULL)
		return;
	v->said = true;
	record_begin(&r, v->house->log->way, SYSLOG_INFO, "connect");
	say_client(&r, &v->peer);
	record_str(&r, "listener", v->listen->text);
	record_send(&r);
}

/* False: nobody wants to know. */
static bool
say_begin(struct visit *v, struct record *r, enum syslog_severity level,
    const char *event)
{
	const struct record_way *way = v->house->log->way;

	if (way == NULL)
		return false;
	visit_say_connect(v);
	record_begin(r, way, level, event);
	return true;
}

/* The last command, or that none was. */
static struct str
say_command(const struct session *s)
{
	return s->did[s->verb] == 0 ? STR("CONNECT") :
				      syntax_verb_name(s->verb);
}

static void
say_proto(struct record *r, const struct session *s)
{
	record_str(r, "proto", s->extended ? STR("ESMTP") : STR("SMTP"));
	if (s->hello[0] != '\0')
		record_str(r, "helo", str_of(s->hello));
}

static void
say_stats(const struct visit *v, enum stats_what what, struct str a,
    struct str b)
{
	if (v->house->log->way != NULL)
		stats_add(v->house->log->way->stats, what, 1, a, b);
}

/* TLS: "TLSv1.3, AES-256-GCM" in two fields. */
void
visit_say_secured(struct guest *c, const struct err *why)
{
	struct visit *v = visit_of_guest(c);
	struct str cipher = tls_describe(c->stream.tls), version = { 0 };
	struct record r;

	(void)str_next(&cipher, ',', &version);
	say_stats(v, STATS_HANDSHAKES, why == NULL ? version : STR(""),
	    why == NULL ? STR("ok") : STR("failed"));

	if (!say_begin(v, &r, SYSLOG_INFO, "tls"))
		return;
	say_client(&r, &v->peer);
	if (why != NULL) {
		record_reason(&r, "reason", str_of(why->msg));
	} else {
		cipher = str_trim(cipher);
		record_str(&r, "tls", version);
		record_fmt(&r, "cipher", "%.*s (%s bits)", STR_ARG(cipher),
		    str_find(cipher, STR("128")) < cipher.n ? "128/128" :
							      "256/256");
	}
	record_send(&r);
}

void
visit_say_sign_in(struct visit *v, struct str why)
{
	const struct session *s = &v->guest.session;
	struct record r;

	say_stats(v, STATS_AUTH, str_of(s->auth_method),
	    why.n > 0 ? STR("failed") : STR("ok"));
	if (!say_begin(v, &r, why.n > 0 ? SYSLOG_WARNING : SYSLOG_INFO, "auth"))
		return;
	say_client(&r, &v->peer);
	record_str(&r, "method", str_of(s->auth_method));
	if (why.n > 0)
		record_str(&r, "reason", why);
	record_str(&r, "user", buf_view(&s->auth.user));
	record_send(&r);
}

/* Refusals */

/* A full disk refuses all: once a minute is enough. */
static void
say_full(struct visit *v, struct str reply)
{
	int64_t now = os_mono_ms();
	struct record r;

	if (v->house->said_full != 0 &&
	    now < v->house->said_full + VISIT_SAY_FULL_MS)
		return;
	v->house->said_full = now;
	if (!say_begin(v, &r, SYSLOG_WARNING, "disk"))
		return;
	say_client(&r, &v->peer);
	record_str(&r, "code", str_first(reply, 3));
	record_reason(&r, "reason", str_from(reply, 10));
	record_send(&r);
}

static void
say_reject(struct visit *v, struct str reply)
{
	const struct session *s = &v->guest.session;
	const struct addr *from = s->mail.from, *to = s->rcpt.latest.to;
	struct record r;

	if (!say_begin(v, &r, SYSLOG_INFO, "reject"))
		return;
	say_client(&r, &v->peer);
	record_str(&r, "command", say_command(s));
	record_str(&r, "code", str_first(reply, 3));
	record_reason(&r, "reply", reply);
	if (v->user != NULL)
		record_str(&r, "user", v->user->name);
	if (from != NULL || s->in_transaction)
		record_str(&r, "from", from != NULL ? from->text : STR(""));
	if (s->verb == SYNTAX_RCPT && to != NULL)
		record_str(&r, "to", to->text);
	say_proto(&r, s);
	record_send(&r);
}

static void
say_flaw(struct visit *v, const char *event)
{
	struct record r;

	if (!say_begin(v, &r, SYSLOG_INFO, event))
		return;
	record_str(&r, "command", say_command(&v->guest.session));
	say_client(&r, &v->peer);
	record_send(&r);
}

/* session_conf's heard. */
void
visit_say_refused(struct session *s, struct str reply)
{
	struct visit *v = visit_of_session(s);

	say_stats(v, STATS_REJECTS, say_command(s), str_first(reply, 3));
	if (v->unsaid.n > 0)
		reply = v->unsaid;
	if (str_starts(reply, STR("452 4.3.1")))
		say_full(v, reply);
	else if (str_starts(reply, STR("421 4.7.0 Too many")))
		say_flaw(v, "errors");
	else if (!str_starts(reply, STR("535"))) /* it has a line */
		say_reject(v, reply);
}

void
visit_say_away(const struct visit_house *h, const struct listen *l,
    const struct listen_peer *peer, struct str reply)
{
	struct record r;

	if (h->log->way == NULL)
		return;
	record_begin(&r, h->log->way, SYSLOG_INFO, "reject");
	say_client(&r, peer);
	record_str(&r, "listener", l->text);
	record_str(&r, "command", STR("CONNECT"));
	record_str(&r, "code", str_first(reply, 3));
	record_reason(&r, "reply", reply);
	record_str(&r, "proto", STR("SMTP"));
	record_send(&r);
}

/* A message, and the end */

static void
say_accepted_stats(const struct visit *v)
{
	const struct record_way *way = v->house->log->way;
	const struct str none = STR("");

	if (way == NULL)
		return;
	stats_add(way->stats, STATS_MESSAGES, 1, v->listen->text, none);
	stats_add(way->stats, STATS_BYTES, (unsigned long)v->guest.session.size,
	    none, none);
	stats_add(way->stats, STATS_RECIPIENTS, v->post->accept.entry.n_rcpt,
	    none, none);
	stats_observe(way->stats, STATS_ACCEPT_SECONDS,
	    os_mono_ms() - v->guest.data_since, none);
}

void
visit_say_accepted(struct visit *v)
{
	const struct session *s = &v->guest.session;
	const struct accept *a = &v->post->accept;
	struct record r;

	say_accepted_stats(v);
	if (!say_begin(v, &r, SYSLOG_INFO, "accept"))
		return;
	record_str(&r, "id", str_of(a->id));
	if (v->peer.local)
		record_num(&r, "uid", v->peer.uid);
	else
		say_client(&r, &v->peer);
	record_str(&r, "listener", v->listen->text);
	if (s->conf.tls)
		record_str(&r, "tls", STR("yes"));
	if (v->user != NULL) {
		record_str(&r, "method", str_of(s->auth_method));
		record_str(&r, "user", v->user->name);
	}
	say_proto(&r, s);
	record_str(&r, "message_id", a->entry.message_id);
	record_str(&r, "from", a->to.sender);
	record_num(&r, "size", s->size);
	record_num(&r, "nrcpt", a->entry.n_rcpt);
	if (a->to.config->account.n > 0)
		record_str(&r, "account", a->to.config->account);
	record_send(&r);
}

void
visit_say_commit(const struct visit_house *h, int64_t ms, size_t n)
{
	if (h->log->way == NULL)
		return;
	stats_observe(h->log->way->stats, STATS_COMMIT_SECONDS, ms, STR(""));
	stats_observe(h->log->way->stats, STATS_COMMIT_MESSAGES,
	    (int64_t)n * 1000, STR(""));
}

/* "ehlo=1 rcpt=1/2 commands=2/3": done of all. */
static void
say_count(struct buf *out, struct str name, unsigned failed, unsigned all)
{
	if (out->n > 0)
		buf_addc(out, ' ');
	for (size_t i = 0; i < name.n; i++)
		buf_addc(out, ascii_lower(name.p[i]));
	buf_addf(out, failed > 0 ? "=%u/%u" : "=%u", all - failed, all);
}

static void
say_disconnect(struct visit *v)
{
	const struct session *s = &v->guest.session;
	unsigned all = 0, failed = 0;
	struct record r;
	struct buf did;

	if (!say_begin(v, &r, SYSLOG_INFO, "disconnect"))
		return;
	buf_init(&did, RECORD_VALUE);
	for (int i = 1; i <= SYNTAX_VERBS; i++) {
		/* UNKNOWN comes last */
		enum syntax_verb verb = (enum syntax_verb)(i % SYNTAX_VERBS);

		all += s->did[verb];
		failed += s->failed[verb];
		if (s->did[verb] > 0)
			say_count(&did, syntax_verb_name(verb), s->failed[verb],
			    s->did[verb]);
	}
	say_count(&did, STR("commands"), failed, all);
	say_client(&r, &v->peer);
	record_str(&r, "did", buf_view(&did));
	record_send(&r);
	buf_release(&did);
}

static bool
say_is_probe(const struct visit *v)
{
	for (int verb = 0; verb < SYNTAX_VERBS; verb++)
		if (verb != SYNTAX_HELO && verb != SYNTAX_EHLO &&
		    verb != SYNTAX_QUIT && v->guest.session.did[verb] > 0)
			return false;
	return !v->said && !v->house->conf->log_probes;
}

void
visit_say_end(struct visit *v)
{
	const struct guest *c = &v->guest;

	if (v->over || say_is_probe(v))
		return;
	v->over = true;
	if (c->end == GUEST_TIMEOUT)
		say_flaw(v, "timeout");
	else if (c->end == GUEST_LOST && c->session.in_transaction)
		say_flaw(v, "lost");
	say_disconnect(v);
}
