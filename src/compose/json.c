/* SPDX-License-Identifier: MIT */
#include "compose/json.h"

#include "graph/send.h"
#include "mail/fidelity.h"
#include "mail/field.h"
#include "mail/value.h"

struct job {
	const struct prepare_raw *h;
	struct prepare_part *parts;
	struct message *m;
	const char *cannot;
	struct buf lost; /* names of fields, ", " before each */
	unsigned lost_n;
	unsigned x; /* fields of m that begin with X- */
	bool has[SEND_PROPERTIES];
};

enum { LOST_NAMED = 3, LOST_SIZE = 1024 };

static void
lose(struct job *j, struct str name)
{
	if (j->lost_n++ < LOST_NAMED)
		buf_addf(&j->lost, ", %.*s", STR_ARG(str_first(name, 60)));
}

/* A field that has no place of its own. */
static void
add_field(struct job *j, struct str name, struct str value)
{
	bool x = str_istarts(name, STR("x-"));
	enum send_property p = send_property_of(name);
	bool property = p < SEND_PROPERTIES;

	if (x ? j->x == SEND_X_FIELDS_MAX : !property || j->has[p]) {
		/* what no route delivers is not lost by this one */
		if (!property && !fidelity_is_lost(name))
			lose(j, name);
		return;
	}
	j->x += x;
	if (property)
		j->has[p] = true;
	j->m->field[j->m->n_fields++] = (struct message_field){ name, value };
}

static void
set_reply_to(struct job *j, struct str value)
{
	struct addr *list;
	struct err ignored;

	if (addr_parse_list(j->h->mem, value, true, &list, &ignored) &&
	    alias_expand(j->h->mem, &j->h->names->rules, list, &list, &ignored))
		j->m->reply_to = list;
}

static void
set_importance(struct job *j, struct str value)
{
	if (str_ieq(value, STR("high")))
		j->m->importance = MESSAGE_HIGH;
	if (str_ieq(value, STR("low")))
		j->m->importance = MESSAGE_LOW;
}

static void
take_field(struct job *j, const struct head_field *f)
{
	struct value v = value_read(j->h->mem, f->value, j->h->charset);

	switch ((enum field_place)field_of(f->name)->place) {
	case FIELD_APART:
		break;
	case FIELD_LOST:
		add_field(j, f->name, v.plain);
		break;
	case FIELD_SUBJECT:
		if (j->m->subject.p == NULL)
			j->m->subject = v.plain;
		break;
	case FIELD_REPLIES:
		set_reply_to(j, v.text);
		break;
	case FIELD_IMPORTANCE:
		set_importance(j, v.plain);
		break;
	case FIELD_READ_RECEIPT:
		j->m->read_receipt = true;
		break;
	case FIELD_RECEIPT:
		j->m->delivery_receipt = true;
		break;
	}
}

/* JSON has text and no encoded words: what cannot be read goes by MIME. */
static void
check_names(struct job *j, const struct addr *list)
{
	for (; list != NULL; list = list->next)
		if (!prepare_part_is_whole(
			value_words(j->h->mem, list->name).plain))
			j->cannot = "a name in it is in a charset that is not "
				    "known here";
}

static void
check_header(struct job *j)
{
	const struct message *m = j->m;

	if (!prepare_part_is_whole(m->subject))
		j->cannot = "its subject is in a charset that is not known "
			    "here";
	check_names(j, m->from);
	check_names(j, m->to);
	check_names(j, m->cc);
	check_names(j, m->bcc);
	check_names(j, m->reply_to);
}

static void
take_header(struct job *j)
{
	const struct prepare_raw *h = j->h;
	struct message *m = j->m;

	m->from = addr_copy(h->mem, h->from.from);
	m->to = addr_copy(h->mem, h->recipients.to);
	m->cc = addr_copy(h->mem, h->recipients.cc);
	m->bcc = addr_copy(h->mem, h->recipients.bcc);
	m->message_id = h->message_id;
	for (const struct head_field *f = h->root->head.first; f != NULL;
	     f = f->next)
		take_field(j, f);
	if (m->reply_to == NULL)
		m->reply_to = addr_copy(h->mem, h->from.reply_to);
	if (h->from.original != NULL &&
	    j->x < SEND_X_FIELDS_MAX) /* shown in the name, too */
		add_field(j, STR("X-Original-From"), h->from.original->text);
	check_header(j);
}

static const char too_large[] = "the request would have more than 4 MB";

static bool
take_text(struct job *j, const struct mime_part *p, struct err *e)
{
	bool html = str_eq(p->type, STR("text/html")), sound;
	struct str *to = html ? &j->m->html : &j->m->text;
	struct buf text;
	bool ok;

	if (!html && !str_eq(p->type, STR("text/plain"))) {
		j->cannot = "it has a part that is neither text, HTML nor a "
			    "file";
		return true;
	}
	if (to->p != NULL) {
		j->cannot = "it has several texts";
		return true;
	}
	buf_init(&text, SEND_REQUEST_MAX);
	ok = prepare_part_text(j->parts, p, &text, &sound, e);
	*to = arena_str(j->h->mem, buf_view(&text));
	if (text.full)
		j->cannot = too_large;
	else if (!sound)
		j->cannot = "its text is in an encoding that cannot be "
			    "converted";
	buf_release(&text);
	return ok;
}

static bool
take_file(struct job *j, const struct mime_part *p, struct err *e)
{
	bool sound = false;

	if (j->m->n_files == MESSAGE_FILES_MAX) {
		j->cannot = "it has more than 250 attachments";
		return true;
	}
	if (!prepare_part_file(j->parts, p, &j->m->file[j->m->n_files], &sound,
		e))
		return false;
	if (!sound)
		j->cannot = "the encoding of an attachment is damaged";
	else if (!prepare_part_is_whole(j->m->file[j->m->n_files].name))
		j->cannot = "the name of an attachment is in a charset that "
			    "is not known here";
	j->m->n_files++;
	return true;
}

static bool
take_parts(struct job *j, struct err *e)
{
	const struct mime_part *p = j->h->root;
	bool ok = true;

	while (ok && p != NULL && j->cannot == NULL) {
		if (p->sealed)
			j->cannot = "it is signed or encrypted";
		else if (p->parent == NULL &&
		    str_eq(p->type, STR("message/rfc822")))
			j->cannot = "it is a message in a message";
		else if (str_eq(p->type, STR("multipart/report")))
			j->cannot = "it is a report for programs";
		else if (prepare_part_is_file(p))
			ok = take_file(j, p, e);
		else if (p->child == NULL)
			ok = take_text(j, p, e);
		p = prepare_part_is_file(p) ? mime_after(p) : mime_next(p);
	}
	if (j->m->text.p == NULL && j->m->html.p == NULL)
		j->m->text = STR("");
	return ok;
}

static const char *
losses(struct job *j, const char *parts)
{
	struct str names = str_from(buf_view(&j->lost), 2);
	struct arena *a = j->h->mem;

	if (j->lost_n == 0)
		return parts;
	return arena_fmt(a, "the field%s %.*s%s%s%s", j->lost_n > 1 ? "s" : "",
	    STR_ARG(names), j->lost_n > LOST_NAMED ? " and others" : "",
	    parts != NULL ? ", and " : "", parts != NULL ? parts : "")
	    .p;
}

static bool
take(struct job *j, struct err *e)
{
	struct err flaw;

	if (j->h->root->end > 2ULL * SEND_REQUEST_MAX) {
		j->cannot = too_large;
		return true;
	}
	take_header(j);
	if (!take_parts(j, e))
		return false;
	if (j->cannot == NULL && !message_check(j->m, &flaw))
		j->cannot = arena_str(j->h->mem, str_of(flaw.msg)).p;
	return arena_ok(j->h->mem, e);
}

bool
prepare_json(const struct prepare_raw *h, struct prepare_part *parts,
    const struct message **out, struct route_facts *f, struct err *e)
{
	struct job j = { .h = h, .parts = parts };
	bool ok;

	*out = NULL;
	j.m = arena_alloc(h->mem, sizeof(*j.m));
	if (j.m == NULL)
		return arena_ok(h->mem, e);
	buf_init(&j.lost, LOST_SIZE);
	ok = take(&j, e);
	f->json_cannot = j.cannot;
	if (ok && j.cannot == NULL) {
		send_json_facts(j.m, f);
		f->json_loses = losses(&j, f->json_loses);
		*out = j.m;
	}
	/* Programs stamp x- fields on all that they mail: no reason to put
	   Message-ID and text at risk. What MIME surely drops is one. */
	f->json_fields = f->json_fields && j.has[SEND_UNSUBSCRIBE];
	buf_release(&j.lost);
	return ok && arena_ok(h->mem, e);
}
