/* SPDX-License-Identifier: MIT */
/* trust and cert: what they read, make and refuse. */
#include "net/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "cert_file.h"
#include "folder.h"
#include "net/cert.h"
#include "t.h"

static char folder[FOLDER_SIZE];

static const char *
in_folder(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void
write_file(const char *name, struct str s)
{
	struct replace_how how = { .mode = 0600, .durable = false };
	struct err e;

	if (!replace_file(in_folder(name), s, how, &e))
		exit(1);
}

static void
set_up(void)
{
	struct str name = STR("a.test");
	struct cert c;
	struct buf pem;
	struct err e;

	folder_make(folder);
	buf_init(&pem, 65536);
	if (!cert_make(&c, &name, 1, &pem, &e))
		exit(1);
	cert_release(&c);
	write_file("one.pem", buf_view(&pem));
	buf_addz(&pem, "between\r\n");
	if (!cert_make(&c, &name, 1, &pem, &e))
		exit(1);
	cert_release(&c);
	buf_addz(&pem,
	    "-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n");
	write_file("two.pem", buf_view(&pem));
	pem.p[pem.n / 2] = '\0';
	write_file("cut.pem", str_first(buf_view(&pem), 300));
	write_file("empty.pem", STR(""));
	write_file("text.pem", STR("no certificate at all\n"));
	write_file("bad.pem", STR("-----BEGIN CERTIFICATE-----\n!!!!\n"));
	buf_release(&pem);
}

static void
tear_down(void)
{
	folder_end(folder);
}

/* "@" stands for the folder. */
static const struct {
	const char *name, *ca, *system;
	bool ok;
	const char *told;
} opens[] = {
	{ "auto", "auto", "", true, "" },
	{ "builtin", "builtin", "", true, "" },
	{ "auto, no store", "auto", "/nowhere", true, "" },
	{ "system by name", "system", "@one.pem", true, "" },
	{ "system missing", "system", "/nowhere", false, "/nowhere" },
	{ "system empty", "system", "@empty.pem", false, "no certificate" },
	{ "a file", "@one.pem", "", true, "" },
	{ "two, and one broken", "@two.pem", "", true, "" },
	{ "missing", "@none.pem", "", false, "none.pem: cannot open" },
	{ "a folder", "@", "", false, "cannot read" },
	{ "empty", "@empty.pem", "", false, "holds no certificate" },
	{ "text", "@text.pem", "", false, "holds no certificate" },
	{ "cut", "@cut.pem", "", false, "holds no certificate" },
	{ "bad base64", "@bad.pem", "", false, "holds no certificate" },
	{ "unknown word", "Auto", "", false, "Auto" },
	{ "nothing", "", "", false, "ca = " },
};

static const char *
expand(const char *z)
{
	return z[0] == '@' ? in_folder(z + 1) : z;
}

static void
test_open(void)
{
	struct trust t;
	struct err e = { 0 };
	bool ok;

	set_up();
	for (size_t i = 0; i < sizeof(opens) / sizeof(*opens); i++) {
		const char *name = opens[i].name;

		e = (struct err){ 0 };
		ok = trust_open(&t, str_of(expand(opens[i].ca)),
		    str_of(expand(opens[i].system)), &e);
		T_CHECK(ok == opens[i].ok, "%s: %s", name, e.msg);
		T_CHECK(ok ||
			(e.kind == ERR_CONFIG && err_exit(&e) == 78 &&
			    e.remedy[0] != '\0'),
		    "%s: kind", name);
		T_CHECK(str_find(str_of(e.msg), str_of(opens[i].told)) <
			    str_of(e.msg).n ||
			ok,
		    "%s: %s", name, e.msg);
		T_CHECK(!ok || str_eq(t.ca, str_of(expand(opens[i].ca))),
		    "%s: ca", name);
		trust_release(&t);
		trust_release(&t);
	}
	tear_down();
}

static void
poor_open(void)
{
	static const char *const ca[] = { "auto", "@two.pem" };
	struct trust t;
	struct err e;

	for (size_t i = 0; i < 2; i++) {
		if (!trust_open(&t, str_of(expand(ca[i])), STR(""), &e))
			T_CHECK(e.kind == ERR_RETRY, "%s: %s", ca[i], e.msg);
		trust_release(&t);
	}
}

static void
test_poor_open(void)
{
	set_up();
	t_each_allocation_fails(poor_open);
	tear_down();
}

/* --- cert --- */

static void
test_make(void)
{
	struct str names[65] = { STR("localhost"), STR("127.0.0.1"), STR("::1"),
		STR("*.a.test") };
	struct cert c;
	struct buf pem;
	struct err e;

	buf_init(&pem, 65536);
	buf_addz(&pem, "before\n");
	T_CHECK(cert_make(&c, names, 4, &pem, &e), "%s", e.msg);
	T_CHECK(str_starts(buf_view(&pem),
		    STR("before\n-----BEGIN CERTIFICATE-----\n")) &&
		str_ends(buf_view(&pem), STR("-----END CERTIFICATE-----\n")),
	    "%.*s", STR_ARG(buf_view(&pem)));
	cert_release(&c);
	cert_release(&c);
	T_CHECK(!cert_make(&c, names, 0, &pem, &e) && e.kind == ERR_BUG,
	    "no name");
	T_CHECK(!cert_make(&c, names, 65, &pem, &e) && e.kind == ERR_BUG,
	    "too many");
	buf_release(&pem);
}

static void
poor_make(void)
{
	enum { EACH_OF = 25, STEP = 101, ENOUGH = 3 };
	struct str name = STR("127.0.0.1");
	unsigned in_a_row = 0;
	struct cert c;
	struct buf pem;
	struct err e;
	bool ok;

	for (long n = 1; in_a_row < ENOUGH; n += n < EACH_OF ? 1 : STEP) {
		t_fail_allocation(n);
		buf_init(&pem, 65536);
		ok = cert_make(&c, &name, 1, &pem, &e);
		cert_release(&c);
		buf_release(&pem);
		in_a_row = ok ? in_a_row + 1 : 0;
		T_CHECK(n < 100000, "still at %ld", n);
		if (n >= 100000)
			break;
	}
	t_fail_allocation(0);
}

static bool
shell(const char *command)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "cd %s && (%s) >log 2>&1", folder,
	    command);
	return system(line) == 0;
}

static const struct {
	const char *name, *chain, *key, *told;
	bool ok;
} loads[] = {
	{ "EC", "ec.pem", "ec.key", "", true },
	{ "RSA", "rsa.pem", "rsa.key", "", true },
	{ "SEC1 key", "ec.pem", "sec1.key", "", true },
	{ "not its key", "ec.pem", "rsa.key", "is not the key", false },
	{ "no chain", "none.pem", "ec.key", "none.pem: cannot open", false },
	{ "no key", "ec.pem", "none.key", "none.key: cannot open", false },
	{ "key for chain", "ec.key", "ec.key", "holds no certificate", false },
	{ "chain for key", "ec.pem", "ec.pem", "holds no private key", false },
	{ "one broken", "half.pem", "ec.key", "1 of its certificates", false },
	{ "empty", "empty.pem", "ec.key", "empty", false },
};

static void
test_load(void)
{
	struct cert c;
	struct err e;
	bool ok;

	set_up();
	if (!shell("openssl req -x509 -newkey ec -pkeyopt "
		   "ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem "
		   "-subj /CN=a -days 2 && openssl req -x509 -newkey rsa:2048 "
		   "-nodes -keyout rsa.key -out rsa.pem -subj /CN=a -days 2 "
		   "&& openssl ec -in ec.key -out sec1.key && "
		   "cat ec.pem bad.pem >half.pem && "
		   "echo -----END CERTIFICATE----- >>half.pem")) {
		tear_down();
		t_skip("no openssl here");
		return;
	}
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
		e = (struct err){ 0 };
		ok = cert_file(&c, in_folder(loads[i].chain),
		    in_folder(loads[i].key), &e);
		T_CHECK(ok == loads[i].ok, "%s: %s", loads[i].name, e.msg);
		T_CHECK(ok || e.kind == ERR_CONFIG, "%s: kind", loads[i].name);
		T_CHECK(ok ||
			str_find(str_of(e.msg), str_of(loads[i].told)) <
			    str_of(e.msg).n,
		    "%s: %s", loads[i].name, e.msg);
		cert_release(&c);
	}
	tear_down();
}

static const struct t_test tests[] = {
	{ "open", test_open },
	{ "poor_open", test_poor_open },
	{ "make", test_make },
	{ "poor_make", poor_make },
	{ "load", test_load },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
