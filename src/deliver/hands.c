/* SPDX-License-Identifier: MIT */
#include "deliver/hands.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fds.h"
#include "base/os.h"

void
hands_id(uint64_t id, char out[ENVELOPE_ID_SIZE])
{
	(void)snprintf(out, ENVELOPE_ID_SIZE, "%016llX",
	    (unsigned long long)id);
}

uint64_t
hands_number(const char *id)
{
	uint64_t n = 0;

	for (; *id != '\0'; id++)
		n = n << 4 |
		    (uint64_t)(*id <= '9' ? *id - '0' : *id - 'A' + 10);
	return n;
}

/* --- the worker's process */

/* Until nobody gives any more. */
static void
hand_serve(struct worker *w, int fd)
{
	struct hands_answer a;
	char id[ENVELOPE_ID_SIZE];
	uint64_t n;

	do {
		if (recv(fd, &n, sizeof(n), 0) != (ssize_t)sizeof(n))
			return;
		memset(&a, 0, sizeof(a));
		hands_id(n, id);
		a.ok = worker_message(w, id, &a.result, &a.why);
	} while (send(fd, &a, sizeof(a), MSG_NOSIGNAL) > 0 && a.ok);
}

static void
hand_work(const struct hands *h, int fd)
{
	const struct hands_ask *ask = &h->ask;
	const int keep[] = { fd, ask->log->fd };
	struct outbox outbox;
	struct worker w;
	struct err e;

	/* the lock and the bell are the manager's, and end with it */
	fds_close_but(keep, sizeof(keep) / sizeof(*keep));
	if (!outbox_open(&outbox, ask->config, &e)) {
		log_warn(ask->log, "%s", e.msg);
		return;
	}
	worker_open(&w, &outbox, ask->path, ask->log, ask->syslog);
	hand_serve(&w, fd);
	worker_close(&w);
	outbox_close(&outbox);
}

/* --- the manager's side */

static struct hand *
hand_hire(struct hands *h)
{
	struct hand *new = &h->hand[h->n];
	int fd[2];

	if (h->n == HANDS_MOST ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return NULL;
	*new = (struct hand){ .pid = fork(), .fd = fd[0] };
	if (new->pid == 0) {
		(void)close(fd[0]);
		hand_work(h, fd[1]);
		_exit(0);
	}
	(void)close(fd[1]);
	if (new->pid < 0) {
		(void)close(fd[0]);
		return NULL;
	}
	h->n++;
	return new;
}

/* Its process has ended, or is about to: the signal, or 0. */
static int
hand_bury(struct hands *h, struct hand *dead)
{
	int status;

	os_close(&dead->fd);
	status = child_wait(dead->pid);
	*dead = h->hand[--h->n];
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void
hands_open(struct hands *h, const struct hands_ask *ask)
{
	*h = (struct hands){ .ask = *ask };
}

void
hands_close(struct hands *h)
{
	while (h->n > 0)
		(void)hand_bury(h, &h->hand[0]);
}

size_t
hands_busy(const struct hands *h)
{
	size_t busy = 0;

	for (size_t i = 0; i < h->n; i++)
		busy += h->hand[i].busy;
	return busy;
}

bool
hands_has(const struct hands *h, uint64_t id)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->hand[i].busy && h->hand[i].item.id == id)
			return true;
	return false;
}

static struct hand *
hand_free(struct hands *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (!h->hand[i].busy)
			return &h->hand[i];
	return hand_hire(h);
}

enum hands_given
hands_give(struct hands *h, const struct index_item *item)
{
	struct hand *idle;

	while ((idle = hand_free(h)) != NULL) {
		if (send(idle->fd, &item->id, sizeof(item->id), MSG_NOSIGNAL) ==
		    (ssize_t)sizeof(item->id)) {
			idle->item = *item;
			idle->busy = true;
			return HANDS_GIVEN;
		}
		/* it died while it was idle: another one takes it */
		(void)hand_bury(h, idle);
	}
	return h->n > 0 ? HANDS_BUSY : HANDS_NONE;
}

size_t
hands_poll(const struct hands *h, struct pollfd *at)
{
	for (size_t i = 0; i < h->n; i++)
		at[i] = (struct pollfd){ h->hand[i].fd, POLLIN, 0 };
	return h->n;
}

bool
hands_take(struct hands *h, int fd, struct hands_answer *out)
{
	struct hand *from = NULL;
	struct index_item item;
	bool busy;

	for (size_t i = 0; i < h->n; i++)
		if (h->hand[i].fd == fd)
			from = &h->hand[i];
	if (from == NULL)
		return false;
	item = from->item;
	busy = from->busy;
	from->busy = false;
	if (recv(fd, out, sizeof(*out), 0) != (ssize_t)sizeof(*out)) {
		*out = (struct hands_answer){ .died = true };
		out->signal = hand_bury(h, from);
	}
	out->item = item;
	return busy;
}
