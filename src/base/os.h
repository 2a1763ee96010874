/* SPDX-License-Identifier: MIT */
/*
 * os: the system calls that need care, in the shape of this program.
 *
 * Here end -1 and errno. Calls that a signal cut short are made again. All
 * descriptors are opened close-on-exec.
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { OS_FOREVER = -1 }; /* as a deadline: none */

int64_t os_wall(void);    /* seconds since 1970 */
int64_t os_wall_us(void); /* microseconds */
int64_t os_mono_ms(void); /* monotonic */
/* Minutes east of UTC, by this machine's clock of that time. */
int os_zone(int64_t when);

/*
 * n bytes from the kernel's generator, by getrandom or /dev/urandom. Never
 * weak: it waits, and where there is neither, it ends the process (75).
 */
void os_random(void *p, size_t n);
enum { OS_UUID_SIZE = 37 };
/* A random UUID (RFC 9562 version 4) as text with a NUL. */
void os_uuid(char out[OS_UUID_SIZE]);

/*
 * The one function that waits: until a descriptor is ready or the deadline
 * (monotonic ms, or OS_FOREVER) is over. Number of ready ones; 0 is time out;
 * -1: poll itself failed (no memory, more descriptors than this process may
 * have), errno says why.
 */
int os_poll(struct pollfd *fds, size_t n, int64_t deadline);

/*
 * After accept(2) has failed: until when its listener is not asked again; now
 * is monotonic ms. For want of a descriptor or memory it stays ready all the
 * same, and who asked at once would spin: OS_REST_MS from now. Else now.
 */
enum { OS_REST_MS = 100 };
int64_t os_accept_rest(int64_t now);

/*
 * What a file is, for messages and for refusing secrets that all may read.
 */
struct os_stat {
	uint64_t size; /* bytes */
	int64_t mtime; /* seconds since 1970 */
	bool regular, directory;
	bool others; /* world may read or write it */
	bool others_write, group_writes;
	bool read_only_mount;
	uid_t owner;
	gid_t group;
};
struct stat;
/* The kernel's in these words, but for read_only_mount. */
struct os_stat os_stat_of(const struct stat *st);
bool os_stat_path(const char *path, struct os_stat *out, struct err *e)
    __attribute__((warn_unused_result));
/* The same of an open file, but for read_only_mount. ERR_RETRY. */
bool os_stat_fd(int fd, const char *name, struct os_stat *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Appends a whole file, or all of an open descriptor, to out; waits for one
 * that is non-blocking. "-" is standard input. Errors name the file: ERR_INPUT
 * with exit 66 if it cannot be opened, is a directory or cannot be read,
 * ERR_INPUT if it exceeds out.
 */
bool os_read_file(const char *path, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));
bool os_read_fd(int fd, const char *name, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * One read of at most max bytes into p; *n is 0 at the end. ERR_INPUT with
 * exit 66, naming the file.
 */
struct os_piece {
	char *p;
	size_t max, n;
};
bool os_read_some(int fd, const char *name, struct os_piece *to, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The same as os_read_file for a regular file that is not reached by a
 * symbolic link: its name came from elsewhere. ERR_INPUT otherwise.
 */
bool os_read_regular(const char *path, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * The same for a file of ours that holds a secret: owned by us, closed to
 * everybody else, too.
 */
bool os_read_private(const char *path, struct buf *out, struct err *e)
    __attribute__((warn_unused_result));

/* Writes all of s; waits for one that is non-blocking. ERR_RETRY, exit 74. */
bool os_write_fd(int fd, const char *name, struct str s, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Exactly n bytes at an offset. Reading: ERR_RETRY, and ERR_INPUT where the
 * file ends before. Writing: ERR_RETRY with exit 74.
 */
struct os_at {
	const char *name; /* for messages */
	int fd;
	uint64_t at;
};
bool os_read_at(struct os_at from, char *p, size_t n, struct err *e)
    __attribute__((warn_unused_result));
bool os_write_at(struct os_at to, struct str s, struct err *e)
    __attribute__((warn_unused_result));

/*
 * What was written is on the disk afterwards, and the file's length. After
 * false nothing is known of it: do not ask a second time, throw it away.
 * ERR_RETRY with exit 74.
 */
bool os_sync(int fd, const char *name, struct err *e)
    __attribute__((warn_unused_result));
/*
 * What was written has reached the disk's own memory, and nothing of it is
 * left to write. No promise yet: an os_sync is still to come. Fails as that
 * does.
 */
bool os_write_out(int fd, const char *name, struct err *e)
    __attribute__((warn_unused_result));
/* Begins to write it to the disk, for an os_sync to come, where that can be. */
void os_sync_start(int fd);
/* Ends the file at this size. ERR_RETRY with exit 74. */
bool os_cut(int fd, const char *name, uint64_t size, struct err *e)
    __attribute__((warn_unused_result));
/*
 * Takes room on the disk for n bytes at an offset, without making the file
 * longer, where the file system can do that. ERR_RETRY with exit 74: no space.
 */
bool os_reserve(struct os_at at, uint64_t n, struct err *e)
    __attribute__((warn_unused_result));
/* Sets the time of the last change. Where that fails, nothing happens. */
void os_touch(int fd, int64_t when);
/*
 * Takes the file's lock without waiting. False with EWOULDBLOCK: somebody
 * else has it; with anything else: the file system has no locks. It ends with
 * the last descriptor that came from this one, so with its holder at the
 * latest.
 */
bool os_try_lock(int fd);
bool os_wait_lock(int fd, int64_t deadline); /* the same, until then */
void os_unlock(int fd); /* for all who have it from this one */
/* Has somebody else this lock? Who asks has it for a moment, if not. */
bool os_is_locked(int fd);

/* Removes a file, if it is there and we may. */
void os_remove(const char *path);

/* The folder of path into dir (of size bytes); "." if it names none. */
bool os_folder_of(const char *path, char *dir, size_t size, struct err *e)
    __attribute__((warn_unused_result));

/*
 * mkdir(2). A folder that root makes belongs to the owner of the one above it;
 * so do files. False: errno says why.
 */
bool os_mkdir(const char *path, mode_t mode)
    __attribute__((warn_unused_result));

/* Makes a folder and the missing ones above it. Existing is fine. */
bool os_mkdirs(const char *path, mode_t mode, struct err *e)
    __attribute__((warn_unused_result));

/*
 * openat(2), which makes the file if it is missing; with O_EXCL only then. Its
 * mode is the one given, whatever the umask.
 * What root makes belongs to whom its folder belongs: who runs a queue as
 * root now and then must not lock its owner out.
 */
enum { OS_AS_FOLDER = 0 }; /* as a mode: the group too, if it may write there */
int os_open_or_make(int folder, const char *name, int flags, mode_t mode);

/*
 * Takes the lock on a file, made if missing (OS_AS_FOLDER); waits until the
 * deadline. *fd holds the lock until closed. ERR_RETRY: not in time.
 */
bool os_lock(const char *path, int64_t deadline, int *fd, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Something to stand where a descriptor is needed and nothing is to be read
 * or written: /dev/null, or in a jail without one a folder, which can be
 * neither. -1: there can be no descriptor.
 */
int os_open_nothing(void);

/* close(2) that takes -1 and never changes errno. Sets *fd to -1. */
void os_close(int *fd);

/* No core files and no ptrace by others: secrets are in this memory. */
void os_protect_secrets(void);
/*
 * What is written once, before main, cannot be written again: tables with
 * addresses of functions. Of a program without an interpreter nobody else
 * obeys PT_GNU_RELRO. Source: musl 1.2.6, crt/rcrt1.c.
 */
void os_protect_tables(void);

#endif
