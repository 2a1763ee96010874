/* SPDX-License-Identifier: MIT */
/*
 * command: runs a command inside the test program, and compares whole
 * outputs with golden files.
 */
#ifndef UNIT_COMMAND_H
#define UNIT_COMMAND_H

#include "base/buf.h"
#include "cli/cli.h"

enum { COMMAND_ARGS_MAX = 24 };

struct command_run {
	const struct cli_command *command;
	/* after the command's name; ends with NULL */
	const char *argv[COMMAND_ARGS_MAX];
	struct str in; /* on standard input */
};

struct command_result {
	int code;
	struct buf out, err; /* as printed */
};

/* Streams go through memory files. Release in any case. */
void command_run(const struct command_run *run, struct command_result *out);
void command_release(struct command_result *r);

/* A folder of the test's own, removed by command_folder_remove. */
const char *command_folder(void);
void command_folder_remove(void);
/* Writes a file into it and lends its path until the next call. */
const char *command_file(const char *name, struct str text, unsigned mode);

/* Takes everything out of the environment that configures this program. */
void command_clear_environment(void);

/*
 * Checks text against tests/golden/NAME; with T_BLESS set (test --bless)
 * writes that file instead.
 */
void command_golden(const char *name, struct str text);

#endif
