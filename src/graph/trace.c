/* SPDX-License-Identifier: MIT */
#include "graph/trace.h"

#include "codec/date.h"
#include "codec/json.h"
#include "graph/patience.h"

enum {
	TREE_MAX = 16 * 1024 * 1024, /* 1 MB of JSON, in small values */
	FILTER_MAX = 4096,           /* a Message-ID is a line of up to 998 */
	/* more than may be asked in ten minutes: a circle of pages ends */
	PAGES_MOST = 200,
	PATIENT_MS = 3000 /* a longer wait is told */
};

static const struct str trace_place =
    STR_INIT("/admin/exchange/tracing/messageTraces");
/* facts.md 11: what the text of a 401 names */
static const struct str trace_app =
    STR_INIT("8bd644d1-64a1-4d4b-ae52-2e0cbf64e373");

static const char trace_no_principal[] =
    "Once for each tenant, in PowerShell (module "
    "Microsoft.Graph.Applications): Connect-MgGraph -Scopes "
    "Application.ReadWrite.All; New-MgServicePrincipal -AppId "
    "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 . Or: az ad sp create --id "
    "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 . It takes hours, up to 24, until "
    "it counts.";
static const char trace_no_permission[] =
    "entra.microsoft.com > Entra ID > App registrations > (your app) > API "
    "permissions > Add a permission > Microsoft Graph > Application "
    "permissions > ExchangeMessageTrace.Read.All, then Grant admin consent. "
    "Or: az ad app permission add --id CLIENT_ID --api "
    "00000003-0000-0000-c000-000000000000 --api-permissions "
    "89b20d8a-76e2-4057-867b-9961f800b9a4=Role; az ad app permission "
    "admin-consent --id CLIENT_ID";
const char trace_not_here[] =
    "Message trace by Graph is known of the global cloud only. Elsewhere ask "
    "Exchange Online PowerShell: Get-MessageTraceV2 -MessageId ID "
    "-StartDate DAY -EndDate DAY";

/* --- the question */

static void
trace_add_quoted(struct buf *out, struct str text)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		buf_addc(out, text.p[i]);
		if (text.p[i] == '\'')
			buf_addc(out, '\'');
	}
	buf_addc(out, '\'');
}

static void
trace_add_clause(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_addf(out, " and %s eq ", name);
	trace_add_quoted(out, value);
}

bool
trace_path(struct buf *path, const struct trace_ask *ask, struct err *e)
{
	char since[DATE_ISO_SIZE], until[DATE_ISO_SIZE];
	struct buf filter;
	bool ok;

	date_iso(ask->since, since);
	date_iso(ask->until, until);
	buf_init(&filter, FILTER_MAX);
	buf_addf(&filter, "receivedDateTime ge %s and receivedDateTime le %s",
	    since, until);
	trace_add_clause(&filter, "messageId", ask->message_id);
	trace_add_clause(&filter, "senderAddress", ask->from);
	trace_add_clause(&filter, "recipientAddress", ask->to);
	buf_adds(path, trace_place);
	buf_addz(path, "?$filter=");
	url_encode(path, buf_view(&filter));
	buf_addf(path, "&$top=%d", TRACE_TOP);
	ok = buf_ok(&filter, e) && buf_ok(path, e);
	buf_release(&filter);
	return ok;
}

/* --- the answer */

static struct str
trace_text(const struct json *item, const char *name)
{
	return json_str(json_get(item, str_of(name)));
}

static int64_t
trace_time(const struct json *item, const char *name)
{
	int64_t when = 0;

	(void)date_parse_iso(trace_text(item, name), &when);
	return when;
}

static void
trace_give_item(const struct json *j, trace_each_fn *each, void *arg)
{
	struct trace_item item = {
		.id = trace_text(j, "id"),
		.message_id = trace_text(j, "messageId"),
		.from = trace_text(j, "senderAddress"),
		.to = trace_text(j, "recipientAddress"),
		.subject = trace_text(j, "subject"),
		.from_ip = trace_text(j, "fromIP"),
		.to_ip = trace_text(j, "toIP"),
		.status = trace_text(j, "status"),
		.when = trace_time(j, "receivedDateTime"),
	};

	(void)json_i64(json_get(j, STR("size")), &item.size);
	each(arg, &item);
}

/* The list of an answer; NULL: there is none, and *e says so. */
static const struct json *
trace_open(struct arena *mem, struct str body, const struct json **root,
    struct err *e)
{
	const struct json *list = NULL;

	if (json_parse(mem, body, root, e))
		list = json_get(*root, STR("value"));
	if (list == NULL || list->type != JSON_ARRAY) {
		err_set(e, ERR_RETRY,
		    "message trace: the answer is no list of traces");
		err_remedy(e, "see what answers at graph_url");
		return NULL;
	}
	return list;
}

/* From our path on, whatever host it names. */
static bool
trace_next(struct str link, struct buf *next, struct err *e)
{
	size_t at = str_ifind(link, trace_place);

	if (link.n == 0)
		return true;
	if (at == link.n) {
		err_set(e, ERR_RETRY,
		    "message trace: the next page is said to be %.*s, which is "
		    "no trace",
		    STR_ARG(str_cut(link, 200)));
		return err_remedy(e, "see what answers at graph_url");
	}
	buf_adds(next, str_from(link, at));
	return buf_ok(next, e);
}

bool
trace_read(struct str body, trace_each_fn *each, void *arg, struct buf *next,
    struct err *e)
{
	const struct json *root, *list, *j;
	struct arena mem;
	bool ok;

	arena_init(&mem, TREE_MAX);
	list = trace_open(&mem, body, &root, e);
	ok = list != NULL &&
	    trace_next(trace_text(root, "@odata.nextLink"), next, e);
	for (j = ok ? list->child : NULL; j != NULL; j = j->next)
		trace_give_item(j, each, arg);
	arena_release(&mem);
	return ok;
}

static bool
trace_read_details(struct str body, trace_detail_fn *each, void *arg,
    struct err *e)
{
	const struct json *root, *list, *j;
	struct trace_detail d;
	struct arena mem;

	arena_init(&mem, TREE_MAX);
	list = trace_open(&mem, body, &root, e);
	for (j = list != NULL ? list->child : NULL; j != NULL; j = j->next) {
		d = (struct trace_detail){
			.when = trace_time(j, "date"),
			.event = trace_text(j, "event"),
			.action = trace_text(j, "action"),
			.description = trace_text(j, "description"),
			.data = trace_text(j, "data"),
		};
		each(arg, &d);
	}
	arena_release(&mem);
	return list != NULL;
}

bool
trace_is_final(struct str status)
{
	return status.n > 0 && !str_ieq(status, STR("pending")) &&
	    !str_ieq(status, STR("gettingStatus"));
}

/* --- what a refusal means */

bool
trace_explain(int status, struct err *e)
{
	struct str text = str_of(e->msg);
	bool principal = str_ifind(text, trace_app) < text.n ||
	    str_ifind(text, STR("principal-less")) < text.n;

	if ((status == 401 || status == 403) && principal) {
		e->kind = ERR_AUTH;
		return err_remedy(e, "%s", trace_no_principal);
	}
	if (status == 401 || status == 403) {
		e->kind = ERR_AUTH;
		return err_remedy(e, "%s", trace_no_permission);
	}
	if (status == 404 || status == 405 || status == 501) {
		e->kind = ERR_CONFIG;
		return err_remedy(e, "%s", trace_not_here);
	}
	/* nothing was sent: to ask again does no harm */
	if (e->kind == ERR_UNSURE)
		e->kind = ERR_RETRY;
	return false;
}

/* --- asking */

static bool
trace_get(struct graph *g, struct str path, struct graph_answer *answer,
    struct err *e)
{
	const struct graph_request r = {
		.method = STR("GET"),
		.path = path,
		.expect = 200,
		.what = STR("message trace"),
		.repeatable = true,
	};

	return graph_call(g, &r, answer, e) ||
	    trace_explain(answer->http.status, e);
}

static bool
trace_call(struct graph *g, const struct trace_ask *ask, enum trace_kind kind,
    struct str path, struct graph_answer *answer, struct err *e)
{
	struct patience p = { .source = &g->source };

	for (;;) {
		*answer = (struct graph_answer){ 0 };
		if (ask->may != NULL && !ask->may(ask->arg, kind, e))
			return false;
		if (trace_get(g, path, answer, e))
			return true;
		graph_answer_release(answer);
		if (e->kind == ERR_RETRY && e->retry_after_ms > PATIENT_MS)
			log_warn(g->source.log,
			    "the service asks to wait for %lld s",
			    (long long)e->retry_after_ms / 1000);
		if (!patience_wait(&p, e))
			return false;
	}
}

struct trace_page {
	struct buf path, next;
	unsigned n;
};

static bool
trace_take_page(struct graph *g, const struct trace_ask *ask,
    struct trace_page *p, trace_each_fn *each, void *arg, struct err *e)
{
	struct graph_answer answer;
	bool ok;

	if (p->n++ == PAGES_MOST) {
		err_set(e, ERR_RETRY, "message trace: more than %d pages",
		    PAGES_MOST);
		return err_remedy(e, "ask about a shorter time");
	}
	buf_reset(&p->next);
	ok = trace_call(g, ask, TRACE_LIST, buf_view(&p->path), &answer, e) &&
	    trace_read(buf_view(&answer.http.body), each, arg, &p->next, e);
	graph_answer_release(&answer);
	buf_reset(&p->path);
	buf_adds(&p->path, buf_view(&p->next));
	return ok && buf_ok(&p->path, e);
}

bool
trace_list(struct graph *g, const struct trace_ask *ask, trace_each_fn *each,
    void *arg, struct err *e)
{
	struct trace_ask piece = *ask;
	struct trace_page p = { .n = 0 };
	bool ok = true;

	buf_init(&p.path, URL_MAX);
	buf_init(&p.next, URL_MAX);
	for (; ok && piece.since < ask->until; piece.since = piece.until) {
		piece.until = piece.since + TRACE_WINDOW_S;
		if (piece.until > ask->until)
			piece.until = ask->until;
		ok = trace_path(&p.path, &piece, e);
		while (ok && p.path.n > 0)
			ok = trace_take_page(g, ask, &p, each, arg, e);
	}
	buf_release(&p.path);
	buf_release(&p.next);
	return ok;
}

bool
trace_details(struct graph *g, const struct trace_ask *ask,
    const struct trace_item *item, trace_detail_fn *each, void *arg,
    struct err *e)
{
	struct graph_answer answer = { 0 };
	struct buf path, quoted;
	bool ok;

	buf_init(&path, URL_MAX);
	buf_init(&quoted, FILTER_MAX);
	trace_add_quoted(&quoted, item->to);
	buf_adds(&path, trace_place);
	buf_addc(&path, '/');
	url_encode(&path, item->id);
	buf_addz(&path, "/getDetailsByRecipient(recipientAddress=");
	url_encode(&path, buf_view(&quoted));
	buf_addc(&path, ')');
	ok = buf_ok(&quoted, e) && buf_ok(&path, e) &&
	    trace_call(g, ask, TRACE_DETAILS, buf_view(&path), &answer, e) &&
	    trace_read_details(buf_view(&answer.http.body), each, arg, e);
	graph_answer_release(&answer);
	buf_release(&quoted);
	buf_release(&path);
	return ok;
}
