/* SPDX-License-Identifier: MIT */
/*
 * Oracles: where the input is cut changes nothing; parts lie inside their
 * parents, in order; an edited message, edited again, stays the same.
 */
#include "mail/mime.h"

#include <stdint.h>
#include <stdlib.h>

#include "mail/edit.h"

enum { LIMIT = 1 << 26 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static struct mime_part *
read_message(struct arena *a, struct str in, size_t cut)
{
	struct mime_part *root = NULL;
	struct mime m;
	struct err e;

	mime_init(&m, a);
	mime_feed(&m, str_first(in, cut));
	mime_feed(&m, str_from(in, cut));
	if (!mime_finish(&m, &root, &e))
		root = NULL;
	mime_release(&m);
	return root;
}

static void
compare(const struct mime_part *a, const struct mime_part *b)
{
	for (; a != NULL && b != NULL; a = mime_next(a), b = mime_next(b)) {
		must(a->start == b->start && a->body == b->body &&
		    a->end == b->end && str_eq(a->type, b->type) &&
		    a->eight_bit == b->eight_bit &&
		    a->long_line == b->long_line);
		must(a->start <= a->body && a->body <= a->end);
		if (a->parent != NULL)
			must(a->parent->body <= a->delimiter &&
			    a->delimiter <= a->start &&
			    a->end <= a->parent->end);
		if (a->next != NULL)
			must(a->end <= a->next->delimiter);
	}
	must(a == NULL && b == NULL);
}

/* Gives false where the message cannot be edited, which is no mistake. */
static bool
edit(struct arena *a, struct str in, struct buf *out)
{
	struct addr to = { .local = STR("a"),
		.domain = STR("x"),
		.text = STR("a@x") };
	struct reconciled r = { .to = &to };
	struct source message = source_of(in), s;
	struct edit job = { .message = &message, .recipients = &r };
	struct rope rope;
	struct err e;
	char *p;

	job.root = read_message(a, in, 0);
	rope_init(&rope, a);
	if (job.root == NULL || !edit_message(&job, &rope, &e))
		return false;
	s = rope_source(&rope);
	p = buf_room(out, (size_t)s.size);
	must(p != NULL && source_read(&s, 0, p, (size_t)s.size, &e));
	buf_commit(out, (size_t)s.size);
	return true;
}

static bool
is_ascii(struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		if ((unsigned char)in.p[i] >= 0x7f || in.p[i] == 0)
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct mime_part *whole, *cut;
	struct buf once, twice;
	struct arena a;

	arena_init(&a, LIMIT);
	whole = read_message(&a, in, 0);
	cut = read_message(&a, in, n > 0 ? data[0] % n : 0);
	must((whole == NULL) == (cut == NULL));
	compare(whole, cut);
	buf_init(&once, LIMIT);
	buf_init(&twice, LIMIT);
	if (edit(&a, in, &once)) {
		must(edit(&a, buf_view(&once), &twice));
		/* a type in no known charset may be read otherwise then */
		must(
		    !is_ascii(in) || str_eq(buf_view(&once), buf_view(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
	arena_release(&a);
	return 0;
}
