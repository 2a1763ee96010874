/* SPDX-License-Identifier: MIT */
#include "config/oddity.h"

#include <string.h>

#include "base/secret.h"
#include "config/file.h"

enum {
	QUOTE_WHOLE = 16, /* no secret that Entra makes is so short */
	QUOTE_LEAST = 8
};

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

const char *
oddity_mixed_up(enum config_key key, struct str text, struct str tenant,
    struct str client)
{
	if (key == CONFIG_CLIENT_ID && str_ieq(text, tenant))
		return "that is the tenant's ID again; the Application "
		       "(client) ID is another one, in the line above it";
	if (key == CONFIG_CLIENT_ID && config_is_domain(text))
		return "that is a domain, and names a tenant; were the two "
		       "swapped?";
	if (key == CONFIG_CLIENT_SECRET &&
	    (str_ieq(text, tenant) || str_ieq(text, client)))
		return "that is one of the two IDs again, no secret";
	if (key == CONFIG_CLIENT_SECRET && config_is_guid(text))
		return "that is the Secret ID; the secret is what the portal "
		       "shows as Value, once; make another if it is gone";
	return NULL;
}

/*
 * A secret may stand where it does not belong: of a long value its beginning
 * is enough to find it.
 */
static void
oddity_quote_less(struct str value, struct err *e)
{
	size_t at = 0, n;
	struct str rest, quoted;

	for (;; at += n + 1) {
		rest = str_from(str_of(e->msg), at);
		n = str_chr(rest, '"');
		if (n == rest.n)
			return;
		quoted = str_from(rest, n + 1);
		at += n + 1;
		n = str_chr(quoted, '"');
		quoted = str_first(quoted, n);
		if (n <= QUOTE_WHOLE || str_find(value, quoted) == value.n)
			continue;
		(void)memcpy(e->msg + at + QUOTE_LEAST, "...", 3);
		(void)memmove(e->msg + at + QUOTE_LEAST + 3, e->msg + at + n,
		    str_of(e->msg + at + n).n + 1);
		n = QUOTE_LEAST + 3;
	}
}

void
oddity_blame(const struct config_row *row, struct str text, struct err *e)
{
	const char *odd = oddity_of(row, text, true);

	oddity_quote_less(text, e);
	if (odd != NULL)
		(void)err_remedy(e, "%s", odd);
}

bool
oddity_try(const struct config_row *row, struct str text, struct arena *mem,
    struct err *e)
{
	union {
		struct secret hidden;
		struct str plain;
		struct config_rate rate;
		uint64_t number;
	} at = { 0 };
	const struct config_value to = { row->type, &at, mem, row->example };
	bool ok = config_text_check(text, e) && row->type->parse(text, &to, e);

	if (row->type->secret != NULL)
		secret_release(&at.hidden);
	if (!ok)
		oddity_blame(row, text, e);
	return ok;
}
