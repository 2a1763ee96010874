/* SPDX-License-Identifier: MIT */
#include "store/drop.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "t.h"

enum { MEMORY = 1 << 20, MOST = 100000, PATH = 256 };

static char drop_folder[FOLDER_SIZE];
static char drop_path[PATH]; /* of the file that was added */
static char drop_name[DROP_NAME_SIZE];

static const struct str drop_body = STR_INIT("Subject: x\r\n\r\n.\r\nhi\r\n");

static void
drop_begin(void)
{
	struct notify notify[2] = { { NOTIFY_NEVER, STR_INIT("rfc822;d@e.f") },
		{ 0 } };
	struct str rcpt[2] = { STR_INIT("d@e.f"), STR_INIT("root") };
	struct envelope v = { .sender = STR("a@b.c"),
		.recipient = rcpt,
		.notify = notify,
		.recipients = 2,
		.account = STR("none of theirs"),
		.client = STR("sendmail uid=1"),
		.envelope_id = STR("x+2By"),
		.ret = STR("full") };
	struct source text = source_of(drop_body);
	struct err e = { 0 };

	folder_make(drop_folder);
	T_CHECK(drop_make(drop_folder, &e), "%s", e.msg);
	T_CHECK(drop_add(drop_folder, &v, &text, drop_name, &e), "%s", e.msg);
	(void)snprintf(drop_path, sizeof(drop_path), "%s/%s", drop_folder,
	    drop_name);
}

static void
drop_end(void)
{
	(void)unlink(drop_path);
	(void)rmdir(drop_folder);
}

static bool
drop_collect(void *arg, struct str piece, struct err *e)
{
	buf_adds(arg, piece);
	return buf_ok(arg, e);
}

/* What is found under that name, and whether all of it can be read. */
static enum drop_found
drop_find(const char *name, uint64_t most, bool *reads)
{
	struct drop_file f;
	enum drop_found found = DROP_GONE;
	struct buf text;
	struct dir d;
	struct err e = { 0 };

	*reads = false;
	if (!drop_open(&d, drop_folder, &e) || d.path == NULL)
		return DROP_GONE;
	buf_init(&text, MEMORY);
	found = drop_look(&d, name, most, &f, &e);
	if (found == DROP_WHOLE)
		*reads = drop_read(&f, drop_collect, &text, &e) &&
		    str_eq(buf_view(&text), drop_body);
	drop_close(&f);
	dir_close(&d);
	buf_release(&text);
	return found;
}

static void
test_whole(void)
{
	struct drop_file f;
	struct stat st = { 0 };
	struct dir d;
	struct err e = { 0 };
	bool reads;

	drop_begin();
	T_CHECK(stat(drop_folder, &st) == 0 && (st.st_mode & 07777) == 01733,
	    "folder %o", (unsigned)st.st_mode);
	T_CHECK(stat(drop_path, &st) == 0 && (st.st_mode & 07777) == 0644,
	    "file %o", (unsigned)st.st_mode);
	T_CHECK(drop_find(drop_name, MOST, &reads) == DROP_WHOLE && reads,
	    "not as it was");
	T_CHECK(drop_open(&d, drop_folder, &e), "%s", e.msg);
	T_CHECK(drop_look(&d, drop_name, MOST, &f, &e) == DROP_WHOLE, "%s",
	    e.msg);
	T_CHECK(f.owner == geteuid() && f.envelope.account.n == 0 &&
		f.envelope.recipients == 2 &&
		f.envelope.notify[0].when == NOTIFY_NEVER &&
		f.envelope.notify[1].when == 0 &&
		str_eq(f.envelope.sender, STR("a@b.c")) &&
		str_eq(f.envelope.ret, STR("full")) &&
		str_eq(f.envelope.envelope_id, STR("x+2By")),
	    "the envelope");
	drop_close(&f);
	dir_close(&d);
	drop_end();
}

/* Each beginning of a file is a half one. */
static void
test_halves(void)
{
	struct buf whole;
	bool reads;

	drop_begin();
	buf_init(&whole, MEMORY);
	t_read_file(drop_path, &whole);
	for (size_t n = whole.n; n-- > 0;) {
		T_CHECK(truncate(drop_path, (off_t)n) == 0, "truncate");
		T_CHECK(drop_find(drop_name, MOST, &reads) == DROP_HALF,
		    "%zu bytes of %zu", n, whole.n);
	}
	buf_release(&whole);
	drop_end();
}

/* No byte can be another one. */
static void
test_changed(void)
{
	enum drop_found found;
	struct buf whole;
	bool reads;
	int fd;

	drop_begin();
	buf_init(&whole, MEMORY);
	t_read_file(drop_path, &whole);
	fd = open(drop_path, O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < whole.n; i++) {
		char other = (char)(whole.p[i] ^ 1);

		T_CHECK(pwrite(fd, &other, 1, (off_t)i) == 1, "write");
		found = drop_find(drop_name, MOST, &reads);
		T_CHECK(found != DROP_WHOLE || !reads, "byte %zu", i);
		T_CHECK(pwrite(fd, whole.p + i, 1, (off_t)i) == 1, "write");
	}
	T_CHECK(drop_find(drop_name, MOST, &reads) == DROP_WHOLE && reads,
	    "as it was");
	os_close(&fd);
	buf_release(&whole);
	drop_end();
}

static void
test_foreign(void)
{
	static const char other[] = "00000000000000000000000000000001";
	char path[PATH];
	bool reads;

	drop_begin();
	(void)snprintf(path, sizeof(path), "%s/%s", drop_folder, other);
	T_CHECK(drop_find(other, MOST, &reads) == DROP_GONE, "none");
	T_CHECK(drop_find(drop_name, 0, &reads) == DROP_WHOLE, "small");
	T_CHECK(symlink(drop_path, path) == 0, "symlink");
	T_CHECK(drop_find(other, MOST, &reads) == DROP_FOREIGN, "a link");
	(void)unlink(path);
	T_CHECK(link(drop_path, path) == 0, "link");
	T_CHECK(drop_find(other, MOST, &reads) == DROP_FOREIGN, "two names");
	(void)unlink(path);
	T_CHECK(mkfifo(path, 0644) == 0, "mkfifo");
	T_CHECK(drop_find(other, MOST, &reads) == DROP_FOREIGN, "a pipe");
	(void)unlink(path);
	T_CHECK(mkdir(path, 0755) == 0, "mkdir");
	T_CHECK(drop_find(other, MOST, &reads) == DROP_FOREIGN, "a folder");
	(void)rmdir(path);
	T_CHECK(drop_find("new", MOST, &reads) == DROP_GONE, "a name");
	T_CHECK(truncate(drop_path, MOST + ENVELOPE_HEAD_MOST + 1) == 0,
	    "truncate");
	T_CHECK(drop_find(drop_name, MOST, &reads) == DROP_FOREIGN, "large");
	drop_end();
}

/* Nothing is left of what could not be added. */
static bool
drop_broken(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)self;
	(void)at;
	(void)p;
	(void)n;
	return err_set(e, ERR_RETRY, "broken");
}

static void
test_failing(void)
{
	struct source text = { .size = 9, .read = drop_broken };
	struct str rcpt = STR("d@e.f");
	struct envelope v = { .recipient = &rcpt, .recipients = 1 };
	struct err e = { 0 };
	char name[DROP_NAME_SIZE];

	drop_begin();
	(void)unlink(drop_path);
	T_CHECK(!drop_add(drop_folder, &v, &text, name, &e), "added");
	T_CHECK(rmdir(drop_folder) == 0, "something is left");
	T_CHECK(!drop_add(drop_folder, &v, &text, name, &e), "no folder");
}

static const struct t_test tests[] = {
	{ "whole", test_whole },
	{ "halves", test_halves },
	{ "changed", test_changed },
	{ "foreign", test_foreign },
	{ "failing", test_failing },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
