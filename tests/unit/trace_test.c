/* SPDX-License-Identifier: MIT */
#include "graph/trace.h"

#include <string.h>

#include "command/trace_known.h"
#include "command/trace_text.h"
#include "folder.h"
#include "t.h"

#define S        STR_INIT
#define N(table) (sizeof(table) / sizeof(*(table)))
#define PLACE    "/admin/exchange/tracing/messageTraces"
#define TIMES                                                                  \
	"?$filter=receivedDateTime%20ge%202026-11-19T20%3A10%3A00Z%20and%20"   \
	"receivedDateTime%20le%202026-11-25T20%3A10%3A00Z"

/* --- the question */

static const struct {
	const char *name;
	struct trace_ask ask;
	const char *want;
} asks[] = {
	{ "times", { .since = 0 }, PLACE TIMES "&$top=500" },
	{ "message", { .message_id = S("<a'b@c>") },
	    PLACE TIMES "%20and%20messageId%20eq%20%27%3Ca%27%27b%40c%3E%27"
			"&$top=500" },
	{ "sender and recipient", { .from = S("a@b"), .to = S("c@d") },
	    PLACE TIMES "%20and%20senderAddress%20eq%20%27a%40b%27%20and%20"
			"recipientAddress%20eq%20%27c%40d%27&$top=500" },
};

static void
test_path(void)
{
	struct trace_ask ask;
	struct buf path;
	struct err e;

	buf_init(&path, URL_MAX);
	for (size_t i = 0; i < N(asks); i++) {
		buf_reset(&path);
		ask = asks[i].ask;
		ask.since = 1795119000;
		ask.until = 1795637400;
		T_CHECK(trace_path(&path, &ask, &e), "%s: %s", asks[i].name,
		    e.msg);
		T_CHECK(str_eq(buf_view(&path), str_of(asks[i].want)),
		    "%s: %.*s", asks[i].name, STR_ARG(buf_view(&path)));
	}
	buf_release(&path);
}

/* --- the answer */

#define ITEM                                                                   \
	"{\"id\":\"i\",\"messageId\":\"<m@x>\",\"receivedDateTime\":"          \
	"\"2026-11-25T20:10:00.5Z\",\"senderAddress\":\"a@b\","                \
	"\"recipientAddress\":\"c@d\",\"subject\":\"s\",\"status\":"           \
	"\"delivered\",\"size\":12,\"fromIP\":\"1\",\"toIP\":null,\"new\":[]}"
#define LINK(url) "\"@odata.nextLink\":\"" url "\""

static const struct {
	const char *name;
	struct str body;
	bool ok;
	size_t items;
	const char *next;
} pages[] = {
	{ "none", S("{\"value\":[]}"), true, 0, "" },
	{ "one", S("{\"value\":[" ITEM "]}"), true, 1, "" },
	{ "more",
	    S("{\"value\":[" ITEM "," ITEM
	      "]," LINK("https://g/v1.0" PLACE "?$skiptoken=x%20y") "}"),
	    true, 2, PLACE "?$skiptoken=x%20y" },
	{ "never to another host",
	    S("{\"value\":[]," LINK("https://evil.example" PLACE "?x=1") "}"),
	    true, 0, PLACE "?x=1" },
	{ "another place",
	    S("{\"value\":[" ITEM "]," LINK("https://evil.example/y") "}"),
	    false, 0, "" },
	{ "empty object", S("{}"), false, 0, "" },
	{ "no array", S("{\"value\":{}}"), false, 0, "" },
	{ "a page of a proxy", S("<html>"), false, 0, "" },
	{ "members of other types",
	    S("{\"value\":[{\"id\":1,\"status\":null,\"size\":\"x\"},7]}"),
	    true, 2, "" },
	{ "nothing", S(""), false, 0, "" },
};

struct counted {
	size_t n;
	bool whole;
};

static void
count_item(void *arg, const struct trace_item *item)
{
	struct counted *c = arg;

	c->n++;
	c->whole = str_eq(item->message_id, STR("<m@x>")) &&
	    str_eq(item->from, STR("a@b")) && str_eq(item->to, STR("c@d")) &&
	    str_eq(item->status, STR("delivered")) && item->size == 12 &&
	    item->when == 1795637400;
}

static void
test_pages(void)
{
	struct counted c;
	struct buf next;
	struct err e;
	bool ok;

	buf_init(&next, URL_MAX);
	for (size_t i = 0; i < N(pages); i++) {
		c = (struct counted){ 0 };
		buf_reset(&next);
		ok = trace_read(pages[i].body, count_item, &c, &next, &e);
		T_CHECK(ok == pages[i].ok, "%s: %s", pages[i].name,
		    ok ? "read" : e.msg);
		T_CHECK(ok || e.kind == ERR_RETRY, "%s", pages[i].name);
		T_CHECK(c.n == pages[i].items, "%s: %zu", pages[i].name, c.n);
		T_CHECK(str_eq(buf_view(&next), str_of(pages[i].next)),
		    "%s: %.*s", pages[i].name, STR_ARG(buf_view(&next)));
		if (i == 1)
			T_CHECK(c.whole, "members");
	}
	buf_release(&next);
}

static const struct {
	const char *name, *msg;
	int status;
	enum err_kind before, kind;
	const char *remedy; /* a piece */
} refusals[] = {
	{ "no principal", "Service principal-less Authentication failed", 401,
	    ERR_AUTH, ERR_AUTH, "New-MgServicePrincipal" },
	{ "its id alone", "x 8BD644D1-64a1-4d4b-ae52-2e0cbf64e373 y", 403,
	    ERR_AUTH, ERR_AUTH, "New-MgServicePrincipal" },
	{ "no permission", "Forbidden", 403, ERR_REFUSED, ERR_AUTH,
	    "89b20d8a-76e2-4057-867b-9961f800b9a4" },
	{ "no such place", "x", 404, ERR_REFUSED, ERR_CONFIG,
	    "Get-MessageTraceV2" },
	{ "busy", "x", 429, ERR_RETRY, ERR_RETRY, "as it was" },
	{ "lost", "x", 504, ERR_UNSURE, ERR_RETRY, "as it was" },
};

static void
test_refusals(void)
{
	struct err e;

	for (size_t i = 0; i < N(refusals); i++) {
		e = (struct err){ 0 };
		err_set(&e, refusals[i].before, "%s", refusals[i].msg);
		err_remedy(&e, "as it was");
		T_CHECK(!trace_explain(refusals[i].status, &e), "%s",
		    refusals[i].name);
		T_CHECK(e.kind == refusals[i].kind, "%s: %d", refusals[i].name,
		    (int)e.kind);
		T_CHECK(str_find(str_of(e.remedy), str_of(refusals[i].remedy)) <
			str_of(e.remedy).n,
		    "%s: %s", refusals[i].name, e.remedy);
	}
}

/* --- our own journal */

static const struct {
	const char *id, *message_id, *to[3], *verdict, *code;
} lines[] = {
	{ "6B07A001", "<1@x>", { "a@b", "c@d" }, "later", "503" },
	{ "6B07A002", "<2@x>", { "a@b" }, "dead", "ErrorX" },
	{ "6B07A001", "<1@x>", { "C@D" }, "sent", "" },
	{ "", "<3@x>", { "e@f" }, "sent", "" },
	{ "6B07A001", "<1@x>", { "c@d" }, "bounced", "5.1.10" },
};

static const struct {
	const char *name, *word;
	bool ok, sent;
	const char *id, *message_id, *said; /* TO VERDICT CODE, ... */
} searches[] = {
	{ "id", "6B07A001", true, true, "6B07A001", "<1@x>",
	    "a@b later 503, c@d bounced 5.1.10, " },
	{ "in small letters", "6b07a001", true, true, "6B07A001", "<1@x>",
	    "a@b later 503, c@d bounced 5.1.10, " },
	{ "not sent", "6B07A002", true, false, "6B07A002", "<2@x>",
	    "a@b dead ErrorX, " },
	{ "of two", "6B07A", false, false, NULL, NULL, NULL },
	{ "Message-ID", "<2@x>", true, false, "6B07A002", "<2@x>",
	    "a@b dead ErrorX, " },
	{ "without the queue", "3@x", true, true, "", "<3@x>", "e@f sent , " },
	{ "none", "4@x", true, false, "", "", "" },
};

static void
fill(const struct journal *j)
{
	struct str to[3];
	struct err e;

	for (size_t i = 0; i < N(lines); i++) {
		struct journal_line l = { .time = 1795637400 + (int64_t)i,
			.id = str_of(lines[i].id),
			.message_id = str_of(lines[i].message_id),
			.to = to,
			.verdict = str_of(lines[i].verdict),
			.code = str_of(lines[i].code) };

		while (lines[i].to[l.to_n] != NULL) {
			to[l.to_n] = str_of(lines[i].to[l.to_n]);
			l.to_n++;
		}
		T_CHECK(journal_add(j, &l, &e), "%s", e.msg);
	}
}

static void
check_search(const struct journal *j, size_t i)
{
	struct trace_known k;
	struct arena mem;
	struct buf said;
	struct err e;
	bool ok;

	arena_init(&mem, 65536);
	buf_init(&said, 65536);
	ok = trace_known_find(&k, &mem, j, str_of(searches[i].word), &e);
	T_CHECK(ok == searches[i].ok, "%s: %s", searches[i].name,
	    ok ? "found" : e.msg);
	for (const struct trace_rcpt *r = k.first; ok && r != NULL; r = r->next)
		buf_addf(&said, "%.*s %.*s %.*s, ", STR_ARG(r->to),
		    STR_ARG(r->verdict), STR_ARG(r->code));
	if (ok) {
		T_CHECK(k.sent == searches[i].sent, "%s", searches[i].name);
		T_CHECK(str_eq(k.id, str_of(searches[i].id)), "%s: %.*s",
		    searches[i].name, STR_ARG(k.id));
		T_CHECK(str_eq(k.message_id, str_of(searches[i].message_id)),
		    "%s: %.*s", searches[i].name, STR_ARG(k.message_id));
		T_CHECK(str_eq(buf_view(&said), str_of(searches[i].said)),
		    "%s: %.*s", searches[i].name, STR_ARG(buf_view(&said)));
	}
	buf_release(&said);
	arena_release(&mem);
}

static void
test_known(void)
{
	const struct journal_options how = { 65536, 1, false, false };
	char folder[FOLDER_SIZE];
	struct journal j;
	struct err e;

	folder_make(folder);
	T_CHECK(journal_open(&j, folder, "log", how, &e), "%s", e.msg);
	fill(&j);
	for (size_t i = 0; i < N(searches); i++)
		check_search(&j, i);
	journal_close(&j);
	folder_end(folder);
}

/* --- words and sums */

static const struct {
	const char *status, *piece;
	bool final;
} words[] = {
	{ "delivered", "  delivered\n", true },
	{ "failed", "not delivered\n      do: --details", true },
	{ "quarantined", "in quarantine\n", true },
	{ "filteredAsSpam", "Junk Email\n", true },
	{ "expanded", "its members got it\n", true },
	{ "pending", "on its way\n", false },
	{ "gettingStatus", "not known yet\n", false },
	{ "somethingNew", "  somethingNew\n", true },
	{ "bad\x1b[2J", "  bad?[2J\n", true },
};

static void
test_words(void)
{
	struct trace_item item = { .to = STR("a@b") };
	struct buf out;

	buf_init(&out, 65536);
	for (size_t i = 0; i < N(words); i++) {
		buf_reset(&out);
		item.status = str_of(words[i].status);
		trace_text_item(&out, &item);
		T_CHECK(str_find(buf_view(&out), str_of(words[i].piece)) <
			out.n,
		    "%s: %s", words[i].status, out.p);
		T_CHECK(trace_is_final(item.status) == words[i].final, "%s",
		    words[i].status);
	}
	buf_release(&out);
}

static void
test_sums(void)
{
	struct trace_item item = { .status = STR("failed") };
	struct trace_sums s;
	struct buf out;
	struct err e;
	int64_t begin;

	buf_init(&out, 65536);
	begin = trace_sums_begin(&s, 2, 1795637400);
	item.when = begin;
	trace_sums_add(&s, &item);
	item.when = 1795637400;
	trace_sums_add(&s, &item);
	item.status = STR("unheardOf");
	item.when = begin - 1; /* the service's clock */
	trace_sums_add(&s, &item);
	T_CHECK(s.n[0][3] == 1 && s.n[1][3] == 1, "failed");
	T_CHECK(s.n[0][TRACE_STATUSES - 1] == 1, "other");
	T_CHECK(trace_sums_print(&s, false, &out, &e), "%s", e.msg);
	T_CHECK(str_starts(buf_view(&out),
		    STR("day        delivered junk quarantined failed")),
	    "%s", out.p);
	buf_release(&out);
}

static const struct t_test tests[] = {
	{ "path", test_path },
	{ "pages", test_pages },
	{ "refusals", test_refusals },
	{ "known", test_known },
	{ "words", test_words },
	{ "sums", test_sums },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
