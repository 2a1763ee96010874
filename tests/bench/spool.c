/* SPDX-License-Identifier: MIT */
/*
 * spool: what store/spool costs within one process.
 *
 *	spool fill FOLDER N ADDRESS	queues N messages, not synced
 *	spool rate FOLDER N		two lines: durable messages a second,
 *					of store/spool and of a bare loop
 *
 * The bare loop does what it takes at least: write, fsync, rename, fsync of
 * the folder. The two take turns, a message each, so that a noisy disk is as
 * bad for one as for the other.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/spool.h"

#include "base/os.h"

enum { SIZE = 4096, HEAD = 512 };

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "spool: %s\n", what);
	exit(1);
}

static struct str
message(const char *from)
{
	static char text[SIZE];
	int n = snprintf(text, HEAD,
	    "From: %s\r\nTo: to@example.com\r\nSubject: bench\r\n\r\n", from);

	for (size_t i = (size_t)n; i < SIZE; i++)
		text[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'x';
	return (struct str){ text, SIZE };
}

static void
add(struct spool *s, const char *from)
{
	struct str to = STR("to@example.com");
	const struct envelope v = { .sender = str_of(from),
		.recipient = &to,
		.recipients = 1,
		.account = STR(""),
		.client = STR("bench"),
		.message_id = STR("<bench@example.com>") };
	struct spool_add a;
	struct err e = { 0 };

	check(spool_begin(s, &v, &a, &e) &&
		spool_write(&a, message(from), &e) && spool_commit(&a, &e),
	    e.msg);
}

static void
add_bare(int from, int to, unsigned i)
{
	struct str text = message("sender@example.com");
	char name[32];
	int fd;

	(void)snprintf(name, sizeof(name), "%u", i);
	fd = openat(from, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	check(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n &&
		fsync(fd) == 0 && close(fd) == 0 &&
		renameat(from, name, to, name) == 0 && fsync(to) == 0,
	    "the bare loop cannot write");
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
rate(struct spool *s, const char *folder, unsigned n)
{
	double ours = 0, bare = 0, t0, t1;
	int dir[2];
	char path[1024];

	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/bare%d", folder, i);
		dir[i] = mkdir(path, 0700) == 0 ?
		    open(path, O_RDONLY | O_DIRECTORY) :
		    -1;
		check(dir[i] >= 0, "no folder for the bare loop");
	}
	for (unsigned i = 0; i < n; i++) {
		t0 = now();
		add(s, "sender@example.com");
		t1 = now();
		add_bare(dir[0], dir[1], i);
		ours += t1 - t0;
		bare += now() - t1;
	}
	printf("spool %.1f\nbare %.1f\n", n / ours, n / bare);
}

int
main(int argc, char **argv)
{
	bool fill = argc == 5 && strcmp(argv[1], "fill") == 0;
	struct spool s = { 0 };
	struct err e = { 0 };

	if (!fill && (argc != 4 || strcmp(argv[1], "rate") != 0)) {
		fprintf(stderr, "usage: spool fill FOLDER N ADDRESS\n"
				"       spool rate FOLDER N\n");
		return 64;
	}
	check(spool_open(&s, argv[2], fill ? SPOOL_NONE : SPOOL_FULL,
		  &clock_system, &e),
	    e.msg);
	if (!fill)
		rate(&s, argv[2], (unsigned)atoi(argv[3]));
	for (int i = fill ? atoi(argv[3]) : 0; i > 0; i--)
		add(&s, argv[4]);
	spool_close(&s);
	return 0;
}
