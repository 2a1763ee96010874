/* SPDX-License-Identifier: MIT */
/*
 * scratch: a large local array that is written before it is read.
 *
 *	SCRATCH char piece[PIECE];
 *
 * The release zeroes what a function does not set (src/rules.mk, ZERO), so that
 * what was forgotten is never what stood there before. Of 64 kB that a read
 * fills anyway this touches 16 pages, and pages are most of what it costs to
 * queue a mail. Use no byte of a scratch array that was not filled.
 */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define SCRATCH __attribute__((uninitialized))
#endif
#endif
#ifndef SCRATCH
#define SCRATCH
#endif

#endif
