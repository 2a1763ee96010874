/* SPDX-License-Identifier: MIT */
#include "sandbox/inbox.h"

#include "codec/date.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "sandbox/drafts.h"
#include "sandbox/keep.h"
#include "sandbox/traces.h"

enum { INBOX_FILTER = 2048, INBOX_MOST = 100 };

static const struct str inbox_users = STR_INIT("/v1.0/users/");
static const struct str inbox_list_tail =
    STR_INIT("/mailFolders/inbox/messages");
static const struct str inbox_id = STR_INIT("/messages/ndr-");
static const struct str inbox_value = STR_INIT("/$value");

bool
inbox_is_path(struct str path)
{
	return str_starts(path, inbox_users) &&
	    (str_ends(path, inbox_list_tail) ||
		(str_ends(path, inbox_value) &&
		    str_find(path, inbox_id) < path.n));
}

/* The k-th recipient of a mail, from 1, that failed; empty: no more. */
static struct str
inbox_failed(struct str meta, unsigned k)
{
	static const struct str kinds[] = { STR_INIT("to: "), STR_INIT("cc: "),
		STR_INIT("bcc: ") };
	struct str line, to;

	while (str_next(&meta, '\n', &line))
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			if (!str_starts(line, kinds[i]))
				continue;
			to = str_from(line, kinds[i].n);
			if (str_eq(traces_fate(to, 0), STR("failed")) &&
			    --k == 0)
				return to;
		}
	return STR("");
}

static void
inbox_put(struct jsonw *w, struct arena *mem, struct str meta, struct str id)
{
	struct str subject = drafts_get(meta, STR("subject"));

	jsonw_open(w, '{');
	jsonw_member(w, STR("id"), id);
	jsonw_member(w, STR("receivedDateTime"), drafts_get(meta, STR("time")));
	jsonw_member(w, STR("subject"),
	    arena_fmt(mem, "Undeliverable: %.*s", STR_ARG(subject)));
	jsonw_key(w, STR("internetMessageHeaders"));
	jsonw_open(w, '[');
	jsonw_open(w, '{');
	jsonw_member(w, STR("name"), STR("Content-Type"));
	jsonw_member(w, STR("value"),
	    STR("multipart/report; report-type=delivery-status; "
		"boundary=\"=_ndr\""));
	jsonw_close(w, '}');
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

/* All since then of the mailbox: $top is not obeyed. */
static void
inbox_put_all(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, int64_t since, struct jsonw *w)
{
	uint32_t last = keep_last(s->folder), given = 0;
	struct buf bytes;
	struct str meta;
	int64_t when;

	buf_init(&bytes, KEEP_META_MAX);
	for (uint32_t n = 1; n <= last; n++) {
		meta = keep_meta(s, n, &bytes);
		if (!str_ieq(drafts_get(meta, STR("mailbox")), mailbox) ||
		    !date_parse_iso(drafts_get(meta, STR("time")), &when) ||
		    when < since)
			continue;
		for (unsigned k = 1;
		     inbox_failed(meta, k).n > 0 && given < INBOX_MOST;
		     k++, given++)
			inbox_put(w, r->mem, meta,
			    arena_fmt(r->mem, "ndr-%06u-%u", n, k));
	}
	buf_release(&bytes);
}

static bool
inbox_read_since(const struct sandbox_request *r, int64_t *since)
{
	struct str head = STR("receivedDateTime ge ");
	struct buf text;
	struct err e;
	bool found, ok;

	*since = 0;
	buf_init(&text, INBOX_FILTER);
	ok = url_form_get(r->query, STR("$filter"), &text, &found, &e) &&
	    (!found ||
		(str_starts(buf_view(&text), head) &&
		    date_parse_iso(str_from(buf_view(&text), head.n), since)));
	buf_release(&text);
	return ok;
}

static bool
inbox_put_list(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct sandbox_answer *a)
{
	int64_t since;
	struct jsonw w;
	struct err e;

	if (!inbox_read_since(r, &since))
		return false;
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("value"));
	jsonw_open(&w, '[');
	inbox_put_all(s, r, mailbox, since, &w);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	return jsonw_end(&w, &e);
}

static void
inbox_write(struct buf *out, struct str meta, struct str to)
{
	buf_addf(out,
	    "From: MicrosoftExchange@example.com\r\nSubject: Undeliverable\r\n"
	    "MIME-Version: 1.0\r\nIn-Reply-To: %.*s\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_ndr\"\r\n\r\n--=_ndr\r\n\r\n"
	    "Your message couldn't be delivered.\r\n\r\n--=_ndr\r\n"
	    "Content-Type: message/delivery-status\r\n\r\n"
	    "Reporting-MTA: dns;sandbox.example\r\n\r\n"
	    "Final-Recipient: rfc822;%.*s\r\nAction: failed\r\n"
	    "Status: 5.1.10\r\nDiagnostic-Code: smtp;550 5.1.10 "
	    "RESOLVER.ADR.RecipientNotFound; Recipient\r\n not found by SMTP "
	    "address lookup\r\n\r\n--=_ndr\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: %.*s\r\n"
	    "Message-ID: %.*s\r\n\r\n--=_ndr--\r\n",
	    STR_ARG(keep_message_id(meta)), STR_ARG(to),
	    STR_ARG(drafts_get(meta, STR("subject"))),
	    STR_ARG(keep_message_id(meta)));
}

/* .../messages/ndr-000001-1/$value */
static bool
inbox_mime(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct str name =
	    str_from(r->path, str_find(r->path, inbox_id) + inbox_id.n);
	struct str number, rest = str_first(name, str_chr(name, '/')),
			   to = { 0 };
	uint64_t n = 0, k = 0;
	struct buf bytes;

	buf_init(&bytes, KEEP_META_MAX);
	if (str_next(&rest, '-', &number) && str_u64(number, UINT32_MAX, &n) &&
	    str_u64(rest, INBOX_MOST, &k) && k > 0)
		to = inbox_failed(keep_meta(s, (uint32_t)n, &bytes),
		    (unsigned)k);
	if (to.n > 0)
		inbox_write(&a->body, buf_view(&bytes), to);
	buf_release(&bytes);
	return to.n > 0;
}

void
inbox_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct str mailbox, struct sandbox_answer *a)
{
	bool list = str_ends(r->path, inbox_list_tail);

	if (s->no_read_write && !s->read) {
		answer_graph_error(a, r, 403, STR("ErrorAccessDenied"),
		    STR("Access is denied. Check credentials and try again."));
		return;
	}
	answer_reset(a, 200);
	answer_graph_fields(a, r);
	a->type = list ? "application/json; charset=utf-8" : "text/plain";
	if (!str_eq(r->method, STR("GET")) ||
	    !(list ? inbox_put_list(s, r, mailbox, a) : inbox_mime(s, r, a)))
		answer_graph_error(a, r, 400, STR("BadRequest"),
		    STR("The sandbox knows receivedDateTime ge TIME, and the "
			"reports of mail that failed."));
}
