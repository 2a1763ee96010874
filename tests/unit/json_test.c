/* SPDX-License-Identifier: MIT */
#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/utf8.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { MEMORY = 64 << 20 };

/* Writes a tree in a plain form: t f n, #number, 'text', [a b], {'n' a}. */
static void
show(const struct json *v, struct buf *out)
{
	static const char
	    *const brackets[] = { [JSON_ARRAY] = "[]", [JSON_OBJECT] = "{}" };

	switch (v->type) {
	case JSON_NULL:
		buf_addc(out, 'n');
		break;
	case JSON_BOOL:
		buf_addc(out, v->is_true ? 't' : 'f');
		break;
	case JSON_NUMBER:
		buf_addf(out, "#%.*s", STR_ARG(v->text));
		break;
	case JSON_STRING:
		buf_addc(out, '\'');
		buf_adds(out, v->text);
		buf_addc(out, '\'');
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_addc(out, brackets[v->type][0]);
		for (const struct json *c = v->child; c != NULL; c = c->next) {
			buf_adds(out, c->name); /* elements have none */
			if (v->type == JSON_OBJECT)
				buf_addc(out, ':');
			show(c, out);
			if (c->next != NULL)
				buf_addc(out, ' ');
		}
		buf_addc(out, brackets[v->type][1]);
		break;
	}
}

static const struct {
	struct str in, want;
} good[] = {
	{ STR_INIT("null"), STR_INIT("n") },
	{ STR_INIT("true"), STR_INIT("t") },
	{ STR_INIT(" \t\r\nfalse \t\r\n"), STR_INIT("f") },
	{ STR_INIT("0"), STR_INIT("#0") },
	{ STR_INIT("-0"), STR_INIT("#-0") },
	{ STR_INIT("-12.50e+03"), STR_INIT("#-12.50e+03") },
	{ STR_INIT("1E400"), STR_INIT("#1E400") },
	{ STR_INIT("1e-0"), STR_INIT("#1e-0") },
	{ STR_INIT("\"\""), STR_INIT("''") },
	{ STR_INIT("\"a\x7f\xe2\x82\xac\""), STR_INIT("'a\x7f\xe2\x82\xac'") },
	{ STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	    STR_INIT("'\"\\/\b\f\n\r\t'") },
	{ STR_INIT("\"\\u0000\\u0041\\u00e9\\u20AC\""),
	    STR_INIT("'\0A\xc3\xa9\xe2\x82\xac'") },
	{ STR_INIT("\"\\ud83d\\udce7\\uD800\\uDC00\\uDBFF\\uDFFF\""),
	    STR_INIT("'\xf0\x9f\x93\xa7\xf0\x90\x80\x80\xf4\x8f\xbf\xbf'") },
	{ STR_INIT("\"\\ud7ff\\ue000\\uffff\""),
	    STR_INIT("'\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf'") },
	{ STR_INIT("\"a\\nb\\nc\""), STR_INIT("'a\nb\nc'") },
	{ STR_INIT("[]"), STR_INIT("[]") },
	{ STR_INIT("{ }"), STR_INIT("{}") },
	{ STR_INIT("[1 , 2,[ ],[3]]"), STR_INIT("[#1 #2 [] [#3]]") },
	{ STR_INIT("{\"a\":1,\"b\" : {\"c\":[null]},\"\":\"\"}"),
	    STR_INIT("{a:#1 b:{c:[n]} :''}") },
	{ STR_INIT("{\"a\":1,\"a\":2}"), STR_INIT("{a:#1 a:#2}") },
	{ STR_INIT("{\"\\u0061\\n\":true}"), STR_INIT("{a\n:t}") },
	{ STR_INIT("[[1],{\"a\":[2]},3]"), STR_INIT("[[#1] {a:[#2]} #3]") },
};

static void
test_good(void)
{
	const struct json *v;
	struct arena a;
	struct buf out;
	struct err e;

	buf_init(&out, 1000);
	for (size_t i = 0; i < N(good); i++) {
		arena_init(&a, MEMORY);
		buf_reset(&out);
		v = NULL;
		T_CHECK(json_parse(&a, good[i].in, &v, &e), "%s: %s",
		    good[i].in.p, e.msg);
		if (v != NULL)
			show(v, &out);
		T_CHECK(str_eq(buf_view(&out), good[i].want), "%s: %s",
		    good[i].in.p, out.p);
		arena_release(&a);
	}
	buf_release(&out);
}

/* The offset of the byte that is wrong, and what was expected there. */
static const struct {
	struct str in;
	const char *msg;
} refused[] = {
	{ STR_INIT(""), "a value at the end, byte 0" },
	{ STR_INIT("  "), "a value at the end, byte 2" },
	{ STR_INIT("\xef\xbb\xbf{}"), "a value at byte 0" },
	{ STR_INIT("nul"), "a value at byte 0" },
	{ STR_INIT("True"), "a value at byte 0" },
	{ STR_INIT("nullx"), "nothing after the value at byte 4" },
	{ STR_INIT("NaN"), "a value at byte 0" },
	{ STR_INIT("+1"), "a value at byte 0" },
	{ STR_INIT(".5"), "a value at byte 0" },
	{ STR_INIT("-"), "a digit at the end, byte 1" },
	{ STR_INIT("-a"), "a digit at byte 1" },
	{ STR_INIT("01"), "nothing after the value at byte 1" },
	{ STR_INIT("[-01]"), "',' or ']' at byte 3" },
	{ STR_INIT("1."), "a digit at the end, byte 2" },
	{ STR_INIT("1.e1"), "a digit at byte 2" },
	{ STR_INIT("1e"), "a digit at the end, byte 2" },
	{ STR_INIT("1e+"), "a digit at the end, byte 3" },
	{ STR_INIT("0x10"), "nothing after the value at byte 1" },
	{ STR_INIT("1 2"), "nothing after the value at byte 2" },
	{ STR_INIT("{}\0"), "nothing after the value at byte 2" },
	{ STR_INIT("\"a"), "a closing quote at the end, byte 2" },
	{ STR_INIT("'a'"), "a value at byte 0" },
	{ STR_INIT("\"a\nb\""), "control characters as escapes at byte 2" },
	{ STR_INIT("\"a\0\""), "control characters as escapes at byte 2" },
	{ STR_INIT("\"\x1f\""), "control characters as escapes at byte 1" },
	{ STR_INIT("\"\\x41\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\\0\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\"), "a valid escape at byte 1" },
	{ STR_INIT("\"\\u12"), "a valid escape at byte 1" },
	{ STR_INIT("\"\\u12g4\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\u+123\""), "a valid escape at byte 1" },
	{ STR_INIT("\"ab\\ud800\""), "a valid escape at byte 3" },
	{ STR_INIT("\"\\udc00\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\ud800\\ud800\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\udc00\\udc00\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\ud800\\ue000\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\ud800x\\udc00\""), "a valid escape at byte 1" },
	{ STR_INIT("\"\\ud800\\udc0\""), "a valid escape at byte 1" },
	{ STR_INIT("\"a\xff\""), "UTF-8 at byte 2" },
	{ STR_INIT("\"\xed\xa0\x80\""), "UTF-8 at byte 1" },
	{ STR_INIT("\"\xc3\""), "UTF-8 at byte 1" },
	{ STR_INIT("["), "a value at the end, byte 1" },
	{ STR_INIT("[1"), "',' or ']' at the end, byte 2" },
	{ STR_INIT("[1,"), "a value at the end, byte 3" },
	{ STR_INIT("[1,]"), "a value at byte 3" },
	{ STR_INIT("[,1]"), "a value at byte 1" },
	{ STR_INIT("[1 2]"), "',' or ']' at byte 3" },
	{ STR_INIT("[1}"), "',' or ']' at byte 2" },
	{ STR_INIT("[}"), "a value at byte 1" },
	{ STR_INIT("]"), "a value at byte 0" },
	{ STR_INIT("{"), "a name in quotes at the end, byte 1" },
	{ STR_INIT("{a:1}"), "a name in quotes at byte 1" },
	{ STR_INIT("{1:1}"), "a name in quotes at byte 1" },
	{ STR_INIT("{]"), "a name in quotes at byte 1" },
	{ STR_INIT("{\"a\"}"), "':' at byte 4" },
	{ STR_INIT("{\"a\":}"), "a value at byte 5" },
	{ STR_INIT("{\"a\":1"), "',' or '}' at the end, byte 6" },
	{ STR_INIT("{\"a\":1]"), "',' or '}' at byte 6" },
	{ STR_INIT("{\"a\":1,}"), "a name in quotes at byte 7" },
	{ STR_INIT("{\"a\":1,,"), "a name in quotes at byte 7" },
	{ STR_INIT("[]]"), "nothing after the value at byte 2" },
	{ STR_INIT("/**/1"), "a value at byte 0" },
	{ STR_INIT("[1,\v2]"), "a value at byte 3" },
	{ STR_INIT("[1,\xc2\xa0"
		   "2]"),
	    "a value at byte 3" },
};

static void
test_refused(void)
{
	static const struct json before;
	const struct json *v;
	struct arena a;
	struct err e;

	for (size_t i = 0; i < N(refused); i++) {
		struct str want = str_of(refused[i].msg);

		arena_init(&a, MEMORY);
		v = &before;
		T_CHECK(!json_parse(&a, refused[i].in, &v, &e), "%s",
		    refused[i].in.p);
		T_CHECK(e.kind == ERR_INPUT && str_ends(str_of(e.msg), want),
		    "%s: %s", refused[i].in.p, e.msg);
		T_CHECK(v == &before, "%s: out is left alone", refused[i].in.p);
		arena_release(&a);
	}
}

/*
 * Every beginning of a good text is refused, or is one of a number; in memory
 * of its very size, so that a look beyond the end is seen.
 */
static void
test_cut(void)
{
	const struct json *v;
	struct arena a;
	struct err e;

	for (size_t i = 0; i < N(good); i++) {
		struct str in = str_trim(good[i].in);

		for (size_t n = 0; n < in.n; n++) {
			char *copy = malloc(n > 0 ? n : 1);

			if (n > 0)
				memcpy(copy, in.p, n);
			arena_init(&a, MEMORY);
			if (json_parse(&a, (struct str){ copy, n }, &v, &e))
				T_CHECK(v->type == JSON_NUMBER, "%s at %zu",
				    in.p, n);
			arena_release(&a);
			free(copy);
		}
	}
}

static void
test_depth(void)
{
	enum { MANY = 100000 };
	static char text[2 * MANY];
	const struct json *v;
	struct arena a;
	struct err e;

	for (size_t n = 1; n <= MANY; n = n < 70 ? n + 1 : n * 10) {
		memset(text, '[', n);
		memset(text + n, ']', n);
		arena_init(&a, MEMORY);
		T_CHECK(json_parse(&a, (struct str){ text, 2 * n }, &v, &e) ==
			(n <= JSON_DEPTH),
		    "%zu levels", n);
		T_CHECK(n <= JSON_DEPTH || strstr(e.msg, "at byte 64") != NULL,
		    "%s", e.msg);
		arena_release(&a);
	}
	/* depth is counted, not brackets */
	for (size_t i = 0; i + 3 <= sizeof(text); i += 3)
		memcpy(text + i, "[],", 3);
	text[0] = '[';
	text[1] = '0';
	text[sizeof(text) / 3 * 3 - 1] = ']';
	arena_init(&a, MEMORY);
	T_CHECK(json_parse(&a, (struct str){ text, sizeof(text) / 3 * 3 }, &v,
		    &e),
	    "many lists side by side: %s", e.msg);
	arena_release(&a);
}

/* A long text costs its own bytes, if it has no escapes, and a node. */
static void
test_memory(void)
{
	enum { SIZE = 4 << 20 };
	const struct json *v = NULL;
	struct arena a;
	struct buf in;
	struct err e;

	buf_init(&in, SIZE + 2);
	buf_addc(&in, '"');
	while (in.n < SIZE)
		buf_addc(&in, 'x');
	buf_addc(&in, '"');
	arena_init(&a, 4096);
	T_CHECK(json_parse(&a, buf_view(&in), &v, &e), "%s", e.msg);
	T_CHECK(json_str(v).n == SIZE - 1 && json_str(v).p == in.p + 1,
	    "a slice of the input");
	arena_release(&a);
	in.p[SIZE / 2] = '\\';
	in.p[SIZE / 2 + 1] = 'n';
	arena_init(&a, SIZE + 4096);
	T_CHECK(json_parse(&a, buf_view(&in), &v, &e), "%s", e.msg);
	T_CHECK(json_str(v).n == SIZE - 2, "decoded");
	arena_release(&a);
	arena_init(&a, 4096);
	T_CHECK(!json_parse(&a, buf_view(&in), &v, &e) && e.kind == ERR_INPUT,
	    "the limit of the arena");
	arena_release(&a);
	buf_release(&in);
}

static void
test_get(void)
{
	static const char text[] =
	    "{\"Name\":\"x\",\"name\":\"y\",\"name\":\"z\",\"n\":{\"m\":[1]}}";
	const struct json *v = NULL, *list;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	T_CHECK(json_parse(&a, str_of(text), &v, &e), "%s", e.msg);
	T_CHECK(str_eq(json_str(json_get(v, STR("name"))), STR("y")),
	    "the first of two");
	T_CHECK(str_eq(json_str(json_iget(v, STR("NAME"))), STR("x")),
	    "any case");
	T_CHECK(json_get(v, STR("NAME")) == NULL, "exact case");
	T_CHECK(json_get(v, STR("")) == NULL, "none");
	T_CHECK(json_iget(v, STR("none")) == NULL, "none");
	list = json_get(json_get(v, STR("n")), STR("m"));
	T_CHECK(list != NULL && list->type == JSON_ARRAY, "chained");
	T_CHECK(json_get(list, STR("")) == NULL, "a list has no names");
	T_CHECK(json_get(list, STR("m")) == NULL, "a list has no names");
	T_CHECK(json_get(NULL, STR("a")) == NULL, "NULL");
	T_CHECK(json_iget(NULL, STR("a")) == NULL, "NULL");
	T_CHECK(json_str(NULL).n == 0, "NULL");
	T_CHECK(json_str(list).p == NULL && json_str(v).p == NULL, "no text");
	arena_release(&a);
}

static const struct {
	const char *in;
	bool ok;
	int64_t want;
} integers[] = {
	{ "3599", true, 3599 },
	{ "\"3599\"", true, 3599 },
	{ "0", true, 0 },
	{ "-0", true, 0 },
	{ "-1", true, -1 },
	{ "\"-42\"", true, -42 },
	{ "\"007\"", true, 7 },
	{ "9223372036854775807", true, INT64_MAX },
	{ "9223372036854775808", false, 0 },
	{ "-9223372036854775808", true, INT64_MIN },
	{ "-9223372036854775809", false, 0 },
	{ "1e3", false, 0 },
	{ "1.0", false, 0 },
	{ "\"\"", false, 0 },
	{ "\"-\"", false, 0 },
	{ "\"--1\"", false, 0 },
	{ "\"+1\"", false, 0 },
	{ "\" 1\"", false, 0 },
	{ "\"0x1\"", false, 0 },
	{ "true", false, 0 },
	{ "null", false, 0 },
	{ "[1]", false, 0 },
};

static void
test_i64(void)
{
	const struct json *v = NULL;
	struct arena a;
	struct err e;
	int64_t got;
	bool ok;

	for (size_t i = 0; i < N(integers); i++) {
		arena_init(&a, MEMORY);
		T_CHECK(json_parse(&a, str_of(integers[i].in), &v, &e), "%s",
		    e.msg);
		got = 99;
		ok = json_i64(v, &got);
		T_CHECK(ok == integers[i].ok, "%s", integers[i].in);
		T_CHECK(got == (ok ? integers[i].want : 99), "%s: %lld",
		    integers[i].in, (long long)got);
		arena_release(&a);
	}
	T_CHECK(!json_i64(NULL, &got), "NULL");
}

static void
parse_some(void)
{
	static const struct str text = STR_INIT(
	    "{\"a\":[1,2,{\"b\":\"\\u00e9\"}],\"c\\n\":null,\"d\":\"plain\"}");
	const struct json *v = NULL;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	(void)arena_alloc(&a, 4000); /* so that the rest comes in a new block */
	if (!json_parse(&a, text, &v, &e))
		T_CHECK(e.kind == ERR_RETRY && v == NULL, "%s", e.msg);
	arena_release(&a);
}

/* Each value and each decoded text in turn finds the arena full. */
static void
test_allocation(void)
{
	static const struct str text =
	    STR_INIT("{\"a\":[1,\"\\u00e9\"],\"\\n\":{}}");
	const struct json *v = NULL;
	bool ok = false;
	struct arena a;
	struct err e;

	t_each_allocation_fails(parse_some);
	for (size_t limit = 0; !ok && limit < 4096; limit++) {
		arena_init(&a, limit);
		ok = json_parse(&a, text, &v, &e);
		T_CHECK(ok ||
			(e.kind == ERR_INPUT && strstr(e.msg, "limit") != NULL),
		    "%s", e.msg);
		arena_release(&a);
	}
	T_CHECK(ok, "enough at last");
}

/* A long text with escapes, decoded in pieces of every size. */
static void
test_lazy(void)
{
	static const struct str in =
	    STR_INIT("[\"a\\/b\\u002Bc\\ud83d\\udce7 \xe2\x82\xac\\n\","
		     "\"\\/\",\"plain and long enough\"]");
	const struct json *v = NULL;
	struct arena a;
	struct str want, raw, got;
	char out[64];
	struct err e;
	size_t n;

	arena_init(&a, MEMORY);
	T_CHECK(json_parse(&a, in, &v, &e) && !v->child->raw, "%s", e.msg);
	want = json_str(v->child);
	T_CHECK(json_parse_lazy(&a, in, 8, &v, &e), "%s", e.msg);
	raw = json_str(v->child);
	T_CHECK(v->child->raw && raw.n > want.n && raw.p > in.p,
	    "it stays where it is");
	T_CHECK(!v->child->next->raw &&
		str_eq(json_str(v->child->next), STR("/")),
	    "a short one is decoded");
	T_CHECK(!v->child->next->next->raw, "without escapes nothing is raw");
	for (size_t room = JSON_PIECE_LEAST; room < want.n + 2; room++) {
		raw = json_str(v->child);
		got = (struct str){ out, 0 };
		do {
			n = json_piece(&raw, out + got.n, room);
			T_CHECK(n <= room, "%zu of %zu", n, room);
			got.n += n;
		} while (n > 0 && got.n + room < sizeof(out));
		T_CHECK(raw.n == 0 && str_eq(got, want), "pieces of %zu: %.*s",
		    room, STR_ARG(got));
	}
	arena_release(&a);
}

static const struct t_test tests[] = {
	{ "lazy", test_lazy },
	{ "good", test_good },
	{ "refused", test_refused },
	{ "cut", test_cut },
	{ "depth", test_depth },
	{ "memory", test_memory },
	{ "get", test_get },
	{ "i64", test_i64 },
	{ "allocation", test_allocation },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
