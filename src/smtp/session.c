/* SPDX-License-Identifier: MIT */
#include "smtp/session.h"

#include <sysexits.h>

#include "smtp/session_own.h"

enum {
	MEMORY_MAX = 65536,
	MEMORY_RCPT = 1024, /* for each recipient: 254 bytes, parsed */
	REPLIES_MAX = 4 * SESSION_REPLIES,
	TLS_HANDSHAKE = 0x16 /* the first byte of TLS. RFC 8446 5.1 */
};

static size_t
session_memory(const struct session *s)
{
	return MEMORY_MAX + s->conf.max_rcpt * MEMORY_RCPT;
}

static struct buf *
session_text(struct session *s)
{
	return s->conf.text != NULL ? s->conf.text : &s->own_text;
}

void
session_init(struct session *s, const struct session_conf *conf)
{
	*s = (struct session){ .conf = *conf };
	if (s->conf.max_rcpt == 0)
		s->conf.max_rcpt = SESSION_RCPT_MAX;
	if (s->conf.max_errors == 0)
		s->conf.max_errors = SESSION_ERRORS_MAX;
	buf_init(&s->replies, REPLIES_MAX);
	buf_init_secret(&s->line, AUTH_LINE_MAX);
	buf_init(&s->own_text, SESSION_TEXT_MAX);
	arena_init_of(&s->mem, session_memory(s), s->conf.stash);
	s->rcpt.tail = &s->rcpt.list;
	buf_addf(&s->replies, "220 %.*s ESMTP post365\r\n",
	    STR_ARG(s->conf.host));
}

void
session_release(struct session *s)
{
	buf_release(&s->replies);
	buf_release(&s->line);
	buf_release(&s->own_text);
	auth_release(&s->auth);
	arena_release(&s->mem);
	*s = (struct session){ 0 };
}

/* Replies */

/* As RFC 5321 4.2 has them: no line end in a reply, and a bounded length. */
void
session_say(struct session *s, struct str text)
{
	struct str line = str_first(text, SESSION_REPLY_MAX - 2);

	line = str_first(line, str_chr(line, '\n'));
	line = str_first(line, str_chr(line, '\r'));
	log_trace(s->conf.log, "S: %.*s", STR_ARG(line));
	buf_adds(&s->replies, line);
	buf_add(&s->replies, "\r\n", 2);
}

void
session_refuse(struct session *s, struct str text)
{
	if (s->failed[s->verb] < s->did[s->verb])
		s->failed[s->verb]++;
	if (s->conf.heard != NULL)
		s->conf.heard(s, text);
	session_say(s, text);
}

/* Which counts, if it is an error: before SESSION_AT_DATA consents, 3 is as
 * good as 2. */
void
session_reply_line(struct session *s, struct str text)
{
	if (text.n > 0 && text.p[0] > '3') {
		s->errors++;
		session_refuse(s, text);
	} else {
		session_say(s, text);
	}
}

void
session_sayz(struct session *s, const char *text)
{
	session_reply_line(s, str_of(text));
}

enum session_event
session_close_with(struct session *s, const char *text)
{
	session_sayz(s, text);
	s->state = SESSION_AT_CLOSE;
	return SESSION_CLOSE;
}

static const struct {
	const char *refused, *nouser; /* nouser: EX_NOUSER, design.md 1 */
} session_kinds[] = {
	[ERR_NONE] = { "451 4.3.0", "451 4.3.0" },
	[ERR_RETRY] = { "451 4.3.0", "451 4.3.0" },
	/* who is told 4 sends again: what is perhaps sent then goes twice */
	[ERR_UNSURE] = { "554 5.3.0", "554 5.3.0" },
	[ERR_REFUSED] = { "554 5.7.1", "550 5.1.1" },
	[ERR_AUTH] = { "451 4.7.0", "451 4.7.0" },
	[ERR_CONFIG] = { "451 4.3.5", "451 4.3.5" },
	[ERR_INPUT] = { "554 5.6.0", "550 5.1.1" },
	[ERR_USAGE] = { "554 5.5.0", "554 5.5.0" },
	[ERR_BUG] = { "451 4.3.0", "451 4.3.0" },
};

void
session_reply(struct buf *out, const struct err *e)
{
	buf_addf(out, "%s %s",
	    e->full                  ? "452 4.3.1" :
		e->exit == EX_NOUSER ? session_kinds[e->kind].nouser :
				       session_kinds[e->kind].refused,
	    e->msg);
}

/* The transaction */

void
session_reset(struct session *s)
{
	arena_release(&s->mem);
	arena_init_of(&s->mem, session_memory(s), s->conf.stash);
	s->mail = (struct syntax_mail){ 0 };
	s->rcpt = (struct session_rcpt){ 0 };
	s->rcpt.tail = &s->rcpt.list;
	s->in_transaction = false;
	s->verdict = (struct str){ 0 };
	s->size = 0;
	s->open = s->chunked = s->last = false;
}

/* The same in the middle of a message: the caller must know. */
enum session_event
session_abandon(struct session *s)
{
	bool open = s->open;

	session_reset(s);
	return open ? SESSION_FORGET : SESSION_MORE;
}

enum session_event
session_ask(struct session *s, enum session_event what)
{
	s->asked = what;
	return what;
}

/* The message is not taken; what comes of it is thrown away. */
void
session_condemn(struct session *s, struct str why)
{
	if (s->verdict.n == 0)
		s->verdict = arena_str(&s->mem, why);
	if (s->verdict.n == 0)
		s->verdict = STR("451 4.3.1 Out of memory");
}

void
session_secured(struct session *s)
{
	session_reset(s);
	buf_reset(&s->line);
	s->asked = SESSION_MORE;
	s->conf.starttls = false;
	s->conf.tls = true;
	s->greeted = s->extended = s->signed_in = false;
	s->hello[0] = '\0';
	s->idle = 0;
}

/* Input */

/* A sign-in carries a password: not for a log. */
static void
session_trace(const struct session *s, enum syntax_verb verb, struct str line)
{
	if (verb == SYNTAX_AUTH)
		log_trace(s->conf.log, "C: AUTH ***");
	else
		log_trace(s->conf.log, "C: %.*s", STR_ARG(line));
}

static enum session_event
session_run_line(struct session *s)
{
	struct str line = buf_view(&s->line), argument;
	enum session_event event;
	enum syntax_verb verb;

	s->lf = !str_ends(line, STR("\r"));
	line = str_first(line, line.n - !s->lf);
	if (s->state == SESSION_AT_SIGN_IN) {
		log_trace(s->conf.log, "C: ***");
		event = session_sign_in(s, auth_line(&s->auth, line));
	} else {
		verb = syntax_command(line, &argument);
		session_trace(s, verb, line);
		event = session_obey(s, verb, line, argument);
	}
	buf_reset(&s->line);
	return event;
}

/* More than any line has, of which the rest was not kept. */
static void
session_refuse_line(struct session *s)
{
	enum syntax_verb verb;
	struct str argument;

	verb = syntax_command(buf_view(&s->line), &argument);
	buf_reset(&s->line);
	s->verb = s->state == SESSION_AT_SIGN_IN ? SYNTAX_AUTH : verb;
	s->did[s->verb]++;
	session_sayz(s,
	    s->state == SESSION_AT_SIGN_IN || verb == SYNTAX_AUTH ?
		"500 5.5.6 That is longer than any sign-in" :
		"500 5.5.2 The line is too long");
	auth_release(&s->auth);
	s->state = SESSION_AT_COMMAND;
	s->cut = false;
}

/* Collects a line. It ends in LF, with a CR before it or not. */
static enum session_event
session_take_line(struct session *s, struct str *in)
{
	size_t end = str_chr(*in, '\n');
	size_t room = AUTH_LINE_MAX - s->line.n;
	bool whole = end < in->n, first = !s->began;

	s->began = true;
	if (first && !s->conf.tls && in->p[0] == TLS_HANDSHAKE)
		return session_close_with(s,
		    "421 4.7.0 TLS does not begin here; use STARTTLS");
	buf_adds(&s->line, str_first(str_first(*in, end), room));
	s->cut = s->cut || end > room;
	*in = str_from(*in, whole ? end + 1 : end);
	if (!whole)
		return SESSION_MORE;
	if (!s->cut && !s->line.no_memory)
		return session_run_line(s);
	session_refuse_line(s);
	return SESSION_MORE;
}

/* Gives a piece of the message to the caller, if it is still wanted. */
static enum session_event
session_give_text(struct session *s)
{
	static const struct str large =
	    STR_INIT("552 5.3.4 The message is too large");

	if (s->size > s->conf.max_size)
		session_condemn(s, large);
	if (s->size / 3 > s->conf.max_size / 2) {
		session_end(s, large);
		return SESSION_MORE;
	}
	if (s->lines.bare && s->conf.reject_bare)
		session_condemn(s,
		    STR("550 5.5.2 A lone CR or LF is not accepted"));
	if (session_text(s)->no_memory)
		session_condemn(s, STR("451 4.3.1 Out of memory"));
	s->piece = buf_view(session_text(s));
	if (s->verdict.n == 0)
		return s->piece.n > 0 ? SESSION_TEXT : SESSION_MORE;
	if (!s->open)
		return SESSION_MORE;
	s->open = false;
	return SESSION_FORGET;
}

/* It is all here: the caller's verdict, or the one that stands. */
static enum session_event
session_complete(struct session *s)
{
	struct str verdict = s->verdict;

	s->state = SESSION_AT_COMMAND;
	if (verdict.n == 0)
		return session_ask(s, SESSION_MESSAGE);
	session_reply_line(s, verdict);
	return session_abandon(s);
}

static enum session_event
session_take_data(struct session *s, struct str *in)
{
	struct str piece = str_first(*in, SESSION_PIECE);
	struct str rest = piece;
	enum parse result;

	buf_reset(session_text(s));
	result = intake_feed(&s->lines, &rest, session_text(s));
	*in = str_from(*in, piece.n - rest.n);
	s->size += piece.n - rest.n;
	if (result == PARSE_DONE)
		s->state = SESSION_AT_END;
	return session_give_text(s);
}

/* The octets of this BDAT are all here. */
static enum session_event
session_end_chunk(struct session *s)
{
	if (s->last) {
		intake_finish(&s->lines, session_text(s));
		s->state = SESSION_AT_END;
		return session_give_text(s);
	}
	s->state = SESSION_AT_COMMAND;
	if (s->verdict.n > 0)
		session_reply_line(s, s->verdict);
	else
		session_sayz(s, "250 2.0.0 Ok");
	return SESSION_MORE;
}

static enum session_event
session_take_chunk(struct session *s, struct str *in)
{
	size_t most =
	    s->chunk < SESSION_PIECE ? (size_t)s->chunk : SESSION_PIECE;
	struct str piece = str_first(*in, most), rest = piece;

	buf_reset(session_text(s));
	if (s->chunk == 0)
		return session_end_chunk(s);
	(void)intake_feed(&s->lines, &rest, session_text(s));
	*in = str_from(*in, piece.n);
	s->size += piece.n;
	s->chunk -= piece.n;
	return session_give_text(s);
}

static enum session_event
session_take(struct session *s, struct str *in)
{
	enum session_event event;

	switch (s->state) {
	case SESSION_AT_DATA:
		return session_take_data(s, in);
	case SESSION_AT_CHUNK:
		return session_take_chunk(s, in);
	case SESSION_AT_END:
		return session_complete(s);
	case SESSION_AT_CLOSE:
		event = session_abandon(s);
		return event == SESSION_FORGET ? event : SESSION_CLOSE;
	default:
		return session_take_line(s, in);
	}
}

/* There is something to do without input. */
static bool
session_is_due(const struct session *s)
{
	return s->state == SESSION_AT_CLOSE || s->state == SESSION_AT_END ||
	    (s->state == SESSION_AT_CHUNK && s->chunk == 0);
}

enum session_event
session_next(struct session *s, struct str *in)
{
	enum session_event event = SESSION_MORE;

	while (event == SESSION_MORE &&
	    (session_is_due(s) ||
		(in->n > 0 && s->replies.n < SESSION_REPLIES)))
		event = session_take(s, in);
	if (event == SESSION_STARTTLS) {
		/* what came in clear behind it is not the client's. RFC 3207 6
		 */
		*in = (struct str){ 0 };
		session_sayz(s, "220 2.0.0 Go ahead");
	}
	return event;
}

bool
session_is_slow(const struct session *s)
{
	return !s->conf.trusted && !s->signed_in &&
	    s->errors >= SESSION_ERRORS_SLOW;
}

void
session_end(struct session *s, struct str text)
{
	if (s->state != SESSION_AT_CLOSE && str_starts(text, STR("5")))
		session_refuse(s, text);
	else if (s->state != SESSION_AT_CLOSE)
		session_say(s, text);
	s->state = SESSION_AT_CLOSE;
	s->asked = SESSION_MORE;
}

/* Answers */

static bool
session_consents(struct str answer)
{
	return answer.n == 0 || answer.p[0] == '2';
}

/* Who is named twice gets one mail. */
static bool
session_is_known(const struct session *s, const struct addr *who)
{
	const struct addr *a = s->rcpt.list;

	while (a != NULL && !addr_same(a, who))
		a = a->next;
	return a != NULL;
}

static void
session_answer_rcpt(struct session *s, bool yes)
{
	if (!yes || session_is_known(s, s->rcpt.latest.to))
		return;
	*s->rcpt.tail = s->rcpt.latest.to;
	s->rcpt.tail = &s->rcpt.latest.to->next;
	s->rcpt.n++;
}

/* SESSION_AT_DATA is told to go on; of a BDAT the chunk decides. */
static void
session_answer_data(struct session *s, bool yes, struct str text)
{
	s->open = yes;
	if (s->chunked && !yes)
		session_condemn(s, text);
	if (s->chunked)
		return;
	if (yes) {
		session_sayz(s,
		    "354 Go on, end it with a dot on a line by itself");
		s->state = SESSION_AT_DATA;
		return;
	}
	session_reply_line(s, text);
	session_reset(s);
}

static struct str
session_consent(enum session_event asked)
{
	if (asked == SESSION_MAIL)
		return STR("250 2.1.0 Ok");
	if (asked == SESSION_RCPT)
		return STR("250 2.1.5 Ok");
	return asked == SESSION_AUTH ? STR("235 2.7.0 Welcome") :
				       STR("250 2.0.0 Ok");
}

static void
session_answer_auth(struct session *s, bool yes)
{
	buf_release(&s->auth.password);
	s->signed_in = yes;
	s->idle = yes ? 0 : s->idle;
}

void
session_answer(struct session *s, struct str text)
{
	enum session_event asked = s->asked;
	bool yes = session_consents(text);

	s->asked = SESSION_MORE;
	if (asked == SESSION_DATA) {
		session_answer_data(s, yes, text);
		return;
	}
	session_reply_line(s, text.n > 0 ? text : session_consent(asked));
	if (asked == SESSION_MAIL)
		s->in_transaction = yes;
	if (asked == SESSION_RCPT)
		session_answer_rcpt(s, yes);
	if (asked == SESSION_AUTH)
		session_answer_auth(s, yes);
	if (asked == SESSION_MESSAGE) {
		s->errors = yes ? 0 : s->errors;
		s->idle = yes ? 0 : s->idle;
		session_reset(s);
	}
}
