/* SPDX-License-Identifier: MIT */
/*
 * version: what this program is and what is linked into it. The parts are
 * those of vendor/lock; a test compares.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define VERSION         "0.1.0"
#define VERSION_MBEDTLS "3.6.7"
#define VERSION_MUSL    "1.2.6"
/*
 * A day before this version was made, in seconds since 1970: a clock that says
 * less is wrong. Written here, so that two builds have the same bytes; set
 * anew with VERSION.
 */
#define VERSION_DATE 1793491200 /* 2026-11-01 */
/* What the executable runs on, by the word of uname -m. */
#if defined(__x86_64__)
#define VERSION_MACHINE "x86_64"
#elif defined(__i386__)
#define VERSION_MACHINE "i686"
#elif defined(__aarch64__)
#define VERSION_MACHINE "aarch64"
#elif defined(__arm__)
#define VERSION_MACHINE "arm"
#elif defined(__riscv)
#define VERSION_MACHINE "riscv64"
#elif defined(__powerpc64__)
#define VERSION_MACHINE "ppc64le"
#elif defined(__s390x__)
#define VERSION_MACHINE "s390x"
#elif defined(__mips__)
#define VERSION_MACHINE "mips"
#else
#define VERSION_MACHINE "another machine"
#endif
#define VERSION_LINE                                                           \
	"post365 " VERSION " (" VERSION_MACHINE ", mbedTLS " VERSION_MBEDTLS   \
	", musl " VERSION_MUSL ")\n"

#endif
