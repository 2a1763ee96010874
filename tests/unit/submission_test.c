/* SPDX-License-Identifier: MIT */
#include "smtp/submission.h"

#include "t.h"

enum { MEMORY = 1 << 16 };

#define HELLO "220 h ESMTP\r\n250 h\r\n"
#define ALL                                                                    \
	"220-h\r\n220 h\r\n250-h\r\n250-SIZE 1000\r\n250-8bitmime\r\n"         \
	"250-SMTPUTF8\r\n250-DSN\r\n250 LIMITS MAILMAX=9 RCPTMAX=2\r\n"
#define OK   "250 ok\r\n"
#define GO   "354 go\r\n"
#define EHLO "EHLO me\r\n"
#define QUIT "QUIT\r\n"
#define NOTHING                                                                \
	{                                                                      \
		.size = 0                                                      \
	}
#define PLAIN EHLO "MAIL FROM:<a@b.c>\r\n"
#define TO_D  "RCPT TO:<d@e.f>\r\n"

static const struct {
	const char *name;
	struct str server;
	const char *sender, *rcpt;
	struct submission_ask ask; /* more of it */
	struct str text;
	struct str client; /* all that it said */
	int end;           /* enum submission_event */
	int exit;          /* FAILED: of its error */
	bool away;
} rows[] = {
	/* clang-format off */
	{ "plain", STR_INIT(HELLO OK OK GO "250 2.0.0 Ok: queued as 7\r\n"),
	  "a@b.c", "d@e.f", { .size = 4 }, STR_INIT("hi\r\n"),
	  STR_INIT(PLAIN TO_D "DATA\r\nhi\r\n.\r\n" QUIT),
	  SUBMISSION_DONE, 0, false },
	{ "what is offered is used", STR_INIT(ALL OK OK GO OK),
	  "a@b.c", "d@e.f",
	  { .size = 4, .notify = NOTIFY_NEVER, .envelope_id = STR_INIT("x+2By"),
	    .ret = STR_INIT("full") }, STR_INIT("hi\r\n"),
	  STR_INIT(EHLO "MAIL FROM:<a@b.c> SIZE=4 BODY=8BITMIME RET=FULL "
	  "ENVID=x+2By\r\nRCPT TO:<d@e.f> NOTIFY=never\r\nDATA\r\nhi\r\n.\r\n"
	  QUIT), SUBMISSION_DONE, 0, false },
	{ "no more than is offered", STR_INIT(HELLO OK OK GO OK),
	  "a@b.c", "d@e.f",
	  { .notify = NOTIFY_NEVER, .envelope_id = STR_INIT("x"),
	    .ret = STR_INIT("full") }, STR_INIT("hi\r\n"),
	  STR_INIT(PLAIN TO_D "DATA\r\nhi\r\n.\r\n" QUIT),
	  SUBMISSION_DONE, 0, false },
	{ "null sender, bare names", STR_INIT(HELLO OK OK GO OK),
	  "", "root", NOTHING, STR_INIT("x\r\n"),
	  STR_INIT(EHLO "MAIL FROM:<>\r\nRCPT TO:<root>\r\nDATA\r\nx\r\n.\r\n"
	  QUIT), SUBMISSION_DONE, 0, false },
	{ "UTF-8", STR_INIT(ALL OK OK GO OK),
	  "a@b.c", "d\xc3\xbc@e.f", { .size = 3 }, STR_INIT("x\r\n"),
	  STR_INIT(EHLO "MAIL FROM:<a@b.c> SIZE=3 BODY=8BITMIME SMTPUTF8\r\n"
	  "RCPT TO:<d\xc3\xbc@e.f>\r\nDATA\r\nx\r\n.\r\n" QUIT),
	  SUBMISSION_DONE, 0, false },
	{ "UTF-8 not offered", STR_INIT(HELLO),
	  "a@b.c", "d\xc3\xbc@e.f", NOTHING, STR_INIT(""),
	  STR_INIT(EHLO QUIT), SUBMISSION_FAILED, 65, false },
	{ "dots", STR_INIT(HELLO OK OK GO OK), "a@b.c", "d@e.f", NOTHING,
	  STR_INIT(".\r\n..\r\na.\r\n.a\r\n\r\n."),
	  STR_INIT(PLAIN TO_D "DATA\r\n..\r\n...\r\na.\r\n..a\r\n\r\n..\r\n"
	  ".\r\n" QUIT), SUBMISSION_DONE, 0, false },
	{ "nothing", STR_INIT(HELLO OK OK GO OK), "a@b.c", "d@e.f", NOTHING,
	  STR_INIT(""), STR_INIT(PLAIN TO_D "DATA\r\n.\r\n" QUIT),
	  SUBMISSION_DONE, 0, false },
	{ "more than it takes at a time", STR_INIT(ALL OK OK OK GO OK OK OK GO
	  OK), "a@b.c", "d@e.f, g@h.i, j@k.l", { .size = 3 },
	  STR_INIT("x\r\n"),
	  STR_INIT(EHLO "MAIL FROM:<a@b.c> SIZE=3 BODY=8BITMIME\r\n" TO_D
	  "RCPT TO:<g@h.i>\r\nDATA\r\nx\r\n.\r\n"
	  "MAIL FROM:<a@b.c> SIZE=3 BODY=8BITMIME\r\nRCPT TO:<j@k.l>\r\n"
	  "DATA\r\nx\r\n.\r\n" QUIT), SUBMISSION_DONE, 0, false },
	{ "the same, unannounced", STR_INIT(HELLO OK OK "452 4.5.3 many\r\n" GO
	  OK OK OK GO OK), "a@b.c", "d@e.f, g@h.i", NOTHING, STR_INIT("x\r\n"),
	  STR_INIT(PLAIN TO_D "RCPT TO:<g@h.i>\r\nDATA\r\nx\r\n.\r\n"
	  "MAIL FROM:<a@b.c>\r\nRCPT TO:<g@h.i>\r\nDATA\r\nx\r\n.\r\n" QUIT),
	  SUBMISSION_DONE, 0, false },
	{ "no room for the first", STR_INIT(HELLO OK "452 4.3.1 full\r\n"),
	  "a@b.c", "d@e.f", NOTHING, STR_INIT(""), STR_INIT(PLAIN TO_D QUIT),
	  SUBMISSION_FAILED, 75, false },
	{ "busy",
	  STR_INIT("421 4.3.2 h is busy\r\n"), "a@b.c", "d@e.f", NOTHING,
	  STR_INIT(""), STR_INIT(QUIT), SUBMISSION_FAILED, 75, true },
	{ "banned", STR_INIT("554 5.7.1 no\r\n"), "a@b.c", "d@e.f", NOTHING,
	  STR_INIT(""), STR_INIT(QUIT), SUBMISSION_FAILED, 75, true },
	{ "shuts down", STR_INIT(HELLO "421 4.3.2 h\r\n"), "a@b.c", "d@e.f",
	  NOTHING, STR_INIT(""), STR_INIT(PLAIN QUIT), SUBMISSION_FAILED, 75,
	  true },
	{ "no SMTP",
	  STR_INIT("HTTP/1.1 400 Bad\r\n"), "a@b.c", "d@e.f", NOTHING,
	  STR_INIT(""), STR_INIT(QUIT), SUBMISSION_FAILED, 75, true },
	{ "too often", STR_INIT(HELLO "450 4.7.1 wait\r\n"), "a@b.c", "d@e.f",
	  NOTHING, STR_INIT(""), STR_INIT(PLAIN QUIT), SUBMISSION_FAILED, 75,
	  false },
	{ "no such user", STR_INIT(HELLO OK OK "550 5.1.1 who?\r\n"), "a@b.c",
	  "d@e.f, g@h.i", NOTHING, STR_INIT(""),
	  STR_INIT(PLAIN TO_D "RCPT TO:<g@h.i>\r\n" QUIT), SUBMISSION_FAILED,
	  67, false },
	{ "may not send", STR_INIT(HELLO "550-5.7.1 you\r\n550 5.7.1 no\r\n"),
	  "a@b.c", "d@e.f", NOTHING, STR_INIT(""), STR_INIT(PLAIN QUIT),
	  SUBMISSION_FAILED, 69, false },
	{ "too large", STR_INIT(HELLO OK OK GO "552 5.3.4 large\r\n"), "a@b.c",
	  "d@e.f", NOTHING, STR_INIT("x\r\n"),
	  STR_INIT(PLAIN TO_D "DATA\r\nx\r\n.\r\n" QUIT), SUBMISSION_FAILED,
	  65, false },
	{ "refused at the end", STR_INIT(HELLO OK OK GO "554 5.4.6 loop\r\n"),
	  "a@b.c", "d@e.f", NOTHING, STR_INIT("x\r\n"),
	  STR_INIT(PLAIN TO_D "DATA\r\nx\r\n.\r\n" QUIT), SUBMISSION_FAILED,
	  69, false },
	{ "it is not all there", STR_INIT(HELLO OK OK GO "250 2.0.0 O"),
	  "a@b.c", "d@e.f", NOTHING, STR_INIT("x\r\n"),
	  STR_INIT(PLAIN TO_D "DATA\r\nx\r\n.\r\n"), SUBMISSION_MORE, 0,
	  false },
	/* clang-format on */
};

struct side {
	struct submission s;
	struct buf said;
	enum submission_event end;
};

static void
take_out(struct side *c)
{
	buf_adds(&c->said, buf_view(&c->s.out));
	buf_reset(&c->s.out);
}

/* The text in two pieces, too. */
static void
feed(struct side *c, struct str in, struct str text)
{
	while (c->end != SUBMISSION_DONE && c->end != SUBMISSION_FAILED) {
		c->end = submission_next(&c->s, &in);
		take_out(c);
		if (c->end == SUBMISSION_MORE && in.n == 0)
			return;
		if (c->end != SUBMISSION_BODY)
			continue;
		submission_text(&c->s, str_first(text, text.n / 2));
		submission_text(&c->s, str_from(text, text.n / 2));
		submission_end(&c->s);
		take_out(c);
	}
}

static void
check(size_t i, size_t cut)
{
	struct submission_ask ask = rows[i].ask;
	struct side c = { .end = SUBMISSION_MORE };
	struct addr *list = NULL;
	struct arena mem;
	struct err e;

	arena_init(&mem, MEMORY);
	buf_init(&c.said, MEMORY);
	T_CHECK(addr_parse_list(&mem, str_of(rows[i].rcpt), true, &list, &e),
	    "%s: %s", rows[i].name, e.msg);
	ask.hello = STR("me");
	ask.sender = str_of(rows[i].sender);
	ask.rcpt = list;
	submission_init(&c.s, &ask);
	feed(&c, str_first(rows[i].server, cut), rows[i].text);
	feed(&c, str_from(rows[i].server, cut), rows[i].text);
	T_CHECK((int)c.end == rows[i].end, "%s, cut %zu: %d", rows[i].name, cut,
	    (int)c.end);
	T_CHECK(str_eq(buf_view(&c.said), rows[i].client),
	    "%s, cut %zu: said %.*s", rows[i].name, cut,
	    STR_ARG(buf_view(&c.said)));
	if (c.end == SUBMISSION_FAILED)
		T_CHECK(err_exit(&c.s.why) == rows[i].exit &&
			c.s.why.away == rows[i].away,
		    "%s: %d, %s", rows[i].name, err_exit(&c.s.why),
		    c.s.why.msg);
	submission_release(&c.s);
	buf_release(&c.said);
	arena_release(&mem);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 0; cut <= rows[i].server.n; cut++)
			check(i, cut);
}

/* A server that never ends its line does not fill our memory. */
static void
test_endless(void)
{
	char bytes[1000];
	struct submission_ask ask = { .hello = STR("me") };
	enum submission_event event = SUBMISSION_MORE;
	struct submission s;
	struct str in;
	size_t fed = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = '2';
	submission_init(&s, &ask);
	while (event == SUBMISSION_MORE && fed < 1 << 20) {
		in = (struct str){ bytes, sizeof(bytes) };
		event = submission_next(&s, &in);
		fed += sizeof(bytes);
	}
	T_CHECK(event == SUBMISSION_FAILED && s.why.away, "event %d after %zu",
	    (int)event, fed);
	submission_release(&s);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "endless reply", test_endless },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
