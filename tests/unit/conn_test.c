/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "peer.h"
#include "site.h"
#include "t.h"

/* A deadline that is not meant to be reached, and one that is. */
#define SOON_MS  (10000 * (int)t_slow())
#define SHORT_MS (150 * (int)t_slow())

enum { BULK = 5 * 1024 * 1024, PIECE = 16384 };

/* What the server's child does with a connection. */
enum play {
	ECHO,      /* sends back what comes, until the client ends */
	SUM,       /* reads BULK bytes, sends BULK bytes, goodbye */
	GREET,     /* sends "hello", then waits for the client to end */
	CUT,       /* "hello", then the end without close_notify */
	RESET,     /* "hello", then a reset */
	EARLY,     /* answers without reading, then keeps the line */
	EARLY_END, /* answers without reading, and closes */
	LATE,      /* "hello" after a while */
	SILENT,    /* not even a handshake */
	DEAF,      /* shakes hands and reads nothing */
	HTTP,      /* no TLS at all */
	HANG_UP,   /* closes at once */
	STUMBLE    /* the first time as HANG_UP, then as GREET */
};

static struct scene {
	enum play play;
	bool plain;
	struct site site;
	char sessions[96];
} scene;

static unsigned char
bulk_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

static void
fill(char *p, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)bulk_at(at + i);
}

static bool
is_filled(const char *p, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] != bulk_at(at + i))
			return false;
	return true;
}

static bool
say(struct conn *c, struct str s)
{
	struct conn_write how = { os_mono_ms() + SOON_MS, false };
	struct err e;
	size_t left;

	return conn_write(c, s, how, &left, &e) && left == 0;
}

static bool
send_bulk(struct conn *c, size_t total)
{
	static char piece[PIECE * 5];

	for (size_t at = 0; at < total; at += sizeof(piece)) {
		size_t n =
		    total - at < sizeof(piece) ? total - at : sizeof(piece);

		fill(piece, at, n);
		if (!say(c, (struct str){ piece, n }))
			return false;
	}
	return true;
}

static bool
receive_bulk(struct conn *c, size_t total)
{
	static char piece[PIECE + 7];
	struct err e;
	size_t got;

	for (size_t at = 0; at < total; at += got)
		if (!conn_read(c, piece, sizeof(piece), &got,
			os_mono_ms() + SOON_MS, &e) ||
		    got == 0 || !is_filled(piece, at, got))
			return false;
	return true;
}

/* Reads until the client ends. */
static void
echo(struct conn *c, bool back)
{
	char piece[PIECE];
	struct err e;
	size_t got = 1;

	while (got > 0 &&
	    conn_read(c, piece, sizeof(piece), &got, os_mono_ms() + SOON_MS,
		&e))
		if (back && !say(c, (struct str){ piece, got }))
			return;
}

static void
play_shaken(struct conn *c)
{
	switch (scene.play) {
	case SUM:
		if (receive_bulk(c, BULK))
			(void)send_bulk(c, BULK);
		break;
	case ECHO:
		echo(c, true);
		break;
	case LATE:
		(void)os_poll(NULL, 0, os_mono_ms() + 2 * SHORT_MS);
		(void)say(c, STR("hello"));
		echo(c, false);
		break;
	case GREET:
		(void)say(c, STR("hello"));
		echo(c, false);
		break;
	case RESET:
	case EARLY_END:
		(void)say(c, STR("hello"));
		(void)os_poll(NULL, 0, os_mono_ms() + SHORT_MS);
		break;
	case EARLY:
		(void)say(c, STR("hello"));
		(void)os_poll(NULL, 0, os_mono_ms() + SOON_MS);
		break;
	case DEAF:
		(void)os_poll(NULL, 0, os_mono_ms() + SOON_MS);
		break;
	case CUT:
	case SILENT:
	case HTTP:
	case HANG_UP:
	case STUMBLE:
		break;
	}
}

static void
play_raw(int fd)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	ssize_t ignored;

	if (scene.play == SILENT)
		(void)os_poll(NULL, 0, os_mono_ms() + SOON_MS);
	if (scene.play == HTTP) {
		ignored = write(fd, http, sizeof(http) - 1);
		(void)ignored;
		(void)shutdown(fd, SHUT_WR);
		(void)os_poll(NULL, 0, os_mono_ms() + SHORT_MS);
	}
	(void)close(fd);
}

static void
serve(int fd, void *arg)
{
	struct conn c = { 0 };
	int copy = dup(fd);
	struct err e;

	(void)arg;
	if (scene.play == STUMBLE) {
		scene.play = GREET; /* of this child, from the next one on */
		(void)close(copy);
		(void)close(fd);
		return;
	}
	if (scene.play == SILENT || scene.play == HTTP ||
	    scene.play == HANG_UP) {
		(void)close(copy);
		play_raw(fd);
		return;
	}
	if (!conn_accept(&c, fd, scene.plain ? NULL : &scene.site.cert,
		os_mono_ms() + SOON_MS, &e) ||
	    !conn_open(&c, &e)) {
		(void)close(copy);
		conn_close(&c);
		return;
	}
	play_shaken(&c);
	if (scene.play == CUT) { /* the end of TCP before that of TLS */
		(void)say(&c, STR("hello"));
		(void)shutdown(copy, SHUT_WR);
		echo(&c, false);
	}
	(void)close(copy);
	if (scene.play == RESET)
		conn_abort(&c);
	else
		conn_close(&c);
}

/* --- the client's side --- */

static void
check(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "conn_test: %s\n", e->msg);
	exit(1);
}

static void
set_up(struct str host)
{
	site_make(&scene.site, host);
	(void)snprintf(scene.sessions, sizeof(scene.sessions), "%s/state/tls",
	    scene.site.folder);
}

static void
tear_down(void)
{
	site_end(&scene.site);
	memset(&scene, 0, sizeof(scene));
}

static bool
dial(struct conn *c, const struct peer *p, const char *host, int64_t ms,
    struct err *e)
{
	struct conn_to to = {
		.host = str_of(host),
		.port = p->port,
		.trust = scene.plain ? NULL : &scene.site.trust,
		.session_folder = str_of(scene.sessions),
		.deadline = os_mono_ms() + ms,
	};

	memset(c, 0, sizeof(*c));
	return conn_start(c, &to, e);
}

static bool
begin(struct peer *p, enum play play)
{
	scene.play = play;
	return peer_start(p, "127.0.0.1", serve, NULL);
}

static bool
read_hello(struct conn *c, struct err *e)
{
	char got[16];
	size_t n = 0, more;

	while (n < 5) {
		if (!conn_read(c, got + n, sizeof(got) - n, &more,
			os_mono_ms() + SOON_MS, e) ||
		    more == 0)
			return false;
		n += more;
	}
	return n == 5 && memcmp(got, "hello", 5) == 0;
}

static bool
has(const char *text, const char *part)
{
	return str_find(str_of(text), str_of(part)) < str_of(text).n;
}

static void
run_bulk(const char *name)
{
	struct peer p = { 0 };
	struct conn c;
	struct err e;
	char one;
	size_t got = 1;
	bool ok;

	(void)begin(&p, SUM);
	ok = dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e);
	T_CHECK(ok, "%s: open: %s", name, e.msg);
	T_CHECK(!ok || send_bulk(&c, BULK), "%s: send", name);
	T_CHECK(!ok || receive_bulk(&c, BULK), "%s: receive", name);
	T_CHECK(!ok ||
		(conn_read(&c, &one, 1, &got, os_mono_ms() + SOON_MS, &e) &&
		    got == 0),
	    "%s: goodbye: %s", name, e.msg);
	T_CHECK(!ok || conn_has_input(&c), "%s: the end is input", name);
	conn_close(&c);
	peer_stop(&p);
}

static void
test_bulk(void)
{
	set_up(STR("127.0.0.1"));
	run_bulk("TLS");
	scene.plain = true;
	run_bulk("plain");
	tear_down();
}

static void
test_describe(void)
{
	struct peer p = { 0 };
	struct conn c;
	struct err e;
	struct str s;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, GREET);
	T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e),
	    "%s", e.msg);
	s = conn_describe(&c);
	T_CHECK(str_eq(s, STR("TLSv1.3, AES-128-GCM")), "%.*s", STR_ARG(s));
	T_CHECK(read_hello(&c, &e), "hello");
	T_CHECK(!conn_has_input(&c), "nothing more");
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

/* What the failure of each play looks like at the client's. */
static const struct {
	const char *name;
	enum play play;
	const char *cert_for, *host;
	bool opens, greets; /* as far as it gets */
	bool cut;
	const char *told; /* in the message */
	bool remedy;
} failures[] = {
	{ "silent in handshake", SILENT, "127.0.0.1", "127.0.0.1", false, false,
	    false, "no answer in time", true },
	{ "silent afterwards", DEAF, "127.0.0.1", "127.0.0.1", true, false,
	    false, "no answer in time", false },
	{ "hangs up", HANG_UP, "127.0.0.1", "127.0.0.1", false, false, false,
	    "TLS with 127.0.0.1:", false },
	{ "not TLS", HTTP, "127.0.0.1", "127.0.0.1", false, false, false,
	    "does not speak TLS but plain HTTP (\"HTTP/1.1", true },
	{ "cut", CUT, "127.0.0.1", "127.0.0.1", true, true, true,
	    "without close_notify", false },
	{ "reset", RESET, "127.0.0.1", "127.0.0.1", true, true, false,
	    "broke: Connection reset", false },
	{ "another address", GREET, "127.0.0.2", "127.0.0.1", false, false,
	    false, "it is for 127.0.0.2", true },
	{ "a name instead of an address", GREET, "localhost", "127.0.0.1",
	    false, false, false, "it is for localhost", true },
	{ "another name", GREET, "graph.test", "localhost", false, false, false,
	    "it is for graph.test", true },
	{ "address as a name", GREET, "127.0.0.1", "localhost", false, false,
	    false, "it is for 127.0.0.1", true },
};

static void
run_failure(size_t i)
{
	const char *name = failures[i].name;
	struct peer p = { 0 };
	struct conn c;
	struct err e = { 0 };
	size_t got;
	char one;
	bool ok;

	set_up(str_of(failures[i].cert_for));
	(void)begin(&p, failures[i].play);
	ok = dial(&c, &p, failures[i].host, 2 * SHORT_MS, &e) &&
	    conn_open(&c, &e);
	T_CHECK(ok == failures[i].opens, "%s: open: %s", name, e.msg);
	if (ok && failures[i].greets)
		T_CHECK(read_hello(&c, &e), "%s: hello: %s", name, e.msg);
	if (ok)
		T_CHECK(!conn_read(&c, &one, 1, &got,
			    os_mono_ms() + 2 * SHORT_MS, &e) &&
			got == 0,
		    "%s: read", name);
	T_CHECK(e.kind == ERR_RETRY, "%s: kind %d", name, (int)e.kind);
	T_CHECK(has(e.msg, failures[i].told), "%s: %s", name, e.msg);
	T_CHECK((e.remedy[0] != '\0') == failures[i].remedy, "%s: remedy %s",
	    name, e.remedy);
	T_CHECK(has(e.msg, "without close_notify") == failures[i].cut,
	    "%s: cut", name);
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

static void
test_failures(void)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		run_failure(i);
}

static void
test_by_name(void)
{
	struct peer p = { 0 };
	struct conn c;
	struct err e;

	set_up(STR("localhost"));
	(void)begin(&p, GREET);
	T_CHECK(dial(&c, &p, "localhost", SOON_MS, &e) && conn_open(&c, &e) &&
		read_hello(&c, &e),
	    "%s", e.msg);
	conn_close(&c);
	peer_stop(&p);
	T_CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	    "a child is left");
	tear_down();
}

static void
test_ipv6(void)
{
	struct peer p = { 0 };
	struct conn c;
	struct err e = { 0 };

	set_up(STR("::1"));
	scene.play = GREET;
	if (!peer_start(&p, "::1", serve, NULL)) {
		tear_down();
		t_skip("no IPv6 here");
		return;
	}
	T_CHECK(dial(&c, &p, "::1", SOON_MS, &e) && conn_open(&c, &e) &&
		read_hello(&c, &e),
	    "%s", e.msg);
	conn_close(&c);
	peer_stop(&p);
	T_CHECK(dial(&c, &p, "::1", SOON_MS, &e) && !conn_open(&c, &e),
	    "stopped");
	T_CHECK(has(e.msg, "connect to [::1]:") && has(e.msg, peer_refused()),
	    "%s", e.msg);
	conn_close(&c);
	tear_down();
}

/* An authority of the system's store: the second try of ca = auto. */
static void
test_auto(void)
{
	struct trust other;
	struct peer p = { 0 };
	struct conn c;
	struct err e;

	set_up(STR("127.0.0.1"));
	scene.sessions[0] = '\0';
	other = scene.site.trust;
	(void)begin(&p, GREET);
	T_CHECK(trust_open(&scene.site.trust, STR("auto"),
		    str_of(scene.site.ca), &e),
	    "%s", e.msg);
	for (int i = 0; i < 2; i++) { /* the store is read once */
		T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) &&
			conn_open(&c, &e) && read_hello(&c, &e),
		    "auto: %s", e.msg);
		T_CHECK(str_find(conn_describe(&c),
			    STR(", by the system's store: CN=post365")) <
			conn_describe(&c).n,
		    "auto, %d: %.*s", i, STR_ARG(conn_describe(&c)));
		conn_close(&c);
	}
	trust_release(&scene.site.trust);
	T_CHECK(trust_open(&scene.site.trust, STR("builtin"),
		    str_of(scene.site.ca), &e),
	    "%s", e.msg);
	T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) && !conn_open(&c, &e),
	    "builtin does not ask the system");
	T_CHECK(has(e.msg, "CN=post365 sandbox authority"), "%s", e.msg);
	T_CHECK(has(e.remedy, "ca = auto"), "%s", e.remedy);
	conn_close(&c);
	trust_release(&scene.site.trust);
	scene.site.trust = other;
	peer_stop(&p);
	tear_down();
}

/* --- sessions --- */

static bool
is_resumed(const struct conn *c)
{
	return str_ends(conn_describe(c), STR(", resumed"));
}

/* Opens, reads (which takes the ticket in), closes; was it resumed? */
static bool
visit(const struct peer *p)
{
	struct conn c;
	struct err e;
	bool resumed;

	if (!dial(&c, p, "127.0.0.1", SOON_MS, &e) || !conn_open(&c, &e) ||
	    !read_hello(&c, &e))
		T_CHECK(false, "%s", e.msg);
	resumed = is_resumed(&c);
	conn_close(&c);
	return resumed;
}

static void
loosen(const char *path, void *arg)
{
	(void)arg;
	if (str_find(str_of(path), STR("/tls-")) < str_of(path).n)
		(void)chmod(path, 0640);
}

/* Changes a byte, the place of which depends on *arg. */
static void
spoil(const char *path, void *arg)
{
	struct replace_how how = { .mode = 0600, .durable = false };
	const size_t *percent = arg;
	struct buf b;
	struct err e;

	if (str_find(str_of(path), STR("/tls-")) == str_of(path).n)
		return;
	buf_init(&b, 65536);
	t_read_file(path, &b);
	b.p[(b.n - 1) * *percent / 100] ^= 1;
	check(replace_file(path, buf_view(&b), how, &e), &e);
	buf_release(&b);
}

static void
check_private(const char *path, void *arg)
{
	struct stat st;
	int *n = arg;

	if (str_find(str_of(path), STR("/tls-")) == str_of(path).n)
		return;
	(*n)++;
	T_CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "%s: mode",
	    path);
}

static void
test_resume(void)
{
	struct peer p = { 0 };
	int files = 0;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, GREET);
	T_CHECK(!visit(&p), "the first is not resumed");
	(void)t_each_file(scene.site.folder, check_private, &files);
	T_CHECK(files == 1, "%d files", files);
	T_CHECK(visit(&p), "the second is");
	T_CHECK(visit(&p), "and the third");
	(void)t_each_file(scene.site.folder, loosen, NULL);
	T_CHECK(!visit(&p), "readable by the group");
	T_CHECK(visit(&p), "replaced");
	for (size_t percent = 0; percent <= 100; percent += 5) {
		(void)t_each_file(scene.site.folder, spoil, &percent);
		T_CHECK(!visit(&p), "spoilt at %zu %%", percent);
		T_CHECK(visit(&p), "replaced after %zu %%", percent);
	}
	scene.sessions[0] = '\0';
	T_CHECK(!visit(&p), "no folder");
	peer_stop(&p);
	tear_down();
}

/* Another trust may not profit from what this one verified. */
static void
test_resume_trust(void)
{
	struct buf pem;
	struct err e;
	struct peer p = { 0 };
	struct conn c;
	struct cert other;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, GREET);
	T_CHECK(!visit(&p), "the first is not resumed");
	buf_init(&pem, 65536);
	check(cert_make(&other, &STR("a.test"), 1, &pem, &e), &e);
	buf_addz(&pem, "\nanother size\n");
	site_trusts(&scene.site, buf_view(&pem));
	T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) && !conn_open(&c, &e),
	    "resumed under another trust");
	conn_close(&c);
	cert_release(&other);
	buf_release(&pem);
	peer_stop(&p);
	tear_down();
}

/* A server that forgot its ticket key: the full handshake, no failure. */
static void
test_resume_forgotten(void)
{
	struct str name = STR("127.0.0.1");
	struct cert first;
	struct buf pem;
	struct err e;
	struct peer p = { 0 };

	set_up(name);
	buf_init(&pem, 65536);
	t_read_file(scene.site.ca, &pem);
	first = scene.site.cert;
	check(cert_make(&scene.site.cert, &name, 1, &pem, &e), &e);
	site_trusts(&scene.site, buf_view(&pem));
	(void)begin(&p, GREET);
	T_CHECK(!visit(&p), "the first is not resumed");
	T_CHECK(visit(&p), "the second is");
	peer_stop(&p);
	cert_release(&scene.site.cert);
	scene.site.cert = first;
	(void)begin(&p, GREET); /* the same port, another key */
	T_CHECK(!visit(&p), "its ticket is worth nothing");
	T_CHECK(visit(&p), "and replaced");
	peer_stop(&p);
	buf_release(&pem);
	tear_down();
}

/* A handshake that fails over the kept session is done again without it. */
static void
test_resume_fails(void)
{
	struct peer p = { 0 };
	size_t files;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, GREET);
	T_CHECK(!visit(&p), "the first is not resumed");
	peer_stop(&p);
	(void)begin(&p, STUMBLE);
	files = t_open_files();
	T_CHECK(!visit(&p), "begins again without the session");
	T_CHECK(t_open_files() == files, "%zu files, then %zu", files,
	    t_open_files());
	T_CHECK(visit(&p), "which is replaced");
	peer_stop(&p);
	tear_down();
}

/* --- writing --- */

static void
run_early(enum play play, bool plain)
{
	static char much[8 * 1024 * 1024];
	struct conn_write how = { os_mono_ms() + SOON_MS, true };
	struct str s = { much, sizeof(much) };
	const char *name = play == EARLY ? "early" : "early and closed";
	struct err e = { 0 };
	size_t left = 0;
	struct peer p = { 0 };
	struct conn c;
	bool ok;

	set_up(STR("127.0.0.1"));
	scene.plain = plain;
	(void)begin(&p, play);
	ok = dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e) &&
	    conn_write(&c, s, how, &left, &e);
	T_CHECK(ok && left > 0, "%s: %s, left %zu", name, e.msg, left);
	T_CHECK(ok && conn_has_input(&c), "%s: input", name);
	T_CHECK(ok && read_hello(&c, &e), "%s: %s", name, e.msg);
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

static void
test_early(void)
{
	run_early(EARLY, false);
	run_early(EARLY, true);
	run_early(EARLY_END, false);
	run_early(EARLY_END, true);
}

/* Tickets of TLS 1.3 are no early answer. */
static void
test_no_early(void)
{
	struct conn_write how = { os_mono_ms() + SOON_MS, true };
	struct err e = { 0 };
	struct peer p = { 0 };
	struct conn c;
	size_t left = 1;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, ECHO);
	T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e),
	    "%s", e.msg);
	(void)os_poll(NULL, 0, os_mono_ms() + 50); /* tickets arrive */
	T_CHECK(!conn_has_input(&c), "tickets are not input");
	T_CHECK(conn_write(&c, STR("hello"), how, &left, &e) && left == 0,
	    "%s, left %zu", e.msg, left);
	T_CHECK(read_hello(&c, &e), "%s", e.msg);
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

/* What was sent before a reset can still be read after a failed write. */
static void
test_reset_after_answer(void)
{
	struct conn_write how = { os_mono_ms() + SOON_MS, false };
	struct err e = { 0 };
	size_t left, sent = 0;
	struct peer p = { 0 };
	struct conn c;
	bool ok;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, RESET);
	ok = dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e);
	T_CHECK(ok, "%s", e.msg);
	(void)os_poll(NULL, 0, os_mono_ms() + 2 * SHORT_MS);
	while (ok && sent++ < 100)
		ok = conn_write(&c, STR("more"), how, &left, &e);
	T_CHECK(!ok && e.kind == ERR_RETRY && left > 0, "writes go on");
	T_CHECK(read_hello(&c, &e), "%s", e.msg);
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

static void
test_deaf(void)
{
	static char much[16 * 1024 * 1024];
	struct conn_write how = { 0, true };
	struct err e = { 0 };
	struct peer p = { 0 };
	struct conn c;
	size_t left = 0;
	int64_t began;

	set_up(STR("127.0.0.1"));
	(void)begin(&p, DEAF);
	T_CHECK(dial(&c, &p, "127.0.0.1", SOON_MS, &e) && conn_open(&c, &e),
	    "%s", e.msg);
	began = os_mono_ms();
	how.deadline = began + SHORT_MS;
	T_CHECK(!conn_write(&c, (struct str){ much, sizeof(much) }, how, &left,
		    &e),
	    "all written");
	T_CHECK(left > 0 && has(e.msg, "takes no bytes in time"), "%s", e.msg);
	T_CHECK(os_mono_ms() - began < SHORT_MS + 1000 * (int)t_slow(),
	    "took too long");
	conn_close(&c);
	peer_stop(&p);
	tear_down();
}

/* --- beside --- */

static void
test_beside(void)
{
	struct peer a = { 0 }, b = { 0 };
	struct conn ca, cb;
	struct err e = { 0 };
	bool ok;

	set_up(STR("127.0.0.1"));
	(void)begin(&a, LATE);
	(void)begin(&b, GREET);
	ok = dial(&ca, &a, "127.0.0.1", SOON_MS, &e) && conn_open(&ca, &e) &&
	    dial(&cb, &b, "127.0.0.1", SOON_MS, &e);
	ca.beside = &cb;
	T_CHECK(ok && read_hello(&ca, &e), "%s", e.msg);
	(void)kill(b.pid, SIGSTOP); /* from here on it can do nothing */
	T_CHECK(conn_open(&cb, &e), "was not moved along: %s", e.msg);
	(void)kill(b.pid, SIGCONT);
	T_CHECK(read_hello(&cb, &e), "%s", e.msg);
	conn_close(&ca);
	conn_close(&cb);
	peer_stop(&a);
	peer_stop(&b);
	tear_down();
}

/* Its failure disturbs nobody and is told by its own conn_open. */
static void
test_beside_fails(void)
{
	struct peer a = { 0 }, b = { 0 };
	struct conn ca, cb;
	struct err e = { 0 };
	bool ok;

	set_up(STR("127.0.0.1"));
	(void)begin(&a, LATE);
	(void)begin(&b, HTTP);
	ok = dial(&ca, &a, "127.0.0.1", SOON_MS, &e) &&
	    dial(&cb, &b, "127.0.0.1", SOON_MS, &e);
	ca.beside = &cb;
	T_CHECK(ok && conn_open(&ca, &e) && read_hello(&ca, &e), "%s", e.msg);
	T_CHECK(!conn_open(&cb, &e) && has(e.msg, "plain HTTP"), "%s", e.msg);
	T_CHECK(!conn_open(&cb, &e) && has(e.msg, "plain HTTP"), "again: %s",
	    e.msg);
	conn_close(&ca);
	conn_close(&cb);
	peer_stop(&a);
	peer_stop(&b);
	tear_down();
}

/* --- misuse, and memory --- */

static void
test_misuse(void)
{
	struct conn_write how = { 0 };
	struct conn_to to = { 0 };
	struct conn c = { 0 };
	struct err e;
	size_t n;
	char one;

	T_CHECK(!conn_open(&c, &e) && e.kind == ERR_BUG, "open");
	T_CHECK(!conn_start(&c, &to, &e) && e.kind == ERR_BUG, "no host");
	T_CHECK(!conn_read(&c, &one, 1, &n, 0, &e) && e.kind == ERR_BUG,
	    "read");
	T_CHECK(!conn_write(&c, STR("a"), how, &n, &e) && e.kind == ERR_BUG,
	    "write");
	T_CHECK(!conn_has_input(&c), "input");
	T_CHECK(str_eq(conn_describe(&c), STR("plain")), "describe");
	conn_close(&c);
	conn_abort(&c);
}

static struct peer poor_peer;

/* The whole way of a client, in which some allocation fails. */
static bool
poor_visit(const struct str *ca)
{
	struct trust trust = { 0 };
	struct conn_to to = { .host = STR("127.0.0.1"),
		.port = poor_peer.port,
		.trust = &trust,
		.session_folder = str_of(scene.sessions),
		.deadline = os_mono_ms() + SOON_MS };
	struct conn c = { 0 };
	struct err e = { 0 };
	bool ok;

	ok = trust_open(&trust, *ca, str_of(scene.site.ca), &e) &&
	    conn_start(&c, &to, &e) && conn_open(&c, &e) && read_hello(&c, &e);
	T_CHECK(ok || e.kind == ERR_RETRY, "kind %d: %s", (int)e.kind, e.msg);
	conn_close(&c);
	trust_release(&trust);
	return ok;
}

/*
 * A handshake has thousands of allocations: each one at the start, where
 * ours are, then every STEP-th, until the visits succeed for long.
 */
static void
run_poor(struct str ca, bool good)
{
	enum { EACH_OF = 40, STEP = 37, MOST = 20000, ENOUGH = 20 };
	unsigned in_a_row = 0;

	for (long n = 1; n < MOST && in_a_row < ENOUGH;
	     n += n < EACH_OF ? 1 : STEP) {
		t_fail_allocation(n);
		in_a_row = poor_visit(&ca) == good ? in_a_row + 1 : 0;
		T_CHECK(good || in_a_row > 0,
		    "accepted with allocation %ld "
		    "failing",
		    n);
		if (!good && n > MOST / 4)
			break;
	}
	t_fail_allocation(0);
	T_CHECK(poor_visit(&ca) == good, "without a failure");
}

static void
test_poor(void)
{
	struct str file, wrong = STR("builtin");

	set_up(STR("127.0.0.1"));
	(void)begin(&poor_peer, GREET);
	file = str_of(scene.site.ca);
	run_poor(STR("auto"), true);
	run_poor(file, true);
	scene.sessions[0] = '\0';
	run_poor(file, true);
	run_poor(wrong, false);
	peer_stop(&poor_peer);
	tear_down();
}

static const struct t_test tests[] = {
	{ "bulk", test_bulk },
	{ "describe", test_describe },
	{ "failures", test_failures },
	{ "by_name", test_by_name },
	{ "ipv6", test_ipv6 },
	{ "auto", test_auto },
	{ "resume", test_resume },
	{ "resume_trust", test_resume_trust },
	{ "resume_forgotten", test_resume_forgotten },
	{ "resume_fails", test_resume_fails },
	{ "early", test_early },
	{ "no_early", test_no_early },
	{ "reset_after_answer", test_reset_after_answer },
	{ "deaf", test_deaf },
	{ "beside", test_beside },
	{ "beside_fails", test_beside_fails },
	{ "misuse", test_misuse },
	{ "poor", test_poor },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
