/* SPDX-License-Identifier: MIT */
#include "compose/entry.h"

#include "base/os.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "mail/field.h"
#include "mail/head.h"
#include "mail/message.h"
#include "mail/mimew.h"
#include "mail/reconcile.h"
#include "mail/value.h"

enum { ENTRY_SUBJECT_MOST = 200 /* bytes: two lines of a screen */ };

/* The fields of a Resent- block. RFC 5322 3.6.6 */
enum {
	RESENT_TO,
	RESENT_CC,
	RESENT_BCC,
	RESENT_DATE,
	RESENT_FROM,
	RESENT_ID,
	RESENT_NAMES
};

static const struct str entry_resent[RESENT_NAMES] = {
	[RESENT_TO] = STR_INIT("Resent-To"),
	[RESENT_CC] = STR_INIT("Resent-Cc"),
	[RESENT_BCC] = STR_INIT("Resent-Bcc"),
	[RESENT_DATE] = STR_INIT("Resent-Date"),
	[RESENT_FROM] = STR_INIT("Resent-From"),
	[RESENT_ID] = STR_INIT("Resent-Message-ID"),
};

/* One header on its way through. */
struct entry_job {
	struct arena *mem;
	const struct entry_ask *ask;
	struct head head;
	struct entry_bad *bad;
	struct {
		const struct head_field *first; /* NULL: it is not resent */
		const struct head_field *field[RESENT_NAMES];
	} resent; /* the latest block */
	/* the first that says something */
	const struct head_field *date, *id, *subject;
	struct buf *out;
};

/* Unfolded, as UTF-8; encoded words stand in it. */
static struct str
entry_value(struct arena *mem, const struct head_field *f)
{
	return value_read(mem, f->value, STR("")).text;
}

/* Of ASCII, or of the 32 that follow it (U+0080 to U+009F). */
static bool
entry_is_control(struct str text)
{
	unsigned char c = (unsigned char)text.p[0];

	return c < ' ' || c == 0x7f ||
	    (c == 0xc2 && (unsigned char)text.p[1] < 0xa0);
}

struct str
entry_subject(struct arena *mem, struct str text)
{
	struct str out = STR("");
	struct buf b;
	size_t n;

	buf_init(&b, ENTRY_SUBJECT_MOST + UTF8_MAX);
	for (; text.n > 0 && b.n < ENTRY_SUBJECT_MOST;
	     text = str_from(text, n)) {
		n = str_utf8(text);
		if (n == 0)
			buf_addc(&b, '?');
		else if (entry_is_control(text))
			buf_addc(&b, ' ');
		else
			buf_adds(&b, str_first(text, n));
		n = n > 0 ? n : 1;
	}
	out = arena_str(mem, str_trim(buf_view(&b)));
	buf_release(&b);
	return out;
}

/* The end of a list, where more is to go. */
static struct addr **
entry_end_of(struct addr **list)
{
	while (*list != NULL)
		list = &(*list)->next;
	return list;
}

/* --- recipients */

/* Takes what stands before a comma off *rest, one of no quote or bracket. */
static struct str
entry_next_element(struct str *rest)
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
entry_note_bad(struct arena *mem, struct entry_bad **to, struct str text,
    const struct err *why)
{
	while (*to != NULL)
		to = &(*to)->next;
	*to = arena_alloc(mem, sizeof(**to));
	if (*to != NULL)
		**to = (struct entry_bad){ text,
			arena_str(mem, str_of(why->msg)), NULL };
}

bool
entry_list(struct arena *mem, struct str value, struct addr **out,
    struct entry_bad **bad, struct err *e)
{
	struct addr **tail = out, *one;
	struct str text;

	if (addr_parse_list(mem, value, true, out, e))
		return true;
	if (e->kind != ERR_INPUT)
		return false;
	while (value.n > 0) {
		text = entry_next_element(&value);
		if (addr_parse_list(mem, text, true, &one, e)) {
			*tail = one;
			tail = entry_end_of(tail);
		} else if (e->kind == ERR_INPUT)
			entry_note_bad(mem, bad, text, e);
		else
			return false;
	}
	return arena_ok(mem, e);
}

static bool
entry_addresses(struct entry_job *j, const struct head_field *f,
    struct addr **out, struct err *e)
{
	struct str value = entry_value(j->mem, f);
	struct addr **tail = entry_end_of(out);

	return (j->ask->some_will_do ?
		       entry_list(j->mem, value, tail, &j->bad, e) :
		       addr_parse_list(j->mem, value, true, tail, e)) ||
	    err_wrap(e, "%.*s", STR_ARG(f->name));
}

/*
 * Finds the latest block of Resent- fields: those before a name comes again
 * (RFC 5322 3.6.6: each once in a block, the latest on top), or a Received
 * that came in front of an older block.
 */
static void
entry_find_resent(struct entry_job *j)
{
	const struct head_field *f = j->head.first;
	size_t i;

	for (; f != NULL; f = f->next) {
		if (j->resent.first != NULL &&
		    str_ieq(f->name, STR("Received")))
			return;
		if (!str_istarts(f->name, STR("Resent-")))
			continue;
		for (i = 0;
		     i < RESENT_NAMES && !str_ieq(entry_resent[i], f->name);)
			i++;
		if (i < RESENT_NAMES && j->resent.field[i] != NULL)
			return;
		if (i < RESENT_NAMES)
			j->resent.field[i] = f;
		if (j->resent.first == NULL)
			j->resent.first = f;
	}
}

static bool
entry_resent_recipients(struct entry_job *j, struct addr **out, bool *found,
    struct err *e)
{
	const struct head_field *f;

	*found = false;
	for (size_t i = RESENT_TO; i <= RESENT_BCC; i++) {
		f = j->resent.field[i];
		if (f != NULL && !entry_addresses(j, f, out, e))
			return false;
		*found = *found || f != NULL;
	}
	return true;
}

static bool
entry_header_recipients(struct entry_job *j, struct addr **out, struct err *e)
{
	static const struct str names[] = { STR_INIT("To"), STR_INIT("Cc"),
		STR_INIT("Bcc") };
	struct head_field *f;
	bool resent;

	if (!entry_resent_recipients(j, out, &resent, e))
		return false;
	if (resent)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (f = head_find(j->head.first, names[i]); f != NULL;
		     f = head_find(f->next, names[i]))
			if (!entry_addresses(j, f, out, e))
				return false;
	return true;
}

static bool
entry_nobody(const struct entry_job *j, struct err *e)
{
	if (j->bad != NULL)
		return err_set(e, ERR_INPUT, "%.*s", STR_ARG(j->bad->why));
	err_set(e, ERR_USAGE, "nobody to send it to");
	return err_remedy(e,
	    j->ask->rcpt_from_header ?
		"the message's To, Cc and Bcc have no address; name "
		"recipients on the command line" :
		"name recipients on the command line, or take those of the "
		"header (sendmail -t)");
}

static bool
entry_recipients(struct entry_job *j, struct entry *in, struct err *e)
{
	struct addr *list = addr_copy(j->mem, j->ask->rcpt);
	struct reconciled once;

	if (j->ask->rcpt_from_header && !entry_header_recipients(j, &list, e))
		return false;
	if (!reconcile(j->mem, list, NULL, NULL, &once, e))
		return false;
	in->rcpt = once.bcc;
	in->bad = j->bad;
	for (const struct addr *a = once.bcc; a != NULL; a = a->next)
		in->n_rcpt++;
	return in->n_rcpt > 0 || entry_nobody(j, e);
}

/* --- the header that is kept */

static struct str
entry_make_id(const struct entry_job *j, struct str domain)
{
	unsigned char random[16];

	os_random(random, sizeof(random));
	return message_make_id(j->mem, random, domain);
}

/* Who sends a message again has to say who and when (RFC 5322 3.6.6, MUST). */
static bool
entry_stamp_resent(struct entry_job *j, const struct addr *self,
    const char *date, struct err *e)
{
	const struct head_field *const *has = j->resent.field;

	return (has[RESENT_FROM] != NULL ||
		   mimew_addresses(j->out, entry_resent[RESENT_FROM], self,
		       e)) &&
	    (has[RESENT_DATE] != NULL ||
		mimew_text(j->out, entry_resent[RESENT_DATE], str_of(date),
		    e)) &&
	    (has[RESENT_ID] != NULL ||
		mimew_text(j->out, entry_resent[RESENT_ID],
		    entry_make_id(j, self->domain), e));
}

/* Who wrote it, where nothing says so: the sender, or `from` by its name. */
static bool
entry_add_author(struct entry_job *j, const struct addr *self, struct err *e)
{
	const struct entry_ask *ask = j->ask;
	struct addr *author = NULL, **tail = &author;

	if (head_find(j->head.first, STR("From")) != NULL ||
	    (ask->sender == NULL && ask->sender_name.n == 0))
		return true;
	(void)addr_add(j->mem, &tail, ask->sender != NULL ? ask->sender : self);
	if (author == NULL)
		return arena_ok(j->mem, e);
	if (ask->sender_name.n > 0)
		author->name = ask->sender_name;
	return mimew_addresses(j->out, STR("From"), author, e);
}

static bool
entry_goes(const struct entry_job *j, const struct head_field *f)
{
	return str_ieq(f->name, STR("Bcc")) ||
	    str_ieq(f->name, entry_resent[RESENT_BCC]) ||
	    (f != j->date && str_ieq(f->name, STR("Date")) &&
		str_trim(f->value).n == 0) ||
	    (f != j->id && str_ieq(f->name, STR("Message-ID")) &&
		str_trim(f->value).n == 0);
}

/* What is there, and counts the hops. */
static bool
entry_look(struct entry_job *j, struct err *e)
{
	unsigned hops = 0;

	for (const struct head_field *f = j->head.first; f != NULL;
	     f = f->next) {
		if (str_trim(f->value).n == 0)
			continue;
		if (j->date == NULL && str_ieq(f->name, STR("Date")))
			j->date = f;
		if (j->id == NULL && str_ieq(f->name, STR("Message-ID")))
			j->id = f;
		if (j->subject == NULL && str_ieq(f->name, STR("Subject")))
			j->subject = f;
		hops += field_of(f->name)->fate == FIELD_HOP;
	}
	if (hops <= ENTRY_HOPS)
		return true;
	return err_set(e, ERR_INPUT,
	    "more than %d Received fields: the message goes round in a circle",
	    ENTRY_HOPS);
}

static bool
entry_write(struct entry_job *j, struct entry *in, struct err *e)
{
	char date[DATE_MAIL_SIZE];
	struct addr *self;

	if (!addr_parse(j->mem, j->ask->config->from, false, &self, e))
		return false;
	date_mail(j->ask->when, j->ask->zone, date);
	for (const struct head_field *f = j->head.first; f != NULL;
	     f = f->next) {
		if (f == j->resent.first &&
		    !entry_stamp_resent(j, self, date, e))
			return false;
		if (!entry_goes(j, f))
			buf_adds(j->out, f->raw);
	}
	in->message_id = j->id != NULL ? entry_value(j->mem, j->id) :
					 entry_make_id(j, self->domain);
	if (j->ask->config->log_subject && j->subject != NULL)
		in->subject = entry_subject(j->mem,
		    value_read(j->mem, j->subject->value, STR("")).plain);
	if (!entry_add_author(j, self, e) ||
	    (j->date == NULL &&
		!mimew_text(j->out, STR("Date"), str_of(date), e)) ||
	    (j->id == NULL &&
		!mimew_text(j->out, STR("Message-ID"), in->message_id, e)))
		return false;
	buf_add(j->out, "\r\n", 2);
	return buf_ok(j->out, e) && arena_ok(j->mem, e);
}

bool
entry_read(struct arena *mem, struct str header, const struct entry_ask *ask,
    struct buf *out, struct entry *in, struct err *e)
{
	struct entry_job j = { .mem = mem, .ask = ask, .out = out };

	*in = (struct entry){ 0 };
	if (!head_scan(mem, header, &j.head, e) || !entry_look(&j, e))
		return false;
	entry_find_resent(&j);
	return entry_recipients(&j, in, e) && entry_write(&j, in, e);
}
