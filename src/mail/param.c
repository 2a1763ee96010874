/* SPDX-License-Identifier: MIT */
#include "mail/param.h"

#include "codec/charset.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "mail/word.h"

enum {
	PARAM_LIMIT = 64 * 1024, /* bytes of one value */
	PARAM_PLAIN_MAX = 60,    /* longer values are cut in pieces */
	PARAM_PIECE = 48         /* characters of one piece */
};

/* A parameter as it was written: one section of it. */
struct section {
	struct str name, value; /* value: unquoted */
	unsigned number;
	bool extended; /* name*: percent-encoded */
	bool used;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips blanks and comments (RFC 5322 3.2.2), which may nest. */
static struct str
skip(struct str in)
{
	unsigned depth = 0;

	for (; in.n > 0; in = str_from(in, 1)) {
		if (in.p[0] == '\\' && depth > 0 && in.n > 1)
			in = str_from(in, 1);
		else if (in.p[0] == '(')
			depth++;
		else if (in.p[0] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_blank(in.p[0]))
			break;
	}
	return in;
}

/* A quoted string without its quotes and backslashes; *in moves behind it. */
static struct str
take_quoted(struct arena *a, struct str *in)
{
	size_t end = 1, n = 0;
	char *to;

	while (end < in->n && in->p[end] != '"')
		end += in->p[end] == '\\' && end + 1 < in->n ? 2 : 1;
	to = arena_alloc(a, end);
	for (size_t i = 1; to != NULL && i < end; i++) {
		if (in->p[i] == '\\' && i + 1 < in->n)
			i++;
		to[n++] = in->p[i];
	}
	*in = str_from(*in, end + 1);
	return (struct str){ to, n };
}

/* A token; what real mail has without quotes: blanks inside, colons. */
static struct str
take_bare(struct str *in)
{
	size_t n = str_chr(*in, ';');
	struct str out = str_trim(str_first(*in, n));

	*in = str_from(*in, n);
	return out;
}

/* "name*2*" into its parts. */
static void
set_name(struct section *s, struct str name)
{
	size_t star;
	uint64_t number;

	if (str_ends(name, STR("*"))) {
		s->extended = true;
		name.n--;
	}
	star = str_chr(name, '*');
	if (star < name.n &&
	    str_u64(str_from(name, star + 1), PARAM_MAX, &number)) {
		s->number = (unsigned)number;
		name.n = star;
	}
	s->name = name;
}

static bool
next_section(struct arena *a, struct str *in, struct section *s)
{
	size_t at;

	*s = (struct section){ 0 };
	*in = str_from(*in, str_chr(*in, ';'));
	while (in->n > 0 && (in->p[0] == ';' || is_blank(in->p[0])))
		*in = skip(str_from(*in, 1));
	if (in->n == 0)
		return false;
	at = str_chr(str_first(*in, str_chr(*in, ';')), '=');
	if (at == in->n || in->p[at] == ';')
		return true; /* malformed: skipped, it has no name */
	set_name(s, arena_lower(a, str_trim(str_first(*in, at))));
	*in = skip(str_from(*in, at + 1));
	s->value =
	    in->n > 0 && in->p[0] == '"' ? take_quoted(a, in) : take_bare(in);
	return true;
}

static struct section *
find_section(struct section *s, size_t n, struct str name, unsigned number)
{
	for (size_t i = 0; i < n; i++)
		if (!s[i].used && s[i].number == number &&
		    str_eq(s[i].name, name))
			return &s[i];
	return NULL;
}

/* RFC 2231 4: the first section begins with charset'language'. */
static void
join_sections(struct section *s, size_t n, struct section *first,
    struct buf *bytes, struct str *charset)
{
	struct section *at = first;
	struct str text, language;
	struct err why;
	bool coded;

	for (unsigned number = 0; at != NULL; number++) {
		text = at->value;
		if (number == 0 && at->extended) {
			(void)str_next(&text, '\'', charset);
			if (text.p != NULL)
				(void)str_next(&text, '\'', &language);
		}
		coded = at->extended && url_decode(bytes, text, false, &why);
		if (!coded)
			buf_adds(bytes, text);
		/* what url_decode could not keep it takes back, and forgets */
		if (at->extended && !coded && why.kind == ERR_RETRY)
			bytes->no_memory = true;
		at->used = true;
		at = find_section(s, n, first->name, number + 1);
	}
}

static struct str
decode(struct arena *a, struct section *s, size_t n, struct section *first)
{
	struct str charset = STR("utf-8"), out;
	struct buf bytes, text;

	buf_init(&bytes, PARAM_LIMIT);
	buf_init(&text, PARAM_LIMIT);
	join_sections(s, n, first, &bytes, &charset);
	if (!first->extended)
		(void)word_decode(&text, buf_view(&bytes));
	else if (!charset_to_utf8(&text, charset, buf_view(&bytes)))
		utf8_add_mended(&text, buf_view(&bytes));
	out = arena_str(a, buf_view(&text));
	if (text.no_memory || bytes.no_memory)
		a->no_memory = true;
	buf_release(&bytes);
	buf_release(&text);
	return out;
}

void
param_parse(struct arena *a, struct str field, struct str *value,
    struct param **list)
{
	struct section s[PARAM_MAX], *first;
	struct param *p;
	size_t n = 0;

	field = skip(field);
	*value = arena_lower(a,
	    str_trim(str_first(field,
		str_chr(str_first(field, str_chr(field, '(')), ';'))));
	while (n < PARAM_MAX && next_section(a, &field, &s[n]))
		n += s[n].name.n > 0;
	*list = NULL;
	for (size_t i = 0; i < n; i++) {
		first = &s[i];
		if (first->used || first->number > 0)
			continue;
		p = arena_alloc(a, sizeof(*p));
		if (p == NULL)
			return;
		p->name = first->name;
		p->value = decode(a, s, n, first);
		*list = p;
		list = &p->next;
	}
}

struct str
param_find(const struct param *list, struct str name)
{
	for (; list != NULL; list = list->next)
		if (str_eq(list->name, name))
			return list->value;
	return (struct str){ 0 };
}

/* RFC 2231 is younger than the readers of boundaries: they want it whole. */
static bool
is_plain(struct str name, struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] >= 0x7f)
			return false;
	return str_ieq(name, STR("boundary")) ||
	    (value.n <= PARAM_PLAIN_MAX &&
		str_find(value, STR("=?")) == value.n);
}

/* The end of a piece: not within "%XX". */
static size_t
piece_end(struct str s)
{
	size_t n = s.n < PARAM_PIECE ? s.n : PARAM_PIECE;

	if (n < s.n && n > 2 && s.p[n - 1] == '%')
		n -= 1;
	else if (n < s.n && n > 2 && s.p[n - 2] == '%')
		n -= 2;
	return n;
}

void
param_write(struct buf *out, struct str name, struct str value)
{
	struct buf coded;
	struct str rest;
	size_t n;

	if (is_plain(name, value)) {
		buf_addf(out, "; %.*s=\"", STR_ARG(name));
		for (size_t i = 0; i < value.n; i++) {
			if (value.p[i] == '"' || value.p[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, value.p[i]);
		}
		buf_addc(out, '"');
		return;
	}
	buf_init(&coded, 3 * PARAM_LIMIT);
	buf_addz(&coded, "utf-8''");
	url_encode(&coded, value);
	rest = buf_view(&coded);
	if (rest.n <= PARAM_PLAIN_MAX) {
		buf_addf(out, "; %.*s*=%.*s", STR_ARG(name), STR_ARG(rest));
		rest.n = 0;
	}
	for (unsigned i = 0; rest.n > 0; i++, rest = str_from(rest, n)) {
		n = piece_end(rest);
		buf_addf(out, "; %.*s*%u*=%.*s", STR_ARG(name), i, (int)n,
		    rest.p);
	}
	out->no_memory = out->no_memory || coded.no_memory;
	buf_release(&coded);
}
