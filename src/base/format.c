/* SPDX-License-Identifier: MIT */
#include "base/format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 20 /* of 2^64 - 1 */

struct format_out {
	char *to;
	size_t room; /* bytes, without the NUL */
	size_t n;    /* of the whole text */
};

struct format_spec {
	bool left, zero;
	char sign; /* what a positive number has: '+', ' ' or 0 */
	char size; /* 'H' for hh, 'h', 'l', 'L' for ll, 'z', 'j', 't', or 0 */
	int width;
	int precision; /* -1: none */
};

struct format_args {
	va_list ap;
};

#if !defined(__GLIBC__)
int vsnprintf(char *to, size_t n, const char *fmt, va_list ap)
    __attribute__((used, alias("format_v")));
#endif

static void
emit(struct format_out *o, const char *s, size_t n)
{
	size_t fits = o->n < o->room ? o->room - o->n : 0;

	if (n > 0 && fits > 0)
		memcpy(o->to + o->n, s, n < fits ? n : fits);
	o->n += n;
}

static void
fill(struct format_out *o, char c, int64_t n)
{
	for (; n > 0; n--)
		emit(o, &c, 1);
}

static int
number(const char **p, struct format_args *a)
{
	int n = 0;

	if (**p == '*') {
		(*p)++;
		return va_arg(a->ap, int);
	}
	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n * 10 + (**p - '0');
	return n;
}

static struct format_spec
spec_read(const char **p, struct format_args *a)
{
	struct format_spec s = { .precision = -1 };

	for (; **p != '\0' && strchr("-0+ ", **p) != NULL; (*p)++)
		if (**p == '-')
			s.left = true;
		else if (**p == '0')
			s.zero = true;
		else if (s.sign != '+')
			s.sign = **p;
	s.width = number(p, a);
	if (s.width < 0) {
		s.left = true;
		s.width = s.width == INT_MIN ? INT_MAX : -s.width;
	}
	if (**p == '.') {
		(*p)++;
		s.precision = number(p, a);
	}
	if (**p != '\0' && strchr("hlzjt", **p) != NULL)
		s.size = *(*p)++;
	if ((s.size == 'h' || s.size == 'l') && **p == s.size) {
		s.size = s.size == 'h' ? 'H' : 'L';
		(*p)++;
	}
	return s;
}

static int64_t
take_signed(const struct format_spec *s, struct format_args *a)
{
	switch (s->size) {
	case 'H':
		return (signed char)va_arg(a->ap, int);
	case 'h':
		return (short)va_arg(a->ap, int);
	case 'l':
		return va_arg(a->ap, long);
	case 'L':
	case 'j':
		return va_arg(a->ap, long long);
	case 'z':
	case 't':
		return va_arg(a->ap, ptrdiff_t);
	default:
		return va_arg(a->ap, int);
	}
}

static uint64_t
take_unsigned(const struct format_spec *s, struct format_args *a)
{
	switch (s->size) {
	case 'H':
		return (unsigned char)va_arg(a->ap, unsigned);
	case 'h':
		return (unsigned short)va_arg(a->ap, unsigned);
	case 'l':
		return va_arg(a->ap, unsigned long);
	case 'L':
	case 'j':
		return va_arg(a->ap, unsigned long long);
	case 'z':
	case 't':
		return va_arg(a->ap, size_t);
	default:
		return va_arg(a->ap, unsigned);
	}
}

/* sign: 0 for none. */
static void
put_number(struct format_out *o, const struct format_spec *s, char how,
    char sign, uint64_t v)
{
	const char *digit =
	    how == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned base = how == 'x' || how == 'X' ? 16 : 10;
	char text[DIGITS];
	size_t at = DIGITS;
	int64_t zeros, pad;

	for (; v > 0; v /= base)
		text[--at] = digit[v % base];
	pad = (int64_t)s->width - (sign != 0);
	zeros = s->precision < 0 ? 1 : s->precision;
	if (s->zero && !s->left && s->precision < 0 && pad > zeros)
		zeros = pad;
	zeros -= (int64_t)(DIGITS - at);
	zeros = zeros > 0 ? zeros : 0;
	pad -= zeros + (int64_t)(DIGITS - at);
	if (!s->left)
		fill(o, ' ', pad);
	if (sign != 0)
		fill(o, sign, 1);
	fill(o, '0', zeros);
	emit(o, text + at, DIGITS - at);
	if (s->left)
		fill(o, ' ', pad);
}

static void
put_text(struct format_out *o, const struct format_spec *s, const char *p,
    size_t n)
{
	int64_t pad = (int64_t)s->width - (int64_t)n;

	if (!s->left)
		fill(o, ' ', pad);
	emit(o, p, n);
	if (s->left)
		fill(o, ' ', pad);
}

static bool
convert(struct format_out *o, const struct format_spec *s, char how,
    struct format_args *a)
{
	const char *text;
	int64_t v;
	char c;

	switch (how) {
	case 'd':
	case 'i':
		v = take_signed(s, a);
		put_number(o, s, how, v < 0 ? '-' : s->sign,
		    v < 0 ? -(uint64_t)v : (uint64_t)v);
		return true;
	case 'u':
	case 'x':
	case 'X':
		put_number(o, s, how, 0, take_unsigned(s, a));
		return true;
	case 'c':
		c = (char)va_arg(a->ap, int);
		put_text(o, s, &c, 1);
		return true;
	case 's':
		text = va_arg(a->ap, const char *);
		if (text == NULL)
			text = "(null)";
		put_text(o, s, text,
		    s->precision < 0 ? strlen(text) :
				       strnlen(text, (size_t)s->precision));
		return true;
	case '%':
		emit(o, "%", 1);
		return true;
	default:
		return false;
	}
}

int
format_v(char *to, size_t n, const char *fmt, va_list ap)
{
	struct format_out o = { to, n > 0 ? n - 1 : 0, 0 };
	struct format_args a;
	bool known = true;

	va_copy(a.ap, ap);
	while (*fmt != '\0' && known) {
		size_t plain = strcspn(fmt, "%");

		emit(&o, fmt, plain);
		fmt += plain;
		if (*fmt == '%') {
			struct format_spec s;

			fmt++;
			s = spec_read(&fmt, &a);
			known = convert(&o, &s, *fmt, &a);
			fmt += *fmt != '\0';
		}
	}
	va_end(a.ap);
	if (n > 0)
		to[o.n < o.room ? o.n : o.room] = '\0';
	return known && o.n <= INT_MAX ? (int)o.n : -1;
}
