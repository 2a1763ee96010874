/* SPDX-License-Identifier: MIT */
#include "mail/dsn.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mail/head.h"
#include "t.h"

enum { MOST = 8 * 1024 * 1024, HOSTILE = 1024 * 1024 };

#define ADDR(l, d, t)                                                          \
	{                                                                      \
		.local = STR_INIT(l), .domain = STR_INIT(d),                   \
		.text = STR_INIT(t)                                            \
	}

static const struct addr mailbox =
    ADDR("relay", "contoso.com", "relay@contoso.com");
static const struct addr sender = ADDR("app", "contoso.com", "app@contoso.com");
static const struct addr greek =
    ADDR("\xce\xb4", "\xcf\x80.example", "\xce\xb4@\xcf\x80.example");

static const struct str one[] = { STR_INIT("nobody@example.com") };
static const struct str utf8[] = { STR_INIT("a+b=\\c\xc3\xa9@example.com"),
	STR_INIT("\xf0\x9f\x93\xa7@example.com"), STR_INIT("x+y@example.com") };
static struct str many[25];
static const struct notify asked[] = {
	{ 0, STR_INIT("rfc822;a+2Bb@x.example") }, { 0, { NULL, 0 } }
};
static const struct str pair[] = { STR_INIT("ab@example.com"),
	STR_INIT("c@example.com") };

#define BASE(who)                                                              \
	.host = STR_INIT("host.example"), .from = &mailbox, .to = &(who),      \
	.message_id = STR_INIT("<2@contoso.com>"), .when = 1795469834,         \
	.arrived = 1795037834, .zone = 60

/* clang-format off */
static const struct {
	const char *golden;
	struct dsn d;
} rows[] = {
	{ "dsn/plain.want", { BASE(sender), .id = STR_INIT("6742F3A05C81B7E0"),
	  .recipient = one, .recipients = 1, .status = "5.1.1",
	  .code = STR_INIT("ErrorInvalidRecipients"),
	  .reason = STR_INIT("graph.microsoft.com answered 400: At least one "
	    "recipient isn't valid."),
	  .remedy = STR_INIT("Correct the address and send it again."),
	  .original_id = STR_INIT("<1@contoso.com>"),
	  .original = STR_INIT("From: app@contoso.com\nTo: nobody@example.com\n"
	    "Subject: a long\n\tsubject\nMessage-ID: <1@contoso.com>\n"
	    "\nthe body\n") } },
	{ "dsn/utf8.want", { BASE(greek), .recipient = utf8,
	  .recipients = 3, .status = "5.7.1",
	  .reason = STR_INIT("refus\xc3\xa9\x01"),
	  .original = STR_INIT("From: \xce\xb4@\xcf\x80.example\r\n"
	    "Subject: \xff \xc3\xa9\x1b[31m\r\n\r\nbody\r\n") } },
	{ "dsn/many.want", { BASE(sender), .recipient = many, .recipients = 25,
	  .status = "5.4.7", .reason = STR_INIT("tried for 5 days"),
	  .original = STR_INIT("Subject: no body") } },
	{ "dsn/relayed.want", { BASE(sender),
	  .id = STR_INIT("6742F3A05C81B7E0"),
	  .relayed = true, .recipient = pair, .notify = asked,
	  .recipients = 2, .status = "2.0.0",
	  .envelope_id = STR_INIT("QQ 1"),
	  .original = STR_INIT("Subject: x\r\n\r\nbody\r\n") } },
	{ "dsn/full.want", { BASE(sender), .recipient = pair, .notify = asked,
	  .recipients = 2, .status = "5.1.1", .reason = STR_INIT("refused"),
	  .full = true,
	  .original = STR_INIT("Subject: x\r\n\r\nbod\xc3\xa9\r\n") } },
	{ "dsn/toolong.want", { BASE(sender), .recipient = one,
	  .recipients = 1, .status = "5.1.1", .reason = STR_INIT("refused"),
	  .full = true, .original = STR_INIT("Subject: x\r\n\r\n\0\r\n") } },
	{ "dsn/empty.want", { BASE(sender), .recipient = one, .recipients = 1,
	  .status = "5.0.0", .original = STR_INIT("") } },
};
/* clang-format on */

static void
test_golden(void)
{
	struct dsn d;
	struct buf out;
	struct err e;

	for (size_t i = 0; i < 25; i++)
		many[i] = STR("p@example.com");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, MOST);
		d = rows[i].d;
		T_CHECK(dsn_write(&d, &out, &e), "%s: %s", rows[i].golden,
		    e.msg);
		command_golden(rows[i].golden, buf_view(&out));
		buf_release(&out);
	}
}

static const struct {
	enum err_kind kind;
	const char *code, *want;
} statuses[] = {
	{ ERR_REFUSED, "ErrorInvalidRecipients", "5.1.1" },
	{ ERR_REFUSED, "errormailrecipientnotfound", "5.1.1" },
	{ ERR_REFUSED, "ErrorMessageSizeExceeded", "5.2.3" },
	{ ERR_REFUSED, "ErrorExceededMaxRecipientLimit", "5.5.3" },
	{ ERR_AUTH, "ErrorSendAsDenied", "5.7.1" },
	{ ERR_REFUSED, "ErrorOfTomorrow", "5.7.1" },
	{ ERR_RETRY, "ErrorServerBusy", "5.4.7" },
	{ ERR_UNSURE, "", "5.4.7" },
	{ ERR_INPUT, "", "5.0.0" },
	{ ERR_INPUT, DSN_TOO_LARGE, "5.3.4" },
	{ ERR_BUG, "", "5.0.0" },
	{ ERR_NONE, "", "5.0.0" },
};

static void
test_status(void)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		const char *got =
		    dsn_status(statuses[i].kind, str_of(statuses[i].code));

		T_CHECK(strcmp(got, statuses[i].want) == 0, "row %zu: %s", i,
		    got);
	}
}

/* The report on a message of these bytes, again and again. */
static void
fill(char *p, size_t n, const char *pattern)
{
	size_t step = strlen(pattern);

	for (size_t i = 0; i < n; i++)
		p[i] = pattern[i % step];
}

/* No line too long for mail, no byte that a terminal or a parser minds. */
static void
check_lines(struct str s, const char *name)
{
	struct str line;

	while (str_next(&s, '\n', &line)) {
		T_CHECK(line.n <= HEAD_LINE_MAX + 1, "%s: %zu", name, line.n);
		T_CHECK(line.n == 0 || str_ends(line, STR("\r")), "%s", name);
		for (size_t i = 0; i + 1 < line.n; i++)
			T_CHECK((unsigned char)line.p[i] >= ' ' ||
				line.p[i] == '\t',
			    "%s: byte %d", name, line.p[i]);
	}
}

static const char *const hostile[] = { "Subject: x\n", "a", "A:\n", "\n",
	"X: \xff\xfe\n", "X:\r\n \r\n\t", "A: \x1b]0;\a\r", "From ", ":\n",
	"Content-Type: multipart/mixed; boundary=\"=_\"\n--=_00\n", " ", "\r",
	"A: \xe2\x80", "To: <a@b>, \n <c@d>,\n " };

static void
test_hostile(void)
{
	struct dsn d = rows[0].d;
	char *p = malloc(HOSTILE);
	struct str to[] = { { p, HOSTILE } };
	struct buf out;
	struct err e;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		fill(p, HOSTILE, hostile[i]);
		buf_init(&out, MOST);
		d.original = d.reason = d.remedy = d.host = d.id = d.code =
		    d.original_id = (struct str){ p, HOSTILE };
		d.recipient = to;
		T_CHECK(dsn_write(&d, &out, &e), "row %zu: %s", i, e.msg);
		T_CHECK(out.n < 2 * DSN_QUOTE_MOST + 32 * DSN_TEXT_MOST,
		    "row %zu: %zu bytes", i, out.n);
		check_lines(buf_view(&out), hostile[i]);
		buf_release(&out);
	}
	free(p);
}

/* One huge field does not hide the small ones behind it. */
static void
test_huge_field(void)
{
	static const char tail[] = "\nSubject: found\n\nthe text";
	struct dsn d = rows[0].d;
	char *p = malloc(DSN_QUOTE_MOST + 1000);
	struct buf out;
	struct err e;

	fill(p, DSN_QUOTE_MOST + 500, "To: x ");
	memcpy(p + DSN_QUOTE_MOST + 500, tail, sizeof(tail) - 1);
	d.original = (struct str){ p, DSN_QUOTE_MOST + 500 + sizeof(tail) - 1 };
	buf_init(&out, MOST);
	T_CHECK(dsn_write(&d, &out, &e), "%s", e.msg);
	T_CHECK(str_find(buf_view(&out), STR("Subject: found\r\n")) < out.n,
	    "subject");
	T_CHECK(str_find(buf_view(&out), STR("To: x To: x")) == out.n, "huge");
	T_CHECK(str_find(buf_view(&out), STR("A part of its header")) < out.n,
	    "said");
	T_CHECK(str_find(buf_view(&out), STR("the text")) == out.n, "body");
	buf_release(&out);
	free(p);
}

/* The largest envelope: 10,000 recipients in a megabyte. */
static void
test_full_envelope(void)
{
	enum { N = 10000, EACH = (1 << 20) / N };
	struct dsn d = rows[0].d;
	struct str *to = calloc(N, sizeof(*to));
	char address[EACH], reason[DSN_TEXT_MOST];
	struct buf out;
	struct err e;

	fill(address, sizeof(address), "a");
	fill(reason, sizeof(reason), "word ");
	for (size_t i = 0; i < N; i++)
		to[i] = (struct str){ address, sizeof(address) };
	d.recipient = to;
	d.recipients = N;
	d.reason = (struct str){ reason, sizeof(reason) };
	buf_init(&out, MOST);
	T_CHECK(dsn_write(&d, &out, &e), "%s", e.msg);
	T_CHECK(out.n > (1 << 20) && out.n < 2200000, "%zu bytes", out.n);
	buf_release(&out);
	free(to);
}

static void
test_limit(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, 500);
	buf_addz(&out, "before");
	T_CHECK(!dsn_write(&rows[0].d, &out, &e) && e.kind == ERR_INPUT,
	    "it fits");
	T_CHECK(str_eq(buf_view(&out), STR("before")), "out changed");
	buf_release(&out);
}

static size_t whole; /* bytes of what write_once writes */

static void
write_once(void)
{
	struct buf out;
	struct err e;
	bool ok;

	buf_init(&out, MOST);
	ok = dsn_write(&rows[1].d, &out, &e);
	T_CHECK(ok || e.kind == ERR_RETRY, "%s", e.msg);
	T_CHECK(out.n == (ok ? whole : 0), "%zu bytes", out.n);
	buf_release(&out);
}

static void
test_no_memory(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, MOST);
	T_CHECK(dsn_write(&rows[1].d, &out, &e), "%s", e.msg);
	whole = out.n;
	buf_release(&out);
	t_each_allocation_fails(write_once);
}

static const struct t_test tests[] = {
	{ "golden", test_golden },
	{ "status", test_status },
	{ "hostile", test_hostile },
	{ "huge field", test_huge_field },
	{ "full envelope", test_full_envelope },
	{ "limit", test_limit },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
