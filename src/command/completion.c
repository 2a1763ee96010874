/* SPDX-License-Identifier: MIT */
#include "command/completion.h"

#include <string.h>

#include "base/str.h"
#include "command/all.h"

/* What may stand behind an option. */
enum completion_kind { NOTHING, A_FILE, WORDS, ANYTHING };

static enum completion_kind
completion_kind(const struct cli_option *o)
{
	if (o->value == NULL)
		return NOTHING;
	if (str_starts(str_of(o->value), STR("FILE")) ||
	    str_starts(str_of(o->value), STR("DIR")) ||
	    str_starts(str_of(o->value), STR("FOLDER")))
		return A_FILE;
	return strchr(o->value, '|') != NULL ? WORDS : ANYTHING;
}

/* "auto|mime|json", with something else between them. */
static void
completion_words(const char *value, char between, struct buf *out)
{
	for (; *value != '\0'; value++)
		buf_addc(out, *value == '|' ? between : *value);
}

/* What is done with each option of a command and of every command. */
typedef void completion_one(const struct cli_command *c,
    const struct cli_option *o, struct buf *out);

static void
completion_each(const struct cli_command *c, completion_one *one,
    struct buf *out)
{
	for (const struct cli_option *o = c->option;
	     o != NULL && o->name != NULL; o++)
		one(c, o, out);
	for (const struct cli_option *o = cli_common_options; o->name != NULL;
	     o++)
		one(c, o, out);
}

/* What help says, for a text between apostrophes; zsh minds more. */
static void
completion_quote(const char *text, const char *also, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_addz(out, "'\\'");
		else if (strchr(also, *text) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

/* The words that the first operand may be, each with a blank before it. */
static void
completion_operands(const struct cli_command *c, struct buf *out)
{
	const char *word;

	for (size_t i = 0; c->word != NULL && (word = c->word(i)) != NULL; i++)
		buf_addf(out, " %s", word);
}

/* bash */

static void
bash_value(const struct cli_command *c, const struct cli_option *o,
    struct buf *out)
{
	enum completion_kind kind = completion_kind(o);

	if (kind == NOTHING)
		return;
	buf_addf(out, "\t'%s --%s'", c->name, o->name);
	if (o->letter != 0)
		buf_addf(out, " | '%s -%c'", c->name, o->letter);
	buf_addz(out, ") ");
	if (kind == A_FILE) {
		buf_addz(out, "COMPREPLY=($(compgen -f -- \"$cur\")); ");
	} else if (kind == WORDS) {
		buf_addz(out, "COMPREPLY=($(compgen -W '");
		completion_words(o->value, ' ', out);
		buf_addz(out, "' -- \"$cur\")); ");
	}
	buf_addz(out, "return ;;\n");
}

static void
bash_name(const struct cli_command *c, const struct cli_option *o,
    struct buf *out)
{
	(void)c;
	buf_addf(out, " --%s", o->name);
}

static void
completion_bash(struct buf *out)
{
	buf_addz(out,
	    "# bash completion of post365\n"
	    "# shellcheck disable=SC2207\n"
	    "_post365() {\n"
	    "\tlocal i cmd='' cur=${COMP_WORDS[COMP_CWORD]}\n"
	    "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	    "\tCOMPREPLY=()\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-C | -A | --config | --account) ((i++)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) cmd=${COMP_WORDS[i]}; break ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase \"$cmd $prev\" in\n");
	for (size_t i = 0; i < COMMAND_ALL; i++)
		completion_each(&command_all[i], bash_value, out);
	buf_addz(out, "\tesac\n\tcase $cmd in\n\t'') set -- ''");
	for (size_t i = 0; i < COMMAND_ALL; i++)
		buf_addf(out, " %s", command_all[i].name);
	buf_addz(out, " ;;\n");
	for (size_t i = 0; i < COMMAND_ALL; i++) {
		buf_addf(out, "\t%s) set -- '", command_all[i].name);
		completion_each(&command_all[i], bash_name, out);
		buf_addc(out, '\'');
		completion_operands(&command_all[i], out);
		buf_addz(out, " ;;\n");
	}
	buf_addz(out,
	    "\tesac\n"
	    "\tcase $cur in\n"
	    "\t-*) COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")) ;;\n"
	    "\t*) COMPREPLY=($(compgen -W \"${*:2}\" -- \"$cur\")) ;;\n"
	    "\tesac\n"
	    "}\n"
	    "complete -o bashdefault -o default -F _post365 post365\n");
}

/* zsh */

static void
zsh_value(const struct cli_option *o, struct buf *out)
{
	static const char
	    *const action[] = { [A_FILE] = "_files", [ANYTHING] = " " };
	enum completion_kind kind = completion_kind(o);

	buf_addc(out, '[');
	completion_quote(o->help, "[]:\\", out);
	buf_addc(out, ']');
	if (kind == NOTHING)
		return;
	buf_addc(out, ':');
	completion_quote(kind == WORDS ? o->name : o->value, "[]:\\", out);
	buf_addc(out, ':');
	if (kind != WORDS) {
		buf_addz(out, action[kind]);
		return;
	}
	buf_addc(out, '(');
	completion_words(o->value, ' ', out);
	buf_addc(out, ')');
}

static void
zsh_option(const struct cli_command *c, const struct cli_option *o,
    struct buf *out)
{
	(void)c;
	buf_addf(out, " \\\n\t\t    '*--%s%s", o->name,
	    o->value != NULL ? "=" : "");
	zsh_value(o, out);
	buf_addc(out, '\'');
	if (o->letter == 0)
		return;
	buf_addf(out, " '*-%c%s", o->letter, o->value != NULL ? "+" : "");
	zsh_value(o, out);
	buf_addc(out, '\'');
}

static void
completion_zsh(struct buf *out)
{
	buf_addz(out,
	    "#compdef post365\n"
	    "_post365() {\n"
	    "\tlocal -a commands\n"
	    "\tif ((CURRENT == 2)); then\n"
	    "\t\tcommands=(");
	for (size_t i = 0; i < COMMAND_ALL; i++) {
		buf_addf(out, " \\\n\t\t    '%s:", command_all[i].name);
		completion_quote(command_all[i].help, ":\\", out);
		buf_addc(out, '\'');
	}
	buf_addz(out,
	    ")\n"
	    "\t\t_describe command commands\n"
	    "\t\treturn\n"
	    "\tfi\n"
	    "\tshift words\n"
	    "\t((CURRENT--))\n"
	    "\tcase $words[1] in\n");
	for (size_t i = 0; i < COMMAND_ALL; i++) {
		buf_addf(out, "\t%s) _arguments -s", command_all[i].name);
		completion_each(&command_all[i], zsh_option, out);
		if (command_all[i].word != NULL) {
			buf_addz(out, " \\\n\t\t    '1:what:(");
			completion_operands(&command_all[i], out);
			buf_addz(out, ")'");
		}
		buf_addz(out, " \\\n\t\t    '*:operand:_files' ;;\n");
	}
	buf_addz(out,
	    "\tesac\n"
	    "}\n"
	    "if [[ $funcstack[1] == _post365 ]]; then\n"
	    "\t_post365 \"$@\"\n"
	    "else\n"
	    "\tcompdef _post365 post365\n"
	    "fi\n");
}

/* fish */

static void
fish_option(const struct cli_command *c, const struct cli_option *o,
    struct buf *out)
{
	enum completion_kind kind = completion_kind(o);

	buf_addf(out,
	    "complete -c post365 -n '__fish_seen_subcommand_from %s' -l %s",
	    c->name, o->name);
	if (o->letter != 0)
		buf_addf(out, " -s %c", o->letter);
	if (kind != NOTHING)
		buf_addz(out, kind == A_FILE ? " -r -F" : " -x");
	if (kind == WORDS) {
		buf_addz(out, " -a '");
		completion_words(o->value, ' ', out);
		buf_addc(out, '\'');
	}
	buf_addz(out, " -d '");
	completion_quote(o->help, "\\", out);
	buf_addz(out, "'\n");
}

static void
completion_fish(struct buf *out)
{
	buf_addz(out, "# fish completion of post365\n");
	for (size_t i = 0; i < COMMAND_ALL; i++) {
		buf_addf(out,
		    "complete -c post365 -n __fish_use_subcommand -x -a %s -d "
		    "'",
		    command_all[i].name);
		completion_quote(command_all[i].help, "\\", out);
		buf_addz(out, "'\n");
		if (command_all[i].word != NULL) {
			buf_addf(out,
			    "complete -c post365 -n '__fish_seen_subcommand_"
			    "from %s; and test (count (commandline -opc)) "
			    "= 2' -f -a '",
			    command_all[i].name);
			completion_operands(&command_all[i], out);
			buf_addz(out, "'\n");
		}
		completion_each(&command_all[i], fish_option, out);
	}
}

/* clang-format off */
const struct completion_shell completion_shells[COMPLETION_SHELLS] = {
	{ "completion-bash", completion_bash },
	{ "completion-zsh", completion_zsh },
	{ "completion-fish", completion_fish },
};
/* clang-format on */
