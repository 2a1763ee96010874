/* SPDX-License-Identifier: MIT */
#include "config/show.h"

#include "config/key.h"

static const char sample_head[] =
    "# Settings of post365. A `#` begins a comment only at the start of a\n"
    "# line; a value is the rest of its line. `post365 config show` prints\n"
    "# what they come to.\n";
static const char sample_tail[] =
    "\n# Further senders inherit all of the above:\n"
    "#[account reports]\n"
    "#from = reports@contoso.com\n";

void
config_show(const struct config *c, struct buf *out)
{
	if (c->account.n > 0)
		buf_addf(out, "# account %.*s\n", STR_ARG(c->account));
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (c->origin[i].p == NULL) {
			buf_addf(out, "# not set: %s\n", config_rows[i].name);
			continue;
		}
		buf_addf(out, "# %.*s\n%s = ", STR_ARG(c->origin[i]),
		    config_rows[i].name);
		config_row_print(&config_rows[i], c, out);
		buf_addc(out, '\n');
	}
}

/* Each line of a help text as a comment. */
static void
add_comment(const char *text, struct buf *out)
{
	struct str rest = str_of(text), line;

	if (rest.n == 0)
		return;
	buf_addc(out, '\n');
	while (str_next(&rest, '\n', &line))
		buf_addf(out, "# %.*s\n", STR_ARG(line));
}

void
config_sample(const struct config *c, bool printed, struct buf *out)
{
	const struct config_row *row = config_rows;
	struct str origin;

	buf_addz(out, sample_head);
	for (size_t i = 0; i < CONFIG_KEYS; i++, row++) {
		origin = c->origin[i];
		add_comment(row->help, out);
		/* a proxy of this environment is none of the machine's */
		if (!str_starts(origin, STR("from environment")) ||
		    i == CONFIG_PROXY ||
		    (printed && config_row_is_secret(row))) {
			buf_addf(out, "#%s = %s\n", row->name, row->example);
			continue;
		}
		buf_addf(out, "%s = ", row->name);
		if (config_row_is_secret(row))
			buf_adds(out, secret_view(config_row_secret(row, c)));
		else
			config_row_print(row, c, out);
		buf_addc(out, '\n');
	}
	buf_addz(out, sample_tail);
}
