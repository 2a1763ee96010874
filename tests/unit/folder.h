/* SPDX-License-Identifier: MIT */
/*
 * folder: a folder of a test's own, which goes with all that is in it.
 */
#ifndef UNIT_FOLDER_H
#define UNIT_FOLDER_H

#include "base/str.h"

enum { FOLDER_SIZE = 40 };

/* Makes one; ends the program if that cannot be. */
void folder_make(char path[FOLDER_SIZE]);
/* Writes the file `name` of it anew. What fails is a failure of the test. */
void folder_write(const char *path, const char *name, struct str text);
/* What cannot be removed is a failure of the running test. */
void folder_end(const char *path);

#endif
