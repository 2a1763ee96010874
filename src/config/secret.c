/* SPDX-License-Identifier: MIT */
#include "config/secret.h"

#include "base/os.h"
#include "base/private.h"
#include "base/shell.h"
#include "config/file.h"
#include "config/key.h"

static bool
from_file(struct access *a, const struct log *log, struct buf *out,
    struct err *e)
{
	const char *path = a->proof_text.p;
	struct os_stat st;

	if (!private_read(path, out, &st, e) ||
	    !private_check(path, &st, log, e))
		return err_wrap(e, "client_secret_file");
	return true;
}

static bool
from_command(struct access *a, const struct log *log, struct buf *out,
    struct err *e)
{
	log_trace(log, "running client_secret_command");
	if (!shell_read(a->proof_text.p, os_mono_ms() + CONFIG_COMMAND_MS, out,
		e)) {
		err_wrap(e, "client_secret_command");
		return err_remedy(e,
		    "its own words are above; run it by "
		    "hand as this user: it has to print the secret");
	}
	return true;
}

bool
config_first_line(struct str text, const char *key, struct secret *to,
    struct err *e)
{
	struct str line = str_first(text, str_chr(text, '\n'));

	if (str_starts(line, STR("\xef\xbb\xbf")))
		line = str_from(line, 3);
	if (str_ends(line, STR("\r")))
		line.n--;
	if (line.n == 0)
		return err_set(e, ERR_CONFIG, "%s: its first line is empty",
		    key);
	if (!config_text_check(line, e))
		return err_wrap(e, "%s: first line", key);
	return secret_set(to, line, e);
}

bool
config_secret(struct access *a, const struct log *log, struct err *e)
{
	bool file = a->proof == ACCESS_SECRET_FILE, ok;
	const char *key = config_rows[access_key(a)].name;
	struct buf text;

	if (secret_is_set(&a->client_secret))
		return true;
	buf_init_secret(&text, SECRET_LIMIT);
	ok =
	    file ? from_file(a, log, &text, e) : from_command(a, log, &text, e);
	ok =
	    ok && config_first_line(buf_view(&text), key, &a->client_secret, e);
	buf_release(&text);
	if (!ok && e->kind == ERR_CONFIG && e->remedy[0] == '\0')
		err_remedy(e,
		    "%s names a file with the secret's Value in its first "
		    "line, readable for this user.",
		    key);
	if (ok && config_is_guid(secret_view(&a->client_secret)))
		log_warn(log,
		    "%s: that looks like the secret's ID, not its "
		    "Value",
		    key);
	return ok;
}
