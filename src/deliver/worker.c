/* SPDX-License-Identifier: MIT */
#include "deliver/worker.h"

#include <string.h>

#include "base/os.h"
#include "config/secret.h"
#include "deliver/options.h"
#include "deliver/worker_job.h"
#include "store/claim.h"

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
	access_release(&a->access);
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
	/* what is odd in the file, who started the workers has told */
	const struct log silent = { .level = LOG_NONE, .fd = -1, .name = "" };
	struct arena mem;

	arena_init(&mem, ENVELOPE_HEAD_MOST);
	ask.account = arena_str(&mem, account).p;
	if (from.n > 0)
		ask.from = arena_str(&mem, from).p;
	if (!config_load(&a->config, &ask, &silent, &a->why) ||
	    !access_load(&a->access, &a->config, w->log, &a->why) ||
	    !config_check(&a->config, &a->access, CONFIG_TO_SIGN_IN, &a->why))
		/* whatever it is, it is none of the message's faults */
		a->why.kind = ERR_CONFIG;
	access_hash(&a->access, &a->config, a->settings);
	a->pace = pace_of(&a->config, w->outbox->spool.clock, w->log);
	a->pace.folder = str_of(w->outbox->spool.path);
	arena_release(&mem);
}

static struct worker_account *
account_of(struct worker *w, const struct envelope *v)
{
	struct str from = options_read(v->options).from;
	char key[CRYPT_SHA256_HEX];
	struct worker_account *a;
	struct buf text;

	buf_init(&text, ENVELOPE_HEAD_MOST);
	buf_addf(&text, "%.*s\n%.*s", STR_ARG(v->account), STR_ARG(from));
	crypt_sha256_hex(buf_view(&text), key);
	buf_release(&text);
	for (size_t i = 0; i < WORKER_ACCOUNTS; i++)
		if (w->account[i].used && strcmp(w->account[i].key, key) == 0)
			return &w->account[i];
	a = &w->account[w->turn++ % WORKER_ACCOUNTS];
	close_account(a);
	a->used = true;
	memcpy(a->key, key, sizeof(key));
	load(w, a, v->account, from);
	return a;
}

/* Once in a run: why mail of this account stays. */
static void
tell(struct worker *w, struct worker_account *a, struct str name,
    const struct err *why)
{
	if (a->told)
		return;
	a->told = true;
	if (why->kind != ERR_RETRY)
		log_warn(w->log, "mail%s%.*s waits: %s",
		    name.n > 0 ? " of account " : "", STR_ARG(name), why->msg);
	else /* nobody has to do a thing */
		log_trace(w->log, "mail%s%.*s waits: %s",
		    name.n > 0 ? " of account " : "", STR_ARG(name), why->msg);
}

/* Settings that wait may have changed meanwhile. */
static void
worker_reload(struct worker *w, struct worker_account *a,
    const struct envelope *v)
{
	char key[CRYPT_SHA256_HEX];
	bool told = a->told;
	int64_t alerted = a->alerted;

	memcpy(key, a->key, sizeof(key));
	close_account(a);
	a->used = true;
	a->told = told;
	a->alerted = alerted;
	memcpy(a->key, key, sizeof(key));
	load(w, a, v->account, options_read(v->options).from);
}

/*
 * Two settings files may use one spool: none sends the other's mail from its
 * own mailbox. Settings that changed in their place are the message's all the
 * same, and another app may send for the same mailbox.
 */
static bool
worker_is_ours(const struct worker_account *a, const struct envelope *v,
    struct err *e)
{
	const struct config *c = &a->config;

	if (v->mailbox.n == 0 || str_eq(v->settings, c->file) ||
	    a->why.kind != ERR_NONE || str_ieq(v->mailbox, c->mailbox))
		return true;
	err_set(e, ERR_CONFIG,
	    "it is to be sent from %.*s by the settings of %.*s; those of "
	    "%.*s send from %.*s",
	    STR_ARG(v->mailbox),
	    STR_ARG(v->settings.n > 0 ? v->settings : STR("the environment")),
	    STR_ARG(c->file.n > 0 ? c->file : STR("the environment")),
	    STR_ARG(c->mailbox));
	return err_remedy(e, "run the queue with -C %.*s",
	    STR_ARG(v->settings));
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
	    a->access.proof != ACCESS_SECRET_COMMAND)
		return;
	a->asked = true;
	if (config_secret(&a->access, w->log, &ignored))
		access_hash(&a->access, &a->config, a->settings);
}

/*
 * *m is how its mailbox stands. Where it waits, the settings are read anew,
 * and changed ones are tried at once.
 */
static void
worker_read_mailbox(struct worker *w, struct worker_account *a,
    const struct envelope *v, struct mailbox *m)
{
	const struct mailbox_place at = mailbox_place(&w->outbox->spool, v);

	mailbox_read(&at, m);
	if (m->failures > 0 || a->why.kind != ERR_NONE || !a->config.enabled)
		worker_reload(w, a, v);
	if (m->failures > 0 && mailbox_until(m) > clock_wall(at.clock))
		ask_command(w, a);
	if (strcmp(m->settings, a->settings) != 0) {
		m->failures = 0;
		m->rest = 0;
	}
}

/* May a message of this account be tried now? */
static bool
may_try(struct worker *w, struct worker_account *a, const struct envelope *v,
    struct worker_result *out)
{
	int64_t now = clock_wall(w->outbox->spool.clock), turn;
	struct config_origin_text from;
	struct mailbox m;

	out->message = VERDICT_WAITS;
	worker_read_mailbox(w, a, v, &m);
	if (a->why.kind == ERR_NONE && !a->config.enabled) {
		err_set(&out->why, ERR_CONFIG, "enabled = no (%s)",
		    config_origin(&a->config.origin[CONFIG_ENABLED], &from));
		tell(w, a, v->account, &out->why);
		return false;
	}
	/* who may read the other half knows whether mail can go */
	if (!access_is_open(&a->access, &out->why) ||
	    !worker_is_ours(a, v, &out->why)) {
		tell(w, a, v->account, &out->why);
		return false;
	}
	out->next = mailbox_until(&m);
	if (out->next > now) {
		err_set(&out->why, mailbox_kind(&m), "%s", m.reason);
	} else if ((turn = pace_look(&a->pace)) > 0) {
		out->next = now + turn;
		err_set(&out->why, ERR_RETRY,
		    "`rate` allows the next in %lld s", (long long)turn);
	} else {
		out->next = 0;
		out->message = VERDICT_NONE;
		return true;
	}
	tell(w, a, v->account, &out->why);
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

	return due <= now || due != s->next;
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
	else if (c.spool != NULL && !is_due(w, &c.state)) {
		out->message = VERDICT_LATER;
		out->next = c.state.next;
	} else if (c.spool != NULL)
		may = may_try(w, account_of(w, &c.envelope), &c.envelope, out);
	if (!may && why.kind != ERR_NONE && out->why.kind == ERR_NONE)
		tell_damage(w, &why);
	claim_leave(&c);
	arena_release(&a);
	return may;
}

/* What is in new/ and locked is being stored: it will be due in a moment. */
static bool
worker_take(struct worker_job *j, const char *id, struct err *e)
{
	struct spool *s = &j->worker->outbox->spool;

	if (!claim_take(&j->claim, s, id, SPOOL_QUEUED, &j->mem, e))
		return false;
	if (j->claim.busy && j->claim.where == SPOOL_NEW) {
		j->result->message = VERDICT_LATER;
		j->result->next = clock_wall(s->clock) + WORKER_STORING_S;
	}
	return true;
}

bool
worker_message(struct worker *w, const char *id, struct worker_result *out,
    struct err *e)
{
	struct worker_job j = { .worker = w, .result = out };
	struct err why = { 0 };
	bool ok = true;

	*out = (struct worker_result){ .message = VERDICT_NONE };
	if (!may_try_id(w, id, out))
		return true;
	/* what is sent must be noted, so on a full disk nothing is */
	if (!journal_reserve(&w->outbox->journal, e))
		return false;
	arena_init(&j.mem, WORKER_MEMORY);
	if (!worker_take(&j, id, &why)) {
		tell_damage(w, &why);
		out->message = VERDICT_HOLD;
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
