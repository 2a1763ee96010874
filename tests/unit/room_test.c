/* SPDX-License-Identifier: MIT */
#include "store/room.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>

#include "queue.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { MB = 1 << 20, UNIT = 4096, UNITS = MB / UNIT };

/* What the file system says; in place of libc's. */
static struct statvfs disk;
static int broken;

int
fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	if (broken != 0) {
		errno = broken;
		return -1;
	}
	*out = disk;
	return 0;
}

static long type;
static unsigned listed;
static int64_t clock_ms, list_ms; /* list_ms: how long listing takes */

int
clock_gettime(clockid_t which, struct timespec *out)
{
	(void)which;
	*out = (struct timespec){ clock_ms / 1000, clock_ms % 1000 * 1000000 };
	return 0;
}

int
fstatfs(int fd, struct statfs *out)
{
	(void)fd;
	*out = (struct statfs){ .f_type = (__typeof__(out->f_type))type };
	return 0;
}

DIR *
fdopendir(int fd)
{
	DIR *(*real)(int);

	*(void **)&real = dlsym(RTLD_NEXT, "fdopendir");
	listed++;
	clock_ms += list_ms;
	return real(fd);
}

static void
set_disk(unsigned megabytes, unsigned available, unsigned files,
    unsigned free_files)
{
	memset(&disk, 0, sizeof(disk));
	disk.f_bsize = 1; /* f_frsize is the unit */
	disk.f_frsize = UNIT;
	disk.f_blocks = (fsblkcnt_t)megabytes * UNITS;
	disk.f_bfree = disk.f_blocks; /* root's */
	disk.f_bavail = (fsblkcnt_t)available * UNITS;
	disk.f_files = files;
	disk.f_ffree = files;
	disk.f_favail = free_files;
}

static const struct {
	const char *name;
	unsigned megabytes, available, files, free_files;
	uint64_t size; /* of the message */
	int broken;
	const char *says; /* NULL: there is room */
} disks[] = {
	{ "large and empty", 100000, 90000, 1000000, 1000000, 0, 0, NULL },
	{ "just enough", 100000, 16, 1000000, 64, 0, 0, NULL },
	{ "too little", 100000, 15, 1000000, 1000000, 0, 0,
	    "has 15 MB free, and min_free keeps 16 MB" },
	{ "too little for this", 100000, 17, 1000000, 1000000, 2 * MB, 0,
	    "has 17 MB free" },
	{ "a small one: a tenth", 50, 5, 1000, 1000, 0, 0, NULL },
	{ "a small one", 50, 4, 1000, 1000, 0, 0, "has 4 MB free" },
	{ "no inodes", 100000, 90000, 1000000, 63, 0, 0, "only 63 more files" },
	{ "few inodes: a tenth", 100, 90, 100, 10, 0, 0, NULL },
	{ "it has no inodes", 100000, 90000, 0, 0, 0, 0, NULL },
	{ "it does not say", 0, 0, 0, 0, 0, ENOSYS, NULL },
};

static void
check(const char *name, bool ok, const struct err *e, const char *says)
{
	T_CHECK(ok == (says == NULL), "%s: %d, %s", name, ok, e->msg);
	if (ok || says == NULL)
		return;
	T_CHECK(strstr(e->msg, says) != NULL && e->kind == ERR_RETRY &&
		e->full && err_exit(e) == 75 &&
		strstr(e->remedy, "then it is taken") != NULL,
	    "%s: %s; %s", name, e->msg, e->remedy);
}

static void
test_disk(void)
{
	const struct spool_limits l = { .min_free = 16 * MB };
	struct queue q;
	struct err e = { 0 };

	queue_new(&q);
	for (size_t i = 0; i < N(disks); i++) {
		set_disk(disks[i].megabytes, disks[i].available, disks[i].files,
		    disks[i].free_files);
		broken = disks[i].broken;
		check(disks[i].name,
		    spool_room(&q.spool, &l, disks[i].size, &e), &e,
		    disks[i].says);
	}
	broken = ENOSYS;
	queue_end(&q);
}

/* new/ and work/ count; and once one is gone there is room again. */
static void
test_queue(void)
{
	struct spool_limits l = { .max_queue = 2 };
	char id[3][ENVELOPE_ID_SIZE];
	struct queue q;
	struct claim c;
	struct err e = { 0 };

	queue_new(&q);
	for (int i = 0; i < 2; i++) {
		check("not yet", spool_room(&q.spool, &l, 0, &e), &e, NULL);
		T_CHECK(queue_add(&q, STR("x"), id[i], &e), "%s", e.msg);
	}
	check("two", spool_room(&q.spool, &l, 0, &e), &e,
	    "2 messages wait in the queue, and max_queue is 2");
	T_CHECK(claim_take(&c, &q.spool, id[0], SPOOL_QUEUED, &q.arena, &e) &&
		c.spool != NULL,
	    "%s", e.msg);
	check("one in work", spool_room(&q.spool, &l, 0, &e), &e, "2 messages");
	T_CHECK(claim_put(&c, SPOOL_HOLD, &e), "%s", e.msg);
	check("one on hold", spool_room(&q.spool, &l, 0, &e), &e, NULL);
	l.max_queue = 0;
	T_CHECK(queue_add(&q, STR("x"), id[2], &e), "%s", e.msg);
	check("no limit", spool_room(&q.spool, &l, 0, &e), &e, NULL);
	queue_end(&q);
}

/* The folders are listed only where they can hold so many names. */
static void
test_listed(void)
{
	enum { EXT4 = 0xef53, ZFS = 0x2fc12fc1 };
	struct spool_limits l = { 0 };
	struct stat new, work;
	struct err e = { 0 };
	struct queue q;
	char id[ENVELOPE_ID_SIZE];
	uint64_t n;

	queue_new(&q);
	for (int i = 0; i < 40; i++) /* tmpfs has 20 bytes for each */
		T_CHECK(queue_add(&q, STR("x"), id, &e), "%s", e.msg);
	T_CHECK(fstat(q.spool.dir[SPOOL_NEW].fd, &new) == 0 &&
		fstat(q.spool.dir[SPOOL_WORK].fd, &work) == 0,
	    "no folders");
	n = (uint64_t) new.st_size + (uint64_t)work.st_size;
	const struct {
		const char *name;
		long type;
		uint64_t most;
		bool list;
	} rows[] = {
		{ "too small for each", ZFS, n + 1, false },
		{ "a byte for each", ZFS, n, true },
		{ "a byte for each on ext4", EXT4, n, false },
		{ "19 bytes on ext4", EXT4, n / 19, false },
		{ "20 bytes on ext4", EXT4, n / 20, true },
	};
	for (size_t i = 0; i < N(rows); i++) {
		type = rows[i].type;
		l.max_queue = rows[i].most;
		listed = 0;
		(void)!spool_room(&q.spool, &l, 0, &e);
		T_CHECK((listed > 0) == rows[i].list, "%s: %u", rows[i].name,
		    listed);
	}
	type = 0;
	queue_end(&q);
}

/* Of all folders; what comes counts, too. */
static void
test_spool(void)
{
	struct spool_limits l = { .max_spool = 10 << 10 };
	char id[ENVELOPE_ID_SIZE];
	struct queue q;
	struct claim c;
	struct err e = { 0 };

	queue_new(&q);
	check("empty", spool_room(&q.spool, &l, 10 << 10, &e), &e, NULL);
	check("too large", spool_room(&q.spool, &l, (10 << 10) + 1, &e), &e,
	    "holds 0 kB, and max_spool allows 10 kB");
	T_CHECK(queue_add(&q, STR("x"), id, &e), "%s", e.msg); /* 4.4 kB */
	T_CHECK(claim_take(&c, &q.spool, id, SPOOL_QUEUED, &q.arena, &e) &&
		claim_put(&c, SPOOL_DEAD, &e),
	    "%s", e.msg);
	check("one", spool_room(&q.spool, &l, 5 << 10, &e), &e, NULL);
	check("one and more", spool_room(&q.spool, &l, 6 << 10, &e), &e,
	    "holds 4 kB");
	queue_end(&q);
}

/* What took long to find out is good for a while, less what was let in. */
static void
test_known(void)
{
	enum { LOOK = 2 * 50, ALL = SPOOL_FOLDERS * 50 };
	static const struct {
		const char *name;
		int64_t later; /* ms */
		struct spool_limits l;
		uint64_t size;
		unsigned listed;
		const char *says;
	} rows[] = {
		{ "at first", 0, { .max_queue = 5 }, 0, 2, NULL },
		{ "soon", 10 * LOOK - 1, { .max_queue = 5 }, 0, 0, NULL },
		{ "all are let in", 0, { .max_queue = 5 }, 0, 0, NULL },
		{ "or not, after all", 0, { .max_queue = 5 }, 0, 2, NULL },
		{ "later", 10 * LOOK, { .max_queue = 5 }, 0, 2, NULL },
		{ "full", 0, { .max_queue = 2 }, 0, 2, "2 messages wait" },
		{ "full is not remembered", 0, { .max_queue = 2 }, 0, 2,
		    "2 messages wait" },
		{ "sizes", 0, { .max_spool = 20 << 10 }, 5 << 10, 5, NULL },
		{ "sizes, soon", 10 * ALL - 1, { .max_spool = 20 << 10 },
		    5 << 10, 0, NULL },
		{ "more than is known", 0, { .max_spool = 20 << 10 }, 5 << 10,
		    5, NULL },
		{ "sizes, later", 10 * ALL, { .max_spool = 20 << 10 }, 1, 5,
		    NULL },
		{ "too large", 0, { .max_spool = 20 << 10 }, 15 << 10, 5,
		    "holds 8 kB" },
	};
	struct err e = { 0 };
	struct queue q;
	char id[ENVELOPE_ID_SIZE];

	queue_new(&q);
	for (int i = 0; i < 2; i++)
		T_CHECK(queue_add(&q, STR("x"), id, &e), "%s", e.msg);
	list_ms = 50;
	for (size_t i = 0; i < N(rows); i++) {
		clock_ms += rows[i].later;
		listed = 0;
		check(rows[i].name,
		    spool_room(&q.spool, &rows[i].l, rows[i].size, &e), &e,
		    rows[i].says);
		T_CHECK(listed == rows[i].listed, "%s: %u", rows[i].name,
		    listed);
	}
	list_ms = 0;
	queue_end(&q);
}

static const struct t_test tests[] = {
	{ "disk", test_disk },
	{ "queue", test_queue },
	{ "what is listed", test_listed },
	{ "spool", test_spool },
	{ "what is known", test_known },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
