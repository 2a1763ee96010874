/* SPDX-License-Identifier: MIT */
#include "base/replace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

enum { EX_CANTCREAT = 73, SOMEBODY = 65534 };

static char folder[] = "/tmp/replace_test.XXXXXX"; /* the one we are in */

static void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	T_CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
}

static void
count(const char *path, void *arg)
{
	(void)path;
	++*(size_t *)arg;
}

static size_t
files_here(void)
{
	size_t n = 0;

	(void)t_each_file(".", count, &n);
	return n;
}

static void
test_write(void)
{
	static const struct replace_how hows[] = { { .mode = 0600 },
		{ .mode = 0640, .durable = true },
		{ .mode = 0644, .sweep = true } };
	struct stat st;
	struct buf b;
	struct err e;

	(void)umask(022);
	buf_init(&b, 100);
	for (size_t i = 0; i < N(hows); i++) {
		size_t files;

		put_file("target", "what was there before");
		files = files_here();
		T_CHECK(replace_file("target", STR("new"), hows[i], &e), "%s",
		    e.msg);
		buf_reset(&b);
		T_CHECK(os_read_file("target", &b, &e), "%s", e.msg);
		T_CHECK(str_eq(buf_view(&b), STR("new")), "%s", b.p);
		T_CHECK(stat("target", &st) == 0 &&
			(st.st_mode & 0777) == hows[i].mode,
		    "mode %o", (unsigned)st.st_mode & 0777);
		T_CHECK(files_here() == files, "no litter");
	}
	buf_release(&b);
}

static void
test_bad(void)
{
	struct replace_how how = { .mode = 0600, .durable = true };
	char path[5000];
	size_t files;
	struct err e;

	T_CHECK(mkdir("busy", 0700) == 0, "mkdir");
	put_file("busy/file", "");
	files = files_here();
	T_CHECK(!replace_file("no/such/folder", STR("x"), how, &e) &&
		e.kind == ERR_RETRY && err_exit(&e) == EX_CANTCREAT,
	    "%s", e.msg);
	T_CHECK(!replace_file("busy", STR("x"), how, &e) && e.kind == ERR_RETRY,
	    "a folder is in its place");
	T_CHECK(files_here() == files, "no litter");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	T_CHECK(!replace_file(path, STR("x"), how, &e) && e.kind == ERR_CONFIG,
	    "too long");
	T_CHECK(!os_mkdirs(path, 0700, &e) && e.kind == ERR_CONFIG, "too long");
}

/* Whoever reads meanwhile sees one of the texts, whole. */
static void
test_is_atomic(void)
{
	static char text[2][20000];
	struct replace_how how = { .mode = 0600, .sweep = true };
	struct buf b;
	struct err e;
	int status;
	pid_t pid;

	memset(text[0], 'a', sizeof(text[0]));
	memset(text[1], 'b', sizeof(text[1]));
	T_CHECK(replace_file("both", (struct str){ text[0], 20000 }, how, &e),
	    "%s", e.msg);
	pid = fork();
	if (pid == 0) {
		bool ok = true;

		(void)alarm(20);
		for (int i = 0; i < 300 && ok; i++)
			ok = replace_file("both",
			    (struct str){ text[i % 2], 20000 }, how, &e);
		_exit(ok ? 0 : 1);
	}
	buf_init(&b, 30000);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		buf_reset(&b);
		T_CHECK(os_read_file("both", &b, &e), "%s", e.msg);
		T_CHECK(b.n == 20000 &&
			memcmp(b.p, text[b.p[0] == 'b'], b.n) == 0,
		    "half of a file");
	}
	T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "writer");
	buf_release(&b);
}

/* Writers that sweep at the same time do not take each other's file away. */
static void
test_crowd(void)
{
	enum { WRITERS = 4, TIMES = 100 };
	struct replace_how how = { .mode = 0600, .sweep = true };
	size_t files = files_here();
	pid_t pid[WRITERS];
	struct err e;
	int status;

	for (size_t i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			bool ok = true;

			for (int n = 0; n < TIMES && ok; n++)
				ok = replace_file("both", STR("x"), how, &e);
			_exit(ok ? 0 : 1);
		}
	}
	for (size_t i = 0; i < WRITERS; i++)
		T_CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0,
		    "writer %zu: %x", i, (unsigned)status);
	T_CHECK(files_here() == files, "no litter");
}

/* Is killed by the kernel in the middle of the text. */
static void
write_half(const char *path)
{
	const struct rlimit four = { 4, 4 };
	struct replace_how how = { .mode = 0600 };
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_FSIZE, &four);
		(void)signal(SIGXFSZ, SIG_DFL);
		(void)!replace_file(path, STR("a secret"), how, &e);
		_exit(0);
	}
	T_CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
	    "was killed: %x", (unsigned)status);
}

static void
test_kill(void)
{
	/* what it must not take: names of others, and a writer's that lives */
	static const char *const others[] = { "x.tmp", "0123456789abcdef.tmp",
		"x0123456789abcdef.tmp", "x.0123456789abcdef",
		"report.2026-11-30-18-00.tmp" };
	const char living[] = "x.0123456789abcdef.tmp";
	struct replace_how how = { .mode = 0600 };
	size_t files;
	struct err e;
	int fd;

	for (size_t i = 0; i < N(others); i++)
		put_file(others[i], "");
	put_file("token", "");
	T_CHECK(os_lock(living, 0, &fd, &e), "%s", e.msg);
	files = files_here();
	write_half("token");
	write_half("ticket");
	T_CHECK(files_here() == files + 2, "two are left");
	T_CHECK(replace_file("token", STR("x"), how, &e), "%s", e.msg);
	T_CHECK(files_here() == files + 2, "nobody asked to sweep");
	how.sweep = true;
	T_CHECK(replace_file("token", STR("x"), how, &e), "%s", e.msg);
	T_CHECK(files_here() == files, "%zu files, not %zu", files_here(),
	    files);
	os_close(&fd);
}

/* Who runs a command as root must not lock the folder's owner out. */
static void
test_owner(void)
{
	struct replace_how how = { .mode = 0600 };
	struct stat st;
	struct err e;

	if (geteuid() != 0) {
		t_skip("only root can make files for others");
		return;
	}
	T_CHECK(mkdir("theirs", 0700) == 0 &&
		chown("theirs", SOMEBODY, SOMEBODY) == 0,
	    "a folder of a user");
	T_CHECK(os_mkdirs("theirs/a/b", 0700, &e), "%s", e.msg);
	T_CHECK(replace_file("theirs/a/b/file", STR("x"), how, &e), "%s",
	    e.msg);
	T_CHECK(stat("theirs/a", &st) == 0 && st.st_uid == SOMEBODY &&
		st.st_gid == SOMEBODY,
	    "the folder");
	T_CHECK(stat("theirs/a/b", &st) == 0 && st.st_uid == SOMEBODY,
	    "the one below");
	T_CHECK(stat("theirs/a/b/file", &st) == 0 && st.st_uid == SOMEBODY,
	    "the file");
}

/* A spool that a group shares: who makes a file lets the group in. */
static void
test_group(void)
{
	static const struct {
		mode_t folder, want;
	} rows[] = { { 0700, 0600 }, { 0750, 0640 }, { 02770, 0660 },
		{ 0755, 0640 }, { 0775, 0660 } };
	struct stat st;
	struct err e;
	int fd;

	(void)umask(077);
	for (size_t i = 0; i < N(rows); i++) {
		T_CHECK(mkdir("ours", 0700) == 0 &&
			chmod("ours", rows[i].folder) == 0,
		    "mkdir");
		T_CHECK(os_lock("ours/lock", 0, &fd, &e), "%s", e.msg);
		T_CHECK(fstat(fd, &st) == 0 &&
			(st.st_mode & 0777) == rows[i].want,
		    "%o: %o", (unsigned)rows[i].folder,
		    (unsigned)st.st_mode & 0777);
		os_close(&fd);
		os_remove("ours/lock");
		T_CHECK(rmdir("ours") == 0, "rmdir");
	}
	(void)umask(022);
}

static const struct t_test tests[] = {
	{ "group", test_group },
	{ "write", test_write },
	{ "bad", test_bad },
	{ "is atomic", test_is_atomic },
	{ "crowd", test_crowd },
	{ "kill", test_kill },
	{ "owner", test_owner },
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
	static const char *const folders[] = { "busy", "theirs/a/b", "theirs/a",
		"theirs" };
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
