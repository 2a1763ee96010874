/* SPDX-License-Identifier: MIT */
#include "command/web/visit.h"

#include "base/version.h"
#include "codec/date.h"
#include "command/when.h"

static const struct {
	const char *path, *title;
} visit_nav[] = {
	{ "/", "Provider" },
	{ "/test", "Test" },
	{ "/queue", "Queue" },
	{ "/log", "Log" },
	{ "/delivery", "Delivery" },
};

static void
visit_nav_put(struct visit *v)
{
	struct html *h = &v->html;

	HTML_PUT(h, "<nav aria-label=\"$\">", html_word(h, "Pages"));
	for (size_t i = 0; i < sizeof(visit_nav) / sizeof(*visit_nav); i++)
		HTML_PUT(h,
		    str_eq(v->path, str_of(visit_nav[i].path)) ?
			"<a href=\"$\" aria-current=\"page\">$</a>" :
			"<a href=\"$\">$</a>",
		    str_of(visit_nav[i].path),
		    html_word(h, visit_nav[i].title));
	html_put(h, "</nav>");
	if (v->session->user[0] == '\0')
		return;
	html_put(h, "<form method=\"post\" action=\"/sign-out\">");
	visit_token(v);
	HTML_PUT(h,
	    "<button class=\"second small\">@Sign out@</button> "
	    "<small>$</small></form>",
	    str_of(v->session->user));
}

void
visit_head(struct visit *v, const char *title)
{
	struct html *h = &v->html;

	HTML_PUT(h,
	    "<!DOCTYPE html>\n<html lang=\"$\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">"
	    "<title>$ · post365</title><style>",
	    text_tag(h->language), html_word(h, title));
	packed_add(TEXT_WEB_STYLE, h->out);
	html_put(h, "</style>");
	if (v->job.running && str_eq(v->path, STR("/test")))
		html_put(h,
		    "<noscript><meta http-equiv=\"refresh\" "
		    "content=\"2\"></noscript>");
	html_put(h,
	    "</head><body><a class=\"skip\" href=\"#main\">@Skip to "
	    "content@</a><header><b>post365</b>");
	if (v->session != NULL)
		visit_nav_put(v);
	HTML_PUT(h, "</header><main id=\"main\"><h1>$</h1>",
	    html_word(h, title));
}

void
visit_foot(struct visit *v)
{
	struct html *h = &v->html;

	HTML_PUT(h, "</main><footer>post365 $", STR(VERSION));
	if (v->cli->common.account != NULL)
		HTML_PUT(h, " · @account@ $", str_of(v->cli->common.account));
	html_put(h, "</footer><script>");
	packed_add(TEXT_WEB_SCRIPT, h->out);
	html_put(h, "</script></body></html>\n");
}

void
visit_complain(struct visit *v, struct str what, struct str remedy)
{
	struct html *h = &v->html;

	HTML_PUT(h, "<div class=\"box fail\" role=\"alert\"><p lang=\"en\">$",
	    what);
	if (remedy.n > 0)
		HTML_PUT(h, "<p class=\"cure\" lang=\"en\">$", remedy);
	html_put(h, "</div>");
}

void
visit_tell(struct visit *v, const char *text)
{
	HTML_PUT(&v->html, "<div class=\"box ok\" role=\"status\"><p>$</div>",
	    html_word(&v->html, text));
}

void
visit_token(struct visit *v)
{
	HTML_PUT(&v->html, "<input type=\"hidden\" name=\"csrf\" value=\"$\">",
	    str_of(v->session->token));
}

void
visit_accounts(struct visit *v, const struct json *shown)
{
	struct html *h = &v->html;
	const struct json *one = json_get(shown, STR("accounts"));

	if (one == NULL || one->child == NULL)
		return;
	HTML_PUT(h, "<p>@Account:@ <a href=\"$\">@the first@</a>", v->path);
	for (one = one->child; one != NULL; one = one->next)
		HTML_PUT(h,
		    str_eq(json_str(one), v->account) ?
			" <a href=\"$?account=$\" aria-current=\"true\">"
			"<b>$</b></a>" :
			" <a href=\"$?account=$\">$</a>",
		    v->path, html_query(h, json_str(one)), json_str(one));
}

void
visit_account_field(struct visit *v)
{
	if (v->account.n > 0)
		HTML_PUT(&v->html,
		    "<input type=\"hidden\" name=\"account\" "
		    "value=\"$\">",
		    v->account);
}

void
visit_go(struct visit *v, const char *path)
{
	v->status = 303;
	buf_addf(&v->fields, "Location: %s", path);
	if (v->account.n > 0)
		buf_addf(&v->fields, "&account=%.*s",
		    STR_ARG(html_query(&v->html, v->account)));
	buf_addz(&v->fields, "\r\n");
}

struct str
visit_time(struct visit *v, struct str iso)
{
	char text[WHEN_SIZE];
	int64_t when;

	if (!date_parse_iso(iso, &when))
		return iso;
	when_text(when, text);
	return arena_str(&v->mem, str_of(text));
}

struct str
visit_str(const struct json *o, const char *name)
{
	return json_str(json_get(o, str_of(name)));
}

int64_t
visit_int(const struct json *o, const char *name)
{
	int64_t n = 0;

	(void)json_i64(json_get(o, str_of(name)), &n);
	return n;
}

const struct json *
visit_settings(struct visit *v, struct visit_said *said)
{
	const char *const word[] = { "config", "show", "--json", NULL };

	visit_run(v, word, STR(""), said);
	return visit_line(v, &said->out);
}

const struct json *
visit_line(struct visit *v, struct str *lines)
{
	const struct json *tree;
	struct str line;
	struct err e;

	while (str_next(lines, '\n', &line))
		if (line.n > 0 && json_parse(&v->mem, line, &tree, &e))
			return tree;
	return NULL;
}
