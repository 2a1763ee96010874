/* SPDX-License-Identifier: MIT */
#include "config/key.h"

#include "base/nearest.h"
#include "codec/date.h"
#include "config/cloud.h"
#include "mail/addr.h"
#include "mail/from_map.h"
#include "net/proxy.h"

enum {
	DAY_SIZE = 10,           /* YYYY-MM-DD */
	TIME_MAX = 24 * 3600,    /* seconds; longer waits are mistakes */
	AGE_MAX = 30 * TIME_MAX, /* of a mail that nobody waits for any more */
	SIZE_LEAST = 1024,
	MIME_MOST = 3 * 1024 * 1024,
	RATE_MOST = 1000000 /* messages; Exchange takes 10,000 a day */
};

/* Exchange takes 150 MB (facts.md 4.4); what stands for more is a mistake. */
#define SIZE_MOST (1024ULL * 1024 * 1024)

/* clang-format off */
static const struct {
	const char *name;
	unsigned seconds;
} units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };

static const struct {
	char name;
	unsigned shift;
} sizes[] = { { 'g', 30 }, { 'm', 20 }, { 'k', 10 } };

static const struct {
	const char *name;
	int64_t seconds;
} rates[] = { { "/min", 60 }, { "/h", 3600 }, { "/day", TIME_MAX } };

static const char *const policies[] = { "keep", "rewrite", "map", NULL };
static const char *const deliveries[] = { "auto", "exact", "once", NULL };
static const char *const syncs[] = { "full", "file", "none", NULL };
/* clang-format on */

static struct str *
str_at(const struct config_row *row, struct config *c)
{
	return (struct str *)(void *)((char *)c + row->at);
}

bool
config_keep(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	*str_at(row, c) = arena_str(&c->mem, text);
	return arena_ok(&c->mem, e);
}

static bool
parse_text(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return config_keep(row, text, c, e);
}

/* Words that `ca` takes instead of a file. */
static bool
is_no_path(struct str text)
{
	return str_eq(text, STR("auto")) || str_eq(text, STR("builtin")) ||
	    str_eq(text, STR("system"));
}

static bool
parse_path(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	if (str_starts(text, STR("~")))
		return err_set(e, ERR_CONFIG,
		    "\"~\" has no meaning here; "
		    "give the whole path");
	c->relative = c->relative ||
	    (text.n > 0 && !str_starts(text, STR("/")) && !is_no_path(text));
	return config_keep(row, text, c, e);
}

static bool
parse_secret(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return secret_set((struct secret *)(void *)((char *)c + row->at), text,
	    e);
}

/* "none", or a proxy; "" cannot be said in a file. */
static bool
parse_proxy(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	struct proxy p;

	if (!str_eq(text, STR("none"))) {
		if (!proxy_parse(text, &p, e))
			return false;
		proxy_release(&p);
	}
	return parse_secret(row, text, c, e);
}

static bool
parse_alg(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	if (!str_eq(text, STR("PS256")) && !str_eq(text, STR("RS256")))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is neither PS256 nor RS256", STR_ARG(text));
	return config_keep(row, text, c, e);
}

/* "2027-03-31": the end of that day is the last moment. */
static bool
parse_day(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	int64_t *when = (int64_t *)(void *)((char *)c + row->at);
	char iso[] = "2000-01-01T23:59:59Z";

	for (size_t i = 0; i < DAY_SIZE && text.n == DAY_SIZE; i++)
		iso[i] = text.p[i];
	if (text.n != DAY_SIZE || !date_parse_iso(str_of(iso), when))
		return err_set(e, ERR_CONFIG, "\"%.*s\" is not a date like %s",
		    STR_ARG(text), row->example);
	return true;
}

static bool
parse_sender(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	struct addr *a;

	if (!addr_parse(&c->mem, text, false, &a, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return false;
	}
	return config_keep(row, text, c, e);
}

static bool
parse_mailbox(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	struct addr *a;

	if (!addr_parse(&c->mem, text, false, &a, e)) {
		e->kind = e->kind == ERR_INPUT ? ERR_CONFIG : e->kind;
		return false;
	}
	return config_keep(row, a->text, c, e);
}

bool
config_time(struct str text, uint64_t most, int64_t *seconds)
{
	struct str digits = text;
	uint64_t n, unit = 1;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (str_ends(text, str_of(units[i].name))) {
			unit = units[i].seconds;
			digits = str_trim(str_first(text, text.n - 1));
		}
	if (!str_u64(digits, most, &n) || n == 0 || n * unit > most)
		return false;
	*seconds = (int64_t)(n * unit);
	return true;
}

static bool
read_time(const struct config_row *row, struct str text, uint64_t most,
    int64_t *ms, struct err *e)
{
	int64_t seconds;

	if (!config_time(text, most, &seconds))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a time from 1s to %ud, like %s",
		    STR_ARG(text), (unsigned)(most / TIME_MAX), row->example);
	*ms = seconds * 1000;
	return true;
}

static int64_t *
time_at(const struct config_row *row, struct config *c)
{
	return (int64_t *)(void *)((char *)c + row->at);
}

static bool
parse_time(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return read_time(row, text, TIME_MAX, time_at(row, c), e);
}

static bool
parse_age(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return read_time(row, text, AGE_MAX, time_at(row, c), e);
}

static bool
parse_yes_no(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	bool *flag = (bool *)(void *)((char *)c + row->at);

	if (!str_eq(text, STR("yes")) && !str_eq(text, STR("no")))
		return err_set(e, ERR_CONFIG, "\"%.*s\" is neither yes nor no",
		    STR_ARG(text));
	*flag = str_eq(text, STR("yes"));
	return true;
}

static bool
parse_size(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	uint64_t *bytes = (uint64_t *)(void *)((char *)c + row->at), n;
	struct str digits = text;
	unsigned shift = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (text.n > 0 &&
		    ascii_lower(text.p[text.n - 1]) == sizes[i].name) {
			shift = sizes[i].shift;
			digits = str_trim(str_first(text, text.n - 1));
		}
	if (!str_u64(digits, SIZE_MOST >> shift, &n) || n << shift < SIZE_LEAST)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a size from 1k to 1g, like %s",
		    STR_ARG(text), row->example);
	*bytes = n << shift;
	return true;
}

/* names: the words there are, NULL at the end. */
static bool
keep_word(const struct config_row *row, struct str text,
    const char *const *names, struct config *c, struct err *e)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (str_eq(text, str_of(names[i])))
			return config_keep(row, text, c, e);
	return err_set(e, ERR_CONFIG, "\"%.*s\" is not one of %s, %s, %s",
	    STR_ARG(text), names[0], names[1], names[2]);
}

/* A request holds 4 MB, and base64 makes 4 bytes of 3 (facts.md 4.4). */
static bool
parse_mime_limit(const struct config_row *row, struct str text,
    struct config *c, struct err *e)
{
	if (!parse_size(row, text, c, e))
		return false;
	if (c->mime_limit <= MIME_MOST)
		return true;
	return err_set(e, ERR_CONFIG,
	    "\"%.*s\" is more than 3m, and Graph takes no request with that",
	    STR_ARG(text));
}

static bool
parse_policy(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return keep_word(row, text, policies, c, e);
}

static bool
parse_sync(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return keep_word(row, text, syncs, c, e);
}

static bool
parse_map(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	const struct from_map *list;

	return from_map_parse(&c->mem, text, &list, e) &&
	    config_keep(row, text, c, e);
}

static bool
parse_domain(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	if (!config_is_domain(text))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is not a domain name like %s", STR_ARG(text),
		    row->example);
	return config_keep(row, text, c, e);
}

/* Host names with commas between, of one label or more. */
static bool
parse_names(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	struct str rest = text, name;

	while (str_next(&rest, ',', &name)) {
		name = str_trim(name);
		if (!config_is_label(name) && !config_is_domain(name))
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is not a host name; give names like %s",
			    STR_ARG(name), row->example);
	}
	return config_keep(row, text, c, e);
}

static bool
parse_delivery(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	return keep_word(row, text, deliveries, c, e);
}

static bool
parse_rate(const struct config_row *row, struct str text, struct config *c,
    struct err *e)
{
	struct config_rate *rate = (void *)((char *)c + row->at);
	size_t slash = str_chr(text, '/');
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		if (str_eq(str_from(text, slash), str_of(rates[i].name)) &&
		    str_u64(str_first(text, slash), RATE_MOST, &n))
			rate->seconds = rates[i].seconds;
	if (n == 0 && !str_eq(text, STR("none")))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is neither none nor 1 to %d messages /min, /h "
		    "or /day, like %s",
		    STR_ARG(text), RATE_MOST, row->example);
	rate->n = n;
	return true;
}

#define AT(field) offsetof(struct config, field)
#define LATER(name)                                                            \
	{                                                                      \
		name, NULL, 0, NULL, NULL, NULL, NULL                          \
	}

/* clang-format off */
const struct config_row config_rows[] = {
[CONFIG_TENANT_ID] = { "tenant_id", config_parse_tenant, AT(tenant_id),
	"AZURE_TENANT_ID", NULL, "00000000-0000-0000-0000-000000000000",
	"Directory (tenant) ID, on the Overview page of the app that you\n"
	"registered in entra.microsoft.com > Entra ID > App registrations." },
[CONFIG_CLIENT_ID] = { "client_id", config_parse_guid, AT(client_id),
	"AZURE_CLIENT_ID", NULL, "00000000-0000-0000-0000-000000000000",
	"Application (client) ID, on the same page." },
[CONFIG_CLIENT_SECRET] = { "client_secret", parse_secret, AT(client_secret),
	"AZURE_CLIENT_SECRET", NULL, "the-value-not-the-id",
	"The Value (not the Secret ID) of a secret made under Certificates &\n"
	"secrets; or a file whose first line it is; or a command that prints\n"
	"it. One of the three." },
[CONFIG_CLIENT_SECRET_FILE] = { "client_secret_file", parse_path,
	AT(client_secret_file), NULL, NULL, "/run/secrets/post365", NULL },
[CONFIG_CLIENT_SECRET_COMMAND] = { "client_secret_command", parse_text,
	AT(client_secret_command), NULL, NULL, "pass show post365", NULL },
[CONFIG_CLIENT_CERTIFICATE] = { "client_certificate", parse_path,
	AT(client_certificate), "AZURE_CLIENT_CERTIFICATE_PATH", NULL,
	"/etc/post365/app.pem",
	"Instead of a secret: a PEM file with a certificate that was uploaded\n"
	"under Certificates & secrets, and its RSA key, or the key in a file\n"
	"of its own (client_certificate_key below);" },
[CONFIG_FEDERATED_TOKEN_FILE] = { "federated_token_file", parse_path,
	AT(federated_token_file), "AZURE_FEDERATED_TOKEN_FILE", NULL,
	"/var/run/secrets/azure/tokens/azure-identity-token",
	"or the token of another identity provider that the app trusts\n"
	"(federated credential; Kubernetes, GitHub, ...);" },
[CONFIG_MANAGED_IDENTITY] = { "managed_identity", config_parse_managed,
	AT(managed_identity), NULL, NULL, "system",
	"or the identity that Azure gives to the machine or app (VM, AKS,\n"
	"App Service, Functions, Container Apps, Service Fabric, Azure ML,\n"
	"Azure Arc): system, or the client ID of a user-assigned one.\n"
	"tenant_id and client_id are not needed then. It gets Mail.Send by\n"
	"PowerShell, see README." },
[CONFIG_CLIENT_CERTIFICATE_KEY] = { "client_certificate_key", parse_path,
	AT(client_certificate_key), NULL, NULL, "/etc/post365/app.key",
	"For client_certificate: the key's file, the password of an encrypted\n"
	"key, or a file whose first line it is, and how assertions are signed\n"
	"(PS256, or RS256 for what does not take it)." },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD] = { "client_certificate_password",
	parse_secret, AT(client_certificate_password),
	"AZURE_CLIENT_CERTIFICATE_PASSWORD", NULL, "the-password", NULL },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE] = {
	"client_certificate_password_file", parse_path,
	AT(client_certificate_password_file), NULL, NULL,
	"/run/secrets/post365.password", NULL },
[CONFIG_CLIENT_ASSERTION_ALG] = { "client_assertion_alg", parse_alg,
	AT(client_assertion_alg), NULL, "PS256", "RS256", NULL },
[CONFIG_SECRET_EXPIRES] = { "secret_expires", parse_day, AT(secret_expires),
	NULL, NULL, "2027-03-31",
	"The last day of the secret, as the portal shows it: told 30, 14, 7,\n"
	"3 and 1 days before. (A certificate tells it itself.)" },
[CONFIG_FROM] = { "from", parse_sender, AT(from), NULL, NULL,
	"Monitoring <monitoring@contoso.com>",
	"Who sends." },
[CONFIG_MAILBOX] = { "mailbox", parse_mailbox, AT(mailbox), NULL, NULL,
	"monitoring@contoso.com",
	"The mailbox that sends, where it is not that of `from`: it needs the\n"
	"right to send as `from` then." },
[CONFIG_FROM_POLICY] = { "from_policy", parse_policy, AT(from_policy), NULL,
	"rewrite", "keep",
	"What becomes of a From in a ready message that is neither `from` nor\n"
	"`mailbox`: rewrite makes it `from`, and keeps the old one visible in\n"
	"the name, in Reply-To and in X-Original-From; keep leaves it, for a\n"
	"mailbox with the right to send as others; map does as from_map says\n"
    "(OLD > NEW, ...; OLD: an address, a name, @domain, or * for all), else\n"
	"as rewrite." },
[CONFIG_FROM_MAP] = { "from_map", parse_map, AT(from_map), NULL, NULL,
	"root > Web <web@contoso.com>, @old.example > web@contoso.com", NULL },
[CONFIG_ALIASES] = { "aliases", parse_path, AT(aliases), NULL, NULL,
	"/etc/post365/aliases",
	"Where mail for names without a domain goes: a file like aliases(5),\n"
	"\"root: ops@contoso.com\"; if not set /etc/post365/aliases, else\n"
	"/etc/aliases, if it is there. What is not in it goes to the name at\n"
	"default_domain; if that is not set, to `mailbox`. The same holds for\n"
	"names at localhost, at what this host calls itself (hostname,\n"
	"/etc/hosts, /etc/mailname) and at local_names." },
[CONFIG_DEFAULT_DOMAIN] = { "default_domain", parse_domain,
	AT(default_domain), NULL, NULL, "contoso.com", NULL },
[CONFIG_LOCAL_NAMES] = { "local_names", parse_names, AT(local_names), NULL,
	NULL, "web1, web1.contoso.com", NULL },
[CONFIG_SAVE_TO_SENT] = { "save_to_sent", parse_yes_no, AT(save_to_sent),
	NULL, "yes", "no",
	"Keep a copy in the mailbox's Sent Items?" },
[CONFIG_DELIVERY] = { "delivery", parse_delivery, AT(delivery), NULL, "auto",
	"exact",
	"When an answer is lost, and the mail with it or not: auto: the queue\n"
	"sends it once more, 5 minutes later. once: it waits for a person.\n"
	"Before either, Sent Items are searched, if the app has Mail.Read.\n"
	"exact: all goes by drafts, which can be asked; that needs the\n"
	"permission Mail.ReadWrite, and a copy in Sent Items." },
[CONFIG_MIME_LIMIT] = { "mime_limit", parse_mime_limit, AT(mime_limit), NULL,
	"2200000", "2200000",
    "The largest message that goes in one request, in bytes or with k m, 3m\n"
    "at most; a larger one goes as a draft with uploads (which needs\n"
    "Mail.ReadWrite) or as JSON. And how large its files may be together at\n"
	"all, without what encoding adds." },
[CONFIG_MAX_MESSAGE_SIZE] = { "max_message_size", parse_size,
	AT(max_message_size), NULL, "150m", "35m", NULL },
[CONFIG_RATE] = { "rate", parse_rate, AT(rate), NULL, NULL, "30/min",
	"How many messages may go at most, for all who use one spool_dir:\n"
	"/min, /h, /day, or none. Exchange delays more than 30 a minute, and\n"
	"takes 10,000 recipients a day." },
[CONFIG_ENABLED] = { "enabled", parse_yes_no, AT(enabled), NULL, "yes", "no",
	"no: nothing is sent." },
[CONFIG_BOUNCES] = { "bounces", parse_yes_no, AT(bounces), NULL, "yes", "no",
	"Tell the sender of what can't be delivered? And postmaster gets what\n"
	"would go to the mailbox itself, which perhaps nobody reads." },
[CONFIG_POSTMASTER] = { "postmaster", parse_mailbox, AT(postmaster), NULL,
	NULL, "ops@contoso.com", NULL },
[CONFIG_ALERT_COMMAND] = { "alert_command", parse_text, AT(alert_command),
	NULL, NULL, "logger -p mail.err",
	"What tells a person that mail waits or was given up, at most once an\n"
	"hour: run by /bin/sh, what happened is on its standard input." },
[CONFIG_CLOUD] = { "cloud", config_parse_cloud, AT(cloud), NULL, "global",
	"usgov",
	"global (GCC too), usgov (GCC High), dod, china; or the two URLs." },
[CONFIG_LOGIN_URL] = { "login_url", config_parse_login, AT(login_url),
	"AZURE_AUTHORITY_HOST", NULL, "https://login.microsoftonline.com",
	NULL },
[CONFIG_GRAPH_URL] = { "graph_url", config_parse_graph, AT(graph_url), NULL,
	NULL,
	"https://graph.microsoft.com/v1.0", NULL },
[CONFIG_CA] = { "ca", parse_path, AT(ca), NULL, "auto", "builtin",
	"Certificate authorities: auto (those inside the program, then the\n"
	"system's), builtin, system, or a PEM file." },
[CONFIG_PROXY] = { "proxy", parse_proxy, AT(proxy), NULL, NULL,
	"http://user:password@proxy.contoso.com:3128",
	"A proxy that takes CONNECT, or none. Where this is not set, the\n"
	"environment counts as for curl (HTTPS_PROXY, ALL_PROXY, NO_PROXY).\n"
	"no_proxy: what is reached without it: names with all below them,\n"
	"addresses, CIDR ranges, each perhaps with :port; * for all." },
[CONFIG_NO_PROXY] = { "no_proxy", parse_text, AT(no_proxy), NULL, NULL,
	"contoso.com, 10.0.0.0/8", NULL },
[CONFIG_CONNECT_TIMEOUT] = { "connect_timeout", parse_time,
	AT(connect_timeout_ms), NULL, "10s", "10s",
	"How long to wait for a connection, and for a whole request. send\n"
	"tries three times at most, the last begun within 10 s, so that it\n"
	"may take 10 s longer (more where a large message needs several\n"
	"requests)." },
[CONFIG_TIMEOUT] = { "timeout", parse_time, AT(timeout_ms), NULL, "120s",
	"120s", NULL },
[CONFIG_TOKEN_CACHE] = { "token_cache", parse_yes_no, AT(token_cache), NULL,
	"yes", "no",
	"Keep access tokens (an hour each) and TLS sessions in state_dir, and\n"
	"use them again?" },
[CONFIG_STATE_DIR] = { "state_dir", parse_path, AT(state_dir), NULL, NULL,
	"/var/lib/post365", NULL },
[CONFIG_SPOOL_DIR] = { "spool_dir", parse_path, AT(spool_dir), NULL, NULL,
	"/var/spool/post365",
	"The queue's folder; if not set /var/spool/post365 for root, else\n"
	"spool in state_dir. What a power cut may cost: full: nothing; file,\n"
	"for slow flash: mail of the last seconds; none: more. How long mail\n"
	"is tried." },
[CONFIG_SPOOL_SYNC] = { "spool_sync", parse_sync, AT(spool_sync), NULL,
	"full", "file", NULL },
[CONFIG_MAX_AGE] = { "max_age", parse_age, AT(max_age_ms), NULL, "5d", "2d",
	NULL },
[CONFIG_LOG_FILE] = { "log_file", parse_path, AT(log_file), NULL, NULL,
	"/var/log/post365/log",
	"Where each attempt is noted, for post365 log; if not set, log in\n"
	"state_dir." },
	/* known, so that a file for another version is told so */
	LATER("bare_newline"), LATER("syslog_name"),
	LATER("log_format"), LATER("metrics"),
	LATER("read_to_eof"),
};
/* clang-format on */

enum { ROWS = sizeof(config_rows) / sizeof(*config_rows) };

const struct config_row *
config_row_find(struct str name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (str_eq(str_of(config_rows[i].name), name))
			return &config_rows[i];
	return NULL;
}

const char *
config_row_nearest(struct str name)
{
	const char *names[CONFIG_KEYS + 1] = { NULL };

	for (size_t i = 0; i < CONFIG_KEYS; i++)
		names[i] = config_rows[i].name;
	return cli_nearest(name, names);
}

bool
config_row_is_secret(const struct config_row *row)
{
	return row->parse == parse_secret || row->parse == parse_proxy;
}

bool
config_row_has_secret(const struct config_row *row, struct str text)
{
	return row->parse == parse_secret ||
	    (row->parse == parse_proxy && proxy_has_secret(text));
}

const struct secret *
config_row_secret(const struct config_row *row, const struct config *c)
{
	return (const struct secret *)(const void *)((const char *)c + row->at);
}

bool
config_row_is_credential(const struct config_row *row)
{
	return row >= &config_rows[CONFIG_CLIENT_SECRET] &&
	    row <= &config_rows[CONFIG_MANAGED_IDENTITY];
}

bool
config_row_is_of_credential(const struct config_row *row)
{
	return row >= &config_rows[CONFIG_CLIENT_CERTIFICATE_KEY] &&
	    row <= &config_rows[CONFIG_SECRET_EXPIRES];
}

bool
config_row_is_access(const struct config_row *row)
{
	return row <= &config_rows[CONFIG_SECRET_EXPIRES] ||
	    (row >= &config_rows[CONFIG_CLOUD] &&
		row <= &config_rows[CONFIG_TOKEN_CACHE]);
}

bool
config_row_is_top_only(const struct config_row *row)
{
	static const bool keys[CONFIG_KEYS] = {
		[CONFIG_TOKEN_CACHE] = true,
		[CONFIG_STATE_DIR] = true,
		[CONFIG_SPOOL_DIR] = true,
		[CONFIG_SPOOL_SYNC] = true,
		[CONFIG_LOG_FILE] = true,
	};

	return keys[row - config_rows];
}

static void
print_size(uint64_t bytes, struct buf *out)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (bytes % (1ULL << sizes[i].shift) == 0) {
			buf_addf(out, "%llu%c",
			    (unsigned long long)bytes >> sizes[i].shift,
			    sizes[i].name);
			return;
		}
	buf_addf(out, "%llu", (unsigned long long)bytes);
}

static void
print_rate(const struct config_rate *rate, struct buf *out)
{
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		if (rate->n > 0 && rate->seconds == rates[i].seconds)
			buf_addf(out, "%llu%s", (unsigned long long)rate->n,
			    rates[i].name);
	if (rate->n == 0)
		buf_addz(out, "none");
}

static void
print_day(int64_t when, struct buf *out)
{
	char iso[DATE_ISO_SIZE];

	date_iso(when, iso);
	buf_add(out, iso, DAY_SIZE);
}

void
config_row_print(const struct config_row *row, const struct config *c,
    struct buf *out)
{
	const char *at = (const char *)c + row->at;

	if (row->parse == parse_secret)
		buf_addz(out, "***");
	else if (row->parse == parse_proxy)
		proxy_mask(secret_view(config_row_secret(row, c)), out);
	else if (row->parse == parse_yes_no)
		buf_addz(out, *(const bool *)at ? "yes" : "no");
	else if (row->parse == parse_time || row->parse == parse_age)
		buf_addf(out, "%llds",
		    *(const long long *)(const void *)at / 1000);
	else if (row->parse == parse_day)
		print_day(*(const int64_t *)(const void *)at, out);
	else if (row->parse == parse_rate)
		print_rate((const void *)at, out);
	else if (row->parse == parse_size || row->parse == parse_mime_limit)
		print_size(*(const uint64_t *)(const void *)at, out);
	else
		buf_adds(out, *(const struct str *)(const void *)at);
}
