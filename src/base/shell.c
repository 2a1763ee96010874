/* SPDX-License-Identifier: MIT */
#include "base/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"

enum {
	PIECE = 4096,
	PAUSE_MS = 5, /* between two looks at the child */
	LAST_WORDS = 160
};

/* A command that runs. */
struct shell {
	pid_t pid, guard; /* guard 0: there is none */
	int from;         /* its output */
	int alive;        /* the guard sees it closed when we die */
	bool apart;       /* in a process group of its own */
	bool ended;
	int status;
	int64_t deadline;
};

/*
 * Does a person sit there? Then the command stays in our process group: it
 * may ask at the terminal, and Ctrl-C ends it and us.
 */
static bool
shell_has_person(void)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	bool has = tty >= 0 && tcgetpgrp(tty) == getpgrp();

	os_close(&tty);
	return has;
}

/*
 * The signals that main ignores are not ignored in the child, and those that
 * the manager holds back are not held back.
 */
static int
shell_set_signals(posix_spawnattr_t *attr, bool apart)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(attr, &set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigaddset(&set, SIGXFSZ);
	(void)posix_spawnattr_setsigdefault(attr, &set);
	return posix_spawnattr_setflags(attr,
	    (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
		(apart ? POSIX_SPAWN_SETPGROUP : 0)));
}

/* in -1: empty. */
static int
shell_set_files(posix_spawn_file_actions_t *files, int in, int out, bool both)
{
	int r = in < 0 ?
	    posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null",
		O_RDONLY, 0) :
	    posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
	if (r == 0 && both)
		r = posix_spawn_file_actions_adddup2(files, out, STDERR_FILENO);
	return r;
}

static int
shell_spawn(struct shell *s, const char *command, int in, int out)
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
		r = shell_set_files(&files, in, out, in >= 0);
		if (r == 0)
			r = shell_set_signals(&attr, s->apart);
		if (r == 0)
			r = posix_spawn(&s->pid, "/bin/sh", &files, &attr, argv,
			    environ);
		(void)posix_spawn_file_actions_destroy(&files);
	}
	(void)posix_spawnattr_destroy(&attr);
	return r;
}

/*
 * A process that ends the command's group when we die, for a signal to us
 * does not reach that. Without one the command merely outlives us.
 */
static void
shell_guard(struct shell *s)
{
	int fd[2];
	char c;

	if (!s->apart || pipe2(fd, O_CLOEXEC) < 0)
		return;
	s->guard = fork();
	if (s->guard == 0) {
		os_close(&fd[1]);
		if (setpgid(0, s->pid) == 0 && read(fd[0], &c, 1) == 0)
			(void)kill(0, SIGKILL);
		_exit(0);
	}
	os_close(&fd[0]);
	s->alive = fd[1];
}

/* With its whole group if that is to end, too. */
static void
shell_end(struct shell *s, bool whole)
{
	if (s->guard > 0) {
		(void)kill(s->guard, SIGKILL);
		(void)waitpid(s->guard, NULL, 0);
	}
	if (whole && s->apart)
		(void)kill(-s->pid, SIGKILL);
	if (!s->ended) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	os_close(&s->alive);
	os_close(&s->from);
}

static bool
shell_too_much(const struct buf *out, struct err *e)
{
	if (out->full)
		return err_set(e, ERR_CONFIG, "printed more than %zu bytes",
		    out->limit);
	return buf_ok(out, e) && err_set(e, ERR_BUG, "its output");
}

/* What there is; *over: there will be no more. tail: only the end counts. */
static bool
shell_read_piece(struct shell *s, bool tail, struct buf *out, bool *over,
    struct err *e)
{
	ssize_t got;
	char *to;

	if (tail && out->n > PIECE) {
		memmove(out->p, out->p + out->n - LAST_WORDS, LAST_WORDS);
		buf_rewind(out, LAST_WORDS);
	}
	to = buf_room(out, PIECE);
	if (to == NULL)
		return shell_too_much(out, e);
	got = read(s->from, to, PIECE);
	*over = got == 0;
	if (got > 0)
		buf_commit(out, (size_t)got);
	else if (got < 0 && errno != EINTR)
		return err_sys(e, ERR_CONFIG, "its output");
	return true;
}

/*
 * Until the command itself has ended: what it left behind may hold its output
 * open for ever, and what the command had to say it has said.
 */
static bool
shell_follow(struct shell *s, bool tail, struct buf *out, struct err *e)
{
	struct pollfd p = { .fd = s->from, .events = POLLIN };
	bool over = false;
	int ready;

	while (!s->ended || p.fd >= 0) {
		s->ended =
		    s->ended || waitpid(s->pid, &s->status, WNOHANG) == s->pid;
		if (!s->ended && os_mono_ms() >= s->deadline)
			return err_set(e, ERR_RETRY, "did not end in time");
		ready = os_poll(&p, 1, s->ended ? 0 : os_mono_ms() + PAUSE_MS);
		if (ready < 0)
			return err_sys(e, ERR_RETRY, "waiting for its output");
		if (ready > 0 && !shell_read_piece(s, tail, out, &over, e))
			return false;
		if (over || (s->ended && ready == 0))
			p.fd = -1;
	}
	return true;
}

static bool
shell_judge(int status, struct err *e)
{
	if (WIFSIGNALED(status))
		return err_set(e, ERR_RETRY, "was ended by signal %d",
		    WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(e,
		    WEXITSTATUS(status) == EX_TEMPFAIL ? ERR_RETRY : ERR_CONFIG,
		    "ended with status %d", WEXITSTATUS(status));
	return true;
}

/* in -1: its output is wanted; else its last words, if it fails. */
static bool
shell_run(const char *command, int64_t deadline, int in, struct buf *out,
    struct err *e)
{
	struct shell s = { .alive = -1, .deadline = deadline };
	int fd[2], r;
	bool ok;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, ERR_CONFIG, "pipe");
	s.from = fd[0];
	s.apart = !shell_has_person();
	r = shell_spawn(&s, command, in, fd[1]);
	os_close(&fd[1]);
	if (r != 0) {
		os_close(&s.from);
		errno = r;
		return err_sys(e, ERR_CONFIG, "/bin/sh: cannot start");
	}
	shell_guard(&s);
	ok = shell_follow(&s, in >= 0, out, e) && shell_judge(s.status, e);
	shell_end(&s, !ok);
	return ok;
}

bool
shell_read(const char *command, int64_t deadline, struct buf *out,
    struct err *e)
{
	return shell_run(command, deadline, -1, out, e);
}

/* The last line that says something. */
static void
shell_last_words(struct str text, struct err *e)
{
	struct err old = *e;
	size_t from;

	text = str_trim(text);
	for (from = text.n; from > 0 && text.p[from - 1] != '\n';)
		from--;
	text = str_cut(str_from(text, from), LAST_WORDS);
	if (text.n > 0)
		err_set(e, old.kind, "%s: %.*s", old.msg, STR_ARG(text));
}

bool
shell_write(const char *command, int64_t deadline, struct str text,
    struct err *e)
{
	struct buf words;
	int fd[2];
	bool ok;

	if (text.n > SHELL_TEXT_MOST)
		return err_set(e, ERR_BUG, "more than %d bytes to read",
		    SHELL_TEXT_MOST);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, ERR_CONFIG, "pipe");
	buf_init(&words, 2 * PIECE);
	ok = os_write_fd(fd[1], "pipe", text, e);
	os_close(&fd[1]);
	if (ok) {
		ok = shell_run(command, deadline, fd[0], &words, e);
		if (!ok)
			shell_last_words(buf_view(&words), e);
	}
	os_close(&fd[0]);
	buf_release(&words);
	return ok;
}
