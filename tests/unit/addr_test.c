/* SPDX-License-Identifier: MIT */
#include "mail/addr.h"

#include "t.h"

#include "codec/utf8.h"

enum { MEMORY = 1 << 20 };

#define S(lit) STR_INIT(lit)

/* want: the list as addr_format shows it, '|' between the addresses. */
static const struct {
	const char *name;
	struct str in;
	bool bare;
	struct str want;
} accepted[] = {
	/* clang-format off */
	{ "empty", S(""), false, S("") },
	{ "blank", S(" \t"), false, S("") },
	{ "plain", S("a@b.example"), false, S("a@b.example") },
	{ "brackets", S("<a@b>"), false, S("a@b") },
	{ "name", S("John Doe <jd@b>"), false, S("John Doe <jd@b>") },
	{ "no blank before <", S("John<jd@b>"), false, S("John <jd@b>") },
	{ "quoted name", S("\"Doe, John\" <jd@b>"), false,
	  S("\"Doe, John\" <jd@b>") },
	{ "needless quotes", S("\"John Doe\" <jd@b>"), false,
	  S("John Doe <jd@b>") },
	{ "escapes in a name", S("\"Giant; \\\"Big\\\" Box\" <s@b>"), false,
	  S("\"Giant; \\\"Big\\\" Box\" <s@b>") },
	{ "dots in a name", S("John Q. Public <a@b>"), false,
	  S("\"John Q. Public\" <a@b>") },
	{ "initials", S("J.R.R. Tolkien <a@b>"), false,
	  S("\"J.R.R. Tolkien\" <a@b>") },
	{ "raw UTF-8 name", S("J\xc3\xbcrgen M\xc3\xbcller <a@b>"), false,
	  S("J\xc3\xbcrgen M\xc3\xbcller <a@b>") },
	{ "Latin 1 name", S("J\xfcrgen <a@b>"), false,
	  S("J\xef\xbf\xbdrgen <a@b>") },
	{ "encoded word", S("=?utf-8?Q?J=C3=BCrgen?= <a@b>"), false,
	  S("=?utf-8?Q?J=C3=BCrgen?= <a@b>") },
	{ "empty name", S("\"\" <a@b>"), false, S("a@b") },
	{ "address as name", S("a@b <a@b>"), false, S("\"a@b\" <a@b>") },
	{ "glued words", S("\"a\"\"b\" <c@d>"), false, S("a b <c@d>") },
	{ "tab in a name", S("\"a\tb\" <c@d>"), false, S("a b <c@d>") },
	{ "comment as name", S("a@b (John Doe)"), false,
	  S("John Doe <a@b>") },
	{ "comment as name, nested", S("a@b (John \\) (Jo) Doe)"), false,
	  S("\"John ) (Jo) Doe\" <a@b>") },
	{ "comment behind brackets", S("<a@b> (John)"), false,
	  S("John <a@b>") },
	{ "comment beside a name", S("Jo <a@b> (my friend)"), false,
	  S("Jo <a@b>") },
	{ "two comments", S("a@b (x)(y)"), false, S("a@b") },
	{ "comment before", S("(x) a@b"), false, S("a@b") },
	{ "comment in the domain", S("a@b(x).c"), false, S("a@b.c") },
	{ "comment behind a final dot", S("a@b.(x)"), false, S("x <a@b>") },
	{ "comment behind a bare name", S("root (Admin)"), true,
	  S("Admin <root>") },
	{ "comments everywhere",
	  S("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
	  false, S("Pete <pete@silly.test>") },
	{ "fold", S("John\r\n Doe\r\n\t<a@b>"), false, S("John Doe <a@b>") },
	{ "fold with LF", S("John\n Doe <a@b>"), false, S("John Doe <a@b>") },
	{ "fold in quotes", S("\"John\r\n Doe\" <a@b>"), false,
	  S("John Doe <a@b>") },
	{ "two", S("a@b,c@d"), false, S("a@b|c@d") },
	{ "blanks", S(" a@b , c@d "), false, S("a@b|c@d") },
	{ "empty elements", S(",a@b,, (x) ,c@d,"), false, S("a@b|c@d") },
	{ "semicolons", S("a@b; C <c@d>;"), false, S("a@b|C <c@d>") },
	{ "group", S("A Group:Ed <e@x>,j@y;"), false, S("Ed <e@x>|j@y") },
	{ "empty group", S("Undisclosed recipients:;"), false, S("") },
	{ "group and more", S("g:a@b;, c@d"), false, S("a@b|c@d") },
	{ "group without comma behind", S("g:a@b; c@d"), false,
	  S("a@b|c@d") },
	{ "two groups", S("g:a@b;h:c@d;"), false, S("a@b|c@d") },
	{ "route", S("Mary <@node.test:mary@e.net>"), false,
	  S("Mary <mary@e.net>") },
	{ "route of two", S("<@a,@b:c@d>"), false, S("c@d") },
	{ "route with holes", S("<,@a,, @b (x) : c@d>"), false, S("c@d") },
	{ "obsolete blanks", S("1234 @ local(blah) .machine .example"),
	  false, S("1234@local.machine.example") },
	{ "obsolete local part", S("\"first\".middle . \"l\"@b"), false,
	  S("first.middle.l@b") },
	{ "quotes that stay", S("\"a b\"@c"), false, S("\"a b\"@c") },
	{ "quotes that go", S("\"a\\b\"@c"), false, S("ab@c") },
	{ "escape that stays", S("\"a\\\\\"@c"), false, S("\"a\\\\\"@c") },
	{ "escaped quote", S("\"a\\\"b\"@c"), false, S("\"a\\\"b\"@c") },
	{ "quoted @", S("\"a@b\"@c"), false, S("\"a@b\"@c") },
	{ "empty local part", S("\"\"@c"), false, S("\"\"@c") },
	{ "two dots", S("a..b@docomo.example"), false,
	  S("\"a..b\"@docomo.example") },
	{ "dot at the end", S("ab.@docomo.example"), false,
	  S("\"ab.\"@docomo.example") },
	{ "final dot of the domain", S("a@b.example."), false,
	  S("a@b.example") },
	{ "underscore", S("a@my_host.example"), false,
	  S("a@my_host.example") },
	{ "UTF-8 address", S("\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.cn"),
	  false, S("\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.cn") },
	{ "IPv4 literal", S("a@[192.0.2.1]"), false, S("a@[192.0.2.1]") },
	{ "IPv6 literal", S("a@[ IPv6:2001:db8::1 ] (x)"), false,
	  S("x <a@[IPv6:2001:db8::1]>") },
	{ "bare", S("root"), true, S("root") },
	{ "bare in brackets", S("Admin <root>, a@b"), true,
	  S("Admin <root>|a@b") },
	{ "bare with dots", S("\"a b\".c"), true, S("\"a b.c\"") },
	{ "atom of all marks", S("!#$%&'*+-/=?^_`{|}~@b"), false,
	  S("!#$%&'*+-/=?^_`{|}~@b") },
	{ "64 of 64 bytes",
	  S("0123456789012345678901234567890123456789012345678901234567890123"
	    "@b"), false,
	  S("0123456789012345678901234567890123456789012345678901234567890123"
	    "@b") },
	/* clang-format on */
};

/* want: a piece of the error text. */
static const struct {
	const char *name;
	struct str in;
	bool bare;
	const char *want;
} refused[] = {
	/* clang-format off */
	{ "second @", S("a@b@c"), false, "\"a@b@c\": a second @" },
	{ "names the part", S("x@y, a@b@c, z@w"), false, "\"a@b@c\":" },
	{ "no @", S("root"), false, "\"root\": no @" },
	{ "no @, several", S("a@b, root, c@d"), false, "\"root\": no @" },
	{ "two words", S("John Doe"), true, "no @" },
	{ "two words in brackets", S("<John Doe>"), true, "no @" },
	{ "quoted nothing", S("\"\""), true, "no @" },
	{ "empty brackets", S("<>"), false, "an empty address" },
	{ "empty brackets, bare", S("a <>"), true, "an empty address" },
	{ "missing comma", S("a@b c@d"), false, "is a comma missing?" },
	{ "no local part", S("@b"), false, "nothing before the @" },
	{ "no local part behind a name", S("x <@b>"), false,
	  "nothing before the @" },
	{ "no domain", S("a@"), false, "nothing behind the @" },
	{ "no domain in brackets", S("<a@>"), false, "nothing behind the @" },
	{ "blank within", S("hello world@b"), false, "a blank or a comment" },
	{ "quote within", S("te\"s\"t@b"), false, "needs a dot beside it" },
	{ "leading dot", S(".a@b"), false, "begins with a dot" },
	{ "leading dot of the domain", S("a@.b"), false,
	  "the domain begins with a dot" },
	{ "two dots in the domain", S("a@b..c"), false, "two dots" },
	{ "two dots at its end", S("a@b.."), false, "two dots" },
	{ "hyphen first", S("a@-b.c"), false, "a hyphen" },
	{ "hyphen last", S("a@b-.c"), false, "a hyphen" },
	{ "apostrophes around", S("'a@b' <a@b>"), false,
	  "''' is out of place" },
	{ "slash in the domain", S("a@b/c"), false, "'/' is out of place" },
	{ "open quote", S("\"a@b"), false, "a quote is not closed" },
	{ "open comment", S("(a@b"), false, "a comment is not closed" },
	{ "open bracket", S("x <a@b"), false, "no > at its end" },
	{ "open literal", S("a@[1.2.3.4"), false, "a [ is not closed" },
	{ "no address in a literal", S("a@[example]"), false,
	  "no IP address" },
	{ "closed twice", S("<a@b>>"), false, "a > without a <" },
	{ "two brackets", S("x <a@b> <c@d>"), false, "a < too many" },
	{ "parenthesis", S("a)@b"), false, "a ) without a (" },
	{ "backslash", S("a\\@b@c"), false, "a backslash outside" },
	{ "square bracket", S("[a]@b"), false, "a [ outside of a domain" },
	{ "line end", S("a@b\r\nBcc: c@d"), false, "a line end" },
	{ "line end at the end", S("a@b\n"), false, "a line end" },
	{ "line end in quotes", S("\"a\nb\"@c"), false, "a line end" },
	{ "escaped line end", S("\"a\\\nb\"@c"), false, "a line end" },
	{ "line end in a name", S("\"a\nb\" <c@d>"), false, "a line end" },
	{ "line end in a comment", S("a@b (x\ny)"), false, "a line end" },
	{ "NUL", S("a\0b@c"), false, "control character 0x00" },
	{ "NUL in a name", S("\"a\0b\" <c@d>"), false,
	  "control character 0x00" },
	{ "escape", S("\"\033[2J\" <c@d>"), false, "control character 0x1b" },
	{ "DEL", S("a@b\177"), false, "control character 0x7f" },
	{ "tab in a local part", S("\"a\tb\"@c"), false, "a tab in" },
	{ "escaped tab in a local part", S("\"a\\\tb\"@c"), false,
	  "a tab in" },
	{ "Latin 1 local part", S("J\xfcrgen@b"), false, "not UTF-8" },
	{ "Latin 1 bare name", S("J\xfcrgen"), true, "not UTF-8" },
	{ "Latin 1 domain", S("a@b\xfc"), false, "not UTF-8" },
	{ "CSI of a terminal", S("a\xc2\x9b" "2J@b"), false, "not UTF-8" },
	{ "the same in quotes", S("\"a\xc2\x9b" "2J\"@b"), false,
	  "not UTF-8" },
	{ "the same in a domain", S("a@b\xc2\x80"), false, "not UTF-8" },
	{ "URL", S("mailto:a@b"), false, "\"mailto:a@b\": a group without" },
	{ "group in a group", S("g:h:a@b;;"), false, "within a group" },
	{ "group without name", S(":a@b;"), false, "a : out of place" },
	{ "route without end", S("<@a,@b>"), false, "nothing before the @" },
	{ "65 bytes",
	  S("01234567890123456789012345678901234567890123456789012345678901234"
	    "@b"), false, "longer than 64" },
	{ "63 bytes and quotes",
	  S("\"01234567890123456789012345678901234567890123456789012345678901 "
	    "\"@b"), false, "longer than 64" },
	{ "label of 64",
	  S("a@0123456789012345678901234567890123456789012345678901234567890123"
	  ), false, "longer than 63" },
	/* clang-format on */
};

static void
show(struct buf *out, const struct addr *list)
{
	buf_reset(out);
	for (const struct addr *x = list; x != NULL; x = x->next) {
		if (x != list)
			buf_addc(out, '|');
		addr_format(out, x);
	}
}

static void
test_accepted(void)
{
	struct arena a;
	struct buf got;
	struct addr *list;
	struct err e;
	bool ok;

	buf_init(&got, MEMORY);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		arena_init(&a, MEMORY);
		ok = addr_parse_list(&a, accepted[i].in, accepted[i].bare,
		    &list, &e);
		T_CHECK(ok, "%s: %s", accepted[i].name, e.msg);
		show(&got, ok ? list : NULL);
		T_CHECK(str_eq(buf_view(&got), accepted[i].want),
		    "%s: got %.*s", accepted[i].name, STR_ARG(buf_view(&got)));
		arena_release(&a);
	}
	buf_release(&got);
}

/* What we write is read as the same address. */
static void
test_written(void)
{
	struct addr *list, *again;
	struct arena a;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		arena_init(&a, MEMORY);
		T_CHECK(addr_parse_list(&a, accepted[i].in, accepted[i].bare,
			    &list, &e),
		    "%s: %s", accepted[i].name, e.msg);
		for (; list != NULL; list = list->next)
			T_CHECK(addr_parse(&a, list->text, accepted[i].bare,
				    &again, &e) &&
				str_eq(again->local, list->local) &&
				str_eq(again->domain, list->domain) &&
				str_eq(again->text, list->text),
			    "%s: %.*s: %s", accepted[i].name,
			    STR_ARG(list->text), e.msg);
		arena_release(&a);
	}
}

static void
test_refused(void)
{
	struct arena a;
	struct addr *list;
	struct err e;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		arena_init(&a, MEMORY);
		list = (struct addr *)&a;
		T_CHECK(!addr_parse_list(&a, refused[i].in, refused[i].bare,
			    &list, &e),
		    "%s", refused[i].name);
		T_CHECK(list == NULL && e.kind == ERR_INPUT, "%s: kind %d",
		    refused[i].name, e.kind);
		T_CHECK(str_find(str_of(e.msg), str_of(refused[i].want)) <
			str_of(e.msg).n,
		    "%s: %s", refused[i].name, e.msg);
		arena_release(&a);
	}
}

/* Whatever the input is cut to, nothing crashes and errors say something. */
static void
test_every_length(void)
{
	struct arena a;
	struct addr *list;
	struct err e;

	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++)
		for (size_t n = 0; n < accepted[i].in.n; n++) {
			arena_init(&a, MEMORY);
			e.msg[0] = '\0';
			T_CHECK(addr_parse_list(&a,
				    str_first(accepted[i].in, n), true, &list,
				    &e) ||
				e.msg[0] != '\0',
			    "%s, %zu bytes", accepted[i].name, n);
			arena_release(&a);
		}
}

static void
test_fields(void)
{
	struct arena a;
	struct addr *x;
	struct err e;

	arena_init(&a, MEMORY);
	T_CHECK(addr_parse(&a, STR("My Group: \"J. D\" <\"j d\"@B.example.>;"),
		    false, &x, &e),
	    "%s", e.msg);
	T_CHECK(str_eq(x->name, STR("J. D")), "%.*s", STR_ARG(x->name));
	T_CHECK(str_eq(x->local, STR("j d")), "%.*s", STR_ARG(x->local));
	T_CHECK(str_eq(x->domain, STR("B.example")), "%.*s",
	    STR_ARG(x->domain));
	T_CHECK(str_eq(x->text, STR("\"j d\"@B.example")), "%.*s",
	    STR_ARG(x->text));
	T_CHECK(x->grouped, "in its group");
	T_CHECK(addr_parse(&a, STR("root"), true, &x, &e), "%s", e.msg);
	T_CHECK(x->domain.n == 0 && !x->grouped && x->name.n == 0, "bare");
	T_CHECK(!addr_parse(&a, STR("a@b, c@d"), false, &x, &e) && x == NULL,
	    "two");
	T_CHECK(str_find(str_of(e.msg), STR("not several")) < str_of(e.msg).n,
	    "%s", e.msg);
	T_CHECK(!addr_parse(&a, STR("g:;"), false, &x, &e), "none");
	T_CHECK(!addr_parse(&a, STR("Doe, John <j@d>"), false, &x, &e),
	    "comma");
	T_CHECK(str_find(str_of(e.remedy), STR("quotes")) < str_of(e.remedy).n,
	    "%s", e.remedy);
	arena_release(&a);
}

static const struct {
	const char *a, *b;
	bool want;
} pairs[] = {
	{ "a@b.example", "A@B.EXAMPLE", true }, { "\"a\"@b", "a@b", true },
	{ "Name <a@b>", "a@b", true }, { "a@b", "a@b.", true },
	{ "a@b", "ab@b", false }, { "a@b", "a@bc", false },
	{ "root", "root", true }, { "root", "root@b", false },
	{ "\xc3\xa4@b", "\xc3\x84@b", false }, /* no Unicode case */
};

static void
test_same(void)
{
	struct addr *a, *b;
	struct arena mem;
	struct err e;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		arena_init(&mem, MEMORY);
		T_CHECK(addr_parse(&mem, str_of(pairs[i].a), true, &a, &e) &&
			addr_parse(&mem, str_of(pairs[i].b), true, &b, &e),
		    "%s", e.msg);
		T_CHECK(addr_same(a, b) == pairs[i].want, "%s, %s", pairs[i].a,
		    pairs[i].b);
		T_CHECK(addr_same(b, a) == pairs[i].want, "%s, %s", pairs[i].b,
		    pairs[i].a);
		arena_release(&mem);
	}
}

/* RFC 5321 4.5.3.1 and around: 254 bytes pass, 255 do not. */
static void
test_longest(void)
{
	struct arena a;
	struct addr *x;
	struct err e;
	struct buf in;

	arena_init(&a, MEMORY);
	buf_init(&in, MEMORY);
	buf_addz(&in, "a@");
	while (in.n < 254)
		buf_addc(&in, in.n % 2 == 0 ? 'x' : '.');
	buf_rewind(&in, 253);
	buf_addc(&in, 'x');
	T_CHECK(addr_parse(&a, buf_view(&in), false, &x, &e), "%s", e.msg);
	buf_addc(&in, 'x');
	T_CHECK(!addr_parse(&a, buf_view(&in), false, &x, &e), "255 bytes");
	buf_reset(&in);
	for (size_t i = 0; i < 65; i++)
		buf_addc(&in, '(');
	T_CHECK(!addr_parse(&a, buf_view(&in), false, &x, &e), "depth 65");
	T_CHECK(str_find(str_of(e.msg), STR("too deeply")) < str_of(e.msg).n,
	    "%s", e.msg);
	buf_release(&in);
	arena_release(&a);
}

/* Memory stays proportional: no list is copied for each of its members. */
static void
test_ten_thousand(void)
{
	enum { MANY = 10000, MOST_EACH = 400 };
	struct addr *list;
	struct arena a;
	struct buf in;
	struct err e;
	size_t n = 0;

	arena_init(&a, (size_t)MANY * MOST_EACH);
	buf_init(&in, MEMORY);
	for (size_t i = 0; i < MANY; i++)
		buf_addf(&in, "Recipient %zu <user.%zu@example.com>, ", i, i);
	T_CHECK(addr_parse_list(&a, buf_view(&in), false, &list, &e), "%s",
	    e.msg);
	for (const struct addr *x = list; x != NULL; x = x->next)
		n++;
	T_CHECK(n == MANY, "%zu", n);
	arena_release(&a);
	arena_init(&a, 1000);
	T_CHECK(!addr_parse_list(&a, buf_view(&in), false, &list, &e) &&
		e.kind == ERR_INPUT && list == NULL,
	    "a full arena");
	arena_release(&a);
	buf_release(&in);
}

static void
scenario(void)
{
	struct str in = STR("g:\"a, b\" <\"c d\"@e.f>, x@[1.2.3.4] (n); y@z, ");
	struct addr *list;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	if (!addr_parse_list(&a, in, false, &list, &e))
		T_CHECK(e.kind == ERR_RETRY && list == NULL, "%s", e.msg);
	arena_release(&a);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(scenario);
}

/* Undoes the corpus' escapes (those of Python). */
static struct str
unescape(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			p[n++] = s.p[i];
			continue;
		}
		switch (s.p[++i]) {
		case 'r':
			p[n++] = '\r';
			break;
		case 'n':
			p[n++] = '\n';
			break;
		case 't':
			p[n++] = '\t';
			break;
		case 'x':
			p[n++] = (char)(ascii_hex(s.p[i + 1]) * 16 +
			    ascii_hex(s.p[i + 2]));
			i += 2;
			break;
		default:
			p[n++] = s.p[i];
			break;
		}
	}
	return (struct str){ p, n };
}

/*
 * Where we differ from the corpus' verdicts, all of them. Apart from these,
 * its category ISEMAIL_RFC5322 (by the letter of RFC 5322 alone: too long, a
 * literal that is no IP address, a slash in a domain) is refused, as its
 * errors are, and all other categories are accepted.
 */
static const struct {
	const char *diagnosis;
	const char *address; /* as the corpus writes it; NULL: all of them */
	const char *why;
} differences[] = {
	/* clang-format off */
	{ "ISEMAIL_ERR_DOT_END", NULL,
	  "a final dot of the domain is dropped, of the local part quoted" },
	{ "ISEMAIL_ERR_CONSECUTIVEDOTS", "first..last@iana.org",
	  "in use in Japan; sent in quotes" },
	{ "ISEMAIL_ERR_CONSECUTIVEDOTS", "two..dot@iana.org", "the same" },
	{ "ISEMAIL_ERR_CONSECUTIVEDOTS", "test..test@iana.org", "the same" },
	{ "ISEMAIL_ERR_CONSECUTIVEDOTS", "wo..oly@iana.org", "the same" },
	{ "ISEMAIL_DEPREC_QP", NULL, "control characters are refused" },
	{ "ISEMAIL_DEPREC_QTEXT", NULL, "control characters are refused" },
	{ "ISEMAIL_DEPREC_CTEXT", NULL, "control characters are refused" },
	{ "ISEMAIL_RFC5322_LOCAL_TOOLONG",
	  "\"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz "
	  "abcdefg\\\\h\"@iana.org",
	  "64 bytes as it is sent: without a needless backslash" },
	{ "ISEMAIL_ERR_EXPECTING_QPAIR", "\"test\\\\\\xc2\\xa9\"@iana.org",
	  "RFC 6532 allows UTF-8" },
	/* clang-format on */
};

static bool
differs(struct str diagnosis, struct str address)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++)
		if (str_eq(diagnosis, str_of(differences[i].diagnosis)) &&
		    (differences[i].address == NULL ||
			str_eq(address, str_of(differences[i].address))))
			return true;
	return false;
}

/* A line: id, address, category, diagnosis, comment. */
static void
check_isemail(struct str line)
{
	struct str field[4] = { { 0 } };
	struct addr *x;
	struct arena a;
	struct err e;
	bool want, ok;

	for (size_t i = 0; i < 4; i++)
		if (!str_next(&line, '\t', &field[i]))
			return;
	want = !str_eq(field[2], STR("ISEMAIL_ERR")) &&
	    !str_eq(field[2], STR("ISEMAIL_RFC5322"));
	if (differs(field[3], field[1]))
		want = !want;
	arena_init(&a, MEMORY);
	ok = addr_parse(&a, unescape(&a, field[1]), false, &x, &e);
	T_CHECK(ok == want, "%.*s %.*s %.*s: %s", STR_ARG(field[0]),
	    STR_ARG(field[1]), STR_ARG(field[3]), ok ? "accepted" : e.msg);
	arena_release(&a);
}

/* Reads a corpus file by lines; false: the corpora are not here. */
static bool
each_line(const char *name, void (*f)(struct str line))
{
	const char *shared = t_shared();
	struct str rest, line;
	struct buf path, file;

	if (shared == NULL) {
		t_skip("no shared folder");
		return false;
	}
	buf_init(&path, 4096);
	buf_init(&file, MEMORY);
	buf_addf(&path, "%s/corpora/%s", shared, name);
	t_read_file(path.p, &file);
	rest = buf_view(&file);
	while (str_next(&rest, '\n', &line))
		f(line);
	buf_release(&path);
	buf_release(&file);
	return true;
}

static void
skip_header(struct str line)
{
	if (!str_starts(line, STR("id\t")))
		check_isemail(line);
}

static void
test_isemail(void)
{
	if (each_line("address-isemail/tests.tsv", skip_header))
		each_line("address-isemail/tests-original.tsv", skip_header);
}

/* RFC 5322 appendix A: all of it is accepted. */
static void
check_appendix(struct str line)
{
	struct arena a;
	struct addr *list;
	struct err e;

	if (line.n == 0 || line.p[0] == '#')
		return;
	arena_init(&a, MEMORY);
	T_CHECK(addr_parse_list(&a, str_from(line, str_chr(line, ':') + 1),
		    false, &list, &e),
	    "%.*s: %s", STR_ARG(line), e.msg);
	arena_release(&a);
}

/* Postfix's token tests: only that an error says something. */
static void
check_token(struct str line)
{
	struct arena a;
	struct addr *list;
	struct err e = { 0 };

	arena_init(&a, MEMORY);
	T_CHECK(addr_parse_list(&a, line, true, &list, &e) || e.msg[0] != '\0',
	    "%.*s", STR_ARG(line));
	arena_release(&a);
}

static void
test_postfix(void)
{
	if (each_line("address-postfix/rfc5322-appendix-a.txt", check_appendix))
		each_line("address-postfix/tok822_parse.in", check_token);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "accepted", test_accepted },
		{ "written and read again", test_written },
		{ "refused", test_refused },
		{ "every length", test_every_length },
		{ "fields", test_fields },
		{ "same", test_same },
		{ "longest", test_longest },
		{ "ten thousand", test_ten_thousand },
		{ "allocations", test_allocations },
		{ "isemail corpus", test_isemail },
		{ "postfix corpus", test_postfix },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
