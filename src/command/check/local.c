/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "codec/date.h"
#include "command/ask.h"
#include "command/check/step.h"
#include "compose/names.h"
#include "config/proxy.h"

enum {
	LOCAL_OUT = 4096,
	LOCAL_ALIASES = 16 * 1024 * 1024, /* a file of 1 MB, of short lines */
	LOCAL_DAYS = 30,                  /* before the end of a proof */
	LOCAL_DAY_S = 86400,
	LOCAL_DATE = 10, /* of an ISO date, without the time */
	LOCAL_PATH = 4096
};

/* --- settings */

static void
local_add_origin(const struct step_run *r, struct buf *out)
{
	const struct config *c = &r->config;

	if (c->piped)
		buf_addz(out, "standard input");
	else if (c->file.n == 0)
		buf_addz(out, "environment");
	else
		buf_adds(out, c->file);
	if (r->access.file.n > 0)
		buf_addf(out, " and %.*s", STR_ARG(r->access.file));
	if (c->account.n > 0)
		buf_addf(out, ", account %.*s", STR_ARG(c->account));
	buf_addf(out, ", sender %.*s", STR_ARG(c->mailbox));
	if (r->access.environment.n > 0)
		buf_addf(out, "; from the environment: %.*s",
		    STR_ARG(r->access.environment));
}

/* A text that names line and mistake is not yet a cure. */
static void
local_fail(struct step_run *r, struct err *e)
{
	if (e->remedy[0] == '\0')
		err_remedy(e,
		    "Correct it there; post365 help config lists all "
		    "settings, post365 config init makes a new file.");
	step_fail(r, e);
}

/* What is wrong with who signs in hides nothing of the rest. */
void
step_settings(struct step_run *r)
{
	const struct config_ask ask = command_ask(&r->cli);
	struct buf text;
	struct err e;

	if (!config_load(&r->config, &ask, &r->log, &e)) {
		local_fail(r, &e);
		return;
	}
	r->have |= STEP_SETTINGS;
	if (!access_load(&r->access, &r->config, &r->log, &e) ||
	    !config_check(&r->config, &r->access, CONFIG_TO_SIGN_IN, &e)) {
		local_fail(r, &e);
		return;
	}
	r->access.looks_only = true;
	r->have |= STEP_ACCESS;
	buf_init(&text, LOCAL_OUT);
	local_add_origin(r, &text);
	step_ok(r, "%.*s", STR_ARG(buf_view(&text)));
	buf_release(&text);
}

static void
local_add_file(struct str path, struct buf *out)
{
	struct stat st;

	if (path.n == 0 || stat(path.p, &st) < 0)
		return;
	buf_addf(out, "%s%.*s 0%u%u%u", out->n > 0 ? ", " : "", STR_ARG(path),
	    (unsigned)(st.st_mode >> 6 & 7), (unsigned)(st.st_mode >> 3 & 7),
	    (unsigned)(st.st_mode & 7));
	buf_addf(out, " (%s users may read it)",
	    (st.st_mode & S_IROTH) != 0 ? "all" : "not all");
}

/* Those with a secret that are too open were refused by settings. */
void
step_files(struct step_run *r)
{
	const struct access *a = &r->access;
	bool file = a->proof == ACCESS_SECRET_FILE ||
	    a->proof == ACCESS_CERTIFICATE || a->proof == ACCESS_FEDERATED;
	struct buf text;

	buf_init(&text, LOCAL_OUT);
	if (!r->config.piped)
		local_add_file(r->config.file, &text);
	local_add_file(a->file, &text);
	if (file)
		local_add_file(a->proof_text, &text);
	local_add_file(a->client_certificate_key, &text);
	if (text.n > 0)
		step_ok(r, "%.*s", STR_ARG(buf_view(&text)));
	buf_release(&text);
}

void
step_enabled(struct step_run *r)
{
	struct config_origin_text from;

	if (!r->config.enabled)
		step_note(r,
		    "enabled = no (%s): mail stays in the queue, and nothing "
		    "is sent",
		    config_origin(&r->config.origin[CONFIG_ENABLED], &from));
}

/* --- aliases */

struct local_aliases {
	struct step_run *run;
	bool shared; /* with another program, whose entries may be its own */
	unsigned bad;
};

static void
local_tell_alias(void *arg, const struct err *why)
{
	struct local_aliases *l = arg;
	struct err e = *why;

	l->bad++;
	if (e.remedy[0] == '\0')
		err_remedy(&e,
		    "Give this name an address; mail for it is refused until "
		    "then.");
	if (l->shared)
		step_hint(l->run, &e);
	else
		step_fail(l->run, &e);
}

void
step_aliases(struct step_run *r)
{
	struct local_aliases l = { .run = r };
	struct prepare_names names;
	struct str to = r->config.mailbox;
	struct arena mem;
	struct err e;
	size_t n = 0;

	if (to.n == 0)
		to = STR("the mailbox");
	arena_init(&mem, LOCAL_ALIASES);
	if (!prepare_names_load(&names, &mem, &r->config, &r->log, &e)) {
		if (e.remedy[0] == '\0')
			err_remedy(&e,
			    "Let aliases name a file that this user can read, "
			    "with lines \"name: address\".");
		step_fail(r, &e);
		arena_release(&mem);
		return;
	}
	for (const struct alias *x = names.rules.file.list; x != NULL;
	     x = x->next)
		n++;
	l.shared = r->config.aliases.n == 0 &&
	    str_eq(names.rules.file.name, STR("/etc/aliases"));
	prepare_names_each(&names, local_tell_alias, &l);
	if (l.bad == 0 && names.rules.file.name.n == 0)
		step_ok(r, "none: mail for root and the like goes to %.*s",
		    STR_ARG(to));
	else if (l.bad == 0)
		step_ok(r, "%.*s, %zu name%s", STR_ARG(names.rules.file.name),
		    n, n == 1 ? "" : "s");
	arena_release(&mem);
}

/* --- the program that others call */

static bool
local_is_ours(const char *path)
{
	struct stat mine, other;

	return stat("/proc/self/exe", &mine) == 0 && stat(path, &other) == 0 &&
	    mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

void
step_sendmail(struct step_run *r)
{
	static const char *const places[] = { "/usr/sbin/sendmail",
		"/usr/lib/sendmail", "/usr/bin/sendmail",
		"/usr/local/sbin/sendmail", "/usr/local/bin/sendmail" };
	char real[LOCAL_PATH];
	ssize_t n;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (access(places[i], X_OK) < 0)
			continue;
		n = readlink(places[i], real, sizeof(real) - 1);
		real[n > 0 ? n : 0] = '\0';
		if (local_is_ours(places[i]))
			step_ok(r, "%s is this program", places[i]);
		else
			step_note(r,
			    "%s is another program%s%s: what cron and others "
			    "send goes there (post365 install --sendmail)",
			    places[i], n > 0 ? ", " : "", real);
		return;
	}
	step_note(r,
	    "there is none: cron and others cannot send mail (post365 install "
	    "--sendmail)");
}

/* --- who signs in */

void
step_credential(struct step_run *r)
{
	struct client *c = &r->client;
	struct buf text;
	struct err e;

	if (!client_open(c, &r->config, &r->access, &r->log, &e)) {
		step_fail(r, &e);
		return;
	}
	/* a token from the cache would prove nothing, nor a TLS session */
	c->graph.source.folder = STR("");
	c->http.conf.session_folder = STR("");
	buf_init(&text, LOCAL_OUT);
	if (credential_describe(&c->credential, &c->graph.source.who, &text,
		&e)) {
		r->have |= STEP_CLIENT;
		buf_addf(&text, "; ca = %.*s", STR_ARG(r->access.ca));
		config_proxy_describe(&r->access, &c->proxy, &text);
		step_ok(r, "%.*s", STR_ARG(buf_view(&text)));
	} else {
		step_fail(r, &e);
	}
	buf_release(&text);
}

void
step_expiry(struct step_run *r)
{
	enum identity_kind kind = r->client.graph.source.who.kind;
	bool certificate = kind == IDENTITY_CERTIFICATE;
	const char *what = certificate ? "client certificate" : "client secret";
	int64_t end = certificate ? r->client.credential.sign.until :
				    r->access.secret_expires;
	int64_t left = end - os_wall();
	char iso[DATE_ISO_SIZE];
	struct err e = { 0 };

	if (!certificate && kind != IDENTITY_SECRET)
		return;
	if (end == 0) {
		step_ok(r,
		    "not known; with secret_expires = DATE (of Certificates & "
		    "secrets), check and the log warn in time");
		return;
	}
	date_iso(end, iso);
	if (left >= LOCAL_DAYS * LOCAL_DAY_S) {
		step_ok(r, "%s until %.*s, %lld days", what, LOCAL_DATE, iso,
		    (long long)(left / LOCAL_DAY_S));
		return;
	}
	err_set(&e, ERR_CONFIG, "the %s %s on %.*s%s%s", what,
	    left > 0 ? "ends" : "ended", LOCAL_DATE, iso,
	    left > 0 ? ", in " : "", left > 0 ? step_span(r, left) : "");
	err_remedy(&e,
	    "Make a new one now%s: entra.microsoft.com > Entra ID > App "
	    "registrations > (your app) > Certificates & secrets%s.",
	    left > 0 ? " (the old one stays good until then)" : "",
	    certificate ? "" : "; set secret_expires to its end");
	if (left > 0)
		step_hint(r, &e);
	else
		step_fail(r, &e);
}
