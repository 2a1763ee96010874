/* SPDX-License-Identifier: MIT */
#include "command/log.h"

#include <sysexits.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "command/ask.h"
#include "command/log_days.h"
#include "command/when.h"
#include "config/config.h"
#include "deliver/outbox.h"

enum {
	LAST_MOST = 100000,      /* -n */
	LAST_MEMORY = 256 << 20, /* of those, some 500 bytes each */
	OUT_MOST = 2 * JOURNAL_LINE_MOST,
	OUT_FLUSH = 64 << 10,
	FOLLOW_MS = 500,
	FOLLOW_LAST = 10, /* as tail -f and journalctl -f begin */
	COUNTS = 32       /* different codes; further ones are one line */
};

/* clang-format off */
enum { FAILED = 1, VERDICT, CODE, SINCE, UNTIL, ID, TO, FROM, PERSON, SUBJECT,
	MESSAGE_ID, FOLLOW, STATS, DAYS, LAST, SKIP, JSON };
/* clang-format on */

/* clang-format off */
const struct cli_option journal_log_options[] = {
	{ FAILED, 0, "failed", NULL, "attempts that did not send" },
	{ VERDICT, 0, "verdict", "WORD", "that ended so: sent, later, dead" },
	{ CODE, 0, "code", "TEXT", "whose code or HTTP status begins so" },
	{ SINCE, 0, "since", "TIME", "not older: 2d today 14:00 2026-11-29" },
	{ UNTIL, 0, "until", "TIME", "not younger; of a day: to its end" },
	{ ID, 0, "id", "ID", "of a message of the queue, or its beginning" },
	{ FROM, 0, "from", "TEXT", "whose sender has this in it" },
	{ TO, 0, "to", "TEXT", "of which a recipient has this in it" },
	{ PERSON, 0, "person", "TEXT",
	  "whose sender or a recipient has this in it" },
	{ SUBJECT, 0, "subject", "TEXT",
	  "whose subject has this in it (log_subject = yes)" },
	{ MESSAGE_ID, 0, "message-id", "ID", "the Message-ID" },
	{ LAST, 'n', "last", "N", "the last N of them" },
	{ SKIP, 0, "skip", "N", "with -n: leave out the newest N first" },
	{ FOLLOW, 'f', "follow", NULL, "the last 10, and all that come" },
	{ STATS, 0, "stats", NULL, "count them" },
	{ DAYS, 0, "days", NULL, "count them by day; without --since: of 30" },
	{ JSON, 0, "json", NULL, "as JSON, an object a line" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

/* Words and how often they came. */
struct counts {
	struct {
		struct str name;
		int64_t n;
	} item[COUNTS];
	size_t n;
	int64_t others;
};

struct reader {
	struct cli cli;
	struct config config;
	struct outbox outbox; /* the journal only */
	struct journal_filter filter;
	struct arena mem;
	bool follow, stats, by_day, json, skips;
	uint64_t last; /* 0: all */
	uint64_t skip; /* of the newest, before those */
	uint64_t shown;
	struct buf out;
	struct err e; /* why it was ended */
	bool failed;
	/* -n */
	struct str *kept;
	size_t kept_n;
	/* --stats */
	struct counts verdicts, codes;
	int64_t attempts, bytes, ms, timed, longest_ms;
	struct log_days days;
};

static struct str
text_of(const struct json *tree, const char *name)
{
	return json_str(json_get(tree, str_of(name)));
}

static int64_t
number_of(const struct json *tree, const char *name)
{
	int64_t n = 0;

	(void)json_i64(json_get(tree, str_of(name)), &n);
	return n;
}

/* What an envelope had is printed as it is but for control characters. */
static void
add_plain(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out,
		    (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' :
								    s.p[i]);
}

static void
add_word(struct buf *out, const struct json *tree, const char *name)
{
	struct str s = text_of(tree, name);

	if (s.n == 0)
		return;
	buf_addc(out, ' ');
	add_plain(out, s);
}

/* By this machine's clock. */
static void
add_time(struct buf *out, struct str iso)
{
	char local[WHEN_SIZE];
	int64_t when;

	if (!date_parse_iso(iso, &when)) {
		add_plain(out, iso);
		return;
	}
	when_text(when, local);
	buf_addz(out, local);
}

static void
add_recipients(struct buf *out, const struct json *to)
{
	size_t more = 0;

	if (to == NULL || to->child == NULL)
		return;
	buf_addz(out, " -> ");
	add_plain(out, json_str(to->child));
	for (to = to->child->next; to != NULL; to = to->next)
		more++;
	if (more > 0)
		buf_addf(out, " +%zu", more);
}

void
journal_log_line(struct buf *out, const struct json *tree)
{
	struct str from = text_of(tree, "from");
	int64_t n;

	add_time(out, text_of(tree, "time"));
	if (text_of(tree, "id").n > 0)
		add_word(out, tree, "id");
	else /* sent without the queue */
		buf_addz(out, " -");
	add_word(out, tree, "verdict");
	buf_addc(out, ' ');
	add_plain(out, from.n > 0 ? from : STR("<>"));
	add_recipients(out, json_get(tree, STR("to")));
	if (text_of(tree, "subject").n > 0) {
		buf_addz(out, " \"");
		add_plain(out, text_of(tree, "subject"));
		buf_addc(out, '"');
	}
	add_word(out, tree, "via");
	n = number_of(tree, "status");
	if (n != 0)
		buf_addf(out, " %lld", (long long)n);
	add_word(out, tree, "code");
	n = number_of(tree, "ms");
	if (n != 0)
		buf_addf(out, " %lld ms", (long long)n);
	n = number_of(tree, "attempt");
	if (n != 0)
		buf_addf(out, " try %lld", (long long)n);
	if (text_of(tree, "next").n > 0) {
		buf_addz(out, " next ");
		add_time(out, text_of(tree, "next"));
	}
	if (text_of(tree, "reason").n > 0) {
		buf_addc(out, ':');
		add_word(out, tree, "reason");
	}
	buf_addc(out, '\n');
}

/* --- lines */

static void
render(struct reader *r, struct str line, const struct json *tree)
{
	r->shown++;
	if (r->json)
		buf_addf(&r->out, "%.*s\n", STR_ARG(line));
	else
		journal_log_line(&r->out, tree);
}

static bool
print_one(void *arg, struct str line, const struct json *tree)
{
	struct reader *r = arg;

	if (r->failed)
		return false;
	render(r, line, tree);
	r->failed = !cli_flush(&r->out, r->follow ? 0 : OUT_FLUSH, &r->e);
	return !r->failed;
}

static bool
keep_one(void *arg, struct str line, const struct json *tree)
{
	struct reader *r = arg;

	if (r->skip > 0) {
		r->skip--;
		return true;
	}
	buf_reset(&r->out);
	render(r, line, tree);
	r->kept[r->kept_n] = arena_str(&r->mem, buf_view(&r->out));
	r->failed = !buf_ok(&r->out, &r->e) || !arena_ok(&r->mem, &r->e);
	buf_reset(&r->out);
	return !r->failed && ++r->kept_n < r->last;
}

static bool
print_last(struct reader *r, struct err *e)
{
	struct journal_filter f = r->filter;

	f.backwards = true;
	r->kept = arena_array(&r->mem, (size_t)r->last, sizeof(*r->kept));
	if (!arena_ok(&r->mem, e) ||
	    !journal_read(&r->outbox.journal, &f, keep_one, r, e))
		return false;
	while (!r->failed && r->kept_n > 0) {
		buf_adds(&r->out, r->kept[--r->kept_n]);
		r->failed = !cli_flush(&r->out, OUT_FLUSH, &r->e);
	}
	return true;
}

/* --- counts */

static void
count(struct reader *r, struct counts *c, struct str name)
{
	size_t i;

	if (name.n == 0)
		return;
	for (i = 0; i < c->n; i++)
		if (str_eq(c->item[i].name, name))
			break;
	if (i == COUNTS) {
		c->others++;
		return;
	}
	if (i == c->n)
		c->item[c->n++].name = arena_str(&r->mem, name);
	c->item[i].n++;
}

static bool
count_one(void *arg, struct str line, const struct json *tree)
{
	struct reader *r = arg;
	struct str verdict = text_of(tree, "verdict");
	int64_t ms = number_of(tree, "ms");

	(void)line;
	r->attempts++;
	count(r, &r->verdicts, verdict);
	count(r, &r->codes, text_of(tree, "code"));
	if (str_eq(verdict, STR("sent")))
		r->bytes += number_of(tree, "size");
	if (ms > 0) {
		r->ms += ms;
		r->timed++;
	}
	if (ms > r->longest_ms)
		r->longest_ms = ms;
	return true;
}

static void
counts_text(struct buf *out, const struct counts *c)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_addz(out, "  ");
		add_plain(out, c->item[i].name);
		buf_addf(out, " %lld\n", (long long)c->item[i].n);
	}
	if (c->others > 0)
		buf_addf(out, "  others %lld\n", (long long)c->others);
}

static void
counts_json(struct jsonw *w, const char *name, const struct counts *c)
{
	jsonw_key(w, str_of(name));
	jsonw_open(w, '{');
	for (size_t i = 0; i < c->n; i++) {
		jsonw_key(w, c->item[i].name);
		jsonw_i64(w, c->item[i].n);
	}
	if (c->others > 0) {
		jsonw_key(w, STR("others"));
		jsonw_i64(w, c->others);
	}
	jsonw_close(w, '}');
}

static bool
stats_json(struct reader *r, int64_t average, struct err *e)
{
	const struct {
		const char *name;
		int64_t n;
	} numbers[] = { { "attempts", r->attempts }, { "bytes", r->bytes },
		{ "ms_average", average }, { "ms_longest", r->longest_ms } };
	struct jsonw w = jsonw_begin(&r->out);

	jsonw_open(&w, '{');
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		jsonw_key(&w, str_of(numbers[i].name));
		jsonw_i64(&w, numbers[i].n);
	}
	counts_json(&w, "verdicts", &r->verdicts);
	counts_json(&w, "codes", &r->codes);
	jsonw_close(&w, '}');
	if (!jsonw_end(&w, e))
		return false;
	buf_addc(&r->out, '\n');
	return true;
}

static bool
print_stats(struct reader *r, struct err *e)
{
	int64_t average;

	if (!journal_read(&r->outbox.journal, &r->filter, count_one, r, e) ||
	    !arena_ok(&r->mem, e))
		return false;
	average = r->timed > 0 ? r->ms / r->timed : 0;
	if (r->json)
		return stats_json(r, average, e) && cli_flush(&r->out, 0, e);
	buf_addf(&r->out, "%lld attempts\n", (long long)r->attempts);
	counts_text(&r->out, &r->verdicts);
	if (r->codes.n > 0)
		buf_addz(&r->out, "codes\n");
	counts_text(&r->out, &r->codes);
	buf_addf(&r->out, "%lld bytes sent, %lld ms on average, %lld at most\n",
	    (long long)r->bytes, (long long)average, (long long)r->longest_ms);
	return cli_flush(&r->out, 0, e);
}

static bool
journal_log_count_day(void *arg, struct str line, const struct json *tree)
{
	struct reader *r = arg;

	(void)line;
	log_days_add(&r->days, tree);
	return true;
}

static bool
journal_log_days(struct reader *r, struct err *e)
{
	return log_days_begin(&r->days, &r->filter, os_wall(), &r->mem, e) &&
	    journal_read(&r->outbox.journal, &r->filter, journal_log_count_day,
		r, e) &&
	    log_days_print(&r->days, r->json, &r->out, e) &&
	    cli_flush(&r->out, 0, e);
}

/* --- the command */

/* Silence would leave open whether it looked in the right place. */
static void
say_nothing(const struct reader *r)
{
	const struct journal_filter *f = &r->filter;
	const struct str all[] = { f->id, f->message_id, f->from, f->to,
		f->person, f->subject, f->code, f->verdict };
	bool some = f->failed || f->since != 0 || f->until != 0 || r->skips;
	size_t i = 0;

	while (i < sizeof(all) / sizeof(*all) && all[i].n == 0)
		i++;
	if (i < sizeof(all) / sizeof(*all))
		log_warn(&r->cli.log, "nothing about %.*s in %s",
		    STR_ARG(all[i]), r->config.log_file.p);
	else
		log_warn(&r->cli.log, "nothing %sin %s",
		    some ? "like that " : "yet ", r->config.log_file.p);
}

/* Until it is ended from outside, or nobody reads it any more. */
static bool
follow(struct reader *r, struct journal_wait *w, struct err *e)
{
	while (r->outbox.journal.dir.fd < 0) { /* who writes makes the folder */
		outbox_close(&r->outbox);
		(void)os_poll(NULL, 0, os_mono_ms() + FOLLOW_MS);
		if (!outbox_look_journal(&r->outbox, &r->config, e))
			return false;
	}
	while (!r->failed) {
		if (!journal_more(&r->outbox.journal, w, e))
			return false;
		(void)os_poll(NULL, 0, os_mono_ms() + FOLLOW_MS);
	}
	return true;
}

static bool
print(struct reader *r, struct err *e)
{
	const struct journal *j = &r->outbox.journal;
	struct journal_wait w = { .filter = &r->filter,
		.each = print_one,
		.arg = r };
	bool ok;

	if (r->stats)
		return print_stats(r, e);
	if (r->by_day)
		return journal_log_days(r, e);
	/* before the rest is read, so that nothing is missed between them */
	if (r->follow && !journal_tail(j, &w.tail, e))
		return false;
	if (r->follow && r->last == 0)
		r->last = FOLLOW_LAST;
	ok = r->last > 0 ? print_last(r, e) :
			   journal_read(j, &r->filter, print_one, r, e);
	ok = ok && !r->failed && cli_flush(&r->out, 0, e);
	if (ok && r->shown == 0)
		say_nothing(r);
	if (r->follow) {
		ok = ok && follow(r, &w, e);
		os_close(&w.tail.fd);
	}
	if (r->failed)
		*e = r->e;
	return ok && !r->failed;
}

static bool
journal_log_number(const char *option, const char *value, uint64_t *n,
    struct err *e)
{
	return (str_u64(str_of(value), LAST_MOST, n) && *n > 0) ||
	    err_set(e, ERR_USAGE, "%s \"%.20s\" is not 1 to %d", option, value,
		LAST_MOST);
}

static bool
journal_log_take(void *arg, int id, const char *value, struct err *e)
{
	struct reader *r = arg;
	struct journal_filter *f = &r->filter;
	struct str *const texts[] = {
		[ID] = &f->id,
		[TO] = &f->to,
		[FROM] = &f->from,
		[PERSON] = &f->person,
		[SUBJECT] = &f->subject,
		[MESSAGE_ID] = &f->message_id,
		[CODE] = &f->code,
		[VERDICT] = &f->verdict,
	};
	bool *const flags[] = {
		[FAILED] = &f->failed,
		[FOLLOW] = &r->follow,
		[STATS] = &r->stats,
		[DAYS] = &r->by_day,
		[JSON] = &r->json,
	};

	switch (id) {
	case CLI_OPERAND:
		return cli_unexpected(value, e);
	case SINCE:
		return when_take((struct when_option){ "since", value,
				     os_wall(), false },
		    &f->since, e);
	case UNTIL:
		return when_take((struct when_option){ "until", value,
				     os_wall(), true },
		    &f->until, e);
	case LAST:
		return journal_log_number("-n", value, &r->last, e);
	case SKIP:
		r->skips = true;
		return journal_log_number("--skip", value, &r->skip, e);
	default:
		break;
	}
	if (value != NULL)
		*texts[id] = str_of(value);
	else
		*flags[id] = true;
	return true;
}

static bool
journal_log_fits(const struct reader *r, struct err *e)
{
	const struct {
		const char *name;
		bool on;
	} ways[] = { { "--follow", r->follow }, { "--stats", r->stats },
		{ "--days", r->by_day }, { "-n", r->by_day && r->last > 0 },
		{ "--until", r->follow && r->filter.until != 0 } };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (!ways[i].on)
			continue;
		if (first != NULL)
			return err_set(e, ERR_USAGE,
			    "%s and %s do not go together", first,
			    ways[i].name);
		first = ways[i].name;
	}
	return !r->skips || r->last > 0 ||
	    err_set(e, ERR_USAGE, "--skip goes with -n only");
}

static bool
run(struct reader *r, struct err *e)
{
	const struct config_ask ask = command_ask(&r->cli);

	return config_load(&r->config, &ask, &r->cli.log, e) &&
	    outbox_look_journal(&r->outbox, &r->config, e) && print(r, e);
}

int
journal_log_main(const struct cli_command *self, int argc, char **argv)
{
	struct reader r = { 0 };
	int code = EX_OK;
	struct err e;

	cli_init(&r.cli, self, argc, argv);
	if (!cli_each(&r.cli, journal_log_take, &r, &e) ||
	    !journal_log_fits(&r, &e))
		return cli_fail(&r.cli, &e);
	if (r.cli.common.help)
		return cli_help(self);
	arena_init(&r.mem, LAST_MEMORY);
	buf_init(&r.out, OUT_MOST);
	if (!run(&r, &e))
		code = cli_fail(&r.cli, &e);
	log_days_release(&r.days);
	buf_release(&r.out);
	arena_release(&r.mem);
	outbox_close(&r.outbox);
	config_release(&r.config);
	return code;
}
