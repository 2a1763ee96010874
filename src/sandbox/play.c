/* SPDX-License-Identifier: MIT */
#include "sandbox/play.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/os.h"
#include "base/scratch.h"
#include "codec/date.h"
#include "net/serve.h"

enum {
	WRITE_MS = 60000,      /* for one write: the peer reads, or is gone */
	SILENCE_MS = 600000,   /* longer than any client's timeout */
	LINGER_MS = 2000,      /* for a peer to see an early answer */
	SLOW_MS = 20,          /* where the rule says no ms= */
	CHUNK_SIZE = 16,       /* several chunks even of a short body */
	HEAD_MAX = 128 * 1024, /* of an answer */
	TOO_MANY = 17,         /* bytes that long-length announces and lacks */
	ENDLESS_PIECE = 16384,
	GARBAGE_SIZE = 256
};

enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE, BY_TOO_LONG };

static const struct {
	int status;
	const char *code;  /* Graph's, where a rule names none */
	const char *error; /* Entra ID's error and number, likewise */
	const char *number;
} statuses[] = {
	{ 307, "UnknownError", "invalid_request", "AADSTS51005" },
	{ 400, "BadRequest", "invalid_request", "AADSTS90100" },
	{ 401, "InvalidAuthenticationToken", "invalid_client",
	    "AADSTS7000215" },
	{ 403, "ErrorAccessDenied", "invalid_grant", "AADSTS53003" },
	{ 404, "ErrorInvalidUser", "invalid_request", "AADSTS90002" },
	{ 405, "BadRequest", "invalid_request", "AADSTS900561" },
	{ 410, "itemNotFound", "invalid_request", "AADSTS90100" },
	{ 413, "RequestEntityTooLarge", "invalid_request", "AADSTS90100" },
	{ 415, "RequestBodyRead", "invalid_request", "AADSTS90100" },
	{ 416, "invalidRange", "invalid_request", "AADSTS90100" },
	{ 429, "ApplicationThrottled", "temporarily_unavailable",
	    "AADSTS90055" },
	{ 500, "ErrorInternalServerError", "temporarily_unavailable",
	    "AADSTS90033" },
	{ 502, "UnknownError", "temporarily_unavailable", "AADSTS90033" },
	{ 503, "ErrorServerBusy", "temporarily_unavailable", "AADSTS90033" },
	{ 504, "UnknownError", "temporarily_unavailable", "AADSTS90033" },
	{ 0, "UnknownError", "invalid_request", "AADSTS90100" },
};

/* What Microsoft says with a code, as others reported it (facts.md 3.2). */
static const struct {
	const char *code, *message;
} messages[] = {
	{ "ApplicationThrottled",
	    "Application is over its MailboxConcurrency limit." },
	{ "ErrorAccessDenied",
	    "Access is denied. Check credentials and try again." },
	{ "ErrorExceededMessageLimit",
	    "Cannot send mail. Daily Message/Recipient limit exceeded." },
	{ "ErrorInternalServerError",
	    "An internal server error occurred. The operation failed." },
	{ "ErrorInvalidRecipients", "At least one recipient isn't valid." },
	{ "ErrorItemNotFound",
	    "The specified object was not found in the store." },
	{ "ErrorMessageSizeExceeded",
	    "The message exceeds the maximum supported size." },
	{ "ErrorSendAsDenied",
	    "The user account which was used to submit this request does not "
	    "have the right to send mail on behalf of the specified sending "
	    "account." },
	{ "ErrorServerBusy",
	    "The server cannot service this request right now. Try again "
	    "later." },
	{ "InvalidAuthenticationToken",
	    "Lifetime validation failed, the token is expired." },
	{ "MailboxNotEnabledForRESTAPI",
	    "The mailbox is either inactive, soft-deleted, or is hosted "
	    "on-premise." },
	{ "AADSTS7000215", "Invalid client secret provided." },
};

enum { N_MESSAGES = sizeof(messages) / sizeof(messages[0]) };

static const char page[] =
    "<!DOCTYPE html>\r\n<html><head><title>Sandbox</title></head>"
    "<body><h1>This is not what you asked for</h1></body></html>\r\n";

/* The row of a status; the last one for what is not listed. */
static size_t
find_status(int status)
{
	size_t i = 0;

	while (statuses[i].status != 0 && statuses[i].status != status)
		i++;
	return i;
}

static int64_t
from_now(int64_t ms)
{
	return os_mono_ms() + ms;
}

static bool
put(struct play *p, struct str s, struct err *e)
{
	struct conn_write how = { .deadline = from_now(WRITE_MS) };
	size_t left;

	return s.n == 0 || conn_write(p->conn, s, how, &left, e);
}

static void
add_date(struct buf *out, const struct play *p)
{
	char date[DATE_HTTP_SIZE];
	int64_t now = p->r->now;

	if (p->rule != NULL && p->rule->kind == RULE_DATE_SKEW)
		now += p->rule->number;
	date_http(now, date);
	buf_addf(out, "Date: %s\r\n", date);
}

static void
add_head(struct buf *out, const struct play *p, enum framing framing)
{
	const struct sandbox_answer *a = p->answer;

	buf_addf(out, "HTTP/1.1 %d %s\r\n", a->status, serve_reason(a->status));
	add_date(out, p);
	buf_adds(out, buf_view(&a->fields));
	if (a->type != NULL)
		buf_addf(out, "Content-Type: %s\r\n", a->type);
	if (framing == BY_CHUNKS)
		buf_addz(out, "Transfer-Encoding: chunked\r\n");
	else if (framing != BY_CLOSE && a->status != 204) /* RFC 9110 8.6 */
		buf_addf(out, "Content-Length: %zu\r\n",
		    a->body.n + (framing == BY_TOO_LONG ? TOO_MANY : 0));
	if (!p->keep_alive)
		buf_addz(out, "Connection: close\r\n");
	buf_addz(out, "\r\n");
}

/* An extension and a trailer: allowed, and nobody may stumble over them. */
static void
add_chunks(struct buf *out, struct str body)
{
	struct str chunk;

	for (; body.n > 0; body = str_from(body, chunk.n)) {
		chunk = str_first(body, CHUNK_SIZE);
		buf_addf(out, "%zX;sandbox=\"1\"\r\n", chunk.n);
		buf_adds(out, chunk);
		buf_addz(out, "\r\n");
	}
	buf_addz(out, "0\r\nX-Trailer: sandbox\r\n\r\n");
}

/* Head and body of the answer; *head_n: how long its head is. */
static bool
render(struct buf *out, const struct play *p, enum framing framing,
    size_t *head_n, struct err *e)
{
	struct str body = buf_view(&p->answer->body);

	buf_init_secret(out, HEAD_MAX * 2);
	add_head(out, p, framing);
	*head_n = out->n;
	if (framing == BY_CHUNKS)
		add_chunks(out, body);
	else
		buf_adds(out, body);
	return buf_ok(out, e);
}

/* Writes at most n bytes of the answer. */
static bool
put_answer(struct play *p, enum framing framing, size_t n, struct err *e)
{
	struct buf out;
	size_t head_n;
	bool ok = render(&out, p, framing, &head_n, e) &&
	    put(p, str_first(buf_view(&out), n), e);

	buf_release(&out);
	return ok;
}

static bool
act_plain(struct play *p, struct err *e)
{
	return put_answer(p, BY_LENGTH, SIZE_MAX, e);
}

static struct str
play_message(struct str code)
{
	for (size_t i = 0; i < N_MESSAGES; i++)
		if (str_eq(code, str_of(messages[i].code)))
			return str_of(messages[i].message);
	return STR("(a fault of the sandbox)");
}

static void
fill_status(struct play *p)
{
	const struct rule *rule = p->rule;
	struct sandbox_answer *a = p->answer;
	size_t i = find_status((int)rule->number);
	struct answer_sign_in why = {
		.status = (int)rule->number,
		.error = str_of(statuses[i].error),
		.code = rule->code,
		.text = rule->message,
	};

	if (why.code.p == NULL)
		why.code =
		    str_of(p->login ? statuses[i].number : statuses[i].code);
	if (why.text.p == NULL)
		why.text = play_message(why.code);
	if (p->login)
		answer_login_error(a, p->r, &why);
	else
		answer_graph_error(a, p->r, why.status, why.code, why.text);
	if (rule->body != RULE_JSON) {
		buf_reset(&a->body);
		a->type = NULL;
	}
	if (rule->body == RULE_HTML) {
		a->type = "text/html";
		buf_addz(&a->body, page);
	}
	if (rule->retry_after.p != NULL)
		answer_field(a, STR("Retry-After"), rule->retry_after);
}

static void
fill_html_200(struct play *p)
{
	answer_reset(p->answer, 200);
	p->answer->type = "text/html";
	buf_addz(&p->answer->body, page);
}

static void
fill_ok_200(struct play *p)
{
	answer_reset(p->answer, 200);
}

static void
fill_redirect(struct play *p)
{
	answer_reset(p->answer, 307);
	answer_field(p->answer, STR("Location"), p->rule->text);
}

void
play_linger(struct conn *c)
{
	int64_t deadline = from_now(LINGER_MS);
	SCRATCH char piece[ENDLESS_PIECE];
	size_t got = 1;
	struct err e;

	while (
	    got > 0 && conn_read(c, piece, sizeof(piece), &got, deadline, &e))
		;
}

static bool
act_early(struct play *p, struct err *e)
{
	p->keep_alive = false;
	if (!act_plain(p, e))
		return false;
	play_linger(p->conn);
	return true;
}

static bool
act_garbage(struct play *p, struct err *e)
{
	char bytes[GARBAGE_SIZE];

	p->keep_alive = false;
	os_random(bytes, sizeof(bytes));
	bytes[0] = '\xff'; /* so that it is no HTTP by chance */
	return put(p, (struct str){ bytes, sizeof(bytes) }, e);
}

static bool
act_http2(struct play *p, struct err *e)
{
	/* RFC 9113 4.1 and 6.5: an empty SETTINGS frame */
	static const char frame[] = "\0\0\0\4\0\0\0\0";

	p->keep_alive = false;
	return put(p, (struct str){ frame, sizeof(frame) }, e);
}

static bool
act_close(struct play *p, struct err *e)
{
	(void)e;
	p->keep_alive = false;
	return true;
}

static bool
act_silent(struct play *p, struct err *e)
{
	int64_t deadline = from_now(SILENCE_MS);
	SCRATCH char piece[ENDLESS_PIECE];
	size_t got = 1;

	p->keep_alive = false;
	while (got > 0)
		if (!conn_read(p->conn, piece, sizeof(piece), &got, deadline,
			e))
			return false;
	return true;
}

static bool
act_reset(struct play *p, struct err *e)
{
	(void)e;
	p->keep_alive = false;
	conn_abort(p->conn);
	return true;
}

static void
wait_for_hang_up(int fd, int64_t ms)
{
	struct pollfd f = { .fd = fd, .events = POLLRDHUP };

	(void)os_poll(&f, 1, from_now(ms));
}

static bool
act_no_read(struct play *p, struct err *e)
{
	(void)e;
	p->keep_alive = false;
	wait_for_hang_up(p->fd, SILENCE_MS);
	return true;
}

static bool
act_chunked(struct play *p, struct err *e)
{
	return put_answer(p, BY_CHUNKS, SIZE_MAX, e);
}

static bool
act_interim(struct play *p, struct err *e)
{
	return play_continue(p->conn, e) &&
	    put(p, STR("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), e) &&
	    act_plain(p, e);
}

static void
wait_as_told(const struct play *p)
{
	int64_t ms = p->rule->ms >= 0 ? p->rule->ms : SLOW_MS;

	(void)os_poll(NULL, 0, from_now(ms));
}

static bool
act_late(struct play *p, struct err *e)
{
	wait_as_told(p);
	return act_plain(p, e);
}

/* Byte by byte up to slow_n, the rest at once. */
static bool
put_slowly(struct play *p, struct str s, size_t slow_n, struct err *e)
{
	for (; slow_n > 0 && s.n > 0; slow_n--, s = str_from(s, 1)) {
		if (!put(p, str_first(s, 1), e))
			return false;
		wait_as_told(p);
	}
	return put(p, s, e);
}

static bool
act_slow(struct play *p, struct err *e)
{
	struct buf out;
	size_t head_n;
	bool ok = render(&out, p, BY_LENGTH, &head_n, e);

	if (p->rule->kind == RULE_SLOW)
		head_n = out.n;
	ok = ok && put_slowly(p, buf_view(&out), head_n, e);
	buf_release(&out);
	return ok;
}

static bool
act_cut(struct play *p, struct err *e)
{
	struct buf out;
	size_t head_n, n;
	bool ok = render(&out, p, BY_LENGTH, &head_n, e);

	n = p->rule->at >= 0 ? (size_t)p->rule->at : out.n / 2;
	ok = ok && put(p, str_first(buf_view(&out), n), e);
	p->keep_alive = false; /* said only afterwards: a cut is a surprise */
	buf_release(&out);
	return ok;
}

static bool
act_bad_chunk(struct play *p, struct err *e)
{
	struct buf out;
	bool ok;

	buf_init(&out, HEAD_MAX);
	add_head(&out, p, BY_CHUNKS);
	buf_addz(&out, "4x\r\nwhat\r\n0\r\n\r\n");
	p->keep_alive = false;
	ok = buf_ok(&out, e) && put(p, buf_view(&out), e);
	buf_release(&out);
	return ok;
}

static bool
act_long_length(struct play *p, struct err *e)
{
	bool ok = put_answer(p, BY_TOO_LONG, SIZE_MAX, e);

	p->keep_alive = false;
	return ok;
}

static bool
act_until_close(struct play *p, struct err *e)
{
	p->keep_alive = false;
	return put_answer(p, BY_CLOSE, SIZE_MAX, e);
}

/* TCP ends in order, TLS does not: no close_notify (RFC 8446 6.1). */
static bool
act_no_goodbye(struct play *p, struct err *e)
{
	if (!act_until_close(p, e))
		return false;
	(void)shutdown(p->fd, SHUT_WR);
	play_linger(p->conn);
	return true;
}

/* Repeats a piece after the head's beginning until the peer has enough. */
static bool
put_endlessly(struct play *p, struct str piece, bool in_head, struct err *e)
{
	struct buf start;
	bool ok;

	buf_init(&start, HEAD_MAX);
	add_head(&start, p, BY_CHUNKS);
	if (in_head)
		buf_rewind(&start, start.n - 2); /* the empty line */
	p->keep_alive = false;
	ok = buf_ok(&start, e) && put(p, buf_view(&start), e);
	while (ok)
		ok = put(p, piece, e);
	buf_release(&start);
	return ok;
}

static bool
act_endless_head(struct play *p, struct err *e)
{
	return put_endlessly(p, STR("X-Endless: and so on\r\n"), true, e);
}

static bool
act_endless_body(struct play *p, struct err *e)
{
	struct buf chunk;
	bool ok;

	buf_init(&chunk, ENDLESS_PIECE * 2);
	buf_addf(&chunk, "%x\r\n%0*d\r\n", ENDLESS_PIECE, ENDLESS_PIECE, 0);
	ok = buf_ok(&chunk, e) && put_endlessly(p, buf_view(&chunk), false, e);
	buf_release(&chunk);
	return ok;
}

/*
 * The answer and the end leave in one segment (tcp(7), TCP_CORK: at the
 * close). With a gap between them a quick client has sent its next request
 * before it can know, and whether it was read then nobody can tell: that is
 * the fault "close", not this one.
 */
static bool
act_stale(struct play *p, struct err *e)
{
	int on = 1;
	bool ok;

	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
	ok = act_plain(p, e);
	p->keep_alive = false;
	return ok;
}

/*
 * By kind: what becomes of the answer, how it is written, and whether it is
 * one that a log may call by its status. Those of RULE_AT_ACCEPT are below.
 */
static const struct {
	void (*fill)(struct play *);
	bool (*act)(struct play *, struct err *);
	bool nothing;
} acts[RULE_N_KINDS] = {
	[RULE_STATUS] = { fill_status, act_plain, false },
	[RULE_EARLY] = { fill_status, act_early, false },
	[RULE_HTML_200] = { fill_html_200, act_plain, false },
	[RULE_OK_200] = { fill_ok_200, act_plain, false },
	[RULE_REDIRECT] = { fill_redirect, act_plain, false },
	[RULE_GARBAGE] = { NULL, act_garbage, true },
	[RULE_HTTP2] = { NULL, act_http2, true },
	[RULE_CLOSE] = { NULL, act_close, true },
	[RULE_SILENT] = { NULL, act_silent, true },
	[RULE_RESET] = { NULL, act_reset, true },
	[RULE_NO_READ] = { NULL, act_no_read, true },
	[RULE_CHUNKED] = { NULL, act_chunked, false },
	[RULE_INTERIM] = { NULL, act_interim, false },
	[RULE_LATE] = { NULL, act_late, false },
	[RULE_SLOW] = { NULL, act_slow, false },
	[RULE_SLOW_HEAD] = { NULL, act_slow, false },
	[RULE_CUT] = { NULL, act_cut, false },
	[RULE_BAD_CHUNK] = { NULL, act_bad_chunk, false },
	[RULE_LONG_LENGTH] = { NULL, act_long_length, false },
	[RULE_UNTIL_CLOSE] = { NULL, act_until_close, false },
	[RULE_NO_GOODBYE] = { NULL, act_no_goodbye, false },
	[RULE_ENDLESS_BODY] = { NULL, act_endless_body, false },
	[RULE_ENDLESS_HEAD] = { NULL, act_endless_head, false },
	[RULE_DATE_SKEW] = { NULL, act_plain, false },
	[RULE_STALE] = { NULL, act_stale, false },
	[RULE_RESET_AFTER] = { NULL, act_reset, true },
	[RULE_TAKEN_CLOSE] = { NULL, act_close, true },
	[RULE_TAKEN_NO_ANSWER] = { NULL, act_silent, true },
	[RULE_TOKEN_EXPIRES] = { NULL, act_plain, false },
	[RULE_RANGE_LOST] = { NULL, act_close, true },
	[RULE_SESSION_GONE] = { NULL, act_plain, false },
};

/* What comes before TLS; silent: it stays open, up to the peer's end. */
static const struct {
	enum rule_kind kind;
	bool silent;
	struct str bytes;
} greetings[] = {
	{ RULE_TLS_GARBAGE, false, STR_INIT("220 mail.example.com ESMTP\r\n") },
	/* RFC 8446 6: fatal handshake_failure */
	{ RULE_TLS_ALERT, false, STR_INIT("\x15\x03\x03\x00\x02\x02\x28") },
	/* RFC 8446 5.1: a handshake record of 122 bytes, of which 6 come */
	{ RULE_TLS_HALF, true,
	    STR_INIT("\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03") },
	{ RULE_TLS_STALL, true, STR_INIT("") },
};

enum { N_GREETINGS = sizeof(greetings) / sizeof(greetings[0]) };

bool
play_continue(struct conn *c, struct err *e)
{
	struct conn_write how = { .deadline = from_now(WRITE_MS) };
	size_t left;

	return conn_write(c, STR("HTTP/1.1 100 Continue\r\n\r\n"), how, &left,
	    e);
}

void
play_prepare(struct play *p)
{
	if (p->rule != NULL && acts[p->rule->kind].fill != NULL)
		acts[p->rule->kind].fill(p);
	p->status = p->rule != NULL && acts[p->rule->kind].nothing ?
	    0 :
	    p->answer->status;
}

bool
play_answer(struct play *p, struct err *e)
{
	return p->rule == NULL ? act_plain(p, e) :
				 acts[p->rule->kind].act(p, e);
}

void
play_accepted(int fd, const struct rule *rule)
{
	struct err ignored;

	for (size_t i = 0; i < N_GREETINGS; i++) {
		if (greetings[i].kind != rule->kind ||
		    !os_write_fd(fd, "peer", greetings[i].bytes, &ignored))
			continue;
		if (!greetings[i].silent)
			(void)shutdown(fd, SHUT_WR);
		wait_for_hang_up(fd,
		    greetings[i].silent ? SILENCE_MS : LINGER_MS);
	}
}
