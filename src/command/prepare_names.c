/* SPDX-License-Identifier: MIT */
#include "command/prepare_names.h"

#include <unistd.h>

#include "base/os.h"

enum {
	ALIASES_MAX = 1024 * 1024, /* some 20,000 names */
	HOST_SIZE = 256            /* POSIX: HOST_NAME_MAX is 255 at the most */
};

/* Looked for in this order when no setting names a file. */
static const char *const places[] = { "/etc/post365/aliases", "/etc/aliases" };

static bool
is_domain_of(struct str host, struct str address)
{
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	return at > 0 && str_ieq(host, str_from(address, at));
}

static bool
is_host(const struct config *c, struct str host)
{
	struct str rest = host, label;
	size_t labels = 0;

	while (str_next(&rest, '.', &label))
		labels++;
	return host.n > 0 && labels != 2 && !is_domain_of(host, c->mailbox) &&
	    !is_domain_of(host, c->from) && !str_ieq(host, c->default_domain);
}

static void
add_host(struct prepare_names *n, struct arena *a, const struct config *c)
{
	char name[HOST_SIZE];

	if (gethostname(name, sizeof(name)) < 0)
		return;
	name[sizeof(name) - 1] = '\0';
	n->host = arena_str(a, str_of(name));
	if (is_host(c, n->host))
		n->local[n->rules.n_local++] = n->host;
}

static bool
read_aliases(struct prepare_names *n, struct arena *a, const char *path,
    struct err *e)
{
	struct alias *list = NULL;
	struct buf text;
	bool ok;

	buf_init(&text, ALIASES_MAX);
	ok = os_read_file(path, &text, e) &&
	    alias_parse(a, arena_str(a, buf_view(&text)), str_of(path), &list,
		e);
	n->rules.alias = list;
	buf_release(&text);
	return ok;
}

static bool
read_configured(struct prepare_names *n, struct arena *a,
    const struct config *config, struct err *e)
{
	if (read_aliases(n, a, config->aliases.p, e))
		return true;
	if (e->kind == ERR_INPUT)
		e->kind = ERR_CONFIG;
	e->exit = 0;
	return err_wrap(e, "aliases (%.*s)",
	    STR_ARG(config->origin[CONFIG_ALIASES]));
}

/* A file made for another mailer may hold what we do not do. */
static void
read_found(struct prepare_names *n, struct arena *a, const struct log *log)
{
	struct os_stat st;
	struct err e;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!os_stat_path(places[i], &st, &e))
			continue;
		if (!read_aliases(n, a, places[i], &e))
			log_warn(log, "%s; going on without aliases", e.msg);
		return;
	}
}

bool
prepare_names_load(struct prepare_names *n, struct arena *a,
    const struct config *config, const struct log *log, struct err *e)
{
	*n = (struct prepare_names){
		.local = { STR("localhost"), STR("localhost.localdomain") },
		.rules = { .n_local = 2,
		    .default_domain = config->default_domain,
		    .mailbox = config->mailbox },
	};
	n->rules.local = n->local;
	add_host(n, a, config);
	if (config->aliases.n > 0 && !read_configured(n, a, config, e))
		return false;
	if (config->aliases.n == 0)
		read_found(n, a, log);
	return arena_ok(a, e);
}

bool
prepare_names_is_local(const struct prepare_names *n,
    const struct addr *address)
{
	if (address->domain.n == 0)
		return true;
	for (size_t i = 0; i < n->rules.n_local; i++)
		if (str_ieq(address->domain, n->local[i]))
			return true;
	return false;
}
