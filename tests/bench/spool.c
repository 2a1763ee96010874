/* SPDX-License-Identifier: MIT */
/*
 * spool: what store/spool costs within one process.
 *
 *	spool fill FOLDER N ADDRESS [ACCOUNT]
 *					queues N messages, synced at the end
 *	spool rate FOLDER N		two lines: durable messages a second,
 *					of store/spool and of a bare loop
 *	spool commit FOLDER N ROUNDS	groups of N that share a commit: ms a
 *					group, of store/spool, of a bare loop of
 *					the same calls, and of the order sync,
 *					rename, sync, rename, ...
 *	spool look FOLDER		opens, stats, reads and closes each of
 *					new/: what a list of them takes at least
 *
 * The bare loop does what it takes at least: write, fsync, rename, fsync of
 * the folder. The two take turns, a message each, so that a noisy disk is as
 * bad for one as for the other.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/spool.h"

#include "base/os.h"

enum { SIZE = 4096, HEAD = 512, GROUP_MOST = 100 };

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

/* Written, and not on the disk yet. */
static void
begin(struct spool *s, const char *from, const char *account,
    struct spool_add *a)
{
	struct str to = STR("to@example.com");
	const struct envelope v = { .sender = str_of(from),
		.recipient = &to,
		.recipients = 1,
		.account = str_of(account),
		.mailbox = str_of(from),
		.client = STR("bench"),
		.message_id = STR("<bench@example.com>") };
	struct err e = { 0 };

	check(spool_begin(s, &v, a, &e) && spool_write(a, message(from), &e),
	    e.msg);
}

static void
add(struct spool *s, const char *from, const char *account)
{
	struct spool_add a;
	struct err e = { 0 };

	begin(s, from, account, &a);
	check(spool_commit(&a, &e), e.msg);
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
		add(s, "sender@example.com", "");
		t1 = now();
		add_bare(dir[0], dir[1], i);
		ours += t1 - t0;
		bare += now() - t1;
	}
	printf("spool %.1f\nbare %.1f\n", n / ours, n / bare);
}

/* --- groups */

struct bare {
	int tmp, new, n, fd[GROUP_MOST];
	unsigned done;
	char name[GROUP_MOST][32];
};

static void
group_of_ours(struct spool *s, int n)
{
	struct spool_add a[GROUP_MOST], *all[GROUP_MOST];
	struct err e = { 0 };

	for (int i = 0; i < n; i++) {
		all[i] = &a[i];
		begin(s, "sender@example.com", "", &a[i]);
		check(spool_seal(&a[i], &e), e.msg);
	}
	check(spool_settle(all, (size_t)n, &e), e.msg);
}

/* The calls of spool_begin, spool_write and spool_seal, as large. */
static void
bare_write(struct bare *b, int i)
{
	const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_NOW } };
	struct str text = message("sender@example.com");
	struct stat st;
	int fd;

	(void)snprintf(b->name[i], sizeof(b->name[i]), "bare%u", b->done++);
	for (int folder = 0; folder < 4; folder++)
		(void)fstatat(b->new, b->name[i], &st, AT_SYMLINK_NOFOLLOW);
	fd = openat(b->tmp, b->name[i], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	check(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		write(fd, text.p, text.n) == (ssize_t)text.n &&
		write(fd, text.p, text.n) == (ssize_t)text.n &&
		write(fd, text.p, 92) == 92 && futimens(fd, now) == 0,
	    "the bare loop cannot write");
	b->fd[i] = fd;
}

static void
bare_rename(struct bare *b, int i)
{
	check(renameat2(b->tmp, b->name[i], b->new, b->name[i],
		  RENAME_NOREPLACE) == 0,
	    "the bare loop cannot rename");
}

static void
group_of_bare(struct bare *b)
{
	for (int i = 0; i < b->n; i++)
		bare_write(b, i);
	for (int i = 0; b->n > 1 && i < b->n; i++)
		(void)sync_file_range(b->fd[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	for (int i = 0; i < b->n; i++)
		(void)sync_file_range(b->fd[i], 0, 0,
		    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			SYNC_FILE_RANGE_WAIT_AFTER);
	for (int i = 0; i < b->n; i++)
		bare_rename(b, i);
	for (int i = 0; i < b->n; i++)
		check(fdatasync(b->fd[i]) == 0, "the bare loop cannot sync");
	check(fsync(b->new) == 0, "the bare loop cannot sync");
	for (int i = 0; i < b->n; i++)
		(void)close(b->fd[i]);
}

static void
group_of_old(struct bare *b)
{
	for (int i = 0; i < b->n; i++) {
		bare_write(b, i);
		check(fdatasync(b->fd[i]) == 0, "the bare loop cannot sync");
		bare_rename(b, i);
	}
	check(fsync(b->new) == 0, "the bare loop cannot sync");
	for (int i = 0; i < b->n; i++)
		(void)close(b->fd[i]);
}

/* The three take turns, as in rate(). */
static void
commit(struct spool *s, int n, int rounds)
{
	struct bare b = { .tmp = s->dir[SPOOL_TMP].fd,
		.new = s->dir[SPOOL_HOLD].fd,
		.n = n };
	double t[4], sum[3] = { 0 };

	check(n >= 1 && n <= GROUP_MOST && rounds > 0, "how many?");
	for (int i = 0; i < rounds; i++) {
		t[0] = now();
		group_of_ours(s, n);
		t[1] = now();
		group_of_bare(&b);
		t[2] = now();
		group_of_old(&b);
		t[3] = now();
		for (int k = 0; k < 3; k++)
			sum[k] += t[k + 1] - t[k];
	}
	printf("%d %.2f %.2f %.2f\n", n, sum[0] * 1000 / rounds,
	    sum[1] * 1000 / rounds, sum[2] * 1000 / rounds);
}

static void
look(void *arg, const char *name, bool regular)
{
	const struct dir *new = arg;
	char head[ENVELOPE_SLOTS + 1024];
	struct stat st;
	int fd;

	if (!regular)
		return;
	fd = openat(new->fd, name, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && fstat(fd, &st) == 0 &&
		pread(fd, head, sizeof(head), 0) > 0,
	    name);
	(void)close(fd);
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: spool fill FOLDER N ADDRESS [ACCOUNT]\n"
	    "       spool rate FOLDER N\n"
	    "       spool commit FOLDER N ROUNDS\n"
	    "       spool look FOLDER\n");
	return 64;
}

int
main(int argc, char **argv)
{
	bool fill = (argc == 5 || argc == 6) && strcmp(argv[1], "fill") == 0;
	bool groups = argc == 5 && strcmp(argv[1], "commit") == 0;
	bool looks = argc == 3 && strcmp(argv[1], "look") == 0;
	struct spool s = { 0 };
	struct err e = { 0 };

	if (!fill && !groups && !looks &&
	    (argc != 4 || strcmp(argv[1], "rate") != 0))
		return usage();
	check(spool_open(&s, argv[2], fill ? SPOOL_NONE : SPOOL_FULL,
		  &clock_system, &e),
	    e.msg);
	if (groups)
		commit(&s, atoi(argv[3]), atoi(argv[4]));
	else if (looks)
		check(dir_each(&s.dir[SPOOL_NEW], look, &s.dir[SPOOL_NEW], &e),
		    e.msg);
	else if (!fill)
		rate(&s, argv[2], (unsigned)atoi(argv[3]));
	for (int i = fill ? atoi(argv[3]) : 0; i > 0; i--)
		add(&s, argv[4], argc == 6 ? argv[5] : "");
	check(!fill || syncfs(s.dir[SPOOL_NEW].fd) == 0, "it cannot sync");
	spool_close(&s);
	return 0;
}
