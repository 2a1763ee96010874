/* SPDX-License-Identifier: MIT */
#include "command/queue/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "command/queue/table.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static struct str one[] = { STR_INIT("a@example.org") };
static struct str three[] = { STR_INIT("a@example.org"),
	STR_INIT("b@example.org"), STR_INIT("c@example.org") };

static const struct claim rows[] = {
	{
	    .id = "6742F3A05C81B7E0",
	    .where = SPOOL_NEW,
	    .envelope = { .account = STR_INIT("default"),
		.sender = STR_INIT("app@example.com"),
		.recipient = one,
		.recipients = 1,
		.arrived = 1795469834,
		.message_id = STR_INIT("<1@example.com>") },
	    .body = { .size = 250 },
	},
	{
	    .id = "6742F3A15C81B7E1",
	    .where = SPOOL_WORK,
	    .busy = true,
	    .envelope = { .account = STR_INIT("reports"),
		.recipient = three,
		.recipients = 3,
		.arrived = 1796045834,
		.client = STR_INIT("sendmail uid=0"),
		.options = STR_INIT("via=mime") },
	    .state = { .sequence = 2,
		.attempts = 2,
		.next = 1796045900,
		.done = 1,
		.unsure_since = 1796045890,
		.unsure_times = 1,
		.draft = STR_INIT("AAMk"),
		.request = STR_INIT("9b1d"),
		.kind = ERR_RETRY,
		.code = STR_INIT("ErrorServerBusy"),
		.reason = STR_INIT("graph.microsoft.com answered 503") },
	    .body = { .size = 123456789 },
	},
	{
	    .id = "6742F3A25C81B7E2",
	    .where = SPOOL_HOLD,
	    .envelope = { .sender = STR_INIT("\303\266@example.com"),
		.recipient = one,
		.recipients = 1,
		.arrived = 1794265834 },
	    .state = { .attempts = 1,
		.reason = STR_INIT("a reason that is longer than the line on "
				   "which Postfix lets it end, and has \"\\") },
	    .body = { .size = 1 },
	},
	{
	    .id = "6742F3A2FFFFFFFF",
	    .where = SPOOL_WORK, /* its worker died */
	    .envelope = { .sender = STR_INIT("app@example.com"),
		.recipient = one,
		.recipients = 1,
		.arrived = 1794265834 },
	    .state = { .attempts = 1, .unsure_since = 1796045890 },
	    .body = { .size = 1 },
	},
	{
	    .id = "6742F3A35C81B7E3",
	    .where = SPOOL_DEAD,
	    .envelope = { .sender = STR_INIT("app@example.com"),
		.recipient = one,
		.recipients = 1,
		.arrived = 1794265834 },
	},
};

static const struct mailbox throttled = { .name = "app@example.com",
	.throttled = 1796045900,
	.code = "HTTP 429",
	.reason = "sendMail for app@example.com: HTTP 429" };

/* As wait.h says it of each: with its mailbox, active, on hold, due, dead. */
static const struct queue_wait waits[] = {
	{ 1796045900, STR_INIT("sendMail for app@example.com: HTTP 429"),
	    STR_INIT("Nothing: it goes by itself."),
	    "post365 queue retry --all --force", &throttled, "1" },
	{ 0, STR_INIT("graph.microsoft.com answered 503"), { 0 }, "", NULL,
	    NULL },
	{ 0,
	    STR_INIT("a reason that is longer than the line on "
		     "which Postfix lets it end, and has \"\\"),
	    { 0 }, "post365 queue release 6742F3A25C81B7E2", NULL, NULL },
	{ 0, { 0 }, { 0 }, "", NULL, NULL },
	{ 0, { 0 }, { 0 }, "post365 queue retry 6742F3A35C81B7E3", NULL, NULL },
};

static void
test_golden(void)
{
	struct queue_total t = { 0 };
	struct buf json, show, mailq;
	struct err e = { 0 };

	(void)setenv("TZ", "XXX-1", 1);
	tzset();
	buf_init(&json, 65536);
	buf_init(&show, 65536);
	buf_init(&mailq, 65536);
	for (size_t i = 0; i < N(rows); i++) {
		T_CHECK(queue_text_json(&json, &rows[i], &waits[i], &e), "%s",
		    e.msg);
		queue_text_show(&show, &rows[i], &waits[i]);
		if (rows[i].where != SPOOL_DEAD)
			queue_text_mailq(&mailq, &t, &rows[i], &waits[i]);
	}
	queue_text_mailq_end(&mailq, &t);
	command_golden("queue/json.want", buf_view(&json));
	command_golden("queue/show.want", buf_view(&show));
	command_golden("queue/mailq.want", buf_view(&mailq));
	buf_release(&json);
	buf_release(&show);
	buf_release(&mailq);
}

/* What the table adds to those: many, a size, a time, its own failure. */
static struct str longest[] = {
	STR_INIT("the.whole.operations.team@subsidiary.example.org"),
	STR_INIT("b@example.org"),
};
static const struct claim more_rows[] = {
	{ .id = "6742F3A45C81B7E4",
	    .where = SPOOL_NEW,
	    .envelope = { .sender = STR_INIT("app@example.com"),
		.recipient = longest,
		.recipients = 2,
		.subject = STR_INIT("St\303\266rung \342\234\223 of the "
				    "whole northern site"),
		.arrived = 1796045720 },
	    .state = { .attempts = 12,
		.next = 1796053000,
		.kind = ERR_RETRY,
		.code = STR_INIT("ErrorServerBusy"),
		.reason = STR_INIT("sendMail for app@example.com: "
				   "ErrorServerBusy, HTTP 503: Busy. "
				   "(request-id be4cd2af, client-request-id "
				   "8b4013cd, 2026-11-29T20:08:53)") },
	    .body = { .size = 41053258 } },
	{ .id = "6742F3A55C81B7E5",
	    .where = SPOOL_NEW,
	    .envelope = { .recipient = one,
		.recipients = 1,
		.arrived = 1796045844 },
	    .state = { .kind = ERR_RETRY,
		.reason = STR_INIT("connect to graph.microsoft.com: "
				   "refused") },
	    .body = { .size = 1249 } },
	{ .id = "6742F3A65C81B7E6",
	    .where = SPOOL_NEW,
	    .envelope = { .sender = STR_INIT("app@example.com"),
		.recipient = one,
		.recipients = 1,
		.arrived = 1796045844 },
	    .body = { .size = 999 } },
};
static const struct mailbox closed = { .name = "billing@example.com",
	.since = 1796045800,
	.failures = 1,
	.next = 1796130000,
	.kind = "auth",
	.code = "ErrorAccessDenied" };
static const struct queue_wait more_waits[] = {
	{ 1796053000,
	    STR_INIT("sendMail for app@example.com: ErrorServerBusy, HTTP "
		     "503: Busy. (request-id be4cd2af, client-request-id "
		     "8b4013cd, 2026-11-29T20:08:53)"),
	    { 0 }, "post365 queue retry 6742F3A45C81B7E4", NULL, NULL },
	{ 0, STR_INIT("connect to graph.microsoft.com: refused"), { 0 }, "",
	    NULL, NULL },
	{ 1796130000, { 0 }, { 0 }, "post365 queue retry --all", &closed, "2" },
};

static void
test_table(void)
{
	static const struct {
		size_t width, unique;
		bool subject;
		const char *want;
	} screens[] = {
		{ 80, 9, false, "queue/list80.want" },
		{ 80, 9, true, "queue/list80subject.want" },
		{ 40, 9, true, "queue/list40.want" },
		{ 120, 5, true, "queue/list120.want" },
		{ 0, 9, false, "queue/list.want" },
	};
	struct buf out;

	(void)setenv("TZ", "XXX-1", 1);
	tzset();
	for (size_t k = 0; k < N(screens); k++) {
		struct queue_table t = { .width = screens[k].width,
			.now = 1796045845,
			.subject = screens[k].subject,
			.out = &out };

		buf_init(&out, 65536);
		for (size_t i = 0; i < N(rows); i++)
			queue_table_row(&t, &rows[i], &waits[i],
			    screens[k].unique);
		for (size_t i = 0; i < N(more_rows); i++)
			queue_table_row(&t, &more_rows[i], &more_waits[i],
			    screens[k].unique);
		queue_table_end(&t, N(rows) + N(more_rows),
		    N(rows) + N(more_rows));
		command_golden(screens[k].want, buf_view(&out));
		buf_release(&out);
	}
}

/* Three digits at most, and nothing that steers a terminal. */
static void
test_cells(void)
{
	static const struct {
		uint64_t size;
		const char *want;
	} sizes[] = { { 0, "    0 " }, { 999, "  999 " }, { 1000, " 1.0k " },
		{ 9949, " 9.9k " }, { 9950, "  10k " }, { 999499, " 999k " },
		{ 999500, " 1.0M " }, { 9949999, " 9.9M " },
		{ 9950000, " 10M " } };
	struct claim c = rows[0];
	struct buf out;

	c.envelope.subject = STR("a\x7f"
				 "b\x1b");
	for (size_t i = 0; i < N(sizes); i++) {
		struct queue_table t = { .width = 120,
			.now = 1796045845,
			.subject = true,
			.out = &out };

		buf_init(&out, 65536);
		c.body.size = sizes[i].size;
		queue_table_row(&t, &c, &waits[3], 9);
		T_CHECK(str_find(buf_view(&out), str_of(sizes[i].want)) < out.n,
		    "%s: %s", sizes[i].want, out.p);
		T_CHECK(str_find(buf_view(&out), STR(" a?b?")) < out.n, "%s",
		    out.p);
		buf_release(&out);
	}
}

/* The two last lines that check_mailq looks for. */
static void
test_end(void)
{
	static const struct {
		struct queue_total t;
		const char *want;
	} ends[] = {
		{ { 0, 0 }, "Mail queue is empty\n" },
		{ { 1023, 1 }, "-- 0 Kbytes in 1 Request.\n" },
		{ { 4096, 2 }, "-- 4 Kbytes in 2 Requests.\n" },
	};
	struct buf out;

	for (size_t i = 0; i < N(ends); i++) {
		buf_init(&out, 100);
		queue_text_mailq_end(&out, &ends[i].t);
		T_CHECK(str_eq(buf_view(&out), str_of(ends[i].want)), "%s",
		    out.p);
		buf_release(&out);
	}
}

/* Only where it was kept. */
static void
test_subject(void)
{
	struct err e = { 0 };
	struct buf out;

	buf_init(&out, 4000);
	T_CHECK(queue_text_json(&out, &more_rows[0], &more_waits[0], &e) &&
		strstr(out.p, "\"subject\":\"St\303\266rung ") != NULL,
	    "%s", out.p);
	buf_reset(&out);
	queue_text_show(&out, &more_rows[0], &more_waits[0]);
	T_CHECK(strstr(out.p, "Subject: St\303\266rung ") != NULL, "%s", out.p);
	buf_release(&out);
}

static void
test_not_utf8(void)
{
	struct claim c = rows[0];
	struct err e = { 0 };
	struct buf out;

	c.envelope.sender = STR("\377@example.com");
	buf_init(&out, 1000);
	T_CHECK(!queue_text_json(&out, &c, &waits[3], &e) &&
		e.kind == ERR_INPUT,
	    "%s", e.msg);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "golden", test_golden },
	{ "table", test_table },
	{ "cells", test_cells },
	{ "mailq's end", test_end },
	{ "subject", test_subject },
	{ "not UTF-8", test_not_utf8 },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
