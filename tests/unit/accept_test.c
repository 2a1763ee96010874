/* SPDX-License-Identifier: MIT */
/*
 * accept: what was handed in is stored, once, and what is refused or cannot be
 * stored leaves nothing.
 */
#include "deliver/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose/prepare.h"
#include "cut.h"
#include "queue.h"
#include "store/claim.h"
#include "t.h"

#define N(a)   (sizeof(a) / sizeof(*(a)))
#define STAMPS "Date: Wed, 25 Nov 2026 20:10:00 +0000\r\nMessage-ID: <1@x>\r\n"

enum { LIMIT = 8 << 20 };

static const struct log silent = { 0 };

/* Where it goes: config and outbox of a test. */
struct site {
	struct queue q;
	struct config config;
	struct outbox outbox;
	struct arena mem;
	const char *sender;
	unsigned asked;
	bool closed; /* there is no queue */
};

static void
site_new(struct site *s)
{
	queue_new(&s->q);
	s->config = (struct config){
		.account = STR("box"),
		.from = STR("Me <me@contoso.com>"),
		.mailbox = STR("me@contoso.com"),
		.from_policy = STR("rewrite"),
		.aliases = STR("/dev/null"),
		.delivery = STR("auto"),
		.save_to_sent = true,
		.mime_limit = 2200000,
		.max_message_size = 150 << 20,
	};
	s->outbox = (struct outbox){ .spool = s->q.spool };
	s->asked = 0;
	s->closed = false;
	s->sender = "me@contoso.com";
	arena_init(&s->mem, LIMIT);
}

static void
site_end(struct site *s)
{
	arena_release(&s->mem);
	queue_end(&s->q);
}

static bool
choose(void *arg, struct str header, struct accept_to *to, struct err *e)
{
	struct site *s = arg;

	(void)header;
	(void)e;
	s->asked++;
	to->config = &s->config;
	to->sender = str_of(s->sender);
	if (!s->closed)
		to->outbox = &s->outbox;
	else
		err_set(&to->why, ERR_CONFIG, "there is no folder");
	return true;
}

static struct accept_ask
ask_of(struct site *s)
{
	return (struct accept_ask){ .choose = choose,
		.arg = s,
		.client = "test",
		.log = &silent };
}

static struct addr *
addresses(struct arena *a, const char *list)
{
	struct addr *out = NULL;
	struct err e;

	t_spare_allocations(true);
	T_CHECK(addr_parse_list(a, str_of(list), true, &out, &e), "%s", e.msg);
	t_spare_allocations(false);
	return out;
}

static size_t
files(struct site *s)
{
	size_t n = 0;

	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		n += queue_count(&s->q, (enum spool_where)i);
	return n;
}

static bool
same_text(const struct source *is, struct str want)
{
	struct buf got;
	struct err e = { 0 };
	bool ok;
	char *to;

	buf_init(&got, LIMIT);
	to = buf_room(&got, (size_t)is->size + 1);
	ok = to != NULL && source_read(is, 0, to, (size_t)is->size, &e);
	T_CHECK(ok, "%s", e.msg);
	buf_commit(&got, ok ? (size_t)is->size : 0);
	ok = str_eq(buf_view(&got), want);
	buf_release(&got);
	return ok;
}

/* --- options */

static const struct {
	const char *name;
	struct options o;
	const char *words;
} options[] = {
	{ "none", { 0 }, "" },
	{ "as handed in", { .raw = true }, "raw" },
	{ "route", { .via = ROUTE_JSON }, "via=json" },
	{ "no copy", { .no_save = true }, "no-save" },
	{ "sender", { .from = STR_INIT("\"a b\"@x.example") },
	    "from=\"a b\"@x.example" },
	{ "no report",
	    { .no_report = true, .envelope_id = STR_INIT("QQ+2031") },
	    "no-report envid=QQ+2031" },
	{ "all",
	    { .raw = true,
		.via = ROUTE_DRAFT,
		.no_save = true,
		.no_report = true,
		.envelope_id = STR_INIT("1"),
		.from = STR_INIT("a@b") },
	    "raw via=draft no-save no-report envid=1 from=a@b" },
};

static void
test_options(void)
{
	struct options o;
	struct buf words;

	for (size_t i = 0; i < N(options); i++) {
		buf_init(&words, LIMIT);
		options_write(&options[i].o, &words);
		T_CHECK(str_eq(buf_view(&words), str_of(options[i].words)),
		    "%s: \"%.*s\"", options[i].name, STR_ARG(buf_view(&words)));
		o = options_read(buf_view(&words));
		T_CHECK(o.via == options[i].o.via &&
			o.raw == options[i].o.raw &&
			o.no_save == options[i].o.no_save &&
			o.no_report == options[i].o.no_report &&
			str_eq(o.envelope_id, options[i].o.envelope_id) &&
			str_eq(o.from, options[i].o.from),
		    "%s: read", options[i].name);
		buf_release(&words);
	}
	o = options_read(STR("new=1 via=pigeon no-save later"));
	T_CHECK(o.via == ROUTE_AUTO && o.no_save && !o.raw && o.from.n == 0,
	    "words of a later version");
}

/* --- what becomes of a text */

/* "*" in want stands for anything within a line. */
static const struct {
	const char *name;
	struct str in;
	const char *rcpt;   /* NULL: those of the header; "+": as well */
	const char *sender; /* NULL: none */
	const char *who;    /* the envelope's recipients; NULL: it is refused */
	const char *want;   /* the text that is stored, or part of the reason */
} rows[] = {
	/* clang-format off */
	{ "to the byte", STR_INIT(STAMPS "From: Cron <root>\r\nTo: a@x.example,"
	  "\r\n\t(c) root\r\nSubject: \xe4 =?x?\r\nX:y\r\n\r\n.\r\n\xff\0\r\n"),
	  "b@x.example, root", NULL, "b@x.example root",
	  STAMPS "From: Cron <root>\r\nTo: a@x.example,"
	  "\r\n\t(c) root\r\nSubject: \xe4 =?x?\r\nX:y\r\n\r\n.\r\n*\r\n" },
	{ "Bcc", STR_INIT(STAMPS "Bcc: b@x.example,\r\n c@x.example\r\n"
	  "From: a@x\r\nbcc : d@x.example\r\nTo: a@x.example\r\n\r\n"
	  "Bcc: e\r\n"),
	  NULL, NULL, "a@x.example b@x.example c@x.example d@x.example",
	  STAMPS "From: a@x\r\nTo: a@x.example\r\n\r\nBcc: e\r\n" },
	{ "Bcc, named", STR_INIT(STAMPS "From: a@x\r\nBcc: b@x.example\r\n"
	  "\r\n"), "a@x.example", NULL, "a@x.example",
	  STAMPS "From: a@x\r\n\r\n" },
	{ "named as well", STR_INIT(STAMPS "To: a@x.example, A@x.example\r\n"
	  "Cc: c@x.example\r\nFrom: a@x\r\n\r\n"), "+b@x.example, a@x.example",
	  NULL, "b@x.example a@x.example c@x.example",
	  STAMPS "To: a@x.example, A@x.example\r\nCc: c@x.example\r\n"
	  "From: a@x\r\n\r\n" },
	{ "sent again", STR_INIT(
	  STAMPS "From: o@x\r\nResent-To: r@x.example\r\n"
	  "Resent-Bcc: s@x.example\r\nTo: a@x.example\r\n\r\n"), NULL, NULL,
	  "r@x.example s@x.example",
	  STAMPS "From: o@x\r\nResent-From: Me <me@contoso.com>\r\n"
	  "Resent-Date: *\r\nResent-Message-ID: <*@contoso.com>\r\n"
	  "Resent-To: r@x.example\r\nTo: a@x.example\r\n\r\n" },
	{ "nothing but a text", STR_INIT("hello world\r\nFrom: me\r\n"), "root",
	  "cron", "root", "From: cron\r\nDate: *\r\nMessage-ID: "
	  "<*@contoso.com>\r\n\r\nhello world\r\nFrom: me\r\n" },
	{ "nothing at all", STR_INIT(""), "root", NULL, "root",
	  "Date: *\r\nMessage-ID: <*@contoso.com>\r\n\r\n" },
	{ "no body", STR_INIT(STAMPS "From: a@x\r\n"), "root", NULL, "root",
	  STAMPS "From: a@x\r\n\r\n" },
	{ "a line that is no field", STR_INIT(STAMPS "From: a@x\r\nhello\r\n"),
	  "root", NULL, "root", STAMPS "From: a@x\r\n\r\nhello\r\n" },
	{ "a line of an mbox", STR_INIT("From a@x Wed Nov 25\r\n" STAMPS
	  "From: a@x\r\n\r\nFrom b\r\n"), "root", NULL, "root",
	  STAMPS "From: a@x\r\n\r\nFrom b\r\n" },
	{ "empty stamps", STR_INIT("Date: \r\nMessage-ID:\r\nFrom: a@x\r\n"
	  "Message-ID: <2@x>\r\n\r\n"), "root", NULL, "root",
	  "From: a@x\r\nMessage-ID: <2@x>\r\nDate: *\r\n\r\n" },
	{ "no author", STR_INIT(STAMPS "To: a@x.example\r\n\r\n"), NULL,
	  "\"A B\" <ab@x.example>", "a@x.example",
	  STAMPS "To: a@x.example\r\nFrom: A B <ab@x.example>\r\n\r\n" },
	{ "nobody", STR_INIT(STAMPS "To: undisclosed:;\r\n\r\n"), NULL, NULL,
	  NULL, "nobody to send it to" },
	{ "no address", STR_INIT(STAMPS "To: a@x.example, b@\r\n\r\n"), NULL,
	  NULL, NULL, "To: " },
	/* clang-format on */
};

/* want with its stars, at the start of got; the rest of got, or NULL. */
static bool
matches(const char *want, struct str got)
{
	const char *line;
	size_t n;

	for (; *want != '\0'; want++) {
		if (*want != '*') {
			if (got.n == 0 || got.p[0] != *want)
				return false;
			got = str_from(got, 1);
			continue;
		}
		line = want + 1;
		n = 0;
		while (n < got.n && got.p[n] != '\r' && got.p[n] != *line)
			n++;
		got = str_from(got, n);
	}
	return got.n == 0;
}

static void
check_stored(struct site *s, size_t i, const char *id, const char *what)
{
	struct buf who, text;
	struct claim c;
	struct err e = { 0 };
	char *to;

	buf_init(&who, LIMIT);
	buf_init(&text, LIMIT);
	T_CHECK(claim_take(&c, &s->q.spool, id, SPOOL_ALL, &s->q.arena, &e) &&
		c.spool != NULL,
	    "%s: %s", what, e.msg);
	for (size_t k = 0; k < c.envelope.recipients; k++)
		buf_addf(&who, "%s%.*s", k > 0 ? " " : "",
		    STR_ARG(c.envelope.recipient[k]));
	T_CHECK(str_eq(buf_view(&who), str_of(rows[i].who)), "%s: %.*s", what,
	    STR_ARG(buf_view(&who)));
	T_CHECK(str_eq(c.envelope.options, STR("raw")) &&
		str_starts(c.envelope.client, STR("test uid=")) &&
		str_eq(c.envelope.account, STR("box")) &&
		str_eq(c.envelope.mailbox, STR("me@contoso.com")) &&
		str_eq(c.envelope.sender, STR("me@contoso.com")),
	    "%s: envelope", what);
	to = buf_room(&text, (size_t)c.body.size + 1);
	T_CHECK(source_read(&c.body, 0, to, (size_t)c.body.size, &e), "%s: %s",
	    what, e.msg);
	buf_commit(&text, (size_t)c.body.size);
	T_CHECK(matches(rows[i].want, buf_view(&text)), "%s: stored %.*s", what,
	    STR_ARG(buf_view(&text)));
	T_CHECK(str_find(buf_view(&text), c.envelope.message_id) < text.n,
	    "%s: id", what);
	claim_leave(&c);
	buf_release(&who);
	buf_release(&text);
}

static struct accept_ask
ask_row(struct site *s, size_t i)
{
	struct accept_ask ask = ask_of(s);
	const char *rcpt = rows[i].rcpt;

	ask.entry.rcpt_from_header = rcpt == NULL || rcpt[0] == '+';
	if (rcpt != NULL)
		ask.entry.rcpt = addresses(&s->mem, rcpt + (rcpt[0] == '+'));
	if (rows[i].sender != NULL)
		ask.entry.sender = addresses(&s->mem, rows[i].sender);
	return ask;
}

static void
check_row(size_t i, size_t cut)
{
	struct str in = rows[i].in;
	struct accept a = { 0 };
	struct accept_ask ask;
	struct site s;
	struct err e = { 0 };
	bool ok;

	site_new(&s);
	ask = ask_row(&s, i);
	accept_begin(&a, &ask);
	ok = accept_feed(&a, str_first(in, cut), &e) &&
	    accept_feed(&a, str_from(in, cut), &e) && accept_end(&a, &e) &&
	    accept_commit(&a, &e);
	T_CHECK(ok == (rows[i].who != NULL), "%s, cut %zu: %s", rows[i].name,
	    cut, e.msg);
	T_CHECK(s.asked == 1, "%s: asked %u times", rows[i].name, s.asked);
	if (ok)
		check_stored(&s, i, a.id, rows[i].name);
	else
		T_CHECK(strstr(e.msg, rows[i].want) != NULL, "%s: %s",
		    rows[i].name, e.msg);
	accept_release(&a);
	T_CHECK(files(&s) == ok, "%s: %zu files", rows[i].name, files(&s));
	site_end(&s);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++)
			check_row(i, cut);
}

/* --- from a program */

static const struct {
	const char *name;
	bool dot_ends;
	struct str in;
	const char *want; /* behind the header */
} programs[] = {
	/* clang-format off */
	{ "LF", false, STR_INIT("A: b\n\na\n.\nb"), "a\r\n.\r\nb\r\n" },
	{ "dot", true, STR_INIT("A: b\n\na\n.\nb\n"), "a\r\n" },
	{ "mixed", false, STR_INIT("A: b\r\n\na\rb\r\r\n"), "a\r\nb\r\n" },
	{ "CRs alone", false, STR_INIT("A: b\r\ra\r"), "a\r\n" },
	{ "a CR in the first field", false, STR_INIT("A: b\rBcc: d\n\na"),
	  "a\r\n" },
	{ "a mark in front", false, STR_INIT("\xef\xbb\xbf" "A: b\n\na\n"),
	  "a\r\n" },
	/* clang-format on */
};

static bool
run_program(struct site *s, struct accept *a, struct accept_ask *ask,
    struct accept_input *in, struct err *e)
{
	ask->entry.rcpt = addresses(&s->mem, "a@x.example");
	in->name = "it";
	accept_begin(a, ask);
	return accept_read(a, in, e) && accept_commit(a, e);
}

static void
check_program(size_t i)
{
	struct accept_input in = { .dot_ends = programs[i].dot_ends };
	struct accept a = { 0 };
	struct accept_ask ask;
	struct source text;
	struct site s;
	struct err e = { 0 };
	char got[512];
	int pipes[2];
	struct str body;

	site_new(&s);
	ask = ask_of(&s);
	T_CHECK(pipe(pipes) == 0 &&
		write(pipes[1], programs[i].in.p, programs[i].in.n) ==
		    (ssize_t)programs[i].in.n,
	    "pipe");
	(void)close(pipes[1]);
	in.fd = pipes[0];
	T_CHECK(run_program(&s, &a, &ask, &in, &e), "%s: %s", programs[i].name,
	    e.msg);
	(void)close(pipes[0]);
	text = accept_source(&a);
	T_CHECK(text.size < sizeof(got) &&
		source_read(&text, 0, got, (size_t)text.size, &e),
	    "%s", programs[i].name);
	body = (struct str){ got, (size_t)text.size };
	T_CHECK(str_starts(body, STR("A: b")), "%s: %.*s", programs[i].name,
	    STR_ARG(body));
	body = str_from(body, str_find(body, STR("\r\n\r\n")) + 4);
	T_CHECK(str_eq(body, str_of(programs[i].want)), "%s: %.*s",
	    programs[i].name, STR_ARG(body));
	accept_release(&a);
	site_end(&s);
}

static void
test_programs(void)
{
	for (size_t i = 0; i < N(programs); i++)
		check_program(i);
}

/* What goes on for ever is read up to the limit, and refused. */
static void
test_endless(void)
{
	struct accept_input in = { .fd = open("/dev/zero", O_RDONLY) };
	struct accept a = { 0 };
	struct accept_ask ask;
	struct site s;
	struct err e = { 0 };

	site_new(&s);
	s.config.max_message_size = 8000000;
	ask = ask_of(&s);
	T_CHECK(!run_program(&s, &a, &ask, &in, &e) && err_exit(&e) == 65 &&
		strstr(e.msg, "11000000 bytes") != NULL,
	    "%s", e.msg);
	T_CHECK(files(&s) == 0, "%zu files", files(&s));
	(void)close(in.fd);
	accept_release(&a);
	site_end(&s);
}

/* --- limits */

/* A header of n bytes, then a body of so many. */
static void
make_text(struct buf *out, size_t header, size_t body)
{
	buf_init(out, 64 << 20);
	buf_addz(out, STAMPS "From: a@x\r\n");
	while (out->n + 70 < header)
		buf_addz(out,
		    "X-A: 0123456789012345678901234567890123456789\r\n");
	buf_addz(out, "X-B: ");
	while (out->n + 4 < header)
		buf_addc(out, 'b');
	buf_addz(out, "\r\n\r\n");
	for (; body > 0; body -= body < 64 ? body : 64)
		buf_addz(out,
		    "012345678901234567890123456789012345678901234567890123456"
		    "78901\r\n");
}

static bool
put(struct accept *a, struct accept_ask *ask, const struct buf *text,
    struct err *e)
{
	accept_begin(a, ask);
	return accept_feed(a, buf_view(text), e) && accept_end(a, e) &&
	    accept_commit(a, e);
}

static const struct {
	size_t header, body;
	uint64_t max; /* max_message_size */
	bool ok;
} limits[] = {
	{ ACCEPT_HEADER, 0, 150 << 20, true },
	{ ACCEPT_HEADER + 1, 0, 150 << 20, false },
	{ 200, ACCEPT_MEMORY - 1000, 150 << 20, true },
	{ 200, ACCEPT_MEMORY, 150 << 20, true },
	{ 200, 3 << 20, 150 << 20, true },
	{ ACCEPT_HEADER, 3 << 20, 150 << 20, true },
	{ 200, 3 << 20, 1 << 20, false },
	/* 80,000 and what base64 adds to it are 110,000 bytes */
	{ 240, 1715 * 64, 80000, true },
	{ 241, 1715 * 64, 80000, false },
	{ 3 * ACCEPT_HEADER, 0, 150 << 20, false },
};

static void
test_limits(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct claim c;
	struct site s;
	struct buf text;
	struct err e = { 0 };
	bool ok;

	for (size_t i = 0; i < N(limits); i++) {
		site_new(&s);
		s.config.max_message_size = limits[i].max;
		ask = ask_of(&s);
		ask.check = limits[i].max >= 1 << 20; /* it asks, too */
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		make_text(&text, limits[i].header, limits[i].body);
		ok = put(&a, &ask, &text, &e);
		T_CHECK(ok == limits[i].ok && (ok || err_exit(&e) == 65),
		    "%zu: %s", i, e.msg);
		T_CHECK(limits[i].header <= ACCEPT_HEADER ||
			strstr(e.msg, "has a header of more than") != NULL,
		    "%zu: %s", i, e.msg);
		T_CHECK(ok || limits[i].header > ACCEPT_HEADER ||
			strcmp(e.code, "MessageTooLarge") == 0,
		    "%zu: %s", i, e.code);
		if (ok)
			T_CHECK(claim_take(&c, &s.q.spool, a.id, SPOOL_ALL,
				    &s.q.arena, &e) &&
				same_text(&c.body, buf_view(&text)),
			    "%zu: %s", i, e.msg);
		if (ok)
			claim_leave(&c);
		accept_release(&a);
		T_CHECK(files(&s) == ok, "%zu: %zu files", i, files(&s));
		buf_release(&text);
		site_end(&s);
	}
}

/* One that is only a header, without the empty line that ends it. */
static void
test_limit_of_header(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct site s;
	struct buf text;
	struct err e = { 0 };

	site_new(&s);
	s.config.max_message_size = 1000;
	ask = ask_of(&s);
	ask.entry.rcpt = addresses(&s.mem, "a@x.example");
	make_text(&text, 5000, 0);
	buf_rewind(&text, text.n - 2);
	T_CHECK(!put(&a, &ask, &text, &e) &&
		strcmp(e.code, "MessageTooLarge") == 0 && files(&s) == 0,
	    "%s", e.msg);
	accept_release(&a);
	buf_release(&text);
	site_end(&s);
}

/* Many recipients are one file; too many are none. */
static void
test_many(void)
{
	static const size_t people[] = { 1200, ENVELOPE_RECIPIENTS_MOST,
		ENVELOPE_RECIPIENTS_MOST + 1 };
	struct accept a = { 0 };
	struct accept_ask ask;
	struct site s;
	struct buf in;
	struct err e = { 0 };
	struct claim c;
	bool ok;

	for (size_t i = 0; i < N(people); i++) {
		site_new(&s);
		ask = ask_of(&s);
		ask.entry.rcpt_from_header = true;
		ask.check = true;
		buf_init(&in, LIMIT);
		buf_addz(&in, STAMPS "From: me@contoso.com\r\nTo: 0");
		for (size_t k = 1; k < people[i]; k++)
			buf_addf(&in, "@x.example,\r\n %zu", k);
		buf_addz(&in, "@x.example\r\n\r\nhi\r\n");
		ok = put(&a, &ask, &in, &e);
		T_CHECK(ok == (people[i] <= ENVELOPE_RECIPIENTS_MOST) &&
			(ok || err_exit(&e) == 65),
		    "%zu: %s", people[i], e.msg);
		if (ok) {
			T_CHECK(claim_look(&c, &s.q.spool, a.id, SPOOL_ALL,
				    &s.q.arena, &e) &&
				c.envelope.recipients == people[i],
			    "%s", e.msg);
			claim_leave(&c);
		}
		accept_release(&a);
		T_CHECK(files(&s) == ok, "%zu: %zu files", people[i],
		    files(&s));
		buf_release(&in);
		site_end(&s);
	}
}

/* What can never go is refused before anything is stored. */
static void
test_check(void)
{
	static const struct {
		const char *policy, *in, *says;
	} cases[] = {
		{ "keep", STAMPS "From: a@x.example, b@x.example\r\n\r\n",
		    "From" },
		{ "rewrite", STAMPS "From: a@x.example, b@x.example\r\n\r\n",
		    NULL },
	};
	struct accept a = { 0 };
	struct accept_ask ask;
	struct buf in;
	struct site s;
	struct err e = { 0 };
	bool ok;

	for (size_t i = 0; i < 2 * N(cases); i++) {
		site_new(&s);
		s.config.from_policy = str_of(cases[i / 2].policy);
		ask = ask_of(&s);
		ask.check = true;
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		buf_init(&in, LIMIT);
		buf_addz(&in, cases[i / 2].in);
		/* in memory, or in its file */
		for (size_t k = 0; i % 2 == 1 && k < ACCEPT_MEMORY; k += 10)
			buf_addz(&in, "a line..\r\n");
		ok = put(&a, &ask, &in, &e);
		T_CHECK(ok == (cases[i / 2].says == NULL) &&
			(ok || strstr(e.msg, cases[i / 2].says) != NULL),
		    "%zu: %s", i, e.msg);
		accept_release(&a);
		T_CHECK(files(&s) == ok, "%zu: %zu files", i, files(&s));
		buf_release(&in);
		site_end(&s);
	}
}

/* Where the parts are is known with the line in front that is ours. */
static void
test_received(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct buf in;
	struct site s;
	struct err e = { 0 };

	for (size_t body = 1000; body < 300000; body += 200000) {
		site_new(&s);
		s.config.save_to_sent = false;
		ask = ask_of(&s);
		ask.check = true;
		ask.options.no_save = true; /* as JSON, or not at all */
		ask.received = STR("by host (post365) with SMTP");
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		buf_init(&in, LIMIT);
		buf_addz(&in,
		    STAMPS "From: me@contoso.com\r\n"
			   "Content-Transfer-Encoding: base64\r\n\r\n");
		while (in.n < body)
			buf_addz(&in,
			    "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgYQ0K\r\n");
		T_CHECK(put(&a, &ask, &in, &e), "%zu: %s", body, e.msg);
		accept_release(&a);
		T_CHECK(files(&s) == 1, "%zu: stored", body);
		buf_release(&in);
		site_end(&s);
	}
}

/* --- what fails */

/* The text, behind what may be ours. */
static bool
ends_with(const struct source *is, struct str want)
{
	struct buf got;
	struct err e = { 0 };
	bool ok;

	buf_init(&got, LIMIT);
	ok = buf_room(&got, (size_t)is->size + 1) != NULL &&
	    source_read(is, 0, got.p, (size_t)is->size, &e);
	T_CHECK(ok, "%s", e.msg);
	buf_commit(&got, ok ? (size_t)is->size : 0);
	ok = str_ends(buf_view(&got), want);
	buf_release(&got);
	return ok;
}

/* The lowest number that is free. */
static int
free_number(void)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)close(fd);
	return fd;
}

/*
 * Each call that has to do with the disk fails once, or all do from there on:
 * nothing is stored, or all is; with keep the text is still there.
 */
static void
each_call(size_t body, bool keep, const char *received, enum cut how)
{
	int free_before = free_number();
	struct accept a = { 0 };
	struct accept_ask ask;
	struct buf text;
	struct site s;
	struct err e = { 0 };
	struct source is;
	bool ok, kept, more = true;

	make_text(&text, 200, body);
	for (long n = 1; more && n < 100; n++) {
		site_new(&s);
		ask = ask_of(&s);
		ask.check = true;
		ask.keep = keep;
		ask.received = str_of(received);
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		cut_at(n, how, ENOSPC);
		accept_begin(&a, &ask);
		kept =
		    accept_feed(&a, buf_view(&text), &e) && accept_end(&a, &e);
		ok = kept && accept_commit(&a, &e);
		more = cut_calls() >= n;
		cut_at(0, CUT_NONE, 0);
		is = accept_source(&a);
		T_CHECK(kept || !keep || how == CUT_FULL, "call %ld: %s", n,
		    e.msg);
		T_CHECK(!keep || ok || !kept ||
			(ends_with(&is, buf_view(&text)) &&
			    (received[0] != '\0' || is.size == text.n)),
		    "call %ld: the text", n);
		T_CHECK(ok || err_exit(&e) == 75 || err_exit(&e) == 73 ||
			err_exit(&e) == 74,
		    "call %ld: %d %s", n, err_exit(&e), e.msg);
		accept_release(&a);
		T_CHECK(queue_count(&s.q, SPOOL_NEW) == ok, "call %ld: new", n);
		T_CHECK(queue_count(&s.q, SPOOL_TMP) == 0 || how == CUT_FAIL,
		    "call %ld: tmp", n);
		site_end(&s);
	}
	T_CHECK(!more, "all calls");
	T_CHECK(free_number() == free_before, "a descriptor is left open");
	buf_release(&text);
}

static void
test_disk(void)
{
	static const char *const received[] = { "", "by a host with SMTP" };
	static const size_t bodies[] = { 1000, 300000 };

	for (unsigned i = 0; i < 8; i++)
		for (unsigned how = 0; how < 2; how++)
			each_call(bodies[i & 1], (i & 2) != 0, received[i >> 2],
			    how == 0 ? CUT_FAIL : CUT_FULL);
}

/* Without a queue it is kept in memory, or in a file of no name. */
static void
test_kept(void)
{
	static const size_t bodies[] = { 0, 1000, 300000 };
	struct accept a = { 0 };
	struct accept_ask ask;
	struct source is;
	struct buf text;
	struct site s;
	struct err e = { 0 };

	for (size_t i = 0; i < N(bodies); i++) {
		site_new(&s);
		s.closed = true;
		make_text(&text, 200, bodies[i]);
		ask = ask_of(&s);
		ask.keep = true;
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		T_CHECK(!put(&a, &ask, &text, &e) &&
			strcmp(e.msg, "there is no folder") == 0,
		    "%s", e.msg);
		e = (struct err){ 0 };
		T_CHECK(!accept_commit(&a, &e) &&
			strcmp(e.msg, "there is no folder") == 0,
		    "asked again: %s", e.msg);
		is = accept_source(&a);
		T_CHECK(same_text(&is, buf_view(&text)), "%zu", bodies[i]);
		accept_release(&a);
		ask.keep = false;
		T_CHECK(!put(&a, &ask, &text, &e) &&
			strcmp(e.msg, "there is no folder") == 0,
		    "%s", e.msg);
		T_CHECK(files(&s) == 0, "nothing");
		buf_release(&text);
		site_end(&s);
	}
}

/* What is wrong with the message itself is refused, not kept elsewhere. */
static void
test_not_kept(void)
{
	static const size_t bodies[] = { 1000, 300000 };
	struct accept a = { 0 };
	struct accept_ask ask;
	struct buf text;
	struct site s;
	struct err e = { 0 };

	for (size_t i = 0; i < N(bodies); i++) {
		site_new(&s);
		s.sender = "\"a\001b\"@contoso.com";
		make_text(&text, 200, bodies[i]);
		ask = ask_of(&s);
		ask.keep = true;
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		accept_begin(&a, &ask);
		T_CHECK(!(accept_feed(&a, buf_view(&text), &e) &&
			    accept_end(&a, &e)) &&
			e.kind == ERR_INPUT,
		    "%zu: %s", bodies[i], e.msg);
		accept_release(&a);
		T_CHECK(files(&s) == 0, "nothing");
		buf_release(&text);
		site_end(&s);
	}
}

/* Whether there is room is asked for the whole of a small message. */
static void
test_room(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct buf text;
	struct site s;
	struct err e = { 0 };

	for (int small = 0; small < 2; small++) {
		site_new(&s);
		s.outbox.limits.max_spool = 4000;
		make_text(&text, 200, small ? 3000 : 4000);
		ask = ask_of(&s);
		ask.entry.rcpt = addresses(&s.mem, "a@x.example");
		T_CHECK(put(&a, &ask, &text, &e) == (small == 1) &&
			(small || (e.full && err_exit(&e) == 75)),
		    "%s", e.msg);
		accept_release(&a);
		T_CHECK(files(&s) == (size_t)small, "%zu", files(&s));
		buf_release(&text);
		site_end(&s);
	}
}

/* What is asked for all recipients is so for those without their own. */
static void
test_notify(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct addr *rcpt;
	struct claim c;
	struct buf text;
	struct site s;
	struct err e = { 0 };

	site_new(&s);
	make_text(&text, 200, 100);
	ask = ask_of(&s);
	ask.notify = NOTIFY_NEVER;
	rcpt = addresses(&s.mem, "a@x.example, b@x.example");
	rcpt->notify.when = NOTIFY_SUCCESS;
	ask.entry.rcpt = rcpt;
	T_CHECK(put(&a, &ask, &text, &e) &&
		claim_look(&c, &s.q.spool, a.id, SPOOL_ALL, &s.q.arena, &e) &&
		c.envelope.recipients == 2 && c.envelope.notify != NULL,
	    "%s", e.msg);
	T_CHECK(c.envelope.notify[0].when == NOTIFY_SUCCESS &&
		c.envelope.notify[1].when == NOTIFY_NEVER,
	    "%u, %u", c.envelope.notify[0].when, c.envelope.notify[1].when);
	claim_leave(&c);
	accept_release(&a);
	buf_release(&text);
	site_end(&s);
}

static void
accept_once(void)
{
	struct accept a = { 0 };
	struct accept_ask ask;
	struct site s;
	struct err e = { 0 };
	bool ok;

	t_spare_allocations(true);
	site_new(&s);
	ask = ask_row(&s, 1);
	ask.check = true;
	t_spare_allocations(false);
	accept_begin(&a, &ask);
	ok = accept_feed(&a, rows[1].in, &e) && accept_end(&a, &e) &&
	    accept_commit(&a, &e);
	t_spare_allocations(true);
	T_CHECK(ok || e.kind == ERR_RETRY, "%s", e.msg);
	accept_release(&a);
	T_CHECK(files(&s) == ok, "%zu files", files(&s));
	site_end(&s);
	t_spare_allocations(false);
}

static void
test_memory(void)
{
	accept_once();
	t_each_allocation_fails(accept_once);
}

/*
 * The disk fills up between the first message and the first run: what the run
 * sends can be noted, so it may send.
 */
static void
test_full(void)
{
	enum { JUNK = 16 << 10 };
	const struct journal_options how = { .most = 1 << 20, .keep = 1 };
	const struct journal_line line = { .time = 1, .verdict = STR("sent") };
	static const char junk[JUNK];
	struct accept a = { 0 };
	struct accept_ask ask;
	char path[300];
	struct site s;
	struct err e = { 0 };
	struct buf text;
	int fd;

	site_new(&s);
	(void)snprintf(path, sizeof(path), "%s/disk", s.q.path);
	if (mkdir(path, 0700) < 0 ||
	    mount("none", path, "tmpfs", 0, "size=400k,mode=700") < 0) {
		(void)rmdir(path);
		site_end(&s);
		t_skip("only root can make a small disk");
		return;
	}
	ask = ask_of(&s);
	ask.entry.rcpt = addresses(&s.mem, "a@x.example");
	make_text(&text, 200, 100);
	T_CHECK(journal_open(&s.outbox.journal, path, "log", how, &e) &&
		put(&a, &ask, &text, &e),
	    "%s", e.msg);
	fd = openat(s.outbox.journal.dir.fd, "junk", O_CREAT | O_WRONLY, 0600);
	while (write(fd, junk, sizeof(junk)) > 0)
		continue;
	(void)close(fd);
	T_CHECK(journal_reserve(&s.outbox.journal, &e) &&
		journal_add(&s.outbox.journal, &line, &e),
	    "%s", e.msg);
	accept_release(&a);
	journal_close(&s.outbox.journal);
	T_CHECK(umount(path) == 0 && rmdir(path) == 0, "umount");
	buf_release(&text);
	site_end(&s);
}

static const struct t_test tests[] = {
	{ "options", test_options },
	{ "rows at every split", test_rows },
	{ "from a program", test_programs },
	{ "without an end", test_endless },
	{ "limits", test_limits },
	{ "limit of header", test_limit_of_header },
	{ "many recipients", test_many },
	{ "a line of our own in front", test_received },
	{ "what can never go", test_check },
	{ "each call of the disk fails", test_disk },
	{ "no queue", test_kept },
	{ "refused, not kept", test_not_kept },
	{ "room", test_room },
	{ "notify", test_notify },
	{ "each allocation fails", test_memory },
	{ "a disk that fills up", test_full },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
