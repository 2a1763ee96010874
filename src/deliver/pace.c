/* SPDX-License-Identifier: MIT */
#include "deliver/pace.h"

#include <stdio.h>

#include "base/crypt.h"
#include "base/os.h"
#include "codec/date.h"
#include "store/quota.h"

enum {
	PATH_SIZE = 4096, /* PATH_MAX */
	HASH = 16,        /* hex digits: 64 bits */
	LOCK_MS = 5000    /* it is held for microseconds */
};

/* A file, while it is locked. */
struct tally {
	char path[PATH_SIZE];
	int fd;
	uint64_t size; /* bytes of it, as found */
	struct quota quota;
};

struct pace
pace_of(const struct config *c, const struct clock *clock,
    const struct log *log)
{
	return (struct pace){ .folder = c->spool_dir,
		.mailbox = c->mailbox,
		.clock = clock,
		.log = log,
		.rate = c->rate };
}

static bool
set_path(const struct pace *p, const char *what, char path[PATH_SIZE])
{
	char hash[CRYPT_SHA256_HEX];
	struct buf lower;
	int n;

	buf_init(&lower, p->mailbox.n + 1);
	for (size_t i = 0; i < p->mailbox.n; i++)
		buf_addc(&lower, ascii_lower(p->mailbox.p[i]));
	crypt_sha256_hex(buf_view(&lower), hash);
	buf_release(&lower);
	n = snprintf(path, PATH_SIZE, "%.*s/%s-%.*s", STR_ARG(p->folder), what,
	    HASH, hash);
	return n > 0 && n < PATH_SIZE;
}

/* As it stands there, without the lock. */
static void
look(const struct pace *p, const char *what, int64_t window, struct quota *q)
{
	char path[PATH_SIZE];
	struct err ignored;
	struct buf text;

	buf_init(&text, QUOTA_SIZE);
	if (p->folder.n == 0 || !set_path(p, what, path) ||
	    !os_read_regular(path, &text, &ignored))
		buf_reset(&text); /* there is none, or nonsense */
	quota_read(q, buf_view(&text), window);
	buf_release(&text);
}

static bool
begin(const struct pace *p, const char *what, int64_t window, struct tally *t,
    struct err *e)
{
	char text[QUOTA_SIZE];
	struct os_stat st = { 0 };
	struct str s = { text, 0 };

	t->fd = -1;
	if (p->folder.n == 0) {
		err_set(e, ERR_CONFIG, "there is no folder to count in");
		return err_remedy(e, "set spool_dir or state_dir");
	}
	if (!set_path(p, what, t->path))
		return err_set(e, ERR_CONFIG, "%.*s: a path too long",
		    STR_ARG(p->folder));
	if (!os_mkdirs(p->folder.p, 0700, e) ||
	    !os_lock(t->path, os_mono_ms() + LOCK_MS, &t->fd, e))
		return err_remedy(e,
		    "who sends must be able to write into spool_dir");
	if (os_stat_fd(t->fd, t->path, &st, e) && st.size == QUOTA_SIZE &&
	    os_read_at((struct os_at){ t->path, t->fd, 0 }, text, QUOTA_SIZE,
		e))
		s.n = QUOTA_SIZE;
	t->size = st.size;
	quota_read(&t->quota, s, window);
	return true;
}

/* Counts n, and gives the file back. */
static bool
count(const struct pace *p, struct tally *t, uint64_t n, struct err *e)
{
	char text[QUOTA_SIZE];
	bool ok;

	quota_add(&t->quota, n, clock_wall(p->clock));
	quota_write(&t->quota, text);
	ok = os_write_at((struct os_at){ t->path, t->fd, 0 },
		 (struct str){ text, sizeof(text) }, e) &&
	    (t->size <= sizeof(text) ||
		os_cut(t->fd, t->path, sizeof(text), e));
	os_close(&t->fd);
	return ok;
}

int64_t
pace_look(const struct pace *p)
{
	const struct quota_ask one = { .most = p->rate.n, .n = 1 };
	struct quota q;

	if (p->rate.n == 0)
		return 0;
	look(p, "rate", p->rate.seconds, &q);
	return quota_wait(&q, &one, clock_wall(p->clock));
}

/* A large message begins when half of all may go: it may wait on its way. */
int64_t
pace_room(const struct pace *p, uint64_t bytes)
{
	struct quota_ask ask = { .most = PACE_BYTES, .n = PACE_BYTES / 2 };
	struct quota q;

	if (bytes < PACE_SMALL)
		return 0;
	if (bytes < ask.n)
		ask.n = bytes;
	look(p, "upload", PACE_BYTES_S, &q);
	return quota_wait(&q, &ask, clock_wall(p->clock));
}

static bool
not_before(const struct pace *p, const char *what, int64_t wait, struct err *e)
{
	char when[DATE_ISO_SIZE];

	date_iso(clock_wall(p->clock) + wait, when);
	return err_set(e, ERR_RETRY,
	    "%.*s: as many went as `%s` allows; the next may go at %s",
	    STR_ARG(p->mailbox), what, when);
}

bool
pace_count(const struct pace *p, const char *what, struct config_rate most,
    int64_t *wait, struct err *e)
{
	const struct quota_ask one = { .most = most.n, .n = 1 };
	struct tally t;

	*wait = 0;
	if (!begin(p, what, most.seconds, &t, e))
		return err_wrap(e, "%s", what);
	*wait = quota_wait(&t.quota, &one, clock_wall(p->clock));
	if (*wait == 0)
		return count(p, &t, 1, e) || err_wrap(e, "%s", what);
	os_close(&t.fd);
	return not_before(p, what, *wait, e);
}

bool
pace_take(struct pace *p, int64_t *wait, struct err *e)
{
	p->mine = 0;
	*wait = 0;
	return p->rate.n == 0 || pace_count(p, "rate", p->rate, wait, e);
}

/* Seconds to wait; 0: they are counted, or cannot be. */
static int64_t
take_bytes(struct pace *p, uint64_t bytes)
{
	const struct quota_ask ask = { PACE_BYTES, bytes, p->mine };
	struct err why = { 0 };
	struct tally t;
	int64_t wait;

	if (begin(p, "upload", PACE_BYTES_S, &t, &why)) {
		wait = quota_wait(&t.quota, &ask, clock_wall(p->clock));
		if (wait > 0) {
			os_close(&t.fd);
			return wait;
		}
		if (count(p, &t, bytes, &why))
			p->mine += bytes;
	}
	if (why.kind != ERR_NONE)
		log_trace(p->log, "* bytes are not counted: %s", why.msg);
	return 0;
}

void
pace_bytes(void *pace, uint64_t bytes)
{
	struct pace *p = pace;
	int64_t now = clock_mono_ms(p->clock), wait;
	int64_t latest = now + PACE_LONGEST_S * 1000;

	if (bytes < PACE_SMALL)
		return;
	while ((wait = take_bytes(p, bytes)) > 0 && now < latest) {
		log_trace(p->log,
		    "* 150 MB went within 5 minutes: on in %lld s",
		    (long long)wait);
		clock_sleep_until(p->clock, now + wait * 1000);
		now = clock_mono_ms(p->clock);
	}
}
