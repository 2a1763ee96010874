/* SPDX-License-Identifier: MIT */
#include "base/private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool
as_config(struct err *e)
{
	if (e->kind == ERR_INPUT) {
		e->kind = ERR_CONFIG;
		e->exit = 0;
	}
	return false;
}

static bool
is_below(struct str path, struct str folder)
{
	while (str_ends(folder, STR("/")))
		folder.n--;
	return folder.n > 0 && str_starts(path, folder) &&
	    str_starts(str_from(path, folder.n), STR("/"));
}

/* Nobody in here decides who owns such files. */
static bool
is_mounted(const char *path, const struct os_stat *st)
{
	return st->read_only_mount ||
	    is_below(str_of(path), str_of(getenv("CREDENTIALS_DIRECTORY"))) ||
	    is_below(str_of(path), STR("/run/secrets"));
}

static bool
check_owner(const char *path, const struct os_stat *st, struct err *e)
{
	if (is_mounted(path, st))
		return true;
	if (st->owner != 0 && st->owner != geteuid()) {
		err_set(e, ERR_CONFIG,
		    "%s: belongs to user %u, who could have mail and secret "
		    "sent elsewhere, or commands run as this one",
		    path, (unsigned)st->owner);
		return err_remedy(e, "run this as that user, or chown root %s",
		    path);
	}
	if (st->others_write) {
		err_set(e, ERR_CONFIG, "%s: all users may change it", path);
		return err_remedy(e, "chmod o-w %s", path);
	}
	if (st->group_writes && st->group != st->owner) {
		err_set(e, ERR_CONFIG, "%s: group %u may change it", path,
		    (unsigned)st->group);
		return err_remedy(e, "chmod g-w %s", path);
	}
	return true;
}

static bool
check_kind(const char *path, const struct os_stat *st, size_t limit,
    struct err *e)
{
	if (st->directory)
		return err_set(e, ERR_CONFIG, "%s: is a directory", path);
	if (!st->regular)
		return err_set(e, ERR_CONFIG, "%s: not a regular file", path);
	if (st->size > limit)
		return err_set(e, ERR_CONFIG,
		    "%s: larger than the %zu bytes "
		    "allowed here",
		    path, limit);
	return true;
}

bool
private_read(const char *path, struct buf *out, struct os_stat *st,
    struct err *e)
{
	struct os_stat now;
	int fd;
	bool ok;

	if (!os_stat_path(path, st, e))
		return as_config(e);
	if (!check_kind(path, st, out->limit, e))
		return false;
	/* the name may lead elsewhere by now: what was opened counts */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, ERR_CONFIG, "%s: cannot open", path);
	ok = os_stat_fd(fd, path, &now, e);
	now.read_only_mount = st->read_only_mount;
	*st = now;
	ok = ok && check_kind(path, st, out->limit, e) &&
	    check_owner(path, st, e) &&
	    (os_read_fd(fd, path, out, e) || as_config(e));
	os_close(&fd);
	return ok;
}

bool
private_check(const char *path, const struct os_stat *st, const struct log *log,
    struct err *e)
{
	if (!st->others)
		return true;
	if (is_mounted(path, st)) {
		log_warn(log, "%s: holds a secret that all users may read",
		    path);
		return true;
	}
	err_set(e, ERR_CONFIG, "%s: holds a secret that all users may read",
	    path);
	return err_remedy(e, "chmod o-rwx %s", path);
}
