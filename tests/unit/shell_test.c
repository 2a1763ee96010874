/* SPDX-License-Identifier: MIT */
/* Commands of the administrator's: what they say, how they end. */
#include "base/shell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

enum { LONG_MS = 20000, SHORT_MS = 100 };

static const struct {
	const char *name, *command;
	int ms;
	enum err_kind kind; /* ERR_NONE: it ends well */
	const char *says;
} rows[] = {
	/* clang-format off */
	{ "reads it", "read a; test \"$a\" = text", LONG_MS, ERR_NONE, "" },
	{ "does not", "true", LONG_MS, ERR_NONE, "" },
	{ "says much", "head -c 100000 /dev/zero", LONG_MS, ERR_NONE, "" },
	{ "fails", "exit 7", LONG_MS, ERR_CONFIG, "ended with status 7" },
	{ "fails for now", "exit 75", LONG_MS, ERR_RETRY,
	  "ended with status 75" },
	{ "is killed", "kill -9 $$", LONG_MS, ERR_RETRY,
	  "was ended by signal 9" },
	{ "too long", "exec sleep 60", SHORT_MS, ERR_RETRY,
	  "did not end in time" },
	{ "last words", "echo one; echo two >&2; exit 3", LONG_MS, ERR_CONFIG,
	  "ended with status 3: two" },
	{ "last of many words", "seq 9999; exit 3", LONG_MS, ERR_CONFIG,
	  "ended with status 3: 9999" },
	/* clang-format on */
};

static void
test_write(void)
{
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		e = (struct err){ 0 };
		ok = shell_write(rows[i].command, os_mono_ms() + rows[i].ms,
		    STR("text\n"), &e);
		T_CHECK(ok == (rows[i].kind == ERR_NONE) &&
			e.kind == rows[i].kind,
		    "%s: kind %d", rows[i].name, e.kind);
		T_CHECK(strcmp(e.msg, rows[i].says) == 0, "%s: %s",
		    rows[i].name, e.msg);
	}
}

static void
test_most(void)
{
	static char big[SHELL_TEXT_MOST + 1];
	struct err e;

	T_CHECK(!shell_write("true", os_mono_ms() + LONG_MS,
		    (struct str){ big, sizeof(big) }, &e) &&
		e.kind == ERR_BUG,
	    "too much");
	T_CHECK(shell_write("cat >/dev/null", os_mono_ms() + LONG_MS,
		    (struct str){ big, SHELL_TEXT_MOST }, &e),
	    "%s", e.msg);
}

/* What it started holds its output open; the command itself has ended. */
static void
test_left_behind(void)
{
	struct buf out, number;
	int64_t start = os_mono_ms();
	struct err e = { 0 };
	long pid;

	buf_init(&out, 1 << 16);
	T_CHECK(shell_read("sleep 50 & echo $!; echo s", start + LONG_MS, &out,
		    &e),
	    "%s", e.msg);
	T_CHECK(os_mono_ms() - start < LONG_MS / 2, "it was waited for");
	buf_init(&number, 64);
	buf_adds(&number, buf_view(&out));
	pid = strtol(number.p, NULL, 10);
	T_CHECK(pid > 0 && kill((pid_t)pid, 0) == 0, "it was ended");
	if (pid > 0)
		(void)kill((pid_t)pid, SIGKILL);
	T_CHECK(strstr(number.p, "\ns\n") != NULL, "%s", number.p);
	buf_release(&number);
	buf_release(&out);
}

/* Until it is gone, or for LONG_MS; signals reach a process a bit later. */
static bool
is_gone(pid_t pid)
{
	int64_t end = os_mono_ms() + LONG_MS;

	while (kill(pid, 0) == 0 && os_mono_ms() < end)
		(void)os_poll(NULL, 0, os_mono_ms() + 5);
	return kill(pid, 0) < 0;
}

/* The commands below say who their child is, which nobody waits for. */
static const char child[] = "sleep 70 & echo $! >&%d; wait";

static pid_t
read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = read(fd, text, sizeof(text) - 1);

	return n > 0 ? (pid_t)strtol(text, NULL, 10) : -1;
}

static void
test_ends_whole(void)
{
	char command[80];
	struct err e;
	pid_t pid;
	int fd[2];

	T_CHECK(pipe(fd) == 0, "pipe");
	(void)snprintf(command, sizeof(command), child, fd[1]);
	T_CHECK(!shell_write(command, os_mono_ms() + 500, STR(""), &e) &&
		e.kind == ERR_RETRY,
	    "%s", e.msg);
	pid = read_pid(fd[0]);
	T_CHECK(pid > 0 && is_gone(pid), "its child %d lives", (int)pid);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* Somebody ends us meanwhile: SIGKILL is the worst of it. */
static void
test_ends_with_us(void)
{
	char command[80];
	struct err e;
	pid_t pid, us;
	int fd[2];

	T_CHECK(pipe(fd) == 0, "pipe");
	(void)snprintf(command, sizeof(command), child, fd[1]);
	us = fork();
	if (us == 0) {
		(void)!shell_write(command, os_mono_ms() + LONG_MS, STR(""),
		    &e);
		_exit(0);
	}
	pid = read_pid(fd[0]);
	(void)kill(us, SIGKILL);
	(void)waitpid(us, NULL, 0);
	T_CHECK(pid > 0 && is_gone(pid), "its child %d lives", (int)pid);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static const struct t_test tests[] = {
	{ "write", test_write },
	{ "most", test_most },
	{ "left behind", test_left_behind },
	{ "ends whole", test_ends_whole },
	{ "ends with us", test_ends_with_us },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
