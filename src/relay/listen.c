/* SPDX-License-Identifier: MIT */
#include "relay/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"

enum {
	LISTEN_FD_FIRST = 3, /* sd_listen_fds(3) */
	LISTEN_FD_MOST = 100,
	LISTEN_NAME_SIZE = 64
};

static bool
listen_parse_ip(struct str text, struct listen *out)
{
	size_t colon = text.n;
	struct str host;
	uint64_t port;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || !str_u64(str_from(text, colon), 65535, &port) ||
	    port == 0)
		return false;
	host = str_first(text, colon - 1);
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_first(str_from(host, 1), host.n - 2);
	else if (str_chr(host, ':') < host.n)
		return false;
	out->kind = LISTEN_IP;
	out->port = (uint16_t)port;
	return range_ip_parse(host, &out->ip);
}

static bool
listen_parse_address(struct str text, struct listen *out, struct err *e)
{
	out->text = text;
	if (str_starts(text, STR("/"))) {
		out->kind = LISTEN_UNIX;
		out->name = text;
		if (text.n < sizeof(((struct sockaddr_un *)0)->sun_path))
			return true;
		return err_set(e, ERR_CONFIG,
		    "the path \"%.*s\" is too long for a UNIX socket",
		    STR_ARG(text));
	}
	if (str_starts(text, STR("fd:")) && text.n > 3) {
		out->kind = LISTEN_FD;
		out->name = str_from(text, 3);
		return true;
	}
	if (listen_parse_ip(text, out))
		return true;
	err_set(e, ERR_CONFIG, "\"%.*s\" is no address to listen on",
	    STR_ARG(text));
	return err_remedy(e,
	    "write 127.0.0.1:25, [::1]:25, 0.0.0.0:25 for all of IPv4, [::]:25 "
	    "for all of IPv6, /path or fd:NAME");
}

/* A word that is the listener's own, and no second mode. */
static bool
listen_take_word(struct str word, struct listen *out)
{
	static const struct {
		struct str name;
		enum listen_tls tls;
	} modes[] = {
		{ STR_INIT("plain"), LISTEN_PLAIN },
		{ STR_INIT("starttls"), LISTEN_STARTTLS },
		{ STR_INIT("tls"), LISTEN_TLS },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (str_eq(word, modes[i].name) && out->tls == LISTEN_AUTO) {
			out->tls = modes[i].tls;
			return true;
		}
	out->auth = out->auth || str_eq(word, STR("auth"));
	out->legacy = out->legacy || str_eq(word, STR("legacy"));
	out->tls13 = out->tls13 || str_eq(word, STR("tls1.3"));
	return str_eq(word, STR("auth")) || str_eq(word, STR("legacy")) ||
	    str_eq(word, STR("tls1.3"));
}

bool
listen_parse(struct str text, struct listen *out, struct err *e)
{
	struct str rest = text, word;
	bool known;

	*out = (struct listen){ 0 };
	if (!str_next(&rest, ' ', &word) || word.n == 0)
		return err_set(e, ERR_CONFIG, "there is no address");
	if (!listen_parse_address(word, out, e))
		return false;
	while (str_next(&rest, ' ', &word)) {
		if (word.n == 0 || listen_take_word(word, out))
			continue;
		if (!rule_word(word, &out->rule, &known, e))
			return false;
		if (!known)
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is no word of a listener, or one too "
			    "many: plain, starttls or tls, auth, legacy, "
			    "tls1.3, from=, to=, account=, rewrite=, rate=, "
			    "clients=",
			    STR_ARG(word));
	}
	if (!rule_is_of_place(&out->rule, out->kind == LISTEN_UNIX, e))
		return false;
	if (!out->tls13 || (!out->legacy && out->tls != LISTEN_PLAIN))
		return true;
	return err_set(e, ERR_CONFIG,
	    "\"%s\" and \"tls1.3\" exclude each other",
	    out->legacy ? "legacy" : "plain");
}

/* Who is meant by "user:NAME" or "group:NAME". */
static bool
allow_parse_person(struct str word, bool user, struct allow *out, struct err *e)
{
	struct str name = str_from(word, str_chr(word, ':') + 1);
	char z[LISTEN_NAME_SIZE];
	const struct passwd *p;
	const struct group *g;
	uint64_t id;

	out->kind = user ? ALLOW_USER : ALLOW_GROUP;
	if (str_u64(name, UINT32_MAX - 1, &id)) {
		out->id = (uid_t)id;
		return true;
	}
	if (name.n == 0 || name.n >= sizeof(z))
		return err_set(e, ERR_CONFIG, "\"%.*s\" names nobody",
		    STR_ARG(word));
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	if (user && (p = getpwnam(z)) != NULL) {
		out->id = p->pw_uid;
		return true;
	}
	if (!user && (g = getgrnam(z)) != NULL) {
		out->id = g->gr_gid;
		return true;
	}
	return err_set(e, ERR_CONFIG, "there is no %s \"%s\" on this machine",
	    user ? "user" : "group", z);
}

bool
allow_parse(struct str text, struct allow *out, struct err *e)
{
	struct str rest = text, word;
	bool known, ok;

	*out = (struct allow){ 0 };
	if (!str_next(&rest, ' ', &word) || word.n == 0)
		return err_set(e, ERR_CONFIG, "it allows nobody");
	if (str_starts(word, STR("user:")) || str_starts(word, STR("group:")))
		ok = allow_parse_person(word, word.p[0] == 'u', out, e);
	else
		ok = range_parse(word, &out->range, e);
	while (ok && str_next(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		ok = rule_word(word, &out->rule, &known, e);
		if (ok && !known)
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is no word of a network: from=, to=, "
			    "account=, rewrite=, rate=, clients=",
			    STR_ARG(word));
	}
	return ok && rule_is_of_place(&out->rule, out->kind != ALLOW_RANGE, e);
}

static bool
allow_has(const struct allow *a, const struct listen_peer *who)
{
	switch (a->kind) {
	case ALLOW_RANGE:
		return !who->local && range_has(&a->range, &who->ip);
	case ALLOW_USER:
		return who->local && a->id == who->uid;
	case ALLOW_GROUP:
		return who->local && a->id == who->gid;
	}
	return false;
}

/* The longer prefix wins, and a user over a group. */
static unsigned
allow_closeness(const struct allow *a)
{
	return a->kind == ALLOW_RANGE ? a->range.bits + 1 :
	    a->kind == ALLOW_USER     ? 2 :
					1;
}

const struct allow *
allow_find(const struct allow *list, const struct listen_peer *who)
{
	const struct allow *best = NULL;

	for (; list != NULL; list = list->next)
		if (allow_has(list, who) &&
		    (best == NULL ||
			allow_closeness(list) > allow_closeness(best)))
			best = list;
	return best;
}

bool
listen_is_public(const struct listen *l)
{
	return l->kind == LISTEN_FD ||
	    (l->kind == LISTEN_IP && !range_ip_is_loopback(&l->ip));
}

/* Sockets */

static int
listen_fail(int fd, const struct listen *l, const char *what, struct err *e)
{
	int error = errno;

	os_close(&fd);
	err_set(e, ERR_CONFIG, "cannot %s %.*s: %s", what, STR_ARG(l->text),
	    strerror(error));
	if (error == EADDRINUSE)
		(void)err_remedy(e,
		    "another program listens there (`ss -ltnp` names it): stop "
		    "it, or choose another address");
	else if (error == EACCES && l->kind == LISTEN_IP)
		(void)err_remedy(e,
		    "ports below 1024 want root, CAP_NET_BIND_SERVICE or a "
		    "socket of systemd; 2525 wants nothing");
	else if (error == EADDRNOTAVAIL)
		(void)err_remedy(e, "this machine does not have that address");
	return -1;
}

static socklen_t
listen_address(const struct listen *l, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	*out = (struct sockaddr_storage){ 0 };
	if (range_ip_is_v4(&l->ip)) {
		v4.sin_port = htons(l->port);
		memcpy(&v4.sin_addr, l->ip.b + 12, 4);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	v6.sin6_port = htons(l->port);
	memcpy(&v6.sin6_addr, l->ip.b, 16);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

static int
listen_open_ip(const struct listen *l, struct err *e)
{
	struct sockaddr_storage to;
	socklen_t n = listen_address(l, &to);
	int on = 1,
	    fd = socket(to.ss_family,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return listen_fail(fd, l, "open a socket for", e);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (bind(fd, (struct sockaddr *)&to, n) < 0)
		return listen_fail(fd, l, "listen on", e);
	if (listen(fd, LISTEN_BACKLOG) < 0)
		return listen_fail(fd, l, "listen on", e);
	return fd;
}

/* Removes a socket that no process listens on. */
static bool
listen_unlink_dead(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool dead = fd >= 0 &&
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 &&
	    errno == ECONNREFUSED;

	os_close(&fd);
	return dead && unlink(to->sun_path) == 0;
}

static int
listen_open_unix(const struct listen *l, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(to.sun_path, l->name.p, l->name.n);
	if (fd < 0)
		return listen_fail(fd, l, "open a socket for", e);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    (errno != EADDRINUSE || !listen_unlink_dead(&to) ||
		bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0))
		return listen_fail(fd, l, "listen on", e);
	if (chmod(to.sun_path, 0666) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return listen_fail(fd, l, "listen on", e);
	return fd;
}

/* A socket that listens? */
static bool
listen_is_open(int fd)
{
	int listens = 0;
	socklen_t n = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 &&
	    listens != 0;
}

/* The n-th name of LISTEN_FDNAMES; they are parted by colons. */
static int
listen_take_fd(const struct listen *l, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	const char *all = getenv("LISTEN_FDNAMES");
	struct str names = str_of(all != NULL ? all : ""), name;
	uint64_t n, owner;

	if (pid != NULL && count != NULL &&
	    str_u64(str_of(pid), INT32_MAX, &owner) &&
	    (pid_t)owner == getpid() &&
	    str_u64(str_of(count), LISTEN_FD_MOST, &n))
		for (int fd = LISTEN_FD_FIRST; fd < LISTEN_FD_FIRST + (int)n &&
		     str_next(&names, ':', &name);
		     fd++)
			if (str_eq(name, l->name) && listen_is_open(fd) &&
			    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
			    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
				return fd;
	err_set(e, ERR_CONFIG, "systemd passed no socket named \"%.*s\"",
	    STR_ARG(l->name));
	(void)err_remedy(e, "its socket unit wants FileDescriptorName=%.*s",
	    STR_ARG(l->name));
	return -1;
}

int
listen_open(const struct listen *l, struct err *e)
{
	switch (l->kind) {
	case LISTEN_IP:
		return listen_open_ip(l, e);
	case LISTEN_UNIX:
		return listen_open_unix(l, e);
	case LISTEN_FD:
		break;
	}
	return listen_take_fd(l, e);
}

int
listen_connect(const struct listen *l)
{
	static const unsigned char any[16] = { 0 };
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr_storage to = { 0 };
	struct listen at = *l;
	socklen_t n = sizeof(path);
	int fd;

	if (l->kind == LISTEN_UNIX) {
		memcpy(path.sun_path, l->name.p, l->name.n);
		memcpy(&to, &path, sizeof(path));
	} else {
		/* all addresses: by that of the loopback */
		if (range_ip_is_v4(&at.ip) && memcmp(at.ip.b + 12, any, 4) == 0)
			memcpy(at.ip.b + 12, "\x7f\0\0\1", 4);
		else if (memcmp(at.ip.b, any, 16) == 0)
			at.ip.b[15] = 1;
		n = listen_address(&at, &to);
	}
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, n) < 0)
		os_close(&fd);
	return fd;
}
