/* SPDX-License-Identifier: MIT */
/* letter_alert: Alertmanager's payload as subject and text. */
#include "command/web/letter.h"

static void
alert_put_line(struct buf *out, const char *before, struct str s)
{
	if (s.n > 0)
		buf_addf(out, "%s%.*s\n", before, STR_ARG(s));
}

/* " = " for labels, ": " for annotations, the summary first. */
static void
alert_put_members(struct buf *out, const struct json *o, const char *between)
{
	for (o = o != NULL ? o->child : NULL; o != NULL; o = o->next)
		if (!str_eq(o->name, STR("summary")))
			buf_addf(out, "  %.*s%s%.*s\n", STR_ARG(o->name),
			    between, STR_ARG(json_str(o)));
}

static void
alert_put(struct buf *out, const struct json *a)
{
	struct str status = visit_str(a, "status");
	const struct json *notes = json_get(a, STR("annotations"));
	bool over = str_eq(status, STR("resolved"));

	buf_addf(out, "\n%s %.*s\n", over ? "RESOLVED" : "FIRING",
	    STR_ARG(visit_str(json_get(a, STR("labels")), "alertname")));
	alert_put_line(out, "  ", visit_str(notes, "summary"));
	alert_put_members(out, notes, ": ");
	alert_put_members(out, json_get(a, STR("labels")), " = ");
	alert_put_line(out, "  since ", visit_str(a, "startsAt"));
	if (over)
		alert_put_line(out, "  until ", visit_str(a, "endsAt"));
	alert_put_line(out, "  ", visit_str(a, "generatorURL"));
}

/* "[FIRING:2] NodeDown (web1)": as Alertmanager's own mail has it. */
static void
alert_put_subject(struct buf *out, const struct json *p, unsigned firing)
{
	const struct json *group = json_get(p, STR("groupLabels"));
	const struct json *common = json_get(p, STR("commonLabels"));
	const char *before = " (";

	if (firing > 0)
		buf_addf(out, "[FIRING:%u]", firing);
	else
		buf_addz(out, "[RESOLVED]");
	for (const struct json *o = group != NULL ? group->child : NULL;
	     o != NULL; o = o->next)
		buf_addf(out, " %.*s", STR_ARG(json_str(o)));
	for (const struct json *o = common != NULL ? common->child : NULL;
	     o != NULL; o = o->next) {
		if (json_get(group, o->name) != NULL)
			continue;
		buf_addf(out, "%s%.*s", before, STR_ARG(json_str(o)));
		before = " ";
	}
	if (before[1] == '\0')
		buf_addc(out, ')');
}

void
letter_alerts(const struct json *payload, struct buf *subject, struct buf *text)
{
	const struct json *list = json_get(payload, STR("alerts"));
	unsigned firing = 0, n = 0;
	int64_t more = 0;

	for (const struct json *a = list->child; a != NULL; a = a->next, n++)
		firing += !str_eq(visit_str(a, "status"), STR("resolved"));
	alert_put_subject(subject, payload, firing);
	for (size_t i = 0; i < subject->n; i++)
		if ((unsigned char)subject->p[i] < ' ')
			subject->p[i] = ' '; /* a label may have lines */
	buf_addf(text, "%u firing, %u resolved\n", firing, n - firing);
	(void)json_i64(json_get(payload, STR("truncatedAlerts")), &more);
	if (more > 0)
		buf_addf(text,
		    "and %lld more, which Alertmanager left out "
		    "(max_alerts)\n",
		    (long long)more);
	for (int over = 0; over < 2; over++)
		for (const struct json *a = list->child; a != NULL; a = a->next)
			if (str_eq(visit_str(a, "status"), STR("resolved")) ==
			    over)
				alert_put(text, a);
	alert_put_line(text, "\n", visit_str(payload, "externalURL"));
}
