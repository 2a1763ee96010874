/* SPDX-License-Identifier: MIT */
/*
 * page_provider: the settings that each user needs, and Save.
 *
 * What stands there is what `config show --json` says; Save hands the fields
 * that differ to `config set --lines`, which checks and writes. A secret goes
 * in and never comes out.
 */
#include <sysexits.h>

#include "command/web/visit.h"

enum provider_kind { PROVIDER_TEXT, PROVIDER_SECRET, PROVIDER_CLOUD };

/* A field of the form, named as its setting is. */
static const struct provider_field {
	const char *key, *label, *hint;
	enum provider_kind kind;
	bool more; /* below "more" */
} provider_fields[] = {
	{ "from", "Sender", "the address that mail is from", PROVIDER_TEXT,
	    false },
	{ "tenant_id", "Tenant ID", "Entra ID > Overview", PROVIDER_TEXT,
	    false },
	{ "client_id", "Client ID",
	    "App registrations > the app > Application (client) ID",
	    PROVIDER_TEXT, false },
	{ "client_secret", "Client secret",
	    "Certificates & secrets > the column Value, not Secret ID",
	    PROVIDER_SECRET, false },
	{ "mailbox", "Mailbox", "if it is not the sender's", PROVIDER_TEXT,
	    true },
	{ "cloud", "Cloud", "", PROVIDER_CLOUD, true },
	{ "proxy", "Proxy", "http://host:port, or none", PROVIDER_TEXT, true },
	{ "no_proxy", "No proxy for", "hosts, with commas between",
	    PROVIDER_TEXT, true },
	{ "ca", "Certificate authorities", "auto, builtin, system, or a file",
	    PROVIDER_TEXT, true },
	{ "login_url", "Sign-in address", "for a test service only",
	    PROVIDER_TEXT, true },
	{ "graph_url", "Graph address", "for a test service only",
	    PROVIDER_TEXT, true },
};
enum { PROVIDER_FIELDS = sizeof(provider_fields) / sizeof(*provider_fields) };

static const char *const provider_clouds[] = { "global", "usgov", "dod",
	"china" };

/* What `config show --json` says, and what was wrong with what was given. */
struct provider {
	struct visit *v;
	const struct json *shown;
	struct str bad_key;
};

static void
provider_look(struct provider *p)
{
	struct visit_said said;

	p->shown = visit_settings(p->v, &said);
	if (p->shown == NULL)
		visit_complain(p->v, said.err, STR(""));
}

static const struct json *
provider_key(const struct provider *p, const char *name)
{
	const struct json *k = json_get(p->shown, STR("keys"));

	for (k = k != NULL ? k->child : NULL; k != NULL; k = k->next)
		if (str_eq(visit_str(k, "name"), str_of(name)))
			return k;
	return NULL;
}

/* In the section that the form is for; what it inherits is a placeholder. */
static bool
provider_is_in_file(const struct provider *p, const struct json *key)
{
	return str_eq(visit_str(key, "place"),
	    visit_str(p->shown, "account").n > 0 ? STR("account") :
						   STR("file"));
}

/* As it was given just now, or as the file has it. */
static struct str
provider_value(const struct provider *p, const char *name)
{
	const struct json *key = provider_key(p, name);
	struct str given = form_get(&p->v->form, name);

	if (given.p != NULL)
		return given;
	return provider_is_in_file(p, key) ? visit_str(key, "value") : STR("");
}

static void
provider_put_secret(const struct provider *p, const struct json *key)
{
	struct html *h = &p->v->html;
	struct str set_on = visit_str(key, "set_on");

	if (set_on.n > 0)
		HTML_PUT(h,
		    "<small>@set on $; leave it empty to keep it@"
		    "</small>",
		    set_on);
	html_put(h,
	    "</label><input type=\"password\" id=\"client_secret\" "
	    "name=\"client_secret\" autocomplete=\"off\"");
}

static void
provider_put_cloud(const struct provider *p, struct str value)
{
	struct html *h = &p->v->html;

	html_put(h, "</label><select id=\"cloud\" name=\"cloud\">");
	for (size_t i = 0;
	     i < sizeof(provider_clouds) / sizeof(*provider_clouds); i++) {
		struct str one = str_of(provider_clouds[i]);

		HTML_PUT(h,
		    str_eq(one, value) || (value.n == 0 && i == 0) ?
			"<option selected>$</option>" :
			"<option>$</option>",
		    one);
	}
	html_put(h, "</select>");
}

static void
provider_put_field(const struct provider *p, const struct provider_field *f)
{
	struct html *h = &p->v->html;
	const struct json *key = provider_key(p, f->key);
	struct str name = str_of(f->key), place = visit_str(key, "place");

	HTML_PUT(h, "<label for=\"$\">$<small>$</small>", name,
	    html_word(h, f->label), html_word(h, f->hint));
	if (str_eq(place, STR("environment")) || str_eq(place, STR("azure")))
		HTML_PUT(h,
		    "<small>@in force is, from outside of the file:@ "
		    "$</small>",
		    visit_str(key, "origin"));
	if (f->kind == PROVIDER_CLOUD) {
		provider_put_cloud(p, provider_value(p, f->key));
		return;
	}
	if (f->kind == PROVIDER_SECRET)
		provider_put_secret(p, key);
	else
		HTML_PUT(h,
		    "</label><input id=\"$\" name=\"$\" value=\"$\" "
		    "placeholder=\"$\" spellcheck=\"false\" "
		    "autocapitalize=\"none\"",
		    name, name, provider_value(p, f->key),
		    provider_is_in_file(p, key) ? STR("") :
						  visit_str(key, "value"));
	html_put(h, str_eq(p->bad_key, name) ? " aria-invalid=\"true\">" : ">");
}

static bool
provider_is_on(const struct provider *p)
{
	if (p->v->post)
		return form_get(&p->v->form, "enabled").n > 0;
	return !str_eq(visit_str(provider_key(p, "enabled"), "value"),
	    STR("no"));
}

/* What is below "more" is open where something of it is set. */
static bool
provider_has_more(const struct provider *p)
{
	for (size_t i = 0; i < PROVIDER_FIELDS; i++)
		if (provider_fields[i].more &&
		    provider_value(p, provider_fields[i].key).n > 0)
			return true;
	return false;
}

static void
provider_put_form(const struct provider *p)
{
	struct html *h = &p->v->html;

	html_put(h, "<form method=\"post\" action=\"/\"><section>");
	visit_token(p->v);
	visit_account_field(p->v);
	HTML_PUT(h,
	    "<input type=\"hidden\" name=\"tag\" value=\"$\">"
	    "<label class=\"line\"><input type=\"checkbox\" "
	    "id=\"enabled\" name=\"enabled\" value=\"yes\"",
	    visit_str(p->shown, "tag"));
	html_put(h, provider_is_on(p) ? " checked" : "");
	html_put(h,
	    "> @Send through Microsoft 365@</label>"
	    "<p class=\"dim\">@Switched off, mail waits in the "
	    "queue.@</p>");
	for (size_t i = 0; i < PROVIDER_FIELDS; i++) {
		if (provider_fields[i].more && !provider_fields[i - 1].more)
			html_put(h,
			    provider_has_more(p) ?
				"<details open><summary>@More@</summary>" :
				"<details><summary>@More@</summary>");
		provider_put_field(p, &provider_fields[i]);
	}
	html_put(h,
	    "</details><p><button name=\"save\">@Save@</button></p>"
	    "</section></form>");
}

static void
provider_put_certificate(const struct provider *p)
{
	struct html *h = &p->v->html;
	const struct json *key = provider_key(p, "client_certificate");

	html_put(h, "<section><h2>@A certificate in place of the secret@</h2>");
	if (visit_str(key, "value").n > 0)
		HTML_PUT(h, "<p>@In use:@ <code>$</code>",
		    visit_str(key, "value"));
	html_put(h,
	    "<p class=\"dim\">@Its key never leaves this machine. Make "
	    "one, upload the public part, then use it.@</p>"
	    "<form method=\"post\" action=\"/certificate\">");
	visit_token(p->v);
	visit_account_field(p->v);
	html_put(h,
	    "<button class=\"second\" name=\"do\" value=\"make\">"
	    "@Make a certificate@</button></form></section>");
}

static void
provider_put_file(const struct provider *p)
{
	struct html *h = &p->v->html;
	const struct json *error = json_get(p->shown, STR("error"));

	if (!p->v->post && visit_str(error, "message").n > 0 &&
	    json_get(p->shown, STR("exists"))->is_true)
		visit_complain(p->v, visit_str(error, "message"),
		    visit_str(error, "remedy"));
	if (visit_str(p->shown, "why_not").n > 0)
		visit_complain(p->v, visit_str(p->shown, "why_not"),
		    visit_str(p->shown, "remedy"));
	HTML_PUT(h, "<p class=\"dim\">@Settings file:@ <code>$</code></p>",
	    visit_str(p->shown, "file"));
}

static void
provider_put(struct provider *p)
{
	if (p->shown == NULL)
		return;
	provider_put_file(p);
	visit_accounts(p->v, p->shown);
	provider_put_form(p);
	provider_put_certificate(p);
}

void
page_provider(struct visit *v)
{
	struct provider p = { .v = v };

	visit_head(v, "Provider");
	if (form_get(&v->query, "saved").p != NULL)
		visit_tell(v,
		    "Saved. Send a test mail to see whether it "
		    "works.");
	if (form_get(&v->query, "same").p != NULL)
		visit_tell(v, "Nothing was changed.");
	provider_look(&p);
	provider_put(&p);
	visit_foot(v);
}

/* --- Save --- */

/* A line, if the field is to become another than it is. */
static bool
provider_add_line(const struct provider *p, const char *key, struct str value,
    struct buf *lines)
{
	const struct json *now = provider_key(p, key);
	struct str have = visit_str(now, "value");

	if (str_chr(value, '\n') < value.n || str_chr(value, '\r') < value.n)
		return false;
	if (str_eq(value, have))
		return true;
	/* what holds without a line needs none */
	if (!provider_is_in_file(p, now) &&
	    (value.n == 0 || str_eq(value, STR("yes")) ||
		str_eq(value, str_of(provider_clouds[0]))))
		return true;
	buf_addf(lines, "%s = ", key);
	buf_adds(lines, value);
	buf_addc(lines, '\n');
	return true;
}

static bool
provider_make_lines(struct provider *p, struct buf *lines)
{
	bool ok = provider_add_line(p, "enabled",
	    provider_is_on(p) ? STR("yes") : STR("no"), lines);

	for (size_t i = 0; ok && i < PROVIDER_FIELDS; i++) {
		const struct provider_field *f = &provider_fields[i];
		struct str value = form_get(&p->v->form, f->key);

		if (value.p == NULL ||
		    (f->kind == PROVIDER_SECRET && value.n == 0))
			continue;
		ok = provider_add_line(p, f->key, value, lines);
		if (!ok)
			p->bad_key = str_of(f->key);
	}
	return ok;
}

bool
page_set(struct visit *v, struct str lines, struct str *bad_key)
{
	struct str tag = form_get(&v->form, "tag");
	const char *const word[] = { "config", "set", "--lines", "--json",
		tag.p != NULL ? "--if" : NULL, tag.p, NULL };
	const struct json *said, *error;
	struct visit_said run;

	visit_run(v, word, lines, &run);
	if (run.code == EX_OK)
		return true;
	said = visit_line(v, &run.out);
	error = json_get(said, STR("error"));
	*bad_key = visit_str(error, "key");
	if (error != NULL)
		visit_complain(v, visit_str(error, "message"),
		    visit_str(error, "remedy"));
	else
		visit_complain(v, run.err, STR(""));
	return false;
}

void
page_provider_save(struct visit *v)
{
	struct provider p = { .v = v };
	struct buf lines;
	struct err e;
	bool ok, same;

	visit_head(v, "Provider");
	buf_init_secret(&lines, 64 * 1024);
	provider_look(&p);
	ok = p.shown != NULL && provider_make_lines(&p, &lines);
	if (p.shown != NULL && !ok)
		visit_complain(v, STR("a value is one line"), STR(""));
	if (!buf_ok(&lines, &e)) { /* half of it would be another setting */
		ok = false;
		visit_complain(v, str_of(e.msg), STR(""));
	}
	same = lines.n == 0;
	ok = ok && (same || page_set(v, buf_view(&lines), &p.bad_key));
	buf_release(&lines);
	if (ok) {
		buf_reset(&v->body_out);
		visit_go(v, same ? "/?same=1" : "/?saved=1");
		return;
	}
	v->status = 422;
	provider_put(&p);
	visit_foot(v);
}
