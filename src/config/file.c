/* SPDX-License-Identifier: MIT */
#include "config/file.h"

#include "codec/utf8.h"
#include "config/key.h"

enum { KEY_SHOWN = 8 };

struct reader {
	struct arena *mem;
	const char *file;
	unsigned line;
	struct config_section *first, *last;
	struct config_section *at; /* whose keys are read; NULL: the relay's */
	struct config_pair **pair; /* where its next line goes */
	unsigned accounts;
	bool second; /* the other file has the sections */
};

static bool
complain(const struct reader *r, struct err *e)
{
	return err_wrap(e, "%s:%u", r->file, r->line);
}

static bool
add_section(struct reader *r, struct str name, struct err *e)
{
	struct config_section *s = arena_alloc(r->mem, sizeof(*s));

	if (s == NULL)
		return arena_ok(r->mem, e);
	s->name = name;
	s->line = r->line;
	s->file = r->file;
	if (r->last != NULL)
		r->last->next = s;
	else
		r->first = s;
	r->last = r->at = s;
	return true;
}

static bool
is_account_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    str_chr(STR("._-@+"), s.p[i]) == 5)
			return false;
	return s.n > 0;
}

struct config_section *
config_section_find(struct config_section *first, struct str name)
{
	while (first != NULL && !str_eq(first->name, name))
		first = first->next;
	return first;
}

/* That of the other file; once. */
static bool
take_section(struct reader *r, struct config_section *s, struct err *e)
{
	if (s->file == r->file)
		return err_set(e, ERR_CONFIG,
		    "[account %.*s] stands in line %u already",
		    STR_ARG(s->name), s->line);
	s->file = r->file;
	s->line = r->line;
	r->at = s;
	return true;
}

static bool
begin_relay(struct reader *r, struct err *e)
{
	if (r->second)
		return err_set(e, ERR_CONFIG,
		    "[relay] is for all who mail: move it to %s",
		    r->first->file);
	r->at = NULL;
	return true;
}

static bool
add_pair(struct reader *r, struct str key, struct str value, struct err *e)
{
	struct config_pair *p = arena_alloc(r->mem, sizeof(*p));

	if (p == NULL)
		return arena_ok(r->mem, e);
	*p = (struct config_pair){ key, value, r->file, r->line, NULL };
	*r->pair = p;
	r->pair = &p->next;
	return true;
}

static bool
read_header(struct reader *r, struct str line, struct err *e)
{
	struct config_section *s;
	struct str inner, name;

	if (!str_ends(line, STR("]")))
		return err_set(e, ERR_CONFIG, "\"]\" is missing at the end");
	inner = str_trim((struct str){ line.p + 1, line.n - 2 });
	if (str_eq(inner, STR("relay")))
		return begin_relay(r, e);
	name = str_trim(str_from(inner, 7));
	if (!str_starts(inner, STR("account ")) || !is_account_name(name))
		return err_set(e, ERR_CONFIG,
		    "unknown section; sections are [relay] and "
		    "[account NAME], with letters, digits and ._-@+ in NAME");
	s = config_section_find(r->first, name);
	if (s != NULL)
		return take_section(r, s, e);
	if (r->second)
		return err_set(e, ERR_CONFIG,
		    "[account %.*s] is not in %s; its other settings belong "
		    "there",
		    STR_ARG(name), r->first->file);
	if (++r->accounts > CONFIG_ACCOUNTS_MAX)
		return err_set(e, ERR_CONFIG, "more than %d accounts",
		    CONFIG_ACCOUNTS_MAX);
	return add_section(r, name, e);
}

bool
config_unknown_key(struct str name, struct err *e)
{
	const char *near = config_row_nearest(name);

	if (near != NULL)
		return err_set(e, ERR_CONFIG,
		    "unknown key \"%.*s\"; did you "
		    "mean %s?",
		    STR_ARG(str_first(name, 60)), near);
	/* what is like no key may be the second half of a secret */
	err_set(e, ERR_CONFIG, "unknown key \"%.*s\"%s",
	    STR_ARG(str_first(name, KEY_SHOWN)),
	    name.n > KEY_SHOWN ? " (and more)" : "");
	return err_remedy(e, "post365 help config lists the keys");
}

static bool
read_pair(struct reader *r, struct str line, struct err *e)
{
	size_t eq = str_chr(line, '=');
	struct str name = str_trim(str_first(line, eq));
	struct str value = str_trim(str_from(line, eq + 1));
	const struct config_row *row = config_row_find(name);
	struct config_line *place;

	if (eq == line.n) {
		/* it may be the second half of a secret */
		err_set(e, ERR_CONFIG,
		    "\"%.*s\"%s is not of the form key = value",
		    STR_ARG(str_first(line, KEY_SHOWN)),
		    line.n > KEY_SHOWN ? " (and more)" : "");
		return err_remedy(e,
		    "put # before it if it is a comment; a value cannot go on "
		    "in the next line");
	}
	if (r->at == NULL)
		return add_pair(r, name, value, e);
	if (row == NULL)
		return config_unknown_key(name, e);
	if (row->type == NULL) {
		err_set(e, ERR_CONFIG, "%s is a setting of the relay's",
		    row->name);
		return err_remedy(e, "move the line below [relay]");
	}
	place = &r->at->key[row - config_rows];
	if (r->second && row->half == CONFIG_PUBLIC)
		return err_set(e, ERR_CONFIG,
		    "%s is for all who mail: move it to %s", row->name,
		    r->first->file);
	if (place->line != 0 && place->file != r->file)
		return err_set(e, ERR_CONFIG, "%s stands in %s:%u already",
		    row->name, place->file, place->line);
	if (place->line != 0)
		return err_set(e, ERR_CONFIG, "%s stands in line %u already",
		    row->name, place->line);
	if (value.n == 0)
		return err_set(e, ERR_CONFIG, "%s has no value", row->name);
	*place = (struct config_line){ value, r->file, r->line };
	return true;
}

bool
config_text_check(struct str line, struct err *e)
{
	size_t bad = utf8_bad_at(line);

	if (line.n > CONFIG_LINE_MAX)
		return err_set(e, ERR_CONFIG, "longer than %d bytes",
		    CONFIG_LINE_MAX);
	if (bad < line.n)
		return err_set(e, ERR_CONFIG, "byte %zu is not UTF-8", bad + 1);
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return err_set(e, ERR_CONFIG,
			    "byte %zu is a control "
			    "character",
			    i + 1);
	return true;
}

static bool
read_line(struct reader *r, struct str line, struct err *e)
{
	if (str_ends(line, STR("\r")))
		line.n--;
	if (!config_text_check(line, e))
		return complain(r, e);
	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (line.p[0] == '[' ? !read_header(r, line, e) :
			       !read_pair(r, line, e))
		return complain(r, e);
	return true;
}

bool
config_file_parse(struct arena *a, const char *file, struct str text,
    struct config_section **out, struct err *e)
{
	struct reader r = { .mem = a,
		.file = file,
		.first = *out,
		.at = *out,
		.second = *out != NULL };
	struct str line;

	if (str_starts(text, STR("\xff\xfe")) ||
	    str_starts(text, STR("\xfe\xff")))
		return err_set(e, ERR_CONFIG,
		    "%s: is UTF-16; save it as "
		    "UTF-8",
		    file);
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from(text, 3);
	if (!r.second && !add_section(&r, STR(""), e))
		return false;
	r.pair = &r.first->relay;
	while (str_next(&text, '\n', &line)) {
		r.line++;
		if (!read_line(&r, line, e))
			return false;
	}
	*out = r.first;
	return true;
}
