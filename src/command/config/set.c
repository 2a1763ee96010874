/* SPDX-License-Identifier: MIT */
#include "command/config/set.h"

#include <string.h>

#include "base/os.h"
#include "command/config/apply.h"
#include "command/config/ask.h"
#include "command/config/json.h"
#include "config/file.h"
#include "config/oddity.h"

enum { SET_TELL_MAX = CONFIG_KEYS * 8192 };

/* What is asked for, by words or by lines. */
struct set {
	const struct settings *s;
	struct apply apply;
	struct buf lines;     /* of standard input; wiped */
	struct secret secret; /* or the one value */
	/* of each key; p NULL: nothing; n 0: it is to be taken away */
	struct str value[CONFIG_KEYS];
	const struct config_row *at; /* whose line or word is refused */
	const char *relay; /* a key of [relay] in place of these; or NULL */
	struct str relay_values;
	bool away; /* what is named is to be taken away */
};

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

	if (config_row_is_secret(row) &&
	    (str_eq(value, STR("***")) ||
		str_find(value, STR("//***@")) < value.n))
		odd = "*** stands for a secret that is not shown";
	if (odd == NULL)
		return true;
	err_set(e, ERR_USAGE, "%s: the value was not taken", row->name);
	return err_remedy(e, "%s", odd);
}

/* The one value, which may have to be asked for. */
static bool
set_ask(struct set *t, const char *value, struct err *e)
{
	const struct config_row *row = t->at;

	if (value == NULL && row->type->secret == NULL) {
		err_set(e, ERR_USAGE, "%s: there is no value", row->name);
		return err_remedy(e, "like post365 config set %s '%s'",
		    row->name, row->example);
	}
	if (value == NULL)
		return ask_secret(row->name, &t->secret, e);
	if (config_row_has_secret(row, str_trim(str_of(value))))
		return set_refuse_secret(row, e);
	return secret_set(&t->secret, str_of(value), e);
}

static bool
set_read_relay(struct set *t, struct err *e)
{
	const char *values = t->s->word[2];

	if (t->relay[strspn(t->relay, "abcdefghijklmnopqrstuvwxyz_")] != '\0') {
		err_set(e, ERR_USAGE, "there is no key \"relay.%.60s\"",
		    t->relay);
		return err_remedy(e, "post365 help relay lists the keys");
	}
	if (values != NULL && values[strspn(values, "; \t")] != '\0') {
		t->relay_values = str_trim(str_of(values));
		return config_text_check(t->relay_values, e);
	}
	err_set(e, ERR_USAGE, "relay.%s: there is no value", t->relay);
	return err_remedy(e,
	    "like post365 config set relay.listen '127.0.0.1:25; [::1]:25', "
	    "which replaces all lines of that key");
}

static bool
set_read_words(struct set *t, struct err *e)
{
	const char *value = t->s->word[2];
	struct str text;

	t->relay = settings_relay_key(t->s->word[1]);
	if (t->relay != NULL)
		return set_read_relay(t, e);
	t->at = settings_row(t->s->word[1], e);
	if (t->at == NULL || !set_ask(t, value, e))
		return false;
	text = str_trim(secret_view(&t->secret));
	if (text.n == 0) {
		err_set(e, ERR_USAGE, "%s: the value is empty", t->at->name);
		return err_remedy(e, "post365 config unset %s takes it away",
		    t->at->name);
	}
	t->value[t->at - config_rows] = text;
	return set_check_value(t->at, text, e);
}

/* Of a line that is none nothing is said but its number. */
static bool
set_read_line(struct set *t, struct str line, struct err *e)
{
	size_t eq = str_chr(line, '=');
	struct str name = str_trim(str_first(line, eq)), *value;

	t->at = config_row_find(name);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (eq == line.n)
		return err_set(e, ERR_USAGE, "not of the form key = value");
	if (t->at == NULL || t->at->type == NULL) {
		t->at = NULL;
		return config_unknown_key(name, e);
	}
	value = &t->value[t->at - config_rows];
	if (value->p != NULL)
		return err_set(e, ERR_USAGE, "%s is given twice", t->at->name);
	*value = str_trim(str_from(line, eq + 1));
	return value->n == 0 || set_check_value(t->at, *value, e);
}

/* With a proof the others go, unless they are named. */
static void
set_replace_proofs(struct set *t)
{
	const struct config_row *row = config_rows, *proof;

	for (size_t i = 0; i < CONFIG_KEYS; i++)
		for (size_t k = 0; k < CONFIG_KEYS; k++) {
			proof = &config_rows[k];
			if (t->value[k].n > 0 && t->value[i].p == NULL &&
			    config_row_gives_way(&row[i], proof))
				t->value[i] = STR("");
		}
}

static bool
set_read_lines(struct set *t, struct err *e)
{
	struct str rest, line;

	if (t->s->word[1] != NULL)
		return err_set(e, ERR_USAGE, "unexpected \"%.60s\"",
		    t->s->word[1]);
	if (!os_read_file("-", &t->lines, e))
		return false;
	rest = buf_view(&t->lines);
	for (unsigned n = 1; str_next(&rest, '\n', &line); n++)
		if (!set_read_line(t, str_trim(line), e))
			return err_wrap(e, "line %u", n);
	set_replace_proofs(t);
	return true;
}

static bool
set_read_name(struct set *t, struct err *e)
{
	t->away = true;
	t->relay = settings_relay_key(t->s->word[1]);
	if (t->relay != NULL)
		return true;
	t->at = settings_row(t->s->word[1], e);
	if (t->at != NULL)
		t->value[t->at - config_rows] = STR("");
	return t->at != NULL;
}

/* All of them into the texts. */
static bool
set_change(struct set *t, struct err *e)
{
	const struct str *value = t->value;

	for (t->at = config_rows; t->at < config_rows + CONFIG_KEYS; t->at++) {
		if (value->n > 0 && !apply_set(&t->apply, t->at, *value, e))
			return false;
		if (value->n == 0 && value->p != NULL &&
		    !apply_unset(&t->apply, t->at, e))
			return false;
		value++;
	}
	t->at = NULL;
	return t->relay == NULL ||
	    apply_relay(&t->apply, t->relay, t->relay_values, e);
}

/* "set from in FILE" */
static bool
set_tell(struct set *t, struct err *e)
{
	const struct config_row *row = config_rows;
	struct apply *a = &t->apply;
	struct buf text;
	bool ok;

	buf_init(&text, SET_TELL_MAX);
	for (size_t i = 0; i < CONFIG_KEYS; i++, row++)
		if (a->did[i] != 0)
			buf_addf(&text, "%s %s in %s\n",
			    (a->did[i] & APPLY_GIVEN) != 0 ? "set" : "removed",
			    row->name, apply_path(a, row));
	if (t->relay != NULL)
		buf_addf(&text, "%s relay.%s in %s\n",
		    t->away ? "removed" : "set", t->relay, a->file->path);
	ok = cli_flush(&text, 0, e);
	buf_release(&text);
	return ok;
}

typedef bool set_read(struct set *t, struct err *e);

static bool
set_do(struct set *t, set_read *read, struct err *e)
{
	const struct settings *s = t->s;
	struct apply *a = &t->apply;

	if (!read(t, e) || !apply_open(a, s->lines, s->tag, e) ||
	    !set_change(t, e))
		return false;
	if (t->away && a->file[0].changed == a->file[1].changed)
		return err_set(e, ERR_CONFIG, "%s is not set in %s", s->word[1],
		    a->file->path);
	return apply_check(a, !t->away, e) && apply_close(a, e) &&
	    (s->json || set_tell(t, e));
}

static int
set_run(const struct settings *s, set_read *read)
{
	struct set t = { .s = s };
	struct err e;
	int code;
	bool ok;

	apply_init(&t.apply, &s->cli);
	buf_init_secret(&t.lines, CONFIG_FILE_MAX);
	ok = set_do(&t, read, &e);
	code = settings_end(s, &t.apply, ok ? NULL : &e, t.at);
	buf_release(&t.lines);
	secret_release(&t.secret);
	apply_release(&t.apply);
	return code;
}

int
settings_set(const struct settings *s)
{
	return set_run(s, s->lines ? set_read_lines : set_read_words);
}

int
settings_unset(const struct settings *s)
{
	return set_run(s, set_read_name);
}
