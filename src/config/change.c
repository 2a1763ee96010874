/* SPDX-License-Identifier: MIT */
#include "config/change.h"

/* A place in the text: from .. to, the end of the line included. */
struct change_place {
	size_t from, to;
	bool found;
};

struct change_scan {
	const struct change *change;
	bool ours;    /* the section that is read is the one that is meant */
	bool section; /* it was there */
	bool sample;  /* comments here are of another section: "#[account x]" */
	struct change_place key, comment, example;
	size_t end; /* where a line can be added to our section */
};

/* "KEY = ..." of this key. */
static bool
change_is_key(struct str line, struct str key)
{
	size_t eq = str_chr(line, '=');

	return eq < line.n && str_eq(str_trim(str_first(line, eq)), key);
}

/* Does this line begin the section that is meant? */
static bool
change_is_section(struct str line, const struct change *c)
{
	struct str inner = str_trim((struct str){ line.p + 1, line.n - 2 });

	if (line.n < 2 || !str_ends(line, STR("]")))
		return false;
	if (c->relay)
		return str_eq(inner, STR("relay"));
	return c->account.n > 0 && str_starts(inner, STR("account ")) &&
	    str_eq(str_trim(str_from(inner, 7)), c->account);
}

static void
change_scan_comment(struct change_scan *s, struct str line,
    struct change_place at)
{
	struct str inner = str_trim(str_from(line, 1));

	if (str_starts(inner, STR("[")))
		s->sample = true;
	if (str_eq(inner, STR("For example:")))
		s->example = at;
	if (s->comment.found || s->sample ||
	    !change_is_key(inner, s->change->key))
		return;
	s->comment = at;
	if (s->example.found && s->example.to == at.from)
		s->comment.from = s->example.from;
}

static void
change_scan_line(struct change_scan *s, struct str line, struct change_place at)
{
	if (line.n > 0 && line.p[0] == '[') {
		s->ours = change_is_section(line, s->change);
		s->section = s->section || s->ours;
		s->sample = false;
		s->end = s->ours ? at.to : s->end;
	} else if (!s->ours || line.n == 0) {
		return;
	} else if (line.p[0] == '#') {
		change_scan_comment(s, line, at);
	} else {
		s->end = at.to;
		if (!s->key.found && change_is_key(line, s->change->key))
			s->key = at;
	}
}

/*
 * Without the byte order mark, which stays in front of it. ours: it begins in
 * the section that is meant.
 */
static struct change_scan
change_scan(struct str text, const struct change *c, bool ours)
{
	struct change_scan s = { .change = c, .ours = ours, .section = ours };
	size_t at = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0, end;

	s.end = at;
	for (; at < text.n; at = end) {
		end = at + str_chr(str_from(text, at), '\n');
		end += end < text.n;
		change_scan_line(&s,
		    str_trim((struct str){ text.p + at, end - at }),
		    (struct change_place){ at, end, true });
	}
	return s;
}

/* As the lines there end; a last line without an end gets one. */
static void
change_add_line(struct str line, bool crlf, struct buf *out)
{
	if (out->n > 0 && out->p[out->n - 1] != '\n' &&
	    !str_eq(buf_view(out), STR("\xef\xbb\xbf")))
		buf_addz(out, crlf ? "\r\n" : "\n");
	buf_adds(out, line);
	buf_addz(out, crlf ? "\r\n" : "\n");
}

static bool
change_is_top(const struct change *c)
{
	return c->account.n == 0 && !c->relay;
}

/* What follows the line of a key: without further lines of it. */
static void
change_add_rest(struct str rest, const struct change *c, struct buf *out)
{
	struct change_scan s = change_scan(rest, c, true);

	for (; s.key.found; s = change_scan(rest, c, true)) {
		buf_adds(out, str_first(rest, s.key.from));
		rest = str_from(rest, s.key.to);
	}
	buf_adds(out, rest);
}

bool
change_text(struct str text, const struct change *c, struct buf *out)
{
	struct change_scan s = change_scan(text, c, change_is_top(c));
	struct change_place at = s.key.found ? s.key : s.comment;
	bool crlf = str_find(text, STR("\r\n")) < text.n;
	struct str lines = c->line, one;
	size_t start = out->n;

	if (c->line.n == 0 && !s.key.found) {
		buf_adds(out, text);
		return false;
	}
	if (!at.found)
		at.from = at.to = s.section ? s.end : text.n;
	buf_adds(out, str_first(text, at.from));
	if (!s.section) {
		if (out->n > start)
			change_add_line(STR(""), crlf, out);
		buf_addf(out, "[%s%.*s]%s\n", c->relay ? "relay" : "account ",
		    STR_ARG(c->account), crlf ? "\r" : "");
	}
	while (c->line.n > 0 && str_next(&lines, '\n', &one))
		change_add_line(one, crlf, out);
	if (s.key.found)
		change_add_rest(str_from(text, at.to), c, out);
	else
		buf_adds(out, str_from(text, at.to));
	return true;
}

bool
change_has(struct str text, const struct change *c)
{
	return change_scan(text, c, change_is_top(c)).key.found;
}
