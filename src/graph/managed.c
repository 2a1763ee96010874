/* SPDX-License-Identifier: MIT */
#include "graph/managed.h"

#include "base/arena.h"
#include "base/os.h"
#include "base/secret.h"
#include "codec/date.h"
#include "codec/json.h"
#include "codec/page.h"
#include "codec/url.h"
#include "graph/token.h"
#include "graph/token_answer.h"
#include "net/http.h"
#include "net/trust.h"

enum {
	TREE_MAX = 4 * 1024 * 1024, /* of a token's JSON, see json.h */
	CONNECT_MS = 5000,          /* to a process on the same host */
	WORDS_MAX = 300,            /* of the endpoint's own, in a message */
	FIELDS_MAX = 3
};

static const char inside[] =
    "The environment says that there is one (IDENTITY_ENDPOINT, "
    "MSI_ENDPOINT): post365 has to run inside of the app that Azure gave "
    "these variables to, with their values of today.";

static const struct platform {
	const char *name;
	const char *version;  /* api-version */
	const char *selector; /* of a user-assigned identity; NULL: none */
	const char *header;   /* that carries m->header; NULL: none */
	bool metadata;        /* wants "Metadata: true" */
	const char *where;    /* an identity is assigned */
	const char *silent;   /* what to do when nothing answers, */
	const char *denied;   /* or on 401 and 403 */
} platforms[] = {
	/* clang-format off */
[MANAGED_IMDS] = { "IMDS", "2018-02-01", "client_id", NULL, true,
	"portal.azure.com > Virtual machines > (the machine) > Security > "
	"Identity",
	"It is asked again: at boot the network may come later. If this stays "
	"so, this machine is not in Azure, or something on it blocks the way "
	"to 169.254.169.254 (which no proxy may stand in). Outside of Azure "
	"sign in with client_secret, client_certificate or "
	"federated_token_file.",
	"A policy of this machine or of its cluster keeps this process from "
	"IMDS." },
[MANAGED_APP_SERVICE] = { "App Service", "2019-08-01", "client_id",
	"X-IDENTITY-HEADER", true,
	"portal.azure.com > (the app) > Settings > Identity",
	inside, inside },
[MANAGED_SERVICE_FABRIC] = { "Service Fabric", "2019-07-01-preview", NULL,
	"Secret", false,
	"the application's manifest (ManagedIdentities and "
	"IdentityBindingPolicy)",
	inside, inside },
[MANAGED_MACHINE_LEARNING] = { "Azure ML", "2017-09-01", "clientid", "secret",
	false, "ml.azure.com > Compute > (the compute) > Managed identity",
	inside, inside },
[MANAGED_ARC] = { "Azure Arc", "2020-06-01", "client_id", NULL, true,
	"portal.azure.com > Azure Arc > Machines > (the machine)",
	"Is Arc's agent running? See \"azcmagent show\" and \"systemctl status "
	"himdsd\".",
	"Arc's agent does not take the key that it named: see \"azcmagent "
	"check\", and that nothing else listens in the agent's place." },
	/* clang-format on */
};

/* Seconds before the next attempt. */
static const unsigned imds_pause[] = { 2, 6, 14, 30, 20 };
static const unsigned pause_else[] = { 1, 1 };

struct asking {
	const struct managed *m;
	const struct managed_with *with;
	const struct platform *platform;
	struct url url;
	struct buf text; /* what url points into */
	struct trust trust;
	struct http http;
	struct secret key; /* that Arc wants to see */
	bool answered;     /* something did, in this call */
};

const char *
managed_source_name(enum managed_source source)
{
	return platforms[source].name;
}

/* The request */

static bool
make_url(struct asking *a, struct err *e)
{
	const struct managed *m = a->m;
	bool query = str_chr(m->endpoint, '?') < m->endpoint.n;

	buf_addf(&a->text, "%.*s%capi-version=%s", STR_ARG(m->endpoint),
	    query ? '&' : '?', a->platform->version);
	url_form_add(&a->text, STR("resource"), m->resource);
	if (m->client_id.n > 0 && a->platform->selector != NULL)
		url_form_add(&a->text, str_of(a->platform->selector),
		    m->client_id);
	return buf_ok(&a->text, e) && url_parse(buf_view(&a->text), &a->url, e);
}

static bool
open_trust(struct asking *a, struct err *e)
{
	const struct managed *m = a->m;

	if (m->source == MANAGED_SERVICE_FABRIC)
		return trust_open_pin(&a->trust, m->thumbprint, e);
	return !a->url.tls || trust_open(&a->trust, STR("auto"), STR(""), e);
}

static bool
call(struct asking *a, struct http_answer *out, struct err *e)
{
	int64_t latest = clock_mono_ms(a->with->clock) + TOKEN_REQUEST_MS;
	struct http_field field[FIELDS_MAX];
	struct http_request r = {
		.method = STR("GET"),
		.url = &a->url,
		.field = field,
		.secret_body = true,
		.repeatable = true,
		.deadline = latest,
	};
	struct buf basic;
	bool ok;

	if (a->with->deadline < latest)
		r.deadline = a->with->deadline;
	buf_init_secret(&basic, MANAGED_KEY_MAX + sizeof("Basic "));
	if (a->platform->metadata)
		field[r.n_fields++] =
		    (struct http_field){ STR("Metadata"), STR("true"), false };
	if (a->platform->header != NULL)
		field[r.n_fields++] =
		    (struct http_field){ str_of(a->platform->header),
			    a->m->header, true };
	if (secret_is_set(&a->key)) {
		buf_addf(&basic, "Basic %.*s", STR_ARG(secret_view(&a->key)));
		field[r.n_fields++] = (struct http_field){ STR("Authorization"),
			buf_view(&basic), true };
	}
	ok = buf_ok(&basic, e) && http_call(&a->http, &r, out, e);
	a->answered = a->answered || out->status > 0;
	buf_release(&basic);
	return ok;
}

/* Arc's challenge */

/*
 * It proves that we may read what only the agent's group may; so nothing but
 * such a file is ever read and sent.
 */
static bool
check_key_path(struct str path, struct err *e)
{
	struct str folder = STR("/var/opt/azcmagent/tokens/");
	struct str name = str_from(path, folder.n);

	if (str_starts(path, folder) && str_chr(name, '/') == name.n &&
	    str_ends(name, STR(".key")))
		return true;
	err_set(e, ERR_CONFIG,
	    "it wants the contents of \"%.*s\", which is no key in %.*s",
	    STR_ARG(path), STR_ARG(folder));
	return err_remedy(e,
	    "Something else than Arc's agent answers there: find out what "
	    "listens at that address.");
}

static bool
read_key(struct asking *a, struct str path, struct err *e)
{
	struct arena mem;
	struct buf text;
	bool ok;

	arena_init(&mem, URL_MAX);
	buf_init_secret(&text, MANAGED_KEY_MAX);
	path = arena_str(&mem, path);
	ok = arena_ok(&mem, e) && os_read_regular(path.p, &text, e) &&
	    secret_set(&a->key, str_trim(buf_view(&text)), e);
	if (!ok && e->kind == ERR_INPUT) {
		e->kind = ERR_AUTH;
		e->exit = 0;
		err_remedy(e,
		    "The user that runs post365 has to be in the group himds: "
		    "usermod -aG himds USER, then sign in anew (a service: "
		    "SupplementaryGroups=himds).");
	}
	buf_release(&text);
	arena_release(&mem);
	return ok;
}

static bool
take_challenge(struct asking *a, const struct http_answer *answer,
    struct err *e)
{
	struct str path = http1_field(&answer->head, STR("WWW-Authenticate"));
	struct str head = STR("Basic realm=");

	/* no answer without a challenge: an impostor cannot make one */
	if (answer->status != 401 || !str_istarts(path, head)) {
		err_set(e, ERR_AUTH,
		    "HTTP %d instead of a challenge (401 and the name of a "
		    "key's file)",
		    answer->status);
		return err_remedy(e, "%s", a->platform->denied);
	}
	path = str_trim(str_from(path, head.n));
	if (path.n >= 2 && path.p[0] == '"' && str_ends(path, STR("\"")))
		path = (struct str){ path.p + 1, path.n - 2 };
	return check_key_path(path, e) && read_key(a, path, e);
}

/* What the answer means */

static bool
passes(const struct asking *a, int status)
{
	if (a->m->source == MANAGED_IMDS && (status == 404 || status == 410))
		return true;
	return status == 408 || status == 429 || status >= 500;
}

static enum err_kind
kind_of(const struct asking *a, int status)
{
	if (passes(a, status))
		return ERR_RETRY;
	return status == 401 || status == 403 ? ERR_AUTH : ERR_CONFIG;
}

static bool
not_assigned(const struct asking *a, struct err *e)
{
	const char *where = a->platform->where;

	if (a->m->client_id.n == 0)
		return err_remedy(e,
		    "It seems to have no system-assigned identity: switch it "
		    "on in %s; or set managed_identity to the client ID of a "
		    "user-assigned one.",
		    where);
	return err_remedy(e,
	    "The identity with the client ID %.*s seems not to be assigned to "
	    "it: see %s > User assigned. The client ID (not the object ID) "
	    "stands on the identity's Overview page.",
	    STR_ARG(a->m->client_id), where);
}

static bool
add_remedy(const struct asking *a, int status, struct err *e)
{
	if (status == 404 && !passes(a, status))
		return err_remedy(e, "%s", a->platform->silent);
	if (status == 404 || status == 410)
		return err_remedy(e,
		    "It is being updated, which takes 70 s: try again. If "
		    "this stays so, this machine may not be in Azure.");
	if (passes(a, status))
		return err_remedy(e, "Nothing: it can be tried again later.");
	if (status == 401 || status == 403)
		return err_remedy(e, "%s", a->platform->denied);
	if (status < 400)
		return err_remedy(e, "%s", a->platform->silent);
	return not_assigned(a, e);
}

/* What echoes the request could show its secret. */
static bool
echoes(const struct asking *a, struct str words)
{
	return page_may_be_secret(words) ||
	    (a->m->header.n > 0 && str_find(words, a->m->header) < words.n);
}

/* Three forms are known: OAuth's, Azure's {"error":{...}}, and a message. */
static void
add_words(const struct asking *a, const struct json *tree, struct buf *out)
{
	const struct json *error = json_get(tree, STR("error"));
	struct str code = json_str(error);
	struct str words = json_str(json_get(tree, STR("error_description")));

	if (error != NULL && error->type == JSON_OBJECT) {
		code = json_str(json_iget(error, STR("code")));
		words = json_str(json_iget(error, STR("message")));
	} else if (words.n == 0) {
		words = json_str(json_iget(tree, STR("message")));
	}
	if (echoes(a, words))
		return;
	if (code.n > 0)
		buf_addf(out, ", %.*s", STR_ARG(str_first(code, WORDS_MAX)));
	if (words.n > 0)
		buf_addf(out, ": %.*s", STR_ARG(str_first(words, WORDS_MAX)));
}

static bool
refused(const struct asking *a, const struct http_answer *answer, struct err *e)
{
	struct str after = http1_field(&answer->head, STR("Retry-After"));
	struct str words = page_words(page_shown(buf_view(&answer->body)));
	int64_t now = clock_wall(a->with->clock), ms;
	const struct json *tree;
	struct arena mem;
	struct buf text;
	struct err ignored;

	arena_init(&mem, TREE_MAX);
	buf_init(&text, ERR_MSG_SIZE);
	buf_addf(&text, "HTTP %d", answer->status);
	if (json_parse(&mem, buf_view(&answer->body), &tree, &ignored))
		add_words(a, tree, &text);
	else if (words.n > 0 && !echoes(a, buf_view(&answer->body)))
		buf_addf(&text, ": \"%.*s\"", STR_ARG(words));
	err_set(e, kind_of(a, answer->status), "%.*s",
	    STR_ARG(buf_view(&text)));
	if (date_parse_retry_after(after, now, &ms))
		e->retry_after_ms = ms;
	buf_release(&text);
	arena_release(&mem);
	return add_remedy(a, answer->status, e);
}

/* Old agents of Arc ignore the selector and give the system's identity. */
static bool
check_identity(const struct asking *a, const struct http_answer *answer,
    struct err *e)
{
	struct str want = a->m->client_id, told = { 0 };
	const struct json *tree;
	struct arena mem;
	bool ok;

	if (want.n == 0)
		return true;
	arena_init_secret(&mem, TREE_MAX);
	ok = json_parse(&mem, buf_view(&answer->body), &tree, e);
	if (ok)
		told = json_str(json_get(tree, STR("client_id")));
	if (ok && told.n > 0 && !str_ieq(told, want)) {
		ok = err_set(e, ERR_CONFIG,
		    "asked for the identity %.*s, it gave a token of %.*s",
		    STR_ARG(want), STR_ARG(str_first(told, WORDS_MAX)));
		err_remedy(e,
		    "Older agents of Azure Arc know the machine's own identity "
		    "only: update the agent, or set managed_identity = "
		    "system.");
	}
	arena_release(&mem);
	return ok;
}

static bool
judge(const struct asking *a, const struct http_answer *answer, struct token *t,
    struct err *e)
{
	struct token fresh = { 0 };

	if (answer->status != 200)
		return refused(a, answer, e);
	if (!http_is_whole(answer, e))
		return false;
	if (!token_answer(answer, clock_wall(a->with->clock), &fresh, e)) {
		token_release(&fresh);
		return err_remedy(e,
		    "Something else answers at the identity's address, or in "
		    "its place.");
	}
	if (!check_identity(a, answer, e)) {
		token_release(&fresh);
		return false;
	}
	token_release(t);
	*t = fresh;
	return true;
}

/* Attempts */

/* Nothing answered: why not is known to whom the endpoint belongs. */
static bool
unreachable(const struct asking *a, struct err *e)
{
	if (a->answered || e->kind != ERR_RETRY)
		return false;
	/* what TLS has to say is better */
	if (a->url.tls && e->remedy[0] != '\0')
		return false;
	return err_remedy(e, "%s", a->platform->silent);
}

static bool
managed_ask_once(struct asking *a, struct token *t, struct err *e)
{
	bool arc = a->m->source == MANAGED_ARC;
	struct http_answer answer = { 0 };
	bool ok = call(a, &answer, e);

	if (ok && arc && !passes(a, answer.status)) {
		ok = take_challenge(a, &answer, e);
		http_answer_release(&answer);
		ok = ok && call(a, &answer, e);
		secret_release(&a->key);
	}
	ok = ok && judge(a, &answer, t, e);
	http_answer_release(&answer);
	return ok;
}

/* After a failure: waits and says true, or says false. */
static bool
wait_again(const struct asking *a, unsigned tries, const struct err *e)
{
	const struct clock *clock = a->with->clock;
	bool imds = a->m->source == MANAGED_IMDS && a->answered;
	const unsigned *pause = imds ? imds_pause : pause_else;
	size_t most =
	    (imds ? sizeof(imds_pause) : sizeof(pause_else)) / sizeof(*pause);
	int64_t ms;

	if (e->kind != ERR_RETRY || tries >= most)
		return false;
	ms = (int64_t)pause[tries] * 1000;
	if (e->retry_after_ms > ms)
		ms = e->retry_after_ms;
	if (a->with->deadline - clock_mono_ms(clock) <= ms)
		return false;
	if (a->with->log != NULL)
		log_trace(a->with->log, "* %s failed (%s); again in %lld ms",
		    a->platform->name, e->msg, (long long)ms);
	clock_sleep_until(clock, clock_mono_ms(clock) + ms);
	return true;
}

static bool
ask(struct asking *a, struct token *t, struct err *e)
{
	struct http_conf conf = {
		.trust = a->trust.state != NULL ? &a->trust : NULL,
		.log = a->with->log,
		.connect_timeout_ms = a->m->source == MANAGED_IMDS ?
		    MANAGED_PROBE_MS :
		    CONNECT_MS,
		.allow_plain = true,
	};
	unsigned tries = 0;
	bool ok;

	http_init(&a->http, &conf);
	while (!(ok = managed_ask_once(a, t, e)) && wait_again(a, tries, e))
		tries++;
	http_release(&a->http);
	return ok || unreachable(a, e);
}

static bool
check_selector(const struct asking *a, struct err *e)
{
	if (a->m->client_id.n == 0 || a->platform->selector != NULL)
		return true;
	err_set(e, ERR_CONFIG,
	    "nobody can choose an identity there, its settings do");
	return err_remedy(e,
	    "Set managed_identity = system, and assign %.*s in "
	    "%s.",
	    STR_ARG(a->m->client_id), a->platform->where);
}

bool
managed_fetch(const struct managed *m, const struct managed_with *with,
    struct token *t, struct err *e)
{
	struct asking a = {
		.m = m,
		.with = with,
		.platform = &platforms[m->source],
	};
	bool ok;

	buf_init(&a.text, URL_MAX);
	ok = check_selector(&a, e) && make_url(&a, e) && open_trust(&a, e) &&
	    ask(&a, t, e);
	trust_release(&a.trust);
	buf_release(&a.text);
	return ok ||
	    err_wrap(e, "managed identity by %s at %.*s", a.platform->name,
		STR_ARG(m->endpoint));
}
