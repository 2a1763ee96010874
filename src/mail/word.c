/* SPDX-License-Identifier: MIT */
#include "mail/word.h"

#include "codec/base64.h"
#include "codec/utf8.h"

enum {
	/* what is left of WORD_MAX between "=?utf-8?B?" and "?=" */
	WORD_BASE64 = (WORD_MAX - 12) / 4 * 4,
	WORD_BYTES = WORD_BASE64 / 4 * 3,
	WORD_LIMIT = 1024 * 1024 /* of decoded text in one field */
};

/* Windows-1252 where it differs from ISO-8859-1 (0x80 to 0x9f). */
static const uint16_t windows_1252[32] = {
	/* clang-format off */
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
	/* clang-format on */
};

/* ISO-8859-15 where it differs from ISO-8859-1. */
static const struct {
	unsigned char byte;
	uint16_t c;
} latin_9[] = {
	/* clang-format off */
	{ 0xa4, 0x20ac }, { 0xa6, 0x0160 }, { 0xa8, 0x0161 },
	{ 0xb4, 0x017d }, { 0xb8, 0x017e }, { 0xbc, 0x0152 },
	{ 0xbd, 0x0153 }, { 0xbe, 0x0178 },
	/* clang-format on */
};

static uint32_t
from_latin_1(unsigned char c)
{
	/* as browsers do: what calls itself Latin 1 is Windows-1252 */
	return c >= 0x80 && c < 0xa0 ? windows_1252[c - 0x80] : c;
}

static uint32_t
from_latin_9(unsigned char c)
{
	for (size_t i = 0; i < sizeof(latin_9) / sizeof(*latin_9); i++)
		if (latin_9[i].byte == c)
			return latin_9[i].c;
	return c;
}

static const struct {
	struct str name;
	uint32_t (*decode)(unsigned char c); /* NULL: it is UTF-8 */
} charsets[] = {
	{ STR_INIT("utf-8"), NULL },
	{ STR_INIT("utf8"), NULL },
	{ STR_INIT("us-ascii"), NULL },
	{ STR_INIT("ascii"), NULL },
	{ STR_INIT("iso-8859-1"), from_latin_1 },
	{ STR_INIT("latin1"), from_latin_1 },
	{ STR_INIT("windows-1252"), from_latin_1 },
	{ STR_INIT("cp1252"), from_latin_1 },
	{ STR_INIT("iso-8859-15"), from_latin_9 },
};

bool
word_to_utf8(struct buf *out, struct str charset, struct str bytes)
{
	size_t i = 0, n = sizeof(charsets) / sizeof(*charsets);

	while (i < n && !str_ieq(charsets[i].name, charset))
		i++;
	if (i == n)
		return false;
	if (charsets[i].decode == NULL) {
		utf8_add_mended(out, bytes);
		return true;
	}
	for (size_t at = 0; at < bytes.n; at++)
		(void)utf8_add(out,
		    charsets[i].decode((unsigned char)bytes.p[at]));
	return true;
}

struct encoded {
	struct str charset, text;
	bool base64;
	size_t n; /* bytes of the whole word */
};

static bool
is_token(struct str s)
{
	struct str especials = STR("()<>@,;:\"/[]?.=");

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    str_chr(especials, s.p[i]) < especials.n)
			return false;
	return s.n > 0;
}

/* RFC 2047 2, at the start of in; longer words than allowed are read too. */
static bool
scan_word(struct str in, struct encoded *w)
{
	struct str rest = str_from(in, 2), encoding;
	size_t end;

	if (!str_starts(in, STR("=?")) || !str_next(&rest, '?', &w->charset) ||
	    !str_next(&rest, '?', &encoding) || rest.p == NULL)
		return false;
	end = str_find(rest, STR("?="));
	if (end == rest.n)
		return false;
	w->text = str_first(rest, end);
	w->n = (size_t)(rest.p - in.p) + end + 2;
	/* RFC 2231 5: "charset*language" */
	w->charset = str_first(w->charset, str_chr(w->charset, '*'));
	w->base64 = str_ieq(encoding, STR("B"));
	if (!is_token(w->charset) ||
	    (!w->base64 && !str_ieq(encoding, STR("Q"))))
		return false;
	for (size_t i = 0; i < w->text.n; i++)
		if (w->text.p[i] == ' ' || w->text.p[i] == '\t' ||
		    w->text.p[i] == '\n' || w->text.p[i] == '?')
			return false;
	return true;
}

/* RFC 2047 4.2 */
static void
decode_q(struct buf *out, struct str in)
{
	int high, low;

	for (size_t i = 0; i < in.n; i++) {
		high = i + 2 < in.n ? ascii_hex(in.p[i + 1]) : -1;
		low = i + 2 < in.n ? ascii_hex(in.p[i + 2]) : -1;
		if (in.p[i] != '=' || high < 0 || low < 0) {
			buf_addc(out, in.p[i] == '_' ? ' ' : in.p[i]);
			continue;
		}
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
}

static void
decode_bytes(struct buf *out, const struct encoded *w)
{
	struct err ignored;
	size_t start = out->n;

	if (!w->base64)
		decode_q(out, w->text);
	else if (!base64_decode_mime(out, w->text, &ignored))
		buf_rewind(out, start);
}

static struct str
skip_blanks(struct str in)
{
	while (in.n > 0 &&
	    (in.p[0] == ' ' || in.p[0] == '\t' || in.p[0] == '\r' ||
		in.p[0] == '\n'))
		in = str_from(in, 1);
	return in;
}

/*
 * Decodes a run of encoded words of one charset, so that a character that
 * was cut by a word's end is whole again. Gives what comes after the run.
 */
static struct str
decode_run(struct buf *out, struct str in, struct encoded w)
{
	struct encoded next = w;
	struct str whole = in, rest = in;
	struct buf bytes;

	buf_init(&bytes, WORD_LIMIT);
	do {
		decode_bytes(&bytes, &next);
		in = str_from(rest, next.n);
		rest = skip_blanks(in);
	} while (scan_word(rest, &next) && str_ieq(next.charset, w.charset));
	if (bytes.full || bytes.no_memory ||
	    !word_to_utf8(out, w.charset, buf_view(&bytes)))
		utf8_add_mended(out, str_first(whole, whole.n - in.n));
	buf_release(&bytes);
	/* RFC 2047 6.2: blanks between two encoded words are not shown */
	return scan_word(rest, &next) ? rest : in;
}

void
word_decode(struct buf *out, struct str in)
{
	struct encoded w;
	size_t plain = 0;

	while (plain < in.n) {
		if (!scan_word(str_from(in, plain), &w)) {
			plain++;
			continue;
		}
		utf8_add_mended(out, str_first(in, plain));
		in = decode_run(out, str_from(in, plain), w);
		plain = 0;
	}
	utf8_add_mended(out, in);
}

bool
word_is_needed(struct str text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == ' ' ? 0 : run + 1;
		if ((unsigned char)text.p[i] >= 0x7f || run > WORD_RUN ||
		    ((unsigned char)text.p[i] < ' ' && text.p[i] != '\t'))
			return true;
	}
	return str_find(text, STR("=?")) < text.n;
}

/* The longest beginning that fits one word and cuts no character. */
static size_t
word_length(struct str text)
{
	size_t n = 0, c;

	while (n < text.n) {
		c = str_utf8(str_from(text, n));
		if (n + c > WORD_BYTES)
			break;
		n += c;
	}
	return n;
}

bool
word_encode(struct buf *out, struct str text, struct err *e)
{
	size_t bad = utf8_bad_at(text), n;

	if (bad < text.n)
		return err_set(e, ERR_INPUT,
		    "byte %zu of the text is not UTF-8", bad + 1);
	if (!word_is_needed(text)) {
		buf_adds(out, text);
		return true;
	}
	while (text.n > 0) {
		n = word_length(text);
		buf_addz(out, "=?utf-8?B?");
		base64_encode(out, str_first(text, n));
		buf_addz(out, "?=");
		text = str_from(text, n);
		if (text.n > 0)
			buf_addc(out, ' ');
	}
	return true;
}
