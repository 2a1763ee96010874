/* SPDX-License-Identifier: MIT */
#include "command/config/ask.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/os.h"
#include "config/file.h"
#include "config/secret.h"

enum { SAY_SIZE = 2048 };

/* A terminal that shows nothing, and signals that wait until it does again. */
struct ask_hush {
	struct termios shown;
	sigset_t before;
	int signals; /* -1: none of it */
};

bool
ask_somebody(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

void
ask_say(const char *fmt, ...)
{
	char text[SAY_SIZE];
	struct err unsaid;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)!os_write_fd(STDERR_FILENO, "terminal", str_of(text), &unsaid);
}

static void
ask_hush(struct ask_hush *h)
{
	static const int waiting[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGTSTP };
	struct termios silent;
	sigset_t set;

	h->signals = -1;
	if (tcgetattr(STDIN_FILENO, &h->shown) < 0)
		return;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		(void)sigaddset(&set, waiting[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &h->before);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	silent = h->shown;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &silent);
}

/* A signal that waited does now what it does. */
static void
ask_unhush(struct ask_hush *h)
{
	if (h->signals < 0)
		return;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &h->shown);
	os_close(&h->signals);
	(void)sigprocmask(SIG_SETMASK, &h->before, NULL);
}

/* Waits for what is typed; true: a signal came in place of it. */
static bool
ask_wait(const struct ask_hush *h)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 },
		{ h->signals, POLLIN, 0 } };

	(void)os_poll(fds, 2, OS_FOREVER);
	return fds[1].revents != 0;
}

/* *again: it was stopped and goes on. */
static bool
ask_read(struct ask_hush *h, struct buf *out, bool *again, struct err *e)
{
	char c;
	struct os_piece one = { &c, 1, 0 };

	buf_reset(out);
	*again = false;
	for (;;) {
		if (h->signals >= 0 && ask_wait(h)) {
			*again = true;
			return true;
		}
		if (!os_read_some(STDIN_FILENO, "standard input", &one, e))
			return false;
		if (one.n == 0)
			return err_set(e, ERR_USAGE,
			    "cancelled; nothing was written");
		if (c == '\n')
			return buf_ok(out, e);
		buf_addc(out, c);
	}
}

bool
ask_line(const char *question, bool hidden, struct buf *out, struct err *e)
{
	struct ask_hush h = { .signals = -1 };
	struct str text;
	bool again, ok;

	do {
		ask_say("%s", question);
		if (hidden)
			ask_hush(&h);
		ok = ask_read(&h, out, &again, e);
		ask_unhush(&h);
	} while (ok && again);
	if (!ok)
		return false;
	text = str_trim(buf_view(out));
	buf_drop(out, (size_t)(text.p - out->p));
	buf_rewind(out, text.n);
	return true;
}

bool
ask_secret(const char *name, struct secret *out, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init_secret(&text, SECRET_LIMIT);
	if (ask_somebody()) {
		buf_addf(&text, "%s (it is not shown): ", name);
		ask_say("%s", text.p);
		ok = ask_line("", true, &text, e);
	} else {
		ok = os_read_file("-", &text, e);
	}
	ok = ok && config_first_line(buf_view(&text), name, out, e);
	buf_release(&text);
	return ok;
}

bool
ask_yes(const char *question, bool *yes, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, CONFIG_LINE_MAX);
	ok = ask_line(question, false, &text, e);
	*yes = ok && (text.n == 0 || (text.p[0] != 'n' && text.p[0] != 'N'));
	buf_release(&text);
	return ok;
}
