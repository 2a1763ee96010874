/* SPDX-License-Identifier: MIT */
/* page_log: what became of each message, and what the trace says of one. */
#include <sysexits.h>

#include "command/web/visit.h"

/* What may be searched for: a field of the form, and an option of `log`. */
static const struct log_field {
	const char *name, *label, *option, *type;
} log_fields[] = {
	{ "person", "Person", "--person", "search" },
	{ "subject", "Subject", "--subject", "search" },
	{ "id", "Id", "--id", "search" },
	{ "code", "Code", "--code", "search" },
	{ "day", "Day", NULL, "date" },
};
enum { LOG_FIELDS = sizeof(log_fields) / sizeof(*log_fields) };

enum { LOG_SHOWN = 100 };
#define LOG_SHOWN_TEXT "100"

static void
log_put_search(struct visit *v)
{
	struct html *h = &v->html;

	html_put(h,
	    "<form action=\"/log\" role=\"search\"><section><div "
	    "class=\"row\">");
	for (size_t i = 0; i < LOG_FIELDS; i++) {
		const struct log_field *f = &log_fields[i];
		struct str name = str_of(f->name);

		HTML_PUT(h,
		    "<label for=\"$\">$ <input type=\"$\" id=\"$\" "
		    "name=\"$\" value=\"$\"></label>",
		    name, html_word(h, f->label), str_of(f->type), name, name,
		    form_get(&v->query, f->name));
	}
	html_put(h,
	    "</div><label class=\"line\"><input type=\"checkbox\" "
	    "name=\"failed\" value=\"yes\"");
	html_put(h, form_get(&v->query, "failed").n > 0 ? " checked" : "");
	html_put(h,
	    "> @only what did not go@</label>"
	    "<button>@Search@</button></section></form>");
}

/* The command that answers the form. */
static void
log_ask(struct visit *v, struct visit_said *said)
{
	const char *word[VISIT_WORDS] = { "log", "--json", "-n",
		LOG_SHOWN_TEXT };
	struct str day = form_get(&v->query, "day"),
		   skip = form_get(&v->query, "skip");
	size_t n = 4;

	if (skip.n > 0) {
		word[n++] = "--skip";
		word[n++] = skip.p;
	}
	for (size_t i = 0; i < LOG_FIELDS; i++) {
		struct str value = form_get(&v->query, log_fields[i].name);

		if (value.n == 0 || log_fields[i].option == NULL)
			continue;
		word[n++] = log_fields[i].option;
		word[n++] = value.p;
	}
	if (day.n > 0) {
		word[n++] = "--since";
		word[n++] = day.p;
		word[n++] = "--until";
		word[n++] = day.p;
	}
	if (form_get(&v->query, "failed").n > 0)
		word[n++] = "--failed";
	visit_run(v, word, STR(""), said);
}

/* What `explain` says of the code that was searched for. */
static void
log_put_code(struct visit *v)
{
	struct str code = form_get(&v->query, "code");
	const char *const word[] = { "explain", "--json", "--", code.p, NULL };
	struct html *h = &v->html;
	struct visit_said said;
	const struct json *what;

	if (code.n == 0)
		return;
	visit_run(v, word, STR(""), &said);
	what = said.code == EX_OK ? visit_line(v, &said.out) : NULL;
	if (what == NULL)
		return;
	HTML_PUT(h,
	    "<section lang=\"en\"><h2>$</h2><p>$<p class=\"cure\">$</section>",
	    visit_str(what, "code"), visit_str(what, "meaning"),
	    visit_str(what, "remedy"));
}

static void
log_put_to(struct visit *v, const struct json *line)
{
	const struct json *to = json_get(line, STR("to"));
	int64_t more = -1;

	to = to != NULL ? to->child : NULL;
	HTML_PUT(&v->html, "<td>$ → $", visit_str(line, "from"), json_str(to));
	for (; to != NULL; to = to->next)
		more++;
	if (more > 0)
		HTML_PUT(&v->html, " +$", html_number(&v->html, more));
	if (visit_str(line, "subject").n > 0)
		HTML_PUT(&v->html, "<br><small>$</small>",
		    visit_str(line, "subject"));
	html_put(&v->html, "</td>");
}

static void
log_put_copy(struct visit *v, struct str label, struct str id)
{
	if (id.n > 0)
		HTML_PUT(&v->html,
		    "<dt>$<dd><code>$</code> <button type=\"button\" "
		    "class=\"second small onlyjs\" data-copy=\"$\" "
		    "data-done=\"@copied@\">@copy@</button>",
		    label, id, id);
}

static void
log_put_details(struct visit *v, const struct json *line)
{
	struct html *h = &v->html;
	struct str code = visit_str(line, "code"),
		   reason = visit_str(line, "reason");
	struct str message_id = visit_str(line, "message_id");
	int64_t status = visit_int(line, "status"), ms = visit_int(line, "ms");

	html_put(h, "<td>");
	if (code.n > 0)
		HTML_PUT(h, "<a href=\"/log?code=$\">$</a> ",
		    html_query(h, code), code);
	if (reason.n > 0)
		HTML_PUT(h, "<span lang=\"en\">$</span>", reason);
	html_put(h, "<details><summary>@Details@</summary><dl>");
	if (status > 0)
		HTML_PUT(h, "<dt>@Answer@<dd>$, $ ms", html_number(h, status),
		    html_number(h, ms));
	if (visit_int(line, "attempt") > 0)
		HTML_PUT(h, "<dt>@Attempt@<dd>$",
		    html_number(h, visit_int(line, "attempt")));
	if (visit_str(line, "next").n > 0)
		HTML_PUT(h, "<dt>@Next attempt@<dd>$",
		    visit_time(v, visit_str(line, "next")));
	log_put_copy(v, STR("id"), visit_str(line, "id"));
	log_put_copy(v, STR("Message-ID"), message_id);
	log_put_copy(v, STR("request-id"), visit_str(line, "request_id"));
	log_put_copy(v, STR("client-request-id"),
	    visit_str(line, "client_request_id"));
	html_put(h, "</dl>");
	if (message_id.n > 0)
		HTML_PUT(h, "<a href=\"/trace?id=$\">@Was it delivered?@</a>",
		    html_query(h, message_id));
	html_put(h, "</details></td></tr>");
}

/* The same search, and what comes behind these. */
static void
log_put_older(struct visit *v)
{
	struct html *h = &v->html;
	uint64_t skip = 0;

	(void)str_u64(form_get(&v->query, "skip"), 1000000, &skip);
	HTML_PUT(h, "<p><a rel=\"next\" href=\"/log?skip=$",
	    html_number(h, (int64_t)skip + LOG_SHOWN));
	for (size_t i = 0; i < v->query.n; i++) {
		const struct form_field *f = &v->query.field[i];

		if (f->value.n > 0 && !str_eq(f->name, STR("skip")))
			HTML_PUT(h, "&amp;$=$", html_query(h, f->name),
			    html_query(h, f->value));
	}
	html_put(h, "\">@Older@</a>");
}

static void
log_put_lines(struct visit *v, struct str lines)
{
	struct html *h = &v->html;
	const struct json *line[LOG_SHOWN];
	size_t n = 0;

	while (n < LOG_SHOWN && (line[n] = visit_line(v, &lines)) != NULL)
		n++;
	html_put(h,
	    n == 0 ? "<p>@Nothing like that in the log.@</p>" :
		     "<section><table class=\"list\"><thead><tr>"
		     "<th>@Time@<th>@What became of it@"
		     "<th>@Mail@<th></thead><tbody>");
	for (size_t i = n; i-- > 0;) {
		struct str verdict = visit_str(line[i], "verdict");

		HTML_PUT(h, "<tr><td class=\"t\">$</td><td class=\"$\">$</td>",
		    visit_time(v, visit_str(line[i], "time")), verdict,
		    text_find(h->language, verdict));
		log_put_to(v, line[i]);
		log_put_details(v, line[i]);
	}
	if (n > 0)
		html_put(h, "</tbody></table></section>");
	else if (form_get(&v->query, "subject").n > 0)
		html_put(h,
		    "<p class=\"dim\">@Subjects are kept only with "
		    "log_subject = yes.@</p>");
	if (n == LOG_SHOWN)
		log_put_older(v);
}

void
page_log(struct visit *v)
{
	struct visit_said said;

	visit_head(v, "Log");
	log_put_search(v);
	log_put_code(v);
	log_ask(v, &said);
	if (said.code == EX_OK)
		log_put_lines(v, said.out);
	else
		visit_complain(v, said.err, STR(""));
	visit_foot(v);
}

/* --- the trace of one --- */

void
page_trace(struct visit *v)
{
	struct str id = form_get(&v->query, "id");
	const char *const word[] = { "trace", "--json", "--details", "--", id.p,
		NULL };
	struct html *h = &v->html;
	const struct json *line;
	struct visit_said said = { 0 };
	size_t n = 0;

	visit_head(v, "Delivery of a mail");
	HTML_PUT(h, "<section><p><code>$</code>", id);
	if (id.n > 0)
		visit_run(v, word, STR(""), &said);
	html_put(h, "<dl>");
	while ((line = visit_line(v, &said.out)) != NULL) {
		if (visit_str(line, "status").n == 0)
			continue;
		n++;
		HTML_PUT(h, "<dt>$<dd><b>$</b> $ <span lang=\"en\">$</span>",
		    visit_str(line, "to"),
		    text_find(h->language, visit_str(line, "status")),
		    visit_time(v, visit_str(line, "time")),
		    visit_str(line,
			visit_str(line, "reason").n > 0 ? "reason" : "remedy"));
	}
	html_put(h, "</dl>");
	if (said.code != EX_OK && said.err.n > 0)
		visit_complain(v, said.err, STR(""));
	else if (n == 0)
		html_put(h,
		    "<p>@Exchange knows nothing of it yet. A trace "
		    "may come minutes later.@");
	html_put(h, "<p><a href=\"/log\">@Back to the log@</a></section>");
	visit_foot(v);
}
