/* SPDX-License-Identifier: MIT */
/* page_queue: what waits, why and until when; hold, release, retry, drop. */
#include <sysexits.h>

#include "command/web/visit.h"

enum { QUEUE_SHOWN = 200 };

/* What may be done, and with a message in which state. */
static const struct queue_deed {
	const char *name, *label, *states;
} queue_deeds[] = {
	{ "retry", "Try now", "queued dead" },
	{ "hold", "Hold", "queued" },
	{ "release", "Release", "hold" },
	{ "drop", "Drop", "queued hold dead" },
};
enum { QUEUE_DEEDS = sizeof(queue_deeds) / sizeof(*queue_deeds) };

static void
queue_put_deeds(struct visit *v, const struct json *line)
{
	struct html *h = &v->html;
	struct str state = visit_str(line, "state"), id = visit_str(line, "id");

	html_put(h, "<form method=\"post\" action=\"/queue\">");
	visit_token(v);
	HTML_PUT(h, "<input type=\"hidden\" name=\"id\" value=\"$\">", id);
	for (size_t i = 0; i < QUEUE_DEEDS; i++) {
		const struct queue_deed *d = &queue_deeds[i];
		struct str states = str_of(d->states);

		if (state.n > 0 && str_find(states, state) < states.n)
			HTML_PUT(h,
			    i == QUEUE_DEEDS - 1 ?
				"<button class=\"bad small\" name=\"do\" "
				"value=\"$\" aria-label=\"$ $\">$</button> " :
				"<button class=\"second small\" name=\"do\" "
				"value=\"$\" aria-label=\"$ $\">$</button> ",
			    str_of(d->name), html_word(h, d->label), id,
			    html_word(h, d->label));
	}
	html_put(h, "</form>");
}

static void
queue_put_why(struct visit *v, const struct json *line)
{
	struct html *h = &v->html;
	struct str reason = visit_str(line, "reason"),
		   remedy = visit_str(line, "remedy"),
		   code = visit_str(line, "code"),
		   next = visit_str(line, "next");

	if (next.n > 0)
		HTML_PUT(h, "@until $@<br>", visit_time(v, next));
	if (code.n > 0)
		HTML_PUT(h, "<a href=\"/log?code=$\">$</a> ",
		    html_query(h, code), code);
	HTML_PUT(h, "<span lang=\"en\">$</span>", reason);
	if (remedy.n > 0)
		HTML_PUT(h, "<div class=\"cure\" lang=\"en\">$</div>", remedy);
}

static void
queue_put_line(struct visit *v, const struct json *line)
{
	struct html *h = &v->html;
	const struct json *to = json_get(line, STR("to"));
	struct str state = visit_str(line, "state");
	int64_t more = -1;

	HTML_PUT(h,
	    "<tr><td class=\"$\">$</td><td class=\"t\">$<br>"
	    "<small><a href=\"/log?id=$\">$</a></small></td><td>$ → ",
	    state, text_find(h->language, state),
	    visit_time(v, visit_str(line, "arrived")),
	    html_query(h, visit_str(line, "id")), visit_str(line, "id"),
	    visit_str(line, "from"));
	to = to != NULL && to->type == JSON_ARRAY ? to->child : NULL;
	HTML_PUT(h, "$", json_str(to));
	for (; to != NULL; to = to->next)
		more++;
	if (more > 0)
		HTML_PUT(h, " +$", html_number(h, more));
	HTML_PUT(h, "<br><small>$ $</small></td><td>",
	    html_size(h, visit_int(line, "size")), visit_str(line, "subject"));
	queue_put_why(v, line);
	html_put(h, "</td><td>");
	queue_put_deeds(v, line);
	html_put(h, "</td></tr>");
}

static void
queue_put(struct visit *v)
{
	const char *const word[] = { "queue", "list", "--json", "-n", "200",
		NULL };
	struct html *h = &v->html;
	struct visit_said said;
	const struct json *line;
	int64_t total = 0, n = 0;

	visit_run(v, word, STR(""), &said);
	if (said.code != EX_OK) {
		visit_complain(v, said.err, STR(""));
		return;
	}
	while ((line = visit_line(v, &said.out)) != NULL) {
		if (visit_str(line, "id").n == 0) {
			total = visit_int(line, "total");
			continue;
		}
		if (n++ == 0)
			html_put(h,
			    "<section><table class=\"list\"><thead><tr>"
			    "<th>@State@<th>@Arrived@<th>@Mail@<th>@Why it "
			    "waits@<th>@Actions@</thead><tbody>");
		queue_put_line(v, line);
	}
	html_put(h,
	    n > 0 ? "</tbody></table></section>" :
		    "<section><p>@Nothing waits.@</section>");
	if (total > n)
		HTML_PUT(h, "<p class=\"dim\">@$ of $ are shown.@",
		    html_number(h, n), html_number(h, total));
}

/* All that are due, now. */
static void
queue_put_run(struct visit *v)
{
	html_put(&v->html, "<form method=\"post\" action=\"/queue\"><p>");
	visit_token(v);
	html_put(&v->html,
	    "<button class=\"second\" name=\"do\" value=\"all\">@Try all "
	    "now@</button></form>");
}

void
page_queue(struct visit *v)
{
	visit_head(v, "Queue");
	if (form_get(&v->query, "done").p != NULL)
		visit_tell(v, "Done.");
	if (form_get(&v->query, "due").p != NULL)
		visit_tell(v,
		    "It is due: the relay, the timer or post365 queue run "
		    "sends it.");
	queue_put(v);
	queue_put_run(v);
	visit_foot(v);
}

/* --- what is to be done --- */

static void
queue_ask(struct visit *v, struct str id)
{
	struct html *h = &v->html;

	HTML_PUT(h,
	    "<form method=\"post\" action=\"/queue\"><section>"
	    "<h2>@Drop this mail?@</h2><p>@It is removed and never sent; "
	    "nobody is told.@<p><code>$</code>",
	    id);
	visit_token(v);
	HTML_PUT(h,
	    "<input type=\"hidden\" name=\"id\" value=\"$\">"
	    "<input type=\"hidden\" name=\"sure\" value=\"yes\">"
	    "<p><button class=\"bad\" name=\"do\" value=\"drop\">@Drop it@"
	    "</button> <a href=\"/queue\">@Keep it@</a></section></form>",
	    id);
}

/* NULL: there is no such deed. */
static const char *
queue_deed(struct str name)
{
	for (size_t i = 0; i < QUEUE_DEEDS; i++)
		if (str_eq(name, str_of(queue_deeds[i].name)))
			return queue_deeds[i].name;
	return NULL;
}

static bool
queue_run_deed(struct visit *v, const char *deed, struct str id)
{
	const char *word[] = { "queue", deed, id.p, NULL };
	struct visit_said said;

	visit_run(v, word, STR(""), &said);
	if (said.code != EX_OK)
		visit_complain(v, said.err, STR(""));
	return said.code == EX_OK;
}

void
page_queue_do(struct visit *v)
{
	struct str id = form_get(&v->form, "id"),
		   what = form_get(&v->form, "do");
	const char *deed = queue_deed(what);
	bool all = str_eq(what, STR("all")), ok;

	visit_head(v, "Queue");
	if (str_eq(what, STR("drop")) && form_get(&v->form, "sure").n == 0) {
		queue_ask(v, id);
		visit_foot(v);
		return;
	}
	ok = all ? queue_run_deed(v, "retry", STR("--all")) :
		   deed != NULL && id.n > 0 && id.p[0] != '-' &&
		queue_run_deed(v, deed, id);
	if (ok) {
		buf_reset(&v->body_out);
		visit_go(v,
		    all || str_eq(what, STR("retry")) ? "/queue?due=1" :
							"/queue?done=1");
		return;
	}
	v->status = 422;
	queue_put(v);
	visit_foot(v);
}
