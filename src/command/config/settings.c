/* SPDX-License-Identifier: MIT */
#include "command/config/settings.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/ask.h"
#include "command/config/certificate.h"
#include "command/config/init.h"
#include "command/config/json.h"
#include "command/config/set.h"
#include "config/access.h"
#include "config/key.h"
#include "config/relay.h"
#include "config/show.h"
#include "relay/conf.h"

enum { TEXT_MAX = 256 * 1024 }; /* values of 8 kB each, and comments */

/* All lines of [relay], or the values of one key of it. */
static bool
settings_add_relay(const struct config *c, const char *key, struct buf *out,
    struct err *e)
{
	struct config_pair *p = NULL;
	struct arena mem;
	bool ok;

	arena_init(&mem, TEXT_MAX);
	/* standard input was read already */
	ok = c->piped || config_relay(c, &mem, &p, e);
	if (key == NULL && p != NULL)
		buf_addz(out, "\n[relay]\n");
	for (; ok && p != NULL; p = p->next)
		if (key == NULL)
			buf_addf(out, "%.*s = %.*s\n", STR_ARG(p->key),
			    STR_ARG(p->value));
		else if (str_eq(p->key, str_of(key)))
			buf_addf(out, "%.*s\n", STR_ARG(p->value));
	arena_release(&mem);
	return ok;
}

static int
settings_show(const struct settings *s)
{
	const struct cli *c = &s->cli;
	const struct config_ask ask = command_ask(c);
	struct access access = { 0 };
	struct config config;
	struct buf text;
	struct err e, unsaid;
	bool whole;
	int code;

	if (s->json)
		return settings_show_json(s);
	buf_init(&text, TEXT_MAX);
	if (config_load(&config, &ask, &c->log, &e)) {
		whole = access_load(&access, &config, &c->log, &e);
		config_show(&config, &access, &text);
		whole = settings_add_relay(&config, NULL, &text,
			    whole ? &e : &unsaid) &&
		    whole;
		code = cli_print(c, &text);
		if (code == EX_OK && !whole)
			code = cli_fail(c, &e);
	} else {
		code = cli_fail(c, &e);
	}
	access_release(&access);
	config_release(&config);
	buf_release(&text);
	return code;
}

static int
settings_print_path(const struct cli *c, struct str path)
{
	struct buf text;
	int code;

	buf_init(&text, path.n + 1);
	buf_addf(&text, "%.*s\n", STR_ARG(path));
	code = cli_print(c, &text);
	buf_release(&text);
	return code;
}

bool
settings_no_file(const struct config_places *places, struct err *e)
{
	struct str last = places->item[places->n - 1];

	if (access(last.p, F_OK) < 0 && errno == EACCES)
		return err_sys(e, ERR_CONFIG, "%s", last.p);
	err_set(e, ERR_CONFIG, "there is no file; looked for %.*s%s%s",
	    STR_ARG(places->item[0]), places->n > 1 ? " and " : "",
	    places->n > 1 ? places->item[1].p : "");
	e->exit = EX_NOINPUT;
	return err_remedy(e, "post365 config init makes one");
}

static int
settings_path(const struct settings *s)
{
	const struct cli *c = &s->cli;
	struct config_places places;
	struct os_stat st;
	struct arena mem;
	struct err e;
	int code = -1;

	arena_init(&mem, TEXT_MAX);
	config_find(&mem, c->common.config, &places);
	if (!arena_ok(&mem, &e))
		code = cli_fail(c, &e);
	for (size_t i = 0; i < places.n && code < 0; i++)
		if (os_stat_path(places.item[i].p, &st, &e))
			code = settings_print_path(c, places.item[i]);
	if (code < 0) {
		(void)!settings_no_file(&places, &e);
		code = cli_fail(c, &e);
	}
	arena_release(&mem);
	return code;
}

const char *
settings_relay_key(const char *name)
{
	static const struct str prefix = STR_INIT("relay.");

	return str_starts(str_of(name), prefix) ? name + prefix.n : NULL;
}

static bool
settings_is_relay(const char *name)
{
	size_t i = 0;

	while (conf_key(i) != NULL && strcmp(conf_key(i), name) != 0)
		i++;
	return conf_key(i) != NULL;
}

const struct config_row *
settings_row(const char *name, struct err *e)
{
	const struct config_row *row = config_row_find(str_of(name));
	const char *near;

	if (name == NULL) {
		err_set(e, ERR_USAGE, "which key?");
		err_remedy(e, "post365 help config lists the keys");
		return NULL;
	}
	if (row != NULL && row->type != NULL)
		return row;
	near = config_row_nearest(str_of(name));
	err_set(e, ERR_USAGE, "there is no key \"%.60s\"", name);
	if (settings_is_relay(name))
		err_remedy(e, "did you mean relay.%s?", name);
	else if (near != NULL)
		err_remedy(e, "did you mean %s?", near);
	else
		err_remedy(e,
		    "post365 help config lists the keys; those of [relay] are "
		    "relay.KEY");
	return NULL;
}

/* The value in force, and nothing else. */
static int
settings_get(const struct settings *s)
{
	const struct config_ask ask = command_ask(&s->cli);
	const char *relay = settings_relay_key(s->word[1]);
	const struct config_row *row = NULL;
	struct access access = { 0 };
	struct config config = { 0 };
	struct buf text;
	struct err e;
	bool ok;

	if (relay == NULL && (row = settings_row(s->word[1], &e)) == NULL)
		return cli_fail(&s->cli, &e);
	buf_init(&text, TEXT_MAX);
	ok = config_load(&config, &ask, &s->cli.log, &e) &&
	    (row == NULL || row->half == CONFIG_PUBLIC ||
		access_load(&access, &config, &s->cli.log, &e)) &&
	    (row != NULL || settings_add_relay(&config, relay, &text, &e));
	if (ok && row != NULL && config_value(&config, &access, row, &text))
		buf_addc(&text, '\n');
	if (ok && text.n == 0)
		ok = err_set(&e, ERR_CONFIG, "%s is not set", s->word[1]);
	ok = ok && buf_ok(&text, &e) && cli_out(buf_view(&text), &e);
	buf_release(&text);
	access_release(&access);
	config_release(&config);
	return ok ? EX_OK : cli_fail(&s->cli, &e);
}

/* clang-format off */
static const struct {
	const char *name;
	int (*run)(const struct settings *s);
	size_t words; /* that may follow */
} verbs[] = {
	{ "show", settings_show, 0 },
	{ "path", settings_path, 0 },
	{ "init", settings_init, 0 },
	{ "get", settings_get, 1 },
	{ "set", settings_set, 2 },
	{ "unset", settings_unset, 1 },
	{ "certificate", settings_certificate, 1 },
};

enum { TENANT = 1, CLIENT, FROM, CERTIFICATE, MANAGED, DAYS, SET, JSON, LINES,
	IF };

const struct cli_option settings_options[] = {
	{ TENANT, 0, "tenant", "ID", "init: the directory (tenant) ID" },
	{ CLIENT, 0, "client", "ID", "init: the application (client) ID" },
	{ FROM, 'f', "from", "ADDRESS", "init: who sends" },
	{ CERTIFICATE, 0, "certificate", "FILE",
	  "init: it signs in; made if it is not there" },
	{ MANAGED, 0, "managed", NULL,
	  "init: the identity that Azure gives signs in" },
	{ DAYS, 0, "days", "N", "certificate: how long it is valid (730)" },
	{ SET, 0, "set", NULL, "certificate: sign in by it from now on" },
	{ LINES, 0, "lines", NULL, "set: what standard input says, at once" },
	{ IF, 0, "if", "TAG", "set ...: if they are what show --json saw" },
	{ JSON, 0, "json", NULL, "for programs: all but path, init and get" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

const char *
settings_word(size_t i)
{
	return i < VERBS ? verbs[i].name : NULL;
}

static bool
settings_take(void *arg, int id, const char *value, struct err *e)
{
	struct settings *s = arg;
	const char **const texts[] = { [TENANT] = &s->tenant,
		[CLIENT] = &s->client,
		[FROM] = &s->from,
		[CERTIFICATE] = &s->certificate,
		[DAYS] = &s->days,
		[IF] = &s->tag };
	bool *const flags[] = { [MANAGED] = &s->managed,
		[SET] = &s->set,
		[JSON] = &s->json,
		[LINES] = &s->lines };

	if (id == CLI_OPERAND && s->words == SETTINGS_WORDS)
		return cli_unexpected(value, e);
	if (id == CLI_OPERAND)
		s->word[s->words++] = value;
	else if (value != NULL)
		*texts[id] = value;
	else
		*flags[id] = true;
	return true;
}

static int
settings_run(const struct settings *s)
{
	const char *verb = s->word[0];
	struct err e;

	for (size_t i = 0; i < VERBS; i++) {
		if (verb != NULL && strcmp(verb, verbs[i].name) != 0)
			continue;
		if (verbs[i].words + 1 < SETTINGS_WORDS &&
		    s->word[verbs[i].words + 1] != NULL) {
			cli_unexpected(s->word[verbs[i].words + 1], &e);
			return cli_fail(&s->cli, &e);
		}
		return verbs[i].run(s);
	}
	err_set(&e, ERR_USAGE,
	    "\"%.60s\" is not one of show, path, init, get, set, unset, "
	    "certificate",
	    verb);
	return cli_fail(&s->cli, &e);
}

int
settings_main(const struct cli_command *self, int argc, char **argv)
{
	struct settings s = { .word = { NULL } };
	struct err e;

	cli_init(&s.cli, self, argc, argv);
	if (!cli_each(&s.cli, settings_take, &s, &e))
		return cli_fail(&s.cli, &e);
	if (s.cli.common.help)
		return cli_help(self);
	return settings_run(&s);
}
