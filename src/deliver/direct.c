/* SPDX-License-Identifier: MIT */
#include "deliver/direct.h"

#include <string.h>

#include "base/os.h"
#include "codec/date.h"
#include "deliver/attempt.h"
#include "deliver/mailbox.h"
#include "deliver/note.h"
#include "deliver/outbox.h"
#include "deliver/progress.h"

enum { DIRECT_MEMORY = 4 << 20 /* 10,000 recipients */ };

static bool
direct_has_place(const struct direct *d, struct mailbox_place *at)
{
	const struct config *c = d->config;

	*at = (struct mailbox_place){ .folder = c->spool_dir.p,
		.clock = &clock_system };
	mailbox_key_of(c->mailbox, c->client_id, at->key);
	return c->spool_dir.n > 0;
}

bool
direct_begin(struct direct *d, struct err *e)
{
	struct mailbox_place at;
	struct mailbox m = { 0 };
	char when[DATE_ISO_SIZE];
	int64_t wait;

	d->started = os_mono_ms();
	if (direct_has_place(d, &at))
		mailbox_read(&at, &m);
	wait = m.throttled - os_wall();
	if (wait <= 0)
		return true;
	date_iso(m.throttled, when);
	if (wait * 1000 <= ATTEMPT_WITHIN_MS) {
		log_trace(d->log, "* %s: nothing before %s: waiting for %lld s",
		    m.name, when, (long long)wait);
		progress_wait(d->log, &clock_system, os_mono_ms() + wait * 1000,
		    "the service asked to wait", "");
		return true;
	}
	err_set(e, ERR_RETRY,
	    "%.*s may not send before %s, as another message was told: %s",
	    STR_ARG(d->config->mailbox), when, m.reason);
	e->retry_after_ms = wait * 1000;
	return err_remedy(e,
	    "Send it after that; or store it with post365 send --queue, and "
	    "post365 queue run sends it then.");
}

void
direct_advise(struct err *e)
{
	static const char again[] =
	    "It was not sent. Run it again later, or use --queue.";
	char old[ERR_REMEDY_SIZE];
	size_t n = str_of(e->remedy).n;

	if (e->kind != ERR_RETRY ||
	    str_find(str_of(e->remedy), STR("--queue")) < n)
		return;
	memcpy(old, e->remedy, sizeof(old));
	if (n == 0 || str_starts(str_of(old), STR("Nothing")))
		err_remedy(e, "%s", again);
	else
		err_remedy(e, "%s%s %s", old, old[n - 1] == '.' ? "" : ".",
		    again);
}

/* What workers have to know: a time that was named, or that it goes. */
static void
direct_note_mailbox(const struct direct *d, const struct err *why)
{
	struct mailbox_note n = { .what = MAILBOX_SENT,
		.why = why,
		.name = d->config->mailbox,
		.account = d->config->account,
		.settings = "",
		.id = "" };
	struct mailbox_place at;
	struct err unsaved;

	if (!direct_has_place(d, &at) ||
	    (why != NULL && why->retry_after_ms == 0))
		return;
	if (why != NULL)
		n.what = MAILBOX_FAILED;
	os_random(&n.random, sizeof(n.random));
	if ((why != NULL && !os_mkdirs(at.folder, 0700, &unsaved)) ||
	    !mailbox_note(&at, &n, NULL, &unsaved))
		log_trace(d->log, "* %s", unsaved.msg);
}

static void
direct_journal(const struct direct *d, const struct journal_line *line)
{
	struct outbox o;
	struct err why;

	if (!outbox_open_journal(&o, d->config, &why)) {
		log_trace(d->log, "* no journal: %s", why.msg);
		return;
	}
	o.journal.sync = false;
	if (!journal_add(&o.journal, line, &why))
		log_warn(d->log, "how it ended is not in the journal: %s",
		    why.msg);
	outbox_close(&o);
}

static const char *
direct_verdict(const struct err *why)
{
	if (why == NULL)
		return "sent";
	return why->kind == ERR_UNSURE ? "unknown" : "failed";
}

void
direct_end(const struct direct *d, const struct prepared *p,
    const struct send_result *r, const struct err *why)
{
	struct journal_line line = { .time = os_wall(),
		.message_id = p->message_id,
		.subject = p->subject,
		.account = d->config->account,
		.client = str_of(d->program),
		.from = d->sender,
		.size = p->out.mime.size,
		.via = str_of(r->via),
		.status = r->status,
		.code = why != NULL ? str_of(why->code) : STR(""),
		.request_id = str_of(r->request_id),
		.client_request_id = str_of(r->client_request_id),
		.ms = os_mono_ms() - d->started,
		.attempt = r->attempts,
		.verdict = str_of(direct_verdict(why)),
		.reason = str_of(why != NULL ? why->msg : r->inferred) };
	struct arena mem;
	struct str *to;

	arena_init(&mem, DIRECT_MEMORY);
	to = arena_array(&mem, p->n_rcpt, sizeof(*to));
	for (const struct addr *a = p->rcpt; to != NULL && a != NULL;
	     a = a->next)
		to[line.to_n++] = a->text;
	line.to = to;
	direct_note_mailbox(d, why);
	note_syslog(d->syslog, &line);
	direct_journal(d, &line);
	arena_release(&mem);
}
