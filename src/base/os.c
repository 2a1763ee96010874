/* SPDX-License-Identifier: MIT */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_FIRST = 479, /* a small file needs no more, nor large memory */
	READ_PIECE = 65536,
	LOCK_PAUSE_MS = 20, /* flock knows no deadline: ask this often */
	MAKE_TRIES = 16
};

int64_t
os_wall_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
os_wall(void)
{
	return os_wall_us() / 1000000;
}

int64_t
os_mono_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
os_zone(int64_t when)
{
	time_t t = (time_t)when;
	struct tm local;

	return localtime_r(&t, &local) != NULL ? (int)(local.tm_gmtoff / 60) :
						 0;
}

/* Without randomness nothing here is safe to do. */
__attribute__((noreturn)) static void
random_fails(void)
{
	char text[256];
	struct err e;

	(void)snprintf(text, sizeof(text),
	    "post365: no random numbers: neither getrandom nor /dev/urandom "
	    "works here (%s)\n"
	    "  do: let the sandbox allow getrandom, or give it /dev/urandom.\n",
	    strerror(errno));
	(void)!os_write_fd(STDERR_FILENO, "standard error", str_of(text), &e);
	_exit(EX_TEMPFAIL);
}

/* getrandom came with Linux 3.17, and there are sandboxes that forbid it. */
static void
random_by_file(char *at, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	for (; n > 0; at += got, n -= (size_t)got) {
		got = fd < 0 ? -1 : read(fd, at, n);
		if (got < 0 && fd >= 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			random_fails();
	}
	os_close(&fd);
}

void
os_random(void *p, size_t n)
{
	char *at = p;
	ssize_t got;

	while (n > 0) {
		got = getrandom(at, n, 0);
		if (got < 0 && errno != EINTR) {
			random_by_file(at, n);
			return;
		}
		if (got < 0)
			got = 0;
		at += got;
		n -= (size_t)got;
	}
}

void
os_uuid(char out[OS_UUID_SIZE])
{
	static const size_t group[] = { 4, 2, 2, 2, 6 };
	unsigned char r[16], *from = r;

	os_random(r, sizeof(r));
	r[6] = (r[6] & 0x0f) | 0x40; /* RFC 9562 5.4: version 4 */
	r[8] = (r[8] & 0x3f) | 0x80; /* and the variant */
	for (size_t i = 0; i < sizeof(group) / sizeof(*group); i++) {
		out = str_hex(out, from, group[i]);
		*out++ = '-';
		from += group[i];
	}
	out[-1] = '\0';
}

int
os_poll(struct pollfd *fds, size_t n, int64_t deadline)
{
	int64_t left;
	int r;

	for (;;) {
		left = deadline == OS_FOREVER ? -1 : deadline - os_mono_ms();
		if (deadline != OS_FOREVER && left < 0)
			left = 0;
		if (left > INT32_MAX)
			left = INT32_MAX;
		r = poll(fds, n, (int)left);
		if (r >= 0 || errno != EINTR)
			return r;
	}
}

int64_t
os_accept_rest(int64_t now)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return now;
	return now + OS_REST_MS;
}

struct os_stat
os_stat_of(const struct stat *st)
{
	return (struct os_stat){
		.size = (uint64_t)st->st_size,
		.mtime = st->st_mtime,
		.regular = S_ISREG(st->st_mode),
		.directory = S_ISDIR(st->st_mode),
		.others = (st->st_mode & (S_IROTH | S_IWOTH)) != 0,
		.others_write = (st->st_mode & S_IWOTH) != 0,
		.group_writes = (st->st_mode & S_IWGRP) != 0,
		.owner = st->st_uid,
		.group = st->st_gid,
	};
}

bool
os_stat_path(const char *path, struct os_stat *out, struct err *e)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0) {
		err_sys(e, ERR_INPUT, "%s", path);
		e->exit = EX_NOINPUT;
		return false;
	}
	*out = os_stat_of(&st);
	out->read_only_mount =
	    statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
	return true;
}

bool
os_stat_fd(int fd, const char *name, struct os_stat *out, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_RETRY, "%s", name);
	*out = os_stat_of(&st);
	return true;
}

static bool
cannot_read(const char *name, struct err *e)
{
	err_sys(e, ERR_INPUT, "%s: cannot read", name);
	e->exit = EX_NOINPUT;
	return false;
}

/*
 * After a failed read or write: is it worth another? A standard stream may
 * have been made non-blocking by whoever shares it with us; then this waits.
 */
static bool
may_go_on(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EAGAIN)
		return os_poll(&p, 1, OS_FOREVER) > 0;
	return errno == EINTR;
}

bool
os_read_some(int fd, const char *name, struct os_piece *to, struct err *e)
{
	ssize_t got;

	do
		got = read(fd, to->p, to->max);
	while (got < 0 && may_go_on(fd, POLLIN));
	if (got < 0)
		return cannot_read(name, e);
	to->n = (size_t)got;
	return true;
}

/* Bytes to read next: what is free, so a small file's end is seen at once. */
static size_t
os_next_piece(const struct buf *b)
{
	size_t piece = b->cap > b->n + 1 ? b->cap - b->n - 1 : b->n;
	size_t most = b->limit - b->n;

	if (piece == 0)
		piece = READ_FIRST;
	if (most > READ_PIECE)
		most = READ_PIECE;
	return piece < most ? piece : most;
}

bool
os_read_fd(int fd, const char *name, struct buf *out, struct err *e)
{
	struct os_piece piece;
	char more;

	while (out->n < out->limit) {
		piece.max = os_next_piece(out);
		piece.p = buf_room(out, piece.max);
		if (piece.p == NULL)
			return !buf_ok(out, e) && err_wrap(e, "%s", name);
		if (!os_read_some(fd, name, &piece, e))
			return false;
		if (piece.n == 0)
			return true;
		buf_commit(out, piece.n);
	}
	/* a file that goes on after the limit is too large */
	piece = (struct os_piece){ .p = &more, .max = 1 };
	if (!os_read_some(fd, name, &piece, e))
		return false;
	if (piece.n == 0)
		return buf_ok(out, e);
	out->full = true;
	return err_set(e, ERR_INPUT,
	    "%s: larger than the %zu bytes allowed here", name, out->limit);
}

bool
os_read_file(const char *path, struct buf *out, struct err *e)
{
	bool ok;
	int fd;

	if (strcmp(path, "-") == 0)
		return os_read_fd(STDIN_FILENO, "standard input", out, e);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_sys(e, ERR_INPUT, "%s: cannot open", path);
		e->exit = EX_NOINPUT;
		return false;
	}
	ok = os_read_fd(fd, path, out, e);
	os_close(&fd);
	return ok;
}

/* A regular file that no symbolic link leads to; -1: *e says why not. */
static int
open_regular(const char *path, struct stat *st, struct err *e)
{
	/* O_NONBLOCK: a FIFO in its place must not hold us up */
	int fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	if (fd >= 0)
		err_set(e, ERR_INPUT, "%s: not a regular file", path);
	else
		err_sys(e, ERR_INPUT, "%s: cannot open", path);
	e->exit = EX_NOINPUT;
	os_close(&fd);
	return -1;
}

bool
os_read_regular(const char *path, struct buf *out, struct err *e)
{
	struct stat st;
	int fd = open_regular(path, &st, e);
	bool ok = fd >= 0 && os_read_fd(fd, path, out, e);

	os_close(&fd);
	return ok;
}

bool
os_read_private(const char *path, struct buf *out, struct err *e)
{
	struct stat st;
	int fd = open_regular(path, &st, e);
	bool ok = fd >= 0;

	if (ok &&
	    (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0))
		ok = err_set(e, ERR_INPUT, "%s: others may read or write it",
		    path);
	ok = ok && os_read_fd(fd, path, out, e);
	os_close(&fd);
	return ok;
}

static bool
io_error(const char *name, const char *what, struct err *e)
{
	err_sys(e, ERR_RETRY, "%s: cannot %s", name, what);
	e->exit = EX_IOERR;
	return false;
}

bool
os_write_fd(int fd, const char *name, struct str s, struct err *e)
{
	ssize_t n;

	while (s.n > 0) {
		n = write(fd, s.p, s.n);
		if (n < 0 && may_go_on(fd, POLLOUT))
			continue;
		if (n < 0)
			return io_error(name, "write", e);
		s = str_from(s, (size_t)n);
	}
	return true;
}

bool
os_read_at(struct os_at from, char *p, size_t n, struct err *e)
{
	ssize_t got;

	while (n > 0) {
		got = pread(from.fd, p, n, (off_t)from.at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, ERR_RETRY, "%s: cannot read",
			    from.name);
		if (got == 0)
			return err_set(e, ERR_INPUT, "%s: is cut short",
			    from.name);
		p += got;
		n -= (size_t)got;
		from.at += (uint64_t)got;
	}
	return true;
}

bool
os_write_at(struct os_at to, struct str s, struct err *e)
{
	ssize_t n;

	for (; s.n > 0; s = str_from(s, (size_t)n)) {
		n = pwrite(to.fd, s.p, s.n, (off_t)to.at);
		if (n < 0 && errno != EINTR)
			return io_error(to.name, "write", e);
		if (n < 0)
			n = 0;
		to.at += (uint64_t)n;
	}
	return true;
}

bool
os_sync(int fd, const char *name, struct err *e)
{
	int r;

	do
		r = fdatasync(fd);
	while (r < 0 && errno == EINTR);
	return r == 0 || io_error(name, "sync", e);
}

bool
os_write_out(int fd, const char *name, struct err *e)
{
	const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE |
	    SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	int r;

	do
		r = sync_file_range(fd, 0, 0, all);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return true;
	/* it tells of a failure only once: no sync hears of it again */
	if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
		return io_error(name, "write out", e);
	return os_sync(fd, name, e);
}

void
os_sync_start(int fd)
{
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

bool
os_reserve(struct os_at at, uint64_t n, struct err *e)
{
	if (fallocate(at.fd, FALLOC_FL_KEEP_SIZE, (off_t)at.at, (off_t)n) == 0)
		return true;
	return (errno != ENOSPC && errno != EDQUOT && errno != EFBIG) ||
	    io_error(at.name, "make longer", e);
}

bool
os_cut(int fd, const char *name, uint64_t size, struct err *e)
{
	return ftruncate(fd, (off_t)size) == 0 || io_error(name, "shorten", e);
}

void
os_touch(int fd, int64_t when)
{
	const struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = when } };

	(void)futimens(fd, t);
}

bool
os_try_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void
os_unlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}

bool
os_is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(fd, LOCK_UN);
	return false;
}

bool
os_folder_of(const char *path, char *dir, size_t size, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (n + 1 >= size)
		return err_set(e, ERR_CONFIG, "%s: path too long", path);
	if (slash == NULL)
		memcpy(dir, ".", 2);
	else if (n == 0)
		memcpy(dir, "/", 2);
	else
		*(char *)mempcpy(dir, path, n) = '\0';
	return true;
}

/* False: it cannot be looked at. */
static bool
stat_above(int folder, const char *name, struct stat *st)
{
	char above[4096];
	struct err ignored;

	return os_folder_of(name, above, sizeof(above), &ignored) &&
	    fstatat(folder, above, st, 0) == 0;
}

/* What root makes belongs to whom the folder above belongs. */
static void
give_to_owner(int fd, const struct stat *above)
{
	if (fd >= 0 && geteuid() == 0 && above->st_uid != 0)
		(void)!fchown(fd, above->st_uid, above->st_gid);
}

static int
make_file(int folder, const char *name, int flags, mode_t mode)
{
	struct stat above = { 0 };
	int fd = openat(folder, name, flags | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return fd;
	if (stat_above(folder, name, &above))
		give_to_owner(fd, &above);
	if (mode == OS_AS_FOLDER)
		mode = 0600 | (above.st_mode & 0060);
	if (mode != 0600)
		(void)!fchmod(fd, mode); /* whatever the umask */
	return fd;
}

void
os_remove(const char *path)
{
	(void)unlink(path);
}

/* For the message, errno says what is wrong with it. */
static bool
is_folder(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

bool
os_mkdir(const char *path, mode_t mode)
{
	struct stat above;
	int fd;

	if (mkdir(path, mode) < 0)
		return false;
	if (geteuid() == 0 && stat_above(AT_FDCWD, path, &above)) {
		fd =
		    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		give_to_owner(fd, &above);
		os_close(&fd);
	}
	return true;
}

bool
os_mkdirs(const char *path, mode_t mode, struct err *e)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return err_set(e, ERR_CONFIG, "%s: path too long", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (!os_mkdir(part, mode) &&
		    (errno != EEXIST || !is_folder(part))) {
			err_sys(e, ERR_CONFIG, "%s: cannot make folder", part);
			e->exit = EX_CANTCREAT;
			return false;
		}
		part[i] = path[i];
	}
	return true;
}

int
os_open_or_make(int folder, const char *name, int flags, mode_t mode)
{
	int fd;

	if ((flags & O_EXCL) != 0)
		return make_file(folder, name, flags, mode);
	/* others may make it and remove it meanwhile */
	for (int i = 0; i < MAKE_TRIES; i++) {
		fd = openat(folder, name, flags);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = make_file(folder, name, flags, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

bool
os_wait_lock(int fd, int64_t deadline)
{
	int64_t now;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		now = os_mono_ms();
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    (deadline != OS_FOREVER && now >= deadline))
			return false;
		(void)os_poll(NULL, 0, now + LOCK_PAUSE_MS);
	}
	return true;
}

bool
os_lock(const char *path, int64_t deadline, int *fd, struct err *e)
{
	int f = os_open_or_make(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW,
	    OS_AS_FOLDER);

	if (f < 0) {
		err_sys(e, ERR_RETRY, "%s: cannot open", path);
		e->exit = EX_CANTCREAT;
		return false;
	}
	if (!os_wait_lock(f, deadline)) {
		err_sys(e, ERR_RETRY, "%s: cannot lock", path);
		os_close(&f);
		return false;
	}
	*fd = f;
	return true;
}

int
os_open_nothing(void)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY);

	return fd >= 0 ? fd : open("/", O_RDONLY | O_DIRECTORY);
}

void
os_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* Linux: never again, even after EINTR */
	*fd = -1;
	errno = saved;
}

void
os_protect_secrets(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
os_protect_tables(void)
{
	extern const char __ehdr_start[] __attribute__((visibility("hidden")));
	const ElfW(Ehdr) *head = (const void *)__ehdr_start;
	const ElfW(Phdr) *part = (const void *)(__ehdr_start + head->e_phoff);
	size_t page = (size_t)getpagesize();

	for (size_t i = 0; i < head->e_phnum; i++) {
		uintptr_t from = (uintptr_t)__ehdr_start + part[i].p_vaddr;
		uintptr_t end = (from + part[i].p_memsz) & ~(page - 1);

		/* not the page of its first byte: see link.ld */
		from = (from | (page - 1)) + 1;
		if (part[i].p_type == PT_GNU_RELRO && from < end)
			(void)mprotect((void *)from, end - from, PROT_READ);
	}
}
