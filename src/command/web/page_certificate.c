/* SPDX-License-Identifier: MIT */
/*
 * page_certificate: makes a certificate to sign in by, gives its public part,
 * and uses it once it was uploaded.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/os.h"
#include "command/web/visit.h"

enum { CERTIFICATE_TEXT = 16 * 1024 };

static void
certificate_put_made(struct visit *v, const struct json *made, struct str when)
{
	struct html *h = &v->html;

	HTML_PUT(h,
	    "<section><h2>@1. Upload the public part@</h2><p lang=\"en\">"
	    "entra.microsoft.com &gt; Entra ID &gt; App registrations &gt; "
	    "the app &gt; Certificates &amp; secrets &gt; Certificates &gt; "
	    "Upload certificate<p><a href=\"/certificate?made=$\" "
	    "download=\"post365.crt\">@Download@</a> (<code>$</code>)"
	    "<dl><dt>@Thumbprint@<dd><code>$</code><dt>@Valid "
	    "until@<dd>$</dl></section>",
	    when, visit_str(made, "certificate"), visit_str(made, "thumbprint"),
	    visit_time(v, visit_str(made, "not_after")));
	html_put(h,
	    "<section><h2>@2. Use it@</h2><p>@It takes the place of the "
	    "secret.@</p><form method=\"post\" action=\"/certificate\">");
	visit_token(v);
	visit_account_field(v);
	HTML_PUT(h,
	    "<input type=\"hidden\" name=\"file\" value=\"$\">"
	    "<button name=\"do\" value=\"use\">@Use it@</button></form>"
	    "</section>",
	    visit_str(made, "file"));
}

/*
 * Beside the settings file, with the moment in its name: each that is made is
 * another file. False: no such moment, or no folder.
 */
static bool
certificate_path(struct visit *v, struct str when, char out[PATH_MAX + 64])
{
	char folder[PATH_MAX];
	struct visit_said run;
	struct str file;
	struct err e;

	for (size_t i = 0; i < when.n; i++)
		if (!ascii_is_digit(when.p[i]))
			return false;
	file = arena_str(&v->mem, visit_str(visit_settings(v, &run), "file"));
	if (when.n == 0 || when.n > 20 || file.n == 0 ||
	    !os_folder_of(file.p, folder, sizeof(folder), &e))
		return false;
	(void)snprintf(out, PATH_MAX + 64, "%s/certificate-%.*s.pem", folder,
	    STR_ARG(when));
	return true;
}

static void
certificate_make_one(struct visit *v)
{
	struct str when = arena_fmt(&v->mem, "%lld", (long long)os_wall());
	char path[PATH_MAX + 64] = "";
	const char *const word[] = { "config", "certificate", path, "--json",
		NULL };
	const struct json *said;
	struct visit_said run;

	if (!certificate_path(v, when, path)) {
		v->status = 422;
		visit_complain(v, STR("no folder of a settings file is known"),
		    STR("save the provider first"));
		return;
	}
	visit_run(v, word, STR(""), &run);
	said = visit_line(v, &run.out);
	if (run.code == EX_OK && said != NULL) {
		certificate_put_made(v, said, when);
		return;
	}
	v->status = 422;
	said = json_get(said, STR("error"));
	visit_complain(v, said != NULL ? visit_str(said, "message") : run.err,
	    visit_str(said, "remedy"));
}

/* True: the settings name it now. */
static bool
certificate_use(struct visit *v)
{
	struct str file = form_get(&v->form, "file"), ignored;
	struct str line =
	    arena_fmt(&v->mem, "client_certificate = %.*s\n", STR_ARG(file));

	if (file.n > 0 && str_chr(file, '\n') == file.n &&
	    str_chr(file, '\r') == file.n && page_set(v, line, &ignored))
		return true;
	v->status = 422;
	return false;
}

/* The public part of one that was made here, and of nothing else. */
static bool
certificate_read(struct visit *v)
{
	char path[PATH_MAX + 68];
	size_t n;
	struct err e;

	if (!certificate_path(v, form_get(&v->query, "made"), path))
		return false;
	n = str_of(path).n;
	memcpy(path + n, ".crt", sizeof(".crt"));
	v->type = VISIT_PEM;
	return os_read_file(path, &v->body_out, &e);
}

void
page_certificate(struct visit *v)
{
	struct str what = form_get(&v->form, "do");

	if (!v->post && certificate_read(v)) {
		buf_addz(&v->fields,
		    "Content-Disposition: attachment; "
		    "filename=\"post365.crt\"\r\n");
		return;
	}
	v->type = VISIT_HTML;
	buf_reset(&v->body_out);
	visit_head(v, "Certificate");
	if (str_eq(what, STR("make"))) {
		certificate_make_one(v);
	} else if (str_eq(what, STR("use")) && certificate_use(v)) {
		buf_reset(&v->body_out);
		visit_go(v, "/?saved=1");
		return;
	} else if (!v->post) {
		v->status = 404;
		visit_tell(v, "There is no certificate yet.");
	}
	visit_foot(v);
}
