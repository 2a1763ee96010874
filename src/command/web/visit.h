/* SPDX-License-Identifier: MIT */
/*
 * visit: one request to a page, in the child process that answers it: it may
 * block, and what it leaves behind ends with it.
 */
#ifndef COMMAND_WEB_VISIT_H
#define COMMAND_WEB_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/stats.h"
#include "base/str.h"
#include "base/temp.h"
#include "cli/cli.h"
#include "codec/json.h"
#include "relay/conf.h"
#include "web/form.h"
#include "web/html.h"
#include "web/session.h"

enum visit_type { VISIT_HTML, VISIT_JSON, VISIT_TEXT, VISIT_PEM, VISIT_STATS };

/* The lines of a test that runs, or has ended. */
struct visit_job {
	unsigned number;     /* 0: there is none */
	const char *address; /* to whom */
	struct str lines;    /* of check --json and test --json */
	bool running;
};

/* All borrowed but for what is said. */
struct visit {
	const struct cli *cli; /* whose settings: -C, -A */
	struct str account;    /* in place of -A; empty: that */
	const struct conf *conf;
	struct str path;
	bool post;
	struct form query;
	struct form form;        /* of a page's form */
	struct str body;         /* of POST /send, */
	const struct temp *file; /* or it stands here */
	struct str content_type;
	const struct web_session *session; /* NULL: not signed in */
	struct str user;     /* of auth_file, where a program signed in so */
	struct stats *stats; /* the relay's; NULL: there is none */
	struct visit_job job;
	struct arena mem; /* wiped: forms have secrets */
	/* the answer */
	int status;
	enum visit_type type;
	struct buf fields; /* "Name: value" CRLF each */
	struct buf body_out;
	struct html html; /* writes into body_out */
};

typedef void visit_page(struct visit *v);

/* --- commands of the program --- */

/* What a command said. */
struct visit_said {
	int code;       /* its exit status */
	struct str out; /* lives in v->mem */
	struct str err; /* what it complained of, without its name in front */
};

enum { VISIT_WORDS = 400 };
/*
 * Runs `post365 WORD...` with -C and -A as ours, in a process of its own. in:
 * its standard input, lent. word ends with NULL and has VISIT_WORDS at most.
 * What could not be started says so in err, with code 70.
 */
void visit_run(struct visit *v, const char *const word[], struct str in,
    struct visit_said *out);

/* The same: it reads a descriptor, and has all others of ours. */
void visit_run_fd(struct visit *v, const char *const word[], int in,
    struct visit_said *out);

/* The same with its output to a descriptor, as it comes: its exit status. */
int visit_run_to(const struct visit *v, const char *const word[], int fd);

/* What `config show --json` says; NULL: nothing, and *said has why. */
const struct json *visit_settings(struct visit *v, struct visit_said *said);

/* The next line of *lines as JSON; NULL: there are no more. */
const struct json *visit_line(struct visit *v, struct str *lines);

/* --- the frame of pages --- */

/* From <!doctype> to <main>; title is an English text of web/text.h. */
void visit_head(struct visit *v, const char *title);
void visit_foot(struct visit *v);
/* A box with what went wrong and, if it is not empty, what to do. */
void visit_complain(struct visit *v, struct str what, struct str remedy);
/* A box with a text of web/text.h. */
void visit_tell(struct visit *v, const char *text);
/* The hidden field that each form needs. */
void visit_token(struct visit *v);
/* To another page, with a query, which a browser then loads by GET: 303. */
void visit_go(struct visit *v, const char *path);
/* "29.11.2026 14:05", by this machine's clock, of an ISO time. */
struct str visit_time(struct visit *v, struct str iso);

/* Members of an object. */
struct str visit_str(const struct json *o, const char *name);
int64_t visit_int(const struct json *o, const char *name);

/*
 * Where there are further accounts, links to this page for each, and for a
 * form the one that is shown. shown: what `config show --json` says.
 */
void visit_accounts(struct visit *v, const struct json *shown);
void visit_account_field(struct visit *v);

/*
 * Gives `config set` lines "key = value", under the condition of the form's
 * tag. False: the box says why not; *bad_key may name the one at fault.
 */
bool page_set(struct visit *v, struct str lines, struct str *bad_key);

/* --- the pages --- */
visit_page page_provider, page_provider_save, page_certificate;
visit_page page_test, page_log, page_trace, page_queue, page_queue_do;
visit_page page_delivery, page_sign_in, page_lost;
visit_page web_send, web_metrics;
/* Appends what POST /send answers where it fails, as JSON. */
void web_send_failed(const struct err *why, struct buf *out);

#endif
