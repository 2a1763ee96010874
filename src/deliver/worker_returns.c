/* SPDX-License-Identifier: MIT */
#include "deliver/worker_returns.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/os.h"
#include "config/access.h"
#include "deliver/client.h"
#include "deliver/outbox.h"
#include "deliver/returns.h"

enum { WORKER_RETURNS_NAMES = 64 * 1024 };

static bool
worker_returns_ask(struct returns *r, const struct config *c, struct err *e)
{
	struct access a = { 0 };
	struct client client = { .credential = { 0 } };
	size_t found = 0;
	bool ok;

	r->client = &client;
	r->config = c;
	ok = access_load(&a, c, r->log, e) && access_is_open(&a, e) &&
	    client_open(&client, c, &a, r->log, e) &&
	    returns_look(r, &found, e);
	if (found > 0)
		log_trace(r->log, "%zu came back", found);
	client_close(&client);
	access_release(&a);
	return ok;
}

/* Of one account: does it want it? r NULL: that is all that is asked. */
static bool
worker_returns_one(struct returns *r, const char *path, const char *account)
{
	/* sending has said what is wrong with the settings */
	const struct log silent = { .level = LOG_NONE, .fd = -1, .name = "" };
	const struct config_ask ask = { .path = path, .account = account };
	struct config c;
	struct err e;
	bool wants;

	wants = config_load(&c, &ask, &silent, &e) && c.read_bounces &&
	    c.enabled && c.mailbox.n > 0;
	if (wants && r != NULL && !worker_returns_ask(r, &c, &e))
		log_warn(r->log, "bounces to %.*s: %s%s%s", STR_ARG(c.mailbox),
		    e.msg, e.remedy[0] != '\0' ? "; " : "", e.remedy);
	config_release(&c);
	return wants;
}

static bool
worker_returns_all(struct returns *r, const struct config *c, const char *path)
{
	struct str names = c->accounts, name;
	struct arena mem;
	bool wanted;

	/* standard input was read already */
	if (c->piped)
		return false;
	arena_init(&mem, WORKER_RETURNS_NAMES);
	wanted = worker_returns_one(r, path, "");
	while (names.n > 0 && str_next(&names, ',', &name))
		wanted = worker_returns_one(r, path,
			     arena_str(&mem, str_trim(name)).p) ||
		    wanted;
	arena_release(&mem);
	return wanted;
}

void
worker_returns(const struct config *c, const char *path,
    const struct journal *j, const struct log *log)
{
	struct returns r = { .journal = j, .log = log };

	(void)worker_returns_all(&r, c, path);
}

void
worker_returns_start(const struct config *c, const char *path,
    const struct log *log)
{
	const int keep[] = { log->fd };
	pid_t parent = getpid();
	struct outbox outbox;
	struct err e;

	if (!worker_returns_all(NULL, c, path) || fork() != 0)
		return;
	/* the parent may hold SIGTERM back; a torn line harms no journal */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the queue's lock and the bell are the parent's, and end with it */
	fds_close_but(keep, 1);
	while (getppid() == parent) {
		/* a full disk now is no reason to never look again */
		if (outbox_open_journal(&outbox, c, &e)) {
			worker_returns(c, path, &outbox.journal, log);
			outbox_close(&outbox);
		} else {
			log_warn(log, "bounces are not looked for: %s", e.msg);
		}
		(void)os_poll(NULL, 0,
		    os_mono_ms() + (int64_t)RETURNS_EVERY_S * 1000);
	}
	_exit(0);
}
