/* SPDX-License-Identifier: MIT */
#include "mail/head.h"

bool
head_is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == ':' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= HEAD_NAME_MAX;
}

/* The first line with its end. */
static struct str
line_of(struct str in)
{
	size_t at = str_chr(in, '\n');

	return str_first(in, at < in.n ? at + 1 : at);
}

bool
head_is_end(struct str line)
{
	return str_eq(line, STR("\r\n")) || str_eq(line, STR("\n"));
}

/* The name of the field that this line begins; empty if it is none. */
static struct str
name_of(struct str line)
{
	struct str name = str_first(line, str_chr(line, ':'));

	if (name.n == line.n)
		return STR("");
	while (name.n > 0 && ascii_is_blank(name.p[name.n - 1]))
		name.n--; /* RFC 5322 4.5: blanks before the colon */
	return head_is_name(name) ? name : STR("");
}

/* "From a@b Mon Nov 23 ..." of mbox files, quoted or not. */
static bool
is_mbox_line(struct str line)
{
	return str_starts(line, STR("From ")) ||
	    str_starts(line, STR(">From "));
}

bool
head_is_line(struct str line, bool first)
{
	if (first)
		return name_of(line).n > 0 || is_mbox_line(line);
	return name_of(line).n > 0 || (line.n > 0 && ascii_is_blank(line.p[0]));
}

/* A field with its continuation lines. */
static struct str
raw_of(struct str in)
{
	struct str line = line_of(in);
	size_t n = line.n;

	while (n < in.n && ascii_is_blank(in.p[n]) && n > 0 &&
	    in.p[n - 1] == '\n') {
		line = line_of(str_from(in, n));
		n += line.n;
	}
	return str_first(in, n);
}

/*
 * Takes one field off *in. False at the end of the header; *separated tells
 * whether that was an empty line, which is taken off too.
 */
static bool
next_field(struct str *in, struct head_field *f, bool *separated)
{
	struct str line = line_of(*in);

	if (head_is_end(line)) {
		*in = str_from(*in, line.n);
		*separated = true;
		return false;
	}
	f->name = name_of(line);
	if (f->name.n == 0)
		return false;
	f->raw = raw_of(*in);
	f->value = str_from(f->raw, str_chr(f->raw, ':') + 1);
	*in = str_from(*in, f->raw.n);
	return true;
}

bool
head_scan(struct arena *a, struct str in, struct head *out, struct err *e)
{
	struct head_field f = { 0 }, *copy, **tail;
	struct head h = { 0 };
	struct str rest = in;

	tail = &h.first;
	if (is_mbox_line(line_of(rest)))
		rest = str_from(rest, line_of(rest).n);
	while (rest.n > 0 && next_field(&rest, &f, &h.separated)) {
		copy = arena_alloc(a, sizeof(*copy));
		if (copy == NULL)
			break;
		*copy = f;
		*tail = copy;
		tail = &copy->next;
		h.n++;
	}
	if (!arena_ok(a, e))
		return err_wrap(e, "message header");
	h.size = in.n - rest.n;
	*out = h;
	return true;
}

size_t
head_size(struct str in, bool more)
{
	struct head_field f;
	struct str rest = in;
	bool separated = false;

	if (is_mbox_line(line_of(rest)))
		rest = str_from(rest, line_of(rest).n);
	while (rest.n > 0 && next_field(&rest, &f, &separated))
		continue;
	/* a line that is not complete may still become a field */
	if (more && !separated && str_chr(rest, '\n') == rest.n)
		return 0;
	return in.n - rest.n;
}

struct head_field *
head_find(struct head_field *f, struct str name)
{
	while (f != NULL && !str_ieq(f->name, name))
		f = f->next;
	return f;
}

void
head_unfold(struct buf *out, struct str value)
{
	char c;

	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		c = value.p[i];
		if (c == '\n' ||
		    (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n'))
			continue;
		/* RFC 5322 4.1: a CR alone is no line end */
		buf_addc(out, c == '\0' || c == '\r' ? ' ' : c);
	}
}

/*
 * Where to fold: the last blank that keeps the line within HEAD_LINE, else
 * the first one after it; s.n if there is none. A blank at the start, or one
 * that would leave a line of blanks only, is no place to fold.
 */
static size_t
fold_at(struct str s, size_t used)
{
	size_t at = s.n;
	bool seen = false; /* something other than a blank */

	if (used + s.n <= HEAD_LINE)
		return s.n;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_blank(s.p[i])) {
			seen = true;
			continue;
		}
		if (!seen || str_trim(str_from(s, i)).n == 0)
			continue;
		if (used + i > HEAD_LINE && at < s.n)
			break;
		at = i;
		if (used + i > HEAD_LINE)
			break;
	}
	return at;
}

bool
head_write(struct buf *out, struct str name, struct str value, struct err *e)
{
	size_t start = out->n, used = name.n + 2, at;

	if (!head_is_name(name))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no field name",
		    STR_ARG(name));
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' ||
		    value.p[i] == '\0')
			return err_set(e, ERR_INPUT,
			    "field %.*s: a line end or NUL in its value",
			    STR_ARG(name));
	buf_adds(out, name);
	buf_addz(out, ": ");
	while (value.n > 0) {
		at = fold_at(value, used);
		if (used + at > HEAD_LINE_MAX) {
			buf_rewind(out, start);
			return err_set(e, ERR_INPUT,
			    "field %.*s: more than %d characters without a "
			    "blank",
			    STR_ARG(name), HEAD_LINE_MAX);
		}
		buf_adds(out, str_first(value, at));
		value = str_from(value, at);
		if (value.n > 0)
			buf_addz(out, "\r\n");
		used = 0;
	}
	buf_addz(out, "\r\n");
	return buf_ok(out, e);
}
