/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"

enum {
	NAMES_MAX = 64,       /* options of one command, common ones too */
	HELP_COLUMN = 32,     /* where the explanations begin */
	HELP_MAX = 64 * 1024, /* text of one command's help */
	FAIL_SIZE = ERR_MSG_SIZE + ERR_REMEDY_SIZE + 256
};

enum { CONFIG = CLI_COMMON, ACCOUNT, VERBOSE, QUIET, HELP };

/* clang-format off */
const struct cli_option cli_common_options[] = {
	{ CONFIG, 'C', "config", "FILE", "settings file to use" },
	{ ACCOUNT, 'A', "account", "NAME", "its [account NAME] section" },
	{ VERBOSE, 'v', "verbose", NULL, "show each step and the wire" },
	{ QUIET, 'q', "quiet", NULL, "no messages; the exit status tells" },
	{ HELP, 'h', "help", NULL, "show this" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

static const struct cli_option no_options[] = { { 0, 0, NULL, NULL, NULL } };

static const struct cli_option *
options_of(const struct cli_command *command)
{
	return command->option != NULL ? command->option : no_options;
}

void
cli_init(struct cli *c, const struct cli_command *command, int argc,
    char **argv)
{
	*c = (struct cli){ .command = command,
		.argc = argc,
		.argv = argv,
		.at = 1 };
	(void)snprintf(c->prefix, sizeof(c->prefix),
	    "post365%s%.24s: ", *command->name != '\0' ? " " : "",
	    command->name);
	c->log = (struct log){ .level = LOG_WARN,
		.fd = STDERR_FILENO,
		.name = c->prefix };
}

/* A script's empty variable; it may have meant any file. */
bool
cli_no_file(const char *option, struct err *e)
{
	err_set(e, ERR_USAGE, "%s names no file", option);
	return err_remedy(e,
	    "name the settings file, or leave the option out for the usual "
	    "one");
}

static void
take_common(struct cli *c, int id, const char *value)
{
	struct cli_common *common = &c->common;

	if (id == CONFIG)
		common->config = value;
	else if (id == ACCOUNT)
		common->account = value;
	else if (id == VERBOSE)
		common->verbose = true;
	else if (id == QUIET)
		common->quiet = true;
	else
		common->help = true;
	if (common->quiet)
		c->log.level = LOG_NONE;
	else if (common->verbose)
		c->log.level = LOG_TRACE;
}

/* The command's own options come first: they may reuse a common letter. */
static const struct cli_option *
find_option(const struct cli *c, struct str name, char letter)
{
	const struct cli_option *lists[] = { options_of(c->command),
		cli_common_options };

	for (size_t i = 0; i < 2; i++) {
		for (const struct cli_option *o = lists[i]; o->name; o++) {
			if (letter != 0 ? o->letter == letter :
					  str_eq(str_of(o->name), name))
				return o;
		}
	}
	return NULL;
}

static bool
unknown_long(const struct cli *c, struct str name, struct err *e)
{
	const char *names[NAMES_MAX + 1] = { NULL }, *near;
	size_t n = 0;

	for (const struct cli_option *o = options_of(c->command);
	     o->name != NULL && n < NAMES_MAX; o++)
		names[n++] = o->name;
	for (const struct cli_option *o = cli_common_options;
	     o->name != NULL && n < NAMES_MAX; o++)
		names[n++] = o->name;
	near = cli_nearest(name, names);
	err_set(e, ERR_USAGE, "unknown option --%.*s", STR_ARG(name));
	if (near != NULL)
		err_remedy(e, "did you mean --%s?", near);
	return false;
}

static bool
next_long(struct cli *c, struct str word, int *id, const char **value,
    struct err *e)
{
	size_t eq = str_chr(word, '=');
	struct str name = str_first(word, eq);
	const struct cli_option *o = find_option(c, name, 0);

	if (o == NULL)
		return unknown_long(c, name, e);
	*id = o->id;
	if (o->value == NULL && eq < word.n)
		return err_set(e, ERR_USAGE, "option --%s takes no value",
		    o->name);
	if (o->value == NULL)
		return true;
	if (eq < word.n)
		*value = word.p + eq + 1;
	else if (c->at < c->argc)
		*value = c->argv[c->at++];
	else
		return err_set(e, ERR_USAGE, "option --%s needs %s", o->name,
		    o->value);
	return true;
}

static bool
next_letter(struct cli *c, int *id, const char **value, struct err *e)
{
	char letter = *c->bundle++;
	const struct cli_option *o = find_option(c, STR(""), letter);

	if (o == NULL)
		return err_set(e, ERR_USAGE, "unknown option -%.*s",
		    (int)str_utf8_want(letter), c->bundle - 1);
	*id = o->id;
	if (o->value == NULL)
		return true;
	if (*c->bundle != '\0')
		*value = c->bundle;
	else if (c->at < c->argc)
		*value = c->argv[c->at++];
	else
		return err_set(e, ERR_USAGE, "option -%c needs %s", letter,
		    o->value);
	c->bundle = NULL;
	return true;
}

/* The next option or operand, common ones included. */
static bool
next_any(struct cli *c, int *id, const char **value, struct err *e)
{
	struct str word;

	*value = NULL;
	if (c->bundle != NULL && *c->bundle != '\0')
		return next_letter(c, id, value, e);
	c->bundle = NULL;
	*id = CLI_END;
	if (c->at < c->argc && !c->only_operands &&
	    str_eq(str_of(c->argv[c->at]), STR("--"))) {
		c->only_operands = true;
		c->at++;
	}
	if (c->at >= c->argc)
		return true;
	word = str_of(c->argv[c->at++]);
	if (!c->only_operands && str_starts(word, STR("--")))
		return next_long(c, str_from(word, 2), id, value, e);
	if (!c->only_operands && word.n > 1 && word.p[0] == '-') {
		c->bundle = word.p + 1;
		return next_letter(c, id, value, e);
	}
	*id = CLI_OPERAND;
	*value = word.p;
	return true;
}

bool
cli_next(struct cli *c, int *id, const char **value, struct err *e)
{
	do {
		if (!next_any(c, id, value, e))
			return false;
		if (*id < CLI_COMMON)
			return true;
		if (*id == CONFIG && **value == '\0')
			return cli_no_file("--config", e);
		take_common(c, *id, *value);
	} while (!c->common.help);
	*id = CLI_END;
	return true;
}

bool
cli_each(struct cli *c, cli_take *take, void *arg, struct err *e)
{
	const char *value;
	int id;

	while (cli_next(c, &id, &value, e)) {
		if (id == CLI_END)
			return true;
		if (!take(arg, id, value, e))
			return false;
	}
	return false;
}

bool
cli_unexpected(const char *operand, struct err *e)
{
	return err_set(e, ERR_USAGE, "unexpected \"%.60s\"", operand);
}

struct cli_few {
	const char **one;
	int *option;
};

static bool
cli_take_few(void *arg, int id, const char *value, struct err *e)
{
	struct cli_few *few = arg;

	if (id != CLI_OPERAND)
		*few->option = id;
	else if (few->one == NULL || *few->one != NULL)
		return cli_unexpected(value, e);
	else
		*few->one = value;
	return true;
}

bool
cli_words(struct cli *c, const char **one, int *option, struct err *e)
{
	struct cli_few few = { one, option };

	return cli_each(c, cli_take_few, &few, e);
}

bool
cli_operand(struct cli *c, const char **one, struct err *e)
{
	int none = 0;

	return cli_words(c, one, &none, e);
}

static void
help_option(const struct cli_option *o, struct buf *out)
{
	size_t start = out->n;

	if (o->letter != 0)
		buf_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(out, "      --%s", o->name);
	if (o->value != NULL)
		buf_addf(out, " %s", o->value);
	if (out->n - start >= HELP_COLUMN - 1) {
		buf_addc(out, '\n');
		start = out->n;
	}
	buf_addf(out, "%*s%s\n", (int)(HELP_COLUMN - (out->n - start)), "",
	    o->help);
}

void
cli_help_options(const char *title, const struct cli_option *o, struct buf *out)
{
	buf_addf(out, "\n%s:\n", title);
	for (; o->name != NULL; o++)
		help_option(o, out);
}

void
cli_help_halves(struct str more, struct str *above, struct str *below)
{
	size_t n = str_chr(more, '\f');

	*above = n < more.n ? str_first(more, n) : STR("");
	*below = n < more.n ? str_from(more, n + 1) : more;
}

void
cli_help_text(const struct cli_command *command, struct str more,
    struct buf *out)
{
	const struct cli_option *own = options_of(command);
	struct str above, below;

	cli_help_halves(more, &above, &below);
	buf_addf(out, "post365 %s%s%s%s\n\n%s\n", command->name,
	    own->name != NULL ? " [options]" : "",
	    *command->operands != '\0' ? " " : "", command->operands,
	    command->help);
	if (above.n > 0)
		buf_addf(out, "\n%.*s", STR_ARG(above));
	if (own->name != NULL)
		cli_help_options("options", own, out);
	cli_help_options("options of every command", cli_common_options, out);
	if (below.n > 0)
		buf_addf(out, "\n%.*s", STR_ARG(below));
}

int
cli_help(const struct cli_command *command)
{
	struct cli c;
	struct packed texts;
	struct buf text;
	int code;

	cli_init(&c, command, 0, NULL);
	buf_init(&text, HELP_MAX);
	packed_open(&texts, command->more, &text);
	cli_help_text(command, packed_view(&texts, command->more), &text);
	packed_release(&texts);
	code = cli_print(&c, &text);
	buf_release(&text);
	return code;
}

int
cli_fail(const struct cli *c, const struct err *e)
{
	char text[FAIL_SIZE];
	struct err unsaid;
	bool said;
	int n, m = 0;

	if (c->log.level < LOG_WARN)
		return err_exit(e);
	n = snprintf(text, sizeof(text), "%s%s\n", c->prefix, e->msg);
	if (e->remedy[0] != '\0')
		m = snprintf(text + n, sizeof(text) - (size_t)n, "  do: %s\n",
		    e->remedy);
	else if (e->kind == ERR_USAGE)
		m = snprintf(text + n, sizeof(text) - (size_t)n,
		    "  do: see post365 help%s%s\n",
		    *c->command->name != '\0' ? " " : "", c->command->name);
	said = os_write_fd(c->log.fd, "standard error",
	    (struct str){ text, (size_t)(n + m) }, &unsaid);
	(void)said; /* nobody is left to tell */
	return err_exit(e);
}

bool
cli_out(struct str s, struct err *e)
{
	return os_write_fd(STDOUT_FILENO, "standard output", s, e);
}

bool
cli_flush(struct buf *text, size_t most, struct err *e)
{
	bool ok = buf_ok(text, e);

	if (text->n <= most)
		return ok;
	ok = ok && cli_out(buf_view(text), e);
	buf_reset(text);
	return ok;
}

int
cli_print(const struct cli *c, const struct buf *text)
{
	struct err e;

	if (!buf_ok(text, &e) || !cli_out(buf_view(text), &e))
		return cli_fail(c, &e);
	return EX_OK;
}
