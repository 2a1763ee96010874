/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int
child_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int
child_kill(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	return child_wait(pid);
}
