/* SPDX-License-Identifier: MIT */
#include "web/form.h"

#include "base/buf.h"
#include "codec/url.h"

enum { FORM_VALUE = 64 * 1024 };

static bool
form_decode(struct arena *a, struct str in, bool trim, struct str *out,
    struct err *e)
{
	struct buf b;
	bool ok;

	buf_init_secret(&b, FORM_VALUE);
	ok = url_decode(&b, in, true, e);
	*out = arena_str(a, trim ? str_trim(buf_view(&b)) : buf_view(&b));
	buf_release(&b);
	if (ok && str_chr(*out, '\0') < out->n)
		ok = err_set(e, ERR_INPUT, "a field of the form has a NUL");
	return ok && arena_ok(a, e);
}

bool
form_parse(struct arena *a, struct str text, struct form *out, struct err *e)
{
	struct str one;
	size_t at;

	out->n = 0;
	while (text.n > 0 && str_next(&text, '&', &one)) {
		struct form_field *f = &out->field[out->n];

		if (one.n == 0)
			continue;
		if (out->n == FORM_FIELDS)
			return err_set(e, ERR_INPUT,
			    "the form has more than %d fields", FORM_FIELDS);
		at = str_chr(one, '=');
		if (!form_decode(a, str_first(one, at), true, &f->name, e) ||
		    !form_decode(a, str_from(one, at + 1),
			!str_eq(f->name, STR("password")), &f->value, e))
			return false;
		out->n++;
	}
	return true;
}

struct str
form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->field[i].name, str_of(name)))
			return f->field[i].value;
	return (struct str){ 0 };
}
