/* SPDX-License-Identifier: MIT */
#include "deliver/bounce.h"

#include "base/os.h"
#include "codec/xtext.h"
#include "compose/names.h"
#include "deliver/options.h"
#include "mail/addr.h"
#include "mail/dsn.h"
#include "mail/message.h"

enum {
	/* a group of fields for each recipient, its texts at their longest */
	TEXT_MOST = ENVELOPE_RECIPIENTS_MOST * 3 * DSN_TEXT_MOST
};

/* One decision. */
struct choice {
	const struct bounce_about *about;
	struct arena *mem;
	struct prepare_names names;
	struct addr *mailbox, *from; /* from: the setting */
	struct addr *postmaster;     /* NULL: none that may be told */
	struct addr *sender;         /* what it stands for; NULL: nobody */
	struct str *recipient;       /* who is told of, and what he wants */
	struct notify *notify;
	size_t recipients;
};

/* Does the envelope want a word about its i-th recipient? */
static bool
is_wanted(const struct bounce_about *about, size_t i)
{
	const struct envelope *v = about->envelope;
	const struct notify unsaid = { 0 };

	return notify_wants(v->notify != NULL ? &v->notify[i] : &unsaid,
	    about->why->kind == ERR_NONE ? NOTIFY_SUCCESS : NOTIFY_FAILURE);
}

/* Those who are wanted; both lists have the envelope's order. */
static bool
choose_recipients(struct choice *c, struct err *e)
{
	const struct bounce_about *about = c->about;
	const struct envelope *v = about->envelope;
	size_t n = about->recipients;

	c->recipient = arena_array(c->mem, n, sizeof(*c->recipient));
	c->notify = arena_array(c->mem, n, sizeof(*c->notify));
	if (!arena_ok(c->mem, e))
		return false;
	for (size_t i = 0, k = 0; k < n && i < v->recipients; i++) {
		if (v->recipient[i].p != about->recipient[k].p)
			continue;
		if (is_wanted(about, i)) {
			if (v->notify != NULL)
				c->notify[c->recipients] = v->notify[i];
			c->recipient[c->recipients++] = about->recipient[k];
		}
		k++;
	}
	return true;
}

static bool
read_setting(struct choice *c, const char *name, struct str text,
    struct addr **out, struct err *e)
{
	if (addr_parse(c->mem, text, false, out, e))
		return true;
	if (e->kind == ERR_INPUT)
		e->kind = ERR_CONFIG;
	return err_wrap(e, "a delivery report: setting %s", name);
}

/* Is this message for that address? One in vain is enough. */
static bool
is_for(struct choice *c, const struct addr *whom)
{
	const struct envelope *v = c->about->envelope;

	for (size_t i = 0; i < v->recipients; i++)
		if (str_ieq(v->recipient[i], whom->text))
			return true;
	return false;
}

static bool
read_settings(struct choice *c, struct err *e)
{
	const struct config *config = c->about->config;

	if (!read_setting(c, "mailbox", config->mailbox, &c->mailbox, e) ||
	    (config->from.n > 0 &&
		!read_setting(c, "from", config->from, &c->from, e)))
		return false;
	if (config->postmaster.n == 0)
		return true;
	if (!read_setting(c, "postmaster", config->postmaster, &c->postmaster,
		e))
		return false;
	if (is_for(c, c->postmaster))
		c->postmaster = NULL;
	return true;
}

/* What is no address, or leads nowhere, is nobody. */
static bool
read_sender(struct choice *c, struct err *e)
{
	struct str text = c->about->envelope->sender;
	struct addr *a;

	if (!prepare_names_load(&c->names, c->mem, c->about->config,
		c->about->log, e))
		return false;
	if (text.n > 0 &&
	    (!addr_parse(c->mem, text, true, &a, e) ||
		!alias_expand(c->mem, &c->names.rules, a, &c->sender, e)))
		c->sender = NULL;
	return arena_ok(c->mem, e);
}

static bool
is_own(const struct choice *c, const struct addr *a)
{
	return addr_same(a, c->mailbox) ||
	    (c->from != NULL && addr_same(a, c->from));
}

/* All that the sender stands for. */
static bool
is_own_sender(const struct choice *c)
{
	for (const struct addr *a = c->sender; a != NULL; a = a->next)
		if (!is_own(c, a))
			return false;
	return c->sender != NULL;
}

static const struct addr *
decide(struct choice *c, struct bounce *out)
{
	if (c->about->why->kind == ERR_NONE) {
		out->whom = c->sender != NULL ? BOUNCE_SENDER : BOUNCE_NOBODY;
		out->note = "the sender is told";
		return c->sender;
	}
	if (c->sender != NULL && !is_own_sender(c)) {
		out->whom = BOUNCE_SENDER;
		out->note = "the sender is told";
		return c->sender;
	}
	if (c->postmaster != NULL) {
		out->whom = BOUNCE_POSTMASTER;
		out->note = "postmaster is told";
		return c->postmaster;
	}
	if (c->sender != NULL) {
		out->whom = BOUNCE_SENDER;
		out->note = "the mailbox is told, for want of a postmaster";
		return c->mailbox;
	}
	out->note = c->about->envelope->sender.n == 0 ?
	    "nobody is told: it is a report itself" :
	    "nobody is told: its sender is no address";
	return NULL;
}

/* The envelope: each address, from the null sender. */
static bool
address(struct choice *c, const struct addr *to, struct str message_id,
    struct envelope *v, struct err *e)
{
	const struct envelope *of = c->about->envelope;
	size_t n = 0;

	for (const struct addr *a = to; a != NULL; a = a->next)
		n++;
	*v = (struct envelope){
		.account = of->account,
		.recipient = arena_array(c->mem, n, sizeof(*v->recipient)),
		.message_id = message_id,
		.client = arena_fmt(c->mem, "report on %.*s", STR_ARG(of->id)),
	};
	if (!arena_ok(c->mem, e))
		return false;
	for (const struct addr *a = to; a != NULL; a = a->next)
		v->recipient[v->recipients++] = a->text;
	return true;
}

static bool
read_original(const struct source *body, size_t most, struct buf *out,
    struct err *e)
{
	size_t n = body->size < most ? (size_t)body->size : most;
	char *to = buf_room(out, n);

	if (to == NULL)
		return buf_ok(out, e) && err_set(e, ERR_BUG, "no room");
	if (!source_read(body, 0, to, n, e))
		return err_wrap(e, "a delivery report: the message");
	buf_commit(out, n);
	return true;
}

static struct str
decode(struct arena *a, struct str xtext)
{
	struct buf text;
	struct str out;

	buf_init(&text, DSN_TEXT_MOST);
	xtext_read(&text, xtext);
	out = arena_str(a, buf_view(&text));
	buf_release(&text);
	return out;
}

static bool
compose(struct choice *c, const struct addr *to, struct bounce *out,
    struct err *e)
{
	const struct bounce_about *about = c->about;
	const struct envelope *of = about->envelope;
	const struct options words = options_read(of->options);
	struct str code = str_of(about->why->code);
	unsigned char random[16];
	struct dsn d = {
		.host = c->names.host.n > 0 ? c->names.host : STR("localhost"),
		.id = of->id,
		.from = c->mailbox,
		.to = to,
		.when = about->now,
		.arrived = of->arrived,
		.relayed = about->why->kind == ERR_NONE,
		.recipient = c->recipient,
		.notify = c->notify,
		.recipients = c->recipients,
		.status = about->why->kind == ERR_NONE ?
		    "2.0.0" :
		    dsn_status(about->why->kind, code),
		.code = code,
		.reason = str_of(about->why->msg),
		.remedy = str_of(about->why->remedy),
		.envelope_id = decode(c->mem,
		    of->envelope_id.n > 0 ? of->envelope_id :
					    words.envelope_id),
		.original_id = of->message_id,
		/* RFC 3461 4.3: of what failed only */
		.full = about->why->kind != ERR_NONE &&
		    str_eq(of->ret, STR("full")) &&
		    about->body->size <= DSN_FULL_MOST,
	};
	struct buf original;
	bool ok;

	os_random(d.random, sizeof(d.random));
	os_random(random, sizeof(random));
	d.message_id = message_make_id(c->mem, random, c->mailbox->domain);
	buf_init(&original, DSN_FULL_MOST);
	ok = address(c, to, d.message_id, &out->envelope, e) &&
	    read_original(about->body, d.full ? DSN_FULL_MOST : DSN_READ_MOST,
		&original, e);
	d.original = buf_view(&original);
	ok = ok && dsn_write(&d, &out->text, e);
	buf_release(&original);
	return ok;
}

bool
bounce_make(const struct bounce_about *about, struct arena *a,
    struct bounce *out, struct err *e)
{
	struct choice c = { .about = about, .mem = a };
	const struct addr *to;

	*out = (struct bounce){ .note = "nobody is told: bounces = no" };
	if (!about->config->bounces)
		return true;
	out->note = "nobody is told: no report was wanted";
	if (options_read(about->envelope->options).no_report)
		return true;
	buf_init(&out->text, TEXT_MOST);
	if (!choose_recipients(&c, e))
		return false;
	if (c.recipients == 0)
		return true;
	if (!read_settings(&c, e) || !read_sender(&c, e))
		return false;
	to = decide(&c, out);
	return to == NULL || compose(&c, to, out, e);
}

bool
bounce_add(struct spool *s, const struct bounce *b, char id[ENVELOPE_ID_SIZE],
    struct err *e)
{
	struct spool_add add;

	if (!spool_begin(s, &b->envelope, &add, e) ||
	    !spool_write(&add, buf_view(&b->text), e) || !spool_commit(&add, e))
		return err_wrap(e, "a delivery report");
	for (size_t i = 0; i < ENVELOPE_ID_SIZE; i++)
		id[i] = add.id[i];
	return true;
}

void
bounce_release(struct bounce *b)
{
	buf_release(&b->text);
	*b = (struct bounce){ 0 };
}
