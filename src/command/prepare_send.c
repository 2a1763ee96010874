/* SPDX-License-Identifier: MIT */
#include "command/prepare.h"

#include "base/os.h"
#include "command/temp.h"
#include "graph/permit.h"
#include "mail/intake.h"

enum { PIECE = 65536 };

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
		facts.read_write = permit_write(&c->graph);
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
