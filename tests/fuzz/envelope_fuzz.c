/* SPDX-License-Identifier: MIT */
/*
 * Oracles: a head in pieces never gives another answer than the whole; a head
 * that is read is written and read the same; a state likewise, and one
 * bit that is wrong makes it none.
 */
#include "store/envelope.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
same_head(const struct envelope *v, const struct envelope *w)
{
	must(str_eq(v->id, w->id) && str_eq(v->account, w->account));
	must(str_eq(v->sender, w->sender) && str_eq(v->client, w->client));
	must(str_eq(v->message_id, w->message_id));
	must(str_eq(v->options, w->options) && v->arrived == w->arrived);
	must(v->recipients == w->recipients);
	for (size_t i = 0; i < v->recipients; i++)
		must(str_eq(v->recipient[i], w->recipient[i]));
}

static void
head(struct str in)
{
	struct envelope v, w;
	struct arena a;
	struct buf out;
	struct err e;
	size_t size, again;

	arena_init(&a, 1 << 24);
	buf_init(&out, 1 << 22);
	if (envelope_read(&a, in, &v, &size, &e) == PARSE_DONE) {
		must(size <= in.n);
		for (size_t i = 0; i < size; i += 7)
			must(envelope_read(&a, str_first(in, i), &w, &again,
				 &e) == PARSE_MORE);
		if (envelope_write(&out, &v, &e)) {
			must(envelope_read(&a, buf_view(&out), &w, &again,
				 &e) == PARSE_DONE);
			must(again == out.n);
			same_head(&v, &w);
		}
	}
	buf_release(&out);
	arena_release(&a);
}

static void
state(struct str in)
{
	static char slots[ENVELOPE_SLOTS];
	struct envelope_state s = { 0 }, t;

	envelope_state_read(in, &s); /* of any length */
	memset(slots, ' ', sizeof(slots));
	s.sequence = 1 + in.n;
	s.next = 1;
	s.attempts = in.n;
	s.reason = in;
	s.draft = in;
	envelope_state_write(slots + ENVELOPE_SLOT, &s);
	envelope_state_read((struct str){ slots, sizeof(slots) }, &t);
	must(t.sequence == s.sequence && t.attempts == s.attempts);
	must(t.next == 1 && t.reason.n <= ENVELOPE_REASON_MOST);
	slots[ENVELOPE_SLOT + in.n % 60] ^= 1; /* one bit of its text */
	envelope_state_read((struct str){ slots, sizeof(slots) }, &t);
	must(t.sequence == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };

	head(in);
	state(in);
	return 0;
}
