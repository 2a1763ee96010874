/* SPDX-License-Identifier: MIT */
/*
 * measure: runs commands in turn and prints the median of what each cost.
 *
 *	measure ROUNDS NAME=COMMAND...	(each COMMAND by /bin/sh)
 *
 * One line a command: NAME wall_ms cpu_ms peak_kB, medians over the rounds.
 * The commands take turns, so that a noisy machine is as bad for one as for
 * another. CPU time and peak memory include all children of the command; the
 * peak is that of the largest process. This program is small on purpose: a
 * child begins with the memory of who forked it, and that counts.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 8, ROUNDS = 1000 };

struct cost {
	double wall, cpu, peak;
};

static struct cost seen[COMMANDS][ROUNDS];

static double
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static struct cost
run(const char *command)
{
	double start = now_ms();
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0) {
		fprintf(stderr, "measure: failed: %s\n", command);
		exit(1);
	}
	return (struct cost){ now_ms() - start,
		ms(used.ru_utime) + ms(used.ru_stime), (double)used.ru_maxrss };
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const struct cost *c, int n, size_t offset)
{
	double v[ROUNDS];

	for (int i = 0; i < n; i++)
		memcpy(&v[i], (const char *)&c[i] + offset, sizeof(v[i]));
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

int
main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[1]) : 0;
	const char *command;

	if (rounds < 1 || rounds > ROUNDS || argc - 2 > COMMANDS) {
		fprintf(stderr, "usage: measure ROUNDS NAME=COMMAND...\n");
		return 64;
	}
	for (int r = 0; r < rounds; r++)
		for (int i = 2; i < argc; i++) {
			command = strchr(argv[i], '=');
			seen[i - 2][r] =
			    run(command != NULL ? command + 1 : argv[i]);
		}
	for (int i = 2; i < argc; i++)
		printf("%.*s %.2f %.2f %.0f\n", (int)strcspn(argv[i], "="),
		    argv[i],
		    median(seen[i - 2], rounds, offsetof(struct cost, wall)),
		    median(seen[i - 2], rounds, offsetof(struct cost, cpu)),
		    median(seen[i - 2], rounds, offsetof(struct cost, peak)));
	return 0;
}
