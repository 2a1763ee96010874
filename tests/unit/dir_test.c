/* SPDX-License-Identifier: MIT */
#include "base/dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypt.h"
#include "t.h"

static char path[256];
static struct dir d;
static const char root_file[] = "/tmp/dir_test.root";

static void
begin(void)
{
	struct err e;

	(void)snprintf(path, sizeof(path), "/tmp/dir_test.XXXXXX");
	if (mkdtemp(path) == NULL || !dir_open(&d, path, NULL, 0700, &e))
		abort();
}

static void
remove_it(void *arg, const char *name, bool regular)
{
	struct err e;

	(void)arg;
	(void)regular;
	(void)!dir_remove(&d, name, &e);
}

static void
end(void)
{
	struct err e;

	(void)!dir_each(&d, remove_it, NULL, &e);
	dir_close(&d);
	T_CHECK(rmdir(path) == 0, "%s is not empty", path);
}

static int
file(const char *name, enum dir_how how)
{
	struct err e = { 0 };
	int fd = -1;

	T_CHECK(dir_file(&d, name, how, &fd, &e), "%s: %s", name, e.msg);
	return fd;
}

static void
test_files(void)
{
	struct err e = { 0 };
	struct os_stat st;
	int fd, other;

	begin();
	T_CHECK(file("a", DIR_READ) < 0, "there is none");
	T_CHECK(file("a", DIR_UPDATE) < 0, "there is none");
	fd = file("a", DIR_CREATE);
	T_CHECK(fd >= 0 && file("a", DIR_CREATE) < 0, "only one is made");
	T_CHECK(dir_has(&d, "a", fd) && !dir_has(&d, "b", fd), "its name");
	T_CHECK(os_try_lock(fd), "the lock");
	other = file("a", DIR_UPDATE);
	T_CHECK(!os_try_lock(other), "is held");
	T_CHECK(dir_move(&d, "a", &d, "b", &e), "%s", e.msg);
	T_CHECK(!dir_has(&d, "a", fd) && dir_has(&d, "b", fd), "it moved");
	os_close(&other);
	other = file("c", DIR_APPEND);
	T_CHECK(!dir_move(&d, "b", &d, "c", &e) && e.kind == ERR_RETRY &&
		strstr(e.msg, "/c: cannot rename") != NULL,
	    "never over another: %s", e.msg);
	T_CHECK(dir_has(&d, "b", fd) && dir_has(&d, "c", other), "both stay");
	os_touch(fd, 12345);
	(void)fchmod(fd, 0626);
	T_CHECK(dir_stat(&d, "b", &st) && st.mtime == 12345 && st.regular,
	    "its time");
	T_CHECK(st.others && st.others_write && st.group_writes &&
		st.group == getegid(),
	    "all of it");
	T_CHECK(dir_remove(&d, "b", &e) && dir_remove(&d, "b", &e), "twice");
	T_CHECK(!dir_stat(&d, "b", &st), "gone");
	T_CHECK(dir_sync(&d, &e), "%s", e.msg);
	os_close(&fd);
	os_close(&other);
	end();
}

static void
test_links(void)
{
	struct err e = { 0 };
	struct os_stat st;
	int fd = -1;

	begin();
	(void)symlinkat("/etc/passwd", d.fd, "link");
	T_CHECK(!dir_file(&d, "link", DIR_READ, &fd, &e) && fd < 0 &&
		strstr(e.msg, "/link: cannot open") != NULL,
	    "%s", e.msg);
	T_CHECK(dir_stat(&d, "link", &st) && !st.regular, "no file");
	end();
}

struct seen {
	size_t names, regular;
};

static void
see(void *arg, const char *name, bool regular)
{
	struct seen *seen = arg;

	seen->names++;
	seen->regular += regular;
	T_CHECK(regular == (name[0] == 'r'), "%s", name);
}

static void
test_each(void)
{
	struct err e = { 0 };
	struct seen seen = { 0 };
	const char *const names[] = { "r1", "r2", ".hidden" };
	int fd;

	begin();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		fd = file(names[i], DIR_CREATE);
		os_close(&fd);
	}
	(void)symlinkat("r1", d.fd, "link");
	(void)mkdirat(d.fd, "folder", 0700);
	(void)mkfifoat(d.fd, "pipe", 0600);
	T_CHECK(dir_each(&d, see, &seen, &e), "%s", e.msg);
	T_CHECK(seen.names == 5 && seen.regular == 2, "%zu, %zu regular",
	    seen.names, seen.regular);
	(void)unlinkat(d.fd, "folder", AT_REMOVEDIR);
	(void)unlinkat(d.fd, ".hidden", 0);
	end();
}

/* New files are for those whom the folder lets in. */
static void
test_modes(void)
{
	static const mode_t rows[][2] = { { 0700, 0600 }, { 0770, 0660 },
		{ 0750, 0640 }, { 0755, 0600 }, { 0775, 0660 } };
	struct stat st;
	struct err e;
	mode_t mask = umask(0);
	int fd;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin();
		(void)fchmod(d.fd, rows[i][0]);
		dir_close(&d);
		T_CHECK(dir_open(&d, path, NULL, 0700, &e), "%s", e.msg);
		fd = file("a", DIR_CREATE);
		T_CHECK(fstat(fd, &st) == 0 &&
			(st.st_mode & 0777) == rows[i][1],
		    "%o gives %o", rows[i][0], st.st_mode);
		os_close(&fd);
		end();
	}
	(void)umask(mask);
}

/* What root makes in the folder of another is theirs. */
static void
test_owner(void)
{
	static const enum dir_how ways[] = { DIR_CREATE, DIR_APPEND };
	const char *const names[] = { "a", "b", "lock" };
	struct err e = { 0 };
	char lock[300];
	struct stat st;
	int fd;

	if (geteuid() != 0)
		return;
	begin();
	T_CHECK(chown(path, 123, 124) == 0, "chown");
	for (size_t i = 0; i < 2; i++) {
		fd = file(names[i], ways[i]);
		os_close(&fd);
	}
	(void)snprintf(lock, sizeof(lock), "%s/lock", path);
	T_CHECK(os_lock(lock, 0, &fd, &e), "%s", e.msg);
	os_close(&fd);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		T_CHECK(fstatat(d.fd, names[i], &st, 0) == 0 &&
			st.st_uid == 123 && st.st_gid == 124,
		    "%s: %lu", names[i], (unsigned long)st.st_uid);
		T_CHECK(unlinkat(d.fd, names[i], 0) == 0, "%s", names[i]);
	}
	/* a link to what is not theirs stays whose it was */
	fd = open(root_file, O_CREAT | O_RDWR | O_EXCL, 0600);
	T_CHECK(fd >= 0 && linkat(AT_FDCWD, root_file, d.fd, "l", 0) == 0,
	    "link");
	(void)unlink(root_file);
	os_close(&fd);
	fd = file("l", DIR_APPEND);
	T_CHECK(fstat(fd, &st) == 0 && st.st_uid == 0, "link: owner");
	os_close(&fd);
	end();
}

static void
test_gone(void)
{
	struct err e = { 0 };
	int fd = -1;

	begin();
	T_CHECK(rmdir(path) == 0, "rmdir");
	T_CHECK(!dir_file(&d, "a", DIR_APPEND, &fd, &e) && fd < 0 &&
		strstr(e.msg, "/a: cannot create: No such file") != NULL,
	    "its folder is gone: %s", e.msg);
	dir_close(&d);
}

static void
test_at(void)
{
	struct err e = { 0 };
	char got[8] = "";
	struct os_at at = { .name = "a" };

	begin();
	at.fd = file("a", DIR_CREATE);
	T_CHECK(os_write_at(at, STR("abcdef"), &e), "%s", e.msg);
	at.at = 2;
	T_CHECK(os_read_at(at, got, 3, &e) && memcmp(got, "cde", 3) == 0,
	    "reads in the middle");
	T_CHECK(!os_read_at(at, got, 5, &e) && e.kind == ERR_INPUT,
	    "beyond the end: %s", e.msg);
	T_CHECK(os_cut(at.fd, "a", 3, &e) && os_sync(at.fd, "a", &e), "%s",
	    e.msg);
	T_CHECK(!os_read_at(at, got, 3, &e), "it is shorter");
	os_close(&at.fd);
	T_CHECK(!os_sync(-1, "a", &e) && err_exit(&e) == 74, "bad descriptor");
	end();
}

/* A sum of pieces is the sum of the whole, wherever it is cut. */
static void
test_sum(void)
{
	struct str s = STR("The quick brown fox jumps over the lazy dog, and "
			   "once more over the dog that was lazy before");
	char whole[CRYPT_SHA256_HEX], pieces[CRYPT_SHA256_HEX];
	struct crypt_sum sum;

	crypt_sha256_hex(s, whole);
	for (size_t i = 0; i <= s.n; i++) {
		crypt_sum_init(&sum);
		crypt_sum_add(&sum, str_first(s, i));
		crypt_sum_add(&sum, str_from(s, i));
		crypt_sum_hex(&sum, pieces);
		T_CHECK(strcmp(whole, pieces) == 0, "cut at %zu", i);
	}
}

static const struct t_test tests[] = {
	{ "files", test_files },
	{ "links", test_links },
	{ "each", test_each },
	{ "modes", test_modes },
	{ "owner", test_owner },
	{ "folder gone", test_gone },
	{ "at an offset", test_at },
	{ "sum of pieces", test_sum },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
