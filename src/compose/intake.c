/* SPDX-License-Identifier: MIT */
#include "compose/intake.h"

#include "base/os.h"
#include "base/temp.h"
#include "mail/intake.h"

enum { PIECE = 65536 };

uint64_t
prepare_largest(const struct config *c)
{
	return c->max_message_size + c->max_message_size / 8 * 3;
}

struct intake_to {
	struct temp temp;
	struct buf lines;
	uint64_t most; /* bytes; 0: no end */
};

static bool
intake_flush(struct intake_to *to, struct err *e)
{
	bool ok = buf_ok(&to->lines, e) &&
	    temp_add(&to->temp, buf_view(&to->lines), e);

	buf_reset(&to->lines);
	if (!ok || to->most == 0 || to->temp.size <= to->most)
		return ok;
	err_set(e, ERR_INPUT,
	    "%s: more than %llu bytes, which is max_message_size and what "
	    "base64 adds to it",
	    to->temp.name, (unsigned long long)to->most);
	return err_remedy(e,
	    "put large files where they can be linked, or raise "
	    "max_message_size");
}

/* Reads up to the end of the message, or up to the limit. */
static bool
intake_take(int from, struct intake *in, struct intake_to *to, struct err *e)
{
	char bytes[PIECE];
	struct os_piece piece = { .p = bytes, .max = sizeof(bytes) };
	struct str rest;

	for (;;) {
		if (!os_read_some(from, to->temp.name, &piece, e))
			return false;
		if (piece.n == 0)
			break;
		rest = (struct str){ bytes, piece.n };
		if (intake_feed(in, &rest, &to->lines) == PARSE_DONE)
			return intake_flush(to, e);
		if (!intake_flush(to, e))
			return false;
	}
	intake_finish(in, &to->lines);
	return intake_flush(to, e);
}

/* Lone CRs before the first LF: what they are is known at the end only. */
static bool
intake_settle_lines(struct intake *in, struct intake_to *to, struct str spool,
    struct err *e)
{
	struct temp from = to->temp;
	struct source all = temp_source(&from);
	char bytes[PIECE];
	bool ok;
	size_t n;

	to->temp = (struct temp){ 0 };
	ok = temp_open(&to->temp, from.name, spool, e);
	for (uint64_t at = 0; ok && at < all.size; at += n) {
		n = all.size - at < PIECE ? (size_t)(all.size - at) : PIECE;
		ok = source_read(&all, at, bytes, n, e);
		if (ok)
			intake_settle(in, (struct str){ bytes, n }, &to->lines);
		ok = ok && intake_flush(to, e);
	}
	temp_close(&from);
	return ok;
}

bool
prepare_intake(const struct prepare_intake *i, int *fd, struct source *out,
    struct err *e)
{
	struct intake_to to = { 0 };
	struct str spool = { 0 };
	struct intake in;
	bool ok;

	if (i->config != NULL) {
		spool = i->config->spool_dir;
		to.most = prepare_largest(i->config);
	}
	intake_init(&in, i->dot_ends ? INTAKE_PROGRAM_DOT : INTAKE_PROGRAM);
	buf_init(&to.lines, 2 * PIECE + 16); /* an LF becomes CRLF */
	ok = temp_open(&to.temp, i->name, spool, e) &&
	    intake_take(i->from, &in, &to, e) &&
	    (!in.kept || intake_settle_lines(&in, &to, spool, e));
	buf_release(&to.lines);
	if (!ok) {
		temp_close(&to.temp);
		return false;
	}
	*fd = to.temp.fd; /* the caller's from here on */
	*out = temp_source(&to.temp);
	return true;
}
