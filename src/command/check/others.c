/* SPDX-License-Identifier: MIT */
#include "base/os.h"
#include "command/check/step.h"

enum {
	OTHERS_REQUESTS = 20, /* to the service, for all of them */
	OTHERS_MOST = 200     /* whose settings are looked at */
};

struct others {
	struct step_run *run;
	unsigned seen, requests;
};

static bool
others_same_secret(const struct access *a, const struct access *b)
{
	if (a->proof != b->proof || !str_eq(a->proof_text, b->proof_text))
		return false;
	return a->proof != ACCESS_SECRET ||
	    secret_eq(&a->client_secret, secret_view(&b->client_secret));
}

/* Does it sign in as the first one did? */
static bool
others_same(const struct access *a, const struct access *b)
{
	return str_eq(a->tenant_id, b->tenant_id) &&
	    str_eq(a->client_id, b->client_id) &&
	    str_eq(a->login_url, b->login_url) &&
	    str_eq(a->graph_url, b->graph_url) && others_same_secret(a, b);
}

static void
others_fail(struct step_run *r, struct str name, struct err *e)
{
	err_wrap(e, "account %.*s", STR_ARG(name));
	step_fail(r, e);
}

/* With its own sign-in, or with that of the first. */
static bool
others_ask(struct others *o, struct config *c, struct access *a, bool same,
    struct err *e)
{
	struct step_run *r = o->run;
	struct client own = { 0 };
	bool ok;

	o->requests += same ? 1 : 2;
	if (same)
		return step_probe(&r->client.graph, c->mailbox, e);
	ok = client_open(&own, c, a, &r->log, e);
	if (ok) {
		own.graph.source.folder = STR("");
		own.http.conf.session_folder = STR("");
		ok = token_get(&own.graph.source,
			 os_mono_ms() + own.graph.timeout_ms, &own.graph.token,
			 e) &&
		    (!r->probe || step_probe(&own.graph, c->mailbox, e));
	}
	client_close(&own);
	return ok;
}

static void
others_try(struct others *o, struct config *c, struct access *a,
    struct str name)
{
	struct step_run *r = o->run;
	bool same = others_same(a, &r->access);
	bool asked =
	    !same || (r->probe && !str_ieq(c->mailbox, r->config.mailbox));
	const char *how = same ? "the same sign-in" : "a sign-in of its own";
	struct err e;

	if (same && asked && (r->have & STEP_TOKEN) == 0) {
		step_skip(r, "account %.*s: not tried without a token",
		    STR_ARG(name));
	} else if (asked && o->requests >= OTHERS_REQUESTS) {
		step_skip(r,
		    "account %.*s: not tried, %u requests are enough; post365 "
		    "check -A %.*s",
		    STR_ARG(name), o->requests, STR_ARG(name));
	} else if (asked && !others_ask(o, c, a, same, &e)) {
		others_fail(r, name, &e);
	} else {
		step_ok(r, "account %.*s: %.*s, %s%s", STR_ARG(name),
		    STR_ARG(c->mailbox), how,
		    c->enabled ? "" : ", enabled = no");
	}
}

static void
others_look(struct others *o, struct str name)
{
	struct step_run *r = o->run;
	struct str copy = arena_str(&r->mem, name);
	const struct config_ask ask = {
		.path = r->cli.common.config,
		.account = copy.p,
	};
	struct log quiet = r->log;
	struct config c = { 0 };
	struct access a = { 0 };
	struct err e;

	/* what the file's other parts are warned of was told by settings */
	quiet.level = LOG_NONE;
	if (copy.p == NULL)
		return;
	if (!config_load(&c, &ask, &quiet, &e) ||
	    !access_load(&a, &c, &quiet, &e) ||
	    !config_check(&c, &a, CONFIG_TO_SIGN_IN, &e)) {
		others_fail(r, name, &e);
	} else {
		a.looks_only = true;
		others_try(o, &c, &a, name);
	}
	access_release(&a);
	config_release(&c);
}

/* Those of the file, but for the one that all other steps are about. */
void
step_accounts(struct step_run *r)
{
	struct others o = { .run = r };
	struct str list = r->config.accounts, name;

	if (r->cli.common.account != NULL || r->config.piped)
		return;
	while (str_next(&list, ',', &name)) {
		name = str_trim(name);
		if (name.n == 0 || str_eq(name, r->config.account))
			continue;
		if (o.seen++ == OTHERS_MOST) {
			step_skip(r, "and more, not looked at");
			return;
		}
		others_look(&o, name);
	}
}
