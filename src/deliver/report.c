/* SPDX-License-Identifier: MIT */
#include "deliver/report.h"

#include "codec/jsonw.h"

static const char *
status_of(const struct report *r, const struct err *why)
{
	if (why == NULL)
		return r->queued != NULL ? "queued" : "sent";
	return why->kind == ERR_UNSURE ? "unknown" : "failed";
}

static void
member(struct jsonw *w, struct str name, struct str text)
{
	jsonw_key(w, name);
	if (text.n > 0)
		jsonw_str(w, text);
	else
		jsonw_null(w);
}

void
report_error(struct jsonw *w, const struct err *why)
{
	struct str code = str_of(why->code);

	if (code.n == 0)
		code = str_of(err_kind_name(why->kind));
	jsonw_open(w, '{');
	jsonw_member(w, STR("code"), code);
	jsonw_member(w, STR("message"), str_of(why->msg));
	member(w, STR("remedy"), str_of(why->remedy));
	jsonw_key(w, STR("retryable"));
	jsonw_bool(w, why->kind == ERR_RETRY);
	jsonw_close(w, '}');
}

void
report_error_line(const struct err *why, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);
	struct err unsaid;

	jsonw_open(&w, '{');
	jsonw_key(&w, STR("error"));
	report_error(&w, why);
	jsonw_close(&w, '}');
	(void)!jsonw_end_line(&w, &unsaid); /* err has clean texts */
}

bool
report_json(const struct report *r, const struct err *why, struct buf *out,
    struct err *e)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("status"), str_of(status_of(r, why)));
	if (r->queued != NULL)
		jsonw_member(&w, STR("id"), str_of(r->queued));
	member(&w, STR("message_id"), r->message_id);
	member(&w, STR("via"), str_of(r->result.via));
	member(&w, STR("via_reason"), str_of(r->why));
	member(&w, STR("request_id"), str_of(r->result.request_id));
	member(&w, STR("client_request_id"),
	    str_of(r->result.client_request_id));
	jsonw_key(&w, STR("attempts"));
	jsonw_i64(&w, r->result.attempts);
	jsonw_key(&w, STR("error"));
	if (why != NULL)
		report_error(&w, why);
	else
		jsonw_null(&w);
	jsonw_close(&w, '}');
	if (!jsonw_end(&w, e))
		return err_wrap(e, "result");
	buf_addc(out, '\n');
	return buf_ok(out, e);
}

void
report_ids(const struct report *r, const struct err *why, struct buf *out)
{
	const char *request = r->result.request_id;
	struct str id = str_of(r->result.client_request_id);
	struct str said = str_of(why->msg);

	if (id.n == 0 || str_find(said, id) < said.n)
		return;
	buf_addf(out, "  ids: client-request-id %s%s%s, message %.*s\n", id.p,
	    request[0] != '\0' ? ", request-id " : "", request,
	    STR_ARG(r->message_id));
}
