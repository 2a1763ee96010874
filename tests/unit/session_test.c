/* SPDX-License-Identifier: MIT */
#include "net/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "t.h"

enum { NOW = 1800000000 };

static char folder[FOLDER_SIZE], below[96];

static void
set_up(void)
{
	folder_make(folder);
	(void)snprintf(below, sizeof(below), "%s/a/b", folder);
}

static void
tear_down(void)
{
	folder_end(folder);
}

static const char *
path_for(struct arena *mem, const char *peer, const char *trust)
{
	struct session_for f = { str_of(below), str_of(peer), str_of(trust) };

	return session_path(mem, &f);
}

static bool
loads(const char *path, int64_t now, struct str want)
{
	struct buf b;
	bool ok;

	buf_init(&b, SESSION_LIMIT);
	buf_addz(&b, "before ");
	ok = session_load(path, now, &b);
	T_CHECK(ok || str_eq(buf_view(&b), STR("before ")), "not rewound");
	ok = ok && str_eq(str_from(buf_view(&b), 7), want);
	buf_release(&b);
	return ok;
}

static void
test_paths(void)
{
	struct session_for none = { STR(""), STR("a:1"), STR("auto") };
	struct arena mem;
	const char *a, *b, *c;

	arena_init(&mem, 65536);
	T_CHECK(session_path(&mem, &none) == NULL, "no folder");
	(void)snprintf(below, sizeof(below), "/x");
	a = path_for(&mem, "a:1", "auto");
	b = path_for(&mem, "a:2", "auto");
	c = path_for(&mem, "a:1", "builtin");
	T_CHECK(strcmp(a, b) != 0 && strcmp(a, c) != 0, "%s %s %s", a, b, c);
	T_CHECK(strcmp(a, path_for(&mem, "a:1", "auto")) == 0, "not stable");
	T_CHECK(str_starts(str_of(a), STR("/x/tls-")), "%s", a);
	arena_release(&mem);
	T_CHECK(!session_save(NULL, 0, STR("x")), "saved nowhere");
	session_forget(NULL);
}

static void
test_times(void)
{
	struct arena mem;
	const char *p;

	set_up();
	arena_init(&mem, 65536);
	p = path_for(&mem, "a:1", "auto");
	T_CHECK(!loads(p, NOW, STR("")), "nothing there yet");
	T_CHECK(session_save(p, NOW + 100, STR("secret\0x")), "save");
	T_CHECK(loads(p, NOW, STR("secret\0x")), "load");
	T_CHECK(loads(p, NOW + 99, STR("secret\0x")), "just in time");
	T_CHECK(!loads(p, NOW + 100, STR("secret\0x")), "expired");
	T_CHECK(!loads(p, NOW - SESSION_LIFE_S, STR("secret\0x")),
	    "the clock was put back");
	T_CHECK(session_save(p, NOW + 100, STR("other")), "save again");
	T_CHECK(loads(p, NOW, STR("other")), "replaced");
	session_forget(p);
	T_CHECK(!loads(p, NOW, STR("other")), "forgotten");
	arena_release(&mem);
	tear_down();
}

static void
test_private(void)
{
	struct arena mem;
	const char *p;
	struct stat st;
	char link[128];

	set_up();
	arena_init(&mem, 65536);
	p = path_for(&mem, "a:1", "auto");
	T_CHECK(session_save(p, NOW + 100, STR("secret")), "save");
	T_CHECK(stat(p, &st) == 0 && (st.st_mode & 0777) == 0600, "mode");
	T_CHECK(stat(below, &st) == 0 && (st.st_mode & 0777) == 0700,
	    "mode of the folder");
	(void)chmod(p, 0604);
	T_CHECK(!loads(p, NOW, STR("secret")), "others may read it");
	(void)chmod(p, 0620);
	T_CHECK(!loads(p, NOW, STR("secret")), "the group may write it");
	(void)chmod(p, 0600);
	T_CHECK(loads(p, NOW, STR("secret")), "private again");
	if (geteuid() == 0) {
		T_CHECK(chown(p, 65534, 65534) == 0, "chown");
		T_CHECK(!loads(p, NOW, STR("secret")), "of another user");
		T_CHECK(chown(p, 0, 0) == 0, "chown");
	}
	(void)snprintf(link, sizeof(link), "%s/link", folder);
	T_CHECK(symlink(p, link) == 0, "symlink");
	T_CHECK(!loads(link, NOW, STR("secret")), "a symbolic link");
	(void)unlink(link);
	T_CHECK(!loads(below, NOW, STR("secret")), "a folder");
	arena_release(&mem);
	tear_down();
}

/* Each byte changed, each length cut: as good as none. */
static void
test_broken(void)
{
	struct buf whole;
	struct arena mem;
	const char *p;
	FILE *f;

	set_up();
	arena_init(&mem, 65536);
	buf_init(&whole, 65536);
	p = path_for(&mem, "a:1", "auto");
	T_CHECK(session_save(p, NOW + 5, STR("secret")), "save");
	t_read_file(p, &whole);
	for (size_t i = 0; i <= whole.n; i++) {
		for (int cut = 0; cut < 2 && i < whole.n; cut++) {
			f = fopen(p, "w");
			whole.p[i] ^= cut ? 0 : 2;
			(void)fwrite(whole.p, 1, cut ? i : whole.n, f);
			whole.p[i] ^= cut ? 0 : 2;
			(void)fclose(f);
			T_CHECK(!loads(p, NOW, STR("secret")), "%s at %zu",
			    cut ? "cut" : "changed", i);
		}
	}
	buf_release(&whole);
	arena_release(&mem);
	tear_down();
}

static void
poor_once(void)
{
	struct arena mem;
	struct buf b;
	const char *p;

	arena_init(&mem, 65536);
	buf_init(&b, 1024);
	p = path_for(&mem, "a:1", "auto");
	if (session_save(p, NOW + 5, STR("secret")) && session_load(p, NOW, &b))
		T_CHECK(str_eq(buf_view(&b), STR("secret")), "bytes");
	buf_release(&b);
	arena_release(&mem);
}

static void
test_poor(void)
{
	set_up();
	t_each_allocation_fails(poor_once);
	tear_down();
}

static const struct t_test tests[] = {
	{ "paths", test_paths },
	{ "times", test_times },
	{ "private", test_private },
	{ "broken", test_broken },
	{ "poor", test_poor },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
