/* SPDX-License-Identifier: MIT */
/*
 * visit: one client and what it may do: who it is, whose rules count, and the
 * message that it brings, from MAIL to its place in the queue.
 *
 * What takes time is done beside the loop: passwords are hashed, and messages
 * committed, those that finish while a commit runs in the next one together.
 *
 * Source: relay.md 2 (the replies), 5 (sign-in); design.md 5 (accept), 6.
 */
#ifndef RELAY_VISIT_H
#define RELAY_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "deliver/accept.h"
#include "relay/beside.h"
#include "relay/conf.h"
#include "relay/guest.h"
#include "relay/known.h"
#include "relay/rewrite.h"
#include "relay/tally.h"
#include "relay/users.h"

/* Whose mail goes by which settings. */
struct visit_account {
	struct config config;
	const struct addr *from, *mailbox; /* NULL: not known */
	struct str barred;                 /* relay/barred.h */
};

/* What all visits share; borrowed by each. */
struct visit_house {
	const struct conf *conf;
	struct visit_account *account; /* the first is the default's */
	size_t accounts;
	const struct user *users;       /* NULL: nobody may sign in */
	const struct rewrite_line *map; /* of recipients; may be NULL */
	const struct range_ip *gateway; /* conf_is_trap; or NULL */
	struct outbox *outbox;
	const struct log *log;
	int inlet; /* the manager's: who is told of a new message; -1: nobody */
	/* the rest is visit's and reception's */
	struct guest_host host;
	struct buf text;          /* of session.h, one for all */
	struct arena_stash stash; /* of all that a message takes */
	struct beside commits, sign_ins;
	struct known known;
	struct tally tally;
	size_t signing_in;
	uint64_t max_size;    /* of a message, as offered */
	int64_t said_full;    /* when 452 was in the log */
	struct visit *visits; /* reception's list */
};

/* A message that comes in: too large to stand in each idle visit. */
struct visit_post {
	struct accept accept;
	struct err why; /* it is not taken */
};

/* Why one is sent away: there are too many of what, by which setting. */
struct visit_away {
	const char *what, *setting;
};

enum visit_job { VISIT_NO_JOB, VISIT_COMMIT, VISIT_SIGN_IN };

struct visit {
	struct guest guest; /* first: visit_of_guest */
	struct visit_house *house;
	const struct listen *listen;
	struct listen_peer peer;
	const struct allow *allow; /* NULL: a stranger, unless it signs in */
	const struct user *user;
	struct rule rule;
	unsigned failures; /* to sign in */
	bool said, over;   /* in the log: that it came, that it went */
	/* the message */
	const struct visit_account *account; /* NULL: not known yet */
	struct visit_post *post;             /* in mem; NULL: none comes */
	struct arena mem;
	bool spoiled;
	char refusal[SESSION_REPLY_MAX]; /* a whole reply, in place of why's */
	struct str unsaid;               /* the reply as the log has it */
	/* beside the loop */
	struct beside_job job;
	enum visit_job doing;
	const struct user *wanted;
	bool fits;
	struct arena own;
	struct visit *next; /* reception's */
};

/* Before the first and behind the last. ERR_RETRY. */
bool visit_house_open(struct visit_house *h, struct err *e)
    __attribute__((warn_unused_result));
void visit_house_close(struct visit_house *h);

/* In the log: one that is sent away, by this reply; and how one ended. */
void visit_say_away(const struct visit_house *h, const struct listen *l,
    const struct listen_peer *peer, struct str reply);
void visit_say_end(struct visit *v);

/* fd becomes ours; allow is visit_allow's. NULL: no memory, fd is closed. */
struct visit *visit_begin(struct visit_house *h, const struct listen *l, int fd,
    const struct listen_peer *peer, const struct allow *allow);
/* Only of one that is over. */
void visit_end(struct visit *v);
bool visit_is_over(const struct visit *v);

/* What the threads beside the loop have done. */
void visit_take_back(struct beside_job *list, int64_t now);

/* May this one come in? NULL: yes. */
const struct visit_away *visit_refuse(struct visit_house *h,
    const struct listen *l, const struct listen_peer *peer,
    const struct allow *allow);

/* Who may send from there without signing in; NULL: a stranger. */
const struct allow *visit_allow(const struct visit_house *h,
    const struct listen *l, const struct listen_peer *peer);

#endif
