/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "t.h"

enum { AT_ONCE = 8 /* descriptors */, FOLDER_FULL = 256 };

void
folder_make(char path[FOLDER_SIZE])
{
	(void)snprintf(path, FOLDER_SIZE, "/tmp/post365_test.XXXXXX");
	if (mkdtemp(path) == NULL) {
		printf("not ok %s: cannot create it\n", path);
		exit(1);
	}
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	T_CHECK(remove(path) == 0, "%s stays", path);
	return 0;
}

void
folder_end(const char *path)
{
	t_spare_allocations(true);
	(void)nftw(path, remove_one, AT_ONCE, FTW_DEPTH | FTW_PHYS);
	t_spare_allocations(false);
}

void
folder_write(const char *path, const char *name, struct str text)
{
	char full[FOLDER_FULL];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/%s", path, name);
	f = fopen(full, "w");
	T_CHECK(f != NULL && fwrite(text.p, 1, text.n, f) == text.n, "%s",
	    full);
	if (f != NULL)
		T_CHECK(fclose(f) == 0, "%s", full);
}
