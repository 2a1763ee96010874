/* SPDX-License-Identifier: MIT */
/* page_test: an address, a button, and each step of the test as it comes. */
#include "command/web/visit.h"

enum { TEST_STEPS = 64 };

/* Steps that were shown, so that test does not repeat those of check. */
struct test_shown {
	struct str name[TEST_STEPS];
	size_t n;
	bool failed, sent;
};

static void
test_put_form(struct visit *v)
{
	struct html *h = &v->html;

	html_put(h, "<form method=\"post\" action=\"/test\"><section>");
	visit_token(v);
	visit_account_field(v);
	HTML_PUT(h,
	    "<label for=\"to\">@Send a test mail to@</label>"
	    "<input type=\"email\" id=\"to\" name=\"to\" required "
	    "autocomplete=\"email\" value=\"$\">"
	    "<p><button name=\"test\">@Send test email@</button></p>"
	    "</section></form>",
	    str_of(v->job.address));
}

static bool
test_is_shown(struct test_shown *shown, struct str name, struct str state)
{
	for (size_t i = 0; i < shown->n; i++)
		if (str_eq(shown->name[i], name) && str_eq(state, STR("ok")))
			return !str_eq(name, STR("delivery"));
	if (shown->n < TEST_STEPS)
		shown->name[shown->n++] = name;
	return false;
}

static void
test_put_step(struct visit *v, const struct json *line,
    struct test_shown *shown)
{
	static const struct {
		const char *state, *word;
	} words[] = { { "ok", "ok" }, { "note", "note" }, { "fail", "FAIL" },
		{ "skip", "skipped" } };
	struct html *h = &v->html;
	struct str name = visit_str(line, "step"),
		   state = visit_str(line, "state"),
		   remedy = visit_str(line, "remedy"),
		   code = visit_str(line, "code");
	size_t i = 0;

	if (name.n == 0 || test_is_shown(shown, name, state))
		return;
	while (i < 3 && !str_eq(state, str_of(words[i].state)))
		i++;
	/* the trace could not be asked: few apps may, and the mail went */
	if (i == 2 && shown->sent && code.n > 0)
		i = 1;
	shown->failed = shown->failed || i == 2;
	shown->sent =
	    shown->sent || (i == 0 && str_eq(name, STR("test message")));
	HTML_PUT(h, "<li><b class=\"$\">$</b> <b>$</b> <span lang=\"en\">$",
	    str_of(words[i].state), html_word(h, words[i].word),
	    text_find(h->language, name), visit_str(line, "text"));
	if (code.n > 0)
		HTML_PUT(h, " <a href=\"/log?code=$\">$</a>",
		    html_query(h, code), code);
	html_put(h, "</span>");
	if (remedy.n > 0)
		HTML_PUT(h, "<div class=\"cure\" lang=\"en\">$</div>", remedy);
}

static void
test_put_end(struct visit *v, const struct test_shown *shown)
{
	if (v->job.running)
		html_put(&v->html,
		    shown->sent ?
			"<p class=\"dim\">@Sent. Waiting for the message "
			"trace …@</p>" :
			"<p class=\"dim\">@Working …@</p>");
	else if (shown->sent)
		visit_tell(v,
		    "Microsoft 365 has it. Look into the inbox, and "
		    "into Junk.");
	else if (shown->failed)
		html_put(&v->html,
		    "<div class=\"box fail\" role=\"alert\"><p>@Nothing was "
		    "sent. What to do stands above.@</div>");
	else
		html_put(&v->html,
		    "<div class=\"box fail\" role=\"alert\"><p>@It ended "
		    "without a result. Try again.@</div>");
}

/* From which account: while it runs, that is not asked anew. */
static void
test_put_accounts(struct visit *v)
{
	struct visit_said said;

	if (!v->job.running)
		visit_accounts(v, visit_settings(v, &said));
}

void
page_test(struct visit *v)
{
	struct html *h = &v->html;
	struct test_shown shown = { .n = 0 };
	struct str lines = v->job.lines;
	const struct json *line;

	visit_head(v, "Test");
	test_put_accounts(v);
	test_put_form(v);
	if (v->job.number > 0) {
		HTML_PUT(h,
		    "<section><h2>@To@ $</h2><div id=\"steps\" "
		    "aria-live=\"polite\"",
		    str_of(v->job.address));
		html_put(h,
		    v->job.running ? " data-live><ol class=\"steps\">" :
				     "><ol class=\"steps\">");
		while ((line = visit_line(v, &lines)) != NULL)
			test_put_step(v, line, &shown);
		html_put(h, "</ol>");
		test_put_end(v, &shown);
		html_put(h,
		    "</div><p id=\"lost\" class=\"fail\" role=\"alert\" "
		    "hidden>@post365 web does not answer. Is it still "
		    "running?@</p></section>");
	}
	visit_foot(v);
}
