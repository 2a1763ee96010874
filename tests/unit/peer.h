/* SPDX-License-Identifier: MIT */
/*
 * peer: the other side of a connection, for tests: a child process that
 * serves one connection after another on a loopback address.
 */
#ifndef UNIT_PEER_H
#define UNIT_PEER_H

#include <stdint.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	uint16_t port;
};

/*
 * A listening socket on an address ("127.0.0.1", "::1"); -1 if there is none.
 * *port 0: any, and says which.
 */
int peer_listen(const char *ip, int backlog, uint16_t *port);

/*
 * Serves on p->port (0: any) in a child until peer_stop, or for a minute at
 * most (times t_slow). serve owns the accepted socket. False: there is no such
 * address.
 */
_Bool peer_start(struct peer *p, const char *ip,
    void (*serve)(int fd, void *arg), void *arg);
void peer_stop(struct peer *p);

/*
 * The words for a connection that is refused: "Connection refused". qemu-user
 * 7.2 gives SO_ERROR in the numbers of its own machine; those of MIPS differ.
 */
const char *peer_refused(void);

#endif
