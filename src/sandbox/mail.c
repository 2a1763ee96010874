/* SPDX-License-Identifier: MIT */
#include "sandbox/mail.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/utf8.h"

enum {
	RECIPIENTS_MAX = 500,   /* Exchange's default, facts.md 4.4 */
	META_MAX = 1024 * 1024, /* 500 recipients with names, many times */
	NAME_MAX_KEPT = 100,    /* of an attachment, in a file name */
	LOCAL_MAX = 64,         /* RFC 5321 4.5.3.1.1 */
	DOMAIN_MAX = 255,       /* RFC 5321 4.5.3.1.2 */
	LABEL_MAX = 63          /* RFC 1035 2.3.4 */
};

void
mail_init(struct sandbox_mail *m, struct arena *mem, struct str mailbox)
{
	*m = (struct sandbox_mail){ .mem = mem, .mailbox = mailbox };
	m->end = &m->part;
	buf_init(&m->meta, META_MAX);
	mail_note(m, STR("mailbox"), mailbox);
}

void
mail_release(struct sandbox_mail *m)
{
	buf_release(&m->meta);
	*m = (struct sandbox_mail){ 0 };
}

void
mail_note(struct sandbox_mail *m, struct str key, struct str value)
{
	unsigned char c;

	buf_adds(&m->meta, key);
	buf_adds(&m->meta, STR(": "));
	for (size_t i = 0; i < value.n; i++) {
		c = (unsigned char)value.p[i];
		buf_addc(&m->meta, c < ' ' || c == 0x7f ? '?' : value.p[i]);
	}
	buf_addc(&m->meta, '\n');
}

static bool
is_safe(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.' || c == '-' ||
	    c == '_';
}

static struct sandbox_part *
add_part(struct sandbox_mail *m, struct str prefix, struct str name)
{
	struct sandbox_part *p = arena_alloc(m->mem, sizeof(*p));
	char *text;
	size_t n = 0;

	name = str_first(name, NAME_MAX_KEPT);
	text = arena_alloc(m->mem, prefix.n + name.n);
	if (p == NULL || text == NULL)
		return NULL;
	for (; n < prefix.n; n++)
		text[n] = prefix.p[n];
	for (size_t i = 0; i < name.n; i++)
		text[n++] = is_safe(name.p[i]) ? name.p[i] : '_';
	p->suffix = (struct str){ text, n };
	*m->end = p;
	m->end = &p->next;
	return p;
}

void
mail_add_part(struct sandbox_mail *m, struct str prefix, struct str name,
    struct str bytes)
{
	struct sandbox_part *p = add_part(m, prefix, name);

	if (p != NULL)
		p->bytes = bytes;
}

void
mail_add_file(struct sandbox_mail *m, const struct sandbox_item *item,
    struct str bytes, struct str path)
{
	struct sandbox_part *p;

	m->files++;
	mail_note(m, STR("attachment"),
	    arena_fmt(m->mem, "%u %llu %.*s %.*s%s%.*s", m->files,
		(unsigned long long)item->size,
		STR_ARG(item->type.n > 0 ? item->type : STR("-")),
		STR_ARG(item->name), item->is_inline ? " inline cid=" : "",
		STR_ARG(item->cid)));
	p = add_part(m, arena_fmt(m->mem, "att%u-", m->files), item->name);
	if (p == NULL)
		return;
	p->bytes = bytes;
	p->path = path;
}

bool
mail_flaw(struct err *e, const char *code, const char *fmt, ...)
{
	char text[ERR_MSG_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, ERR_INPUT, "%s", text);
	return err_code(e, str_of(code));
}

/* RFC 5322 3.2.3, and RFC 6532 3.2. */
static bool
is_atext(char c)
{
	struct str others = STR("!#$%&'*+-/=?^_`{|}~");

	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	    ((unsigned char)c & 0x80) != 0 || str_chr(others, c) < others.n;
}

static bool
is_quoted_local(struct str s)
{
	if (s.n < 3 || *s.p != '"' || s.p[s.n - 1] != '"')
		return false;
	for (size_t i = 1; i < s.n - 1; i++) {
		if (s.p[i] == '\\' && ++i == s.n - 1)
			return false;
		if (s.p[i] == '"' && s.p[i - 1] != '\\')
			return false;
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

static bool
is_dotted_local(struct str s)
{
	struct str part;

	while (str_next(&s, '.', &part)) {
		if (part.n == 0)
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!is_atext(part.p[i]))
				return false;
	}
	return true;
}

static bool
is_domain(struct str s)
{
	struct str label;
	char c;

	if (s.n == 0 || s.n > DOMAIN_MAX)
		return false;
	while (str_next(&s, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX || *label.p == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			c = label.p[i];
			if (!ascii_is_alpha(c) && !ascii_is_digit(c) &&
			    c != '-' && ((unsigned char)c & 0x80) == 0)
				return false;
		}
	}
	return true;
}

bool
mail_is_address(struct str s)
{
	struct str local;
	size_t at = s.n;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '@')
			at = i;
	local = str_first(s, at);
	if (at == s.n || local.n == 0 || local.n > LOCAL_MAX ||
	    !utf8_is_valid(s))
		return false;
	return (is_dotted_local(local) || is_quoted_local(local)) &&
	    is_domain(str_from(s, at + 1));
}

bool
mail_add_recipient(struct sandbox_mail *m, struct str kind, struct str address,
    struct str name, struct err *e)
{
	if (!mail_is_address(address))
		return mail_flaw(e, "ErrorInvalidRecipients",
		    "At least one recipient is not valid., Recipient '%.*s' "
		    "is not resolved. All recipients must be resolved before "
		    "a message can be submitted.",
		    STR_ARG(address));
	mail_note(m, kind, address);
	if (name.n > 0)
		mail_note(m, arena_fmt(m->mem, "%.*s-name", STR_ARG(kind)),
		    name);
	m->recipients++;
	return true;
}

bool
mail_set_from(struct sandbox_mail *m, struct str address, struct str name,
    struct err *e)
{
	if (!mail_is_address(address))
		return mail_flaw(e, "ErrorInvalidProperty",
		    "From is no address: '%.*s'", STR_ARG(address));
	if (!m->send_as && !str_ieq(address, m->mailbox))
		return mail_flaw(e, "ErrorSendAsDenied",
		    "The user account which was used to submit this request "
		    "does not have the right to send mail on behalf of the "
		    "specified sending account., Cannot submit message.");
	mail_note(m, STR("from"), address);
	if (name.n > 0)
		mail_note(m, STR("from-name"), name);
	return true;
}

bool
mail_has_recipients(const struct sandbox_mail *m, struct err *e)
{
	if (m->recipients > RECIPIENTS_MAX)
		return mail_flaw(e, "ErrorExceededMaxRecipientLimit",
		    "The message has more than %d recipients.", RECIPIENTS_MAX);
	if (m->recipients > 0 || m->draft)
		return true;
	return mail_flaw(e, "ErrorInvalidRecipients",
	    "A message can't be sent because it contains no recipients.");
}
