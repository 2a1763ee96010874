/* SPDX-License-Identifier: MIT */
#include "codec/jwt.h"

#include "codec/base64.h"

enum { JWT_MAX = 64 * 1024 }; /* a token has some kB */

bool
jwt_claims(struct arena *a, struct str token, const struct json **out,
    struct err *e)
{
	struct str rest = token, claims, part[3] = { { 0 } };
	struct buf text;
	bool ok;

	for (size_t i = 0; i < 3; i++)
		if (!str_next(&rest, '.', &part[i]))
			return err_set(e, ERR_INPUT, "not a JSON Web Token");
	if (rest.p != NULL) /* RFC 7516: five parts are an encrypted one */
		return err_set(e, ERR_INPUT, "an encrypted token");
	buf_init_secret(&text, JWT_MAX);
	ok = base64url_decode(&text, part[1], e) && buf_ok(&text, e);
	claims = arena_str(a, buf_view(&text)); /* the tree has slices of it */
	ok = ok && arena_ok(a, e) && json_parse(a, claims, out, e);
	buf_release(&text);
	if (!ok)
		return err_wrap(e, "claims of the token");
	return (*out)->type == JSON_OBJECT ||
	    err_set(e, ERR_INPUT, "claims of the token: no object");
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
