/* SPDX-License-Identifier: MIT */
#include "command/check.h"

#include <sysexits.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/jwt.h"
#include "compose/names.h"
#include "config/access.h"
#include "config/config.h"
#include "config/proxy.h"
#include "deliver/client.h"
#include "graph/send.h"

enum {
	CHECK_OUT = 4096,               /* one step's line */
	ALIASES_MEM = 16 * 1024 * 1024, /* a file of 1 MB, of short lines */
	CHECK_MEM = 256 * 1024
};

const char check_more[] =
    "The steps: settings, secret and certificate authorities, sign-in,\n"
    "permissions, mailbox. The last one asks Graph to send a message that\n"
    "has no recipient, which it refuses: nothing is sent. A note says who\n"
    "decrypts the traffic on its way to Microsoft, if somebody does. Exit\n"
    "status: 0, or that of the first thing that is wrong.\n";

const char test_more[] =
    "Does what check does and then sends one message to the address.\n";

struct check {
	struct cli cli;
	const char *address; /* of test; NULL: check */
	struct config config;
	struct access access;
	struct client client;
	struct arena mem;
	struct buf note;  /* what a step found out, for its line */
	bool intercepted; /* told */
};

/* False: *e says what is wrong; the steps after it make no sense then. */
typedef bool check_step(struct check *c, struct err *e);

static bool
check_aliases_file(struct check *c, struct err *e)
{
	struct prepare_names names;
	struct arena mem;
	bool ok;

	arena_init(&mem, ALIASES_MEM);
	ok = prepare_names_load(&names, &mem, &c->config, &c->cli.log, e);
	if (ok)
		prepare_names_check(&names, &c->cli.log);
	arena_release(&mem);
	return ok;
}

/* Its name, and who may read it. */
static void
add_file(struct check *c, struct str path)
{
	struct os_stat st;
	struct err unknown;

	buf_adds(&c->note, path);
	if (path.n > 0 && os_stat_path(path.p, &st, &unknown))
		buf_addf(&c->note, " (%s users may read it)",
		    st.others ? "all" : "not all");
}

static bool
step_settings(struct check *c, struct err *e)
{
	struct config_ask ask = {
		.path = c->cli.common.config,
		.account = c->cli.common.account,
	};

	if (!config_load(&c->config, &ask, &c->cli.log, e) ||
	    !access_load(&c->access, &c->config, &c->cli.log, e) ||
	    !config_check(&c->config, &c->access, CONFIG_TO_SIGN_IN, e))
		return false;
	if (!check_aliases_file(c, e))
		return false;
	if (c->config.file.n == 0)
		buf_addz(&c->note, "environment");
	add_file(c, c->config.file);
	if (c->access.file.n > 0)
		buf_addz(&c->note, " and ");
	add_file(c, c->access.file);
	buf_addf(&c->note, ", sender %.*s", STR_ARG(c->config.mailbox));
	if (!c->config.enabled)
		buf_addz(&c->note, "; enabled = no, so nothing is sent");
	if (c->access.environment.n > 0)
		buf_addf(&c->note, "; from the environment: %.*s",
		    STR_ARG(c->access.environment));
	return true;
}

static bool
step_client(struct check *c, struct err *e)
{
	if (!client_open(&c->client, &c->config, &c->access, &c->cli.log, e))
		return false;
	/* a token from the cache would prove nothing, nor a TLS session */
	c->client.graph.source.folder = STR("");
	c->client.http.conf.session_folder = STR("");
	if (!credential_describe(&c->client.credential,
		&c->client.graph.source.who, &c->note, e))
		return false;
	buf_addf(&c->note, "; ca = %.*s", STR_ARG(c->access.ca));
	config_proxy_describe(&c->access, &c->client.proxy, &c->note);
	return true;
}

static bool
step_sign_in(struct check *c, struct err *e)
{
	struct graph *g = &c->client.graph;
	const struct identity *who = &g->source.who;

	if (!token_get(&g->source, os_mono_ms() + g->timeout_ms, &g->token, e))
		return false;
	buf_addf(&c->note, "%.*s, a token for %lld minutes",
	    STR_ARG(who->kind == IDENTITY_MANAGED ? who->managed->endpoint :
						    who->login_url),
	    (long long)(g->token.expires - os_wall()) / 60);
	return true;
}

/*
 * The token may not name what Exchange's own role assignments allow, so a
 * missing role is told and no more (facts.md 1.6).
 */
static bool
step_roles(struct check *c, struct err *e)
{
	struct str token = secret_view(&c->client.graph.token.bearer);
	const struct json *claims;
	bool send, read_write;

	if (!jwt_claims(&c->mem, token, &claims, e)) {
		buf_addz(&c->note, "the token does not tell");
		return true;
	}
	send = jwt_has(claims, STR("roles"), STR("Mail.Send"));
	read_write = jwt_has(claims, STR("roles"), STR("Mail.ReadWrite"));
	if (send)
		buf_addz(&c->note,
		    "Mail.Send, for every mailbox of the "
		    "tenant");
	else
		buf_addz(&c->note,
		    "the token has no Mail.Send: fine if "
		    "Exchange grants it (RBAC for Applications)");
	if (read_write)
		buf_addz(&c->note, "; Mail.ReadWrite");
	else if (str_eq(c->config.delivery, STR("exact")))
		buf_addz(&c->note,
		    "; no Mail.ReadWrite, which delivery = exact needs");
	return true;
}

/* Graph looks at permission and mailbox before it misses the recipients. */
static bool
step_mailbox(struct check *c, struct err *e)
{
	struct str json = STR("{\"message\":{\"subject\":\"post365 check\","
			      "\"body\":{\"contentType\":\"text\","
			      "\"content\":\"\"},\"toRecipients\":[]}}");
	struct graph_request r = {
		.method = STR("POST"),
		.content_type = STR("application/json"),
		.body = source_of(json),
		.expect = 202,
	};
	struct graph_answer answer = { 0 };
	struct buf path;
	bool ok;

	buf_init(&path, URL_MAX);
	send_path(&path, c->config.mailbox);
	r.path = buf_view(&path);
	r.what = STR("ask for the mailbox");
	ok = graph_call(&c->client.graph, &r, &answer, e);
	if (ok)
		err_set(e, ERR_BUG,
		    "Graph accepted a message without "
		    "recipients");
	else
		ok = str_eq(str_of(e->code), STR("ErrorInvalidRecipients"));
	buf_addf(&c->note, "%.*s may be sent from", STR_ARG(c->config.mailbox));
	if (!str_ieq(c->config.from, c->config.mailbox))
		buf_addf(&c->note,
		    "; that it may send as %.*s (from) was not tried: "
		    "`post365 test` does",
		    STR_ARG(c->config.from));
	graph_answer_release(&answer);
	buf_release(&path);
	return ok;
}

/* The message that test sends. Lives in c->mem. */
static struct message *
make_message(struct check *c, struct err *e)
{
	struct message *m = arena_alloc(&c->mem, sizeof(*m));
	bool managed = c->client.graph.source.who.kind == IDENTITY_MANAGED;
	struct str id = managed ? c->access.proof_text : c->access.client_id;
	unsigned char random[16];
	char date[DATE_MAIL_SIZE];

	if (m == NULL) {
		err_set(e, ERR_RETRY, "out of memory");
		return NULL;
	}
	if (!addr_parse_list(&c->mem, str_of(c->address), false, &m->to, e))
		return NULL;
	os_random(random, sizeof(random));
	m->message_id = message_make_id(&c->mem, random,
	    str_from(c->config.mailbox, str_chr(c->config.mailbox, '@') + 1));
	date_mail(os_wall(), 0, date);
	m->subject = STR("post365 test");
	m->text = arena_fmt(&c->mem,
	    "This is the test message of post365, sent at %s.\n\n"
	    "From %.*s, by %s %.*s.\n",
	    date, STR_ARG(c->config.mailbox),
	    managed ? "managed identity:" : "the app", STR_ARG(id));
	return arena_ok(&c->mem, e) ? m : NULL;
}

static bool
step_send(struct check *c, struct err *e)
{
	struct send_options o = {
		.mailbox = c->config.mailbox,
		.save_to_sent = c->config.save_to_sent,
	};
	const struct message *m = make_message(c, e);
	struct send_result result;
	int64_t start = os_mono_ms();

	if (m == NULL || !send_message(&c->client.graph, m, &o, &result, e))
		return false;
	buf_addf(&c->note,
	    "accepted in %lld ms; Message-ID %.*s, "
	    "request-id %s",
	    (long long)(os_mono_ms() - start), STR_ARG(m->message_id),
	    result.request_id);
	return true;
}

/* Names under which Microsoft's login and Graph answer (facts.md 5). */
static const struct str microsoft[] = {
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

/*
 * Microsoft's certificates come from roots that are built in. Another one
 * that the system's store vouches for is no error, but good to know. Once.
 */
static void
add_interception(struct check *c, struct buf *line)
{
	struct trust_outsider o = trust_outsider(&c->client.trust);
	bool told = c->intercepted;

	for (size_t i = 0; i < sizeof(microsoft) / sizeof(*microsoft); i++)
		if (!told && str_iends(o.host, microsoft[i])) {
			c->intercepted = true;
			buf_addf(line,
			    "note  %-17s %.*s shows a certificate issued by "
			    "%.*s, which only this\n      machine's own store "
			    "trusts: something between here and Microsoft\n"
			    "      decrypts the traffic, such as a company's "
			    "proxy\n",
			    "interception", STR_ARG(o.host), STR_ARG(o.issuer));
			return;
		}
}

static const struct {
	const char *name;
	check_step *run;
	bool of_check, of_test;
} steps[] = {
	{ "settings", step_settings, true, true },
	{ "credential, trust", step_client, true, true },
	{ "sign-in", step_sign_in, true, true },
	{ "permissions", step_roles, true, true },
	{ "mailbox", step_mailbox, true, false },
	{ "test message", step_send, false, true },
};

static bool
is_wanted(const struct check *c, size_t i)
{
	return c->address != NULL ? steps[i].of_test : steps[i].of_check;
}

/* Prints how a step went; gives the exit status so far. */
static int
run_step(struct check *c, size_t i)
{
	struct err e = { 0 };
	struct buf line;
	int code = EX_OK;
	bool ok;

	buf_reset(&c->note);
	ok = steps[i].run(c, &e);
	buf_init(&line, CHECK_OUT);
	if (ok)
		buf_addf(&line, "ok    %-17s %.*s\n", steps[i].name,
		    STR_ARG(buf_view(&c->note)));
	else
		buf_addf(&line, "FAIL  %-17s %s\n%s%s%s", steps[i].name, e.msg,
		    e.remedy[0] != '\0' ? "      do: " : "", e.remedy,
		    e.remedy[0] != '\0' ? "\n" : "");
	if (!ok)
		code = err_exit(&e);
	add_interception(c, &line);
	if (!cli_out(buf_view(&line), &e) && code == EX_OK)
		code = err_exit(&e);
	buf_release(&line);
	return code;
}

/* What stands behind the last step. */
static int
conclude(const struct check *c)
{
	struct str text = STR("All is well. Nothing was sent.\n");
	struct err e;

	if (c->address != NULL)
		text = STR("Microsoft 365 has it. That is not delivery yet: "
			   "look into the inbox, and for\nbounces into the "
			   "mailbox that sent it.\n");
	return cli_out(text, &e) ? EX_OK : err_exit(&e);
}

static int
run_steps(struct check *c)
{
	int code = EX_OK;

	arena_init_secret(&c->mem, CHECK_MEM);
	buf_init(&c->note, CHECK_OUT);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (code == EX_OK && is_wanted(c, i))
			code = run_step(c, i);
	if (code == EX_OK)
		code = conclude(c);
	client_close(&c->client);
	access_release(&c->access);
	config_release(&c->config);
	buf_release(&c->note);
	arena_release(&c->mem);
	return code;
}

/* Takes the operand of test; check has none. */
static bool
read_operands(struct check *c, bool wants_address, struct err *e)
{
	if (!cli_operand(&c->cli, wants_address ? &c->address : NULL, e))
		return false;
	if (c->cli.common.help || !wants_address || c->address != NULL)
		return true;
	err_set(e, ERR_USAGE, "to whom?");
	return err_remedy(e, "post365 test you@your.domain");
}

static int
run(const struct cli_command *self, int argc, char **argv, bool wants_address)
{
	struct check c = { 0 };
	struct err e;

	cli_init(&c.cli, self, argc, argv);
	if (!read_operands(&c, wants_address, &e))
		return cli_fail(&c.cli, &e);
	return c.cli.common.help ? cli_help(self) : run_steps(&c);
}

int
check_main(const struct cli_command *self, int argc, char **argv)
{
	return run(self, argc, argv, false);
}

int
test_main(const struct cli_command *self, int argc, char **argv)
{
	return run(self, argc, argv, true);
}
