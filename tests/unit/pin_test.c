/* SPDX-License-Identifier: MIT */
/* trust_open_pin: one certificate, whatever it says, and no other. */
#include "net/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "cert_file.h"
#include "folder.h"
#include "net/cert.h"
#include "net/conn.h"
#include "peer.h"
#include "t.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

enum { WAIT_MS = 20000, SHA1_HEX = 40 };

static char folder[FOLDER_SIZE];

/* The server's chain and key, the certificate that is pinned. */
static const struct {
	const char *name, *chain, *key, *pinned;
	bool ok;
} rows[] = {
	{ "it is it", "fabric.pem", "fabric.key", "fabric.pem", true },
	{ "EC", "ec.pem", "ec.key", "ec.pem", true },
	{ "expired, and for another name", "old.pem", "old.key", "old.pem",
	    true },
	{ "issued by an authority", "leaf.pem", "leaf.key", "leaf.pem", true },
	{ "another", "ec.pem", "ec.key", "fabric.pem", false },
	{ "another with the same name and key", "twin.pem", "fabric.key",
	    "fabric.pem", false },
	/* what is sent along proves nothing */
	{ "its copy behind another", "behind.pem", "ec.key", "fabric.pem",
	    false },
	{ "its authority", "leaf.pem", "leaf.key", "ca.pem", false },
	{ "authority sent along", "both.pem", "leaf.key", "ca.pem", false },
};

static bool
shell(const char *command)
{
	char line[2048];

	(void)snprintf(line, sizeof(line), "cd %s && (%s) >log 2>&1", folder,
	    command);
	return system(line) == 0;
}

static const char *
in_folder(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *p = path[turn++ % 2];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static bool
make_certificates(void)
{
	return shell("self() { openssl req -x509 -nodes -subj /CN=$1 -days 9 "
		     "-keyout $1.key -out $1.pem \"$2\" \"$3\" $4 $5; }; "
		     "self fabric -newkey rsa:2048 && "
		     "self ec -newkey ec -pkeyopt ec_paramgen_curve:P-256 && "
		     "openssl req -x509 -key fabric.key -subj /CN=fabric "
		     "-days 9 -out twin.pem && "
		     "cat ec.pem fabric.pem >behind.pem") &&
	    shell("openssl req -x509 -nodes -newkey rsa:2048 -subj /CN=ca "
		  "-days 9 -keyout ca.key -out ca.pem && "
		  "openssl req -nodes -newkey rsa:2048 -subj /CN=leaf "
		  "-keyout leaf.key -out leaf.csr && "
		  "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key "
		  "-CAcreateserial -days 9 -out leaf.pem && "
		  "cat leaf.pem ca.pem >both.pem && "
		  "openssl req -nodes -newkey rsa:2048 -subj /CN=old "
		  "-keyout old.key -out old.csr && "
		  "openssl x509 -req -in old.csr -signkey old.key -days -1 "
		  "-out old.pem");
}

/* As Service Fabric and openssl print it, in capitals. */
static struct str
thumbprint(const char *name, char out[SHA1_HEX + 1])
{
	char command[256];
	struct buf text;
	struct err e;
	size_t n = 0;

	(void)snprintf(command, sizeof(command),
	    "openssl x509 -in %s -noout -fingerprint -sha1 | sed 's/.*=//' | "
	    "tr -d : >thumb",
	    name);
	buf_init(&text, 256);
	if (shell(command) && os_read_file(in_folder("thumb"), &text, &e))
		for (; n < SHA1_HEX && n < text.n; n++)
			out[n] = text.p[n];
	out[n] = '\0';
	buf_release(&text);
	return (struct str){ out, n };
}

static void
serve(int fd, void *arg)
{
	const struct cert *cert = arg;
	int64_t deadline = os_mono_ms() + WAIT_MS;
	struct conn c = { 0 };
	struct err e;
	char p[16];
	size_t got;

	if (conn_accept(&c, fd, cert, deadline, &e) && conn_open(&c, &e))
		(void)!conn_read(&c, p, sizeof(p), &got, deadline, &e);
	conn_close(&c);
}

static bool
connect_to(uint16_t port, const struct trust *t, struct err *e)
{
	struct conn_to to = {
		.host = STR("127.0.0.1"),
		.port = port,
		.trust = t,
		.deadline = os_mono_ms() + WAIT_MS,
	};
	struct conn c = { 0 };
	bool ok = conn_start(&c, &to, e) && conn_open(&c, e);

	conn_close(&c);
	return ok;
}

static void
check_row(size_t i)
{
	const char *name = rows[i].name;
	char hex[SHA1_HEX + 1];
	struct peer peer = { 0 };
	struct cert cert;
	struct trust t;
	struct err e = { 0 };
	bool ok;

	T_CHECK(cert_file(&cert, in_folder(rows[i].chain),
		    in_folder(rows[i].key), &e),
	    "%s: %s", name, e.msg);
	T_CHECK(trust_open_pin(&t, thumbprint(rows[i].pinned, hex), &e),
	    "%s: %s", name, e.msg);
	T_CHECK(peer_start(&peer, "127.0.0.1", serve, &cert), "%s", name);
	ok = connect_to(peer.port, &t, &e);
	T_CHECK(ok == rows[i].ok, "%s: %s", name, e.msg);
	T_CHECK(ok ||
		(e.kind == ERR_RETRY && strstr(e.msg, "thumbprint") != NULL &&
		    e.remedy[0] != '\0'),
	    "%s: %s", name, e.msg);
	peer_stop(&peer);
	trust_release(&t);
	cert_release(&cert);
}

static void
test_rows(void)
{
	folder_make(folder);
	if (make_certificates())
		for (size_t i = 0; i < N(rows); i++)
			check_row(i);
	else
		t_skip("no openssl here");
	folder_end(folder);
}

static void
test_texts(void)
{
	static const struct {
		const char *hex;
		bool ok;
	} each[] = {
		{ "0123456789ABCDEF0123456789ABCDEF01234567", true },
		{ "0123456789abcdef0123456789abcdef01234567", true },
		{ "0123456789abcdef0123456789abcdef0123456", false },
		{ "0123456789abcdef0123456789abcdef012345678", false },
		{ "0123456789abcdef0123456789abcdef0123456g", false },
		{ "x123456789abcdef0123456789abcdef01234567", false },
		{ "", false },
	};
	struct trust t;
	struct err e;

	for (size_t i = 0; i < N(each); i++) {
		e = (struct err){ 0 };
		T_CHECK(trust_open_pin(&t, str_of(each[i].hex), &e) ==
			each[i].ok,
		    "%s: %s", each[i].hex, e.msg);
		T_CHECK(each[i].ok || e.kind == ERR_CONFIG, "%s: %s",
		    each[i].hex, err_kind_name(e.kind));
		trust_release(&t);
		trust_release(&t);
	}
}

static const struct t_test tests[] = {
	{ "who is believed", test_rows },
	{ "thumbprints", test_texts },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
