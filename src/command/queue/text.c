/* SPDX-License-Identifier: MIT */
#include "command/queue/text.h"

#include "base/os.h"
#include "codec/date.h"
#include "codec/jsonw.h"

enum {
	REASON_WIDTH = 76, /* where postqueue lets a reason end */
	REASON_MOST = ERR_MSG_SIZE + 256
};

const char *
queue_text_state(const struct claim *c)
{
	static const char *const words[] = {
		[SPOOL_TMP] = "tmp",
		[SPOOL_NEW] = "queued",
		[SPOOL_WORK] = "queued",
		[SPOOL_HOLD] = "hold",
		[SPOOL_DEAD] = "dead",
	};

	return c->busy ? "active" : words[c->where];
}

static void
add_sender(struct buf *out, const struct claim *c, const char *none)
{
	if (c->envelope.sender.n == 0)
		buf_addz(out, none);
	else
		buf_adds(out, c->envelope.sender);
}

static void
put_time(struct jsonw *w, const char *name, int64_t when)
{
	char iso[DATE_ISO_SIZE];

	jsonw_key(w, str_of(name));
	if (when == 0) {
		jsonw_null(w);
		return;
	}
	date_iso(when, iso);
	jsonw_str(w, str_of(iso));
}

static void
put_number(struct jsonw *w, const char *name, uint64_t n)
{
	jsonw_key(w, str_of(name));
	jsonw_i64(w, (int64_t)n);
}

/* What keeps it, or its mailbox, from going, and who can say more of it. */
static void
put_why(struct jsonw *w, const struct claim *c, const struct queue_wait *wait)
{
	const struct mailbox *m = wait->mailbox;
	enum err_kind kind = m != NULL ? mailbox_kind(m) : c->state.kind;

	jsonw_key(w, STR("kind"));
	if (kind != ERR_NONE)
		jsonw_str(w, str_of(err_kind_name(kind)));
	else
		jsonw_null(w);
	jsonw_member(w, STR("code"),
	    m != NULL ? str_of(m->code) : c->state.code);
	jsonw_member(w, STR("remedy"), wait->remedy);
	jsonw_member(w, STR("client_request_id"), c->state.request);
	jsonw_member(w, STR("mailbox"), c->envelope.mailbox);
	jsonw_key(w, STR("mailbox_waits"));
	jsonw_bool(w, m != NULL);
}

bool
queue_text_json(struct buf *out, const struct claim *c,
    const struct queue_wait *wait, struct err *e)
{
	const struct envelope *v = &c->envelope;
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("id"), str_of(c->id));
	jsonw_member(&w, STR("account"), v->account);
	jsonw_member(&w, STR("state"), str_of(queue_text_state(c)));
	put_time(&w, "arrived", v->arrived);
	put_number(&w, "size", c->body.size);
	jsonw_member(&w, STR("from"), v->sender);
	jsonw_key(&w, STR("to"));
	jsonw_open(&w, '[');
	for (size_t i = 0; i < v->recipients; i++)
		jsonw_str(&w, v->recipient[i]);
	jsonw_close(&w, ']');
	put_number(&w, "attempts", c->state.attempts);
	put_time(&w, "next", wait->until != 0 ? wait->until : c->state.next);
	jsonw_member(&w, STR("reason"), wait->reason);
	put_why(&w, c, wait);
	jsonw_member(&w, STR("client"), v->client);
	jsonw_member(&w, STR("message_id"), v->message_id);
	if (v->subject.n > 0)
		jsonw_member(&w, STR("subject"), v->subject);
	jsonw_key(&w, STR("command"));
	if (wait->act[0] != '\0')
		jsonw_str(&w, str_of(wait->act));
	else
		jsonw_null(&w);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

static void
show_text(struct buf *out, const char *name, struct str text)
{
	if (text.n > 0)
		buf_addf(out, "%s: %.*s\n", name, STR_ARG(text));
}

static void
show_time(struct buf *out, const char *name, int64_t when)
{
	char iso[DATE_ISO_SIZE];

	if (when == 0)
		return;
	date_iso(when, iso);
	show_text(out, name, str_of(iso));
}

void
queue_text_show(struct buf *out, const struct claim *c,
    const struct queue_wait *w)
{
	const struct envelope_state *s = &c->state;
	const struct envelope *v = &c->envelope;

	show_text(out, "Id", str_of(c->id));
	show_text(out, "State", str_of(queue_text_state(c)));
	show_text(out, "Account", v->account);
	show_text(out, "Mailbox", v->mailbox);
	show_text(out, "Settings", v->settings);
	buf_addz(out, "Sender: ");
	add_sender(out, c, "<>");
	buf_addc(out, '\n');
	for (size_t i = 0; i < v->recipients; i++)
		buf_addf(out, "Recipient: %.*s%s\n", STR_ARG(v->recipient[i]),
		    i < s->done || envelope_is_settled(s, i) ? " (done)" : "");
	show_time(out, "Arrived", v->arrived);
	buf_addf(out, "Size: %llu\n", (unsigned long long)c->body.size);
	show_text(out, "Subject", v->subject);
	show_text(out, "Message-ID", v->message_id);
	show_text(out, "Client", v->client);
	show_text(out, "Options", v->options);
	buf_addf(out, "Attempts: %llu\n", (unsigned long long)s->attempts);
	show_time(out, "Next", s->next);
	show_time(out, "Perhaps-sent", s->unsure_since);
	show_text(out, "Draft", s->draft);
	show_text(out, "Request", s->request);
	if (s->kind != ERR_NONE)
		show_text(out, "Kind", str_of(err_kind_name(s->kind)));
	show_text(out, "Code", s->code);
	show_text(out, "Reason", s->reason);
	show_time(out, "Waits-until", w->until);
	if (!str_eq(w->reason, s->reason))
		show_text(out, "Waits-for", w->reason);
	show_text(out, "Remedy", w->remedy);
	show_text(out, "Now", str_of(w->act));
}

static char
mark(const struct claim *c)
{
	if (c->where == SPOOL_HOLD)
		return '!';
	return c->busy ? '*' : ' ';
}

void
queue_text_mailq(struct buf *out, struct queue_total *t, const struct claim *c,
    const struct queue_wait *w)
{
	const struct envelope *v = &c->envelope;
	char when[DATE_QUEUE_SIZE], until[DATE_ISO_SIZE];
	struct buf why;

	if (t->n == 0)
		buf_addf(out, "%-17s %8s %-19s %s\n", "----Queue ID-----",
		    "--Size--", "---Arrival Time----",
		    "--Sender/Recipient------");
	date_queue(v->arrived, os_zone(v->arrived), when);
	buf_addf(out, "%s%c %8llu %19.19s ", c->id, mark(c),
	    (unsigned long long)c->body.size, when);
	add_sender(out, c, "MAILER-DAEMON");
	buf_addc(out, '\n');
	buf_init(&why, REASON_MOST);
	if (w->until != 0 && w->reason.n > 0) {
		date_iso(w->until, until);
		buf_addf(&why, "waits until %s: ", until);
	}
	buf_adds(&why, w->reason);
	if (w->act[0] != '\0' && w->reason.n > 0)
		buf_addf(&why, "; %s tries it now", w->act);
	if (why.n > 0)
		buf_addf(out, "%*s(%.*s)\n",
		    why.n < REASON_WIDTH ? REASON_WIDTH - (int)why.n : 0, "",
		    STR_ARG(buf_view(&why)));
	buf_release(&why);
	for (size_t i = (size_t)c->state.done; i < v->recipients; i++)
		if (!envelope_is_settled(&c->state, i))
			buf_addf(out, "%-17s %8s %-19s %.*s\n", "", "", "",
			    STR_ARG(v->recipient[i]));
	buf_addc(out, '\n');
	t->bytes += c->body.size;
	t->n++;
}

void
queue_text_mailq_end(struct buf *out, const struct queue_total *t)
{
	if (t->n == 0)
		buf_addz(out, "Mail queue is empty\n");
	else
		buf_addf(out, "-- %llu Kbytes in %zu Request%s.\n",
		    (unsigned long long)t->bytes / 1024, t->n,
		    t->n == 1 ? "" : "s");
}
