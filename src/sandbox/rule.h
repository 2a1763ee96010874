/* SPDX-License-Identifier: MIT */
/*
 * sandbox_rule: which fault to play, when, and how often.
 *
 * A rule is one line: WHERE KIND [VALUE] [name=value...] [xN]. WHERE is
 * one of RULE_PLACES; xN is how often it is played (without it: always). A
 * value with blanks stands in double quotes. Lines that are empty or begin
 * with '#' are skipped. Rules are used up from the top.
 */
#ifndef SANDBOX_RULE_H
#define SANDBOX_RULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	RULES_MAX = 64 /* more than a test's author can keep in mind */
};

/*
 * Which requests a rule is for: enum word, name, help. Of drafts: creation,
 * POST of an attachment, of an upload session, PUT of a range, /send, GET and
 * DELETE; of Sent Items; of the message trace.
 */
/* clang-format off */
#define RULE_PLACES(PLACE) \
	PLACE(ANY, "any") \
	PLACE(TOKEN, "token") \
	PLACE(SEND, "send") \
	PLACE(DRAFT, "draft") \
	PLACE(ATTACH, "attach") \
	PLACE(SESSION, "session") \
	PLACE(RANGE, "range") \
	PLACE(SUBMIT, "submit") \
	PLACE(ASK, "ask") \
	PLACE(REMOVE, "remove") \
	PLACE(SEARCH, "search") \
	PLACE(TRACE, "trace")
/* clang-format on */

#define RULE_ENUM(word, name) RULE_##word,
enum rule_where { RULE_PLACES(RULE_ENUM) RULE_N_PLACES };
#undef RULE_ENUM

/* When a fault comes, which also says whether the message is kept. */
enum rule_phase {
	RULE_AT_ACCEPT,  /* before TLS: nobody knows yet for whom */
	RULE_AT_HEAD,    /* after the head of the request; not kept */
	RULE_AT_REQUEST, /* after the request, in place of work; not kept */
	RULE_AT_ANSWER   /* after the work: the message is kept */
};

/*
 * The one list of kinds: enum word, name, value, phase, options, which are
 * letters of rule_option. src/texts/help-sandbox.txt says what they do.
 */
/* clang-format off */
#define RULE_KINDS(KIND) \
	KIND(STATUS, "status", "CODE", RULE_AT_REQUEST, "rbcm") \
	KIND(EARLY, "early", "CODE", RULE_AT_HEAD, "rbcm") \
	KIND(HTML_200, "html-200", NULL, RULE_AT_REQUEST, "") \
	KIND(OK_200, "ok-200", NULL, RULE_AT_REQUEST, "") \
	KIND(REDIRECT, "redirect", "URL", RULE_AT_REQUEST, "") \
	KIND(GARBAGE, "garbage", NULL, RULE_AT_REQUEST, "") \
	KIND(HTTP2, "http2", NULL, RULE_AT_REQUEST, "") \
	KIND(CLOSE, "close", NULL, RULE_AT_REQUEST, "") \
	KIND(SILENT, "silent", NULL, RULE_AT_REQUEST, "") \
	KIND(RESET, "reset", NULL, RULE_AT_HEAD, "") \
	KIND(NO_READ, "no-read", NULL, RULE_AT_HEAD, "") \
	KIND(CHUNKED, "chunked", NULL, RULE_AT_ANSWER, "") \
	KIND(INTERIM, "interim", NULL, RULE_AT_ANSWER, "") \
	KIND(LATE, "late", NULL, RULE_AT_ANSWER, "s") \
	KIND(SLOW, "slow", NULL, RULE_AT_ANSWER, "s") \
	KIND(SLOW_HEAD, "slow-head", NULL, RULE_AT_ANSWER, "s") \
	KIND(CUT, "cut", NULL, RULE_AT_ANSWER, "a") \
	KIND(BAD_CHUNK, "bad-chunk", NULL, RULE_AT_ANSWER, "") \
	KIND(LONG_LENGTH, "long-length", NULL, RULE_AT_ANSWER, "") \
	KIND(UNTIL_CLOSE, "until-close", NULL, RULE_AT_ANSWER, "") \
	KIND(NO_GOODBYE, "no-goodbye", NULL, RULE_AT_ANSWER, "") \
	KIND(ENDLESS_BODY, "endless-body", NULL, RULE_AT_ANSWER, "") \
	KIND(ENDLESS_HEAD, "endless-head", NULL, RULE_AT_ANSWER, "") \
	KIND(DATE_SKEW, "date-skew", "SECONDS", RULE_AT_ANSWER, "") \
	KIND(STALE, "stale", NULL, RULE_AT_ANSWER, "") \
	KIND(RESET_AFTER, "reset-after", NULL, RULE_AT_ANSWER, "") \
	KIND(TAKEN_CLOSE, "taken-close", NULL, RULE_AT_ANSWER, "") \
	KIND(TAKEN_NO_ANSWER, "taken-no-answer", NULL, RULE_AT_ANSWER, "") \
	KIND(TOKEN_EXPIRES, "token-expires", "SECONDS", RULE_AT_ANSWER, "") \
	KIND(RANGE_LOST, "range-lost", NULL, RULE_AT_ANSWER, "") \
	KIND(SESSION_GONE, "session-gone", NULL, RULE_AT_ANSWER, "") \
	KIND(TLS_GARBAGE, "tls-garbage", NULL, RULE_AT_ACCEPT, "") \
	KIND(TLS_ALERT, "tls-alert", NULL, RULE_AT_ACCEPT, "") \
	KIND(TLS_HALF, "tls-half", NULL, RULE_AT_ACCEPT, "") \
	KIND(TLS_STALL, "tls-stall", NULL, RULE_AT_ACCEPT, "") \
	KIND(TLS_CLOSE, "tls-close", NULL, RULE_AT_ACCEPT, "")
/* clang-format on */

#define RULE_ENUM(word, name, value, phase, options) RULE_##word,
enum rule_kind { RULE_KINDS(RULE_ENUM) RULE_N_KINDS };
#undef RULE_ENUM

/* The body of an error answer. */
enum rule_body { RULE_JSON, RULE_HTML, RULE_EMPTY };

struct rule {
	enum rule_where where;
	enum rule_kind kind;
	int64_t number;                        /* CODE or SECONDS */
	struct str text;                       /* URL */
	struct str retry_after, code, message; /* p NULL: not given */
	enum rule_body body;
	int64_t ms;     /* -1: not given */
	int64_t at;     /* bytes; -1: not given */
	uint32_t times; /* 0: always */
};

/* Parses one rule; its texts live in a. ERR_USAGE says what is wrong. */
bool rule_parse(struct arena *a, struct str line, struct rule *out,
    struct err *e) __attribute__((warn_unused_result));

struct rules {
	struct rule rule[RULES_MAX];
	size_t n;
};

/* Appends the rules of a text of lines; the error begins with "name:LINE". */
bool rules_parse(struct arena *a, struct str text, struct str name,
    struct rules *out, struct err *e) __attribute__((warn_unused_result));

/*
 * The first rule for this moment that is not used up, and uses it: counts
 * in used[i], which other processes may do as well. NULL: none. where is
 * RULE_ANY at RULE_AT_ACCEPT; every later phase is asked for as one, with
 * accepted true.
 */
const struct rule *rules_pick(const struct rules *r, _Atomic uint32_t *used,
    enum rule_where where, bool accepted);

const char *rule_name(enum rule_kind kind);
enum rule_phase rule_phase(enum rule_kind kind);

#endif
