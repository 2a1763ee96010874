/* SPDX-License-Identifier: MIT */
/*
 * worker: what becomes of a message after each outcome, against a service on
 * loopback that follows a script.
 */
#include "deliver/mailbox.h"
#include "deliver/retry.h"
#include "deliver/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "command.h"
#include "queue.h"
#include "serve.h"
#include "store/claim.h"
#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

#define TOKEN(length, text)                                                    \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"                \
	"Content-Length: " length "\r\n\r\n"                                   \
	"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":"     \
	"\"" text "\"}"
#define STATUS(line, fields, code)                                             \
	"HTTP/1.1 " line "\r\n" fields "request-id: r-1\r\n"                   \
	"Content-Type: application/json\r\nConnection: close\r\n\r\n"          \
	"{\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}"
#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

enum { START = 1795637400, MEMORY = 1 << 20, FOREVER = 100000000 };

static const struct log silent = { 0 };
static const struct syslog nobody = { 0 };

/* What the token says: {"roles":["Mail.Send"]}, the same and "Mail.Read". */
enum may { MAY_SEND, MAY_READ, SAYS_NOTHING };
static const struct serve_step sign_in[] = {
	[MAY_SEND] = { SERVE_ALL,
	    STR_INIT(TOKEN("111",
		"eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJNYWlsLlNlbmQiXX0.")),
	    SERVE_CLOSE, 0 },
	[MAY_READ] = { SERVE_ALL,
	    STR_INIT(TOKEN("127",
		"eyJhbGciOiJub25lIn0."
		"eyJyb2xlcyI6WyJNYWlsLlNlbmQiLCJNYWlsLlJlYWQiXX0.")),
	    SERVE_CLOSE, 0 },
	[SAYS_NOTHING] = { SERVE_ALL, STR_INIT(TOKEN("60", "t")), SERVE_CLOSE,
	    0 },
};

#define GOOD                                                                   \
	{                                                                      \
		SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0                   \
	}

/* A machine: settings, spool, journal, and the services. */
static struct {
	struct serve login, graph;
	struct config config; /* outbox keeps it */
	struct clock clock;
	int64_t now;
	struct outbox outbox;
	struct worker worker;
	char path[256];
	unsigned turn;
	bool breaks;           /* the journal, at the first request */
	enum may may;          /* of the next begin */
	struct notify *notify; /* of what add_text adds */
} m;

static unsigned asked(void);

static int64_t
wall(void *arg)
{
	if (m.breaks && asked() > 0)
		m.outbox.journal.dir.fd = -1;
	return *(int64_t *)arg;
}

static void
write_settings(const char *more)
{
	struct buf text;

	buf_init(&text, MEMORY);
	buf_addf(&text,
	    "tenant_id = contoso.com\n"
	    "client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
	    "client_secret = s\nfrom = me@contoso.com\n"
	    "login_url = http://127.0.0.1:%u\n"
	    "graph_url = http://127.0.0.1:%u/v1.0\n"
	    "timeout = 2s\nconnect_timeout = 2s\ntoken_cache = no\n"
	    "state_dir = %s/state%u\n%s",
	    m.login.port, m.graph.port, command_folder(), m.turn, more);
	(void)snprintf(m.path, sizeof(m.path), "%s",
	    command_file("config", buf_view(&text), 0600));
	buf_release(&text);
}

static void
begin(const struct serve_step *step, size_t n, const char *settings)
{
	struct config_ask ask = { .path = m.path };
	struct err e;

	m.turn++;
	m.now = START;
	m.clock = clock_system;
	m.clock.wall = wall;
	m.clock.arg = &m.now;
	serve_start(&m.login, &sign_in[m.may], 1, true);
	serve_start(&m.graph, step, n, true);
	write_settings(settings);
	T_CHECK(config_load(&m.config, &ask, &silent, &e) &&
		outbox_open(&m.outbox, &m.config, &e),
	    "%s", e.msg);
	m.outbox.spool.clock = &m.clock;
	worker_open(&m.worker, &m.outbox, m.path, &silent, &nobody);
}

static void
end(void)
{
	worker_close(&m.worker);
	outbox_close(&m.outbox);
	config_release(&m.config);
	serve_stop(&m.login);
	serve_stop(&m.graph);
}

#define HEADER                                                                 \
	"From: me@contoso.com\r\nTo: a@example.org\r\nSubject: x\r\n"          \
	"Date: Wed, 25 Nov 2026 20:10:00 +0000\r\n"                            \
	"Message-ID: <1@contoso.com>\r\n\r\n"

static void
add_text(const char *account, const char *options, struct str text,
    char id[ENVELOPE_ID_SIZE])
{
	struct str rcpt[] = { STR("a@example.org"), STR("b@example.org") };
	struct envelope v = { .account = str_of(account),
		.sender = STR("me@contoso.com"),
		.recipient = rcpt,
		.notify = m.notify,
		.recipients = N(rcpt),
		.message_id = STR("<1@contoso.com>"),
		.options = str_of(options) };
	struct err e = { 0 };

	T_CHECK(queue_put(&m.outbox.spool, &v, text, id, &e), "%s", e.msg);
}

static void
add(const char *options, char id[ENVELOPE_ID_SIZE])
{
	add_text("", options, STR(HEADER "hello\r\n"), id);
}

/* Looks where the message is; c.spool NULL: nowhere. */
static void
look(struct claim *c, const char *id, struct arena *a)
{
	struct err e = { 0 };

	arena_init(a, MEMORY);
	T_CHECK(claim_look(c, &m.outbox.spool, id, SPOOL_ALL, a, &e), "%s",
	    e.msg);
}

static const char *
where(const struct claim *c)
{
	return c->spool != NULL ? spool_where_name(c->where) : "gone";
}

static bool
find_line(void *arg, struct str line, const struct json *tree)
{
	struct buf *out = arg;

	(void)tree;
	buf_adds(out, line);
	buf_addc(out, '\n');
	return true;
}

static void
read_journal(struct buf *out)
{
	struct journal_filter all = { 0 };
	struct err e = { 0 };

	buf_init(out, MEMORY);
	T_CHECK(journal_read(&m.outbox.journal, &all, find_line, out, &e), "%s",
	    e.msg);
	buf_addc(out, '\0');
}

static unsigned
asked(void)
{
	return atomic_load(&m.graph.seen->requests);
}

/* What a pass did. */
struct worker_sum {
	size_t tried, message[VERDICTS]; /* messages, and by verdict */
	size_t waiting;                  /* for their account */
};

static void
read_mailbox(const struct envelope *v, struct mailbox *out)
{
	const struct mailbox_place at = mailbox_place(&m.outbox.spool, v);

	mailbox_read(&at, out);
}

static bool
release_mailbox(const struct envelope *v, struct err *e)
{
	const struct mailbox_place at = mailbox_place(&m.outbox.spool, v);
	struct mailbox ignored;

	return mailbox_release(&at, false, &ignored, e);
}

/* Every due message once, as a manager with one worker. */
static bool
pass(struct worker_sum *sum, struct err *e)
{
	struct spool_list list;
	struct worker_result r;
	int64_t wait;
	bool ok;

	*sum = (struct worker_sum){ 0 };
	worker_clean(&m.worker);
	ok = spool_list(&m.outbox.spool, SPOOL_QUEUED, &list, e);
	for (size_t i = 0; ok && i < list.n; i++) {
		wait = spool_due(&m.outbox.spool, &list.item[i]) - m.now;
		if (list.item[i].where == SPOOL_NEW && wait > 0 &&
		    wait <= SCHEDULE_LONGEST_S)
			continue;
		ok = worker_message(&m.worker, list.item[i].id, &r, e);
		if (r.tried) {
			sum->tried++;
			sum->message[r.message]++;
		} else if (r.why.kind != ERR_NONE) {
			sum->waiting++;
		}
	}
	spool_list_release(&list);
	return ok;
}

static void
run(struct worker_sum *sum)
{
	struct err e = { 0 };

	T_CHECK(pass(sum, &e), "%s", e.msg);
}

/*
 * The table of kinds. One message is tried, the clock goes on by `later`
 * seconds, and it is tried again: where it is after each.
 */
/* clang-format off */
static const struct {
	const char *name, *settings;
	struct serve_step step;
	const char *first; /* folder */
	int64_t least, most; /* seconds to the next try */
	unsigned attempts, requests;
	int64_t later;
	const char *second;
	unsigned requests2;
	const char *says; /* in the journal */
} rows[] = {
	{ "sent", "", { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	  "gone", 0, 0, 0, 1, 60, "gone", 1, "\"verdict\":\"sent\"" },
	{ "throttled", "", { SERVE_ALL, STR_INIT(STATUS("429 X",
	  "Retry-After: 100\r\n", "ApplicationThrottled")), SERVE_CLOSE, 0 },
	  "new", 100, 112, 1, 1, 99, "new", 1, "\"verdict\":\"later\"" },
	{ "busy", "", { SERVE_ALL, STR_INIT(STATUS("503 X", "",
	  "ErrorServerBusy")), SERVE_CLOSE, 0 },
	  "new", 45, 60, 1, 1, 60, "new", 2, "ErrorServerBusy" },
	{ "busy for days", "", { SERVE_ALL, STR_INIT(STATUS("503 X", "",
	  "ErrorServerBusy")), SERVE_CLOSE, 0 },
	  "new", 45, 60, 1, 1, 5 * 86400, "new", 2, "ErrorServerBusy" },
	{ "denied", "", { SERVE_ALL, STR_INIT(STATUS("403 X", "",
	  "ErrorAccessDenied")), SERVE_CLOSE, 0 },
	  "new", 0, 0, 0, 1, 200, "new", 1, "\"verdict\":\"account\"" },
	{ "denied, probed", "", { SERVE_ALL, STR_INIT(STATUS("403 X", "",
	  "ErrorAccessDenied")), SERVE_CLOSE, 0 },
	  "new", 0, 0, 0, 1, 300, "new", 2, "\"verdict\":\"account\"" },
	{ "denied for days", "", { SERVE_ALL, STR_INIT(STATUS("403 X", "",
	  "ErrorAccessDenied")), SERVE_CLOSE, 0 },
	  "new", 0, 0, 0, 1, 30 * 86400, "new", 2,
	  "\"verdict\":\"account\"" },
	{ "no mailbox", "", { SERVE_ALL, STR_INIT(STATUS("404 X", "",
	  "ErrorInvalidUser")), SERVE_CLOSE, 0 },
	  "new", 0, 0, 0, 1, 10, "new", 1, "\"verdict\":\"account\"" },
	/* both together, and each of the two; then their two reports, which
	   fare no better */
	{ "bad recipients", "", { SERVE_ALL, STR_INIT(STATUS("400 X", "",
	  "ErrorInvalidRecipients")), SERVE_CLOSE, 0 },
	  "dead", 0, 0, 1, 3, 60, "dead", 5, "\"verdict\":\"dead\"" },
	/* two requests: the second is the report, which fares no better */
	{ "bad content", "", { SERVE_ALL, STR_INIT(STATUS("400 X", "",
	  "ErrorMimeContentInvalid")), SERVE_CLOSE, 0 },
	  "dead", 0, 0, 1, 1, 60, "dead", 2, "\"verdict\":\"dead\"" },
	/* it need not be Graph that says so */
	{ "a page of a gateway", "", { SERVE_ALL, STR_INIT("HTTP/1.1 400 X\r\n"
	  "Content-Type: text/html\r\nContent-Length: 15\r\n\r\n"
	  "<html>No</html>"), SERVE_CLOSE, 0 },
	  "new", 45, 60, 1, 1, 60, "new", 2, "\"verdict\":\"later\"" },
	/* by MIME and as JSON */
	{ "too large for a proxy", "", { SERVE_ALL, STR_INIT("HTTP/1.1 413 X"
	  "\r\nContent-Length: 0\r\n\r\n"), SERVE_CLOSE, 0 },
	  "new", 2700, 3600, 0, 2, 30 * 86400, "new", 4,
	  "\"verdict\":\"later\"" },
	{ "the mailbox is moved", "", { SERVE_ALL, STR_INIT(STATUS("503 X", "",
	  "ErrorMailboxMoveInProgress")), SERVE_CLOSE, 0 },
	  "new", 45, 60, 0, 1, 60, "new", 2, "MoveInProgress" },
	{ "the day's limit", "", { SERVE_ALL, STR_INIT(STATUS("403 X", "",
	  "ErrorExceededMessageLimit")), SERVE_CLOSE, 0 },
	  "new", 45, 60, 1, 1, 3599, "new", 1, "MessageLimit" },
	{ "the day's limit, an hour later", "", { SERVE_ALL, STR_INIT(STATUS(
	  "500 X", "", "ErrorSubmissionQuotaExceeded")), SERVE_CLOSE, 0 },
	  "new", 45, 60, 1, 1, 3600, "new", 2, "SubmissionQuota" },
	{ "answer lost", "", { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	  "new", 300, 300, 1, 1, 299, "new", 1, "once more after a while" },
	{ "answer lost twice", "", { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	  "new", 300, 300, 1, 1, 300, "hold", 2, "a person decides" },
	{ "answer lost, once", "delivery = once\n", { SERVE_ALL, STR_INIT(""),
	  SERVE_CLOSE, 0 },
	  "hold", 0, 0, 1, 1, 300, "hold", 1,
	  "delivery = once: a person decides" },
	{ "no answer", "", { SERVE_ALL, STR_INIT(""), SERVE_HANG, 0 },
	  "new", 300, 300, 1, 1, 1, "new", 1, "once more after a while" },
	{ "switched off", "enabled = no\n", { SERVE_ALL, STR_INIT(ACCEPTED),
	  SERVE_KEEP, 0 },
	  "new", 0, 0, 0, 0, 60, "new", 0, NULL },
	{ "wrong settings", "ca = /nonexistent\n",
	  { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	  "new", 0, 0, 0, 0, 60, "new", 0, "\"verdict\":\"account\"" },
};
/* clang-format on */

static void
check_first(size_t i, const char *id)
{
	struct claim c;
	struct arena a;
	int64_t wait;

	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), rows[i].first) == 0, "%s: is in %s",
	    rows[i].name, where(&c));
	T_CHECK(asked() == rows[i].requests, "%s: %u requests", rows[i].name,
	    asked());
	if (c.spool != NULL) {
		wait = c.state.next > 0 ? c.state.next - START : 0;
		T_CHECK(wait >= rows[i].least && wait <= rows[i].most,
		    "%s: next in %lld s", rows[i].name, (long long)wait);
		T_CHECK(c.state.attempts == rows[i].attempts, "%s: %d tries",
		    rows[i].name, (int)c.state.attempts);
		T_CHECK(c.state.unsure_since == 0, "%s: no mark stays",
		    rows[i].name);
	}
	claim_leave(&c);
	arena_release(&a);
}

static void
check_row(size_t i)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf journal;
	struct claim c;
	struct arena a;

	begin(&rows[i].step, 1, rows[i].settings);
	add("", id);
	run(&sum);
	check_first(i, id);
	m.now += rows[i].later;
	run(&sum);
	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), rows[i].second) == 0, "%s: then in %s",
	    rows[i].name, where(&c));
	T_CHECK(asked() == rows[i].requests2, "%s: then %u requests",
	    rows[i].name, asked());
	claim_leave(&c);
	arena_release(&a);
	read_journal(&journal);
	T_CHECK(rows[i].says == NULL || strstr(journal.p, rows[i].says) != NULL,
	    "%s: %s", rows[i].name, journal.p);
	buf_release(&journal);
	end();
}

/*
 * The machine was off for a week, or its clock stood at 1970: max_age ends
 * nothing before the third hour of trying.
 */
static void
test_old(void)
{
	static const struct serve_step busy = { SERVE_ALL,
		STR_INIT(STATUS("503 X", "", "ErrorServerBusy")), SERVE_CLOSE,
		0 };
	static const struct {
		const char *name;
		int64_t arrived;   /* before START */
		const char *third; /* where it is after three hours */
	} olds[] = {
		{ "a week old", 7 * 86400, "dead" },
		{ "of 1970", START - 42, "new" },
		{ "of the future", -7 * 86400, "new" },
	};

	for (size_t i = 0; i < N(olds); i++) {
		char id[ENVELOPE_ID_SIZE];
		struct worker_sum sum;
		struct claim c;
		struct arena a;

		begin(&busy, 1, "");
		m.now = START - olds[i].arrived;
		add("", id);
		m.now = START;
		for (int n = 0; n < 3; n++, m.now += 3600) {
			run(&sum);
			look(&c, id, &a);
			T_CHECK(strcmp(where(&c),
				    n < 2 ? "new" : olds[i].third) == 0,
			    "%s: in %s after %d tries", olds[i].name, where(&c),
			    n + 1);
			claim_leave(&c);
			arena_release(&a);
		}
		T_CHECK(asked() == 3, "%s: %u requests", olds[i].name, asked());
		end();
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check_row(i);
}

/* One recipient is refused: the other has the mail, and a report is out. */
/* clang-format off */
static const struct {
	const char *name;
	struct serve_step step[3];
	unsigned requests;
	const char *where, *says[2];
} parts[] = {
	{ "named", { { SERVE_ALL, STR_INIT("HTTP/1.1 400 X\r\n"
	  "Connection: close\r\n\r\n{\"error\":{\"code\":"
	  "\"ErrorInvalidRecipients\",\"message\":\"Recipient "
	  "'a@example.org' is not resolved.\"}}"), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } }, 2, "gone",
	  { "\"to\":[\"a@example.org\"],\"size\":130,\"via\":\"mime\","
	    "\"status\":400,\"code\":\"ErrorInvalidRecipients\"",
	    "\"to\":[\"b@example.org\"],\"size\":130,\"via\":\"mime\","
	    "\"status\":202" } },
	{ "not named", { { SERVE_ALL, STR_INIT(STATUS("400 X", "",
	  "ErrorInvalidRecipients")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(STATUS("400 X", "",
	  "ErrorInvalidRecipients")), SERVE_CLOSE, 0 } }, 3, "dead",
	  { "\"verdict\":\"part\"", "\"to\":[\"b@example.org\"],\"size\":130,"
	    "\"via\":\"mime\",\"status\":400" } },
};
/* clang-format on */

static void
test_parts(void)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_result r;
	struct spool_list list;
	struct buf journal;
	struct claim c;
	struct arena a;
	struct err e = { 0 };
	size_t n;

	for (size_t i = 0; i < N(parts); i++) {
		n = parts[i].step[2].answer.p != NULL ? 3 : 2;
		begin(parts[i].step, n, "");
		add("", id);
		T_CHECK(worker_message(&m.worker, id, &r, &e), "%s", e.msg);
		look(&c, id, &a);
		T_CHECK(strcmp(where(&c), parts[i].where) == 0 &&
			asked() == parts[i].requests,
		    "%s: in %s, %u requests", parts[i].name, where(&c),
		    asked());
		claim_leave(&c);
		arena_release(&a);
		T_CHECK(spool_list(&m.outbox.spool, SPOOL_QUEUED, &list, &e) &&
			list.n == 1,
		    "%s: one report: %zu", parts[i].name, list.n);
		spool_list_release(&list);
		read_journal(&journal);
		for (size_t k = 0; k < 2; k++)
			T_CHECK(strstr(journal.p, parts[i].says[k]) != NULL,
			    "%s: %s", parts[i].name, journal.p);
		buf_release(&journal);
		end();
	}
}

/* Who asked to hear of success (RFC 3461) does, of the recipients meant. */
/* clang-format off */
static const struct {
	const char *name;
	unsigned step; /* of parts; 2: all is taken at once */
	unsigned first, second; /* NOTIFY of a and b */
	bool told;
	size_t relayed, reports;
} notifies[] = {
	{ "nobody asked", 2, 0, 0, false, 0, 0 },
	{ "one asked", 2, NOTIFY_FAILURE, NOTIFY_SUCCESS, false, 1, 1 },
	{ "both asked, in one report", 2, NOTIFY_SUCCESS, NOTIFY_SUCCESS, false,
	  1, 1 },
	{ "who waits is told anyway", 2, NOTIFY_SUCCESS, 0, true, 0, 0 },
	{ "a is refused, b asked", 0, 0, NOTIFY_SUCCESS, false, 1, 2 },
	{ "a is refused, unasked", 0, NOTIFY_NEVER, NOTIFY_SUCCESS, false, 1,
	  1 },
	{ "a has it first, b is dead", 1, NOTIFY_SUCCESS, NOTIFY_NEVER, false,
	  1, 1 },
};
/* clang-format on */

static size_t
count_relayed(void)
{
	struct spool_list list;
	struct claim c;
	struct arena a;
	struct err e = { 0 };
	char text[4096];
	size_t n = 0, size;

	T_CHECK(spool_list(&m.outbox.spool, SPOOL_QUEUED, &list, &e), "%s",
	    e.msg);
	for (size_t i = 0; i < list.n; i++) {
		look(&c, list.item[i].id, &a);
		size = c.body.size < sizeof(text) ? (size_t)c.body.size :
						    sizeof(text);
		T_CHECK(source_read(&c.body, 0, text, size, &e), "%s", e.msg);
		n += str_find((struct str){ text, size },
			 STR("Action: relayed")) < size;
		claim_leave(&c);
		arena_release(&a);
	}
	spool_list_release(&list);
	return n;
}

static void
test_success(void)
{
	static const struct serve_step taken = { SERVE_ALL, STR_INIT(ACCEPTED),
		SERVE_KEEP, 0 };
	char id[ENVELOPE_ID_SIZE];
	struct worker_result r;
	struct notify notify[2] = { { 0 } };
	struct spool_list list;
	struct err e = { 0 };

	for (size_t i = 0; i < N(notifies); i++) {
		unsigned step = notifies[i].step;

		begin(step < 2 ? parts[step].step : &taken,
		    step < 2 ? step + 2 : 1, "");
		notify[0].when = notifies[i].first;
		notify[1].when = notifies[i].second;
		m.notify = notify;
		add("", id);
		m.notify = NULL;
		m.worker.told = notifies[i].told;
		T_CHECK(worker_message(&m.worker, id, &r, &e), "%s", e.msg);
		T_CHECK(spool_list(&m.outbox.spool, SPOOL_QUEUED, &list, &e) &&
			list.n == notifies[i].reports,
		    "%s: %zu reports", notifies[i].name, list.n);
		spool_list_release(&list);
		T_CHECK(count_relayed() == notifies[i].relayed,
		    "%s: %zu say relayed", notifies[i].name, count_relayed());
		end();
	}
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A probe takes another message; if that one goes, the first was at fault. */
static void
test_probe(void)
{
	static const struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(STATUS("403 X", "", "Unheard")),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(STATUS("403 X", "", "Unheard")),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(STATUS("403 X", "", "Unheard")),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_CLOSE, 0 },
	};
	char id[3][ENVELOPE_ID_SIZE];
	struct worker_result r[3];
	struct err e = { 0 };
	bool ok;

	begin(step, N(step), "");
	for (size_t i = 0; i < 3; i++)
		add("", id[i]);
	qsort(id, N(id), sizeof(id[0]), by_id);
	ok = worker_message(&m.worker, id[0], &r[0], &e);
	T_CHECK(ok && r[0].message == VERDICT_WAITS, "%s", e.msg);
	m.now += 3600;
	/* index.h: not the same again */
	ok = worker_message(&m.worker, id[1], &r[1], &e);
	T_CHECK(ok && r[1].message == VERDICT_SENT, "another one");
	ok = worker_message(&m.worker, id[0], &r[0], &e);
	T_CHECK(ok && r[0].tried && r[0].message == VERDICT_ALONE &&
		r[0].next > m.now + 2699,
	    "it waits alone: %d", r[0].message);
	ok = worker_message(&m.worker, id[2], &r[2], &e);
	T_CHECK(ok && r[2].message == VERDICT_SENT, "the others go");
	end();
}

/* Exchange could not convert it: the third try is the last. */
static void
test_tries(void)
{
	static const struct serve_step step = { SERVE_ALL,
		STR_INIT(
		    STATUS("500 X", "", "ErrorMimeContentConversionFailed")),
		SERVE_CLOSE, 0 };
	static const char *const then[] = { "new", "new", "dead" };
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf journal;
	struct claim c;
	struct arena a;

	begin(&step, 1, "bounces = no\n");
	add("", id);
	for (unsigned i = 0; i < N(then); i++) {
		run(&sum);
		look(&c, id, &a);
		T_CHECK(strcmp(where(&c), then[i]) == 0 && asked() == i + 1,
		    "try %u: %s, %u requests", i + 1, where(&c), asked());
		claim_leave(&c);
		arena_release(&a);
		m.now += 3600;
	}
	read_journal(&journal);
	T_CHECK(strstr(journal.p, "max_age") == NULL, "%s", journal.p);
	buf_release(&journal);
	end();
}

static const struct serve_step good = { SERVE_ALL, STR_INIT(ACCEPTED),
	SERVE_KEEP, 0 };

/* What a worker leaves that died after its request. */
static void
leave_marked(char id[ENVELOPE_ID_SIZE], const char *draft)
{
	struct claim c;
	struct arena a;
	struct err e = { 0 };

	add("", id);
	arena_init(&a, MEMORY);
	T_CHECK(claim_take(&c, &m.outbox.spool, id, SPOOL_QUEUED, &a, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	c.state.unsure_since = m.now;
	c.state.attempts = 1;
	c.state.draft = str_of(draft);
	T_CHECK(claim_save(&c, &e), "%s", e.msg);
	claim_leave(&c);
	arena_release(&a);
}

/* A worker died between its request and the journal: not sent again. */
static void
test_crash(void)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;

	begin(&good, 1, "");
	leave_marked(id, "");
	run(&sum);
	look(&c, id, &a);
	T_CHECK(asked() == 0 && strcmp(where(&c), "new") == 0 &&
		c.state.attempts == 1 && c.state.unsure_times == 1 &&
		c.state.next == m.now + 300,
	    "%u requests, in %s, %d tries", asked(), where(&c),
	    (int)c.state.attempts);
	claim_leave(&c);
	arena_release(&a);
	m.now += 300;
	run(&sum);
	look(&c, id, &a);
	T_CHECK(asked() == 1 && c.spool == NULL, "sent later, once");
	arena_release(&a);
	end();
}

/* The same after the journal: it is done. */
static void
test_noted(void)
{
	static const char *const drafts[] = { "", "AAMk%3D" };
	struct journal_line line = { .verdict = STR("sent") };
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf journal;
	struct claim c;
	struct arena a;
	struct err e = { 0 };

	for (size_t i = 0; i < N(drafts); i++) {
		begin(&good, 1, "");
		leave_marked(id, drafts[i]);
		line.id = str_of(id);
		line.time = m.now;
		T_CHECK(journal_add(&m.outbox.journal, &line, &e), "%s", e.msg);
		run(&sum);
		look(&c, id, &a);
		T_CHECK(asked() == 0 && c.spool == NULL, "%u requests, %s",
		    asked(), where(&c));
		arena_release(&a);
		read_journal(&journal);
		T_CHECK(str_chr(buf_view(&journal), '\n') + 2 == journal.n,
		    "one line: %s", journal.p);
		buf_release(&journal);
		end();
	}
}

#define JSON            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define PERSON(address) "{\"emailAddress\":{\"address\":\"" address "\"}}"
#define ITEM_SENT(when, id, to, bcc)                                           \
	"{\"value\":[{\"internetMessageId\":\"" id "\"," when                  \
	"\"toRecipients\":[" to "],\"bccRecipients\":[" bcc "]}]}"
#define SENT_AT(when)     "\"sentDateTime\":\"2026-11-" when "Z\","
#define ITEM(id, to, bcc) JSON ITEM_SENT(SENT_AT("25T20:10:00"), id, to, bcc)
/* Of the two whom the message is for. */
#define COPY_SENT(when)                                                        \
	ITEM_SENT(when, "<1@contoso.com>", PERSON("a@example.org"),            \
	    PERSON("b@example.org"))
#define COPY                                                                   \
	ITEM("<1@contoso.com>", PERSON("A@Example.org"),                       \
	    PERSON("c@example.org") "," PERSON("b@example.org"))
#define NO_COPY JSON "{\"value\":[]}"

/* The same with a draft: what it is now decides. */
/* clang-format off */
static const struct {
	const char *name;
	struct serve_step step[3];
	size_t steps;
	const char *where;
	unsigned requests;
	const char *says;
	bool removed; /* so it is not asked again */
} drafts[] = {
	{ "sent", { { SERVE_ALL, STR_INIT(JSON "{\"isDraft\":false}"),
	  SERVE_CLOSE, 0 } }, 1, "gone", 1, "its draft was found to be sent",
	  false },
	{ "still a draft", { { SERVE_ALL, STR_INIT(JSON "{\"isDraft\":true}"),
	  SERVE_CLOSE, 0 }, { SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 } },
	  2, "gone", 2, "\"verdict\":\"sent\"", false },
	{ "still one, and refused", { { SERVE_ALL,
	  STR_INIT(JSON "{\"isDraft\":true}"), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(STATUS("400 X", "", "ErrorMimeContentInvalid")),
	  SERVE_CLOSE, 0 }, { SERVE_ALL, STR_INIT("HTTP/1.1 204 X\r\n\r\n"),
	  SERVE_CLOSE, 0 } }, 3, "dead", 3, "\"verdict\":\"dead\"", true },
	{ "still one, and throttled", { { SERVE_ALL,
	  STR_INIT(JSON "{\"isDraft\":true}"), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(STATUS("429 X", "Retry-After: 400\r\n",
	  "ApplicationThrottled")), SERVE_CLOSE, 0 }, { SERVE_ALL,
	  STR_INIT("HTTP/1.1 204 X\r\n\r\n"), SERVE_CLOSE, 0 } }, 3, "new", 3,
	  "\"verdict\":\"later\"", true },
	{ "not told", { { SERVE_ALL, STR_INIT(STATUS("503 X", "",
	  "ErrorServerBusy")), SERVE_CLOSE, 0 } }, 1, "new", 1,
	  "its draft could not be asked", false },
	{ "gone, and may not search", { { SERVE_ALL, STR_INIT(STATUS("404 X",
	  "", "ErrorItemNotFound")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(STATUS("403 X", "", "ErrorAccessDenied")),
	  SERVE_CLOSE, 0 } }, 2, "new", 3,
	  "the draft is gone, and search Sent Items", false },
	{ "no mailbox", { { SERVE_ALL, STR_INIT(STATUS("404 X", "",
	  "MailboxNotEnabledForRESTAPI")), SERVE_CLOSE, 0 } }, 1, "new", 1,
	  "\"verdict\":\"account\"", false },
	{ "a page of a proxy", { { SERVE_ALL, STR_INIT("HTTP/1.1 404 X\r\n"
	  "Content-Length: 0\r\n\r\n"), SERVE_CLOSE, 0 } }, 1, "new", 1,
	  "\"verdict\":\"account\"", false },
	{ "gone, its copy is there", { { SERVE_ALL, STR_INIT(STATUS("404 X",
	  "", "ErrorItemNotFound")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(COPY), SERVE_CLOSE, 0 } }, 2, "gone", 2,
	  "its copy is in Sent Items", false },
	{ "gone, no copy yet", { { SERVE_ALL, STR_INIT(STATUS("404 X", "",
	  "ErrorItemNotFound")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(NO_COPY), SERVE_CLOSE, 0 } }, 2, "new", 2,
	  "the draft is gone, and Sent Items has no message", false },
	{ "may not ask", { { SERVE_ALL, STR_INIT(STATUS("403 X", "",
	  "ErrorAccessDenied")), SERVE_CLOSE, 0 } }, 1, "new", 1,
	  "\"verdict\":\"account\"", false },
};
/* clang-format on */

static void
check_draft(size_t i)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf journal;
	struct claim c;
	struct arena a;

	begin(drafts[i].step, drafts[i].steps, "");
	leave_marked(id, "AAMk%3D");
	run(&sum);
	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), drafts[i].where) == 0 &&
		asked() == drafts[i].requests,
	    "%s: in %s, %u requests", drafts[i].name, where(&c), asked());
	T_CHECK(c.spool == NULL ||
		(str_eq(c.state.draft,
		     drafts[i].removed ? STR("") : STR("AAMk%3D")) &&
		    (c.state.unsure_since == 0) == drafts[i].removed &&
		    c.state.attempts == 1),
	    "%s: is asked again, or not", drafts[i].name);
	claim_leave(&c);
	arena_release(&a);
	read_journal(&journal);
	T_CHECK(strstr(journal.p, drafts[i].says) != NULL, "%s: %s",
	    drafts[i].name, journal.p);
	buf_release(&journal);
	end();
}

static void
test_drafts(void)
{
	for (size_t i = 0; i < N(drafts); i++)
		check_draft(i);
}

/* A draft that is gone, and without a copy to the end: then a person. */
static void
test_lost_draft(void)
{
	static const struct serve_step gone[] = {
		{ SERVE_ALL, STR_INIT(STATUS("404 X", "", "ErrorItemNotFound")),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(NO_COPY), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	struct err e = { 0 };

	begin(gone, N(gone), "");
	add("", id);
	arena_init(&a, MEMORY);
	T_CHECK(claim_take(&c, &m.outbox.spool, id, SPOOL_QUEUED, &a, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	c.state.unsure_since = m.now - 300;
	c.state.draft = STR("AAMk%3D");
	T_CHECK(claim_save(&c, &e), "%s", e.msg);
	claim_leave(&c);
	arena_release(&a);
	run(&sum);
	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), "hold") == 0 && c.state.draft.n == 0 &&
		c.state.unsure_since == 0,
	    "in %s", where(&c));
	claim_leave(&c);
	arena_release(&a);
	arena_init(&a, MEMORY);
	T_CHECK(claim_take(&c, &m.outbox.spool, id, SPOOL_KEPT, &a, &e) &&
		claim_put(&c, SPOOL_NEW, &e),
	    "%s", e.msg);
	arena_release(&a);
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 1 && asked() == 3,
	    "a person lets it go: %u requests", asked());
	end();
}

/*
 * Sent Items. Tried at once, and then every 300 s: where the message is after
 * each time, and what was asked for at the end.
 */
#define LOST                                                                   \
	{                                                                      \
		SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0                        \
	}
#define SAYS(text)                                                             \
	{                                                                      \
		SERVE_ALL, STR_INIT(text), SERVE_CLOSE, 0                      \
	}
/* clang-format off */
static const struct {
	const char *name, *settings, *options;
	enum may may;
	struct serve_step step[5];
	const char *where[3];
	unsigned requests;
	const char *says; /* in the journal */
} searches[] = {
	{ "found", "", "", MAY_READ, { LOST, SAYS(COPY) },
	  { "new", "gone", "gone" }, 2, "its copy is in Sent Items" },
	{ "the status is the one that came", "", "", MAY_READ, {
	  SAYS(STATUS("500 X", "", "UnknownError")), SAYS(COPY) },
	  { "new", "gone", "gone" }, 2, "\"status\":500," },
	{ "not found", "", "", MAY_READ, { LOST, SAYS(NO_COPY), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	{ "of another part", "", "", MAY_READ, { LOST,
	  SAYS(ITEM("<1@contoso.com>", PERSON("a@example.org"), "")), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	{ "another message", "", "", MAY_READ, { LOST, SAYS(ITEM(
	  "<2@contoso.com>", PERSON("a@example.org"),
	  PERSON("b@example.org"))), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	/* a device with one Message-ID for all its mail */
	{ "yesterday's copy", "", "", MAY_READ, { LOST,
	  SAYS(JSON COPY_SENT(SENT_AT("24T20:10:00"))), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	{ "a copy of nobody knows when", "", "", MAY_READ, { LOST,
	  SAYS(JSON COPY_SENT("")), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	{ "clocks differ by a few seconds", "", "", MAY_READ, { LOST,
	  SAYS(JSON COPY_SENT(SENT_AT("25T20:09:51"))) },
	  { "new", "gone", "gone" }, 2, "its copy is in Sent Items" },
	/* the machine's own is later than its Date by at least two days */
	{ "the server's clock is slow", "", "", MAY_READ, { LOST,
	  SAYS("HTTP/1.1 200 OK\r\nConnection: close\r\n"
	  "Date: Wed, 25 Nov 2026 20:10:00 GMT\r\n\r\n"
	  COPY_SENT(SENT_AT("24T20:10:00"))) },
	  { "new", "gone", "gone" }, 2, "its copy is in Sent Items" },
	{ "not now, then found", "", "", MAY_READ, { LOST,
	  SAYS(STATUS("503 X", "", "ErrorServerBusy")), SAYS(COPY) },
	  { "new", "new", "gone" }, 3, "Sent Items could not be searched" },
	{ "no list", "", "", MAY_READ, { LOST, SAYS(JSON "<html>"),
	  SAYS(COPY) },
	  { "new", "new", "gone" }, 3, "Sent Items could not be searched" },
	{ "not understood", "", "", MAY_READ, { LOST,
	  SAYS(STATUS("400 X", "", "BadRequest")), GOOD },
	  { "new", "gone", "gone" }, 3, "\"verdict\":\"sent\"" },
	{ "lost twice, then found", "", "", MAY_READ, { LOST, SAYS(NO_COPY),
	  LOST, SAYS(COPY) },
	  { "new", "new", "gone" }, 4, "its copy is in Sent Items" },
	{ "lost twice, not found", "", "", MAY_READ, { LOST, SAYS(NO_COPY),
	  LOST, SAYS(NO_COPY) },
	  { "new", "new", "hold" }, 4, "Sent Items has no message" },
	{ "once, found", "delivery = once\n", "", MAY_READ, { LOST,
	  SAYS(COPY) },
	  { "new", "gone", "gone" }, 2, "its copy is in Sent Items" },
	{ "once, not found", "delivery = once\n", "", MAY_READ, { LOST,
	  SAYS(NO_COPY) },
	  { "new", "hold", "hold" }, 2, "Sent Items has no message" },
	{ "once, not understood", "delivery = once\n", "", MAY_READ, { LOST,
	  SAYS(STATUS("400 X", "", "BadRequest")) },
	  { "new", "hold", "hold" }, 2, "a person decides" },
	{ "no copy is kept", "", "no-save", MAY_READ, { LOST, GOOD },
	  { "new", "gone", "gone" }, 2, "once more after a while" },
	{ "no copy is kept, once", "delivery = once\n", "no-save", MAY_READ,
	  { LOST }, { "hold", "hold", "hold" }, 1, "delivery = once" },
	{ "the token says nothing", "", "", SAYS_NOTHING, { LOST,
	  SAYS(COPY) },
	  { "new", "gone", "gone" }, 2, "its copy is in Sent Items" },
	{ "it says nothing, once", "delivery = once\n", "", SAYS_NOTHING,
	  { LOST }, { "hold", "hold", "hold" }, 1, "delivery = once" },
	{ "may send only", "", "", MAY_SEND, { LOST, GOOD },
	  { "new", "gone", "gone" }, 2, "once more after a while" },
};
/* clang-format on */

static void
check_search(size_t i)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf journal;
	struct claim c;
	struct arena a;
	size_t n = 0;

	while (n < 5 && searches[i].step[n].answer.p != NULL)
		n++;
	m.may = searches[i].may;
	begin(searches[i].step, n, searches[i].settings);
	m.may = MAY_SEND;
	add(searches[i].options, id);
	for (size_t k = 0; k < 3; k++, m.now += 300) {
		run(&sum);
		look(&c, id, &a);
		T_CHECK(strcmp(where(&c), searches[i].where[k]) == 0,
		    "%s, run %zu: in %s", searches[i].name, k + 1, where(&c));
		claim_leave(&c);
		arena_release(&a);
	}
	T_CHECK(asked() == searches[i].requests, "%s: %u requests",
	    searches[i].name, asked());
	read_journal(&journal);
	T_CHECK(strstr(journal.p, searches[i].says) != NULL, "%s: %s",
	    searches[i].name, journal.p);
	T_CHECK(strstr(searches[i].says, "its copy") == NULL ||
		strstr(journal.p, "\"status\":202") == NULL,
	    "%s: a status that nobody sent: %s", searches[i].name, journal.p);
	buf_release(&journal);
	end();
}

static void
test_searches(void)
{
	for (size_t i = 0; i < N(searches); i++)
		check_search(i);
}

/* What one message asks for and the settings exclude holds up no other. */
static void
test_contradiction(void)
{
	static const struct serve_step step[] = { GOOD };
	char id[2][ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;

	begin(step, N(step), "delivery = exact\n");
	add("no-save", id[0]);
	run(&sum);
	look(&c, id[0], &a);
	T_CHECK(asked() == 0 && strcmp(where(&c), "new") == 0 &&
		sum.message[VERDICT_ALONE] == 1,
	    "%u requests, in %s", asked(), where(&c));
	claim_leave(&c);
	arena_release(&a);
	add("via=mime", id[1]);
	run(&sum);
	T_CHECK(asked() == 1 && sum.message[VERDICT_SENT] == 1,
	    "the other: %u requests", asked());
	end();
}

/* Of a proxy that takes less than Graph: the next route may fit. */
static void
test_too_large(void)
{
	static const struct {
		const char *name, *options;
		struct serve_step step[2];
		unsigned asked;
		bool sent;
	} cases[] = {
		{ "a page", "",
		    { { SERVE_ALL,
			  STR_INIT("HTTP/1.1 413 X\r\n"
				   "Content-Length: 0\r\n\r\n"),
			  SERVE_CLOSE, 0 },
			GOOD },
		    2, true },
		{ "Graph", "",
		    { SAYS(STATUS("413 X", "", "RequestEntityTooLarge")),
			GOOD },
		    2, true },
		{ "--via mime", "via=mime",
		    { SAYS(STATUS("413 X", "", "NewThing")), GOOD }, 1, false },
		{ "another code", "",
		    { SAYS(STATUS("403 X", "", "ErrorAccessDenied")), GOOD }, 1,
		    false },
	};

	for (size_t i = 0; i < N(cases); i++) {
		char id[ENVELOPE_ID_SIZE];
		struct worker_sum sum;

		begin(cases[i].step, N(cases[i].step), "");
		add(cases[i].options, id);
		run(&sum);
		T_CHECK(asked() == cases[i].asked &&
			(sum.message[VERDICT_SENT] == 1) == cases[i].sent,
		    "%s: %u requests", cases[i].name, asked());
		end();
	}
}

/* What was perhaps sent is never reported as not delivered. */
static void
test_perhaps_old(void)
{
	static const struct serve_step busy =
	    SAYS(STATUS("503 X", "", "ErrorServerBusy"));
	struct serve_step step[8] = { LOST };
	char id[ENVELOPE_ID_SIZE];
	struct spool_list list = { 0 };
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	struct err e = { 0 };

	for (size_t i = 1; i < N(step); i++)
		step[i] = busy;
	begin(step, N(step), "");
	add("", id);
	for (int hour = 0; hour < 4; hour++, m.now += 3600)
		run(&sum);
	m.now += 5 * 86400;
	run(&sum);
	look(&c, id, &a);
	T_CHECK(asked() == 5 && strcmp(where(&c), "hold") == 0,
	    "%u requests, in %s: %.*s", asked(), where(&c),
	    STR_ARG(c.state.reason));
	claim_leave(&c);
	arena_release(&a);
	T_CHECK(spool_list(&m.outbox.spool, SPOOL_ALL, &list, &e) &&
		list.n == 1,
	    "%zu messages: a report", list.n);
	spool_list_release(&list);
	end();
}

/* Nothing is given up of which nobody can be told. */
static void
test_no_report(void)
{
	static const struct serve_step refused =
	    SAYS(STATUS("400 X", "", "ErrorMimeContentInvalid"));
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	int tmp;

	begin(&refused, 1, "");
	add("", id);
	tmp = m.outbox.spool.dir[SPOOL_TMP].fd;
	m.outbox.spool.dir[SPOOL_TMP].fd = -1;
	run(&sum);
	m.outbox.spool.dir[SPOOL_TMP].fd = tmp;
	look(&c, id, &a);
	T_CHECK(asked() == 1 && strcmp(where(&c), "new") == 0 &&
		c.state.next == m.now + 300 &&
		str_find(c.state.reason,
		    STR("there can be no report of it now")) < c.state.reason.n,
	    "%u requests, in %s, next in %lld s: %.*s", asked(), where(&c),
	    (long long)(c.state.next - m.now), STR_ARG(c.state.reason));
	claim_leave(&c);
	arena_release(&a);
	end();
}

/* One message that fails twice is not a service that is away. */
static void
test_same_twice(void)
{
	static const struct serve_step step[] = { SAYS(STATUS("503 X", "",
						      "ErrorServerBusy")),
		SAYS(STATUS("503 X", "", "ErrorServerBusy")), GOOD };
	char id[2][ENVELOPE_ID_SIZE];
	struct worker_sum sum;

	begin(step, N(step), "");
	add("", id[0]);
	run(&sum);
	m.now += 60;
	run(&sum);
	T_CHECK(asked() == 2, "twice: %u requests", asked());
	add("", id[1]);
	run(&sum);
	T_CHECK(asked() == 3 && sum.message[VERDICT_SENT] == 1,
	    "the other: %u requests", asked());
	end();
}

/* It is known before that there can be no line: nothing is sent. */
static void
test_no_journal(void)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	struct err e = { 0 };
	int fd;

	begin(&good, 1, "");
	add("", id);
	fd = m.outbox.journal.dir.fd;
	m.outbox.journal.dir.fd = -1;
	T_CHECK(!pass(&sum, &e) && err_exit(&e) == 74 && asked() == 0,
	    "it stops: %u requests, %s", asked(), e.msg);
	m.outbox.journal.dir.fd = fd;
	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), "new") == 0 && c.state.attempts == 0,
	    "it is as it was: %s", where(&c));
	claim_leave(&c);
	arena_release(&a);
	end();
}

/* Sent, and no line of it: a person has to know; never sent again. */
static void
test_journal_breaks(void)
{
	char id[2][ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	struct err e = { 0 };
	int fd;

	begin(&good, 1, "");
	add("", id[0]);
	add("", id[1]);
	fd = m.outbox.journal.dir.fd;
	m.breaks = true;
	T_CHECK(!pass(&sum, &e) && err_exit(&e) == 74 && asked() == 1,
	    "it stops: %u requests, %s", asked(), e.msg);
	m.breaks = false;
	m.outbox.journal.dir.fd = fd;
	look(&c, strcmp(id[0], id[1]) < 0 ? id[0] : id[1], &a);
	T_CHECK(strcmp(where(&c), "hold") == 0 &&
		str_starts(c.state.reason, STR("it was sent, but")),
	    "in %s: %.*s", where(&c), STR_ARG(c.state.reason));
	claim_leave(&c);
	arena_release(&a);
	run(&sum);
	T_CHECK(asked() == 2 && sum.tried == 1, "the other goes later");
	end();
}

/* A waiting account goes on once its settings change, or at once by hand. */
static void
test_account(void)
{
	static const struct serve_step denied = { SERVE_ALL,
		STR_INIT(STATUS("403 X", "", "ErrorAccessDenied")), SERVE_CLOSE,
		0 };
	char id[2][ENVELOPE_ID_SIZE];
	struct envelope v = { 0 };
	struct worker_sum sum;
	struct mailbox w;
	struct err e = { 0 };

	begin(&denied, 1, "");
	add("", id[0]);
	add("", id[1]);
	run(&sum);
	T_CHECK(asked() == 1 && sum.tried == 1 && sum.waiting == 1,
	    "one is tried: %u, %zu wait", asked(), sum.waiting);
	read_mailbox(&v, &w);
	T_CHECK(w.failures == 1 && strcmp(w.kind, "auth") == 0 &&
		w.next > m.now && w.since == m.now,
	    "%d failures, %s", (int)w.failures, w.kind);
	run(&sum);
	T_CHECK(asked() == 1 && sum.waiting == 2, "none is tried");
	T_CHECK(release_mailbox(&v, &e), "%s", e.msg);
	run(&sum);
	/* its settings are read anew, and so is the token */
	T_CHECK(asked() == 2 && sum.tried == 1, "released by hand");
	worker_close(&m.worker);
	worker_open(&m.worker, &m.outbox, m.path, &silent, &nobody);
	write_settings("mailbox = other@contoso.com\n");
	run(&sum);
	T_CHECK(asked() == 3 && sum.tried == 1, "changed settings");
	end();
}

/* What the service named for one message holds for all of its account. */
static void
test_throttle(void)
{
	static const struct serve_step slow[] = {
		{ SERVE_ALL,
		    STR_INIT(STATUS("429 X", "Retry-After: 100\r\n", "T")),
		    SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	char id[2][ENVELOPE_ID_SIZE];
	struct envelope v = { 0 };
	struct worker_sum sum;
	struct err e = { 0 };

	begin(slow, N(slow), "");
	add("", id[0]);
	add("", id[1]);
	run(&sum);
	T_CHECK(asked() == 1 && sum.message[VERDICT_LATER] == 1, "the first");
	T_CHECK(release_mailbox(&v, &e), "%s", e.msg);
	m.now += 99;
	run(&sum);
	T_CHECK(asked() == 1, "not before, even if released by hand");
	m.now += 1;
	run(&sum);
	/* the first has some seconds more by chance, or none */
	T_CHECK(asked() == 1 + sum.message[VERDICT_SENT] && asked() >= 2,
	    "the other: %u requests", asked());
	m.now += 20;
	run(&sum);
	T_CHECK(asked() == 3, "the first: %u requests", asked());
	end();
}

enum { MANY = 4 };

static void
add_many(char id[MANY][ENVELOPE_ID_SIZE])
{
	for (size_t i = 0; i < MANY; i++)
		add("", id[i]);
}

/* Nobody is there: one message finds out, the others lose nothing by it. */
static void
test_away(void)
{
	char id[MANY][ENVELOPE_ID_SIZE];
	struct envelope v = { 0 };
	struct worker_sum sum;
	struct claim c;
	struct arena a;
	struct err e = { 0 };
	unsigned attempts = 0;

	begin(&good, 1, "");
	add_many(id);
	serve_stop(&m.graph);
	run(&sum);
	T_CHECK(sum.tried == 1 && sum.waiting == 3, "%zu tried, %zu wait",
	    sum.tried, sum.waiting);
	m.now += 10;
	run(&sum);
	T_CHECK(sum.tried == 1 && sum.waiting == 2, "then %zu, %zu", sum.tried,
	    sum.waiting);
	m.now += 20;
	run(&sum);
	T_CHECK(sum.tried == 0 && sum.waiting == 2, "it rests for longer");
	T_CHECK(release_mailbox(&v, &e), "%s", e.msg);
	run(&sum);
	T_CHECK(sum.tried == 1 && sum.waiting == 1, "released by hand");
	for (size_t i = 0; i < MANY; i++) {
		look(&c, id[i], &a);
		attempts += (unsigned)c.state.attempts;
		claim_leave(&c);
		arena_release(&a);
	}
	T_CHECK(attempts == 3, "%u attempts of all", attempts);
	worker_close(&m.worker);
	worker_open(&m.worker, &m.outbox, m.path, &silent, &nobody);
	serve_start(&m.graph, &good, 1, true);
	write_settings("");
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 1, "changed settings");
	m.now += 120;
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 3, "all the others");
	end();
}

/* The same with `sendmail -q`: what rested before does not, but then it does.
 */
static void
test_eager(void)
{
	char id[MANY][ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct err e = { 0 };

	begin(&good, 1, "");
	add_many(id);
	serve_stop(&m.graph);
	for (int i = 0; i < 2; i++) {
		worker_close(&m.worker);
		worker_open(&m.worker, &m.outbox, m.path, &silent, &nobody);
		for (size_t k = 0; k < MANY; k++)
			T_CHECK(retry_message(&m.outbox.spool, id[k], &e), "%s",
			    e.msg);
		run(&sum);
		T_CHECK(sum.tried == 1 && sum.waiting == 3,
		    "run %d: %zu tried, %zu wait", i, sum.tried, sum.waiting);
		m.now += 1;
	}
	serve_start(&m.graph, &good, 1, true);
	end();
}

#define BROKEN(code) STATUS("500 X", "", code)

/* What two messages in a row run into is the service's, not theirs. */
/* clang-format off */
static const struct {
	const char *name;
	struct serve_step step[7];
	size_t tried, waiting, tried2; /* then, after 10 s */
} rests[] = {
	{ "one bad message", {
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 4, 0, 0 },
	{ "two alike", {
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 2, 2, 2 },
	{ "two unlike", {
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(BROKEN("y")), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 4, 0, 0 },
	{ "two answers lost", {
	  { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(""), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 2, 2, 2 },
	{ "two alike, and one between that is refused", {
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(STATUS("400 X", "",
	    "ErrorMimeContentInvalid")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 4, 0, 0 },
	{ "still away after the rest", {
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  { SERVE_ALL, STR_INIT(BROKEN("x")), SERVE_CLOSE, 0 },
	  GOOD, GOOD, GOOD }, 2, 2, 1 },
};
/* clang-format on */

static void
test_rests(void)
{
	char id[MANY][ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	size_t n;

	for (size_t i = 0; i < N(rests); i++) {
		for (n = 0; n < 7 && rests[i].step[n].answer.p != NULL; n++)
			;
		begin(rests[i].step, n, "bounces = no\n");
		add_many(id);
		run(&sum);
		T_CHECK(sum.tried == rests[i].tried &&
			sum.waiting == rests[i].waiting,
		    "%s: %zu tried, %zu wait", rests[i].name, sum.tried,
		    sum.waiting);
		m.now += 10;
		run(&sum);
		T_CHECK(sum.tried == rests[i].tried2, "%s: then %zu",
		    rests[i].name, sum.tried);
		end();
	}
}

/* A connection each: two accounts have two, and the server one at a time. */
static const struct serve_step brief = { SERVE_ALL,
	STR_INIT("HTTP/1.1 202 X\r\nContent-Length: 0\r\n"
		 "Connection: close\r\n\r\n"),
	SERVE_CLOSE, 0 };

/* `rate`: the rest of its account waits untouched, others do not. */
static void
test_rate(void)
{
	char id[MANY][ENVELOPE_ID_SIZE], other[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct claim c;
	struct arena a;

	begin(&brief, 1,
	    "rate = 2/min\n[account other]\nfrom = you@contoso.com\n"
	    "from_policy = keep\n");
	add_many(id);
	add_text("other", "", STR(HEADER "hello\r\n"), other);
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 3 && sum.tried == 3 &&
		sum.waiting == 2 && asked() == 3,
	    "%zu sent, %zu tried, %zu wait", sum.message[VERDICT_SENT],
	    sum.tried, sum.waiting);
	look(&c, other, &a);
	T_CHECK(c.spool == NULL, "another mailbox has its own");
	claim_leave(&c);
	arena_release(&a);
	for (size_t i = 0; i < MANY; i++) {
		look(&c, id[i], &a);
		T_CHECK(c.spool == NULL ||
			(c.state.attempts == 0 && c.where == SPOOL_NEW),
		    "nothing is counted");
		claim_leave(&c);
		arena_release(&a);
	}
	m.now += 61;
	run(&sum);
	T_CHECK(sum.tried == 0 && sum.waiting == 2, "within the minute");
	m.now += 1;
	worker_close(&m.worker);
	worker_open(&m.worker, &m.outbox, m.path, &silent, &nobody);
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 2, "the next two");
	end();
}

/* Long names that begin alike are two accounts all the same. */
static void
test_long_names(void)
{
	enum { LONG = 600 };
	char name[2][LONG + 1], id[2][ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct buf text;

	for (size_t i = 0; i < 2; i++) {
		memset(name[i], 'n', LONG);
		name[i][LONG - 1] = (char)('a' + i);
		name[i][LONG] = '\0';
	}
	buf_init(&text, MEMORY);
	buf_addf(&text,
	    "[account %s]\nfrom = you@contoso.com\nfrom_policy = keep\n"
	    "[account %s]\nfrom = her@contoso.com\nenabled = no\n",
	    name[0], name[1]);
	begin(&brief, 1, text.p);
	buf_release(&text);
	for (size_t i = 0; i < 2; i++)
		add_text(name[i], "", STR(HEADER "hello\r\n"), id[i]);
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 1 && sum.waiting == 1 &&
		asked() == 1,
	    "one of them is switched off: %zu sent, %u requests",
	    sum.message[VERDICT_SENT], asked());
	end();
}

/* 150 MB went a moment ago: a large message waits untouched, a small one goes.
 */
static void
test_uploads(void)
{
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	struct pace pace;
	struct buf large;
	struct claim c;
	struct arena a;

	begin(&good, 1, "");
	pace = pace_of(&m.config, &m.clock, &silent);
	pace_bytes(&pace, PACE_BYTES);
	buf_init(&large, MEMORY);
	buf_addz(&large, HEADER);
	while (large.n < PACE_SMALL)
		buf_addz(&large, "a line\r\n");
	add_text("", "", buf_view(&large), id);
	buf_release(&large);
	run(&sum);
	look(&c, id, &a);
	T_CHECK(sum.tried == 0 && sum.waiting == 1 && asked() == 0 &&
		c.state.attempts == 0 && c.where == SPOOL_NEW &&
		c.state.next == m.now + 310,
	    "a large one is put off: %zu tried, next in %lld s", sum.tried,
	    (long long)(c.state.next - m.now));
	claim_leave(&c);
	arena_release(&a);
	add("", id);
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 1, "a small one goes");
	m.now += 310;
	run(&sum);
	T_CHECK(sum.message[VERDICT_SENT] == 1, "and then the large one");
	end();
}

static int64_t
next_of(const char *id)
{
	struct claim c;
	struct arena a;
	int64_t next;

	look(&c, id, &a);
	T_CHECK(strcmp(where(&c), "new") == 0, "in %s", where(&c));
	next = c.spool != NULL ? c.state.next : 0;
	claim_leave(&c);
	arena_release(&a);
	return next;
}

/* A clock that was days ahead, and is put right. */
static void
test_clock(void)
{
	static const struct serve_step busy[] = {
		{ SERVE_ALL, STR_INIT(STATUS("503 X", "", "E")), SERVE_CLOSE,
		    0 },
		{ SERVE_ALL,
		    STR_INIT(STATUS("429 X", "Retry-After: 90000\r\n", "T")),
		    SERVE_CLOSE, 0 },
	};
	char id[ENVELOPE_ID_SIZE];
	struct worker_sum sum;
	int64_t next;

	begin(busy, N(busy), "");
	add("", id);
	run(&sum);
	m.now -= 2 * 86400;
	run(&sum);
	next = next_of(id);
	T_CHECK(asked() == 1 && sum.tried == 0 && next > m.now &&
		next <= m.now + 60,
	    "%u requests, next in %lld s", asked(), (long long)(next - m.now));
	m.now = next;
	run(&sum);
	next = next_of(id);
	T_CHECK(asked() == 2 && next >= m.now + 90000, "%u requests", asked());
	m.now += 80000;
	run(&sum);
	T_CHECK(asked() == 2 && next_of(id) == next, "a long Retry-After");
	m.now -= 100000;
	run(&sum);
	T_CHECK(next_of(id) <= m.now + 99002, "and the clock set back");
	end();
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "old", test_old },
	{ "parts", test_parts },
	{ "success is asked for", test_success },
	{ "probe", test_probe },
	{ "tries", test_tries },
	{ "crash", test_crash },
	{ "noted", test_noted },
	{ "drafts", test_drafts },
	{ "lost draft", test_lost_draft },
	{ "searches", test_searches },
	{ "a contradiction of one message", test_contradiction },
	{ "413, and then by another route", test_too_large },
	{ "perhaps sent, then too old", test_perhaps_old },
	{ "no room for a report", test_no_report },
	{ "one message fails twice", test_same_twice },
	{ "no journal", test_no_journal },
	{ "journal breaks", test_journal_breaks },
	{ "account", test_account },
	{ "throttle", test_throttle },
	{ "away", test_away },
	{ "rests", test_rests },
	{ "eager", test_eager },
	{ "rate", test_rate },
	{ "long names", test_long_names },
	{ "uploads", test_uploads },
	{ "clock", test_clock },
};

int
main(void)
{
	int code;

	command_clear_environment();
	code = t_main(tests, N(tests));
	command_folder_remove();
	return code;
}
