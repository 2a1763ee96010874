/* SPDX-License-Identifier: MIT */
#include "command/relay/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

/* First all are copied above the places they go to, so that none is lost. */
static bool
launch_arrange(int *fd, size_t n)
{
	int high = BUNDLE_SETTINGS + (int)n;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	for (size_t i = 0; i <= n; i++) {
		if (fd[i] < 0)
			continue;
		fd[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, high);
		if (fd[i] < 0)
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (fd[i] < 0)
			(void)close(BUNDLE_SETTINGS + (int)i);
		else if (dup2(fd[i], BUNDLE_SETTINGS + (int)i) < 0)
			return false;
	return true;
}

/* Its environment is empty: secrets may stand there. */
void
launch_reception(int fd[LAUNCH_FDS], size_t n, const struct log *log)
{
	char *zone = getenv("TZ"), tz[256];
	char level[2] = { (char)('0' + (int)log->level), '\0' };
	char name[] = "post365", command[] = "relay", what[] = "--reception";
	char *argv[] = { name, command, what, level, NULL };
	char *envp[] = { tz, NULL };

	(void)snprintf(tz, sizeof(tz), "TZ=%s", zone != NULL ? zone : "");
	if (zone == NULL)
		envp[0] = NULL;
	/* it ends with us, also when it has been replaced */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (launch_arrange(fd, n))
		(void)fexecve(fd[n], argv, envp);
	log_warn(log, "reception cannot be started: %s", strerror(errno));
	_exit(EX_OSERR);
}
