/* SPDX-License-Identifier: MIT */
/*
 * sandbox_keep: what arrived, as files.
 *
 *	FOLDER/mail/000001.json	   the request's JSON as received, or
 *	FOLDER/mail/000001.eml	   the message out of the base64
 *	FOLDER/mail/000001.text	   (.html) the body of a JSON message
 *	FOLDER/mail/000001.att1-X  its first file, of name X; of a draft, only
 *				   those that came by themselves
 *	FOLDER/mail/000001.meta	   lines "key: value"; written last
 *	FOLDER/requests.log	   one JSON object a line for each request
 *
 * Every file appears whole or not at all. No file has a secret or a token.
 */
#ifndef SANDBOX_KEEP_H
#define SANDBOX_KEEP_H

#include "sandbox/answer.h"
#include "sandbox/mail.h"
#include "sandbox/state.h"

/* One request, for the log. */
struct keep_entry {
	uint32_t connection;     /* counted from 1 */
	struct str tls;          /* "TLSv1.3, ..., resumed" */
	struct str method, path; /* empty where no request came */
	int status;              /* as answered; 0: no answer */
	size_t bytes;            /* of the request's body */
	struct str code;         /* of the error, as answered */
	const char *fault;       /* as played; NULL: none */
	const char *problem;     /* with the connection; NULL: none */
	uint32_t message;        /* as kept; 0: none */
	struct str request_id, client_request_id;
};

/* Keeps a message under the next number, which goes to *number. */
bool keep_mail(const struct sandbox *s, const struct sandbox_mail *m,
    uint32_t *number, struct err *e) __attribute__((warn_unused_result));

/* Appends a line to the log, with the time. */
bool keep_log(const struct sandbox *s, const struct keep_entry *entry,
    struct err *e) __attribute__((warn_unused_result));

enum { KEEP_META_MAX = 1024 * 1024 /* a line for each of 500 recipients */ };
/*
 * The lines of a kept message; empty: there is none. Lends what is in bytes
 * (of KEEP_META_MAX): there may be more messages than memory.
 */
struct str keep_meta(const struct sandbox *s, uint32_t n, struct buf *bytes);
/* Its Message-ID, however it came. */
struct str keep_message_id(struct str meta);

/* The highest number of a message in FOLDER/mail; 0: there is none. */
uint32_t keep_last(struct str folder);

#endif
