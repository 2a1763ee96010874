/* SPDX-License-Identifier: MIT */
/* Settings of the relay, its bundle, maps, tallies, and work beside a loop. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "relay/barred.h"
#include "relay/beside.h"
#include "relay/bundle.h"
#include "relay/conf.h"
#include "relay/known.h"
#include "relay/rewrite.h"
#include "relay/tally.h"
#include "t.h"

enum { MEMORY = 1 << 20 };

/* --- settings */

/* "key = value" a line, as those of a file F. */
static bool
read_lines(struct arena *a, const char *text, struct conf *c, struct err *e)
{
	struct config_pair *list = NULL, **end = &list;
	struct str rest = str_of(text), line;
	unsigned number = 0;

	while (str_next(&rest, '\n', &line)) {
		size_t eq = str_chr(line, '=');

		*end = arena_alloc(a, sizeof(**end));
		**end =
		    (struct config_pair){ .key = str_trim(str_first(line, eq)),
			    .value = str_trim(str_from(line, eq + 1)),
			    .file = "F",
			    .line = ++number };
		end = &(*end)->next;
	}
	return conf_read(a, list, c, e);
}

static void
test_defaults(void)
{
	struct conf c;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	T_CHECK(conf_read(&a, NULL, &c, &e), "%s", e.msg);
	T_CHECK(c.listen != NULL && c.listen->next == NULL &&
		str_eq(c.listen->text, STR("127.0.0.1:25")),
	    "listen");
	T_CHECK(c.max_size == 35ULL << 20 && c.max_recipients == 1000 &&
		c.max_clients == 1000 && c.clients_per_address == 50,
	    "limits");
	T_CHECK(c.command_timeout_ms == 300000 && c.login_timeout_ms == 60000 &&
		c.tls_timeout_ms == 30000 && c.drain_ms == 8000,
	    "times");
	T_CHECK(c.auth_failures.n == 10 && c.auth_failures.seconds == 600 &&
		c.errors == 20 && c.hop_limit == 50 && c.data_rate == 500,
	    "patience");
	T_CHECK(c.sender_check == CONF_CHECK_BOTH &&
		c.auth_without_tls == CONF_CLEAR_LOOPBACK &&
		c.received == CONF_RECEIVED_FULL &&
		c.bare_newline == CONF_BARE_NORMALIZE,
	    "words");
	T_CHECK(!c.socket_asked &&
		str_eq(c.socket, STR("/run/post365/relay.sock")),
	    "socket");
	arena_release(&a);
}

static const struct {
	const char *lines, *told; /* NULL: it is fine */
} settings[] = {
	/* clang-format off */
	{ "listen = 10.0.0.1:25\nlisten = 10.0.0.1:25",
	  "F:2: listen: \"10.0.0.1:25\" stands there already" },
	{ "max_clients = 5\nmax_clients = 6",
	  "F:2: max_clients stands in F:1 already" },
	{ "max_clients = none", "F:1: max_clients: " },
	{ "received = maybe",
	  "F:1: received: \"maybe\" is none of full, short, no" },
	{ "walls = high", "F:1: walls: \"high\" is none of auto, strict" },
	{ "max_clinets = 5",
	  "F:1: unknown key \"max_clinets\"; did you mean max_clients?" },
	{ "from = a@b.example", "F:1: from is no setting of the relay's" },
	{ "x_y_z = 5", "F:1: unknown key \"x_y_z\" in [relay]" },
	{ "listen =", "F:1: listen: it has no value" },
	{ "allow = 10.0.0.0/8 from=@a\vb", /* as \n of the environment */
	  "F:1: allow: byte 19 is a control character" },
	{ "hostname = h\nallow = 10.0.0.0/8 net=10.1.0.0/16",
	  "F:2: allow: net= is a word of users, in auth_file only" },
	{ "listen = 127.0.0.1:25 net=10.1.0.0/16",
	  "F:1: listen: net= is a word of users, in auth_file only" },
	{ "auth_failures = 10",
	  "F:1: auth_failures: \"10\" is not of the form" },
	{ "tls_certificate = /a\ntls_certificate = /b\ntls_certificate = /c",
	  "F:3: tls_certificate: there may be 2" },
	{ "tls_certificate = /a", "[relay]: 1 tls_certificate, and 0 tls_key" },
	{ "web = localhost:8365", "F:1: web: " },
	{ "web = /run/web", "F:1: web: \"/run/web\" is not of the form" },
	{ "web = 127.0.0.1:8365 auth", "F:1: web: \"127.0.0.1:8365 auth\" is" },
	{ "web = 127.0.0.1:8365\nmetrics = [::1]:9365\nweb_hosts = a b.c\n"
	  "web_token_file = /t", NULL },
	{ "socket = off\nauth_failures = 3/1h\nallow = 10.0.0.0/8 rate=3/min",
	  NULL },
	/* clang-format on */
};

static void
test_settings(void)
{
	struct conf c;
	struct arena a;
	struct err e;

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		bool ok;

		e = (struct err){ 0 };
		arena_init(&a, MEMORY);
		ok = read_lines(&a, settings[i].lines, &c, &e);
		T_CHECK(ok == (settings[i].told == NULL), "%s: %s",
		    settings[i].lines, e.msg);
		T_CHECK(ok ||
			(e.kind == ERR_CONFIG &&
			    str_starts(str_of(e.msg),
				str_of(settings[i].told))),
		    "%s: %s", settings[i].lines, e.msg);
		arena_release(&a);
	}
}

/* /t/: a folder of auth_files with an administrator in it, and without. */
static const struct {
	const char *lines, *told, *remedy; /* NULL: it is fine */
} webs[] = {
	/* clang-format off */
	{ "metrics = 127.0.0.1:9365", NULL, NULL },
	{ "web = 127.0.0.1:8365\nauth_file = /t/admin", NULL, NULL },
	{ "web = [::1]:8365\nauth_file = /t/admin", NULL, NULL },
	{ "web = 127.0.0.1:8365", "nobody could sign in", "auth_file = FILE" },
	{ "web = 127.0.0.1:8365\nauth_file = /t/plain",
	  "nobody could sign in", "role=admin behind a user's hash in" },
	{ "web = 127.0.0.1:8365\nauth_file = /t/none", "auth_file: ", "" },
	{ "web = 10.0.0.1:8365\nauth_file = /t/admin",
	  "passwords would go in clear", "tls_certificate" },
	{ "web = 0.0.0.0:8365\nauth_file = /t/admin",
	  "passwords would go in clear", "web = 127.0.0.1:8365" },
	{ "web = 10.0.0.1:8365\nauth_file = /t/plain\n"
	  "tls_certificate = /c\ntls_key = /k", "nobody could sign in", "" },
	{ "web = 10.0.0.1:8365\nauth_file = /t/admin\n"
	  "tls_certificate = /c\ntls_key = /k", NULL, NULL },
	/* clang-format on */
};

#define HASH "$2y$05$c4WoMPo3SXsafkva.HHa6u3hJf0rBo8PV3IBys2sLtHel97WiKT3u"

static void
test_web(void)
{
	char folder[FOLDER_SIZE], path[128];
	struct conf c;
	struct arena a;
	struct err e;
	bool ok;

	folder_make(folder);
	folder_write(folder, "admin",
	    STR("nas:" HASH "\nboss:" HASH ":role=admin\n"));
	folder_write(folder, "plain", STR("nas:" HASH "\n"));
	for (size_t i = 0; i < sizeof(webs) / sizeof(*webs); i++) {
		e = (struct err){ 0 };
		arena_init(&a, MEMORY);
		T_CHECK(read_lines(&a, webs[i].lines, &c, &e), "%s", e.msg);
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    c.auth_file.n > 3 ? c.auth_file.p + 3 : "");
		if (c.auth_file.n > 0)
			c.auth_file = str_of(path);
		ok = conf_check_web(&c, &e);
		T_CHECK(ok == (webs[i].told == NULL), "%s: %s", webs[i].lines,
		    ok ? "taken" : e.msg);
		T_CHECK(ok ||
			(e.kind == ERR_CONFIG &&
			    strstr(e.msg, webs[i].told) != NULL &&
			    strstr(e.remedy, webs[i].remedy) != NULL),
		    "%s: %s; %s", webs[i].lines, e.msg, e.remedy);
		arena_release(&a);
	}
	folder_end(folder);
}

static void
test_scan(void)
{
	struct config_pair second = { STR("allow"), STR("10.0.0.1 from=a@b"),
		"/etc/a file", 7, NULL };
	struct config_pair first = { STR("listen"), STR("[::1]:25 plain"),
		"POST365_RELAY_LISTEN", 0, &second };
	struct config_pair *got;
	struct arena a;
	struct buf text;
	struct err e;

	arena_init(&a, MEMORY);
	buf_init(&text, MEMORY);
	conf_print(&first, &text);
	T_CHECK(conf_scan(&a, buf_view(&text), &got, &e), "%s", e.msg);
	T_CHECK(str_eq(got->key, first.key) &&
		str_eq(got->value, first.value) &&
		strcmp(got->file, first.file) == 0 && got->line == 0,
	    "the first");
	got = got->next;
	T_CHECK(str_eq(got->key, second.key) &&
		str_eq(got->value, second.value) &&
		strcmp(got->file, second.file) == 0 && got->line == 7 &&
		got->next == NULL,
	    "the second");
	T_CHECK(!conf_scan(&a, STR("7 no tabs\n"), &got, &e), "torn");
	buf_release(&text);
	arena_release(&a);
}

/* --- bundle */

static void
test_bundle(void)
{
	struct str rest, name, bytes;
	struct buf b;

	buf_init(&b, MEMORY);
	bundle_add(&b, "one", STR("a\nb 3\n"));
	bundle_add(&b, "none", STR(""));
	rest = buf_view(&b);
	T_CHECK(bundle_next(&rest, &name, &bytes) && str_eq(name, STR("one")) &&
		str_eq(bytes, STR("a\nb 3\n")),
	    "one");
	T_CHECK(bundle_next(&rest, &name, &bytes) &&
		str_eq(name, STR("none")) && bytes.n == 0,
	    "none");
	T_CHECK(!bundle_next(&rest, &name, &bytes) && rest.n == 0, "end");
	for (size_t n = 1; n < b.n; n++) {
		rest = str_first(buf_view(&b), n);
		while (bundle_next(&rest, &name, &bytes))
			T_CHECK(bytes.n <= 6, "%zu bytes", n);
	}
	rest = STR("x 99999999999999999999\n");
	T_CHECK(!bundle_next(&rest, &name, &bytes), "too long");
	buf_release(&b);
}

/* --- maps */

static const struct {
	const char *from, *header, *want;
} rewrites[] = {
	/* clang-format off */
	{ "", "To: Old <old@a.example>\r\nX: 1\r\n\r\n",
	  "To: new@a.example\r\nX: 1\r\n\r\n" },
	{ "", "To: other@a.example\r\nCc: x@dead.example,\r\n y@dead.example"
	  "\r\n\r\n",
	  "To: other@a.example\r\nCc: one@a.example, two@a.example\r\n\r\n" },
	{ "", "To: not a list <\r\n\r\n", "To: not a list <\r\n\r\n" },
	{ "nas@c.example", "From: Nas <a@b.example>\r\nSender: s@b.example\r\n"
	  "Subject: x\r\n\r\n",
	  "From: Nas <nas@c.example>\r\nReply-To: Nas <a@b.example>\r\n"
	  "Subject: x\r\n\r\n" },
	{ "nas@c.example", "From: a@b.example\r\nReply-To: r@b.example\r\n\r\n",
	  "From: nas@c.example\r\nReply-To: r@b.example\r\n\r\n" },
	{ "nas@c.example", "Subject: no author\r\n\r\n",
	  "From: nas@c.example\r\nSubject: no author\r\n\r\n" },
	/* clang-format on */
};

static void
test_rewrites(void)
{
	static const char text[] =
	    "# a comment\n\n"
	    "old@a.example\tnew@a.example\n"
	    "@dead.example one@a.example, two@a.example\n";
	struct rewrite_line *map;
	struct arena a;
	struct buf out;
	struct err e;

	arena_init(&a, MEMORY);
	buf_init(&out, MEMORY);
	T_CHECK(rewrite_parse(&a, "M", str_of(text), &map, &e), "%s", e.msg);
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(*rewrites); i++) {
		const struct rewrite r = { map, str_of(rewrites[i].from) };

		buf_reset(&out);
		T_CHECK(rewrite_header(&r, str_of(rewrites[i].header), &out,
			    &e),
		    "%s: %s", rewrites[i].header, e.msg);
		T_CHECK(str_eq(buf_view(&out), str_of(rewrites[i].want)),
		    "%s: %.*s", rewrites[i].header, STR_ARG(buf_view(&out)));
	}
	T_CHECK(!rewrite_parse(&a, "M", STR("\na@b.example\n"), &map, &e) &&
		e.kind == ERR_CONFIG && strstr(e.msg, "M:2: ") == e.msg,
	    "%s", e.msg);
	T_CHECK(!rewrite_parse(&a, "M", STR("a@b.example <x\n"), &map, &e),
	    "no address");
	buf_release(&out);
	arena_release(&a);
}

/* --- tallies */

static uint64_t
count(struct tally *t, struct tally_key key, int64_t now, unsigned more)
{
	const struct tally_ask ask = { key, 1000, now, more };
	int64_t left;

	return tally_count(t, &ask, &left);
}

static void
test_tallies(void)
{
	struct range_ip one = { { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 } };
	struct range_ip six = { { 0x20, 1, [15] = 1 } }, same = six;
	struct tally_key key = tally_address(TALLY_MESSAGES, &one);
	struct tally t;

	same.b[15] = 9; /* the same /64 */
	tally_init(&t);
	T_CHECK(count(&t, key, 0, 1) == 1 && count(&t, key, 500, 1) == 2,
	    "two");
	T_CHECK(count(&t, key, 999, 0) == 2, "only asked");
	T_CHECK(count(&t, key, 1000, 1) == 1, "a new window");
	T_CHECK(count(&t, tally_address(TALLY_FAILURES, &one), 0, 1) == 1,
	    "another kind");
	T_CHECK(count(&t, tally_address(TALLY_MESSAGES, &six), 0, 1) == 1 &&
		count(&t, tally_address(TALLY_MESSAGES, &same), 0, 1) == 2,
	    "IPv6");
	/* the oldest goes, and nothing grows */
	for (unsigned i = 0; i < 2 * TALLY_ROWS; i++) {
		one.b[13] = (unsigned char)(i >> 8);
		one.b[14] = (unsigned char)i;
		(void)count(&t, tally_address(TALLY_MESSAGES, &one), 2000 + i,
		    1);
	}
	T_CHECK(t.rows.n <= TALLY_ROWS * 64, "%zu bytes", t.rows.n);
	tally_release(&t);
}

static void
test_known(void)
{
	struct known_try right = { STR("u"), STR("p"), true };
	struct known_try wrong = { STR("u"), STR("q"), false };
	struct known k;
	bool fits = false;

	known_init(&k);
	T_CHECK(!known_look(&k, right.user, right.password, 1, &fits), "new");
	known_keep(&k, &right, 1);
	known_keep(&k, &wrong, 1);
	T_CHECK(known_look(&k, right.user, right.password, 1000, &fits) && fits,
	    "it fits");
	T_CHECK(known_look(&k, wrong.user, wrong.password, 1000, &fits) &&
		!fits,
	    "it does not");
	T_CHECK(!known_look(&k, STR("up"), STR(""), 1000, &fits) &&
		!known_look(&k, STR(""), STR("up"), 1000, &fits),
	    "parted elsewhere");
	T_CHECK(!known_look(&k, wrong.user, wrong.password, KNOWN_WRONG_MS + 1,
		    &fits),
	    "a minute later");
	T_CHECK(!known_look(&k, right.user, right.password, KNOWN_FITS_MS + 1,
		    &fits),
	    "an hour later");
	/* guesses push out each other */
	for (unsigned i = 0; i < 3 * KNOWN_ENTRIES; i++) {
		char guess[2] = { (char)(i & 0xff), (char)(i >> 8) };
		const struct known_try t = { STR("u"), { guess, 2 }, false };

		known_keep(&k, &t, 2);
	}
	T_CHECK(known_look(&k, right.user, right.password, 1000, &fits) && fits,
	    "after guesses");
}

/* --- beside */

struct job {
	struct beside_job job;
	int n, done;
};

static void
work(void *arg, struct beside_job *list)
{
	(void)arg;
	for (; list != NULL; list = list->next)
		((struct job *)(void *)list)->done++;
}

static void
test_beside(void)
{
	struct job jobs[100] = { 0 };
	struct beside b = { .work = work, .wanted = 3 };
	struct pollfd at;
	size_t back = 0;
	struct err e;

	T_CHECK(beside_start(&b, &e), "%s", e.msg);
	at = (struct pollfd){ b.fd, POLLIN, 0 };
	for (size_t i = 0; i < 100; i++)
		beside_add(&b, &jobs[i].job);
	for (int tries = 0; back < 100 && tries < 1000; tries++) {
		(void)os_poll(&at, 1, os_mono_ms() + 1000);
		for (struct beside_job *j = beside_done(&b); j != NULL;
		     j = j->next)
			back++;
	}
	T_CHECK(back == 100, "%zu came back", back);
	for (size_t i = 0; i < 100; i++)
		T_CHECK(jobs[i].done == 1, "job %zu: %d times", i,
		    jobs[i].done);
	/* what was added is done before the end */
	for (size_t i = 0; i < 100; i++)
		beside_add(&b, &jobs[i].job);
	beside_stop(&b);
	for (size_t i = 0; i < 100; i++)
		T_CHECK(jobs[i].done == 2, "job %zu at the end: %d", i,
		    jobs[i].done);
	b = (struct beside){ .wanted = 1 };
	beside_stop(&b); /* it was never started */
	T_CHECK(dup2(STDIN_FILENO, STDIN_FILENO) == STDIN_FILENO,
	    "standard input is closed");
}

/* --- names whose alias is an error */

static const struct {
	const char *file, *to;
	const char *why; /* a part of it; NULL: mail is taken */
} barred[] = {
	/* clang-format off */
	{ "a: b@x.example\n", "a", NULL },
	{ "a: |x\n", "a", "aliases:1: \"|x\" is a command" },
	{ "a: |x\n", "A@LOCALHOST", "is a command" },
	{ "a: |x\n", "a@x.example", NULL },
	{ "a: |x\n", "b", NULL },
	{ "b: /x\na: b\n", "a", "is a file" },
	{ "a: |x\na: b\n", "a", "is a command" },
	{ "a: b\na: |x\n", "a", NULL },
	{ "a: a b\n", "a", "aliases:1" },
	{ "a: b\nb: a\n", "a", NULL },
	{ "a: c@x.example\n*: |x\n", "a", NULL },
	{ "a: c@x.example\n*: |x\n", "z", "is a command" },
	{ "a: c@x.example\n*: |x\n", "z@x.example", NULL },
	{ "a\n b: |x\n", "b", NULL },
	/* clang-format on */
};

static void
test_barred(void)
{
	static const struct str local = STR_INIT("localhost");
	struct alias_rules r = { .local = &local,
		.n_local = 1,
		.mailbox = STR("m@x.example") };
	struct addr *to;
	struct arena a;
	struct buf list;
	struct str why;
	struct err e;

	for (size_t i = 0; i < sizeof(barred) / sizeof(*barred); i++) {
		arena_init(&a, MEMORY);
		buf_init(&list, MEMORY);
		T_CHECK(alias_parse(&a, str_of(barred[i].file), STR("aliases"),
			    &r.file, &e) &&
			addr_parse(&a, str_of(barred[i].to), true, &to, &e),
		    "row %zu: %s", i, e.msg);
		barred_write(&r, &list);
		why = barred_why(buf_view(&list), to);
		T_CHECK((why.n > 0) == (barred[i].why != NULL) &&
			(why.n == 0 ||
			    str_find(why, str_of(barred[i].why)) < why.n),
		    "row %zu: %.*s", i, STR_ARG(why));
		buf_release(&list);
		arena_release(&a);
	}
}

static const struct t_test tests[] = {
	{ "defaults", test_defaults },
	{ "settings", test_settings },
	{ "the dashboard", test_web },
	{ "lines for another process", test_scan },
	{ "bundle", test_bundle },
	{ "rewrites", test_rewrites },
	{ "tallies", test_tallies },
	{ "known sign-ins", test_known },
	{ "beside", test_beside },
	{ "names that take no mail", test_barred },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
