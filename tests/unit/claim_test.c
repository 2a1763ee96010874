/* SPDX-License-Identifier: MIT */
#include "store/claim.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "queue.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const struct str body = STR_INIT("Subject: x\r\n\r\nhello\r\n");

static bool
says(const struct err *e, const char *text)
{
	return str_find(str_of(e->msg), str_of(text)) < str_of(e->msg).n;
}

static bool
take(struct claim *c, struct queue *q, const char *id, unsigned folders,
    struct err *e)
{
	arena_release(&q->arena);
	arena_init(&q->arena, 16 << 20);
	return claim_take(c, &q->spool, id, folders, &q->arena, e);
}

/* Through all folders, as a worker and a person move it. */
static void
test_life(void)
{
	struct queue q;
	struct claim c;
	struct spool_entry entry = { .where = SPOOL_NEW };
	struct err e = { 0 };
	char id[ENVELOPE_ID_SIZE];

	queue_new(&q);
	T_CHECK(queue_add(&q, body, id, &e), "%s", e.msg);
	T_CHECK(take(&c, &q, id, SPOOL_KEPT, &e) && c.spool == NULL,
	    "not kept");
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool != NULL &&
		c.where == SPOOL_WORK && queue_has(&c, body),
	    "%s", e.msg);
	T_CHECK(queue_count(&q, SPOOL_WORK) == 1, "it is in work");
	c.state.next = QUEUE_NOW + 60;
	c.state.attempts = 1;
	c.state.kind = ERR_RETRY;
	c.state.reason = STR("busy");
	T_CHECK(claim_put(&c, SPOOL_NEW, &e) && c.spool == NULL, "%s", e.msg);
	memcpy(entry.id, id, sizeof(entry.id));
	T_CHECK(spool_due(&q.spool, &entry) == QUEUE_NOW + 60, "due later");
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.state.attempts == 1 &&
		c.state.next == QUEUE_NOW + 60 && c.state.kind == ERR_RETRY &&
		str_eq(c.state.reason, STR("busy")),
	    "the state was kept");
	T_CHECK(claim_put(&c, SPOOL_HOLD, &e), "%s", e.msg);
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool == NULL, "held");
	T_CHECK(take(&c, &q, id, SPOOL_KEPT, &e) && c.where == SPOOL_HOLD,
	    "a person takes it");
	T_CHECK(claim_put(&c, SPOOL_DEAD, &e), "%s", e.msg);
	T_CHECK(take(&c, &q, id, SPOOL_KEPT, &e) && c.where == SPOOL_DEAD &&
		c.state.sequence == 3,
	    "sequence %llu", (unsigned long long)c.state.sequence);
	T_CHECK(claim_put(&c, SPOOL_NEW, &e), "%s", e.msg);
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool != NULL, "back");
	T_CHECK(claim_done(&c, &e), "%s", e.msg);
	T_CHECK(take(&c, &q, id, SPOOL_ALL, &e) && c.spool == NULL && !c.busy,
	    "gone");
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		T_CHECK(queue_count(&q, i) == 0, "nothing in %u", i);
	queue_end(&q);
}

/* A settled one that is still there is removed, whoever takes it. */
static void
test_settled(void)
{
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	char id[ENVELOPE_ID_SIZE];

	queue_new(&q);
	T_CHECK(queue_add(&q, body, id, &e) &&
		take(&c, &q, id, SPOOL_QUEUED, &e),
	    "%s", e.msg);
	c.state.done = c.envelope.recipients;
	T_CHECK(claim_save(&c, &e), "%s", e.msg);
	claim_leave(&c);
	T_CHECK(queue_count(&q, SPOOL_WORK) == 1, "it is there");
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool == NULL, "none");
	T_CHECK(queue_count(&q, SPOOL_WORK) == 0, "removed");
	queue_end(&q);
}

static pid_t
child_that_takes(struct queue *q, const char *id)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		struct claim c;
		struct err e;

		if (!take(&c, q, id, SPOOL_QUEUED, &e) || c.spool == NULL)
			_exit(1);
		c.state.unsure_since = 77;
		if (!claim_save(&c, &e) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	T_CHECK(read(ready[0], &byte, 1) == 1, "the child has it");
	(void)close(ready[0]);
	return pid;
}

static void
test_takeover(void)
{
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	char id[ENVELOPE_ID_SIZE];
	pid_t pid;

	queue_new(&q);
	T_CHECK(queue_add(&q, body, id, &e), "%s", e.msg);
	pid = child_that_takes(&q, id);
	T_CHECK(take(&c, &q, id, SPOOL_ALL, &e) && c.spool == NULL && c.busy,
	    "busy while it lives");
	T_CHECK(claim_look(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.where == SPOOL_WORK && c.busy,
	    "anybody may look");
	claim_leave(&c);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	T_CHECK(claim_look(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.where == SPOOL_WORK && !c.busy,
	    "its worker died");
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool != NULL &&
		queue_has(&c, body) && c.state.unsure_since == 77,
	    "taken over: %s", e.msg);
	claim_leave(&c);
	queue_end(&q);
}

enum { CROWD = 6, MESSAGES = 150 };

/* Takes what it can until all are gone; counts each by its number. */
static void
work_off(const char *path, unsigned *got)
{
	struct queue q;
	struct spool_list l;
	struct claim c;
	struct err e;
	char number[8];
	size_t left = 1;

	queue_open(&q, path);
	while (left > 0) {
		if (!spool_list(&q.spool, SPOOL_QUEUED, &l, &e))
			_exit(1);
		left = l.n;
		for (size_t i = 0; i < l.n; i++) {
			if (!take(&c, &q, l.item[i].id, SPOOL_QUEUED, &e))
				_exit(2);
			if (c.spool == NULL)
				continue;
			if (c.state.attempts == 0 && i % 3 == 0) {
				c.state.attempts = 1; /* first another time */
				if (!claim_put(&c, SPOOL_NEW, &e))
					_exit(3);
				continue;
			}
			memset(number, 0, sizeof(number));
			if (!source_read(&c.body, 0, number,
				(size_t)c.body.size, &e))
				_exit(4);
			__atomic_add_fetch(&got[atoi(number)], 1,
			    __ATOMIC_SEQ_CST);
			if (!claim_done(&c, &e))
				_exit(5);
		}
		spool_list_release(&l);
	}
	queue_close(&q);
}

static void
test_crowd(void)
{
	unsigned *got = mmap(NULL, MESSAGES * sizeof(*got),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char number[16], id[ENVELOPE_ID_SIZE];
	struct queue q;
	struct err e = { 0 };
	pid_t pid[CROWD];
	int status;

	queue_new(&q);
	for (int i = 0; i < MESSAGES; i++) {
		(void)snprintf(number, sizeof(number), "%d", i);
		T_CHECK(queue_add(&q, str_of(number), id, &e), "%s", e.msg);
	}
	for (size_t i = 0; i < CROWD; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			work_off(q.path, got);
			_exit(0);
		}
	}
	for (size_t i = 0; i < CROWD; i++) {
		(void)waitpid(pid[i], &status, 0);
		T_CHECK(status == 0, "process %zu: %d", i, status >> 8);
	}
	for (int i = 0; i < MESSAGES; i++)
		T_CHECK(got[i] == 1, "message %d: %u times", i, got[i]);
	(void)munmap(got, MESSAGES * sizeof(*got));
	queue_end(&q);
}

/* Reads a whole file of new/, to write a changed one in its place. */
static size_t
slurp(struct queue *q, const char *id, char *p, size_t n)
{
	int fd = openat(q->spool.dir[SPOOL_NEW].fd, id, O_RDONLY);
	ssize_t got = read(fd, p, n);

	(void)close(fd);
	return got > 0 ? (size_t)got : 0;
}

static void
replace(struct queue *q, const char *id, const char *p, size_t n)
{
	int fd;

	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		(void)unlinkat(q->spool.dir[i].fd, id, 0);
	fd = openat(q->spool.dir[SPOOL_NEW].fd, id, O_CREAT | O_WRONLY, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	(void)close(fd);
}

/* Cut at every length, and one bit wrong at every byte: never given out. */
static void
test_torn(void)
{
	static char whole[8192], bad[8192];
	char id[ENVELOPE_ID_SIZE];
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	size_t n, slots;

	queue_new(&q);
	T_CHECK(queue_add(&q, body, id, &e), "%s", e.msg);
	n = slurp(&q, id, whole, sizeof(whole));
	slots = str_find((struct str){ whole, n }, STR("\n\n")) + 2;
	q.spool.sync = SPOOL_NONE; /* 4,000 times */
	for (size_t i = 0; i < n; i++) {
		if (i > slots + 8 && i < slots + ENVELOPE_SLOTS - 8)
			continue;
		replace(&q, id, whole, i);
		T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e) &&
			e.kind == ERR_INPUT && c.spool == NULL && says(&e, id),
		    "cut to %zu: %s", i, e.msg);
		T_CHECK(queue_count(&q, SPOOL_HOLD) == 1, "cut to %zu: held",
		    i);
	}
	for (size_t i = 0; i < n; i++) {
		if (i >= slots && i < slots + ENVELOPE_SLOTS)
			continue; /* states have a check of their own */
		memcpy(bad, whole, n);
		bad[i] ^= 1;
		replace(&q, id, bad, n);
		T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool == NULL,
		    "bit of byte %zu", i);
	}
	memcpy(bad, whole, n);
	bad[n] = 'x';
	replace(&q, id, bad, n + 1);
	T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e), "one byte more");
	replace(&q, id, whole, n);
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool != NULL, "whole");
	claim_leave(&c);
	queue_end(&q);
}

/* Of the program before: read, and its own sum is held against it. */
static void
test_version_2(void)
{
	static char whole[8192];
	struct envelope v = queue_envelope;
	char id[ENVELOPE_ID_SIZE];
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	size_t n;

	queue_new(&q);
	v.version = 2;
	T_CHECK(queue_put(&q.spool, &v, body, id, &e), "%s", e.msg);
	n = slurp(&q, id, whole, sizeof(whole));
	T_CHECK(str_starts((struct str){ whole, n }, STR("Post365-Spool: 2\n")),
	    "it stays what it is");
	T_CHECK(take(&c, &q, id, SPOOL_QUEUED, &e) && c.spool != NULL &&
		queue_has(&c, body),
	    "%s", e.msg);
	claim_leave(&c);
	for (unsigned bit = 1; bit < 256; bit *= 2) {
		whole[n - ENVELOPE_END - 3] ^= (char)bit;
		replace(&q, id, whole, n);
		T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e), "bit %u", bit);
		whole[n - ENVELOPE_END - 3] ^= (char)bit;
	}
	queue_end(&q);
}

/* What lies there and is not ours to touch stays, and is named. */
static void
test_hostile(void)
{
	static char whole[8192];
	char id[ENVELOPE_ID_SIZE], other[] = "6742F3A05C81B7E1";
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	int dir;
	size_t n;

	queue_new(&q);
	dir = q.spool.dir[SPOOL_NEW].fd;
	T_CHECK(queue_add(&q, body, id, &e), "%s", e.msg);
	n = slurp(&q, id, whole, sizeof(whole));
	whole[15] = '4';
	replace(&q, id, whole, n);
	T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e) && e.kind == ERR_CONFIG &&
		says(&e, "version 4") && e.remedy[0] != '\0',
	    "%s", e.msg);
	T_CHECK(queue_count(&q, SPOOL_NEW) == 1, "it stays");
	whole[15] = '3';
	replace(&q, other, whole, n);
	T_CHECK(!take(&c, &q, other, SPOOL_QUEUED, &e) && says(&e, id),
	    "renamed by hand: %s", e.msg);
	(void)unlinkat(q.spool.dir[SPOOL_HOLD].fd, other, 0);
	(void)symlinkat("/etc/passwd", dir, other);
	T_CHECK(!take(&c, &q, other, SPOOL_QUEUED, &e) && e.kind == ERR_RETRY &&
		says(&e, other),
	    "symlink: %s", e.msg);
	(void)unlinkat(dir, other, 0);
	(void)mkfifoat(dir, other, 0600);
	T_CHECK(!take(&c, &q, other, SPOOL_QUEUED, &e) &&
		says(&e, "not a regular file"),
	    "pipe: %s", e.msg);
	replace(&q, id, whole, n);
	if (geteuid() == 0 && fchownat(dir, id, 12345, 12345, 0) == 0) {
		T_CHECK(!take(&c, &q, id, SPOOL_QUEUED, &e) &&
			e.kind == ERR_CONFIG && says(&e, "another user"),
		    "owner: %s", e.msg);
		T_CHECK(queue_count(&q, SPOOL_NEW) == 1, "it stays");
	}
	T_CHECK(take(&c, &q, "../../etc/passwd", SPOOL_ALL, &e) &&
		c.spool == NULL,
	    "no way out");
	queue_end(&q);
}

static const struct t_test tests[] = {
	{ "life", test_life },
	{ "settled", test_settled },
	{ "takeover", test_takeover },
	{ "crowd", test_crowd },
	{ "torn", test_torn },
	{ "version 2", test_version_2 },
	{ "hostile", test_hostile },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
