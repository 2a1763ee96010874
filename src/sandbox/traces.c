/* SPDX-License-Identifier: MIT */
#include "sandbox/traces.h"

#include "codec/date.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "sandbox/drafts.h"
#include "sandbox/keep.h"

enum {
	FILTER_MAX = 4096,
	TOP_MOST = 5000, /* facts.md 11 */
	DEFAULT_S = 48 * 3600,
	WINDOW_S = 10 * 86400,
	KEPT_S = 90 * 86400,
	SLOW_S = 3, /* until mail to slow@ is delivered, */
	SEEN_S = 1  /* and traced at all */
};

static const struct str traces_place =
    STR_INIT("/v1.0/admin/exchange/tracing/messageTraces");
static const struct str traces_details =
    STR_INIT("/getDetailsByRecipient(recipientAddress=");

static const struct {
	struct str word, status; /* status empty: it has no trace */
} fates[] = {
	{ STR_INIT("failed"), STR_INIT("failed") },
	{ STR_INIT("quarantined"), STR_INIT("quarantined") },
	{ STR_INIT("pending"), STR_INIT("pending") },
	{ STR_INIT("getting"), STR_INIT("gettingStatus") },
	{ STR_INIT("spam"), STR_INIT("filteredAsSpam") },
	{ STR_INIT("group"), STR_INIT("expanded") },
	{ STR_INIT("untraced"), STR_INIT("") },
};

struct traces_query {
	const struct sandbox *s;
	const struct sandbox_request *r;
	struct str message_id, from, to, status, id;
	int64_t since, until;
	uint64_t top, skip; /* items */
	struct jsonw w;
	uint64_t at; /* items seen */
	bool more;
};

bool
traces_is_path(struct str path)
{
	return str_istarts(path, traces_place) &&
	    (path.n == traces_place.n || path.p[traces_place.n] == '/');
}

struct str
traces_fate(struct str address, int64_t age)
{
	struct str word = str_first(address, str_chr(address, '@'));

	word = str_first(word, str_chr(word, '+'));
	if (str_ieq(word, STR("slow")))
		return age < SEEN_S ? STR("") :
		    age < SLOW_S    ? STR("pending") :
				      STR("delivered");
	for (size_t i = 0; i < sizeof(fates) / sizeof(*fates); i++)
		if (str_ieq(word, fates[i].word))
			return fates[i].status;
	return STR("delivered");
}

/* --- the question */

/* 'text', its quotes doubled. */
static bool
traces_unquote(struct arena *mem, struct str in, struct str *out)
{
	char *p = arena_alloc(mem, in.n);
	size_t n = 0;

	if (p == NULL || in.n < 2 || *in.p != '\'' || in.p[in.n - 1] != '\'')
		return false;
	for (size_t i = 1; i + 1 < in.n; i++) {
		if (in.p[i] == '\'' && in.p[++i] != '\'')
			return false;
		p[n++] = in.p[i];
	}
	*out = (struct str){ p, n };
	return true;
}

static bool
traces_take_clause(struct traces_query *q, struct str clause)
{
	const struct {
		struct str name;
		struct str *text;
	} texts[] = {
		{ STR("messageId eq "), &q->message_id },
		{ STR("senderAddress eq "), &q->from },
		{ STR("recipientAddress eq "), &q->to },
		{ STR("status eq "), &q->status },
		{ STR("id eq "), &q->id },
	};
	struct str since = STR("receivedDateTime ge ");
	struct str until = STR("receivedDateTime le ");

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (str_starts(clause, texts[i].name))
			return texts[i].text->p == NULL &&
			    traces_unquote(q->r->mem,
				str_from(clause, texts[i].name.n),
				texts[i].text);
	if (str_starts(clause, since))
		return q->since == 0 &&
		    date_parse_iso(str_from(clause, since.n), &q->since);
	return str_starts(clause, until) && q->until == 0 &&
	    date_parse_iso(str_from(clause, until.n), &q->until);
}

static bool
traces_take_filter(struct traces_query *q, struct str filter)
{
	struct str sep = STR(" and ");
	size_t at;

	while (filter.n > 0) {
		at = str_find(filter, sep);
		if (!traces_take_clause(q, str_first(filter, at)))
			return false;
		filter = str_from(filter, at + sep.n);
	}
	if ((q->since == 0) != (q->until == 0))
		return false;
	if (q->since == 0) {
		q->until = q->r->now;
		q->since = q->until - DEFAULT_S;
	}
	return q->until >= q->since && q->until - q->since <= WINDOW_S &&
	    q->since >= q->r->now - KEPT_S;
}

static bool
traces_number(const struct traces_query *q, struct str name, uint64_t most,
    uint64_t *n)
{
	struct buf text;
	struct err e;
	bool found, ok;

	buf_init(&text, FILTER_MAX);
	ok = url_form_get(q->r->query, name, &text, &found, &e) &&
	    (!found || str_u64(buf_view(&text), most, n));
	buf_release(&text);
	return ok;
}

static bool
traces_read_query(struct traces_query *q)
{
	struct buf text;
	struct str filter;
	struct err e;
	bool found, ok;

	buf_init(&text, FILTER_MAX);
	ok = url_form_get(q->r->query, STR("$filter"), &text, &found, &e);
	filter = arena_str(q->r->mem, buf_view(&text));
	buf_release(&text);
	q->top = 1000;
	ok = ok && traces_take_filter(q, filter) &&
	    traces_number(q, STR("$top"), TOP_MOST, &q->top) && q->top > 0 &&
	    traces_number(q, STR("$skiptoken"), UINT32_MAX, &q->skip);
	if (q->top > TRACES_TOP)
		q->top = TRACES_TOP;
	return ok;
}

/* --- the answer */

static void
traces_put(struct traces_query *q, uint32_t n, struct str meta, struct str to,
    struct str status)
{
	struct jsonw *w = &q->w;
	int64_t size = 0;
	uint64_t bytes;

	if (str_u64(drafts_get(meta, STR("size")), INT32_MAX, &bytes))
		size = (int64_t)bytes;
	jsonw_open(w, '{');
	jsonw_member(w, STR("id"), arena_fmt(q->r->mem, "trace-%06u", n));
	jsonw_member(w, STR("messageId"), keep_message_id(meta));
	jsonw_member(w, STR("receivedDateTime"), drafts_get(meta, STR("time")));
	jsonw_member(w, STR("senderAddress"), drafts_get(meta, STR("mailbox")));
	jsonw_member(w, STR("recipientAddress"), to);
	jsonw_member(w, STR("subject"), drafts_get(meta, STR("subject")));
	jsonw_member(w, STR("status"), status);
	jsonw_key(w, STR("size"));
	jsonw_i64(w, size);
	jsonw_member(w, STR("fromIP"), STR("192.0.2.1"));
	jsonw_member(w, STR("toIP"), STR(""));
	jsonw_close(w, '}');
}

static bool
traces_fits(struct str want, struct str have)
{
	return want.p == NULL || str_ieq(want, have);
}

/* One message's recipients that are asked for. */
static void
traces_put_mail(struct traces_query *q, uint32_t n, struct str meta,
    int64_t when)
{
	static const struct str kinds[] = { STR_INIT("to: "), STR_INIT("cc: "),
		STR_INIT("bcc: ") };
	struct str line, to, status, rest = meta;

	while (str_next(&rest, '\n', &line))
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			if (!str_starts(line, kinds[i]))
				continue;
			to = str_from(line, kinds[i].n);
			status = traces_fate(to, q->r->now - when);
			if (status.n == 0 || !traces_fits(q->to, to) ||
			    !traces_fits(q->status, status) ||
			    q->at++ < q->skip)
				continue;
			q->more = q->at > q->skip + q->top;
			if (q->more)
				return;
			traces_put(q, n, meta, to, status);
		}
}

static bool
traces_wants(const struct traces_query *q, struct str meta, int64_t *when)
{
	return date_parse_iso(drafts_get(meta, STR("time")), when) &&
	    *when >= q->since && *when <= q->until &&
	    traces_fits(q->message_id, keep_message_id(meta)) &&
	    traces_fits(q->from, drafts_get(meta, STR("mailbox")));
}

static void
traces_put_all(struct traces_query *q)
{
	uint32_t last = keep_last(q->s->folder);
	struct buf bytes;
	struct str meta;
	int64_t when;

	buf_init(&bytes, KEEP_META_MAX);
	for (uint32_t n = 1; n <= last && !q->more; n++) {
		meta = keep_meta(q->s, n, &bytes);
		if (traces_wants(q, meta, &when))
			traces_put_mail(q, n, meta, when);
	}
	buf_release(&bytes);
}

/* The same question, from the next item on. */
static struct str
traces_link(const struct traces_query *q)
{
	struct str query = q->r->query;
	struct str head = str_first(query, str_find(query, STR("&$skiptoken")));

	return arena_fmt(q->r->mem, "%.*s%.*s?%.*s&$skiptoken=%llu",
	    STR_ARG(sandbox_origin(q->s, q->r->mem)), STR_ARG(traces_place),
	    STR_ARG(head), (unsigned long long)(q->skip + q->top));
}

static void
traces_list(struct traces_query *q, struct sandbox_answer *a)
{
	struct err e;

	q->w = jsonw_begin(&a->body);
	jsonw_open(&q->w, '{');
	jsonw_key(&q->w, STR("value"));
	jsonw_open(&q->w, '[');
	traces_put_all(q);
	jsonw_close(&q->w, ']');
	if (q->more)
		jsonw_member(&q->w, STR("@odata.nextLink"), traces_link(q));
	jsonw_close(&q->w, '}');
	if (!jsonw_end(&q->w, &e))
		answer_reset(a, 500);
}

static void
traces_event(struct jsonw *w, struct str when, struct str event,
    struct str text)
{
	jsonw_open(w, '{');
	jsonw_member(w, STR("date"), when);
	jsonw_member(w, STR("event"), event);
	jsonw_member(w, STR("action"), STR(""));
	jsonw_member(w, STR("description"), text);
	jsonw_member(w, STR("data"), STR(""));
	jsonw_close(w, '}');
}

/* .../messageTraces/ID/getDetailsByRecipient(recipientAddress='...') */
static bool
traces_detail(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct str tail = str_from(r->path, traces_place.n + 1), to, fate, when;
	size_t slash = str_chr(tail, '/'), head = sizeof("trace-") - 1;
	struct buf bytes, quoted;
	uint64_t n = 0;
	struct jsonw w;
	struct err e;
	bool ok;

	buf_init(&bytes, KEEP_META_MAX);
	buf_init(&quoted, FILTER_MAX);
	ok = slash > head &&
	    str_u64(str_from(str_first(tail, slash), head), UINT32_MAX, &n) &&
	    str_istarts(str_from(tail, slash), traces_details) &&
	    url_decode(&quoted,
		str_from(str_first(tail, tail.n - 1), slash + traces_details.n),
		false, &e) &&
	    traces_unquote(r->mem, buf_view(&quoted), &to) &&
	    keep_meta(s, (uint32_t)n, &bytes).n > 0;
	when = drafts_get(buf_view(&bytes), STR("time"));
	fate = ok ? traces_fate(to, KEPT_S) : STR("");
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("value"));
	jsonw_open(&w, '[');
	traces_event(&w, when, STR("Receive"),
	    STR("Message received by: SANDBOX"));
	if (str_eq(fate, STR("failed")))
		traces_event(&w, when, STR("Fail"),
		    STR("Reason: [{LED=550 5.1.10 RESOLVER.ADR."
			"RecipientNotFound; Recipient not found by SMTP "
			"address lookup}]"));
	else
		traces_event(&w, when, STR("Deliver"),
		    STR("The message was successfully delivered."));
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	ok = jsonw_end(&w, &e) && ok;
	buf_release(&bytes);
	buf_release(&quoted);
	return ok;
}

void
traces_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct traces_query q = { .s = s, .r = r };

	if (!s->trace) {
		answer_graph_error(a, r, 403, STR("Forbidden"),
		    STR("Access is denied. ExchangeMessageTrace.Read.All is "
			"missing."));
		return;
	}
	answer_reset(a, 200);
	answer_graph_fields(a, r);
	a->type = "application/json; charset=utf-8";
	if (!str_eq(r->method, STR("GET")) ||
	    (r->path.n > traces_place.n ? !traces_detail(s, r, a) :
					  !traces_read_query(&q))) {
		answer_graph_error(a, r, 400, STR("BadRequest"),
		    STR("Invalid filter clause: both bounds of time, 10 days "
			"at most, 90 days back; eq and and."));
		return;
	}
	if (r->path.n == traces_place.n)
		traces_list(&q, a);
}
