/* SPDX-License-Identifier: MIT */
/* Ranges, listeners, networks, words and users of the relay. */
#include "relay/listen.h"
#include "relay/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "t.h"

static struct range_ip
ip(const char *text)
{
	struct range_ip out = { { 0 } };

	T_CHECK(range_ip_parse(str_of(text), &out), "%s", text);
	return out;
}

static const struct {
	const char *range, *in, *out; /* NULL: there is none */
	bool open;
} ranges[] = {
	/* clang-format off */
	{ "10.0.0.0/8", "10.255.255.255", "11.0.0.0", false },
	{ "172.16.0.0/12", "172.31.0.1", "172.32.0.0", false },
	{ "192.168.1.7", "192.168.1.7", "192.168.1.6", false },
	{ "192.168.0.128/25", "192.168.0.200", "192.168.0.127", false },
	{ "0.0.0.0/0", "255.255.255.255", "::1", true },
	{ "::/0", "1.2.3.4", NULL, true },
	{ "8.0.0.0/8", "8.8.8.8", "9.0.0.0", true },
	{ "8.8.0.0/16", "8.8.8.8", "8.9.0.0", false },
	{ "8.8.0.0/15", "8.9.8.8", "8.10.0.0", true },
	{ "127.0.0.1", "127.0.0.1", "::1", false },
	{ "fd00::/8", "fdff::1", "fe00::", false },
	{ "2001:db8::/32", "2001:db8:ffff::", "2001:db9::", false },
	{ "2000::/16", "2000::1", "2001::1", true },
	{ "::ffff:10.1.0.0/112", "10.1.2.3", "10.2.0.0", false },
	/* clang-format on */
};

static void
test_ranges(void)
{
	struct range r;
	struct range_ip a;
	struct err e;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		const char *text = ranges[i].range;

		if (str_starts(str_of(text), STR("::ffff"))) /* as IPv4 */
			text = "10.1.0.0/16";
		T_CHECK(range_parse(str_of(text), &r, &e), "%s: %s", text,
		    e.msg);
		a = ip(ranges[i].in);
		T_CHECK(range_has(&r, &a), "%s has not %s", text, ranges[i].in);
		T_CHECK(range_is_open(&r) == ranges[i].open, "%s: open?", text);
		if (ranges[i].out == NULL)
			continue;
		a = ip(ranges[i].out);
		T_CHECK(!range_has(&r, &a), "%s has %s", text, ranges[i].out);
	}
}

static void
test_bad_ranges(void)
{
	static const char *const bad[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/-1", "10.0.0.1/8", "10.0.0/8", "::/129", "::1/127",
		"host", "10.0.0.0/8 ", "1.2.3.4.5", "010.0.0.0/8x",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999" };
	struct range r;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		T_CHECK(!range_parse(str_of(bad[i]), &r, &e) &&
			e.kind == ERR_CONFIG,
		    "\"%s\" is taken", bad[i]);
}

static void
test_printing(void)
{
	static const char *const texts[] = { "1.2.3.4", "::1", "fe80::1" };
	char out[RANGE_TEXT_SIZE];
	struct range_ip a;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		a = ip(texts[i]);
		range_ip_print(&a, out);
		T_CHECK(strcmp(out, texts[i]) == 0, "%s: %s", texts[i], out);
	}
	a = ip("::ffff:1.2.3.4");
	range_ip_print(&a, out);
	T_CHECK(strcmp(out, "1.2.3.4") == 0, "mapped: %s", out);
	a = ip("127.9.9.9");
	T_CHECK(range_ip_is_loopback(&a), "127.9.9.9");
	a = ip("::2");
	T_CHECK(!range_ip_is_loopback(&a), "::2");
}

static const struct {
	const char *text, *error; /* NULL: it is fine */
	enum listen_kind kind;
	enum listen_tls tls;
	unsigned port;
	bool public;
} listens[] = {
	/* clang-format off */
	{ "127.0.0.1:25", NULL, LISTEN_IP, LISTEN_AUTO, 25, false },
	{ "[::1]:587 starttls auth", NULL, LISTEN_IP, LISTEN_STARTTLS, 587,
	  false },
	{ "0.0.0.0:465  tls  auth legacy", NULL, LISTEN_IP, LISTEN_TLS, 465,
	  true },
	{ "[::]:25 plain rate=30/min", NULL, LISTEN_IP, LISTEN_PLAIN, 25,
	  true },
	{ "/run/x.sock", NULL, LISTEN_UNIX, LISTEN_AUTO, 0, false },
	{ "fd:smtp tls1.3", NULL, LISTEN_FD, LISTEN_AUTO, 0, true },
	{ "", "no address", 0, 0, 0, false },
	{ "25", "no address to listen on", 0, 0, 0, false },
	{ "localhost:25", "no address to listen on", 0, 0, 0, false },
	{ "::1:25", "no address to listen on", 0, 0, 0, false },
	{ "1.2.3.4:0", "no address to listen on", 0, 0, 0, false },
	{ "1.2.3.4:65536", "no address to listen on", 0, 0, 0, false },
	{ "fd:", "no address to listen on", 0, 0, 0, false },
	{ "1.2.3.4:25 TLS", "no word of a listener", 0, 0, 0, false },
	{ "1.2.3.4:25 from=", "from", 0, 0, 0, false },
	{ "1.2.3.4:25 from=x", "no address and no @domain", 0, 0, 0, false },
	{ "1.2.3.4:25 rate=30", "no rate like", 0, 0, 0, false },
	{ "1.2.3.4:25 rate=0/min", "no rate like", 0, 0, 0, false },
	{ "1.2.3.4:25 clients=x", "no number of clients", 0, 0, 0, false },
	{ "1.2.3.4:25 account=", "names nothing", 0, 0, 0, false },
	{ "1.2.3.4:25 rewrite=@x", "no address", 0, 0, 0, false },
	{ "1.2.3.4:25 role=admin", "a word of users", 0, 0, 0, false },
	{ "1.2.3.4:25 net=10.0.0.0/8", "net= is a word of users", 0, 0, 0,
	  false },
	{ "1.2.3.4:25 rate=1/s clients=2 rate=2/s", "rate: it stands there "
	  "twice", 0, 0, 0, false },
	{ "/run/x.sock clients=2", "clients= counts", 0, 0, 0, false },
	{ "1.2.3.4:25 plain tls", "\"tls\" is no word of a listener, or one "
	  "too many", 0, 0, 0, false },
	{ "1.2.3.4:25 plain tls1.3", "\"plain\" and \"tls1.3\" exclude", 0, 0,
	  0, false },
	{ "1.2.3.4:25 legacy tls1.3", "exclude each other", 0, 0, 0, false },
	/* clang-format on */
};

static void
test_listen(void)
{
	struct listen l;
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(listens) / sizeof(*listens); i++) {
		ok = listen_parse(str_of(listens[i].text), &l, &e);
		T_CHECK(ok == (listens[i].error == NULL), "\"%s\": %s",
		    listens[i].text, ok ? "taken" : e.msg);
		if (!ok) {
			T_CHECK(e.kind == ERR_CONFIG &&
				strstr(e.msg, listens[i].error) != NULL,
			    "\"%s\": %s", listens[i].text, e.msg);
			continue;
		}
		T_CHECK(l.kind == listens[i].kind && l.tls == listens[i].tls &&
			l.port == listens[i].port &&
			listen_is_public(&l) == listens[i].public,
		    "\"%s\"", listens[i].text);
	}
}

static struct addr
address(struct arena *mem, const char *text)
{
	struct addr *a = NULL;
	struct err e;

	T_CHECK(addr_parse(mem, str_of(text), true, &a, &e), "%s", text);
	return a != NULL ? *a : (struct addr){ 0 };
}

static void
test_rules(void)
{
	static const struct {
		const char *list, *who;
		bool allowed;
	} rows[] = {
		{ "", "a@b.c", true },
		{ "a@b.c", "a@b.c", true },
		{ "a@b.c", "A@B.C", true },
		{ "a@b.c", "x@b.c", false },
		{ "a@b.c,@d.e", "x@d.e", true },
		{ "@d.e", "x@f.d.e", false },
		{ "@d.e", "d.e", false },
		{ "a@b.c", "a@b.c.d", false },
	};
	struct rule user = { .from = STR("u@x.y"), .rate = 1, .seconds = 60 };
	struct rule net = { .from = STR("n@x.y"),
		.to = STR("@x.y"),
		.rate = 2,
		.seconds = 1,
		.clients = 3 };
	struct arena mem;
	struct rule both;
	struct addr who;

	arena_init(&mem, 65536);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		who = address(&mem, rows[i].who);
		T_CHECK(rule_allows(str_of(rows[i].list), &who) ==
			rows[i].allowed,
		    "\"%s\" and %s", rows[i].list, rows[i].who);
	}
	both = rule_over(&user, &net);
	T_CHECK(str_eq(both.from, STR("u@x.y")) &&
		str_eq(both.to, STR("@x.y")) && both.rate == 1 &&
		both.seconds == 60 && both.clients == 3,
	    "the user goes before the network");
	arena_release(&mem);
}

static void
test_allow(void)
{
	static const char *const texts[] = { "10.0.0.0/8 rate=1/s",
		"10.1.0.0/16 account=b", "10.1.2.3", "user:0", "group:7" };
	struct allow list[5];
	struct listen_peer p = { 0 };
	struct err e;

	for (size_t i = 0; i < 5; i++) {
		T_CHECK(allow_parse(str_of(texts[i]), &list[i], &e), "%s: %s",
		    texts[i], e.msg);
		list[i].next = i < 4 ? &list[i + 1] : NULL;
	}
	p.ip = ip("10.2.0.1");
	T_CHECK(allow_find(list, &p) == &list[0], "the whole range");
	p.ip = ip("10.1.0.1");
	T_CHECK(allow_find(list, &p) == &list[1], "the longer prefix");
	p.ip = ip("10.1.2.3");
	T_CHECK(allow_find(list, &p) == &list[2], "the single address");
	p.ip = ip("11.1.2.3");
	T_CHECK(allow_find(list, &p) == NULL, "nobody");
	p = (struct listen_peer){ .local = true, .uid = 0, .gid = 7 };
	T_CHECK(allow_find(list, &p) == &list[3], "a user before a group");
	p.uid = 1;
	T_CHECK(allow_find(list, &p) == &list[4], "a group");
	p.gid = 1;
	T_CHECK(allow_find(list, &p) == NULL, "neither");
	T_CHECK(!allow_parse(STR("user:no such user"), &list[0], &e), "user");
	T_CHECK(!allow_parse(STR("10.0.0.0/8 auth"), &list[0], &e), "auth");
	T_CHECK(!allow_parse(STR("10.0.0.1 role=admin"), &list[0], &e) &&
		strstr(e.msg, "a word of users") != NULL,
	    "role: %s", e.msg);
	T_CHECK(!allow_parse(STR("10.0.0.0/8 net=10.1.0.0/16"), &list[0], &e) &&
		strstr(e.msg, "net= is a word of users") != NULL &&
		strstr(e.remedy, "allow = CIDR") != NULL,
	    "net: %s", e.msg);
	T_CHECK(!allow_parse(STR("user:0 clients=2"), &list[0], &e) &&
		strstr(e.msg, "clients= counts") != NULL,
	    "clients: %s", e.msg);
	T_CHECK(!allow_parse(STR(""), &list[0], &e), "nothing");
}

/* Sockets are opened, found taken, and those of the dead replaced. */
static void
test_sockets(void)
{
	char folder[FOLDER_SIZE], text[128];
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);
	struct listen l;
	struct stat st;
	struct err e;
	int one, two;

	folder_make(folder);
	(void)snprintf(text, sizeof(text), "%s/sock", folder);
	T_CHECK(listen_parse(str_of(text), &l, &e), "%s", e.msg);
	one = listen_open(&l, &e);
	T_CHECK(one >= 0, "%s", e.msg);
	T_CHECK(stat(text, &st) == 0 && (st.st_mode & 0777) == 0666, "mode");
	two = listen_open(&l, &e);
	T_CHECK(two < 0 && e.kind == ERR_CONFIG &&
		strstr(e.msg, "in use") != NULL,
	    "taken: %s", e.msg);
	os_close(&one);
	one = listen_open(&l, &e);
	T_CHECK(one >= 0, "left over: %s", e.msg);
	os_close(&one);
	T_CHECK(listen_parse(STR("127.0.0.1:1"), &l, &e), "%s", e.msg);
	l.port = 0; /* any */
	one = listen_open(&l, &e);
	T_CHECK(one >= 0 && getsockname(one, (struct sockaddr *)&at, &n) == 0,
	    "%s", e.msg);
	l.port = (uint16_t)(((unsigned char *)&at)[2] << 8 |
	    ((unsigned char *)&at)[3]);
	two = listen_open(&l, &e);
	T_CHECK(two < 0 && strstr(e.remedy, "another program") != NULL,
	    "taken: %s", e.msg);
	os_close(&one);
	T_CHECK(listen_parse(STR("fd:smtp"), &l, &e), "%s", e.msg);
	(void)unsetenv("LISTEN_FDS");
	T_CHECK(listen_open(&l, &e) < 0 &&
		strstr(e.msg, "passed no socket") != NULL,
	    "%s", e.msg);
	folder_end(folder);
}

/* As `htpasswd -nbB`, `openssl passwd -5` and `-6` made them of "pass". */
#define BCRYPT "$2y$05$c4WoMPo3SXsafkva.HHa6u3hJf0rBo8PV3IBys2sLtHel97WiKT3u"
#define SHA512                                                                 \
	"$6$saltsalt$KN.twvCyfwE67paW76hS2/bacYkY9PxIhxqYG9vL5bZmIwWBGDJ6"     \
	"mu4HlCosKUBfQwVXKXxXVXPcqdwd1Ip0X/"

static void
test_users(void)
{
	static const char text[] =
	    "# who may sign in\n\n"
	    "printer:" BCRYPT ":from=printer@x.y net=10.0.0.0/8\r\n"
	    "nas@x.y:" BCRYPT "\n"
	    "nas:" BCRYPT ":rate=5/min\n"
	    "boss:" BCRYPT ":role=admin to=@x.y";
	struct user *list = NULL;
	const struct user *u;
	struct arena mem;
	struct err e;

	arena_init(&mem, 65536);
	T_CHECK(users_parse(&mem, STR("users"), str_of(text), &list, &e), "%s",
	    e.msg);
	u = users_find(list, STR("printer"));
	T_CHECK(u != NULL && str_eq(u->hash, STR(BCRYPT)) && u->rule.has_net &&
		str_eq(u->rule.from, STR("printer@x.y")),
	    "printer");
	u = users_find(list, STR("nas@x.y"));
	T_CHECK(u != NULL && u->rule.rate == 0, "the whole name first");
	u = users_find(list, STR("nas@z"));
	T_CHECK(u != NULL && u->rule.rate == 5, "else before the @");
	T_CHECK(u != NULL && !u->rule.admin, "no word, no role");
	u = users_find(list, STR("boss"));
	T_CHECK(u != NULL && u->rule.admin && str_eq(u->rule.to, STR("@x.y")),
	    "an administrator");
	T_CHECK(users_find(list, STR("Nas")) == NULL, "another case");
	T_CHECK(users_find(list, STR("")) == NULL, "nobody");
	arena_release(&mem);
}

static void
test_bad_users(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "printer", "users:1: it is not of the form" },
		{ ":" BCRYPT, "users:1: it is not of the form" },
		{ "#\na:secret", "users:2: behind \"a:\" stands no hash" },
		{ "a:$1$abcdefgh$0123456789012345678901", "no hash" },
		{ "a:" BCRYPT "\na:" BCRYPT, "users:2: there is a user" },
		{ "a:" BCRYPT ":auth", "no word of a user" },
		{ "a:" BCRYPT ":net=x", "net" },
		{ "a:" BCRYPT ":net=10.0.0.1 Net=10.0.0.2",
		    "users:1: net: it stands there twice" },
		{ "a:" BCRYPT ":role=root",
		    "role: \"root\" is no role; the one "
		    "there is: admin" },
		{ "a:" BCRYPT ":role=", "is no role" },
	};
	struct user *list;
	struct arena mem;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		arena_init(&mem, 65536);
		list = NULL;
		T_CHECK(!users_parse(&mem, STR("users"), str_of(rows[i].text),
			    &list, &e) &&
			e.kind == ERR_CONFIG &&
			strstr(e.msg, rows[i].error) != NULL,
		    "\"%s\": %s", rows[i].text, e.msg);
		T_CHECK(strstr(e.msg, "secret") == NULL, "shows it: %s", e.msg);
		arena_release(&mem);
	}
}

/* What a folder's file t holds, and what is said of it. */
static const struct {
	const char *name, *text, *error; /* NULL: it is a token */
	mode_t mode;
} tokens[] = {
	{ "a token", "0123456789abcdef\n", NULL, 0600 },
	{ "its group may read it", "0123456789abcdef", NULL, 0640 },
	{ "with a CR", "0123456789abcdef\r\n", NULL, 0600 },
	{ "short", "0123456789abcde\n", "16 characters or more", 0600 },
	{ "empty", "", "16 characters or more", 0600 },
	{ "two lines", "0123456789abcdef\nx\n", "one line", 0600 },
	{ "a blank", "01234567 89abcdef\n", "without blanks", 0600 },
	{ "for all to read", "0123456789abcdef\n", "all users may read", 0644 },
};

static void
test_tokens(void)
{
	char folder[FOLDER_SIZE], path[128];
	const struct log quiet = { 0 };
	struct buf out;
	struct err e;
	bool ok;

	folder_make(folder);
	(void)snprintf(path, sizeof(path), "%s/t", folder);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		const char *wrong = tokens[i].error;

		folder_write(folder, "t", str_of(tokens[i].text));
		T_CHECK(chmod(path, tokens[i].mode) == 0, "chmod");
		buf_init_secret(&out, 64);
		ok = users_read_token(str_of(path), &quiet, &out, &e);
		T_CHECK(ok == (wrong == NULL), "%s: %s", tokens[i].name,
		    ok ? "taken" : e.msg);
		T_CHECK(!ok || str_eq(buf_view(&out), STR("0123456789abcdef")),
		    "%s", tokens[i].name);
		T_CHECK(ok ||
			(e.kind == ERR_CONFIG && out.n == 0 &&
			    strstr(e.msg, wrong) != NULL &&
			    strstr(e.msg, "01234") == NULL &&
			    e.remedy[0] != '\0'),
		    "%s: %s", tokens[i].name, e.msg);
		buf_release(&out);
	}
	folder_end(folder);
}

static void
test_passwords(void)
{
	char made[USERS_HASH_SIZE];
	struct err e;

	T_CHECK(users_hash(STR("pass"), made, &e), "%s", e.msg);
	T_CHECK(users_fits(str_of(made), STR("pass")), "ours: %s", made);
	T_CHECK(!users_fits(str_of(made), STR("Pass")), "another");
	T_CHECK(!users_fits(str_of(made), STR("")), "none");
	T_CHECK(!users_fits(str_of(made), STR("pass\0x")), "with a NUL");
	T_CHECK(!users_fits(STR(""), STR("pass")), "nobody's");
	T_CHECK(!users_hash(STR(""), made, &e) && e.kind == ERR_INPUT, "empty");
	T_CHECK(users_fits(STR(BCRYPT), STR("pass")), "htpasswd -B");
	T_CHECK(users_fits(STR(SHA512), STR("pass")), "openssl passwd -6");
}

static const struct t_test tests[] = {
	{ "ranges", test_ranges },
	{ "bad ranges", test_bad_ranges },
	{ "addresses as text", test_printing },
	{ "listeners", test_listen },
	{ "rules", test_rules },
	{ "networks", test_allow },
	{ "sockets", test_sockets },
	{ "users", test_users },
	{ "bad users", test_bad_users },
	{ "tokens", test_tokens },
	{ "passwords", test_passwords },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
