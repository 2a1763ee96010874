/* SPDX-License-Identifier: MIT */
#include "deliver/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define MB       1000000ULL

enum { START = 1795637400 };

static struct {
	char folder[64], path[512];
	struct config config;
	struct clock clock;
	struct log log;
	int64_t ms; /* both clocks */
} m;

static int64_t
wall(void *arg)
{
	return START + *(int64_t *)arg / 1000;
}

static int64_t
mono(void *arg)
{
	return *(int64_t *)arg;
}

static void
sleep_until(void *arg, int64_t deadline)
{
	T_CHECK(deadline > *(int64_t *)arg, "waits for something");
	*(int64_t *)arg = deadline;
}

static struct pace
begin(const char *rate_of, uint64_t n, int64_t seconds)
{
	m.ms = 0;
	m.clock = (struct clock){ .wall = wall,
		.mono_ms = mono,
		.sleep_until = sleep_until,
		.arg = &m.ms };
	m.config = (struct config){ .mailbox = str_of(rate_of),
		.rate = { n, seconds } };
	(void)snprintf(m.folder, sizeof(m.folder), "/tmp/post365-pace-XXXXXX");
	T_CHECK(mkdtemp(m.folder) != NULL, "mkdtemp");
	(void)snprintf(m.path, sizeof(m.path), "%s/spool", m.folder);
	m.config.spool_dir = str_of(m.path);
	return pace_of(&m.config, &m.clock, &m.log);
}

static void
end(void)
{
	char rm[600];

	(void)snprintf(rm, sizeof(rm), "rm -rf '%s'", m.folder);
	T_CHECK(system(rm) == 0, "%s", rm);
}

/* Takes up to n turns; how many there were, and what is to wait then. */
static unsigned
take(struct pace *p, unsigned n, int64_t *wait)
{
	struct err e = { 0 };
	unsigned got = 0;

	*wait = 0;
	while (got < n && pace_take(p, wait, &e))
		got++;
	T_CHECK(got == n || (e.kind == ERR_RETRY && *wait > 0), "%s", e.msg);
	return got;
}

/* Of one mailbox in any case of letters, whoever asks. */
static void
test_shared(void)
{
	struct pace a = begin("Me@x.example", 5, 60), b = a, c = a;
	int64_t wait;

	b.mailbox = STR("me@X.example");
	c.mailbox = STR("you@x.example");
	T_CHECK(pace_look(&a) == 0, "all is free");
	T_CHECK(take(&a, 3, &wait) == 3 && take(&b, 9, &wait) == 2 &&
		wait == 62 && pace_look(&a) == 62,
	    "five of them, then %lld s", (long long)wait);
	T_CHECK(take(&c, 9, &wait) == 5, "another mailbox");
	m.ms += 61000;
	T_CHECK(take(&a, 9, &wait) == 0 && wait == 1, "%lld s",
	    (long long)wait);
	m.ms += 1000;
	T_CHECK(take(&b, 9, &wait) == 5, "free again");
	m.ms -= 5000000;
	T_CHECK(take(&a, 9, &wait) == 0 && wait == 62, "the clock is set back");
	a.rate.n = 0;
	T_CHECK(take(&a, 999, &wait) == 999 && pace_look(&a) == 0, "no limit");
	end();
}

static struct str
file_of(const char *what)
{
	static char path[512];
	char command[700];
	FILE *f;
	size_t n;

	(void)snprintf(command, sizeof(command), "ls -d '%s/%s-'*", m.path,
	    what);
	f = popen(command, "r");
	n = f != NULL ? fread(path, 1, sizeof(path) - 1, f) : 0;
	if (f != NULL)
		(void)pclose(f);
	path[n > 0 ? n - 1 : 0] = '\0';
	return str_of(path);
}

/* A file of nonsense counts nothing, and the next one counts again. */
static void
test_garbage(void)
{
	static const char *const texts[] = { "", "x\n",
		"000000000060 000000000001\n", NULL };
	struct pace p = begin("me@x.example", 2, 60);
	struct buf large;
	struct err e;
	int64_t wait;

	T_CHECK(take(&p, 9, &wait) == 2, "two");
	buf_init(&large, 100000);
	for (size_t i = 0; i < 90000; i++)
		buf_addc(&large, '0');
	for (size_t i = 0; i < N(texts); i++) {
		T_CHECK(replace_file(file_of("rate").p,
			    texts[i] != NULL ? str_of(texts[i]) :
					       buf_view(&large),
			    (struct replace_how){ .mode = 0600 }, &e),
		    "%s", e.msg);
		T_CHECK(pace_look(&p) == 0 && take(&p, 9, &wait) == 2,
		    "text %zu", i);
		T_CHECK(take(&p, 9, &wait) == 0 && wait == 62, "text %zu", i);
	}
	buf_release(&large);
	end();
}

static void
test_no_folder(void)
{
	struct pace p = begin("me@x.example", 2, 60);
	struct err e;
	int64_t wait;

	p.folder = (struct str){ 0 };
	T_CHECK(!pace_take(&p, &wait, &e) && wait == 0 &&
		e.kind == ERR_CONFIG && pace_look(&p) == 0,
	    "it cannot be counted: %s", e.msg);
	p.folder = STR("/dev/null/x");
	T_CHECK(!pace_take(&p, &wait, &e) && wait == 0, "no folder");
	T_CHECK(pace_look(&p) == 0, "nor then");
	p.rate.n = 0;
	pace_bytes(&p, 1000 * MB);
	T_CHECK(m.ms == 0 && pace_room(&p, 1000 * MB) == 0 &&
		pace_take(&p, &wait, &e),
	    "without `rate` it does not matter");
	end();
}

/* Bytes: whoever comes later waits, before it begins or on its way. */
static void
test_bytes(void)
{
	struct pace a = begin("me@x.example", 0, 0), b = a;

	T_CHECK(pace_room(&a, 200 * MB) == 0, "all is free");
	for (unsigned i = 0; i < 50; i++)
		pace_bytes(&a, 4 * MB);
	T_CHECK(m.ms == 0, "one message never waits for its own");
	T_CHECK(pace_room(&b, PACE_SMALL) == 310, "another one");
	T_CHECK(pace_room(&b, PACE_SMALL - 1) == 0, "a small one");
	pace_bytes(&b, PACE_SMALL - 1);
	T_CHECK(m.ms == 0, "goes at once");
	m.ms += 310000;
	T_CHECK(pace_room(&b, 100 * MB) == 0, "later");
	pace_bytes(&b, 80 * MB);
	T_CHECK(pace_room(&a, 100 * MB) == 310, "less than half is left");
	T_CHECK(pace_room(&a, 70 * MB) == 0, "but enough for this");
	a.mine = 0; /* as pace_take does it */
	pace_bytes(&a, 70 * MB);
	T_CHECK(m.ms == 310000, "what fits does not wait");
	pace_bytes(&a, 1 * MB);
	T_CHECK(m.ms == 620000, "one byte more waits for its turn: %lld",
	    (long long)m.ms);
	end();
}

/* The most that went in any 300 s, by two that share. */
static void
test_any_window(void)
{
	struct pace p[2];
	static struct {
		int64_t at;
		uint64_t n;
	} sent[400];
	uint64_t sum;
	size_t from = 0;

	p[0] = begin("me@x.example", 0, 0);
	p[1] = p[0];
	for (size_t i = 0; i < N(sent); i++) {
		if (i % 10 == 0) /* a message of 20 MB */
			p[i / 10 % 2].mine = 0;
		sent[i].n = 2 * MB;
		pace_bytes(&p[i / 10 % 2], sent[i].n);
		sent[i].at = m.ms;
		m.ms += (int64_t)(i * 7919 % 3000);
	}
	for (size_t i = 0; i < N(sent); i++) {
		sum = 0;
		while (sent[from].at <= sent[i].at - 300000)
			from++;
		for (size_t k = from; k <= i; k++)
			sum += sent[k].n;
		T_CHECK(sum <= 150 * MB, "%llu bytes", (unsigned long long)sum);
	}
	T_CHECK(m.ms > 1200000 && m.ms < 2000000, "%lld s",
	    (long long)m.ms / 1000);
	end();
}

static const struct t_test tests[] = {
	{ "shared", test_shared },
	{ "garbage", test_garbage },
	{ "no folder", test_no_folder },
	{ "bytes", test_bytes },
	{ "any window", test_any_window },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
