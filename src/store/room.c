/* SPDX-License-Identifier: MIT */
#include "store/room.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

enum {
	ROOM_SHARE = 10, /* of a small disk: one part in so many */
	ROOM_NAME = 20,  /* bytes that a name takes of its folder, at least */
	ROOM_GOOD = 10   /* so looking takes a tenth of the time at most */
};

/* Where that is so, for names of 16 letters: statfs(2). ZFS says 1. */
static const uint32_t room_systems[] = {
	0x0000ef53, /* ext2, ext3, ext4 */
	0x58465342, /* XFS */
	0x9123683e, /* btrfs */
	0x01021994, /* tmpfs */
};

struct room_sum {
	const struct dir *dir; /* whose sizes are wanted; NULL: how many */
	uint64_t n;
};

static void
room_add(void *arg, const char *name, bool regular)
{
	struct room_sum *sum = arg;
	struct os_stat st;

	if (sum->dir == NULL)
		sum->n += regular;
	else if (dir_stat(sum->dir, name, &st))
		sum->n += st.size;
}

/* What there is in these folders, files or bytes, now. */
static bool
room_look(const struct spool *s, unsigned folders, bool sizes,
    struct spool_seen *seen, struct err *e)
{
	int64_t began = os_mono_ms(), now;
	struct room_sum sum = { 0 };

	for (unsigned i = 0; i < SPOOL_FOLDERS; i++) {
		if (sizes)
			sum.dir = &s->dir[i];
		if ((folders & SPOOL_IN(i)) != 0 &&
		    !dir_each(&s->dir[i], room_add, &sum, e))
			return false;
	}
	now = os_mono_ms();
	*seen = (struct spool_seen){ now + (now - began) * ROOM_GOOD, sum.n };
	return true;
}

/* Is it known that there is room for so much more? Then it is taken. */
static bool
room_take(struct spool_seen *seen, uint64_t more, uint64_t most)
{
	if (seen->n + more > most)
		return false;
	seen->n += more;
	return true;
}

static bool
room_is_known(struct spool_seen *seen, uint64_t more, uint64_t most)
{
	return os_mono_ms() < seen->until && room_take(seen, more, most);
}

static bool
room_refuse(const char *path, const char *remedy, struct err *e)
{
	e->full = true;
	err_wrap(e, "%s", path);
	return err_remedy(e, "%s; then it is taken at once", remedy);
}

static uint64_t
room_least(uint64_t setting, uint64_t all)
{
	return setting < all / ROOM_SHARE ? setting : all / ROOM_SHARE;
}

bool
spool_room_at(const struct os_at *at, uint64_t min_free, uint64_t size,
    struct err *e)
{
	struct statvfs fs;
	uint64_t unit, available;

	if (fstatvfs(at->fd, &fs) < 0)
		return true; /* who writes will see */
	unit = fs.f_frsize;
	available = fs.f_bavail * unit;
	if (available < size + room_least(min_free, fs.f_blocks * unit)) {
		err_set(e, ERR_RETRY,
		    "its disk has %llu MB free, and min_free keeps %llu MB",
		    (unsigned long long)(available >> 20),
		    (unsigned long long)(min_free >> 20));
		return room_refuse(at->name,
		    min_free > 0 ? "make room on it, or lower min_free" :
				   "make room on it",
		    e);
	}
	/* some file systems have no count of them */
	if (fs.f_files == 0 ||
	    fs.f_favail >= room_least(SPOOL_FREE_FILES, fs.f_files))
		return true;
	err_set(e, ERR_RETRY, "its disk can hold only %llu more files",
	    (unsigned long long)fs.f_favail);
	return room_refuse(at->name, "remove files from it (df -i counts them)",
	    e);
}

/* What a name takes of this folder, at least: bytes of its size. */
static uint64_t
room_name(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(room_systems) / sizeof(*room_systems);
	     i++)
		if ((uint32_t)fs.f_type == room_systems[i])
			return ROOM_NAME;
	return 1;
}

/* Can these hold so many? To list 100,000 names takes 20 ms. */
static bool
room_may_hold(const struct spool *s, uint64_t n)
{
	struct stat new, work;
	uint64_t bytes;

	if (fstat(s->dir[SPOOL_NEW].fd, &new) < 0 ||
	    fstat(s->dir[SPOOL_WORK].fd, &work) < 0)
		return true;
	bytes = (uint64_t) new.st_size + (uint64_t)work.st_size;
	return bytes >= n && bytes / n >= room_name(s->dir[SPOOL_NEW].fd);
}

static bool
room_in_queue(struct spool *s, uint64_t most, struct err *e)
{
	struct spool_seen *seen = &s->files;

	if (most == 0 || !room_may_hold(s, most) ||
	    room_is_known(seen, 1, most))
		return true;
	if (!room_look(s, SPOOL_QUEUED, false, seen, e))
		return false;
	if (room_take(seen, 1, most))
		return true;
	err_set(e, ERR_RETRY,
	    "%llu messages wait in the queue, and max_queue is %llu",
	    (unsigned long long)seen->n, (unsigned long long)most);
	return room_refuse(s->path,
	    "see why they wait with post365 queue, or raise max_queue", e);
}

static bool
room_in_spool(struct spool *s, uint64_t most, uint64_t size, struct err *e)
{
	struct spool_seen *seen = &s->bytes;

	if (most == 0 || room_is_known(seen, size, most))
		return true;
	if (!room_look(s, UINT_MAX, true, seen, e))
		return false;
	if (room_take(seen, size, most))
		return true;
	err_set(e, ERR_RETRY,
	    "the queue holds %llu kB, and max_spool allows %llu kB",
	    (unsigned long long)(seen->n >> 10),
	    (unsigned long long)(most >> 10));
	return room_refuse(s->path,
	    "see what it holds with post365 queue, or raise max_spool", e);
}

bool
spool_room(struct spool *s, const struct spool_limits *l, uint64_t size,
    struct err *e)
{
	const struct os_at at = { .name = s->path, .fd = s->dir[SPOOL_NEW].fd };

	return spool_room_at(&at, l->min_free, size, e) &&
	    room_in_queue(s, l->max_queue, e) &&
	    room_in_spool(s, l->max_spool, size, e);
}
