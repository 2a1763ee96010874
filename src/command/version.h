/* SPDX-License-Identifier: MIT */
/*
 * version: what this program is and what is linked into it. The parts are
 * those of vendor/lock; a test compares.
 */
#ifndef COMMAND_VERSION_H
#define COMMAND_VERSION_H

#define VERSION         "0.1.0"
#define VERSION_MBEDTLS "3.6.7"
#define VERSION_MUSL    "1.2.6"
#define VERSION_LINE                                                           \
	"post365 " VERSION " (mbedTLS " VERSION_MBEDTLS ", musl " VERSION_MUSL \
	")\n"

#endif
