/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

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

/* Characters that act on a terminal instead of being seen. */
static const struct {
	uint32_t first, last;
} controls[] = {
	{ 0x00, 0x1f },     /* C0 */
	{ 0x7f, 0x9f },     /* DEL and C1 */
	{ 0x61c, 0x61c },   /* these and the last turn the direction */
	{ 0x200e, 0x200f }, /* of writing, and make one name look like */
	{ 0x2028, 0x202e }, /* another; here line ends are among them */
	{ 0x2066, 0x2069 },
};

static bool
is_control(struct str character)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)*character.p & lead[character.n];

	for (size_t i = 1; i < character.n; i++)
		c = c << 6 | ((unsigned char)character.p[i] & 0x3f);
	for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
		if (c >= controls[i].first && c <= controls[i].last)
			return true;
	return false;
}

void
err_clean(char *text)
{
	struct str rest = str_of(text);
	char *to = text;
	size_t n;

	for (; rest.n > 0; rest = str_from(rest, n > 0 ? n : 1)) {
		n = str_utf8(rest);
		if (*rest.p == '\n' || *rest.p == '\r' || *rest.p == '\t') {
			*to++ = ' ';
		} else if (n == 0 || is_control(str_first(rest, n))) {
			*to++ = '?';
		} else {
			memmove(to, rest.p, n);
			to += n;
		}
	}
	*to = '\0';
}

__attribute__((format(printf, 2, 0))) static void
set_text(struct err *e, const char *fmt, va_list ap, const char *reason)
{
	int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);

	if (reason != NULL && n >= 0 && (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s",
		    reason);
	err_clean(e->msg);
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
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EROFS;
	va_list ap;

	start(e, kind);
	e->full = full;
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
err_code(struct err *e, struct str code)
{
	(void)snprintf(e->code, sizeof(e->code), "%.*s", STR_ARG(code));
	return false;
}

bool
err_remedy(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->remedy, sizeof(e->remedy), fmt, ap);
	va_end(ap);
	err_clean(e->remedy);
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
