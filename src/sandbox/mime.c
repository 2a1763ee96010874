/* SPDX-License-Identifier: MIT */
#include "sandbox/mime.h"

#include "codec/base64.h"
#include "mail/addr.h"
#include "mail/head.h"
#include "mail/value.h"

/* Takes the line ends out of wrapped base64, and then is strict. */
static bool
decode(struct sandbox_mail *m, struct str body, struct err *e)
{
	struct buf flat, bytes;
	struct str line;
	struct err why;
	bool ok;

	buf_init(&flat, body.n);
	buf_init(&bytes, body.n);
	while (str_next(&body, '\n', &line))
		buf_adds(&flat,
		    str_ends(line, STR("\r")) ? str_first(line, line.n - 1) :
						line);
	ok =
	    buf_ok(&flat, &why) && base64_decode(&bytes, buf_view(&flat), &why);
	if (ok)
		m->raw = arena_str(m->mem, buf_view(&bytes));
	else
		mail_flaw(e, "ErrorMimeContentInvalidBase64String",
		    "Invalid base64 string for MIME content. (%s)", why.msg);
	buf_release(&flat);
	buf_release(&bytes);
	return ok;
}

static bool
add_recipients(struct sandbox_mail *m, struct str kind, struct str value,
    struct err *e)
{
	struct addr *list;
	struct err why;

	if (!addr_parse_list(m->mem, value, false, &list, &why))
		return mail_flaw(e, "ErrorInvalidRecipients",
		    "At least one recipient is not valid., %s", why.msg);
	for (; list != NULL; list = list->next)
		if (!mail_add_recipient(m, kind, list->text, list->name, e))
			return false;
	return true;
}

static bool
set_from(struct sandbox_mail *m, struct str kind, struct str value,
    struct err *e)
{
	struct addr *from;
	struct err why;

	(void)kind;
	if (!addr_parse(m->mem, value, false, &from, &why))
		return mail_flaw(e, "ErrorMimeContentInvalid", "From: %s",
		    why.msg);
	return mail_set_from(m, from->text, from->name, e);
}

static bool
note(struct sandbox_mail *m, struct str kind, struct str value, struct err *e)
{
	(void)e;
	mail_note(m, kind, value);
	return true;
}

/* The fields that matter here; each at most once (RFC 5322 3.6). */
static const struct {
	struct str name, key;
	bool required;
	bool (*read)(struct sandbox_mail *, struct str kind, struct str value,
	    struct err *);
} fields[] = {
	{ STR_INIT("From"), STR_INIT("from"), true, set_from },
	{ STR_INIT("To"), STR_INIT("to"), false, add_recipients },
	{ STR_INIT("Cc"), STR_INIT("cc"), false, add_recipients },
	{ STR_INIT("Bcc"), STR_INIT("bcc"), false, add_recipients },
	{ STR_INIT("Subject"), STR_INIT("subject"), false, note },
	{ STR_INIT("Message-ID"), STR_INIT("message-id"), false, note },
	{ STR_INIT("Date"), STR_INIT("date"), false, note },
	{ STR_INIT("Reply-To"), STR_INIT("reply-to"), false, note },
};

enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool
read_field(struct sandbox_mail *m, struct head *h, size_t i, struct err *e)
{
	struct head_field *f = head_find(h->first, fields[i].name);

	if (f == NULL && fields[i].required)
		return mail_flaw(e, "ErrorMimeContentInvalid",
		    "The message has no %s.", fields[i].name.p);
	if (f == NULL)
		return true;
	if (head_find(f->next, fields[i].name) != NULL)
		return mail_flaw(e, "ErrorMimeContentInvalid",
		    "%s stands twice.", fields[i].name.p);
	return fields[i].read(m, fields[i].key,
	    value_read(m->mem, f->value, STR("")).text, e);
}

bool
sandbox_mime_read(struct sandbox_mail *m, struct str body, struct err *e)
{
	struct head h = { 0 };

	if (!decode(m, body, e))
		return false;
	m->suffix = STR("eml");
	if (str_chr(m->raw, '\0') < m->raw.n || m->raw.n == 0 ||
	    !head_scan(m->mem, m->raw, &h, e) || h.n == 0)
		return mail_flaw(e, "ErrorMimeContentInvalid",
		    "The MIME content is not valid.");
	for (size_t i = 0; i < N_FIELDS; i++)
		if (!read_field(m, &h, i, e))
			return false;
	return mail_has_recipients(m, e) && arena_ok(m->mem, e) &&
	    buf_ok(&m->meta, e);
}
