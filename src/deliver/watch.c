/* SPDX-License-Identifier: MIT */
#include "deliver/watch.h"

#include "base/os.h"
#include "base/record.h"

enum { WATCH_EACH_S = 5 };

/* How many, and how old the oldest is: its id begins with the time. */
static void
watch_set(struct stats *m, struct str state, size_t n, uint64_t oldest)
{
	int64_t age = n > 0 ? os_wall() - (int64_t)(oldest >> 32) : 0;

	stats_set(m, STATS_QUEUE, n, state, STR(""));
	stats_set(m, STATS_OLDEST, age > 0 ? (unsigned long)age : 0, state,
	    STR(""));
}

/* In order of their ids. */
static void
watch_folder(struct stats *m, struct str state, struct spool *s,
    unsigned folders)
{
	struct spool_list l;
	struct err unsaid;

	if (!spool_list(s, folders, &l, &unsaid))
		return;
	watch_set(m, state, l.n, l.n > 0 ? hands_number(l.item[0].id) : 0);
	spool_list_release(&l);
}

void
watch_queue(const struct log *log, const struct index *x, const struct hands *h,
    size_t unread, struct spool *s)
{
	struct stats *m = log->way != NULL ? log->way->stats : NULL;
	int64_t now = os_mono_ms();
	uint64_t oldest = UINT64_MAX;
	size_t n;

	/* the time of the last beat is that of the last count, too */
	if (m == NULL || stats_beats(m, now, WATCH_EACH_S))
		return;
	stats_beat(m, now);
	n = index_all(x, &oldest) + hands_busy(h) + unread;
	for (size_t i = 0; i < h->n; i++)
		if (h->hand[i].busy && h->hand[i].item.id < oldest)
			oldest = h->hand[i].item.id;
	watch_set(m, STR("queued"), n, oldest);
	watch_folder(m, STR("hold"), s, SPOOL_IN(SPOOL_HOLD));
	watch_folder(m, STR("dead"), s, SPOOL_IN(SPOOL_DEAD));
}
