/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/jwt.h"
#include "command/check/step.h"
#include "graph/send.h"

enum {
	SERVICE_SKEW_S = 300, /* facts.md 1.3: assertions fail from then on */
	SERVICE_DATE = 10,    /* of an ISO date, without the time */
	SERVICE_OUT = 4096
};

/* Names under which Microsoft's login and Graph answer (facts.md 5). */
static const struct str service_microsoft[] = {
	STR_INIT(".microsoftonline.com"),
	STR_INIT(".microsoft.com"),
	STR_INIT(".office.com"),
	STR_INIT(".office365.com"),
	STR_INIT(".windows.net"),
	STR_INIT(".microsoftonline.us"),
	STR_INIT(".microsoft.us"),
	STR_INIT(".office365.us"),
	STR_INIT(".chinacloudapi.cn"),
	STR_INIT(".microsoftonline.cn"),
};

/* --- the way */

static bool
service_find(struct step_target *t, const char *what, struct str url)
{
	t->what = what;
	if (url_parse(url, &t->url, &t->why))
		return true;
	err_wrap(&t->why, "%s", what);
	return false;
}

/* A managed identity is asked on this machine: its way is its own. */
static void
service_targets(struct step_run *r)
{
	struct step_target *login = &r->target[0], *graph = &r->target[1];
	bool managed = r->client.graph.source.who.kind == IDENTITY_MANAGED,
	     same;

	if (!managed)
		login->ok = service_find(login, "sign-in", r->access.login_url);
	graph->ok = service_find(graph, "Graph", r->access.graph_url);
	same = login->ok && graph->ok && login->url.port == graph->url.port &&
	    str_ieq(login->url.host, graph->url.host);
	if (same) {
		login->what = "sign-in and Graph";
		graph->what = NULL;
	}
}

static void
service_connect(struct step_run *r, struct step_target *t)
{
	int64_t deadline = os_mono_ms() + r->access.timeout_ms;

	t->ok = t->ok &&
	    http_connect(&r->client.http, &t->url, deadline, &t->facts,
		&t->why);
	if (!t->ok && !t->facts.connected) {
		step_fail(r, &t->why);
		return;
	}
	step_ok(r, "%.*s (%s): %s %s%s, %lld ms", STR_ARG(t->url.host), t->what,
	    t->facts.by_proxy ? "through the proxy at" : "at", t->facts.address,
	    str_chr(str_of(t->facts.address), ':') <
		    str_of(t->facts.address).n ?
		", IPv6" :
		"",
	    (long long)t->facts.ms);
}

void
step_connection(struct step_run *r)
{
	struct step_target *login = &r->target[0], *graph = &r->target[1];

	service_targets(r);
	for (size_t i = 0; i < STEP_TARGETS; i++)
		if (r->target[i].what != NULL)
			service_connect(r, &r->target[i]);
	if (login->what == NULL || login->ok)
		r->have |= STEP_LOGIN;
	if (graph->what == NULL ? login->ok : graph->ok)
		r->have |= STEP_GRAPH;
}

/*
 * Microsoft's certificates come from roots that are built in. Another one
 * that the system's store vouches for is no error, but good to know. Once.
 */
static void
service_tell_outsider(struct step_run *r)
{
	struct trust_outsider o = trust_outsider(&r->client.trust);
	size_t n = sizeof(service_microsoft) / sizeof(*service_microsoft);

	for (size_t i = 0; i < n; i++)
		if (str_iends(o.host, service_microsoft[i])) {
			step_note(r,
			    "%.*s shows a certificate issued by %.*s, which "
			    "only this machine's own store trusts: something "
			    "between here and Microsoft decrypts the traffic, "
			    "such as a company's proxy",
			    STR_ARG(o.host), STR_ARG(o.issuer));
			return;
		}
}

void
step_tls(struct step_run *r)
{
	char iso[DATE_ISO_SIZE];

	for (size_t i = 0; i < STEP_TARGETS; i++) {
		const struct step_target *t = &r->target[i];

		if (t->what == NULL || !t->facts.connected)
			continue;
		if (!t->ok) {
			step_fail(r, &t->why);
			continue;
		}
		if (!t->url.tls) {
			step_note(r, "%.*s: none, on this machine",
			    STR_ARG(t->url.host));
			continue;
		}
		date_iso(t->facts.expires, iso);
		step_ok(r, "%.*s: %s, issued by %s, until %.*s (%s)",
		    STR_ARG(t->url.host), t->facts.tls, t->facts.issuer,
		    SERVICE_DATE, iso,
		    step_span(r, t->facts.expires - os_wall()));
	}
	service_tell_outsider(r);
}

/* --- the token */

static void
service_ask_token(struct step_run *r)
{
	struct graph *g = &r->client.graph;
	int64_t start = os_mono_ms();
	struct err ignored;

	if (r->asked)
		return;
	r->asked = true;
	if (!token_get(&g->source, start + g->timeout_ms, &g->token,
		&r->token_why))
		return;
	r->token_ms = os_mono_ms() - start;
	r->have |= STEP_TOKEN;
	if (!jwt_claims(&r->mem, secret_view(&g->token.bearer), &r->claims,
		&ignored))
		r->claims = NULL;
}

/*
 * Shown before the token, which a wrong clock may cost: the answer to the
 * question for it has a date, whatever else it says.
 */
void
step_clock(struct step_run *r)
{
	const struct http *h = &r->client.http;
	int64_t off;
	struct err e = { 0 };

	service_ask_token(r);
	if (!h->has_date) {
		step_skip(r, "not known: no answer with a date came");
		return;
	}
	off = h->clock_skew < 0 ? -h->clock_skew : h->clock_skew;
	if (off <= SERVICE_SKEW_S) {
		step_ok(r, "right, within %lld s", (long long)off);
		return;
	}
	err_set(&e, ERR_CONFIG,
	    "this machine's clock is %s %s of the service's", step_span(r, off),
	    h->clock_skew > 0 ? "ahead" : "behind");
	err_remedy(&e,
	    "Set the clock (timedatectl set-ntp true, or start chrony or "
	    "ntpd): with more than 5 minutes, proofs and certificates fail.");
	step_fail(r, &e);
}

void
step_token(struct step_run *r)
{
	const struct graph *g = &r->client.graph;
	const struct identity *who = &g->source.who;

	service_ask_token(r);
	if ((r->have & STEP_TOKEN) == 0) {
		step_fail(r, &r->token_why);
		return;
	}
	step_ok(r, "%.*s, a token for %lld minutes, by %s in %lld ms",
	    STR_ARG(who->kind == IDENTITY_MANAGED ? who->managed->endpoint :
						    who->login_url),
	    (long long)(g->token.expires - os_wall()) / 60,
	    identity_kind_name(who->kind), (long long)r->token_ms);
}

/* --- what it allows */

static bool
service_has(const struct step_run *r, struct str role)
{
	return jwt_has(r->claims, STR("roles"), role);
}

/*
 * The token may not name what Exchange's own role assignments allow, so a
 * missing role is told and no more (facts.md 1.6).
 */
static void
service_send(struct step_run *r)
{
	struct err e = { 0 };

	if (service_has(r, STR("Mail.Send"))) {
		step_ok(r, "Mail.Send, for every mailbox of the tenant");
		return;
	}
	err_set(&e, ERR_AUTH,
	    "the token has no Mail.Send: fine if Exchange grants it (RBAC for "
	    "Applications does not show in tokens)");
	err_remedy(&e,
	    "If step mailbox fails: post365 print entra-setup has the commands "
	    "for both ways.");
	step_hint(r, &e);
}

static void
service_large_mail(struct step_run *r)
{
	bool exact = str_eq(r->config.delivery, STR("exact"));
	struct err e = { 0 };

	if (service_has(r, STR("Mail.ReadWrite"))) {
		step_ok(r, "Mail.ReadWrite: up to 150 MB");
		return;
	}
	if (!exact) {
		step_ok(r,
		    "up to 3 MB; Mail.ReadWrite, which the token has not, "
		    "allows 150 MB");
		return;
	}
	err_set(&e, ERR_AUTH,
	    "delivery = exact needs Mail.ReadWrite, which the token has not: "
	    "fine if Exchange grants it");
	err_remedy(&e,
	    "Grant Mail.ReadWrite as Mail.Send was granted, or set delivery "
	    "= auto.");
	step_hint(r, &e);
}

static void
service_trace(struct step_run *r)
{
	if (service_has(r, STR("ExchangeMessageTrace.Read.All")))
		step_ok(r, "post365 trace may ask what became of mail");
	else
		step_ok(r,
		    "not allowed (ExchangeMessageTrace.Read.All), only needed "
		    "for post365 trace");
}

static void
service_bounces(struct step_run *r)
{
	struct err e = { 0 };

	if (!r->config.read_bounces)
		return;
	if (service_has(r, STR("Mail.Read")) ||
	    service_has(r, STR("Mail.ReadWrite"))) {
		step_ok(r, "read_bounces = yes, and the mailbox may be read");
		return;
	}
	err_set(&e, ERR_AUTH,
	    "read_bounces = yes needs Mail.Read, which the token has not: fine "
	    "if Exchange grants it");
	err_remedy(&e,
	    "Grant Mail.Read as Mail.Send was granted, or set read_bounces = "
	    "no.");
	step_hint(r, &e);
}

void
step_permission(struct step_run *r)
{
	static const struct {
		const char *name;
		step_fn *run;
		bool of_test;
	} parts[] = {
		{ "permission", service_send, true },
		{ "large mail", service_large_mail, false },
		{ "trace", service_trace, false },
		{ "bounces", service_bounces, false },
	};

	if (r->claims == NULL) {
		step_note(r, "the token does not tell");
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (r->address == NULL || parts[i].of_test) {
			r->name = parts[i].name;
			parts[i].run(r);
		}
}

/* --- the mailbox */

bool
step_probe(struct graph *g, struct str mailbox, struct err *e)
{
	struct str json = STR("{\"message\":{\"subject\":\"post365 check\","
			      "\"body\":{\"contentType\":\"text\","
			      "\"content\":\"\"},\"toRecipients\":[]}}");
	struct graph_request q = {
		.method = STR("POST"),
		.content_type = STR("application/json"),
		.body = source_of(json),
		.expect = 202,
		.what = STR("ask for the mailbox"),
	};
	struct graph_answer answer = { 0 };
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	send_path(&path, mailbox);
	q.path = buf_view(&path);
	ok = graph_call(g, &q, &answer, e);
	if (ok)
		ok = err_set(e, ERR_BUG,
		    "Graph accepted a message without recipients");
	else
		ok = str_eq(str_of(e->code), STR("ErrorInvalidRecipients"));
	graph_answer_release(&answer);
	buf_release(&path);
	return ok;
}

/* Graph looks at permission and mailbox before it misses the recipients. */
void
step_mailbox(struct step_run *r)
{
	const struct config *c = &r->config;
	struct err e;

	if (!r->probe) {
		step_skip(r, "not tried: --no-probe");
		return;
	}
	if (!step_probe(&r->client.graph, c->mailbox, &e)) {
		step_fail(r, &e);
		return;
	}
	step_ok(r, "%.*s may be sent from", STR_ARG(c->mailbox));
	if (!str_ieq(c->from, c->mailbox))
		step_note(r,
		    "that it may send as %.*s (from) was not tried: post365 "
		    "test does",
		    STR_ARG(c->from));
}
