/* SPDX-License-Identifier: MIT */
#include "command/queue_carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "queue.h"
#include "t.h"

enum { BIG = 200000 };

static struct queue q;
static char file[300];

/* A message of the spool as a file: its path in `file`. */
static void
export_one(struct str body, char id[ENVELOPE_ID_SIZE])
{
	struct dir to;
	struct claim c;
	struct err e = { 0 };

	T_CHECK(queue_add(&q, body, id, &e), "%s", e.msg);
	T_CHECK(claim_take(&c, &q.spool, id, SPOOL_ALL, &q.arena, &e) &&
		c.spool != NULL,
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
		export_one(body, id);
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
	export_one(STR("mine\r\n"), id);
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
	export_one(STR("a message\r\n"), id);
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

static const struct t_test tests[] = {
	{ "both ways", test_both_ways },
	{ "id is taken", test_taken },
	{ "bad files", test_bad },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
