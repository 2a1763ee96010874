/* SPDX-License-Identifier: MIT */
/*
 * rate: starts commands again and again and prints how many end a second.
 *
 *	rate ROUNDS COUNT AT_ONCE NAME INPUT COMMAND... [-- NAME INPUT ...]...
 *
 * INPUT is a file: standard input of each start. COMMAND is started without a
 * shell; words NAME=VALUE before it go into its environment. One line a
 * command: NAME and starts a second, the median over the rounds. As in
 * measure.c the commands take turns. One that fails ends all.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 8, ROUNDS = 100, WORDS = 64 };

struct command {
	const char *name, *input;
	char *env[WORDS], **argv; /* argv ends with NULL */
	double seen[ROUNDS];
};

static struct command commands[COMMANDS];

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
stop(const struct command *c, const char *why)
{
	fprintf(stderr, "rate: %s: %s\n", c->name, why);
	exit(1);
}

static void
start(const struct command *c)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	if (posix_spawn_file_actions_init(&files) != 0 ||
	    posix_spawn_file_actions_addopen(&files, 0, c->input, O_RDONLY,
		0) != 0 ||
	    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY,
		0) != 0 ||
	    posix_spawn(&pid, c->argv[0], &files, NULL, c->argv, c->env) != 0)
		stop(c, "cannot be started");
	(void)posix_spawn_file_actions_destroy(&files);
}

static double
run(const struct command *c, int count, int at_once)
{
	double begin = now();
	int status;

	for (int started = 0, ended = 0; ended < count;) {
		if (started < count && started - ended < at_once) {
			start(c);
			started++;
			continue;
		}
		if (wait(&status) < 0 || status != 0)
			stop(c, "failed");
		ended++;
	}
	return count / (now() - begin);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Takes one command off the words; how many these were. */
static int
take(struct command *c, char **word, int n)
{
	int used = 2, env = 0;

	if (n < 3)
		return 0;
	c->name = word[0];
	c->input = word[1];
	for (; used < n && strchr(word[used], '=') != NULL; used++)
		if (env < WORDS - 1)
			c->env[env++] = word[used];
	c->argv = word + used;
	while (used < n && strcmp(word[used], "--") != 0)
		used++;
	word[used] = NULL; /* the "--", or argv's own end */
	return used;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 4 ? atoi(argv[1]) : 0, n = 0, used;

	for (int i = 4; rounds > 0 && i < argc && n < COMMANDS; i += used + 1) {
		used = take(&commands[n], argv + i, argc - i);
		if (used == 0 || *commands[n].argv == NULL)
			break;
		n++;
	}
	if (rounds < 1 || rounds > ROUNDS || n == 0) {
		fprintf(stderr, "usage: rate ROUNDS COUNT AT_ONCE "
				"NAME INPUT COMMAND... [-- ...]\n");
		return 64;
	}
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < n; i++)
			commands[i].seen[r] =
			    run(&commands[i], atoi(argv[2]), atoi(argv[3]));
	for (int i = 0; i < n; i++) {
		qsort(commands[i].seen, (size_t)rounds, sizeof(double),
		    compare);
		printf("%s %.1f\n", commands[i].name,
		    commands[i].seen[rounds / 2]);
	}
	return 0;
}
