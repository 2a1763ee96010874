/* SPDX-License-Identifier: MIT */
/* The commands of a session, a function each. */
#include "codec/utf8.h"
#include "smtp/session_own.h"

enum { VERB_NOISE_MAX = 3 };

static const char *const verb_faults[] = {
	[SYNTAX_BAD_FORM] = "501 5.5.4 Syntax error in the parameters",
	[SYNTAX_BAD_PATH] = "501 5.1.7 That is no mail address",
	[SYNTAX_BAD_VALUE] = "501 5.5.4 A parameter has a value that is none",
	[SYNTAX_BAD_PARAM] = "555 5.5.4 That parameter is not known here",
	[SYNTAX_NO_MEMORY] = "452 4.3.1 Out of memory",
};

static bool
verb_may_sign_in(const struct session *s)
{
	return s->conf.auth && (s->conf.tls || s->conf.auth_in_clear);
}

static void
verb_offer(struct session *s)
{
	const struct session_conf *c = &s->conf;
	struct buf *out = &s->replies;

	log_trace(c->log, "S: 250 (EHLO)");
	buf_addf(out, "250-%.*s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n",
	    STR_ARG(c->host), (unsigned long long)c->max_size);
	if (c->starttls)
		buf_addz(out, "250-STARTTLS\r\n");
	if (verb_may_sign_in(s) && !s->signed_in) {
		buf_addz(out, "250-AUTH PLAIN LOGIN\r\n");
		if (c->auth_legacy)
			buf_addz(out, "250-AUTH=PLAIN LOGIN\r\n");
	}
	if (c->dsn)
		buf_addz(out, "250-DSN\r\n");
	if (c->limits)
		buf_addf(out, "250-LIMITS RCPTMAX=%zu\r\n", c->max_rcpt);
	buf_addz(out,
	    "250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n"
	    "250 ENHANCEDSTATUSCODES\r\n");
}

/* Any bytes will do as a name; what is no printable ASCII becomes '?'. */
static bool
verb_take_name(struct session *s, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	for (; n < name.n && n < SESSION_NAME_SIZE - 1; n++)
		s->hello[n] = (unsigned char)name.p[n] < 0x7f ? name.p[n] : '?';
	s->hello[n] = '\0';
	return true;
}

/* Old devices say HELO without a name. */
static enum session_event
verb_hello(struct session *s, struct str name, bool extended)
{
	enum session_event event;
	struct buf line;

	if (!verb_take_name(s, name)) {
		session_sayz(s, "501 5.5.4 A name has no control characters");
		return SESSION_MORE;
	}
	event = session_abandon(s); /* RFC 5321 4.1.4 */
	s->greeted = true;
	s->extended = extended;
	if (extended) {
		verb_offer(s);
		return event;
	}
	buf_init(&line, SESSION_REPLY_MAX);
	buf_addf(&line, "250 %.*s", STR_ARG(s->conf.host));
	session_reply_line(s, buf_view(&line));
	buf_release(&line);
	return event;
}

/* RFC 6531 3.4: who sends such an address has to say so in MAIL. */
static bool
verb_is_undeclared(const struct session *s, const struct addr *address)
{
	if (s->mail.utf8 || address == NULL)
		return false;
	for (size_t i = 0; i < address->text.n; i++)
		if ((unsigned char)address->text.p[i] >= 0x80)
			return true;
	return false;
}

static const char verb_undeclared[] =
    "553 5.6.7 That address needs SMTPUTF8 behind MAIL FROM";

/* Why nobody may send yet; NULL: somebody may. */
static const char *
verb_locked(const struct session *s)
{
	if (!s->conf.auth_only || s->signed_in)
		return NULL;
	if (!s->greeted)
		return "503 5.5.1 EHLO first";
	if (!verb_may_sign_in(s))
		return s->extended ? "530 5.7.0 STARTTLS first" :
				     "530 5.7.0 Say EHLO, then STARTTLS first";
	return s->extended ? "530 5.7.0 Sign in first" :
			     "530 5.7.0 Say EHLO, then sign in first";
}

static void
verb_reply_size(struct session *s)
{
	struct buf text;

	buf_init(&text, SESSION_REPLY_MAX);
	buf_addf(&text,
	    "552 5.3.4 %llu bytes at most go through Microsoft Graph here",
	    (unsigned long long)s->conf.max_size);
	session_reply_line(s, buf_view(&text));
	buf_release(&text);
}

static enum session_event
verb_mail(struct session *s, struct str argument)
{
	enum syntax_fault fault;

	if (s->in_transaction) {
		session_sayz(s,
		    "503 5.5.1 There is a sender already; RSET first");
		return SESSION_MORE;
	}
	if (verb_locked(s) != NULL) {
		session_sayz(s, verb_locked(s));
		return SESSION_MORE;
	}
	session_reset(s);
	fault = syntax_mail(&s->mem, argument, &s->mail);
	if (fault != SYNTAX_GOOD) {
		s->mail = (struct syntax_mail){ 0 };
		session_sayz(s, verb_faults[fault]);
	} else if (s->mail.size > s->conf.max_size)
		verb_reply_size(s);
	else if (verb_is_undeclared(s, s->mail.from))
		session_sayz(s, verb_undeclared);
	else
		return session_ask(s, SESSION_MAIL);
	return SESSION_MORE;
}

static enum session_event
verb_rcpt(struct session *s, struct str argument)
{
	enum syntax_fault fault;

	s->rcpt.latest.to = NULL;
	if (!s->in_transaction || s->chunked)
		session_sayz(s, "503 5.5.1 MAIL comes first");
	else if (s->rcpt.n == s->conf.max_rcpt)
		/* no error: it sends to the others later. RFC 5321 4.5.3.1.10
		 */
		session_refuse(s, STR("452 4.5.3 Too many recipients"));
	else {
		fault = syntax_rcpt(&s->mem, argument, &s->rcpt.latest);
		if (fault != SYNTAX_GOOD)
			s->rcpt.latest.to = NULL;
		if (fault == SYNTAX_BAD_PATH)
			session_sayz(s, "501 5.1.3 That is no mail address");
		else if (fault != SYNTAX_GOOD)
			session_sayz(s, verb_faults[fault]);
		else if (verb_is_undeclared(s, s->rcpt.latest.to))
			session_sayz(s, verb_undeclared);
		else
			return session_ask(s, SESSION_RCPT);
	}
	return SESSION_MORE;
}

/* Is there somebody to send a message to? */
static bool
verb_may_send(struct session *s)
{
	if (!s->in_transaction)
		session_sayz(s, "503 5.5.1 MAIL and RCPT come first");
	else if (s->rcpt.n == 0)
		session_sayz(s, "554 5.5.1 There is no valid recipient");
	return s->in_transaction && s->rcpt.n > 0;
}

static enum session_event
verb_data(struct session *s, struct str argument)
{
	if (argument.n > 0)
		session_sayz(s, "501 5.5.4 DATA has no parameters");
	else if (s->chunked)
		session_sayz(s, "503 5.5.1 BDAT was begun, BDAT LAST ends it");
	else if (verb_may_send(s)) {
		intake_init(&s->lines,
		    s->conf.lf_ends && s->lf ? INTAKE_SMTP_LF : INTAKE_SMTP);
		return session_ask(s, SESSION_DATA);
	}
	return SESSION_MORE;
}

/*
 * Its octets follow whatever we say (RFC 3030 2), so a refused chunk is read
 * and thrown away; where the number is none, nobody knows what follows.
 */
static enum session_event
verb_bdat(struct session *s, struct str argument)
{
	bool first = !s->chunked;

	if (syntax_bdat(argument, &s->chunk, &s->last) != SYNTAX_GOOD)
		return session_close_with(s,
		    "521 5.5.4 BDAT SIZE [LAST], good bye");
	s->state = SESSION_AT_CHUNK;
	if (!s->in_transaction || s->rcpt.n == 0) {
		session_condemn(s,
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
	return session_ask(s, SESSION_DATA);
}

/* What is answered without a look at the state. */
static const struct {
	enum syntax_verb verb;
	const char *reply, *bare; /* bare: where it has no argument */
} verb_plain[] = {
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
	{ SYNTAX_UNKNOWN, "500 5.5.2 That is no command",
	  "500 5.5.2 That is no command" },
	/* clang-format on */
};

static enum session_event
verb_answer(struct session *s, enum syntax_verb verb, struct str argument)
{
	size_t i = 0;

	while (
	    verb_plain[i].verb != verb && verb_plain[i].verb != SYNTAX_UNKNOWN)
		i++;
	session_sayz(s,
	    argument.n > 0 ? verb_plain[i].reply : verb_plain[i].bare);
	return SESSION_MORE;
}

/* Signing in, and TLS */

/* The next step: a line is asked for, it failed, or somebody judges it. */
enum session_event
session_sign_in(struct session *s, const char *answer)
{
	s->state = answer != NULL && answer[0] == '3' ? SESSION_AT_SIGN_IN :
							SESSION_AT_COMMAND;
	if (answer == NULL)
		return session_ask(s, SESSION_AUTH);
	session_sayz(s, answer);
	return SESSION_MORE;
}

/* Why nobody can sign in now; NULL: somebody can. */
static const char *
verb_no_sign_in(const struct session *s, struct str argument)
{
	if (!s->conf.auth)
		return argument.n > 0 ? "502 5.5.1 AUTH is not offered" :
					"501 5.5.4 AUTH by which mechanism?";
	if (!verb_may_sign_in(s))
		return "538 5.7.11 STARTTLS first";
	if (!s->greeted)
		return "503 5.5.1 EHLO first";
	if (s->signed_in)
		return "503 5.5.1 You are signed in";
	return s->in_transaction ? "503 5.5.1 Not within a message" : NULL;
}

static enum session_event
verb_auth(struct session *s, struct str argument)
{
	const char *no = verb_no_sign_in(s, argument);

	if (no != NULL) {
		session_sayz(s, no);
		return SESSION_MORE;
	}
	s->auth_method =
	    str_istarts(argument, STR("LOGIN")) ? "LOGIN" : "PLAIN";
	return session_sign_in(s, auth_begin(&s->auth, argument));
}

static enum session_event
verb_starttls(struct session *s, struct str argument)
{
	if (argument.n > 0)
		session_sayz(s, "501 5.5.4 STARTTLS has no parameters");
	else if (s->conf.tls)
		session_sayz(s, "503 5.5.1 This is TLS already");
	else if (!s->conf.starttls)
		session_sayz(s, "502 5.5.1 STARTTLS is not offered");
	else if (s->in_transaction)
		session_sayz(s, "503 5.5.1 Not within a message");
	else if (s->conf.may_secure != NULL && !s->conf.may_secure(s))
		session_sayz(s,
		    "454 4.7.0 Too many TLS handshakes, try again later");
	else
		return session_ask(s, SESSION_STARTTLS);
	return SESSION_MORE;
}

/* Commands that bring no mail; of a stranger only so many. */
static void
verb_count_idle(struct session *s)
{
	if (s->conf.trusted || s->signed_in)
		return;
	if (s->idle++ >= SESSION_IDLE_MAX)
		s->errors++;
}

static enum session_event
verb_obey_known(struct session *s, enum syntax_verb verb, struct str argument)
{
	enum session_event event;

	switch (verb) {
	case SYNTAX_HELO:
	case SYNTAX_EHLO:
		verb_count_idle(s);
		return verb_hello(s, argument, verb == SYNTAX_EHLO);
	case SYNTAX_MAIL:
		return verb_mail(s, argument);
	case SYNTAX_RCPT:
		return verb_rcpt(s, argument);
	case SYNTAX_DATA:
		return verb_data(s, argument);
	case SYNTAX_BDAT:
		return verb_bdat(s, argument);
	case SYNTAX_RSET:
		verb_count_idle(s);
		event = session_abandon(s);
		session_sayz(s, "250 2.0.0 Ok");
		return event;
	case SYNTAX_AUTH:
		return verb_auth(s, argument);
	case SYNTAX_STARTTLS:
		return verb_starttls(s, argument);
	case SYNTAX_QUIT:
		return session_close_with(s, "221 2.0.0 Bye");
	case SYNTAX_FOREIGN:
		if (s->conf.heard == NULL)
			log_warn(s->conf.log,
			    "hung up: the client does not speak SMTP");
		return session_close_with(s, "421 4.7.0 This is a mail server");
	case SYNTAX_NOOP:
	case SYNTAX_VRFY:
	case SYNTAX_HELP:
		verb_count_idle(s);
		break;
	case SYNTAX_UNKNOWN:
	case SYNTAX_EXPN:
	case SYNTAX_ETRN:
	case SYNTAX_TURN:
		break;
	}
	return verb_answer(s, verb, argument);
}

/* A byte that stands in no command: this client speaks something else. */
static bool
verb_is_noise(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '~')
			return true;
	return false;
}

enum session_event
session_obey(struct session *s, enum syntax_verb verb, struct str line,
    struct str argument)
{
	bool unknown = verb == SYNTAX_UNKNOWN;
	bool name = verb == SYNTAX_HELO || verb == SYNTAX_EHLO;

	s->verb = verb;
	s->did[verb]++;
	s->noise = unknown && verb_is_noise(line) ? s->noise + 1 : 0;
	if (s->errors >= s->conf.max_errors || s->noise == VERB_NOISE_MAX)
		return session_close_with(s,
		    "421 4.7.0 Too many errors, good bye");
	if (line.n >= SESSION_LINE_MAX && verb != SYNTAX_AUTH)
		session_sayz(s, "500 5.5.2 The line is too long");
	else if (!unknown && !name && !utf8_is_valid(line))
		session_sayz(s, "500 5.5.2 That is no UTF-8");
	else
		return verb_obey_known(s, verb, argument);
	return SESSION_MORE;
}
