/* SPDX-License-Identifier: MIT */
/*
 * io: one step of reading or writing that does not wait, on a plain socket or
 * through TLS.
 */
#ifndef NET_IO_H
#define NET_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum io {
	IO_DONE,
	IO_WANT_READ,  /* poll for POLLIN, then the same call again */
	IO_WANT_WRITE, /* POLLOUT */
	IO_END,        /* the peer ended in order; TLS: by close_notify */
	IO_CUT,        /* TLS ended without that (RFC 8446 6.1) */
	IO_FAILED      /* *e says why */
};

struct io_stream {
	int fd;          /* does not block */
	struct tls *tls; /* NULL: plain */
};

/* IO_DONE: at least one byte. */
enum io io_read(struct io_stream s, char *p, size_t n, size_t *got,
    struct err *e) __attribute__((warn_unused_result));
/*
 * IO_DONE: *done bytes, some at least, are with the kernel. After IO_WANT_*
 * the next call must bring the same bytes.
 */
enum io io_write(struct io_stream s, struct str bytes, size_t *done,
    struct err *e) __attribute__((warn_unused_result));
/* IO_DONE: there is something to read. */
enum io io_peek(struct io_stream s) __attribute__((warn_unused_result));

/* What to poll for: POLLIN, POLLOUT; 0 if it wants neither. */
short io_events(enum io io);

#endif
