/* SPDX-License-Identifier: MIT */
#include "net/wire.h"

#include "codec/page.h"

enum {
	TRACE_BODY = 2048, /* bytes of a body that -v shows */
	TRACE_LINE = 800,  /* log cuts lines at ERR_MSG_SIZE */
	BASE64_RUN = 100   /* longer than any word, id or address */
};

const char *
wire_slash(const struct url *url)
{
	return str_starts(url->target, STR("/")) ? "" : "/";
}

uint64_t
wire_body_size(const struct http_request *r)
{
	return r->has_body ? r->body.size : 0;
}

/* Something to read: no bytes of a file, and no base64 of one. */
static bool
wire_is_text(struct str s)
{
	size_t plain = 0;

	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n' &&
		    s.p[i] != '\r' && s.p[i] != '\t')
			return false;
		plain += s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '&' ||
		    s.p[i] == '<';
	}
	return plain > 0 || s.n < BASE64_RUN;
}

static bool
wire_is_base64(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '+' || c == '/' ||
	    c == '=';
}

/* What a file is in JSON: its length says more than its beginning. */
static size_t
wire_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && wire_is_base64(s.p[n]))
		n++;
	return n;
}

static void
wire_trace_line(const struct log *l, char mark, struct str text)
{
	struct buf line;
	size_t run;

	buf_init(&line, 2 * TRACE_LINE);
	while (text.n > 0) {
		run = wire_run(text);
		if (run >= BASE64_RUN)
			buf_addf(&line, "[%zu of base64]", run);
		else
			buf_adds(&line, str_first(text, run > 0 ? run : 1));
		text = str_from(text, run > 0 ? run : 1);
	}
	log_trace(l, "%c %.*s", mark, STR_ARG(buf_view(&line)));
	buf_release(&line);
}

static void
wire_trace_text(const struct log *l, char mark, struct str text, uint64_t size)
{
	struct str rest = str_first(text, TRACE_BODY);

	log_trace(l, "%c [%llu bytes]", mark, (unsigned long long)size);
	if (!wire_is_text(rest))
		return;
	for (; rest.n > 0; rest = str_from(rest, TRACE_LINE))
		wire_trace_line(l, mark, str_first(rest, TRACE_LINE));
	if (size > TRACE_BODY && text.n > 0)
		log_trace(l, "%c ...", mark);
}

void
wire_trace_request(const struct log *l, const struct http_request *r,
    const struct http_field *field, size_t n)
{
	uint64_t size = wire_body_size(r);
	bool hidden = r->secret_target;
	char text[TRACE_BODY];
	struct str shown = { text, sizeof(text) };
	struct err e;

	if (!log_traces(l))
		return;
	log_trace(l, "> %.*s %s%.*s HTTP/1.1", STR_ARG(r->method),
	    hidden ? "***" : wire_slash(r->url),
	    STR_ARG(hidden ? STR("") : r->url->target));
	for (const struct http_field *f = field; f < field + n; f++)
		log_trace(l, "> %.*s: %.*s", STR_ARG(f->name),
		    STR_ARG(f->secret ? STR("***") : f->value));
	if (!r->has_body)
		return;
	if (shown.n > size)
		shown.n = (size_t)size;
	if (shown.n == 0 || r->secret_body ||
	    !source_read(&r->body, 0, text, shown.n, &e))
		shown.n = 0;
	wire_trace_text(l, '>', shown, size);
}

void
wire_trace_answer(const struct log *l, const struct http_request *r,
    const struct http_answer *a)
{
	struct str rest = buf_view(&a->head.head), line;
	/* what answers a secret is one itself, or may tell it */
	struct str body = r->secret_body ? STR("") : buf_view(&a->body);

	if (!log_traces(l))
		return;
	while (str_next(&rest, '\n', &line))
		if (str_trim(line).n > 0)
			log_trace(l, "< %.*s",
			    STR_ARG(page_shown(str_trim(line))));
	if (a->body.n > 0)
		wire_trace_text(l, '<', page_shown(body), a->body.n);
	if (a->cut)
		log_trace(l, "%s", a->why.msg);
}

static void
wire_hide(struct http_answer *a, struct str secret)
{
	page_mask(&a->head.head, secret);
	/* a token may look like what it was asked for with */
	if (a->status / 100 != 2 ||
	    !str_starts(str_trim(buf_view(&a->body)), STR("{")))
		page_mask(&a->body, secret);
}

void
wire_hide_secrets(const struct http_request *r, struct http_answer *a)
{
	/* Microsoft's secrets have no character that a form would change */
	struct str form = r->secret_body ? r->body.bytes : STR(""), s;

	for (size_t i = 0; i < r->n_fields; i++) {
		s = r->field[i].value;
		if (r->field[i].secret) /* without "Bearer " */
			wire_hide(a,
			    str_from(s, (str_chr(s, ' ') + 1) % (s.n + 1)));
	}
	if (r->secret_target)
		wire_hide(a, r->url->query);
	while (str_next(&form, '&', &s))
		if (str_starts(s, STR("client_secret=")) ||
		    str_starts(s, STR("client_assertion=")))
			wire_hide(a, str_from(s, str_chr(s, '=') + 1));
}
