/* SPDX-License-Identifier: MIT */
#include "graph/fault.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "codec/date.h"
#include "codec/json.h"
#include "codec/page.h"
#include "graph/fault_table.h"

enum {
	TREE_MAX = 256 * 1024, /* memory for an error's JSON: some kB */
	CHAIN_MAX = 8,         /* innerError in innerError; two are known */
	WHAT_MAX = 200,        /* bytes of what was tried, */
	WORDS_MAX = 440,       /* of the service's own words, */
	ID_MAX = 40,           /* of an id (a GUID has 36), */
	IDS_SIZE = 3 * ID_MAX + 80, /* all fit into ERR_MSG_SIZE, and
				       PAGE_WORDS_MAX as well */
	STATUS_SIZE = 4,
	FAULT_PAGE_MS = 15 * 60 * 1000
};

static const struct fault *const tables[] = { fault_aadsts, fault_oauth,
	fault_codes, fault_status };

/* What an answer says. Texts are slices of the tree or of the head. */
struct said {
	struct str code; /* Graph's; or `error` of the token endpoint */
	struct str words;
	struct str id[2]; /* request-id, client-request-id; or trace, ... */
	struct str when;
	const struct fault *known;
	bool unread; /* there was no memory to read it */
};

static const struct fault *
find_in(const struct fault *table, struct str code)
{
	for (const struct fault *f = table; f->code != NULL; f++)
		if (str_ieq(code, str_of(f->code)))
			return f;
	return NULL;
}

const struct fault *
fault_find(struct str code)
{
	const struct fault *f = NULL;

	if (code.n == 0)
		return NULL;
	if (str_istarts(code, STR("AADSTS")))
		return find_in(fault_aadsts, str_from(code, 6));
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (f == NULL)
			f = find_in(tables[i], code);
	return f;
}

const char *
fault_meaning(const struct fault *f)
{
	return f->code + str_of(f->code).n + 1;
}

const struct fault *
fault_at(size_t i)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct fault *f = tables[t]; f->code != NULL; f++)
			if (i-- == 0)
				return f;
	return NULL;
}

/* The row of a status, or of the class that it is of. */
static const struct fault *
find_status(int status)
{
	static const char *const general[] = { "200", "302", "400", "500" };
	char text[STATUS_SIZE] = "500";
	const struct fault *f;

	if (status >= 100 && status <= 599)
		(void)snprintf(text, sizeof(text), "%d", status % 1000);
	f = find_in(fault_status, str_of(text));
	if (f == NULL)
		f = find_in(fault_status,
		    str_of(general[text[0] < '3' ? 0 : text[0] - '2']));
	return f;
}

/* NULL if the body is no JSON object; broken JSON tells nothing. */
static const struct json *
parse_object(struct arena *a, const struct http_answer *answer)
{
	const struct json *tree;
	struct err ignored;

	if (!json_parse(a, buf_view(&answer->body), &tree, &ignored) ||
	    tree->type != JSON_OBJECT)
		return NULL;
	return tree;
}

/* Where a redirect wants to go, which nobody follows (net/http.h). */
static struct str
location(const struct http_answer *a)
{
	if (a->status < 300 || a->status > 399)
		return (struct str){ 0 };
	return http1_field(&a->head, STR("Location"));
}

/* An answer without an error object; ids: what describe_ids made. */
static void
explain_page(const struct http_answer *a, struct str what,
    const struct fault *f, const char *ids, struct err *e)
{
	struct str body = buf_view(&a->body), words = page_words(body);
	const char *with = "words that are no error of Microsoft's";

	what = str_cut(what, WHAT_MAX);
	if (location(a).n > 0)
		body = words = location(a);
	if (body.n == 0) {
		words = a->cut ? str_of(a->why.msg) : STR("nothing else");
		err_set(e, f->kind, "%.*s: HTTP %d%s%.*s%s", STR_ARG(what),
		    a->status, a->cut ? ": " : " and ",
		    STR_ARG(str_cut(words, WHAT_MAX)), ids);
		err_remedy(e, "%s", f->remedy);
		return;
	}
	if (location(a).n > 0)
		with = "a redirect to";
	else if (page_is_web(body))
		with = "a web page of some proxy or gateway";
	if (page_may_be_secret(body))
		words = page_shown(body);
	err_set(e, f->kind, "%.*s: HTTP %d with %s: \"%.*s\"%s", STR_ARG(what),
	    a->status, with, STR_ARG(str_cut(words, PAGE_WORDS_MAX)), ids);
	err_remedy(e, "%s%s", f->remedy,
	    page_is_web(body) ?
		" What answered is probably a proxy or firewall on the way." :
		"");
}

/* A header field may name what the body does not. */
static struct str
or_field(const struct http_answer *a, struct str s, struct str name)
{
	return s.n > 0 ? s : http1_field(&a->head, name);
}

/* " (request-id x, client-request-id y, date)", as far as known. */
static void
describe_ids(const struct said *s, const char *const name[2],
    char out[IDS_SIZE])
{
	size_t n = 0;
	int k;

	out[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		if (s->id[i].n == 0)
			continue;
		k = snprintf(out + n, IDS_SIZE - n, "%s%s %.*s",
		    n == 0 ? " (" : ", ", name[i],
		    STR_ARG(str_cut(s->id[i], ID_MAX)));
		n += (size_t)k;
	}
	if (n > 0)
		(void)snprintf(out + n, IDS_SIZE - n, "%s%.*s)",
		    s->when.n > 0 ? ", " : "",
		    STR_ARG(str_cut(s->when, ID_MAX)));
}

/* Codes go to scripts and logs: only such as Microsoft's are kept. */
static bool
fault_is_code(struct str code)
{
	for (size_t i = 0; i < code.n; i++)
		if (!ascii_is_alpha(code.p[i]) && !ascii_is_digit(code.p[i]) &&
		    code.p[i] != '_' && code.p[i] != '.' && code.p[i] != '-')
			return false;
	return code.n > 0;
}

static void
set_code(struct err *e, struct str prefix, struct str code)
{
	if (fault_is_code(code) && code.n + prefix.n < ERR_CODE_SIZE)
		(void)snprintf(e->code, ERR_CODE_SIZE, "%.*s%.*s",
		    STR_ARG(prefix), STR_ARG(code));
}

/* As "post365 explain" takes it. */
static void
set_code_of_status(struct err *e, int status)
{
	(void)snprintf(e->code, ERR_CODE_SIZE, "%d", status);
}

/*
 * Microsoft is obeyed to the letter. A page that is none of its answers may be
 * a proxy's, which would hold all mail of a mailbox for days: it is asked again
 * after FAULT_PAGE_MS at the latest.
 */
static void
fault_set_retry_after(const struct http_answer *a, bool theirs, int64_t now,
    struct err *e)
{
	struct str value = http1_field(&a->head, STR("Retry-After"));
	int64_t ms;

	if (value.n == 0 || !date_parse_retry_after(value, now, &ms))
		return;
	e->retry_after_ms = theirs || ms < FAULT_PAGE_MS ? ms : FAULT_PAGE_MS;
}

/* The token endpoint */

/* RFC 9110 15: the statuses that pass by themselves. */
static bool
passes(int status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* Nothing but a token was asked for: what is unsure for mail is not here. */
static enum err_kind
status_kind_of_token(int status)
{
	if (passes(status))
		return ERR_RETRY;
	return status == 401 ? ERR_AUTH : ERR_CONFIG;
}

/*
 * By `error`, as Microsoft wants it (facts.md 1.7). The number has a say in
 * one case: where it stands for a passing state and `error` is one of the
 * general ones (50196, a loop, comes as invalid_grant).
 */
static enum err_kind
token_kind(int status, const struct said *s)
{
	const struct fault *f = find_in(fault_oauth, s->code);
	bool general = f == NULL || str_eq(s->code, STR("invalid_request")) ||
	    str_eq(s->code, STR("invalid_grant"));

	if (passes(status))
		return ERR_RETRY;
	if (general && s->known != NULL && s->known->kind == ERR_RETRY)
		return ERR_RETRY;
	return f != NULL ? f->kind : ERR_AUTH;
}

/* Of error_codes, else of the text's beginning; empty if there is none. */
static struct str
token_number(const struct json *tree, struct str description)
{
	const struct json *codes = json_get(tree, STR("error_codes"));
	struct str digits = str_from(description, 6);
	size_t n = 0;
	int64_t v;

	if (codes != NULL && codes->type == JSON_ARRAY &&
	    codes->child != NULL && codes->child->type == JSON_NUMBER &&
	    json_i64(codes->child, &v) && v > 0 && codes->child->text.n < 12)
		return codes->child->text;
	if (!str_istarts(description, STR("AADSTS")))
		return (struct str){ 0 };
	while (n < digits.n && n < 12 && ascii_is_digit(digits.p[n]))
		n++;
	return str_first(digits, n);
}

/* Without the tail of ids, which stands on lines of its own or behind. */
static struct str
first_line(struct str s)
{
	s = str_first(s, str_chr(s, '\n'));
	return str_trim(str_first(s, str_find(s, STR("Trace ID:"))));
}

static void
token_remedy(const struct said *s, struct str number, struct err *e)
{
	const struct fault *f = s->known;

	if (f == NULL)
		f = find_in(fault_oauth, s->code);
	if (f == NULL)
		f = find_in(fault_oauth, STR("invalid_request"));
	if (number.n == 0)
		err_remedy(e, "%s", f->remedy);
	else
		err_remedy(e,
		    "%s Microsoft's page on it: "
		    "https://login.microsoftonline.com/error?code=%.*s",
		    f->remedy, STR_ARG(number));
}

static void
explain_token(const struct http_answer *a, const struct json *tree,
    struct str what, struct err *e)
{
	static const char *const names[] = { "trace id", "correlation id" };
	struct str text = json_str(json_get(tree, STR("error_description")));
	struct str number = token_number(tree, text);
	struct said s = {
		.code = json_str(json_get(tree, STR("error"))),
		.words = first_line(text),
		.id = { json_str(json_get(tree, STR("trace_id"))),
		    json_str(json_get(tree, STR("correlation_id"))) },
		.when = json_str(json_get(tree, STR("timestamp"))),
		.known = find_in(fault_aadsts, number),
	};
	char ids[IDS_SIZE];

	s.words = page_shown(s.words);
	describe_ids(&s, names, ids);
	err_set(e, token_kind(a->status, &s), "%.*s: %.*s%s%.*s%s",
	    STR_ARG(str_cut(what, WHAT_MAX)), STR_ARG(str_cut(s.code, ID_MAX)),
	    s.words.n > 0 ? ": " : "", STR_ARG(str_cut(s.words, WORDS_MAX)),
	    ids);
	token_remedy(&s, number, e);
	if (number.n > 0)
		set_code(e, STR("AADSTS"), number);
	else
		set_code(e, STR(""), s.code);
}

bool
fault_token(const struct http_answer *a, struct str what, int64_t now,
    struct err *e)
{
	struct fault plain = *find_status(a->status);
	const struct json *tree;
	struct arena mem;
	bool theirs;

	arena_init(&mem, TREE_MAX);
	tree = parse_object(&mem, a);
	theirs = json_str(json_get(tree, STR("error"))).n > 0;
	if (theirs) {
		explain_token(a, tree, what, e);
	} else {
		plain.kind =
		    (uint8_t)(mem.no_memory ? ERR_RETRY :
					      status_kind_of_token(a->status));
		plain.remedy = plain.kind == ERR_RETRY ?
		    "Nothing: it can be tried again later." :
		    "Check login_url, tenant_id and whatever proxy stands "
		    "between here and Microsoft.";
		explain_page(a, what, &plain, "", e);
		set_code_of_status(e, a->status);
	}
	arena_release(&mem);
	fault_set_retry_after(a, theirs, now, e);
	return false;
}

/* Graph */

/*
 * The most specific code that is known: of error, or of an innerError in it
 * (facts.md 3.1). Ids and missing words are picked up on the way.
 */
static void
walk_error(const struct json *error, struct said *s)
{
	const struct json *at = error;
	const struct fault *f;
	struct str code;

	for (unsigned i = 0; i < CHAIN_MAX && at != NULL; i++) {
		code = json_str(json_iget(at, STR("code")));
		f = find_in(fault_codes, code);
		if (f != NULL)
			s->known = f;
		if (f != NULL || s->code.n == 0)
			s->code = code;
		if (s->words.n == 0)
			s->words = json_str(json_iget(at, STR("message")));
		if (s->id[0].n == 0)
			s->id[0] = json_str(json_iget(at, STR("request-id")));
		if (s->id[1].n == 0)
			s->id[1] =
			    json_str(json_iget(at, STR("client-request-id")));
		if (s->when.n == 0)
			s->when = json_str(json_iget(at, STR("date")));
		at = json_iget(at, STR("innerError"));
	}
}

/* RFC 6750 3 with facts.md 3.2: a challenge instead of a code. */
static void
look_for_challenge(const struct http_answer *a, struct said *s)
{
	struct str code = STR("insufficient_claims");
	struct str field = http1_field(&a->head, STR("WWW-Authenticate"));

	if (a->status != 401 || str_find(field, code) == field.n)
		return;
	s->code = code;
	s->known = find_in(fault_codes, code);
}

/*
 * A code of Graph's that is not known here, with a status by which Graph gives
 * up the message or tells of a mistake of ours: it need not pass.
 */
static enum err_kind
fault_unknown_kind(int status, const struct fault *f)
{
	static const struct {
		int first, last;
		enum err_kind kind;
	} rows[] = {
		{ 405, 406, ERR_BUG },
		{ 411, 411, ERR_BUG },
		{ 413, 413, ERR_REFUSED },
		{ 415, 416, ERR_BUG },
		{ 422, 422, ERR_REFUSED },
		{ 431, 431, ERR_BUG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (status >= rows[i].first && status <= rows[i].last)
			return rows[i].kind;
	/* 400, and what has no row of its own in 4xx */
	return str_eq(str_of(f->code), STR("400")) ? ERR_REFUSED : f->kind;
}

static bool
fault_is_lasting(enum err_kind kind)
{
	return kind != ERR_RETRY && kind != ERR_UNSURE;
}

/*
 * What status and code say together. f: the code's row, or the status's.
 * A message dies only of a code that was read, and whose status does not say
 * that it passes.
 */
static enum err_kind
graph_kind(const struct http_answer *a, const struct fault *f,
    const struct said *s)
{
	enum err_kind kind = f->kind;
	int status = a->status;

	/* design.md 1: a success that is not the documented one */
	if (status >= 200 && status <= 299)
		return ERR_UNSURE;
	if (s->known == NULL && fault_is_code(s->code))
		kind = fault_unknown_kind(status, f);
	/* Retry-After belongs to it, whatever the code */
	if (status == 429)
		kind = ERR_RETRY;
	/* facts.md 3.2: one code in two coats; 501 does not pass */
	if (status >= 500 && status != 501 && fault_is_lasting(kind))
		kind = ERR_RETRY;
	/* facts.md 3.2 and 5.4: what stands behind the gateway may go on */
	if (kind == ERR_RETRY && (status == 502 || status == 504))
		kind = ERR_UNSURE;
	/* The rest of it would have told, if it is no time to come back at. */
	if (kind == ERR_RETRY && status >= 500 && a->cut &&
	    http1_field(&a->head, STR("Retry-After")).n == 0)
		kind = ERR_UNSURE;
	return kind == ERR_REFUSED && s->unread ? ERR_RETRY : kind;
}

/* What the code means beside its kind. */
static void
fault_set_extras(int status, const struct fault *f, struct err *e)
{
	const struct fault_extra *x = fault_extras;

	while (x->code != NULL && strcmp(x->code, f->code) != 0)
		x++;
	/* a limit is one with any status, but not a success */
	if (status >= 200 && status <= 299)
		return;
	e->rest_ms = x->rest_ms;
	e->uncounted = x->uncounted && e->kind == ERR_RETRY;
	e->tries = e->kind == ERR_RETRY && status != 429 ? x->tries : 0;
	/* nothing but the size of this message is at fault */
	e->alone = e->kind == ERR_CONFIG && status == 413;
}

/* Text of the service may add to the advice, and decides nothing. */
static void
graph_remedy(const struct said *s, const struct fault *f, struct err *e)
{
	bool raop = str_find(s->words, STR("[RAOP]")) < s->words.n;

	/* of the last of some tries the code's own is the one to tell */
	if (fault_is_lasting(f->kind) && !fault_is_lasting(e->kind) &&
	    e->tries == 0) {
		err_remedy(e, "%s",
		    find_status(e->kind == ERR_RETRY ? 503 : 504)->remedy);
		return;
	}
	err_remedy(e, "%s%s",
	    raop ?
		"An application access policy excludes the mailbox: Exchange "
		"Online PowerShell, Get-ApplicationAccessPolicy, and add it to "
		"the policy's group. Else: " :
		"",
	    f->remedy);
}

static void
explain_graph(const struct http_answer *a, struct said *s, struct str what,
    struct err *e)
{
	static const char *const names[] = { "request-id",
		"client-request-id" };
	const struct fault *f =
	    s->known != NULL ? s->known : find_status(a->status);
	enum err_kind kind = graph_kind(a, f, s);
	struct fault plain = *f;
	char ids[IDS_SIZE];

	s->id[0] = or_field(a, s->id[0], STR("request-id"));
	s->id[1] = or_field(a, s->id[1], STR("client-request-id"));
	s->when = or_field(a, s->when, STR("Date"));
	describe_ids(s, names, ids);
	if (s->code.n == 0 && s->words.n == 0) {
		plain.kind = (uint8_t)kind;
		explain_page(a, what, &plain, ids, e);
		fault_set_extras(a->status, f, e);
		return;
	}
	s->words = page_shown(s->words);
	err_set(e, kind, "%.*s: %.*s%sHTTP %d%s%.*s%s",
	    STR_ARG(str_cut(what, WHAT_MAX)),
	    STR_ARG(str_cut(s->code, ERR_CODE_SIZE)), s->code.n > 0 ? ", " : "",
	    a->status, s->words.n > 0 ? ": " : "",
	    STR_ARG(str_cut(s->words, WORDS_MAX)), ids);
	fault_set_extras(a->status, f, e);
	graph_remedy(s, f, e);
	if (kind == f->kind)
		e->exit = f->exit;
}

bool
fault_graph(const struct http_answer *a, struct str what, int64_t now,
    struct err *e)
{
	const struct json *error;
	struct said s = { 0 };
	struct arena mem;
	bool theirs;

	arena_init(&mem, TREE_MAX);
	error = json_iget(parse_object(&mem, a), STR("error"));
	if (error != NULL && error->type == JSON_OBJECT)
		walk_error(error, &s);
	else
		s.words = json_str(error);
	s.unread = mem.no_memory;
	look_for_challenge(a, &s);
	explain_graph(a, &s, what, e);
	if (s.code.n > 0)
		set_code(e, STR(""), s.code);
	else
		set_code_of_status(e, a->status);
	/* an answer of Graph without a body has its id all the same */
	theirs = s.code.n > 0 || s.id[0].n > 0;
	arena_release(&mem);
	fault_set_retry_after(a, theirs, now, e);
	return false;
}
