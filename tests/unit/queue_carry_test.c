/* SPDX-License-Identifier: MIT */
#include "command/queue/carry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "cut.h"
#include "queue.h"
#include "t.h"

enum { BIG = 200000 };

static struct queue q;
static char file[300];

/* A message of the spool as a file: its path in `file`. */
static void
export_one(struct str body, unsigned version, char id[ENVELOPE_ID_SIZE])
{
	struct envelope v = queue_envelope;
	struct dir to;
	struct claim c;
	struct err e = { 0 };

	v.version = version;
	T_CHECK(queue_put(&q.spool, &v, body, id, &e), "%s", e.msg);
	T_CHECK(claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.spool != NULL && c.envelope.version == version,
	    "%s", e.msg);
	c.state.attempts = 3;
	c.state.done = 1;
	c.state.unsure_since = QUEUE_NOW - 5;
	c.state.reason = STR("busy");
	T_CHECK(claim_save(&c, &e), "%s", e.msg);
	T_CHECK(dir_open(&to, command_folder(), NULL, 0700, &e) &&
		queue_carry_out(&c, &to, &e),
	    "%s", e.msg);
	T_CHECK(!queue_carry_out(&c, &to, &e) && e.kind == ERR_INPUT,
	    "never over another");
	dir_close(&to);
	(void)snprintf(file, sizeof(file), "%s/%s" QUEUE_CARRY_END,
	    command_folder(), id);
	T_CHECK(claim_done(&c, &e), "%s", e.msg);
}

static void
check_in(const char *id, struct str body)
{
	struct claim c;
	struct err e = { 0 };

	T_CHECK(claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.spool != NULL && queue_has(&c, body),
	    "%s: %s", id, e.msg);
	T_CHECK(c.state.attempts == 3 && c.state.done == 1 &&
		c.state.unsure_since == QUEUE_NOW - 5 &&
		str_eq(c.state.reason, STR("busy")),
	    "%s: where it stands came along", id);
	T_CHECK(c.envelope.arrived == QUEUE_NOW && c.envelope.recipients == 2 &&
		str_eq(c.envelope.client, queue_envelope.client),
	    "%s: its envelope", id);
	claim_leave(&c);
}

static void
test_both_ways(void)
{
	static char big[BIG];
	static const size_t sizes[] = { 0, 1, 65535, 65536, BIG };
	char id[ENVELOPE_ID_SIZE], in[ENVELOPE_ID_SIZE];
	struct err e = { 0 };
	struct str body;
	bool here;

	queue_new(&q);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		body = (struct str){ big, sizes[i] };
		export_one(body, 2 + i % 2, id);
		T_CHECK(queue_count(&q, SPOOL_WORK) +
			    queue_count(&q, SPOOL_NEW) ==
			i,
		    "it is gone");
		T_CHECK(queue_carry_in(&q.spool, file, in, &here, &e) && !here,
		    "%s", e.msg);
		T_CHECK(strcmp(id, in) == 0, "the id %s stays", id);
		check_in(in, body);
		T_CHECK(queue_carry_in(&q.spool, file, in, &here, &e) && here,
		    "twice: %s", e.msg);
		T_CHECK(strcmp(id, in) == 0, "it says which");
	}
	command_folder_remove();
	queue_end(&q);
}

/* Another message of that id is there: two messages, two ids. */
static void
test_taken(void)
{
	char id[ENVELOPE_ID_SIZE], in[ENVELOPE_ID_SIZE], other[300];
	struct envelope v = queue_envelope;
	struct spool_add a;
	struct err e = { 0 };
	bool here;

	queue_new(&q);
	export_one(STR("mine\r\n"), ENVELOPE_VERSION, id);
	v.id = str_of(id);
	T_CHECK(spool_begin(&q.spool, &v, &a, &e) &&
		spool_write(&a, STR("that\r\n"), &e) && spool_commit(&a, &e) &&
		strcmp(a.id, id) == 0,
	    "%s", e.msg);
	T_CHECK(queue_carry_in(&q.spool, file, in, &here, &e) && !here, "%s",
	    e.msg);
	T_CHECK(strcmp(id, in) != 0, "a new one");
	check_in(in, STR("mine\r\n"));
	T_CHECK(queue_count(&q, SPOOL_NEW) + queue_count(&q, SPOOL_WORK) == 2,
	    "both");
	(void)snprintf(other, sizeof(other), "%s/none", command_folder());
	T_CHECK(!queue_carry_in(&q.spool, other, in, &here, &e) &&
		e.kind == ERR_INPUT,
	    "%s", e.msg);
	command_folder_remove();
	queue_end(&q);
}

/* Cut at each length, and each byte of head and message changed. */
static void
test_bad(void)
{
	char id[ENVELOPE_ID_SIZE], in[ENVELOPE_ID_SIZE];
	const char *path;
	struct str bytes, slots;
	struct buf whole;
	struct err e;
	bool here, ok;

	queue_new(&q);
	export_one(STR("a message\r\n"), ENVELOPE_VERSION, id);
	buf_init(&whole, 65536);
	t_read_file(file, &whole);
	bytes = buf_view(&whole);
	for (size_t n = 0; n < bytes.n; n++) {
		if (n > 600 && n + 200 < bytes.n)
			continue; /* the slots */
		path = command_file("bad", str_first(bytes, n), 0600);
		T_CHECK(!queue_carry_in(&q.spool, path, in, &here, &e) &&
			(e.kind == ERR_INPUT || e.kind == ERR_CONFIG),
		    "%zu bytes are taken", n);
	}
	slots.n = str_find(bytes, STR("\n\n")) + 2;
	for (size_t i = 0; i < bytes.n; i++) {
		if (i >= slots.n && i < slots.n + ENVELOPE_SLOTS)
			continue;
		whole.p[i] ^= 1;
		path = command_file("bad", bytes, 0600);
		ok = queue_carry_in(&q.spool, path, in, &here, &e);
		T_CHECK(!ok, "byte %zu is not missed", i);
		whole.p[i] ^= 1;
	}
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++)
		T_CHECK(queue_count(&q, i) == 0, "nothing is left in %u", i);
	buf_release(&whole);
	command_folder_remove();
	queue_end(&q);
}

/* --- ended at every system call, and every one failing */

static int
carry_out(const char *id)
{
	struct dir to;
	struct claim c;
	struct err e = { 0 };

	if (!claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) ||
	    !dir_open(&to, command_folder(), NULL, 0700, &e) ||
	    !queue_carry_out(&c, &to, &e) || !claim_done(&c, &e))
		return err_exit(&e);
	return 0;
}

static int
carry_in(const char *id)
{
	char in[ENVELOPE_ID_SIZE];
	struct err e = { 0 };
	bool here;

	(void)id;
	return queue_carry_in(&q.spool, file, in, &here, &e) ? 0 : err_exit(&e);
}

/* 2: it was over before the n-th call. */
static int
in_child(int (*step)(const char *id), const char *id, long n, enum cut how,
    int code)
{
	int status;

	if (fork() == 0) {
		cut_at(n, how, code);
		status = step(id);
		_exit(cut_calls() < n ? 2 : status);
	}
	(void)wait(&status);
	return WEXITSTATUS(status);
}

static bool
is_in_spool(const char *id)
{
	struct claim c;
	struct err e;
	bool is = claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
	    c.spool != NULL && queue_has(&c, STR("a message\r\n"));

	claim_leave(&c);
	return is;
}

/* Wherever it is cut, one of the two places has the whole message. */
static bool
one_cut(bool out, long n, enum cut how, int code)
{
	char id[ENVELOPE_ID_SIZE], in[ENVELOPE_ID_SIZE];
	struct err e = { 0 };
	bool here;
	int status;

	queue_new(&q);
	export_one(STR("a message\r\n"), ENVELOPE_VERSION, id);
	if (out) {
		T_CHECK(queue_carry_in(&q.spool, file, in, &here, &e), "%s",
		    e.msg);
		(void)unlink(file);
	}
	status = in_child(out ? carry_out : carry_in, id, n, how, code);
	T_CHECK(!out || access(file, R_OK) == 0 || is_in_spool(id),
	    "%d at %ld: it is nowhere", how, n);
	T_CHECK(out || (status != 0 && status != 2) || is_in_spool(id),
	    "%d at %ld: said to be in, and is not", how, n);
	T_CHECK(out ||
		queue_count(&q, SPOOL_NEW) + queue_count(&q, SPOOL_WORK) +
			queue_count(&q, SPOOL_HOLD) ==
		    (size_t)is_in_spool(id),
	    "%d at %ld: half of it", how, n);
	/* what is outside can be taken in, and is not there twice then; one
	   that was marked as gone is removed by who takes it */
	memcpy(in, id, sizeof(in));
	if (access(file, R_OK) == 0)
		T_CHECK(queue_carry_in(&q.spool, file, in, &here, &e),
		    "%d at %ld: %s", how, n, e.msg);
	(void)is_in_spool(id);
	T_CHECK(queue_count(&q, SPOOL_NEW) + queue_count(&q, SPOOL_WORK) == 1 &&
		is_in_spool(in),
	    "%d at %ld: one, whole", how, n);
	command_folder_remove();
	queue_end(&q);
	return status != 2;
}

static void
test_cuts(void)
{
	static const struct {
		enum cut how;
		int code;
	} rows[] = { { CUT_KILL, 0 }, { CUT_HALF, 0 }, { CUT_FAIL, EIO },
		{ CUT_FULL, ENOSPC } };
	long n;

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		for (n = 1; n < 200; n++)
			if (!one_cut(i % 2 == 0, n, rows[i / 2].how,
				rows[i / 2].code))
				break;
		T_CHECK(n > 8 && n < 200, "%ld calls", n);
	}
}

static const struct t_test tests[] = {
	{ "both ways", test_both_ways },
	{ "id is taken", test_taken },
	{ "bad files", test_bad },
	{ "cut at every call", test_cuts },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
