/* SPDX-License-Identifier: MIT */
#include "command/sendmail/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "net/io.h"

enum {
	SUBMIT_MEMORY = 4 << 20, /* of the lines of [relay] */
	SUBMIT_INPUT = 4096,
	SUBMIT_GREETING_MS = 10000, /* who is on this machine is quick */
	/* RFC 5321 4.5.3.2: of a command, and of the text's end */
	SUBMIT_COMMAND_MS = 300000,
	SUBMIT_END_MS = 600000
};

/* Where */

void
submit_init(struct submit *s, const struct config *c, const struct log *log)
{
	*s = (struct submit){ .log = log };
	arena_init(&s->mem, SUBMIT_MEMORY);
	config_relay_find(c, &s->mem, &s->places);
}

void
submit_release(struct submit *s)
{
	arena_release(&s->mem);
	*s = (struct submit){ 0 };
}

/* The connection */

struct submit_line {
	struct submission machine;
	struct io_stream stream;
	int64_t patience_ms; /* for the next reply */
	const struct source *text;
	const struct log *log;
};

static bool
submit_away(struct err *e)
{
	e->kind = ERR_RETRY;
	e->exit = 0;
	e->away = true;
	return false;
}

static int
submit_connect(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = -1;

	errno = ENAMETOOLONG;
	if (str_of(path).n < sizeof(to.sun_path)) {
		memcpy(to.sun_path, path, str_of(path).n);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	}
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	err_sys(e, ERR_RETRY, "no relay answers at %s", path);
	os_close(&fd);
	(void)submit_away(e);
	return -1;
}

static bool
submit_wait(const struct submit_line *l, enum io io, struct err *e)
{
	struct pollfd at = { l->stream.fd, io_events(io), 0 };

	if (io == IO_DONE)
		return true;
	if (at.events != 0) {
		if (os_poll(&at, 1, os_mono_ms() + l->patience_ms) > 0)
			return true;
		err_set(e, ERR_RETRY, "it does not answer for %lld s",
		    (long long)l->patience_ms / 1000);
	} else if (io != IO_FAILED) {
		err_set(e, ERR_RETRY, "it hung up");
	}
	return submit_away(e);
}

/* All of what the machine says. */
static bool
submit_write(struct submit_line *l, struct err *e)
{
	struct str rest = buf_view(&l->machine.out);
	enum io io;
	size_t n;

	while (rest.n > 0) {
		n = 0;
		io = io_write(l->stream, rest, &n, e);
		if (!submit_wait(l, io, e))
			return false;
		rest = str_from(rest, n);
	}
	buf_reset(&l->machine.out);
	return true;
}

static bool
submit_read(const struct submit_line *l, char bytes[SUBMIT_INPUT],
    struct str *in, struct err *e)
{
	enum io io;
	size_t n;

	do {
		n = 0;
		io = io_read(l->stream, bytes, SUBMIT_INPUT, &n, e);
		if (!submit_wait(l, io, e))
			return false;
	} while (io != IO_DONE);
	*in = (struct str){ bytes, n };
	return true;
}

static bool
submit_piece(void *arg, struct str piece, struct err *e)
{
	struct submit_line *l = arg;

	submission_text(&l->machine, piece);
	return buf_ok(&l->machine.out, e) && submit_write(l, e);
}

/* One that is refused before its end is answered: that is read next. */
static bool
submit_body(struct submit_line *l, struct err *e)
{
	if (!source_copy(source_all(l->text), submit_piece, l, e)) {
		if (!e->away)
			return false;
		buf_reset(&l->machine.out);
	}
	submission_end(&l->machine);
	l->patience_ms = SUBMIT_END_MS;
	return true;
}

static bool
submit_talk(struct submit_line *l, struct err *e)
{
	char bytes[SUBMIT_INPUT];
	struct str in = { 0 };
	struct err unsaid;

	for (;;) {
		switch (submission_next(&l->machine, &in)) {
		case SUBMISSION_MORE:
			/* who hung up may have said why */
			(void)!submit_write(l, &unsaid);
			if (in.n == 0 && !submit_read(l, bytes, &in, e))
				return false;
			l->patience_ms = SUBMIT_COMMAND_MS;
			break;
		case SUBMISSION_BODY:
			if (!submit_body(l, e))
				return false;
			break;
		case SUBMISSION_DONE:
			(void)!submit_write(l, &unsaid);
			return true;
		case SUBMISSION_FAILED:
			(void)!submit_write(l, &unsaid);
			*e = l->machine.why;
			return false;
		}
	}
}

static struct str
submit_hello(char name[256])
{
	struct str text;

	if (gethostname(name, 256) < 0)
		name[0] = '\0';
	name[255] = '\0';
	text = str_of(name);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			text.n = 0;
	return text.n > 0 ? text : STR("localhost");
}

/* "250 2.0.0 Ok: queued as ID" */
static void
submit_note(struct submit *s, const char *whose, const char *reply)
{
	static const struct str mark = STR_INIT("queued as ");
	struct str text = str_of(reply);
	struct str id = str_from(text, str_find(text, mark) + mark.n);

	s->whose = whose;
	(void)snprintf(s->as, sizeof(s->as), "%s", reply);
	(void)snprintf(s->id, sizeof(s->id), "%.*s", STR_ARG(id));
}

static bool
submit_to_relay(struct submit *s, const struct submission_ask *ask,
    const struct source *text, struct err *e)
{
	struct submission_ask all = *ask;
	struct submit_line l = { .patience_ms = SUBMIT_GREETING_MS,
		.text = text,
		.log = s->log };
	char name[256];
	bool ok;

	if (s->places.socket == NULL) {
		err_set(e, ERR_RETRY, "there is no socket of a relay");
		return submit_away(e);
	}
	l.stream.fd = submit_connect(s->places.socket, e);
	if (l.stream.fd < 0)
		return false;
	all.hello = submit_hello(name);
	all.size = text->size;
	submission_init(&l.machine, &all);
	ok = submit_talk(&l, e) ||
	    err_wrap(e, "the relay at %s", s->places.socket);
	if (!ok && l.machine.taken > 0) {
		e->kind = ERR_UNSURE; /* to all once more would be twice */
		e->away = false;
		(void)err_wrap(e, "sent to the first %llu recipients only",
		    (unsigned long long)l.machine.taken);
	}
	if (ok)
		submit_note(s, s->places.socket, l.machine.reply);
	log_trace(s->log, "%s: %s", s->places.socket, l.machine.reply);
	submission_release(&l.machine);
	os_close(&l.stream.fd);
	return ok;
}

static bool
submit_to_drop(struct submit *s, struct accept *a, struct err *e)
{
	const char *folder = s->places.drop;
	const struct source text = accept_source(a);
	char name[DROP_NAME_SIZE];
	struct envelope v;

	if (folder == NULL)
		return err_set(e, ERR_RETRY, "there is no drop folder");
	if (!accept_envelope(a, &v, e) || !drop_add(folder, &v, &text, name, e))
		return false;
	submit_note(s, folder, "250 2.0.0 Ok: left for the relay");
	memcpy(s->id, name, sizeof(name));
	log_trace(s->log, "left as %s/%s", folder, name);
	return true;
}

bool
submit_accepted(struct submit *s, struct accept *a, bool leave, struct err *e)
{
	const struct source text = accept_source(a);
	const struct submission_ask ask = { .sender = a->to.sender,
		.rcpt = a->entry.rcpt,
		.notify = a->ask.notify,
		.envelope_id = a->ask.envelope_id,
		.ret = a->ask.ret };
	struct err away, undropped;

	if (submit_to_relay(s, &ask, &text, e))
		return true;
	if (!e->away || !leave)
		return false;
	log_trace(s->log, "%s", e->msg);
	if (submit_to_drop(s, a, &undropped))
		return true;
	away = *e;
	(void)err_set(e, ERR_RETRY, "%s; %s", away.msg, undropped.msg);
	return submit_away(e);
}

bool
submit_refuse(const struct err *closed, struct err *e)
{
	const struct err neither = *e;

	(void)err_set(e, ERR_CONFIG, "%s; %s", closed->msg, neither.msg);
	return err_remedy(e,
	    "let an administrator start post365 relay, which takes mail of "
	    "all users of this machine");
}
