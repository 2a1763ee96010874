/* SPDX-License-Identifier: MIT */
/*
 * listen: where the relay listens, and from where it takes mail.
 *
 *	listen = ADDR [plain|starttls|tls] [auth] [legacy] [tls1.3] [WORDS]
 *	allow = CIDR|IP|user:NAME|group:NAME [WORDS]
 *
 * ADDR is IP:PORT, [IP6]:PORT, /path of a UNIX socket, or fd:NAME, which
 * systemd has opened (sd_listen_fds(3)).
 *
 * Source: relay.md 1.
 */
#ifndef RELAY_LISTEN_H
#define RELAY_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "relay/rule.h"

enum { LISTEN_BACKLOG = 1024 };

enum listen_kind { LISTEN_IP, LISTEN_UNIX, LISTEN_FD };
enum listen_tls {
	LISTEN_AUTO, /* STARTTLS where there is a certificate */
	LISTEN_PLAIN,
	LISTEN_STARTTLS,
	LISTEN_TLS /* from the first byte */
};

struct listen {
	struct str text; /* the address as it was written */
	enum listen_kind kind;
	struct range_ip ip;
	uint16_t port;
	struct str name; /* the path, or systemd's name */
	enum listen_tls tls;
	bool auth;   /* only who signed in may send */
	bool legacy; /* TLS for old devices, and AUTH= */
	bool tls13;  /* nothing older than TLS 1.3 */
	struct rule rule;
	struct listen *next;
};

enum allow_kind { ALLOW_RANGE, ALLOW_USER, ALLOW_GROUP };

struct allow {
	enum allow_kind kind;
	struct range range;
	uid_t id; /* of the user, or of the group */
	struct rule rule;
	struct allow *next;
};

/* One value of the setting; its text is lent. ERR_CONFIG. */
bool listen_parse(struct str text, struct listen *out, struct err *e)
    __attribute__((warn_unused_result));
bool allow_parse(struct str text, struct allow *out, struct err *e)
    __attribute__((warn_unused_result));

/* Who connected. */
struct listen_peer {
	bool local; /* by a UNIX socket */
	struct range_ip ip;
	uid_t uid;
	gid_t gid; /* the process's own group */
};

/* The closest entry that has this peer; NULL: none. */
const struct allow *allow_find(const struct allow *list,
    const struct listen_peer *who);

/*
 * Binds and listens; non-blocking, closed on exec. A UNIX socket that nobody
 * listens on any more is replaced, its mode is 0666. -1: ERR_CONFIG with exit
 * 78 says what is in the way. LISTEN_FD: the descriptor that systemd passed.
 */
int listen_open(const struct listen *l, struct err *e);

/* A connection to it, from this machine; blocking. -1: nobody listens. */
int listen_connect(const struct listen *l);

/* The network reaches it from outside of this machine. */
bool listen_is_public(const struct listen *l);

#endif
