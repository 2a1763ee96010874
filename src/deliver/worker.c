/* SPDX-License-Identifier: MIT */
#include "deliver/worker.h"

#include <string.h>

#include "base/os.h"
#include "config/secret.h"
#include "deliver/enqueue.h"
#include "deliver/worker_job.h"
#include "store/claim.h"

/* for the last sync of who stores a message */
enum { WRITER_MS = 2000, WRITER_LOOK_MS = 10 };

void
worker_open(struct worker *w, struct outbox *o, const char *config,
    const struct log *log, const struct syslog *syslog)
{
	*w = (struct worker){ .outbox = o,
		.config = config,
		.log = log,
		.syslog = syslog };
}

static void
close_account(struct worker_account *a)
{
	client_close(&a->client);
	config_release(&a->config);
	*a = (struct worker_account){ 0 };
}

void
worker_close(struct worker *w)
{
	for (size_t i = 0; i < WORKER_ACCOUNTS; i++)
		close_account(&w->account[i]);
	*w = (struct worker){ 0 };
}

/* Loads the settings; a->why says if that failed. */
static void
load(struct worker *w, struct worker_account *a, struct str account,
    struct str from)
{
	/* "": the keys at the top, whatever POST365_ACCOUNT says */
	struct config_ask ask = { .path = w->config };
	struct arena mem;

	arena_init(&mem, 2 * WORKER_NAME_SIZE);
	ask.account = arena_str(&mem, account).p;
	if (from.n > 0)
		ask.from = arena_str(&mem, from).p;
	if (!config_load(&a->config, &ask, w->log, &a->why) ||
	    !config_check(&a->config, CONFIG_TO_SIGN_IN, &a->why))
		/* whatever it is, it is none of the message's faults */
		a->why.kind = ERR_CONFIG;
	waiting_hash(&a->config, a->settings);
	a->pace = pace_of(&a->config, w->outbox->spool.clock, w->log);
	a->pace.folder = str_of(w->outbox->spool.path);
	arena_release(&mem);
}

static struct worker_account *
account_of(struct worker *w, const struct envelope *v)
{
	struct str from = enqueue_options_read(v->options).from;
	char name[WORKER_NAME_SIZE];
	struct worker_account *a;
	struct buf text;

	buf_init(&text, sizeof(name) - 1);
	buf_addf(&text, "%.*s\n%.*s", STR_ARG(v->account), STR_ARG(from));
	memcpy(name, buf_view(&text).p, text.n);
	name[text.n] = '\0';
	buf_release(&text);
	for (size_t i = 0; i < WORKER_ACCOUNTS; i++)
		if (w->account[i].used && strcmp(w->account[i].name, name) == 0)
			return &w->account[i];
	a = &w->account[w->turn++ % WORKER_ACCOUNTS];
	close_account(a);
	a->used = true;
	memcpy(a->name, name, sizeof(name));
	load(w, a, v->account, from);
	return a;
}

/* Once in a run: why mail of this account stays. */
static void
tell(struct worker *w, struct worker_account *a, const struct err *why)
{
	int n = (int)str_chr(str_of(a->name), '\n');

	if (a->told)
		return;
	a->told = true;
	if (why->kind != ERR_RETRY)
		log_warn(w->log, "mail%s%.*s waits: %s",
		    n > 0 ? " of account " : "", n, a->name, why->msg);
	else /* nobody has to do a thing */
		log_trace(w->log, "mail%s%.*s waits: %s",
		    n > 0 ? " of account " : "", n, a->name, why->msg);
}

static enum err_kind
kind_of(const struct waiting *w)
{
	if (w->failures == 0)
		return ERR_RETRY;
	return strcmp(w->kind, err_kind_name(ERR_AUTH)) == 0 ? ERR_AUTH :
							       ERR_CONFIG;
}

/*
 * Somebody knows better: the network is up. So a rest from before is void, but
 * not the one that follows where it is not.
 */
static int64_t
rest_of(const struct worker *w, struct worker_account *a, int64_t rest)
{
	if (!w->eager)
		return rest;
	if (!a->met)
		a->void_rest = rest;
	a->met = true;
	return rest == a->void_rest ? 0 : rest;
}

/*
 * A secret that a command gives may be a new one, which nothing else tells:
 * it is asked once in a run. What fails is told when it is needed.
 */
static void
ask_command(const struct worker *w, struct worker_account *a)
{
	struct err ignored;

	if (a->asked || a->why.kind != ERR_NONE ||
	    a->config.client_secret_command.n == 0)
		return;
	a->asked = true;
	if (config_secret(&a->config, w->log, &ignored))
		waiting_hash(&a->config, a->settings);
}

/* May a message of this account be tried now? */
static bool
may_try(struct worker *w, struct worker_account *a, const struct envelope *v,
    struct worker_result *out)
{
	int64_t now = clock_wall(w->outbox->spool.clock), turn;
	struct waiting wait;

	if (a->why.kind == ERR_NONE && !a->config.enabled) {
		err_set(&out->why, ERR_CONFIG, "enabled = no (%.*s)",
		    STR_ARG(a->config.origin[CONFIG_ENABLED]));
		tell(w, a, &out->why);
		return false;
	}
	waiting_read(&w->outbox->spool, v, &wait);
	if (wait.failures > 0 && waiting_until(&wait) > now)
		ask_command(w, a);
	/* changed settings are tried at once */
	if (strcmp(wait.settings, a->settings) != 0) {
		wait.failures = 0;
		wait.rest = 0;
	}
	wait.rest = rest_of(w, a, wait.rest);
	out->next = waiting_until(&wait);
	if (out->next > now) {
		err_set(&out->why, kind_of(&wait), "%s", wait.reason);
	} else if ((turn = pace_look(&a->pace)) > 0) {
		out->next = now + turn;
		err_set(&out->why, ERR_RETRY,
		    "`rate` allows the next in %lld s", (long long)turn);
	} else {
		out->next = 0;
		/* it comes again when all others have had their turn */
		out->full = w->hasty && !waiting_is_turn(&wait, v->id);
		return !out->full;
	}
	tell(w, a, &out->why);
	return false;
}

/* A damaged file and the like: a person has to look at it. */
static void
tell_damage(const struct worker *w, const struct err *why)
{
	log_warn(w->log, "%s%s%s", why->msg, why->remedy[0] != '\0' ? "; " : "",
	    why->remedy);
	syslog_send(w->syslog, SYSLOG_ERR, "%s", why->msg);
}

/* Of one whose time has come by what the folder says, or seems too far. */
static bool
is_due(const struct worker *w, const struct envelope_state *s)
{
	int64_t now = clock_wall(w->outbox->spool.clock);
	int64_t due = schedule_due(s->next, s->wait, now);

	return due <= now || due != s->next ||
	    (w->eager && s->unsure_times == 0);
}

/* A first look costs little where its account waits. */
static bool
may_try_id(struct worker *w, const char *id, struct worker_result *out)
{
	struct claim c;
	struct arena a;
	struct err why = { 0 };
	bool may = false;

	arena_init(&a, WORKER_MEMORY);
	if (!claim_look(&c, &w->outbox->spool, id, SPOOL_QUEUED, &a, &why))
		/* to be told by the one who takes it */
		may = why.kind == ERR_INPUT;
	else if (c.spool != NULL && is_due(w, &c.state))
		may = may_try(w, account_of(w, &c.envelope), &c.envelope, out);
	if (!may && why.kind != ERR_NONE && out->why.kind == ERR_NONE)
		tell_damage(w, &why);
	claim_leave(&c);
	arena_release(&a);
	return may;
}

/*
 * What is in new/ and locked is being stored: it will be due in a moment,
 * and who stores it relies on a worker that sees it.
 */
static bool
take(struct worker_job *j, const char *id, struct err *e)
{
	struct spool *s = &j->worker->outbox->spool;
	int64_t deadline = os_mono_ms() + WRITER_MS;

	for (;;) {
		if (!claim_take(&j->claim, s, id, SPOOL_QUEUED, &j->mem, e))
			return false;
		j->result->held = j->claim.busy && j->claim.where == SPOOL_NEW;
		if (!j->result->held || os_mono_ms() >= deadline)
			return true;
		(void)os_poll(NULL, 0, os_mono_ms() + WRITER_LOOK_MS);
	}
}

bool
worker_message(struct worker *w, const char *id, struct worker_result *out,
    struct err *e)
{
	struct worker_job j = { .worker = w, .result = out };
	struct err why = { 0 };
	bool ok = true;

	*out = (struct worker_result){ .verdict = SCHEDULE_ACCOUNT };
	if (!may_try_id(w, id, out))
		return true;
	/* what is sent must be noted, so on a full disk nothing is */
	if (!journal_reserve(&w->outbox->journal, e))
		return false;
	arena_init(&j.mem, WORKER_MEMORY);
	out->verdict = SCHEDULE_LATER;
	if (!take(&j, id, &why)) {
		tell_damage(w, &why);
		out->verdict = SCHEDULE_HOLD;
	} else if (j.claim.spool != NULL) {
		j.account = account_of(w, &j.claim.envelope);
		ok = worker_job_run(&j, e);
	}
	arena_release(&j.mem);
	return ok;
}

void
worker_clean(struct worker *w)
{
	struct spool *s = &w->outbox->spool;
	int64_t now = clock_wall(s->clock);
	size_t removed;
	struct err why;

	if (!spool_clean(s, SPOOL_TMP, now - SPOOL_TMP_AGE, &removed, &why) ||
	    !spool_clean(s, SPOOL_DEAD, now - WORKER_DEAD_AGE, &removed, &why))
		log_warn(w->log, "%s", why.msg);
}
