/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fds.h"
#include "base/os.h"
#include "base/scratch.h"
#include "command/all.h"
#include "command/web/visit.h"

enum {
	RUN_OUT = 4 << 20, /* bytes that a command may say */
	RUN_ERR = 16 * 1024,
	RUN_MS = 120000 /* for a command that a page waits for */
};

/* What stands before each of its lines: "post365 config: ". */
static struct str
run_plain(struct visit *v, const char *name, struct str said)
{
	struct str prefix = arena_fmt(&v->mem, "post365 %s: ", name), line;
	struct buf plain;
	struct str all;

	buf_init(&plain, RUN_ERR);
	while (said.n > 0 && str_next(&said, '\n', &line)) {
		if (str_starts(line, prefix))
			line = str_from(line, prefix.n);
		if (plain.n > 0 && line.n > 0)
			buf_addc(&plain, '\n');
		buf_adds(&plain, line);
	}
	all = arena_str(&v->mem, buf_view(&plain));
	buf_release(&plain);
	return all;
}

/* The child: becomes the command, but for its name in the list of processes. */
static void __attribute__((noreturn)) run_command(const struct visit *v,
    const char *const word[], const int standard[3], bool keeps)
{
	const char *argv[VISIT_WORDS + 5];
	const char *account =
	    v->account.n > 0 ? v->account.p : v->cli->common.account;
	const struct cli_command *command;
	struct err e;
	int argc = 0;

	argv[argc++] = word[0];
	if (v->cli->common.config != NULL) {
		argv[argc++] = "-C";
		argv[argc++] = v->cli->common.config;
	}
	if (account != NULL) {
		argv[argc++] = "-A";
		argv[argc++] = account;
	}
	for (size_t i = 1; word[i] != NULL; i++)
		argv[argc++] = word[i];
	argv[argc] = NULL;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 3; i++)
		if (dup2(standard[i], i) < 0)
			_exit(EX_OSERR);
	if (!keeps)
		fds_close_but(NULL, 0);
	command = command_find(word[0], &e);
	if (command == NULL)
		_exit(EX_SOFTWARE);
	_exit(command->run(command, argc, (char **)(uintptr_t)argv));
}

/* Gives it what it reads and takes what it says. False: not in time. */
static bool
run_talk(int fd[3][2], struct str in, struct buf said[2])
{
	int64_t until = os_mono_ms() + RUN_MS;
	SCRATCH char piece[16384];
	ssize_t n;

	while (fd[1][0] >= 0 || fd[2][0] >= 0) {
		struct pollfd at[3] = { { 0, POLLOUT, 0 },
			{ fd[1][0], POLLIN, 0 }, { fd[2][0], POLLIN, 0 } };

		if (in.n == 0)
			os_close(&fd[0][1]);
		at[0].fd = fd[0][1];
		if (os_poll(at, 3, until) <= 0)
			return false;
		if (at[0].revents != 0) {
			n = write(fd[0][1], in.p, in.n);
			if (n < 0 && errno != EAGAIN)
				in.n = 0; /* it reads no more */
			in = str_from(in, n > 0 ? (size_t)n : 0);
		}
		for (int i = 1; i < 3; i++) {
			if (at[i].revents == 0)
				continue;
			n = read(fd[i][0], piece, sizeof(piece));
			if (n <= 0)
				os_close(&fd[i][0]);
			else
				buf_add(&said[i - 1], piece, (size_t)n);
		}
	}
	return true;
}

static bool
run_open(int fd[3][2])
{
	bool ok = true;

	for (int i = 0; i < 3; i++) {
		fd[i][0] = fd[i][1] = -1;
		ok = ok && pipe2(fd[i], O_CLOEXEC) == 0;
	}
	return ok && fcntl(fd[0][1], F_SETFL, O_NONBLOCK) == 0;
}

static int
run_wait(pid_t pid, bool in_time)
{
	int status = in_time ? child_wait(pid) : child_kill(pid);

	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

/* from: what it reads in place of `in`, or -1. */
static void
run_caught(struct visit *v, const char *const word[], struct str in, int from,
    struct visit_said *out)
{
	struct buf said[2];
	int fd[3][2];
	pid_t pid = -1;

	*out = (struct visit_said){ .code = EX_SOFTWARE };
	buf_init_secret(&said[0], RUN_OUT);
	buf_init_secret(&said[1], RUN_ERR);
	if (run_open(fd))
		pid = fork();
	if (pid == 0)
		run_command(v, word,
		    (const int[]){ from >= 0 ? from : fd[0][0], fd[1][1],
			fd[2][1] },
		    from >= 0);
	os_close(&fd[0][0]);
	os_close(&fd[1][1]);
	os_close(&fd[2][1]);
	if (pid > 0)
		out->code = run_wait(pid, run_talk(fd, in, said));
	else
		buf_addf(&said[1], "cannot start post365 %s: %s", word[0],
		    strerror(errno));
	for (int i = 0; i < 3; i++) {
		os_close(&fd[i][0]);
		os_close(&fd[i][1]);
	}
	if (said[0].full) { /* half of it would be no answer */
		out->code = EX_SOFTWARE;
		buf_reset(&said[0]);
		buf_addz(&said[1], "there is too much to be shown here");
	}
	out->out = arena_str(&v->mem, buf_view(&said[0]));
	out->err = run_plain(v, word[0], buf_view(&said[1]));
	buf_release(&said[0]);
	buf_release(&said[1]);
}

void
visit_run(struct visit *v, const char *const word[], struct str in,
    struct visit_said *out)
{
	run_caught(v, word, in, -1, out);
}

void
visit_run_fd(struct visit *v, const char *const word[], int in,
    struct visit_said *out)
{
	run_caught(v, word, STR(""), in, out);
}

int
visit_run_to(const struct visit *v, const char *const word[], int fd)
{
	int nothing = os_open_nothing();
	pid_t pid = fork();

	if (pid == 0)
		run_command(v, word, (const int[]){ nothing, fd, nothing },
		    false);
	os_close(&nothing);
	return pid > 0 ? run_wait(pid, true) : EX_OSERR;
}
