/* SPDX-License-Identifier: MIT */
#include "command/queue/sum.h"

#include <stdlib.h>
#include <time.h>

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* 2026-11-30 20:00 of this zone */
static const int64_t now = 1796065200;

/* clang-format off */
static const struct {
	const char *name;
	struct manager_sum sum;
	int exit;
	const char *text, *json;
} rows[] = {
	{ "nothing", { 0 }, 0, "nothing is due\n",
	  "{\"tried\":0,\"sent\":0,\"later\":0,\"waiting\":0,\"hold\":0,"
	  "\"dead\":0,\"next\":null}\n" },
	{ "three kinds",
	  { .tried = 5, .later = 1, .next = 1796065200 + 1020,
	    .message = { [VERDICT_SENT] = 3, [VERDICT_LATER] = 1,
			 [VERDICT_DEAD] = 1 } },
	  75, "3 sent, 1 later (next 20:17), 1 dead\n",
	  "{\"tried\":5,\"sent\":3,\"later\":1,\"waiting\":0,\"hold\":0,"
	  "\"dead\":1,\"next\":\"2026-11-30T19:17:00Z\"}\n" },
	{ "all sent", { .tried = 2, .message = { [VERDICT_SENT] = 2 } }, 0,
	  "2 sent\n", NULL },
	{ "not due", { .later = 4, .next = 1796065200 + 86400 }, 0,
	  "4 later (next 2026-12-01 20:00)\n", NULL },
	{ "alone and on hold",
	  { .tried = 3, .waits = ERR_CONFIG,
	    .message = { [VERDICT_ALONE] = 2, [VERDICT_HOLD] = 1 } },
	  78, "2 later, 1 on hold\n", NULL },
	{ "its mailbox",
	  { .tried = 1, .waits = ERR_AUTH, .waiting = 7,
	    .next = 1796065200 + 60, .message = { [VERDICT_WAITS] = 1 } },
	  77, "7 waiting with their mailbox (next 20:01)\n", NULL },
	{ "on hold", { .tried = 1, .message = { [VERDICT_HOLD] = 1 } }, 75,
	  "1 on hold\n", NULL },
	{ "dead", { .tried = 1, .message = { [VERDICT_DEAD] = 1 } }, 0,
	  "1 dead\n", NULL },
};
/* clang-format on */

static void
test_rows(void)
{
	struct err e = { 0 };
	struct buf out;

	(void)setenv("TZ", "XXX-1", 1);
	tzset();
	for (size_t i = 0; i < N(rows); i++) {
		buf_init(&out, 1000);
		T_CHECK(queue_sum_exit(&rows[i].sum) == rows[i].exit, "%s",
		    rows[i].name);
		queue_sum_text(&out, &rows[i].sum, now);
		T_CHECK(str_eq(buf_view(&out), str_of(rows[i].text)), "%s: %s",
		    rows[i].name, out.p);
		buf_reset(&out);
		T_CHECK(queue_sum_json(&out, &rows[i].sum, &e), "%s", e.msg);
		if (rows[i].json != NULL)
			T_CHECK(str_eq(buf_view(&out), str_of(rows[i].json)),
			    "%s: %s", rows[i].name, out.p);
		buf_release(&out);
	}
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
