/* SPDX-License-Identifier: MIT */
#include "config/share.h"

#include <stddef.h>

#include "config/key.h"
#include "config/load.h"

/* What is no setting, as if it were one. */
#define FIELD(field, type)                                                     \
	{                                                                      \
		"." #field, &config_type_##type,                               \
		    offsetof(struct config, field)                             \
	}
static const struct share_field {
	const char *name;
	const struct config_type *type;
	size_t at;
} fields[] = {
	FIELD(file, text),
	FIELD(account, text),
	FIELD(accounts, text),
	FIELD(client_id, text),
	FIELD(chosen, yes_no),
	FIELD(piped, yes_no),
	FIELD(apart, yes_no),
	FIELD(relative, yes_no),
};

/* "NAME = VALUE"; and of a setting "NAME PLACE LINE ORIGIN" before it. */
static void
share_add(const struct share_field *f, const struct config *c, struct buf *out)
{
	buf_addf(out, "%s = ", f->name);
	f->type->print((const char *)c + f->at, out);
	buf_addc(out, '\n');
}

static struct share_field
share_row(size_t key)
{
	const struct config_row *row = &config_rows[key];

	return (struct share_field){ row->name, row->type, row->at };
}

void
config_write(const struct config *c, struct buf *out)
{
	const struct config_origin *o = c->origin;
	struct share_field f;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		share_add(&fields[i], c, out);
	for (size_t i = 0; i < CONFIG_KEYS; i++, o++) {
		f = share_row(i);
		if (o->name != NULL)
			buf_addf(out, "%s %c%u %s\n", f.name,
			    'A' + (int)o->place, o->line, o->name);
		if (config_rows[i].half == CONFIG_PUBLIC)
			share_add(&f, c, out);
	}
}

static bool
share_take_origin(struct config *c, size_t key, struct str rest)
{
	struct config_origin *o = &c->origin[key];
	size_t blank = str_chr(rest, ' ');
	uint64_t line;

	if (blank < 2 || rest.p[0] < 'A' || rest.p[0] > 'A' + CONFIG_DERIVED ||
	    !str_u64(str_from(str_first(rest, blank), 1), UINT32_MAX, &line))
		return false;
	o->place = (enum config_place)(rest.p[0] - 'A');
	o->line = (unsigned)line;
	o->name = arena_str(&c->mem, str_from(rest, blank + 1)).p;
	return true;
}

static bool
share_take_value(struct config *c, const struct share_field *f, struct str text,
    struct err *e)
{
	const struct config_value to = { f->type, (char *)c + f->at, &c->mem,
		"" };

	/* a text that is not set is empty, and no kind of text may be */
	if (text.n == 0)
		return true;
	return f->type->parse(text, &to, e);
}

static bool
share_take(struct config *c, struct str line, struct err *e)
{
	struct str name = str_first(line, str_chr(line, ' '));
	struct str rest = str_from(line, name.n + 1);
	const struct config_row *row = config_row_find(name);
	struct share_field f = { 0 };
	size_t key = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (str_eq(name, str_of(fields[i].name)))
			f = fields[i];
	if (row != NULL) {
		key = (size_t)(row - config_rows);
		f = share_row(key);
	}
	if (f.type != NULL && str_starts(rest, STR("= ")) &&
	    (row == NULL || row->half == CONFIG_PUBLIC))
		return share_take_value(c, &f, str_from(rest, 2), e);
	return (f.type != NULL && row != NULL &&
		   share_take_origin(c, key, rest)) ||
	    err_set(e, ERR_BUG, "public settings: bad line \"%.*s\"",
		STR_ARG(name));
}

bool
config_receive(struct config *c, struct str text, struct err *e)
{
	struct str line;
	bool ok = true;

	*c = (struct config){ 0 };
	arena_init(&c->mem, LOAD_MEMORY);
	while (ok && str_next(&text, '\n', &line) && line.n > 0)
		ok = share_take(c, line, e);
	return ok && arena_ok(&c->mem, e);
}
