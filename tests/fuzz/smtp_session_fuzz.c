/* SPDX-License-Identifier: MIT */
/*
 * Oracles: cut anywhere, the dialogue is the same; replies are lines with a
 * code; events come in order; a message has a recipient.
 */
#include "smtp/session.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ALL_MAX = 1 << 24 };

static const struct log silent = { 0 };

struct caller {
	struct session session;
	struct buf seen; /* replies and messages, as they came */
	bool open, closed;
};

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
take_replies(struct caller *c)
{
	struct str rest = buf_view(&c->session.replies), line;

	buf_adds(&c->seen, rest);
	while (str_next(&rest, '\n', &line)) {
		if (rest.p == NULL)
			break;
		must(line.n > 4 && line.n < SESSION_REPLY_MAX &&
		    str_ends(line, STR("\r")));
		must(line.p[0] >= '2' && line.p[0] <= '5' &&
		    (line.p[3] == ' ' || line.p[3] == '-'));
	}
	buf_reset(&c->session.replies);
}

/* Some are refused: by a byte of the address, so that a cut changes nothing. */
static struct str
answer(const struct addr *a)
{
	return a != NULL && a->text.p[0] == 'x' ? STR("550 5.1.1 no") :
						  (struct str){ 0 };
}

static void
feed(struct caller *c, struct str in)
{
	struct session *s = &c->session;

	while (!c->closed) {
		switch (session_next(s, &in)) {
		case SESSION_MORE:
			take_replies(c);
			if (in.n == 0)
				return;
			break;
		case SESSION_MAIL:
			must(!c->open);
			session_answer(s, answer(s->mail.from));
			break;
		case SESSION_RCPT:
			must(!c->open && s->in_transaction);
			session_answer(s, answer(s->rcpt.latest.to));
			break;
		case SESSION_DATA:
			must(!c->open && s->rcpt.n > 0);
			c->open = true;
			session_answer(s, (struct str){ 0 });
			break;
		case SESSION_TEXT:
			must(c->open && s->piece.n > 0);
			buf_adds(&c->seen, s->piece);
			break;
		case SESSION_MESSAGE:
			must(c->open);
			c->open = false;
			session_answer(s, STR("250 2.0.0 Ok"));
			break;
		case SESSION_FORGET:
			must(c->open);
			c->open = false;
			buf_addz(&c->seen, "forgotten\n");
			break;
		case SESSION_AUTH:
			must(!s->signed_in && !c->open);
			session_answer(s,
			    s->auth.user.n % 2 == 0 ? STR("535 5.7.8 no") :
						      (struct str){ 0 });
			break;
		case SESSION_STARTTLS:
			must(in.n == 0 && !c->open);
			take_replies(c);
			c->closed = true;
			break;
		case SESSION_CLOSE:
			take_replies(c);
			c->closed = true;
			break;
		}
	}
}

static void
play(struct caller *c, struct str in, size_t step)
{
	/* what is too large is known earlier in small pieces: not here */
	const struct session_conf conf = { .host = STR("h"),
		.max_size = ALL_MAX,
		.lf_ends = in.n % 2 == 0,
		.auth = in.n % 3 == 0,
		.auth_in_clear = in.n % 3 == 0,
		.auth_only = in.n % 9 == 0,
		.starttls = in.n % 5 == 0,
		.trusted = in.n % 7 < 4,
		.dsn = true,
		.limits = true,
		.log = &silent };

	*c = (struct caller){ 0 };
	buf_init(&c->seen, ALL_MAX);
	session_init(&c->session, &conf);
	for (size_t at = 0; at < in.n; at += step)
		feed(c, str_first(str_from(in, at), step));
	session_release(&c->session);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct caller whole, bytes;

	play(&whole, in, n > 0 ? n : 1);
	play(&bytes, in, 1);
	must(whole.closed == bytes.closed && whole.open == bytes.open);
	/* replies wait for the end of the input, pieces of text do not */
	must(whole.seen.n == bytes.seen.n);
	buf_release(&whole.seen);
	buf_release(&bytes.seen);
	return 0;
}
