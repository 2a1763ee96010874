/* SPDX-License-Identifier: MIT */
#include "graph/sent.h"

#include <string.h>

#include "codec/date.h"
#include "codec/json.h"

enum {
	TREE_MAX = 4 * 1024 * 1024, /* an answer's JSON: 1,000 people, twice */
	FILTER_MAX = 4096           /* a Message-ID is a line of up to 998 */
};

static bool
make_path(const struct sent_ask *ask, struct buf *path, struct err *e)
{
	struct buf filter;
	bool ok;

	buf_init(&filter, FILTER_MAX);
	buf_addz(&filter, "internetMessageId eq '");
	for (size_t i = 0; i < ask->message_id.n; i++) {
		buf_addc(&filter, ask->message_id.p[i]);
		if (ask->message_id.p[i] == '\'')
			buf_addc(&filter, '\'');
	}
	buf_addc(&filter, '\'');
	buf_addz(path, "/users/");
	url_encode(path, ask->mailbox);
	buf_addz(path, "/mailFolders/sentitems/messages?$filter=");
	url_encode(path, buf_view(&filter));
	buf_addz(path,
	    "&$select=internetMessageId,sentDateTime,toRecipients,"
	    "ccRecipients,bccRecipients");
	ok = buf_ok(&filter, e) && buf_ok(path, e);
	buf_release(&filter);
	return ok;
}

static bool
went_to(const struct json *item, const struct addr *rcpt)
{
	static const struct str lists[] = { STR_INIT("toRecipients"),
		STR_INIT("ccRecipients"), STR_INIT("bccRecipients") };
	const struct json *list, *x;
	struct str to;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		list = json_get(item, lists[i]);
		for (x = list != NULL ? list->child : NULL; x != NULL;
		     x = x->next) {
			to = json_str(json_get(json_get(x, STR("emailAddress")),
			    STR("address")));
			if (str_ieq(to, rcpt->text))
				return true;
		}
	}
	return false;
}

static bool
sent_is_since(const struct json *item, int64_t since)
{
	struct str text = json_str(json_get(item, STR("sentDateTime")));
	int64_t when;

	return since == 0 || (date_parse_iso(text, &when) && when >= since);
}

static bool
is_it(const struct json *item, const struct sent_ask *ask)
{
	const struct addr *rcpt = ask->rcpt;

	while (rcpt != NULL && went_to(item, rcpt))
		rcpt = rcpt->next;
	return rcpt == NULL && ask->rcpt != NULL &&
	    sent_is_since(item, ask->since) &&
	    str_eq(json_str(json_get(item, STR("internetMessageId"))),
		ask->message_id);
}

/*
 * By the server's clock. One of ours that was set back meanwhile tells
 * nothing: rather an old copy than the mail twice.
 */
static int64_t
sent_since_there(const struct graph *g, const struct sent_ask *ask,
    const struct http_answer *a)
{
	int64_t ahead = a->has_date ? a->server_clock_skew : 0;

	if (ask->since == 0 || ask->since > clock_wall(g->source.clock))
		return 0;
	return ask->since - ahead - SENT_SLACK_S;
}

static enum sent_found
read_answer(const struct sent_ask *ask, struct str body, struct err *why)
{
	enum sent_found found = SENT_NOT_NOW;
	const struct json *root = NULL, *list = NULL, *item;
	struct arena a;

	arena_init(&a, TREE_MAX);
	if (json_parse(&a, body, &root, why))
		list = json_get(root, STR("value"));
	err_set(why, ERR_RETRY, "search Sent Items: no list came");
	if (list != NULL && list->type == JSON_ARRAY) {
		err_set(why, ERR_UNSURE,
		    "Sent Items has no message %.*s to these recipients",
		    STR_ARG(ask->message_id));
		found = SENT_NOT_FOUND;
		for (item = list->child; item != NULL; item = item->next)
			if (is_it(item, ask))
				found = SENT_FOUND;
	}
	arena_release(&a);
	return found;
}

/* A refusal of the question is final; all else may pass. */
static enum sent_found
judge(int status, struct err *why)
{
	if (status >= 400 && status < 500 && status != 401 && status != 408 &&
	    status != 429)
		return SENT_CANNOT;
	if (why->kind != ERR_AUTH && why->kind != ERR_CONFIG)
		why->kind = ERR_RETRY; /* to ask again does no harm */
	return SENT_NOT_NOW;
}

enum sent_found
sent_find(struct graph *g, const struct sent_ask *ask, struct send_result *out,
    struct err *why)
{
	struct graph_answer answer = { 0 };
	struct graph_request r = {
		.method = STR("GET"),
		.expect = 200,
		.what = STR("search Sent Items"),
		.repeatable = true,
	};
	enum sent_found found = SENT_CANNOT;
	struct sent_ask there = *ask;
	struct buf path;

	buf_init(&path, URL_MAX);
	if (ask->message_id.n == 0) {
		err_set(why, ERR_UNSURE,
		    "search Sent Items: the message has no Message-ID");
	} else if (!make_path(ask, &path, why)) { /* no memory, or too long */
		found = why->kind == ERR_RETRY ? SENT_NOT_NOW : SENT_CANNOT;
	} else {
		r.path = buf_view(&path);
		if (graph_call(g, &r, &answer, why)) {
			there.since = sent_since_there(g, ask, &answer.http);
			found = read_answer(&there, buf_view(&answer.http.body),
			    why);
		} else {
			found = judge(answer.http.status, why);
		}
	}
	memcpy(out->request_id, answer.request_id, sizeof(answer.request_id));
	memcpy(out->client_request_id, answer.client_request_id,
	    sizeof(answer.client_request_id));
	out->attempts += answer.attempts;
	graph_answer_release(&answer);
	buf_release(&path);
	return found;
}
