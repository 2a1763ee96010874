/* SPDX-License-Identifier: MIT */
#include "command/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

enum {
	PIECE = 4096,
	PAUSE_MS = 5 /* between two looks at a child that closed its output */
};

/*
 * The signals that main ignores are not ignored in the child, and those that
 * a crew holds back are not held back.
 */
static int
set_signals(posix_spawnattr_t *attr)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(attr, &set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigaddset(&set, SIGXFSZ);
	(void)posix_spawnattr_setsigdefault(attr, &set);
	return posix_spawnattr_setflags(attr,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* in -1: empty. */
static int
set_files(posix_spawn_file_actions_t *files, int in, int out)
{
	int r = in < 0 ?
	    posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null",
		O_RDONLY, 0) :
	    posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);

	return r != 0 ?
	    r :
	    posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
}

static int
spawn(const char *command, int in, int out, pid_t *pid)
{
	char sh[] = "sh", c[] = "-c";
	union {
		const char *in;
		char *out;
	} text = { command }; /* execve changes nothing in its arguments */
	char *argv[] = { sh, c, text.out, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r;

	r = posix_spawnattr_init(&attr);
	if (r != 0)
		return r;
	r = posix_spawn_file_actions_init(&files);
	if (r == 0) {
		r = set_files(&files, in, out);
		if (r == 0)
			r = set_signals(&attr);
		if (r == 0)
			r = posix_spawn(pid, "/bin/sh", &files, &attr, argv,
			    environ);
		(void)posix_spawn_file_actions_destroy(&files);
	}
	(void)posix_spawnattr_destroy(&attr);
	return r;
}

static bool
too_late(struct err *e)
{
	return err_set(e, ERR_CONFIG, "did not end in time");
}

static bool
too_much(const struct buf *out, struct err *e)
{
	if (out->full)
		return err_set(e, ERR_CONFIG, "printed more than %zu bytes",
		    out->limit);
	return buf_ok(out, e) && err_set(e, ERR_BUG, "its output");
}

static bool
read_output(int fd, int64_t deadline, struct buf *out, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got;
	char *to;

	for (;;) {
		got = os_poll(&p, 1, deadline);
		if (got < 0)
			return err_sys(e, ERR_RETRY, "waiting for its output");
		if (got == 0)
			return too_late(e);
		to = buf_room(out, PIECE);
		if (to == NULL)
			return too_much(out, e);
		got = read(fd, to, PIECE);
		if (got == 0)
			return true;
		if (got > 0)
			buf_commit(out, (size_t)got);
		else if (errno != EINTR)
			return err_sys(e, ERR_CONFIG, "its output");
	}
}

/* It may close its output and run on: look again until the deadline. */
static bool
wait_for(pid_t pid, int64_t deadline, int *status, struct err *e)
{
	pid_t r;

	for (;;) {
		r = waitpid(pid, status, WNOHANG);
		if (r == pid)
			return true;
		if (r < 0 && errno != EINTR)
			return err_sys(e, ERR_CONFIG, "wait");
		if (os_mono_ms() >= deadline)
			return too_late(e);
		(void)os_poll(NULL, 0, os_mono_ms() + PAUSE_MS);
	}
}

static bool
judge(int status, struct err *e)
{
	if (WIFSIGNALED(status))
		return err_set(e, ERR_CONFIG, "was ended by signal %d",
		    WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_CONFIG, "ended with status %d",
		    WEXITSTATUS(status));
	return true;
}

static bool
cannot_start(int reason, struct err *e)
{
	errno = reason;
	return err_sys(e, ERR_CONFIG, "/bin/sh: cannot start");
}

static bool
end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return false;
}

bool
shell_write(const char *command, int64_t deadline, struct str text,
    struct err *e)
{
	int fd[2], status = 0, r;
	pid_t pid;

	if (text.n > SHELL_TEXT_MOST)
		return err_set(e, ERR_BUG, "more than %d bytes to read",
		    SHELL_TEXT_MOST);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, ERR_CONFIG, "pipe");
	if (!os_write_fd(fd[1], "pipe", text, e)) {
		os_close(&fd[0]);
		os_close(&fd[1]);
		return false;
	}
	r = spawn(command, fd[0], STDERR_FILENO, &pid);
	os_close(&fd[0]);
	os_close(&fd[1]);
	if (r != 0)
		return cannot_start(r, e);
	if (!wait_for(pid, deadline, &status, e))
		return end(pid);
	return judge(status, e);
}

bool
shell_read(const char *command, int64_t deadline, struct buf *out,
    struct err *e)
{
	int fd[2], status = 0, r;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, ERR_CONFIG, "pipe");
	r = spawn(command, -1, fd[1], &pid);
	os_close(&fd[1]);
	if (r != 0) {
		os_close(&fd[0]);
		return cannot_start(r, e);
	}
	if (!read_output(fd[0], deadline, out, e) ||
	    !wait_for(pid, deadline, &status, e)) {
		os_close(&fd[0]);
		return end(pid);
	}
	os_close(&fd[0]);
	return judge(status, e);
}
