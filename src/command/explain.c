/* SPDX-License-Identifier: MIT */
#include "command/explain.h"

#include "codec/jsonw.h"
#include "command/explain_table.h"

enum {
	OUT_MAX = 1 << 20,
	WIDTH = 78, /* of the text */
	INDENT = 8,
	LIST_COLUMN = 32, /* where the meanings begin */
	CODES_MAX = 512,
	NEAR_MOST = 5,  /* codes offered for one that is unknown */
	NEAR_LEAST = 4, /* letters by which a piece of a code is known */
	STATUS_DIGITS = 3
};

enum { JSON = 1 };

const struct cli_option explain_options[] = {
	{ JSON, 0, "json", NULL, "as JSON, an object a line" },
	{ 0, 0, NULL, NULL, NULL },
};

/* design.md 1, the table of kinds, in a sentence each. */
static const char *const does[] = {
	[ERR_NONE] = "Nothing: it is no error.",
	[ERR_RETRY] = "Nothing was taken, so it is safe to try again, and a "
		      "queue does that by itself.",
	[ERR_UNSURE] = "The message may have been sent. post365 send does not "
		       "try it again by itself.",
	[ERR_REFUSED] = "This message can never go as it is. Out of a queue it "
			"goes back to its sender, with the reason.",
	[ERR_AUTH] = "post365 keeps what is queued and waits for you: it may "
		     "not sign in or send.",
	[ERR_CONFIG] = "post365 keeps what is queued and waits for you: a "
		       "setting is wrong.",
	[ERR_INPUT] = "The message, an address or a file is wrong.",
	[ERR_USAGE] = "The command line is wrong.",
	[ERR_BUG] = "A mistake of post365, most likely. What is queued is put "
		    "on hold.",
};

static bool
is_number(struct str s)
{
	uint64_t ignored;

	return str_u64(s, UINT64_MAX, &ignored);
}

static void
add_name(struct buf *out, const struct fault *f)
{
	struct str code = str_of(f->code);

	if (is_number(code))
		buf_addz(out,
		    code.n > STATUS_DIGITS     ? "AADSTS" :
			code.n < STATUS_DIGITS ? "exit status " :
						 "HTTP ");
	buf_adds(out, code);
}

/* Words from column `indent` on, in lines of at most WIDTH. */
static void
add_words(struct buf *out, size_t indent, struct str text)
{
	size_t column = indent;
	struct str word;

	while (str_next(&text, ' ', &word)) {
		if (column > indent && column + 1 + word.n > WIDTH) {
			buf_addf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_addc(out, ' ');
			column++;
		}
		buf_adds(out, word);
		column += word.n;
	}
	buf_addc(out, '\n');
}

/* Where the service explains its numbers; false: nowhere. */
static bool
explain_add_page(struct buf *out, const struct fault *f)
{
	struct str code = str_of(f->code);

	if (!is_number(code) || code.n <= STATUS_DIGITS)
		return false;
	buf_addf(out, "https://login.microsoftonline.com/error?code=%s",
	    f->code);
	return true;
}

static void
add_wrapped(struct buf *out, const char *label, struct str text)
{
	buf_addf(out, "  %-*s", INDENT - 2, label);
	add_words(out, INDENT, text);
}

static void
add_fault(struct buf *out, const struct fault *f)
{
	struct err e = { .kind = f->kind, .exit = f->exit };
	size_t start;

	if (out->n > 0)
		buf_addc(out, '\n');
	add_name(out, f);
	buf_addf(out, " (%s, exit status %d)\n", err_kind_name(f->kind),
	    err_exit(&e));
	add_wrapped(out, "means", str_of(fault_meaning(f)));
	add_wrapped(out, "then", str_of(does[f->kind]));
	add_wrapped(out, "do", str_of(f->remedy));
	start = out->n;
	buf_addf(out, "  %-*s", INDENT - 2, "see");
	if (explain_add_page(out, f))
		buf_addc(out, '\n');
	else
		buf_rewind(out, start);
}

/* asked: empty in the list of all. */
static bool
explain_add_json(struct buf *out, const struct fault *f, struct str asked,
    struct err *e)
{
	struct err why = { .kind = f->kind, .exit = f->exit };
	struct jsonw w = jsonw_begin(out);
	struct buf text;

	buf_init(&text, ERR_MSG_SIZE);
	jsonw_open(&w, '{');
	if (asked.n > 0)
		jsonw_member(&w, STR("asked"), asked);
	add_name(&text, f);
	/* as the journal has it: AADSTS7000215, 429, ErrorAccessDenied */
	jsonw_member(&w, STR("code"),
	    is_number(str_of(f->code)) && str_of(f->code).n > STATUS_DIGITS ?
		buf_view(&text) :
		str_of(f->code));
	jsonw_member(&w, STR("name"), buf_view(&text));
	jsonw_member(&w, STR("kind"), str_of(err_kind_name(f->kind)));
	jsonw_key(&w, STR("exit"));
	jsonw_i64(&w, err_exit(&why));
	jsonw_member(&w, STR("meaning"), str_of(fault_meaning(f)));
	jsonw_member(&w, STR("then"), str_of(does[f->kind]));
	jsonw_member(&w, STR("remedy"), str_of(f->remedy));
	jsonw_key(&w, STR("retry"));
	jsonw_bool(&w, f->kind == ERR_RETRY);
	buf_reset(&text);
	if (explain_add_page(&text, f))
		jsonw_member(&w, STR("see"), buf_view(&text));
	buf_release(&text);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

/* A name that leaves no room has a line of its own. */
static void
add_line(struct buf *out, const struct fault *f)
{
	size_t start = out->n, n;

	add_name(out, f);
	n = out->n - start;
	if (n + 2 > LIST_COLUMN) {
		buf_addc(out, '\n');
		n = 0;
	}
	buf_addf(out, "%*s", (int)(LIST_COLUMN - n), "");
	add_words(out, LIST_COLUMN, str_of(fault_meaning(f)));
}

static bool
explain_add_one(struct buf *out, const struct fault *f, bool json,
    struct err *e)
{
	if (json)
		return explain_add_json(out, f, STR(""), e);
	add_line(out, f);
	return true;
}

static bool
add_all(const struct explain_table *t, struct buf *out, bool json,
    struct err *e)
{
	const struct fault *const tables[] = { t->reports, t->exits };
	const struct fault *f;
	bool ok = true;

	for (size_t i = 0; ok && (f = fault_at(i)) != NULL; i++)
		ok = explain_add_one(out, f, json, e);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (f = tables[i]; ok && f->code != NULL; f++)
			ok = explain_add_one(out, f, json, e);
	return ok;
}

/* Takes the next run of letters, digits and '_' off *rest. */
static bool
next_token(struct str *rest, struct str *token)
{
	size_t n = 0;

	while (rest->n > 0 && n == 0) {
		while (n < rest->n &&
		    (ascii_is_alpha(rest->p[n]) || ascii_is_digit(rest->p[n]) ||
			rest->p[n] == '_'))
			n++;
		*token = str_first(*rest, n);
		*rest = str_from(*rest, n + 1);
	}
	return n > 0;
}

static const struct fault *
find_row(const struct fault *table, struct str code)
{
	for (; table->code != NULL; table++)
		if (str_eq(code, str_of(table->code)))
			return table;
	return NULL;
}

static size_t
count_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

/* "X.Y.Z" of RFC 3463 at the beginning: its length, or 0. */
static size_t
match_report(struct str s)
{
	size_t n = 2, part;

	if (s.n < 2 || (*s.p != '4' && *s.p != '5') || s.p[1] != '.')
		return 0;
	part = count_digits(str_from(s, n));
	n += part;
	if (part == 0 || part > 3 || n == s.n || s.p[n++] != '.')
		return 0;
	part = count_digits(str_from(s, n));
	n += part;
	/* an address of the internet has a fourth number */
	return part == 0 || part > 3 ||
		(n + 1 < s.n && s.p[n] == '.' && ascii_is_digit(s.p[n + 1])) ?
	    0 :
	    n;
}

/* "5.7.612" is one of "5.7.606-649". */
static bool
is_in_range(struct str range, struct str code)
{
	size_t dash = str_chr(range, '-'), start = dash;
	uint64_t low, high, n;

	while (start > 0 && range.p[start - 1] != '.')
		start--;
	return dash < range.n && str_starts(code, str_first(range, start)) &&
	    str_u64(str_from(str_first(range, dash), start), 999, &low) &&
	    str_u64(str_from(range, dash + 1), 999, &high) &&
	    str_u64(str_from(code, start), 999, &n) && n >= low && n <= high;
}

static const struct fault *
find_report_row(const struct explain_table *t, struct str code)
{
	const struct fault *f = find_row(t->reports, code);

	if (f != NULL)
		return f;
	for (f = t->reports; f->code != NULL; f++)
		if (is_in_range(str_of(f->code), code))
			return f;
	return NULL;
}

/* Exchange's own word for it, as "SendAsDenied", says more than a number. */
static const struct fault *
find_report_word(const struct explain_table *t, struct str text)
{
	for (const struct fault *f = t->reports; f->code != NULL; f++)
		if (ascii_is_alpha(*f->code) &&
		    str_find(text, str_of(f->code)) < text.n)
			return f;
	return NULL;
}

/* The code of a delivery report in a text; empty if there is none. */
static struct str
find_report(struct str text)
{
	size_t n;

	for (size_t i = 0; i < text.n; i++) {
		if (i > 0 &&
		    (ascii_is_digit(text.p[i - 1]) || text.p[i - 1] == '.'))
			continue;
		n = match_report(str_from(text, i));
		if (n > 0)
			return str_first(str_from(text, i), n);
	}
	return (struct str){ 0 };
}

/* "75", "exit 75", "exit status 75" */
static const struct fault *
find_exit(const struct explain_table *t, struct str text)
{
	static const struct str words[] = { STR_INIT("exit"),
		STR_INIT("status") };

	for (size_t i = 0; i < 2; i++)
		if (str_istarts(text, words[i]))
			text = str_trim(str_from(text, words[i].n));
	return find_row(t->exits, text);
}

/* A code, or the first one in a text; an HTTP status only if nothing else. */
static const struct fault *
find(const struct explain_table *t, struct str text)
{
	const struct fault *f = fault_find(str_trim(text)), *status = NULL;
	struct str token = find_report(text);

	if (f == NULL)
		f = find_exit(t, str_trim(text));
	if (f == NULL)
		f = find_report_word(t, text);
	/* its numbers are no statuses of HTTP */
	if (f == NULL && token.n > 0)
		return find_report_row(t, token);
	while (f == NULL && next_token(&text, &token)) {
		f = fault_find(token);
		if (f != NULL && str_of(f->code).n == STATUS_DIGITS) {
			status = status != NULL ? status : f;
			f = NULL;
		}
	}
	return f != NULL ? f : status;
}

static bool
contains(struct str s, struct str piece)
{
	for (size_t i = 0; i + piece.n <= s.n; i++)
		if (str_istarts(str_from(s, i), piece))
			return true;
	return false;
}

/* Codes that hold the word; else the one that looks most like it. */
static void
add_near(struct buf *out, struct str word)
{
	const char *codes[CODES_MAX + 1] = { NULL }, *near;
	const struct fault *f;
	size_t found = 0;

	for (size_t i = 0; i < CODES_MAX; i++) {
		f = fault_at(i);
		codes[i] = f != NULL ? f->code : NULL;
		if (f == NULL)
			break;
		if (word.n < NEAR_LEAST || found == NEAR_MOST ||
		    !contains(str_of(f->code), word))
			continue;
		buf_addf(out, "%s%s", found > 0 ? ", " : "", f->code);
		found++;
	}
	near = found == 0 ? cli_nearest(word, codes) : NULL;
	if (near != NULL)
		buf_addz(out, near);
}

static void
unknown(struct str text, struct err *e)
{
	struct buf near;

	buf_init(&near, ERR_REMEDY_SIZE);
	if (str_istarts(text, STR("AADSTS")))
		add_near(&near, str_from(text, 6));
	else
		add_near(&near, text);
	err_set(e, ERR_USAGE, "unknown code \"%.*s\"",
	    STR_ARG(str_first(text, WIDTH)));
	if (find_report(text).n > 0)
		err_remedy(e,
		    "it is of a delivery report: the text beside it, and "
		    "Microsoft's page \"Email non-delivery reports in Exchange "
		    "Online\", say what it means");
	else if (near.n > 0)
		err_remedy(e, "did you mean %.*s?", STR_ARG(buf_view(&near)));
	else
		err_remedy(e,
		    "post365 explain, without a code, lists those "
		    "it knows. Numbers of Entra ID that it does not know are "
		    "explained at https://login.microsoftonline.com/error");
	buf_release(&near);
}

struct explain {
	struct cli cli;
	struct explain_table table;
	struct buf out;
	bool json;
	size_t words;
	int code; /* of the last word that nobody knows */
};

/* "explain HTTP 407", as the list prints it */
static bool
explain_is_filler(struct str word)
{
	return str_ieq(word, STR("HTTP")) || str_ieq(word, STR("exit")) ||
	    str_ieq(word, STR("status"));
}

/* --json may stand behind the words. */
static bool
explain_take_option(void *arg, int id, const char *value, struct err *e)
{
	struct explain *x = arg;

	(void)value;
	(void)e;
	if (id == CLI_OPERAND)
		x->words++;
	else
		x->json = true;
	return true;
}

/* Appends what a word means, and says on standard error if nobody knows. */
static bool
explain_take_word(void *arg, int id, const char *value, struct err *e)
{
	struct explain *x = arg;
	struct str word = str_of(value);
	const struct fault *f;

	if (id != CLI_OPERAND || explain_is_filler(word))
		return true;
	f = find(&x->table, word);
	if (f != NULL && !x->json) {
		add_fault(&x->out, f);
		return true;
	}
	if (f == NULL)
		unknown(word, e);
	else if (explain_add_json(&x->out, f, word, e))
		return true;
	x->code = cli_fail(&x->cli, e);
	return true;
}

int
explain_main(const struct cli_command *self, int argc, char **argv)
{
	struct explain x = { .code = 0 };
	int printed;
	struct err e;
	bool ok;

	cli_init(&x.cli, self, argc, argv);
	if (!cli_each(&x.cli, explain_take_option, &x, &e))
		return cli_fail(&x.cli, &e);
	if (x.cli.common.help)
		return cli_help(self);
	cli_init(&x.cli, self, argc, argv);
	buf_init(&x.out, OUT_MAX);
	explain_table_open(&x.table, &x.out);
	ok = buf_ok(&x.out, &e) &&
	    (x.words > 0 ? cli_each(&x.cli, explain_take_word, &x, &e) :
			   add_all(&x.table, &x.out, x.json, &e));
	printed = ok ? cli_print(&x.cli, &x.out) : cli_fail(&x.cli, &e);
	explain_table_release(&x.table);
	buf_release(&x.out);
	return printed != 0 ? printed : x.code;
}
