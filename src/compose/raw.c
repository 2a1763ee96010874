/* SPDX-License-Identifier: MIT */
#include "compose/raw.h"

#include "compose/entry.h"
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

/*
 * To or Cc, which are only to be shown. What of them cannot be read makes the
 * text strange: it is kept beside those who can.
 */
static bool
shown_addresses(struct prepare_raw *h, struct str name, struct addr **out,
    struct str *strange, struct err *e)
{
	struct head_field *f = head_find(h->root->head.first, name);
	struct addr *list, *local, **tail = out;
	struct entry_bad *bad = NULL;
	bool odd;

	for (; f != NULL; f = head_find(f->next, name)) {
		if (!entry_list(h->mem, value_of(h, f), &list, &bad, e))
			return err_wrap(e, "%.*s", STR_ARG(name));
		odd = !alias_expand(h->mem, &h->names->rules, list, &local, e);
		if (odd && e->kind != ERR_INPUT)
			return err_wrap(e, "%.*s", STR_ARG(name));
		*tail = odd ? NULL : local;
		tail = end_of(tail);
		if ((odd || bad != NULL) && strange->n == 0)
			*strange = value_of(h, f);
	}
	return arena_ok(h->mem, e);
}

static bool
nobody(struct err *e)
{
	err_set(e, ERR_USAGE, "nobody to send it to");
	return err_remedy(e, "name recipients");
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
	return arena_ok(h->mem, e) && (h->n_rcpt > 0 || nobody(e));
}

static bool
recipients(struct prepare_raw *h, struct str strange[2], struct err *e)
{
	struct addr *rcpt = NULL, *to = NULL, *cc = NULL;

	if (!alias_expand(h->mem, &h->names->rules, h->envelope->rcpt, &rcpt,
		e))
		return err_wrap(e, "recipients");
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
	struct addr *list, **tail = out;

	*out = NULL;
	for (; f != NULL; f = head_find(f->next, STR("From"))) {
		if (!addr_parse_list(h->mem, value_of(h, f), true, &list, e))
			return err_wrap(e, "From");
		*tail = list;
		tail = end_of(tail);
	}
	if (*out == NULL && v->sender != NULL)
		(void)addr_add(h->mem, &tail, v->sender);
	return arena_ok(h->mem, e);
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

static bool
mend_field(struct prepare_raw *h, const struct head_field *f,
    struct edit_change *out, bool seen[FIELD_ROWS], struct err *e)
{
	const struct field *known = field_of(f->name);
	bool *is_seen = &seen[field_number(known)];
	enum field_fate fate = (enum field_fate)known->fate;

	if ((known->once && *is_seen) ||
	    ((fate == FIELD_DATE || fate == FIELD_ID) &&
		str_trim(f->value).n == 0)) {
		out->what = EDIT_DROP;
		return true;
	}
	*is_seen = true;
	if (known->shape == FIELD_ADDRESSES &&
	    (fate == FIELD_STAYS || fate == FIELD_REPLY_TO))
		return mend_addresses(h, f, out, e);
	return true;
}

static bool
mend_fields(struct prepare_raw *h, struct err *e)
{
	bool seen[FIELD_ROWS] = { false };
	size_t i = 0;

	h->change = arena_array(h->mem, h->root->head.n, sizeof(*h->change));
	if (h->change == NULL)
		return arena_ok(h->mem, e);
	for (const struct head_field *f = h->root->head.first; f != NULL;
	     f = f->next)
		if (!mend_field(h, f, &h->change[i++], seen, e))
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

bool
prepare_raw_header(struct prepare_raw *h, struct err *e)
{
	struct str strange[2] = { { 0 } }, from = { 0 };

	h->charset = mime_charset(h->root);
	if (!mend_fields(h, e) || !recipients(h, strange, e) ||
	    !choose_from(h, &from, e))
		return false;
	add_fields(h, from, strange);
	h->message_id = first_value(h, STR("Message-ID"));
	return arena_ok(h->mem, e);
}
