/* SPDX-License-Identifier: MIT */
/* The numbers that the processes of a relay share. */
#include "base/stats.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

enum { EACH = 20000, PROCESSES = 4 };

static bool
stats_has(struct stats *s, const char *line)
{
	struct buf out;
	bool has;

	buf_init(&out, 1 << 20);
	stats_print(s, &out);
	has = str_find(buf_view(&out), str_of(line)) < out.n;
	buf_release(&out);
	return has;
}

static void
stats_done(struct stats *s, int *fd)
{
	(void)munmap(s, sizeof(*s));
	os_close(fd);
}

static const char *const lines[] = {
	"# HELP post365_relay_auth_total sign-ins\n"
	"# TYPE post365_relay_auth_total counter\n"
	"post365_relay_auth_total{mechanism=\"PLAIN\",result=\"ok\"} 3\n"
	"post365_relay_auth_total{mechanism=\"a__b_\",result=\"failed\"} 1\n",
	"# TYPE post365_spool_free_bytes gauge\npost365_spool_free_bytes 7\n",
	"# TYPE post365_graph_request_seconds histogram\n",
	"post365_graph_request_seconds_bucket{route=\"mime\",le=\"0.001\"} 1\n",
	"post365_graph_request_seconds_bucket{route=\"mime\",le=\"0.005\"} 2\n",
	"post365_graph_request_seconds_bucket{route=\"mime\",le=\"3600.000\"} 3"
	"\n",
	"post365_graph_request_seconds_bucket{route=\"mime\",le=\"+Inf\"} 4\n"
	"post365_graph_request_seconds_count{route=\"mime\"} 4\n"
	"post365_graph_request_seconds_sum{route=\"mime\"} 3610.004\n",
};

static void
test_text(void)
{
	static const int64_t took[] = { 1, 2, 10000, 3600000 };
	struct str none = STR("");
	struct stats *s;
	int fd;

	s = stats_open(&fd);
	if (s == NULL)
		t_skip("no shared memory here");
	for (int i = 0; i < 3; i++)
		stats_add(s, STATS_AUTH, 1, STR("PLAIN"), STR("ok"));
	stats_add(s, STATS_AUTH, 1, STR("a\"\\b\n"), STR("failed"));
	stats_set(s, STATS_FREE_BYTES, 9, none, none);
	stats_set(s, STATS_FREE_BYTES, 7, none, none);
	for (size_t i = 0; i < 3; i++)
		stats_observe(s, STATS_REQUEST, took[i], STR("mime"));
	stats_observe(s, STATS_REQUEST, took[3] + 1, STR("mime"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		T_CHECK(stats_has(s, lines[i]), "%s", lines[i]);
	T_CHECK(!stats_has(s, "queue"), "what nobody counted");
	stats_done(s, &fd);
	stats_add(NULL, STATS_AUTH, 1, none, none);
	stats_observe(NULL, STATS_REQUEST, 1, none);
	stats_print(NULL, NULL);
}

/* More series than there is room for, and labels that are longer. */
static void
test_bounds(void)
{
	char name[300];
	struct buf out;
	struct stats *s;
	int fd;

	s = stats_open(&fd);
	if (s == NULL)
		t_skip("no shared memory here");
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < 2 * STATS_SERIES; i++) {
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		stats_add(s, STATS_DELIVERIES, 1,
		    (struct str){ name, sizeof(name) }, STR("unsure"));
	}
	buf_init(&out, 1 << 20);
	stats_print(s, &out);
	T_CHECK(str_find(buf_view(&out), STR(",result=\"unsure\"} 1\n")) <
		out.n,
	    "the second label");
	T_CHECK(ftruncate(fd, 1) < 0, "it can be made smaller");
	/* whatever a process writes there, others read it and go on */
	memset(s, 0x42, sizeof(*s));
	for (size_t i = 0; i < STATS_SERIES; i++)
		s->series[i].state = 2;
	s->series[0].what = STATS_AUTH;
	stats_add(s, STATS_AUTH, 1, STR("PLAIN"), STR("ok"));
	buf_reset(&out);
	stats_print(s, &out);
	T_CHECK(out.n < sizeof(*s), "%zu bytes", out.n);
	buf_release(&out);
	stats_done(s, &fd);
}

static void
count_all(int fd)
{
	struct stats *s = stats_map(fd);
	static const struct str name[] = { STR_INIT("a"), STR_INIT("b"),
		STR_INIT("c") };

	for (int i = 0; i < EACH && s != NULL; i++)
		stats_add(s, STATS_RESPONSES, 1, name[i % 3], STR(""));
	_exit(0);
}

/* Nothing is lost, and nothing is there twice. */
static void
test_processes(void)
{
	unsigned long sum = 0;
	struct stats *s;
	size_t used = 0;
	int fd, status;

	s = stats_open(&fd);
	if (s == NULL)
		t_skip("no shared memory here");
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			count_all(fd);
	while (wait(&status) > 0)
		T_CHECK(status == 0, "status %d", status);
	for (; used < STATS_SERIES && s->series[used].state != 0; used++)
		sum += s->series[used].n[0];
	T_CHECK(used == 3, "%zu series", used);
	T_CHECK(sum == EACH * PROCESSES, "%lu", sum);
	T_CHECK(!stats_beats(s, 40000, 30), "it never lived");
	stats_beat(s, 20000);
	T_CHECK(stats_beats(s, 40000, 30), "it lives");
	T_CHECK(!stats_beats(s, 51000, 30), "it lived");
	stats_done(s, &fd);
}

static const struct t_test tests[] = {
	{ "text", test_text },
	{ "bounds", test_bounds },
	{ "processes", test_processes },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
