/* SPDX-License-Identifier: MIT */
#include "smtp/submission.h"

#include <stdio.h>
#include <sysexits.h>

enum {
	SUBMISSION_OUT = 1 << 20, /* bytes: a piece of text, each byte a dot */
	SUBMISSION_CODE = 3
};

/* Named by the reply that is waited for. */
enum submission_state {
	SUBMISSION_GREETING,
	SUBMISSION_EHLO,
	SUBMISSION_MAIL,
	SUBMISSION_RCPT,
	SUBMISSION_DATA,
	SUBMISSION_TEXT, /* no reply: the caller gives the text */
	SUBMISSION_END,
	SUBMISSION_OVER
};

enum { OFFERS_SIZE = 1, OFFERS_8BIT = 2, OFFERS_UTF8 = 4, OFFERS_DSN = 8 };

static const struct {
	struct str word;
	unsigned offer;
} submission_words[] = {
	{ STR_INIT("SIZE"), OFFERS_SIZE },
	{ STR_INIT("8BITMIME"), OFFERS_8BIT },
	{ STR_INIT("SMTPUTF8"), OFFERS_UTF8 },
	{ STR_INIT("DSN"), OFFERS_DSN },
};

void
submission_init(struct submission *s, const struct submission_ask *ask)
{
	*s = (struct submission){ .ask = *ask,
		.most = UINT64_MAX,
		.next = ask->rcpt };
	buf_init(&s->out, SUBMISSION_OUT);
	buf_init(&s->line, SUBMISSION_REPLY_MAX);
}

void
submission_release(struct submission *s)
{
	buf_release(&s->out);
	buf_release(&s->line);
}

/* The reply as an error */

static enum submission_event
submission_fail(struct submission *s)
{
	s->state = SUBMISSION_OVER;
	buf_addz(&s->out, "QUIT\r\n");
	return SUBMISSION_FAILED;
}

/* What a permanent refusal means: design.md 1's table, backwards. */
static void
submission_judge(struct submission *s)
{
	static const struct {
		struct str starts;
		enum err_kind kind;
		int exit;
	} rows[] = {
		{ STR_INIT("550 5.1.1"), ERR_REFUSED, EX_NOUSER },
		{ STR_INIT("501"), ERR_INPUT, 0 },
		{ STR_INIT("552"), ERR_INPUT, 0 },
		{ STR_INIT("553"), ERR_INPUT, 0 },
		{ STR_INIT("550 5.6"), ERR_INPUT, 0 },
		{ STR_INIT("554 5.6"), ERR_INPUT, 0 },
	};
	struct str reply = str_of(s->reply);

	s->why.kind = ERR_REFUSED;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (str_starts(reply, rows[i].starts)) {
			s->why.kind = rows[i].kind;
			s->why.exit = rows[i].exit;
			return;
		}
}

static enum submission_event
submission_refused(struct submission *s, struct str about)
{
	char code = s->reply[0];

	if (about.n > 0)
		err_set(&s->why, ERR_RETRY, "<%.*s>: %s", STR_ARG(about),
		    s->reply);
	else
		err_set(&s->why, ERR_RETRY, "%s", s->reply);
	if (code == '5' && s->state != SUBMISSION_GREETING)
		submission_judge(s);
	else
		s->why.away = code != '4' || s->state == SUBMISSION_GREETING ||
		    str_starts(str_of(s->reply), STR("421"));
	return submission_fail(s);
}

/* Commands */

static bool
submission_is_ascii(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > 0x7e)
			return false;
	return true;
}

static bool
submission_wants_utf8(const struct submission *s)
{
	if (!submission_is_ascii(s->ask.sender))
		return true;
	for (const struct addr *a = s->ask.rcpt; a != NULL; a = a->next)
		if (!submission_is_ascii(a->text))
			return true;
	return false;
}

static enum submission_event
submission_mail(struct submission *s)
{
	const struct submission_ask *ask = &s->ask;
	bool dsn = (s->offers & OFFERS_DSN) != 0;
	bool utf8 = submission_wants_utf8(s);

	if (utf8 && (s->offers & OFFERS_UTF8) == 0) {
		err_set(&s->why, ERR_INPUT,
		    "an address is not ASCII, and the server does not offer "
		    "SMTPUTF8");
		return submission_fail(s);
	}
	buf_addf(&s->out, "MAIL FROM:<%.*s>", STR_ARG(ask->sender));
	if ((s->offers & OFFERS_SIZE) != 0)
		buf_addf(&s->out, " SIZE=%llu", (unsigned long long)ask->size);
	if ((s->offers & OFFERS_8BIT) != 0)
		buf_addz(&s->out, " BODY=8BITMIME");
	if (utf8)
		buf_addz(&s->out, " SMTPUTF8");
	if (dsn && ask->ret.n > 0)
		buf_addf(&s->out, " RET=%s",
		    str_ieq(ask->ret, STR("full")) ? "FULL" : "HDRS");
	if (dsn && ask->envelope_id.n > 0)
		buf_addf(&s->out, " ENVID=%.*s", STR_ARG(ask->envelope_id));
	buf_addz(&s->out, "\r\n");
	s->named = 0;
	s->state = SUBMISSION_MAIL;
	return SUBMISSION_MORE;
}

static enum submission_event
submission_rcpt(struct submission *s)
{
	const struct addr *to = s->next;
	unsigned when = to->notify.when != 0 ? to->notify.when : s->ask.notify;

	buf_addf(&s->out, "RCPT TO:<%.*s>", STR_ARG(to->text));
	if ((s->offers & OFFERS_DSN) != 0 && when != 0) {
		buf_addz(&s->out, " NOTIFY=");
		notify_write(when, &s->out);
	}
	if ((s->offers & OFFERS_DSN) != 0 && to->notify.original.n > 0)
		buf_addf(&s->out, " ORCPT=%.*s", STR_ARG(to->notify.original));
	buf_addz(&s->out, "\r\n");
	s->state = SUBMISSION_RCPT;
	return SUBMISSION_MORE;
}

static enum submission_event
submission_data(struct submission *s)
{
	buf_addz(&s->out, "DATA\r\n");
	s->state = SUBMISSION_DATA;
	return SUBMISSION_MORE;
}

void
submission_text(struct submission *s, struct str piece)
{
	size_t end;
	bool whole;

	while (piece.n > 0) {
		end = str_chr(piece, '\n');
		whole = end < piece.n;
		if (!s->inside && piece.p[0] == '.')
			buf_addc(&s->out, '.'); /* RFC 5321 4.5.2 */
		buf_adds(&s->out, str_first(piece, end + 1));
		s->inside = !whole;
		piece = str_from(piece, end + 1);
	}
}

void
submission_end(struct submission *s)
{
	buf_addz(&s->out, s->inside ? "\r\n.\r\n" : ".\r\n");
	s->state = SUBMISSION_END;
}

/* Replies */

static void
submission_note_offer(struct submission *s, struct str line)
{
	struct str word = str_first(line, str_chr(line, ' ')), rest = line;
	static const struct str most = STR_INIT("RCPTMAX=");

	for (size_t i = 0;
	     i < sizeof(submission_words) / sizeof(*submission_words); i++)
		if (str_ieq(word, submission_words[i].word))
			s->offers |= submission_words[i].offer;
	if (!str_ieq(word, STR("LIMITS")))
		return;
	while (str_next(&rest, ' ', &word))
		if (str_istarts(word, most) &&
		    (!str_u64(str_from(word, most.n), UINT64_MAX, &s->most) ||
			s->most == 0))
			s->most = UINT64_MAX;
}

/* What comes next, now that this reply is good. */
static enum submission_event
submission_go_on(struct submission *s)
{
	switch ((enum submission_state)s->state) {
	case SUBMISSION_GREETING:
		buf_addf(&s->out, "EHLO %.*s\r\n", STR_ARG(s->ask.hello));
		s->state = SUBMISSION_EHLO;
		return SUBMISSION_MORE;
	case SUBMISSION_EHLO:
		return submission_mail(s);
	case SUBMISSION_MAIL:
	case SUBMISSION_RCPT:
		if (s->state == SUBMISSION_RCPT) {
			s->next = s->next->next;
			s->named++;
		}
		if (s->next != NULL && s->named < s->most)
			return submission_rcpt(s);
		return submission_data(s);
	case SUBMISSION_DATA:
		s->inside = false;
		s->state = SUBMISSION_TEXT;
		return SUBMISSION_BODY;
	case SUBMISSION_END:
		s->taken += s->named;
		if (s->next != NULL)
			return submission_mail(s);
		s->state = SUBMISSION_OVER;
		buf_addz(&s->out, "QUIT\r\n");
		return SUBMISSION_DONE;
	case SUBMISSION_TEXT:
	case SUBMISSION_OVER:
		break;
	}
	return SUBMISSION_MORE;
}

/* A line of a reply, without its end. */
static enum submission_event
submission_take(struct submission *s, struct str line)
{
	bool more = line.n > SUBMISSION_CODE && line.p[SUBMISSION_CODE] == '-';
	char wanted = s->state == SUBMISSION_DATA ? '3' : '2';

	if (s->state == SUBMISSION_EHLO && line.n > SUBMISSION_CODE)
		submission_note_offer(s, str_from(line, SUBMISSION_CODE + 1));
	if (more)
		return SUBMISSION_MORE;
	(void)snprintf(s->reply, sizeof(s->reply), "%.*s",
	    STR_ARG(str_cut(line, sizeof(s->reply) - 1)));
	if (s->reply[0] == wanted)
		return submission_go_on(s);
	/* too many: those before stay, the others follow */
	if (s->state == SUBMISSION_RCPT && s->named > 0 &&
	    str_starts(str_of(s->reply), STR("452"))) {
		s->most = s->named;
		return submission_data(s);
	}
	return submission_refused(s,
	    s->state == SUBMISSION_RCPT     ? s->next->text :
		s->state == SUBMISSION_MAIL ? s->ask.sender :
					      STR(""));
}

static enum submission_event
submission_lost(struct submission *s, const char *why)
{
	err_set(&s->why, ERR_RETRY, "%s", why);
	s->why.away = true;
	s->state = SUBMISSION_OVER;
	return SUBMISSION_FAILED;
}

enum submission_event
submission_next(struct submission *s, struct str *in)
{
	enum submission_event event = SUBMISSION_MORE;
	struct err unsaid;
	size_t end;

	while (event == SUBMISSION_MORE && in->n > 0) {
		end = str_chr(*in, '\n');
		buf_adds(&s->line, str_first(*in, end));
		if (!buf_ok(&s->line, &unsaid))
			return submission_lost(s, "a reply without an end");
		if (end == in->n) {
			*in = str_from(*in, end);
			break;
		}
		*in = str_from(*in, end + 1);
		event = submission_take(s, str_trim(buf_view(&s->line)));
		buf_reset(&s->line);
	}
	if (event != SUBMISSION_FAILED && !buf_ok(&s->out, &unsaid))
		return submission_lost(s, "out of memory");
	return event;
}
