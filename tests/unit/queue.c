/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t.h"

static struct str to[] = { STR_INIT("b@x.example"), STR_INIT("c@x.example") };

const struct envelope queue_envelope = {
	.account = STR_INIT("default"),
	.sender = STR_INIT("a@x.example"),
	.recipient = to,
	.recipients = 2,
	.message_id = STR_INIT("<1@x.example>"),
	.client = STR_INIT("test"),
};

static int64_t
stands(void *arg)
{
	(void)arg;
	return QUEUE_NOW;
}

void
queue_open(struct queue *q, const char *path)
{
	struct err e;

	if (path != q->path)
		(void)snprintf(q->path, sizeof(q->path), "%s", path);
	q->clock = (struct clock){ .wall = stands, .mono_ms = stands };
	if (!spool_open(&q->spool, q->path, SPOOL_FULL, &q->clock, &e)) {
		printf("  %s\n", e.msg);
		abort();
	}
	arena_init(&q->arena, 16 << 20);
}

void
queue_new(struct queue *q)
{
	/* in memory where that is possible: thousands of syncs */
	(void)snprintf(q->path, sizeof(q->path), "%s/queue.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(q->path) == NULL)
		abort();
	queue_open(q, q->path);
}

void
queue_close(struct queue *q)
{
	arena_release(&q->arena);
	spool_close(&q->spool);
}

static void
remove_one(void *arg, const char *name, bool regular)
{
	const struct dir *d = arg;

	(void)regular;
	if (unlinkat(d->fd, name, 0) < 0)
		(void)unlinkat(d->fd, name, AT_REMOVEDIR);
}

void
queue_end(struct queue *q)
{
	char path[300];
	struct err e;

	t_spare_allocations(true);
	for (unsigned i = 0; i < SPOOL_FOLDERS; i++) {
		(void)!dir_each(&q->spool.dir[i], remove_one, &q->spool.dir[i],
		    &e);
		(void)snprintf(path, sizeof(path), "%s/%s", q->path,
		    spool_where_name((enum spool_where)i));
		(void)rmdir(path);
	}
	(void)snprintf(path, sizeof(path), "%s/lock", q->path);
	(void)unlink(path);
	t_spare_allocations(false);
	(void)rmdir(q->path);
	queue_close(q);
}

bool
queue_put(struct spool *s, const struct envelope *v, struct str body,
    char id[ENVELOPE_ID_SIZE], struct err *e)
{
	struct spool_add a;

	if (!spool_begin(s, v, &a, e))
		return false;
	memcpy(id, a.id, ENVELOPE_ID_SIZE);
	return spool_write(&a, str_first(body, body.n / 2), e) &&
	    spool_write(&a, str_from(body, body.n / 2), e) &&
	    spool_commit(&a, e);
}

bool
queue_add(struct queue *q, struct str body, char id[ENVELOPE_ID_SIZE],
    struct err *e)
{
	return queue_put(&q->spool, &queue_envelope, body, id, e);
}

static void
count_one(void *arg, const char *name, bool regular)
{
	(void)name;
	(void)regular;
	++*(size_t *)arg;
}

size_t
queue_count(struct queue *q, enum spool_where where)
{
	struct err e;
	size_t n = 0;

	t_spare_allocations(true); /* musl's opendir is one */
	if (!dir_each(&q->spool.dir[where], count_one, &n, &e))
		abort();
	t_spare_allocations(false);
	return n;
}

bool
queue_has(const struct claim *c, struct str body)
{
	struct buf b;
	struct err e;
	bool same = false;

	buf_init(&b, body.n + 1);
	if (c->body.size == body.n && buf_room(&b, body.n) != NULL &&
	    source_read(&c->body, 0, buf_room(&b, body.n), body.n, &e)) {
		buf_commit(&b, body.n);
		same = str_eq(buf_view(&b), body);
	}
	buf_release(&b);
	return same;
}
