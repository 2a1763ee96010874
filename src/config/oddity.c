/* SPDX-License-Identifier: MIT */
#include "config/oddity.h"

/* A shell's text: quotation marks and # mean there what they do anywhere. */
static bool
oddity_is_command(const struct config_row *row)
{
	return row == &config_rows[CONFIG_CLIENT_SECRET_COMMAND] ||
	    row == &config_rows[CONFIG_ALERT_COMMAND];
}

/* "Team #1 <x@y>" */
static bool
oddity_has_names(const struct config_row *row)
{
	return row != NULL &&
	    (row->type == &config_type_sender || row->type == &config_type_map);
}

static bool
oddity_is_relative(const struct config_row *row, struct str text)
{
	return row != NULL && row->type->path && text.p[0] != '/' &&
	    !config_is_no_path(text);
}

const char *
oddity_of(const struct config_row *row, struct str text, bool refused)
{
	if (oddity_is_command(row) || text.n < 2)
		return NULL;
	if ((text.p[0] == '"' || text.p[0] == '\'') &&
	    text.p[text.n - 1] == text.p[0])
		return "its quotation marks count as a part of the value: "
		       "leave them out";
	if (str_find(text, STR(" #")) < text.n &&
	    (refused || !oddity_has_names(row)))
		return "its # and what follows count as a part of the value: "
		       "a comment needs a line of its own";
	if (oddity_is_relative(row, text))
		return "it counts from the folder where post365 is called, "
		       "another one in cron: give the whole path";
	return NULL;
}
