/* SPDX-License-Identifier: MIT */
#include "command/relay/rights.h"

#include <grp.h>
#include <pwd.h>
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

static bool
rights_become(const struct plan *p, const struct passwd *who, struct err *e)
{
	const struct config *c = &p->config;

	if (!rights_make_folder(c->spool_dir.p, who, e) ||
	    !rights_make_folder(c->state_dir.p, who, e))
		return false;
	if (initgroups(who->pw_name, who->pw_gid) < 0 ||
	    setgid(who->pw_gid) < 0 || setuid(who->pw_uid) < 0)
		return err_sys(e, ERR_CONFIG, "user: cannot become %s",
		    who->pw_name);
	os_protect_secrets();
	if (c->file.n == 0 || c->piped || access(c->file.p, R_OK) == 0)
		return true;
	err_sys(e, ERR_CONFIG, "user %s must read %s", who->pw_name, c->file.p);
	return err_remedy(e, "chgrp %s %s && chmod 640 %s", who->pw_name,
	    c->file.p, c->file.p);
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
