/* SPDX-License-Identifier: MIT */
#include "graph/inbox.h"

#include "codec/date.h"
#include "codec/json.h"

enum { INBOX_TREE = 16 * 1024 * 1024 };

static bool
inbox_is_report(const struct json *item)
{
	const struct json *fields =
	    json_get(item, STR("internetMessageHeaders"));
	const struct json *f = fields != NULL ? fields->child : NULL;

	for (; f != NULL; f = f->next)
		if (str_ieq(json_str(json_get(f, STR("name"))),
			STR("Content-Type")))
			return str_istarts(str_trim(json_str(
					       json_get(f, STR("value")))),
			    STR("multipart/report"));
	return str_istarts(json_str(json_get(item, STR("subject"))),
	    STR("Undeliverable"));
}

static bool
inbox_read(struct str body, inbox_each_fn *each, void *arg, struct err *e)
{
	const struct json *root, *list = NULL, *j;
	struct inbox_item item;
	struct arena mem;

	arena_init(&mem, INBOX_TREE);
	if (json_parse(&mem, body, &root, e))
		list = json_get(root, STR("value"));
	if (list == NULL || list->type != JSON_ARRAY)
		list = NULL;
	for (j = list != NULL ? list->child : NULL; j != NULL; j = j->next) {
		item = (struct inbox_item){
			.id = json_str(json_get(j, STR("id"))),
			.report = inbox_is_report(j),
		};
		(void)date_parse_iso(json_str(
					 json_get(j, STR("receivedDateTime"))),
		    &item.when);
		if (item.id.n > 0)
			each(arg, &item);
	}
	arena_release(&mem);
	return list != NULL ||
	    err_set(e, ERR_RETRY, "look into the inbox: no list came");
}

static bool
inbox_ask(struct graph *g, const struct buf *path, struct graph_answer *answer,
    struct err *e)
{
	const struct graph_request r = {
		.method = STR("GET"),
		.path = buf_view(path),
		.expect = 200,
		.what = STR("look into the inbox for delivery reports"),
		.repeatable = true,
		.secret = true, /* it is somebody's mail */
	};

	*answer = (struct graph_answer){ 0 };
	if (buf_ok(path, e) && graph_call(g, &r, answer, e))
		return true;
	if (answer->http.status == 403) {
		e->kind = ERR_AUTH;
		err_remedy(e,
		    "give the app the application permission Mail.Read "
		    "(entra.microsoft.com > App registrations > (your app) > "
		    "API permissions), or Application Mail.Read by RBAC for "
		    "Applications, or set read_bounces = no");
	}
	return false;
}

bool
inbox_list(struct graph *g, struct str mailbox, int64_t since,
    inbox_each_fn *each, void *arg, struct err *e)
{
	struct graph_answer answer;
	char when[DATE_ISO_SIZE];
	struct buf path;
	bool ok;

	date_iso(since, when);
	buf_init(&path, URL_MAX);
	buf_addz(&path, "/users/");
	url_encode(&path, mailbox);
	buf_addz(&path, "/mailFolders/inbox/messages?$filter=");
	url_encode(&path, STR("receivedDateTime ge "));
	url_encode(&path, str_of(when));
	buf_addf(&path,
	    "&$orderby=receivedDateTime&$top=%d"
	    "&$select=id,receivedDateTime,subject,internetMessageHeaders",
	    INBOX_TOP);
	ok = inbox_ask(g, &path, &answer, e) &&
	    inbox_read(buf_view(&answer.http.body), each, arg, e);
	graph_answer_release(&answer);
	buf_release(&path);
	return ok;
}

bool
inbox_get(struct graph *g, struct str mailbox, struct str id,
    struct graph_answer *answer, struct err *e)
{
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_addz(&path, "/users/");
	url_encode(&path, mailbox);
	buf_addz(&path, "/messages/");
	url_encode(&path, id);
	buf_addz(&path, "/$value");
	ok = inbox_ask(g, &path, answer, e);
	buf_release(&path);
	return ok;
}
