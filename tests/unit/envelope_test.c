/* SPDX-License-Identifier: MIT */
#include "store/envelope.h"

#include <string.h>

#include "t.h"

#define HEAD                                                                   \
	"Post365-Spool: 1\n"                                                   \
	"Arrived: 2026-11-25T20:10:00Z\n"                                      \
	"Id: 6742F3A05C81B7E0\n"                                               \
	"Account: default\n"
#define WHOLE HEAD "Sender: a@x.example\nRecipient: b@x.example\n\n"

static struct str one[] = { STR_INIT("b@x.example") };
static const struct envelope plain = {
	.id = STR_INIT("6742F3A05C81B7E0"),
	.account = STR_INIT("default"),
	.sender = STR_INIT("a@x.example"),
	.recipient = one,
	.recipients = 1,
	.arrived = 1795637400,
	.message_id = STR_INIT("<1@x.example>"),
	.client = STR_INIT("sendmail uid=0 (r\xc3\xb6t)"),
	.options = STR_INIT("via=mime no-save"),
};

static const struct {
	const char *name;
	struct str in;
	enum parse want;
	enum err_kind kind; /* of BAD */
	const char *says;
} reads[] = {
	{ "whole", STR_INIT(WHOLE "body"), PARSE_DONE, ERR_NONE, "" },
	{ "unknown key", STR_INIT(HEAD "New: 1\nRecipient: b@x\n\n"),
	    PARSE_DONE, ERR_NONE, "" },
	{ "null sender", STR_INIT(HEAD "Sender: \nRecipient: b@x\n\n"),
	    PARSE_DONE, ERR_NONE, "" },
	{ "notify of nobody",
	    STR_INIT(HEAD "Notify: never\nRecipient: b@x\n\n"), PARSE_BAD,
	    ERR_INPUT, "makes no sense" },
	{ "unknown notify", STR_INIT(HEAD "Recipient: b@x\nNotify: soon\n\n"),
	    PARSE_BAD, ERR_INPUT, "makes no sense" },
	{ "no original", STR_INIT(HEAD "Recipient: b@x\nOriginal: b@x\n\n"),
	    PARSE_BAD, ERR_INPUT, "makes no sense" },
	{ "empty", STR_INIT(""), PARSE_MORE, ERR_NONE, "" },
	{ "no empty line", STR_INIT(HEAD "Recipient: b@x\n"), PARSE_MORE,
	    ERR_NONE, "" },
	{ "not ours", STR_INIT("From: a@x\n\nhello"), PARSE_BAD, ERR_INPUT,
	    "not a spool file" },
	{ "zeros", STR_INIT("\0\0\0\0\0\0\0\0"), PARSE_BAD, ERR_INPUT,
	    "not a spool file" },
	{ "future", STR_INIT("Post365-Spool: 4\nX: y\n\n"), PARSE_BAD,
	    ERR_CONFIG, "version 4; this post365 reads up to 3" },
	{ "no version", STR_INIT("Post365-Spool: x\n\n"), PARSE_BAD, ERR_INPUT,
	    "no version" },
	{ "no recipient", STR_INIT(HEAD "\n"), PARSE_BAD, ERR_INPUT,
	    "no recipient" },
	{ "empty recipient", STR_INIT(HEAD "Recipient: \n\n"), PARSE_BAD,
	    ERR_INPUT, "recipient is empty" },
	{ "no id",
	    STR_INIT("Post365-Spool: 1\nArrived: 2026-11-25T20:10:00Z\n"
		     "Recipient: b@x\n\n"),
	    PARSE_BAD, ERR_INPUT, "no id" },
	{ "id is a path",
	    STR_INIT("Post365-Spool: 1\nId: ../../../../pass\n"
		     "Recipient: b@x\n\n"),
	    PARSE_BAD, ERR_INPUT, "no id" },
	{ "no colon", STR_INIT(HEAD "Recipient b@x\n\n"), PARSE_BAD, ERR_INPUT,
	    "makes no sense" },
	{ "control", STR_INIT(HEAD "Recipient: b\x1b@x\n\n"), PARSE_BAD,
	    ERR_INPUT, "makes no sense" },
	{ "not UTF-8", STR_INIT(HEAD "Recipient: b\xff@x\n\n"), PARSE_BAD,
	    ERR_INPUT, "makes no sense" },
	{ "bad time",
	    STR_INIT("Post365-Spool: 1\nId: 6742F3A05C81B7E0\n"
		     "Arrived: yesterday\nRecipient: b@x\n\n"),
	    PARSE_BAD, ERR_INPUT, "makes no sense" },
};

#define N(table) (sizeof(table) / sizeof(*(table)))

static bool
says(const struct err *e, const char *text)
{
	return str_find(str_of(e->msg), str_of(text)) < str_of(e->msg).n ||
	    *text == '\0';
}

/* Whatever is cut off: a part of a good head is MORE and never DONE. */
static void
test_read(void)
{
	for (size_t i = 0; i < N(reads); i++) {
		struct envelope v;
		struct arena a;
		struct err e = { 0 };
		size_t size = 0;
		enum parse r;

		arena_init(&a, 1 << 20);
		r = envelope_read(&a, reads[i].in, &v, &size, &e);
		T_CHECK(r == reads[i].want, "%s: %d %s", reads[i].name, r,
		    e.msg);
		if (r == PARSE_BAD)
			T_CHECK(e.kind == reads[i].kind &&
				says(&e, reads[i].says),
			    "%s: %d %s", reads[i].name, e.kind, e.msg);
		for (size_t n = 0; r == PARSE_DONE && n < size; n++)
			T_CHECK(envelope_read(&a, str_first(reads[i].in, n), &v,
				    &size, &e) == PARSE_MORE,
			    "%s, %zu bytes", reads[i].name, n);
		arena_release(&a);
	}
}

/* The beginning of a key's name is another key. */
static void
test_unknown(void)
{
	static const struct str in = STR_INIT(
	    HEAD "Sender: a@x\nSend: evil@x\nRecipient: b@x\nRecip: c@x\n\n");
	struct envelope v = { 0 };
	struct arena a;
	struct err e;
	size_t size;

	arena_init(&a, 1 << 20);
	T_CHECK(envelope_read(&a, in, &v, &size, &e) == PARSE_DONE &&
		str_eq(v.sender, STR("a@x")) && v.recipients == 1,
	    "%.*s, %zu", STR_ARG(v.sender), v.recipients);
	arena_release(&a);
}

/* Those up to Done, and the bits of Settled from there on. */
static void
test_settled(void)
{
	static const char want[] = "+++++---+-+-+++---------";
	const struct envelope_state s = { .done = 3, .settled = STR("3ae") };

	for (size_t i = 0; i < sizeof(want) - 1; i++)
		T_CHECK(envelope_is_settled(&s, i) == (want[i] == '+'),
		    "recipient %zu", i);
}

/* What is asked for each recipient, and who handed it in. */
static void
test_asked(void)
{
	static const struct str want =
	    STR_INIT("User: scanner\nAddress: 192.0.2.7\nListener: [::]:587\n"
		     "TLS: TLSv1.3\nEnvelope-Id: a+2Bb\nReturn: full\n"
		     "Subject: Backup \303\274\n"
		     "Recipient: b@x.example\nNotify: success,failure\n"
		     "Original: rfc822;B@x.example\nRecipient: c@x.example\n"
		     "Recipient: d@x.example\nNotify: never\n\n");
	struct str to[] = { STR_INIT("b@x.example"), STR_INIT("c@x.example"),
		STR_INIT("d@x.example") };
	struct notify notify[] = { { NOTIFY_SUCCESS | NOTIFY_FAILURE,
				       STR_INIT("rfc822;B@x.example") },
		{ 0, { NULL, 0 } }, { NOTIFY_NEVER, { NULL, 0 } } };
	struct envelope v = plain, got;
	struct arena a;
	struct buf b;
	struct err e = { 0 };
	size_t size;

	v.recipient = to;
	v.recipients = 3;
	v.notify = notify;
	v.user = STR("scanner");
	v.address = STR("192.0.2.7");
	v.listener = STR("[::]:587");
	v.tls = STR("TLSv1.3");
	v.envelope_id = STR("a+2Bb");
	v.ret = STR("full");
	v.subject = STR("Backup \303\274");
	arena_init(&a, 1 << 20);
	buf_init(&b, ENVELOPE_HEAD_MOST);
	T_CHECK(envelope_write(&b, &v, &e) && str_ends(buf_view(&b), want),
	    "%.*s", STR_ARG(buf_view(&b)));
	T_CHECK(envelope_read(&a, buf_view(&b), &got, &size, &e) == PARSE_DONE,
	    "%s", e.msg);
	for (size_t i = 0; i < 3; i++)
		T_CHECK(got.notify[i].when == notify[i].when &&
			str_eq(got.notify[i].original, notify[i].original),
		    "recipient %zu", i);
	T_CHECK(str_eq(got.user, v.user) && str_eq(got.address, v.address) &&
		str_eq(got.listener, v.listener) && str_eq(got.tls, v.tls) &&
		str_eq(got.envelope_id, v.envelope_id) &&
		str_eq(got.ret, v.ret),
	    "the rest");
	buf_reset(&b);
	v = plain;
	T_CHECK(envelope_write(&b, &v, &e) &&
		envelope_read(&a, buf_view(&b), &got, &size, &e) ==
		    PARSE_DONE &&
		got.notify == NULL && got.ret.n == 0,
	    "nothing is asked");
	buf_release(&b);
	arena_release(&a);
}

static void
test_limits(void)
{
	struct envelope v;
	struct arena a;
	struct buf b, out;
	struct err e = { 0 };
	size_t size;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 22);
	buf_init(&out, 1 << 22);
	buf_addz(&b, HEAD);
	while (b.n < ENVELOPE_HEAD_MOST)
		buf_addz(&b, "X: y\n");
	T_CHECK(envelope_read(&a, buf_view(&b), &v, &size, &e) == PARSE_BAD &&
		says(&e, "no end"),
	    "endless head: %s", e.msg);
	buf_reset(&b);
	buf_addz(&b, HEAD);
	for (int i = 0; i <= ENVELOPE_RECIPIENTS_MOST; i++)
		buf_addz(&b, "Recipient: b@x\n");
	buf_addz(&b, "\n");
	T_CHECK(envelope_read(&a, buf_view(&b), &v, &size, &e) == PARSE_BAD,
	    "too many recipients");
	buf_rewind(&b, b.n - sizeof("Recipient: b@x\n"));
	buf_addz(&b, "\n");
	T_CHECK(envelope_read(&a, buf_view(&b), &v, &size, &e) == PARSE_DONE &&
		v.recipients == ENVELOPE_RECIPIENTS_MOST,
	    "just as many as may be: %s", e.msg);
	T_CHECK(envelope_write(&out, &v, &e), "and written: %s", e.msg);
	v.recipients++;
	T_CHECK(!envelope_write(&out, &v, &e) && e.kind == ERR_INPUT,
	    "one more");
	buf_release(&out);
	buf_release(&b);
	arena_release(&a);
}

static void
test_round_trip(void)
{
	struct envelope v;
	struct arena a;
	struct buf b;
	struct err e;
	size_t size;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	T_CHECK(envelope_write(&b, &plain, &e), "writes: %s", e.msg);
	T_CHECK(envelope_read(&a, buf_view(&b), &v, &size, &e) == PARSE_DONE,
	    "reads");
	T_CHECK(size == b.n, "all of it");
	T_CHECK(str_eq(v.id, plain.id) && str_eq(v.account, plain.account) &&
		str_eq(v.sender, plain.sender) &&
		str_eq(v.message_id, plain.message_id) &&
		str_eq(v.client, plain.client) &&
		str_eq(v.options, plain.options),
	    "texts");
	T_CHECK(v.recipients == 1 && str_eq(v.recipient[0], one[0]) &&
		v.arrived == plain.arrived,
	    "the rest");
	buf_release(&b);
	arena_release(&a);
}

/* What would make a second line, or could not be read, is not written. */
static void
test_write_refuses(void)
{
	static const char *const bad[] = { "a\nRecipient: evil@x", "a\rb",
		"a\tb", "\xff", " a", "a ", "a\x7f" };
	struct envelope v = plain;
	struct buf b;
	struct err e;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < N(bad); i++) {
		v.client = str_of(bad[i]);
		T_CHECK(!envelope_write(&b, &v, &e) && e.kind == ERR_INPUT,
		    "\"%s\"", bad[i]);
		T_CHECK(b.n == 0, "\"%s\" leaves nothing", bad[i]);
	}
	v = plain;
	v.recipients = 0;
	T_CHECK(!envelope_write(&b, &v, &e), "no recipient");
	buf_release(&b);
}

static void
write_slot(char *slots, const struct envelope_state *s)
{
	envelope_state_write(slots + envelope_slot(s->sequence) * ENVELOPE_SLOT,
	    s);
}

static const struct envelope_state full = {
	.sequence = 4,
	.attempts = 3,
	.next = 1795637400,
	.wait = 300,
	.done = 500,
	.unsure_since = 1795637000,
	.unsure_times = 1,
	.since = 1795637460,
	.tried = 1795637461,
	.hours = 3,
	.draft = STR_INIT("AAMkAGI"),
	.request = STR_INIT("9b1d"),
	.kind = ERR_UNSURE,
	.code = STR_INIT("ErrorServerBusy"),
	.reason = STR_INIT("the answer was lost"),
};

static void
test_state(void)
{
	char slots[ENVELOPE_SLOTS];
	struct str view = { slots, sizeof(slots) };
	struct envelope_state old = { .sequence = 3, .attempts = 9 }, s;

	memset(slots, ' ', sizeof(slots));
	envelope_state_read(view, &s);
	T_CHECK(s.sequence == 0 && s.next == 0, "never written");
	write_slot(slots, &old);
	envelope_state_read(view, &s);
	T_CHECK(s.sequence == 3 && s.attempts == 9, "the first one");
	write_slot(slots, &full);
	envelope_state_read(view, &s);
	T_CHECK(s.sequence == 4 && s.attempts == 3 && s.done == 500, "numbers");
	T_CHECK(s.next == full.next && s.unsure_since == full.unsure_since &&
		s.unsure_times == 1 && s.since == 1795637460 &&
		s.tried == 1795637461 && s.hours == 3 && s.kind == ERR_UNSURE &&
		s.wait == 300,
	    "times and kind");
	T_CHECK(str_eq(s.draft, full.draft) && str_eq(s.code, full.code) &&
		str_eq(s.request, full.request) &&
		str_eq(s.reason, full.reason),
	    "texts");
}

/* Torn at every byte: the new state whole, or the one before. */
static void
test_torn_state(void)
{
	char slots[ENVELOPE_SLOTS], torn[ENVELOPE_SLOTS];
	struct str view = { torn, sizeof(torn) };
	struct envelope_state a = { .sequence = 1, .attempts = 1 }, s;
	size_t news = 0;

	memset(slots, ' ', sizeof(slots));
	write_slot(slots, &a);
	a.sequence = 2;
	write_slot(slots, &a);
	a.sequence = 3;
	for (size_t n = 0; n <= ENVELOPE_SLOT; n++) {
		struct envelope_state b = full;

		b.sequence = 3;
		memcpy(torn, slots, sizeof(torn));
		write_slot(torn, &b);
		memcpy(torn + ENVELOPE_SLOT + n, slots + ENVELOPE_SLOT + n,
		    ENVELOPE_SLOT - n);
		envelope_state_read(view, &s);
		T_CHECK(s.sequence == 2 || (s.sequence == 3 && s.done == 500),
		    "torn at %zu: %llu", n, (unsigned long long)s.sequence);
		news += s.sequence == 3;
	}
	T_CHECK(news > 0 && news < ENVELOPE_SLOT, "%zu are the new one", news);
}

/* The longest texts there can be fit into a slot. */
static void
test_long_state(void)
{
	static char text[5000];
	char slots[ENVELOPE_SLOTS];
	struct envelope_state s = {
		.sequence = INT64_MAX - 1,
		.attempts = INT64_MAX,
		.done = INT64_MAX,
		.unsure_times = INT64_MAX,
		.wait = INT64_MAX,
		.next = INT64_MAX,
		.unsure_since = INT64_MAX,
		.since = INT64_MAX,
		.tried = INT64_MAX,
		.hours = INT64_MAX,
		.kind = ERR_REFUSED,
	};
	struct envelope_state t;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "\xc3\xa4"[i % 2];
	text[3] = '\n';
	s.draft = s.request = s.code = (struct str){ text, sizeof(text) };
	s.reason = (struct str){ text + 10, sizeof(text) - 10 };
	memset(slots, ' ', sizeof(slots));
	write_slot(slots, &s);
	envelope_state_read((struct str){ slots, sizeof(slots) }, &t);
	T_CHECK(t.sequence == s.sequence, "read again");
	T_CHECK(t.reason.n >= ENVELOPE_REASON_MOST - 1 &&
		t.reason.n <= ENVELOPE_REASON_MOST && t.reason.p[0] == '\xc3',
	    "reason: %zu", t.reason.n);
	T_CHECK(t.draft.n <= ENVELOPE_DRAFT_MOST && t.draft.p[3] == '?',
	    "made harmless");
}

/* A reason that is too long is cut between its characters. */
static void
test_cut_reason(void)
{
	char slots[ENVELOPE_SLOTS], text[ENVELOPE_REASON_MOST + 8];
	struct envelope_state s = { .sequence = 1 }, t;

	for (size_t at = ENVELOPE_REASON_MOST - 4; at <= ENVELOPE_REASON_MOST;
	     at++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, "\xc3\xa4", 2);
		memcpy(text + at, "\xe2\x82\xac", 3);
		s.reason = (struct str){ text, sizeof(text) };
		memset(slots, ' ', sizeof(slots));
		write_slot(slots, &s);
		envelope_state_read((struct str){ slots, sizeof(slots) }, &t);
		T_CHECK(t.reason.n + 2 >= ENVELOPE_REASON_MOST &&
			str_starts((struct str){ text, sizeof(text) },
			    t.reason),
		    "at %zu: %.*s", at, STR_ARG(t.reason));
	}
}

static const struct {
	unsigned version;
	struct str want;
} ends[] = {
	{ 1,
	    STR_INIT(
		"\nEnd: 00000000000000000003 ba7816bf8f01cfea414140de5dae22"
		"23b00361a396177a9cb410ff61f20015ad\n") },
	{ 2,
	    STR_INIT(
		"\nEnd: 00000000000000000003 ba7816bf8f01cfea414140de5dae22"
		"23b00361a396177a9cb410ff61f20015ad\n") },
	{ 3,
	    STR_INIT(
		"\nEnd: 00000000000000000003 44bc2cf5ad770999              "
		"                                  \n") },
};

/* "abc", in two pieces. */
static void
test_end(void)
{
	char end[ENVELOPE_END + 1];
	struct envelope_sum s;

	for (size_t i = 0; i < N(ends); i++) {
		envelope_sum_init(&s, ends[i].version);
		envelope_sum_add(&s, STR("a"));
		envelope_sum_add(&s, STR("bc"));
		envelope_sum_end(&s, end);
		T_CHECK(str_eq(str_of(end), ends[i].want) &&
			ends[i].want.n == ENVELOPE_END,
		    "version %u: %s", ends[i].version, end);
	}
}

static const struct t_test tests[] = {
	{ "read", test_read },
	{ "limits", test_limits },
	{ "unknown keys", test_unknown },
	{ "who is settled", test_settled },
	{ "what is asked", test_asked },
	{ "round trip", test_round_trip },
	{ "write refuses", test_write_refuses },
	{ "state", test_state },
	{ "torn state", test_torn_state },
	{ "long state", test_long_state },
	{ "cut reason", test_cut_reason },
	{ "end", test_end },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
