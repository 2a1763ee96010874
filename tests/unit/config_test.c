/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/os.h"
#include "command.h"
#include "command/config/settings.h"
#include "config/access.h"
#include "config/file.h"
#include "config/key.h"
#include "config/proxy.h"
#include "config/secret.h"
#include "config/share.h"
#include "config/show.h"
#include "t.h"

enum { TEXT_MAX = 256 * 1024 };

#define TENANT "11111111-2222-3333-4444-555555555555"
#define CLIENT "66666666-7777-8888-9999-aaaaaaaaaaaa"
#define IDS    "tenant_id = " TENANT "\nclient_id = " CLIENT "\n"

static const struct log silent = { 0 };

/*
 * Loads text with an environment ("A=b", blanks between) and shows what it
 * came to. want: lines that are shown, `|` between; or what the message has.
 */
/* clang-format off */
static const struct {
	const char *name, *text, *env, *account, *from;
	bool ok;
	const char *want;
} cases[] = {
	{ "empty", "", "", NULL, NULL, true,
	  "# not set: tenant_id|# default\nca = auto\nconnect_timeout = 10s\n"
	  "timeout = 2m|"
	  "connect_timeout = 10s|ca = auto|"
	  "save_to_sent = yes|token_cache = yes|"
	  "enabled = yes|# not set: from|# not set: mailbox|"
	  "from_policy = rewrite|delivery = auto|"
	  "mime_limit = 2200000|"
	  "max_message_size = 150m|# not set: from_map|"
	  "# not set: aliases|# not set: default_domain|"
	  "login_url = https://login.microsoftonline.com\n|"
	  "graph_url = https://graph.microsoft.com/v1.0\n" },
	{ "plain", IDS "from=a@b.example\n", "", NULL, NULL, true,
	  "# from FILE:1\ntenant_id = " TENANT "|client_id = " CLIENT "|"
	  "# from FILE:3\nfrom = a@b.example|"
	  "# that of from\nmailbox = a@b.example" },
	{ "blanks and comments", " \t# x\n\n  from \t=  a@b.example \t\n#",
	  "", NULL, NULL, true, "# from FILE:3\nfrom = a@b.example\n" },
	{ "CRLF and mark", "\357\273\277from = a@b.example\r\n\r\n", "", NULL,
	  NULL, true, "from = a@b.example\n" },
	{ "# in a value", "client_secret_command = echo a # b = c", "", NULL,
	  NULL, true, "client_secret_command = echo a # b = c\n" },
	{ "secret is masked", "client_secret = abc~def", "", NULL, NULL, true,
	  "# from FILE:1\nclient_secret = ***" },
	{ "mailbox alone", "mailbox = a@b.example", "", NULL, NULL, true,
	  "# as mailbox\nfrom = a@b.example" },
	{ "name in from", "from = A B <a@b.example>", "", NULL, NULL, true,
	  "from = A B <a@b.example>|mailbox = a@b.example" },
	{ "both", "from = x@b.example\nmailbox = a@b.example", "", NULL, NULL,
	  true, "from = x@b.example|# from FILE:2\nmailbox = a@b.example" },
	{ "option from", "from = x@b.example", "", NULL, "y@b.example", true,
	  "# from option --from\nfrom = y@b.example|"
	  "mailbox = y@b.example" },
	{ "option from, mailbox stays", "mailbox = x@b.example", "", NULL,
	  "y@b.example", true,
	  "from = y@b.example|mailbox = x@b.example" },
	{ "option from, bad", "", "", NULL, "y@", false, "--from" },
	{ "times", "timeout = 2m\nconnect_timeout = 1", "", NULL, NULL, true,
	  "timeout = 2m|connect_timeout = 1s" },
	{ "time with blank", "timeout = 3 h", "", NULL, NULL, true,
	  "timeout = 3h" },
	{ "time, a day", "timeout = 1d", "", NULL, NULL, true,
	  "timeout = 1d" },
	{ "age", "max_age = 30d", "", NULL, NULL, true, "max_age = 30d" },
	{ "age, too long", "max_age = 31d", "", NULL, NULL, false,
	  "max_age: \"31d\" is not a time from 1s to 30d, like 2d" },
	{ "time, too long", "timeout = 2d", "", NULL, NULL, false,
	  "timeout: \"2d\" is not a time from 1s to 1d, like 120s" },
	{ "rate", "rate = 30/min", "", NULL, NULL, true,
	  "# from FILE:1\nrate = 30/min" },
	{ "rate, a day", "rate = 5000/day", "POST365_RATE=100/h", NULL, NULL,
	  true, "rate = 100/h" },
	{ "rate, none", "rate = none", "", NULL, NULL, true, "rate = none" },
	{ "rate, not set", "", "", NULL, NULL, true, "rate = none" },
	{ "rate, zero", "rate = 0/min", "", NULL, NULL, false,
	  "rate: \"0/min\" is neither none nor 1 to 1000000 messages /min, /h "
	  "or /day, like 30/min" },
	{ "rate, bare", "rate = 30", "", NULL, NULL, false, "rate: \"30\" is" },
	{ "rate, a second", "rate = 1/s", "", NULL, NULL, false,
	  "rate: \"1/s\" is" },
	{ "rate, too much", "rate = 1000001/h", "", NULL, NULL, false,
	  "rate: \"1000001/h\" is" },
	{ "spool", "state_dir = /s", "", NULL, NULL, true,
	  "spool_dir = /s/spool|spool_sync = full|"
	  "max_age = 5d|log_file = /s/log" },
	{ "spool, places", "spool_dir = /q\nlog_file = /l/x\nspool_sync = none",
	  "", NULL, NULL, true, "# from FILE:1\nspool_dir = /q|"
	  "# from FILE:2\nlog_file = /l/x|spool_sync = none" },
	{ "room", "min_free = 1g\nmax_queue = 5\nmax_spool = 200g", "",
	  NULL, NULL, true, "min_free = 1g|max_queue = 5|max_spool = 200g" },
	{ "room, as it is", "", "", NULL, NULL, true, ""
	  "min_free = 16m|max_queue = 100000|"
	  "max_spool = none" },
	{ "room, none", "max_queue = 0", "", NULL, NULL, false,
	  "max_queue: \"0\" is not a number from 1 to 1000000000, like 10000" },
	{ "room, too much", "max_spool = 100001g", "", NULL, NULL, false,
	  "max_spool: \"100001g\" is not a size from 1k to 100000g, like 2g" },
	{ "room, of the machine", "[account x]\nmin_free = 1g", "", "x", NULL,
	  false, "min_free cannot differ" },
	{ "spool, bad sync", "spool_sync = yes", "", NULL, NULL, false,
	  "spool_sync: \"yes\" is not one of full, file, none" },
	{ "domain as tenant", "tenant_id = contoso.onmicrosoft.com", "", NULL,
	  NULL, true, "tenant_id = contoso.onmicrosoft.com" },
	{ "cloud", "cloud = dod", "", NULL, NULL, true, "cloud = dod|"
	  "# that of the cloud\nlogin_url = https://login.microsoftonline.us|"
	  "graph_url = https://dod-graph.microsoft.us/v1.0" },
	{ "cloud and URL", "cloud = china\ngraph_url = https://g.example/v9/",
	  "", NULL, NULL, true, "graph_url = https://g.example/v9\n|"
	  "login_url = https://login.partner.microsoftonline.cn\n" },
	{ "cloud replaces lower URLs",
	  "login_url = https://l.example\ngraph_url = https://g.example/v1.0",
	  "POST365_CLOUD=usgov", NULL, NULL, true,
	  "login_url = https://login.microsoftonline.us\n|"
	  "graph_url = https://graph.microsoft.us/v1.0\n" },
	{ "loopback", "login_url = http://127.0.0.1:80/\n"
	  "graph_url = http://[::1]:4010", "", NULL, NULL, true,
	  "login_url = http://127.0.0.1:80\n|graph_url = http://[::1]:4010\n"
	},

	{ "environment", IDS "from = a@b.example",
	  "POST365_FROM=c@d.example POST365_TIMEOUT=7s", NULL, NULL, true,
	  "# from environment POST365_FROM\nfrom = c@d.example|"
	  "# from environment POST365_TIMEOUT\ntimeout = 7s" },
	{ "Azure's names", "", "AZURE_TENANT_ID=" TENANT " AZURE_CLIENT_ID="
	  CLIENT " AZURE_CLIENT_SECRET=s AZURE_AUTHORITY_HOST="
	  "https://login.microsoftonline.us/", NULL, NULL, true,
	  "# from environment AZURE_TENANT_ID\ntenant_id = " TENANT "|"
	  "client_id = " CLIENT "|# from environment AZURE_CLIENT_SECRET\n"
	  "client_secret = ***|# from environment AZURE_AUTHORITY_HOST\n"
	  "login_url = https://login.microsoftonline.us\n" },
	{ "bare authority", "", "AZURE_AUTHORITY_HOST=login.example", NULL,
	  NULL, true, "login_url = https://login.example\n" },
	{ "ours before Azure's", "", "AZURE_CLIENT_ID=" TENANT
	  " POST365_CLIENT_ID=" CLIENT, NULL, NULL, true,
	  "client_id = " CLIENT },
	{ "empty variable", "from = a@b.example",
	  "POST365_FROM= AZURE_TENANT_ID=", NULL, NULL, true,
	  "from = a@b.example|# not set: tenant_id" },
	{ "bad variable", "", "POST365_TIMEOUT=soon", NULL, NULL, false,
	  "environment POST365_TIMEOUT: timeout: \"soon\" is not a time" },
	{ "variable of a later version", "", "POST365_METRICS=/x", NULL,
	  NULL, false, "POST365_METRICS: metrics is a setting of the relay's"
	},
	{ "variable, control character", "", "AZURE_CLIENT_SECRET=a\001b",
	  NULL, NULL, false,
	  "environment AZURE_CLIENT_SECRET: byte 2 is a control character" },

	{ "account", IDS "from = a@b.example\n[account x]\nfrom = x@b.example",
	  "", "x", NULL, true, "# account x|client_id = " CLIENT "|"
	  "# from FILE:5\nfrom = x@b.example" },
	{ "account by variable", "[account x.y]\nfrom = x@b.example",
	  "POST365_ACCOUNT=x.y", NULL, NULL, true, "from = x@b.example" },
	{ "option before variable", "[account x]\nfrom = x@b.example\n"
	  "[account y]\nfrom = y@b.example", "POST365_ACCOUNT=x", "y", NULL,
	  true, "from = y@b.example" },
	{ "account by sender", "from = a@b.example\n[account x]\ntimeout=1s\n"
	  "mailbox = X@B.example\nfrom = z@b.example", "", NULL,
	  "x@b.example", true, "# account x|timeout = 1s" },
	{ "sender is the top's", "from = a@b.example\n[account x]\n"
	  "timeout = 1s\nfrom = a@b.example", "", NULL, "a@b.example", true,
	  "timeout = 2m" },
	{ "sender of nobody", "[account x]\ntimeout = 1s\nfrom = x@b.example",
	  "", NULL, "n@b.example", true, "timeout = 2m" },
	{ "no such account", "[account x]\n[account y]", "", "z", NULL, false,
	  "there is no [account z] in FILE / the accounts there are: x, y" },
	{ "account twice", "[account x]\n\n[account x]", "", NULL, NULL,
	  false, "FILE:3: [account x] stands in line 1 already" },
	{ "bad value in another account", "[account x]\nbounces = soon", "",
	  NULL, NULL, true, "bounces = yes" },
	{ "bad value in the account", "[account x]\nbounces = soon", "", "x",
	  NULL, false, "FILE:2: bounces: \"soon\" is neither yes nor no" },
	{ "the machine's in an account", "[account x]\nspool_dir = /s", "",
	  "x", NULL, false, "FILE:2: spool_dir cannot differ by account / "
	  "move it above the first [account ...]" },
	{ "the machine's in another account", "[account x]\nstate_dir = /s\n"
	  "[account y]\ntimeout = 1s", "", "y", NULL, true, "timeout = 1s" },
	{ "every key of the machine", "[account x]\ntoken_cache = no", "", "x",
	  NULL, false, "token_cache cannot differ" },
	{ "every key of the machine", "[account x]\nspool_sync = none", "",
	  "x", NULL, false, "spool_sync cannot differ" },
	{ "every key of the machine", "[account x]\nlog_file = /l", "",
	  "x", NULL, false, "log_file cannot differ" },
	{ "account above the environment", IDS "client_secret = s\n"
	  "from = a@b.example\n[account x]\nclient_id = " TENANT "\n"
	  "client_secret = t\nfrom = x@b.example\nrate = 3/h",
	  "POST365_FROM=c@b.example POST365_CLIENT_SECRET=s "
	  "POST365_MAILBOX=c@b.example POST365_RATE=1/h POST365_TIMEOUT=7s",
	  "x", NULL, true, "# from FILE:7\nclient_secret = ***|"
	  "# from FILE:8\nfrom = x@b.example|mailbox = x@b.example|"
	  "rate = 3/h|timeout = 7s" },
	{ "account by sender, above the environment", "from = a@b.example\n"
	  "[account x]\nfrom = X <x@b.example>", "POST365_FROM=c@b.example",
	  NULL, "x@b.example", true, "# account x|from = x@b.example" },
	{ "sender before variable", "from = a@b.example\n[account x]\n"
	  "from = x@b.example", "POST365_ACCOUNT=x", NULL, "a@b.example",
	  true, "# from option --from\nfrom = a@b.example" },
	{ "variable before nobody's sender", "from = a@b.example\n"
	  "[account x]\nfrom = x@b.example\ntimeout = 1s",
	  "POST365_ACCOUNT=x", NULL, "n@b.example", true,
	  "# account x|timeout = 1s" },
	{ "account's from clears mailbox", "from = A <a@b.example>\n"
	  "mailbox = m@b.example\n[account x]\nfrom = x@b.example", "", "x",
	  NULL, true, "# that of from\nmailbox = x@b.example" },
	{ "account's own mailbox", "mailbox = m@b.example\n[account x]\n"
	  "from = x@b.example\nmailbox = y@b.example", "", "x", NULL, true,
	  "from = x@b.example|mailbox = y@b.example" },
	{ "proof clears what belongs to the old", "client_certificate = /c\n"
	  "client_certificate_key = /k\nclient_certificate_password = p\n"
	  "client_assertion_alg = RS256\nsecret_expires = 2027-03-31\n"
	  "[account x]\nclient_certificate = /d", "", "x", NULL, true,
	  "client_certificate = /d|# not set: client_certificate_key\n|"
	  "# not set: client_certificate_password\n|"
	  "client_assertion_alg = PS256|# not set: secret_expires\n" },
	{ "and keeps what comes with the new", "client_certificate = /c\n"
	  "client_certificate_password_file = /p\n[account x]\n"
	  "client_certificate = /d\nclient_certificate_key = /l", "", "x",
	  NULL, true, "client_certificate_key = /l|"
	  "# not set: client_certificate_password_file\n" },
	{ "half: the client", IDS "client_secret = s\n[account x]\n"
	  "client_id = " TENANT, "", "x", NULL, false,
	  "client_id (from FILE:5) and client_secret (from FILE:3) come from "
	  "two places|together in one of the two places" },
	{ "half: the proof", IDS "client_secret = s\n",
	  "POST365_CLIENT_SECRET=t", NULL, NULL, false,
	  "client_id (from FILE:2) and client_secret (from environment "
	  "POST365_CLIENT_SECRET) come from two places" },
	{ "half: the tenant", IDS "client_secret = s\n",
	  "POST365_TENANT_ID=" CLIENT, NULL, NULL, false, "tenant_id (from "
	  "environment POST365_TENANT_ID) and client_secret (from FILE:3) "
	  "come from two places" },
	{ "half: systemd's", IDS "[account x]\nclient_id = " TENANT "\n"
	  "client_secret = t", "POST365_CLIENT_ID=" TENANT, "x", NULL, true,
	  "# from FILE:4\nclient_id" },
	{ "no half: nothing replaced", IDS, "POST365_CLIENT_SECRET=t", NULL,
	  NULL, true, "client_secret = ***" },
	{ "no half: the same again", IDS "client_secret = s\n",
	  "POST365_CLIENT_ID=" CLIENT " POST365_TENANT_ID=" TENANT, NULL, NULL,
	  true, "client_secret = ***" },
	{ "no half: the tenant of the top", IDS "client_secret = s\n"
	  "[account x]\nclient_id = " TENANT "\nclient_secret = t", "", "x",
	  NULL, true, "tenant_id = " TENANT "|client_id = " TENANT },
	{ "no half: all from above", IDS "client_secret = s\n[account x]\n"
	  "from = x@b.example", "", "x", NULL, true, "client_id = " CLIENT },
	{ "credential replaces credential",
	  "client_secret = s\n[account x]\nclient_secret_file = /nowhere", "",
	  "x", NULL, true,
	  "# not set: client_secret\n|client_secret_file = /nowhere" },
	{ "variable replaces credential", "client_secret_file = /nowhere",
	  "POST365_CLIENT_SECRET=s", NULL, NULL, true,
	  "client_secret = ***|# not set: client_secret_file" },
	{ "certificate replaces secret", "client_secret = s\n[account x]\n"
	  "client_certificate = /c", "", "x", NULL, true,
	  "# not set: client_secret\n|client_certificate = /c" },
	{ "Azure's where there is a proof", "client_secret = s",
	  "AZURE_CLIENT_CERTIFICATE_PATH=/c AZURE_TENANT_ID=organizations "
	  "AZURE_CLIENT_ID=" CLIENT, NULL, NULL, true,
	  "client_secret = ***|# not set: client_certificate\n|"
	  "# not set: client_id\n|# not set: tenant_id\n" },
	{ "Azure's where there is a client", "client_id = " CLIENT,
	  "AZURE_CLIENT_SECRET=s AZURE_CLIENT_ID=" TENANT
	  " AZURE_AUTHORITY_HOST=l.example", NULL, NULL, true,
	  "client_id = " CLIENT "|# not set: client_secret\n|"
	  "login_url = https://login.microsoftonline.com" },
	{ "Azure's where a variable is the proof", "", "AZURE_CLIENT_ID="
	  TENANT " POST365_CLIENT_SECRET=s", NULL, NULL, true,
	  "# not set: client_id\n" },
	{ "Azure's where the account has a proof", "tenant_id = " TENANT
	  "\n[account x]\nclient_secret = s", "AZURE_CLIENT_ID=" TENANT, "x",
	  NULL, true, "# not set: client_id\n" },
	{ "Azure's beside a tenant", "tenant_id = " TENANT, "AZURE_CLIENT_ID="
	  CLIENT " AZURE_CLIENT_SECRET=s", NULL, NULL, true,
	  "tenant_id = " TENANT "|client_id = " CLIENT },
	{ "Azure's certificate", "",
	  "AZURE_CLIENT_CERTIFICATE_PATH=/c "
	  "AZURE_CLIENT_CERTIFICATE_PASSWORD=p AZURE_FEDERATED_TOKEN_FILE=/f",
	  NULL, NULL, true, "# not set: client_secret\n|"
	  "# from environment AZURE_CLIENT_CERTIFICATE_PATH\n"
	  "client_certificate = /c\n|client_certificate_password = ***|"
	  "# not set: federated_token_file" },
	{ "Azure's secret goes first", "",
	  "AZURE_CLIENT_CERTIFICATE_PATH=/c AZURE_CLIENT_SECRET=s", NULL,
	  NULL, true, "client_secret = ***|# not set: client_certificate\n" },
	{ "Azure's token", "",
	  "AZURE_FEDERATED_TOKEN_FILE=/f", NULL, NULL, true,
	  "# not set: client_certificate\n|federated_token_file = /f\n" },
	{ "ours before Azure's proof", "", "AZURE_CLIENT_SECRET=s "
	  "POST365_FEDERATED_TOKEN_FILE=/f", NULL, NULL, true,
	  "# not set: client_secret\n|federated_token_file = /f\n" },
	{ "certificate and token", "client_certificate = /c\n"
	  "federated_token_file = /f", "", NULL, NULL, false,
	  "FILE:2: federated_token_file is given beside client_certificate" },
	{ "two passwords", "client_certificate_password = p\n"
	  "client_certificate_password_file = /p", "", NULL, NULL, false,
	  "FILE:2: client_certificate_password_file is given beside "
	  "client_certificate_password; leave" },
	{ "password replaces file", "client_certificate_password_file = /p",
	  "AZURE_CLIENT_CERTIFICATE_PASSWORD=p", NULL, NULL, true,
	  "# not set: client_certificate_password_file\n|"
	  "client_certificate_password = ***" },
	{ "file replaces password", "client_certificate_password = p",
	  "POST365_CLIENT_CERTIFICATE_PASSWORD_FILE=/p", NULL, NULL, true,
	  "client_certificate_password_file = /p\n|"
	  "# not set: client_certificate_password\n" },
	{ "algorithm", "client_assertion_alg = RS256", "", NULL, NULL, true,
	  "client_assertion_alg = RS256\n" },
	{ "no algorithm", "client_assertion_alg = ES256", "", NULL, NULL,
	  false, "\"ES256\" is neither PS256 nor RS256" },
	{ "last day", "secret_expires = 2028-02-29", "", NULL, NULL, true,
	  "secret_expires = 2028-02-29\n" },
	{ "no day", "secret_expires = 2027-02-29", "", NULL, NULL, false,
	  "\"2027-02-29\" is not a date like 2027-03-31" },
	{ "a moment", "secret_expires = 2027-03-31T00:00:00Z", "", NULL, NULL,
	  false, "is not a date" },
	{ "two credentials", "client_secret = s\nclient_secret_file = /f", "",
	  NULL, NULL, false,
	  "FILE:2: client_secret_file is given beside client_secret" },

	{ "Azure's order", "", "AZURE_FEDERATED_TOKEN_FILE=/t "
	  "AZURE_CLIENT_CERTIFICATE_PATH=/c AZURE_CLIENT_SECRET=s", NULL,
	  NULL, true, "client_secret = ***|# not set: client_certificate\n|"
	  "# not set: federated_token_file\n" },
	{ "two of ours", "", "POST365_CLIENT_SECRET=s "
	  "POST365_MANAGED_IDENTITY=system", NULL, NULL, false,
	  "managed_identity is given beside client_secret" },
	{ "certificate and its password", "client_certificate = /c\n"
	  "client_certificate_password = p\nclient_assertion_alg = RS256", "",
	  NULL, NULL, true, "client_certificate = /c|"
	  "client_certificate_password = ***|client_assertion_alg = RS256" },
	{ "algorithm", "client_assertion_alg = ES256", "", NULL, NULL, false,
	  "\"ES256\" is neither PS256 nor RS256" },
	{ "identity of the system", "managed_identity = system", "", NULL,
	  NULL, true, "managed_identity = system" },
	{ "identity of the user", "managed_identity = " CLIENT, "", NULL, NULL,
	  true, "managed_identity = " CLIENT },
	{ "identity of nobody", "managed_identity = yes", "", NULL, NULL,
	  false, "\"yes\" is neither \"system\" nor the client ID|Client ID" },
	{ "secret's end", "secret_expires = 2027-03-31", "", NULL, NULL, true,
	  "secret_expires = 2027-03-31" },
	{ "secret's end, no date", "secret_expires = 2027-02-30", "", NULL,
	  NULL, false, "\"2027-02-30\" is not a date like 2027-03-31" },
	{ "secret's end, a moment", "secret_expires = 2027-02-03T00:00", "",
	  NULL, NULL, false, "is not a date like" },

	{ "unknown key", "tennant_id = x", "", NULL, NULL, false,
	  "FILE:1: unknown key \"tennant_id\"; did you mean tenant_id?" },
	{ "unknown key, nothing near", "\nxyzzy = x", "", NULL, NULL, false,
	  "FILE:2: unknown key \"xyzzy\" / post365 help config" },
	{ "half a secret in the next line", "client_secret = abc\nTOPSECRET==",
	  "", NULL, NULL, false,
	  "FILE:2: unknown key \"TOPSECRE\" (and more)" },
	{ "a secret as client_id", "client_id = abC8Q~TOPSECRETVALUE", "",
	  NULL, NULL, false,
	  "client_id: \"abC8Q~TO...\" is not an application ID like 0000" },
	{ "a secret as rate", "rate = abC8Q~TOPSECRETVALUE", "", NULL, NULL,
	  false, "rate: \"abC8Q~TO...\" is neither none nor 1 to" },
	{ "capitals", "Timeout = 1s", "", NULL, NULL, false,
	  "FILE:1: unknown key \"Timeout\"; did you mean timeout?" },
	{ "key of the relay", "metrics = 5d", "", NULL, NULL, false,
	  "FILE:1: metrics is a setting of the relay's" },
	{ "relay", "[relay]\nlisten x", "", NULL, NULL, false,
	  "FILE:2: \"listen x\" is not of the form key = value" },
	{ "key twice", "from = a@b.example\n\nfrom = a@b.example", "", NULL,
	  NULL, false, "FILE:3: from stands in line 1 already" },
	{ "no value", "timeout =", "", NULL, NULL, false,
	  "FILE:1: timeout has no value" },
	{ "no equals sign", "client_secret hunter2", "", NULL, NULL, false,
	  "FILE:1: \"client_s\" (and more) is not of the form key = value" },
	{ "unknown section", "[acount x]", "", NULL, NULL, false,
	  "FILE:1: unknown section" },
	{ "nameless account", "[account ]", "", NULL, NULL, false,
	  "FILE:1: unknown section" },
	{ "account with blank", "[account a b]", "", NULL, NULL, false,
	  "FILE:1: unknown section" },
	{ "open section", "[account x", "", NULL, NULL, false,
	  "FILE:1: \"]\" is missing" },
	{ "lone bracket", "[", "", NULL, NULL, false,
	  "FILE:1: \"]\" is missing" },
	{ "not UTF-8", "#\n# \344\n", "", NULL, NULL, false,
	  "FILE:2: byte 3 is not UTF-8" },
	{ "control character", "from = a\033b", "", NULL, NULL, false,
	  "FILE:1: byte 9 is a control character" },
	{ "old Mac", "from = a@b.example\rtimeout = 1s\r", "", NULL, NULL,
	  false, "FILE:1: byte 19 is a control character" },
	{ "UTF-16", "\377\376f", "", NULL, NULL, false,
	  "FILE: is UTF-16; save it as UTF-8" },

	{ "tenant common", "tenant_id = Common", "", NULL, NULL, false,
	  "FILE:1: tenant_id: \"common\" works for the sign-in of people "
	  "only" },
	{ "tenant word", "tenant_id = contoso", "", NULL, NULL, false,
	  "tenant_id: \"contoso\" is neither a tenant ID" },
	{ "tenant path", "tenant_id = a.b/c", "", NULL, NULL, false,
	  "neither a tenant ID" },
	{ "tenant dots", "tenant_id = a..b", "", NULL, NULL, false,
	  "neither a tenant ID" },
	{ "client name", "client_id = my-app", "", NULL, NULL, false,
	  "client_id: \"my-app\" is not an application ID" },
	{ "short GUID", "client_id = 1" "1111111-2222-3333-4444-55555555555",
	  "", NULL, NULL, false, "is not an application ID" },
	{ "no cloud", "cloud = germany", "", NULL, NULL, false,
	  "cloud: \"germany\" is not one of global, usgov, dod, china" },
	{ "tenant in login_url", "login_url = https://l.example/" TENANT, "",
	  NULL, NULL, false, "give the host alone" },
	{ "plain http", "graph_url = http://g.example/v1.0", "", NULL, NULL,
	  false, "http:// is for loopback addresses only" },
	{ "no version", "graph_url = https://graph.microsoft.com/", "", NULL,
	  NULL, false, "the version is missing" },
	{ "not a URL", "login_url = login.example", "", NULL, NULL, false,
	  "FILE:1: login_url: " },
	{ "not an address", "from = nobody", "", NULL, NULL, false,
	  "FILE:1: from: " },
	{ "two addresses", "mailbox = a@b.example, c@d.example", "", NULL,
	  NULL, false, "FILE:1: mailbox: " },
	{ "time zero", "timeout = 0", "", NULL, NULL, false, "not a time" },
	{ "time too long", "timeout = 2d", "", NULL, NULL, false,
	  "not a time" },
	{ "time overflow", "timeout = 18446744073709551616", "", NULL, NULL,
	  false, "not a time" },
	{ "time negative", "timeout = -1s", "", NULL, NULL, false,
	  "not a time" },
	{ "time unit alone", "timeout = s", "", NULL, NULL, false,
	  "not a time" },
	{ "true", "enabled = true", "", NULL, NULL, false,
	  "enabled: \"true\" is neither yes nor no" },
	{ "sizes", "mime_limit = 3k\nmax_message_size = 1G", "", NULL, NULL,
	  true, "mime_limit = 3k\n|max_message_size = 1g\n" },
	{ "size in bytes", "mime_limit = 1025", "", NULL, NULL, true,
	  "mime_limit = 1025\n" },
	{ "size with blank", "mime_limit = 2 m", "", NULL, NULL, true,
	  "mime_limit = 2m\n" },
	{ "size, most of a request", "mime_limit = 3m", "", NULL, NULL, true,
	  "mime_limit = 3m\n" },
	{ "size, more than a request", "mime_limit = 3145729", "", NULL, NULL,
	  false, "mime_limit: \"3145729\" is more than 3m" },
	{ "size zero", "mime_limit = 0", "", NULL, NULL, false,
	  "mime_limit: \"0\" is not a size from 1k to 1g, like 2200000" },
	{ "size too large", "max_message_size = 2g", "", NULL, NULL, false,
	  "not a size" },
	{ "size overflow", "mime_limit = 18014398509481985k", "", NULL, NULL,
	  false, "not a size" },
	{ "size unit alone", "mime_limit = m", "", NULL, NULL, false,
	  "not a size" },
	{ "size unit unknown", "mime_limit = 2t", "", NULL, NULL, false,
	  "not a size" },
	{ "policy", "from_policy = keep", "", NULL, NULL, true,
	  "from_policy = keep\n" },
	{ "no policy", "from_policy = Keep", "", NULL, NULL, false,
	  "\"Keep\" is not one of keep, rewrite, map" },
	{ "map", "from_map = root > \"A, B\" <a@b.example>, @x > c@d.example,"
	  " * > e@f.example", "", NULL, NULL, true,
	  "from_map = root > \"A, B\" <a@b.example>, @x > c@d.example, "
	  "* > e@f.example\n" },
	{ "map without mark", "from_map = root", "", NULL, NULL, false,
	  "from_map: \"root\" is not \"OLD > NEW\"" },
	{ "map to a name", "from_map = root > admin", "", NULL, NULL, false,
	  "FILE:1: from_map: " },
	{ "map, comma too many", "from_map = root > a@b.example,, x > y@z", "",
	  NULL, NULL, false, "\"\" is not \"OLD > NEW\"" },
	{ "map, bad old", "from_map = a@b@c > a@b.example", "", NULL, NULL,
	  false, "FILE:1: from_map: " },
	{ "exact", "delivery = exact", "", NULL, NULL, true,
	  "delivery = exact\n" },
	{ "once", "delivery = once", "", NULL, NULL, true, "delivery = once" },
	{ "delivery", "delivery = twice", "", NULL, NULL, false,
	  "\"twice\" is not one of auto, exact, once" },
	{ "some delivery", "delivery = soon", "", NULL, NULL, false,
	  "\"soon\" is not one of auto, exact, once" },
	{ "domain", "default_domain = contoso.com", "", NULL, NULL, true,
	  "default_domain = contoso.com\n" },
	{ "local names", "local_names = db,  web1.x.example ,y.example", "",
	  NULL, NULL, true, "local_names = db,  web1.x.example ,y.example\n" },
	{ "no local name", "local_names = db, a@b", "", NULL, NULL, false,
	  "local_names: \"a@b\" is not a host name; give names like web1" },
	{ "no local name at all", "local_names = db,,", "", NULL, NULL, false,
	  "local_names: \"\" is not a host name" },
	{ "no domain", "default_domain = @contoso.com", "", NULL, NULL, false,
	  "default_domain: \"@contoso.com\" is not a domain name" },
	{ "proxy", "proxy = http://p.example:3128\nno_proxy = .x, 10.0.0.0/8",
	  "HTTPS_PROXY=http://q.example:1 NO_PROXY=y", NULL, NULL, true,
	  "# from FILE:1\nproxy = http://p.example:3128\n|"
	  "# from FILE:2\nno_proxy = .x, 10.0.0.0/8\n" },
	{ "proxy's password is masked", "proxy = http://u:pw@p.example:3128",
	  "", NULL, NULL, true, "\nproxy = http://***@p.example:3128\n" },
	{ "no proxy", "proxy = none", "HTTPS_PROXY=http://q.example:1", NULL,
	  NULL, true, "# from FILE:1\nproxy = none\n" },
	{ "proxy of the environment", "",
	  "HTTPS_PROXY=http://u:pw@q.example:1 NO_PROXY=y", NULL, NULL, true,
	  "# from environment HTTPS_PROXY\nproxy = http://***@q.example:1\n|"
	  "# from environment NO_PROXY\nno_proxy = y\n" },
	{ "curl's order", "",
	  "ALL_PROXY=c all_proxy=b HTTPS_PROXY=a https_proxy= no_proxy=x",
	  NULL, NULL, true, "# from environment HTTPS_PROXY\nproxy = a\n|"
	  "# from environment no_proxy\nno_proxy = x\n" },
	{ "proxy for all", "", "ALL_PROXY=socks5://s.example:1", NULL, NULL,
	  true, "# from environment ALL_PROXY\nproxy = socks5://s.example" },
	{ "own before curl's", "",
	  "https_proxy=a POST365_PROXY=http://b:1 POST365_NO_PROXY=none", NULL,
	  NULL, true, "# from environment POST365_PROXY\nproxy = http://b:1|"
	  "# from environment POST365_NO_PROXY\nno_proxy = none\n" },
	{ "not of HTTP_PROXY", "", "HTTP_PROXY=http://h:1 http_proxy=h:1",
	  NULL, NULL, true, "# not set: proxy\n|# not set: no_proxy\n" },
	{ "proxy by TLS", "proxy = https://u:pw@p.example:443", "", NULL,
	  NULL, false, "FILE:1: proxy: TLS to the proxy itself is not "
	  "supported / Give" },
	{ "proxy by SOCKS", "proxy = socks5://p.example:1080", "", NULL, NULL,
	  false, "FILE:1: proxy: SOCKS is not supported" },
	{ "proxy without port", "proxy = p.example", "", NULL, NULL, false,
	  "FILE:1: proxy: the port is missing" },
	{ "proxy, control character", "", "HTTPS_PROXY=a\001b", NULL, NULL,
	  false, "environment HTTPS_PROXY: byte 2 is a control" },
	{ "tilde", "state_dir = ~/x", "", NULL, NULL, false,
	  "state_dir: \"~\" has no meaning here" },
};
/* clang-format on */

static void
set_environment(const char *env)
{
	struct str rest = str_of(env), pair;
	char text[512];
	size_t eq;

	command_clear_environment();
	while (str_next(&rest, ' ', &pair) && pair.n > 0) {
		eq = str_chr(pair, '=');
		(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(pair));
		text[eq] = '\0';
		(void)setenv(text, text + eq + 1, 1);
	}
}

/* Replaces the path by FILE, so that rows can be written. */
static void
name_file(struct str text, const char *path, struct buf *out)
{
	struct str name = str_of(path);
	size_t at;

	for (;;) {
		at = str_find(text, name);
		buf_adds(out, str_first(text, at));
		if (at == text.n)
			return;
		buf_addz(out, "FILE");
		text = str_from(text, at + name.n);
	}
}

/* Both halves; release them in any case. */
static bool
load_both(struct config *c, struct access *a, const struct config_ask *ask,
    struct err *e)
{
	*a = (struct access){ 0 };
	return config_load(c, ask, &silent, e) && access_load(a, c, &silent, e);
}

static void
release_both(struct config *c, struct access *a)
{
	access_release(a);
	config_release(c);
}

static void
check_case(size_t i)
{
	const char *path = command_file("config", str_of(cases[i].text), 0600);
	struct config_ask ask = { .path = path,
		.account = cases[i].account,
		.from = cases[i].from };
	struct str rest = str_of(cases[i].want), want;
	struct access a;
	struct config c;
	struct buf shown, got;
	struct err e;
	bool ok;

	buf_init(&shown, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	set_environment(cases[i].env);
	ok = load_both(&c, &a, &ask, &e);
	T_CHECK(ok == cases[i].ok, "%s: %s", cases[i].name, e.msg);
	if (ok)
		config_show(&c, &a, &shown);
	else
		buf_addf(&shown, "%s / %s", e.msg, e.remedy);
	T_CHECK(secret_is_set(&a.client_secret) ==
		    (a.origin[CONFIG_CLIENT_SECRET].name != NULL) ||
		!ok,
	    "%s: a secret stayed behind", cases[i].name);
	T_CHECK(ok || e.kind == ERR_CONFIG || ask.from != NULL, "%s: kind %s",
	    cases[i].name, err_kind_name(e.kind));
	name_file(buf_view(&shown), path, &got);
	while (str_next(&rest, '|', &want))
		T_CHECK(str_find(buf_view(&got), want) < got.n,
		    "%s: no \"%.*s\" in \"%.*s\"", cases[i].name, STR_ARG(want),
		    STR_ARG(buf_view(&got)));
	release_both(&c, &a);
	buf_release(&got);
	buf_release(&shown);
}

static void
test_load(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_case(i);
	command_folder_remove();
}

/* What becomes of a text from the environment, which is not looked at. */
/* clang-format off */
static const struct {
	const char *name, *text, *env, *proxy; /* "" none; NULL: refused */
	const char *says; /* by `check`, or by the message */
} proxies[] = {
	{ "none", "", "", "", "" },
	{ "one", "", "HTTPS_PROXY=http://u:pw@q.example:1", "q.example:1",
	  "; proxy = http://***@q.example:1, from environment HTTPS_PROXY" },
	{ "excepted", "graph_url = https://g.example/v1.0",
	  "HTTPS_PROXY=q.example:1 NO_PROXY=a,.example:443", "q.example:1",
	  "; g.example without it: .example:443 in no_proxy, from environment "
	  "NO_PROXY" },
	{ "loopback", "login_url = https://localhost:8443",
	  "HTTPS_PROXY=q.example:1", "q.example:1",
	  "; localhost without it: loopback" },
	{ "switched off", "proxy = none", "HTTPS_PROXY=q.example:1", "", "" },
	{ "SOCKS", "", "ALL_PROXY=socks5h://u:pw@s.example:1", NULL,
	  "proxy (from environment ALL_PROXY): SOCKS is not supported / "
	  "Set proxy = http://host:port in the settings, or proxy = none" },
	{ "SOCKS, switched off", "proxy = none",
	  "ALL_PROXY=socks5h://s.example:1", "", "" },
	{ "SOCKS, not needed", "login_url = http://127.0.0.1:1\n"
	  "graph_url = http://127.0.0.1:2", "ALL_PROXY=socks5h://s.example:1",
	  "", "" },
};
/* clang-format on */

static void
check_proxy(size_t i)
{
	struct config_ask ask = {
		.path = command_file("config", str_of(proxies[i].text), 0600),
	};
	struct access a;
	struct config c;
	struct proxy p;
	struct buf said;
	struct err e;
	bool ok;

	buf_init(&said, TEXT_MAX);
	set_environment(proxies[i].env);
	T_CHECK(load_both(&c, &a, &ask, &e), "%s: %s", proxies[i].name, e.msg);
	ok = config_proxy_open(&a, &p, &e);
	T_CHECK(ok == (proxies[i].proxy != NULL), "%s: %s", proxies[i].name,
	    e.msg);
	if (ok)
		config_proxy_describe(&a, &p, &said);
	else
		buf_addf(&said, "%s / %s", e.msg, e.remedy);
	T_CHECK(!ok || str_eq(str_of(p.name), str_of(proxies[i].proxy)),
	    "%s: %s", proxies[i].name, p.name);
	T_CHECK(str_find(buf_view(&said), str_of(proxies[i].says)) < said.n ||
		(proxies[i].says[0] == '\0' && said.n == 0),
	    "%s: %.*s", proxies[i].name, STR_ARG(buf_view(&said)));
	T_CHECK(str_find(buf_view(&said), STR("pw")) == said.n, "%s: %.*s",
	    proxies[i].name, STR_ARG(buf_view(&said)));
	proxy_release(&p);
	release_both(&c, &a);
	buf_release(&said);
}

static void
test_proxy(void)
{
	for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++)
		check_proxy(i);
	command_folder_remove();
}

/* What show prints, read as a file, means the same. */
static void
test_show_again(void)
{
	const char *text =
	    IDS "from = A <a@b.example>\nca = system\n"
		"timeout = 3m\nenabled = no\nclient_secret_command = x y\n"
		"cloud = usgov\nstate_dir = /s\n";
	struct config_ask ask = { .path = command_file("config", str_of(text),
				      0600) };
	struct buf first, second, got;
	struct access a;
	struct config c;
	struct err e;

	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	set_environment("");
	T_CHECK(load_both(&c, &a, &ask, &e), "%s", e.msg);
	config_show(&c, &a, &first);
	release_both(&c, &a);
	ask.path = command_file("again", buf_view(&first), 0600);
	T_CHECK(load_both(&c, &a, &ask, &e), "%s", e.msg);
	config_show(&c, &a, &second);
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		buf_reset(&got);
		buf_addf(&got, "\n%s = ", config_rows[i].name);
		T_CHECK((str_find(buf_view(&first), buf_view(&got)) <
			    first.n) ==
			(str_find(buf_view(&second), buf_view(&got)) <
			    second.n),
		    "%s", config_rows[i].name);
	}
	T_CHECK(a.timeout_ms == 180000 && !c.enabled, "values");
	T_CHECK(str_eq(a.scope, STR("https://graph.microsoft.us/.default")),
	    "scope %.*s", STR_ARG(a.scope));
	release_both(&c, &a);
	buf_release(&first);
	buf_release(&second);
	buf_release(&got);
	command_folder_remove();
}

/* clang-format off */
static const struct {
	const char *name;
	unsigned mode;
	const char *text, *env;
	bool ok;
} modes[] = {
	{ "owner only", 0600, "client_secret = s", "", true },
	{ "group", 0640, "client_secret = s", "", true },
	{ "world", 0644, "client_secret = s", "", false },
	{ "world may write", 0602, "client_secret = s", "", false },
	{ "world, in an account", 0644, "[account x]\nclient_secret = s", "",
	  false },
	{ "world, password", 0644, "client_certificate_password = s", "",
	  false },
	{ "world, no secret", 0644, "from = a@b.example", "", true },
	{ "world, proxy", 0644, "proxy = http://p.example:1", "", true },
	{ "world, proxy with password", 0644, "proxy = http://u:p@p.example:1",
	  "", false },
	{ "world, password of a key", 0644, "client_certificate_password = p",
	  "", false },
	{ "world may write, no secret", 0646, "from = a@b.example", "",
	  false },
	{ "credentials of systemd", 0644, "client_secret = s",
	  "CREDENTIALS_DIRECTORY=FOLDER", true },
	{ "beside them", 0644, "client_secret = s",
	  "CREDENTIALS_DIRECTORY=FOLDE", false },
	{ "credentials of systemd, any may write", 0666, "client_secret = s",
	  "CREDENTIALS_DIRECTORY=FOLDER", true },
};
/* clang-format on */

/* Does a path depend on the folder that we stand in? In any section. */
static void
test_relative(void)
{
	static const struct {
		const char *text, *env;
		bool want;
	} rows[] = {
		{ "state_dir = /s\nca = builtin\n", "", false },
		{ "ca = auto\nclient_secret_file = /f\n", "", false },
		{ "state_dir = s\n", "", true },
		{ "ca = root.pem\n", "", true },
		{ "client_secret_file = ./f\n", "", true },
		{ "state_dir = /s\n", "POST365_ALIASES=a", true },
		{ "state_dir = /s\n", "SSL_CERT_FILE=c.pem", true },
		{ "[account b]\nclient_secret_file = f\n", "", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config_ask ask = {
			.path =
			    command_file("config", str_of(rows[i].text), 0600),
		};
		struct config c;
		struct err e;

		set_environment(rows[i].env);
		T_CHECK(config_load(&c, &ask, &silent, &e), "row %zu: %s", i,
		    e.msg);
		T_CHECK(c.relative == rows[i].want, "row %zu: %d", i,
		    c.relative);
		config_release(&c);
	}
}

static void
test_modes(void)
{
	struct config_ask ask = { 0 };
	char env[256];
	struct access a;
	struct config c;
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		ask.path = command_file("config", str_of(modes[i].text),
		    modes[i].mode);
		set_environment("");
		if (modes[i].env[0] != '\0') {
			(void)snprintf(env, sizeof(env), "%.*s",
			    (int)(strlen(command_folder()) -
				(modes[i].ok ? 0 : 1)),
			    command_folder());
			(void)setenv("CREDENTIALS_DIRECTORY", env, 1);
		}
		ok = load_both(&c, &a, &ask, &e);
		T_CHECK(ok == modes[i].ok, "%s: %s", modes[i].name, e.msg);
		T_CHECK(ok ||
			(e.kind == ERR_CONFIG &&
			    strncmp(e.remedy, "chmod o-", 8) == 0),
		    "%s: %s", modes[i].name, e.remedy);
		release_both(&c, &a);
	}
	command_folder_remove();
}

/* Who may change what is run with this user's rights. */
/* clang-format off */
static const struct {
	const char *name;
	uid_t owner;
	gid_t group;
	unsigned mode;
	uid_t runs; /* who */
	const char *msg, *remedy; /* NULL: fine */
} owners[] = {
	{ "root's, for root", 0, 0, 0600, 0, NULL, NULL },
	{ "root's, for a user", 0, 0, 0644, 65534, NULL, NULL },
	{ "a user's own", 65534, 65534, 0600, 65534, NULL, NULL },
	{ "his group's", 65534, 65534, 0660, 65534, NULL, NULL },
	{ "root's group's", 0, 0, 0660, 0, NULL, NULL },
	{ "a user's, for root", 65534, 65534, 0600, 0,
	  "FILE: belongs to user 65534", "run this as that user, or chown" },
	{ "another's", 12345, 65534, 0644, 65534,
	  "FILE: belongs to user 12345", "chown root FILE" },
	{ "a group may write", 0, 65534, 0660, 0,
	  "FILE: group 65534 may change it", "chmod g-w FILE" },
	{ "another's group", 65534, 100, 0660, 65534,
	  "FILE: group 100 may change it", "chmod g-w FILE" },
	{ "a group may read", 0, 65534, 0640, 0, NULL, NULL },
};
/* clang-format on */

static void
check_owner(size_t i)
{
	struct config_ask ask = { .path = command_file("config",
				      STR("from = a@b.example"), 0600) };
	struct buf got;
	struct config c;
	struct err e = { 0 };
	bool ok;

	T_CHECK(chown(ask.path, owners[i].owner, owners[i].group) == 0 &&
		chmod(ask.path, owners[i].mode) == 0 &&
		chmod(command_folder(), 0755) == 0,
	    "chown");
	(void)seteuid(owners[i].runs);
	ok = config_load(&c, &ask, &silent, &e);
	(void)seteuid(0);
	buf_init(&got, TEXT_MAX);
	name_file(str_of(e.msg), ask.path, &got);
	name_file(str_of(e.remedy), ask.path, &got);
	T_CHECK(ok == (owners[i].msg == NULL), "%s: %s", owners[i].name, e.msg);
	T_CHECK(ok ||
		(str_starts(buf_view(&got), str_of(owners[i].msg)) &&
		    str_find(buf_view(&got), str_of(owners[i].remedy)) < got.n),
	    "%s: %.*s", owners[i].name, STR_ARG(buf_view(&got)));
	buf_release(&got);
	config_release(&c);
}

static void
test_owners(void)
{
	if (geteuid() != 0)
		return; /* only root makes files of others */
	set_environment("");
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
		check_owner(i);
	command_folder_remove();
}

/* What nobody can sign in with is kept for those who do not. */
static void
test_unusable(void)
{
	static const char *const rows[] = { "tenant_id = organizations",
		"client_id = x", "client_secret = s\nclient_secret_file = /f",
		"login_url = x", "graph_url = x", "proxy = socks5://p:1",
		"timeout = soon", "cloud = x", "managed_identity = x",
		"secret_expires = x", "client_assertion_alg = x",
		"client_id = " CLIENT "\nclient_secret = s\n[account x]\n"
		"client_id = " TENANT };
	struct config_ask ask = { .from = "a@b.example" };
	struct config c;
	struct access a;
	struct err e;

	set_environment("HTTPS_PROXY=a\001b");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ask.path = command_file("config", str_of(rows[i]), 0600);
		ask.account =
		    str_find(str_of(rows[i]), STR("[acc")) < strlen(rows[i]) ?
		    "x" :
		    NULL;
		T_CHECK(config_load(&c, &ask, &silent, &e) &&
			config_check(&c, NULL, CONFIG_TO_COMPOSE, &e),
		    "%s: %s", rows[i], e.msg);
		T_CHECK(!access_load(&a, &c, &silent, &e) &&
			e.kind == ERR_CONFIG &&
			strncmp(e.msg, "not set", 7) != 0,
		    "%s: %s", rows[i], e.msg);
		release_both(&c, &a);
	}
	command_folder_remove();
}

/* Told by `check`. */
static void
test_environment(void)
{
	static const char want[] =
	    "POST365_FROM (gives way to that from FILE:3), "
	    "POST365_ENABLED (replaces that from FILE:1), POST365_TIMEOUT";
	struct config_ask ask = {
		.path = command_file("config",
		    STR("enabled = no\n[account x]\nfrom = x@b.example"), 0600),
		.account = "x",
	};
	struct access a;
	struct config c;
	struct buf got;
	struct err e;

	buf_init(&got, TEXT_MAX);
	set_environment("POST365_TIMEOUT=7s POST365_FROM=a@b.example "
			"POST365_ENABLED=yes POST365_SERVICE_PORT=25 "
			"AZURE_CLIENT_ID=" CLIENT);
	T_CHECK(load_both(&c, &a, &ask, &e), "%s", e.msg);
	name_file(a.environment, ask.path, &got);
	T_CHECK(str_find(buf_view(&got), str_of(want)) < got.n, "%.*s",
	    STR_ARG(buf_view(&got)));
	release_both(&c, &a);
	buf_release(&got);
	command_folder_remove();
}

/* systemd's credential counts where nothing else does. */
#define SYSTEMD "(from systemd credential post365.client_secret)"
static const struct {
	const char *name, *text, *env, *want, *note;
} credentials[] = {
	/* clang-format off */
	{ "alone", "", "", "client_secret_file", "" },
	{ "file", "client_certificate = /c", "", "client_certificate",
	  "client_secret_file " SYSTEMD },
	{ "variable", "", "POST365_CLIENT_SECRET=s", "client_secret",
	  "client_secret_file " SYSTEMD },
	{ "Azure's", "", "AZURE_CLIENT_CERTIFICATE_PATH=/c "
	  "AZURE_FEDERATED_TOKEN_FILE=/f", "client_certificate",
	  "client_secret_file " SYSTEMD ", AZURE_FEDERATED_TOKEN_FILE" },
	/* clang-format on */
};

static void
check_credential(size_t i)
{
	struct str secret = STR("from-systemd\n");
	struct config_ask ask = { 0 };
	const struct config_row *row;
	struct access a;
	struct config c;
	struct config_origin_text from;
	struct err e;

	(void)command_file("post365.client_secret", secret, 0600);
	ask.path = command_file("config", str_of(credentials[i].text), 0600);
	set_environment(credentials[i].env);
	(void)setenv("CREDENTIALS_DIRECTORY", command_folder(), 1);
	T_CHECK(load_both(&c, &a, &ask, &e), "%s", e.msg);
	row = &config_rows[access_key(&a)];
	T_CHECK(str_eq(str_of(row->name), str_of(credentials[i].want)),
	    "%s: %s", credentials[i].name, row->name);
	T_CHECK(str_eq(a.credential_note, str_of(credentials[i].note)),
	    "%s: %.*s", credentials[i].name, STR_ARG(a.credential_note));
	if (i == 0) {
		T_CHECK(strcmp(config_origin(&a.origin
						  [CONFIG_CLIENT_SECRET_FILE],
				   &from),
			    "from systemd credential post365.client_secret") ==
			0,
		    "%s", from.s);
		T_CHECK(config_secret(&a, &silent, &e) &&
			secret_eq(&a.client_secret, STR("from-systemd")),
		    "%s", e.msg);
	}
	release_both(&c, &a);
}

static void
test_systemd(void)
{
	for (size_t i = 0; i < sizeof(credentials) / sizeof(*credentials); i++)
		check_credential(i);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	command_folder_remove();
}

/* Things that are no configuration must be told so at once. */
static void
test_odd_files(void)
{
	static const char *const rows[][2] = {
		{ "FOLDER", "is a directory" },
		{ "FOLDER/none", "No such file" },
		{ "FOLDER/fifo", "not a regular file" },
		{ "/dev/zero", "not a regular file" },
		{ "/dev/null", "not a regular file" },
		{ "FOLDER/huge", "larger than the 1048576 bytes" },
		{ "FOLDER/nul", "huge:1" },
	};
	struct config_ask ask = { 0 };
	char path[256];
	struct config c;
	struct err e;

	set_environment("");
	(void)truncate(command_file("huge", STR(""), 0600), 1048577);
	(void)command_file("nul", STR("from = a\0b"), 0600);
	(void)snprintf(path, sizeof(path), "%s/fifo", command_folder());
	T_CHECK(mkfifo(path, 0600) == 0, "mkfifo");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) - 1; i++) {
		(void)snprintf(path, sizeof(path), "%s%s",
		    rows[i][0][0] == 'F' ? command_folder() : "",
		    rows[i][0][0] == 'F' ? rows[i][0] + 6 : rows[i][0]);
		ask.path = path;
		T_CHECK(!config_load(&c, &ask, &silent, &e), "%s", path);
		T_CHECK(e.kind == ERR_CONFIG && err_exit(&e) == 78 &&
			strstr(e.msg, rows[i][1]) != NULL &&
			strstr(e.msg, path) != NULL,
		    "%s: %s", path, e.msg);
		T_CHECK((strstr(e.remedy, "config init") != NULL) ==
			(strstr(path, "huge") == NULL),
		    "%s: %s", path, e.remedy);
		config_release(&c);
	}
	(void)snprintf(path, sizeof(path), "%s/nul", command_folder());
	T_CHECK(!config_load(&c, &ask, &silent, &e) &&
		strstr(e.msg, ":1: byte 9 is a control") != NULL,
	    "NUL: %s", e.msg);
	config_release(&c);
	command_folder_remove();
}

static void
test_limits(void)
{
	struct config_section *out = NULL;
	struct arena mem;
	struct buf text;
	struct err e;

	buf_init(&text, CONFIG_FILE_MAX);
	arena_init(&mem, CONFIG_FILE_MAX);
	buf_addz(&text, "from = ");
	while (text.n < CONFIG_LINE_MAX)
		buf_addc(&text, 'x');
	T_CHECK(config_file_parse(&mem, "f", buf_view(&text), &out, &e), "%s",
	    e.msg);
	buf_addc(&text, 'x');
	out = NULL;
	T_CHECK(!config_file_parse(&mem, "f", buf_view(&text), &out, &e) &&
		strcmp(e.msg, "f:1: longer than 8192 bytes") == 0,
	    "%s", e.msg);
	buf_reset(&text);
	for (int i = 0; i <= CONFIG_ACCOUNTS_MAX; i++)
		buf_addf(&text, "[account %d]\n", i);
	out = NULL;
	T_CHECK(!config_file_parse(&mem, "f", buf_view(&text), &out, &e) &&
		strcmp(e.msg, "f:201: more than 200 accounts") == 0,
	    "%s", e.msg);
	buf_release(&text);
	arena_release(&mem);
}

static void
test_places(void)
{
	struct config_places p;
	struct arena mem;

	arena_init(&mem, 10000);
	set_environment("XDG_CONFIG_HOME=/x");
	config_find(&mem, NULL, &p);
	T_CHECK(p.n == 2 && !p.named &&
		str_eq(p.item[0], STR("/x/post365/config")) &&
		str_eq(p.item[1], STR("/etc/post365/config")),
	    "XDG");
	set_environment("XDG_CONFIG_HOME=x HOME=/h");
	config_find(&mem, NULL, &p);
	T_CHECK(str_eq(p.item[0], STR("/h/.config/post365/config")), "HOME");
	(void)unsetenv("HOME");
	(void)unsetenv("XDG_CONFIG_HOME");
	config_find(&mem, NULL, &p);
	T_CHECK(p.n == 1 && str_eq(p.item[0], STR("/etc/post365/config")),
	    "no HOME");
	(void)setenv("POST365_CONFIG", "/v", 1);
	config_find(&mem, NULL, &p);
	T_CHECK(p.n == 1 && p.named && str_eq(p.item[0], STR("/v")), "named");
	config_find(&mem, "/o", &p);
	T_CHECK(p.n == 1 && p.named && str_eq(p.item[0], STR("/o")), "option");
	arena_release(&mem);
}

static void
test_state_dir(void)
{
	const struct config_ask ask = { .no_file = true };
	struct access a;
	struct config c;
	struct err e;

	if (geteuid() == 0 && seteuid(65534) != 0) {
		t_skip("cannot become another user");
		return;
	}
	set_environment("XDG_STATE_HOME=/s");
	T_CHECK(config_load(&c, &ask, &silent, &e) &&
		str_eq(c.state_dir, STR("/s/post365")) &&
		str_eq(c.spool_dir, STR("/s/post365/spool")) &&
		str_eq(c.log_file, STR("/s/post365/log")),
	    "XDG");
	config_release(&c);
	set_environment("HOME=/h");
	T_CHECK(config_load(&c, &ask, &silent, &e) &&
		str_eq(c.state_dir, STR("/h/.local/state/post365")),
	    "HOME");
	config_release(&c);
	(void)unsetenv("HOME");
	T_CHECK(config_load(&c, &ask, &silent, &e) && c.state_dir.n == 0 &&
		c.spool_dir.n == 0 && c.log_file.n == 0,
	    "none");
	config_release(&c);
	if (getuid() == 0)
		T_CHECK(seteuid(0) == 0, "back");
	set_environment("SSL_CERT_FILE=/c.pem");
	T_CHECK(load_both(&c, &a, &ask, &e) &&
		str_eq(a.ca_system_file, STR("/c.pem")),
	    "SSL_CERT_FILE");
	if (geteuid() == 0)
		T_CHECK(str_eq(c.state_dir, STR("/var/lib/post365")) &&
			str_eq(c.spool_dir, STR("/var/spool/post365")) &&
			str_eq(c.log_file, STR("/var/lib/post365/log")),
		    "root");
	release_both(&c, &a);
	(void)unsetenv("SSL_CERT_FILE");
}

/* clang-format off */
static const struct {
	const char *name, *text;
	bool sign_in, ok;
	const char *msg, *remedy;
} needs[] = {
	{ "all", IDS "client_secret = s\nfrom = a@b.example", true, true, "",
	  "" },
	{ "file", IDS "client_secret_file = s\nfrom = a@b.example", true,
	  true, "", "" },
	{ "nothing", "", true, false,
	  "not set: tenant_id, client_id, client_secret (or "
	  "client_certificate, federated_token_file, managed_identity), from",
	  "set it in" },
	{ "certificate", IDS "client_certificate = c\nfrom = a@b.example",
	  true, true, "", "" },
	{ "managed identity", "managed_identity = system\n"
	  "from = a@b.example", true, true, "", "" },
	{ "compose", "from = a@b.example", false, true, "", "" },
	{ "compose, nothing", "", false, false, "not set: from", "set it in" },
	{ "account forgotten", "[account x]\nfrom = a@b.example", false,
	  false, "not set: from", "choose an account with -A: x" },
};
/* clang-format on */

static const struct cli_command command = { "config", settings_main, "", "",
	NULL, TEXT_NONE, NULL };

/* What looks odd is told, once, whoever reads it. */
static const struct {
	const char *name, *text, *env;
	const char *want; /* "": nothing is told */
} oddities[] = {
	/* clang-format off */
	{ "none", "client_secret = abc\n", "", "" },
	{ "quoted", "client_secret = \"abc\"\n", "",
	  ":1: client_secret: its quotation marks count" },
	{ "single", "log_file = '/a b'\n", "",
	  ":1: log_file: its quotation marks count" },
	{ "one mark", "client_secret = \"abc\n", "", "" },
	{ "comment", "\nclient_secret = abc # mine\n", "",
	  ":2: client_secret: its # and what follows count" },
	{ "no blank", "client_secret = abc#mine\n", "", "" },
	{ "name", "from = Team #1 <a@b.example>\n", "", "" },
	{ "name in quotes", "from = \"A, B\" <a@b.example>\n", "", "" },
	{ "command", "client_secret_command = \"my prog\" \"x\"\n", "", "" },
	{ "command's comment", "alert_command = x # y\n", "", "" },
	{ "relative path", "from = a@b.example\nca = root.pem\n", "",
	  ":2: ca: it counts from the folder where post365 is called" },
	{ "no path", "ca = system\n", "", "" },
	{ "account", "[account x]\nclient_secret = 'a'\n", "",
	  ":2: client_secret: its quotation marks count" },
	{ "relay", "[relay]\ntls_certificate = '/a'\n", "",
	  ":2: tls_certificate: its quotation marks count" },
	{ "environment", "", "POST365_CLIENT_SECRET='abc'",
	  "environment POST365_CLIENT_SECRET: its quotation marks count" },
	{ "Azure's", "", "AZURE_CLIENT_SECRET=\"abc\"",
	  "environment AZURE_CLIENT_SECRET: its quotation marks count" },
	/* refused anyway: with the reason */
	{ "refused", "max_age = \"5d\"\n", "",
	  "do: its quotation marks count" },
	{ "refused comment", "cloud = usgov   # GCC High\n", "",
	  "do: its # and what follows count" },
	{ "refused sender", "from = a@b.example # me\n", "",
	  "do: its # and what follows count" },
	/* clang-format on */
};

static void
test_oddities(void)
{
	struct command_run run = { .command = &command };
	struct command_result r;
	const char *at;

	for (size_t i = 0; i < sizeof(oddities) / sizeof(*oddities); i++) {
		set_environment(oddities[i].env);
		run.argv[0] = "show";
		run.argv[1] = "-C";
		run.argv[2] =
		    command_file("config", str_of(oddities[i].text), 0600);
		command_run(&run, &r);
		at = strstr(r.err.p, oddities[i].want);
		T_CHECK(oddities[i].want[0] == '\0' ?
			r.err.n == 0 && r.code == 0 :
			at != NULL && strstr(at + 1, oddities[i].want) == NULL,
		    "%s: %d %s", oddities[i].name, r.code, r.err.p);
		command_release(&r);
	}
	set_environment("");
	command_folder_remove();
}

static void
test_check(void)
{
	struct config_ask ask = { 0 };
	struct access a;
	struct config c;
	struct err e;
	bool ok;

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		ask.path = command_file("config", str_of(needs[i].text), 0600);
		set_environment("");
		T_CHECK(load_both(&c, &a, &ask, &e), "%s: %s", needs[i].name,
		    e.msg);
		e = (struct err){ 0 };
		ok = config_check(&c, &a,
		    needs[i].sign_in ? CONFIG_TO_SIGN_IN : CONFIG_TO_COMPOSE,
		    &e);
		T_CHECK(ok == needs[i].ok && strcmp(e.msg, needs[i].msg) == 0,
		    "%s: %s", needs[i].name, e.msg);
		T_CHECK(strstr(e.remedy, needs[i].remedy) != NULL, "%s: %s",
		    needs[i].name, e.remedy);
		release_both(&c, &a);
	}
	set_environment("AZURE_FEDERATED_TOKEN_FILE=/t");
	ask = (struct config_ask){ .no_file = true };
	T_CHECK(load_both(&c, &a, &ask, &e), "%s", e.msg);
	T_CHECK(!config_check(&c, &a, CONFIG_TO_SIGN_IN, &e) &&
		strcmp(e.msg, "not set: tenant_id, client_id, from") == 0,
	    "%s", e.msg);
	release_both(&c, &a);
	command_folder_remove();
}

/* FILE: a file with these bytes; else a command. want NULL: fails. */
/* clang-format off */
static const struct {
	const char *name;
	bool file;
	const char *text, *want, *msg;
	enum err_kind kind; /* ERR_NONE: ERR_CONFIG, if it fails */
} secrets[] = {
	{ "one line", true, "abc~1+/=\n", "abc~1+/=", "", 0 },
	{ "no line end", true, "abc", "abc", "", 0 },
	{ "CRLF and mark", true, "\357\273\277abc\r\n", "abc", "", 0 },
	{ "more lines", true, "abc\n# comment\n", "abc", "", 0 },
	{ "empty", true, "", NULL,
	  "client_secret_file: its first line is empty", 0 },
	{ "empty line", true, "\nabc", NULL,
	  "client_secret_file: its first line is empty", 0 },
	{ "binary", true, "a\001b", NULL,
	  "client_secret_file: first line: byte 2 is a control character", 0 },
	{ "command", false, "echo abc; echo def", "abc", "", 0 },
	{ "command reads nothing", false, "cat; echo abc", "abc", "", 0 },
	{ "command fails", false, "echo abc; exit 3", NULL,
	  "client_secret_command: ended with status 3", 0 },
	{ "command dies", false, "kill -9 $$", NULL,
	  "client_secret_command: was ended by signal 9", ERR_RETRY },
	{ "command fails for now", false, "echo abc; exit 75", NULL,
	  "client_secret_command: ended with status 75", ERR_RETRY },
	{ "command is silent", false, "true", NULL,
	  "client_secret_command: its first line is empty", 0 },
	{ "command is not there", false, "exec /nonexistent/x 2>/dev/null",
	  NULL, "client_secret_command: ended with status 127", 0 },
	{ "command babbles", false, "yes | head -c 200000", NULL,
	  "client_secret_command: printed more than 65536 bytes", 0 },
};
/* clang-format on */

static void
test_secret(void)
{
	struct access a;
	struct err e;
	bool ok;

	set_environment("");
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		a = (struct access){ 0 };
		a.proof = secrets[i].file ? ACCESS_SECRET_FILE :
					    ACCESS_SECRET_COMMAND;
		if (secrets[i].file)
			a.proof_text = str_of(command_file("secret",
			    str_of(secrets[i].text), 0600));
		else
			a.proof_text = str_of(secrets[i].text);
		e = (struct err){ 0 };
		ok = config_secret(&a, &silent, &e);
		T_CHECK(ok == (secrets[i].want != NULL), "%s: %s",
		    secrets[i].name, e.msg);
		T_CHECK(!ok ||
			secret_eq(&a.client_secret, str_of(secrets[i].want)),
		    "%s", secrets[i].name);
		T_CHECK(strcmp(e.msg, secrets[i].msg) == 0, "%s: %s",
		    secrets[i].name, e.msg);
		T_CHECK(ok ||
			e.kind ==
			    (secrets[i].kind != ERR_NONE ? secrets[i].kind :
							   ERR_CONFIG),
		    "%s", secrets[i].name);
		access_release(&a);
	}
	a = (struct access){ .proof = ACCESS_SECRET_FILE,
		.proof_text =
		    str_of(command_file("secret", STR("abc"), 0644)) };
	T_CHECK(!config_secret(&a, &silent, &e) &&
		strstr(e.remedy, "chmod o-rwx") != NULL,
	    "%s", e.remedy);
	access_release(&a);
	command_folder_remove();
}

static void
check_run(const char *const *argv, int code, const char *out, const char *err)
{
	struct command_run run = { .command = &command };
	struct command_result r;

	for (size_t i = 0; argv[i] != NULL; i++)
		run.argv[i] = argv[i];
	command_run(&run, &r);
	T_CHECK(r.code == code, "%s: %d", argv[0], r.code);
	T_CHECK(strstr(r.out.p, out) != NULL, "%s: %s", argv[0], r.out.p);
	T_CHECK(strstr(r.err.p, err) != NULL, "%s: %s", argv[0], r.err.p);
	command_release(&r);
}

static void
test_command(void)
{
	const char *path = command_file("config",
	    STR("from = a@b.example\n"
		"client_secret = 11111111-2222-3333-4444-555555555555"),
	    0600);
	char fresh[128];

	set_environment("");
	check_run((const char *const[]){ "show", "-C", path, NULL }, 0,
	    "from = a@b.example", "looks like the secret's ID");
	check_run((const char *const[]){ "-C", path, NULL }, 0,
	    "client_secret = ***", "");
	check_run((const char *const[]){ "path", "-C", path, NULL }, 0, path,
	    "");
	check_run((const char *const[]){ "path", "-C", "/none", NULL }, 66, "",
	    "looked for /none");
	check_run((const char *const[]){ "show", "-C", "/none", NULL }, 78, "",
	    "/none");
	check_run((const char *const[]){ "init", "-C", path, NULL }, 73, "",
	    "is there already");
	check_run((const char *const[]){ "list", NULL }, 64, "",
	    "not one of show, path, init");
	check_run((const char *const[]){ "show", "x", NULL }, 64, "",
	    "unexpected \"x\"");
	set_environment("POST365_FROMM=x POST365_LOGIN_URL="
			"https://login.microsoftonline.us");
	check_run((const char *const[]){ "show", "-C", path, NULL }, 0, "",
	    "environment POST365_FROMM: no such setting; did you mean that of "
	    "from?");
	check_run((const char *const[]){ "show", "-C", path, NULL }, 0, "",
	    "different clouds");
	(void)snprintf(fresh, sizeof(fresh), "%s/a/b/config", command_folder());
	set_environment("AZURE_CLIENT_SECRET=abc POST365_FROM=a@b.example");
	check_run((const char *const[]){ "init", "-C", fresh, NULL }, 0,
	    "Mail.Send", "");
	set_environment("");
	check_run((const char *const[]){ "show", "-C", fresh, NULL }, 0,
	    "from = a@b.example", "");
	check_run((const char *const[]){ "show", "-C", fresh, NULL }, 0,
	    "client_secret = ***", "");
	command_folder_remove();
}

/*
 * Folders as whoever runs this has them; the golden file has no user, so that
 * they are taken out.
 */
static void
check_places(struct buf *text)
{
	const struct config_ask ask = { .no_file = true };
	struct config c;
	struct buf line;
	struct err e;
	char *at;

	T_CHECK(config_load(&c, &ask, &silent, &e), "%s", e.msg);
	buf_init(&line, 4096);
	for (size_t i = 0; i < 3; i++) {
		const struct str path[] = { c.state_dir, c.spool_dir,
			c.log_file };
		static const char *const key[] = { "state_dir", "spool_dir",
			"log_file" };

		buf_reset(&line);
		buf_addf(&line, "\n#%s = %.*s\n", key[i], STR_ARG(path[i]));
		at = strstr(text->p, line.p);
		T_CHECK(at != NULL, "no%s", line.p);
		if (at == NULL)
			continue;
		at += strcspn(at, "/");
		memmove(at, at + path[i].n, strlen(at + path[i].n) + 1);
		text->n -= path[i].n;
	}
	buf_release(&line);
	config_release(&c);
}

/* Each key is explained where a person looks. */
static void
test_init(void)
{
	struct command_run run = { .command = &command,
		.argv = { "init", "-C", "-" } };
	struct command_result r;
	struct packed texts;
	struct buf help;
	char name[64];

	buf_init(&help, 65536);
	packed_add(TEXT_HELP_CONFIG, &help);
	packed_open(&texts, TEXT_SETTINGS, &help);
	/* what is printed shows no secret, and no proxy of this place */
	set_environment("AZURE_CLIENT_SECRET=abc "
			"HTTPS_PROXY=http://u:abc@h:1");
	command_run(&run, &r);
	T_CHECK(r.code == 0 && strstr(r.out.p, "abc") == NULL, "%s", r.out.p);
	command_release(&r);
	set_environment("");
	command_run(&run, &r);
	T_CHECK(r.code == 0 && r.err.n == 0, "%d %s", r.code, r.err.p);
	check_places(&r.out);
	command_golden("config/init.want", buf_view(&r.out));
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		(void)snprintf(name, sizeof(name),
		    "\n#%s = ", config_rows[i].name);
		T_CHECK(strstr(r.out.p, name) != NULL, "%s", name);
		T_CHECK(strstr(help.p, config_rows[i].name) != NULL,
		    "help lacks %s", config_rows[i].name);
		T_CHECK(config_row_help(&config_rows[i], &texts).n > 9,
		    "settings.txt lacks %s", config_rows[i].name);
	}
	packed_release(&texts);
	buf_release(&help);
	command_release(&r);
}

/* Who sends chooses the account, whatever else is said of the sender. */
static void
test_sender(void)
{
	static const char text[] = "from = a@b.example\n[account x]\n"
				   "from = x@b.example\ntimeout = 1s\n";
	static const struct {
		const char *sender, *author;
		int64_t timeout_ms;
		bool chosen;
	} rows[] = { { "X@b.example", NULL, 1000, true },
		{ "a@b.example", NULL, 120000, true },
		{ "a@b.example", "x@b.example", 120000, true },
		{ "root", NULL, 120000, false },
		{ "root", "X <x@b.example>", 1000, false },
		{ NULL, "x@b.example", 1000, false },
		{ NULL, "a@b.example", 120000, false },
		{ NULL, "n@b.example", 120000, false },
		{ "", NULL, 120000, false },
		{ "<>", "x@b.example", 1000, false } };
	struct config_ask ask = { 0 };
	struct access a;
	struct config c;
	struct err e;

	set_environment("");
	ask.path = command_file("config", str_of(text), 0600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ask.sender = rows[i].sender;
		ask.author = rows[i].author;
		T_CHECK(load_both(&c, &a, &ask, &e), "%zu: %s", i, e.msg);
		T_CHECK(a.timeout_ms == rows[i].timeout_ms &&
			c.chosen == rows[i].chosen,
		    "%zu: %lld", i, (long long)a.timeout_ms);
		release_both(&c, &a);
	}
	command_folder_remove();
}

/* A file `secret` beside `config`, for those who sign in. */
/* clang-format off */
static const struct {
	const char *name, *config, *secret;
	unsigned mode;
	bool ok;
	const char *want; /* shown; or of the message */
} pairs[] = {
	{ "both", IDS "from = a@b.example", "client_secret = s\nca = builtin\n",
	  0600, true, "# from FILE:3\nfrom = a@b.example|"
	  "# from SECRET:1\nclient_secret = ***|"
	  "# from SECRET:2\nca = builtin" },
	{ "all of access", "from = a@b.example", IDS "client_secret = s", 0600,
	  true, "# from SECRET:1\ntenant_id = " TENANT },
	{ "an account", IDS "client_secret = s\n[account x]\n"
	  "from = x@b.example", "[account x]\nclient_id = " TENANT
	  "\nclient_secret = t", 0600, true,
	  "# from FILE:2\nclient_id = " CLIENT },
	{ "an account of it alone", "from = a@b.example",
	  "[account y]\nclient_secret = t", 0600, false,
	  "SECRET:1: [account y] is not in FILE" },
	{ "account twice", "[account x]\nfrom = x@b.example",
	  "[account x]\nca = system\n[account x]", 0600, false,
	  "SECRET:3: [account x] stands in line 1 already" },
	{ "a key in both", "ca = system", "\nca = builtin", 0600, false,
	  "SECRET:2: ca stands in FILE:1 already" },
	{ "a key twice", "", "ca = system\nca = builtin", 0600, false,
	  "SECRET:2: ca stands in line 1 already" },
	{ "a public key", "", "from = a@b.example", 0600, false,
	  "SECRET:1: from is for all who mail: move it to FILE" },
	{ "an unknown key", "", "client_sekret = s", 0600, false,
	  "SECRET:1: unknown key \"client_sekret\"; did you mean" },
	{ "readable by all", IDS, "client_secret = s", 0644, false,
	  "SECRET: holds a secret that all users may read / chmod o-rwx" },
	{ "a bare secret", IDS "client_secret_file = /x", "abc~def\n", 0644,
	  true, "client_secret_file = /x" },
	{ "two proofs", "client_certificate = /c", "client_secret = s", 0600,
	  false, "client_certificate is given beside client_secret" },
};
/* clang-format on */

static void
check_pair(size_t i)
{
	struct config_ask ask = { 0 };
	struct str rest = str_of(pairs[i].want), want;
	char path[256], secret[256];
	struct buf shown, half, got;
	struct access a;
	struct config c;
	struct err e;
	bool ok;

	(void)snprintf(secret, sizeof(secret), "%s",
	    command_file("secret", str_of(pairs[i].secret), pairs[i].mode));
	(void)snprintf(path, sizeof(path), "%s",
	    command_file("config", str_of(pairs[i].config), 0644));
	(void)chmod(path,
	    str_find(str_of(pairs[i].config), STR("secret = ")) <
		    strlen(pairs[i].config) ?
		0600 :
		0644);
	ask.path = path;
	buf_init(&shown, TEXT_MAX);
	buf_init(&half, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	ok = config_load(&c, &ask, &silent, &e);
	T_CHECK(ok && c.apart, "%s: the public half: %s", pairs[i].name, e.msg);
	ok = access_load(&a, &c, &silent, &e);
	T_CHECK(ok == pairs[i].ok, "%s: %s", pairs[i].name, e.msg);
	if (ok)
		config_show(&c, &a, &shown);
	else
		buf_addf(&shown, "%s / %s", e.msg, e.remedy);
	name_file(buf_view(&shown), path, &half);
	rest = buf_view(&half);
	for (size_t at; (at = str_find(rest, str_of(secret))) < rest.n;) {
		buf_adds(&got, str_first(rest, at));
		buf_addz(&got, "SECRET");
		rest = str_from(rest, at + strlen(secret));
	}
	buf_adds(&got, rest);
	rest = str_of(pairs[i].want);
	while (str_next(&rest, '|', &want))
		T_CHECK(str_find(buf_view(&got), want) < got.n,
		    "%s: no \"%.*s\" in \"%.*s\"", pairs[i].name, STR_ARG(want),
		    STR_ARG(buf_view(&got)));
	release_both(&c, &a);
	buf_release(&got);
	buf_release(&half);
	buf_release(&shown);
}

static void
test_two_files(void)
{
	set_environment("");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		check_pair(i);
	command_folder_remove();
}

/* What the environment has is wiped, and nothing else. */
static void
test_forget(void)
{
	set_environment("POST365_CLIENT_SECRET=abc AZURE_CLIENT_SECRET=abc "
			"POST365_PROXY=http://u:abc@h:1 POST365_FROM=a@b.c "
			"AZURE_CLIENT_ID=abc POST365_X=abc");
	config_forget_secrets();
	T_CHECK(getenv("POST365_CLIENT_SECRET")[0] == '\0' &&
		getenv("AZURE_CLIENT_SECRET")[0] == '\0' &&
		getenv("POST365_PROXY")[0] == '\0',
	    "a secret is left");
	T_CHECK(strcmp(getenv("POST365_FROM"), "a@b.c") == 0 &&
		strcmp(getenv("AZURE_CLIENT_ID"), "abc") == 0 &&
		strcmp(getenv("POST365_X"), "abc") == 0,
	    "too much is gone");
	set_environment("");
}

/* Every public key goes over, and not a byte of the others. */
static void
test_share(void)
{
	static const char text[] =
	    "tenant_id = ACCESS.example\nclient_id = " CLIENT "\n"
	    "client_secret = ACCESS\nclient_assertion_alg = RS256\n"
	    "secret_expires = 2031-03-31\nalert_command = ACCESS\n"
	    "login_url = https://ACCESS.example\nproxy = ACCESS:1\n"
	    "graph_url = https://ACCESS.example/v1.0\nca = ACCESS\n"
	    "no_proxy = ACCESS\ntimeout = 77s\nconnect_timeout = 66s\n"
	    "from = A B <a@b.example>\nmailbox = m@b.example\n"
	    "from_policy = map\nfrom_map = root > A <a@b.example>, * > b@c.d\n"
	    "aliases = al iases\ndefault_domain = b.example\n"
	    "local_names = a, b.c\nsave_to_sent = no\ndelivery = once\n"
	    "mime_limit = 1234567\nmax_message_size = 7m\nrate = 30/min\n"
	    "enabled = no\nbounces = no\npostmaster = p@b.example\n"
	    "state_dir = /s\nspool_dir = /q\nspool_sync = file\n"
	    "min_free = 2g\nmax_queue = 9\nmax_spool = none\n"
	    "max_age = 3d\nlog_file = /l\n[account x]\nfrom = x@b.example\n";
	struct config_ask ask = { .path = command_file("config", str_of(text),
				      0600) };
	struct access none = { 0 };
	struct buf sent, got, raw;
	struct config c, d;
	struct err e;

	set_environment("POST365_MAX_AGE=4d POST365_PROXY=ACCESS:2");
	buf_init(&sent, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	buf_init(&raw, TEXT_MAX);
	T_CHECK(config_load(&c, &ask, &silent, &e), "%s", e.msg);
	config_write(&c, &raw);
	T_CHECK(buf_ok(&raw, &e) && raw.n > 0 &&
		str_find(buf_view(&raw), STR("ACCESS")) == raw.n &&
		str_find(buf_view(&raw), STR("2031")) == raw.n &&
		str_find(buf_view(&raw), STR("77s")) == raw.n,
	    "%.*s", STR_ARG(buf_view(&raw)));
	T_CHECK(config_receive(&d, buf_view(&raw), &e), "%s", e.msg);
	config_show(&c, &none, &sent);
	config_show(&d, &none, &got);
	T_CHECK(str_eq(buf_view(&sent), buf_view(&got)), "%.*s is %.*s",
	    STR_ARG(buf_view(&sent)), STR_ARG(buf_view(&got)));
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		T_CHECK(config_rows[i].half == CONFIG_ACCESS ||
			d.origin[i].name != NULL,
		    "%s is not in this test", config_rows[i].name);
	T_CHECK(str_eq(c.file, d.file) && str_eq(d.accounts, STR("x")) &&
		str_eq(d.client_id, STR(CLIENT)) && d.relative && !d.chosen &&
		!d.piped && !d.enabled && d.max_age_ms == 4 * 86400000LL &&
		d.origin[CONFIG_PROXY].place == CONFIG_ENVIRONMENT,
	    "what is no setting");
	config_release(&d);
	T_CHECK(!config_receive(&d, STR("cliend_id = x\n"), &e) &&
		e.kind == ERR_BUG,
	    "%s", e.msg);
	config_release(&d);
	config_release(&c);
	buf_release(&raw);
	buf_release(&got);
	buf_release(&sent);
	command_folder_remove();
}

static void
load_once(void)
{
	static const char text[] =
	    IDS "from = A <a@b.example>\n"
		"client_secret = s\n[account x]\nfrom = x@b.example\n";
	static char path[128];
	struct config_ask ask = { .path = path, .account = "x" };
	struct buf out;
	struct access a;
	struct config c;
	struct err e;

	if (path[0] == '\0') {
		t_fail_allocation(0);
		(void)snprintf(path, sizeof(path), "%s",
		    command_file("config", str_of(text), 0600));
		t_fail_allocation(1);
	}
	buf_init(&out, TEXT_MAX);
	if (load_both(&c, &a, &ask, &e)) {
		config_show(&c, &a, &out);
		T_CHECK(config_check(&c, &a, CONFIG_TO_SIGN_IN, &e) ||
			e.kind == ERR_RETRY,
		    "%s", e.msg);
	} else {
		T_CHECK(e.kind == ERR_RETRY, "%s: %s", err_kind_name(e.kind),
		    e.msg);
	}
	release_both(&c, &a);
	buf_release(&out);
}

static void
test_no_memory(void)
{
	set_environment("AZURE_TENANT_ID=" TENANT);
	t_each_allocation_fails(load_once);
	command_folder_remove();
}

static const struct t_test tests[] = {
	{ "load", test_load },
	{ "proxy", test_proxy },
	{ "show, read again", test_show_again },
	{ "relative", test_relative },
	{ "modes", test_modes },
	{ "owners", test_owners },
	{ "unusable", test_unusable },
	{ "environment", test_environment },
	{ "systemd", test_systemd },
	{ "odd files", test_odd_files },
	{ "limits", test_limits },
	{ "places", test_places },
	{ "state folder", test_state_dir },
	{ "oddities", test_oddities },
	{ "check", test_check },
	{ "secret", test_secret },
	{ "command", test_command },
	{ "sender", test_sender },
	{ "init", test_init },
	{ "two files", test_two_files },
	{ "environment wiped", test_forget },
	{ "handed over", test_share },
	{ "no memory", test_no_memory },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
