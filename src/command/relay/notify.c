/* SPDX-License-Identifier: MIT */
#include "command/relay/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "base/str.h"

void
notify_send(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct str path = str_of(getenv("NOTIFY_SOCKET")), text = str_of(state);
	int fd;

	if (path.n == 0 || path.n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path.p, path.n);
	if (path.p[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n));
	os_close(&fd);
}

int64_t
notify_watchdog_ms(void)
{
	struct str pid = str_of(getenv("WATCHDOG_PID"));
	uint64_t us, owner;

	if (!str_u64(str_of(getenv("WATCHDOG_USEC")), INT64_MAX, &us) ||
	    (pid.n > 0 &&
		(!str_u64(pid, INT32_MAX, &owner) || (pid_t)owner != getpid())))
		return 0;
	return (int64_t)(us / 1000 / 2);
}
