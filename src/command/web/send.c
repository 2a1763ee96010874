/* SPDX-License-Identifier: MIT */
/* send: POST /send, mail from programs, as post365 send --queue takes it. */
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/web/letter.h"
#include "deliver/accept.h"
#include "deliver/report.h"
#include "mail/dsn.h"
#include "mail/head.h"
#include "relay/conf.h"
#include "relay/rewrite.h"
#include "relay/users.h"

enum { SEND_RETRY_S = 30, SEND_FAILURE = 16 * 1024 };

/* What an exit status of `send` means in HTTP (design.md 1). */
static const struct {
	int code, status;
} send_statuses[] = { { EX_OK, 202 }, { EX_USAGE, 400 }, { EX_DATAERR, 400 },
	{ EX_NOINPUT, 400 }, { EX_NOUSER, 422 }, { EX_UNAVAILABLE, 422 },
	{ EX_NOPERM, 403 }, { EX_CANTCREAT, 503 }, { EX_IOERR, 503 },
	{ EX_TEMPFAIL, 503 } };

static int
send_status(struct visit *v, int code, struct str said)
{
	const struct json *why;
	int status = 500;

	for (size_t i = 0; i < sizeof(send_statuses) / sizeof(*send_statuses);
	     i++)
		if (send_statuses[i].code == code)
			status = send_statuses[i].status;
	why = json_get(visit_line(v, &said), STR("error"));
	if (str_eq(visit_str(why, "code"), STR(DSN_TOO_LARGE)))
		status = 413;
	return status;
}

/* The rule of who signed in. */
static bool
send_find_rule(struct letter *l, struct err *e)
{
	struct visit *v = l->v;
	struct rule *rule = arena_alloc(&v->mem, sizeof(*rule));
	struct user *list = NULL;
	const struct user *u;

	if (v->user.n == 0)
		return true;
	if (rule == NULL || !users_read(&v->mem, v->conf->auth_file, &list, e))
		return rule != NULL || arena_ok(&v->mem, e);
	u = users_find(list, v->user);
	if (u == NULL)
		return err_set(e, ERR_AUTH, "%.*s is no user any more",
		    STR_ARG(v->user));
	*rule = u->rule;
	if (v->conf->sender_check == CONF_CHECK_OFF)
		rule->from = STR("");
	l->rule = rule;
	return true;
}

/* from, to and account; for Alertmanager, and beside a whole message. */
static bool
send_read_query(struct letter *l, struct err *e)
{
	for (size_t i = 0; i < l->v->query.n; i++) {
		const struct form_field *f = &l->v->query.field[i];

		if (str_eq(f->name, STR("from")))
			l->from = f->value;
		else if (str_eq(f->name, STR("account")))
			l->account = f->value;
		else if (!str_eq(f->name, STR("to")))
			return err_set(e, ERR_INPUT,
			    "?%.*s: from, to and account may stand in the "
			    "address",
			    STR_ARG(str_cut(f->name, 60)));
		else if (!letter_add_to(l, "--to=", f->value, e))
			return err_wrap(e, "to");
	}
	return true;
}

/*
 * The header as the command will see it: without a byte order mark. A lone CR
 * might end a line there, and so would show another field than here.
 */
static bool
send_check_header(struct letter *l, struct str body, struct err *e)
{
	struct str header = str_first(body, ACCEPT_HEADER);
	struct buf out;
	struct temp *t;
	bool ok;

	if (str_starts(header, STR("\xef\xbb\xbf")))
		header = str_from(header, 3);
	header = str_first(header, head_size(header, false));
	body = str_from(body, (size_t)(header.p - body.p) + header.n);
	for (size_t i = 0; i < header.n; i++)
		if (header.p[i] == '\r' &&
		    (i + 1 == header.n || header.p[i + 1] != '\n'))
			return err_set(e, ERR_INPUT,
			    "a carriage return alone in the header, byte %zu",
			    i);
	if (!letter_check_head(l, header, e))
		return false;
	if (l->rule->rewrite.n == 0)
		return true;
	t = letter_temp(l, "the message", e);
	buf_init(&out, 2 * ACCEPT_HEADER);
	ok = t != NULL &&
	    rewrite_header(&(struct rewrite){ .from = l->rule->rewrite },
		header, &out, e) &&
	    temp_add(t, buf_view(&out), e) && temp_add(t, body, e);
	buf_release(&out);
	if (ok)
		l->in = t->fd;
	return ok;
}

static bool
send_take_message(struct letter *l, struct str body, struct err *e)
{
	if (l->v->file != NULL)
		l->in = l->v->file->fd;
	if (l->rule != NULL && !send_check_header(l, body, e))
		return false;
	(void)lseek(l->in, 0, SEEK_SET);
	return letter_add(l, "--eml=-", STR(""), e);
}

static bool
send_take_body(struct letter *l, struct err *e)
{
	struct visit *v = l->v;
	struct str body = v->body;
	bool ok, mapped = v->file != NULL;

	v->content_type =
	    str_trim(str_first(v->content_type, str_chr(v->content_type, ';')));
	if (mapped && !temp_map(v->file, &body, e))
		return false;
	if (str_ieq(v->content_type, STR("application/json"))) {
		ok = letter_json(l, body, e);
	} else if (str_ieq(v->content_type, STR("message/rfc822"))) {
		ok = send_take_message(l, body, e);
	} else {
		ok = err_set(e, ERR_INPUT,
		    "Content-Type \"%.*s\": application/json and "
		    "message/rfc822 are taken",
		    STR_ARG(str_cut(v->content_type, 100)));
		l->status = 415;
	}
	if (mapped)
		temp_unmap(&body);
	return ok;
}

static void
send_answer(struct letter *l, int code, struct str said)
{
	struct visit *v = l->v;

	v->status = l->status != 0 ? l->status : send_status(v, code, said);
	if (v->status == 503)
		buf_addf(&v->fields, "Retry-After: %d\r\n", SEND_RETRY_S);
	buf_adds(&v->body_out, said);
}

void
web_send_failed(const struct err *why, struct buf *out)
{
	struct err e;

	(void)!report_json(&(struct report){ 0 }, why, out, &e);
}

static void
send_refuse(struct letter *l, const struct err *why)
{
	struct buf out;

	buf_init(&out, SEND_FAILURE);
	web_send_failed(why, &out);
	send_answer(l, err_exit(why), buf_view(&out));
	buf_release(&out);
}

void
web_send(struct visit *v)
{
	struct letter l = { .v = v, .in = -1 };
	struct visit_said said;
	struct err e = { 0 };

	v->type = VISIT_JSON;
	if (!letter_add(&l, "send", STR(""), &e) ||
	    !letter_add(&l, "--queue", STR(""), &e) ||
	    !letter_add(&l, "--json", STR(""), &e) || !send_find_rule(&l, &e) ||
	    !send_read_query(&l, &e) || !send_take_body(&l, &e) ||
	    !letter_sender(&l, &e)) {
		send_refuse(&l, &e);
		return;
	}
	if (l.in < 0)
		l.in = os_open_nothing();
	visit_run_fd(v, l.word, l.in, &said);
	if (str_starts(said.out, STR("{"))) {
		send_answer(&l, said.code, said.out);
		return;
	}
	err_set(&e, ERR_BUG, "post365 send ended with %d: %.*s", said.code,
	    STR_ARG(said.err));
	send_refuse(&l, &e);
}
