/* SPDX-License-Identifier: MIT */
#include "command/log_days.h"

#include "base/sorted.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "command/when.h"

enum {
	DAYS_MEMORY = 64 << 20, /* 8,000,000 attempts */
	DAYS_MEDIAN = 50,       /* of 100 */
	DAYS_SLOW = 95,
	DAYS_HTTP_THROTTLED = 429
};

enum { SENT, LATER, ACCOUNT, HOLD, DEAD, FAILED, UNKNOWN, BOUNCED };

static const char *const days_ends[LOG_DAYS_ENDS] = {
	[SENT] = "sent",
	[LATER] = "later",
	[ACCOUNT] = "account",
	[HOLD] = "hold",
	[DEAD] = "dead",
	[FAILED] = "failed",
	[UNKNOWN] = "unknown",
	[BOUNCED] = "bounced",
};

/* Verdicts of some of a message's recipients. */
static const struct {
	const char *verdict;
	size_t end;
} days_parts[] = { { "part", SENT }, { "refused", DEAD } };

/* Parts of the codes by which the service slows a sender down (facts.md 5). */
static const struct str days_throttles[] = { STR_INIT("429"),
	STR_INIT("Throttled"), STR_INIT("TooMany"), STR_INIT("LimitReached"),
	STR_INIT("MessageLimit"), STR_INIT("SubmissionQuota"),
	STR_INIT("Concurrency") };

static int64_t
days_number(const struct json *tree, struct str name)
{
	int64_t n = 0;

	(void)json_i64(json_get(tree, name), &n);
	return n;
}

bool
log_days_begin(struct log_days *d, struct journal_filter *f, int64_t now,
    struct arena *mem, struct err *e)
{
	int64_t last = when_day(f->until != 0 ? f->until : now);

	*d = (struct log_days){ .first = last - LOG_DAYS + 1 };
	if (f->since != 0)
		d->first = when_day(f->since);
	else
		f->since = when_day_begin(d->first);
	if (d->first > last || last - d->first >= LOG_DAYS_MOST)
		return err_set(e, ERR_USAGE,
		    "--days: from --since to --until is not 1 to %d days",
		    LOG_DAYS_MOST);
	d->n = (size_t)(last - d->first) + 1;
	d->day = arena_array(mem, d->n, sizeof(*d->day));
	buf_init(&d->ms, DAYS_MEMORY);
	return arena_ok(mem, e);
}

void
log_days_release(struct log_days *d)
{
	buf_release(&d->ms);
}

static size_t
days_end(struct str verdict)
{
	size_t i;

	for (i = 0; i < sizeof(days_parts) / sizeof(*days_parts); i++)
		if (str_eq(verdict, str_of(days_parts[i].verdict)))
			return days_parts[i].end;
	for (i = 0; i < LOG_DAYS_ENDS; i++)
		if (str_eq(verdict, str_of(days_ends[i])))
			break;
	return i;
}

static bool
days_is_throttled(const struct json *tree)
{
	struct str code = json_str(json_get(tree, STR("code")));

	if (days_number(tree, STR("status")) == DAYS_HTTP_THROTTLED)
		return true;
	for (size_t i = 0; i < sizeof(days_throttles) / sizeof(*days_throttles);
	     i++)
		if (str_find(code, days_throttles[i]) < code.n)
			return true;
	return false;
}

void
log_days_add(struct log_days *d, const struct json *tree)
{
	size_t end = days_end(json_str(json_get(tree, STR("verdict"))));
	int64_t when, ms = days_number(tree, STR("ms"));
	struct log_day *day;
	uint64_t timed;

	/* what a person did with it is no attempt */
	if (end == LOG_DAYS_ENDS ||
	    !date_parse_iso(json_str(json_get(tree, STR("time"))), &when))
		return;
	when = when_day(when) - d->first;
	/* a clock ahead of ours, which --until does not shut out */
	if (when < 0 || when >= (int64_t)d->n)
		return;
	day = &d->day[when];
	day->end[end]++;
	if (end == BOUNCED)
		return;
	day->attempts++;
	day->throttled += days_is_throttled(tree);
	if (end == SENT)
		day->bytes += days_number(tree, STR("size"));
	if (ms <= 0)
		return;
	timed = (uint64_t)when << 32 |
	    (uint32_t)(ms < UINT32_MAX ? ms : UINT32_MAX);
	buf_add(&d->ms, &timed, sizeof(timed));
}

/* --- what is printed */

/* The attempts of one day, from the quickest to the slowest. */
struct days_times {
	const uint64_t *at;
	size_t n;
};

/* Takes those of a day off the front of all that are left. */
static struct days_times
days_take_times(struct days_times *all, size_t day)
{
	struct days_times t = { .at = all->at };

	while (t.n < all->n && t.at[t.n] >> 32 == day)
		t.n++;
	all->at += t.n;
	all->n -= t.n;
	return t;
}

/* The least time that so many of 100 attempts do not go over. */
static int64_t
days_rank(struct days_times t, size_t of_100)
{
	if (t.n == 0)
		return 0;
	return (int64_t)(uint32_t)t.at[(t.n * of_100 + 99) / 100 - 1];
}

static void
days_text(const struct log_day *d, const char *name, struct days_times t,
    struct buf *out)
{
	const int64_t *n = d->end;

	buf_addf(out,
	    "%s %5lld %6lld %5lld %5lld %4lld %4lld %6lld %7lld %6lld %6lld "
	    "%5lld\n",
	    name, (long long)d->attempts, (long long)n[SENT],
	    (long long)n[LATER], (long long)n[ACCOUNT], (long long)n[HOLD],
	    (long long)n[DEAD], (long long)(n[FAILED] + n[UNKNOWN]),
	    (long long)n[BOUNCED], (long long)d->throttled,
	    (long long)days_rank(t, DAYS_MEDIAN),
	    (long long)days_rank(t, DAYS_SLOW));
}

static bool
days_json(const struct log_day *d, const char *name, struct days_times t,
    struct buf *out, struct err *e)
{
	const struct {
		const char *name;
		int64_t n;
	} numbers[] = { { "throttled", d->throttled }, { "bytes", d->bytes },
		{ "ms_median", days_rank(t, DAYS_MEDIAN) },
		{ "ms_p95", days_rank(t, DAYS_SLOW) } };
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("day"), str_of(name));
	jsonw_key(&w, STR("attempts"));
	jsonw_i64(&w, d->attempts);
	for (size_t i = 0; i < LOG_DAYS_ENDS; i++) {
		jsonw_key(&w, str_of(days_ends[i]));
		jsonw_i64(&w, d->end[i]);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		jsonw_key(&w, str_of(numbers[i].name));
		jsonw_i64(&w, numbers[i].n);
	}
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

bool
log_days_print(struct log_days *d, bool json, struct buf *out, struct err *e)
{
	struct days_times all, t;
	char name[WHEN_SIZE];

	if (!buf_ok(&d->ms, e))
		return false;
	sorted_make(&d->ms);
	all = (struct days_times){ (const void *)d->ms.p,
		d->ms.n / sizeof(uint64_t) };
	if (!json)
		buf_addz(out,
		    "day        tries   sent later waits hold dead failed "
		    "bounced slowed median   p95\n");
	for (size_t i = 0; i < d->n; i++) {
		t = days_take_times(&all, i);
		when_day_text(d->first + (int64_t)i, name);
		if (!json)
			days_text(&d->day[i], name, t, out);
		else if (!days_json(&d->day[i], name, t, out, e))
			return false;
	}
	return buf_ok(out, e);
}
