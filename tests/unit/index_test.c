/* SPDX-License-Identifier: MIT */
#include "deliver/index.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

enum { MOST = 12, NOW = 1000 };

static struct index x;

static int
box(unsigned n)
{
	char key[INDEX_KEY_SIZE] = { 0 };
	int i;

	(void)snprintf(key, sizeof(key), "%016X", n);
	i = index_find_box(&x, key);
	T_CHECK(i >= 0, "box %u", n);
	return i;
}

static void
add(uint64_t id, unsigned of, bool large, int64_t due)
{
	struct index_item item = { .id = id, .large = large };

	item.box = box(of);
	T_CHECK(index_add(&x, &item, due), "add %d", (int)id);
}

/* The ids that go at this moment, as text: "1 2 5". */
static const char *
take(int64_t now, int64_t ms, char out[256])
{
	struct index_item item;
	size_t n = 0;

	out[0] = '\0';
	while (index_next(&x, (struct index_when){ now, ms }, &item))
		n += (size_t)snprintf(out + n, 256 - n, "%s%d",
		    n > 0 ? " " : "", (int)item.id);
	return out;
}

#define T_TAKES(want, now, ms, ...)                                            \
	do {                                                                   \
		char got_[256];                                                \
		T_CHECK(strcmp(take((now), (ms), got_), (want)) == 0,          \
		    "got \"%s\", want \"%s\": " __VA_ARGS__, got_, (want));    \
	} while (0)

static void
begin(void)
{
	index_init(&x, MOST);
}

static void
all_work(void)
{
	for (size_t i = 0; i < index_boxes(&x); i++)
		index_box(&x, (int)i)->works = true;
}

static void
done(uint64_t id, unsigned of, bool large)
{
	struct index_item item = { .id = id, .large = large };

	item.box = box(of);
	index_done(&x, &item);
}

static void
test_order(void)
{
	begin();
	add(9, 1, false, 0);
	add(3, 1, false, 0);
	add(7, 1, true, 0);
	add(5, 1, false, 0);
	all_work();
	T_TAKES("3 5 7 9", NOW, 1, "order of arrival, small and large");
	index_release(&x);
}

static void
test_turns(void)
{
	begin();
	for (unsigned i = 1; i <= 5; i++) {
		add(i, 1, false, 0);
		add(10 + i, 2, false, 0);
	}
	all_work();
	/* of 12 hands the last 4 are for others */
	T_TAKES("1 11 2 12 3 13 4 14", NOW, 1, "mailboxes take turns");
	add(20, 3, false, 0);
	T_TAKES("20", NOW, 1, "a spare hand for one that has none");
	index_release(&x);
}

static void
test_limits(void)
{
	begin();
	for (unsigned i = 1; i <= 4; i++)
		add(i, 1, true, 0);
	for (unsigned i = 5; i <= 12; i++)
		add(i, 1, false, 0);
	all_work();
	T_TAKES("1 2 5 6 7 8", NOW, 1, "six, of them two large ones");
	done(5, 1, false);
	T_TAKES("9", NOW, 1, "the next small one");
	done(1, 1, true);
	T_TAKES("3", NOW, 1, "the next large one, which came first");
	index_release(&x);
}

static void
test_begins_with_one(void)
{
	begin();
	for (unsigned i = 1; i <= 9; i++)
		add(i, 1, false, 0);
	T_TAKES("1", NOW, 100, "one finds out");
	T_TAKES("", NOW, 100 + INDEX_GROW_MS - 1, "not yet");
	T_TAKES("2", NOW, 100 + INDEX_GROW_MS, "one more");
	index_box(&x, 0)->works = true;
	T_TAKES("3 4 5 6", NOW, 100 + INDEX_GROW_MS, "it works");
	index_release(&x);
}

static void
test_later(void)
{
	begin();
	add(1, 1, false, NOW + 60);
	add(2, 1, false, NOW + 30);
	all_work();
	T_TAKES("", NOW, 1, "nothing is due");
	T_CHECK(index_due(&x, NOW) == NOW + 30, "the first one");
	T_TAKES("2", NOW + 30, 1, "it is due");
	T_CHECK(index_due(&x, NOW + 30) == NOW + 60, "the other one");
	T_TAKES("1", NOW + 60, 1, "the other one is due");
	T_CHECK(index_due(&x, NOW + 60) == 0, "nothing waits");
	index_release(&x);
}

/* One whose mailbox is not known is read when its time comes. */
static void
test_unread(void)
{
	const struct index_item item = { .id = 7, .box = INDEX_NO_BOX };
	uint64_t id = 0;

	begin();
	add(1, 1, false, NOW + 20);
	T_CHECK(index_add(&x, &item, NOW + 10), "add");
	all_work();
	T_CHECK(!index_next_unread(&x, NOW, &id), "it is not due");
	T_TAKES("", NOW + 20, 1, "it is read before others go");
	T_CHECK(index_next_unread(&x, NOW + 20, &id) && id == 7, "%d", (int)id);
	T_CHECK(!index_next_unread(&x, NOW + 20, &id), "one of them");
	T_TAKES("1", NOW + 20, 1, "then the other");
	index_release(&x);
}

static void
test_held_up(void)
{
	begin();
	add(1, 1, false, 0);
	add(2, 2, false, 0);
	all_work();
	index_box(&x, box(1))->until = NOW + 5;
	T_CHECK(index_may_go(&x, NOW), "2 may");
	T_TAKES("2", NOW, 1, "the other mailbox goes");
	T_CHECK(!index_may_go(&x, NOW), "1 may not");
	T_CHECK(index_due(&x, NOW) == NOW + 5, "when it may");
	T_CHECK(index_ready(&x) == 1, "it is kept");
	add(3, 3, false, 0);
	index_box(&x, box(3))->until = NOW + 3;
	T_CHECK(index_due(&x, NOW) == NOW + 3, "the first of two");
	index_box(&x, box(3))->until = NOW + 9;
	T_CHECK(index_due(&x, NOW) == NOW + 5, "and the other way round");
	T_TAKES("1", NOW + 5, 1, "its time came");
	index_release(&x);
}

static void
test_probe(void)
{
	struct index_box *b;

	begin();
	add(1, 1, false, 0);
	add(2, 1, true, 0);
	add(3, 1, false, 0);
	all_work();
	b = index_box(&x, 0);
	b->probe = true;
	b->last = 1;
	T_TAKES("2", NOW, 1, "one, and not the one that failed last");
	done(2, 1, true);
	b->last = 2;
	T_TAKES("1", NOW, 1, "in turn");
	done(1, 1, false);
	b->last = 3;
	T_TAKES("3", NOW, 1, "the only one there is");
	index_release(&x);
}

static void
test_many(void)
{
	struct index_item item;
	uint64_t last = 0;
	size_t n = 0;

	begin();
	for (uint64_t i = 0; i < 5000; i++)
		add(1 + i * 7919 % 5003, 1, false, i % 3 == 0 ? NOW : 0);
	all_work();
	while (index_next(&x, (struct index_when){ NOW, 1 }, &item)) {
		T_CHECK(item.id > last, "by id");
		last = item.id;
		index_done(&x, &item);
		n++;
	}
	T_CHECK(n == 5000 && x.busy == 0, "each once: %zu", n);
	index_release(&x);
}

static void
allocations(void)
{
	struct index_item item = { .id = 1 };
	bool ok;

	begin();
	item.box = index_find_box(&x, "0123456789ABCDEF");
	ok = item.box >= 0 && index_add(&x, &item, 0);
	T_CHECK(index_ready(&x) == (size_t)ok, "in or not in");
	index_release(&x);
}

static void
test_allocations(void)
{
	t_each_allocation_fails(allocations);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "order", test_order },
		{ "turns", test_turns },
		{ "limits", test_limits },
		{ "begins with one", test_begins_with_one },
		{ "later", test_later },
		{ "unread", test_unread },
		{ "held up", test_held_up },
		{ "probe", test_probe },
		{ "many", test_many },
		{ "each allocation fails", test_allocations },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
