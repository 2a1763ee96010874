/* SPDX-License-Identifier: MIT */
#include "sandbox/sent.h"

#include "codec/jsonw.h"
#include "codec/url.h"
#include "sandbox/drafts.h"
#include "sandbox/keep.h"

enum {
	FILTER_MAX = 2048,
	TOP = 10 /* Graph's page, unless $top says less */
};

static const struct str users = STR_INIT("/v1.0/users/");
static const struct str tail = STR_INIT("/mailFolders/sentitems/messages");

bool
sent_is_path(struct str path)
{
	struct str user = str_from(path, users.n);

	return str_starts(path, users) && str_ends(user, tail) &&
	    user.n > tail.n && str_chr(user, '/') == user.n - tail.n;
}

/* "internetMessageId eq '...'", its quotes doubled; p NULL: another one. */
static struct str
wanted(const struct sandbox_request *r)
{
	struct str head = STR("internetMessageId eq '"), text;
	struct buf filter;
	struct err e;
	char *id = NULL;
	size_t n = 0;
	bool found = false;

	buf_init(&filter, FILTER_MAX);
	if (url_form_get(r->query, STR("$filter"), &filter, &found, &e) &&
	    found && str_starts(buf_view(&filter), head) &&
	    str_ends(buf_view(&filter), STR("'")))
		id = arena_alloc(r->mem, filter.n);
	text = str_from(buf_view(&filter), head.n);
	for (size_t i = 0; id != NULL && i + 1 < text.n; i++) {
		if (text.p[i] == '\'' && text.p[++i] != '\'')
			id = NULL;
		else
			id[n++] = text.p[i];
	}
	buf_release(&filter);
	return (struct str){ id, id != NULL ? n : 0 };
}

static void
put_people(struct jsonw *w, struct str meta, struct str key, struct str name)
{
	struct str line;

	jsonw_key(w, name);
	jsonw_open(w, '[');
	while (str_next(&meta, '\n', &line)) {
		if (!str_starts(line, key))
			continue;
		jsonw_open(w, '{');
		jsonw_key(w, STR("emailAddress"));
		jsonw_open(w, '{');
		jsonw_member(w, STR("address"), str_from(line, key.n));
		jsonw_close(w, '}');
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void
put_item(struct jsonw *w, struct arena *mem, uint32_t n, struct str meta)
{
	jsonw_open(w, '{');
	jsonw_member(w, STR("id"), arena_fmt(mem, "AAkALgAAAAAAHYQD%06u=", n));
	jsonw_member(w, STR("internetMessageId"), keep_message_id(meta));
	jsonw_member(w, STR("sentDateTime"), drafts_get(meta, STR("time")));
	put_people(w, meta, STR("to: "), STR("toRecipients"));
	put_people(w, meta, STR("cc: "), STR("ccRecipients"));
	put_people(w, meta, STR("bcc: "), STR("bccRecipients"));
	jsonw_close(w, '}');
}

static bool
put_found(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct str id, struct jsonw *w)
{
	uint32_t last = keep_last(s->folder);
	struct buf bytes;
	struct str meta;
	struct err e;
	unsigned found = 0;

	buf_init(&bytes, KEEP_META_MAX);

	jsonw_open(w, '{');
	jsonw_key(w, STR("value"));
	jsonw_open(w, '[');
	for (uint32_t n = 1; n <= last && found < TOP; n++) {
		meta = keep_meta(s, n, &bytes);
		if (str_eq(drafts_get(meta, STR("save-to-sent")), STR("no")) ||
		    !str_eq(keep_message_id(meta), id) ||
		    !str_ieq(drafts_get(meta, STR("mailbox")), mailbox))
			continue;
		put_item(w, r->mem, n, meta);
		found++;
	}
	buf_release(&bytes);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	return jsonw_end(w, &e);
}

void
sent_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct sandbox_answer *a)
{
	struct str id = wanted(r);
	struct jsonw w;

	if (!str_eq(r->method, STR("GET")) || id.n == 0) {
		answer_graph_error(a, r, 400, STR("BadRequest"),
		    STR("Invalid filter clause. The sandbox knows "
			"internetMessageId eq '...'."));
		return;
	}
	answer_reset(a, 200);
	answer_graph_fields(a, r);
	a->type = "application/json; charset=utf-8";
	w = jsonw_begin(&a->body);
	if (!put_found(s, r, mailbox, id, &w))
		answer_reset(a, 500);
}
