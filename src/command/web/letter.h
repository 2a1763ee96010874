/* SPDX-License-Identifier: MIT */
/*
 * letter: what a program hands in by POST /send, as words of post365 send.
 *
 * Texts and files go into unlinked temporary files, which the command reads as
 * /dev/fd/N: no argument is large, and nothing of a message is whole in memory.
 * The command is a fork of this process, so nobody reads its words elsewhere.
 *
 * What a user of auth_file may send is asked here: from=, to=, account= and
 * rewrite= mean what they do for mail that comes by SMTP.
 *
 * Source: web.md (fields), relay.md 1 (WORDS), Alertmanager's documentation
 * of webhook_config (payload of version 4).
 */
#ifndef COMMAND_WEB_LETTER_H
#define COMMAND_WEB_LETTER_H

#include <stdbool.h>

#include "codec/json.h"
#include "command/web/visit.h"
#include "relay/rule.h"

struct letter {
	struct visit *v;
	const struct rule *rule; /* of its user; NULL: the token, all may be */
	const char *word[VISIT_WORDS + 1];
	size_t n;
	struct str from, account; /* as asked for; empty: not */
	bool replies, body;       /* reply_to, text or html was given */
	bool author;              /* a whole message has a From */
	int in;                   /* what the command reads, or -1 */
	int status; /* of a failure, where its kind does not say it; or 0 */
};

/* "--name=" and a value. ERR_INPUT: a NUL in it, too many words. */
bool letter_add(struct letter *l, const char *option, struct str value,
    struct err *e) __attribute__((warn_unused_result));
/* Recipients, as a list, that the rule allows. Else ERR_AUTH. */
bool letter_add_to(struct letter *l, const char *option, struct str list,
    struct err *e) __attribute__((warn_unused_result));
/* The next unlinked file; its descriptor is the command's, too. */
struct temp *letter_temp(struct letter *l, const char *name, struct err *e);
/* "--name=/dev/fd/N", of what is in t now. */
bool letter_add_file(struct letter *l, const char *option, const struct temp *t,
    struct str marks, struct err *e) __attribute__((warn_unused_result));

/* The fields of web.md, or Alertmanager's. ERR_INPUT names the field. */
bool letter_json(struct letter *l, struct str body, struct err *e)
    __attribute__((warn_unused_result));
/* Subject and text that say what Alertmanager's payload says. */
void letter_alerts(const struct json *payload, struct buf *subject,
    struct buf *text);

/* Does the header of a whole message keep to the rule? ERR_AUTH. */
bool letter_check_head(struct letter *l, struct str header, struct err *e)
    __attribute__((warn_unused_result));
/* From and account, as the rule has them. ERR_AUTH. */
bool letter_sender(struct letter *l, struct err *e)
    __attribute__((warn_unused_result));

#endif
