/* SPDX-License-Identifier: MIT */
#include "relay/beside.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/os.h"

static void
beside_tell(struct beside *b, struct beside_job *list)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&b->lock);
	*b->done_end = list;
	while (*b->done_end != NULL)
		b->done_end = &(*b->done_end)->next;
	(void)pthread_mutex_unlock(&b->lock);
	/* a full counter says the same */
	while (write(b->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

/* Its share of those that wait. Under the lock. */
static struct beside_job *
beside_take(struct beside *b)
{
	size_t n = b->n_waiting / b->wanted + 1;
	struct beside_job *list = b->waiting, **end = &list;

	for (; n > 0 && *end != NULL; n--) {
		end = &(*end)->next;
		b->n_waiting--;
	}
	b->waiting = *end;
	*end = NULL;
	if (b->waiting == NULL)
		b->waiting_end = &b->waiting;
	return list;
}

static void *
beside_run(void *arg)
{
	struct beside *b = arg;
	struct beside_job *list;

	for (;;) {
		(void)pthread_mutex_lock(&b->lock);
		while (b->waiting == NULL && !b->over)
			(void)pthread_cond_wait(&b->wake, &b->lock);
		list = beside_take(b);
		(void)pthread_mutex_unlock(&b->lock);
		if (list == NULL)
			return NULL;
		b->work(b->arg, list);
		beside_tell(b, list);
	}
}

bool
beside_start(struct beside *b, struct err *e)
{
	sigset_t all, was;
	int error = 0;

	b->waiting_end = &b->waiting;
	b->done_end = &b->done;
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->fd < 0)
		return err_sys(e, ERR_RETRY, "cannot make an eventfd");
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_cond_init(&b->wake, NULL);
	/* signals are the loop's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &was);
	while (error == 0 && b->threads < b->wanted) {
		error =
		    pthread_create(&b->thread[b->threads], NULL, beside_run, b);
		b->threads += error == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	return b->threads > 0 ||
	    err_set(e, ERR_RETRY, "cannot start a thread: %s", strerror(error));
}

void
beside_add(struct beside *b, struct beside_job *job)
{
	job->next = NULL;
	(void)pthread_mutex_lock(&b->lock);
	*b->waiting_end = job;
	b->waiting_end = &job->next;
	b->n_waiting++;
	(void)pthread_cond_signal(&b->wake);
	(void)pthread_mutex_unlock(&b->lock);
}

struct beside_job *
beside_done(struct beside *b)
{
	struct beside_job *list;
	uint64_t count;

	(void)!read(b->fd, &count, sizeof(count)); /* it is a wake-up only */
	(void)pthread_mutex_lock(&b->lock);
	list = b->done;
	b->done = NULL;
	b->done_end = &b->done;
	(void)pthread_mutex_unlock(&b->lock);
	return list;
}

void
beside_stop(struct beside *b)
{
	if (b->threads > 0) {
		(void)pthread_mutex_lock(&b->lock);
		b->over = true;
		(void)pthread_cond_broadcast(&b->wake);
		(void)pthread_mutex_unlock(&b->lock);
		while (b->threads > 0)
			(void)pthread_join(b->thread[--b->threads], NULL);
		(void)pthread_cond_destroy(&b->wake);
		(void)pthread_mutex_destroy(&b->lock);
	}
	if (b->fd > 0) /* it was started */
		os_close(&b->fd);
}
