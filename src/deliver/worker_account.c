/* SPDX-License-Identifier: MIT */
#include "deliver/worker_account.h"

#include "base/os.h"

/* A message that was not even tried says nothing. */
static bool
worker_account_event(const struct worker_job *j, enum mailbox_event *out)
{
	const struct err *why = &j->result->why;
	bool asked = j->result->sent.attempts > 0;

	if (j->result->verdict == SCHEDULE_ACCOUNT)
		*out = MAILBOX_REFUSES;
	else if (why->kind == ERR_RETRY || why->kind == ERR_UNSURE) {
		*out = MAILBOX_FAILED;
		return asked || why->away || why->retry_after_ms > 0;
	} else {
		*out = why->kind == ERR_NONE ? MAILBOX_SENT : MAILBOX_ANSWERS;
		return asked || why->kind == ERR_NONE;
	}
	return true;
}

static void
worker_account_tell(struct worker_job *j, const struct mailbox *was,
    const struct mailbox *m)
{
	const struct str name = j->claim.envelope.account;

	if (j->result->verdict == SCHEDULE_ACCOUNT) {
		log_warn(j->worker->log, "mail%s%.*s waits: %s",
		    name.n > 0 ? " of account " : "", STR_ARG(name), m->reason);
		j->account->told = true;
		j->result->next = mailbox_until(m);
	} else if (was->failures > 0 && m->failures == 0) {
		syslog_send(j->worker->syslog, SYSLOG_INFO,
		    "mail%s%.*s goes again", name.n > 0 ? " of account " : "",
		    STR_ARG(name));
	}
}

void
worker_account_note(struct worker_job *j)
{
	const struct mailbox_place at = mailbox_place(j->claim.spool);
	const struct envelope *v = &j->claim.envelope;
	struct mailbox_note n = { .why = &j->result->why,
		.name = j->account->config.mailbox,
		.account = v->account,
		.settings = j->account->settings,
		.id = j->claim.id };
	char key[MAILBOX_KEY_SIZE];
	struct mailbox was, m;
	struct err unsaved;

	if (!worker_account_event(j, &n.what))
		return;
	/* with the secret that a command gave meanwhile; it reads the files of
	   a proof, and only a failure keeps it */
	if (n.what == MAILBOX_FAILED || n.what == MAILBOX_REFUSES)
		mailbox_hash(&j->account->config, j->account->settings);
	os_random(&n.random, sizeof(n.random));
	mailbox_key(v, key);
	mailbox_read(&at, key, &was);
	/* if that fails, each message finds out for itself */
	if (!mailbox_note(&at, key, &n, &m, &unsaved))
		log_warn(j->worker->log, "%s", unsaved.msg);
	worker_account_tell(j, &was, &m);
}
