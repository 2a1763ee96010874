/* SPDX-License-Identifier: MIT */
#include "command/relay/rights.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"

/* A folder that is to be there, and the user's. */
static bool
rights_make_folder(const char *path, const struct passwd *who, struct err *e)
{
	struct os_stat st;
	struct err unsaid;

	if (path == NULL || path[0] == '\0' || os_stat_path(path, &st, &unsaid))
		return true;
	return os_mkdirs(path, 0700, e) &&
	    (chown(path, who->pw_uid, who->pw_gid) == 0 ||
		err_sys(e, ERR_CONFIG, "%s: cannot give it to %s", path,
		    who->pw_name));
}

/*
 * The usual folders are root's: who reads the settings later, as that user,
 * is to find the same.
 */
static bool
rights_keep_place(const char *name, struct str path,
    const struct config_origin *from, struct err *e)
{
	if (from->place != CONFIG_DERIVED || path.n == 0 ||
	    setenv(name, path.p, 1) == 0)
		return true;
	return err_sys(e, ERR_RETRY, "user: cannot keep %s", name);
}

/* What is read again at a SIGHUP: better told now. */
static bool
rights_read(struct str path, const struct passwd *who, struct err *e)
{
	if (path.n == 0 || access(path.p, R_OK) == 0)
		return true;
	err_sys(e, ERR_CONFIG, "user %s must read %s", who->pw_name, path.p);
	return err_remedy(e, "chgrp %s %s && chmod 640 %s", who->pw_name,
	    path.p, path.p);
}

static bool
rights_read_all(const struct plan *p, const struct passwd *who, struct err *e)
{
	const struct conf *c = &p->conf;
	bool ok = p->config.piped || rights_read(p->config.file, who, e);

	for (size_t i = 0; ok && i < c->keys; i++)
		ok = rights_read(c->certificate[i], who, e) &&
		    rights_read(c->key[i], who, e);
	return ok && rights_read(c->auth_file, who, e) &&
	    rights_read(c->recipient_map, who, e);
}

static bool
rights_become(const struct plan *p, const struct passwd *who, struct err *e)
{
	const struct config *c = &p->config;

	if (!rights_make_folder(c->spool_dir.p, who, e) ||
	    !rights_make_folder(c->state_dir.p, who, e) ||
	    !rights_keep_place("POST365_SPOOL_DIR", c->spool_dir,
		&c->origin[CONFIG_SPOOL_DIR], e) ||
	    !rights_keep_place("POST365_STATE_DIR", c->state_dir,
		&c->origin[CONFIG_STATE_DIR], e))
		return false;
	if (initgroups(who->pw_name, who->pw_gid) < 0 ||
	    setgid(who->pw_gid) < 0 || setuid(who->pw_uid) < 0)
		return err_sys(e, ERR_CONFIG, "user: cannot become %s",
		    who->pw_name);
	os_protect_secrets();
	return rights_read_all(p, who, e);
}

bool
rights_drop(const struct plan *p, struct err *e)
{
	const char *name = p->conf.user.p;
	const struct passwd *who;

	if (p->conf.user.n == 0)
		return true;
	who = getpwnam(name);
	if (who == NULL)
		return err_set(e, ERR_CONFIG,
		    "user: there is no \"%s\" on this machine", name);
	if (getuid() == who->pw_uid)
		return true;
	if (getuid() != 0)
		return err_set(e, ERR_CONFIG,
		    "user: only root can become %s; this is uid %lu", name,
		    (unsigned long)getuid());
	return rights_become(p, who, e);
}
