/* SPDX-License-Identifier: MIT */
#include "deliver/progress.h"

#include <signal.h>
#include <unistd.h>

#include "base/os.h"

enum {
	BAR = 30,
	TENTH = 100000, /* of a megabyte */
	LINE_SIZE = 160,
	SIGNAL_EXIT = 128 /* as shells count */
};

static void
put(const struct progress *p, const struct buf *line)
{
	struct err ignored; /* a bar that cannot be drawn changes nothing */
	bool done =
	    os_write_fd(p->log->fd, "standard error", buf_view(line), &ignored);

	(void)done;
}

/* SIGHUP as well: a terminal that was closed. */
static const int ends[PROGRESS_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };

/* SA_RESETHAND is what notes it; the next one ends the process at once. */
static void
end_later(int number)
{
	(void)number;
}

static bool
is_default(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

static void
catch_signals(struct progress *p)
{
	struct sigaction once = { .sa_handler = end_later,
		.sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < PROGRESS_SIGNALS; i++)
		p->caught[i] =
		    is_default(ends[i]) && sigaction(ends[i], &once, NULL) == 0;
}

static void
release_signals(struct progress *p)
{
	for (size_t i = 0; i < PROGRESS_SIGNALS; i++) {
		if (p->caught[i])
			(void)signal(ends[i], SIG_DFL);
		p->caught[i] = false;
	}
}

static bool
goes_on(const struct progress *p, struct err *e)
{
	for (size_t i = 0; i < PROGRESS_SIGNALS; i++)
		if (p->caught[i] && is_default(ends[i])) {
			err_set(e, ERR_REFUSED,
			    "ended by signal %d before it was sent", ends[i]);
			e->exit = SIGNAL_EXIT + ends[i];
			return false;
		}
	return true;
}

/* "\r  42% [############                  ] 63.0 of 150.0 MB" */
static void
draw(struct progress *p, uint64_t done, uint64_t all)
{
	int percent = all > 0 ? (int)(done * 100 / all) : 100;
	struct buf line;

	if (p->log == NULL || percent == p->percent)
		return;
	p->percent = percent;
	buf_init(&line, LINE_SIZE);
	buf_addf(&line, "\r%3d%% [", percent);
	for (int i = 0; i < BAR; i++)
		buf_addc(&line, i < percent * BAR / 100 ? '#' : ' ');
	done = (done + TENTH / 2) / TENTH;
	all = (all + TENTH / 2) / TENTH;
	buf_addf(&line, "] %llu.%u of %llu.%u MB ",
	    (unsigned long long)(done / 10), (unsigned)(done % 10),
	    (unsigned long long)(all / 10), (unsigned)(all % 10));
	put(p, &line);
	buf_release(&line);
}

static bool
step(void *arg, uint64_t done, uint64_t all, struct err *e)
{
	struct progress *p = arg;

	draw(p, done, all);
	return goes_on(p, e);
}

/* It is sent next, which nothing takes back. */
static bool
keep(void *arg, struct str id, struct err *e)
{
	struct progress *p = arg;

	if (id.n == 0)
		return true;
	if (!goes_on(p, e))
		return false;
	release_signals(p);
	return true;
}

struct outgoing_progress
progress_start(struct progress *p, const struct log *log)
{
	*p = (struct progress){ .percent = -1 };
	if (log->level != LOG_NONE && log->level != LOG_TRACE &&
	    isatty(log->fd))
		p->log = log;
	catch_signals(p);
	return (struct outgoing_progress){ step, keep, p };
}

void
progress_end(struct progress *p)
{
	struct buf line;

	release_signals(p);
	if (p->log == NULL || p->percent < 0)
		return;
	buf_init(&line, LINE_SIZE);
	buf_addz(&line, "\r\033[K");
	put(p, &line);
	buf_release(&line);
	p->percent = -1;
}
