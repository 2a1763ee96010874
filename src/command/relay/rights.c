/* SPDX-License-Identifier: MIT */
#include "command/relay/rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"

enum { RIGHTS_PATHS = 5 + 2 * CONF_PAIRS };

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

/* The n-th file of a reload; empty: there is none. */
static struct str
rights_path(const struct plan *p, size_t n)
{
	const struct conf *c = &p->conf;
	const struct str path[RIGHTS_PATHS] = {
		p->config.piped ? STR("") : p->config.file,
		c->certificate[0],
		c->certificate[1],
		c->key[0],
		c->key[1],
		c->auth_file,
		c->web_token_file,
		c->recipient_map,
		p->config.aliases,
	};

	return path[n];
}

static bool
rights_read_all(const struct plan *p, const struct passwd *who, struct err *e)
{
	for (size_t i = 0; i < RIGHTS_PATHS; i++)
		if (!rights_read(rights_path(p, i), who, e))
			return false;
	return true;
}

static bool
rights_change(const struct passwd *who, struct err *e)
{
	if (initgroups(who->pw_name, who->pw_gid) == 0 &&
	    setgid(who->pw_gid) == 0 && setuid(who->pw_uid) == 0)
		return true;
	return err_sys(e, ERR_CONFIG, "user: cannot become %s", who->pw_name);
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
	if (!rights_change(who, e))
		return false;
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

/* Is there a file of the queue's that it may not change? */
static bool
rights_keep_queue(struct str path, const struct passwd *who, struct err *e)
{
	if (access(path.p, R_OK | W_OK | X_OK) == 0 || errno == ENOENT)
		return true;
	err_sys(e, ERR_CONFIG, "user %s must write into %s", who->pw_name,
	    path.p);
	return err_remedy(e, "chown -R %s %s", who->pw_name, path.p);
}

/* By the setting, else whose the queue is; NULL: root's, or nobody's yet. */
static const struct passwd *
rights_who(const struct plan *p)
{
	struct os_stat st;
	struct err unsaid;

	if (p->conf.user.n > 0)
		return getpwnam(p->conf.user.p);
	return os_stat_path(p->config.spool_dir.p, &st, &unsaid) &&
		st.owner != 0 ?
	    getpwuid(st.owner) :
	    NULL;
}

static bool
rights_put(struct buf *out, const struct err *e)
{
	buf_addf(out, "FAIL  %s%s%s\n", e->msg,
	    e->remedy[0] != '\0' ? "; do: " : "", e->remedy);
	return false;
}

bool
rights_check(const struct plan *p, struct buf *out)
{
	const struct passwd *who = geteuid() == 0 ? rights_who(p) : NULL;
	bool ok = true;
	struct err e;

	if (who == NULL && p->conf.user.n > 0 && geteuid() == 0) {
		err_set(&e, ERR_CONFIG,
		    "user: there is no \"%s\" on this machine", p->conf.user.p);
		return rights_put(out, &e);
	}
	if (who == NULL || who->pw_uid == 0)
		return true;
	if (!rights_change(who, &e))
		return rights_put(out, &e);
	for (size_t i = 0; i < RIGHTS_PATHS; i++)
		ok = (rights_read(rights_path(p, i), who, &e) ||
			 rights_put(out, &e)) &&
		    ok;
	/* the file `secret` beside the settings */
	if (ok && config_is_closed(&p->config)) {
		err_set(&e, ERR_CONFIG,
		    "user %s must read the settings of who signs in, too (the "
		    "file `secret` beside %s)",
		    who->pw_name, p->config.file.p);
		ok = rights_put(out, &e);
	}
	ok = (rights_keep_queue(p->config.spool_dir, who, &e) ||
		 rights_put(out, &e)) &&
	    ok;
	if (ok)
		buf_addf(out, "ok    user %s may read and write what it must\n",
		    who->pw_name);
	return ok;
}
