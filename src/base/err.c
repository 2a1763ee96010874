/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/str.h"

/* sysexits.h has no word for "perhaps sent"; 76 is unused by mailers. */
enum { EXIT_UNSURE = 76 };

static const struct {
	const char *name;
	int exit;
} kinds[] = {
	[ERR_NONE] = { "none", EX_OK },
	[ERR_RETRY] = { "retry", EX_TEMPFAIL },
	[ERR_UNSURE] = { "unsure", EXIT_UNSURE },
	[ERR_REFUSED] = { "refused", EX_UNAVAILABLE },
	[ERR_AUTH] = { "auth", EX_NOPERM },
	[ERR_CONFIG] = { "config", EX_CONFIG },
	[ERR_INPUT] = { "input", EX_DATAERR },
	[ERR_USAGE] = { "usage", EX_USAGE },
	[ERR_BUG] = { "bug", EX_SOFTWARE },
};

/* Leaves one line of printable UTF-8. */
static void
make_harmless(char *text)
{
	struct str rest = str_of(text);
	char *p = text;
	size_t n;

	for (; rest.n > 0; rest = str_from(rest, n)) {
		n = str_utf8(rest);
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
		else if (n == 0 || (unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
		n = n > 0 ? n : 1;
		p += n;
	}
}

__attribute__((format(printf, 2, 0))) static void
set_text(struct err *e, const char *fmt, va_list ap, const char *reason)
{
	int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);

	if (reason != NULL && n >= 0 && (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s",
		    reason);
	make_harmless(e->msg);
}

static void
start(struct err *e, enum err_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
}

bool
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	start(e, kind);
	va_start(ap, fmt);
	set_text(e, fmt, ap, NULL);
	va_end(ap);
	return false;
}

bool
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	const char *reason = strerror(errno);
	va_list ap;

	start(e, kind);
	va_start(ap, fmt);
	set_text(e, fmt, ap, reason);
	va_end(ap);
	return false;
}

bool
err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[ERR_MSG_SIZE];
	va_list ap;

	memcpy(inner, e->msg, sizeof(inner));
	va_start(ap, fmt);
	set_text(e, fmt, ap, inner);
	va_end(ap);
	return false;
}

bool
err_remedy(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->remedy, sizeof(e->remedy), fmt, ap);
	va_end(ap);
	make_harmless(e->remedy);
	return false;
}

int
err_exit(const struct err *e)
{
	return e->exit != 0 ? e->exit : kinds[e->kind].exit;
}

const char *
err_kind_name(enum err_kind kind)
{
	return kinds[kind].name;
}
