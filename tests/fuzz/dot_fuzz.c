/* SPDX-License-Identifier: MIT */
/*
 * A body on its way through DATA and BDAT, cut at random places: eight bytes
 * that say how to cut, then the body. Oracles: a client that does it right is
 * given back bit by bit; of what others send, a reference that looks at the
 * whole at once makes the same; the message ends behind the first CRLF.CRLF
 * and nowhere else.
 */
#include "smtp/session.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ALL_MAX = 1 << 24, SEED = 8, LONGEST = 40000 };

static const struct log silent = { 0 };
static const struct str header = STR_INIT("Subject: x\r\n\r\n");
static const struct str hello =
    STR_INIT("EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n");

struct client {
	struct session session;
	struct buf text; /* of the message, as the session gave it */
	uint64_t random;
	bool complete;
};

static void
must(bool fact)
{
	if (!fact)
		abort();
}

/* xorshift64, Marsaglia 2003 */
static size_t
below(struct client *c, size_t n)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return (size_t)(c->random % n);
}

/* Takes from *in until the message is complete, or all of it. */
static void
take(struct client *c, struct str *in)
{
	struct session *s = &c->session;

	while (!c->complete) {
		switch (session_next(s, in)) {
		case SESSION_MORE:
			buf_reset(&s->replies);
			if (in->n == 0)
				return;
			break;
		case SESSION_TEXT:
			buf_adds(&c->text, s->piece);
			break;
		case SESSION_MESSAGE:
			c->complete = true;
			break;
		case SESSION_MAIL:
		case SESSION_RCPT:
		case SESSION_DATA:
			session_answer(s, (struct str){ 0 });
			break;
		default:
			abort();
		}
	}
}

/* All of it in pieces; gives what is behind the end of the message. */
static size_t
feed(struct client *c, struct str all)
{
	static const size_t most[] = { 1, 2, 5, 70, 20000 };
	size_t size = most[below(c, sizeof(most) / sizeof(*most))], n;
	struct str piece;

	while (all.n > 0 && !c->complete) {
		n = str_first(all, 1 + below(c, size)).n;
		piece = str_first(all, n);
		take(c, &piece);
		all = str_from(all, n - piece.n);
	}
	return all.n;
}

static void
begin(struct client *c, uint64_t seed)
{
	const struct session_conf conf = { .host = STR("h"),
		.max_size = ALL_MAX,
		.log = &silent };

	*c = (struct client){ .random = seed | 1 };
	buf_init(&c->text, ALL_MAX);
	session_init(&c->session, &conf);
	must(feed(c, hello) == 0);
}

static void
end(struct client *c)
{
	session_release(&c->session);
	buf_release(&c->text);
}

static bool
is_line(struct str s, size_t at)
{
	return at == 0 ||
	    (at > 1 && s.p[at - 2] == '\r' && s.p[at - 1] == '\n');
}

/* What intake.h promises of a body, all at once; dots: of DATA. */
static void
reference(struct str s, bool dots, struct buf *out)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		for (n = 0; i + n < s.n && s.p[i + n] == '\r';)
			n++;
		n += i + n < s.n && s.p[i + n] == '\n';
		if (n > 0) {
			buf_addz(out, "\r\n");
			continue;
		}
		n = 1;
		if (!dots || s.p[i] != '.' || !is_line(s, i))
			buf_addc(out, s.p[i]);
	}
}

/* Offset behind the text that DATA's end closes; s.n + 1: there is no end. */
static size_t
text_of(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++)
		if (is_line(s, i) && str_starts(str_from(s, i), STR(".\r\n")))
			return i;
	return s.n + 1;
}

static void
compare(const struct client *c, struct str body)
{
	must(c->complete);
	must(str_starts(buf_view(&c->text), header));
	must(str_eq(str_from(buf_view(&c->text), header.n), body));
}

static void
play_data(struct str raw, struct str body, uint64_t seed)
{
	size_t text = text_of(raw), left;
	struct client c;
	struct buf all;

	begin(&c, seed);
	must(feed(&c, STR("DATA\r\n")) == 0);
	buf_init(&all, ALL_MAX);
	buf_adds(&all, header);
	buf_adds(&all, raw);
	left = feed(&c, buf_view(&all));
	if (text > raw.n)
		must(!c.complete);
	else
		compare(&c, body);
	must(left == (text > raw.n ? 0 : raw.n - text - 3));
	buf_release(&all);
	end(&c);
}

static void
play_chunks(struct str raw, struct str body, uint64_t seed)
{
	struct client c;
	struct buf all;
	struct str rest;
	size_t n;

	begin(&c, seed);
	buf_init(&all, ALL_MAX);
	buf_adds(&all, header);
	buf_adds(&all, raw);
	rest = buf_view(&all);
	while (!c.complete) {
		struct buf wire;
		struct str piece = str_first(rest, 1 + below(&c, LONGEST));

		rest = str_from(rest, piece.n);
		buf_init(&wire, ALL_MAX);
		buf_addf(&wire, "BDAT %zu%s\r\n", piece.n,
		    rest.n == 0 ? " LAST" : "");
		buf_adds(&wire, piece);
		n = feed(&c, buf_view(&wire));
		must(n == 0 && c.complete == (rest.n == 0));
		buf_release(&wire);
	}
	compare(&c, body);
	buf_release(&all);
	end(&c);
}

/* As a client has it that does all right. */
static void
play_right(struct str raw, uint64_t seed)
{
	struct buf body, wire;

	buf_init(&body, ALL_MAX);
	buf_init(&wire, ALL_MAX);
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] == '\n')
			buf_addz(&body, "\r\n");
		else if (raw.p[i] != '\r')
			buf_addc(&body, raw.p[i]);
	if (!is_line(buf_view(&body), body.n))
		buf_addz(&body, "\r\n");
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '.' && is_line(buf_view(&body), i))
			buf_addc(&wire, '.');
		buf_addc(&wire, body.p[i]);
	}
	buf_addz(&wire, ".\r\n");
	play_data(buf_view(&wire), buf_view(&body), seed);
	play_chunks(buf_view(&body), buf_view(&body), seed);
	buf_release(&wire);
	buf_release(&body);
}

static void
play_wrong(struct str raw, uint64_t seed)
{
	struct buf body;

	buf_init(&body, ALL_MAX);
	reference(str_first(raw, text_of(raw)), true, &body);
	play_data(raw, buf_view(&body), seed);
	buf_reset(&body);
	reference(raw, false, &body);
	if (!is_line(buf_view(&body), body.n))
		buf_addz(&body, "\r\n");
	play_chunks(raw, buf_view(&body), seed);
	buf_release(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str all = { (const char *)data, n };
	struct str raw = str_from(all, SEED);
	uint64_t seed = 0;

	if (n < SEED)
		return 0;
	for (size_t i = 0; i < SEED; i++)
		seed = seed << 8 | data[i];
	play_right(raw, seed);
	play_wrong(raw, seed);
	return 0;
}
