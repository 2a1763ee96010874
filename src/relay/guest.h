/* SPDX-License-Identifier: MIT */
/*
 * guest: one connection to the relay: its bytes in and out, in clear or by
 * TLS, its deadlines, and its session. Never waits.
 *
 *	guest_wants	what to poll for, and until when
 *	guest_serve	it is readable, writable, or its time has come
 *	guest_go_on	an answer that was worked out beside the loop is there
 *
 * Source: relay.md 2.
 */
#ifndef RELAY_GUEST_H
#define RELAY_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/cert.h"
#include "net/io.h"
#include "net/tls.h"
#include "smtp/session.h"

struct guest;

/* What the connection's owner does with the session's events. */
struct guest_host {
	/*
	 * Deals with an event that wants an answer or a piece of text. False:
	 * the answer comes later, by guest_go_on.
	 */
	bool (*event)(struct guest *c, enum session_event what);
	/* a handshake is over; why: it failed */
	void (*secured)(struct guest *c, const struct err *why);
	char *input; /* one buffer for all clients, of GUEST_INPUT bytes */
	const struct cert *cert; /* NULL: there is no TLS */
	/* milliseconds; data_rate in bytes a second, 0: none */
	int64_t command_timeout, data_timeout, login_timeout, tls_timeout;
	uint64_t data_rate;
	bool stress; /* places are getting few: who is slow goes */
};

enum {
	GUEST_INPUT = 16384,    /* as large as a TLS record */
	GUEST_LINGER_MS = 5000, /* input that is dropped behind our close */
	GUEST_MUTE_MS = 10000,  /* without a byte of TLS where it begins */
	GUEST_SLOW_MS = 1000,   /* that a stranger with errors waits */
	GUEST_STRESS_MS = 10000,
	GUEST_GRACE_MS = 300000 /* before data_rate counts */
};

enum guest_state {
	GUEST_HANDSHAKE,
	GUEST_TALKS,
	GUEST_WAITS,   /* for guest_go_on */
	GUEST_LINGERS, /* the session is over; input is dropped */
	GUEST_GONE     /* may be freed, once nobody works for it */
};

/* How it ended, where that was not by QUIT. */
enum guest_end { GUEST_IN_ORDER, GUEST_LOST, GUEST_TIMEOUT };

struct guest {
	struct guest_host *host;
	enum guest_state state;
	enum guest_end end;
	struct session session;
	struct buf rest; /* input that the session has not taken yet */
	struct arena tls_mem;
	struct io_stream stream;
	enum tls_clients tls_clients;
	size_t writing;     /* bytes of replies that are on their way */
	short events;       /* that reading, TLS or writing waits for */
	bool tls_at_once;   /* from the first byte, */
	bool tls_began;     /* and that came */
	bool turns_tls;     /* once all replies are out */
	bool ends;          /* the same, then it is over */
	bool in_data;       /* pieces of a message come */
	int64_t since;      /* monotonic ms, as all times here */
	int64_t active;     /* when it last did what it should */
	int64_t slow_until; /* no reply goes out before */
	int64_t data_since;
	uint64_t data_bytes;
};

/* tls: from the first byte. clients: of TLS. */
struct guest_how {
	int fd; /* non-blocking; becomes ours */
	bool tls;
	enum tls_clients clients;
};

/* Begins. ERR_RETRY: no memory for it; close it in any case. */
bool guest_open(struct guest *c, struct guest_host *host,
    const struct guest_how *how, const struct session_conf *conf, struct err *e)
    __attribute__((warn_unused_result));
void guest_close(struct guest *c);

/* Events for poll; *until becomes earlier where its time comes before. */
short guest_wants(const struct guest *c, int64_t now, int64_t *until);
void guest_serve(struct guest *c, short events, int64_t now);
/* The answer was given: session_answer. */
void guest_go_on(struct guest *c, int64_t now);
/* Ends it with a reply, unless it waits for an answer. */
void guest_bye(struct guest *c, struct str reply, int64_t now);

#endif
