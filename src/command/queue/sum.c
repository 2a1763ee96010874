/* SPDX-License-Identifier: MIT */
#include "command/queue/sum.h"

#include <sysexits.h>

#include "codec/date.h"
#include "codec/jsonw.h"
#include "command/when.h"

enum { SUM_LATER = 1, SUM_WAITING, SUM_COUNTS = 5 };

static const struct {
	const char *name, *words;
} sum_counts[SUM_COUNTS] = {
	{ "sent", "sent" },
	[SUM_LATER] = { "later", "later" },
	[SUM_WAITING] = { "waiting", "waiting with their mailbox" },
	{ "hold", "on hold" },
	{ "dead", "dead" },
};

static void
sum_count(const struct manager_sum *s, size_t n[SUM_COUNTS])
{
	n[0] = s->message[VERDICT_SENT];
	n[SUM_LATER] = s->message[VERDICT_LATER] + s->message[VERDICT_ALONE];
	if (s->later > n[SUM_LATER]) /* those may be among them */
		n[SUM_LATER] = s->later;
	n[SUM_WAITING] = s->waiting;
	n[3] = s->message[VERDICT_HOLD];
	n[4] = s->message[VERDICT_DEAD];
}

int
queue_sum_exit(const struct manager_sum *s)
{
	const struct err why = { .kind = s->waits };

	if (s->waits != ERR_NONE)
		return err_exit(&why);
	return s->message[VERDICT_LATER] + s->message[VERDICT_HOLD] > 0 ?
	    EX_TEMPFAIL :
	    EX_OK;
}

void
queue_sum_text(struct buf *out, const struct manager_sum *s, int64_t now)
{
	size_t n[SUM_COUNTS];
	char next[WHEN_SIZE];
	bool first = true, timed = false;

	sum_count(s, n);
	when_short(s->next, now, next);
	for (size_t i = 0; i < SUM_COUNTS; i++) {
		if (n[i] == 0)
			continue;
		buf_addf(out, "%s%zu %s", first ? "" : ", ", n[i],
		    sum_counts[i].words);
		first = false;
		if ((i == SUM_LATER || i == SUM_WAITING) && s->next > now &&
		    !timed) {
			buf_addf(out, " (next %s)", next);
			timed = true;
		}
	}
	buf_addz(out, first ? "nothing is due\n" : "\n");
}

bool
queue_sum_json(struct buf *out, const struct manager_sum *s, struct err *e)
{
	struct jsonw w = jsonw_begin(out);
	char iso[DATE_ISO_SIZE];
	size_t n[SUM_COUNTS];

	sum_count(s, n);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("tried"));
	jsonw_i64(&w, (int64_t)s->tried);
	for (size_t i = 0; i < SUM_COUNTS; i++) {
		jsonw_key(&w, str_of(sum_counts[i].name));
		jsonw_i64(&w, (int64_t)n[i]);
	}
	jsonw_key(&w, STR("next"));
	if (s->next != 0) {
		date_iso(s->next, iso);
		jsonw_str(&w, str_of(iso));
	} else {
		jsonw_null(&w);
	}
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}
