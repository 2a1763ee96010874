/* SPDX-License-Identifier: MIT */
#include "compose/names.h"

#include <unistd.h>

#include "base/os.h"

enum {
	ALIASES_MAX = 1024 * 1024, /* some 20,000 names */
	SYSTEM_MAX = 64 * 1024,    /* /etc/hosts; one that blocks is larger */
	TOLD_MOST = 20,            /* entries: more help nobody */
	OWN_NAMES = 3,             /* by the kernel, hosts, mailname */
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
add_local(struct prepare_names *n, struct str *to, struct str name)
{
	if (name.n > 0)
		to[n->rules.n_local++] = name;
}

static struct str
next_word(struct str *rest)
{
	struct str word;

	*rest = str_trim(*rest);
	for (word = *rest; rest->n > 0 && (unsigned char)rest->p[0] > ' ';)
		*rest = str_from(*rest, 1);
	word.n -= rest->n;
	return word;
}

struct str
prepare_names_full(struct str hosts, struct str host)
{
	struct str line, full, one;
	bool named;

	while (str_next(&hosts, '\n', &line)) {
		line = str_first(line, str_chr(line, '#'));
		(void)next_word(&line); /* the address */
		full = next_word(&line);
		named = false;
		for (one = full; one.n > 0; one = next_word(&line))
			named = named || str_ieq(one, host);
		if (named && full.n > host.n && full.p[host.n] == '.' &&
		    str_istarts(full, host))
			return full;
	}
	return (struct str){ 0 };
}

static struct str
read_small(struct arena *a, const char *path)
{
	struct str out = { 0 };
	struct buf text;
	struct err absent;

	buf_init(&text, SYSTEM_MAX);
	if (os_read_file(path, &text, &absent))
		out = arena_str(a, buf_view(&text));
	buf_release(&text);
	return out;
}

/* The setting's are taken as they are; who wrote them knows. */
static void
add_configured(struct prepare_names *n, struct str *to, struct str list)
{
	struct str piece;

	while (str_next(&list, ',', &piece))
		add_local(n, to, str_trim(piece));
}

static bool
find_local(struct prepare_names *n, struct arena *a, const struct config *c,
    struct err *e)
{
	struct str own[OWN_NAMES], rest = c->local_names, piece, *to;
	size_t most = 2 + OWN_NAMES;
	char host[HOST_SIZE];

	if (gethostname(host, sizeof(host)) < 0)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	n->host = own[0] = arena_str(a, str_of(host));
	own[1] = prepare_names_full(read_small(a, "/etc/hosts"), n->host);
	rest = read_small(a, "/etc/mailname");
	own[2] = next_word(&rest);
	rest = c->local_names;
	while (str_next(&rest, ',', &piece))
		most++;
	to = arena_array(a, most, sizeof(*to));
	if (to == NULL)
		return arena_ok(a, e);
	n->rules.local = to;
	add_local(n, to, STR("localhost"));
	add_local(n, to, STR("localhost.localdomain"));
	for (size_t i = 0; i < OWN_NAMES; i++)
		if (is_host(c, own[i]))
			add_local(n, to, own[i]);
	add_configured(n, to, c->local_names);
	return arena_ok(a, e);
}

static bool
read_aliases(struct prepare_names *n, struct arena *a, const char *path,
    struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, ALIASES_MAX);
	ok = os_read_file(path, &text, e) &&
	    alias_parse(a, arena_str(a, buf_view(&text)), str_of(path),
		&n->rules.file, e);
	buf_release(&text);
	return ok;
}

static bool
read_configured(struct prepare_names *n, struct arena *a,
    const struct config *config, struct err *e)
{
	struct config_origin_text from;

	if (read_aliases(n, a, config->aliases.p, e))
		return true;
	if (e->kind == ERR_INPUT)
		e->kind = ERR_CONFIG;
	e->exit = 0;
	return err_wrap(e, "aliases (%s)",
	    config_origin(&config->origin[CONFIG_ALIASES], &from));
}

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
		.rules = { .default_domain = config->default_domain,
		    .mailbox = config->mailbox },
	};
	if (!find_local(n, a, config, e))
		return false;
	if (config->aliases.n > 0 && !read_configured(n, a, config, e))
		return false;
	if (config->aliases.n == 0)
		read_found(n, a, log);
	return arena_ok(a, e);
}

void
prepare_names_each(const struct prepare_names *n, prepare_names_tell *tell,
    void *arg)
{
	struct alias_target *to;
	struct arena mem;
	struct err e;
	int told = 0;

	for (const struct alias *x = n->rules.file.list;
	     x != NULL && told < TOLD_MOST; x = x->next) {
		arena_init(&mem, ALIASES_MAX * 8);
		if (!alias_targets(&mem, &n->rules.file, x, &to, &e)) {
			tell(arg, &e);
			told++;
		}
		arena_release(&mem);
	}
}

static void
prepare_names_warn(void *arg, const struct err *why)
{
	log_warn(arg, "%s", why->msg);
}

void
prepare_names_check(const struct prepare_names *n, const struct log *log)
{
	struct log to = *log;

	prepare_names_each(n, prepare_names_warn, &to);
}

bool
prepare_names_is_local(const struct prepare_names *n,
    const struct addr *address)
{
	return alias_is_local(&n->rules, address);
}
