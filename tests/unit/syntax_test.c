/* SPDX-License-Identifier: MIT */
#include "smtp/syntax.h"

#include "t.h"

static const struct {
	struct str line;
	enum syntax_verb verb;
	struct str argument;
} lines[] = {
	/* clang-format off */
	{ STR_INIT("EHLO me"), SYNTAX_EHLO, STR_INIT("me") },
	{ STR_INIT("ehlo m.eml"), SYNTAX_EHLO, STR_INIT("m.eml") },
	{ STR_INIT("HELO\t[127.0.0.1] "), SYNTAX_HELO,
	  STR_INIT("[127.0.0.1]") },
	{ STR_INIT("mail FROM:<a@b>"), SYNTAX_MAIL, STR_INIT("FROM:<a@b>") },
	{ STR_INIT("rcpt  to:<a@b>"), SYNTAX_RCPT, STR_INIT("to:<a@b>") },
	{ STR_INIT("DATA"), SYNTAX_DATA, STR_INIT("") },
	{ STR_INIT(" data \t"), SYNTAX_DATA, STR_INIT("") },
	{ STR_INIT("BDAT 7 LAST"), SYNTAX_BDAT, STR_INIT("7 LAST") },
	{ STR_INIT("rset"), SYNTAX_RSET, STR_INIT("") },
	{ STR_INIT("NOOP x"), SYNTAX_NOOP, STR_INIT("x") },
	{ STR_INIT("VRFY root"), SYNTAX_VRFY, STR_INIT("root") },
	{ STR_INIT("EXPN all"), SYNTAX_EXPN, STR_INIT("all") },
	{ STR_INIT("ETRN x"), SYNTAX_ETRN, STR_INIT("x") },
	{ STR_INIT("TURN"), SYNTAX_TURN, STR_INIT("") },
	{ STR_INIT("HELP"), SYNTAX_HELP, STR_INIT("") },
	{ STR_INIT("StartTLS"), SYNTAX_STARTTLS, STR_INIT("") },
	{ STR_INIT("AUTH PLAIN AA=="), SYNTAX_AUTH, STR_INIT("PLAIN AA==") },
	{ STR_INIT("quit"), SYNTAX_QUIT, STR_INIT("") },
	{ STR_INIT(""), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("  "), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("DAT"), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("DATAS"), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("MAILFROM:<a@b>"), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("NO\0OP"), SYNTAX_UNKNOWN, STR_INIT("") },
	{ STR_INIT("GET / HTTP/1.1"), SYNTAX_FOREIGN, STR_INIT("/ HTTP/1.1") },
	{ STR_INIT("post / HTTP/1.1"), SYNTAX_FOREIGN,
	  STR_INIT("/ HTTP/1.1") },
	{ STR_INIT("PRI * HTTP/2.0"), SYNTAX_FOREIGN, STR_INIT("* HTTP/2.0") },
	{ STR_INIT("Host: x"), SYNTAX_FOREIGN, STR_INIT("x") },
	{ STR_INIT(":"), SYNTAX_UNKNOWN, STR_INIT("") },
	/* clang-format on */
};

static void
test_commands(void)
{
	struct str argument;
	enum syntax_verb verb;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		verb = syntax_command(lines[i].line, &argument);
		T_CHECK(verb == lines[i].verb, "\"%.*s\": %d",
		    STR_ARG(lines[i].line), verb);
		T_CHECK(str_eq(argument, lines[i].argument), "\"%.*s\": %.*s",
		    STR_ARG(lines[i].line), STR_ARG(argument));
	}
}

#define LOCAL64                                                                \
	"llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"

static const struct {
	const char *in;
	enum syntax_fault fault;
	const char *from; /* NULL: the null sender */
	uint64_t size;
	bool utf8;
} mails[] = {
	/* clang-format off */
	{ "FROM:<a@b.c>", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "from:<a@b.c>", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "FROM: <a@b.c>", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "FROM :<a@b.c>", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "FROM:a@b.c", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "FROM:<>", SYNTAX_GOOD, NULL, 0, false },
	{ "FROM:< >", SYNTAX_GOOD, NULL, 0, false },
	{ "FROM:<root>", SYNTAX_GOOD, "root", 0, false },
	{ "FROM:<\"a b\"@c.d>", SYNTAX_GOOD, "\"a b\"@c.d", 0, false },
	{ "FROM:<\"a>b\"@c.d>", SYNTAX_GOOD, "\"a>b\"@c.d", 0, false },
	{ "FROM:<\"a\\\"@b\"@c.d>", SYNTAX_GOOD, "\"a\\\"@b\"@c.d", 0, false },
	{ "FROM:<@x,@y.z:a@b.c>", SYNTAX_GOOD, "a@b.c", 0, false },
	{ "FROM:<a@[127.0.0.1]>", SYNTAX_GOOD, "a@[127.0.0.1]", 0, false },
	{ "FROM:<a@[IPv6:::1]>", SYNTAX_GOOD, "a@[IPv6:::1]", 0, false },
	{ "FROM:<\303\251@b.c> SMTPUTF8", SYNTAX_GOOD, "\303\251@b.c", 0,
	  true },
	{ "FROM:<a@b.c> SIZE=100", SYNTAX_GOOD, "a@b.c", 100, false },
	{ "FROM:<a@b.c> size=4699", SYNTAX_GOOD, "a@b.c", 4699, false },
	{ "FROM:<a@b.c>  BODY=8BITMIME\tSIZE=1 ", SYNTAX_GOOD, "a@b.c", 1,
	  false },
	{ "FROM:<a@b.c> body=7bit RET=HDRS ENVID=x AUTH=<>", SYNTAX_GOOD,
	  "a@b.c", 0, false },
	{ "FROM:a@b.c SIZE=9", SYNTAX_GOOD, "a@b.c", 9, false },
	{ "", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "<a@b.c>", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM:", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "TO:<a@b.c>", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM:<a@b.c", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM:<a@b.c>x", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM:<a@b.c>,<d@e.f>", SYNTAX_BAD_FORM, NULL, 0, false },
	{ "FROM:<a b@c.d>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a@b.c,d@e.f>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a@b.c(x)>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<g:a@b.c;>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<@b.c>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a@>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a@b@c>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<\377@b.c> SMTPUTF8", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a\001@b.c>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<" LOCAL64 "l@b.c>", SYNTAX_BAD_PATH, NULL, 0, false },
	{ "FROM:<a@b.c> SIZE=-1", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> SIZE=", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> SIZE", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> SIZE=99999999999999999999", SYNTAX_GOOD, "a@b.c",
	  UINT64_MAX / 16, false },
	{ "FROM:<a@b.c> SIZE=100000000000000000000", SYNTAX_BAD_VALUE, NULL, 0,
	  false },
	{ "FROM:<a@b.c> SIZE=9x", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> SIZE=7 SIZE=7", SYNTAX_GOOD, "a@b.c", 7, false },
	{ "FROM:<a@b.c> SIZE=1 SIZE=2", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> BODY=FOO", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> BODY=BINARYMIME", SYNTAX_BAD_PARAM, NULL, 0, false },
	{ "FROM:<a@b.c> SMTPUTF8=1", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> RET=SOME", SYNTAX_BAD_VALUE, NULL, 0, false },
	{ "FROM:<a@b.c> FOO=BAR", SYNTAX_BAD_PARAM, NULL, 0, false },
	{ "FROM:<a@b.c> NOTIFY=NEVER", SYNTAX_BAD_PARAM, NULL, 0, false },
	{ "FROM:<a@b.c> =", SYNTAX_BAD_PARAM, NULL, 0, false },
	/* clang-format on */
};

static void
test_mail(void)
{
	enum syntax_fault fault;
	struct syntax_mail m;
	struct arena a;

	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		arena_init(&a, 65536);
		fault = syntax_mail(&a, str_of(mails[i].in), &m);
		T_CHECK(fault == mails[i].fault, "%s: %d", mails[i].in, fault);
		if (fault == SYNTAX_GOOD && mails[i].fault == fault) {
			T_CHECK((m.from == NULL) == (mails[i].from == NULL),
			    "%s: null", mails[i].in);
			T_CHECK(m.from == NULL ||
				str_eq(m.from->text, str_of(mails[i].from)),
			    "%s: %.*s", mails[i].in, STR_ARG(m.from->text));
			T_CHECK(m.size == mails[i].size, "%s: size",
			    mails[i].in);
			T_CHECK(m.utf8 == mails[i].utf8, "%s: utf8",
			    mails[i].in);
		}
		arena_release(&a);
	}
}

static const struct {
	const char *in;
	enum syntax_fault fault;
	const char *to;
	unsigned when;
} rcpts[] = {
	/* clang-format off */
	{ "TO:<a@b.c>", SYNTAX_GOOD, "a@b.c", 0 },
	{ "to: a@b.c", SYNTAX_GOOD, "a@b.c", 0 },
	{ "TO:<postmaster>", SYNTAX_GOOD, "postmaster", 0 },
	{ "TO:<" LOCAL64 "@b.c>", SYNTAX_GOOD, LOCAL64 "@b.c", 0 },
	{ "TO:<a@b.c> NOTIFY=NEVER ORCPT=rfc822;a@b.c", SYNTAX_GOOD, "a@b.c",
	  NOTIFY_NEVER },
	{ "TO:<a@b.c> notify=failure,DELAY", SYNTAX_GOOD, "a@b.c",
	  NOTIFY_FAILURE | NOTIFY_DELAY },
	{ "TO:<>", SYNTAX_BAD_PATH, NULL, 0 },
	{ "TO:Bob <b@test>", SYNTAX_BAD_PATH, NULL, 0 },
	{ "TO:g:b@test;", SYNTAX_BAD_PATH, NULL, 0 },
	{ "TO:<b@test>,<c@test>", SYNTAX_BAD_FORM, NULL, 0 },
	{ "FROM:<a@b.c>", SYNTAX_BAD_FORM, NULL, 0 },
	{ "TO:<a@b.c> NOTIFY", SYNTAX_BAD_VALUE, NULL, 0 },
	{ "TO:<a@b.c> NOTIFY=NEVER,DELAY", SYNTAX_BAD_VALUE, NULL, 0 },
	{ "TO:<a@b.c> NOTIFY=SOON", SYNTAX_BAD_VALUE, NULL, 0 },
	{ "TO:<a@b.c> ORCPT=a@b.c", SYNTAX_BAD_VALUE, NULL, 0 },
	{ "TO:<a@b.c> SIZE=1", SYNTAX_BAD_PARAM, NULL, 0 },
	/* clang-format on */
};

static void
test_rcpt(void)
{
	enum syntax_fault fault;
	struct syntax_rcpt r;
	struct arena a;

	for (size_t i = 0; i < sizeof(rcpts) / sizeof(*rcpts); i++) {
		arena_init(&a, 65536);
		fault = syntax_rcpt(&a, str_of(rcpts[i].in), &r);
		T_CHECK(fault == rcpts[i].fault, "%s: %d", rcpts[i].in, fault);
		if (fault == SYNTAX_GOOD && rcpts[i].fault == fault) {
			T_CHECK(str_eq(r.to->text, str_of(rcpts[i].to)),
			    "%s: %.*s", rcpts[i].in, STR_ARG(r.to->text));
			T_CHECK(r.to->notify.when == rcpts[i].when, "%s: %x",
			    rcpts[i].in, r.to->notify.when);
			T_CHECK(str_eq(r.to->notify.original,
				    str_from(str_of(rcpts[i].in),
					str_find(str_of(rcpts[i].in),
					    STR("rfc822;")))),
			    "%s: %.*s", rcpts[i].in,
			    STR_ARG(r.to->notify.original));
		}
		arena_release(&a);
	}
}

static const struct {
	const char *in;
	enum syntax_fault fault;
	uint64_t size;
	bool last;
} bdats[] = {
	/* clang-format off */
	{ "0", SYNTAX_GOOD, 0, false },
	{ "7 LAST", SYNTAX_GOOD, 7, true },
	{ "7  last", SYNTAX_GOOD, 7, true },
	{ "", SYNTAX_BAD_FORM, 0, false },
	{ "-1 LAST", SYNTAX_BAD_FORM, 0, false },
	{ "LAST", SYNTAX_BAD_FORM, 0, false },
	{ "1 LAST x", SYNTAX_BAD_FORM, 0, false },
	{ "1 2", SYNTAX_BAD_FORM, 0, false },
	{ "18446744073709551616", SYNTAX_BAD_FORM, 0, false },
	/* clang-format on */
};

static void
test_bdat(void)
{
	enum syntax_fault fault;
	uint64_t size;
	bool last;

	for (size_t i = 0; i < sizeof(bdats) / sizeof(*bdats); i++) {
		fault = syntax_bdat(str_of(bdats[i].in), &size, &last);
		T_CHECK(fault == bdats[i].fault, "\"%s\": %d", bdats[i].in,
		    fault);
		if (fault == SYNTAX_GOOD)
			T_CHECK(size == bdats[i].size && last == bdats[i].last,
			    "\"%s\"", bdats[i].in);
	}
}

static void
parse_both(void)
{
	struct syntax_mail m;
	struct syntax_rcpt r;
	struct arena a;
	enum syntax_fault fault;

	arena_init(&a, 65536);
	fault = syntax_mail(&a, STR("FROM:<\"a b\"@c.d> ENVID=x"), &m);
	T_CHECK(fault == SYNTAX_GOOD || fault == SYNTAX_NO_MEMORY, "%d", fault);
	fault = syntax_rcpt(&a, STR("TO:<a@c.d>"), &r);
	T_CHECK(fault == SYNTAX_GOOD || fault == SYNTAX_NO_MEMORY, "%d", fault);
	arena_release(&a);
}

static void
test_memory(void)
{
	t_each_allocation_fails(parse_both);
}

static const struct t_test tests[] = {
	{ "commands", test_commands },
	{ "MAIL", test_mail },
	{ "RCPT", test_rcpt },
	{ "BDAT", test_bdat },
	{ "each allocation fails", test_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
