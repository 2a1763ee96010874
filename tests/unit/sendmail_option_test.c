/* SPDX-License-Identifier: MIT */
#include "command/sendmail/option.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "t.h"

enum { WORDS = 16 };

/* The words as a program gets them: it may write to them. */
struct line {
	char text[WORDS][64];
	char *word[WORDS + 1];
	int n;
};

static void
add_word(struct line *l, const char *word)
{
	(void)snprintf(l->text[l->n], sizeof(l->text[l->n]), "%s", word);
	l->word[l->n] = l->text[l->n];
	l->n++;
}

static bool
read_words(struct line *l, const char *const *words, struct sendmail_ask *out,
    struct err *e)
{
	*l = (struct line){ 0 };
	add_word(l, "sendmail");
	for (; *words != NULL && l->n < WORDS; words++)
		add_word(l, *words);
	return sendmail_option_read(out, SENDMAIL_DELIVER, l->n, l->word, e);
}

/* sendmail.md 1.2, the column "value": n none, v yes, a attached or nothing. */
static const struct {
	char letter;
	char arity;
	const char *value; /* NULL: any */
} letters[] = {
	/* clang-format off */
	{ 't', 'n', NULL }, { 'i', 'n', NULL }, { 'v', 'n', NULL },
	{ 'I', 'n', NULL }, { 'G', 'n', NULL }, { 'U', 'n', NULL },
	{ 'm', 'n', NULL }, { 'n', 'n', NULL }, { 'x', 'n', NULL },
	{ 'c', 'n', NULL }, { 's', 'n', NULL },
	{ 'f', 'v', NULL }, { 'r', 'v', NULL }, { 'F', 'v', NULL },
	{ 'B', 'v', "8BITMIME" }, { 'N', 'v', "failure,delay" },
	{ 'R', 'v', "hdrs" }, { 'V', 'v', "env123" },
	{ 'X', 'v', "/dev/null" }, { 'C', 'v', "/etc/x" },
	{ 'L', 'v', "tag" }, { 'O', 'v', "DeliveryMode=b" },
	{ 'o', 'v', "em" }, { 'A', 'v', "m" }, { 'h', 'v', "3" },
	{ 'p', 'v', "ESMTP:host" }, { 'e', 'v', "m" }, { 'M', 'v', "id" },
	{ 'b', 'v', "m" },
	{ 'q', 'a', "15m" }, { 'd', 'a', "0.1" },
	/* clang-format on */
};

enum { LETTERS = sizeof(letters) / sizeof(*letters) };

/* How many recipients are left, and is it the one that was meant? */
static void
check_operand(const char *what, const char *const *words)
{
	struct sendmail_ask ask;
	struct line l;
	struct err e;
	bool ok = read_words(&l, words, &ask, &e);

	T_CHECK(ok, "%s: %s", what, e.msg);
	if (!ok)
		return;
	T_CHECK(ask.operands == 1 && strcmp(ask.operand[0], "to@b.c") == 0,
	    "%s: %d operands, %s", what, ask.operands, ask.operand[0]);
}

static void
test_arity(void)
{
	char flag[3] = "-x", attached[32], bundle[32];
	const char *value;

	for (size_t i = 0; i < LETTERS; i++) {
		flag[1] = letters[i].letter;
		value = letters[i].value != NULL ? letters[i].value : "v@w.x";
		(void)snprintf(attached, sizeof(attached), "%s%s", flag, value);
		(void)snprintf(bundle, sizeof(bundle), "-i%s%s", flag + 1,
		    letters[i].arity == 'n' ? "" : value);
		check_operand(bundle,
		    (const char *const[]){ bundle, "to@b.c", NULL });
		if (letters[i].arity == 'v') {
			check_operand(flag,
			    (const char *const[]){ flag, value, "to@b.c",
				NULL });
			check_operand(attached,
			    (const char *const[]){ attached, "to@b.c", NULL });
			continue;
		}
		check_operand(flag,
		    (const char *const[]){ flag, "to@b.c", NULL });
		if (letters[i].arity == 'a')
			check_operand(attached,
			    (const char *const[]){ attached, "to@b.c", NULL });
	}
}

/* Every other letter is refused, and so is a value that is missing. */
static void
test_unknown(void)
{
	struct sendmail_ask ask;
	struct line l;
	struct err e;
	char flag[3] = "-x";
	size_t i;

	for (int c = '!'; c < 0x7f; c++) {
		for (i = 0; i < LETTERS && letters[i].letter != c;)
			i++;
		flag[1] = (char)c;
		if (c == '-' || (i < LETTERS && letters[i].arity != 'v'))
			continue;
		T_CHECK(!read_words(&l, (const char *const[]){ flag, NULL },
			    &ask, &e) &&
			e.kind == ERR_USAGE &&
			strstr(e.msg,
			    i < LETTERS ? "needs a value" : "unknown option") !=
			    NULL,
		    "%s: %s", flag, e.msg);
	}
}

/* What callers really pass (sendmail.md 1.1), and what it must mean. */
static const struct {
	const char *words[12];
	struct sendmail_ask want; /* operand: not compared */
	const char *first;        /* of the operands */
} rows[] = {
	/* clang-format off */
	{ { "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root" },
	  { .name = "CronDaemon", .ignore_dots = true, .errors = 'm',
	    .operands = 1 }, "root" },
	{ { "-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root" },
	  { .name = "CronDaemon", .ignore_dots = true, .delivery = 'i',
	    .errors = 'm', .from_header = true, .sender = "root" }, NULL },
	{ { "-ti" }, { .from_header = true, .ignore_dots = true }, NULL },
	{ { "-FAnacron", "-odi", "root" },
	  { .name = "Anacron", .delivery = 'i', .operands = 1 }, "root" },
	{ { "-oem", "-oi", "-f", "a@b.c", "-N", "failure,delay", "-R", "hdrs",
	    "-B8BITMIME", "--", "x@y.z", "-w@y.z" },
	  { .errors = 'm', .ignore_dots = true, .sender = "a@b.c",
	    .notify = "failure,delay", .operands = 2 },
	  "x@y.z" },
	{ { "-i", "-F", "Me", "-f", "a@b.c", "--", "x@y.z" },
	  { .ignore_dots = true, .name = "Me", .sender = "a@b.c",
	    .operands = 1 }, "x@y.z" },
	{ { "-t", "-i", "-fa@b.c" },
	  { .from_header = true, .ignore_dots = true, .sender = "a@b.c" },
	  NULL },
	{ { "-f", "", "x@y.z" }, { .sender = "", .operands = 1 }, "x@y.z" },
	{ { "-f", "<>", "x@y.z" }, { .sender = "<>", .operands = 1 },
	  "x@y.z" },
	{ { "-f<>", "x@y.z" }, { .sender = "<>", .operands = 1 }, "x@y.z" },
	{ { "-r", "a@b.c", "x@y.z" }, { .sender = "a@b.c", .operands = 1 },
	  "x@y.z" },
	{ { "x@y.z", "-i", "v@w.x" }, { .ignore_dots = true, .operands = 2 },
	  "x@y.z" },
	{ { "--", "-weird@b.c" }, { .operands = 1 }, "-weird@b.c" },
	{ { "-", "x@y.z" }, { .operands = 2 }, "-" },
	{ { "-i", "-oem", "-oee", "-odb", "-om", "-o7", "-O",
	    "DeliveryMode=q", "-L", "tag", "-Am", "x@y.z" },
	  { .ignore_dots = true, .errors = 'e', .delivery = 'q', .tag = "tag",
	    .operands = 1 }, "x@y.z" },
	{ { "-OIgnoreDots=True", "-OErrorMode=Print", "-O", "Other" },
	  { .ignore_dots = true, .errors = 'p' }, NULL },
	{ { "-O", "IgnoreDots=false" }, { 0 }, NULL },
	{ { "-X", "f", "-C", "c", "-V", "id", "-Rfull", "-v" },
	  { .traffic = "f", .config = "c", .envelope = "id",
	    .verbose = true }, NULL },
	{ { "-ov" }, { .verbose = true }, NULL },
	{ { "-bm", "-t" }, { .from_header = true }, NULL },
	{ { "-bs" }, { .mode = SENDMAIL_SMTP }, NULL },
	{ { "-b", "s" }, { .mode = SENDMAIL_SMTP }, NULL },
	{ { "-bp" }, { .mode = SENDMAIL_LIST }, NULL },
	{ { "-bi" }, { .mode = SENDMAIL_ALIASES }, NULL },
	{ { "-I" }, { .mode = SENDMAIL_ALIASES }, NULL },
	{ { "-bv", "root" }, { .mode = SENDMAIL_VERIFY, .operands = 1 },
	  "root" },
	{ { "-bd" }, { .mode = SENDMAIL_DAEMON }, NULL },
	{ { "-bD" }, { .mode = SENDMAIL_DAEMON }, NULL },
	{ { "-bl" }, { .mode = SENDMAIL_DAEMON }, NULL },
	{ { "-bd", "-q15m" }, { .mode = SENDMAIL_DAEMON, .which = "15m" },
	  NULL },
	{ { "-q15m", "-bd" }, { .mode = SENDMAIL_DAEMON, .which = "15m" },
	  NULL },
	{ { "-q" }, { .mode = SENDMAIL_RUN }, NULL },
	{ { "-qf" }, { .mode = SENDMAIL_RUN }, NULL },
	{ { "-q15m" }, { .mode = SENDMAIL_RUN, .which = "15m" }, NULL },
	{ { "-qIabc" }, { .mode = SENDMAIL_RUN, .which = "Iabc" }, NULL },
	{ { "-qRb.c" }, { .mode = SENDMAIL_RUN, .which = "Rb.c" }, NULL },
	{ { "-qSb.c" }, { .mode = SENDMAIL_RUN, .which = "Sb.c" }, NULL },
	{ { "--help", "-Z" }, { .mode = SENDMAIL_HELP }, NULL },
	/* clang-format on */
};

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
check_row(size_t i, const struct sendmail_ask *got)
{
	const struct sendmail_ask *want = &rows[i].want;

	T_CHECK(got->mode == want->mode, "row %zu: mode %d", i, got->mode);
	T_CHECK(got->from_header == want->from_header &&
		got->ignore_dots == want->ignore_dots &&
		got->verbose == want->verbose &&
		got->delivery == want->delivery && got->errors == want->errors,
	    "row %zu: a flag", i);
	T_CHECK(same(got->config, want->config) &&
		same(got->sender, want->sender) &&
		same(got->name, want->name) &&
		same(got->traffic, want->traffic) &&
		same(got->tag, want->tag) && same(got->notify, want->notify) &&
		same(got->envelope, want->envelope) &&
		same(got->which, want->which),
	    "row %zu: a value", i);
	T_CHECK(got->operands == want->operands, "row %zu: %d operands", i,
	    got->operands);
	if (got->operands > 0)
		T_CHECK(same(got->operand[0], rows[i].first), "row %zu: %s", i,
		    got->operand[0]);
}

static void
test_rows(void)
{
	struct sendmail_ask ask;
	struct line l;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (read_words(&l, rows[i].words, &ask, &e))
			check_row(i, &ask);
		else
			T_CHECK(false, "row %zu: %s", i, e.msg);
	}
}

/* No file, or one that the message comes by. */
static void
test_settings(void)
{
	static const char *const bad[][4] = { { "-C", "", "x@y.z" },
		{ "-C", "-", "x@y.z" }, { "-C-", "x@y.z" } };
	struct sendmail_ask ask;
	struct line l;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		T_CHECK(!read_words(&l, bad[i], &ask, &e) &&
			e.kind == ERR_USAGE,
		    "row %zu", i);
}

static void
test_modes(void)
{
	static const char *const refused[] = { "-ba", "-bh", "-bH", "-bt",
		"-bz", "-bmm" };
	struct sendmail_ask ask;
	struct line l;
	struct err e;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		T_CHECK(!read_words(&l,
			    (const char *const[]){ refused[i], NULL }, &ask,
			    &e) &&
			e.kind == ERR_USAGE,
		    "%s", refused[i]);
}

static void
test_report(void)
{
	struct sendmail_ask ask;
	struct line l;
	struct err e;

	T_CHECK(read_words(&l, (const char *const[]){ "-R", "FULL", NULL },
		    &ask, &e),
	    "full");
	T_CHECK(!read_words(&l, (const char *const[]){ "-Rnone", NULL }, &ask,
		    &e) &&
		e.kind == ERR_USAGE,
	    "none");
}

static const struct t_test tests[] = {
	{ "settings", test_settings },
	{ "who takes a value", test_arity },
	{ "unknown letters, missing values", test_unknown },
	{ "what callers pass", test_rows },
	{ "modes that are none", test_modes },
	{ "what a report has", test_report },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
