/* SPDX-License-Identifier: MIT */
#include "deliver/enqueue.h"

#include <string.h>
#include <unistd.h>

#include "codec/utf8.h"

enum {
	WORDS_MAX = 1024,
	LIST_MAX = 4 << 20 /* 10,000 addresses, and the texts around them */
};

void
enqueue_options_write(const struct enqueue_options *o, struct buf *out)
{
	size_t start = out->n;

	if (o->via != ROUTE_AUTO)
		buf_addf(out, " via=%s", route_name(o->via));
	if (o->no_save)
		buf_addz(out, " no-save");
	if (o->no_report)
		buf_addz(out, " no-report");
	if (o->envelope_id.n > 0)
		buf_addf(out, " envid=%.*s", STR_ARG(o->envelope_id));
	if (o->from.n > 0)
		buf_addf(out, " from=%.*s", STR_ARG(o->from));
	if (out->n > start) { /* no blank in front */
		memmove(out->p + start, out->p + start + 1, out->n - start - 1);
		buf_rewind(out, out->n - 1);
	}
}

struct enqueue_options
enqueue_options_read(struct str words)
{
	struct enqueue_options o = { .via = ROUTE_AUTO };
	char name[8] = "";
	struct str word, rest = words;

	while (!str_starts(rest, STR("from=")) && str_next(&rest, ' ', &word)) {
		o.no_save = o.no_save || str_eq(word, STR("no-save"));
		o.no_report = o.no_report || str_eq(word, STR("no-report"));
		if (str_starts(word, STR("envid=")))
			o.envelope_id = str_from(word, 6);
		if (!str_starts(word, STR("via=")))
			continue;
		word = str_first(str_from(word, 4), sizeof(name) - 1);
		memcpy(name, word.p, word.n);
		name[word.n] = '\0';
		if (!route_parse(name, &o.via))
			o.via = ROUTE_AUTO;
	}
	o.from = str_from(rest, 5);
	return o;
}

/* One part of the message, written and synced. */
static bool
store(struct outbox *o, const struct envelope *v, const struct source *body,
    struct spool_add *a, struct err *e)
{
	*a = (struct spool_add){ 0 };
	if (spool_begin(&o->spool, v, a, e) && outbox_write(a, body, e) &&
	    spool_seal(a, e))
		return true;
	spool_abort(a);
	return false;
}

/* All parts, or none. */
static bool
store_parts(struct outbox *o, struct envelope *v, const struct source *body,
    struct enqueue_ids *out, struct err *e)
{
	struct spool_add part[ENQUEUE_PARTS], *list[ENQUEUE_PARTS];
	size_t left = v->recipients, n = 0;
	bool ok = true;

	for (; ok && left > 0; left -= v->recipients) {
		v->recipients =
		    left < ENQUEUE_RECIPIENTS ? left : ENQUEUE_RECIPIENTS;
		ok = store(o, v, body, &part[n], e);
		v->recipient += v->recipients;
		list[n] = &part[n];
		n += ok;
	}
	out->n = n;
	for (size_t i = 0; i < n; i++)
		memcpy(out->id[i], part[i].id, ENVELOPE_ID_SIZE);
	if (ok)
		return spool_settle(list, n, e);
	for (size_t i = 0; i < n; i++)
		spool_abort(&part[i]);
	return false;
}

static bool
too_many(size_t n, struct err *e)
{
	err_set(e, ERR_INPUT,
	    "the message has %zu recipients, the queue takes at most %d", n,
	    ENVELOPE_RECIPIENTS_MOST);
	return err_remedy(e,
	    "send it in parts, or to a group: that counts as one");
}

static bool
fill(struct arena *a, const struct enqueue *q, struct envelope *v,
    struct err *e)
{
	const struct prepared *p = q->prepared;
	struct buf words;

	buf_init(&words, WORDS_MAX);
	enqueue_options_write(&q->options, &words);
	*v = (struct envelope){ .account = q->config->account,
		.mailbox = q->config->mailbox,
		.client_id = q->config->client_id,
		.settings = q->config->file,
		.sender = q->sender,
		/* one that is no text stays in the message only */
		.message_id =
		    utf8_is_valid(p->message_id) ? p->message_id : STR(""),
		.client = arena_fmt(a, "%s uid=%lu", q->client,
		    (unsigned long)getuid()),
		.options = arena_str(a, buf_view(&words)),
		.recipient = arena_array(a, p->n_rcpt, sizeof(*v->recipient)) };
	buf_release(&words);
	if (v->recipient == NULL)
		return arena_ok(a, e);
	for (const struct addr *r = p->rcpt; r != NULL; r = r->next)
		v->recipient[v->recipients++] = r->text;
	return arena_ok(a, e);
}

bool
enqueue_message(struct outbox *o, const struct enqueue *q,
    struct enqueue_ids *out, struct err *e)
{
	struct envelope v;
	struct os_stat st;
	struct err unnoted;
	struct arena a;
	bool ok;

	if (q->prepared->n_rcpt > ENVELOPE_RECIPIENTS_MOST)
		return too_many(q->prepared->n_rcpt, e);
	/* a disk that fills up before the first run must not stop it */
	if (o->journal.name != NULL &&
	    !dir_stat(&o->journal.dir, o->journal.name, &st))
		(void)!journal_reserve(&o->journal, &unnoted);
	arena_init(&a, LIST_MAX);
	ok = fill(&a, q, &v, e) &&
	    store_parts(o, &v, &q->prepared->out.mime, out, e);
	arena_release(&a);
	return ok;
}
