/* SPDX-License-Identifier: MIT */
#include "command/trace_text.h"

#include "base/os.h"
#include "codec/date.h"
#include "command/when.h"

/* As Graph writes them; the last one stands for all that is not known. */
static const struct trace_status {
	const char *name, *column, *plain, *act;
} statuses[TRACE_STATUSES] = {
	/* clang-format off */
	{ "delivered", "delivered", "delivered", NULL },
	{ "filteredAsSpam", "junk", "delivered into Junk Email",
	  "the recipient finds it there; SPF, DKIM and DMARC of the From\n"
	  "          domain help" },
	{ "quarantined", "quarantined", "in quarantine",
	  "release it: security.microsoft.com > Email & collaboration >\n"
	  "          Review > Quarantine" },
	{ "failed", "failed", "failed: it was not delivered",
	  "--details says why, and so does the report in the mailbox that\n"
	  "          sent it; post365 explain says what the code there means" },
	{ "pending", "pending", "on its way",
	  "wait: Exchange tries for a day" },
	{ "expanded", "group", "a group: its members got it",
	  "each of them has a line of its own" },
	{ "gettingStatus", "unknown", "not known yet",
	  "ask again in some minutes" },
	{ "other", "other", NULL, NULL },
	/* clang-format on */
};

static size_t
trace_status_at(struct str status)
{
	size_t i = 0;

	while (i < TRACE_STATUSES - 1 &&
	    !str_ieq(str_of(statuses[i].name), status))
		i++;
	return i;
}

/* Control characters of what others wrote are not printed. */
static void
trace_add_plain(struct buf *out, struct str s)
{
	unsigned char c;

	for (size_t i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		buf_addc(out, c < ' ' || c == 0x7f ? '?' : s.p[i]);
	}
}

static void
trace_add_time(struct buf *out, int64_t when)
{
	char text[DATE_QUEUE_SIZE];

	date_queue(when, os_zone(when), text);
	buf_addz(out, text);
}

void
trace_text_head(struct buf *out, const struct trace_item *item, struct str id)
{
	trace_add_plain(out, item->message_id);
	if (id.n > 0)
		buf_addf(out, " (%.*s)", STR_ARG(id));
	buf_addz(out, "\n  from ");
	trace_add_plain(out, item->from);
	if (item->when != 0) {
		buf_addz(out, ", ");
		trace_add_time(out, item->when);
	}
	if (item->subject.n > 0) {
		buf_addz(out, "\n  ");
		trace_add_plain(out, item->subject);
	}
	buf_addc(out, '\n');
}

static void
trace_add_to(struct buf *out, struct str to)
{
	buf_addz(out, "    ");
	trace_add_plain(out, to);
	buf_addz(out, "  ");
}

void
trace_text_item(struct buf *out, const struct trace_item *item)
{
	const struct trace_status *s = &statuses[trace_status_at(item->status)];

	trace_add_to(out, item->to);
	if (s->plain != NULL)
		buf_addz(out, s->plain);
	else
		trace_add_plain(out, item->status);
	if (s->act != NULL)
		buf_addf(out, "\n      do: %s", s->act);
	buf_addc(out, '\n');
}

static void
trace_add_reason(struct buf *out, const struct trace_rcpt *r)
{
	if (r->code.n > 0) {
		buf_addc(out, ' ');
		trace_add_plain(out, r->code);
	}
	if (r->reason.n > 0) {
		buf_addz(out, ": ");
		trace_add_plain(out, r->reason);
	}
	buf_addc(out, '\n');
}

static void
trace_text_taken(struct buf *out, const struct trace_rcpt *r, bool asked,
    int64_t now)
{
	buf_addz(out, "accepted by Microsoft 365\n      ");
	trace_add_time(out, r->when);
	if (!asked)
		buf_addz(out, "; whether it was delivered is not known here\n");
	else if (now - r->when < TRACE_YOUNG_S)
		buf_addz(out,
		    "; no trace of it yet\n"
		    "      do: ask again: traces come some minutes after the "
		    "mail\n");
	else
		buf_addz(out,
		    "; Exchange has no trace of it\n"
		    "      do: look into Sent Items, and at what Exchange made "
		    "of the Message-ID:\n"
		    "          post365 trace --to ADDRESS finds it under "
		    "another one\n");
}

void
trace_text_known(struct buf *out, const struct trace_known *k,
    const struct trace_rcpt *r, bool asked, int64_t now)
{
	trace_add_to(out, r->to);
	if (str_eq(r->verdict, STR("bounced"))) {
		buf_addz(out, "came back");
		trace_add_reason(out, r);
		return;
	}
	if (trace_known_is_sent(r->verdict)) {
		trace_text_taken(out, r, asked, now);
		return;
	}
	buf_addz(out, "not sent: ");
	trace_add_plain(out, r->verdict);
	trace_add_reason(out, r);
	if (k->id.n > 0)
		buf_addf(out, "      do: post365 queue show %.*s\n",
		    STR_ARG(k->id));
}

void
trace_text_detail(struct buf *out, const struct trace_detail *d)
{
	const struct str text[] = { d->event, d->action, d->description,
		d->data };

	buf_addz(out, "        ");
	if (d->when != 0)
		trace_add_time(out, d->when);
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		if (text[i].n == 0)
			continue;
		buf_addc(out, ' ');
		trace_add_plain(out, text[i]);
	}
	buf_addc(out, '\n');
}

/* --- JSON */

static void
trace_json_text(struct jsonw *w, const char *name, struct str text)
{
	if (text.n > 0)
		jsonw_member(w, str_of(name), text);
}

static void
trace_json_time(struct jsonw *w, int64_t when)
{
	char text[DATE_ISO_SIZE];

	date_iso(when, text);
	jsonw_member(w, STR("time"), str_of(text));
}

/* In one line. */
static void
trace_json_act(struct jsonw *w, const char *act)
{
	struct str rest = str_of(act), line;
	struct buf text;

	buf_init(&text, ERR_REMEDY_SIZE);
	while (str_next(&rest, '\n', &line)) {
		if (text.n > 0)
			buf_addc(&text, ' ');
		buf_adds(&text, str_trim(line));
	}
	trace_json_text(w, "remedy", buf_view(&text));
	buf_release(&text);
}

void
trace_json_item(struct jsonw *w, const struct trace_item *item, struct str id)
{
	trace_json_time(w, item->when);
	trace_json_text(w, "id", id);
	trace_json_text(w, "message_id", item->message_id);
	trace_json_text(w, "from", item->from);
	trace_json_text(w, "to", item->to);
	trace_json_text(w, "subject", item->subject);
	jsonw_member(w, STR("status"), item->status);
	trace_json_act(w, statuses[trace_status_at(item->status)].act);
	jsonw_key(w, STR("size"));
	jsonw_i64(w, item->size);
	trace_json_text(w, "from_ip", item->from_ip);
	trace_json_text(w, "to_ip", item->to_ip);
	trace_json_text(w, "trace_id", item->id);
}

void
trace_json_known(struct jsonw *w, const struct trace_known *k,
    const struct trace_rcpt *r)
{
	bool sent = trace_known_is_sent(r->verdict) &&
	    !str_eq(r->verdict, STR("bounced"));

	trace_json_time(w, r->when);
	trace_json_text(w, "id", k->id);
	trace_json_text(w, "message_id", k->message_id);
	trace_json_text(w, "from", k->from);
	trace_json_text(w, "to", r->to);
	jsonw_member(w, STR("status"), sent ? STR("accepted") : r->verdict);
	trace_json_text(w, "code", r->code);
	trace_json_text(w, "reason", r->reason);
}

void
trace_json_detail(struct jsonw *w, const struct trace_detail *d)
{
	jsonw_open(w, '{');
	trace_json_time(w, d->when);
	trace_json_text(w, "event", d->event);
	trace_json_text(w, "action", d->action);
	trace_json_text(w, "description", d->description);
	trace_json_text(w, "data", d->data);
	jsonw_close(w, '}');
}

/* --- sums */

int64_t
trace_sums_begin(struct trace_sums *s, size_t days, int64_t now)
{
	*s = (struct trace_sums){ .days = days };
	s->first = when_day(now) - (int64_t)days + 1;
	return when_day_begin(s->first);
}

void
trace_sums_add(struct trace_sums *s, const struct trace_item *item)
{
	int64_t day = when_day(item->when) - s->first;

	/* a clock that is off must not lose one */
	if (day < 0)
		day = 0;
	if (day >= (int64_t)s->days)
		day = (int64_t)s->days - 1;
	s->n[day][trace_status_at(item->status)]++;
}

static void
trace_sums_text(const struct trace_sums *s, struct buf *out)
{
	char name[WHEN_SIZE];

	buf_addz(out, "day       ");
	for (size_t i = 0; i < TRACE_STATUSES; i++)
		buf_addf(out, " %s", statuses[i].column);
	for (size_t day = 0; day < s->days; day++) {
		when_day_text(s->first + (int64_t)day, name);
		buf_addf(out, "\n%s", name);
		for (size_t i = 0; i < TRACE_STATUSES; i++)
			buf_addf(out, " %*llu",
			    (int)str_of(statuses[i].column).n,
			    (unsigned long long)s->n[day][i]);
	}
	buf_addc(out, '\n');
}

static bool
trace_sums_json(const struct trace_sums *s, size_t day, struct buf *out,
    struct err *e)
{
	struct jsonw w = jsonw_begin(out);
	char name[WHEN_SIZE];

	when_day_text(s->first + (int64_t)day, name);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("day"), str_of(name));
	for (size_t i = 0; i < TRACE_STATUSES; i++) {
		jsonw_key(&w, str_of(statuses[i].name));
		jsonw_i64(&w, (int64_t)s->n[day][i]);
	}
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

bool
trace_sums_print(const struct trace_sums *s, bool json, struct buf *out,
    struct err *e)
{
	if (!json)
		trace_sums_text(s, out);
	for (size_t day = 0; json && day < s->days; day++)
		if (!trace_sums_json(s, day, out, e))
			return false;
	return buf_ok(out, e);
}
