/* SPDX-License-Identifier: MIT */
#include "mail/message.h"

#include "t.h"

enum { MEMORY = 1 << 20 };

#define S(lit) STR_INIT(lit)

static struct addr somebody = { .local = S("a"),
	.domain = S("b"),
	.text = S("a@b") };
static struct addr bare = { .local = S("root"), .text = S("root") };
static struct addr odd = { .name = S("a\nb"),
	.domain = S("b"),
	.text = S("a@b") };

/* A message of one part that matters; the rest is good. */
static const struct {
	const char *name;
	struct message m;
	const char *want; /* a piece of the error; NULL: it is fine */
	const char *remedy;
} cases[] = {
	/* clang-format off */
	{ "least", { .to = &somebody }, NULL, NULL },
	{ "Bcc alone", { .bcc = &somebody }, NULL, NULL },
	{ "no recipient", { .subject = S("x") }, "no recipient", NULL },
	{ "bare recipient", { .cc = &bare }, "Cc: \"root\" has no domain",
	  NULL },
	{ "bare sender", { .to = &somebody, .from = &bare }, "the sender",
	  NULL },
	{ "line end in a name", { .to = &odd }, "To has a line end", NULL },
	{ "subject",
	  { .to = &somebody, .subject = S("Gr\xc3\xbc\xc3\x9f" "e\t") },
	  NULL, NULL },
	{ "LF in the subject", { .to = &somebody, .subject = S("a\nBcc: x") },
	  "the subject has a line end at byte 2", NULL },
	{ "CR in the subject", { .to = &somebody, .subject = S("a\r") },
	  "line end at byte 2", NULL },
	{ "NUL in the subject", { .to = &somebody, .subject = S("a\0b") },
	  "a NUL at byte 2", NULL },
	{ "Latin 1 subject", { .to = &somebody, .subject = S("Gr\xfc\xdf") },
	  "not UTF-8 from byte 3 on", "iconv" },
	{ "text", { .to = &somebody, .text = S("a\r\nb\n\033") }, NULL, NULL },
	{ "Latin 1 text", { .to = &somebody, .text = S("\xfc") },
	  "the text is not UTF-8 from byte 1 on", "iconv" },
	{ "binary text", { .to = &somebody, .text = S("a\0b") },
	  "the text has a NUL at byte 2", "--attach" },
	{ "HTML", { .to = &somebody, .html = S("\xff") }, "the HTML text is",
	  NULL },
	{ "field", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X-Mine"), S("v\xc3\xa4") } } }, NULL, NULL },
	{ "field without value", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X-Mine"), S("") } } }, NULL, NULL },
	{ "line end in a field", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X-Mine"), S("v\nBcc: x@y") } } },
	  "field X-Mine: the value has a line end", NULL },
	{ "line end in a field's name", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X-Mine\n"), S("v") } } }, "is no name", NULL },
	{ "colon in a field's name", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X:Y"), S("v") } } }, "\"X:Y\" is no name", NULL },
	{ "blank in a field's name", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X Y"), S("v") } } }, "is no name", NULL },
	{ "UTF-8 in a field's name", { .to = &somebody, .n_fields = 1,
	  .field = { { S("X-\xc3\xa4"), S("v") } } }, "is no name", NULL },
	{ "field without name", { .to = &somebody, .n_fields = 1,
	  .field = { { S(""), S("v") } } }, "is no name", NULL },
	{ "second field", { .to = &somebody, .n_fields = 2,
	  .field = { { S("X-A"), S("v") }, { S("SUBJECT"), S("v") } } },
	  "SUBJECT cannot be given: use --subject", NULL },
	{ "Content-Type", { .to = &somebody, .n_fields = 1,
	  .field = { { S("content-TYPE"), S("v") } } }, "--attach", NULL },
	{ "Contents", { .to = &somebody, .n_fields = 1,
	  .field = { { S("Contents"), S("v") } } }, NULL, NULL },
	{ "file", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("text/plain; charset=utf-8") }
	  } }, NULL, NULL },
	{ "file without name", { .to = &somebody, .n_files = 1,
	  .file = { { .type = S("text/plain") } } }, "has no name", NULL },
	{ "line end in a file's name", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a\n"), .type = S("text/plain") } } },
	  "the name of an attachment has a line end", NULL },
	{ "type without slash", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("pdf") } } },
	  "\"pdf\" is no media type", NULL },
	{ "type without end", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("text/") } } },
	  "is no media type", NULL },
	{ "type with a blank", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("text/a b") } } },
	  "is no media type", NULL },
	{ "type with a line end", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("a/b; c=d\ne") } } },
	  "is no media type", NULL },
	{ "content id", { .to = &somebody, .n_files = 2,
	  .file = { { .name = S("a"), .type = S("a/b"), .cid = S("logo") },
		    { .name = S("b"), .type = S("a/b"), .cid = S("l@b") } } },
	  NULL, NULL },
	{ "empty content id", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("a/b"), .cid = S("") } } },
	  "is no content id", NULL },
	{ "content id in brackets", { .to = &somebody, .n_files = 1,
	  .file = { { .name = S("a"), .type = S("a/b"), .cid = S("<x>") } } },
	  "is no content id", NULL },
	{ "one content id twice", { .to = &somebody, .n_files = 2,
	  .file = { { .name = S("a"), .type = S("a/b"), .cid = S("x") },
		    { .name = S("b"), .type = S("a/b"), .cid = S("x") } } },
	  "two inline files have the content id \"x\"", NULL },
	{ "Message-ID", { .to = &somebody, .message_id = S("<a@b>") }, NULL,
	  NULL },
	{ "Message-ID without brackets", { .to = &somebody,
	  .message_id = S("a@b") }, "\"a@b\" is no Message-ID", NULL },
	{ "Message-ID of one byte", { .to = &somebody,
	  .message_id = S("<") }, "is no Message-ID", NULL },
	{ "Message-ID with a line end", { .to = &somebody,
	  .message_id = S("<a@b\n>") }, "is no Message-ID", NULL },
	/* clang-format on */
};

static bool
has(const char *text, const char *piece)
{
	return str_find(str_of(text), str_of(piece)) < str_of(text).n;
}

static void
test_check(void)
{
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		e = (struct err){ 0 };
		ok = message_check(&cases[i].m, &e);
		T_CHECK(ok == (cases[i].want == NULL), "%s: %s", cases[i].name,
		    e.msg);
		if (ok || cases[i].want == NULL)
			continue;
		T_CHECK(e.kind == ERR_INPUT && has(e.msg, cases[i].want),
		    "%s: %s", cases[i].name, e.msg);
		T_CHECK(cases[i].remedy == NULL ||
			has(e.remedy, cases[i].remedy),
		    "%s: %s", cases[i].name, e.remedy);
	}
}

static const char *const reserved[] = { "Bcc", "cc", "Content-ID", "Date",
	"From", "Message-Id", "MIME-Version", "Reply-To", "Sender", "Subject",
	"To", "Importance", "Disposition-Notification-To" };

static void
test_reserved(void)
{
	struct message m = { .to = &somebody, .n_fields = 1 };
	struct err e;

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		m.field[0].name = str_of(reserved[i]);
		T_CHECK(!message_check(&m, &e) &&
			has(e.msg, "cannot be given: "),
		    "%s: %s", reserved[i], e.msg);
	}
}

static void
test_make_id(void)
{
	static const unsigned char random[16] = { 0x00, 0x01, 0x7f, 0x80, 0xff,
		0xab, 0xcd, 0xef, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde,
		0xf0 };
	struct str id;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	id = message_make_id(&a, random, STR("b.example"));
	T_CHECK(str_eq(id, STR("<00017f80ffabcdef123456789abcdef0@b.example>")),
	    "%.*s", STR_ARG(id));
	id = message_make_id(&a, random, STR("\xc3\xbc.example"));
	T_CHECK(str_ends(id, STR("@post365.invalid>")), "%.*s", STR_ARG(id));
	id = message_make_id(&a, random, STR("[192.0.2.1]"));
	T_CHECK(str_ends(id, STR("@post365.invalid>")), "%.*s", STR_ARG(id));
	id = message_make_id(&a, random, STR(""));
	T_CHECK(str_ends(id, STR("@post365.invalid>")), "%.*s", STR_ARG(id));
	arena_release(&a);
	id = message_make_id(&a, random, STR("b"));
	T_CHECK(id.n == 0 && !arena_ok(&a, &e), "no memory");
}

static const struct {
	const char *name, *want;
} guesses[] = {
	{ "a.pdf", "application/pdf" },
	{ "A.PDF", "application/pdf" },
	{ "b.tar.gz", "application/gzip" },
	{ "7.7z", "application/x-7z-compressed" },
	{ "x.zst", "application/zstd" },
	{ "x.jpg", "image/jpeg" },
	{ "x.jpeg", "image/jpeg" },
	{ "x.json", "application/json" },
	{ "x.txt", "text/plain" },
	{ "x.docx",
	    "application/vnd.openxmlformats-officedocument"
	    ".wordprocessingml.document" },
	{ "x.doc", "application/msword" },
	{ "noname", "application/octet-stream" },
	{ "x.", "application/octet-stream" },
	{ "", "application/octet-stream" },
	{ ".txt", "application/octet-stream" }, /* hidden, not a text */
	{ "x.txtx", "application/octet-stream" },
	{ "x.tx", "application/octet-stream" },
	{ "x.\xc3\xa4", "application/octet-stream" },
};

static void
test_guess(void)
{
	struct str got;

	for (size_t i = 0; i < sizeof(guesses) / sizeof(*guesses); i++) {
		got = message_guess_type(str_of(guesses[i].name));
		T_CHECK(str_eq(got, str_of(guesses[i].want)), "%s: %.*s",
		    guesses[i].name, STR_ARG(got));
	}
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "check", test_check },
		{ "reserved", test_reserved },
		{ "make id", test_make_id },
		{ "guess", test_guess },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
