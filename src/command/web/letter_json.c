/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"
#include "base/scratch.h"
#include "codec/base64.h"
#include "codec/unbase64.h"
#include "command/web/letter.h"

enum {
	LETTER_TREE = 8 << 20,   /* of values, 64 bytes each */
	LETTER_LAZY = 64 * 1024, /* a longer text is not decoded in memory */
	LETTER_PIECE = 16 * 1024,
	LETTER_LIST = 1 << 20, /* bytes of a list of recipients */
	LETTER_SUBJECT = 400   /* bytes of one that is made */
};

struct letter_field;
typedef bool letter_take(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e);

static letter_take letter_take_text, letter_take_list, letter_take_to,
    letter_take_flag, letter_take_file, letter_take_headers,
    letter_take_attachments;

static const struct letter_field {
	const char *name, *option; /* NULL: letter_sender's */
	letter_take *take;
} letter_fields[] = {
	{ "from", NULL, letter_take_text },
	{ "account", NULL, letter_take_text },
	{ "to", "--to=", letter_take_to },
	{ "cc", "--cc=", letter_take_to },
	{ "bcc", "--bcc=", letter_take_to },
	{ "reply_to", "--reply-to=", letter_take_list },
	{ "subject", "--subject=", letter_take_text },
	{ "text", "--text=", letter_take_file },
	{ "html", "--html=", letter_take_file },
	{ "headers", "--header=", letter_take_headers },
	{ "importance", "--importance=", letter_take_text },
	{ "read_receipt", "--read-receipt", letter_take_flag },
	{ "delivery_receipt", "--delivery-receipt", letter_take_flag },
	{ "save", "--no-save", letter_take_flag },
	{ "attachments", NULL, letter_take_attachments },
};

enum { LETTER_FIELDS = sizeof(letter_fields) / sizeof(*letter_fields) };

static bool
letter_wants(const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, "it must be %s", what);
}

static bool
letter_unknown(struct str name, const char *const *names, struct err *e)
{
	const char *near = cli_nearest(name, names);

	return err_set(e, ERR_INPUT, "unknown field \"%.*s\"%s%s",
	    STR_ARG(str_cut(name, 60)), near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "");
}

static bool
letter_take_text(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	if (v->type != JSON_STRING || v->raw)
		return letter_wants("a text, and not a long one", e);
	if (f->option != NULL)
		return letter_add(l, f->option, v->text, e);
	*(f == letter_fields ? &l->from : &l->account) = v->text;
	return true;
}

/* A text, or an array of texts, as one list. */
static bool
letter_join(const struct json *v, struct buf *out, struct err *e)
{
	const struct json *one = v->type == JSON_ARRAY ? v->child : v;

	for (; one != NULL; one = v->type == JSON_ARRAY ? one->next : NULL) {
		if (one->type != JSON_STRING || one->raw)
			return letter_wants("an address, or an array of them",
			    e);
		if (out->n > 0)
			buf_addc(out, ',');
		buf_adds(out, one->text);
	}
	return buf_ok(out, e);
}

static bool
letter_take_addresses(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	struct buf list;
	bool ok;

	buf_init(&list, LETTER_LIST);
	ok = letter_join(v, &list, e);
	if (ok && list.n > 0)
		ok = f->take == letter_take_to ?
		    letter_add_to(l, f->option, buf_view(&list), e) :
		    letter_add(l, f->option, buf_view(&list), e);
	buf_release(&list);
	return ok;
}

static bool
letter_take_to(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	return letter_take_addresses(l, f, v, e);
}

static bool
letter_take_list(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	l->replies = true;
	return letter_take_addresses(l, f, v, e);
}

/* save is the one that is set by default. */
static bool
letter_take_flag(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	bool standard = str_eq(str_of(f->name), STR("save"));

	if (v->type != JSON_BOOL)
		return letter_wants("true or false", e);
	return v->is_true == standard || letter_add(l, f->option, STR(""), e);
}

/* The next piece of a text, decoded; empty: there is no more. */
static struct str
letter_piece(const struct json *v, struct str *rest, char piece[LETTER_PIECE])
{
	struct str some;

	if (v->raw)
		return (
		    struct str){ piece, json_piece(rest, piece, LETTER_PIECE) };
	some = str_first(*rest, LETTER_PIECE);
	*rest = str_from(*rest, some.n);
	return some;
}

static bool
letter_take_file(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	SCRATCH char piece[LETTER_PIECE];
	struct str rest = v->text, some;
	struct temp *t;

	if (v->type != JSON_STRING)
		return letter_wants("a text", e);
	t = letter_temp(l, f->name, e);
	if (t == NULL)
		return false;
	while ((some = letter_piece(v, &rest, piece)).n > 0)
		if (!temp_add(t, some, e))
			return false;
	l->body = true;
	return letter_add_file(l, f->option, t, STR(""), e);
}

static bool
letter_take_headers(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	struct str line;

	if (v->type != JSON_OBJECT && v->type != JSON_ARRAY)
		return letter_wants("an object, or an array of \"Name: value\"",
		    e);
	for (const struct json *one = v->child; one != NULL; one = one->next) {
		if (one->type != JSON_STRING || one->raw)
			return letter_wants("texts", e);
		line = one->text;
		if (v->type == JSON_OBJECT)
			line = arena_fmt(&l->v->mem, "%.*s: %.*s",
			    STR_ARG(one->name), STR_ARG(line));
		if (!letter_add(l, f->option, line, e))
			return false;
	}
	return true;
}

/* --- attachments */

static bool
letter_is_base64(struct str piece, struct err *e)
{
	for (size_t i = 0; i < piece.n; i++) {
		unsigned char c = (unsigned char)piece.p[i];

		if ((base64_digits[c] & BASE64_DIGIT) == 0 &&
		    str_chr(STR("=\r\n\t "), piece.p[i]) == 5)
			return err_set(e, ERR_INPUT,
			    "\"%c\" is no character of base64", c);
	}
	return true;
}

static bool
letter_decode(const struct json *v, struct temp *to, struct err *e)
{
	SCRATCH char piece[LETTER_PIECE];
	struct unbase64 u = { 0 };
	struct str rest = v->text, some;
	struct buf out;
	bool ok = true;

	buf_init(&out, LETTER_PIECE);
	while (ok && (some = letter_piece(v, &rest, piece)).n > 0) {
		buf_reset(&out);
		ok = letter_is_base64(some, e);
		unbase64_feed(&u, some, &out);
		ok = ok && buf_ok(&out, e) && temp_add(to, buf_view(&out), e);
	}
	buf_reset(&out);
	if (ok && !unbase64_finish(&u, &out))
		ok = err_set(e, ERR_INPUT,
		    "base64 that was cut or has more "
		    "behind its end");
	ok = ok && temp_add(to, buf_view(&out), e);
	buf_release(&out);
	return ok;
}

enum { FILE_CONTENT, FILE_NAME, FILE_TYPE, FILE_CID, FILE_MEMBERS };

static const char *const letter_members[] = { "content", "name", "type", "cid",
	NULL };
static const char *const letter_marks[] = { NULL, ";name=", ";type=", ";cid=" };

/* ";name=N" and the like, of what was given. */
static bool
letter_put_marks(const struct json *const member[FILE_MEMBERS], struct buf *out,
    struct err *e)
{
	struct str text;

	for (int i = FILE_NAME; i < FILE_MEMBERS; i++) {
		text = json_str(member[i]);
		if (member[i] == NULL || text.n == 0)
			continue;
		for (int k = FILE_NAME; k < FILE_MEMBERS; k++)
			if (member[i]->raw ||
			    str_find(text, str_of(letter_marks[k])) < text.n)
				return err_set(e, ERR_INPUT,
				    "%s: too long, or it has a \"%s\" in it",
				    letter_members[i], letter_marks[k]);
		buf_addz(out, letter_marks[i]);
		buf_adds(out, text);
	}
	return buf_ok(out, e);
}

static bool
letter_attach(struct letter *l, const struct json *const member[FILE_MEMBERS],
    struct err *e)
{
	bool inlined = json_str(member[FILE_CID]).n > 0, ok;
	struct buf marks;
	struct temp *t;

	if (member[FILE_CONTENT] == NULL ||
	    member[FILE_CONTENT]->type != JSON_STRING)
		return err_set(e, ERR_INPUT,
		    "content: it must be the file as base64");
	t = letter_temp(l, "attachments", e);
	if (t == NULL)
		return false;
	if (!letter_decode(member[FILE_CONTENT], t, e))
		return err_wrap(e, "content");
	buf_init(&marks, LETTER_LAZY);
	if (json_str(member[FILE_NAME]).n == 0)
		buf_addz(&marks, ";name=attachment");
	ok = letter_put_marks(member, &marks, e) &&
	    letter_add_file(l, inlined ? "--inline=" : "--attach=", t,
		buf_view(&marks), e);
	buf_release(&marks);
	return ok;
}

static bool
letter_take_attachment(struct letter *l, const struct json *v, struct err *e)
{
	const struct json *member[FILE_MEMBERS] = { NULL };
	int i;

	if (v->type != JSON_OBJECT)
		return letter_wants(
		    "an object with name, type, content and cid", e);
	for (const struct json *one = v->child; one != NULL; one = one->next) {
		for (i = 0; i < FILE_MEMBERS; i++)
			if (str_eq(one->name, str_of(letter_members[i])))
				break;
		if (i == FILE_MEMBERS)
			return letter_unknown(one->name, letter_members, e);
		if (one->type == JSON_STRING)
			member[i] = one;
		else if (one->type != JSON_NULL)
			return letter_wants("a text", e) ||
			    err_wrap(e, "%s", letter_members[i]);
	}
	return letter_attach(l, member, e);
}

static bool
letter_take_attachments(struct letter *l, const struct letter_field *f,
    const struct json *v, struct err *e)
{
	unsigned n = 0;

	(void)f;
	if (v->type != JSON_ARRAY)
		return letter_wants("an array", e);
	for (v = v->child; v != NULL; v = v->next, n++)
		if (!letter_take_attachment(l, v, e))
			return err_wrap(e, "[%u]", n);
	return true;
}

/* --- the whole */

static bool
letter_take_member(struct letter *l, const struct json *v, struct err *e)
{
	const char *names[LETTER_FIELDS + 1] = { NULL };

	for (size_t i = 0; i < LETTER_FIELDS; i++) {
		const struct letter_field *f = &letter_fields[i];

		names[i] = f->name;
		if (str_eq(v->name, str_of(f->name)))
			return v->type == JSON_NULL || f->take(l, f, v, e) ||
			    err_wrap(e, "%s", f->name);
	}
	return letter_unknown(v->name, names, e);
}

static bool
letter_is_alert(const struct json *v)
{
	const struct json *alerts = json_get(v, STR("alerts"));

	return alerts != NULL && alerts->type == JSON_ARRAY &&
	    str_eq(json_str(json_get(v, STR("version"))), STR("4"));
}

static bool
letter_take_alerts(struct letter *l, const struct json *v, struct err *e)
{
	struct temp *t = letter_temp(l, "text", e);
	struct buf subject, text;
	bool ok;

	if (t == NULL)
		return false;
	buf_init(&subject, LETTER_LAZY);
	buf_init(&text, LETTER_TREE);
	letter_alerts(v, &subject, &text);
	ok = buf_ok(&text, e) && temp_add(t, buf_view(&text), e) &&
	    letter_add(l,
		"--subject=", str_cut(buf_view(&subject), LETTER_SUBJECT), e) &&
	    letter_add_file(l, "--text=", t, STR(""), e);
	l->body = true;
	buf_release(&subject);
	buf_release(&text);
	return ok;
}

bool
letter_json(struct letter *l, struct str body, struct err *e)
{
	const struct json *tree;
	struct temp *t;
	struct arena mem;
	bool ok;

	arena_init_secret(&mem, LETTER_TREE);
	ok = json_parse_lazy(&mem, body, LETTER_LAZY, &tree, e);
	if (ok && tree->type != JSON_OBJECT)
		ok = err_set(e, ERR_INPUT, "the body must be a JSON object");
	if (ok && letter_is_alert(tree))
		ok = letter_take_alerts(l, tree, e);
	else if (ok)
		for (tree = tree->child; ok && tree != NULL; tree = tree->next)
			ok = letter_take_member(l, tree, e);
	if (ok && !l->body) { /* else the command would read its input */
		t = letter_temp(l, "text", e);
		ok = t != NULL && letter_add_file(l, "--text=", t, STR(""), e);
	}
	/* they outlive the tree */
	l->from = arena_str(&l->v->mem, l->from);
	l->account = arena_str(&l->v->mem, l->account);
	arena_release(&mem);
	return ok;
}
