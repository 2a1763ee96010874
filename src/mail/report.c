/* SPDX-License-Identifier: MIT */
#include "mail/report.h"

#include "mail/mime.h"

enum { REPORT_VALUE = 64 * 1024 /* bytes of one field */ };

/* A field unfolded; empty: there is none. */
static struct str
report_field(struct arena *a, const struct head *h, struct str name)
{
	const struct head_field *f = head_find(h->first, name);
	struct str value = { 0 };
	struct buf b;

	if (f == NULL)
		return value;
	buf_init(&b, REPORT_VALUE);
	head_unfold(&b, f->value);
	value = arena_str(a, buf_view(&b));
	a->no_memory = a->no_memory || b.no_memory; /* for arena_ok */
	buf_release(&b);
	return value;
}

/* "rfc822;a@b.example", "smtp;550 5.1.1 ...": what is behind the type. */
static struct str
report_typed(struct str value)
{
	return str_trim(str_from(value, str_chr(value, ';') + 1));
}

static void
report_add(struct arena *a, struct report *r, const struct head *group)
{
	struct str to = report_field(a, group, STR("Final-Recipient"));
	struct str action = report_field(a, group, STR("Action"));
	struct report_rcpt *rcpt;

	if (to.n == 0 || !str_ieq(str_trim(action), STR("failed")))
		return;
	rcpt = arena_alloc(a, sizeof(*rcpt));
	if (rcpt == NULL)
		return;
	rcpt->to = report_typed(to);
	rcpt->status = str_trim(report_field(a, group, STR("Status")));
	rcpt->reason =
	    report_typed(report_field(a, group, STR("Diagnostic-Code")));
	rcpt->next = r->first;
	r->first = rcpt;
}

/* Groups of fields, an empty line between two; the first is of the message. */
static bool
report_read_status(struct arena *a, struct report *r, struct str text,
    struct err *e)
{
	struct head group;

	while (text.n > 0) {
		group = (struct head){ 0 };
		if (!head_scan(a, text, &group, e))
			return false;
		report_add(a, r, &group);
		if (group.size == 0)
			break;
		text = str_from(text, group.size);
	}
	return true;
}

static struct str
report_body(struct str text, const struct mime_part *p)
{
	return str_from(str_first(text, (size_t)p->end), (size_t)p->body);
}

/* What comes back is a part of its own, or the header in the body of one. */
static bool
report_read_part(struct arena *a, struct report *r, struct str text,
    const struct mime_part *p, struct err *e)
{
	struct head returned = { 0 };
	struct str id = { 0 };

	if (str_eq(p->type, STR("message/delivery-status")) ||
	    str_eq(p->type, STR("message/global-delivery-status")))
		return report_read_status(a, r, report_body(text, p), e);
	if (str_eq(p->type, STR("text/rfc822-headers")) ||
	    str_eq(p->type, STR("message/rfc822"))) {
		if (!head_scan(a, report_body(text, p), &returned, e))
			return false;
		id = report_field(a, &returned, STR("Message-ID"));
	}
	if (r->message_id.n == 0)
		r->message_id = str_trim(id);
	return true;
}

/* "<a@b> <c@d>": the last one. */
static struct str
report_last_id(struct str ids)
{
	size_t at = ids.n;

	while (at > 0 && ids.p[at - 1] != '<')
		at--;
	return at > 0 ? str_trim(str_from(ids, at - 1)) : STR("");
}

bool
report_read(struct arena *a, struct str text, struct report *out, struct err *e)
{
	struct mime_part *root = NULL;
	struct mime m;
	bool ok;

	*out = (struct report){ 0 };
	mime_init(&m, a);
	mime_feed(&m, text);
	ok = mime_finish(&m, &root, e);
	mime_release(&m);
	if (!ok)
		return false;
	if (!str_eq(root->type, STR("multipart/report")))
		return err_set(e, ERR_INPUT, "it is no delivery report");
	for (const struct mime_part *p = mime_next(root); ok && p != NULL;
	     p = mime_next(p))
		ok = report_read_part(a, out, text, p, e);
	if (out->message_id.n == 0)
		out->message_id = report_last_id(
		    report_field(a, &root->head, STR("In-Reply-To")));
	if (out->message_id.n == 0)
		out->message_id = report_last_id(
		    report_field(a, &root->head, STR("References")));
	return ok && arena_ok(a, e);
}
