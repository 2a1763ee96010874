/* SPDX-License-Identifier: MIT */
/*
 * file: a regular file as a source of bytes: read in pieces where they are
 * wanted, never whole in memory.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/source.h"

struct file {
	const char *path; /* NULL: not open */
	uint64_t size;    /* bytes, when it was opened */
	int fd;
};

/*
 * Opens a file for reading. Keeps path until file_close. ERR_INPUT with exit
 * 66: missing, unreadable, a directory or something else without a size.
 */
bool file_open(struct file *f, const char *path, struct err *e)
    __attribute__((warn_unused_result));
void file_close(struct file *f); /* a zeroed one is fine; zeroes *f */

/*
 * Borrows f for as long as the source is used. A read gives ERR_INPUT with
 * exit 66 if the file was cut short meanwhile.
 */
struct source file_source(const struct file *f);

#endif
