/* SPDX-License-Identifier: MIT */
#include "mail/dsn.h"

#include "codec/base64.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "codec/xtext.h"
#include "mail/head.h"
#include "mail/mimew.h"

enum {
	LINE = 76, /* of text, and of base64 (RFC 2045 6.8) */
	LINE_BYTES = LINE / 4 * 3,
	DSN_LINE_MOST = 999, /* RFC 5322 2.1.1: 998, and CR */
	BOUNDARY_SIZE = 40,
	WORDS_MOST = 32 * 1024,     /* DSN_LISTED addresses and two texts */
	SCAN_MOST = 8 * 1024 * 1024 /* a field a byte pair of what is read */
};

/* clang-format off */
static const struct {
	const char *code, *status;
} of_code[] = {
	{ DSN_BAD_ADDRESS, "5.1.3" },
	{ "ErrorExceededMaxRecipientLimit", "5.5.3" },
	{ "ErrorIncorrectRecipient", "5.1.1" },
	{ "ErrorInvalidRecipients", "5.1.1" },
	{ "ErrorMailRecipientNotFound", "5.1.1" },
	{ "ErrorMessageSizeExceeded", "5.2.3" },
	{ "ErrorMissingRecipients", "5.1.1" },
	{ "ErrorSendAsDenied", "5.7.1" },
	{ DSN_TOO_LARGE, "5.3.4" },
};

static const char *const of_kind[] = {
	[ERR_NONE] = "5.0.0",
	[ERR_RETRY] = "5.4.7", /* RFC 3463 3.5: delivery time expired */
	[ERR_UNSURE] = "5.4.7",
	[ERR_REFUSED] = "5.7.1", /* 3.8: not authorized, message refused */
	[ERR_AUTH] = "5.7.1",
	[ERR_CONFIG] = "5.0.0",
	[ERR_INPUT] = "5.0.0",
	[ERR_USAGE] = "5.0.0",
	[ERR_BUG] = "5.0.0",
};
/* clang-format on */

const char *
dsn_status(enum err_kind kind, struct str code)
{
	for (size_t i = 0; i < sizeof(of_code) / sizeof(*of_code); i++)
		if (str_ieq(code, str_of(of_code[i].code)))
			return of_code[i].status;
	return of_kind[kind];
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static bool
is_printable(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f;
}

/* Appends one line's worth of text without what does not print. */
static void
add_clean(struct buf *out, struct str text, size_t most)
{
	struct buf mended;
	struct str s;

	buf_init(&mended, 3 * DSN_READ_MOST); /* U+FFFD has 3 bytes */
	utf8_add_mended(&mended, str_first(text, DSN_READ_MOST));
	s = str_cut(buf_view(&mended), most);
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, is_printable(s.p[i]) ? s.p[i] : '?');
	if (mended.no_memory)
		out->no_memory = true; /* latched, as if it were out's own */
	buf_release(&mended);
}

/* A field of ASCII; characters beyond it become '?'. */
static bool
field(struct buf *out, struct str name, struct str value, struct err *e)
{
	char text[DSN_TEXT_MOST];
	size_t n = 0;

	for (size_t i = 0; i < value.n && n < sizeof(text); i++) {
		if (((unsigned char)value.p[i] & 0xc0) == 0x80)
			continue; /* one '?' for a character */
		text[n++] = is_printable(value.p[i]) &&
			(unsigned char)value.p[i] < 0x80 ?
		    value.p[i] :
		    '?';
	}
	return head_write(out, name, (struct str){ text, n }, e);
}

static bool
date_field(struct buf *out, struct str name, int64_t when, int zone,
    struct err *e)
{
	char date[DATE_MAIL_SIZE];

	date_mail(when, zone, date);
	return field(out, name, str_of(date), e);
}

/* --- the header */

static bool
add_header(const struct dsn *d, const char *boundary, struct buf *out,
    struct err *e)
{
	struct addr from = *d->from;

	from.name = STR("Mail Delivery System");
	from.next = NULL;
	if (!date_field(out, STR("Date"), d->when, d->zone, e) ||
	    !mimew_addresses(out, STR("From"), &from, e) ||
	    !mimew_addresses(out, STR("To"), d->to, e) ||
	    !field(out, STR("Message-ID"), d->message_id, e) ||
	    (d->original_id.n > 0 &&
		!field(out, STR("References"), d->original_id, e)))
		return false;
	buf_addf(out,
	    "Subject: %s\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    " boundary=\"%s\"\r\n",
	    d->relayed ? "Mail Accepted by Microsoft 365" :
			 "Undelivered Mail Returned to Sender",
	    boundary);
	return true;
}

/* --- the words */

/* Text in lines of LINE where it has blanks, behind four blanks. */
static void
add_wrapped(struct buf *out, struct str text)
{
	struct str clean, word;
	struct buf line;
	size_t at = 0;

	buf_init(&line, DSN_TEXT_MOST);
	add_clean(&line, text, DSN_TEXT_MOST);
	clean = buf_view(&line);
	while (str_next(&clean, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (at > 0 && at + 1 + word.n > LINE) {
			buf_addz(out, "\r\n");
			at = 0;
		}
		buf_addz(out, at == 0 ? "    " : " ");
		buf_adds(out, word);
		at += word.n + (at == 0 ? 4 : 1);
	}
	buf_addz(out, "\r\n");
	if (line.no_memory)
		out->no_memory = true;
	buf_release(&line);
}

static void
add_reason(const struct dsn *d, struct buf *out)
{
	if (d->relayed) {
		buf_addz(out,
		    "\r\nwhich delivers it. A delivery that fails is reported "
		    "from there;\r\none that succeeds is not.\r\n");
		return;
	}
	buf_addz(out, "\r\nThe reason:\r\n\r\n");
	add_wrapped(out, d->reason);
	if (d->remedy.n > 0) {
		buf_addz(out, "\r\nWhat to do:\r\n\r\n");
		add_wrapped(out, d->remedy);
	}
}

static void
add_words(const struct dsn *d, bool cut, struct buf *out)
{
	char date[DATE_MAIL_SIZE];

	buf_addz(out, "This is post365 at ");
	add_clean(out, d->host, DSN_TEXT_MOST);
	buf_addf(out, ".\r\n\r\nYour message %s\r\n\r\n",
	    d->relayed ? "was handed to Microsoft 365 for" :
			 "could not be delivered to");
	for (size_t i = 0; i < d->recipients && i < DSN_LISTED; i++)
		add_wrapped(out, d->recipient[i]);
	if (d->recipients > DSN_LISTED)
		buf_addf(out, "    and %zu more, which are listed below\r\n",
		    d->recipients - DSN_LISTED);
	add_reason(d, out);
	date_mail(d->arrived, d->zone, date);
	buf_addf(out, "\r\nThe message was accepted on %s", date);
	if (d->id.n > 0) {
		buf_addz(out, " as ");
		add_clean(out, d->id, LINE);
	}
	buf_addf(out, ".\r\n%s%s follows.\r\n",
	    d->relayed ? "" : "It is not tried again. ",
	    d->full ? "The message" :
		cut ? "A part of its header" :
		      "Its header");
}

/* base64 in lines, for words that are not ASCII (facts.md 4.3: never
   quoted-printable). */
static void
add_base64(struct buf *out, struct str text)
{
	for (; text.n > 0; text = str_from(text, LINE_BYTES)) {
		base64_encode(out, str_first(text, LINE_BYTES));
		buf_addz(out, "\r\n");
	}
}

static bool
add_words_part(const struct dsn *d, bool cut, struct buf *out, struct err *e)
{
	struct buf words;
	bool ok;

	buf_init(&words, WORDS_MOST);
	add_words(d, cut, &words);
	buf_addz(out, "Content-Type: text/plain; charset=");
	if (is_ascii(buf_view(&words))) {
		buf_addz(out, "us-ascii\r\n\r\n");
		buf_adds(out, buf_view(&words));
	} else {
		buf_addz(out,
		    "utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
		add_base64(out, buf_view(&words));
	}
	ok = buf_ok(&words, e);
	buf_release(&words);
	return ok;
}

/* --- the fields for programs */

/* RFC 6533 3, utf-8-addr-xtext: only ASCII, so that the part stays 7bit. */
static void
add_utf8_address(struct buf *out, struct str s)
{
	static const struct str quoted = STR_INIT("\\+=");

	for (size_t n; s.n > 0; s = str_from(s, n)) {
		uint32_t c = (unsigned char)s.p[0];

		n = str_utf8(s);
		if (n > 1) {
			c &= 0x7fU >> n;
			for (size_t i = 1; i < n; i++)
				c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
		}
		if (n > 1 || str_chr(quoted, s.p[0]) < quoted.n)
			buf_addf(out, "\\x{%02X}", (unsigned)c);
		else
			buf_addc(out, s.p[0]);
		n = n == 0 ? 1 : n;
	}
}

/* Code and reason, for all the same. */
static bool
add_diagnostic(const struct dsn *d, struct buf *out, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, 8 * DSN_TEXT_MOST);
	buf_addz(&text, "X-Post365; ");
	if (d->code.n > 0) {
		add_clean(&text, d->code, DSN_TEXT_MOST);
		buf_addz(&text, ": ");
	}
	add_clean(&text, d->reason, DSN_TEXT_MOST);
	ok = buf_ok(&text, e) &&
	    field(out, STR("Diagnostic-Code"), buf_view(&text), e) &&
	    date_field(out, STR("Last-Attempt-Date"), d->when, d->zone, e);
	buf_release(&text);
	return ok;
}

/* RFC 3461 6.3: what ORCPT said, decoded. */
static bool
add_original_recipient(struct str said, struct buf *out, struct err *e)
{
	struct buf text;
	bool ok;

	if (said.n == 0)
		return true;
	buf_init(&text, DSN_TEXT_MOST);
	xtext_read(&text, said);
	ok = buf_ok(&text, e) &&
	    field(out, STR("Original-Recipient"), buf_view(&text), e);
	buf_release(&text);
	return ok;
}

static bool
add_recipient(const struct dsn *d, size_t i, struct buf *out, struct err *e)
{
	struct str said = d->notify != NULL ? d->notify[i].original : STR("");
	struct buf text, clean;
	bool ok;

	/* a code of 3 bytes becomes 8: more than enough for both */
	buf_init(&clean, 4 * DSN_TEXT_MOST);
	buf_init(&text, 8 * DSN_TEXT_MOST);
	add_clean(&clean, d->recipient[i], DSN_TEXT_MOST);
	if (is_ascii(buf_view(&clean))) {
		buf_addz(&text, "rfc822; ");
		buf_adds(&text, buf_view(&clean));
	} else {
		buf_addz(&text, "utf-8; ");
		add_utf8_address(&text, buf_view(&clean));
	}
	buf_addz(out, "\r\n"); /* a group of its own: RFC 3464 2.1 */
	ok = buf_ok(&clean, e) && buf_ok(&text, e) &&
	    add_original_recipient(said, out, e) &&
	    field(out, STR("Final-Recipient"), buf_view(&text), e);
	buf_addf(out, "Action: %s\r\nStatus: %s\r\n",
	    d->relayed ? "relayed" : "failed", d->status);
	buf_release(&clean);
	buf_release(&text);
	return ok;
}

static bool
add_status_part(const struct dsn *d, struct buf *out, struct err *e)
{
	struct buf mta;
	bool ok;

	buf_init(&mta, 4 * DSN_TEXT_MOST);
	buf_addz(&mta, "dns; ");
	add_clean(&mta, d->host, DSN_TEXT_MOST);
	buf_addz(out, "Content-Type: message/delivery-status\r\n\r\n");
	ok = buf_ok(&mta, e) &&
	    (d->envelope_id.n == 0 ||
		field(out, STR("Original-Envelope-Id"), d->envelope_id, e)) &&
	    field(out, STR("Reporting-MTA"), buf_view(&mta), e) &&
	    (d->id.n == 0 || field(out, STR("X-Post365-Id"), d->id, e)) &&
	    date_field(out, STR("Arrival-Date"), d->arrived, d->zone, e);
	for (size_t i = 0; ok && i < d->recipients; i++)
		ok = add_recipient(d, i, out, e) &&
		    (i >= DSN_EXPLAINED || d->relayed ||
			add_diagnostic(d, out, e));
	buf_release(&mta);
	return ok;
}

/* --- the original's header */

/* One field as it stood; lines end in CRLF and have a length. */
static void
quote_field(struct buf *out, struct str raw)
{
	struct str line;

	while (str_next(&raw, '\n', &line)) {
		if (raw.p != NULL && raw.n == 0)
			raw.p = NULL; /* the last line had its end */
		if (str_ends(line, STR("\r")))
			line.n--;
		/* a tab is what folded lines begin with */
		if (str_starts(line, STR("\t"))) {
			buf_addc(out, '\t');
			line = str_from(line, 1);
		}
		add_clean(out, line, DSN_TEXT_MOST);
		buf_addz(out, "\r\n");
	}
}

/* *cut: something is missing. */
static bool
quote(struct str original, struct buf *out, bool *cut, struct err *e)
{
	struct str in = str_first(original, DSN_READ_MOST);
	struct head head;
	struct arena a;
	size_t before;
	bool ok;

	*cut = in.n == DSN_READ_MOST && head_size(in, true) == 0;
	arena_init(&a, SCAN_MOST);
	ok = head_scan(&a, in, &head, e);
	for (struct head_field *f = ok ? head.first : NULL;
	     f != NULL && !out->no_memory; f = f->next) {
		before = out->n;
		if (f->raw.n <= DSN_QUOTE_MOST)
			quote_field(out, f->raw);
		if (f->raw.n <= DSN_QUOTE_MOST && !out->full)
			continue;
		buf_rewind(out, before);
		*cut = true;
	}
	arena_release(&a);
	return ok && buf_ok(out, e);
}

/* RFC 2046 5.2.1: as it is, so it must be fit for that; global: RFC 6532. */
static bool
may_return(struct str s)
{
	size_t at = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || i - at > DSN_LINE_MOST)
			return false;
		if (s.p[i] == '\n')
			at = i + 1;
	}
	return true;
}

static void
add_original_part(const struct dsn *d, struct str header, struct buf *out)
{
	if (d->full) {
		buf_addf(out, "Content-Type: message/%s\r\n%s\r\n",
		    is_ascii(header) ? "rfc822" : "global",
		    is_ascii(d->original) ?
			"" :
			"Content-Transfer-Encoding: 8bit\r\n");
		buf_adds(out, d->original);
		return;
	}
	buf_addz(out,
	    is_ascii(header) ? "Content-Type: text/rfc822-headers\r\n\r\n" :
			       "Content-Type: message/global-headers\r\n"
			       "Content-Transfer-Encoding: 8bit\r\n\r\n");
	buf_adds(out, header);
}

/* --- all of it */

static bool
write_parts(const struct dsn *d, struct buf *header, struct buf *out,
    struct err *e)
{
	char boundary[BOUNDARY_SIZE] = "=_";
	bool cut;

	(void)str_hex(boundary + 2, d->random, sizeof(d->random));
	if (!quote(d->original, header, &cut, e) ||
	    !add_header(d, boundary, out, e))
		return false;
	if (!is_ascii(d->full ? d->original : buf_view(header)))
		buf_addz(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_addf(out, "\r\n--%s\r\n", boundary);
	if (!add_words_part(d, cut, out, e))
		return false;
	buf_addf(out, "\r\n--%s\r\n", boundary);
	if (!add_status_part(d, out, e))
		return false;
	buf_addf(out, "\r\n--%s\r\n", boundary);
	add_original_part(d, buf_view(header), out);
	buf_addf(out, "\r\n--%s--\r\n", boundary);
	return buf_ok(out, e);
}

bool
dsn_write(const struct dsn *about, struct buf *out, struct err *e)
{
	struct dsn all = *about, *d = &all;
	struct buf header;
	size_t start = out->n;
	bool ok;

	d->full = d->full && may_return(d->original);
	buf_init(&header, DSN_QUOTE_MOST);
	ok = write_parts(d, &header, out, e);
	buf_release(&header);
	if (!ok)
		buf_rewind(out, start);
	return ok;
}
