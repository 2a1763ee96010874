/* SPDX-License-Identifier: MIT */
#include "net/io.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/tls.h"

enum io
io_read(struct io_stream s, char *p, size_t n, size_t *got, struct err *e)
{
	ssize_t r;

	if (s.tls != NULL)
		return tls_read(s.tls, p, n, got, e);
	do
		r = recv(s.fd, p, n, 0);
	while (r < 0 && errno == EINTR);
	*got = r > 0 ? (size_t)r : 0;
	if (r >= 0)
		return r > 0 ? IO_DONE : IO_END;
	if (errno == EAGAIN)
		return IO_WANT_READ;
	err_sys(e, ERR_RETRY, "the connection broke");
	return IO_FAILED;
}

enum io
io_write(struct io_stream s, struct str bytes, size_t *done, struct err *e)
{
	ssize_t r;

	if (s.tls != NULL)
		return tls_write(s.tls, bytes, done, e);
	do
		r = send(s.fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	*done = r > 0 ? (size_t)r : 0;
	if (r >= 0)
		return IO_DONE;
	if (errno == EAGAIN)
		return IO_WANT_WRITE;
	err_sys(e, ERR_RETRY, "the connection broke");
	return IO_FAILED;
}

enum io
io_peek(struct io_stream s)
{
	ssize_t r;
	char one;

	if (s.tls != NULL)
		return tls_peek(s.tls);
	do
		r = recv(s.fd, &one, 1, MSG_PEEK);
	while (r < 0 && errno == EINTR);
	if (r >= 0)
		return r > 0 ? IO_DONE : IO_END;
	return errno == EAGAIN ? IO_WANT_READ : IO_FAILED;
}

short
io_events(enum io io)
{
	return io == IO_WANT_READ ? POLLIN : io == IO_WANT_WRITE ? POLLOUT : 0;
}
