/* SPDX-License-Identifier: MIT */
/* visit_own: what visit's own files know of each other. */
#ifndef RELAY_VISIT_OWN_H
#define RELAY_VISIT_OWN_H

#include "relay/visit.h"

enum { VISIT_MEMORY = 2 << 20 /* of a message's header, and the like */ };

/* By where it comes from, before anybody signs in. */
struct rule visit_rule(const struct visit *v);
/* For messages: the user's name, or where the client is. */
struct str visit_who(const struct visit *v, char out[RANGE_TEXT_SIZE]);

/* Keeps why it is not taken, a whole reply. Returns false. */
bool visit_condemn(struct visit *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Answers with what was kept, or what a failure makes of it. */
void visit_answer_failure(struct visit *v, const struct err *e);

/* visit_message.c */
void visit_data(struct visit *v);  /* SESSION_DATA */
void visit_piece(struct visit *v); /* SESSION_TEXT */
bool visit_message(struct visit *v);
void visit_forget(struct visit *v);
void visit_committed(struct visit *v);
void visit_commit_all(void *arg, struct beside_job *list);
/* Whose mail it is by rule or sender; NULL: the author decides. */
const struct visit_account *visit_account_first(const struct visit *v);

/* visit_sign_in.c */
bool visit_sign_in(struct visit *v); /* SESSION_AUTH */
void visit_signed_in(struct visit *v, int64_t now);
void visit_sign_in_all(void *arg, struct beside_job *list);
/* Has this address failed too often? */
bool visit_is_banned(struct visit_house *h, const struct listen_peer *peer,
    int64_t now);

/* visit_say.c: lines of the log */
void visit_say_connect(struct visit *v);
void visit_say_secured(struct guest *c, const struct err *why);
void visit_say_refused(struct session *s, struct str reply);
void visit_say_sign_in(struct visit *v, struct str why); /* empty: welcome */
void visit_say_accepted(struct visit *v);
/* A commit of n messages took so long; from any thread. */
void visit_say_commit(const struct visit_house *h, int64_t ms, size_t n);

struct visit *visit_of_job(struct beside_job *job);
struct visit *visit_of_guest(struct guest *c);
struct visit *visit_of_session(struct session *s);

#endif
