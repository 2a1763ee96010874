/* SPDX-License-Identifier: MIT */
#include "command/web/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fds.h"
#include "base/os.h"

enum { JOB_LINES = 256 * 1024 };

static void
job_end(struct job *job)
{
	if (job->pid > 0)
		(void)child_kill(job->pid);
	job->pid = 0;
	os_close(&job->fd);
}

static void __attribute__((noreturn)) job_run(const struct visit *v,
    const char *address, int fd, const sigset_t *mask)
{
	const char *const check[] = { "check", "--json", NULL };
	const char *const test[] = { "test", "--json", "--wait", "--", address,
		NULL };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	fds_close_but((const int[]){ fd, v->cli->log.fd }, 2);
	if (visit_run_to(v, check, fd) == EX_OK)
		(void)visit_run_to(v, test, fd);
	_exit(EX_OK);
}

static struct job *
jobs_place(struct jobs *j)
{
	struct job *place = j->one;

	for (size_t i = 0; i < JOB_MOST; i++)
		if (j->one[i].number < place->number)
			place = &j->one[i];
	if (place->number > 0) {
		job_end(place);
		buf_release(&place->lines);
	}
	*place = (struct job){ .fd = -1 };
	return place;
}

unsigned
jobs_begin(struct jobs *j, const struct visit *v, struct str address,
    const sigset_t *mask)
{
	struct job *job = jobs_place(j);
	int fd[2];

	address = str_first(address, JOB_ADDRESS - 1);
	memcpy(job->address, address.p, address.n);
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return 0;
	job->pid = fork();
	if (job->pid == 0)
		job_run(v, job->address, fd[1], mask);
	os_close(&fd[1]);
	job->fd = fd[0];
	if (job->pid < 0) {
		job->pid = 0;
		os_close(&job->fd);
		return 0;
	}
	buf_init(&job->lines, JOB_LINES);
	job->number = ++j->last;
	return job->number;
}

struct job *
jobs_find(struct jobs *j, struct str number)
{
	uint64_t n = j->last;

	if (number.n > 0 && !str_u64(number, j->last, &n))
		return NULL;
	for (size_t i = 0; i < JOB_MOST; i++)
		if (n > 0 && j->one[i].number == n)
			return &j->one[i];
	return NULL;
}

bool
jobs_wants(const struct jobs *j, struct pollfd at[JOB_MOST])
{
	bool any = false;

	for (size_t i = 0; i < JOB_MOST; i++) {
		const struct job *job = &j->one[i];

		at[i] =
		    (struct pollfd){ job->pid > 0 ? job->fd : -1, POLLIN, 0 };
		any = any || job->pid > 0;
	}
	return any;
}

static void
job_hear(struct job *job)
{
	char piece[4096];
	ssize_t n = read(job->fd, piece, sizeof(piece));

	if (n > 0)
		buf_add(&job->lines, piece, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		job_end(job);
}

void
jobs_step(struct jobs *j, const struct pollfd at[JOB_MOST])
{
	for (size_t i = 0; i < JOB_MOST; i++)
		if (j->one[i].pid > 0 && at[i].revents != 0)
			job_hear(&j->one[i]);
}

void
jobs_close(struct jobs *j)
{
	for (size_t i = 0; i < JOB_MOST; i++)
		if (j->one[i].number > 0) {
			job_end(&j->one[i]);
			buf_release(&j->one[i].lines);
		}
}
