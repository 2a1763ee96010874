/* SPDX-License-Identifier: MIT */
#include "deliver/asking.h"

#include <sys/socket.h>

#include "base/os.h"

void
asking_init(struct asking *a)
{
	*a = (struct asking){ .bell = -1 };
	for (size_t i = 0; i < ASKING_MOST; i++)
		a->one[i].fd = -1;
}

void
asking_close(struct asking *a)
{
	for (size_t i = 0; i < ASKING_MOST; i++)
		os_close(&a->one[i].fd);
}

size_t
asking_poll(const struct asking *a, struct pollfd fds[ASKING_FDS],
    int64_t *deadline)
{
	size_t n = 0;

	for (size_t i = 0; i < ASKING_MOST; i++)
		if (a->one[i].fd >= 0)
			fds[n++] = (struct pollfd){ a->one[i].fd, POLLIN, 0 };
	if (a->bell < 0 || n == ASKING_MOST)
		return n;
	if (os_mono_ms() >= a->rest)
		fds[n++] = (struct pollfd){ a->bell, POLLIN, 0 };
	else if (a->rest < *deadline)
		*deadline = a->rest;
	return n;
}

static void
asking_read(struct asking_one *from, const struct asking_take *take)
{
	struct bell_ring ring;

	if (!bell_read(from->fd, &ring) || from->wants) {
		os_close(&from->fd);
		from->wants = false;
		return;
	}
	take->rang(take->arg, &ring);
	from->wants = ring.what == BELL_RUN;
	from->before = *take->sum;
	if (!from->wants)
		os_close(&from->fd);
}

static void
asking_accept(struct asking *a, const struct asking_take *take)
{
	struct asking_one *one = a->one;

	for (; one < a->one + ASKING_MOST; one++) {
		if (one->fd >= 0)
			continue;
		one->fd = bell_accept(a->bell);
		if (one->fd < 0) {
			a->rest = os_accept_rest(os_mono_ms());
			return;
		}
		/* mostly it rang already, and is done with */
		if (poll(&(struct pollfd){ one->fd, POLLIN, 0 }, 1, 0) > 0)
			asking_read(one, take);
	}
}

void
asking_ready(struct asking *a, int fd, const struct asking_take *take)
{
	if (fd == a->bell) {
		asking_accept(a, take);
		return;
	}
	for (size_t i = 0; i < ASKING_MOST; i++)
		if (a->one[i].fd == fd)
			asking_read(&a->one[i], take);
}

void
asking_answer(struct asking *a, const struct manager_sum *sum)
{
	struct asking_one *one = a->one;
	struct manager_sum since;

	for (; one < a->one + ASKING_MOST; one++) {
		if (!one->wants)
			continue;
		since = *sum;
		since.tried -= one->before.tried;
		for (size_t v = 0; v < VERDICTS; v++)
			since.message[v] -= one->before.message[v];
		(void)send(one->fd, &since, sizeof(since),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		os_close(&one->fd);
		one->wants = false;
	}
}
