/* SPDX-License-Identifier: MIT */
#include "command/config/set.h"

#include <sysexits.h>

#include "command/config/apply.h"
#include "command/config/ask.h"
#include "config/oddity.h"

/* "set from in FILE" */
static bool
set_tell(const char *what, const struct config_row *row, const struct apply *a,
    struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, 8192);
	buf_addf(&text, "%s %s in %s\n", what, row->name, a->path);
	ok = buf_ok(&text, e) && cli_out(buf_view(&text), e);
	buf_release(&text);
	return ok;
}

/* Others see a command line. */
static bool
set_refuse_secret(const struct config_row *row, struct err *e)
{
	err_set(e, ERR_USAGE,
	    "%s: a secret on the command line can be seen by all users of this "
	    "machine, and stays in the shell's history",
	    row->name);
	return err_remedy(e,
	    "post365 config set %s asks for it, or takes it from standard "
	    "input: post365 config set %s <FILE",
	    row->name, row->name);
}

static bool
set_check_value(const struct config_row *row, struct str value, struct err *e)
{
	const char *odd = oddity_of(row, value, false);

	if (odd == NULL)
		return true;
	err_set(e, ERR_USAGE, "%s: the value was not taken", row->name);
	return err_remedy(e, "%s", odd);
}

static bool
set_value(struct apply *a, const struct config_row *row, const char *value,
    struct err *e)
{
	struct secret secret = { 0 };
	struct str text = str_trim(str_of(value));
	bool ok = true;

	if (value == NULL && row->type->secret == NULL) {
		err_set(e, ERR_USAGE, "%s: there is no value", row->name);
		return err_remedy(e, "like post365 config set %s '%s'",
		    row->name, row->example);
	}
	if (value != NULL && config_row_has_secret(row, text))
		return set_refuse_secret(row, e);
	if (value == NULL) {
		ok = ask_secret(row->name, &secret, e);
		text = str_trim(secret_view(&secret));
	}
	ok = ok && set_check_value(row, text, e) && apply_set(a, row, text, e);
	secret_release(&secret);
	return ok;
}

typedef bool set_change(struct apply *a, const struct config_row *row,
    const char *value, struct err *e);

static int
set_run(const struct settings *s, set_change *change, const char *done)
{
	const struct config_row *row;
	struct apply a;
	struct err e;
	bool ok;

	row = settings_row(s->word[1], &e);
	if (row == NULL)
		return cli_fail(&s->cli, &e);
	apply_init(&a, &s->cli);
	ok = apply_read(&a, row, &e) && change(&a, row, s->word[2], &e) &&
	    apply_check(&a, change == set_value ? row : NULL, &e) &&
	    apply_replace(&a, &e) && set_tell(done, row, &a, &e);
	apply_release(&a);
	return ok ? EX_OK : cli_fail(&s->cli, &e);
}

static bool
set_take_away(struct apply *a, const struct config_row *row, const char *value,
    struct err *e)
{
	bool was;

	if (value != NULL)
		return err_set(e, ERR_USAGE, "unexpected \"%.60s\"", value);
	if (!apply_unset(a, row, &was, e))
		return false;
	return was ||
	    err_set(e, ERR_CONFIG, "%s is not set in %s", row->name, a->path);
}

int
settings_set(const struct settings *s)
{
	return set_run(s, set_value, "set");
}

int
settings_unset(const struct settings *s)
{
	return set_run(s, set_take_away, "removed");
}
