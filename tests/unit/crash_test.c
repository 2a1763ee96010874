/* SPDX-License-Identifier: MIT */
/*
 * The table of spool.h, held against the program: each scenario is ended at
 * every system call, before it and in the middle of a write, and each call
 * fails once; then what is found is compared with what had been promised.
 *
 *	crash_test play FOLDER SCENARIO N	ends at call N; prints facts
 *	crash_test look FOLDER SCENARIO FACTS	compares
 *	crash_test cut FOLDER			the power of its file system
 *
 * are for story/powercut.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "cut.h"
#include "queue.h"
#include "store/claim.h"
#include "t.h"

#define N(table)        (sizeof(table) / sizeof(*(table)))
#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#ifdef __GLIBC__
#define IOCTL_KIND unsigned long
#else
#define IOCTL_KIND int
#endif

/* What the caller was promised before the end came. */
struct facts {
	char id[ENVELOPE_ID_SIZE];
	int accepted;          /* an add was acknowledged */
	int marked;            /* unsure_since is durable */
	int over;              /* the last step said true */
	int ended;             /* nothing stopped it */
	int failed;            /* exit status of the failure it saw */
	char order[CUT_ORDER]; /* its calls, if nothing stopped it */
	long calls;
};

static const struct str body = STR_INIT("Subject: crash\r\n\r\nall of it\r\n");

/* --- what is done until the end comes */

static bool
add(struct queue *q, struct facts *f, struct err *e)
{
	f->accepted = f->over = queue_add(q, body, f->id, e);
	return f->over;
}

/* So many that share one commit: each counts that says so. f->id is none. */
static bool
group(struct queue *q, size_t n, struct facts *f, struct err *e)
{
	struct spool_add a[3], *all[3] = { &a[0], &a[1], &a[2] };
	bool ok = true;

	memset(a, 0, sizeof(a));
	for (size_t i = 0; ok && i < n; i++)
		ok = spool_begin(&q->spool, &queue_envelope, &a[i], e) &&
		    spool_write(&a[i], body, e) && spool_seal(&a[i], e);
	for (size_t i = 0; !ok && i < n; i++)
		spool_abort(&a[i]);
	f->over = ok && spool_settle(all, n, e);
	for (size_t i = 0; i < n; i++)
		f->accepted += a[i].stored;
	return f->over;
}

static bool
group_of_1(struct queue *q, struct facts *f, struct err *e)
{
	return group(q, 1, f, e);
}

static bool
group_of_2(struct queue *q, struct facts *f, struct err *e)
{
	return group(q, 2, f, e);
}

static bool
group_of_3(struct queue *q, struct facts *f, struct err *e)
{
	return group(q, 3, f, e);
}

static bool
take(struct queue *q, struct facts *f, struct claim *c, struct err *e)
{
	return claim_take(c, &q->spool, f->id, SPOOL_ALL, &q->arena, e) &&
	    c->spool != NULL;
}

static bool
mark(struct queue *q, struct facts *f, struct claim *c, struct err *e)
{
	if (!take(q, f, c, e))
		return false;
	c->state.unsure_since = 77;
	f->marked = claim_save(c, e);
	if (!f->marked)
		claim_leave(c);
	return f->marked;
}

static bool
save(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	f->over = mark(q, f, &c, e);
	claim_leave(&c);
	return f->over;
}

static bool
put(struct queue *q, struct facts *f, enum spool_where to, struct err *e)
{
	struct claim c;

	if (!take(q, f, &c, e))
		return false;
	c.state.next = QUEUE_NOW + 60;
	f->over = claim_put(&c, to, e);
	return f->over;
}

static bool
later(struct queue *q, struct facts *f, struct err *e)
{
	return put(q, f, SPOOL_NEW, e);
}

static bool
hold(struct queue *q, struct facts *f, struct err *e)
{
	return put(q, f, SPOOL_HOLD, e);
}

static bool
dead(struct queue *q, struct facts *f, struct err *e)
{
	return put(q, f, SPOOL_DEAD, e);
}

static bool
done(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	f->over = mark(q, f, &c, e) && claim_done(&c, e);
	return f->over;
}

static bool
clean(struct queue *q, struct facts *f, struct err *e)
{
	size_t removed;

	f->over = spool_clean(&q->spool, SPOOL_TMP, INT64_MAX, &removed, e) &&
	    removed == 1;
	return f->over;
}

/* --- what stands before, made with nothing failing */

static bool
queued(struct queue *q, struct facts *f, struct err *e)
{
	return queue_add(q, body, f->id, e) && (f->accepted = 1);
}

/* Both slots hold a state, so the next is written over one. */
static bool
saved(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;
	bool ok;

	if (!queued(q, f, e) || !take(q, f, &c, e))
		return false;
	c.state.unsure_since = 76;
	ok = claim_save(&c, e) && claim_save(&c, e);
	claim_leave(&c);
	return ok;
}

static bool
held(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	return queued(q, f, e) && take(q, f, &c, e) &&
	    claim_put(&c, SPOOL_HOLD, e);
}

/* A worker died with it. */
static bool
left(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	if (!queued(q, f, e) || !mark(q, f, &c, e))
		return false;
	claim_leave(&c);
	return true;
}

/* A worker died between the steps of done. */
static bool
settled(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	if (!queued(q, f, e) || !take(q, f, &c, e))
		return false;
	c.state.done = 2;
	if (!claim_save(&c, e))
		return false;
	claim_leave(&c);
	return true;
}

static bool
unfinished(struct queue *q, struct facts *f, struct err *e)
{
	struct spool_add a;

	(void)f;
	if (!spool_begin(&q->spool, &queue_envelope, &a, e) ||
	    !spool_write(&a, body, e))
		return false;
	os_close(&a.fd);
	return true;
}

static bool
nothing(struct queue *q, struct facts *f, struct err *e)
{
	(void)q;
	(void)f;
	(void)e;
	return true;
}

static bool
see_settled(struct queue *q, struct facts *f, struct err *e)
{
	struct claim c;

	f->over = claim_take(&c, &q->spool, f->id, SPOOL_ALL, &q->arena, e) &&
	    c.spool == NULL;
	return f->over;
}

typedef bool step(struct queue *q, struct facts *f, struct err *e);

/* Where it may be, in sets of folders; GONE stands for nowhere. */
enum { GONE = 1 << SPOOL_FOLDERS };
#define NEW  SPOOL_IN(SPOOL_NEW)
#define WORK SPOOL_IN(SPOOL_WORK)
#define HOLD SPOOL_IN(SPOOL_HOLD)
#define DEAD SPOOL_IN(SPOOL_DEAD)

/* clang-format off */
static const struct scenario {
	const char *name;
	step *before, *run;
	unsigned meanwhile, after; /* where it may be: cut; and said true */
	size_t adds;               /* so many; where it failed there is none */
	int64_t marks;             /* what unsure_since was before */
} scenarios[] = {
	{ "add", nothing, add, GONE | NEW, NEW, 1, 0 },
	{ "group-of-1", nothing, group_of_1, GONE | NEW, NEW, 1, 0 },
	{ "group-of-2", nothing, group_of_2, GONE | NEW, NEW, 2, 0 },
	{ "group-of-3", nothing, group_of_3, GONE | NEW, NEW, 3, 0 },
	{ "save", queued, save, NEW | WORK, NEW | WORK, 0, 0 },
	{ "save-over", saved, save, NEW | WORK, NEW | WORK, 0, 76 },
	{ "later", queued, later, NEW | WORK, NEW | WORK, 0, 0 },
	{ "hold", queued, hold, NEW | WORK | HOLD, HOLD, 0, 0 },
	{ "dead", queued, dead, NEW | WORK | DEAD, DEAD, 0, 0 },
	{ "release", held, later, HOLD | NEW, NEW, 0, 0 },
	{ "done", queued, done, NEW | WORK | GONE, GONE, 0, 0 },
	{ "takeover", left, done, WORK | NEW | GONE, GONE, 0, 77 },
	{ "settled", settled, see_settled, GONE, GONE, 0, 0 },
	{ "clean", unfinished, clean, GONE, GONE, 0, 0 },
};
/* clang-format on */

/* --- comparing */

/* A number of a folder's set, or GONE; a torn one is a failure. */
static unsigned
found_in(struct queue *q, const char *id, struct claim *c, const char *what)
{
	struct err e = { 0 };
	bool ok =
	    claim_take(c, &q->spool, id, SPOOL_IN(SPOOL_HOLD), &q->arena, &e);

	if (ok && c->spool == NULL)
		ok = claim_take(c, &q->spool, id, DEAD, &q->arena, &e);
	if (ok && c->spool == NULL)
		ok = claim_take(c, &q->spool, id, WORK, &q->arena, &e);
	if (ok && c->spool == NULL) {
		ok = claim_take(c, &q->spool, id, NEW, &q->arena, &e);
		if (ok && c->spool != NULL)
			c->where = SPOOL_NEW; /* where it was */
	}
	T_CHECK(ok, "%s: %s", what, e.msg);
	if (!ok || c->spool == NULL)
		return GONE;
	T_CHECK(queue_has(c, body), "%s: its bytes", what);
	return SPOOL_IN(c->where);
}

/* One of those that are there. */
static void
compare_one(struct queue *q, const char *id, unsigned may, const char *what)
{
	struct claim c;
	unsigned is = found_in(q, id, &c, what);

	T_CHECK((is & may) != 0, "%s: it is in %x, not in %x", what, is, may);
	if (is != GONE)
		claim_leave(&c);
}

static void
compare_mark(struct queue *q, const struct scenario *s, const struct facts *f,
    const char *what)
{
	struct err e = { 0 };
	struct claim c;

	T_CHECK(claim_look(&c, &q->spool, f->id, SPOOL_ALL, &q->arena, &e),
	    "%s: %s", what, e.msg);
	if (c.spool == NULL)
		return;
	/* what may have been sent is marked, if the worker was told so */
	T_CHECK(c.state.unsure_since == 77 ||
		(!f->marked && c.state.unsure_since == s->marks),
	    "%s: the mark is %lld", what, (long long)c.state.unsure_since);
	claim_leave(&c);
}

static void
compare(struct queue *q, const struct scenario *s, const struct facts *f,
    const char *what)
{
	unsigned may = f->over ? s->after : s->meanwhile;
	struct err e = { 0 };
	struct spool_list l;
	size_t removed, most = s->adds > 0 ? s->adds : 1;

	T_CHECK(spool_clean(&q->spool, SPOOL_TMP, INT64_MAX, &removed, &e) &&
		queue_count(q, SPOOL_TMP) == 0,
	    "%s: tmp is not empty", what);
	T_CHECK(spool_list(&q->spool, SPOOL_ALL, &l, &e) && l.foreign == 0,
	    "%s: list", what);
	if (s->adds > 0 && f->ended)
		most = (size_t)f->accepted; /* it was told so */
	T_CHECK(l.n <= most && (!f->ended || s->adds == 0 || l.n == most),
	    "%s: %zu messages", what, l.n);
	T_CHECK((may & GONE) != 0 || l.n == most, "%s: %zu of %zu are there",
	    what, l.n, most);
	compare_mark(q, s, f, what);
	for (size_t i = 0; i < l.n; i++)
		compare_one(q, l.item[i].id, may, what);
	spool_list_release(&l);
}

/* --- ends and failures of a process */

static void
play(const struct scenario *s, struct queue *q, struct facts *f, long at,
    enum cut how, int code)
{
	struct err e = { 0 };

	cut_at(0, CUT_NONE, 0);
	if (!s->before(q, f, &e)) {
		printf("  %s: before: %s\n", s->name, e.msg);
		_exit(1);
	}
	cut_at(at, how, code);
	if (!s->run(q, f, &e))
		f->failed = err_exit(&e);
	f->calls = cut_calls();
	memcpy(f->order, cut_order(), sizeof(f->order));
	cut_at(0, CUT_NONE, 0);
	f->ended = 1;
}

/* In a process of its own; what it saw is in *f. */
static void
play_in_child(const struct scenario *s, struct queue *q, struct facts *f,
    long at, enum cut how, int code)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		play(s, q, f, at, how, code);
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	T_CHECK(WIFEXITED(status) &&
		WEXITSTATUS(status) == (f->ended ? 0 : CUT_STATUS),
	    "%s, %d at %ld: status %x", s->name, how, at, status);
}

static struct facts *
facts_new(void)
{
	return mmap(NULL, sizeof(struct facts), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* False: the end came after all that was to be done. */
static bool
one_cut(const struct scenario *s, long at, enum cut how, int code)
{
	struct facts *f = facts_new();
	struct queue q;
	char what[64];
	bool more;

	(void)snprintf(what, sizeof(what), "%s, %d at %ld", s->name, how, at);
	queue_new(&q);
	if (how >= CUT_FAIL)
		play(s, &q, f, at, how, code);
	else
		play_in_child(s, &q, f, at, how, code);
	T_CHECK(f->ended || f->failed == 0, "%s: went on", what);
	/* who hands mail in tries again at 75, and at nothing else */
	if (how >= CUT_FAIL && !f->over)
		T_CHECK(f->failed == 75 ||
			(s->adds == 0 && (f->failed == 74 || f->failed == 0)),
		    "%s: exit %d", what, f->failed);
	if (how == CUT_FULL && !f->over)
		T_CHECK(queue_count(&q, SPOOL_TMP) <= (s->before == unfinished),
		    "%s: litter", what);
	compare(&q, s, f, what);
	more = !f->ended || (f->calls >= at && at < 200);
	queue_end(&q);
	(void)munmap(f, sizeof(*f));
	return more;
}

static void
each(enum cut how, int code)
{
	long n, sum = 0;

	for (size_t i = 0; i < N(scenarios); i++) {
		for (n = 1; one_cut(&scenarios[i], n, how, code); n++)
			continue;
		T_CHECK(n > 1, "%s: no call was reached", scenarios[i].name);
		sum += n - 1;
	}
	T_CHECK(sum > 60, "%ld calls only", sum);
}

/* In each write: some bytes are there, then the end. */
static void
each_write(enum cut how)
{
	struct facts *f = facts_new();
	long sum = 0;

	for (size_t i = 0; i < N(scenarios); i++) {
		struct queue q;

		queue_new(&q);
		play_in_child(&scenarios[i], &q, f, 0, CUT_KILL, 0);
		queue_end(&q);
		for (long n = 0; f->order[n] != '\0'; n++)
			if (f->order[n] == 'w') {
				(void)one_cut(&scenarios[i], n + 1, how, 0);
				sum++;
			}
		f->ended = 0;
	}
	(void)munmap(f, sizeof(*f));
	T_CHECK(sum > 20, "%ld writes only", sum);
}

static void
test_kill(void)
{
	each(CUT_KILL, 0);
}

static void
test_half(void)
{
	each_write(CUT_HALF);
	each_write(CUT_TORN);
	each_write(CUT_LATE);
}

static void
test_io_error(void)
{
	each(CUT_FAIL, EIO);
}

static void
test_no_space(void)
{
	each(CUT_FAIL, ENOSPC);
}

static void
test_disk_full(void)
{
	each(CUT_FULL, ENOSPC);
}

/* A message for whom it concerns, and what to do. */
static void
test_told(void)
{
	static const struct {
		int code;
		const char *says, *remedy;
	} rows[] = {
		{ ENOSPC, "No space left", "make room" },
		{ EROFS, "Read-only", "mount for writing" },
		{ EACCES, "Permission denied", "let this user write" },
	};
	char id[ENVELOPE_ID_SIZE];
	struct queue q;
	struct err e;

	queue_new(&q);
	for (size_t i = 0; i < N(rows); i++) {
		cut_at(1, CUT_FAIL, rows[i].code);
		T_CHECK(!queue_add(&q, body, id, &e), "row %zu", i);
		cut_at(0, CUT_NONE, 0);
		T_CHECK(strstr(e.msg, rows[i].says) != NULL &&
			strstr(e.msg, q.path) != NULL && err_exit(&e) == 75 &&
			strstr(e.remedy, rows[i].remedy) != NULL,
		    "%s; %s", e.msg, e.remedy);
	}
	queue_end(&q);
}

/* Where the mark "done" cannot be saved, the removal is made durable. */
static void
test_done_unmarked(void)
{
	struct queue q;
	struct facts f = { 0 };
	struct claim c;
	struct err e = { 0 };

	queue_new(&q);
	T_CHECK(queued(&q, &f, &e) && mark(&q, &f, &c, &e), "%s", e.msg);
	cut_at(1, CUT_FAIL, EIO); /* claim_save's pwrite */
	T_CHECK(claim_done(&c, &e) && strcmp(cut_order(), "!uf.") == 0, "%s %s",
	    cut_order(), e.msg);
	cut_at(0, CUT_NONE, 0);
	queue_end(&q);
}

/*
 * All are written out, then all renamed, then all synced, and the folder once.
 * What fails alone goes alone; if the folder does, what was renamed is
 * removed, for good.
 */
static void
test_order(void)
{
	static const struct {
		const char *name, *order;
		long fails; /* the call of the settle; 0: none */
		const char *stored;
	} rows[] = {
		{ "all well", "sssrrrdddf...", 0, "+++" },
		{ "the third write-out", "ss!u.rrddf..", 3, "++-" },
		{ "the first rename", "sss!u.rrddf..", 4, "-++" },
		{ "the third rename", "sssrr!u.ddf..", 6, "++-" },
		{ "the third sync", "sssrrrdd!u.f..", 9, "++-" },
		{ "the folder", "sssrrrddd!u.u.u.f", 10, "---" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct spool_add a[3], *all[3] = { &a[0], &a[1], &a[2] };
		struct queue q;
		struct err e = { 0 };
		size_t left = 0;
		bool ok;

		queue_new(&q);
		for (size_t n = 0; n < 3; n++)
			T_CHECK(spool_begin(&q.spool, &queue_envelope, &a[n],
				    &e) &&
				spool_seal(&a[n], &e),
			    "%s", e.msg);
		cut_at(rows[i].fails, CUT_FAIL, EIO);
		ok = spool_settle(all, 3, &e);
		T_CHECK(ok == (rows[i].fails == 0) &&
			strcmp(cut_order(), rows[i].order) == 0,
		    "%s: %s, %s", rows[i].name, cut_order(), e.msg);
		cut_at(0, CUT_NONE, 0);
		for (size_t n = 0; n < 3; n++)
			left += a[n].stored;
		for (size_t n = 0; n < 3; n++)
			T_CHECK(a[n].stored == (rows[i].stored[n] == '+'),
			    "%s: %zu", rows[i].name, n);
		T_CHECK(queue_count(&q, SPOOL_NEW) == left &&
			queue_count(&q, SPOOL_TMP) == 0,
		    "%s: what is there", rows[i].name);
		T_CHECK(ok || err_exit(&e) == 75, "%s: %d", rows[i].name,
		    err_exit(&e));
		queue_end(&q);
	}
}

/*
 * What a person reads in another folder is durable there; what a worker puts
 * back waits in both. The first failure is the one that is told.
 */
static void
test_put(void)
{
	static const struct {
		const char *name, *order;
		enum spool_where to;
		enum cut how;
		long fails;
		const char *says; /* NULL: all well */
	} rows[] = {
		{ "hold", "wd.rf.", SPOOL_HOLD, CUT_FAIL, 0, NULL },
		{ "dead", "wd.rf.", SPOOL_DEAD, CUT_FAIL, 0, NULL },
		{ "later", "wd.r.", SPOOL_NEW, CUT_FAIL, 0, NULL },
		{ "no state", "!.rf.", SPOOL_HOLD, CUT_FAIL, 1, "write" },
		{ "no rename", "wd.!.", SPOOL_HOLD, CUT_FAIL, 4, "rename" },
		{ "folder", "wd.r!.", SPOOL_HOLD, CUT_FAIL, 5, "folder" },
		{ "none", "!.!.", SPOOL_HOLD, CUT_FULL, 1, "write" },
	};
	struct facts f;
	struct claim c;
	struct queue q;
	struct err e;
	bool ok;

	for (size_t i = 0; i < N(rows); i++) {
		f = (struct facts){ 0 };
		e = (struct err){ 0 };
		queue_new(&q);
		T_CHECK(queued(&q, &f, &e) && take(&q, &f, &c, &e), "%s",
		    e.msg);
		cut_at(rows[i].fails, rows[i].how, EIO);
		ok = claim_put(&c, rows[i].to, &e);
		T_CHECK(ok == (rows[i].says == NULL) &&
			strcmp(cut_order(), rows[i].order) == 0 &&
			(ok || strstr(e.msg, rows[i].says) != NULL),
		    "%s: %s, %s", rows[i].name, cut_order(), e.msg);
		cut_at(0, CUT_NONE, 0);
		queue_end(&q);
	}
}

/* Another one who comes at that moment, and puts the message elsewhere. */
struct other {
	struct queue *q;
	const char *id;
	enum spool_where to;
	bool had_it;
};

static void
meet(void *arg)
{
	struct other *o = arg;
	struct claim c;
	struct err e = { 0 };

	T_CHECK(claim_take(&c, &o->q->spool, o->id, SPOOL_QUEUED, &o->q->arena,
		    &e),
	    "the other: %s", e.msg);
	o->had_it = c.spool != NULL;
	if (!o->had_it)
		return;
	if (o->to == SPOOL_TMP)
		T_CHECK(claim_done(&c, &e), "the other: %s", e.msg);
	else
		T_CHECK(claim_put(&c, o->to, &e), "the other: %s", e.msg);
}

/* False: all calls of the take were met. */
static bool
one_meeting(long at, enum spool_where to)
{
	struct queue q;
	struct facts f = { 0 };
	struct other o = { .q = &q, .id = f.id, .to = to };
	struct claim c;
	struct err e = { 0 };
	bool ok, more;

	queue_new(&q);
	T_CHECK(queued(&q, &f, &e), "%s", e.msg);
	cut_meet(at, meet, &o);
	ok = claim_take(&c, &q.spool, f.id, SPOOL_QUEUED, &q.arena, &e);
	more = cut_calls() >= at;
	cut_at(0, CUT_NONE, 0);
	T_CHECK(ok, "at %ld to %d: %s", at, to, e.msg);
	/* one that was put back into new/ may be taken by both, in turn */
	T_CHECK((c.spool != NULL) != o.had_it || to == SPOOL_NEW,
	    "at %ld to %d: taken by %s", at, to, o.had_it ? "both" : "none");
	claim_leave(&c);
	queue_end(&q);
	return more;
}

static void
test_meet(void)
{
	static const enum spool_where ends[] = { SPOOL_TMP, SPOOL_NEW,
		SPOOL_HOLD, SPOOL_DEAD };
	long n;

	for (size_t i = 0; i < N(ends); i++) {
		for (n = 1; one_meeting(n, ends[i]); n++)
			continue;
		T_CHECK(n > 4, "%ld calls", n);
	}
}

/* --- for the story */

static const struct scenario *
scenario(const char *name)
{
	for (size_t i = 0; i < N(scenarios); i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	abort();
}

/* The facts are for a pipe: the file system that they are about is cut. */
static int
play_for(const char *folder, const char *name, long at)
{
	struct facts *f = facts_new();
	struct queue q;

	queue_open(&q, folder);
	play_in_child(scenario(name), &q, f, at, CUT_KILL, 0);
	printf("%d%d%d%d\n", f->accepted, f->marked, f->over, f->ended);
	queue_close(&q);
	return 0;
}

static void
look_at(const char *folder, const char *name, const char *facts)
{
	struct facts f = { .accepted = facts[0] == '1',
		.marked = facts[1] == '1',
		.over = facts[2] == '1' };
	struct queue q;

	queue_open(&q, folder);
	compare(&q, scenario(name), &f, name);
	queue_close(&q);
}

static char **given;

static void
look(void)
{
	look_at(given[2], given[3], given[4]);
}

static int
power_cut(const char *folder)
{
	uint32_t flag = 2; /* nothing more gets to the disk */
	int fd = open(folder, O_RDONLY);

	/* musl's ioctl takes an int, whose sign the kernel does not see */
	return fd < 0 || ioctl(fd, (IOCTL_KIND)FS_IOC_SHUTDOWN, &flag) < 0;
}

static const struct t_test looks[] = { { "look", look } };
static const struct t_test tests[] = {
	{ "killed at every call", test_kill },
	{ "killed in every write", test_half },
	{ "each call fails: EIO", test_io_error },
	{ "each call fails: ENOSPC", test_no_space },
	{ "disk full from each call on", test_disk_full },
	{ "done, and no mark of it", test_done_unmarked },
	{ "the order of a settle", test_order },
	{ "the order of a put", test_put },
	{ "failures are told", test_told },
	{ "two that meet at every call", test_meet },
};

int
main(int argc, char **argv)
{
	given = argv;
	if (argc == 5 && strcmp(argv[1], "play") == 0)
		return play_for(argv[2], argv[3], atol(argv[4]));
	if (argc == 5 && strcmp(argv[1], "look") == 0)
		return t_main(looks, N(looks));
	if (argc == 3 && strcmp(argv[1], "cut") == 0)
		return power_cut(argv[2]);
	if (argc == 2 && strcmp(argv[1], "scenarios") == 0) {
		for (size_t i = 0; i < N(scenarios); i++)
			printf("%s\n", scenarios[i].name);
		return 0;
	}
	return t_main(tests, N(tests));
}
