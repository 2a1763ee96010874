/* SPDX-License-Identifier: MIT */
#include "compose/raw.h"

#include "base/os.h"
#include "codec/date.h"
#include "mail/field.h"
#include "mail/value.h"

/* Unfolded, as UTF-8; encoded words stand in it. */
static struct str
value_of(const struct prepare_raw *h, const struct head_field *f)
{
	return value_read(h->mem, f->value, h->charset).text;
}

static struct str
first_value(const struct prepare_raw *h, struct str name)
{
	const struct head_field *f = head_find(h->root->head.first, name);

	return f != NULL ? value_of(h, f) : (struct str){ 0 };
}

/* The end of a list, where more is to go. */
static struct addr **
end_of(struct addr **list)
{
	while (*list != NULL)
		list = &(*list)->next;
	return list;
}

static void
raw_add(struct prepare_raw *h, struct edit_field field)
{
	h->added[h->n_added++] = field;
}

/* Takes what stands before a comma off *rest, one of no quote or bracket. */
static struct str
next_element(struct str *rest)
{
	struct str element = *rest;
	unsigned depth = 0;
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->n; i++) {
		if (rest->p[i] == '\\')
			i++;
		else if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (rest->p[i] == '(' || rest->p[i] == '<')
			depth++;
		else if ((rest->p[i] == ')' || rest->p[i] == '>') && depth > 0)
			depth--;
		else if (rest->p[i] == ',' && depth == 0)
			break;
	}
	*rest = str_from(element, i + 1);
	return str_trim(str_first(element, i));
}

static void
note_bad(struct prepare_raw *h, struct str text, const struct err *why)
{
	struct prepare_bad **to = &h->bad;

	for (; *to != NULL; to = &(*to)->next)
		if (str_eq((*to)->text, text))
			return; /* the field is read twice */
	*to = arena_alloc(h->mem, sizeof(**to));
	if (*to != NULL)
		**to = (struct prepare_bad){ text,
			arena_str(h->mem, str_of(why->msg)), NULL };
}

/* One by one: those that can be read. */
static bool
parse_some(struct prepare_raw *h, struct str value, struct addr **out,
    struct err *e)
{
	struct addr **tail = out, *one;
	struct str text;

	*out = NULL;
	while (value.n > 0) {
		text = next_element(&value);
		if (addr_parse_list(h->mem, text, true, &one, e)) {
			*tail = one;
			tail = end_of(tail);
		} else if (e->kind == ERR_INPUT)
			note_bad(h, text, e);
		else
			return false;
	}
	return arena_ok(h->mem, e);
}

static bool
parse_field(struct prepare_raw *h, const struct head_field *f,
    struct addr **out, struct err *e)
{
	struct str value = value_of(h, f);

	return addr_parse_list(h->mem, value, true, out, e) ||
	    (e->kind == ERR_INPUT && h->envelope->some_will_do &&
		parse_some(h, value, out, e));
}

/*
 * Appends the addresses of all fields of that name, or of one. What cannot be
 * read is an error where it says who gets the mail; *strange gets it else.
 */
static bool
addresses(struct prepare_raw *h, struct head_field *only, struct str name,
    struct addr **out, struct err *e)
{
	struct head_field *f = only;
	struct addr *list, *local, **tail = end_of(out);

	if (only == NULL)
		f = head_find(h->root->head.first, name);
	while (f != NULL) {
		if (!parse_field(h, f, &list, e) ||
		    !alias_expand(h->mem, &h->names->rules, list, &local, e))
			return err_wrap(e, "%.*s", STR_ARG(name));
		*tail = local;
		tail = end_of(tail);
		f = only != NULL ? NULL : head_find(f->next, name);
	}
	return true;
}

/* To or Cc where it is only to be shown: text that is no list is kept. */
static bool
shown_addresses(struct prepare_raw *h, struct str name, struct addr **out,
    struct str *strange, struct err *e)
{
	struct addr *list = NULL;

	if (addresses(h, NULL, name, &list, e)) {
		*out = list;
		return true;
	}
	*strange = first_value(h, name);
	return e->kind == ERR_INPUT && !h->envelope->rcpt_from_header &&
	    arena_ok(h->mem, e);
}

static const struct str resent_names[RESENT_NAMES] = {
	[RESENT_TO] = STR_INIT("Resent-To"),
	[RESENT_CC] = STR_INIT("Resent-Cc"),
	[RESENT_BCC] = STR_INIT("Resent-Bcc"),
	[RESENT_DATE] = STR_INIT("Resent-Date"),
	[RESENT_FROM] = STR_INIT("Resent-From"),
	[RESENT_ID] = STR_INIT("Resent-Message-ID"),
};

/*
 * Finds the latest block of Resent- fields: those before a name comes again
 * (RFC 5322 3.6.6: each once in a block, the latest on top), or a Received
 * that came in front of an older block.
 */
static void
find_resent(struct prepare_raw *h)
{
	struct head_field *f = h->root->head.first;
	size_t i;

	for (; f != NULL; f = f->next) {
		if (h->resent.first != NULL &&
		    str_ieq(f->name, STR("Received")))
			return;
		if (!str_istarts(f->name, STR("Resent-")))
			continue;
		for (i = 0;
		     i < RESENT_NAMES && !str_ieq(resent_names[i], f->name);)
			i++;
		if (i < RESENT_NAMES && h->resent.field[i] != NULL)
			return;
		if (i < RESENT_NAMES)
			h->resent.field[i] = f;
		if (h->resent.first == NULL)
			h->resent.first = f;
	}
}

/* Its recipients. *found: there is a field of them. */
static bool
resent_recipients(struct prepare_raw *h, struct addr **out, bool *found,
    struct err *e)
{
	struct head_field *f;

	*found = false;
	for (size_t i = RESENT_TO; i <= RESENT_BCC; i++) {
		f = h->resent.field[i];
		if (f != NULL && !addresses(h, f, f->name, out, e))
			return false;
		*found = *found || f != NULL;
	}
	return true;
}

static bool
header_recipients(struct prepare_raw *h, struct addr **out, struct err *e)
{
	bool resent;

	if (!resent_recipients(h, out, &resent, e))
		return false;
	return resent ||
	    (addresses(h, NULL, STR("To"), out, e) &&
		addresses(h, NULL, STR("Cc"), out, e) &&
		addresses(h, NULL, STR("Bcc"), out, e));
}

static bool
nobody(const struct prepare_raw *h, struct err *e)
{
	if (h->bad != NULL)
		return err_set(e, ERR_INPUT, "%.*s", STR_ARG(h->bad->why));
	err_set(e, ERR_USAGE, "nobody to send it to");
	return err_remedy(e,
	    h->envelope->rcpt_from_header ?
		"the message's To, Cc and Bcc have no address; name "
		"recipients on the command line" :
		"name recipients on the command line, or take those of the "
		"header (sendmail -t)");
}

/* All recipients in one list: those to be seen, then the others. */
static bool
count_recipients(struct prepare_raw *h, struct err *e)
{
	struct addr *first = NULL, **tail = &first;

	addr_add_list(h->mem, &tail, h->recipients.to);
	addr_add_list(h->mem, &tail, h->recipients.cc);
	addr_add_list(h->mem, &tail, h->recipients.bcc);
	h->rcpt = first;
	for (; first != NULL; first = first->next)
		h->n_rcpt++;
	return arena_ok(h->mem, e) && (h->n_rcpt > 0 || nobody(h, e));
}

static bool
recipients(struct prepare_raw *h, struct str strange[2], struct err *e)
{
	struct addr *rcpt = NULL, *to = NULL, *cc = NULL;

	if (!alias_expand(h->mem, &h->names->rules, h->envelope->rcpt, &rcpt,
		e))
		return err_wrap(e, "recipients");
	if (h->envelope->rcpt_from_header && !header_recipients(h, &rcpt, e))
		return false;
	return shown_addresses(h, STR("To"), &to, &strange[0], e) &&
	    shown_addresses(h, STR("Cc"), &cc, &strange[1], e) &&
	    reconcile(h->mem, rcpt, to, cc, &h->recipients, e) &&
	    count_recipients(h, e);
}

/* Who wrote it: the From fields, else the sender of the envelope. */
static bool
authors(const struct prepare_raw *h, struct addr **out, struct err *e)
{
	const struct prepare_envelope *v = h->envelope;
	struct head_field *f = head_find(h->root->head.first, STR("From"));
	struct addr *list, *self, **tail = out;

	*out = NULL;
	for (; f != NULL; f = head_find(f->next, STR("From"))) {
		if (!addr_parse_list(h->mem, value_of(h, f), true, &list, e))
			return err_wrap(e, "From");
		*tail = list;
		tail = end_of(tail);
	}
	if (*out != NULL || v->sender == NULL)
		return true;
	self = addr_add(h->mem, &tail, v->sender);
	if (self != NULL && v->sender_name.n > 0)
		self->name = v->sender_name;
	return arena_ok(h->mem, e);
}

/* From `from`, with the name that the caller gave. */
static void
name_self(struct prepare_raw *h)
{
	struct addr *named = NULL, **tail = &named;

	if (h->envelope->sender_name.n == 0 ||
	    addr_add(h->mem, &tail, h->from.from) == NULL)
		return;
	named->name = h->envelope->sender_name;
	h->from.from = named;
}

/* A From that is none is replaced, unless it is to be kept. */
static bool
choose_from(struct prepare_raw *h, struct str *strange, struct err *e)
{
	struct addr *old;

	if (!authors(h, &old, e)) {
		if (e->kind != ERR_INPUT ||
		    str_eq(h->config->from_policy, STR("keep")))
			return false;
		*strange = first_value(h, STR("From"));
		old = NULL;
	}
	if (!prepare_from(h->mem, h->config, h->names, old, &h->from, e))
		return false;
	if (old == NULL && strange->n == 0)
		name_self(h);
	if (head_find(h->root->head.first, STR("From")) == NULL)
		h->from.changed = true;
	return true;
}

/* A field of addresses: with names of this machine they are replaced. */
static bool
mend_addresses(struct prepare_raw *h, const struct head_field *f,
    struct edit_change *out, struct err *e)
{
	struct addr *list, *whole;
	bool local = false;

	if (!addr_parse_list(h->mem, value_of(h, f), true, &list, e))
		return e->kind == ERR_INPUT; /* stays, as text */
	for (const struct addr *x = list; x != NULL; x = x->next)
		local = local || prepare_names_is_local(h->names, x);
	if (list == NULL) /* "Reply-To:" of a form that nobody filled in */
		out->what = EDIT_DROP;
	if (!local)
		return true;
	if (!alias_expand(h->mem, &h->names->rules, list, &whole, e))
		return err_wrap(e, "%.*s", STR_ARG(f->name));
	*out = (struct edit_change){ EDIT_REPLACE, whole };
	return true;
}

/* What mending the header knows of the fields before. */
struct mending {
	bool seen[FIELD_ROWS];
	unsigned hops;
};

static bool
mend_field(struct prepare_raw *h, const struct head_field *f,
    struct edit_change *out, struct mending *m, struct err *e)
{
	const struct field *known = field_of(f->name);
	bool *seen = &m->seen[field_number(known)];
	enum field_fate fate = (enum field_fate)known->fate;

	if ((known->once && *seen) ||
	    ((fate == FIELD_DATE || fate == FIELD_ID) &&
		str_trim(f->value).n == 0)) {
		out->what = EDIT_DROP;
		return true;
	}
	*seen = true;
	if (known->shape == FIELD_ADDRESSES &&
	    (fate == FIELD_STAYS || fate == FIELD_REPLY_TO))
		return mend_addresses(h, f, out, e);
	if (fate == FIELD_HOP && ++m->hops > PREPARE_RAW_HOPS)
		return err_set(e, ERR_INPUT,
		    "more than %d Received fields: the message goes round in "
		    "a circle",
		    PREPARE_RAW_HOPS);
	return true;
}

static bool
mend_fields(struct prepare_raw *h, struct err *e)
{
	struct mending m = { .hops = 0 };
	size_t i = 0;

	h->change = arena_array(h->mem, h->root->head.n, sizeof(*h->change));
	if (h->change == NULL)
		return arena_ok(h->mem, e);
	for (const struct head_field *f = h->root->head.first; f != NULL;
	     f = f->next)
		if (!mend_field(h, f, &h->change[i++], &m, e))
			return false;
	return arena_ok(h->mem, e);
}

static void
add_text(struct prepare_raw *h, struct str name, struct str text)
{
	if (text.n > 0)
		raw_add(h, (struct edit_field){ .name = name, .text = text });
}

/* What is taken out of the header stays readable in it. */
static void
add_fields(struct prepare_raw *h, struct str from, const struct str strange[2])
{
	struct str name = STR("X-Original-From");
	bool has = head_find(h->root->head.first, name) != NULL;

	if (!has && h->from.original != NULL)
		raw_add(h,
		    (struct edit_field){ .name = name,
			.list = h->from.original });
	else if (!has)
		add_text(h, name, from);
	add_text(h, STR("X-Post365-To"), strange[0]);
	add_text(h, STR("X-Post365-Cc"), strange[1]);
}

static void
add_resent(struct prepare_raw *h, enum prepare_resent i, struct edit_field f)
{
	f.name = resent_names[i];
	if (h->resent.field[i] == NULL)
		h->resent_field[h->n_resent++] = f;
}

/*
 * Who sends a message again has to say who and when (RFC 5322 3.6.6, MUST),
 * and should give it a name.
 */
static bool
stamp_resent(struct prepare_raw *h, const char *date, struct err *e)
{
	unsigned char random[16];
	struct edit_field from = { 0 }, when = { 0 }, id = { 0 };
	struct addr *self;

	if (h->resent.first == NULL)
		return true;
	if (!addr_parse(h->mem, h->config->from, false, &self, e))
		return false;
	os_random(random, sizeof(random));
	from.list = self;
	when.text = arena_str(h->mem, str_of(date));
	id.text = message_make_id(h->mem, random, self->domain);
	add_resent(h, RESENT_FROM, from);
	add_resent(h, RESENT_DATE, when);
	add_resent(h, RESENT_ID, id);
	return true;
}

static bool
stamp(struct prepare_raw *h, int64_t when, int zone, struct err *e)
{
	char date[DATE_MAIL_SIZE];
	unsigned char random[16];

	h->date = first_value(h, STR("Date"));
	h->message_id = first_value(h, STR("Message-ID"));
	date_mail(when, zone, date);
	if (h->date.n == 0)
		h->date = arena_str(h->mem, str_of(date));
	os_random(random, sizeof(random));
	if (h->message_id.n == 0)
		h->message_id =
		    message_make_id(h->mem, random, h->from.from->domain);
	return stamp_resent(h, date, e) && arena_ok(h->mem, e);
}

bool
prepare_raw_header(struct prepare_raw *h, int64_t when, int zone, struct err *e)
{
	struct str strange[2] = { { 0 } }, from = { 0 };

	h->charset = mime_charset(h->root);
	find_resent(h);
	if (!mend_fields(h, e) || !recipients(h, strange, e) ||
	    !choose_from(h, &from, e))
		return false;
	add_fields(h, from, strange);
	return stamp(h, when, zone, e);
}
