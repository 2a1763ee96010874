/* SPDX-License-Identifier: MIT */
#include "deliver/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

enum { NOW = 1795637400, WRITERS = 4, ROUNDS = 200 };

static struct {
	char folder[64];
	struct clock clock;
	struct mailbox_place at;
	int64_t now;
} m;

static int64_t
wall(void *arg)
{
	return *(int64_t *)arg;
}

static void
begin(void)
{
	m.now = NOW;
	m.clock = (struct clock){ .wall = wall, .arg = &m.now };
	(void)snprintf(m.folder, sizeof(m.folder),
	    "/tmp/post365-mailbox-XXXXXX");
	T_CHECK(mkdtemp(m.folder) != NULL, "mkdtemp");
	m.at = (struct mailbox_place){ m.folder, &m.clock, false,
		"0123456789abcdef" };
}

static void
end(void)
{
	char rm[100];

	(void)snprintf(rm, sizeof(rm), "rm -rf '%s'", m.folder);
	T_CHECK(system(rm) == 0, "%s", rm);
}

static struct mailbox
note(enum mailbox_event what, const char *id, const struct err *why)
{
	const struct mailbox_note n = { .what = what,
		.why = why,
		.name = STR("alerts@example.com"),
		.account = STR("default"),
		.settings = "fedcba9876543210",
		.id = id };
	struct mailbox out;
	struct err e = { 0 };

	T_CHECK(mailbox_note(&m.at, &n, &out, &e), "%s", e.msg);
	return out;
}

static struct err
failure(enum err_kind kind, const char *code, int64_t retry_after_ms)
{
	struct err e = { 0 };

	err_set(&e, kind, "no");
	(void)snprintf(e.code, sizeof(e.code), "%s", code);
	e.retry_after_ms = retry_after_ms;
	return e;
}

/* What Graph named is kept, to the second, and nothing shortens it. */
static void
test_throttled(void)
{
	const struct err later = failure(ERR_RETRY, "x", 100500);
	const struct err sooner = failure(ERR_RETRY, "x", 1000);
	struct mailbox b;
	struct err e = { 0 };

	begin();
	b = note(MAILBOX_FAILED, "1", &later);
	T_CHECK(mailbox_until(&b) == NOW + 101, "rounded up");
	b = note(MAILBOX_FAILED, "2", &sooner);
	T_CHECK(mailbox_until(&b) == NOW + 101, "not shortened");
	b = note(MAILBOX_SENT, "3", NULL);
	T_CHECK(mailbox_until(&b) == NOW + 101, "not by a success");
	T_CHECK(mailbox_release(&m.at, false, &b, &e), "%s", e.msg);
	mailbox_read(&m.at, &b);
	T_CHECK(mailbox_until(&b) == NOW + 101, "nor by a person");
	T_CHECK(mailbox_release(&m.at, true, &b, &e), "%s", e.msg);
	mailbox_read(&m.at, &b);
	T_CHECK(mailbox_until(&b) == 0, "unless she says so");
	end();
}

/* A refusal holds the mailbox up; if another message goes, that one is bad. */
static void
test_fault(void)
{
	const struct err denied = failure(ERR_AUTH, "ErrorAccessDenied", 0);
	struct mailbox b;

	begin();
	b = note(MAILBOX_REFUSES, "A", &denied);
	T_CHECK(b.failures == 1 && b.since == NOW && b.next > NOW &&
		mailbox_kind(&b) == ERR_AUTH,
	    "it waits");
	b = note(MAILBOX_ANSWERS, "B", NULL);
	T_CHECK(b.failures == 1 && !b.freed, "a refused message says little");
	b = note(MAILBOX_UNTOLD, "B", NULL);
	T_CHECK(b.failures == 1 && !b.freed, "one that was not tried nothing");
	b = note(MAILBOX_SENT, "B", NULL);
	T_CHECK(b.failures == 0 && b.freed && strcmp(b.fault, "A") == 0,
	    "A is at fault");
	b = note(MAILBOX_SENT, "C", NULL);
	T_CHECK(!b.freed, "it goes again once");
	b = note(MAILBOX_SENT, "A", NULL);
	T_CHECK(b.fault[0] == '\0', "no more");
	end();
}

/* Two that fail alike in a row: the service is away. One alone is not. */
static void
test_away(void)
{
	const struct err busy = failure(ERR_RETRY, "ErrorServerBusy", 0);
	struct mailbox b;

	begin();
	b = note(MAILBOX_FAILED, "A", &busy);
	T_CHECK(mailbox_until(&b) == 0, "one");
	b = note(MAILBOX_FAILED, "A", &busy);
	T_CHECK(mailbox_until(&b) == 0, "the same message twice is one");
	b = note(MAILBOX_FAILED, "B", &busy);
	T_CHECK(mailbox_until(&b) > NOW && mailbox_kind(&b) == ERR_RETRY,
	    "two");
	b = note(MAILBOX_ANSWERS, "C", NULL);
	T_CHECK(mailbox_until(&b) == 0, "it answers");
	end();
}

static void
test_clock(void)
{
	const struct err later = failure(ERR_RETRY, "x", 100000);
	struct mailbox b;

	begin();
	(void)note(MAILBOX_FAILED, "1", &later);
	m.now -= 3600;
	mailbox_read(&m.at, &b);
	T_CHECK(mailbox_until(&b) == 0, "a clock that was set back");
	end();
}

/* What a power cut left of a file holds nothing up without its reason. */
static void
test_torn(void)
{
	const struct err no = failure(ERR_CONFIG, "x", 0);
	char path[128];
	struct mailbox b;
	struct stat st;

	begin();
	T_CHECK(mailbox_until(&(struct mailbox){ 0 }) == 0, "none");
	b = note(MAILBOX_REFUSES, "1", &no);
	T_CHECK(b.failures == 1 && mailbox_until(&b) > NOW, "whole");
	(void)snprintf(path, sizeof(path), "%s/mailbox-%s", m.folder, m.at.key);
	T_CHECK(stat(path, &st) == 0, "%s", path);
	for (off_t size = st.st_size; size-- > 0;) {
		T_CHECK(truncate(path, size) == 0, "%s", path);
		mailbox_read(&m.at, &b);
		T_CHECK(mailbox_until(&b) == 0 || b.failures == 1, "%ld bytes",
		    (long)size);
	}
	end();
}

/* The child notes one time more each round. */
static void
write_rounds(int writer)
{
	struct err why;

	for (int i = 0; i < ROUNDS; i++) {
		why = failure(ERR_RETRY, "x", (WRITERS * i + writer) * 1000);
		(void)note(MAILBOX_FAILED, "1", &why);
	}
}

/* What several find out at the same time is never lost. */
static void
test_at_once(void)
{
	struct mailbox b;
	pid_t child[WRITERS];
	int status;

	begin();
	for (int i = 0; i < WRITERS; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			write_rounds(i + 1);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		T_CHECK(waitpid(child[i], &status, 0) == child[i] &&
			status == 0,
		    "writer %d", i);
	mailbox_read(&m.at, &b);
	T_CHECK(mailbox_until(&b) == NOW + WRITERS * ROUNDS, "the latest: %d",
	    (int)(mailbox_until(&b) - NOW));
	end();
}

static void
test_key(void)
{
	struct envelope v = { .mailbox = STR("Alerts@Example.com"),
		.client_id = STR("ABC") };
	char a[MAILBOX_KEY_SIZE], b[MAILBOX_KEY_SIZE];

	mailbox_key(&v, a);
	mailbox_key_of(STR("alerts@example.com"), STR("abc"), b);
	T_CHECK(strcmp(a, b) == 0, "in any case of letters");
	mailbox_key_of(STR("alerts@example.com"), STR("abd"), b);
	T_CHECK(strcmp(a, b) != 0, "another app");
	v = (struct envelope){ .account = STR("x") };
	mailbox_key(&v, a);
	v.options = STR("from=y@z");
	mailbox_key(&v, b);
	T_CHECK(strcmp(a, b) != 0, "version 1: account and sender");
}

/* One after another, each has the key that it has by itself. */
static void
test_known_key(void)
{
	static char longest[2 * MAILBOX_NAME_SIZE];
	const struct str large = { longest, sizeof(longest) };
	const struct envelope all[] = {
		{ .mailbox = STR("a@b"), .client_id = STR("1") },
		{ .mailbox = STR("a@b"), .client_id = STR("1") },
		{ .mailbox = STR("a@b"), .client_id = STR("2") },
		{ .mailbox = STR("A@b"), .client_id = STR("2") },
		{ .mailbox = STR("c@b"), .client_id = STR("2") },
		{ .mailbox = STR("c@b"), .client_id = large },
		{ .mailbox = STR("c@b") },
		{ .account = STR("x"), .client_id = STR("2") },
		{ .mailbox = STR("c@b") },
		{ .account = STR("y") },
		{ .mailbox = large },
		{ .account = STR("y"), .options = STR("from=y@z") },
	};
	struct mailbox_known k = { 0 };
	char want[MAILBOX_KEY_SIZE];

	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		mailbox_key(&all[i], want);
		T_CHECK(strcmp(mailbox_known_key(&k, &all[i]), want) == 0,
		    "row %zu", i);
	}
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "throttled", test_throttled },
		{ "fault", test_fault },
		{ "away", test_away },
		{ "clock set back", test_clock },
		{ "torn", test_torn },
		{ "four at once", test_at_once },
		{ "key", test_key },
		{ "key of the last one", test_known_key },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
