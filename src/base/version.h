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
#define VERSION_LINE                                                           \
	"post365 " VERSION " (mbedTLS " VERSION_MBEDTLS ", musl " VERSION_MUSL \
	")\n"

#endif
