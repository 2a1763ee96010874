/* SPDX-License-Identifier: MIT */
#include "command/relay/logbook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "base/record.h"
#include "command/relay/logline.h"

enum {
	LOGBOOK_ROUND = 256,    /* events between two looks at other things */
	LOGBOOK_ROOM = 1 << 22, /* bytes that may be on their way */
	LOGBOOK_MODE = 0640,
	LOGBOOK_FACILITY = 2 << 3 /* mail; RFC 3164 4.1.1 */
};

bool
logbook_open(struct logbook *b, struct stats *stats, struct err *e)
{
	const int room = LOGBOOK_ROOM;
	int pair[2];

	*b = (struct logbook){ .in = -1,
		.out = -1,
		.stats = stats,
		.file = -1,
		.syslog = -1 };
	buf_init(&b->name, RECORD_VALUE);
	buf_init(&b->path, RECORD_MOST);
	buf_init(&b->line, 2 * LOGLINE_MOST);
	buf_addz(&b->name, "post365");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, ERR_RETRY, "no sockets for the log");
	b->in = pair[0];
	b->out = pair[1];
	/* root may have more than the system's bound */
	if (setsockopt(b->out, SOL_SOCKET, SO_SNDBUFFORCE, &room,
		sizeof(room)) < 0)
		(void)setsockopt(b->out, SOL_SOCKET, SO_SNDBUF, &room,
		    sizeof(room));
	return true;
}

void
logbook_close(struct logbook *b)
{
	for (int i = 0; i < LOGBOOK_ROUND && b->in >= 0; i++)
		logbook_write(b);
	os_close(&b->in);
	os_close(&b->out);
	os_close(&b->file);
	os_close(&b->syslog);
	buf_release(&b->name);
	buf_release(&b->path);
	buf_release(&b->line);
}

/* Where it goes */

static int
logbook_open_file(const char *path, struct err *e)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    LOGBOOK_MODE);

	if (fd < 0) {
		(void)err_sys(e, ERR_CONFIG, "log_file: %s", path);
		(void)err_remedy(e,
		    "make its folder, in which the relay's user may write");
	}
	return fd;
}

bool
logbook_reopen(struct logbook *b, struct err *e)
{
	int fd;

	if (b->path.n == 0)
		return true;
	fd = logbook_open_file(b->path.p, e);
	if (fd < 0)
		return false;
	os_close(&b->file);
	b->file = fd;
	return true;
}

bool
logbook_follow(struct logbook *b, const struct conf *c, struct err *e)
{
	int fd = -1;

	if (c->log_file.n > 0) {
		fd = logbook_open_file(c->log_file.p, e);
		if (fd < 0)
			return false;
	}
	logbook_write(b); /* what came before goes as before */
	os_close(&b->file);
	b->file = fd;
	b->to = c->log;
	b->format = c->log_format;
	buf_reset(&b->name);
	buf_adds(&b->name, c->syslog_name);
	buf_reset(&b->path);
	buf_adds(&b->path, c->log_file);
	return true;
}

static void
logbook_lose(const struct logbook *b)
{
	stats_add(b->stats, STATS_LOST_LINES, 1, STR(""), STR(""));
}

/* A pipe, a terminal or a file; who does not read does not hold us up. */
static void
logbook_put_fd(const struct logbook *b, int fd, struct str line)
{
	struct pollfd at = { fd, POLLOUT, 0 };
	ssize_t n = send(fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK && os_poll(&at, 1, os_mono_ms()) > 0)
		n = write(fd, line.p, line.n);
	if (n != (ssize_t)line.n)
		logbook_lose(b);
}

static void
logbook_connect(struct logbook *b)
{
	const struct sockaddr_un to = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };

	os_close(&b->syslog);
	b->syslog = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (b->syslog >= 0 &&
	    connect(b->syslog, (const struct sockaddr *)&to, sizeof(to)) < 0)
		os_close(&b->syslog);
}

/* The daemon may have been started anew since the last line. */
static void
logbook_put_syslog(struct logbook *b, struct str line)
{
	for (int i = 0; i < 2; i++) {
		if (b->syslog >= 0 &&
		    send(b->syslog, line.p, line.n,
			MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)line.n)
			return;
		if (b->syslog >= 0 && errno == EAGAIN)
			break;
		logbook_connect(b);
	}
	logbook_lose(b);
}

/* One line, its end included; stamp: what precedes it in a file. */
static void
logbook_put(struct logbook *b, const struct logline *l, const char *stamp)
{
	struct str line = buf_view(&b->line), text;
	struct buf more;

	if (line.n == 0 || b->line.full || b->line.no_memory) {
		logbook_lose(b);
		return;
	}
	text = str_first(line, line.n - 1);
	if (b->to == CONF_LOG_STDERR)
		logbook_put_fd(b, STDERR_FILENO, line);
	if (b->file < 0 && b->to != CONF_LOG_SYSLOG)
		return;
	buf_init(&more, 3 * LOGLINE_MOST);
	if (b->to == CONF_LOG_SYSLOG) {
		buf_addf(&more, "<%d>%s ", LOGBOOK_FACILITY + (int)l->level,
		    stamp);
		if (b->format == CONF_FORMAT_JSON)
			buf_addf(&more,
			    "%.*s/%.*s[%d]: ", STR_ARG(buf_view(&b->name)),
			    STR_ARG(l->service), (int)l->pid);
		buf_adds(&more, text);
		logbook_put_syslog(b, buf_view(&more));
		buf_reset(&more);
	}
	if (b->file >= 0) {
		if (b->format == CONF_FORMAT_POSTFIX)
			buf_addf(&more, "%s %.*s ", stamp, STR_ARG(b->host));
		buf_adds(&more, line);
		logbook_put_fd(b, b->file, buf_view(&more));
	}
	buf_release(&more);
}

static void
logbook_put_all(struct logbook *b, const struct logline *l, int64_t now)
{
	char stamp[SYSLOG_TIME_SIZE];
	size_t at = 0;

	syslog_time(now, stamp);
	buf_reset(&b->line);
	if (b->format == CONF_FORMAT_JSON) {
		logline_json(l, now, &b->line);
		logbook_put(b, l, stamp);
		return;
	}
	while (logline_text(l, buf_view(&b->name), &at, &b->line)) {
		buf_rewind(&b->line,
		    str_cut(buf_view(&b->line), LOGLINE_MOST - 1).n);
		buf_addc(&b->line, '\n');
		logbook_put(b, l, stamp);
		buf_reset(&b->line);
	}
}

void
logbook_write(struct logbook *b)
{
	char text[RECORD_MOST + 1];
	struct logline l;
	int64_t now = os_wall();
	ssize_t n;

	for (int i = 0; i < LOGBOOK_ROUND; i++) {
		n = recv(b->in, text, RECORD_MOST, MSG_DONTWAIT);
		if (n < 0)
			return;
		if (logline_parse(text, (size_t)n, &l))
			logbook_put_all(b, &l, now);
	}
}
