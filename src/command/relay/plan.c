/* SPDX-License-Identifier: MIT */
#include "command/relay/plan.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "base/private.h"
#include "command/ask.h"
#include "compose/names.h"
#include "config/relay.h"
#include "config/share.h"
#include "net/cert.h"
#include "relay/barred.h"
#include "relay/bundle.h"
#include "relay/rewrite.h"
#include "relay/users.h"

enum {
	PLAN_MEMORY = 64 << 20,
	PLAN_FILE = 16 << 20, /* of users, of a map */
	PLAN_HOST = 256,
	PLAN_SYSTEM = 65536 /* /etc/hosts, /proc/net/route */
};

/* The machine */

static struct str
plan_read_small(struct arena *a, const char *path)
{
	struct err unsaid;
	struct str text;
	struct buf b;

	buf_init(&b, PLAN_SYSTEM);
	text = os_read_file(path, &b, &unsaid) ? arena_str(a, buf_view(&b)) :
						 STR("");
	buf_release(&b);
	return text;
}

static bool
plan_is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n < PLAN_HOST;
}

static bool
plan_find_host(struct plan *p, struct err *e)
{
	char host[PLAN_HOST] = "";
	struct str full;

	p->host = p->conf.hostname;
	if (p->host.n == 0) {
		(void)gethostname(host, sizeof(host) - 1);
		full =
		    prepare_names_full(plan_read_small(&p->mem, "/etc/hosts"),
			str_of(host));
		p->host = arena_str(&p->mem,
		    full.n > 0       ? full :
			host[0] != 0 ? str_of(host) :
				       STR("localhost"));
	}
	return plan_is_name(p->host) ||
	    err_set(e, ERR_CONFIG,
		"hostname: \"%.*s\" is no name that could be told to others",
		STR_ARG(p->host));
}

static bool
plan_is_contained(void)
{
	return getpid() == 1 || access("/.dockerenv", F_OK) == 0 ||
	    access("/run/.containerenv", F_OK) == 0 ||
	    getenv("KUBERNETES_SERVICE_HOST") != NULL;
}

/* "010011AC": an address as the kernel has it, as a number of this machine. */
static uint32_t
plan_route_address(struct str hex)
{
	uint32_t n = 0;

	for (size_t i = 0; i < hex.n; i++) {
		size_t digit = str_chr(STR("0123456789ABCDEF"), hex.p[i]);

		n = n << 4 | (uint32_t)(digit & 15);
	}
	return n;
}

/* Of the default route: "eth0", 00000000, the gateway, and more, by tabs. */
static bool
plan_find_gateway(struct str routes, struct range_ip *out)
{
	struct sockaddr_in via = { .sin_family = AF_INET };
	struct str line, name, to, gateway;

	while (str_next(&routes, '\n', &line)) {
		if (!str_next(&line, '\t', &name) ||
		    !str_next(&line, '\t', &to) ||
		    !str_next(&line, '\t', &gateway) ||
		    !str_eq(to, STR("00000000")))
			continue;
		via.sin_addr.s_addr = plan_route_address(gateway);
		if (via.sin_addr.s_addr != 0)
			return range_ip_of((struct sockaddr *)&via, out);
	}
	return false;
}

/* The bundle */

/* False: it is watched already. */
static bool
plan_watch(struct plan *p, struct str path)
{
	struct plan_file *f;
	struct os_stat st = { 0 };
	struct err unsaid;

	for (size_t i = 0; i < p->n_watched; i++)
		if (str_eq(p->watched[i].path, path))
			return false;
	if (p->n_watched == PLAN_WATCHED)
		return true;
	f = &p->watched[p->n_watched++];
	(void)!os_stat_path(path.p, &st, &unsaid);
	*f = (struct plan_file){ path, st.mtime, st.size };
	return true;
}

bool
plan_is_old(const struct plan *p)
{
	struct err unsaid;

	for (size_t i = 0; i < p->n_watched; i++) {
		const struct plan_file *f = &p->watched[i];
		struct os_stat st;

		/* one that is gone is on its way to be replaced */
		if (os_stat_path(f->path.p, &st, &unsaid) &&
		    (st.mtime != f->mtime || st.size != f->size))
			return true;
	}
	return false;
}

static bool
plan_read(struct plan *p, struct str path, struct buf *out, struct err *e)
{
	(void)plan_watch(p, path);
	if (os_read_file(path.p, out, e))
		return true;
	e->kind = ERR_CONFIG;
	e->exit = 0;
	return false;
}

/* What is wrong with the file is told; mail waits until it is mended. */
static void
plan_add_barred(struct plan *p, const struct config *c, const struct log *log)
{
	/* without a mailbox mail waits: no reason to refuse a name */
	static const struct str any = STR_INIT("postmaster@localhost.invalid");
	struct prepare_names names;
	struct arena mem;
	struct buf text;
	struct err e;

	arena_init(&mem, PLAN_MEMORY);
	buf_init(&text, BUNDLE_MOST);
	if (!prepare_names_load(&names, &mem, c, log, &e)) {
		log_warn(log, "%s", e.msg);
	} else if (names.rules.file.list != NULL) {
		if (plan_watch(p, arena_str(&p->mem, names.rules.file.name)))
			prepare_names_check(&names, log);
		if (names.rules.mailbox.n == 0)
			names.rules.mailbox = any;
		/* a client is not told where it stands */
		names.rules.file.name = STR("aliases");
		barred_write(&names.rules, &text);
		if (text.n > 0)
			bundle_add(&p->bundle, BUNDLE_BARRED, buf_view(&text));
	}
	buf_release(&text);
	arena_release(&mem);
}

static bool
plan_add_account(struct plan *p, const char *name, const struct log *log,
    struct err *e)
{
	struct config_ask ask = { .path = p->config.file.n > 0 ?
		    p->config.file.p :
		    NULL,
		.account = name };
	struct config c = { 0 };
	struct buf text;
	bool ok;

	if (p->config.piped)
		ask.path = "-";
	ok = config_load(&c, &ask, log, e);
	if (ok && !str_eq(c.spool_dir, p->config.spool_dir)) {
		ok = err_set(e, ERR_CONFIG,
		    "[account %s] has a spool_dir of its own, and a relay has "
		    "one queue",
		    name);
		(void)err_remedy(e,
		    "take it out, or run a relay of its own "
		    "for it (-C)");
	}
	buf_init(&text, BUNDLE_MOST);
	if (ok) {
		config_write(&c, &text);
		bundle_add(&p->bundle, BUNDLE_ACCOUNT, buf_view(&text));
		plan_add_barred(p, &c, log);
	}
	buf_release(&text);
	config_release(&c);
	return ok;
}

/* The default's is the first. */
static bool
plan_add_accounts(struct plan *p, const struct log *log, struct err *e)
{
	struct str names = p->config.accounts, name;
	bool ok = plan_add_account(p,
	    p->config.account.p != NULL ? p->config.account.p : "", log, e);

	if (ok && p->config.account.n > 0)
		ok = plan_add_account(p, "", log, e);
	while (ok && str_next(&names, ',', &name)) {
		name = arena_str(&p->mem, str_trim(name));
		if (name.n > 0 && !str_eq(name, p->config.account))
			ok = plan_add_account(p, name.p, log, e);
	}
	return ok;
}

static bool
plan_has_account(const struct plan *p, struct str wanted)
{
	struct str names = p->config.accounts, name;

	while (str_next(&names, ',', &name))
		if (str_eq(str_trim(name), wanted))
			return true;
	return wanted.n == 0;
}

static bool
plan_check_rule(const struct plan *p, const struct rule *r, struct err *e)
{
	if (plan_has_account(p, r->account))
		return true;
	err_set(e, ERR_CONFIG, "account=%.*s: there is no [account %.*s]",
	    STR_ARG(r->account), STR_ARG(r->account));
	if (p->config.accounts.n > 0)
		(void)err_remedy(e, "the accounts there are: %.*s",
		    STR_ARG(p->config.accounts));
	return false;
}

static bool
plan_check_rules(const struct plan *p, struct err *e)
{
	for (const struct listen *l = p->conf.listen; l != NULL; l = l->next)
		if (!plan_check_rule(p, &l->rule, e))
			return err_wrap(e, "listen = %.*s", STR_ARG(l->text));
	for (const struct allow *a = p->conf.allow; a != NULL; a = a->next)
		if (!plan_check_rule(p, &a->rule, e))
			return err_wrap(e, "allow");
	return true;
}

static void
plan_mend_users(const struct plan *p, struct err *e)
{
	const char *path = p->conf.auth_file.p;

	(void)err_wrap(e, "auth_file");
	if (access(path, F_OK) != 0)
		(void)err_remedy(e,
		    "make it, with a line \"name:\" and what post365 relay "
		    "--hash-password prints for each who signs in, mode 640, "
		    "its group the relay's");
	else
		(void)err_remedy(e, "chgrp %s %s && chmod 640 %s",
		    p->conf.user.n > 0 ? p->conf.user.p : "GROUP-OF-THE-RELAY",
		    path, path);
}

static bool
plan_add_users(struct plan *p, const struct log *log, struct err *e)
{
	struct user *users = NULL;
	struct os_stat st;
	struct err open;
	struct buf text;
	struct str lent;
	bool ok;

	if (p->conf.auth_file.n == 0)
		return true;
	buf_init_secret(&text, PLAN_FILE);
	ok = plan_read(p, p->conf.auth_file, &text, e);
	if (!ok)
		plan_mend_users(p, e);
	else if (os_stat_path(p->conf.auth_file.p, &st, &open) &&
	    !private_check(p->conf.auth_file.p, &st, log, &open))
		log_warn(log, "auth_file: %s; do: %s", open.msg, open.remedy);
	lent = arena_str(&p->mem, buf_view(&text));
	ok = ok && users_parse(&p->mem, p->conf.auth_file, lent, &users, e);
	for (const struct user *u = users; ok && u != NULL;
	     u = u->next, p->users++)
		ok = plan_check_rule(p, &u->rule, e) ||
		    err_wrap(e, "%.*s: user %.*s", STR_ARG(p->conf.auth_file),
			STR_ARG(u->name));
	if (ok)
		bundle_add(&p->bundle, BUNDLE_USERS, buf_view(&text));
	buf_release(&text);
	return ok;
}

/* Said at the start, and not to the first program that sends. */
static bool
plan_check_web(struct plan *p, const struct log *log, struct err *e)
{
	struct buf token;
	bool ok;

	buf_init_secret(&token, USERS_TOKEN_MOST);
	ok = conf_check_web(&p->conf, e) &&
	    (p->conf.web_token_file.n == 0 ||
		users_read_token(p->conf.web_token_file, log, &token, e));
	buf_release(&token);
	return ok;
}

static bool
plan_add_map(struct plan *p, struct err *e)
{
	struct rewrite_line *map = NULL;
	struct buf text;
	bool ok;

	if (p->conf.recipient_map.n == 0)
		return true;
	buf_init(&text, PLAN_FILE);
	ok = plan_read(p, p->conf.recipient_map, &text, e) &&
	    rewrite_parse(&p->mem, p->conf.recipient_map.p,
		arena_str(&p->mem, buf_view(&text)), &map, e);
	if (ok)
		bundle_add(&p->bundle, BUNDLE_MAP, buf_view(&text));
	buf_release(&text);
	return ok;
}

static bool
plan_add_certificates(struct plan *p, struct err *e)
{
	struct cert_pem pem[CONF_PAIRS] = { 0 };
	size_t n = p->conf.certificates;
	struct cert cert = { 0 };
	bool ok;

	for (size_t i = 0; i < n; i++) { /* before they are read */
		(void)plan_watch(p, p->conf.certificate[i]);
		(void)plan_watch(p, p->conf.key[i]);
	}
	ok = conf_read_cert(&p->conf, pem, &cert, e);
	for (size_t i = 0; ok && i < n; i++) {
		bundle_add(&p->bundle, BUNDLE_CHAIN, buf_view(&pem[i].chain));
		bundle_add(&p->bundle, BUNDLE_KEY, buf_view(&pem[i].key));
	}
	cert_release(&cert);
	cert_pem_release(pem, CONF_PAIRS);
	return ok;
}

static bool
plan_add_all(struct plan *p, const struct log *log, struct err *e)
{
	char text[RANGE_TEXT_SIZE];

	bundle_add(&p->bundle, BUNDLE_HOST, p->host);
	if (p->in_container) {
		range_ip_print(&p->gateway, text);
		bundle_add(&p->bundle, BUNDLE_GATEWAY, str_of(text));
	}
	return plan_add_accounts(p, log, e) && plan_check_rules(p, e) &&
	    plan_add_users(p, log, e) && plan_check_web(p, log, e) &&
	    plan_add_map(p, e) && plan_add_certificates(p, e);
}

bool
plan_load(struct plan *p, const struct cli *cli, struct err *e)
{
	const struct config_ask ask = command_ask(cli);
	struct config_pair *lines = NULL;
	struct buf text;
	bool ok;

	*p = (struct plan){ 0 };
	arena_init(&p->mem, PLAN_MEMORY);
	buf_init_secret(&p->bundle, BUNDLE_MOST);
	buf_init(&text, BUNDLE_MOST);
	ok = config_load(&p->config, &ask, &cli->log, e) &&
	    config_relay(&p->config, &p->mem, &lines, e) &&
	    conf_read(&p->mem, lines, &p->conf, e) && conf_check(&p->conf, e) &&
	    conf_check_metrics(&p->conf, plan_is_contained(), e) &&
	    plan_find_host(p, e);
	if (ok) {
		p->in_container = plan_is_contained() &&
		    plan_find_gateway(plan_read_small(&p->mem,
					  "/proc/net/route"),
			&p->gateway);
		conf_print(lines, &text);
		bundle_add(&p->bundle, BUNDLE_RELAY, buf_view(&text));
	}
	buf_release(&text);
	return ok && plan_add_all(p, &cli->log, e) && arena_ok(&p->mem, e) &&
	    buf_ok(&p->bundle, e) &&
	    walls_look(p->conf.walls == CONF_WALLS_STRICT, &p->walls, e);
}

bool
plan_seal(struct plan *p, struct err *e)
{
	if (p->has_socket)
		bundle_add(&p->bundle, BUNDLE_SOCKET, p->conf.socket);
	return buf_ok(&p->bundle, e);
}

void
plan_release(struct plan *p)
{
	buf_release(&p->bundle);
	config_release(&p->config);
	arena_release(&p->mem);
}
