/* SPDX-License-Identifier: MIT */
#include "codec/json.h"

#include "codec/utf8.h"

/* What may come next; RFC 8259 2, with the places where a list may end. */
enum state { VALUE, ELEMENT_OR_END, NAME_OR_END, NAME, COLON, MORE_OR_END };

struct parser {
	struct arena *a;
	struct str in;
	size_t at, most; /* a longer string stays raw */
	struct err *e;
	enum state state;
	struct str name; /* of the value that comes next */
	struct json *root;
	struct json *open[JSON_DEPTH];   /* what we are in, outermost first */
	struct json *newest[JSON_DEPTH]; /* its last child, or NULL */
	size_t depth;
};

static bool
bad(const struct parser *p, size_t at, const char *wanted)
{
	return err_set(p->e, ERR_INPUT, "JSON: expected %s at %s%zu", wanted,
	    at < p->in.n ? "byte " : "the end, byte ", at);
}

static bool
out_of_memory(const struct parser *p)
{
	return !arena_ok(p->a, p->e) && err_wrap(p->e, "JSON");
}

/* The byte at an offset; 0, which starts nothing, beyond the end. */
static char
byte_at(const struct parser *p, size_t at)
{
	return at < p->in.n ? p->in.p[at] : '\0';
}

/* What stands after a backslash, and what it means (RFC 8259 7). */
/* clang-format off */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};
/* clang-format on */

/* Reads "\uXXXX" at the start of s. */
static bool
read_unit(struct str s, uint32_t *unit)
{
	int digit;

	if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u')
		return false;
	*unit = 0;
	for (size_t i = 2; i < 6; i++) {
		digit = ascii_hex(s.p[i]);
		if (digit < 0)
			return false;
		*unit = *unit << 4 | (uint32_t)digit;
	}
	return true;
}

/*
 * Reads the escape at the start of s. Its bytes; 0: none of JSON, or half of
 * a surrogate pair, which is no character.
 */
static size_t
read_escape(struct str s, uint32_t *c)
{
	uint32_t low;

	if (s.n > 1 && escapes[(unsigned char)s.p[1]] != 0) {
		*c = (unsigned char)escapes[(unsigned char)s.p[1]];
		return 2;
	}
	if (!read_unit(s, c))
		return 0;
	if (*c < 0xd800 || *c > 0xdfff)
		return 6;
	if (*c > 0xdbff || !read_unit(str_from(s, 6), &low) || low < 0xdc00 ||
	    low > 0xdfff)
		return 0;
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

static bool
is_plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
}

/*
 * Moves *end from the first byte of a string to its closing quote, and tells
 * whether it has escapes.
 */
static bool
find_quote(const struct parser *p, size_t *end, bool *escaped)
{
	size_t at = *end, n;
	struct str rest;
	uint32_t c;

	*escaped = false;
	for (;; at += n) {
		while (at < p->in.n && is_plain(p->in.p[at]))
			at++;
		rest = str_from(p->in, at);
		if (rest.n == 0)
			return bad(p, at, "a closing quote");
		if (rest.p[0] == '"')
			break;
		if ((unsigned char)rest.p[0] < 0x20)
			return bad(p, at, "control characters as escapes");
		if (rest.p[0] == '\\') {
			*escaped = true;
			n = read_escape(rest, &c);
			if (n == 0)
				return bad(p, at, "a valid escape");
			continue;
		}
		n = str_utf8(rest);
		if (n == 0)
			return bad(p, at, "UTF-8");
	}
	*end = at;
	return true;
}

size_t
json_piece(struct str *raw, char *to, size_t room)
{
	const char *start = to, *last = to + room - UTF8_MAX;
	struct str plain;
	uint32_t c;

	while (raw->n > 0 && to <= last) {
		plain = str_first(*raw, (size_t)(last - to) + UTF8_MAX);
		plain = str_first(plain, str_chr(plain, '\\'));
		for (size_t i = 0; i < plain.n; i++)
			*to++ = plain.p[i];
		*raw = str_from(*raw, plain.n);
		if (plain.n > 0)
			continue;
		*raw = str_from(*raw, read_escape(*raw, &c));
		to += utf8_write(to, c);
	}
	return (size_t)(to - start);
}

/* Decodes what find_quote has seen; that never makes it longer. */
static bool
decode(const struct parser *p, struct str raw, struct str *out)
{
	size_t room = raw.n + UTF8_MAX;
	char *to = arena_alloc(p->a, room);

	if (to == NULL)
		return out_of_memory(p);
	*out = (struct str){ to, json_piece(&raw, to, room) };
	return true;
}

/* At the opening quote. Texts without escapes stay where they are. */
static bool
read_string(struct parser *p, struct str *out, bool *raw)
{
	size_t start = p->at + 1, end = start;
	bool escaped;

	if (!find_quote(p, &end, &escaped))
		return false;
	*out = str_first(str_from(p->in, start), end - start);
	p->at = end + 1;
	*raw = escaped && out->n > p->most;
	return !escaped || *raw || decode(p, *out, out);
}

static bool
skip_digits(const struct parser *p, size_t *at)
{
	size_t start = *at;

	while (ascii_is_digit(byte_at(p, *at)))
		++*at;
	return *at > start || bad(p, *at, "a digit");
}

/* RFC 8259 6: number = [ minus ] int [ frac ] [ exp ] */
static bool
read_number(struct parser *p, struct str *out)
{
	size_t at = p->at;

	if (byte_at(p, at) == '-')
		at++;
	if (byte_at(p, at) == '0') /* no leading zeros */
		at++;
	else if (!skip_digits(p, &at))
		return false;
	if (byte_at(p, at) == '.') {
		at++;
		if (!skip_digits(p, &at))
			return false;
	}
	if (ascii_lower(byte_at(p, at)) == 'e') {
		at++;
		if (byte_at(p, at) == '+' || byte_at(p, at) == '-')
			at++;
		if (!skip_digits(p, &at))
			return false;
	}
	*out = str_first(str_from(p->in, p->at), at - p->at);
	p->at = at;
	return true;
}

static void
link_to_parent(struct parser *p, struct json *node)
{
	size_t up = p->depth - 1;

	if (p->newest[up] == NULL)
		p->open[up]->child = node;
	else
		p->newest[up]->next = node;
	p->newest[up] = node;
}

/* Puts a copy of v into the tree. */
static bool
add(struct parser *p, struct json v, struct json **added)
{
	struct json *node = arena_alloc(p->a, sizeof(*node));

	if (node == NULL)
		return out_of_memory(p);
	*node = v;
	node->name = p->name;
	p->name = (struct str){ 0 };
	if (p->depth > 0)
		link_to_parent(p, node);
	else
		p->root = node;
	p->state = MORE_OR_END;
	*added = node;
	return true;
}

static bool
open_list(struct parser *p, enum json_type type)
{
	struct json *node;

	if (p->depth == JSON_DEPTH)
		return bad(p, p->at, "no deeper nesting");
	if (!add(p, (struct json){ .type = type }, &node))
		return false;
	p->at++;
	p->open[p->depth] = node;
	p->newest[p->depth] = NULL;
	p->depth++;
	p->state = type == JSON_OBJECT ? NAME_OR_END : ELEMENT_OR_END;
	return true;
}

static void
close_list(struct parser *p)
{
	p->at++;
	p->depth--;
	p->state = MORE_OR_END;
}

static bool
read_word(struct parser *p, struct json *v)
{
	static const struct {
		struct str text;
		struct json value;
	} words[] = {
		{ STR_INIT("true"), { .type = JSON_BOOL, .is_true = true } },
		{ STR_INIT("false"), { .type = JSON_BOOL } },
		{ STR_INIT("null"), { .type = JSON_NULL } },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!str_starts(str_from(p->in, p->at), words[i].text))
			continue;
		p->at += words[i].text.n;
		*v = words[i].value;
		return true;
	}
	return bad(p, p->at, "a value");
}

static bool
read_value(struct parser *p)
{
	struct json v = { .type = JSON_NULL }, *node;
	char c = byte_at(p, p->at);
	bool ok;

	if (c == '{')
		return open_list(p, JSON_OBJECT);
	if (c == '[')
		return open_list(p, JSON_ARRAY);
	if (c == '"') {
		v.type = JSON_STRING;
		ok = read_string(p, &v.text, &v.raw);
	} else if (c == '-' || ascii_is_digit(c)) {
		v.type = JSON_NUMBER;
		ok = read_number(p, &v.text);
	} else {
		ok = read_word(p, &v);
	}
	return ok && add(p, v, &node);
}

static bool
read_element_or_end(struct parser *p)
{
	if (byte_at(p, p->at) != ']')
		return read_value(p);
	close_list(p);
	return true;
}

static bool
read_name(struct parser *p)
{
	bool raw; /* which name it is would be asked in vain */

	if (byte_at(p, p->at) != '"')
		return bad(p, p->at, "a name in quotes");
	p->state = COLON;
	return read_string(p, &p->name, &raw);
}

static bool
read_name_or_end(struct parser *p)
{
	if (byte_at(p, p->at) != '}')
		return read_name(p);
	close_list(p);
	return true;
}

static bool
read_colon(struct parser *p)
{
	if (byte_at(p, p->at) != ':')
		return bad(p, p->at, "':'");
	p->at++;
	p->state = VALUE;
	return true;
}

static bool
read_more_or_end(struct parser *p)
{
	bool object = p->open[p->depth - 1]->type == JSON_OBJECT;
	char c = byte_at(p, p->at);

	if (c == (object ? '}' : ']')) {
		close_list(p);
		return true;
	}
	if (c != ',')
		return bad(p, p->at, object ? "',' or '}'" : "',' or ']'");
	p->at++;
	p->state = object ? NAME : VALUE;
	return true;
}

static void
skip_blanks(struct parser *p)
{
	char c = byte_at(p, p->at);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = byte_at(p, ++p->at);
}

static bool (*const steps[])(struct parser *p) = {
	[VALUE] = read_value,
	[ELEMENT_OR_END] = read_element_or_end,
	[NAME_OR_END] = read_name_or_end,
	[NAME] = read_name,
	[COLON] = read_colon,
	[MORE_OR_END] = read_more_or_end,
};

bool
json_parse(struct arena *a, struct str in, const struct json **out,
    struct err *e)
{
	return json_parse_lazy(a, in, in.n, out, e);
}

bool
json_parse_lazy(struct arena *a, struct str in, size_t most,
    const struct json **out, struct err *e)
{
	struct parser p = { .a = a,
		.in = in,
		.most = most,
		.e = e,
		.state = VALUE };

	skip_blanks(&p);
	do {
		if (!steps[p.state](&p))
			return false;
		skip_blanks(&p);
	} while (p.depth > 0);
	if (p.at < in.n)
		return bad(&p, p.at, "nothing after the value");
	*out = p.root;
	return true;
}

const struct json *
json_get(const struct json *v, struct str name)
{
	if (v == NULL || v->type != JSON_OBJECT)
		return NULL;
	for (v = v->child; v != NULL; v = v->next)
		if (str_eq(v->name, name))
			break;
	return v;
}

const struct json *
json_iget(const struct json *v, struct str name)
{
	if (v == NULL || v->type != JSON_OBJECT)
		return NULL;
	for (v = v->child; v != NULL; v = v->next)
		if (str_ieq(v->name, name))
			break;
	return v;
}

struct str
json_str(const struct json *v)
{
	return v != NULL && v->type == JSON_STRING ? v->text :
						     (struct str){ 0 };
}

bool
json_i64(const struct json *v, int64_t *out)
{
	bool minus;
	uint64_t u;

	if (v == NULL || (v->type != JSON_NUMBER && v->type != JSON_STRING))
		return false;
	minus = str_starts(v->text, STR("-"));
	if (!str_u64(str_from(v->text, minus), (uint64_t)INT64_MAX + minus, &u))
		return false;
	/* one step at a time: there is no -INT64_MIN */
	*out = minus && u > 0 ? -(int64_t)(u - 1) - 1 : (int64_t)u;
	return true;
}
