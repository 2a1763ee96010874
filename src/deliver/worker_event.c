/* SPDX-License-Identifier: MIT */
#include "deliver/worker_event.h"

#include <stdio.h>

#include "base/os.h"
#include "base/record.h"
#include "deliver/hands.h"
#include "mail/dsn.h"

/* What an outcome is called: as an event, by Postfix, as the class of a DSN. */
static const struct {
	const char *event, *status;
	char class;
} event_outcomes[VERDICTS] = {
	[VERDICT_NONE] = { "defer", "deferred", '4' },
	[VERDICT_AGAIN] = { "defer", "deferred", '4' },
	[VERDICT_WAITS] = { "wait", "deferred", '4' },
	[VERDICT_LATER] = { "defer", "deferred", '4' },
	[VERDICT_ALONE] = { "defer", "deferred", '4' },
	[VERDICT_SENT] = { "deliver", "sent", '2' },
	[VERDICT_HOLD] = { "hold", "deferred", '4' },
	[VERDICT_DEAD] = { "fail", "bounced", '5' },
};

/* The id tells when the message came, in microseconds. */
static int64_t
event_born_ms(const struct worker_job *j)
{
	uint64_t n = hands_number(j->claim.id);

	return (int64_t)((n >> 32) * 1000 + (n >> 12 & 0xfffff) / 1000);
}

/* "login.example:443" of "https://login.example:443/v1.0". */
static struct str
event_host(struct str url)
{
	size_t at = str_find(url, STR("://"));

	url = str_from(url, at < url.n ? at + 3 : 0);
	return str_first(url, str_chr(url, '/'));
}

static void
event_delays(struct record *r, const struct worker_job *j)
{
	int64_t work = os_mono_ms() - j->started;
	int64_t all = os_wall_us() / 1000 - event_born_ms(j);

	if (all < work) /* a clock was set */
		all = work;
	record_fmt(r, "delay", "%lld.%02d", (long long)(all / 1000),
	    (int)(all % 1000 / 10));
	all -= work;
	record_fmt(r, "delays", "0/%lld.%02d/0/%lld.%02d",
	    (long long)(all / 1000), (int)(all % 1000 / 10),
	    (long long)(work / 1000), (int)(work % 1000 / 10));
	record_num(r, "ms", (uint64_t)work);
}

static void
event_status(struct record *r, const struct worker_job *j,
    enum verdict_message m)
{
	const struct err *why = &j->result->why;
	const char *of = dsn_status(why->kind, str_of(why->code));

	if (m == VERDICT_SENT)
		of = "2.0.0";
	else if (m != VERDICT_DEAD && why->kind == ERR_RETRY)
		of = why->away ? "4.4.1" : "4.3.0";
	record_fmt(r, "dsn", "%c%s", event_outcomes[m].class, of + 1);
	record_str(r, "status", str_of(event_outcomes[m].status));
}

/* The account, as a label. */
static struct str
event_account(const struct worker_job *j)
{
	struct str name = j->claim.envelope.account;

	return name.n > 0 ? name : STR("default");
}

/* What stands in brackets behind the status. */
static void
event_reason(struct record *r, const struct worker_job *j,
    enum verdict_message m)
{
	const struct worker_result *w = j->result;
	int64_t wait = w->next - worker_job_now(j);
	struct buf text;

	buf_init(&text, 2 * RECORD_REASON);
	if (m == VERDICT_SENT) {
		buf_addf(&text, "%d", w->sent.status);
		if (w->sent.inferred != NULL)
			buf_addf(&text, ", %s", w->sent.inferred);
		if (w->sent.request_id[0] != '\0')
			buf_addf(&text, ", request-id %s", w->sent.request_id);
		buf_addf(&text, ", account %.*s", STR_ARG(event_account(j)));
	} else {
		buf_addf(&text, "%.*s%s",
		    STR_ARG(str_cut(j->claim.state.reason, RECORD_REASON - 64)),
		    m == VERDICT_HOLD ? "; it is on hold" : "");
		if (w->next > 0 && wait >= 0)
			buf_addf(&text, "; next try in %lld s",
			    (long long)wait);
	}
	record_reason(r, "reason", buf_view(&text));
	buf_release(&text);
}

/* What was asked for (ORCPT), where that was not this address. */
static struct str
event_original(const struct envelope *v, size_t *at, struct str rcpt)
{
	struct str original;

	if (v->notify == NULL)
		return STR("");
	while (*at < v->recipients && v->recipient[*at].p != rcpt.p)
		++*at;
	if (*at == v->recipients)
		return STR("");
	original = v->notify[*at].original;
	original = str_from(original, str_chr(original, ';') + 1);
	return str_eq(original, rcpt) ? STR("") : original;
}

static void
event_optional(struct record *r, const char *key, struct str value)
{
	if (value.n > 0)
		record_str(r, key, value);
}

/* What all recipients have in common. */
static void
event_common(struct record *r, const struct worker_job *j,
    enum verdict_message m)
{
	const struct worker_result *w = j->result;
	const struct envelope *v = &j->claim.envelope;

	record_str(r, "relay", event_host(j->account->access.graph_url));
	event_delays(r, j);
	event_status(r, j, m);
	event_reason(r, j, m);
	event_optional(r, "account", v->account);
	event_optional(r, "mailbox", v->mailbox);
	event_optional(r, "via", str_of(w->sent.via));
	event_optional(r, "code", str_of(w->why.code));
	event_optional(r, "request_id", str_of(w->sent.request_id));
	event_optional(r, "client_request_id",
	    str_of(w->sent.client_request_id));
	record_num(r, "attempt", j->attempts + 1);
	if (w->next > 0)
		record_num(r, "next", (uint64_t)w->next);
}

/* By age, and not for what it is. */
static void
event_expired(const struct record_way *way, const struct worker_job *j)
{
	const struct envelope *v = &j->claim.envelope;
	struct record r;

	if (j->result->why.kind != ERR_RETRY)
		return;
	record_begin(&r, way, SYSLOG_INFO, "expire");
	record_str(&r, "id", v->id);
	record_str(&r, "from", v->sender);
	record_send(&r);
}

static struct str
event_result(const struct worker_job *j, enum verdict_message m)
{
	enum err_kind kind = j->result->why.kind;

	if (m == VERDICT_SENT)
		return STR("sent");
	if (m == VERDICT_DEAD)
		return kind == ERR_RETRY ? STR("expired") : STR("failed");
	return kind == ERR_UNSURE ? STR("unsure") :
	    m == VERDICT_HOLD     ? STR("held") :
				    STR("deferred");
}

static void
event_count(struct stats *stats, const struct worker_job *j,
    enum verdict_message m)
{
	const struct worker_result *w = j->result;
	struct str account = event_account(j), none = STR("");
	char code[16];

	stats_add(stats, STATS_DELIVERIES, j->part.n, account,
	    event_result(j, m));
	if (w->sent.status > 0) {
		(void)snprintf(code, sizeof(code), "%d", w->sent.status);
		stats_add(stats, STATS_RESPONSES, 1, str_of(code), none);
		stats_observe(stats, STATS_REQUEST, os_mono_ms() - j->started,
		    str_of(w->sent.via));
	}
	if (m == VERDICT_SENT)
		stats_observe(stats, STATS_DELAY,
		    os_wall_us() / 1000 - event_born_ms(j), none);
	if (j->account->client.graph.token.expires > 0)
		stats_set(stats, STATS_TOKEN,
		    (unsigned long)j->account->client.graph.token.expires,
		    account, none);
	if (w->why.retry_after_ms > 0)
		stats_set(stats, STATS_THROTTLED,
		    (unsigned long)(os_wall() + w->why.retry_after_ms / 1000),
		    account, none);
}

void
worker_event_waits(const struct worker_job *j, bool waits)
{
	static const enum err_kind kinds[] = { ERR_AUTH, ERR_CONFIG };
	const struct record_way *way = j->worker->syslog->way;

	for (size_t i = 0; way != NULL && i < 2; i++)
		stats_set(way->stats, STATS_WAITING,
		    waits && j->result->why.kind == kinds[i], event_account(j),
		    str_of(err_kind_name(kinds[i])));
}

void
worker_event(const struct worker_job *j, enum verdict_message m)
{
	const struct record_way *way = j->worker->syslog->way;
	const struct envelope *v = &j->claim.envelope;
	size_t at = 0;
	struct record r;

	if (way == NULL)
		return;
	event_count(way->stats, j, m);
	for (size_t i = 0; i < j->part.n; i++) {
		record_begin(&r, way,
		    m == VERDICT_SENT ? SYSLOG_INFO : SYSLOG_WARNING,
		    event_outcomes[m].event);
		record_str(&r, "id", v->id);
		record_str(&r, "to", j->part.rcpt[i]);
		event_optional(&r, "orig_to",
		    event_original(v, &at, j->part.rcpt[i]));
		event_common(&r, j, m);
		record_send(&r);
	}
	if (m == VERDICT_DEAD)
		event_expired(way, j);
}

void
worker_event_removed(const struct worker_job *j)
{
	struct record r;

	if (j->worker->syslog->way == NULL)
		return;
	record_begin(&r, j->worker->syslog->way, SYSLOG_INFO, "remove");
	record_str(&r, "id", j->claim.envelope.id);
	record_send(&r);
}

void
worker_event_report(const struct worker_job *j, const struct bounce *b,
    const char *id)
{
	const struct record_way *way = j->worker->syslog->way;
	bool sent = j->result->why.kind == ERR_NONE;
	struct record r;

	if (way == NULL)
		return;
	record_begin(&r, way, SYSLOG_INFO, "bounce");
	record_str(&r, "id", j->claim.envelope.id);
	record_str(&r, sent ? "success" : "report", str_of(id));
	record_send(&r);
	record_begin(&r, way, SYSLOG_INFO, "accept");
	record_str(&r, "id", str_of(id));
	record_str(&r, "message_id", b->envelope.message_id);
	record_str(&r, "from", b->envelope.sender);
	record_num(&r, "size", b->text.n);
	record_num(&r, "nrcpt", b->envelope.recipients);
	record_send(&r);
}
