/* SPDX-License-Identifier: MIT */
#include "sandbox/answer.h"

#include "codec/date.h"
#include "codec/jsonw.h"

static const char json[] = "application/json; charset=utf-8";

void
answer_init(struct sandbox_answer *a)
{
	*a = (struct sandbox_answer){ .status = 500 };
	buf_init(&a->fields, SANDBOX_ANSWER_MAX);
	buf_init_secret(&a->body, SANDBOX_ANSWER_MAX); /* may hold a token */
}

void
answer_release(struct sandbox_answer *a)
{
	buf_release(&a->fields);
	buf_release(&a->body);
	*a = (struct sandbox_answer){ 0 };
}

void
answer_reset(struct sandbox_answer *a, int status)
{
	buf_reset(&a->fields);
	buf_reset(&a->body);
	a->status = status;
	a->type = NULL;
	a->code = (struct str){ 0 };
}

void
answer_field(struct sandbox_answer *a, struct str name, struct str value)
{
	buf_adds(&a->fields, name);
	buf_adds(&a->fields, STR(": "));
	for (size_t i = 0; i < value.n; i++)
		buf_addc(&a->fields,
		    (unsigned char)value.p[i] < ' ' ? '?' : value.p[i]);
	buf_adds(&a->fields, STR("\r\n"));
}

void
answer_graph_fields(struct sandbox_answer *a, const struct sandbox_request *r)
{
	struct str id = r->client_request_id;

	answer_field(a, STR("request-id"), str_of(r->id));
	answer_field(a, STR("client-request-id"),
	    id.n > 0 ? id : str_of(r->id));
	answer_field(a, STR("x-ms-ags-diagnostic"),
	    STR("{\"ServerInfo\":{\"DataCenter\":\"Loopback\",\"Slice\":\"E\","
		"\"Ring\":\"0\",\"ScaleUnit\":\"000\","
		"\"RoleInstance\":\"SANDBOX\"}}"));
	answer_field(a, STR("Cache-Control"), STR("private"));
}

/* facts.md 3.1 shows the time without a zone. */
static void
add_inner_error(struct jsonw *w, const struct sandbox_request *r)
{
	char date[DATE_ISO_SIZE];
	struct str id = r->client_request_id;

	date_iso(r->now, date);
	jsonw_key(w, STR("innerError"));
	jsonw_open(w, '{');
	jsonw_member(w, STR("date"), str_first(str_of(date), 19));
	jsonw_member(w, STR("request-id"), str_of(r->id));
	jsonw_member(w, STR("client-request-id"),
	    id.n > 0 ? id : str_of(r->id));
	jsonw_close(w, '}');
}

/* What cannot be written (a hostile id) is an answer without a body. */
static void
end(struct sandbox_answer *a, struct jsonw *w)
{
	struct err e;

	a->type = json;
	if (!jsonw_end(w, &e))
		buf_reset(&a->body);
}

void
answer_graph_error(struct sandbox_answer *a, const struct sandbox_request *r,
    int status, struct str code, struct str message)
{
	struct jsonw w;

	answer_reset(a, status);
	answer_graph_fields(a, r);
	a->code = code;
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("error"));
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("code"), code);
	jsonw_member(&w, STR("message"), message);
	add_inner_error(&w, r);
	jsonw_close(&w, '}');
	jsonw_close(&w, '}');
	end(a, &w);
}

/* Codes whose status is not 400 (facts.md 3.2). */
static const struct {
	const char *code;
	int status;
} flaws[] = {
	{ "ErrorSendAsDenied", 403 },
	{ "ErrorItemNotFound", 404 },
	{ "itemNotFound", 404 },
	{ "uploadSessionNotFound", 404 },
	{ "fragmentOverlap", 416 },
	{ "fragmentOutOfOrder", 416 },
	{ "invalidRange", 416 },
	{ "RequestEntityTooLarge", 413 },
	{ "UnsupportedMediaType", 415 },
	{ "MethodNotAllowed", 405 },
};

enum { N_FLAWS = sizeof(flaws) / sizeof(flaws[0]) };

void
answer_flaw(struct sandbox_answer *a, const struct sandbox_request *r,
    const struct err *e)
{
	struct str code = arena_str(r->mem, str_of(e->code));
	int status = 400;

	for (size_t i = 0; i < N_FLAWS; i++)
		if (str_eq(code, str_of(flaws[i].code)))
			status = flaws[i].status;
	if (code.n == 0) { /* memory */
		status = 500;
		code = STR("ErrorInternalServerError");
	}
	answer_graph_error(a, r, status, code, str_of(e->msg));
}

void
answer_login_error(struct sandbox_answer *a, const struct sandbox_request *r,
    const struct answer_sign_in *why)
{
	struct str id =
	    r->client_request_id.n > 0 ? r->client_request_id : str_of(r->id);
	struct jsonw w;
	char iso[DATE_ISO_SIZE];
	uint64_t number = 0;
	struct str when;

	answer_reset(a, why->status);
	a->code = why->code;
	(void)str_u64(str_from(why->code, sizeof("AADSTS") - 1), INT32_MAX,
	    &number);
	date_iso(r->now, iso);
	iso[10] = ' '; /* "YYYY-MM-DD HH:MM:SSZ" */
	when = str_of(iso);
	answer_field(a, STR("Cache-Control"), STR("no-store, no-cache"));
	answer_field(a, STR("x-ms-request-id"), str_of(r->id));
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("error"), why->error);
	jsonw_member(&w, STR("error_description"),
	    arena_fmt(r->mem,
		"%.*s: %.*s\r\nTrace ID: %s\r\n"
		"Correlation ID: %.*s\r\nTimestamp: %.*s",
		STR_ARG(why->code), STR_ARG(why->text), r->id, STR_ARG(id),
		STR_ARG(when)));
	jsonw_key(&w, STR("error_codes"));
	jsonw_open(&w, '[');
	jsonw_i64(&w, (int64_t)number);
	jsonw_close(&w, ']');
	jsonw_member(&w, STR("timestamp"), when);
	jsonw_member(&w, STR("trace_id"), str_of(r->id));
	jsonw_member(&w, STR("correlation_id"), id);
	jsonw_close(&w, '}');
	end(a, &w);
}
