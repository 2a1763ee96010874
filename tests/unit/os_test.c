/* SPDX-License-Identifier: MIT */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/replace.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { EX_NOINPUT = 66, EX_CANTCREAT = 73, EX_IOERR = 74 };

static char folder[] = "/tmp/os_test.XXXXXX"; /* the one we are in */

static void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	T_CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
}

static void
test_read_limit(void)
{
	struct buf b;
	struct err e;

	put_file("ten", "0123456789");
	for (size_t limit = 0; limit <= 12; limit++) {
		bool fits = limit >= 10;

		buf_init(&b, limit);
		T_CHECK(os_read_file("ten", &b, &e) == fits, "limit %zu",
		    limit);
		T_CHECK(b.limit == limit, "limit %zu stays", limit);
		if (fits)
			T_CHECK(str_eq(buf_view(&b), STR("0123456789")), "%s",
			    b.p);
		else
			T_CHECK(e.kind == ERR_INPUT && e.exit == 0 &&
				strstr(e.msg, "ten") != NULL,
			    "%s", e.msg);
		buf_release(&b);
	}
	buf_init(&b, 14);
	buf_addz(&b, "head");
	T_CHECK(os_read_file("ten", &b, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&b), STR("head0123456789")), "appends");
	buf_release(&b);
	put_file("empty", "");
	buf_init(&b, 0);
	T_CHECK(os_read_file("empty", &b, &e) && b.n == 0, "empty");
	buf_release(&b);
}

static void
test_read_large(void)
{
	enum { SIZE = 300000 };
	struct replace_how how = { .mode = 0600 };
	struct buf in, out;
	struct err e;

	buf_init(&in, SIZE);
	buf_init(&out, SIZE);
	while (in.n < SIZE)
		buf_addc(&in, (char)(in.n * 7 >> 3));
	T_CHECK(replace_file("large", buf_view(&in), how, &e), "%s", e.msg);
	T_CHECK(os_read_file("large", &out, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&in), buf_view(&out)), "same bytes");
	buf_reset(&out);
	out.limit = SIZE - 1;
	T_CHECK(!os_read_file("large", &out, &e), "one byte too many");
	buf_release(&in);
	buf_release(&out);
}

/* What cannot be read, and how it is told. */
static void
test_read_bad(void)
{
	static const char *const paths[] = { "missing", ".", "ten/x", "" };
	struct buf b;
	struct err e;

	put_file("ten", "0123456789");
	buf_init(&b, 100);
	for (size_t i = 0; i < N(paths); i++) {
		T_CHECK(!os_read_file(paths[i], &b, &e), "%s", paths[i]);
		T_CHECK(e.kind == ERR_INPUT && err_exit(&e) == EX_NOINPUT &&
			str_starts(str_of(e.msg), str_of(paths[i])),
		    "%s: %s", paths[i], e.msg);
		T_CHECK(b.n == 0, "%s: nothing added", paths[i]);
	}
	buf_release(&b);
}

static void
test_read_fd(void)
{
	struct buf b;
	struct err e;
	int fd[2];

	buf_init(&b, 100);
	T_CHECK(pipe(fd) == 0, "pipe");
	T_CHECK(os_write_fd(fd[1], "pipe", STR("abc"), &e), "%s", e.msg);
	os_close(&fd[1]);
	T_CHECK(fd[1] == -1, "closed");
	T_CHECK(os_read_fd(fd[0], "pipe", &b, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&b), STR("abc")), "%s", b.p);
	os_close(&fd[0]);
	T_CHECK(!os_read_fd(fd[0], "pipe", &b, &e) &&
		err_exit(&e) == EX_NOINPUT,
	    "closed");
	T_CHECK(!os_write_fd(fd[0], "pipe", STR("x"), &e) &&
		e.kind == ERR_RETRY && err_exit(&e) == EX_IOERR,
	    "closed");
	errno = EAGAIN;
	os_close(&fd[0]);
	T_CHECK(errno == EAGAIN, "errno stays");
	buf_release(&b);
}

static void
read_ten(void)
{
	struct buf b;
	struct err e;

	buf_init(&b, 100);
	if (os_read_file("ten", &b, &e))
		T_CHECK(b.n == 10, "whole");
	else
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	buf_release(&b);
}

static void
test_allocation(void)
{
	put_file("ten", "0123456789");
	t_each_allocation_fails(read_ten);
}

static void
test_private(void)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool ok;
	} rows[] = {
		{ "ours", 0600, true },
		{ "ours, read", 0400, true },
		{ "group", 0640, false },
		{ "group writes", 0620, false },
		{ "world", 0604, false },
		{ "world writes", 0602, false },
		{ "all may run", 0611, false },
	};
	struct buf b;
	struct err e;

	buf_init(&b, 100);
	put_file("secret", "x");
	for (size_t i = 0; i < N(rows); i++) {
		buf_reset(&b);
		T_CHECK(chmod("secret", rows[i].mode) == 0, "chmod");
		T_CHECK(os_read_private("secret", &b, &e) == rows[i].ok, "%s",
		    rows[i].name);
		T_CHECK(rows[i].ok || e.kind == ERR_INPUT, "%s", e.msg);
		T_CHECK(rows[i].ok || b.n == 0, "%s: not read", rows[i].name);
	}
	T_CHECK(chmod("secret", 0600) == 0, "chmod");
	T_CHECK(symlink("secret", "link") == 0, "symlink");
	T_CHECK(mkfifo("fifo", 0600) == 0, "mkfifo");
	T_CHECK(!os_read_private("link", &b, &e), "a link");
	T_CHECK(!os_read_private("fifo", &b, &e), "a FIFO");
	T_CHECK(!os_read_private(".", &b, &e), "a folder");
	T_CHECK(!os_read_private("missing", &b, &e) &&
		err_exit(&e) == EX_NOINPUT,
	    "missing");
	/* of anybody, but of the same kinds */
	T_CHECK(chmod("secret", 0644) == 0, "chmod");
	buf_reset(&b);
	T_CHECK(os_read_regular("secret", &b, &e) && b.n > 0, "%s", e.msg);
	buf_reset(&b);
	T_CHECK(!os_read_regular("link", &b, &e), "a link");
	T_CHECK(!os_read_regular("fifo", &b, &e) && e.kind == ERR_INPUT,
	    "a FIFO");
	T_CHECK(!os_read_regular(".", &b, &e), "a folder");
	T_CHECK(!os_read_regular("missing", &b, &e) && b.n == 0, "missing");
	os_remove("link");
	os_remove("fifo");
	os_remove("missing");
	T_CHECK(access("fifo", F_OK) < 0, "removed");
	buf_release(&b);
}

static void
test_mkdirs(void)
{
	struct stat st;
	struct err e;

	T_CHECK(os_mkdirs("a/b//c/", 0700, &e), "%s", e.msg);
	T_CHECK(stat("a/b/c", &st) == 0 && S_ISDIR(st.st_mode), "made");
	T_CHECK((st.st_mode & 0777) == 0700, "mode");
	T_CHECK(os_mkdirs("a/b/c", 0700, &e), "again: %s", e.msg);
	T_CHECK(os_mkdirs("/", 0700, &e), "the root: %s", e.msg);
	put_file("a/file", "");
	T_CHECK(!os_mkdirs("a/file/d", 0700, &e) && e.kind == ERR_CONFIG &&
		err_exit(&e) == EX_CANTCREAT,
	    "a file on the way");
	T_CHECK(!os_mkdirs("a/file", 0700, &e), "a file in its place");
	T_CHECK(strstr(e.msg, "a/file") != NULL &&
		strstr(e.msg, "Not a directory") != NULL,
	    "%s", e.msg);
}

static void
test_stat(void)
{
	struct os_stat st;
	struct err e;

	put_file("ten", "0123456789");
	T_CHECK(chmod("ten", 0640) == 0, "chmod");
	T_CHECK(os_stat_path("ten", &st, &e), "%s", e.msg);
	T_CHECK(st.size == 10 && st.regular && !st.directory && !st.others,
	    "ten");
	T_CHECK(st.mtime <= os_wall() && st.mtime > os_wall() - 60, "mtime");
	T_CHECK(chmod("ten", 0644) == 0 && os_stat_path("ten", &st, &e) &&
		st.others,
	    "readable by others");
	T_CHECK(os_stat_path(".", &st, &e) && st.directory && !st.regular,
	    "folder");
	T_CHECK(!os_stat_path("missing", &st, &e) && err_exit(&e) == EX_NOINPUT,
	    "missing");
}

/* A child holds the lock until we close the pipe it reads from. */
static pid_t
lock_in_child(int hold[2])
{
	char byte;
	int ready[2], fd;
	struct err e;
	pid_t pid;

	T_CHECK(pipe(hold) == 0 && pipe(ready) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		(void)alarm(20);
		(void)close(hold[1]);
		if (!os_lock("lock", OS_FOREVER, &fd, &e))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	(void)close(hold[0]);
	(void)close(ready[1]);
	T_CHECK(read(ready[0], &byte, 1) == 1, "the child has the lock");
	(void)close(ready[0]);
	return pid;
}

static void
test_lock(void)
{
	int hold[2], fd = 7, status;
	struct stat st;
	int64_t start;
	struct err e;
	pid_t pid = lock_in_child(hold);

	start = os_mono_ms();
	T_CHECK(!os_lock("lock", start + 60, &fd, &e), "it is taken");
	T_CHECK(e.kind == ERR_RETRY && fd == 7, "%s", e.msg);
	T_CHECK(os_mono_ms() >= start + 60, "waits until the deadline");
	start = os_mono_ms();
	T_CHECK(!os_lock("lock", start - 1, &fd, &e), "a deadline in the past");
	(void)close(hold[1]);
	T_CHECK(os_lock("lock", start + 10000, &fd, &e), "%s", e.msg);
	T_CHECK(waitpid(pid, &status, 0) == pid && status == 0, "child");
	T_CHECK(stat("lock", &st) == 0 && (st.st_mode & 0777) == 0600, "mode");
	T_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "close on exec");
	os_close(&fd);
	T_CHECK(os_lock("lock", 0, &fd, &e), "free again: %s", e.msg);
	os_close(&fd);
	T_CHECK(!os_lock("no/lock", 0, &fd, &e) && err_exit(&e) == EX_CANTCREAT,
	    "no folder");
}

static void
no_action(int signal)
{
	(void)signal;
}

static void
test_poll(void)
{
	struct sigaction on_alarm = { .sa_handler = no_action };
	struct pollfd p;
	int64_t start;
	int fd[2];

	T_CHECK(pipe(fd) == 0, "pipe");
	p = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	start = os_mono_ms();
	T_CHECK(os_poll(&p, 1, start - 5) == 0, "in the past: at once");
	T_CHECK(os_poll(&p, 1, start + 50) == 0, "time out");
	T_CHECK(os_mono_ms() >= start + 50, "not before the deadline");
	T_CHECK(sigaction(SIGALRM, &on_alarm, NULL) == 0, "sigaction");
	(void)ualarm(20000, 0);
	start = os_mono_ms();
	T_CHECK(os_poll(&p, 1, start + 80) == 0, "time out");
	T_CHECK(os_mono_ms() >= start + 80, "a signal does not end it");
	T_CHECK(write(fd[1], "x", 1) == 1, "write");
	T_CHECK(os_poll(&p, 1, OS_FOREVER) == 1 && (p.revents & POLLIN) != 0,
	    "ready");
	T_CHECK(os_poll(&p, 1, INT64_MAX) == 1, "a far deadline");
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* More descriptors than the process may have: an error, no time out. */
static void
test_poll_fails(void)
{
	struct pollfd p[2] = { { .fd = -1 }, { .fd = -1 } };
	struct rlimit old, low;

	T_CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0, "getrlimit");
	low = (struct rlimit){ 1, old.rlim_max };
	T_CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0, "setrlimit");
	T_CHECK(os_poll(p, 2, os_mono_ms() + 20) == -1, "a time out");
	T_CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0, "setrlimit");
}

/* Somebody made it non-blocking, and writes later. */
static void
test_read_nonblocking(void)
{
	struct buf b;
	struct err e = { 0 };
	int fd[2];
	pid_t child;

	buf_init(&b, 100);
	T_CHECK(pipe2(fd, O_NONBLOCK) == 0, "pipe");
	child = fork();
	if (child == 0) {
		(void)usleep(30000);
		if (write(fd[1], "late", 4) != 4)
			_exit(1);
		(void)usleep(30000);
		_exit(write(fd[1], "r", 1) == 1 ? 0 : 1);
	}
	(void)close(fd[1]);
	T_CHECK(os_read_fd(fd[0], "it", &b, &e), "%s", e.msg);
	T_CHECK(str_eq(buf_view(&b), STR("later")), "%s", b.p);
	(void)waitpid(child, NULL, 0);
	(void)close(fd[0]);
	buf_release(&b);
}

static void
test_uuid(void)
{
	static const char shape[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
	char a[OS_UUID_SIZE], b[OS_UUID_SIZE];

	os_uuid(b);
	for (int i = 0; i < 100; i++) {
		os_uuid(a);
		T_CHECK(strlen(a) == 36 && strcmp(a, b) != 0, "%s", a);
		for (size_t k = 0; k < 36; k++) {
			bool ok = a[k] == shape[k];

			if (shape[k] == 'x')
				ok = ascii_hex(a[k]) >= 0 &&
				    a[k] == ascii_lower(a[k]);
			else if (shape[k] == 'v')
				ok = strchr("89ab", a[k]) != NULL;
			T_CHECK(ok, "%s, place %zu", a, k);
		}
		memcpy(b, a, sizeof(b));
	}
}

static void
test_clocks(void)
{
	int64_t a = os_mono_ms();

	T_CHECK(os_wall() > 1700000000, "after 2023");
	(void)os_poll(NULL, 0, a + 15);
	T_CHECK(os_mono_ms() - a >= 15 && os_mono_ms() - a < 20000, "%lld",
	    (long long)(os_mono_ms() - a));
}

static void
test_zone(void)
{
	static const struct {
		const char *tz;
		int64_t when;
		int want;
	} rows[] = {
		{ "UTC0", 1782864000, 0 }, { "XXX3:30", 1782864000, -210 },
		{ "XXX-1YYY,M3.5.0,M10.5.0/3", 1768435200, 60 },  /* January */
		{ "XXX-1YYY,M3.5.0,M10.5.0/3", 1782864000, 120 }, /* July */
		{ "UTC0", INT64_MAX, 0 }, /* no such year */
	};

	for (size_t i = 0; i < N(rows); i++) {
		(void)setenv("TZ", rows[i].tz, 1);
		tzset();
		T_CHECK(os_zone(rows[i].when) == rows[i].want, "row %zu: %d", i,
		    os_zone(rows[i].when));
	}
}

/* From here on getrandom fails, as of a kernel that has none or a sandbox. */
static bool
forbid_getrandom(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { N(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void
test_random(void)
{
	static const unsigned errors[] = { ENOSYS, EPERM };
	unsigned char a[64] = { 0 }, b[64] = { 0 };
	int status;
	pid_t pid;

	for (size_t i = 0; i < N(errors); i++) {
		pid = fork();
		if (pid == 0) {
			if (!forbid_getrandom(errors[i]))
				_exit(2);
			os_random(a, sizeof(a));
			os_random(b, sizeof(b));
			_exit(memcmp(a, b, sizeof(a)) == 0);
		}
		T_CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status),
		    "errno %u: did not end", errors[i]);
		if (WEXITSTATUS(status) == 2)
			t_skip("no seccomp");
		else
			T_CHECK(WEXITSTATUS(status) == 0, "errno %u: weak",
			    errors[i]);
	}
}

/* A reader that is slow, of a pipe that somebody made non-blocking. */
static void
test_write_nonblocking(void)
{
	static char text[200000];
	char piece[4096];
	size_t n = 0;
	struct err e;
	ssize_t got;
	int ends[2];
	pid_t pid;

	T_CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		_exit(!os_write_fd(ends[1], "out",
		    (struct str){ text, sizeof(text) }, &e));
	}
	os_close(&ends[1]);
	(void)fcntl(ends[0], F_SETFL, 0);
	(void)os_poll(NULL, 0, os_mono_ms() + 20);
	while ((got = read(ends[0], piece, sizeof(piece))) > 0)
		n += (size_t)got;
	T_CHECK(n == sizeof(text), "%zu bytes", n);
	(void)waitpid(pid, NULL, 0);
	os_close(&ends[0]);
}

static const struct t_test tests[] = {
	{ "read limit", test_read_limit },
	{ "read large", test_read_large },
	{ "read bad", test_read_bad },
	{ "read fd", test_read_fd },
	{ "allocation", test_allocation },
	{ "private", test_private },
	{ "mkdirs", test_mkdirs },
	{ "stat", test_stat },
	{ "lock", test_lock },
	{ "poll", test_poll },
	{ "poll_fails", test_poll_fails },
	{ "read_nonblocking", test_read_nonblocking },
	{ "random", test_random },
	{ "write_nonblocking", test_write_nonblocking },
	{ "uuid", test_uuid },
	{ "clocks", test_clocks },
	{ "zone", test_zone },
};

static void
remove_file(const char *path, void *arg)
{
	(void)arg;
	os_remove(path);
}

int
main(void)
{
	static const char *const folders[] = { "a/b/c", "a/b", "a" };
	int failed;

	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return 1;
	failed = t_main(tests, N(tests));
	(void)t_each_file(".", remove_file, NULL);
	for (size_t i = 0; i < N(folders); i++)
		(void)rmdir(folders[i]);
	if (chdir("/") < 0 || rmdir(folder) < 0)
		printf("not ok cleaning: %s is not empty\n", folder);
	return failed;
}
