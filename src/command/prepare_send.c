/* SPDX-License-Identifier: MIT */
#include "command/prepare.h"

#include "base/os.h"
#include "codec/jwt.h"
#include "command/temp.h"
#include "mail/intake.h"

enum {
	PIECE = 65536,
	CLAIMS_MAX = 256 * 1024 /* a token is a header field: some kB */
};

/*
 * What the token says about Mail.ReadWrite. A right that was given in
 * Exchange does not show there (FACTS.md 1.6), so a token without roles says
 * nothing.
 */
static enum route_may
may_write(struct client *c)
{
	struct graph *g = &c->graph;
	int64_t deadline = clock_mono_ms(g->source.clock) + g->timeout_ms;
	enum route_may may = ROUTE_MAY_UNKNOWN;
	const struct json *claims;
	struct arena a;
	struct err ignored; /* the attempt will say it */

	arena_init(&a, CLAIMS_MAX);
	if (token_get(&g->source, deadline, &g->token, &ignored) &&
	    jwt_claims(&a, secret_view(&g->token.bearer), &claims, &ignored)) {
		if (jwt_has(claims, STR("roles"), STR("Mail.ReadWrite")))
			may = ROUTE_MAY;
		else if (jwt_has(claims, STR("roles"), STR("Mail.Send")))
			may = ROUTE_MAY_NOT;
	}
	arena_release(&a);
	return may;
}

static bool
check_recipients(const struct prepared *p, struct err *e)
{
	if (p->n_rcpt <= SEND_RECIPIENTS_MAX)
		return true;
	err_set(e, ERR_INPUT,
	    "the message has %zu recipients, Exchange takes at most %d",
	    p->n_rcpt, SEND_RECIPIENTS_MAX);
	return err_remedy(e,
	    "send it in parts, or to a group: that counts as one");
}

bool
prepare_route(struct client *c, const struct prepared *p, enum route want,
    struct route_choice *out, struct err *e)
{
	struct route_facts facts = p->out.facts;

	if (!check_recipients(p, e))
		return false;
	if (c != NULL && want == ROUTE_AUTO &&
	    facts.mime_size > facts.mime_limit)
		facts.read_write = may_write(c);
	return route_choose(&facts, want, out, e);
}

bool
prepare_send(struct client *c, const struct prepared *p, enum route want,
    const struct log *log, struct send_result *out, struct err *e)
{
	struct route_choice choice;

	*out = (struct send_result){ 0 };
	if (!prepare_route(c, p, want, &choice, e))
		return false;
	log_trace(log, "* route %s: %s", route_name(choice.route), choice.why);
	if (choice.loses != NULL)
		log_warn(log, "sent by the route %s, the message loses %s",
		    route_name(choice.route), choice.loses);
	return outgoing_send(&c->graph, &p->out, choice.route, &p->progress,
	    out, e);
}

static bool
flush(struct buf *lines, struct temp *to, struct err *e)
{
	bool ok = buf_ok(lines, e) && temp_add(to, buf_view(lines), e);

	buf_reset(lines);
	if (ok && to->size > PREPARE_INTAKE_MAX)
		return err_set(e, ERR_INPUT, "%s: more than %d bytes", to->name,
		    PREPARE_INTAKE_MAX);
	return ok;
}

/* Reads up to the end of the message. */
static bool
take_lines(int from, struct intake *in, struct buf *lines, struct temp *to,
    struct err *e)
{
	char bytes[PIECE];
	struct os_piece piece = { .p = bytes, .max = sizeof(bytes) };
	struct str rest;

	for (;;) {
		if (!os_read_some(from, to->name, &piece, e))
			return false;
		if (piece.n == 0)
			break;
		rest = (struct str){ bytes, piece.n };
		if (intake_feed(in, &rest, lines) == PARSE_DONE)
			return flush(lines, to, e);
		if (!flush(lines, to, e))
			return false;
	}
	intake_finish(in, lines);
	return flush(lines, to, e);
}

bool
prepare_intake(int from, const char *name, bool dot_ends, int *fd,
    struct source *out, struct err *e)
{
	struct temp temp = { 0 };
	struct intake in;
	struct buf lines;
	bool ok;

	intake_init(&in, dot_ends);
	buf_init(&lines, 2 * PIECE + 16); /* an LF becomes CRLF */
	ok = temp_open(&temp, name, e) &&
	    take_lines(from, &in, &lines, &temp, e);
	buf_release(&lines);
	if (!ok) {
		temp_close(&temp);
		return false;
	}
	*fd = temp.fd; /* the caller's from here on */
	*out = temp_source(&temp);
	return true;
}
