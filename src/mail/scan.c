/* SPDX-License-Identifier: MIT */
#include "mail/scan.h"

enum { SCAN_SHOWN = 80 }; /* bytes of a bad address that its error quotes */

/* What to say of a character that does not belong where it stands. */
static const struct {
	int c;
	const char *what;
} strays[] = {
	{ SCAN_END, "it ends too early" },
	{ '@', "a second @" },
	{ '<', "a < too many" },
	{ '>', "a > without a <" },
	{ '(', "a comment is not closed" },
	{ ')', "a ) without a (" },
	{ '[', "a [ outside of a domain" },
	{ ']', "a ] without a [" },
	{ ':', "a : out of place" },
	{ '\\', "a backslash outside of quotes" },
	{ '"', "a quote out of place" },
	{ '\r', "a line end" },
	{ '\n', "a line end" },
};

void
scan_init(struct scan *s, struct str in, size_t limit, struct err *e)
{
	*s = (struct scan){ .e = e, .in = in };
	buf_init_in(&s->words, s->room[0], SCAN_SHORT, limit);
	buf_init_in(&s->local, s->room[1], SCAN_SHORT, limit);
	buf_init_in(&s->remark, s->room[2], SCAN_SHORT, limit);
}

bool
scan_release(struct scan *s)
{
	bool ok = buf_ok(&s->words, s->e) && buf_ok(&s->local, s->e) &&
	    buf_ok(&s->remark, s->e);

	buf_release(&s->words);
	buf_release(&s->local);
	buf_release(&s->remark);
	return ok;
}

int
scan_peek(const struct scan *s)
{
	return s->at < s->in.n ? (unsigned char)s->in.p[s->at] : SCAN_END;
}

/* RFC 5234: CTL without HTAB. */
static bool
is_control(int c)
{
	return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f;
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t';
}

bool
scan_is_atext(int c)
{
	struct str marks = STR("!#$%&'*+-/=?^_`{|}~");

	return ascii_is_alpha((char)c) || ascii_is_digit((char)c) ||
	    c >= 0x80 || (c > 0 && str_chr(marks, (char)c) < marks.n);
}

bool
scan_wrong(struct scan *s, const char *what)
{
	struct str part = str_from(s->in, s->start);
	size_t n = s->at - s->start;

	while (n < part.n && part.p[n] != ',' && part.p[n] != ';')
		n++;
	part = str_trim(str_first(part, n));
	return err_set(s->e, ERR_INPUT, "address \"%.*s%s\": %s",
	    STR_ARG(str_first(part, SCAN_SHOWN)),
	    part.n > SCAN_SHOWN ? "..." : "", what);
}

static bool
wrong_control(struct scan *s)
{
	char what[] = "control character 0x??";
	int c = scan_peek(s);

	what[sizeof(what) - 3] = "0123456789abcdef"[c >> 4 & 15];
	what[sizeof(what) - 2] = "0123456789abcdef"[c & 15];
	return scan_wrong(s, what);
}

bool
scan_wrong_here(struct scan *s)
{
	char what[] = "'?' is out of place";
	int c = scan_peek(s);

	for (size_t i = 0; i < sizeof(strays) / sizeof(*strays); i++)
		if (strays[i].c == c)
			return scan_wrong(s, strays[i].what);
	if (is_control(c))
		return wrong_control(s);
	if (s->at > s->start && is_blank(s->in.p[s->at - 1]))
		return scan_wrong(s,
		    "text behind the address: is a comma missing?");
	if (c >= 0x80)
		return scan_wrong(s, "a character out of place");
	what[1] = (char)c;
	return scan_wrong(s, what);
}

/*
 * Bytes of the line end of a fold (RFC 5322 2.2.3), which a blank follows;
 * 0: none here. Input of programs on Unix has LF alone.
 */
static size_t
fold_size(const struct scan *s)
{
	struct str rest = str_from(s->in, s->at);
	size_t n = str_starts(rest, STR("\r\n")) ? 2 : 1;

	if (n == 1 && !str_starts(rest, STR("\n")))
		return 0;
	return rest.n > n && is_blank(rest.p[n]) ? n : 0;
}

/*
 * Appends one character of a comment or a quoted string, unfolded and without
 * its backslash.
 */
static bool
quoted_char(struct scan *s, struct buf *out)
{
	int c;

	s->at += fold_size(s);
	if (scan_peek(s) == '\\')
		s->at++;
	c = scan_peek(s);
	if (c == SCAN_END || is_control(c))
		return scan_wrong_here(s);
	buf_addc(out, (char)c);
	s->at++;
	return true;
}

/* Leaves its text in s->remark. RFC 5322 3.2.2; nests without recursion. */
static bool
comment(struct scan *s)
{
	size_t opened = s->at;
	unsigned depth = 1;
	int c;

	buf_reset(&s->remark);
	s->at++;
	while (depth > 0) {
		c = scan_peek(s);
		if (c == SCAN_END) {
			s->at = opened;
			return scan_wrong_here(s);
		}
		depth += c == '(';
		depth -= c == ')';
		if (depth > SCAN_COMMENT_DEPTH)
			return scan_wrong(s, "comments nested too deeply");
		if (depth == 0)
			s->at++;
		else if (!quoted_char(s, &s->remark))
			return false;
	}
	s->remarks++;
	return true;
}

bool
scan_skip(struct scan *s)
{
	size_t n;

	for (;;) {
		if (is_blank(scan_peek(s)))
			s->at++;
		else if ((n = fold_size(s)) > 0)
			s->at += n;
		else if (scan_peek(s) != '(')
			return true;
		else if (!comment(s))
			return false;
	}
}

/* A word begins; gap: something was skipped before it. */
static void
begin_word(struct scan *s, bool gap)
{
	if (s->last == SCAN_WORD && s->not_local == NULL)
		s->not_local = gap ?
		    "a blank or a comment within the local part" :
		    "a quoted string needs a dot beside it";
	if (s->words.n > 0 && (gap || s->last == SCAN_WORD))
		buf_addc(&s->words, ' ');
	s->last = SCAN_WORD;
	s->remarks = 0;
}

static void
atom(struct scan *s)
{
	size_t from = s->at;
	struct str word;

	while (scan_is_atext(scan_peek(s)))
		s->at++;
	word = str_first(str_from(s->in, from), s->at - from);
	buf_adds(&s->words, word);
	buf_adds(&s->local, word);
}

/* RFC 5322 3.2.4 */
static bool
quoted(struct scan *s)
{
	size_t opened = s->at, from = s->local.n;

	s->at++;
	while (scan_peek(s) != '"') {
		if (scan_peek(s) == SCAN_END) {
			s->at = opened;
			return scan_wrong(s, "a quote is not closed");
		}
		if (!quoted_char(s, &s->local))
			return false;
	}
	s->at++;
	buf_adds(&s->words, str_from(buf_view(&s->local), from));
	return true;
}

static void
dot(struct scan *s, bool gap)
{
	if (s->last == SCAN_NOTHING)
		s->not_local = "the local part begins with a dot";
	if (gap && s->words.n > 0)
		buf_addc(&s->words, ' ');
	buf_addc(&s->words, '.');
	buf_addc(&s->local, '.');
	s->last = SCAN_DOT;
	s->at++;
}

bool
scan_words(struct scan *s)
{
	size_t before;
	bool gap;

	buf_reset(&s->words);
	buf_reset(&s->local);
	s->last = SCAN_NOTHING;
	s->not_local = NULL;
	for (;;) {
		before = s->at;
		if (!scan_skip(s))
			return false;
		gap = s->at > before;
		if (scan_peek(s) == '.') {
			dot(s, gap);
		} else if (scan_is_atext(scan_peek(s))) {
			begin_word(s, gap);
			atom(s);
		} else if (scan_peek(s) == '"') {
			begin_word(s, gap);
			if (!quoted(s))
				return false;
		} else {
			return true;
		}
	}
}
