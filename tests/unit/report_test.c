/* SPDX-License-Identifier: MIT */
#include "mail/report.h"

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

#define HEAD                                                                   \
	"Subject: Undeliverable: x\r\nIn-Reply-To: <in@reply>\r\n"             \
	"Content-Type: multipart/report; report-type=delivery-status; "        \
	"boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
#define STATUS(fields)                                                         \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                 \
	"Reporting-MTA: dns;x.example\r\n\r\n" fields
#define FAILED(to, code)                                                       \
	"Final-Recipient: rfc822;" to "\r\nAction: failed\r\nStatus: " code    \
	"\r\nDiagnostic-Code: smtp;550 " code " no such\r\n one\r\n\r\n"
#define BACK                                                                   \
	"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <1@x>\r\n\r\n" \
	"hello\r\n"
#define END "--b--\r\n"

static const struct {
	const char *name, *text;
	bool ok;
	const char *id, *said; /* TO STATUS REASON, ... */
} rows[] = {
	{ "Exchange's", HEAD STATUS(FAILED("a@b", "5.1.10")) BACK END, true,
	    "<1@x>", "a@b 5.1.10 550 5.1.10 no such one, " },
	{ "header only",
	    HEAD STATUS(FAILED("a@b", "5.1.1")) "--b\r\nContent-Type: "
						"text/rfc822-headers\r\n\r\n"
						"Message-Id: <2@x>\r\n" END,
	    true, "<2@x>", "a@b 5.1.1 550 5.1.1 no such one, " },
	{ "nothing came back", HEAD STATUS(FAILED("a@b", "5.1.1")) END, true,
	    "<in@reply>", "a@b 5.1.1 550 5.1.1 no such one, " },
	{ "two, one delayed",
	    HEAD STATUS(FAILED("a@b",
		"5.1.1") "Final-Recipient: rfc822;c@d\r\nAction: delayed\r\n"
			 "Status: 4.4.7\r\n\r\n" FAILED("e@f", "5.2.2"))
		BACK END,
	    true, "<1@x>",
	    "e@f 5.2.2 550 5.2.2 no such one, "
	    "a@b 5.1.1 550 5.1.1 no such one, " },
	{ "no reason",
	    HEAD STATUS("Final-Recipient: rfc822; a@b\r\nAction: Failed\r\n"
			"Status: 5.0.0\r\n") BACK END,
	    true, "<1@x>", "a@b 5.0.0 , " },
	{ "no status part", HEAD BACK END, true, "<1@x>", "" },
	{ "cut", HEAD STATUS("Final-Recipient: rfc8"), true, "<in@reply>", "" },
	{ "ordinary mail", "Subject: x\r\n\r\nFinal-Recipient: x;a@b\r\n",
	    false, "", "" },
	{ "nothing", "", false, "", "" },
};

static void
test_rows(void)
{
	struct report r;
	struct arena mem;
	struct buf said;
	struct err e;
	bool ok;

	for (size_t i = 0; i < N(rows); i++) {
		arena_init(&mem, 1 << 20);
		buf_init(&said, 65536);
		ok = report_read(&mem, str_of(rows[i].text), &r, &e);
		T_CHECK(ok == rows[i].ok, "%s: %s", rows[i].name,
		    ok ? "read" : e.msg);
		for (struct report_rcpt *to = r.first; ok && to; to = to->next)
			buf_addf(&said, "%.*s %.*s %.*s, ", STR_ARG(to->to),
			    STR_ARG(to->status), STR_ARG(to->reason));
		T_CHECK(!ok || str_eq(r.message_id, str_of(rows[i].id)),
		    "%s: %.*s", rows[i].name, STR_ARG(r.message_id));
		T_CHECK(!ok || str_eq(buf_view(&said), str_of(rows[i].said)),
		    "%s: %.*s", rows[i].name, STR_ARG(buf_view(&said)));
		buf_release(&said);
		arena_release(&mem);
	}
}

/* Whatever allocation fails: all of it, or false. */
static void
read_one(void)
{
	struct report r;
	struct arena mem;
	struct err e;

	arena_init(&mem, 1 << 20);
	if (report_read(&mem, str_of(rows[0].text), &r, &e))
		T_CHECK(r.first != NULL && str_eq(r.message_id, STR("<1@x>")),
		    "%.*s", STR_ARG(r.message_id));
	arena_release(&mem);
}

static void
test_memory(void)
{
	t_each_allocation_fails(read_one);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "memory", test_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
