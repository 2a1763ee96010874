/* SPDX-License-Identifier: MIT */
#include "base/temp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t.h"

enum { EX_CANTCREAT = 73, SIZE = TEMP_MEMORY_MOST + 1 };

static char folder[] = "/tmp/temp_test.XXXXXX"; /* the one we are in */
static char place[300], spool[300];

/* Which file it is: its path as the kernel has it. */
static const char *
where(const struct temp *t)
{
	static char path[300];
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", t->fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

static bool
holds(const struct temp *t, char with, size_t n)
{
	struct source s = temp_source(t);
	char *got = malloc(n);
	struct err e;
	bool ok;

	ok = got != NULL && s.size == n && source_read(&s, 0, got, n, &e);
	for (size_t i = 0; ok && i < n; i++)
		ok = got[i] == with;
	free(got);
	return ok;
}

/* The spool's tmp/ if it is there, else $TMPDIR, else memory. */
static void
test_places(void)
{
	static char text[SIZE];
	static const struct {
		const char *name, *spool, *tmpdir, *want;
	} rows[] = {
		{ "spool", "yes", "yes", "spool/tmp/" },
		{ "no spool", "", "yes", "place/" },
		{ "spool was never made", "no", "yes", "place/" },
		{ "memory", "no", "no", "/memfd:post365" },
	};

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct str s = str_of(*rows[i].spool == 'y' ? spool :
			*rows[i].spool == 'n'               ? "/nowhere" :
							      "");
		struct temp t;
		struct err e = { 0 };
		bool memory = rows[i].want[0] == '/';

		(void)setenv("TMPDIR", *rows[i].tmpdir == 'y' ? place : "/no",
		    1);
		T_CHECK(temp_open(&t, "it", s, &e), "%s: %s", rows[i].name,
		    e.msg);
		T_CHECK(strstr(where(&t), rows[i].want) != NULL, "%s: %s",
		    rows[i].name, where(&t));
		T_CHECK(temp_add(&t, (struct str){ text, SIZE - 1 }, &e) &&
			holds(&t, 'x', SIZE - 1),
		    "%s: a megabyte: %s", rows[i].name, e.msg);
		T_CHECK(temp_add(&t, STR("x"), &e) != memory, "%s: %s",
		    rows[i].name, e.msg);
		T_CHECK(!memory ||
			(e.kind == ERR_RETRY && err_exit(&e) == EX_CANTCREAT &&
			    strstr(e.remedy, "TMPDIR") != NULL),
		    "%s: %s; %s", rows[i].name, e.msg, e.remedy);
		temp_close(&t);
		temp_close(&t);
	}
	(void)unsetenv("TMPDIR");
}

/* From a full disk it moves on, with what is in it. */
static void
test_full(void)
{
	static char text[300000];
	struct temp t;
	struct err e = { 0 };

	if (mount("none", place, "tmpfs", 0, "size=400k") < 0) {
		t_skip("only root can make a small disk");
		return;
	}
	memset(text, 'x', sizeof(text));
	(void)setenv("TMPDIR", place, 1);
	T_CHECK(temp_open(&t, "it", STR(""), &e), "%s", e.msg);
	for (size_t n = 1; n <= 3; n++) {
		T_CHECK(temp_add(&t, (struct str){ text, sizeof(text) }, &e) &&
			holds(&t, 'x', n * sizeof(text)),
		    "%zu: %s", n, e.msg);
		T_CHECK((strstr(where(&t), "memfd") != NULL) == (n > 1),
		    "%zu: %s", n, where(&t));
	}
	T_CHECK(!temp_add(&t, (struct str){ text, sizeof(text) }, &e) &&
		err_exit(&e) == EX_CANTCREAT,
	    "more than memory takes: %s", e.msg);
	temp_close(&t);
	(void)umount(place);
	(void)unsetenv("TMPDIR");
}

static void
test_map(void)
{
	struct str all = { 0 };
	struct temp t;
	struct err e;

	T_CHECK(temp_open(&t, "it", STR(""), &e), "%s", e.msg);
	T_CHECK(temp_map(&t, &all, &e) && all.n == 0, "nothing in it");
	temp_unmap(&all);
	T_CHECK(temp_add(&t, STR("one "), &e) && temp_add(&t, STR("two"), &e),
	    "%s", e.msg);
	T_CHECK(temp_map(&t, &all, &e) && str_eq(all, STR("one two")), "%s",
	    e.msg);
	temp_unmap(&all);
	T_CHECK(all.p == NULL && all.n == 0, "zeroed");
	temp_close(&t);
}

static const struct t_test tests[] = {
	{ "places", test_places },
	{ "as memory", test_map },
	{ "full", test_full },
};

int
main(void)
{
	char below[320];
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(place, sizeof(place), "%s/place", folder);
	(void)snprintf(spool, sizeof(spool), "%s/spool", folder);
	(void)snprintf(below, sizeof(below), "%s/tmp", spool);
	if (mkdir(place, 0700) < 0 || mkdir(spool, 0700) < 0 ||
	    mkdir(below, 0700) < 0)
		return 1;
	failed = t_main(tests, sizeof(tests) / sizeof(*tests));
	if (rmdir(below) < 0 || rmdir(spool) < 0 || rmdir(place) < 0 ||
	    rmdir(folder) < 0)
		printf("not ok cleaning: %s is not empty\n", folder);
	return failed;
}
