/* SPDX-License-Identifier: MIT */
#include "config/show.h"

#include "config/key.h"

static const char sample_head[] =
    "# Settings of post365. A `#` begins a comment only at the start of a\n"
    "# line; a value is the rest of its line, without quotation marks. A key\n"
    "# behind # has its default, but for examples, which say so. `post365\n"
    "# config set KEY VALUE` changes one; `post365 config show` prints what "
    "is\n"
    "# in force.\n";
static const char sample_tail[] =
    "\n# Further senders inherit all of the above:\n"
    "#[account reports]\n"
    "#from = reports@contoso.com\n";

/* One half, by a row of its. */
struct show_half {
	const void *at;
	const struct config_origin *origin;
};

static struct show_half
show_half(size_t key, const struct config *c, const struct access *a)
{
	return config_rows[key].half == CONFIG_PUBLIC ?
	    (struct show_half){ c, c->origin } :
	    (struct show_half){ a, a->origin };
}

/* What is set, with where from, said once for keys in a row. */
static void
show_given(const struct config *c, const struct access *a, struct buf *out)
{
	struct config_origin_text from, before = { "" };
	struct show_half half;

	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		half = show_half(i, c, a);
		if (half.origin[i].name == NULL)
			continue;
		(void)config_origin(&half.origin[i], &from);
		if (!str_eq(str_of(from.s), str_of(before.s)))
			buf_addf(out, "# %s\n", from.s);
		before = from;
		buf_addf(out, "%s = ", config_rows[i].name);
		config_row_print(&config_rows[i], half.at, out);
		buf_addc(out, '\n');
	}
}

void
config_show(const struct config *c, const struct access *a, struct buf *out)
{
	if (c->account.n > 0)
		buf_addf(out, "# account %.*s\n", STR_ARG(c->account));
	else if (c->accounts.n > 0)
		buf_addf(out, "# further accounts (-A NAME): %.*s\n",
		    STR_ARG(c->accounts));
	show_given(c, a, out);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (show_half(i, c, a).origin[i].name == NULL)
			buf_addf(out, "# not set: %s\n", config_rows[i].name);
}

bool
config_value(const struct config *c, const struct access *a,
    const struct config_row *row, struct buf *out)
{
	size_t key = (size_t)(row - config_rows);
	struct show_half half = show_half(key, c, a);

	if (half.origin[key].name == NULL)
		return false;
	config_row_print(row, half.at, out);
	return true;
}

const struct config_origin *
config_value_origin(const struct config *c, const struct access *a,
    const struct config_row *row)
{
	size_t key = (size_t)(row - config_rows);

	return &show_half(key, c, a).origin[key];
}

bool
config_value_is_secret(const struct config *c, const struct access *a,
    const struct config_row *row)
{
	size_t key = (size_t)(row - config_rows);
	const char *at = (const char *)show_half(key, c, a).at + row->at;

	return config_row_is_secret(row) &&
	    config_row_has_secret(row, secret_view((const void *)at));
}

/* Each line of a help text as a comment. */
static void
add_comment(struct str rest, struct buf *out)
{
	struct str line;

	buf_addc(out, '\n');
	while (str_next(&rest, '\n', &line))
		buf_addf(out, "# %.*s\n", STR_ARG(line));
}

/* A key that the file to start with leaves as it is: its default, or none. */
static void
sample_default(size_t key, const struct show_half *half, struct buf *out)
{
	const struct config_row *row = &config_rows[key];

	if (half->origin[key].place == CONFIG_DERIVED) {
		buf_addf(out, "#%s = ", row->name);
		config_row_print(row, half->at, out);
		buf_addc(out, '\n');
	} else if (row->standard != NULL) {
		buf_addf(out, "#%s = %s\n", row->name, row->standard);
	} else {
		buf_addf(out, "# For example:\n#%s = %s\n", row->name,
		    row->example);
	}
}

void
config_sample(const struct config *c, const struct access *a, bool printed,
    struct buf *out)
{
	const struct config_row *row = config_rows;
	struct show_half half;
	enum config_place place;
	struct packed texts;
	const char *at;

	packed_open(&texts, TEXT_SETTINGS, out);
	buf_addz(out, sample_head);
	for (size_t i = 0; i < CONFIG_KEYS; i++, row++) {
		half = show_half(i, c, a);
		place = half.origin[i].place;
		at = (const char *)half.at + row->at;
		add_comment(config_row_help(row, &texts), out);
		/* a proxy of this environment is none of the machine's */
		if ((place != CONFIG_ENVIRONMENT && place != CONFIG_AZURE) ||
		    i == CONFIG_PROXY ||
		    (printed && config_row_is_secret(row))) {
			sample_default(i, &half, out);
			continue;
		}
		buf_addf(out, "%s = ", row->name);
		if (config_row_is_secret(row))
			buf_adds(out, secret_view((const void *)at));
		else
			config_row_print(row, half.at, out);
		buf_addc(out, '\n');
	}
	packed_release(&texts);
	buf_addz(out, sample_tail);
}
