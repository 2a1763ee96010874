/* SPDX-License-Identifier: MIT */
#include "deliver/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"
#include "t.h"

enum { BIG = 200000 };

static char folder[64];

/* Settings of a fresh folder. */
static struct config
settings(void)
{
	static char spool[96], log[96];
	struct config c = { 0 };

	(void)snprintf(folder, sizeof(folder), "/tmp/outbox.XXXXXX");
	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(spool, sizeof(spool), "%s/a/spool", folder);
	(void)snprintf(log, sizeof(log), "%s/b/log", folder);
	c.spool_dir = str_of(spool);
	c.log_file = str_of(log);
	c.spool_sync = STR("full");
	return c;
}

static void
remove_folder(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		abort();
}

static bool
count_line(void *arg, struct str line, const struct json *tree)
{
	(void)line;
	(void)tree;
	++*(int *)arg;
	return true;
}

static void
test_add(void)
{
	static char big[BIG];
	static const size_t sizes[] = { 0, 1, 65536, 65537, BIG };
	struct config c = settings();
	const struct journal_line line = { .time = QUEUE_NOW };
	const struct journal_filter all = { 0 };
	char id[ENVELOPE_ID_SIZE], other[ENVELOPE_ID_SIZE];
	struct outbox o;
	struct str body;
	struct claim claim;
	struct arena a;
	struct err e = { 0 };
	int lines = 0;

	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)('a' + i % 26);
	arena_init(&a, 1 << 20);
	T_CHECK(outbox_open(&o, &c, &e), "%s", e.msg);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		body = (struct str){ big, sizes[i] };
		T_CHECK(queue_put(&o.spool, &queue_envelope, body, id, &e),
		    "%s", e.msg);
		T_CHECK(claim_look(&claim, &o.spool, id, SPOOL_QUEUED, &a,
			    &e) &&
			claim.spool != NULL && queue_has(&claim, body),
		    "%zu bytes: %s", sizes[i], e.msg);
		claim_leave(&claim);
	}
	T_CHECK(journal_add(&o.journal, &line, &e) &&
		journal_read(&o.journal, &all, count_line, &lines, &e) &&
		lines == 1,
	    "%s", e.msg);
	outbox_close(&o);
	outbox_close(&o);
	T_CHECK(outbox_open(&o, &c, &e) &&
		spool_find(&o.spool, str_of(id), SPOOL_ALL, other, &e),
	    "again: %s", e.msg);
	outbox_close(&o);
	arena_release(&a);
	remove_folder();
}

static void
test_settings(void)
{
	/* clang-format off */
	static const struct {
		const char *spool, *log, *want;
	} rows[] = {
		{ "", "/x/log", "spool_dir is not set" },
		{ "/x/spool", "", "log_file is not set" },
		{ "/x/spool", "log", "log_file: \"log\" is not the whole" },
		{ "/x/spool", "/x/", "log_file: \"/x/\" is not the whole" },
		{ "/proc/none", "/proc/none/log", "/proc/none" },
	};
	/* clang-format on */
	struct config c = { 0 };
	struct outbox o;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		c.spool_dir = str_of(rows[i].spool);
		c.log_file = str_of(rows[i].log);
		e = (struct err){ 0 };
		T_CHECK(!outbox_open(&o, &c, &e) && e.kind == ERR_CONFIG &&
			str_find(str_of(e.msg), str_of(rows[i].want)) <
			    str_of(e.msg).n,
		    "%zu: %s", i, e.msg);
		T_CHECK(o.spool.path == NULL && o.journal.name == NULL,
		    "%zu: closed", i);
	}
}

static const struct t_test tests[] = {
	{ "add", test_add },
	{ "settings", test_settings },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
