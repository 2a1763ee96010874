/* SPDX-License-Identifier: MIT */
/*
 * page_delivery: how much went on each day and how it went, from our log; and,
 * where it is asked for, from Exchange's message trace.
 */
#include <sysexits.h>

#include "command/web/visit.h"

enum {
	DELIVERY_DAYS = 30,
	DELIVERY_HEIGHT = 120,
	DELIVERY_BAR = 20,
	DELIVERY_TEXT = 18
};

/* What a bar is made of: the sum of members of a line, and a colour. */
struct delivery_part {
	const char *members, *label, *colour;
};
/* clang-format off */
static const struct delivery_part delivery_log[] = {
	{ "sent", "sent", "s-sent" },
	{ "later account hold unknown", "not yet", "s-wait" },
	{ "dead failed", "failed", "s-bad" },
	{ NULL, NULL, NULL }
};
static const struct delivery_part delivery_trace[] = {
	{ "delivered expanded", "delivered", "s-sent" },
	{ "pending gettingStatus other", "on its way", "s-wait" },
	{ "failed filteredAsSpam quarantined", "not delivered", "s-bad" },
	{ NULL, NULL, NULL }
};
/* clang-format on */

struct delivery {
	struct visit *v;
	const struct delivery_part *part;
	const struct json *day[DELIVERY_DAYS];
	size_t n;
	int64_t most;
};

static int64_t
delivery_value(const struct delivery_part *p, const struct json *day)
{
	struct str members = str_of(p->members), one;
	int64_t sum = 0, n;

	while (str_next(&members, ' ', &one))
		if (json_i64(json_get(day, one), &n))
			sum += n;
	return sum;
}

static int64_t
delivery_sum(const struct delivery *d, const struct json *day)
{
	int64_t sum = 0;

	for (const struct delivery_part *p = d->part; p->members != NULL; p++)
		sum += delivery_value(p, day);
	return sum;
}

static void
delivery_read(struct delivery *d, struct str lines)
{
	const struct json *day;

	while (
	    d->n < DELIVERY_DAYS && (day = visit_line(d->v, &lines)) != NULL) {
		if (visit_str(day, "day").n == 0)
			continue;
		d->day[d->n++] = day;
		if (delivery_sum(d, day) > d->most)
			d->most = delivery_sum(d, day);
	}
}

static void
delivery_put_bar(struct delivery *d, size_t i)
{
	struct html *h = &d->v->html;
	int64_t x = (int64_t)i * DELIVERY_BAR, y = DELIVERY_HEIGHT, height;
	struct str day = visit_str(d->day[i], "day");

	HTML_PUT(h, "<g><title>$", day);
	for (const struct delivery_part *p = d->part; p->members != NULL; p++)
		HTML_PUT(h, ", $ $", html_word(h, p->label),
		    html_number(h, delivery_value(p, d->day[i])));
	html_put(h, "</title>");
	for (const struct delivery_part *p = d->part; p->members != NULL; p++) {
		int64_t value = delivery_value(p, d->day[i]);

		height = d->most > 0 ?
		    value * (DELIVERY_HEIGHT - DELIVERY_TEXT) / d->most :
		    0;
		if (height == 0 && value > 0)
			height = 1;
		y -= height;
		if (height > 0)
			HTML_PUT(h,
			    "<rect class=\"$\" x=\"$\" y=\"$\" width=\"15\" "
			    "height=\"$\"/>",
			    str_of(p->colour), html_number(h, x),
			    html_number(h, y), html_number(h, height));
	}
	if (d->most > 0 && delivery_sum(d, d->day[i]) == d->most)
		HTML_PUT(h, "<text x=\"$\" y=\"$\">$</text>", html_number(h, x),
		    html_number(h, y - 3), html_number(h, d->most));
	if (i % 5 == 4 || d->n < 8)
		HTML_PUT(h, "<text x=\"$\" y=\"133\">$</text>",
		    html_number(h, x), str_from(day, 8));
	html_put(h, "</g>");
}

static void
delivery_put_chart(struct delivery *d, const char *title)
{
	struct html *h = &d->v->html;

	HTML_PUT(h,
	    "<svg viewBox=\"0 0 $ 140\" role=\"img\" "
	    "aria-label=\"$\">",
	    html_number(h, DELIVERY_DAYS * DELIVERY_BAR), html_word(h, title));
	for (size_t i = 0; i < d->n; i++)
		delivery_put_bar(d, i);
	html_put(h, "</svg><p>");
	for (const struct delivery_part *p = d->part; p->members != NULL; p++)
		HTML_PUT(h,
		    "<svg class=\"key\" width=\"12\" height=\"12\" "
		    "aria-hidden=\"true\"><rect class=\"$\" "
		    "width=\"12\" height=\"12\"/></svg> $ ",
		    str_of(p->colour), html_word(h, p->label));
}

static void
delivery_put_table(struct delivery *d)
{
	static const struct delivery_part columns[] = {
		{ "sent", "sent", NULL },
		{ "later account hold unknown", "not yet", NULL },
		{ "dead failed", "failed", NULL },
		{ "bounced", "bounced", NULL },
		{ "throttled", "throttled", NULL },
		{ "ms_median", "median ms", NULL },
		{ "ms_p95", "95 % ms", NULL },
	};
	enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
	struct html *h = &d->v->html;

	html_put(h,
	    "<details><summary>@Numbers@</summary><table><thead><tr>"
	    "<th>@Day@");
	for (size_t c = 0; c < COLUMNS; c++)
		HTML_PUT(h, "<th class=\"n\">$",
		    html_word(h, columns[c].label));
	html_put(h, "</thead><tbody>");
	for (size_t i = d->n; i-- > 0;) {
		if (visit_int(d->day[i], "attempts") == 0)
			continue;
		HTML_PUT(h, "<tr><td><a href=\"/log?day=$\">$</a>",
		    visit_str(d->day[i], "day"), visit_str(d->day[i], "day"));
		for (size_t c = 0; c < COLUMNS; c++)
			HTML_PUT(h, "<td class=\"n\">$",
			    html_number(h,
				delivery_value(&columns[c], d->day[i])));
	}
	html_put(h, "</tbody></table></details>");
}

static void
delivery_put_log(struct visit *v)
{
	const char *const word[] = { "log", "--days", "--json", NULL };
	struct delivery d = { .v = v, .part = delivery_log };
	struct visit_said said;

	visit_run(v, word, STR(""), &said);
	html_put(&v->html,
	    "<section><h2>@What was handed to Microsoft "
	    "365@</h2>");
	if (said.code != EX_OK)
		visit_complain(v, said.err, STR(""));
	delivery_read(&d, said.out);
	delivery_put_chart(&d, "Attempts by day");
	delivery_put_table(&d);
	html_put(&v->html, "</section>");
}

static void
delivery_put_trace(struct visit *v)
{
	const char *const word[] = { "trace", "--usage", "30", "--json", NULL };
	struct delivery d = { .v = v, .part = delivery_trace };
	struct visit_said said;

	html_put(&v->html, "<section><h2>@What Exchange delivered@</h2>");
	if (form_get(&v->query, "trace").p == NULL) {
		html_put(&v->html,
		    "<p><a href=\"/delivery?trace=1\">@Ask Exchange's message "
		    "trace@</a></section>");
		return;
	}
	visit_run(v, word, STR(""), &said);
	delivery_read(&d, said.out);
	if (said.code != EX_OK)
		visit_complain(v, said.err, STR(""));
	else
		delivery_put_chart(&d, "Deliveries by day");
	html_put(&v->html, "</section>");
}

void
page_delivery(struct visit *v)
{
	visit_head(v, "Delivery");
	delivery_put_log(v);
	delivery_put_trace(v);
	visit_foot(v);
}
