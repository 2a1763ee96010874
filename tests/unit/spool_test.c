/* SPDX-License-Identifier: MIT */
#include "store/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "queue.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static bool
says(const struct err *e, const char *text)
{
	return str_find(str_of(e->msg), str_of(text)) < str_of(e->msg).n;
}

static void
test_add(void)
{
	struct queue q;
	struct claim c;
	struct err e = { 0 };
	struct stat st;
	char id[ENVELOPE_ID_SIZE];

	queue_new(&q);
	T_CHECK(queue_add(&q, STR("hello\r\n"), id, &e), "%s", e.msg);
	T_CHECK(str_starts(str_of(id), STR("6B074098")) &&
		envelope_is_id(str_of(id)),
	    "id %s", id);
	T_CHECK(queue_count(&q, SPOOL_TMP) == 0 &&
		queue_count(&q, SPOOL_NEW) == 1,
	    "it is in new");
	T_CHECK(fstatat(q.spool.dir[SPOOL_NEW].fd, id, &st, 0) == 0 &&
		(st.st_mode & 0777) == 0600 && st.st_mtime == QUEUE_NOW,
	    "mode %o, due %lld", st.st_mode, (long long)st.st_mtime);
	T_CHECK(claim_look(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	T_CHECK(queue_has(&c, STR("hello\r\n")), "its bytes");
	T_CHECK(c.where == SPOOL_NEW && c.envelope.recipients == 2 &&
		c.envelope.arrived == QUEUE_NOW && c.state.sequence == 0,
	    "its head");
	claim_leave(&c);
	queue_end(&q);
}

/* Heads beyond the first read, and bodies of all sizes around buffers. */
static void
test_sizes(void)
{
	static const size_t bodies[] = { 0, 1, 65535, 65536, 65537, 200000 };
	static const size_t recipients[] = { 1, 200, 5000 };
	struct envelope v = queue_envelope;
	struct str *to = calloc(5000, sizeof(*to));
	char *body = calloc(1, 200000);
	struct queue q;
	struct spool_add a;
	struct claim c;
	struct err e = { 0 };

	queue_new(&q);
	for (size_t i = 0; i < 5000; i++)
		to[i] = STR("somebody.with.a.name@department.example.org");
	v.recipient = to;
	for (size_t i = 0; i < N(bodies) * N(recipients); i++) {
		struct str s = { body, bodies[i / N(recipients)] };

		v.recipients = recipients[i % N(recipients)];
		T_CHECK(spool_begin(&q.spool, &v, &a, &e) &&
			spool_write(&a, s, &e) && spool_commit(&a, &e),
		    "%zu: %s", i, e.msg);
		T_CHECK(claim_take(&c, &q.spool, a.id, SPOOL_ALL, &q.arena,
			    &e) &&
			c.spool != NULL && queue_has(&c, s) &&
			c.envelope.recipients == v.recipients,
		    "%zu: %s", i, e.msg);
		T_CHECK(claim_done(&c, &e), "%zu: %s", i, e.msg);
		arena_release(&q.arena);
		arena_init(&q.arena, 16 << 20);
	}
	T_CHECK(queue_count(&q, SPOOL_WORK) == 0, "all are gone");
	free(to);
	free(body);
	queue_end(&q);
}

static void
test_abort(void)
{
	struct envelope bad = queue_envelope;
	struct queue q;
	struct spool_add a;
	struct err e = { 0 };

	queue_new(&q);
	T_CHECK(spool_begin(&q.spool, &queue_envelope, &a, &e) &&
		spool_write(&a, STR("x"), &e),
	    "%s", e.msg);
	spool_abort(&a);
	spool_abort(&a);
	T_CHECK(!spool_write(&a, STR("x"), &e) && e.kind == ERR_BUG, "over");
	bad.client = STR("a\nb");
	T_CHECK(!spool_begin(&q.spool, &bad, &a, &e) && e.kind == ERR_INPUT,
	    "%s", e.msg);
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		T_CHECK(queue_count(&q, i) == 0, "nothing in %u", i);
	queue_end(&q);
}

/* It keeps an id that is free in all folders, and no other. */
static void
test_id(void)
{
	struct envelope v = queue_envelope;
	struct spool_add a;
	struct queue q;
	struct err e = { 0 };
	char id[ENVELOPE_ID_SIZE];

	queue_new(&q);
	v.id = STR("6742F3A05C81B7E0");
	for (unsigned where = SPOOL_NEW; where < SPOOL_FOLDERS; where++) {
		T_CHECK(spool_begin(&q.spool, &v, &a, &e) &&
			str_eq(str_of(a.id), v.id) && spool_commit(&a, &e),
		    "free: %s %s", a.id, e.msg);
		if (where != SPOOL_NEW)
			(void)renameat(q.spool.dir[SPOOL_NEW].fd, a.id,
			    q.spool.dir[where].fd, a.id);
		T_CHECK(spool_begin(&q.spool, &v, &a, &e) &&
			!str_eq(str_of(a.id), v.id),
		    "taken in %s", spool_where_name(where));
		memcpy(id, a.id, sizeof(id));
		T_CHECK(spool_commit(&a, &e), "%s", e.msg);
		(void)unlinkat(q.spool.dir[SPOOL_NEW].fd, id, 0);
		(void)unlinkat(q.spool.dir[where].fd, v.id.p, 0);
	}
	queue_end(&q);
}

/* Three that share one sync of the folder. */
static void
test_settle(void)
{
	struct spool_add a[3], *all[3] = { &a[0], &a[1], &a[2] };
	struct queue q;
	struct claim c;
	struct err e = { 0 };

	queue_new(&q);
	for (size_t i = 0; i < 3; i++)
		T_CHECK(spool_begin(&q.spool, &queue_envelope, &a[i], &e) &&
			spool_write(&a[i], STR("x"), &e) &&
			spool_seal(&a[i], &e),
		    "%s", e.msg);
	T_CHECK(claim_take(&c, &q.spool, a[0].id, SPOOL_QUEUED, &q.arena, &e) &&
		c.spool == NULL,
	    "nobody takes it before it is settled");
	T_CHECK(spool_settle(all, 3, &e), "%s", e.msg);
	T_CHECK(queue_count(&q, SPOOL_NEW) == 3, "all are there");
	T_CHECK(claim_take(&c, &q.spool, a[0].id, SPOOL_QUEUED, &q.arena, &e) &&
		c.spool != NULL,
	    "then it is free");
	claim_leave(&c);
	queue_end(&q);
}

static void
put_file(struct queue *q, enum spool_where where, const char *name)
{
	int fd = openat(q->spool.dir[where].fd, name, O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		abort();
	(void)close(fd);
}

static void
test_list(void)
{
	struct queue q;
	struct spool_list l;
	struct err e = { 0 };
	char id[8][ENVELOPE_ID_SIZE], found[ENVELOPE_ID_SIZE];

	queue_new(&q);
	T_CHECK(spool_list(&q.spool, SPOOL_ALL, &l, &e) && l.n == 0, "empty");
	spool_list_release(&l);
	for (size_t i = 0; i < 8; i++)
		T_CHECK(queue_add(&q, STR("x"), id[i], &e), "%s", e.msg);
	put_file(&q, SPOOL_NEW, "lost+found");
	put_file(&q, SPOOL_HOLD, "6742f3a05c81b7e0"); /* small letters */
	(void)mkdirat(q.spool.dir[SPOOL_DEAD].fd, "6742F3A05C81B7E0", 0700);
	(void)symlinkat("/etc/passwd", q.spool.dir[SPOOL_NEW].fd,
	    "6742F3A05C81B7E1");
	T_CHECK(spool_list(&q.spool, SPOOL_ALL, &l, &e), "%s", e.msg);
	T_CHECK(l.n == 8 && l.foreign == 4 && l.foreign_name[0] != '\0',
	    "%zu, and %zu foreign", l.n, l.foreign);
	for (size_t i = 1; i < l.n; i++)
		T_CHECK(strcmp(l.item[i - 1].id, l.item[i].id) < 0, "sorted");
	T_CHECK(spool_due(&q.spool, &l.item[3]) == QUEUE_NOW, "due at once");
	(void)unlinkat(q.spool.dir[SPOOL_NEW].fd, l.item[7].id, 0);
	T_CHECK(spool_due(&q.spool, &l.item[7]) == 0, "it is gone");
	spool_list_release(&l);

	/* one that is moved just now is met in both folders */
	(void)linkat(q.spool.dir[SPOOL_NEW].fd, id[2],
	    q.spool.dir[SPOOL_WORK].fd, id[2], 0);
	T_CHECK(spool_list(&q.spool, SPOOL_ALL, &l, &e) && l.n == 7,
	    "a twin: %zu", l.n);
	spool_list_release(&l);

	T_CHECK(spool_find(&q.spool, str_of(id[3]), SPOOL_ALL, found, &e) &&
		strcmp(found, id[3]) == 0,
	    "whole id");
	T_CHECK(!spool_find(&q.spool, str_of(id[3]), SPOOL_KEPT, found, &e),
	    "it is not in those folders");
	T_CHECK(!spool_find(&q.spool, STR("6742F3A05C81B7E1"), SPOOL_ALL, found,
		    &e) &&
		says(&e, "no message") && strcmp(found, id[3]) == 0,
	    "a link is none: %s", e.msg);
	id[3][15] = '\0';
	T_CHECK(!spool_find(&q.spool, STR("6b07"), SPOOL_ALL, found, &e) &&
		says(&e, "7 messages begin with") && e.kind == ERR_INPUT,
	    "%s", e.msg);
	T_CHECK(!spool_find(&q.spool, STR("77"), SPOOL_ALL, found, &e) &&
		says(&e, "no message \"77\""),
	    "%s", e.msg);
	T_CHECK(!spool_find(&q.spool, STR(""), SPOOL_ALL, found, &e), "empty");
	(void)unlinkat(q.spool.dir[SPOOL_DEAD].fd, "6742F3A05C81B7E0",
	    AT_REMOVEDIR);
	queue_end(&q);
}

static int64_t
ahead(void *arg)
{
	return *(int64_t *)arg;
}

/* In order of arrival, within a second too, and while the clock stands. */
static void
test_order(void)
{
	enum { SECOND = 1000000, MANY = 50 };
	static const struct {
		const char *name;
		int64_t from, step; /* microseconds */
		bool whole;         /* seconds only */
	} rows[] = {
		{ "a microsecond", 1795637400LL * SECOND + 999980, 1, false },
		{ "it stands", 1795637400LL * SECOND + 999980, 0, false },
		{ "seconds", 1795637400LL * SECOND, SECOND, true },
		{ "a second that stands", 1795637400LL * SECOND, 0, true },
		{ "back a little", 1795637400LL * SECOND, -100, false },
		{ "1970", 5, 0, false },
	};

	for (size_t i = 0; i < N(rows); i++) {
		char last[ENVELOPE_ID_SIZE] = "", id[ENVELOPE_ID_SIZE];
		int64_t now = rows[i].from;
		struct queue q;
		struct spool_list l;
		struct err e = { 0 };

		queue_new(&q);
		q.clock.arg = &now;
		if (!rows[i].whole)
			q.clock.wall_us = ahead;
		for (size_t n = 0; n < MANY; n++, now += rows[i].step) {
			T_CHECK(queue_add(&q, STR("x"), id, &e), "%s: %s",
			    rows[i].name, e.msg);
			T_CHECK(strcmp(id, last) > 0, "%s: %s after %s",
			    rows[i].name, id, last);
			memcpy(last, id, sizeof(last));
		}
		T_CHECK(spool_list(&q.spool, SPOOL_QUEUED, &l, &e) &&
			l.n == MANY && strcmp(l.item[MANY - 1].id, last) == 0,
		    "%s: the last of the list", rows[i].name);
		spool_list_release(&l);
		queue_end(&q);
	}
}

static void
test_clean(void)
{
	struct queue q;
	struct spool_add live, dead;
	struct err e = { 0 };
	size_t removed;
	int fd;

	queue_new(&q);
	T_CHECK(spool_begin(&q.spool, &queue_envelope, &live, &e) &&
		spool_begin(&q.spool, &queue_envelope, &dead, &e),
	    "%s", e.msg);
	os_touch(live.fd, QUEUE_NOW - SPOOL_TMP_AGE - 1);
	os_touch(dead.fd, QUEUE_NOW - SPOOL_TMP_AGE - 1);
	os_close(&dead.fd); /* as its end does */
	put_file(&q, SPOOL_TMP, "foreign");
	T_CHECK(spool_clean(&q.spool, SPOOL_TMP, QUEUE_NOW - 2 * SPOOL_TMP_AGE,
		    &removed, &e) &&
		removed == 0,
	    "young ones stay");
	T_CHECK(spool_clean(&q.spool, SPOOL_TMP, QUEUE_NOW - SPOOL_TMP_AGE,
		    &removed, &e) &&
		removed == 1,
	    "removed %zu", removed);
	T_CHECK(queue_count(&q, SPOOL_TMP) == 2, "the live and the foreign");
	T_CHECK(spool_commit(&live, &e), "%s", e.msg);
	fd = openat(q.spool.dir[SPOOL_NEW].fd, live.id, O_RDWR);
	T_CHECK(fd >= 0, "it was not harmed");
	os_close(&fd);
	queue_end(&q);
}

static void
test_open_refuses(void)
{
	struct queue q;
	struct spool s;
	struct err e = { 0 };
	char path[300];

	queue_new(&q);
	(void)snprintf(path, sizeof(path), "%s/a/b/c", q.path);
	T_CHECK(spool_open(&s, path, SPOOL_NONE, &q.clock, &e), "%s", e.msg);
	spool_close(&s);
	for (int i = 0; i < 3; i++, *strrchr(path, '/') = '\0')
		for (unsigned f = SPOOL_FOLDERS + 1; f-- > 0;) {
			char part[400];

			(void)snprintf(part, sizeof(part), "%s/lock", path);
			(void)unlink(part);
			(void)snprintf(part, sizeof(part), "%s/%s", path,
			    f < SPOOL_FOLDERS ? spool_where_name(f) : "");
			(void)rmdir(part);
		}
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%.*s", q.path, 5 - 2 * i,
		    "a/b/c");
		(void)rmdir(path);
	}
	put_file(&q, SPOOL_TMP, "file");
	(void)snprintf(path, sizeof(path), "%s/tmp/file", q.path);
	T_CHECK(!spool_open(&s, path, SPOOL_FULL, &q.clock, &e) &&
		e.kind == ERR_CONFIG && err_exit(&e) == 73 &&
		says(&e, "tmp/file"),
	    "%d %s", err_exit(&e), e.msg);
	(void)fchmod(q.spool.dir[SPOOL_NEW].fd, 0777);
	T_CHECK(!spool_open(&s, q.path, SPOOL_FULL, &q.clock, &e) &&
		e.kind == ERR_CONFIG && says(&e, "everybody may write"),
	    "%s", e.msg);
	queue_end(&q);
}

/* An emptyDir of Kubernetes: not itself, but a folder inside of it. */
static void
test_volume(void)
{
	static const mode_t modes[] = { 0777, 02777, 01777 };

	for (size_t i = 0; i < N(modes); i++) {
		char inside[400], part[500];
		struct queue q;
		struct spool s;
		struct err e = { 0 };

		queue_new(&q);
		T_CHECK(chmod(q.path, modes[i]) == 0, "chmod");
		(void)snprintf(inside, sizeof(inside), "%s/post365", q.path);
		T_CHECK(!spool_open(&s, q.path, SPOOL_FULL, &q.clock, &e) &&
			e.kind == ERR_CONFIG && err_exit(&e) == 73 &&
			strstr(e.remedy, inside) != NULL,
		    "%o: %s; %s", (unsigned)modes[i], e.msg, e.remedy);
		T_CHECK(spool_open(&s, inside, SPOOL_FULL, &q.clock, &e),
		    "%o: what the remedy says: %s", (unsigned)modes[i], e.msg);
		spool_close(&s);
		for (unsigned f = 0; f < SPOOL_FOLDERS; f++) {
			(void)snprintf(part, sizeof(part), "%s/%s", inside,
			    spool_where_name(f));
			(void)rmdir(part);
		}
		(void)snprintf(part, sizeof(part), "%s/lock", inside);
		(void)unlink(part);
		T_CHECK(rmdir(inside) == 0, "left over");
		queue_end(&q);
	}
}

/* Out of memory at any point: told as such, and nothing half done. */
static void
scarce(void)
{
	static struct queue q;
	struct spool_list l = { 0 };
	struct claim c;
	struct err e = { 0 };
	char id[ENVELOPE_ID_SIZE], found[ENVELOPE_ID_SIZE];
	bool ok;

	if (q.spool.path == NULL)
		queue_new(&q);
	arena_release(&q.arena);
	arena_init(&q.arena, 1 << 20);
	ok = queue_add(&q, STR("x"), id, &e) &&
	    spool_list(&q.spool, SPOOL_ALL, &l, &e);
	if (ok) {
		T_CHECK(l.n == 1, "%zu are listed", l.n);
		ok = spool_find(&q.spool, str_of(id), SPOOL_ALL, found, &e) &&
		    claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e);
	}
	if (ok)
		ok = claim_done(&c, &e);
	spool_list_release(&l);
	T_CHECK(ok || e.kind == ERR_RETRY, "kind %d: %s", e.kind, e.msg);
	T_CHECK(queue_count(&q, SPOOL_TMP) == 0, "litter");
	for (unsigned i = SPOOL_NEW; i < SPOOL_FOLDERS; i++)
		(void)unlinkat(q.spool.dir[i].fd, id, 0);
	if (ok)
		queue_end(&q);
}

static void
test_scarce(void)
{
	t_each_allocation_fails(scarce);
}

static const struct t_test tests[] = {
	{ "add", test_add },
	{ "sizes", test_sizes },
	{ "abort", test_abort },
	{ "settle", test_settle },
	{ "id", test_id },
	{ "list and find", test_list },
	{ "order", test_order },
	{ "clean", test_clean },
	{ "open refuses", test_open_refuses },
	{ "volume", test_volume },
	{ "out of memory", test_scarce },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
