/* SPDX-License-Identifier: MIT */
/*
 * tcp: opens a TCP connection step by step and never waits.
 *
 * A name is looked up in a child process, because getaddrinfo knows no
 * deadline; an IP literal needs none, and localhost is 127.0.0.1 and ::1. Then
 * the addresses race: the families take turns, a new attempt begins every
 * TCP_STAGGER_MS or as soon as one failed, the first that connects wins.
 *
 * The owner polls for what tcp_wants says and calls tcp_step. All failures
 * are ERR_RETRY; their text does not name the host, the caller does.
 *
 * Source: RFC 8305 4 and 5; RFC 6724 by way of getaddrinfo.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	TCP_ADDRS = 48, /* as many as musl's resolver gives; all are tried */
	TCP_STAGGER_MS = 250 /* RFC 8305 5: recommended delay */
};

struct tcp_addr {
	uint32_t scope; /* of a link-local IPv6 address */
	uint8_t size;   /* 4 or 16 */
	unsigned char ip[16];
};

struct tcp_found { /* what the child writes, at once: under PIPE_BUF */
	int code;  /* of getaddrinfo */
	int sys;   /* errno, for EAI_SYSTEM */
	size_t n;
	struct tcp_addr addr[TCP_ADDRS];
};

struct tcp {
	bool started;
	struct str host;
	uint16_t port;
	bool complete;
	pid_t child; /* 0: none */
	int pipe;
	size_t got; /* bytes of found */
	struct tcp_found found;
	size_t begun, open; /* attempts begun, and those not decided */
	struct {
		int fd;
		int error; /* errno; 0: not decided */
	} attempt[TCP_ADDRS];
	int64_t next_at; /* when the next attempt may begin */
	int fd;          /* the winner, or -1 */
	size_t winner;   /* its number */
};

/*
 * Keeps host until release. complete: a host with a dot in it is a whole name,
 * in which the search domains have no say.
 */
bool tcp_start(struct tcp *t, struct str host, uint16_t port, bool complete,
    struct err *e) __attribute__((warn_unused_result));

/* Gets on as far as it can without waiting. */
enum tcp_state { TCP_OPENING, TCP_OPEN, TCP_FAILED };
enum tcp_state tcp_step(struct tcp *t, struct err *e)
    __attribute__((warn_unused_result));

/* Fills fds; *wake becomes earlier if a step is due without an event. */
size_t tcp_wants(const struct tcp *t, struct pollfd fds[TCP_ADDRS],
    int64_t *wake);

/* Time is up: says what each address did. Returns false. */
bool tcp_give_up(struct tcp *t, struct err *e);

/* The address that won, as text. */
struct str tcp_winner(const struct tcp *t, struct arena *mem);
/* Gives the connected socket (non-blocking), the caller closes it. */
int tcp_take(struct tcp *t);
/* Ends the child and the other attempts. A zeroed tcp is fine. */
void tcp_release(struct tcp *t);

/* The settings that every stream socket of ours has. */
void tcp_tune(int fd);

#endif
