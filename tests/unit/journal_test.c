/* SPDX-License-Identifier: MIT */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "cut.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static char path[256];
static struct journal j;

static void
begin(unsigned keep)
{
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/journal.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(path) == NULL ||
	    !journal_open(&j, path, "journal",
		(struct journal_options){ 65536, keep, true, false }, &e)) {
		printf("  %s\n", e.msg);
		abort();
	}
}

static void
remove_it(void *arg, const char *name, bool regular)
{
	struct err e;

	(void)arg;
	(void)regular;
	(void)!dir_remove(&j.dir, name, &e);
}

static void
end(void)
{
	struct err e;

	(void)!dir_each(&j.dir, remove_it, NULL, &e);
	journal_close(&j);
	(void)rmdir(path);
}

static struct str people[] = { STR_INIT("b@x.example"),
	STR_INIT("C@y.example") };
static const struct journal_line plain = {
	.time = 1795637400,
	.id = STR_INIT("6B074098D126EDEB"),
	.message_id = STR_INIT("<1@x.example>"),
	.account = STR_INIT("default"),
	.client = STR_INIT("sendmail uid=0"),
	.from = STR_INIT("a@x.example"),
	.to = people,
	.to_n = 2,
	.size = 1234,
	.via = STR_INIT("mime"),
	.status = 429,
	.code = STR_INIT("ErrorServerBusy"),
	.request_id = STR_INIT("r1"),
	.client_request_id = STR_INIT("c1"),
	.ms = 57,
	.attempt = 2,
	.next = 1795637460,
	.verdict = STR_INIT("later"),
	.reason = STR_INIT("busy"),
};

struct seen {
	size_t n, most;
	struct buf all; /* the lines, each with a line end */
};

static bool
see(void *arg, struct str line, const struct json *tree)
{
	struct seen *s = arg;

	T_CHECK(tree->type == JSON_OBJECT, "a tree");
	buf_adds(&s->all, line);
	buf_addc(&s->all, '\n');
	return ++s->n != s->most;
}

static size_t
count(const struct journal_filter *f, struct seen *s)
{
	struct err e = { 0 };

	s->n = 0;
	buf_release(&s->all);
	buf_init(&s->all, 1 << 24);
	T_CHECK(journal_read(&j, f, see, s, &e), "%s", e.msg);
	return s->n;
}

static void
test_line(void)
{
	struct journal_line null = { .from = STR_INIT(""), .time = 1 };
	struct journal_filter all = { 0 };
	struct seen s = { 0 };
	struct err e = { 0 };
	struct stat st;

	begin(2);
	T_CHECK(count(&all, &s) == 0, "none yet");
	T_CHECK(journal_add(&j, &plain, &e) && journal_add(&j, &null, &e), "%s",
	    e.msg);
	T_CHECK(count(&all, &s) == 2, "two");
	T_CHECK(str_eq(buf_view(&s.all),
		    STR("{\"time\":\"2026-11-25T20:10:00Z\","
			"\"id\":\"6B074098D126EDEB\","
			"\"message_id\":\"<1@x.example>\","
			"\"account\":\"default\",\"client\":\"sendmail uid=0\","
			"\"from\":\"a@x.example\","
			"\"to\":[\"b@x.example\",\"C@y.example\"],"
			"\"size\":1234,\"via\":\"mime\",\"status\":429,"
			"\"code\":\"ErrorServerBusy\",\"request_id\":\"r1\","
			"\"client_request_id\":\"c1\",\"ms\":57,\"attempt\":2,"
			"\"next\":\"2026-11-25T20:11:00Z\","
			"\"verdict\":\"later\",\"reason\":\"busy\"}\n"
			"{\"time\":\"1970-01-01T00:00:01Z\",\"from\":\"\","
			"\"to\":[]}\n")),
	    "%s", s.all.p);
	T_CHECK(fstatat(j.dir.fd, "journal", &st, 0) == 0 &&
		(st.st_mode & 0777) == 0600,
	    "mode %o", st.st_mode);
	buf_release(&s.all);
	end();
}

/* Bytes that are no text do not keep an attempt out of the journal. */
static void
test_bad_text(void)
{
	struct journal_line line = plain;
	struct journal_filter all = { 0 };
	struct seen s = { 0 };
	struct err e = { 0 };

	begin(2);
	line.from = STR("\xff\n\"\x01@x");
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	T_CHECK(count(&all, &s) == 1 &&
		str_chr(buf_view(&s.all), '\n') == s.all.n - 1,
	    "one line");
	buf_release(&s.all);
	end();
}

static const struct {
	const char *name;
	struct journal_filter f;
	size_t want;
} filters[] = {
	{ "all", { .since = 0 }, 5 },
	{ "id", { .id = STR_INIT("6b07") }, 2 },
	{ "whole id", { .id = STR_INIT("6B074098D126EDEB") }, 2 },
	{ "other id", { .id = STR_INIT("6B074098D126EDEC") }, 0 },
	{ "message id", { .message_id = STR_INIT("1@x.example") }, 2 },
	{ "message id <>", { .message_id = STR_INIT("<2@x.example>") }, 2 },
	{ "since", { .since = 1795637401 }, 4 },
	{ "failed", { .failed = true }, 2 },
	{ "to", { .to = STR_INIT("c@Y.example") }, 5 },
	{ "from", { .from = STR_INIT("x.example") }, 4 },
	{ "from, escaped", { .from = STR_INIT("\"A B\"@") }, 1 },
	{ "from nobody", { .from = STR_INIT("y@") }, 0 },
	{ "two", { .failed = true, .since = 1795637402 }, 1 },
	{ "until", { .until = 1795637401 }, 2 },
	{ "since, until", { .since = 1795637401, .until = 1795637401 }, 1 },
	{ "person, sender", { .person = STR_INIT("A@X") }, 4 },
	{ "person, recipient", { .person = STR_INIT("c@y") }, 5 },
	{ "person, nobody", { .person = STR_INIT("y@") }, 0 },
	{ "subject", { .subject = STR_INIT("HOST \"b") }, 1 },
	{ "subject, not", { .subject = STR_INIT("host \"c") }, 0 },
	{ "subject, other letters",
	    { .subject = STR_INIT("\xc3\xa9t\xc3\xa9") }, 1 },
	{ "subject, a sender's", { .subject = STR_INIT("a@x.example") }, 0 },
	{ "code", { .code = STR_INIT("errorserver") }, 5 },
	{ "code, status", { .code = STR_INIT("429") }, 5 },
	{ "code, class", { .code = STR_INIT("4") }, 5 },
	{ "code, size", { .code = STR_INIT("1234") }, 0 },
	{ "code, inside", { .code = STR_INIT("Busy") }, 0 },
	{ "verdict", { .verdict = STR_INIT("Dead") }, 1 },
	{ "verdict, half", { .verdict = STR_INIT("dea") }, 0 },
	{ "all at once",
	    { .verdict = STR_INIT("dead"),
		.code = STR_INIT("429"),
		.subject = STR_INIT("host"),
		.person = STR_INIT("C@"),
		.until = 1795637402 },
	    1 },
};

static void
test_filters(void)
{
	struct journal_line line = plain;
	struct journal_filter last = { .backwards = true };
	struct seen s = { 0 };
	struct err e = { 0 };
	int fd;

	begin(2);
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	line.time++;
	line.verdict = STR("sent");
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	/* a line torn by a power cut: ended by the next one, and skipped */
	fd = openat(j.dir.fd, "journal", O_WRONLY | O_APPEND);
	T_CHECK(write(fd, "{\"time\":\"2026", 13) == 13, "torn");
	(void)close(fd);
	line.time++;
	line.id = STR("77");
	line.message_id = STR("<2@x.example>");
	line.verdict = STR("exported");
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	line.id = STR("88");
	line.message_id = STR("<3@x.example>");
	line.verdict = STR("part"); /* sent, to some of the recipients */
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	line.id = STR("77");
	line.message_id = STR("<2@x.example>");
	line.verdict = STR("dead");
	/* what is escaped in the file cannot be seen in its bytes */
	line.subject = STR("host \"B\" \xc3\xa9t\xc3\xa9");
	line.from = STR("\"a b\"@z.example");
	T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	for (size_t i = 0; i < N(filters); i++)
		T_CHECK(count(&filters[i].f, &s) == filters[i].want, "%s: %zu",
		    filters[i].name, s.n);
	s.most = 1;
	T_CHECK(count(&last, &s) == 1 &&
		str_find(buf_view(&s.all), STR("\"dead\"")) < s.all.n,
	    "the last: %s", s.all.p);
	buf_release(&s.all);
	T_CHECK(journal_says(&j, plain.id, STR("sent"), plain.time) &&
		journal_says(&j, plain.id, STR("sent"), plain.time + 1) &&
		!journal_says(&j, plain.id, STR("sent"), plain.time + 2) &&
		!journal_says(&j, plain.id, STR("dead"), plain.time) &&
		!journal_says(&j, STR("77"), STR("sent"), plain.time),
	    "what it says of a message");
	end();
}

/* Three files of 64 kB; what is there is in order, both ways. */
static void
test_rotation(void)
{
	struct journal_line line = plain;
	struct journal_filter f = { 0 };
	struct seen s = { 0 };
	struct err e = { 0 };
	struct stat st;
	size_t n;
	char text[16], want[64];

	begin(2);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		line.code = str_of(text);
		T_CHECK(journal_add(&j, &line, &e), "%s", e.msg);
	}
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "journal", "journal.1",
			"journal.2", "journal.3" };
		bool there = fstatat(j.dir.fd, names[i], &st, 0) == 0;

		T_CHECK(there == (i < 3) && (!there || st.st_size <= 65536),
		    "%s", names[i]);
	}
	n = count(&f, &s);
	T_CHECK(n > 300 && n < 1000, "%zu lines are left", n);
	(void)snprintf(want, sizeof(want), "\"code\":\"%zu\"", 1000 - n);
	T_CHECK(str_find(buf_view(&s.all), str_of(want)) < 400, "the oldest");
	f.backwards = true;
	T_CHECK(count(&f, &s) == n &&
		str_find(buf_view(&s.all), STR("\"code\":\"999\"")) < 400,
	    "the newest");
	buf_release(&s.all);
	end();
}

/* Where nothing can be renamed the file grows on: no line is lost. */
static void
test_no_rotation(void)
{
	struct err e = { 0 };
	struct stat st;

	begin(1);
	T_CHECK(mkdirat(j.dir.fd, "journal.1", 0700) == 0, "in its place");
	for (int i = 0; i < 300; i++)
		T_CHECK(journal_add(&j, &plain, &e), "%s", e.msg);
	T_CHECK(fstatat(j.dir.fd, "journal", &st, 0) == 0 && st.st_size > 65536,
	    "it has all lines");
	(void)unlinkat(j.dir.fd, "journal.1", AT_REMOVEDIR);
	end();
}

/* Many processes, with rotation: no line is lost, none is mixed. */
static void
test_crowd(void)
{
	struct journal_filter all = { 0 };
	struct seen s = { 0 };
	int status;

	begin(20);
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			struct err e;

			for (int k = 0; k < 250; k++)
				if (!journal_add(&j, &plain, &e))
					_exit(1);
			_exit(0);
		}
	for (int i = 0; i < 4; i++) {
		(void)wait(&status);
		T_CHECK(status == 0, "status %d", status);
	}
	T_CHECK(count(&all, &s) == 1000, "%zu lines", s.n);
	buf_release(&s.all);
	end();
}

/*
 * Ended, or failing, at every call: what was said to be written is there,
 * what was not is not or is whole, and what was before stays.
 */
static void
one_cut(long at, enum cut how, int code, bool *more)
{
	struct journal_filter all = { 0 };
	struct seen s = { 0 };
	struct err e = { 0 };
	size_t n;
	int status;

	begin(20);
	for (int i = 0; i < 200; i++) /* the next one rotates */
		if (!journal_add(&j, &plain, &e))
			abort();
	j.most = 1000;
	if (fork() == 0) {
		bool ok;

		cut_at(at, how, code);
		ok = journal_add(&j, &plain, &e);
		_exit(cut_calls() < at ? 2 : ok ? 0 : err_exit(&e));
	}
	(void)wait(&status);
	status = WEXITSTATUS(status);
	*more = status != 2;
	T_CHECK(status == 0 || status == 2 || status == 74 ||
		status == CUT_STATUS,
	    "%d at %ld: status %d", how, at, status);
	n = count(&all, &s);
	T_CHECK(n == 201 || (n == 200 && status != 0 && status != 2),
	    "%d at %ld: status %d, %zu lines", how, at, status, n);
	T_CHECK(status != 74 || how != CUT_FULL || n == 200,
	    "%d at %ld: said not to be written, and is", how, at);
	T_CHECK(journal_add(&j, &plain, &e) && count(&all, &s) == n + 1,
	    "%d at %ld: the next one", how, at);
	buf_release(&s.all);
	end();
}

static void
test_cuts(void)
{
	static const struct {
		enum cut how;
		int code;
	} rows[] = { { CUT_KILL, 0 }, { CUT_HALF, 0 }, { CUT_FAIL, EIO },
		{ CUT_FAIL, ENOSPC }, { CUT_FULL, ENOSPC } };

	for (size_t i = 0; i < N(rows); i++) {
		bool more = true;
		long n;

		for (n = 1; more && n < 200; n++)
			one_cut(n, rows[i].how, rows[i].code, &more);
		T_CHECK(n > 8 && n < 200, "%ld calls", n);
	}
}

/* A file that is new lasts only if its folder was synced. */
static void
test_folder_synced(void)
{
	struct err e = { 0 };

	begin(20);
	for (int i = 0; i < 2; i++) { /* to no file, and after a rotation */
		cut_at(0, CUT_NONE, 0);
		T_CHECK(journal_add(&j, &plain, &e) &&
			strchr(cut_order(), 'f') != NULL,
		    "%d: %s, %s", i, cut_order(), e.msg);
		cut_at(0, CUT_NONE, 0);
		T_CHECK(i > 0 ||
			(journal_add(&j, &plain, &e) &&
			    strchr(cut_order(), 'f') == NULL),
		    "the next one: %s, %s", cut_order(), e.msg);
		j.most = 10;
	}
	end();
}

static void
put(const char *name, const char *text)
{
	char file[300];
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s/%s", path, name);
	f = fopen(file, "a");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* Who waits sees each line once, also those around a rotation. */
static void
test_wait(void)
{
	static const struct journal_filter some = { .failed = true };
	struct seen s = { 0 };
	struct journal_wait w = { .filter = &some, .each = see, .arg = &s };
	struct journal_line sent = plain;
	struct journal k;
	struct err e = { 0 };
	size_t before, all = 0;

	begin(100);
	buf_init(&s.all, 1 << 24);
	sent.verdict = STR("sent");
	T_CHECK(journal_tail(&j, &w.tail, &e) && w.tail.fd < 0 &&
		journal_more(&j, &w, &e) && s.n == 0,
	    "no file yet");
	T_CHECK(journal_add(&j, &plain, &e) && journal_more(&j, &w, &e) &&
		s.n == 1 && journal_more(&j, &w, &e) && s.n == 1,
	    "one, once: %zu", s.n);
	os_close(&w.tail.fd);
	T_CHECK(journal_tail(&j, &w.tail, &e) && journal_more(&j, &w, &e) &&
		s.n == 1,
	    "not what was there before");
	T_CHECK(journal_add(&j, &sent, &e) && journal_more(&j, &w, &e) &&
		s.n == 1,
	    "the filter counts");
	put("journal", "{\"time\":\"2026-11-25T20:10:00Z\",");
	T_CHECK(journal_more(&j, &w, &e) && s.n == 1, "half a line is none");
	put("journal", "\"verdict\":\"dead\"}\n");
	T_CHECK(journal_more(&j, &w, &e) && s.n == 2, "then it is one");
	before = s.n;
	for (int i = 0; i < 1000; i++) {
		T_CHECK(journal_add(&j, &plain, &e), "%s", e.msg);
		all++;
		if (i % 170 == 0)
			T_CHECK(journal_more(&j, &w, &e) && s.n == before + all,
			    "%d: %zu", i, s.n - before);
	}
	os_close(&w.tail.fd);
	k = j;
	k.name = "none";
	T_CHECK(journal_tail(&k, &w.tail, &e) && journal_more(&k, &w, &e),
	    "a journal that is none");
	buf_release(&s.all);
	end();
}

/* Room is taken, and neither the file nor what is read of it is longer. */
static void
test_reserve(void)
{
	struct rlimit all, none;
	struct seen s = { 0 };
	struct os_stat st = { 0 };
	struct err e = { 0 };

	begin(1);
	T_CHECK(journal_reserve(&j, &e) && dir_stat(&j.dir, "journal", &st) &&
		st.size == 0,
	    "made: %s", e.msg);
	T_CHECK(journal_add(&j, &plain, &e) && journal_reserve(&j, &e) &&
		journal_add(&j, &plain, &e),
	    "%s", e.msg);
	T_CHECK(count(&(struct journal_filter){ 0 }, &s) == 2, "%zu", s.n);
	buf_release(&s.all);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &all);
	none = (struct rlimit){ .rlim_cur = 2048, .rlim_max = all.rlim_max };
	(void)setrlimit(RLIMIT_FSIZE, &none);
	/* file systems differ: some look at the limit only when writing */
	if (!journal_reserve(&j, &e))
		T_CHECK(err_exit(&e) == 74 && e.kind == ERR_RETRY, "%s", e.msg);
	(void)setrlimit(RLIMIT_FSIZE, &all);
	T_CHECK(mkdirat(j.dir.fd, "journal.d", 0700) == 0, "a folder");
	j.name = "journal.d";
	T_CHECK(!journal_reserve(&j, &e) && err_exit(&e) == 74, "%s", e.msg);
	j.name = "journal";
	(void)unlinkat(j.dir.fd, "journal.d", AT_REMOVEDIR);
	end();
}

static void
test_bounds(void)
{
	struct journal k;
	struct err e = { 0 };

	begin(2);
	T_CHECK(!journal_open(&k, path, "k",
		    (struct journal_options){ 1000, 2, true, false }, &e) &&
		e.kind == ERR_CONFIG,
	    "too small");
	T_CHECK(!journal_open(&k, path, "k",
		    (struct journal_options){ 65536, 200, true, false }, &e) &&
		e.kind == ERR_CONFIG,
	    "too many");
	end();
}

static const struct t_test tests[] = {
	{ "a line", test_line },
	{ "bad text", test_bad_text },
	{ "filters", test_filters },
	{ "rotation", test_rotation },
	{ "no rotation", test_no_rotation },
	{ "crowd", test_crowd },
	{ "cut at every call", test_cuts },
	{ "the folder of a new file is synced", test_folder_synced },
	{ "who waits", test_wait },
	{ "reserve", test_reserve },
	{ "bounds", test_bounds },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
