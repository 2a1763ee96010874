/* SPDX-License-Identifier: MIT */
#include "config/managed_find.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t.h"

#define N(a)      (sizeof(a) / sizeof(*(a)))
#define THUMB     "0123456789abcdefABCDEF012345678901234567"
#define IMDS_PATH "/metadata/identity/oauth2/token"

enum variable {
	IDENTITY_ENDPOINT,
	IDENTITY_HEADER,
	THUMBPRINT,
	MSI_ENDPOINT,
	MSI_SECRET,
	IMDS_ENDPOINT,
	POD_HOST,
	VARIABLES
};

static const char *const variables[VARIABLES] = { "IDENTITY_ENDPOINT",
	"IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT",
	"MSI_SECRET", "IMDS_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST" };

static const struct row {
	const char *name, *value[VARIABLES];
	const char *fails; /* in the message; NULL: found */
	enum managed_source source;
	const char *endpoint, *header, *thumbprint;
} rows[] = {
	/* clang-format off */
	{ "service fabric", { "https://localhost:2377/x", "secret", THUMB },
	  NULL, MANAGED_SERVICE_FABRIC, "https://localhost:2377/x", "secret",
	  THUMB },
	{ "app service", { "http://10.0.0.4:8081/msi/token", "secret" }, NULL,
	  MANAGED_APP_SERVICE, "http://10.0.0.4:8081/msi/token", "secret",
	  "" },
	{ "app service has the old variables, too", { "http://localhost:1/a",
	  "new", NULL, "http://localhost:1/b", "old" }, NULL,
	  MANAGED_APP_SERVICE, "http://localhost:1/a", "new", "" },
	{ "azure ml", { NULL, NULL, NULL, "http://localhost:1/ml", "s" }, NULL,
	  MANAGED_MACHINE_LEARNING, "http://localhost:1/ml", "s", "" },
	{ "cloud shell", { NULL, NULL, NULL, "http://localhost:50342/oauth2" },
	  "Cloud Shell", MANAGED_IMDS, "", "", "" },
	{ "arc", { "http://localhost:40342" IMDS_PATH, NULL, NULL, NULL, NULL,
	  "http://localhost:40342" }, NULL, MANAGED_ARC,
	  "http://localhost:40342" IMDS_PATH, "", "" },
	{ "empty ones are none", { "", "", "", "", "", "", "" }, NULL,
	  MANAGED_IMDS, "http://169.254.169.254" IMDS_PATH, "", "" },
	{ "imds", { NULL }, NULL, MANAGED_IMDS,
	  "http://169.254.169.254" IMDS_PATH, "", "" },
	{ "half of app service", { "http://localhost:1/x" }, NULL,
	  MANAGED_IMDS, "http://169.254.169.254" IMDS_PATH, "", "" },
	{ "imds elsewhere", { [POD_HOST] = "http://127.0.0.1:81" }, NULL,
	  MANAGED_IMDS, "http://127.0.0.1:81" IMDS_PATH, "", "" },
	{ "imds elsewhere, slash", { [POD_HOST] = "http://127.0.0.1:81/" },
	  NULL, MANAGED_IMDS, "http://127.0.0.1:81" IMDS_PATH, "", "" },

	{ "no URL", { "localhost:1", "s" }, "environment IDENTITY_ENDPOINT: ",
	  MANAGED_IMDS, "", "", "" },
	{ "no URL for azure ml", { [MSI_ENDPOINT] = "/run/sock",
	  [MSI_SECRET] = "s" }, "environment MSI_ENDPOINT: ", MANAGED_IMDS,
	  "", "", "" },
	{ "no URL for imds", { [POD_HOST] = "127.0.0.1" },
	  "environment AZURE_POD_IDENTITY_AUTHORITY_HOST: ", MANAGED_IMDS,
	  "", "", "" },
	{ "secret with a line end", { "http://localhost:1/", "HUS\r\nHED" },
	  "environment IDENTITY_HEADER: ", MANAGED_IMDS, "", "", "" },
	{ "fabric without TLS", { "http://localhost:1/x", "s", THUMB },
	  "not https", MANAGED_IMDS, "", "", "" },
	{ "short thumbprint", { "https://localhost:1/x", "s", "00ff" },
	  "environment IDENTITY_SERVER_THUMBPRINT: \"00ff\"", MANAGED_IMDS,
	  "", "", "" },
	{ "thumbprint not hex", { "https://localhost:1/x", "s",
	  "g123456789012345678901234567890123456789" }, "40 hex digits",
	  MANAGED_IMDS, "", "", "" },
	/* clang-format on */
};

static void
set_up(const struct row *row)
{
	for (size_t i = 0; i < VARIABLES; i++)
		if (row->value[i] != NULL)
			(void)setenv(variables[i], row->value[i], 1);
		else
			(void)unsetenv(variables[i]);
}

static void
check_row(const struct row *row)
{
	struct managed m;
	struct arena a;
	struct err e = { 0 };
	bool ok;

	set_up(row);
	arena_init(&a, 65536);
	ok = managed_find(&a, &m, &e);
	T_CHECK(ok == (row->fails == NULL), "%s: %s", row->name, e.msg);
	if (ok) {
		T_CHECK(m.source == row->source, "%s: %s", row->name,
		    managed_source_name(m.source));
		T_CHECK(str_eq(m.endpoint, str_of(row->endpoint)), "%s: %.*s",
		    row->name, STR_ARG(m.endpoint));
		T_CHECK(str_eq(m.header, str_of(row->header)), "%s: %.*s",
		    row->name, STR_ARG(m.header));
		T_CHECK(str_eq(m.thumbprint, str_of(row->thumbprint)),
		    "%s: %.*s", row->name, STR_ARG(m.thumbprint));
	} else {
		T_CHECK(e.kind == ERR_CONFIG, "%s: %s", row->name,
		    err_kind_name(e.kind));
		T_CHECK(row->fails != NULL && strstr(e.msg, row->fails) != NULL,
		    "%s: %s", row->name, e.msg);
		T_CHECK(e.remedy[0] != '\0', "%s: no remedy", row->name);
		T_CHECK(strstr(e.msg, "HUS") == NULL, "%s: %s", row->name,
		    e.msg);
	}
	arena_release(&a);
}

static void
test_rows(void)
{
	if (access("/opt/azcmagent/bin/himds", F_OK) == 0 ||
	    access("/var/opt/azcmagent/bin/himds", F_OK) == 0) {
		t_skip("this machine has Azure Arc's agent");
		return;
	}
	for (size_t i = 0; i < N(rows); i++)
		check_row(&rows[i]);
}

static void
find_without_memory(void)
{
	struct managed m;
	struct arena a;
	struct err e;

	arena_init(&a, 65536);
	if (!managed_find(&a, &m, &e))
		T_CHECK(e.kind == ERR_RETRY, "%s", e.msg);
	arena_release(&a);
}

static void
test_no_memory(void)
{
	set_up(&rows[0]);
	t_each_allocation_fails(find_without_memory);
	set_up(&rows[9]);
	t_each_allocation_fails(find_without_memory);
}

static const struct t_test tests[] = {
	{ "what the environment tells", test_rows },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
