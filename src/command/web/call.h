/* SPDX-License-Identifier: MIT */
/*
 * call: the children that make pages: each begins with what the serving
 * process knows of a request, makes one answer, and ends.
 */
#ifndef COMMAND_WEB_CALL_H
#define COMMAND_WEB_CALL_H

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include "command/web/visit.h"
#include "net/serve.h"

enum {
	CALL_MOST = SERVE_CLIENTS, /* so that nobody is sent away */
	/* of those who did not sign in: so that they leave places, of calls
	   and of serve, to those who did */
	CALL_STRANGERS = CALL_MOST / 4,
	CALL_MS = 150000
};

struct calls {
	struct call {
		pid_t pid; /* 0: a free place */
		int fd;
		uint64_t id;  /* of the request */
		bool is_look; /* changes nothing: ends with who asked */
		bool program; /* asked: failures are as POST /send says them */
		bool stranger;
		struct buf out;
		int64_t until;
	} one[CALL_MOST];
};

/* The types that answers have. */
extern const char *const call_types[];

/*
 * Makes *a a refusal: of kind ERR_NONE as text, else as POST /send says it.
 */
void call_refuse(struct serve_answer *a, enum err_kind kind, int status,
    const char *why);

/*
 * Has the page made of the visit, as the request's answer. False: not now;
 * why is an answer's text.
 */
struct call_how {
	struct visit *visit;
	visit_page *page;
	uint64_t id;
	bool program, stranger; /* not signed in */
	const sigset_t *mask;   /* of the child */
};
bool calls_begin(struct calls *c, const struct call_how *how, int64_t now,
    const char **why);
/* What to poll for, CALL_MOST of them; *until becomes earlier. */
void calls_wants(const struct calls *c, struct pollfd at[CALL_MOST],
    int64_t *until);
/* Takes what they said; answers of those that ended go to serve. */
void calls_step(struct calls *c, const struct pollfd at[CALL_MOST],
    struct serve *serve, int64_t now);
void calls_close(struct calls *c);

#endif
