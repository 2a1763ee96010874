/* SPDX-License-Identifier: MIT */
#include "deliver/index.h"

#include <string.h>

#define INDEX_MEMORY (SIZE_MAX / 2)

enum { SMALL, LARGE };

/* --- heaps of items, the lowest rank first */

static struct index_item *
heap_at(const struct buf *h)
{
	return (struct index_item *)(void *)h->p;
}

static size_t
heap_n(const struct buf *h)
{
	return h->n / sizeof(struct index_item);
}

static bool
heap_put(struct buf *h, const struct index_item *item)
{
	size_t i = heap_n(h), up;
	struct index_item *at;

	if (buf_room(h, sizeof(*item)) == NULL)
		return false;
	buf_commit(h, sizeof(*item));
	at = heap_at(h);
	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (at[up].rank <= item->rank)
			break;
		at[i] = at[up];
	}
	at[i] = *item;
	return true;
}

/* There is one. */
static struct index_item
heap_take(struct buf *h)
{
	struct index_item *at = heap_at(h), top = at[0], last;
	size_t n = heap_n(h) - 1, i = 0, down;

	last = at[n];
	buf_rewind(h, n * sizeof(last));
	while ((down = 2 * i + 1) < n) {
		if (down + 1 < n && at[down + 1].rank < at[down].rank)
			down++;
		if (last.rank <= at[down].rank)
			break;
		at[i] = at[down];
		i = down;
	}
	if (n > 0)
		at[i] = last;
	return top;
}

/* --- mailboxes */

size_t
index_boxes(const struct index *x)
{
	return x->box.n / sizeof(struct index_box);
}

struct index_box *
index_box(const struct index *x, int box)
{
	return (struct index_box *)(void *)x->box.p + box;
}

int
index_find_box(struct index *x, const char key[INDEX_KEY_SIZE])
{
	struct index_box *b, fresh = { 0 };
	size_t n = index_boxes(x);

	for (size_t i = 0; i < n; i++) {
		b = index_box(x, (int)i);
		if (memcmp(b->key, key, INDEX_KEY_SIZE) == 0)
			return (int)i;
	}
	if (n >= INT32_MAX || buf_room(&x->box, sizeof(fresh)) == NULL)
		return INDEX_NO_BOX;
	memcpy(fresh.key, key, INDEX_KEY_SIZE);
	buf_init(&fresh.ready[SMALL], INDEX_MEMORY);
	buf_init(&fresh.ready[LARGE], INDEX_MEMORY);
	buf_add(&x->box, &fresh, sizeof(fresh));
	return (int)n;
}

size_t
index_box_ready(const struct index_box *b)
{
	return heap_n(&b->ready[SMALL]) + heap_n(&b->ready[LARGE]);
}

/* Of a heap that is in no order of ids. */
static size_t
index_oldest(const struct buf *heap, uint64_t *oldest)
{
	const struct index_item *item = heap_at(heap);
	size_t n = heap_n(heap);

	for (size_t i = 0; i < n; i++)
		if (item[i].id < *oldest)
			*oldest = item[i].id;
	return n;
}

size_t
index_all(const struct index *x, uint64_t *oldest)
{
	size_t n = index_oldest(&x->later, oldest);

	for (size_t i = 0; i < index_boxes(x); i++)
		for (size_t k = 0; k < 2; k++)
			n += index_oldest(&index_box(x, (int)i)->ready[k],
			    oldest);
	return n;
}

size_t
index_ready(const struct index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < index_boxes(x); i++)
		n += index_box_ready(index_box(x, (int)i));
	return n;
}

/* --- the whole */

void
index_init(struct index *x, size_t most)
{
	*x = (struct index){ .most = most };
	buf_init(&x->box, INDEX_MEMORY);
	buf_init(&x->later, INDEX_MEMORY);
}

void
index_clear(struct index *x)
{
	struct index_box *b;

	buf_reset(&x->later);
	for (size_t i = 0; i < index_boxes(x); i++) {
		b = index_box(x, (int)i);
		buf_reset(&b->ready[SMALL]);
		buf_reset(&b->ready[LARGE]);
	}
}

void
index_release(struct index *x)
{
	struct index_box *b;

	for (size_t i = 0; i < index_boxes(x); i++) {
		b = index_box(x, (int)i);
		buf_release(&b->ready[SMALL]);
		buf_release(&b->ready[LARGE]);
	}
	buf_release(&x->box);
	buf_release(&x->later);
	*x = (struct index){ 0 };
}

static bool
index_add_ready(struct index *x, const struct index_item *item)
{
	struct index_item i = *item;

	i.rank = i.id;
	return heap_put(&index_box(x, i.box)->ready[i.large], &i);
}

bool
index_add(struct index *x, const struct index_item *item, int64_t due)
{
	struct index_item i = *item;

	if (due <= 0)
		return index_add_ready(x, item);
	i.rank = (uint64_t)due;
	return heap_put(&x->later, &i);
}

/* What has become due. Without memory it stays where it is. */
static void
index_wake(struct index *x, int64_t now)
{
	while (heap_n(&x->later) > 0 &&
	    heap_at(&x->later)->rank <= (uint64_t)now &&
	    heap_at(&x->later)->box != INDEX_NO_BOX &&
	    index_add_ready(x, heap_at(&x->later)))
		(void)heap_take(&x->later);
}

bool
index_next_unread(struct index *x, int64_t now, uint64_t *id)
{
	index_wake(x, now);
	if (heap_n(&x->later) == 0 ||
	    heap_at(&x->later)->rank > (uint64_t)now ||
	    heap_at(&x->later)->box != INDEX_NO_BOX)
		return false;
	*id = heap_take(&x->later).id;
	return true;
}

/* How many of this mailbox may be in workers' hands. */
static size_t
index_allowed(const struct index_box *b, int64_t ms)
{
	size_t n = INDEX_EACH;

	if (b->probe)
		return 1;
	if (!b->works)
		n = b->began_ms == 0 ?
		    1 :
		    1 + (size_t)((ms - b->began_ms) / INDEX_GROW_MS);
	return n < INDEX_EACH ? n : INDEX_EACH;
}

/* The heap whose first message is next; NULL: none of it may go. */
static struct buf *
index_choose(struct index_box *b)
{
	struct buf *small = &b->ready[SMALL], *large = &b->ready[LARGE];

	if (heap_n(large) == 0 || b->busy[LARGE] >= INDEX_LARGE)
		return heap_n(small) > 0 ? small : NULL;
	if (heap_n(small) == 0)
		return large;
	return heap_at(small)->rank < heap_at(large)->rank ? small : large;
}

/* A probe takes another one than failed last. */
static struct index_item
index_take_other(struct index_box *b, struct buf *from)
{
	struct index_item first = heap_take(from), other;
	struct buf *next = index_choose(b);

	if (next == NULL)
		return first;
	other = heap_take(next);
	/* its place was just left, so there is memory for it */
	(void)heap_put(&b->ready[first.large], &first);
	return other;
}

static bool
index_take(struct index *x, struct index_box *b, struct index_when when,
    struct index_item *out)
{
	size_t busy = b->busy[SMALL] + b->busy[LARGE];
	struct buf *from;

	if (b->until > when.now || busy >= index_allowed(b, when.ms) ||
	    (busy > 0 && x->busy + INDEX_SPARE >= x->most))
		return false;
	from = index_choose(b);
	if (from == NULL)
		return false;
	*out = b->probe && heap_at(from)->id == b->last ?
	    index_take_other(b, from) :
	    heap_take(from);
	if (b->began_ms == 0)
		b->began_ms = when.ms;
	b->busy[out->large]++;
	x->busy++;
	return true;
}

bool
index_next(struct index *x, struct index_when when, struct index_item *out)
{
	size_t n = index_boxes(x), i;

	index_wake(x, when.now);
	for (size_t k = 0; k < n && x->busy < x->most; k++) {
		i = (x->turn + k) % n;
		if (index_take(x, index_box(x, (int)i), when, out)) {
			x->turn = i + 1;
			return true;
		}
	}
	return false;
}

void
index_done(struct index *x, const struct index_item *item)
{
	index_box(x, item->box)->busy[item->large]--;
	x->busy--;
}

int64_t
index_due(const struct index *x, int64_t now)
{
	int64_t due = 0;
	const struct index_box *b;

	if (heap_n(&x->later) > 0)
		due = (int64_t)heap_at(&x->later)->rank;
	for (size_t i = 0; i < index_boxes(x); i++) {
		b = index_box(x, (int)i);
		if (b->until > now && index_box_ready(b) > 0 &&
		    (due == 0 || b->until < due))
			due = b->until;
	}
	return due;
}

bool
index_may_go(struct index *x, int64_t now)
{
	struct index_box *b;

	index_wake(x, now);
	for (size_t i = 0; i < index_boxes(x); i++) {
		b = index_box(x, (int)i);
		if (b->until <= now && index_box_ready(b) > 0)
			return true;
	}
	return false;
}
