/* SPDX-License-Identifier: MIT */
#include "command/trace_known.h"

#include "codec/date.h"

struct trace_search {
	struct trace_known *known;
	struct arena *mem;
	struct trace_rcpt **end;
	struct str other; /* a second id that begins so */
	bool by_id;
};

bool
trace_known_is_sent(struct str verdict)
{
	return str_eq(verdict, STR("sent")) || str_eq(verdict, STR("part")) ||
	    str_eq(verdict, STR("bounced"));
}

static struct trace_rcpt *
trace_known_rcpt(struct trace_search *s, struct str to)
{
	struct trace_rcpt *r = s->known->first;

	while (r != NULL && !str_ieq(r->to, to))
		r = r->next;
	if (r != NULL)
		return r;
	r = arena_alloc(s->mem, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->to = arena_str(s->mem, to);
	*s->end = r;
	s->end = &r->next;
	return r;
}

static void
trace_known_note(struct trace_search *s, const struct json *tree, int64_t when)
{
	struct str verdict = json_str(json_get(tree, STR("verdict")));
	struct str code = json_str(json_get(tree, STR("code")));
	struct str reason = json_str(json_get(tree, STR("reason")));
	const struct json *to = json_get(tree, STR("to"));
	struct trace_rcpt *r;

	s->known->sent = s->known->sent || trace_known_is_sent(verdict);
	for (to = to != NULL ? to->child : NULL; to != NULL; to = to->next) {
		r = trace_known_rcpt(s, json_str(to));
		if (r == NULL)
			return;
		r->verdict = arena_str(s->mem, verdict);
		r->code = arena_str(s->mem, code);
		r->reason = arena_str(s->mem, reason);
		r->when = when;
	}
}

static bool
trace_known_line(void *arg, struct str line, const struct json *tree)
{
	struct trace_search *s = arg;
	struct trace_known *k = s->known;
	struct str id = json_str(json_get(tree, STR("id")));
	int64_t when = 0;

	(void)line;
	if (s->by_id && k->id.n > 0 && !str_ieq(k->id, id)) {
		s->other = arena_str(s->mem, id);
		return false;
	}
	(void)date_parse_iso(json_str(json_get(tree, STR("time"))), &when);
	if (k->since == 0)
		k->since = when;
	k->until = when;
	k->id = arena_str(s->mem, id);
	k->message_id =
	    arena_str(s->mem, json_str(json_get(tree, STR("message_id"))));
	k->from = arena_str(s->mem, json_str(json_get(tree, STR("from"))));
	trace_known_note(s, tree, when);
	return true;
}

bool
trace_known_find(struct trace_known *k, struct arena *mem,
    const struct journal *j, struct str word, struct err *e)
{
	struct trace_search s = { .known = k, .mem = mem, .end = &k->first };
	struct journal_filter f = { 0 };

	*k = (struct trace_known){ 0 };
	s.by_id = str_chr(word, '@') == word.n;
	if (s.by_id)
		f.id = word;
	else
		f.message_id = word;
	if (!journal_read(j, &f, trace_known_line, &s, e) || !arena_ok(mem, e))
		return false;
	if (s.other.n == 0)
		return true;
	err_set(e, ERR_INPUT, "%.*s is the beginning of %.*s and of %.*s",
	    STR_ARG(word), STR_ARG(k->id), STR_ARG(s.other));
	return err_remedy(e, "give more letters of it");
}
