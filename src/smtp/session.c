/* SPDX-License-Identifier: MIT */
#include "smtp/session.h"

#include <sysexits.h>

enum {
	MEMORY_MAX = 1024 * 1024, /* 1000 recipients of 254 bytes, parsed */
	REPLIES_MAX = 4 * SESSION_REPLIES
};

enum {
	COMMAND, /* a line is expected */
	SKIP,    /* the rest of one that is too long */
	DATA,    /* behind DATA */
	CHUNK,   /* behind BDAT */
	WHOLE,   /* all of a message is here */
	CLOSED
};

void
session_init(struct session *s, const struct session_conf *conf)
{
	*s = (struct session){ .conf = *conf };
	buf_init(&s->replies, REPLIES_MAX);
	buf_init(&s->line, SESSION_LINE_MAX);
	buf_init(&s->text, 2 * SESSION_PIECE + 4);
	arena_init(&s->mem, MEMORY_MAX);
	s->rcpt.tail = &s->rcpt.list;
	buf_addf(&s->replies, "220 %.*s ESMTP post365\r\n",
	    STR_ARG(s->conf.host));
}

void
session_release(struct session *s)
{
	buf_release(&s->replies);
	buf_release(&s->line);
	buf_release(&s->text);
	arena_release(&s->mem);
	*s = (struct session){ 0 };
}

/* Replies */

/* As RFC 5321 4.2 has them: no line end in a reply, and a bounded length. */
static void
reply(struct session *s, struct str text)
{
	struct str line = str_first(text, SESSION_REPLY_MAX - 2);

	line = str_first(line, str_chr(line, '\n'));
	line = str_first(line, str_chr(line, '\r'));
	/* before DATA consents, 3 is as good as 2 */
	if (line.n > 0 && line.p[0] > '3')
		s->errors++;
	log_trace(s->conf.log, "S: %.*s", STR_ARG(line));
	buf_adds(&s->replies, line);
	buf_add(&s->replies, "\r\n", 2);
}

static void
replyz(struct session *s, const char *text)
{
	reply(s, str_of(text));
}

static enum session_event
close_with(struct session *s, const char *text)
{
	replyz(s, text);
	s->state = CLOSED;
	return SESSION_CLOSE;
}

static const struct {
	const char *refused, *nouser; /* nouser: EX_NOUSER, design.md 1 */
} kinds[] = {
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
		e->exit == EX_NOUSER ? kinds[e->kind].nouser :
				       kinds[e->kind].refused,
	    e->msg);
}

/* The transaction */

static void
reset(struct session *s)
{
	arena_release(&s->mem);
	arena_init(&s->mem, MEMORY_MAX);
	s->mail = (struct syntax_mail){ 0 };
	s->rcpt = (struct session_rcpt){ 0 };
	s->rcpt.tail = &s->rcpt.list;
	s->in_transaction = false;
	s->verdict = (struct str){ 0 };
	s->size = 0;
	s->open = s->chunked = s->last = false;
}

/* The same in the middle of a message: the caller must know. */
static enum session_event
abandon(struct session *s)
{
	bool open = s->open;

	reset(s);
	return open ? SESSION_FORGET : SESSION_MORE;
}

static enum session_event
ask(struct session *s, enum session_event what)
{
	s->asked = what;
	return what;
}

/* The message is not taken; what comes of it is thrown away. */
static void
condemn(struct session *s, struct str why)
{
	if (s->verdict.n == 0)
		s->verdict = arena_str(&s->mem, why);
	if (s->verdict.n == 0)
		s->verdict = STR("451 4.3.1 Out of memory");
}

/* Commands */

static const char *const faults[] = {
	[SYNTAX_BAD_FORM] = "501 5.5.4 Syntax error in the parameters",
	[SYNTAX_BAD_PATH] = "501 5.1.3 That is no mail address",
	[SYNTAX_BAD_VALUE] = "501 5.5.4 A parameter has a value that is none",
	[SYNTAX_BAD_PARAM] = "555 5.5.4 That parameter is not known here",
	[SYNTAX_NO_MEMORY] = "452 4.3.1 Out of memory",
};

static void
offer(struct session *s)
{
	const struct session_conf *c = &s->conf;
	struct buf *out = &s->replies;

	log_trace(c->log, "S: 250 (EHLO)");
	buf_addf(out, "250-%.*s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n",
	    STR_ARG(c->host), (unsigned long long)c->max_size);
	if (c->dsn)
		buf_addz(out, "250-DSN\r\n");
	buf_addz(out,
	    "250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n"
	    "250 ENHANCEDSTATUSCODES\r\n");
}

static enum session_event
hello(struct session *s, struct str name, bool extended)
{
	enum session_event event;
	struct buf line;

	if (name.n == 0) {
		replyz(s, "501 5.5.4 Say who you are: EHLO name");
		return SESSION_MORE;
	}
	event = abandon(s); /* RFC 5321 4.1.4 */
	if (extended) {
		offer(s);
		return event;
	}
	buf_init(&line, SESSION_REPLY_MAX);
	buf_addf(&line, "250 %.*s", STR_ARG(s->conf.host));
	reply(s, buf_view(&line));
	buf_release(&line);
	return event;
}

/* RFC 6531 3.4: who sends such an address has to say so in MAIL. */
static bool
is_undeclared(const struct session *s, const struct addr *address)
{
	if (s->mail.utf8 || address == NULL)
		return false;
	for (size_t i = 0; i < address->text.n; i++)
		if ((unsigned char)address->text.p[i] >= 0x80)
			return true;
	return false;
}

static const char undeclared[] =
    "553 5.6.7 That address needs SMTPUTF8 behind MAIL FROM";

static enum session_event
mail(struct session *s, struct str argument)
{
	enum syntax_fault fault;

	if (s->in_transaction) {
		replyz(s, "503 5.5.1 There is a sender already; RSET first");
		return SESSION_MORE;
	}
	reset(s);
	fault = syntax_mail(&s->mem, argument, &s->mail);
	if (fault != SYNTAX_GOOD)
		replyz(s, faults[fault]);
	else if (s->mail.size > s->conf.max_size)
		replyz(s, "552 5.3.4 The message is too large");
	else if (is_undeclared(s, s->mail.from))
		replyz(s, undeclared);
	else
		return ask(s, SESSION_MAIL);
	return SESSION_MORE;
}

static enum session_event
rcpt(struct session *s, struct str argument)
{
	enum syntax_fault fault;

	if (!s->in_transaction || s->chunked)
		replyz(s, "503 5.5.1 MAIL comes first");
	else if (s->rcpt.n == SESSION_RCPT_MAX)
		replyz(s, "452 4.5.3 Too many recipients");
	else {
		fault = syntax_rcpt(&s->mem, argument, &s->rcpt.latest);
		if (fault != SYNTAX_GOOD)
			replyz(s, faults[fault]);
		else if (is_undeclared(s, s->rcpt.latest.to))
			replyz(s, undeclared);
		else
			return ask(s, SESSION_RCPT);
	}
	return SESSION_MORE;
}

/* Is there somebody to send a message to? */
static bool
may_send(struct session *s)
{
	if (!s->in_transaction)
		replyz(s, "503 5.5.1 MAIL and RCPT come first");
	else if (s->rcpt.n == 0)
		replyz(s, "554 5.5.1 There is no valid recipient");
	return s->in_transaction && s->rcpt.n > 0;
}

static enum session_event
data(struct session *s, struct str argument)
{
	if (argument.n > 0)
		replyz(s, "501 5.5.4 DATA has no parameters");
	else if (s->chunked)
		replyz(s, "503 5.5.1 BDAT was begun, BDAT LAST ends it");
	else if (may_send(s)) {
		intake_init(&s->lines,
		    s->conf.lf_ends && s->lf ? INTAKE_SMTP_LF : INTAKE_SMTP);
		return ask(s, SESSION_DATA);
	}
	return SESSION_MORE;
}

/*
 * Its octets follow whatever we say (RFC 3030 2), so a refused chunk is read
 * and thrown away; where the number is none, nobody knows what follows.
 */
static enum session_event
bdat(struct session *s, struct str argument)
{
	bool first = !s->chunked;

	if (syntax_bdat(argument, &s->chunk, &s->last) != SYNTAX_GOOD)
		return close_with(s, "521 5.5.4 BDAT SIZE [LAST], good bye");
	s->state = CHUNK;
	if (!s->in_transaction || s->rcpt.n == 0) {
		condemn(s,
		    s->in_transaction ?
			STR("554 5.5.1 There is no valid recipient") :
			STR("503 5.5.1 MAIL and RCPT come first"));
		s->chunked = true;
		return SESSION_MORE;
	}
	s->chunked = true;
	if (!first)
		return SESSION_MORE;
	intake_init(&s->lines, INTAKE_CHUNKS);
	return ask(s, SESSION_DATA);
}

/* What is answered without a look at the state. */
static const struct {
	enum syntax_verb verb;
	const char *reply, *bare; /* bare: where it has no argument */
} simple[] = {
	/* clang-format off */
	{ SYNTAX_NOOP, "250 2.0.0 Ok", "250 2.0.0 Ok" },
	{ SYNTAX_VRFY, "252 2.0.0 Send some mail, it will be tried",
	  "501 5.5.4 VRFY whom?" },
	{ SYNTAX_HELP, "214 2.0.0 EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT",
	  "214 2.0.0 EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT" },
	{ SYNTAX_EXPN, "502 5.5.1 EXPN is not offered",
	  "502 5.5.1 EXPN is not offered" },
	{ SYNTAX_ETRN, "502 5.5.1 ETRN is not offered",
	  "502 5.5.1 ETRN is not offered" },
	{ SYNTAX_TURN, "502 5.5.1 TURN is not offered",
	  "502 5.5.1 TURN is not offered" },
	{ SYNTAX_STARTTLS, "501 5.5.4 STARTTLS has no parameters",
	  "502 5.5.1 STARTTLS is not offered" },
	{ SYNTAX_AUTH, "502 5.5.1 AUTH is not offered",
	  "501 5.5.4 AUTH by which mechanism?" },
	{ SYNTAX_UNKNOWN, "500 5.5.2 That is no command",
	  "500 5.5.2 That is no command" },
	/* clang-format on */
};

static enum session_event
answer_simply(struct session *s, enum syntax_verb verb, struct str argument)
{
	size_t i = 0;

	while (simple[i].verb != verb && simple[i].verb != SYNTAX_UNKNOWN)
		i++;
	replyz(s, argument.n > 0 ? simple[i].reply : simple[i].bare);
	return SESSION_MORE;
}

static enum session_event
obey(struct session *s, enum syntax_verb verb, struct str argument)
{
	enum session_event event;

	switch (verb) {
	case SYNTAX_HELO:
	case SYNTAX_EHLO:
		return hello(s, argument, verb == SYNTAX_EHLO);
	case SYNTAX_MAIL:
		return mail(s, argument);
	case SYNTAX_RCPT:
		return rcpt(s, argument);
	case SYNTAX_DATA:
		return data(s, argument);
	case SYNTAX_BDAT:
		return bdat(s, argument);
	case SYNTAX_RSET:
		event = abandon(s);
		replyz(s, "250 2.0.0 Ok");
		return event;
	case SYNTAX_QUIT:
		return close_with(s, "221 2.0.0 Bye");
	case SYNTAX_FOREIGN:
		log_warn(s->conf.log,
		    "hung up: the client does not speak SMTP");
		return close_with(s, "421 4.7.0 This is a mail server");
	case SYNTAX_UNKNOWN:
	case SYNTAX_NOOP:
	case SYNTAX_VRFY:
	case SYNTAX_EXPN:
	case SYNTAX_ETRN:
	case SYNTAX_TURN:
	case SYNTAX_HELP:
	case SYNTAX_STARTTLS:
	case SYNTAX_AUTH:
		break;
	}
	return answer_simply(s, verb, argument);
}

/* Input */

/* A sign-in carries a password: not for a log. */
static void
trace_command(const struct session *s, enum syntax_verb verb, struct str line)
{
	if (verb == SYNTAX_AUTH)
		log_trace(s->conf.log, "C: AUTH ***");
	else
		log_trace(s->conf.log, "C: %.*s", STR_ARG(line));
}

static enum session_event
run_line(struct session *s)
{
	struct str line = buf_view(&s->line), argument;
	enum syntax_verb verb;
	enum session_event event;

	s->lf = !str_ends(line, STR("\r"));
	line = str_first(line, line.n - !s->lf);
	verb = syntax_command(line, &argument);
	trace_command(s, verb, line);
	if (s->errors >= SESSION_ERRORS_MAX)
		event = close_with(s, "421 4.7.0 Too many errors, good bye");
	else
		event = obey(s, verb, argument);
	buf_reset(&s->line);
	return event;
}

/* Collects a line. It ends in LF, with a CR before it or not. */
static enum session_event
take_line(struct session *s, struct str *in)
{
	size_t end = str_chr(*in, '\n');
	bool whole = end < in->n;

	if (s->state == COMMAND)
		buf_adds(&s->line, str_first(*in, end));
	*in = str_from(*in, whole ? end + 1 : end);
	if (s->line.full || s->line.no_memory)
		s->state = SKIP;
	if (!whole)
		return SESSION_MORE;
	if (s->state == COMMAND)
		return run_line(s);
	s->state = COMMAND;
	buf_reset(&s->line);
	replyz(s, "500 5.5.2 The line is too long");
	return SESSION_MORE;
}

/* Gives a piece of the message to the caller, if it is still wanted. */
static enum session_event
give_text(struct session *s)
{
	if (s->size > s->conf.max_size)
		condemn(s, STR("552 5.3.4 The message is too large"));
	if (s->lines.bare && s->conf.reject_bare)
		condemn(s, STR("554 5.6.0 A lone CR or LF is not accepted"));
	if (s->text.no_memory)
		condemn(s, STR("451 4.3.1 Out of memory"));
	if (s->verdict.n == 0)
		return s->text.n > 0 ? SESSION_TEXT : SESSION_MORE;
	buf_reset(&s->text);
	if (!s->open)
		return SESSION_MORE;
	s->open = false;
	return SESSION_FORGET;
}

/* It is all here: the caller's verdict, or the one that stands. */
static enum session_event
complete(struct session *s)
{
	struct str verdict = s->verdict;

	s->state = COMMAND;
	if (verdict.n == 0)
		return ask(s, SESSION_MESSAGE);
	reply(s, verdict);
	return abandon(s);
}

static enum session_event
take_data(struct session *s, struct str *in)
{
	struct str piece = str_first(*in, SESSION_PIECE);
	struct str rest = piece;
	enum parse result;

	buf_reset(&s->text);
	result = intake_feed(&s->lines, &rest, &s->text);
	*in = str_from(*in, piece.n - rest.n);
	s->size += piece.n - rest.n;
	if (result == PARSE_DONE)
		s->state = WHOLE;
	return give_text(s);
}

/* The octets of this BDAT are all here. */
static enum session_event
end_chunk(struct session *s)
{
	if (s->last) {
		intake_finish(&s->lines, &s->text);
		s->state = WHOLE;
		return give_text(s);
	}
	s->state = COMMAND;
	if (s->verdict.n > 0)
		reply(s, s->verdict);
	else
		replyz(s, "250 2.0.0 Ok");
	return SESSION_MORE;
}

static enum session_event
take_chunk(struct session *s, struct str *in)
{
	size_t most =
	    s->chunk < SESSION_PIECE ? (size_t)s->chunk : SESSION_PIECE;
	struct str piece = str_first(*in, most), rest = piece;

	buf_reset(&s->text);
	if (s->chunk == 0)
		return end_chunk(s);
	(void)intake_feed(&s->lines, &rest, &s->text);
	*in = str_from(*in, piece.n);
	s->size += piece.n;
	s->chunk -= piece.n;
	return give_text(s);
}

static enum session_event
take(struct session *s, struct str *in)
{
	switch (s->state) {
	case DATA:
		return take_data(s, in);
	case CHUNK:
		return take_chunk(s, in);
	case WHOLE:
		return complete(s);
	case CLOSED:
		return SESSION_CLOSE;
	default:
		return take_line(s, in);
	}
}

/* There is something to do without input. */
static bool
is_due(const struct session *s)
{
	return s->state == CLOSED || s->state == WHOLE ||
	    (s->state == CHUNK && s->chunk == 0);
}

enum session_event
session_next(struct session *s, struct str *in)
{
	enum session_event event = SESSION_MORE;

	while (event == SESSION_MORE &&
	    (is_due(s) || (in->n > 0 && s->replies.n < SESSION_REPLIES)))
		event = take(s, in);
	return event;
}

/* Answers */

static bool
consents(struct str answer)
{
	return answer.n == 0 || answer.p[0] == '2';
}

static void
answer_rcpt(struct session *s, bool yes)
{
	if (!yes)
		return;
	*s->rcpt.tail = s->rcpt.latest.to;
	s->rcpt.tail = &s->rcpt.latest.to->next;
	s->rcpt.n++;
}

/* DATA is told to go on; of a BDAT the chunk decides. */
static void
answer_data(struct session *s, bool yes, struct str text)
{
	s->open = yes;
	if (s->chunked && !yes)
		condemn(s, text);
	if (s->chunked)
		return;
	if (yes) {
		replyz(s, "354 Go on, end it with a dot on a line by itself");
		s->state = DATA;
		return;
	}
	reply(s, text);
	reset(s);
}

void
session_answer(struct session *s, struct str text)
{
	enum session_event asked = s->asked;
	bool yes = consents(text);

	s->asked = SESSION_MORE;
	if (asked == SESSION_DATA) {
		answer_data(s, yes, text);
		return;
	}
	reply(s, text.n > 0 ? text : STR("250 2.0.0 Ok"));
	if (asked == SESSION_MAIL)
		s->in_transaction = yes;
	if (asked == SESSION_RCPT)
		answer_rcpt(s, yes);
	if (asked == SESSION_MESSAGE) {
		s->errors = yes ? 0 : s->errors;
		reset(s);
	}
}
