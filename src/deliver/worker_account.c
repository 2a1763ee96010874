/* SPDX-License-Identifier: MIT */
#include "deliver/worker_account.h"

#include "base/os.h"
#include "deliver/worker_event.h"

static void
worker_account_tell(struct worker_job *j, const struct mailbox *m)
{
	const struct str name = j->claim.envelope.account;

	if (j->result->message == VERDICT_WAITS || m->freed)
		worker_event_waits(j, !m->freed);
	if (j->result->message == VERDICT_WAITS) {
		log_warn(j->worker->log, "mail%s%.*s waits: %s",
		    name.n > 0 ? " of account " : "", STR_ARG(name), m->reason);
		j->account->told = true;
		j->result->next = mailbox_until(m);
	} else if (m->freed) {
		syslog_send(j->worker->syslog, SYSLOG_INFO,
		    "mail%s%.*s goes again", name.n > 0 ? " of account " : "",
		    STR_ARG(name));
	}
}

void
worker_account_note(struct worker_job *j, enum mailbox_event what)
{
	const struct envelope *v = &j->claim.envelope;
	const struct mailbox_place at = mailbox_place(j->claim.spool, v);
	struct mailbox_note n = { .what = what,
		.why = &j->result->why,
		.name = j->account->config.mailbox,
		.account = v->account,
		.settings = j->account->settings,
		.id = j->claim.id };
	struct mailbox m;
	struct err unsaved;

	if (what == MAILBOX_UNTOLD)
		return;
	/* with the secret that a command gave meanwhile; it reads the files of
	   a proof, and only a failure keeps it */
	if (what == MAILBOX_FAILED || what == MAILBOX_REFUSES)
		access_hash(&j->account->access, &j->account->config,
		    j->account->settings);
	os_random(&n.random, sizeof(n.random));
	/* if that fails, each message finds out for itself */
	if (!mailbox_note(&at, &n, &m, &unsaved))
		log_warn(j->worker->log, "%s", unsaved.msg);
	worker_account_tell(j, &m);
}
