/* SPDX-License-Identifier: MIT */
#include "command/progress.h"

#include <unistd.h>

#include "base/os.h"

enum { BAR = 30, MB = 1000000, LINE_SIZE = 160 };

static void
put(const struct progress *p, const struct buf *line)
{
	struct err ignored; /* a bar that cannot be drawn changes nothing */
	bool done =
	    os_write_fd(p->log->fd, "standard error", buf_view(line), &ignored);

	(void)done;
}

/* "\r  42% [############                  ] 63.0 of 150.0 MB" */
static void
step(void *arg, uint64_t done, uint64_t all)
{
	struct progress *p = arg;
	int percent = all > 0 ? (int)(done * 100 / all) : 100;
	struct buf line;

	if (percent == p->percent)
		return;
	p->percent = percent;
	buf_init(&line, LINE_SIZE);
	buf_addf(&line, "\r%3d%% [", percent);
	for (int i = 0; i < BAR; i++)
		buf_addc(&line, i < percent * BAR / 100 ? '#' : ' ');
	buf_addf(&line, "] %.1f of %.1f MB ", (double)done / MB,
	    (double)all / MB);
	put(p, &line);
	buf_release(&line);
}

struct outgoing_progress
progress_start(struct progress *p, const struct log *log)
{
	*p = (struct progress){ .percent = -1 };
	if (log->level == LOG_NONE || log->level == LOG_TRACE ||
	    !isatty(log->fd))
		return (struct outgoing_progress){ 0 };
	p->log = log;
	return (struct outgoing_progress){ .step = step, .arg = p };
}

void
progress_end(struct progress *p)
{
	struct buf line;

	if (p->log == NULL || p->percent < 0)
		return;
	buf_init(&line, LINE_SIZE);
	buf_addz(&line, "\r\033[K");
	put(p, &line);
	buf_release(&line);
	p->percent = -1;
}
