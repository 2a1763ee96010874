/* SPDX-License-Identifier: MIT */
/*
 * cli: command-line options from a table.
 *
 * Long options as --name VALUE and --name=VALUE, short ones bundled or with
 * the value attached, "--" ends them; options and operands may mix. A table
 * says all there is to know, so `help` prints the same table.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/packed.h"
#include "base/str.h"

struct cli_option {
	int id;            /* of the command; CLI_COMMON and up are cli's */
	char letter;       /* 0: long form only */
	const char *name;  /* without the dashes */
	const char *value; /* what it is called in help; NULL: a flag */
	const char *help;
};

/* What is common to all commands: -C -A -v -q -h. */
struct cli_common {
	const char *config, *account;
	bool verbose, quiet;
	bool help; /* options end there: the command calls cli_help */
};

/* One command of the program: a row of the table in main.c. */
struct cli_command {
	const char *name; /* "" is the program without a command */
	int (*run)(const struct cli_command *self, int argc, char **argv);
	const char *operands;            /* "[RECIPIENT...]" */
	const char *help;                /* one line */
	const struct cli_option *option; /* ends with a zeroed one; or NULL */
	/* further text for help; what is before a form feed in it (an
	   example, the actions) stands above the options */
	enum packed_text more;
	/* what the first operand may be, from 0 on; NULL behind the last */
	const char *(*word)(size_t i); /* or NULL */
};

/* The options of every command, ending with a zeroed one. */
extern const struct cli_option cli_common_options[];

enum { CLI_PREFIX_SIZE = 40 };

struct cli {
	const struct cli_command *command;
	struct cli_common common;
	struct log log;               /* as -v and -q ask */
	char prefix[CLI_PREFIX_SIZE]; /* "post365 send: ", for log */
	int argc;
	char **argv;
	int at;             /* the word that comes next */
	const char *bundle; /* the rest of "-abc" */
	bool only_operands; /* "--" was seen */
};

/* argv[0] is the command's name. Lives on the caller's stack; not copied. */
void cli_init(struct cli *c, const struct cli_command *command, int argc,
    char **argv);

enum { CLI_END = -1, CLI_OPERAND = 0, CLI_COMMON = 1000 };
/*
 * The next option's id and value, CLI_OPERAND and its text, or CLI_END in
 * *id. Common options are dealt with inside; after -h comes CLI_END.
 * ERR_USAGE with the nearest known name.
 */
bool cli_next(struct cli *c, int *id, const char **value, struct err *e)
    __attribute__((warn_unused_result));

/* Takes an option of the command's own, or an operand (id CLI_OPERAND). */
typedef bool cli_take(void *arg, int id, const char *value, struct err *e);
/*
 * The whole command line, in its order; ends where take fails, and before -h.
 * ERR_USAGE as cli_next has it, else take's.
 */
bool cli_each(struct cli *c, cli_take *take, void *arg, struct err *e)
    __attribute__((warn_unused_result));
/* Refuses an operand too many: ERR_USAGE; gives false. */
bool cli_unexpected(const char *operand, struct err *e);

/* Refuses an empty name of the settings file: ERR_USAGE. */
bool cli_no_file(const char *option, struct err *e);
/*
 * The whole command line of a command whose options have no values. *one, NULL
 * before: its operand, if there is one. one NULL: it takes none. *option: the
 * last option's id, else as it was. ERR_USAGE.
 */
bool cli_words(struct cli *c, const char **one, int *option, struct err *e)
    __attribute__((warn_unused_result));
/* The same of a command without options of its own. */
bool cli_operand(struct cli *c, const char **one, struct err *e)
    __attribute__((warn_unused_result));

/* Prints the help of a command, or what went wrong; gives the exit code. */
int cli_help(const struct cli_command *command);
int cli_fail(const struct cli *c, const struct err *e);

/* Appends "TITLE:" and a line an option, or two. */
void cli_help_options(const char *title, const struct cli_option *o,
    struct buf *out);
/* The two halves of a command's further text; each may be empty. */
void cli_help_halves(struct str more, struct str *above, struct str *below);
/* Appends what cli_help prints. more: the command's further text. */
void cli_help_text(const struct cli_command *command, struct str more,
    struct buf *out);

/* Writes to standard output; false if that cannot be done. */
bool cli_out(struct str s, struct err *e) __attribute__((warn_unused_result));
/*
 * Writes a text of more than `most` bytes, and empties it. False: it is not
 * whole (buf_ok), or cannot be written.
 */
bool cli_flush(struct buf *text, size_t most, struct err *e)
    __attribute__((warn_unused_result));
/* Writes a whole text and gives the exit code of a command that ends so. */
int cli_print(const struct cli *c, const struct buf *text);

#endif
