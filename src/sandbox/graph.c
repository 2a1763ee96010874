/* SPDX-License-Identifier: MIT */
#include "sandbox/graph.h"

#include "codec/url.h"
#include "sandbox/body.h"
#include "sandbox/draft.h"
#include "sandbox/inbox.h"
#include "sandbox/sent.h"
#include "sandbox/traces.h"
#include "sandbox/upload.h"

static const struct str users = STR_INIT("/v1.0/users/");
static const struct str send_mail = STR_INIT("/sendMail");

enum { ADDRESS_MAX = 320 }; /* RFC 5321: 64, @ and 255 */

static const char no_token[] = "InvalidAuthenticationToken";

static const char *const verdicts[] = {
	[SANDBOX_TOKEN_UNKNOWN] = "IDX14100: the token was not issued here.",
	[SANDBOX_TOKEN_EXPIRED] =
	    "Lifetime validation failed, the token is expired.",
	[SANDBOX_TOKEN_FOREIGN] =
	    "Access token validation failure. Invalid audience.",
};

static bool
is_send(struct str path)
{
	struct str user = str_from(path, users.n);

	/* OData compares names without regard to case */
	return str_istarts(path, users) && str_iends(user, send_mail) &&
	    user.n > send_mail.n && str_chr(user, '/') == user.n - send_mail.n;
}

/* /users/ID, for which no role that the sandbox grants is enough. */
static bool
is_user(struct str path)
{
	struct str user = str_from(path, users.n);

	return str_istarts(path, users) && user.n > 0 &&
	    str_chr(user, '/') == user.n;
}

enum rule_where
sandbox_graph_where(struct str method, struct str path)
{
	if (is_send(path))
		return RULE_SEND;
	if (sent_is_path(path))
		return RULE_SEARCH;
	if (inbox_is_path(path))
		return RULE_ANY;
	if (traces_is_path(path))
		return RULE_TRACE;
	return upload_is_path(path) ? RULE_RANGE : draft_where(method, path);
}

static bool
refuse(const struct sandbox_request *r, struct sandbox_answer *a, int status,
    const char *code, struct str message)
{
	answer_graph_error(a, r, status, str_of(code), message);
	return false;
}

/* RFC 6750 3: which scheme, and what is wrong. */
static bool
challenge(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a, const char *message)
{
	struct str origin = sandbox_origin(s, r->mem);

	refuse(r, a, 401, no_token, str_of(message));
	answer_field(a, STR("WWW-Authenticate"),
	    arena_fmt(r->mem,
		"Bearer realm=\"\", authorization_uri="
		"\"%.*s/common/oauth2/authorize\", client_id="
		"\"00000003-0000-0000-c000-000000000000\"",
		STR_ARG(origin)));
	return false;
}

static bool
check_token(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct str token = str_from(r->authorization, sizeof("Bearer ") - 1);
	enum sandbox_verdict verdict;

	if (!str_istarts(r->authorization, STR("Bearer ")) || token.n == 0)
		return challenge(s, r, a, "Access token is empty.");
	verdict = sandbox_judge(s, token, r->now);
	if (verdict != SANDBOX_TOKEN_GOOD)
		return challenge(s, r, a, verdicts[verdict]);
	return true;
}

/* The mailbox of the path, decoded. */
static bool
find_mailbox(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a, struct str *mailbox)
{
	struct str part = str_from(r->path, users.n);
	struct buf b;
	struct err e;

	part = str_first(part, str_chr(part, '/'));
	buf_init(&b, ADDRESS_MAX);
	if (url_decode(&b, part, false, &e))
		*mailbox = arena_str(r->mem, buf_view(&b));
	buf_release(&b);
	if (mailbox->n > 0 && sandbox_has_mailbox(s, *mailbox))
		return true;
	return refuse(r, a, 404, "ErrorInvalidUser",
	    arena_fmt(r->mem, "The requested user '%.*s' is invalid.",
		STR_ARG(*mailbox)));
}

/* facts.md 4.6 */
static bool
check_role(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	enum rule_where where = sandbox_graph_where(r->method, r->path);
	bool sends = where == RULE_SEND || where == RULE_SUBMIT;
	bool read = where == RULE_SEARCH && s->read;

	if (sends ? !s->no_send : !s->no_read_write || read)
		return true;
	return refuse(r, a, 403, "ErrorAccessDenied",
	    STR("Access is denied. Check credentials and try again."));
}

void
sandbox_graph_too_large(const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	refuse(r, a, 413, "RequestEntityTooLarge",
	    STR("The maximum request length supported is 4MB."));
}

/* sendMail */
static bool
send_answer(const struct sandbox_request *r, struct sandbox_mail *m,
    struct sandbox_answer *a)
{
	struct err e;

	if (!str_eq(r->method, STR("POST")))
		return refuse(r, a, 405, "BadRequest",
		    STR("sendMail is called with POST."));
	if (!sandbox_body_read(m, r->content_type, r->body, &e)) {
		answer_flaw(a, r, &e);
		return false;
	}
	answer_reset(a, 202);
	answer_graph_fields(a, r);
	return true;
}

bool
sandbox_graph_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_mail *m, struct sandbox_answer *a)
{
	struct str mailbox = { 0 };

	mail_init(m, r->mem, mailbox);
	if (upload_is_path(r->path)) {
		upload_answer(s, r, a);
		return false;
	}
	if (!check_token(s, r, a))
		return false;
	if (str_eq(r->method, STR("GET")) && is_user(r->path))
		return refuse(r, a, 403, "Authorization_RequestDenied",
		    STR("Insufficient privileges to complete the operation."));
	if (traces_is_path(r->path)) {
		traces_answer(s, r, a);
		return false;
	}
	if (inbox_is_path(r->path)) {
		if (find_mailbox(s, r, a, &mailbox))
			inbox_answer(s, r, mailbox, a);
		return false;
	}
	if (!is_send(r->path) && !draft_is_path(r->path) &&
	    !sent_is_path(r->path))
		return refuse(r, a, 404, "ResourceNotFound",
		    STR("The sandbox has /v1.0/users/MAILBOX/sendMail, "
			"/messages and /mailFolders/sentitems/messages, and "
			"/v1.0/admin/exchange/tracing/messageTraces."));
	if (!check_role(s, r, a))
		return false;
	if (r->body.n > SANDBOX_BODY_MAX) {
		sandbox_graph_too_large(r, a);
		return false;
	}
	if (!find_mailbox(s, r, a, &mailbox))
		return false;
	if (sent_is_path(r->path)) {
		sent_answer(s, r, mailbox, a);
		return false;
	}
	mail_release(m);
	mail_init(m, r->mem, mailbox);
	m->send_as = s->send_as;
	return is_send(r->path) ? send_answer(r, m, a) :
				  draft_answer(s, r, m, a);
}
