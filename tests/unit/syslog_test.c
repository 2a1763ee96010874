/* SPDX-License-Identifier: MIT */
#include "base/syslog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

static char folder[] = "/tmp/post365-test-XXXXXX", path[64];

static int
listen_at_path(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		abort();
	return fd;
}

/* The next line, without its time, which stands where RFC 3164 has it. */
static void
take(int fd, char *out, size_t size)
{
	char line[4096];
	ssize_t n = recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT);

	out[0] = '\0';
	if (n < 0)
		return;
	line[n] = '\0';
	T_CHECK(strlen(line) > 20 && line[4] != ' ' && line[7] == ' ' &&
		line[13] == ':' && line[16] == ':',
	    "time in \"%s\"", line);
	(void)snprintf(out, size, "%.4s %s", line, line + 20);
}

static void
test_lines(void)
{
	char got[4096], want[256], text[3000];
	struct syslog log = { .path = path, .tag = "post365/sendmail" };
	int fd = listen_at_path();

	syslog_send(&log, SYSLOG_ERR, "from=<%s>", "a@b.c");
	take(fd, got, sizeof(got));
	(void)snprintf(want, sizeof(want),
	    "<19> post365/sendmail[%d]: from=<a@b.c>", (int)getpid());
	T_CHECK(strcmp(got, want) == 0, "%s", got);
	syslog_send(&log, SYSLOG_INFO, "one\ntwo\033[1m");
	take(fd, got, sizeof(got));
	T_CHECK(strncmp(got, "<22> ", 5) == 0 &&
		strstr(got, ": one two?[1m") != NULL,
	    "%s", got);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	syslog_send(&log, SYSLOG_WARNING, "%s", text);
	take(fd, got, sizeof(got));
	T_CHECK(strlen(got) > 800 && strlen(got) < SYSLOG_MAX, "%zu bytes",
	    strlen(got));
	os_close(&fd);
}

/* Nobody there, nobody asked: nothing happens. */
static void
test_nobody(void)
{
	struct syslog log = { .path = path, .tag = "t" };
	size_t files = t_open_files();

	syslog_send(&log, SYSLOG_ERR, "a socket without a listener");
	os_remove(path);
	syslog_send(&log, SYSLOG_ERR, "no socket");
	log.path = NULL;
	syslog_send(&log, SYSLOG_ERR, "no path");
	T_CHECK(t_open_files() == files, "%zu files, then %zu", files,
	    t_open_files());
	T_CHECK(rmdir(folder) == 0, "something is in %s", folder);
}

static const struct t_test tests[] = {
	{ "lines", test_lines },
	{ "nobody listens", test_nobody },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
