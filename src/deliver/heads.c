/* SPDX-License-Identifier: MIT */
#include "deliver/heads.h"

#include "deliver/hands.h"
#include "store/claim.h"

enum { HEADS_MEMORY = 2 << 20 /* bytes: a head of the most recipients */ };

void
heads_open(struct heads *h, struct spool *s, uint64_t large)
{
	*h = (struct heads){ .spool = s, .large = large };
	arena_init(&h->mem, HEADS_MEMORY);
}

void
heads_close(struct heads *h)
{
	arena_release(&h->mem);
}

static int
heads_box(struct heads *h, const struct envelope *v, struct index *x)
{
	size_t n = index_boxes(x);
	int box = index_find_box(x, mailbox_known_key(&h->known, v));
	char last[ENVELOPE_ID_SIZE];

	if (box == (int)n && mailbox_refused(h->spool, v, last)) {
		index_box(x, box)->probe = true;
		index_box(x, box)->last = hands_number(last);
	}
	return box;
}

struct index_item
heads_read(struct heads *h, const char *id, struct index *x)
{
	struct index_item item = { .id = hands_number(id),
		.box = INDEX_NO_BOX };
	const char none[INDEX_KEY_SIZE] = { 0 };
	struct claim c;
	struct err ignored;

	if (!claim_look(&c, h->spool, id, SPOOL_QUEUED, &h->mem, &ignored)) {
		item.box = index_find_box(x, none);
	} else if (c.spool != NULL) {
		item.large = c.body.size > h->large;
		item.box = heads_box(h, &c.envelope, x);
	}
	claim_leave(&c);
	arena_renew(&h->mem);
	return item;
}
