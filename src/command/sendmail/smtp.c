/* SPDX-License-Identifier: MIT */
#include "command/sendmail/smtp.h"

#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "smtp/session.h"

enum {
	INPUT_SIZE = 16384,
	HOST_SIZE = 256 /* POSIX: HOST_NAME_MAX is 255 at the most */
};

struct server {
	const struct sendmail_smtp *streams;
	struct sendmail_post *post;
	struct session session;
	bool spoiled; /* it could not be kept, and why */
	struct err why;
	char input[INPUT_SIZE];
};

/* Greetings want a word; a machine may have none. */
static struct str
own_name(char name[HOST_SIZE])
{
	if (gethostname(name, HOST_SIZE) < 0)
		name[0] = '\0';
	name[HOST_SIZE - 1] = '\0';
	return name[0] != '\0' ? str_of(name) : STR("localhost");
}

static bool
flush(struct server *s, struct err *e)
{
	bool ok = os_write_fd(s->streams->out, "standard output",
	    buf_view(&s->session.replies), e);

	buf_reset(&s->session.replies);
	return ok;
}

/* One read(2); *in is empty at the end of the input. */
static bool
take_input(struct server *s, struct str *in, struct err *e)
{
	struct os_piece piece = { .p = s->input, .max = sizeof(s->input) };

	if (!os_read_some(s->streams->in, "standard input", &piece, e)) {
		e->kind = ERR_RETRY;
		e->exit = EX_IOERR;
		return false;
	}
	*in = (struct str){ piece.p, piece.n };
	return true;
}

static void
answer_failure(struct server *s, const struct err *e)
{
	struct buf text;

	buf_init(&text, ERR_MSG_SIZE + SESSION_REPLY_MAX);
	session_reply(&text, e);
	session_answer(&s->session,
	    text.n > 0 ? buf_view(&text) : STR("451 4.3.0 Out of memory"));
	buf_release(&text);
}

static void
forget(struct server *s)
{
	accept_release(&s->post->in);
	s->spoiled = false;
}

static void
begin(struct server *s)
{
	struct session *from = &s->session;
	const struct accept_ask ask = {
		.entry = { .sender = from->mail.from, .rcpt = from->rcpt.list },
		.received = arena_fmt(&from->mem, "by %.*s (post365) with SMTP",
		    STR_ARG(from->conf.host)),
		.envelope_id = from->mail.envid,
		.ret = str_of(from->mail.full ? "full" : ""),
	};

	s->post->ask.sender =
	    from->mail.from != NULL ? from->mail.from->text.p : NULL;
	sendmail_post_begin(s->post, &ask);
	session_answer(from, (struct str){ 0 });
}

static void
keep(struct server *s)
{
	if (!s->spoiled)
		s->spoiled =
		    !accept_feed(&s->post->in, s->session.piece, &s->why);
}

/* Stores the message; that it is sent does not take a client's time. */
static void
take_message(struct server *s)
{
	struct buf text;
	struct err e;

	if (s->spoiled) {
		answer_failure(s, &s->why);
	} else if (accept_end(&s->post->in, &e) &&
	    sendmail_post_store(s->post, &e)) {
		buf_init(&text, SESSION_REPLY_MAX);
		if (s->post->away)
			buf_addz(&text, s->post->submit.as);
		else
			buf_addf(&text, "250 2.0.0 Ok: queued as %s",
			    s->post->in.id);
		session_answer(&s->session, buf_view(&text));
		buf_release(&text);
		if (s->streams->deliver)
			sendmail_post_background(s->post);
	} else {
		sendmail_post_note(s->post->syslog, s->session.mail.from, &e);
		answer_failure(s, &e);
	}
	forget(s);
}

static bool
serve(struct server *s, struct err *e)
{
	struct str in = { 0 };

	for (;;) {
		switch (session_next(&s->session, &in)) {
		case SESSION_MORE:
			if (!flush(s, e))
				return false;
			if (in.n == 0 && !take_input(s, &in, e))
				return false;
			if (in.n == 0)
				return true; /* half a message is none */
			break;
		case SESSION_MAIL:
		case SESSION_RCPT:
			session_answer(&s->session, (struct str){ 0 });
			break;
		case SESSION_DATA:
			begin(s);
			break;
		case SESSION_TEXT:
			keep(s);
			break;
		case SESSION_MESSAGE:
			take_message(s);
			break;
		case SESSION_FORGET:
			forget(s);
			break;
		case SESSION_AUTH: /* neither is offered */
		case SESSION_STARTTLS:
		case SESSION_CLOSE:
			return flush(s, e);
		}
	}
}

bool
sendmail_smtp_serve(const struct sendmail_smtp *streams,
    struct sendmail_post *post, struct err *e)
{
	struct server s = { .streams = streams, .post = post };
	char name[HOST_SIZE];
	struct session_conf conf = {
		.host = own_name(name),
		.max_size = accept_largest(&post->config),
		.lf_ends = true,
		.dsn = true,
		.log = post->log,
	};
	bool ok;

	session_init(&s.session, &conf);
	ok = serve(&s, e);
	forget(&s);
	session_release(&s.session);
	return ok;
}

void
sendmail_smtp_apologize(const struct sendmail_smtp *streams)
{
	struct err unsaid;
	bool said = os_write_fd(streams->out, "standard output",
	    STR("421 4.3.5 The settings of this server are not usable\r\n"),
	    &unsaid);

	(void)said; /* the exit status tells */
}
