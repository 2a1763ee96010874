/* SPDX-License-Identifier: MIT */
#include "codec/jsonw.h"

#include <inttypes.h>

#include "codec/base64.h"
#include "codec/utf8.h"

/* The letter after the backslash, where a short form exists (RFC 8259 7). */
/* clang-format off */
static const char short_form[256] = {
	['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
	['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};
/* clang-format on */

struct jsonw
jsonw_begin(struct buf *out)
{
	return (struct jsonw){ .out = out, .start = out->n };
}

static bool
has_failed(const struct jsonw *w)
{
	return w->misused || w->not_utf8 || w->out->full || w->out->no_memory;
}

static bool
in_object(const struct jsonw *w)
{
	return w->depth > 0 && w->closer[w->depth - 1] == '}';
}

/*
 * What comes before every value: its comma. False: nothing may be written.
 * After this the value counts as there.
 */
static bool
begin_value(struct jsonw *w)
{
	if (has_failed(w))
		return false;
	/* a member wants its name first, and a text is one value */
	if (in_object(w) != w->after_key || (w->depth == 0 && w->comma)) {
		w->misused = true;
		return false;
	}
	if (w->comma && !w->after_key)
		buf_addc(w->out, ',');
	w->after_key = false;
	w->comma = true;
	return true;
}

void
jsonw_open(struct jsonw *w, char bracket)
{
	if (w->depth == JSONW_DEPTH || (bracket != '{' && bracket != '['))
		w->misused = true;
	if (!begin_value(w))
		return;
	buf_addc(w->out, bracket);
	w->closer[w->depth++] = bracket == '{' ? '}' : ']';
	w->comma = false;
}

void
jsonw_close(struct jsonw *w, char bracket)
{
	if (has_failed(w))
		return;
	if (w->depth == 0 || w->after_key ||
	    bracket != w->closer[w->depth - 1]) {
		w->misused = true;
		return;
	}
	buf_addc(w->out, bracket);
	w->depth--;
	w->comma = true;
}

static void
add_escaped(struct buf *out, char c)
{
	char hex[2];
	unsigned char u = (unsigned char)c;

	buf_addc(out, '\\');
	if (short_form[u] != 0) {
		buf_addc(out, short_form[u]);
		return;
	}
	buf_add(out, "u00", 3);
	(void)str_hex(hex, &u, 1);
	buf_add(out, hex, 2);
}

static void
add_string(struct jsonw *w, struct str text)
{
	size_t plain;

	if (!utf8_is_valid(text)) {
		w->not_utf8 = true;
		return;
	}
	buf_addc(w->out, '"');
	while (text.n > 0) {
		plain = 0;
		while (plain < text.n && (unsigned char)text.p[plain] >= 0x20 &&
		    text.p[plain] != '"' && text.p[plain] != '\\')
			plain++;
		buf_adds(w->out, str_first(text, plain));
		if (plain < text.n)
			add_escaped(w->out, text.p[plain]);
		text = str_from(text, plain + 1);
	}
	buf_addc(w->out, '"');
}

void
jsonw_key(struct jsonw *w, struct str name)
{
	if (has_failed(w))
		return;
	if (!in_object(w) || w->after_key) {
		w->misused = true;
		return;
	}
	if (w->comma)
		buf_addc(w->out, ',');
	add_string(w, name);
	buf_addc(w->out, ':');
	w->after_key = true;
}

void
jsonw_str(struct jsonw *w, struct str text)
{
	if (begin_value(w))
		add_string(w, text);
}

void
jsonw_i64(struct jsonw *w, int64_t v)
{
	if (begin_value(w))
		buf_addf(w->out, "%" PRId64, v);
}

void
jsonw_bool(struct jsonw *w, bool v)
{
	if (begin_value(w))
		buf_adds(w->out, v ? STR("true") : STR("false"));
}

void
jsonw_null(struct jsonw *w)
{
	if (begin_value(w))
		buf_adds(w->out, STR("null"));
}

void
jsonw_base64(struct jsonw *w, struct str bytes)
{
	if (!begin_value(w))
		return;
	buf_addc(w->out, '"');
	base64_encode(w->out, bytes);
	buf_addc(w->out, '"');
}

void
jsonw_member(struct jsonw *w, struct str name, struct str text)
{
	jsonw_key(w, name);
	jsonw_str(w, text);
}

bool
jsonw_end(struct jsonw *w, struct err *e)
{
	if (w->misused)
		return err_set(e, ERR_BUG, "JSON: brackets do not match");
	if (w->not_utf8)
		return err_set(e, ERR_INPUT, "JSON: text that is not UTF-8");
	if (!buf_ok(w->out, e))
		return err_wrap(e, "JSON");
	if (w->depth > 0 || !w->comma)
		return err_set(e, ERR_BUG, "JSON: text is not complete");
	return true;
}

bool
jsonw_end_line(struct jsonw *w, struct err *e)
{
	if (!jsonw_end(w, e))
		return false;
	buf_addc(w->out, '\n');
	return buf_ok(w->out, e);
}
