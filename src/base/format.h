/* SPDX-License-Identifier: MIT */
/*
 * format: vsnprintf without what this program never prints (floating point,
 * wide characters, octal, %n, %p, positions). The executable has it in place
 * of musl's, which is 9 kB: format.c names it vsnprintf there. The unit test
 * compares it with glibc's.
 *
 * Known: flags "-", "0", "+", " "; width and precision, of an argument too;
 * hh h l ll z j t; d i u x X c s %. A negative precision is none, a negative
 * width is "-".
 */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes up to n - 1 bytes and a NUL (nothing where n is 0). Returns how many
 * bytes the whole text has; -1 for a conversion that it does not know, or a
 * text longer than INT_MAX.
 */
int format_v(char *to, size_t n, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
