/* SPDX-License-Identifier: MIT */
#include "mail/word.h"

#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/unbase64.h"
#include "codec/utf8.h"

enum {
	/* what is left of WORD_MAX between "=?utf-8?B?" and "?=" */
	WORD_BASE64 = (WORD_MAX - 12) / 4 * 4,
	WORD_BYTES = WORD_BASE64 / 4 * 3,
	WORD_LIMIT = 1024 * 1024 /* of decoded text in one field */
};

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

/* The part before the next '?', which goes too; no blank is in it. */
static bool
take_token(struct str *rest, struct str *out)
{
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == '?') {
			*out = str_first(*rest, i);
			*rest = str_from(*rest, i + 1);
			return true;
		}
		if (rest->p[i] == ' ' || rest->p[i] == '\t' ||
		    rest->p[i] == '\n')
			break;
	}
	return false;
}

/*
 * RFC 2047 2, at the start of in; longer words than allowed are read too. It
 * looks no further than the next blank or the fourth '?', so that a text full
 * of beginnings takes linear time.
 */
static bool
scan_word(struct str in, struct encoded *w)
{
	struct str rest = str_from(in, 2), encoding;

	if (!str_starts(in, STR("=?")) || !take_token(&rest, &w->charset) ||
	    !take_token(&rest, &encoding) || !take_token(&rest, &w->text) ||
	    !str_starts(rest, STR("=")))
		return false;
	w->n = (size_t)(rest.p - in.p) + 1;
	/* RFC 2231 5: "charset*language" */
	w->charset = str_first(w->charset, str_chr(w->charset, '*'));
	w->base64 = str_ieq(encoding, STR("B"));
	return is_token(w->charset) &&
	    (w->base64 || str_ieq(encoding, STR("Q")));
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

static bool
decode_bytes(struct buf *out, const struct encoded *w)
{
	struct err why;

	if (w->base64 && !unbase64_whole(out, w->text, &why)) {
		/* it takes back what it could not keep, and forgets */
		out->no_memory = out->no_memory || why.kind == ERR_RETRY;
		return false;
	}
	if (w->base64)
		return true;
	decode_q(out, w->text);
	return true;
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
 * was cut by a word's end is whole again. What cannot be decoded stays, and
 * *whole becomes false. Gives what comes after the run.
 */
static struct str
decode_run(struct buf *out, struct str in, struct encoded w, bool *whole)
{
	struct encoded next = w;
	struct str run = in, rest = in;
	struct buf bytes;
	bool ok = true;

	buf_init(&bytes, WORD_LIMIT);
	do {
		ok = decode_bytes(&bytes, &next) && ok;
		in = str_from(rest, next.n);
		rest = skip_blanks(in);
	} while (scan_word(rest, &next) && str_ieq(next.charset, w.charset));
	out->no_memory = out->no_memory || bytes.no_memory;
	ok = ok && !bytes.full &&
	    charset_to_utf8(out, w.charset, buf_view(&bytes));
	buf_release(&bytes);
	if (!ok) {
		utf8_add_mended(out, str_first(run, run.n - in.n));
		*whole = false;
		return in;
	}
	/* RFC 2047 6.2: blanks between two encoded words are not shown */
	return scan_word(rest, &next) ? rest : in;
}

bool
word_decode(struct buf *out, struct str in)
{
	struct encoded w;
	size_t plain = 0;
	bool whole = true;

	while (plain < in.n) {
		if (!scan_word(str_from(in, plain), &w)) {
			plain++;
			continue;
		}
		utf8_add_mended(out, str_first(in, plain));
		in = decode_run(out, str_from(in, plain), w, &whole);
		plain = 0;
	}
	utf8_add_mended(out, in);
	return whole;
}

bool
word_is_needed(struct str text)
{
	bool blank = false, was = false;
	size_t run = 0; /* of blanks, or of what is none: neither folds */

	for (size_t i = 0; i < text.n; i++, was = blank) {
		blank = ascii_is_blank(text.p[i]);
		run = blank == was ? run + 1 : 1;
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

/* Appends UTF-8 as encoded words. */
static void
encode_all(struct buf *out, struct str text)
{
	size_t n;

	while (text.n > 0) {
		n = word_length(text);
		buf_addz(out, "=?utf-8?B?");
		base64_encode(out, str_first(text, n));
		buf_addz(out, "?=");
		text = str_from(text, n);
		if (text.n > 0)
			buf_addc(out, ' ');
	}
}

bool
word_encode(struct buf *out, struct str text, struct err *e)
{
	size_t bad = utf8_bad_at(text);

	if (bad < text.n)
		return err_set(e, ERR_INPUT,
		    "byte %zu of the text is not UTF-8", bad + 1);
	if (word_is_needed(text))
		encode_all(out, text);
	else
		buf_adds(out, text);
	return true;
}

/* RFC 5322 3.2.3: atoms and blanks, which a phrase has without quotes. */
static bool
is_atoms(struct str s)
{
	struct str marks = STR(" !#$%&'*+-/=?^_`{|}~");

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    str_chr(marks, s.p[i]) == marks.n)
			return false;
	return true;
}

/*
 * Text beside words that stay. Where it is encoded its blanks are too: those
 * between two encoded words are not shown.
 */
static void
keep_text(struct buf *out, struct str text, bool phrase)
{
	if (word_is_needed(text) || (phrase && !is_atoms(text))) {
		if (str_ends(buf_view(out), STR("?=")))
			buf_addc(out, ' ');
		encode_all(out, text);
	} else {
		buf_adds(out, text);
	}
}

/* A word that can stay as it is. */
static bool
can_stay(struct str in, struct encoded *w)
{
	if (!scan_word(in, w) || w->n > WORD_RUN)
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (in.p[i] <= ' ' || in.p[i] >= 0x7f)
			return false;
	return true;
}

void
word_keep(struct buf *out, struct str text, bool phrase)
{
	struct encoded w;
	size_t plain = 0;

	while (plain < text.n) {
		if (!can_stay(str_from(text, plain), &w)) {
			plain++;
			continue;
		}
		keep_text(out, str_first(text, plain), phrase);
		if (str_ends(buf_view(out), STR("?=")))
			buf_addc(out, ' ');
		buf_adds(out, str_first(str_from(text, plain), w.n));
		text = str_from(text, plain + w.n);
		plain = 0;
	}
	keep_text(out, text, phrase);
}
