/* SPDX-License-Identifier: MIT */
/* A spool on a file system that cannot lock: NFS without its lock service. */
#include <errno.h>
#include <string.h>
#include <sys/file.h>

#include "queue.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* What flock says; 0: it works. This test's own, in place of the system's. */
static int refusal;

int
flock(int fd, int how)
{
	(void)fd;
	(void)how;
	errno = refusal;
	return refusal != 0 ? -1 : 0;
}

static const int refusals[] = { ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL };

/* Before anything is accepted, with 73 and what to do. */
static void
test_open(void)
{
	for (size_t i = 0; i < N(refusals); i++) {
		struct queue q;
		struct spool s;
		struct err e = { 0 };

		refusal = 0;
		queue_new(&q);
		refusal = refusals[i];
		T_CHECK(!spool_open(&s, q.path, SPOOL_FULL, &q.clock, &e) &&
			e.kind == ERR_CONFIG && err_exit(&e) == 73 &&
			strstr(e.msg, q.path) != NULL &&
			strstr(e.remedy, "spool_dir") != NULL,
		    "%s: %s; %s", strerror(refusal), e.msg, e.remedy);
		queue_end(&q);
	}
	refusal = EWOULDBLOCK; /* another process looks at the same moment */
	for (size_t i = 0; i < 2; i++) {
		struct queue q;

		queue_new(&q);
		queue_end(&q);
	}
}

/* The locks go while it is open: nothing is added, nothing called busy. */
static void
test_later(void)
{
	for (size_t i = 0; i < N(refusals); i++) {
		struct queue q;
		struct spool_add a;
		struct claim c;
		struct err e = { 0 };
		char id[ENVELOPE_ID_SIZE];

		refusal = 0;
		queue_new(&q);
		T_CHECK(queue_add(&q, STR("x"), id, &e), "%s", e.msg);
		refusal = refusals[i];
		T_CHECK(!spool_begin(&q.spool, &queue_envelope, &a, &e) &&
			e.kind == ERR_RETRY && err_exit(&e) == 75 &&
			queue_count(&q, SPOOL_TMP) == 0,
		    "%s: %s", strerror(refusal), e.msg);
		T_CHECK(!claim_take(&c, &q.spool, id, SPOOL_QUEUED, &q.arena,
			    &e) &&
			e.kind == ERR_RETRY && strstr(e.msg, id) != NULL,
		    "%s: %s", strerror(refusal), e.msg);
		T_CHECK(queue_count(&q, SPOOL_NEW) == 1, "it stays");
		queue_end(&q);
	}
}

static const struct t_test tests[] = {
	{ "open", test_open },
	{ "later", test_later },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
