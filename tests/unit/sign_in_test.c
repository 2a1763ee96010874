/* SPDX-License-Identifier: MIT */
/* Who signs in to the dashboard, by a clock of the test's own. */
#include "command/web/sign.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "t.h"

/* As `htpasswd -nbB` made it of "pass". */
#define HASH  "$2y$05$c4WoMPo3SXsafkva.HHa6u3hJf0rBo8PV3IBys2sLtHel97WiKT3u"
#define TOKEN "0123456789abcdef0123456789abcdef"

static const char sign_users[] = "boss:" HASH ":role=admin\n"
				 "nas:" HASH ":rate=2/min from=nas@x.y\n"
				 "home:" HASH ":net=10.0.0.0/8\n";

enum { SIGN_TEXT = 128 };

struct sign_site {
	char folder[FOLDER_SIZE], users[SIGN_TEXT], token[SIGN_TEXT];
	struct log quiet;
};

static void
sign_site_make(struct sign_site *s)
{
	*s = (struct sign_site){ 0 };
	folder_make(s->folder);
	(void)snprintf(s->users, sizeof(s->users), "%s/users", s->folder);
	(void)snprintf(s->token, sizeof(s->token), "%s/token", s->folder);
	folder_write(s->folder, "users", str_of(sign_users));
	folder_write(s->folder, "token", STR(TOKEN "\n"));
	(void)chmod(s->token, 0600);
}

/* In their order, each second counted from the start of the book. */
static const struct {
	const char *name;
	int64_t ms;
	const char *peer, *user, *password; /* no user: a bearer token */
	enum sign_in want;
	int64_t wait; /* seconds */
} steps[] = {
	/* clang-format off */
	{ "an administrator", 0, "10.0.0.1", "boss", "pass", SIGN_OK, 0 },
	{ "known by now", 1, "10.0.0.1", "boss", "pass", SIGN_OK, 0 },
	{ "the first failure", 2, "10.0.0.1", "boss", "x", SIGN_WRONG, 0 },
	{ "has to wait", 3, "10.0.0.1", "boss", "pass", SIGN_SLOW, 1 },
	{ "to the last moment", 1001, "10.0.0.1", "boss", "pass", SIGN_SLOW,
	  1 },
	{ "others do not", 1001, "10.0.0.2", "boss", "pass", SIGN_OK, 0 },
	{ "no such user", 1002, "10.0.0.1", "x", "pass", SIGN_WRONG, 0 },
	{ "two seconds", 1003, "10.0.0.1", "boss", "pass", SIGN_SLOW, 2 },
	{ "a token that fits is taken", 1004, "10.0.0.1", NULL, TOKEN,
	  SIGN_OK, 0 },
	{ "one that does not fit waits", 1005, "10.0.0.1", NULL, "x",
	  SIGN_SLOW, 2 },
	{ "and makes it no longer", 3002, "10.0.0.1", "boss", "pass", SIGN_OK,
	  0 },
	{ "what was right forgives nothing", 3003, "10.0.0.1", "boss", "y",
	  SIGN_WRONG, 0 },
	{ "four seconds", 3004, "10.0.0.1", "boss", "pass", SIGN_SLOW, 4 },
	{ "long after", 700000, "10.0.0.1", "boss", "z", SIGN_WRONG, 0 },
	{ "one second again", 700001, "10.0.0.1", "boss", "pass", SIGN_SLOW,
	  1 },
	{ "a wrong token", 710000, "10.0.0.3", NULL, "x", SIGN_WRONG, 0 },
	{ "counts, too", 710001, "10.0.0.3", "boss", "pass", SIGN_SLOW, 1 },
	{ "from its net", 720000, "10.9.9.9", "home", "pass", SIGN_OK, 0 },
	{ "not from another", 720001, "192.0.2.1", "home", "pass", SIGN_WRONG,
	  0 },
	{ "nor from nowhere", 720002, "", "home", "pass", SIGN_WRONG, 0 },
	{ "a name with its host", 730000, "10.0.0.4", "nas@x.y", "pass",
	  SIGN_OK, 0 },
	{ "IPv6", 740000, "2001:db8::1", "boss", "x", SIGN_WRONG, 0 },
	{ "a /64 is one", 740001, "2001:db8::2", "boss", "pass", SIGN_SLOW,
	  1 },
	{ "another is not", 740002, "2001:db8:0:1::1", "boss", "pass",
	  SIGN_OK, 0 },
	/* clang-format on */
};

static struct sign_ask
sign_ask_of(const struct sign_site *s, size_t i)
{
	struct sign_ask ask = {
		.auth_file = str_of(s->users),
		.token_file = str_of(s->token),
		.peer = steps[i].peer,
		.log = &s->quiet,
		.now = steps[i].ms,
	};

	if (steps[i].user == NULL)
		ask.bearer = str_of(steps[i].password);
	else
		ask.user = str_of(steps[i].user);
	if (steps[i].user != NULL)
		ask.password = str_of(steps[i].password);
	return ask;
}

static void
test_steps(void)
{
	struct sign_site s;
	struct sign_book b;
	struct sign_who who;
	struct sign_ask ask;
	struct err e;
	enum sign_in got;

	sign_site_make(&s);
	sign_book_init(&b);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		e = (struct err){ 0 };
		ask = sign_ask_of(&s, i);
		got = sign_check(&b, &ask, &who, &e);
		T_CHECK(got == steps[i].want &&
			who.retry_after_s == steps[i].wait,
		    "%s: %d, %lld s; %s", steps[i].name, got,
		    (long long)who.retry_after_s, e.msg);
		T_CHECK(strstr(e.msg, "pass") == NULL, "%s: it says %s",
		    steps[i].name, e.msg);
		T_CHECK(got == SIGN_OK || (who.name[0] == 0 && !who.admin),
		    "%s: who?", steps[i].name);
	}
	sign_book_release(&b);
	folder_end(s.folder);
}

static void
test_who(void)
{
	struct sign_site s;
	struct sign_book b;
	struct sign_who who;
	struct sign_ask ask = { .now = 5000, .peer = "::1" };
	struct err e;

	sign_site_make(&s);
	sign_book_init(&b);
	ask.auth_file = str_of(s.users);
	ask.log = &s.quiet;
	ask.user = STR("boss");
	ask.password = STR("pass");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_OK && who.admin &&
		strcmp(who.name, "boss") == 0 && who.rate == 0 && !who.program,
	    "boss");
	ask.user = STR("nas@host");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_OK && !who.admin &&
		strcmp(who.name, "nas") == 0 && who.rate == 2 &&
		who.seconds == 60,
	    "nas");
	T_CHECK(sign_may_send(&b, &who, 5000, &e) &&
		sign_may_send(&b, &who, 6000, &e),
	    "two");
	T_CHECK(!sign_may_send(&b, &who, 7000, &e) && e.kind == ERR_RETRY &&
		e.retry_after_ms == 58000,
	    "three: %lld ms", (long long)e.retry_after_ms);
	T_CHECK(sign_may_send(&b, &who, 65000, &e), "a minute later");
	/* the line was changed: what was known of it is void */
	folder_write(s.folder, "users", STR("boss:" HASH "\n"));
	ask.user = STR("nas");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_WRONG &&
		str_find(str_of(e.msg),
		    STR("sign-in failed for \"nas\" from ::1")) < 20,
	    "nas has gone: %s", e.msg);
	ask.now = 10000;
	ask.user = STR("boss");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_OK && !who.admin,
	    "boss is none any more");
	folder_write(s.folder, "users", STR("boss\n"));
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_BROKEN &&
		e.kind == ERR_CONFIG,
	    "a broken file");
	ask.auth_file = STR("");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_WRONG, "no file");
	ask.bearer = STR("x");
	ask.peer = "10.0.0.1";
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_WRONG, "no token");
	sign_book_release(&b);
	folder_end(s.folder);
}

/* Of all addresses together so many hashes a second. */
static void
test_hashes(void)
{
	struct sign_site s;
	struct sign_book b;
	struct sign_who who;
	struct err e;
	char peer[SIGN_TEXT];
	enum sign_in got;

	sign_site_make(&s);
	sign_book_init(&b);
	for (int i = 0; i < 2 * SIGN_HASHES + 2; i++) {
		struct sign_ask ask = { .auth_file = str_of(s.users),
			.user = STR("boss"),
			.password = { peer, 0 },
			.peer = peer,
			.log = &s.quiet,
			.now = i <= SIGN_HASHES ? 100 : 1100 };

		(void)snprintf(peer, sizeof(peer), "10.0.0.%d", i);
		ask.password.n = str_of(peer).n; /* each another */
		got = sign_check(&b, &ask, &who, &e);
		T_CHECK(got ==
			(i == SIGN_HASHES || i == 2 * SIGN_HASHES + 1 ?
				SIGN_SLOW :
				SIGN_WRONG),
		    "%s: %d", peer, got);
	}
	/* a hash that was made need not be made again */
	got = sign_check(&b,
	    &(struct sign_ask){ .auth_file = str_of(s.users),
		.user = STR("boss"),
		.password = STR("10.0.0.0"),
		.peer = "10.1.1.1",
		.log = &s.quiet,
		.now = 1100 },
	    &who, &e);
	T_CHECK(got == SIGN_WRONG, "known to be wrong: %d", got);
	sign_book_release(&b);
	folder_end(s.folder);
}

/* More addresses than places: the one that waits for the shortest goes. */
static void
test_places(void)
{
	struct sign_site s;
	struct sign_book b;
	struct sign_who who;
	struct err e;
	char peer[SIGN_TEXT];
	struct sign_ask ask = { .bearer = STR("x"), .peer = peer };

	sign_site_make(&s);
	sign_book_init(&b);
	ask.log = &s.quiet;
	for (int i = 0; i <= SIGN_PLACES; i++) {
		(void)snprintf(peer, sizeof(peer), "10.0.1.%d", i);
		ask.now = i;
		T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_WRONG, "%s",
		    peer);
	}
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_SLOW, "the last");
	(void)snprintf(peer, sizeof(peer), "10.0.1.1");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_SLOW, "the second");
	(void)snprintf(peer, sizeof(peer), "10.0.1.0");
	T_CHECK(sign_check(&b, &ask, &who, &e) == SIGN_WRONG, "the first");
	sign_book_release(&b);
	folder_end(s.folder);
}

static const struct {
	const char *value, *user, *password, *bearer; /* none: it is neither */
} headers[] = {
	{ "Basic Ym9zczpwYTpzcw==", "boss", "pa:ss", NULL },
	{ "basic  Ym9zczo=", "boss", "", NULL },
	{ "Bearer abc", NULL, NULL, "abc" },
	{ "bearer abc ", NULL, NULL, "abc" },
	{ "Bearer", NULL, NULL, NULL },
	{ "Bearer ", NULL, NULL, NULL },
	{ "Basic Ym9zcw==", NULL, NULL, NULL },
	{ "Basic Ym9zczpw*", NULL, NULL, NULL },
	{ "Digest x", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
};

static void
test_headers(void)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct sign_ask ask = { 0 };
		struct buf own;
		bool ok;

		buf_init_secret(&own, 1024);
		ok = sign_header(str_of(headers[i].value), &own, &ask);
		T_CHECK(ok ==
			(headers[i].user != NULL || headers[i].bearer != NULL),
		    "\"%s\"", headers[i].value);
		T_CHECK(str_eq(ask.user, str_of(headers[i].user)) &&
			str_eq(ask.password, str_of(headers[i].password)) &&
			str_eq(ask.bearer, str_of(headers[i].bearer)),
		    "\"%s\": %.*s", headers[i].value, STR_ARG(ask.user));
		buf_release(&own);
	}
}

static const struct t_test tests[] = {
	{ "step by step", test_steps },
	{ "who it is", test_who },
	{ "hashes", test_hashes },
	{ "places", test_places },
	{ "the header", test_headers },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
