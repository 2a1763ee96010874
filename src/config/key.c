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
		name, NULL, CONFIG_PUBLIC, false, 0, NULL, NULL, NULL          \
	}

/* clang-format off */
const struct config_row config_rows[] = {
[CONFIG_TENANT_ID] = { "tenant_id", &config_type_tenant, ACCESS(tenant_id),
	"AZURE_TENANT_ID", NULL, "00000000-0000-0000-0000-000000000000" },
[CONFIG_CLIENT_ID] = { "client_id", &config_type_guid, ACCESS(client_id),
	"AZURE_CLIENT_ID", NULL, "00000000-0000-0000-0000-000000000000" },
[CONFIG_CLIENT_SECRET] = { "client_secret", &config_type_hidden,
	ACCESS(client_secret),
	"AZURE_CLIENT_SECRET", NULL, "the-value-not-the-id" },
[CONFIG_CLIENT_SECRET_FILE] = { "client_secret_file", &config_type_path,
	ACCESS(proof_text), NULL, NULL, "/run/secrets/post365" },
[CONFIG_CLIENT_SECRET_COMMAND] = { "client_secret_command", &config_type_text,
	ACCESS(proof_text), NULL, NULL, "pass show post365" },
[CONFIG_CLIENT_CERTIFICATE] = { "client_certificate", &config_type_path,
	ACCESS(proof_text), "AZURE_CLIENT_CERTIFICATE_PATH", NULL,
	"/etc/post365/app.pem" },
[CONFIG_FEDERATED_TOKEN_FILE] = { "federated_token_file", &config_type_path,
	ACCESS(proof_text), "AZURE_FEDERATED_TOKEN_FILE", NULL,
	"/var/run/secrets/azure/tokens/azure-identity-token" },
[CONFIG_MANAGED_IDENTITY] = { "managed_identity", &config_type_managed,
	ACCESS(proof_text), NULL, NULL, "system" },
[CONFIG_CLIENT_CERTIFICATE_KEY] = { "client_certificate_key", &config_type_path,
	ACCESS(client_certificate_key), NULL, NULL, "/etc/post365/app.key" },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD] = { "client_certificate_password",
	&config_type_hidden, ACCESS(client_certificate_password),
	"AZURE_CLIENT_CERTIFICATE_PASSWORD", NULL, "the-password" },
[CONFIG_CLIENT_CERTIFICATE_PASSWORD_FILE] = {
	"client_certificate_password_file", &config_type_path,
	ACCESS(client_certificate_password_file), NULL, NULL,
	"/run/secrets/post365.password" },
[CONFIG_CLIENT_ASSERTION_ALG] = { "client_assertion_alg", &config_type_alg,
	ACCESS(client_assertion_alg), NULL, "PS256", "RS256" },
[CONFIG_SECRET_EXPIRES] = { "secret_expires", &config_type_day,
	ACCESS(secret_expires),
	NULL, NULL, "2027-03-31" },
[CONFIG_FROM] = { "from", &config_type_sender, PUBLIC(from), NULL, NULL,
	"Monitoring <monitoring@contoso.com>" },
[CONFIG_MAILBOX] = { "mailbox", &config_type_mailbox, PUBLIC(mailbox), NULL,
	NULL,
	"monitoring@contoso.com" },
[CONFIG_FROM_POLICY] = { "from_policy", &config_type_policy,
	PUBLIC(from_policy), NULL,
	"rewrite", "keep" },
[CONFIG_FROM_MAP] = { "from_map", &config_type_map, PUBLIC(from_map), NULL,
	NULL,
	"root > Web <web@contoso.com>, @old.example > web@contoso.com" },
[CONFIG_ALIASES] = { "aliases", &config_type_path, PUBLIC(aliases), NULL, NULL,
	"/etc/post365/aliases" },
[CONFIG_DEFAULT_DOMAIN] = { "default_domain", &config_type_domain,
	PUBLIC(default_domain), NULL, NULL, "contoso.com" },
[CONFIG_LOCAL_NAMES] = { "local_names", &config_type_names,
	PUBLIC(local_names), NULL,
	NULL, "web1, web1.contoso.com" },
[CONFIG_SAVE_TO_SENT] = { "save_to_sent", &config_type_yes_no,
	PUBLIC(save_to_sent),
	NULL, "yes", "no" },
[CONFIG_DELIVERY] = { "delivery", &config_type_delivery, PUBLIC(delivery),
	NULL, "auto",
	"exact" },
[CONFIG_MIME_LIMIT] = { "mime_limit", &config_type_mime_limit,
	PUBLIC(mime_limit), NULL,
	"2200000", "2200000" },
[CONFIG_MAX_MESSAGE_SIZE] = { "max_message_size", &config_type_size,
	PUBLIC(max_message_size), NULL, "150m", "35m" },
[CONFIG_RATE] = { "rate", &config_type_rate, PUBLIC(rate), NULL, "none",
	"30/min" },
[CONFIG_ENABLED] = { "enabled", &config_type_yes_no, PUBLIC(enabled), NULL,
	"yes", "no" },
[CONFIG_BOUNCES] = { "bounces", &config_type_yes_no, PUBLIC(bounces), NULL,
	"yes", "no" },
[CONFIG_POSTMASTER] = { "postmaster", &config_type_mailbox,
	PUBLIC(postmaster), NULL,
	NULL, "ops@contoso.com" },
[CONFIG_READ_BOUNCES] = { "read_bounces", &config_type_yes_no,
	PUBLIC(read_bounces), NULL, "no", "yes" },
[CONFIG_ALERT_COMMAND] = { "alert_command", &config_type_text,
	ACCESS(alert_command),
	NULL, NULL, "logger -p mail.err" },
[CONFIG_CLOUD] = { "cloud", &config_type_cloud, ACCESS(cloud), NULL, "global",
	"usgov" },
[CONFIG_LOGIN_URL] = { "login_url", &config_type_login, ACCESS(login_url),
	"AZURE_AUTHORITY_HOST", NULL, "https://login.microsoftonline.com" },
[CONFIG_GRAPH_URL] = { "graph_url", &config_type_graph, ACCESS(graph_url), NULL,
	NULL,
	"https://graph.microsoft.com/v1.0" },
[CONFIG_CA] = { "ca", &config_type_path, ACCESS(ca), NULL, "auto", "builtin" },
[CONFIG_PROXY] = { "proxy", &config_type_proxy, ACCESS(proxy), NULL, NULL,
	"http://user:password@proxy.contoso.com:3128" },
[CONFIG_NO_PROXY] = { "no_proxy", &config_type_text, ACCESS(no_proxy), NULL,
	NULL,
	"contoso.com, 10.0.0.0/8" },
[CONFIG_CONNECT_TIMEOUT] = { "connect_timeout", &config_type_time,
	ACCESS(connect_timeout_ms), NULL, "10s", "10s" },
[CONFIG_TIMEOUT] = { "timeout", &config_type_time, ACCESS(timeout_ms), NULL,
	"120s",
	"120s" },
[CONFIG_TOKEN_CACHE] = { "token_cache", &config_type_yes_no, CONFIG_ACCESS,
	true, offsetof(struct access, token_cache), NULL,
	"yes", "no" },
[CONFIG_STATE_DIR] = { "state_dir", &config_type_path, MACHINE(state_dir),
	NULL, NULL,
	"/var/lib/post365" },
[CONFIG_SPOOL_DIR] = { "spool_dir", &config_type_path, MACHINE(spool_dir),
	NULL, NULL,
	"/var/spool/post365" },
[CONFIG_SPOOL_SYNC] = { "spool_sync", &config_type_sync, MACHINE(spool_sync),
	NULL,
	"full", "file" },
[CONFIG_MIN_FREE] = { "min_free", &config_type_space, MACHINE(min_free),
	NULL, "16m", "100m" },
[CONFIG_MAX_QUEUE] = { "max_queue", &config_type_count, MACHINE(max_queue),
	NULL, "100000", "10000" },
[CONFIG_MAX_SPOOL] = { "max_spool", &config_type_space, MACHINE(max_spool),
	NULL, "none", "2g" },
[CONFIG_MAX_AGE] = { "max_age", &config_type_age, PUBLIC(max_age_ms), NULL,
	"5d", "2d" },
[CONFIG_LOG_FILE] = { "log_file", &config_type_path, MACHINE(log_file), NULL,
	NULL,
	"/var/log/post365/log" },
[CONFIG_LOG_SUBJECT] = { "log_subject", &config_type_yes_no,
	PUBLIC(log_subject), NULL, "no", "yes" },
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

struct str
config_row_help(const struct config_row *row, const struct packed *texts)
{
	struct str rest = packed_view(texts, TEXT_SETTINGS), line;
	size_t n;

	while (str_next(&rest, '\n', &line)) {
		if (line.n < 2 || line.p[0] != '[' ||
		    !str_eq(str_of(row->name),
			str_from(str_first(line, line.n - 1), 1)))
			continue;
		n = str_find(rest, STR("\n\n"));
		return str_first(rest, n < rest.n ? n : rest.n - 1);
	}
	return STR("");
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
