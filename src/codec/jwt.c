/* SPDX-License-Identifier: MIT */
#include "codec/jwt.h"

#include "codec/base64.h"

enum {
	JWT_MAX = 64 * 1024, /* a token has some kB */
	TREE_MAX = 4 * 1024 * 1024
};

/* Appends the second part, decoded. */
static bool
payload(struct str token, struct buf *out, struct err *e)
{
	struct str rest = token, part[3] = { { 0 } };

	for (size_t i = 0; i < 3; i++)
		if (!str_next(&rest, '.', &part[i]))
			return err_set(e, ERR_INPUT, "not a JSON Web Token");
	if (rest.p != NULL) /* RFC 7516: five parts are an encrypted one */
		return err_set(e, ERR_INPUT, "an encrypted token");
	return (base64url_decode(out, part[1], e) && buf_ok(out, e)) ||
	    err_wrap(e, "claims of the token");
}

static bool
parse(struct arena *a, struct str token, struct buf *text,
    const struct json **out, struct err *e)
{
	struct str claims;

	if (!payload(token, text, e))
		return false;
	claims = arena_str(a, buf_view(text)); /* the tree has slices of it */
	return (arena_ok(a, e) && json_parse(a, claims, out, e) &&
		   ((*out)->type == JSON_OBJECT ||
		       err_set(e, ERR_INPUT, "they are no object"))) ||
	    err_wrap(e, "claims of the token");
}

bool
jwt_claims(struct arena *a, struct str token, const struct json **out,
    struct err *e)
{
	struct buf text;
	bool ok;

	buf_init_secret(&text, JWT_MAX);
	ok = parse(a, token, &text, out, e);
	buf_release(&text);
	return ok;
}

/* Sound JSON with the members of its outermost object on lines of their own. */
static void
spread(struct str json, struct buf *out)
{
	unsigned depth = 0;
	bool quoted = false;
	char c;

	for (size_t i = 0; i < json.n; i++) {
		c = json.p[i];
		if (quoted && c == '\\') {
			buf_addc(out, c);
			c = json.p[++i];
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == '}' || c == ']')) {
			if (--depth == 0)
				buf_addc(out, '\n');
		} else if (!quoted && (c == '{' || c == '[')) {
			depth++;
		}
		buf_addc(out, c);
		if (!quoted && depth == 1 && (c == '{' || c == ','))
			buf_addz(out, "\n  ");
	}
	buf_addc(out, '\n');
}

bool
jwt_print(struct buf *out, struct str token, struct err *e)
{
	const struct json *tree;
	struct arena a;
	struct buf text;
	bool ok;

	arena_init_secret(&a, TREE_MAX);
	buf_init_secret(&text, JWT_MAX);
	ok = parse(&a, token, &text, &tree, e);
	if (ok)
		spread(str_trim(buf_view(&text)), out);
	ok = ok && buf_ok(out, e);
	buf_release(&text);
	arena_release(&a);
	return ok;
}

bool
jwt_has(const struct json *claims, struct str name, struct str value)
{
	const struct json *list = json_get(claims, name);

	if (list == NULL || list->type != JSON_ARRAY)
		return false;
	for (list = list->child; list != NULL; list = list->next)
		if (str_eq(json_str(list), value))
			return true;
	return false;
}
