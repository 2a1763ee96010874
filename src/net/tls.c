/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/net_sockets.h>

#include "base/os.h"
#include "net/hostname.h"
#include "net/mbed.h"
#include "net/pin.h"
#include "net/session.h"
#include "net/tls_why.h"
#include "net/verify.h"

enum {
	FIRST_SIZE = 24,     /* bytes kept to recognise what is not TLS */
	TICKETS_AT_ONCE = 16 /* in a row without data; servers send 2 or 4 */
};

struct tls {
	const char *protocols[2]; /* of ALPN, ends with NULL */
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	struct arena *mem;
	int fd;
	bool is_server;
	int sys;  /* errno of a failed send or recv */
	bool eof; /* recv said 0 */
	char first[FIRST_SIZE];
	size_t first_n;
	struct verify verify;     /* client */
	const char *session_path; /* client; NULL: none */
	bool offered, kept;       /* the session of that file */
	bool unsent;              /* part of a record waits to be written */
	struct cert_state *cert;  /* server */
	bool resumed;
	enum io latched; /* END, CUT or FAILED, once reading came to it */
	struct err why;  /* for FAILED */
	struct str about;
};

/* AES-128 first: as strong as the rest of it, and cheaper where the CPU has
 * no AES; the servers have their own opinion anyway. ChaCha20 for others
 * than Microsoft's. No CBC, no RSA key exchange (RFC 9325 4.1, 4.2). */
static const int suites[] = { MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, 0 };

/* For a listener that says so: printers with RSA key exchange and CBC only
 * (relay.md 3, "legacy"). */
static const int old_suites[] = { MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA256,
	MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA,
	MBEDTLS_TLS_RSA_WITH_AES_256_CBC_SHA, 0 };

/* The first is the key share sent unasked: P-256 is what every server of
 * Microsoft takes, and costs the same as X25519 here (0.56 ms). */
static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE };

static const char http_1_1[] = "http/1.1"; /* RFC 7301 6 */

/* --- what went wrong, in words --- */

/* Not even the first record is one (RFC 8446 5.1): who is it? */
static bool
explain_not_tls(const struct tls *t, struct err *e)
{
	char text[FIRST_SIZE];
	struct str s = { text, t->first_n };
	const char *who = "something else";
	ssize_t more;

	memcpy(text, t->first, s.n);
	more = recv(t->fd, text + s.n, sizeof(text) - s.n, MSG_DONTWAIT);
	s.n += more > 0 ? (size_t)more : 0;

	if (str_starts(s, STR("HTTP/")) || str_starts(s, STR("<")))
		who = "plain HTTP";
	else if (str_starts(s, STR("220 ")) || str_starts(s, STR("220-")))
		who = "SMTP or FTP";
	else if (str_starts(s, STR("SSH-")))
		who = "SSH";
	s = str_first(s, str_chr(s, '\r'));
	err_set(e, ERR_RETRY, "it does not speak TLS but %s (\"%.*s\")", who,
	    STR_ARG(s));
	return err_remedy(e,
	    "check host and port in login_url and graph_url; "
	    "https needs the TLS port, usually 443");
}

static bool
looks_like_tls(const struct tls *t)
{
	return t->first_n < 2 ||
	    (t->first[0] >= 20 && t->first[0] <= 23 && t->first[1] == 3);
}

static bool
explain(const struct tls *t, int r, struct err *e)
{
	if (t->verify.why.kind != ERR_NONE) {
		*e = t->verify.why;
		return false;
	}
	if (mbed_no_memory(r))
		return err_set(e, ERR_RETRY, "out of memory");
	if (t->sys != 0) {
		errno = t->sys;
		return err_sys(e, ERR_RETRY, "the connection broke");
	}
	if (!looks_like_tls(t))
		return explain_not_tls(t, e);
	if (r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		return tls_why_alert(t->ssl.MBEDTLS_PRIVATE(in_msg)[1], e);
	if (r == MBEDTLS_ERR_SSL_CONN_EOF ||
	    r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return err_set(e, ERR_RETRY, "the peer closed the connection");
	return tls_why(r, e);
}

/* --- the socket --- */

static int
socket_send(void *arg, const unsigned char *p, size_t n)
{
	struct tls *t = arg;
	ssize_t r;

	do
		r = send(t->fd, p, n, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r >= 0)
		return (int)r;
	if (errno == EAGAIN)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	t->sys = errno;
	return MBEDTLS_ERR_NET_SEND_FAILED;
}

static void
note_first(struct tls *t, const unsigned char *p, size_t n)
{
	size_t room = sizeof(t->first) - t->first_n;

	n = n < room ? n : room;
	memcpy(t->first + t->first_n, p, n);
	t->first_n += n;
}

static int
socket_recv(void *arg, unsigned char *p, size_t n)
{
	struct tls *t = arg;
	ssize_t r;

	do
		r = recv(t->fd, p, n, 0);
	while (r < 0 && errno == EINTR);
	if (r > 0) {
		note_first(t, p, (size_t)r);
		return (int)r;
	}
	if (r == 0) {
		t->eof = true;
		return 0;
	}
	if (errno == EAGAIN)
		return MBEDTLS_ERR_SSL_WANT_READ;
	t->sys = errno;
	return MBEDTLS_ERR_NET_RECV_FAILED;
}

/* --- sessions --- */

static void
offer_session(struct tls *t)
{
	mbedtls_ssl_session s;
	struct buf b;
	int r;

	buf_init_secret(&b, SESSION_LIMIT);
	mbedtls_ssl_session_init(&s);
	if (session_load(t->session_path, os_wall(), &b)) {
		r = mbedtls_ssl_session_load(&s, (unsigned char *)b.p, b.n);
		if (r == 0)
			r = mbedtls_ssl_set_session(&t->ssl, &s);
		t->offered = r == 0;
	}
	mbedtls_ssl_session_free(&s);
	buf_release(&b);
}

/* Until when it may be used; 0: it cannot be. */
static int64_t
session_expires(const struct tls *t, const mbedtls_ssl_session *s)
{
	int64_t now = os_wall(), life = SESSION_LIFE_S;
	uint32_t hint = s->MBEDTLS_PRIVATE(ticket_lifetime);

	if (s->MBEDTLS_PRIVATE(ticket_len) == 0 &&
	    s->MBEDTLS_PRIVATE(id_len) == 0)
		return 0;
	if (hint > 0 && hint < life)
		life = hint;
	/* a resumed handshake checks no certificate: not beyond its end */
	if (t->verify.done && t->verify.leaf_expires < now + life)
		return t->verify.leaf_expires;
	return now + life;
}

/*
 * Only after a full handshake: a chain of resumed sessions would put off the
 * next look at the certificate for ever.
 */
static void
keep_session(struct tls *t)
{
	mbedtls_ssl_session s;
	int64_t expires = 0;
	unsigned char *to = NULL;
	struct buf b;
	size_t n = 0;

	if (t->session_path == NULL || t->kept || !t->verify.done)
		return;
	buf_init_secret(&b, SESSION_LIMIT);
	mbedtls_ssl_session_init(&s);
	if (mbedtls_ssl_get_session(&t->ssl, &s) == 0) {
		expires = session_expires(t, &s);
		(void)mbedtls_ssl_session_save(&s, NULL, 0, &n);
		to = (unsigned char *)buf_room(&b, n);
	}
	if (expires > 0 && to != NULL &&
	    mbedtls_ssl_session_save(&s, to, n, &n) == 0) {
		buf_commit(&b, n);
		t->kept = session_save(t->session_path, expires, buf_view(&b));
	}
	mbedtls_ssl_session_free(&s);
	buf_release(&b);
}

/* --- making one --- */

static int
ticket_parse(void *arg, mbedtls_ssl_session *s, unsigned char *p, size_t n)
{
	struct tls *t = arg;
	int r = mbedtls_ssl_ticket_parse(&t->cert->tickets, s, p, n);

	t->resumed = r == 0;
	return r;
}

static int
ticket_write(void *arg, const mbedtls_ssl_session *s, unsigned char *p,
    const unsigned char *end, size_t *n, uint32_t *lifetime)
{
	struct tls *t = arg;

	return mbedtls_ssl_ticket_write(&t->cert->tickets, s, p, end, n,
	    lifetime);
}

/* What both sides have in common. 0, or an error of mbedTLS. */
static int
configure(struct tls *t, int endpoint)
{
	int r = mbedtls_ssl_config_defaults(&t->conf, endpoint,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (r != 0)
		return r;
	mbedtls_ssl_conf_rng(&t->conf, MBED_RANDOM);
	mbedtls_ssl_conf_min_tls_version(&t->conf, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(&t->conf, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_ciphersuites(&t->conf, suites);
	mbedtls_ssl_conf_groups(&t->conf, groups);
	mbedtls_ssl_conf_cert_profile(&t->conf, &verify_profile);
	return 0;
}

static int
configure_http(struct tls *t)
{
	/* mbedTLS keeps the list, and wants one that could be written */
	t->protocols[0] = http_1_1;
	return mbedtls_ssl_conf_alpn_protocols(&t->conf, t->protocols);
}

static int
configure_client(struct tls *t, const struct tls_to *to)
{
	unsigned char ip[HOSTNAME_IP_MAX];
	struct str host = hostname_trim(to->host);
	const char *name = NULL;
	int r = configure(t, MBEDTLS_SSL_IS_CLIENT);

	if (r == 0)
		r = configure_http(t);
	if (r != 0)
		return r;
	t->verify.trust = to->trust->state;
	t->verify.host = host;
	mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_cb(&t->conf, trust_candidates, to->trust->state);
	r = mbedtls_ssl_setup(&t->ssl, &t->conf);
	mbedtls_ssl_set_verify(&t->ssl,
	    to->trust->state->pinned ? pin_crt : verify_crt, &t->verify);
	/* RFC 6066 3: SNI holds no IP literal and no full stop at its end */
	if (hostname_ip(host, ip) == 0) {
		name = arena_str(t->mem, host).p;
		if (name == NULL)
			return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	}
	return r != 0 ? r : mbedtls_ssl_set_hostname(&t->ssl, name);
}

static int
configure_server(struct tls *t, const struct tls_at *at)
{
	struct cert_state *c = t->cert;
	int r = configure(t, MBEDTLS_SSL_IS_SERVER);

	if (r == 0 && at->http)
		r = configure_http(t);
	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = mbedtls_ssl_conf_own_cert(&t->conf, &c->one[i].chain,
		    &c->one[i].key);
	if (r != 0)
		return r;
	if (at->clients == TLS_NEWEST)
		mbedtls_ssl_conf_min_tls_version(&t->conf,
		    MBEDTLS_SSL_VERSION_TLS1_3);
	if (at->clients == TLS_LEGACY)
		mbedtls_ssl_conf_ciphersuites(&t->conf, old_suites);
	mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_session_tickets_cb(&t->conf, ticket_write,
	    ticket_parse, t);
	return mbedtls_ssl_setup(&t->ssl, &t->conf);
}

static struct tls *
new_tls(struct arena *mem, int fd, struct err *e)
{
	struct tls *t = arena_alloc(mem, sizeof(*t));

	if (t == NULL) {
		if (arena_ok(mem, e))
			err_set(e, ERR_BUG, "arena");
		return NULL;
	}
	t->mem = mem;
	t->fd = fd;
	mbedtls_ssl_init(&t->ssl);
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_ssl_set_bio(&t->ssl, t, socket_send, socket_recv, NULL);
	return t;
}

static struct tls *
give(struct tls *t, int r, struct err *e)
{
	if (r == 0)
		return t;
	err_set(e, ERR_RETRY,
	    mbed_no_memory(r) ? "out of memory" :
				"TLS cannot be set up (-0x%04x)",
	    (unsigned)-r);
	tls_free(t);
	return NULL;
}

struct tls *
tls_client(struct arena *mem, int fd, const struct tls_to *to, struct err *e)
{
	struct session_for about = { to->session_folder, to->peer, { 0 } };
	struct tls *t = new_tls(mem, fd, e);
	int r;

	if (t == NULL)
		return NULL;
	r = configure_client(t, to);
	if (r == 0) {
		about.trust = to->trust->state->id;
		t->session_path = session_path(mem, &about);
		offer_session(t);
	}
	return give(t, r, e);
}

struct tls *
tls_server(struct arena *mem, int fd, const struct tls_at *at, struct err *e)
{
	struct tls *t = new_tls(mem, fd, e);

	if (t == NULL)
		return NULL;
	t->is_server = true;
	t->cert = at->cert->state;
	return give(t, configure_server(t, at), e);
}

void
tls_bye(struct tls *t)
{
	(void)mbedtls_ssl_close_notify(&t->ssl);
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	mbedtls_ssl_free(&t->ssl);
	mbedtls_ssl_config_free(&t->conf);
}

/* --- using it --- */

static enum io
latch(struct tls *t, enum io io, int r)
{
	t->latched = io;
	if (io == IO_FAILED)
		(void)explain(t, r, &t->why);
	return io;
}

/* "AES-256-GCM" of "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384". */
static struct str
cipher_of(const char *suite)
{
	static const struct str heads[] = { STR_INIT("-WITH-"),
		STR_INIT("TLS1-3-") };
	struct str s = str_of(suite);
	size_t at;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		at = str_find(s, heads[i]);
		if (at < s.n)
			s = str_from(s, at + heads[i].n);
	}
	return str_first(s, str_find(s, STR("-SHA")));
}

static enum io
shaken(struct tls *t, struct err *e)
{
	if (!t->is_server) {
		t->resumed = !t->verify.done;
		if (t->resumed && !t->offered) {
			err_set(e, ERR_BUG, "TLS without a certificate");
			return IO_FAILED;
		}
		/* TLS 1.3 brings its tickets later (RFC 8446 4.6.1) */
		if (mbedtls_ssl_get_version_number(&t->ssl) ==
		    MBEDTLS_SSL_VERSION_TLS1_2)
			keep_session(t);
	}
	t->about = arena_fmt(t->mem, "%s, %.*s%s%s%s",
	    mbedtls_ssl_get_version(&t->ssl),
	    STR_ARG(cipher_of(mbedtls_ssl_get_ciphersuite(&t->ssl))),
	    t->resumed ? ", resumed" : "",
	    t->verify.by_system ? ", by the system's store: " : "",
	    t->verify.by_system ? t->verify.issuer : "");
	return IO_DONE;
}

enum io
tls_handshake(struct tls *t, struct err *e)
{
	int r = mbedtls_ssl_handshake(&t->ssl);

	if (r == 0)
		return shaken(t, e);
	if (r == MBEDTLS_ERR_SSL_WANT_READ)
		return IO_WANT_READ;
	if (r == MBEDTLS_ERR_SSL_WANT_WRITE)
		return IO_WANT_WRITE;
	/* perhaps it fails because of the session: the next try is without */
	if (t->offered)
		session_forget(t->session_path);
	(void)latch(t, IO_FAILED, r);
	*e = t->why;
	return IO_FAILED;
}

bool
tls_offered_session(const struct tls *t)
{
	return t->offered;
}

/* What a return value of mbedtls_ssl_read without data means. */
static enum io
no_data(struct tls *t, int r)
{
	if (r == MBEDTLS_ERR_SSL_WANT_READ)
		return IO_WANT_READ;
	if (r == MBEDTLS_ERR_SSL_WANT_WRITE)
		return IO_WANT_WRITE;
	if (r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return latch(t, IO_END, r);
	/* 0 is the end of the connection, or a record without bytes */
	if (r == 0)
		return t->eof ? latch(t, IO_CUT, r) : IO_WANT_READ;
	return latch(t, IO_FAILED, r);
}

/*
 * mbedTLS wants all output gone before it looks at a ticket. While that
 * waits, tickets are ignored: an early answer behind one must be readable.
 */
static void
choose_tickets(struct tls *t)
{
	bool wanted = t->session_path != NULL && !t->kept && !t->unsent;

	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&t->conf,
	    wanted ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED :
		     MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
}

static enum io
take(struct tls *t, unsigned char *p, size_t n, size_t *got)
{
	int r;

	*got = 0;
	if (t->latched != IO_DONE)
		return t->latched;
	if (!t->is_server)
		choose_tickets(t);
	for (int i = 0; i < TICKETS_AT_ONCE; i++) {
		r = mbedtls_ssl_read(&t->ssl, p, n);
		if (r != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			break;
		keep_session(t);
	}
	*got = r > 0 ? (size_t)r : 0;
	if (r > 0 || (r == 0 && mbedtls_ssl_get_bytes_avail(&t->ssl) > 0))
		return IO_DONE;
	return no_data(t, r);
}

enum io
tls_read(struct tls *t, char *p, size_t n, size_t *got, struct err *e)
{
	enum io io = take(t, (unsigned char *)p, n, got);

	if (io == IO_FAILED)
		*e = t->why;
	return io;
}

enum io
tls_peek(struct tls *t)
{
	unsigned char none;
	size_t got;

	return take(t, &none, 0, &got);
}

enum io
tls_write(struct tls *t, struct str s, size_t *done, struct err *e)
{
	int r;

	for (int i = 0; i < TICKETS_AT_ONCE; i++) {
		r = mbedtls_ssl_write(&t->ssl, (const unsigned char *)s.p, s.n);
		if (r != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			break;
		keep_session(t);
	}
	*done = r > 0 ? (size_t)r : 0;
	t->unsent = r <= 0;
	if (r > 0)
		return IO_DONE;
	if (r == MBEDTLS_ERR_SSL_WANT_READ)
		return IO_WANT_READ;
	if (r == MBEDTLS_ERR_SSL_WANT_WRITE)
		return IO_WANT_WRITE;
	(void)explain(t, r, e);
	return IO_FAILED;
}

void
tls_peer(const struct tls *t, struct str *issuer, int64_t *expires)
{
	*issuer = t->verify.done ? str_of(t->verify.issuer) : STR("");
	*expires = t->verify.done ? t->verify.leaf_expires : 0;
}

struct str
tls_describe(const struct tls *t)
{
	return t->about;
}
