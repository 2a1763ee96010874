/* SPDX-License-Identifier: MIT */
/* Hostile answers that others collected, met by the whole client. */
#include "net/http.h"

#include <stdio.h>
#include <unistd.h>

#include "pair.h"
#include "t.h"

/* The third-party list of hostile answers, over a real connection. */
struct hostile {
	char folder[4096];
	unsigned played;
};

/* verdict: "A200:7", "C413:0", "R", "R or A", "I", "R-cap", ... */
static void
check_hostile(struct str name, struct str verdict, struct str after,
    struct str answer)
{
	struct serve_step step[] = {
		{ SERVE_ALL, answer, SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(ACCEPTED), SERVE_KEEP, 0 },
	};
	bool good = verdict.p[0] == 'A' || verdict.p[0] == 'C';
	bool either = str_find(verdict, STR(" or ")) < verdict.n;
	struct http_request r;
	struct http_answer a;
	struct pair p;
	char status[8];
	struct err e;
	bool ok;

	if (str_eq(after, STR("hang")))
		step[0].then = SERVE_HANG;
	if (str_eq(after, STR("rst")))
		step[0].then = SERVE_RESET;
	if (verdict.p[0] == 'A') /* it is ours to end it, or not */
		step[0].then = SERVE_KEEP;
	pair_start(&p, step, N(step));
	r = pair_post(&p, SMALL, good ? LONG_MS : SHORT_MS * 2);
	/* of an answer whose body broke the head is an answer all the same */
	ok = http_call(&p.http, &r, &a, &e) && http_is_whole(&a, &e);
	T_CHECK(either || ok == good, "%.*s: %s", STR_ARG(name),
	    ok ? "taken" : e.msg);
	T_CHECK(ok || e.kind == ERR_UNSURE, "%.*s: %s", STR_ARG(name), e.msg);
	(void)snprintf(status, sizeof(status), "%d", a.status);
	if (ok && good)
		T_CHECK(str_eq(str_first(str_from(verdict, 1), 3),
			    str_of(status)),
		    "%.*s: %s", STR_ARG(name), status);
	/* C: nothing more may be asked over that connection */
	T_CHECK(!ok || verdict.p[0] != 'C' || p.http.slot[0].origin[0] == '\0',
	    "%.*s: kept", STR_ARG(name));
	T_CHECK(!ok || !good || pair_small(&p) == 202, "%.*s: the next",
	    STR_ARG(name));
	http_answer_release(&a);
	pair_stop(&p);
}

static void
play_hostile(struct hostile *h, struct str line)
{
	struct str name = { 0 }, bytes, verdict = { 0 }, after = { 0 };
	struct buf answer;
	char path[8192];

	if (!str_next(&line, '\t', &name) || !str_next(&line, '\t', &bytes) ||
	    !str_next(&line, '\t', &verdict) ||
	    !str_next(&line, '\t', &after) || verdict.n == 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/%.*s", h->folder, STR_ARG(name));
	if (access(path, R_OK) != 0)
		return;
	buf_init(&answer, 1 << 24);
	t_read_file(path, &answer);
	check_hostile(name, verdict, after, buf_view(&answer));
	buf_release(&answer);
	h->played++;
}

static void
test_hostile(void)
{
	struct hostile h = { .played = 0 };
	struct buf index;
	struct str rest, line;
	char path[8192];

	if (t_shared() == NULL) {
		t_skip("the shared folder is not here");
		return;
	}
	(void)snprintf(h.folder, sizeof(h.folder), "%s/corpora/http-hostile",
	    t_shared());
	(void)snprintf(path, sizeof(path), "%s/index.tsv", h.folder);
	if (access(path, R_OK) != 0) {
		t_skip("%s is not here", path);
		return;
	}
	buf_init(&index, 1 << 20);
	t_read_file(path, &index);
	rest = buf_view(&index);
	(void)str_next(&rest, '\n', &line); /* the heading */
	while (str_next(&rest, '\n', &line))
		play_hostile(&h, line);
	T_CHECK(h.played > 100, "%u cases", h.played);
	buf_release(&index);
}

static const struct t_test tests[] = {
	{ "hostile answers", test_hostile },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
