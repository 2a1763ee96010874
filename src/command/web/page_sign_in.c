/* SPDX-License-Identifier: MIT */
/* page_sign_in: for a browser without a session. */
#include "command/web/visit.h"

static void
sign_in_put_form(struct visit *v)
{
	struct html *h = &v->html;

	html_put(h,
	    "<form method=\"post\" action=\"/sign-in\"><section>"
	    "<label for=\"user\">@User@</label><input id=\"user\" "
	    "name=\"user\" autocomplete=\"username\" "
	    "autocapitalize=\"none\" required>"
	    "<label for=\"password\">@Password@</label>"
	    "<input type=\"password\" id=\"password\" "
	    "name=\"password\" autocomplete=\"current-password\" "
	    "required><p><button name=\"sign-in\">@Sign in@</button>"
	    "</section></form>");
}

void
page_sign_in(struct visit *v)
{
	visit_head(v, "Sign in");
	if (form_get(&v->query, "wrong").p != NULL) {
		v->status = 401;
		html_put(&v->html,
		    "<div class=\"box fail\" role=\"alert\"><p>@User or "
		    "password is wrong, or the user has no "
		    "role=admin.@</div>");
	}
	if (form_get(&v->query, "slow").p != NULL) {
		v->status = 429;
		html_put(&v->html,
		    "<div class=\"box fail\" role=\"alert\"><p>@Too many "
		    "attempts. Wait a minute.@</div>");
	}
	if (v->conf->auth_file.n > 0)
		sign_in_put_form(v);
	else
		html_put(&v->html,
		    "<section><p>@Open the address that post365 web printed "
		    "where it was started. It is good for one visit: start "
		    "post365 web again for another.@</section>");
	visit_foot(v);
}
