/* SPDX-License-Identifier: MIT */
#include "command/relay/doors.h"

#include <limits.h>

#include "base/os.h"
#include "command/queue/own.h"

enum { DOORS_NAMES = 1 << 20 };

static int
doors_find(const struct doors *d, struct str text)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->door[i].text, text))
			return d->door[i].fd;
	return -1;
}

/* The same address is the same socket. */
static bool
doors_add(const struct doors *have, const struct listen *l, struct doors *out,
    struct err *e)
{
	int fd = doors_find(have, l->text);

	if (fd < 0)
		fd = listen_open(l, e);
	if (fd < 0)
		return false;
	out->door[out->n++] = (struct door){ l->text, fd };
	return true;
}

/* That of the setting `socket`; one that was not asked for may be missing. */
static bool
doors_add_socket(const struct doors *have, const struct plan *plan,
    const struct log *log, struct doors *out, struct err *e)
{
	const struct listen l = { .kind = LISTEN_UNIX,
		.text = plan->conf.socket,
		.name = plan->conf.socket };
	char folder[PATH_MAX];

	if (l.text.n == 0)
		return true;
	if (os_folder_of(l.text.p, folder, sizeof(folder), e))
		(void)!os_mkdir(folder, 0755);
	if (doors_add(have, &l, out, e))
		return true;
	if (plan->conf.socket_asked)
		return false;
	log_warn(log,
	    "%s: so sendmail of others cannot reach the "
	    "relay (socket = PATH changes it)",
	    e->msg);
	return true;
}

/* Where users see their own messages. Without it they see none. */
static void
doors_add_window(const struct doors *have, struct plan *plan,
    const struct log *log, struct doors *out)
{
	struct listen l = { .kind = LISTEN_UNIX };
	char path[QUEUE_OWN_PATH];
	struct err e;

	if (!queue_own_path(plan->conf.socket.p, path))
		return;
	l.text = l.name = arena_str(&plan->mem, str_of(path));
	if (l.text.n > 0 && doors_add(have, &l, out, &e))
		out->window = out->n - 1;
	else
		log_warn(log, "%s: so mailq shows other users nothing", e.msg);
}

bool
doors_open(const struct doors *have, struct plan *plan, const struct log *log,
    struct doors *out, struct err *e)
{
	size_t before;

	out->n = 0;
	for (const struct listen *l = plan->conf.listen; l != NULL; l = l->next)
		if (!doors_add(have, l, out, e))
			return false;
	before = out->n;
	if (!doors_add_socket(have, plan, log, out, e))
		return false;
	plan->has_socket = out->n > before;
	if (plan->conf.metrics != NULL &&
	    !doors_add(have, plan->conf.metrics, out, e))
		return err_wrap(e, "metrics");
	out->served = out->n;
	out->window = out->web = 0;
	if (plan->has_socket)
		doors_add_window(have, plan, log, out);
	if (plan->conf.web != NULL) {
		if (!doors_add(have, plan->conf.web, out, e))
			return err_wrap(e, "web");
		out->web = out->n - 1;
	}
	return plan_seal(plan, e);
}

static void
doors_close_but(const struct doors *kept, const struct doors *d)
{
	for (size_t i = 0; i < d->n; i++) {
		int fd = d->door[i].fd;
		bool stays = false;

		for (size_t j = 0; j < kept->n; j++)
			stays = stays || kept->door[j].fd == fd;
		if (!stays)
			os_close(&fd);
	}
}

void
doors_follow(struct doors *have, const struct doors *next)
{
	struct arena names;

	doors_close_but(next, have);
	arena_init(&names, DOORS_NAMES);
	for (size_t i = 0; i < next->n; i++)
		have->door[i] =
		    (struct door){ arena_str(&names, next->door[i].text),
			    next->door[i].fd };
	have->n = next->n;
	have->served = next->served;
	have->window = next->window;
	have->web = next->web;
	arena_release(&have->names);
	have->names = names;
}

void
doors_give_up(const struct doors *have, struct doors *next)
{
	doors_close_but(have, next);
	next->n = 0;
}
