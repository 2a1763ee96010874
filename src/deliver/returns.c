/* SPDX-License-Identifier: MIT */
#include "deliver/returns.h"

#include "base/clock.h"
#include "base/crypt.h"
#include "base/os.h"
#include "codec/date.h"
#include "deliver/pace.h"
#include "graph/inbox.h"
#include "mail/report.h"

enum {
	RETURNS_FIRST_S = 86400, /* how far the first look goes back */
	RETURNS_PAGES = 8,       /* a look; the next one goes on */
	RETURNS_MEMORY = 8 << 20,
	RETURNS_HASH = 16,      /* digits */
	RETURNS_LOCK_MS = 60000 /* a look takes seconds */
};

struct returns_look {
	const struct returns *r;
	struct arena mem; /* of one page */
	struct str id[INBOX_TOP];
	size_t n, seen;
	int64_t newest;
	size_t found;
};

/* --- how far it was read */

static struct str
returns_path(const struct returns *r, struct arena *mem)
{
	char hash[CRYPT_SHA256_HEX];

	crypt_sha256_hex(arena_lower(mem, r->config->mailbox), hash);
	return arena_fmt(mem, "%.*s/returns-%.*s",
	    STR_ARG(r->config->spool_dir), RETURNS_HASH, hash);
}

/*
 * Who looks has the lock of that file, and writes it in place: of two at once
 * the second begins where the first ended, and notes nothing twice.
 */
static bool
returns_lock(struct str path, struct os_at *file, struct err *e)
{
	*file = (struct os_at){ .name = path.p, .fd = -1 };
	if (os_lock(path.p, os_mono_ms() + RETURNS_LOCK_MS, &file->fd, e))
		return true;
	return err_remedy(e,
	    "try again if it is in use; remove it if it is another "
	    "user's");
}

static int64_t
returns_since(struct os_at file)
{
	int64_t when = 0, now = os_wall();
	struct err ignored;
	struct buf text;

	buf_init(&text, DATE_ISO_SIZE);
	if (!os_read_fd(file.fd, file.name, &text, &ignored) ||
	    !date_parse_iso(buf_view(&text), &when) || when > now)
		when = now - RETURNS_FIRST_S;
	buf_release(&text);
	return when;
}

/* Always of one length. */
static bool
returns_keep(struct os_at file, int64_t when, struct err *e)
{
	char text[DATE_ISO_SIZE];

	date_iso(when, text);
	return os_write_at(file, str_of(text), e);
}

/* --- one report */

/* What the journal says of the message. */
struct returns_known {
	struct arena *mem;
	struct str to;
	struct journal_line line;
	bool ours, noted, named;
};

static bool
returns_has(const struct json *tree, struct str to)
{
	const struct json *list = json_get(tree, STR("to"));

	for (list = list != NULL ? list->child : NULL; list != NULL;
	     list = list->next)
		if (str_ieq(json_str(list), to))
			return true;
	return false;
}

static bool
returns_see(void *arg, struct str line, const struct json *tree)
{
	struct returns_known *k = arg;
	struct str verdict = json_str(json_get(tree, STR("verdict")));
	const struct {
		const char *name;
		struct str *text;
	} texts[] = { { "id", &k->line.id },
		{ "message_id", &k->line.message_id },
		{ "account", &k->line.account }, { "from", &k->line.from } };

	(void)line;
	if (str_eq(verdict, STR("bounced")) && returns_has(tree, k->to))
		k->noted = true;
	if (!str_eq(verdict, STR("sent")) && !str_eq(verdict, STR("part")))
		return true;
	k->ours = true;
	k->named = k->named || returns_has(tree, k->to);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*texts[i].text = arena_str(k->mem,
		    json_str(json_get(tree, str_of(texts[i].name))));
	return true;
}

static bool
returns_note(struct returns_look *l, const struct report *report,
    const struct report_rcpt *rcpt, struct err *e)
{
	const struct journal *j = l->r->journal;
	const struct journal_filter f = { .message_id = report->message_id };
	struct returns_known k = { .mem = &l->mem, .to = rcpt->to };

	if (!journal_read(j, &f, returns_see, &k, e))
		return false;
	if (!k.ours || k.noted)
		return arena_ok(&l->mem, e);
	k.line.time = os_wall();
	k.line.to = &rcpt->to;
	k.line.to_n = 1;
	k.line.code = rcpt->status;
	k.line.verdict = STR("bounced");
	k.line.reason = k.named ?
	    rcpt->reason :
	    arena_fmt(&l->mem,
		"not an address that it was sent to (of a "
		"group, an alias, a forward, or made up): "
		"%.*s",
		STR_ARG(rcpt->reason));
	if (!arena_ok(&l->mem, e) || !journal_add(j, &k.line, e))
		return false;
	l->found++;
	return true;
}

/* One that cannot be had or read is left alone: it would be in the way. */
static bool
returns_read(struct returns_look *l, struct str id, struct err *e)
{
	struct graph_answer answer;
	const struct report_rcpt *to;
	struct report report;
	struct err why;
	bool ok;

	ok = inbox_get(&l->r->client->graph, l->r->config->mailbox, id, &answer,
	    e);
	if (ok &&
	    report_read(&l->mem, buf_view(&answer.http.body), &report, &why)) {
		for (to = report.first; ok && to != NULL; to = to->next)
			ok = report.message_id.n == 0 ||
			    returns_note(l, &report, to, e);
	} else if (!ok && e->kind != ERR_RETRY && e->kind != ERR_AUTH) {
		log_trace(l->r->log, "* %s", e->msg);
		ok = true;
	}
	graph_answer_release(&answer);
	return ok;
}

/* --- the inbox */

static void
returns_see_item(void *arg, const struct inbox_item *item)
{
	struct returns_look *l = arg;

	l->seen++;
	if (item->when > l->newest)
		l->newest = item->when;
	if (item->report && l->n < INBOX_TOP)
		l->id[l->n++] = arena_str(&l->mem, item->id);
}

static bool
returns_read_page(struct returns_look *l, int64_t since, struct err *e)
{
	l->n = l->seen = 0;
	l->newest = since;
	if (!inbox_list(&l->r->client->graph, l->r->config->mailbox, since,
		returns_see_item, l, e))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!returns_read(l, l->id[i], e))
			return false;
	return true;
}

static bool
returns_read_all(struct returns_look *l, struct os_at file, struct err *e)
{
	int64_t since = returns_since(file);

	for (unsigned page = 0; page < RETURNS_PAGES; page++) {
		arena_renew(&l->mem);
		if (!returns_read_page(l, since, e))
			return false;
		/* more of one second than a page has: the rest is skipped */
		since = l->newest > since || l->seen < INBOX_TOP ? l->newest :
								   since + 1;
		if (!returns_keep(file, since, e))
			return false;
		if (l->seen < INBOX_TOP)
			break;
	}
	return true;
}

bool
returns_look(const struct returns *r, size_t *found, struct err *e)
{
	const struct config_rate every = { .n = 1, .seconds = RETURNS_EVERY_S };
	struct pace pace = pace_of(r->config, &clock_system, r->log);
	struct returns_look l = { .r = r };
	struct arena mem;
	struct str path;
	struct os_at file;
	int64_t wait;
	bool ok;

	*found = 0;
	if (!r->now && !pace_count(&pace, "inbox", every, &wait, e))
		return wait > 0;
	arena_init(&mem, RETURNS_MEMORY);
	arena_init(&l.mem, RETURNS_MEMORY);
	path = returns_path(r, &mem);
	ok = arena_ok(&mem, e) && returns_lock(path, &file, e);
	if (ok) {
		ok = returns_read_all(&l, file, e);
		os_close(&file.fd);
	}
	*found = l.found;
	arena_release(&l.mem);
	arena_release(&mem);
	return ok;
}
