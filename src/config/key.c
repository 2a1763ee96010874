/* SPDX-License-Identifier: MIT */
#include "config/key.h"

#include "base/nearest.h"
#include "config/access.h"
#include "config/cloud.h"

/* Columns half, top_only and at. */
#define PUBLIC(field)  CONFIG_PUBLIC, false, offsetof(struct config, field)
#define MACHINE(field) CONFIG_PUBLIC, true, offsetof(struct config, field)
#define ACCESS(field)  CONFIG_ACCESS, false, offsetof(struct access, field)
#define RELAY(name)                                                            \
	{                                                                      \
		name, NULL, CONFIG_PUBLIC, false, 0, NULL, NULL, NULL, NULL    \
	}

/* clang-format off */
const struct config_row config_rows[] = {
[CONFIG_TENANT_ID] = { "tenant_id", &config_type_tenant, ACCESS(tenant_id),
	"AZURE_TENANT_ID", NULL, "00000000-0000-0000-0000-000000000000",
	"Directory (tenant) ID, on the Overview page of the app that you\n"
	"registered in entra.microsoft.com > Entra ID > App registrations." },
[CONFIG_CLIENT_ID] = { "client_id", &config_type_guid, ACCESS(client_id),
	"AZURE_CLIENT_ID", NULL, "00000000-0000-0000-0000-000000000000",
	"Application (client) ID, on the same page." },
[CONFIG_CLIENT_SECRET] = { "client_secret", &config_type_hidden,
	ACCESS(client_secret),
	"AZURE_CLIENT_SECRET", NULL, "the-value-not-the-id",
	"The Value (not the Secret ID) of a secret made under Certificates &\n"
	"secrets. One of client_secret, client_secret_file and\n"
	"client_secret_command, or one of the other proofs below." },
[CONFIG_CLIENT_SECRET_FILE] = { "client_secret_file", &config_type_path,
	ACCESS(proof_text), NULL, NULL, "/run/secrets/post365",
	"A file whose first line is the secret." },
[CONFIG_CLIENT_SECRET_COMMAND] = { "client_secret_command", &config_type_text,
	ACCESS(proof_text), NULL, NULL, "pass show post365",
	"A command for /bin/sh whose first line of output is the secret." },
[CONFIG_CLIENT_CERTIFICATE] = { "client_certificate", &config_type_path,
	ACCESS(proof_text), "AZURE_CLIENT_CERTIFICATE_PATH", NULL,
	"/etc/post365/app.pem",
	"Instead of a secret: a PEM file with a certificate that was uploaded\n"
	"under Certificates & secrets, and its RSA key. `post365 config\n"
	"certificate` makes one." },
[CONFIG_FEDERATED_TOKEN_FILE] = { "federated_token_file", &config_type_path,
	ACCESS(proof_text), "AZURE_FEDERATED_TOKEN_FILE", NULL,
	"/var/run/secrets/azure/tokens/azure-identity-token",
	"Or the token of another identity provider that the app trusts\n"
	"(federated credential; Kubernetes, GitHub, ...)." },
[CONFIG_MANAGED_IDENTITY] = { "managed_identity", &config_type_managed,
	ACCESS(proof_text), NULL, NULL, "system",
	"Or the identity that Azure gives to the machine or app (VM, AKS,\n"
	"App Service, Functions, Container Apps, Service Fabric, Azure ML,\n"
	"Azure Arc): system, or the client ID of a user-assigned one.\n"
	"tenant_id and client_id are not needed then. `post365 print\n"
	"entra-setup` shows how it gets Mail.Send." },
[CONFIG_CLIENT_CERTIFICATE_KEY] = { "client_certificate_key", &config_type_path,
	ACCESS(client_certificate_key), NULL, NULL, "/etc/post365/app.key",
	"The key of client_certificate, where that is a file of its own." },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD] = { "client_certificate_password",
	&config_type_hidden, ACCESS(client_certificate_password),
	"AZURE_CLIENT_CERTIFICATE_PASSWORD", NULL, "the-password",
	"The password of an encrypted key." },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE] = {
	"client_certificate_password_file", &config_type_path,
	ACCESS(client_certificate_password_file), NULL, NULL,
	"/run/secrets/post365.password",
	"Or a file whose first line is that password." },
[CONFIG_CLIENT_ASSERTION_ALG] = { "client_assertion_alg", &config_type_alg,
	ACCESS(client_assertion_alg), NULL, "PS256", "RS256",
	"How sign-in by a certificate is signed: PS256, or RS256 for what\n"
	"does not take it." },
[CONFIG_SECRET_EXPIRES] = { "secret_expires", &config_type_day,
	ACCESS(secret_expires),
	NULL, NULL, "2027-03-31",
	"The last day of the secret, as the portal shows it: told 30, 14, 7,\n"
	"3 and 1 days before. (A certificate tells it itself.)" },
[CONFIG_FROM] = { "from", &config_type_sender, PUBLIC(from), NULL, NULL,
	"Monitoring <monitoring@contoso.com>",
	"Who sends: an address, or NAME <ADDRESS>." },
[CONFIG_MAILBOX] = { "mailbox", &config_type_mailbox, PUBLIC(mailbox), NULL,
	NULL,
	"monitoring@contoso.com",
	"The mailbox that sends, where it is not that of `from`: it needs the\n"
	"right to send as `from` then." },
[CONFIG_FROM_POLICY] = { "from_policy", &config_type_policy,
	PUBLIC(from_policy), NULL,
	"rewrite", "keep",
	"What becomes of a From in a ready message that is neither `from` nor\n"
	"`mailbox`: rewrite makes it `from`, and keeps the old one visible in\n"
	"the name, in Reply-To and in X-Original-From; keep leaves it, for a\n"
	"mailbox with the right to send as others; map does as from_map says,\n"
	"else as rewrite." },
[CONFIG_FROM_MAP] = { "from_map", &config_type_map, PUBLIC(from_map), NULL,
	NULL,
	"root > Web <web@contoso.com>, @old.example > web@contoso.com",
	"For from_policy = map: OLD > NEW, ...; OLD is an address, a name,\n"
	"@domain, or * for all." },
[CONFIG_ALIASES] = { "aliases", &config_type_path, PUBLIC(aliases), NULL, NULL,
	"/etc/post365/aliases",
	"Where mail for names without a domain goes: a file like aliases(5),\n"
	"\"root: ops@contoso.com\"; if not set /etc/post365/aliases, else\n"
	"/etc/aliases, if it is there. What is not in it goes to the name at\n"
	"default_domain; if that is not set, to `mailbox`." },
[CONFIG_DEFAULT_DOMAIN] = { "default_domain", &config_type_domain,
	PUBLIC(default_domain), NULL, NULL, "contoso.com",
	"The domain of names without one that are not in aliases." },
[CONFIG_LOCAL_NAMES] = { "local_names", &config_type_names,
	PUBLIC(local_names), NULL,
	NULL, "web1, web1.contoso.com",
	"Further names of this host: mail to NAME at one of them is mail to\n"
	"NAME alone. localhost, the hostname and those of /etc/hosts and\n"
	"/etc/mailname are such names anyway." },
[CONFIG_SAVE_TO_SENT] = { "save_to_sent", &config_type_yes_no,
	PUBLIC(save_to_sent),
	NULL, "yes", "no",
	"Keep a copy in the mailbox's Sent Items?" },
[CONFIG_DELIVERY] = { "delivery", &config_type_delivery, PUBLIC(delivery),
	NULL, "auto",
	"exact",
	"When an answer is lost, and the mail with it or not: auto: the queue\n"
	"sends it once more, 5 minutes later. once: it waits for a person.\n"
	"Before either, Sent Items are searched, if the app has Mail.Read.\n"
	"exact: all goes by drafts, which can be asked; that needs the\n"
	"permission Mail.ReadWrite, and a copy in Sent Items." },
[CONFIG_MIME_LIMIT] = { "mime_limit", &config_type_mime_limit,
	PUBLIC(mime_limit), NULL,
	"2200000", "2200000",
	"The largest message that goes in one request, in bytes or with k m,\n"
	"3m at most; a larger one goes as a draft with uploads (which needs\n"
	"Mail.ReadWrite) or as JSON." },
[CONFIG_MAX_MESSAGE_SIZE] = { "max_message_size", &config_type_size,
	PUBLIC(max_message_size), NULL, "150m", "35m",
	"How large the files of a message may be together, without what\n"
	"encoding adds." },
[CONFIG_RATE] = { "rate", &config_type_rate, PUBLIC(rate), NULL, "none",
	"30/min",
	"How many messages may go at most, for all who use one spool_dir:\n"
	"/min, /h, /day, or none. Exchange delays more than 30 a minute, and\n"
	"takes 10,000 recipients a day." },
[CONFIG_ENABLED] = { "enabled", &config_type_yes_no, PUBLIC(enabled), NULL,
	"yes", "no",
	"no: nothing is sent." },
[CONFIG_BOUNCES] = { "bounces", &config_type_yes_no, PUBLIC(bounces), NULL,
	"yes", "no",
	"Tell the sender of what can't be delivered?" },
[CONFIG_POSTMASTER] = { "postmaster", &config_type_mailbox,
	PUBLIC(postmaster), NULL,
	NULL, "ops@contoso.com",
	"Who gets what would be told to the mailbox itself, which perhaps\n"
	"nobody reads." },
[CONFIG_READ_BOUNCES] = { "read_bounces", &config_type_yes_no,
	PUBLIC(read_bounces), NULL, "no", "yes",
	"yes: delivery reports in the mailbox's inbox get a line in the log,\n"
	"bounced, with their code. The app needs Mail.Read." },
[CONFIG_ALERT_COMMAND] = { "alert_command", &config_type_text,
	ACCESS(alert_command),
	NULL, NULL, "logger -p mail.err",
	"What tells a person that mail waits or was given up, at most once an\n"
	"hour: run by /bin/sh, what happened is on its standard input." },
[CONFIG_CLOUD] = { "cloud", &config_type_cloud, ACCESS(cloud), NULL, "global",
	"usgov",
	"global (GCC too), usgov (GCC High), dod, china; or the two URLs." },
[CONFIG_LOGIN_URL] = { "login_url", &config_type_login, ACCESS(login_url),
	"AZURE_AUTHORITY_HOST", NULL, "https://login.microsoftonline.com",
	"Where to sign in, without the tenant." },
[CONFIG_GRAPH_URL] = { "graph_url", &config_type_graph, ACCESS(graph_url), NULL,
	NULL,
	"https://graph.microsoft.com/v1.0",
	"Where Graph is, with its version." },
[CONFIG_CA] = { "ca", &config_type_path, ACCESS(ca), NULL, "auto", "builtin",
	"Certificate authorities: auto (those inside the program, then the\n"
	"system's), builtin, system, or a PEM file." },
[CONFIG_PROXY] = { "proxy", &config_type_proxy, ACCESS(proxy), NULL, NULL,
	"http://user:password@proxy.contoso.com:3128",
	"A proxy that takes CONNECT, or none. Where this is not set, the\n"
	"environment counts as for curl (HTTPS_PROXY, ALL_PROXY, NO_PROXY)." },
[CONFIG_NO_PROXY] = { "no_proxy", &config_type_text, ACCESS(no_proxy), NULL,
	NULL,
	"contoso.com, 10.0.0.0/8",
	"What is reached without the proxy: names with all below them,\n"
	"addresses, CIDR ranges, each perhaps with :port; * for all." },
[CONFIG_CONNECT_TIMEOUT] = { "connect_timeout", &config_type_time,
	ACCESS(connect_timeout_ms), NULL, "10s", "10s",
	"How long to wait for a connection." },
[CONFIG_TIMEOUT] = { "timeout", &config_type_time, ACCESS(timeout_ms), NULL,
	"120s",
	"120s",
	"How long to wait for a whole request. send tries three times at\n"
	"most, the last begun within 10 s, so that it may take 10 s longer\n"
	"(more where a large message needs several requests)." },
[CONFIG_TOKEN_CACHE] = { "token_cache", &config_type_yes_no, CONFIG_ACCESS,
	true, offsetof(struct access, token_cache), NULL,
	"yes", "no",
	"Keep access tokens (an hour each) and TLS sessions in state_dir, and\n"
	"use them again?" },
[CONFIG_STATE_DIR] = { "state_dir", &config_type_path, MACHINE(state_dir),
	NULL, NULL,
	"/var/lib/post365",
	"Where tokens, locks and the journal are kept." },
[CONFIG_SPOOL_DIR] = { "spool_dir", &config_type_path, MACHINE(spool_dir),
	NULL, NULL,
	"/var/spool/post365",
	"The queue's folder." },
[CONFIG_SPOOL_SYNC] = { "spool_sync", &config_type_sync, MACHINE(spool_sync),
	NULL,
	"full", "file",
	"What a power cut may cost: full: nothing; file, for slow flash: mail\n"
	"of the last seconds; none: more." },
[CONFIG_MIN_FREE] = { "min_free", &config_type_space, MACHINE(min_free),
	NULL, "16m", "100m",
	"New mail is refused (exit 75, in SMTP 452) when less than this, or\n"
	"than a tenth of the disk, would stay free." },
[CONFIG_MAX_QUEUE] = { "max_queue", &config_type_count, MACHINE(max_queue),
	NULL, "100000", "10000",
	"Or when so many messages wait." },
[CONFIG_MAX_SPOOL] = { "max_spool", &config_type_space, MACHINE(max_spool),
	NULL, "none", "2g",
	"Or when the files of the queue have this size (none: no limit)." },
[CONFIG_MAX_AGE] = { "max_age", &config_type_age, PUBLIC(max_age_ms), NULL,
	"5d", "2d",
	"How long mail is tried before it is given up." },
[CONFIG_LOG_FILE] = { "log_file", &config_type_path, MACHINE(log_file), NULL,
	NULL,
	"/var/log/post365/log",
	"Where each attempt is noted, for post365 log." },
[CONFIG_LOG_SUBJECT] = { "log_subject", &config_type_yes_no,
	PUBLIC(log_subject), NULL, "no", "yes",
	"yes: queue and log show the subject of each message. no is the\n"
	"default for privacy: subjects name people, and logs are passed on." },
	/* told where they belong */
	RELAY("bare_newline"), RELAY("syslog_name"),
	RELAY("log_format"), RELAY("metrics"),
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
	return row->type->secret != NULL;
}

bool
config_row_has_secret(const struct config_row *row, struct str text)
{
	return row->type->secret != NULL && row->type->secret(text);
}

bool
config_row_is_credential(const struct config_row *row)
{
	return row >= &config_rows[CONFIG_CLIENT_SECRET] &&
	    row <= &config_rows[CONFIG_MANAGED_IDENTITY];
}

bool
config_row_gives_way(const struct config_row *row,
    const struct config_row *proof)
{
	return config_row_is_credential(proof) && row != proof &&
	    row >= &config_rows[CONFIG_CLIENT_SECRET] &&
	    row <= &config_rows[CONFIG_SECRET_EXPIRES] &&
	    (config_row_is_credential(row) ||
		row == &config_rows[CONFIG_SECRET_EXPIRES] ||
		proof != &config_rows[CONFIG_CLIENT_CERTIFICATE]);
}

void
config_row_print(const struct config_row *row, const void *half,
    struct buf *out)
{
	row->type->print((const char *)half + row->at, out);
}
