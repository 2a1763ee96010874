/* SPDX-License-Identifier: MIT */
#include "deliver/progress.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/os.h"

enum {
	BAR = 30,
	TENTH = 100000, /* of a megabyte */
	LINE_SIZE = 512,
	WIDTH = 80,       /* where the terminal does not say */
	BAR_LEAST = 10,   /* below that there is none */
	SPEED_MS = 500,   /* before that a speed says nothing */
	SIGNAL_EXIT = 128 /* as shells count */
};

static size_t
progress_width(const struct log *log)
{
	struct winsize size;

	return ioctl(log->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ?
	    size.ws_col :
	    WIDTH;
}

/* One line in place of what is there, cut so that it never wraps. */
static void
progress_put(const struct log *log, struct str text)
{
	struct err ignored; /* a line that cannot be drawn changes nothing */
	struct buf line;

	buf_init(&line, LINE_SIZE + 16);
	buf_addc(&line, '\r');
	buf_adds(&line, str_first(text, progress_width(log) - 1));
	buf_addz(&line, "\033[K");
	(void)!os_write_fd(log->fd, "standard error", buf_view(&line),
	    &ignored);
	buf_release(&line);
}

static bool
progress_is_shown(const struct log *log)
{
	return log->level != LOG_NONE && log->level != LOG_TRACE &&
	    isatty(log->fd);
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

static void
progress_add_speed(struct buf *out, const struct progress *p, uint64_t done,
    uint64_t all)
{
	int64_t ms = os_mono_ms() - p->started;
	uint64_t rate; /* bytes in a second */

	if (ms < SPEED_MS || done == 0)
		return;
	rate = done * 1000 / (uint64_t)ms + 1;
	buf_addf(out, ", %llu.%u MB/s, %llu s left",
	    (unsigned long long)(rate / TENTH / 10),
	    (unsigned)(rate / TENTH % 10),
	    (unsigned long long)((all - done + rate - 1) / rate));
}

/* " 42% [############        ] 63.0 of 150.0 MB, 5.2 MB/s, 17 s left" */
static void
draw(struct progress *p, uint64_t done, uint64_t all)
{
	int percent = all > 0 ? (int)(done * 100 / all) : 100;
	uint64_t now = (done + TENTH / 2) / TENTH;
	uint64_t end = (all + TENTH / 2) / TENTH;
	struct buf line, text;
	size_t bar, room;

	if (p->log == NULL || percent == p->percent)
		return;
	p->percent = percent;
	buf_init(&text, LINE_SIZE);
	buf_addf(&text, "%llu.%u of %llu.%u MB", (unsigned long long)(now / 10),
	    (unsigned)(now % 10), (unsigned long long)(end / 10),
	    (unsigned)(end % 10));
	progress_add_speed(&text, p, done, all);
	room = progress_width(p->log);
	bar = room < text.n + 9 + BAR_LEAST ? 0 : room - text.n - 9;
	if (bar > BAR)
		bar = BAR;
	buf_init(&line, LINE_SIZE);
	buf_addf(&line, "%3d%% ", percent);
	for (size_t i = 0; i < bar; i++)
		buf_addf(&line, "%s%c%s", i == 0 ? "[" : "",
		    i < (size_t)percent * bar / 100 ? '#' : ' ',
		    i + 1 == bar ? "] " : "");
	buf_adds(&line, buf_view(&text));
	progress_put(p->log, buf_view(&line));
	buf_release(&line);
	buf_release(&text);
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
	*p = (struct progress){ .percent = -1, .started = os_mono_ms() };
	if (progress_is_shown(log))
		p->log = log;
	catch_signals(p);
	return (struct outgoing_progress){ step, keep, p };
}

void
progress_wait(const struct log *log, const struct clock *clock, int64_t due,
    const char *why, const char *tail)
{
	bool shown = progress_is_shown(log);
	int64_t now = clock_mono_ms(clock), left;
	struct buf line;

	for (; shown && now < due; now = clock_mono_ms(clock)) {
		left = (due - now + 999) / 1000;
		buf_init(&line, LINE_SIZE);
		buf_addf(&line, "%.200s, next try in %lld s%.100s", why,
		    (long long)left, tail);
		progress_put(log, buf_view(&line));
		buf_release(&line);
		clock_sleep_until(clock, due - (left - 1) * 1000);
	}
	clock_sleep_until(clock, due);
	if (shown)
		progress_put(log, STR(""));
}

void
progress_end(struct progress *p)
{
	release_signals(p);
	if (p->log == NULL || p->percent < 0)
		return;
	progress_put(p->log, STR(""));
	p->percent = -1;
}
