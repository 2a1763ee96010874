/* SPDX-License-Identifier: MIT */
/*
 * server: a small Graph on the loopback, which costs hardly any time of the
 * cores that it shares with what is measured: tokens, and sendMail.
 *
 *	server [-t CA_FILE] ANSWER_MS [MAILBOX=MS...]
 *
 * Answers each sendMail with 202 ANSWER_MS after its last byte, or after the
 * time of its mailbox; connections are kept. -t: with TLS, for 127.0.0.1; the
 * authority that the client is to trust goes to the file. ANSWER_MS "busy":
 * 429 at once, for an hour.
 *
 * Prints "ready PORT" when it listens; "first TIME" (seconds since 1970) at
 * the first sendMail; "mail MAILBOX TIME" at the first of each mailbox that was
 * not named; when it is told to end (SIGTERM) "sent N busy SECONDS": how long
 * requests were under way, all added up.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/cert.h"
#include "net/io.h"
#include "net/tls.h"

enum {
	CLIENTS = 256,
	READ_SIZE = 16384, /* a head, or a piece of a body */
	MEMORY = 64 * 1024,
	SEEN = 256 /* mailboxes */
};

struct client {
	enum { FREE, SHAKING, READING, WAITING, WRITING } phase;
	struct arena mem; /* of tls */
	struct io_stream stream;
	short events;
	char in[READ_SIZE + 1];
	size_t n;    /* of in; a head that is not complete */
	bool headed; /* and so many bytes of the body are to come: */
	uint64_t left;
	int64_t asked_us, due_us; /* of a sendMail */
	struct str out;
};

static const char token[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Content-Length: 114\r\n\r\n"
    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":"
    "\"eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJNYWlsLlNlbmQiXX0.e30\"}";
static const char accepted[] =
    "HTTP/1.1 202 Accepted\r\nrequest-id: bench\r\nContent-Length: 0\r\n\r\n";
static const char busy[] =
    "HTTP/1.1 429 Too Many Requests\r\nrequest-id: bench\r\n"
    "Retry-After: 3600\r\nContent-Length: 0\r\n\r\n";

static struct client clients[CLIENTS];
static struct pollfd at[CLIENTS + 1];
static char *seen[SEEN], **slow;
static size_t n_seen, n_slow, sent;
static int64_t answer_us, busy_us;
static bool is_busy;
static volatile sig_atomic_t over;

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "server: %s\n", what);
	exit(1);
}

static int64_t
now_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
end(int ignored)
{
	(void)ignored;
	over = 1;
}

/* --- answers */

static void
unescape(char *s)
{
	char hex[3] = { 0 }, *to = s;

	for (; *s != '\0'; s++, to++) {
		*to = *s;
		if (*s != '%' || s[1] == '\0' || s[2] == '\0')
			continue;
		memcpy(hex, s + 1, 2);
		*to = (char)strtol(hex, NULL, 16);
		s += 2;
	}
	*to = '\0';
}

/* Microseconds until its answer. Tells of a mailbox at its first request. */
static int64_t
wait_of(const char *mailbox)
{
	size_t n = strlen(mailbox);

	for (size_t i = 0; i < n_slow; i++)
		if (strncasecmp(slow[i], mailbox, n) == 0 && slow[i][n] == '=')
			return atoll(slow[i] + n + 1) * 1000;
	for (size_t i = 0; i < n_seen; i++)
		if (strcasecmp(seen[i], mailbox) == 0)
			return answer_us;
	if (n_seen < SEEN) {
		seen[n_seen++] = strdup(mailbox);
		printf("mail %s %.6f\n", mailbox,
		    (double)now_us(CLOCK_REALTIME) / 1e6);
	}
	return answer_us;
}

/* The request is whole. */
static void
answer(struct client *c)
{
	char *mailbox, *end_of;

	c->headed = false;
	c->n = 0;
	c->phase = WAITING;
	c->events = 0;
	c->due_us = c->asked_us = now_us(CLOCK_MONOTONIC);
	end_of = strstr(c->in, "/sendMail HTTP/");
	if (end_of == NULL || end_of > strchr(c->in, '\r')) {
		c->out = str_of(token);
		c->asked_us = 0;
		return;
	}
	*end_of = '\0';
	mailbox = strrchr(c->in, '/') + 1;
	unescape(mailbox);
	c->due_us += wait_of(mailbox);
	c->out = str_of(is_busy ? busy : accepted);
	if (sent++ == 0)
		printf("first %.6f\n", (double)now_us(CLOCK_REALTIME) / 1e6);
	(void)fflush(stdout);
}

/* --- clients. Each: false: it is over with this one. */

static bool
feed(struct client *c, size_t n)
{
	char *body, *length;

	if (!c->headed) {
		c->n += n;
		c->in[c->n] = '\0';
		body = strstr(c->in, "\r\n\r\n");
		if (body == NULL)
			return c->n < READ_SIZE;
		length = strcasestr(c->in, "\r\nContent-Length:");
		c->left = length == NULL || length > body ?
		    0 :
		    strtoull(length + 17, NULL, 10);
		c->headed = true;
		n = (size_t)(c->in + c->n - (body + 4));
	}
	if (n > c->left)
		return false;
	c->left -= n;
	if (c->left == 0)
		answer(c);
	return true;
}

static bool
read_some(struct client *c)
{
	static char body[READ_SIZE];
	struct err ignored;
	size_t got = 0;
	enum io io = c->headed ?
	    io_read(c->stream, body, sizeof(body), &got, &ignored) :
	    io_read(c->stream, c->in + c->n, READ_SIZE - c->n, &got, &ignored);

	c->events = io_events(io);
	return io == IO_DONE ? feed(c, got) : c->events != 0;
}

static bool
write_some(struct client *c)
{
	struct err ignored;
	size_t done = 0;
	enum io io = io_write(c->stream, c->out, &done, &ignored);

	c->events = io_events(io);
	c->out = str_from(c->out, done);
	if (io == IO_DONE && c->out.n == 0) {
		if (c->asked_us > 0)
			busy_us += now_us(CLOCK_MONOTONIC) - c->asked_us;
		c->phase = READING;
	}
	return io == IO_DONE || c->events != 0;
}

static bool
shake(struct client *c)
{
	struct err ignored;
	enum io io = tls_handshake(c->stream.tls, &ignored);

	c->events = io_events(io);
	if (io == IO_DONE)
		c->phase = READING;
	return io == IO_DONE || c->events != 0;
}

/* As far as it goes without waiting. */
static void
step(struct client *c, int64_t now)
{
	bool more = true;

	if (c->phase == WAITING && now < c->due_us)
		return;
	if (c->phase == WAITING)
		c->phase = WRITING;
	do {
		more = c->phase == SHAKING ? shake(c) :
		    c->phase == READING    ? read_some(c) :
					     write_some(c);
	} while (more && c->phase != WAITING && c->events == 0);
	if (more)
		return;
	tls_free(c->stream.tls);
	(void)close(c->stream.fd);
	arena_release(&c->mem);
	c->phase = FREE;
}

static void
take_client(int listener, const struct cert *cert)
{
	struct client *c = clients;
	struct err e = { 0 };
	int yes = 1;

	while (c < clients + CLIENTS && c->phase != FREE)
		c++;
	check(c < clients + CLIENTS, "too many clients");
	c->stream = (struct io_stream){ .fd = accept4(listener, NULL, NULL,
					    SOCK_CLOEXEC | SOCK_NONBLOCK) };
	if (c->stream.fd < 0)
		return;
	(void)setsockopt(c->stream.fd, IPPROTO_TCP, TCP_NODELAY, &yes,
	    sizeof(yes));
	arena_init(&c->mem, MEMORY);
	c->n = 0;
	c->headed = false;
	c->events = POLLIN;
	c->phase = READING;
	if (cert == NULL)
		return;
	c->phase = SHAKING;
	c->stream.tls = tls_server(&c->mem, c->stream.fd,
	    &(struct tls_at){ .cert = cert, .http = true }, &e);
	check(c->stream.tls != NULL, e.msg);
}

/* --- all of them */

/* Until something comes or an answer is due; ppoll counts nanoseconds. */
static void
turn(int listener, const struct cert *cert, const sigset_t *waiting)
{
	int64_t now = now_us(CLOCK_MONOTONIC), wait = 60000000;
	struct client *c = clients;
	struct timespec t;

	for (size_t i = 0; i < CLIENTS; i++, c++) {
		at[i] = (struct pollfd){ -1, c->events, 0 };
		if (c->phase == WAITING && c->due_us - now < wait)
			wait = c->due_us > now ? c->due_us - now : 0;
		else if (c->phase != WAITING && c->phase != FREE)
			at[i].fd = c->stream.fd;
	}
	at[CLIENTS] = (struct pollfd){ listener, POLLIN, 0 };
	t = (struct timespec){ wait / 1000000, wait % 1000000 * 1000 };
	if (ppoll(at, CLIENTS + 1, &t, waiting) < 0)
		return;
	now = now_us(CLOCK_MONOTONIC);
	for (size_t i = 0; i < CLIENTS; i++)
		if (clients[i].phase == WAITING || at[i].revents != 0)
			step(&clients[i], now);
	if (at[CLIENTS].revents != 0)
		take_client(listener, cert);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	check(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
		listen(fd, CLIENTS) == 0 &&
		getsockname(fd, (struct sockaddr *)&a, &n) == 0,
	    "it cannot listen");
	printf("ready %d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void
make_cert(struct cert *cert, const char *path)
{
	const struct str name = STR("127.0.0.1");
	struct err e = { 0 };
	struct buf pem;
	FILE *f = fopen(path, "w");

	buf_init(&pem, MEMORY);
	check(cert_make(cert, &name, 1, &pem, &e), e.msg);
	check(f != NULL && fwrite(pem.p, 1, pem.n, f) == pem.n &&
		fclose(f) == 0,
	    "the authority's file cannot be written");
	buf_release(&pem);
}

int
main(int argc, char **argv)
{
	struct sigaction on_end = { .sa_handler = end };
	bool tls = argc > 3 && strcmp(argv[1], "-t") == 0;
	int first = tls ? 3 : 1, listener;
	sigset_t block, waiting;
	struct cert cert;

	check(argc > first,
	    "usage: server [-t CA_FILE] ANSWER_MS "
	    "[MAILBOX=MS...]");
	is_busy = strcmp(argv[first], "busy") == 0;
	answer_us = atoll(argv[first]) * 1000;
	slow = argv + first + 1;
	n_slow = (size_t)(argc - first - 1);
	if (tls)
		make_cert(&cert, argv[2]);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigaction(SIGTERM, &on_end, NULL);
	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &block, &waiting);
	listener = listen_somewhere();
	while (!over)
		turn(listener, tls ? &cert : NULL, &waiting);
	printf("sent %zu busy %.3f\n", sent, (double)busy_us / 1e6);
	return 0;
}
