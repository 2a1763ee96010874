/* SPDX-License-Identifier: MIT */
#include "codec/jsonw.h"

#include <string.h>

#include "codec/json.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/*
 * Plays calls written as letters: { } [ ] open and close, k a key, s a
 * string, x a string that is not UTF-8, i an integer, t f n the words, b
 * base64, m a member, '(' a bracket that is none.
 */
static void
play(struct jsonw *w, const char *calls)
{
	for (; *calls != '\0'; calls++) {
		switch (*calls) {
		case 'k':
			jsonw_key(w, STR("k"));
			break;
		case 's':
			jsonw_str(w, STR("s"));
			break;
		case 'x':
			jsonw_str(w, STR("\xff"));
			break;
		case 'i':
			jsonw_i64(w, -7);
			break;
		case 't':
		case 'f':
			jsonw_bool(w, *calls == 't');
			break;
		case 'n':
			jsonw_null(w);
			break;
		case 'b':
			jsonw_base64(w, STR("foob"));
			break;
		case 'm':
			jsonw_member(w, STR("name"), STR("text"));
			break;
		case '}':
		case ']':
			jsonw_close(w, *calls);
			break;
		default:
			jsonw_open(w, *calls);
			break;
		}
	}
}

static const struct {
	const char *calls, *want; /* want: NULL where they make no sense */
	enum err_kind kind;
} rows[] = {
	{ "s", "\"s\"", ERR_NONE },
	{ "i", "-7", ERR_NONE },
	{ "t", "true", ERR_NONE },
	{ "f", "false", ERR_NONE },
	{ "n", "null", ERR_NONE },
	{ "b", "\"Zm9vYg==\"", ERR_NONE },
	{ "{}", "{}", ERR_NONE },
	{ "[]", "[]", ERR_NONE },
	{ "[sitfnb]", "[\"s\",-7,true,false,null,\"Zm9vYg==\"]", ERR_NONE },
	{ "[[][[]]{}i]", "[[],[[]],{},-7]", ERR_NONE },
	{ "{ki}", "{\"k\":-7}", ERR_NONE },
	{ "{kskb}", "{\"k\":\"s\",\"k\":\"Zm9vYg==\"}", ERR_NONE },
	{ "{mk[{m}]m}",
	    "{\"name\":\"text\",\"k\":[{\"name\":\"text\"}],"
	    "\"name\":\"text\"}",
	    ERR_NONE },
	{ "{k{k{}}}", "{\"k\":{\"k\":{}}}", ERR_NONE },
	{ "", NULL, ERR_BUG },
	{ "{", NULL, ERR_BUG },
	{ "[[]", NULL, ERR_BUG },
	{ "}", NULL, ERR_BUG },
	{ "[}", NULL, ERR_BUG },
	{ "{]", NULL, ERR_BUG },
	{ "[]]", NULL, ERR_BUG },
	{ "ss", NULL, ERR_BUG },
	{ "[][]", NULL, ERR_BUG },
	{ "k", NULL, ERR_BUG },
	{ "[k]", NULL, ERR_BUG },
	{ "[m]", NULL, ERR_BUG },
	{ "{s}", NULL, ERR_BUG },
	{ "{i", NULL, ERR_BUG },
	{ "{[]}", NULL, ERR_BUG },
	{ "{kk}", NULL, ERR_BUG },
	{ "{k}", NULL, ERR_BUG },
	{ "{kss}", NULL, ERR_BUG },
	{ "(", NULL, ERR_BUG },
	{ "x", NULL, ERR_INPUT },
	{ "[x]", NULL, ERR_INPUT },
	{ "{kx}", NULL, ERR_INPUT },
};

static void
test_rows(void)
{
	struct jsonw w;
	struct buf out;
	struct err e;
	bool ok;

	for (size_t i = 0; i < N(rows); i++) {
		buf_init(&out, 1000);
		buf_addz(&out, "head");
		w = jsonw_begin(&out);
		T_CHECK(w.start == 4, "start");
		play(&w, rows[i].calls);
		ok = jsonw_end(&w, &e);
		T_CHECK(ok == (rows[i].want != NULL), "%s", rows[i].calls);
		T_CHECK(ok || e.kind == rows[i].kind, "%s: %s", rows[i].calls,
		    e.msg);
		T_CHECK(!ok || strcmp(out.p + 4, rows[i].want) == 0, "%s: %s",
		    rows[i].calls, out.p);
		buf_release(&out);
	}
}

/* After a failure nothing is written and the reason stays. */
static void
test_latch(void)
{
	struct jsonw w;
	struct buf out;
	struct err e;
	size_t n;

	for (size_t i = 0; i < N(rows); i++) {
		if (rows[i].want != NULL)
			continue;
		buf_init(&out, 1000);
		w = jsonw_begin(&out);
		play(&w, rows[i].calls);
		n = out.n;
		if (!w.misused && !w.not_utf8)
			n = 0; /* only incomplete */
		else
			play(&w, "sitfnbkm{}[]x");
		T_CHECK(n == 0 || out.n == n, "%s: %s", rows[i].calls, out.p);
		T_CHECK(!jsonw_end(&w, &e) && e.kind == rows[i].kind, "%s: %s",
		    rows[i].calls, e.msg);
		buf_release(&out);
	}
}

static const struct {
	struct str in;
	const char *want; /* NULL: not UTF-8 */
} strings[] = {
	{ STR_INIT(""), "\"\"" },
	{ STR_INIT("\"\\/"), "\"\\\"\\\\/\"" },
	{ STR_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
	{ STR_INIT("\0\x01\x0b\x1b\x1f\x7f"),
	    "\"\\u0000\\u0001\\u000b\\u001b\\u001f\x7f\"" },
	{ STR_INIT("a\xc3\xa9\xe2\x80\xa8\xf0\x9f\x93\xa7z"),
	    "\"a\xc3\xa9\xe2\x80\xa8\xf0\x9f\x93\xa7z\"" },
	{ STR_INIT("\n"), "\"\\n\"" },
	{ STR_INIT("ab\ncd\"ef"), "\"ab\\ncd\\\"ef\"" },
	{ STR_INIT("a\xed\xa0\x80"), NULL },
	{ STR_INIT("a\xc3"), NULL },
	{ STR_INIT("\xe9"), NULL },
};

static void
test_strings(void)
{
	struct jsonw w;
	struct buf out, key;
	struct err e;

	buf_init(&out, 1000);
	buf_init(&key, 1000);
	for (size_t i = 0; i < N(strings); i++) {
		buf_reset(&out);
		w = jsonw_begin(&out);
		jsonw_str(&w, strings[i].in);
		T_CHECK(jsonw_end(&w, &e) == (strings[i].want != NULL),
		    "row %zu: %s", i, out.p);
		T_CHECK(w.not_utf8 == (strings[i].want == NULL), "row %zu", i);
		T_CHECK(strings[i].want == NULL ||
			strcmp(out.p, strings[i].want) == 0,
		    "row %zu: %s", i, out.p);
		/* a name is written by the same rules */
		buf_reset(&key);
		w = jsonw_begin(&key);
		jsonw_open(&w, '{');
		jsonw_member(&w, strings[i].in, STR(""));
		jsonw_close(&w, '}');
		T_CHECK(jsonw_end(&w, &e) == (strings[i].want != NULL),
		    "row %zu: %s", i, key.p);
		T_CHECK(strings[i].want == NULL ||
			str_starts(str_from(buf_view(&key), 1),
			    str_of(strings[i].want)),
		    "row %zu: %s", i, key.p);
	}
	buf_release(&out);
	buf_release(&key);
}

static void
test_integers(void)
{
	static const struct {
		int64_t v;
		const char *want;
	} values[] = {
		{ 0, "0" },
		{ -1, "-1" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};
	struct jsonw w;
	struct buf out;
	struct err e;

	buf_init(&out, 100);
	for (size_t i = 0; i < N(values); i++) {
		buf_reset(&out);
		w = jsonw_begin(&out);
		jsonw_i64(&w, values[i].v);
		T_CHECK(jsonw_end(&w, &e) && strcmp(out.p, values[i].want) == 0,
		    "%s: %s", values[i].want, out.p);
	}
	buf_release(&out);
}

static void
test_depth(void)
{
	struct jsonw w;
	struct buf out;
	struct err e;

	for (size_t depth = 1; depth <= JSONW_DEPTH + 2; depth++) {
		buf_init(&out, 1000);
		w = jsonw_begin(&out);
		for (size_t i = 0; i < depth; i++)
			jsonw_open(&w, '[');
		for (size_t i = 0; i < depth; i++)
			jsonw_close(&w, ']');
		T_CHECK(jsonw_end(&w, &e) == (depth <= JSONW_DEPTH),
		    "%zu levels", depth);
		T_CHECK(depth <= JSONW_DEPTH || e.kind == ERR_BUG, "%s", e.msg);
		buf_release(&out);
	}
}

static const char everything[] = "{mk[sitfnb[]{}]k{k{m}}kb}";

/* For each limit: the whole text or ERR_INPUT, and never a byte too many. */
static void
test_limit(void)
{
	struct jsonw w;
	struct buf out;
	struct err e;
	size_t whole;
	bool ok;

	buf_init(&out, 1000);
	w = jsonw_begin(&out);
	play(&w, everything);
	T_CHECK(jsonw_end(&w, &e), "%s", e.msg);
	whole = out.n;
	buf_release(&out);
	for (size_t limit = 0; limit < whole + 2; limit++) {
		buf_init(&out, limit);
		w = jsonw_begin(&out);
		play(&w, everything);
		ok = jsonw_end(&w, &e);
		T_CHECK(ok == (limit >= whole), "limit %zu", limit);
		T_CHECK(ok || e.kind == ERR_INPUT, "%s", e.msg);
		buf_release(&out);
	}
}

static void
write_everything(void)
{
	struct jsonw w;
	struct buf out;
	struct err e;

	buf_init(&out, 1000);
	w = jsonw_begin(&out);
	play(&w, everything);
	T_CHECK(jsonw_end(&w, &e) || e.kind == ERR_RETRY, "%s", e.msg);
	buf_release(&out);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(write_everything);
}

/* All bytes that may stand in a text come back as they were. */
static void
test_round_trip(void)
{
	const struct json *v = NULL;
	struct buf text, out;
	struct jsonw w;
	struct arena a;
	struct err e;

	buf_init(&text, 1000);
	buf_init(&out, 10000);
	for (char c = 0; c < 0x7f; c++)
		buf_addc(&text, c);
	buf_addz(&text, "\xc2\x80\xed\x9f\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf");
	w = jsonw_begin(&out);
	jsonw_open(&w, '{');
	jsonw_member(&w, buf_view(&text), buf_view(&text));
	jsonw_close(&w, '}');
	T_CHECK(jsonw_end(&w, &e), "%s", e.msg);
	arena_init(&a, 1 << 20);
	T_CHECK(json_parse(&a, buf_view(&out), &v, &e), "%s", e.msg);
	T_CHECK(str_eq(json_str(json_get(v, buf_view(&text))), buf_view(&text)),
	    "as it was");
	arena_release(&a);
	buf_release(&text);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "latch", test_latch },
	{ "strings", test_strings },
	{ "integers", test_integers },
	{ "depth", test_depth },
	{ "limit", test_limit },
	{ "allocation", test_allocation },
	{ "round trip", test_round_trip },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
