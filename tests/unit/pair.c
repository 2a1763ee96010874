/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <stdio.h>

#include "base/os.h"
#include "t.h"

void
pair_client(struct pair *p, const struct log *log)
{
	struct http_conf conf = {
		.log = log,
		.user_agent = STR("test/1"),
		.connect_timeout_ms = 5000,
	};
	struct err e;

	(void)snprintf(p->text, sizeof(p->text), "http://127.0.0.1:%u/p?q=1",
	    p->server.port);
	T_CHECK(url_parse(str_of(p->text), &p->url, &e), "%s", e.msg);
	http_init(&p->http, &conf);
}

void
pair_start(struct pair *p, const struct serve_step *step, size_t n)
{
	serve_start(&p->server, step, n, false);
	pair_client(p, NULL);
}

void
pair_start_again(struct pair *p, const struct serve_step *step, size_t n)
{
	serve_start(&p->server, step, n, true);
	pair_client(p, NULL);
}

void
pair_stop(struct pair *p)
{
	http_release(&p->http);
	serve_stop(&p->server);
}

char
pair_byte(uint64_t at)
{
	return (char)('a' + at * 7 / 5 % 26);
}

bool
pair_read(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < n; i++)
		p[i] = pair_byte(at + i);
	return true;
}

struct http_request
pair_post(const struct pair *p, size_t body, int64_t ms)
{
	return (struct http_request){
		.method = STR("POST"),
		.url = &p->url,
		.body = { .size = body, .read = pair_read },
		.has_body = true,
		.deadline = os_mono_ms() + ms,
	};
}

/* A call whose answer does not matter in detail: its status, or 0. */
int
pair_call(struct pair *p, const struct http_request *r, struct err *e)
{
	struct http_answer a;
	bool ok = http_call(&p->http, r, &a, e) && http_is_whole(&a, e);
	int status = ok ? a.status : 0;

	http_answer_release(&a);
	return status;
}

int
pair_small(struct pair *p)
{
	struct http_request r = pair_post(p, SMALL, LONG_MS);
	struct err e;

	return pair_call(p, &r, &e);
}

size_t
pair_steps(const struct serve_step step[3])
{
	size_t n = 1;

	while (n < 3 && step[n].answer.p != NULL)
		n++;
	return n;
}
