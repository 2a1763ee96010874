/* SPDX-License-Identifier: MIT */
/*
 * io: what became of one step of reading or writing that does not wait, on a
 * plain socket or through TLS.
 */
#ifndef NET_IO_H
#define NET_IO_H

enum io {
	IO_DONE,
	IO_WANT_READ,  /* poll for POLLIN, then the same call again */
	IO_WANT_WRITE, /* POLLOUT */
	IO_END,        /* the peer said goodbye: close_notify */
	IO_CUT,        /* the stream ended without that (RFC 8446 6.1) */
	IO_FAILED      /* *e says why */
};

#endif
