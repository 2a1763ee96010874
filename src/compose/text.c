/* SPDX-License-Identifier: MIT */
#include "compose/text.h"

#include "base/buf.h"
#include "codec/charset.h"
#include "codec/utf8.h"

enum { GROWTH = 3 }; /* bytes of UTF-8 that one byte may become */

enum form { FORM_CHARSET, FORM_UTF16_BIG, FORM_UTF16_LITTLE };

static const struct {
	struct str name, mark; /* its byte order mark */
	enum form form;
} forms[] = {
	{ STR_INIT("utf-8"), STR_INIT("\xef\xbb\xbf"), FORM_CHARSET },
	{ STR_INIT("utf-16be"), STR_INIT("\xfe\xff"), FORM_UTF16_BIG },
	{ STR_INIT("utf-16le"), STR_INIT("\xff\xfe"), FORM_UTF16_LITTLE },
	{ STR_INIT("utf-16"), STR_INIT("\xff\xfe"), FORM_UTF16_LITTLE },
};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

/* What the text is in; its mark goes. */
static struct str
charset_of(const struct compose_text *t, struct str *text, enum form *form)
{
	struct str named = str_of(t->charset);

	*form = FORM_CHARSET;
	for (size_t i = 0; i < FORMS; i++) {
		if (!str_starts(*text, forms[i].mark))
			continue;
		*text = str_from(*text, forms[i].mark.n);
		*form = forms[i].form;
		return forms[i].name;
	}
	for (size_t i = 0; i < FORMS; i++)
		if (str_ieq(forms[i].name, named))
			*form = forms[i].form;
	if (named.n > 0)
		return named;
	return utf8_is_valid(*text) ? STR("utf-8") : STR("windows-1252");
}

/* RFC 5322 2.3: mail has none. */
static void
leave_out_nuls(const struct compose_text *t, const char *what, struct buf *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\0')
			b->p[kept++] = b->p[i];
	if (kept < b->n)
		log_warn(t->log, "%s: left out %zu NUL bytes", what,
		    b->n - kept);
	buf_rewind(b, kept);
}

static bool
unknown_charset(const struct compose_text *t, struct err *e)
{
	err_set(e, ERR_USAGE,
	    "--charset: \"%.60s\" is not known here, or the text is not in it",
	    t->charset);
	return err_remedy(e, "iconv -t UTF-8 converts a text");
}

bool
compose_text(const struct compose_text *t, const char *what, struct str *text,
    struct err *e)
{
	struct str bytes = *text, charset;
	enum form form;
	struct buf utf8;
	bool ok = true;

	if (t->charset == NULL && utf8_is_valid(bytes) &&
	    !str_starts(bytes, forms[0].mark) &&
	    str_chr(bytes, '\0') == bytes.n)
		return true;
	charset = charset_of(t, &bytes, &form);
	buf_init(&utf8, GROWTH * bytes.n + 1);
	if (form != FORM_CHARSET)
		utf8_add_utf16(&utf8, bytes, form == FORM_UTF16_BIG);
	else
		ok = charset_to_utf8(&utf8, charset, bytes);
	if (!ok && str_ieq(charset, forms[0].name)) {
		utf8_add_mended(&utf8, bytes); /* cut, or damaged */
		ok = true;
	}
	if (ok && t->charset == NULL && str_eq(charset, STR("windows-1252")))
		log_warn(t->log,
		    "%s is not UTF-8, so it was read as windows-1252; %s", what,
		    t->hint);
	leave_out_nuls(t, what, &utf8);
	*text = arena_str(t->mem, buf_view(&utf8));
	t->mem->no_memory = t->mem->no_memory || utf8.no_memory;
	buf_release(&utf8);
	return ok ? arena_ok(t->mem, e) : unknown_charset(t, e);
}
