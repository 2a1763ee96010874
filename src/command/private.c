/* SPDX-License-Identifier: MIT */
#include "command/private.h"

#include <stdlib.h>

static bool
as_config(struct err *e)
{
	if (e->kind == ERR_INPUT) {
		e->kind = ERR_CONFIG;
		e->exit = 0;
	}
	return false;
}

bool
private_read(const char *path, struct buf *out, struct os_stat *st,
    struct err *e)
{
	if (!os_stat_path(path, st, e))
		return as_config(e);
	if (st->directory)
		return err_set(e, ERR_CONFIG, "%s: is a directory", path);
	if (!st->regular)
		return err_set(e, ERR_CONFIG, "%s: not a regular file", path);
	if (st->size > out->limit)
		return err_set(e, ERR_CONFIG,
		    "%s: larger than the %zu bytes "
		    "allowed here",
		    path, out->limit);
	return os_read_file(path, out, e) || as_config(e);
}

static bool
is_below(struct str path, struct str folder)
{
	while (str_ends(folder, STR("/")))
		folder.n--;
	return folder.n > 0 && str_starts(path, folder) &&
	    str_starts(str_from(path, folder.n), STR("/"));
}

bool
private_check(const char *path, const struct os_stat *st, const struct log *log,
    struct err *e)
{
	struct str credentials = str_of(getenv("CREDENTIALS_DIRECTORY"));

	if (!st->others)
		return true;
	if (st->read_only_mount || is_below(str_of(path), credentials) ||
	    is_below(str_of(path), STR("/run/secrets"))) {
		log_warn(log, "%s: holds a secret that all users may read",
		    path);
		return true;
	}
	err_set(e, ERR_CONFIG, "%s: holds a secret that all users may read",
	    path);
	return err_remedy(e, "chmod o-rwx %s", path);
}
