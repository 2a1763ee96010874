/* SPDX-License-Identifier: MIT */
/*
 * Which servers are believed: the cases of tls-local, served by Python, and
 *
 *	tls_test probe HOST PORT CA NAME [FOLDER]
 *
 * which shakes hands with HOST:PORT for NAME, keeping its session in FOLDER,
 * and prints "ok TLSv1.3, ..." or the reason and "remedy: ...", for stories.
 */
#include "net/tls.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "net/tcp.h"
#include "peer.h"
#include "t.h"

enum { SOON_MS = 10000, CASES_MOST = 100 };

struct probe {
	const char *ip;
	uint16_t port;
	struct tls_to to;
};

static int
dial(const char *ip, uint16_t port, struct err *e)
{
	struct tcp tcp = { 0 };
	struct pollfd fds[TCP_ADDRS];
	int64_t wake = os_mono_ms() + SOON_MS;
	enum tcp_state s = TCP_FAILED;
	int fd = -1;
	size_t n;

	if (tcp_start(&tcp, str_of(ip), port, true, e))
		while ((s = tcp_step(&tcp, e)) == TCP_OPENING) {
			n = tcp_wants(&tcp, fds, &wake);
			(void)os_poll(fds, n, wake);
		}
	if (s == TCP_OPEN)
		fd = tcp_take(&tcp);
	tcp_release(&tcp);
	return fd;
}

static short
events_of(enum io io)
{
	if (io == IO_WANT_READ)
		return POLLIN;
	return io == IO_WANT_WRITE ? POLLOUT : 0;
}

static bool
shake(struct tls *t, int fd, struct err *e)
{
	int64_t deadline = os_mono_ms() + SOON_MS;
	struct pollfd p = { .fd = fd };
	enum io io;

	while ((p.events = events_of(io = tls_handshake(t, e))) != 0)
		if (os_poll(&p, 1, deadline) == 0)
			return err_set(e, ERR_RETRY, "no answer in time");
	return io == IO_DONE;
}

/* Asks for something and waits for its start: tickets come before that. */
static void
exchange(struct tls *t, int fd)
{
	static const struct str ask = STR_INIT("GET / HTTP/1.0\r\n\r\n");
	int64_t deadline = os_mono_ms() + SOON_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct err e;
	size_t n;
	char got[512];

	if (tls_write(t, ask, &n, &e) != IO_DONE)
		return;
	while (events_of(tls_read(t, got, sizeof(got), &n, &e)) != 0)
		if (os_poll(&p, 1, deadline) == 0)
			return;
}

/* Shakes hands; *about says what came of it. */
static bool
probe(const struct probe *p, struct buf *about, struct err *e)
{
	struct tls *t = NULL;
	struct arena mem;
	bool ok = false;
	int fd = dial(p->ip, p->port, e);

	arena_init(&mem, 65536);
	if (fd >= 0)
		t = tls_client(&mem, fd, &p->to, e);
	if (t != NULL)
		ok = shake(t, fd, e);
	if (ok) {
		buf_adds(about, tls_describe(t));
		exchange(t, fd);
		tls_bye(t);
	}
	tls_free(t);
	os_close(&fd);
	arena_release(&mem);
	return ok;
}

/* --- tls-local --- */

/* Where the manifest leaves it open, or our verdict differs, and why. */
static const struct {
	const char *name;
	bool accept;
	const char *why;
} decided[] = {
	{ "ok-any-eku", false, "any purpose is none: CA/Browser Forum" },
	{ "ok-reversed-chain", true, "RFC 8446 4.4.2 asks for tolerance" },
	{ "wildcard-partial", false, "RFC 9525 6.3" },
	{ "san-trailing-dot", false, "not a name as RFC 5280 4.2.1.6 has it" },
	{ "inter-nc-permitted-ok", true, "RFC 5280 4.2.1.10" },
	{ "inter-nc-violated-noncritical", false, "the same" },
	{ "v1-leaf", false, "version 1 can name no hosts" },
	{ "ed25519-leaf", false, "mbedTLS 3.6 has no Ed25519" },
	{ "ca-true-leaf", true, "RFC 5280 does not forbid it" },
	{ "huge-10000-san", false, "over the 16 KB of a handshake message" },
	{ "srv-alpn-h2-only", true, "the server goes on without ALPN" },
	{ "srv-client-cert", true, "it works without one" },
};

static const struct {
	const char *name, *told;
} reasons[] = {
	{ "expired", "it expired on 2025-11-23 12:00:00 UTC" },
	{ "not-yet-valid", "it is not valid before 2027-11-23 12:00:00 UTC" },
	{ "wrong-host", "it is for wrong.test" },
	{ "no-san-cn-only", "it is for no host name" },
	{ "ip-san-wrong", "it is for 127.0.0.2" },
	{ "self-signed", "not trusted: CN=graph.test" },
	{ "incomplete-chain",
	    "the last issuer in its chain is: "
	    "CN=Test Inter (the server sent one certificate only)" },
	{ "bad-signature", "is not that of CN=Test Inter" },
	{ "wrong-intermediate", "is not that of CN=Test Inter" },
	{ "untrusted-root-same-name", "CN=Test Root is trusted, but with" },
	{ "inter-expired", "an authority above it expired on 2024-11-23" },
	{ "eku-client-only", "not meant for TLS servers" },
	{ "unknown-critical", "a critical extension is not supported" },
	{ "inter-nc-permitted-violated", "name constraints" },
	{ "inter-nc-violated-noncritical", "name constraints" },
	{ "sha1-leaf", "outdated hash" },
	{ "rsa1024", "too weak" },
	{ "ed25519-leaf", "handshake_failure" },
	{ "huge-10000-san", "larger than 16 KB" },
	{ "srv-tls10-only", "older TLS than 1.2" },
	{ "srv-tls11-only", "older TLS than 1.2" },
};

static struct local {
	char folder[64];
	pid_t server;
	uint16_t base;
	struct trust trust;
	unsigned cases;
} local;

static bool
run_python(const char *script, const char *arg, const char *arg2, int out)
{
	static const char python[] = "/usr/bin/python3";
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/tools/%s", t_shared(), script);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		return false;
	execl(python, python, path, arg, arg2, (char *)NULL);
	execlp("python3", "python3", path, arg, arg2, (char *)NULL);
	return false;
}

static bool
generate(void)
{
	int status = 1, out[2];
	pid_t pid;

	if (pipe(out) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		(void)run_python("gen_tls.py", local.folder, NULL, out[1]);
		_exit(1);
	}
	(void)waitpid(pid, &status, 0);
	(void)close(out[0]);
	(void)close(out[1]);
	return status == 0;
}

/* CASES_MOST ports in a row that nobody listens on. */
static uint16_t
free_ports(void)
{
	uint16_t base = 0, port;
	int fd;

	for (unsigned i = 0; i < CASES_MOST; i++) {
		if (i == 0)
			base = (uint16_t)(11000 + (getpid() * 131) % 18000);
		port = (uint16_t)(base + i);
		fd = peer_listen("127.0.0.1", 1, &port);
		if (fd < 0)
			return 0;
		(void)close(fd);
	}
	return base;
}

/* Serves all cases; returns once the script says that it is ready. */
static bool
serve_local(void)
{
	char base[8], got[512];
	struct pollfd p = { .events = POLLIN };
	size_t n = 0;
	ssize_t r = 1;
	int out[2];

	local.base = free_ports();
	if (local.base == 0 || pipe(out) < 0)
		return false;
	(void)snprintf(base, sizeof(base), "%u", (unsigned)local.base);
	local.server = fork();
	if (local.server == 0) {
		(void)run_python("tlsserve.py", local.folder, base, out[1]);
		_exit(1);
	}
	(void)close(out[1]);
	p.fd = out[0];
	while (r > 0 && n < sizeof(got) - 1 &&
	    os_poll(&p, 1, os_mono_ms() + SOON_MS) > 0) {
		r = read(out[0], got + n, sizeof(got) - 1 - n);
		n += r > 0 ? (size_t)r : 0;
		if (str_find((struct str){ got, n }, STR("ready")) < n)
			return true;
	}
	(void)close(out[0]);
	return false;
}

static bool
wanted(struct str name, struct str verdict, bool got)
{
	for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++)
		if (str_eq(name, str_of(decided[i].name)))
			return got == decided[i].accept;
	if (!str_eq(verdict, STR("accept")) && !str_eq(verdict, STR("reject")))
		return false; /* an open one that nobody decided */
	return got == str_eq(verdict, STR("accept"));
}

/*
 * The servers' threads begin to listen one after the other: a refused
 * connection is tried again.
 */
static bool
probe_case(const struct probe *p, struct buf *about, struct err *e)
{
	int64_t deadline = os_mono_ms() + SOON_MS;
	bool ok;

	for (;;) {
		buf_reset(about);
		ok = probe(p, about, e);
		if (ok || os_mono_ms() > deadline ||
		    !str_ends(str_of(e->msg), STR("Connection refused")))
			return ok;
		(void)os_poll(NULL, 0, os_mono_ms() + 20);
	}
}

static void
run_case(unsigned i, struct str name, struct str verdict, struct str host)
{
	struct probe p = { .ip = "127.0.0.1",
		.port = (uint16_t)(local.base + i),
		.to = { .host = host, .trust = &local.trust } };
	struct err e = { 0 };
	struct buf about;
	bool ok;

	buf_init(&about, 1024);
	ok = probe_case(&p, &about, &e);
	T_CHECK(wanted(name, verdict, ok), "%.*s: %s", STR_ARG(name),
	    ok ? "accepted" : e.msg);
	T_CHECK(ok || e.kind == ERR_RETRY, "%.*s: kind", STR_ARG(name));
	for (size_t k = 0; k < sizeof(reasons) / sizeof(*reasons); k++) {
		if (!str_eq(name, str_of(reasons[k].name)))
			continue;
		T_CHECK(str_find(str_of(e.msg), str_of(reasons[k].told)) <
			str_of(e.msg).n,
		    "%.*s: %s", STR_ARG(name), e.msg);
		T_CHECK(e.remedy[0] != '\0', "%.*s: no remedy", STR_ARG(name));
	}
	buf_release(&about);
	local.cases++;
}

static void
run_local(void)
{
	struct str rest, line, name, verdict, host;
	struct buf manifest;
	char path[96];
	unsigned i = 0;

	buf_init(&manifest, 65536);
	(void)snprintf(path, sizeof(path), "%s/manifest.tsv", local.folder);
	t_read_file(path, &manifest);
	rest = buf_view(&manifest);
	(void)str_next(&rest, '\n', &line); /* the heading */
	while (str_next(&rest, '\n', &line))
		if (str_next(&line, '\t', &name) &&
		    str_next(&line, '\t', &verdict) &&
		    str_next(&line, '\t', &host))
			run_case(i++, name, verdict, host);
	buf_release(&manifest);
}

static void
remove_local(void)
{
	char command[128];

	if (local.server > 0) {
		(void)kill(local.server, SIGKILL);
		(void)waitpid(local.server, NULL, 0);
	}
	(void)snprintf(command, sizeof(command), "rm -r '%s'", local.folder);
	if (system(command) != 0)
		fprintf(stderr, "tls_test: %s stays\n", local.folder);
	trust_release(&local.trust);
}

/* The dates in the generated certificates are fixed: 2026-11-23 +- 182 d. */
static bool
in_time(void)
{
	return os_wall() > 1779537600 && os_wall() < 1811000000;
}

static void
test_local(void)
{
	char ca[96];
	struct err e;

	if (t_shared() == NULL || !in_time()) {
		t_skip(t_shared() == NULL ? "no shared folder" :
					    "its certificates are too old");
		return;
	}
	(void)snprintf(local.folder, sizeof(local.folder),
	    "/tmp/tls_test.XXXXXX");
	if (mkdtemp(local.folder) == NULL)
		exit(1);
	(void)snprintf(ca, sizeof(ca), "%s/ca.pem", local.folder);
	if (!generate() || !serve_local()) {
		t_skip("python3 with cryptography is missing");
	} else if (trust_open(&local.trust, str_of(ca), STR(""), &e)) {
		run_local();
		T_CHECK(local.cases == 73, "%u cases", local.cases);
	} else {
		T_CHECK(false, "%s", e.msg);
	}
	remove_local();
}

/* --- probe --- */

static int
probe_main(char **arg, const char *folder)
{
	struct trust trust;
	struct probe p = { .ip = arg[0],
		.to = { .host = str_of(arg[3]),
		    .trust = &trust,
		    .session_folder = str_of(folder),
		    .peer = str_of(arg[1]) } };
	struct err e = { 0 };
	struct buf about;
	uint64_t port = 0;
	bool ok;

	buf_init(&about, 1024);
	ok = str_u64(str_of(arg[1]), 65535, &port) &&
	    trust_open(&trust, str_of(arg[2]), str_of(getenv("SSL_CERT_FILE")),
		&e);
	if (ok) {
		p.port = (uint16_t)port;
		ok = probe(&p, &about, &e);
		trust_release(&trust);
	}
	if (ok)
		printf("ok %.*s\n", STR_ARG(buf_view(&about)));
	else
		printf("%s\nremedy: %s\n", e.msg, e.remedy);
	buf_release(&about);
	return ok ? 0 : err_exit(&e);
}

static const struct t_test tests[] = {
	{ "local", test_local },
};

int
main(int argc, char **argv)
{
	if ((argc == 6 || argc == 7) && str_eq(str_of(argv[1]), STR("probe")))
		return probe_main(argv + 2, argc == 7 ? argv[6] : "");
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
