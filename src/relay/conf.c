/* SPDX-License-Identifier: MIT */
#include "relay/conf.h"

#include <string.h>

#include "base/nearest.h"
#include "config/key.h"
#include "relay/users.h"

enum {
	CONF_KEYS_MOST = 64,
	CONF_LISTEN_MOST = 64 /* sockets */
};

/* Values of those of several words, in the order of their enums. */
static const char *const conf_checks[] = { "both", "envelope", "off", NULL };
static const char *const conf_clears[] = { "no", "loopback", "allow", NULL };
static const char *const conf_receiveds[] = { "full", "short", "no", NULL };
static const char *const conf_bares[] = { "normalize", "reject", NULL };
static const char *const conf_wallses[] = { "auto", "strict", NULL };
static const char *const conf_logs[] = { "stderr", "syslog", "none", NULL };
static const char *const conf_formats[] = { "postfix", "json", NULL };

struct conf_place {
	struct conf *conf;
	struct arena *mem;
};
typedef bool conf_take(struct str value, const struct conf_place *to,
    struct err *e);

static conf_take conf_take_listen, conf_take_allow, conf_take_certificate;
static conf_take conf_take_key, conf_take_failures, conf_take_socket,
    conf_take_drop, conf_take_metrics, conf_take_web;

/* One of type, words and take says how. */
static const struct conf_row {
	const char *name;
	const struct config_type *type;
	const char *const *words;
	conf_take *take;
	size_t at;
	const char *standard;
	bool often; /* may be given several times */
} conf_rows[] = {
#define AT(field)    offsetof(struct conf, field)
#define TYPE(type)   &config_type_##type, NULL, NULL
#define WORDS(words) NULL, conf_##words, NULL
#define TAKE(what)   NULL, NULL, conf_take_##what
	/* clang-format off */
	{ "listen", TAKE(listen), 0, "127.0.0.1:25", true },
	{ "allow", TAKE(allow), 0, NULL, true },
	{ "auth_file", TYPE(path), AT(auth_file), NULL, false },
	{ "sender_check", WORDS(checks), AT(sender_check), "both", false },
	{ "recipient_map", TYPE(path), AT(recipient_map), NULL, false },
	{ "socket", TAKE(socket), 0, "/run/post365/relay.sock", false },
	{ "drop", TAKE(drop), 0, NULL, false },
	{ "hostname", TYPE(text), AT(hostname), NULL, false },
	{ "tls_certificate", TAKE(certificate), 0, NULL, true },
	{ "tls_key", TAKE(key), 0, NULL, true },
	{ "auth_without_tls", WORDS(clears), AT(auth_without_tls), "loopback",
	  false },
	{ "max_size", TYPE(size), AT(max_size), "35m", false },
	{ "max_recipients", TYPE(count), AT(max_recipients), "1000", false },
	{ "max_clients", TYPE(count), AT(max_clients), "1000", false },
	{ "clients_per_address", TYPE(count), AT(clients_per_address), "50",
	  false },
	{ "client_rate", TYPE(rate), AT(client_rate), "none", false },
	{ "connect_rate", TYPE(rate), AT(connect_rate), "none", false },
	{ "tls_rate", TYPE(rate), AT(tls_rate), "none", false },
	{ "command_timeout", TYPE(time), AT(command_timeout_ms), "5m", false },
	{ "data_timeout", TYPE(time), AT(data_timeout_ms), "5m", false },
	{ "login_timeout", TYPE(time), AT(login_timeout_ms), "60s", false },
	{ "tls_timeout", TYPE(time), AT(tls_timeout_ms), "30s", false },
	{ "data_rate", TYPE(count), AT(data_rate), "500", false },
	{ "errors", TYPE(count), AT(errors), "20", false },
	{ "auth_failures", TAKE(failures), 0, "10/10m", false },
	{ "hop_limit", TYPE(count), AT(hop_limit), "50", false },
	{ "received", WORDS(receiveds), AT(received), "full", false },
	{ "bare_newline", WORDS(bares), AT(bare_newline), "normalize", false },
	{ "drain", TYPE(time), AT(drain_ms), "8s", false },
	{ "user", TYPE(text), AT(user), NULL, false },
	{ "walls", WORDS(wallses), AT(walls), "auto", false },
	{ "log", WORDS(logs), AT(log), "stderr", false },
	{ "log_file", TYPE(path), AT(log_file), NULL, false },
	{ "log_format", WORDS(formats), AT(log_format), "postfix", false },
	{ "syslog_name", TYPE(text), AT(syslog_name), "post365", false },
	{ "log_probes", TYPE(yes_no), AT(log_probes), "no", false },
	{ "metrics", TAKE(metrics), 0, NULL, false },
	{ "web", TAKE(web), 0, NULL, false },
	{ "web_hosts", TYPE(text), AT(web_hosts), NULL, false },
	{ "web_token_file", TYPE(path), AT(web_token_file), NULL, false },
	/* clang-format on */
};

enum { CONF_KEYS = sizeof(conf_rows) / sizeof(*conf_rows) };

const char *
conf_key(size_t n)
{
	return n < CONF_KEYS ? conf_rows[n].name : NULL;
}

/* Values with a shape of their own */

static bool
conf_take_listen(struct str value, const struct conf_place *to, struct err *e)
{
	struct listen **end = &to->conf->listen;
	struct listen *l = arena_alloc(to->mem, sizeof(*l));
	size_t n = 1;

	if (l == NULL)
		return arena_ok(to->mem, e);
	if (!listen_parse(arena_str(to->mem, value), l, e))
		return false;
	for (; *end != NULL; end = &(*end)->next) {
		n++;
		if (str_ieq((*end)->text, l->text))
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" stands there already", STR_ARG(l->text));
	}
	if (n > CONF_LISTEN_MOST)
		return err_set(e, ERR_CONFIG, "more than %d of them",
		    CONF_LISTEN_MOST);
	*end = l;
	return true;
}

static bool
conf_take_allow(struct str value, const struct conf_place *to, struct err *e)
{
	struct allow **end = &to->conf->allow;
	struct allow *a = arena_alloc(to->mem, sizeof(*a));

	if (a == NULL)
		return arena_ok(to->mem, e);
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	return allow_parse(arena_str(to->mem, value), a, e);
}

static bool
conf_take_pair(struct str value, const struct conf_place *to,
    struct str list[CONF_PAIRS], size_t *n, struct err *e)
{
	const struct config_value at = { &config_type_path, &list[*n], to->mem,
		"/etc/ssl/relay.pem" };

	if (*n == CONF_PAIRS)
		return err_set(e, ERR_CONFIG,
		    "there may be %d of them, one RSA and one ECDSA",
		    CONF_PAIRS);
	++*n;
	return config_type_path.parse(value, &at, e);
}

static bool
conf_take_certificate(struct str value, const struct conf_place *to,
    struct err *e)
{
	return conf_take_pair(value, to, to->conf->certificate,
	    &to->conf->certificates, e);
}

static bool
conf_take_key(struct str value, const struct conf_place *to, struct err *e)
{
	return conf_take_pair(value, to, to->conf->key, &to->conf->keys, e);
}

static bool
conf_take_failures(struct str value, const struct conf_place *to, struct err *e)
{
	struct conf_share *out = &to->conf->auth_failures;
	size_t slash = str_chr(value, '/');

	return (slash < value.n &&
		   str_u64(str_first(value, slash), 1000, &out->n) &&
		   out->n > 0 &&
		   config_time(str_from(value, slash + 1), 86400,
		       &out->seconds)) ||
	    err_set(e, ERR_CONFIG, "\"%.*s\" is not of the form 10/10m",
		STR_ARG(value));
}

static bool
conf_take_socket(struct str value, const struct conf_place *to, struct err *e)
{
	struct str *out = &to->conf->socket;
	const struct config_value at = { &config_type_path, out, to->mem,
		"/run/post365/relay.sock" };

	*out = (struct str){ 0 };
	return str_eq(value, STR("off")) ||
	    config_type_path.parse(value, &at, e);
}

/* What is looked for there is config_relay_find's. */
static bool
conf_take_drop(struct str value, const struct conf_place *to, struct err *e)
{
	const struct config_value at = { &config_type_path, &to->conf->drop,
		to->mem, "SPOOL/drop" };

	return str_eq(value, STR("off")) ||
	    config_type_path.parse(value, &at, e);
}

static bool
conf_take_address(struct str value, const struct conf_place *to,
    struct listen **out, struct err *e)
{
	struct listen *l = arena_alloc(to->mem, sizeof(*l));

	*out = l;
	if (l == NULL)
		return arena_ok(to->mem, e);
	if (!listen_parse(arena_str(to->mem, value), l, e))
		return false;
	return (l->kind == LISTEN_IP && str_eq(l->text, value)) ||
	    err_set(e, ERR_CONFIG, "\"%.*s\" is not of the form IP:PORT",
		STR_ARG(value));
}

static bool
conf_take_metrics(struct str value, const struct conf_place *to, struct err *e)
{
	return conf_take_address(value, to, &to->conf->metrics, e);
}

static bool
conf_take_web(struct str value, const struct conf_place *to, struct err *e)
{
	return conf_take_address(value, to, &to->conf->web, e);
}

/* The table */

static bool
conf_set(const struct conf_row *row, struct str value,
    const struct conf_place *to, struct err *e)
{
	void *at = (char *)to->conf + row->at;
	const struct config_value v = { row->type, at, to->mem,
		row->standard != NULL ? row->standard : "" };

	if (value.n == 0)
		return err_set(e, ERR_CONFIG, "it has no value");
	if (row->take != NULL)
		return row->take(value, to, e);
	if (row->type != NULL)
		return row->type->parse(value, &v, e);
	for (int i = 0; row->words[i] != NULL; i++)
		if (str_eq(value, str_of(row->words[i]))) {
			*(int *)at = i;
			return true;
		}
	return err_set(e, ERR_CONFIG, "\"%.*s\" is none of %s, %s%s%s",
	    STR_ARG(value), row->words[0], row->words[1],
	    row->words[2] != NULL ? ", " : "",
	    row->words[2] != NULL ? row->words[2] : "");
}

static bool
conf_unknown(struct str key, struct err *e)
{
	const char *names[CONF_KEYS + 1] = { NULL }, *near;

	if (config_row_find(key) != NULL) {
		err_set(e, ERR_CONFIG, "%.*s is no setting of the relay's",
		    STR_ARG(key));
		return err_remedy(e,
		    "move it to the top of the file, above [relay]");
	}
	for (size_t i = 0; i < CONF_KEYS; i++)
		names[i] = conf_rows[i].name;
	near = cli_nearest(key, names);
	if (near != NULL)
		return err_set(e, ERR_CONFIG,
		    "unknown key \"%.*s\"; did you mean %s?",
		    STR_ARG(str_first(key, 60)), near);
	err_set(e, ERR_CONFIG, "unknown key \"%.*s\" in [relay]",
	    STR_ARG(str_first(key, 60)));
	return err_remedy(e, "post365 help relay lists the keys");
}

static bool
conf_complain(const struct config_pair *p, struct err *e)
{
	if (p->line > 0)
		return err_wrap(e, "%s:%u", p->file, p->line);
	return err_wrap(e, "environment %s", p->file);
}

static bool
conf_line(const struct config_pair *p, const struct config_pair **seen,
    const struct conf_place *to, struct err *e)
{
	const struct conf_row *row = conf_rows;

	while (
	    row < conf_rows + CONF_KEYS && !str_eq(p->key, str_of(row->name)))
		row++;
	if (row == conf_rows + CONF_KEYS)
		return conf_unknown(p->key, e);
	seen += row - conf_rows;
	if (*seen != NULL && !row->often)
		return err_set(e, ERR_CONFIG, "%s stands in %s:%u already",
		    row->name, (*seen)->file, (*seen)->line);
	*seen = p;
	/* of the environment: a line end would be one in conf_print, too */
	return (config_text_check(p->value, e) &&
		   conf_set(row, p->value, to, e)) ||
	    err_wrap(e, "%s", row->name);
}

static bool
conf_settle(struct conf *c, struct err *e)
{
	if (c->certificates == c->keys)
		return true;
	err_set(e, ERR_CONFIG, "[relay]: %zu tls_certificate, and %zu tls_key",
	    c->certificates, c->keys);
	return err_remedy(e,
	    "give each certificate its key, in the same order");
}

bool
conf_read(struct arena *a, const struct config_pair *lines, struct conf *out,
    struct err *e)
{
	const struct config_pair *seen[CONF_KEYS_MOST] = { NULL };
	const struct conf_place to = { out, a };

	*out = (struct conf){ 0 };
	for (const struct config_pair *p = lines; p != NULL; p = p->next)
		if (!conf_line(p, seen, &to, e))
			return conf_complain(p, e);
	for (size_t i = 0; i < CONF_KEYS; i++)
		if (seen[i] == NULL && conf_rows[i].standard != NULL &&
		    !conf_set(&conf_rows[i], str_of(conf_rows[i].standard), &to,
			e))
			return err_wrap(e, "%s", conf_rows[i].name);
		else if (seen[i] != NULL &&
		    conf_rows[i].take == conf_take_socket)
			out->socket_asked = true;
	return arena_ok(a, e) && conf_settle(out, e);
}

/* Who might come in */

bool
conf_is_trap(const struct allow *a, const struct range_ip *gateway)
{
	return gateway != NULL && a->kind == ALLOW_RANGE &&
	    a->range.bits < 128 && range_has(&a->range, gateway);
}

/* Could somebody be allowed at this listener? */
static bool
conf_lets_in(const struct conf *c, const struct listen *l)
{
	if (l->kind == LISTEN_FD)
		return true; /* what it is, is known when it is used */
	for (const struct allow *a = c->allow; a != NULL; a = a->next)
		if (a->kind == ALLOW_RANGE &&
		    range_ip_is_v4(&a->range.ip) == range_ip_is_v4(&l->ip))
			return true;
	return false;
}

static bool
conf_check_listener(const struct conf *c, const struct listen *l, struct err *e)
{
	if (l->auth && c->auth_file.n == 0) {
		err_set(e, ERR_CONFIG, "auth: there is no auth_file");
		return err_remedy(e,
		    "auth_file = FILE with lines user:hash; post365 relay "
		    "--hash-password makes a hash");
	}
	if (l->auth && listen_is_public(l) && c->certificates == 0 &&
	    c->auth_without_tls != CONF_CLEAR_ALLOW) {
		err_set(e, ERR_CONFIG, "auth: passwords would go in clear");
		return err_remedy(e,
		    "set tls_certificate and tls_key, or auth_without_tls = "
		    "allow for the hosts of `allow`");
	}
	if ((l->tls == LISTEN_TLS || l->tls == LISTEN_STARTTLS || l->legacy ||
		l->tls13) &&
	    c->certificates == 0) {
		err_set(e, ERR_CONFIG, "there is no certificate for TLS");
		return err_remedy(e, "set tls_certificate and tls_key");
	}
	if (!listen_is_public(l) || l->auth || conf_lets_in(c, l))
		return true;
	err_set(e, ERR_CONFIG,
	    "others can reach it, but nobody may send from there");
	return err_remedy(e,
	    "say who: allow = 192.168.1.0/24, or listen = %.*s auth",
	    STR_ARG(l->text));
}

/* Numbers tell about mail and people: they are not for everybody. */
bool
conf_check_metrics(const struct conf *c, bool contained, struct err *e)
{
	const struct listen *l = c->metrics;

	if (l == NULL || range_ip_is_private(&l->ip) ||
	    (contained && range_ip_is_any(&l->ip)))
		return true;
	err_set(e, ERR_CONFIG,
	    "metrics = %.*s: everybody could read it, without a password",
	    STR_ARG(l->text));
	return err_remedy(e,
	    "name an address of this machine's or of your own network, as "
	    "127.0.0.1:9365 (0.0.0.0 in a container only)");
}

/* Nobody but an administrator signs in to the dashboard. */
static bool
conf_has_admin(const struct conf *c, bool *has, struct err *e)
{
	struct user *list = NULL;
	struct arena mem;
	bool ok = true;

	*has = false;
	arena_init_secret(&mem, USERS_FILE_MOST);
	if (c->auth_file.n > 0)
		ok = users_read(&mem, c->auth_file, &list, e);
	for (const struct user *u = list; ok && u != NULL; u = u->next)
		*has = *has || u->rule.admin;
	arena_release(&mem);
	return ok;
}

bool
conf_check_web(const struct conf *c, struct err *e)
{
	const struct listen *l = c->web;
	bool has;

	if (l == NULL)
		return true;
	if (!range_ip_is_loopback(&l->ip) && c->certificates == 0) {
		err_set(e, ERR_CONFIG,
		    "web = %.*s: passwords would go in clear",
		    STR_ARG(l->text));
		return err_remedy(e,
		    "set tls_certificate and tls_key below [relay], or web = "
		    "127.0.0.1:%u",
		    (unsigned)l->port);
	}
	if (!conf_has_admin(c, &has, e))
		return err_wrap(e, "web = %.*s", STR_ARG(l->text));
	if (has)
		return true;
	err_set(e, ERR_CONFIG, "web = %.*s: nobody could sign in",
	    STR_ARG(l->text));
	if (c->auth_file.n == 0)
		return err_remedy(e,
		    "set auth_file = FILE with a line user:hash:role=admin; "
		    "post365 relay --hash-password makes a hash");
	return err_remedy(e,
	    "put role=admin behind a user's hash in %s: "
	    "user:hash:role=admin",
	    c->auth_file.p);
}

bool
conf_check(const struct conf *c, struct err *e)
{
	char text[RANGE_TEXT_SIZE];

	for (const struct listen *l = c->listen; l != NULL; l = l->next)
		if (!conf_check_listener(c, l, e))
			return err_wrap(e, "listen = %.*s", STR_ARG(l->text));
	for (const struct allow *a = c->allow; a != NULL; a = a->next) {
		if (a->kind != ALLOW_RANGE)
			continue;
		range_ip_print(&a->range.ip, text);
		if (range_is_open(&a->range)) {
			err_set(e, ERR_CONFIG,
			    "allow = %s/%u would let the world send mail", text,
			    a->range.bits -
				(range_ip_is_v4(&a->range.ip) ? 96 : 0));
			return err_remedy(e,
			    "name your own networks, or let senders sign in "
			    "(auth_file)");
		}
	}
	return true;
}

bool
conf_read_cert(const struct conf *c, struct cert_pem pem[CONF_PAIRS],
    struct cert *cert, struct err *e)
{
	for (size_t i = 0; i < c->certificates; i++) {
		pem[i].chain_name = c->certificate[i].p;
		pem[i].key_name = c->key[i].p;
		if (!cert_read(&pem[i], e))
			return false;
	}
	return c->certificates == 0 ||
	    cert_parse(cert, pem, c->certificates, e);
}

/* For another process */

void
conf_print(const struct config_pair *lines, struct buf *out)
{
	for (; lines != NULL; lines = lines->next)
		buf_addf(out, "%u %s\t%.*s\t%.*s\n", lines->line, lines->file,
		    STR_ARG(lines->key), STR_ARG(lines->value));
}

bool
conf_scan(struct arena *a, struct str text, struct config_pair **out,
    struct err *e)
{
	struct str line, number, file, key;
	struct config_pair *p;
	uint64_t n;

	*out = NULL;
	while (str_next(&text, '\n', &line) && line.n > 0) {
		p = arena_alloc(a, sizeof(*p));
		if (p == NULL || !str_next(&line, ' ', &number) ||
		    !str_u64(number, UINT32_MAX, &n) ||
		    !str_next(&line, '\t', &file) ||
		    !str_next(&line, '\t', &key))
			return err_set(e, ERR_BUG, "settings of the relay");
		*p = (struct config_pair){ .key = arena_str(a, key),
			.value = arena_str(a, line),
			.file = arena_str(a, file).p,
			.line = (unsigned)n };
		*out = p;
		out = &p->next;
	}
	return arena_ok(a, e);
}
