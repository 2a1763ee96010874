/* SPDX-License-Identifier: MIT */
#include "command/sandbox_graph.h"

#include "codec/url.h"
#include "command/sandbox_json.h"
#include "command/sandbox_mime.h"

static const struct str users = STR_INIT("/v1.0/users/");
static const struct str send_mail = STR_INIT("/sendMail");

enum { ADDRESS_MAX = 320 }; /* RFC 5321: 64, @ and 255 */

static const char no_token[] = "InvalidAuthenticationToken";

/* Codes of sendMail whose status is not 400 (FACTS.md 3.2). */
static const struct {
	struct str code;
	int status;
} statuses[] = {
	{ STR_INIT("ErrorSendAsDenied"), 403 },
};

enum { N_STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

/* What a body may be. */
static const struct {
	struct str type;
	bool (*read)(struct sandbox_mail *, struct str body, struct err *);
} bodies[] = {
	{ STR_INIT("application/json"), sandbox_json_read },
	{ STR_INIT("text/plain"), sandbox_mime_read },
};

enum { N_BODIES = sizeof(bodies) / sizeof(bodies[0]) };

static const char *const verdicts[] = {
	[SANDBOX_TOKEN_UNKNOWN] = "IDX14100: the token was not issued here.",
	[SANDBOX_TOKEN_EXPIRED] =
	    "Lifetime validation failed, the token is expired.",
	[SANDBOX_TOKEN_FOREIGN] =
	    "Access token validation failure. Invalid audience.",
};

bool
sandbox_graph_is_send(struct str path)
{
	struct str user = str_from(path, users.n);

	return str_starts(path, users) && str_ends(user, send_mail) &&
	    user.n > send_mail.n && str_chr(user, '/') == user.n - send_mail.n;
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

	buf_init(&b, ADDRESS_MAX);
	if (url_decode(&b, str_first(part, part.n - send_mail.n), false, &e))
		*mailbox = arena_str(r->mem, buf_view(&b));
	buf_release(&b);
	if (mailbox->n > 0 && sandbox_has_mailbox(s, *mailbox))
		return true;
	return refuse(r, a, 404, "ErrorInvalidUser",
	    arena_fmt(r->mem, "The requested user '%.*s' is invalid.",
		STR_ARG(*mailbox)));
}

static bool
refuse_mail(const struct sandbox_request *r, struct sandbox_answer *a,
    const struct err *e)
{
	struct str code = arena_str(r->mem, str_of(e->code));
	int status = 400;

	if (code.n == 0) /* ours: memory */
		return refuse(r, a, 500, "ErrorInternalServerError",
		    str_of(e->msg));
	for (size_t i = 0; i < N_STATUSES; i++)
		if (str_eq(code, statuses[i].code))
			status = statuses[i].status;
	answer_graph_error(a, r, status, code, str_of(e->msg));
	return false;
}

static bool
read_mail(const struct sandbox_request *r, struct sandbox_mail *m,
    struct sandbox_answer *a)
{
	struct str type = r->content_type;
	struct err e;

	type = str_trim(str_first(type, str_chr(type, ';')));
	for (size_t i = 0; i < N_BODIES; i++) {
		if (!str_ieq(type, bodies[i].type))
			continue;
		if (!bodies[i].read(m, r->body, &e))
			return refuse_mail(r, a, &e);
		mail_note(m, STR("content-type"), bodies[i].type);
		return true;
	}
	return refuse(r, a, 415, "RequestBodyRead",
	    arena_fmt(r->mem,
		"The content type '%.*s' is none of "
		"application/json and text/plain.",
		STR_ARG(type)));
}

void
sandbox_graph_too_large(const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	refuse(r, a, 413, "RequestEntityTooLarge",
	    STR("The maximum request length supported is 4MB."));
}

bool
sandbox_graph_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_mail *m, struct sandbox_answer *a)
{
	struct str mailbox = { 0 };

	mail_init(m, r->mem, mailbox);
	if (!check_token(s, r, a))
		return false;
	if (!sandbox_graph_is_send(r->path))
		return refuse(r, a, 404, "ResourceNotFound",
		    STR("The sandbox has /v1.0/users/MAILBOX/sendMail."));
	if (!str_eq(r->method, STR("POST")))
		return refuse(r, a, 405, "BadRequest",
		    STR("sendMail is called with POST."));
	if (r->body.n > SANDBOX_BODY_MAX) {
		sandbox_graph_too_large(r, a);
		return false;
	}
	if (!find_mailbox(s, r, a, &mailbox))
		return false;
	mail_release(m);
	mail_init(m, r->mem, mailbox);
	m->send_as = s->send_as;
	if (!read_mail(r, m, a))
		return false;
	answer_reset(a, 202);
	answer_graph_fields(a, r);
	return true;
}
