/* SPDX-License-Identifier: MIT */
/*
 * json_corpora: JSONTestSuite, and answers made to hurt a token client.
 */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { MEMORY = 64 << 20, TEXT_MAX = 1 << 20 };

/* JSONTestSuite leaves these to us; what is not listed here is a failure. */
static const struct {
	const char *file;
	bool accepted;
} free_choice[] = {
	/* numbers are kept as text: no value is too large or too small */
	{ "i_number_double_huge_neg_exp.json", true },
	{ "i_number_huge_exp.json", true },
	{ "i_number_neg_int_huge_exp.json", true },
	{ "i_number_pos_double_huge_exp.json", true },
	{ "i_number_real_neg_overflow.json", true },
	{ "i_number_real_pos_overflow.json", true },
	{ "i_number_real_underflow.json", true },
	{ "i_number_too_big_neg_int.json", true },
	{ "i_number_too_big_pos_int.json", true },
	{ "i_number_very_big_negative_int.json", true },
	/* half of a surrogate pair is no character: UTF-8 can't hold it */
	{ "i_object_key_lone_2nd_surrogate.json", false },
	{ "i_string_1st_surrogate_but_2nd_missing.json", false },
	{ "i_string_1st_valid_surrogate_2nd_invalid.json", false },
	{ "i_string_incomplete_surrogate_and_escape_valid.json", false },
	{ "i_string_incomplete_surrogate_pair.json", false },
	{ "i_string_incomplete_surrogates_escape_valid.json", false },
	{ "i_string_invalid_lonely_surrogate.json", false },
	{ "i_string_invalid_surrogate.json", false },
	{ "i_string_inverted_surrogates_U+1D11E.json", false },
	{ "i_string_lone_second_surrogate.json", false },
	/* RFC 8259 8.1: UTF-8, and nothing that looks like it */
	{ "i_string_UTF-16LE_with_BOM.json", false },
	{ "i_string_UTF-8_invalid_sequence.json", false },
	{ "i_string_UTF8_surrogate_U+D800.json", false },
	{ "i_string_invalid_utf-8.json", false },
	{ "i_string_iso_latin_1.json", false },
	{ "i_string_lone_utf8_continuation_byte.json", false },
	{ "i_string_not_in_unicode_range.json", false },
	{ "i_string_overlong_sequence_2_bytes.json", false },
	{ "i_string_overlong_sequence_6_bytes.json", false },
	{ "i_string_overlong_sequence_6_bytes_null.json", false },
	{ "i_string_truncated-utf-8.json", false },
	{ "i_string_utf16BE_no_BOM.json", false },
	{ "i_string_utf16LE_no_BOM.json", false },
	/* JSON_DEPTH; and RFC 8259 8.1 has no byte order mark */
	{ "i_structure_500_nested_arrays.json", false },
	{ "i_structure_UTF-8_BOM_empty_object.json", false },
};

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
should_accept(const char *file)
{
	if (str_starts(str_of(file), STR("y_")))
		return true;
	if (str_starts(str_of(file), STR("n_")))
		return false;
	for (size_t i = 0; i < N(free_choice); i++)
		if (strcmp(free_choice[i].file, file) == 0)
			return free_choice[i].accepted;
	T_CHECK(false, "%s: no verdict", file);
	return false;
}

/* Parses a file in memory of its very size. */
static const struct json *
parse_file(const char *path, struct buf *text, struct arena *a, struct err *e)
{
	const struct json *v = NULL;
	struct str in;

	buf_init(text, TEXT_MAX);
	arena_init(a, MEMORY);
	t_read_file(path, text);
	in = arena_str(a, buf_view(text));
	return json_parse(a, in, &v, e) ? v : NULL;
}

static void
check_suite(const char *path, void *arg)
{
	const char *file = name_of(path);
	struct arena a;
	struct buf text;
	struct err e;
	bool accepted = parse_file(path, &text, &a, &e) != NULL;

	(void)arg;
	T_CHECK(accepted == should_accept(file), "%s: %s", file,
	    accepted ? "accepted" : e.msg);
	T_CHECK(accepted || e.kind == ERR_INPUT, "%s: %s", file, e.msg);
	buf_release(&text);
	arena_release(&a);
}

/* Texts that parsers change; ours keeps them, or refuses half characters. */
static void
check_transform(const char *path, void *arg)
{
	const char *file = name_of(path);
	struct arena a;
	struct buf text;
	struct err e;
	const struct json *v = parse_file(path, &text, &a, &e);

	(void)arg;
	T_CHECK((v != NULL) == (strstr(file, "codepoint") == NULL), "%s", file);
	if (v != NULL && str_starts(str_of(file), STR("number_"))) {
		struct str in = str_trim(buf_view(&text));

		T_CHECK(v->child != NULL &&
			str_eq(v->child->text,
			    str_first(str_from(in, 1), in.n - 2)),
		    "%s: a number as written", file);
	}
	buf_release(&text);
	arena_release(&a);
}

static bool
corpus(const char *folder, char *path, size_t size)
{
	if (t_shared() == NULL) {
		t_skip("no shared folder with corpora");
		return false;
	}
	(void)snprintf(path, size, "%s/corpora/%s", t_shared(), folder);
	return true;
}

static void
test_suite(void)
{
	char path[4096];
	size_t n;

	if (!corpus("json-jsontestsuite/test_parsing", path, sizeof(path)))
		return;
	n = t_each_file(path, check_suite, NULL);
	T_CHECK(n == 318, "%zu files", n);
}

static void
test_transform(void)
{
	char path[4096];
	size_t n;

	if (!corpus("json-jsontestsuite/test_transform", path, sizeof(path)))
		return;
	n = t_each_file(path, check_transform, NULL);
	T_CHECK(n == 22, "%zu files", n);
}

/*
 * What this floor makes of them. "no": refused. Else the text is JSON, and
 * it is the token's business to refuse what access_token and expires_in say;
 * here stands what it gets to see. Of two members with one name the first.
 */
static const struct hostile {
	const char *file;
	const char *access_token; /* "no"; NULL: absent or no string */
	int64_t expires_in;       /* 0: absent or no integer of 64 bits */
} hostile[] = {
	{ "001-token-ok.json", "eyJ0.a.b", 3599 },
	{ "004-token-exp-neg.json", "a.b.c", -1 },
	{ "005-token-exp-huge.json", "a.b.c", 0 },
	{ "006-token-exp-2e63.json", "a.b.c", 0 },
	{ "009-token-exp-true.json", "a.b.c", 0 },
	{ "010-token-exp-array.json", "a.b.c", 0 },
	{ "011-token-exp-nan.json", "no", 0 },
	{ "014-token-exp-exp.json", "a.b.c", 0 },
	{ "015-token-exp-leading0.json", "no", 0 },
	{ "016-token-val-empty.json", "", 3599 },
	{ "018-token-val-nul.json", "a", 3599 }, /* and a NUL and b */
	{ "019-token-val-64k.json", "a", 3599 }, /* 65,536 times */
	{ "021-token-val-space.json", "a b", 3599 },
	{ "022-token-val-utf8.json", "\xc3\xa9", 3599 },
	{ "023-token-val-surrogate.json", "no", 0 },
	{ "026-token-missing.json", NULL, 3599 },
	{ "027-token-type-mac.json", "a.b.c", 3599 },
	{ "028-token-type-lower.json", "a.b.c", 3599 },
	{ "029-token-dup-key.json", "a", 1 },
	{ "031-token-nested.json", "good", 3599 },
	{ "032-token-in-string.json", "good", 3599 },
	{ "036-err-graph-ansi.json", NULL, 0 },
	{ "038-err-types.json", NULL, 0 },
	{ "039-err-error-string-graph.json", NULL, 0 },
	{ "041-empty.json", "no", 0 },
	{ "045-trailing.json", "no", 0 },
	{ "047-trailing-nul.json", "no", 0 },
	{ "048-truncated.json", "no", 0 },
	{ "053-deep-100k-array.json", "no", 0 },
	{ "057-long-number.json", NULL, 0 },
	{ "059-batch-202.json", NULL, 0 },
};

static void
check_token(const struct hostile *row, const struct json *v)
{
	const struct json *token = json_get(v, STR("access_token"));
	int64_t expires = 0;

	T_CHECK((json_str(token).p == NULL) == (row->access_token == NULL),
	    "%s", row->file);
	T_CHECK(str_starts(json_str(token), str_of(row->access_token)),
	    "%s: %.*s", row->file, STR_ARG(json_str(token)));
	(void)json_i64(json_get(v, STR("expires_in")), &expires);
	T_CHECK(expires == row->expires_in, "%s: %lld", row->file,
	    (long long)expires);
}

/* Terminal escapes in an error's text do not reach a terminal. */
static void
check_message(const struct json *v)
{
	const struct json *error = json_get(v, STR("error"));
	struct str text = json_str(json_get(error, STR("message")));
	struct err e;

	err_set(&e, ERR_REFUSED, "%.*s", STR_ARG(text));
	for (const char *p = e.msg; *p != '\0'; p++)
		T_CHECK(*p >= ' ' && *p < 0x7f, "%02x", (unsigned)*p);
}

static void
test_hostile(void)
{
	char folder[4096], path[4200];
	struct arena a;
	struct buf text;
	struct err e;

	if (!corpus("json-graph-hostile", folder, sizeof(folder)))
		return;
	for (size_t i = 0; i < N(hostile); i++) {
		const char *want = hostile[i].access_token;
		const struct json *v;

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    hostile[i].file);
		v = parse_file(path, &text, &a, &e);
		if (want != NULL && strcmp(want, "no") == 0) {
			T_CHECK(v == NULL, "%s: accepted", hostile[i].file);
		} else {
			T_CHECK(v != NULL, "%s: %s", hostile[i].file, e.msg);
			check_token(&hostile[i], v);
			check_message(v);
		}
		buf_release(&text);
		arena_release(&a);
	}
}

static void
count_json(const char *path, void *arg)
{
	*(size_t *)arg += str_ends(str_of(path), STR(".json"));
}

static void
test_hostile_all(void)
{
	char folder[4096];
	size_t n = 0;

	if (!corpus("json-graph-hostile", folder, sizeof(folder)))
		return;
	(void)t_each_file(folder, count_json, &n);
	T_CHECK(n == N(hostile), "%zu files, %zu rows", n, N(hostile));
}

static const struct t_test tests[] = {
	{ "suite", test_suite },
	{ "transform", test_transform },
	{ "hostile", test_hostile },
	{ "hostile, all", test_hostile_all },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
