/* SPDX-License-Identifier: MIT */
#include "codec/base64.h"
#include "codec/unbase64.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* RFC 4648 10, and bytes that use the last two digits. */
static const struct {
	struct str bytes, text, url;
} rows[] = {
	{ STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("f"), STR_INIT("Zg=="), STR_INIT("Zg") },
	{ STR_INIT("fo"), STR_INIT("Zm8="), STR_INIT("Zm8") },
	{ STR_INIT("foo"), STR_INIT("Zm9v"), STR_INIT("Zm9v") },
	{ STR_INIT("foob"), STR_INIT("Zm9vYg=="), STR_INIT("Zm9vYg") },
	{ STR_INIT("fooba"), STR_INIT("Zm9vYmE="), STR_INIT("Zm9vYmE") },
	{ STR_INIT("foobar"), STR_INIT("Zm9vYmFy"), STR_INIT("Zm9vYmFy") },
	{ STR_INIT("\xfb\xff\xbf"), STR_INIT("+/+/"), STR_INIT("-_-_") },
	{ STR_INIT("\xff\xff"), STR_INIT("//8="), STR_INIT("__8") },
	{ STR_INIT("\0\0\0\0"), STR_INIT("AAAAAA=="), STR_INIT("AAAAAA") },
};

static void
check(struct str bytes, struct str text, struct str url)
{
	struct buf out;
	struct err e;

	buf_init(&out, 1000);
	base64_encode(&out, bytes);
	T_CHECK(str_eq(buf_view(&out), text), "%.*s", STR_ARG(text));
	T_CHECK(BASE64_SIZE(bytes.n) == text.n, "%.*s", STR_ARG(text));
	buf_reset(&out);
	base64url_encode(&out, bytes);
	T_CHECK(str_eq(buf_view(&out), url), "%.*s", STR_ARG(url));
	buf_reset(&out);
	T_CHECK(base64_decode(&out, text, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&out), bytes), "%.*s", STR_ARG(text));
	buf_reset(&out);
	T_CHECK(base64url_decode(&out, url, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&out), bytes), "%.*s", STR_ARG(url));
	buf_reset(&out);
	T_CHECK(unbase64_whole(&out, text, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&out), bytes), "%.*s", STR_ARG(text));
	buf_release(&out);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < N(rows); i++)
		check(rows[i].bytes, rows[i].text, rows[i].url);
	check((struct str){ 0 }, STR(""), STR(""));
}

static const struct {
	struct str in;
	bool url;
	const char *at; /* of the message */
} refused[] = {
	{ STR_INIT("Z"), false, "byte 1" },
	{ STR_INIT("Zg"), false, "byte 2" },
	{ STR_INIT("Zm8"), false, "byte 3" },
	{ STR_INIT("Zm9vYg"), false, "byte 6" },
	{ STR_INIT("Zg="), false, "byte 2" },
	{ STR_INIT("="), false, "byte 0" },
	{ STR_INIT("===="), false, "byte 0" },
	{ STR_INIT("Z==="), false, "byte 1" },
	{ STR_INIT("Zm9v===="), false, "byte 4" },
	{ STR_INIT("Zg==Zg=="), false, "byte 2" },
	{ STR_INIT("Zm9vYg==\n"), false, "byte 6" },
	{ STR_INIT("Zm9v\r\nYmFy"), false, "byte 4" },
	{ STR_INIT(" Zm9v"), false, "byte 0" },
	{ STR_INIT("Zm9\0"), false, "byte 3" },
	{ STR_INIT("Zm9\xff"), false, "byte 3" },
	{ STR_INIT("-_-_"), false, "byte 0" },
	{ STR_INIT("Zh=="), false, "byte 1" },
	{ STR_INIT("Zm9="), false, "byte 2" },
	{ STR_INIT("Z"), true, "byte 1" },
	{ STR_INIT("Zg=="), true, "byte 2" },
	{ STR_INIT("+/+/"), true, "byte 0" },
	{ STR_INIT("Zh"), true, "byte 1" },
	{ STR_INIT("Zm9"), true, "byte 2" },
	{ STR_INIT("Zm9vY"), true, "byte 5" },
};

static void
test_refused(void)
{
	struct buf out;
	struct err e;
	bool ok;

	buf_init(&out, 100);
	buf_addz(&out, "before");
	for (size_t i = 0; i < N(refused); i++) {
		ok = refused[i].url ?
		    base64url_decode(&out, refused[i].in, &e) :
		    base64_decode(&out, refused[i].in, &e);
		T_CHECK(!ok && e.kind == ERR_INPUT, "%s", refused[i].in.p);
		T_CHECK(ok || str_ends(str_of(e.msg), str_of(refused[i].at)),
		    "%s: %s", refused[i].in.p, e.msg);
		T_CHECK(strcmp(out.p, "before") == 0, "as it was: %s", out.p);
	}
	buf_release(&out);
}

static const struct {
	const char *name;
	struct str in, want;
	bool ok;
} mime[] = {
	{ "lines", STR_INIT("Zm9v\r\nYmFy\r\n"), STR_INIT("foobar"), true },
	{ "a line end inside a group", STR_INIT("Zm\r\n9vY\n mFy"),
	    STR_INIT("foobar"), true },
	{ "noise", STR_INIT("Z!m\xff?9v-_"), STR_INIT("foo"), true },
	{ "no padding, 1 byte", STR_INIT("Zg"), STR_INIT("f"), true },
	{ "no padding, 2 bytes", STR_INIT("Zm8"), STR_INIT("fo"), true },
	{ "half of the padding", STR_INIT("Zg="), STR_INIT("f"), true },
	{ "unused bits", STR_INIT("Zh=="), STR_INIT("f"), true },
	{ "padding on the next line", STR_INIT("Zg\r\n=\r\n=\r\n"),
	    STR_INIT("f"), true },
	{ "a footer", STR_INIT("Zg==\r\n____\r\nUnsubscribe here"),
	    STR_INIT("f"), true },
	{ "padding where none can be", STR_INIT("=Zm9v=Y=g=="),
	    STR_INIT("foob"), true },
	{ "only noise", STR_INIT("\r\n---\r\n"), STR_INIT(""), true },
	{ "empty", STR_INIT(""), STR_INIT(""), true },
	{ "cut", STR_INIT("Zm9vY"), STR_INIT(""), false },
	{ "cut to one", STR_INIT("Z\r\n"), STR_INIT(""), false },
};

static void
test_mime(void)
{
	struct buf out;
	struct err e;
	bool ok;

	buf_init(&out, 100);
	for (size_t i = 0; i < N(mime); i++) {
		buf_reset(&out);
		ok = unbase64_whole(&out, mime[i].in, &e);
		T_CHECK(ok == mime[i].ok, "%s", mime[i].name);
		T_CHECK(ok || e.kind == ERR_INPUT, "%s", mime[i].name);
		T_CHECK(str_eq(buf_view(&out), mime[i].want), "%s: %s",
		    mime[i].name, out.p);
	}
	buf_release(&out);
}

/* At the very limit; beyond it decoders leave out as it was, unlatched. */
static void
test_limit(void)
{
	static bool (*const decoders[])(struct buf *, struct str,
	    struct err *) = { base64_decode, base64url_decode, unbase64_whole };
	struct buf out;
	struct err e;

	for (size_t i = 0; i < N(decoders); i++) {
		for (size_t limit = 0; limit < 6; limit++) {
			buf_init(&out, limit);
			T_CHECK(decoders[i](&out, STR("AAAA"), &e) ==
				(limit >= 3),
			    "limit %zu", limit);
			T_CHECK(limit >= 3 || e.kind == ERR_INPUT, "kind");
			T_CHECK(out.n == (limit >= 3 ? 3 : 0), "all or none");
			T_CHECK(buf_ok(&out, &e), "not latched");
			buf_addz(&out, "too long");
			T_CHECK(!decoders[i](&out, STR("AAAA"), &e) &&
				!buf_ok(&out, &e),
			    "what latched before stays so");
			buf_release(&out);
		}
	}
	buf_init(&out, 7);
	base64_encode(&out, STR("four"));
	T_CHECK(!buf_ok(&out, &e) && out.n == 0, "encode latches");
	buf_release(&out);
	buf_init(&out, 5);
	base64url_encode(&out, STR("four"));
	T_CHECK(!buf_ok(&out, &e) && out.n == 0, "encode latches");
	buf_release(&out);
}

/* All lengths, all values in all places, and nothing but one spelling. */
static void
test_identity(void)
{
	unsigned char bytes[200];
	struct buf text, out;
	struct err e;
	struct str in;

	buf_init(&text, 1000);
	buf_init(&out, 1000);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)(i * 73 + n * 151);
		in = (struct str){ (char *)bytes, n };
		buf_reset(&text);
		buf_reset(&out);
		base64_encode(&text, in);
		T_CHECK(base64_decode(&out, buf_view(&text), &e), "%s", e.msg);
		T_CHECK(str_eq(buf_view(&out), in), "%zu bytes", n);
		buf_reset(&text);
		buf_reset(&out);
		base64url_encode(&text, in);
		T_CHECK(base64url_decode(&out, buf_view(&text), &e), "%s",
		    e.msg);
		T_CHECK(str_eq(buf_view(&out), in), "%zu bytes", n);
	}
	buf_release(&text);
	buf_release(&out);
}

/* Each of the 256 bytes is a digit of an alphabet or refused. */
static void
test_alphabet(void)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	struct buf out;
	struct err e;

	buf_init(&out, 10);
	for (int i = 0; i < 256; i++) {
		char text[4] = { 'A', 'A', 'A', (char)i };
		size_t place = str_chr(str_of(digits), (char)i);
		size_t std = i == '+' ? 62 : i == '/' ? 63 : place;
		size_t url = i == '-' ? 62 : i == '_' ? 63 : place;
		bool is_std = i == '+' || i == '/' || place < 62;
		bool is_url = i == '-' || i == '_' || place < 62;

		buf_reset(&out);
		if (i != '=')
			T_CHECK(base64_decode(&out, (struct str){ text, 4 },
				    &e) == is_std,
			    "%02x", i);
		T_CHECK(out.n == 0 || (size_t)out.p[2] == std, "%02x", i);
		buf_reset(&out);
		T_CHECK(base64url_decode(&out, (struct str){ text, 4 }, &e) ==
			is_url,
		    "%02x", i);
		T_CHECK(out.n == 0 || (size_t)out.p[2] == url, "%02x", i);
	}
	buf_release(&out);
}

/* RFC 4648 3.5: a last digit may not carry bits that no byte takes. */
static void
test_unused_bits(void)
{
	char two[4] = "AA==", three[4] = "AAA=";
	struct buf out;
	struct err e;

	buf_init(&out, 1000);
	for (char v = 0; v < 64; v++) {
		char text[4], byte[3] = { 0, 0, v };

		base64_write(text, (struct str){ byte, 3 });
		two[1] = three[2] = text[3]; /* the digit of v */
		T_CHECK(base64_decode(&out, (struct str){ two, 4 }, &e) ==
			(v % 16 == 0),
		    "%.4s", two);
		T_CHECK(base64url_decode(&out, (struct str){ two, 2 }, &e) ==
			(v % 16 == 0),
		    "%.2s", two);
		T_CHECK(base64_decode(&out, (struct str){ three, 4 }, &e) ==
			(v % 4 == 0),
		    "%.4s", three);
	}
	buf_release(&out);
}

static void
decode_all(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, 100);
	if (!base64_decode(&out, STR("Zm9v"), &e))
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	if (!unbase64_whole(&out, STR("Zm9v"), &e))
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	base64_encode(&out, STR("foo"));
	T_CHECK(buf_ok(&out, &e) || e.kind == ERR_RETRY, "%s", e.msg);
	buf_release(&out);
}

static void
test_allocation(void)
{
	t_each_allocation_fails(decode_all);
}

static void
read_hex(struct str hex, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i + 1 < hex.n; i += 2)
		buf_addc(out,
		    (char)(ascii_hex(hex.p[i]) << 4 | ascii_hex(hex.p[i + 1])));
}

static void
check_vector(const struct json *v, struct buf *bytes, struct buf *out)
{
	struct str text = json_str(json_get(v, STR("b64")));
	const struct json *url = json_get(v, STR("b64url_nopad"));
	struct err e;

	buf_reset(out);
	if (str_eq(json_str(json_get(v, STR("kind"))),
		STR("decode-strict-reject"))) {
		T_CHECK(!base64_decode(out, text, &e), "%.*s", STR_ARG(text));
		return;
	}
	read_hex(json_str(json_get(v, STR("hex"))), bytes);
	base64_encode(out, buf_view(bytes));
	T_CHECK(str_eq(buf_view(out), text), "%.*s", STR_ARG(text));
	buf_reset(out);
	T_CHECK(base64_decode(out, text, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(out), buf_view(bytes)), "%.*s", STR_ARG(text));
	if (url == NULL)
		return;
	buf_reset(out);
	base64url_encode(out, buf_view(bytes));
	T_CHECK(str_eq(buf_view(out), json_str(url)), "%.*s", STR_ARG(text));
}

static void
test_vectors(void)
{
	const struct json *root = NULL, *v;
	struct buf text, bytes, out;
	char path[4096];
	struct arena a;
	struct err e;
	size_t n = 0;

	if (t_shared() == NULL) {
		t_skip("no shared folder with vectors");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/corpora/base64/vectors.json",
	    t_shared());
	arena_init(&a, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&bytes, 1 << 16);
	buf_init(&out, 1 << 16);
	t_read_file(path, &text);
	T_CHECK(json_parse(&a, buf_view(&text), &root, &e), "%s", e.msg);
	v = json_get(root, STR("tests"));
	for (v = v != NULL ? v->child : NULL; v != NULL; v = v->next, n++)
		check_vector(v, &bytes, &out);
	T_CHECK(n == 131, "%zu vectors", n);
	arena_release(&a);
	buf_release(&text);
	buf_release(&bytes);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "refused", test_refused },
	{ "mime", test_mime },
	{ "limit", test_limit },
	{ "identity", test_identity },
	{ "alphabet", test_alphabet },
	{ "unused bits", test_unused_bits },
	{ "allocation", test_allocation },
	{ "vectors", test_vectors },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
