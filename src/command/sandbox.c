/* SPDX-License-Identifier: MIT */
#include "command/sandbox.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "sandbox/host.h"
#include "sandbox/keep.h"
#include "sandbox/mail.h"

enum option {
	DIR_OPTION = 1,
	LISTEN,
	PRINT_CONFIG,
	FAULT,
	MAILBOX,
	SEND_AS,
	ROLE,
	PLAIN,
	EXIT_AFTER,
	SECRET,
	NAME
};

/* clang-format off */
const struct cli_option sandbox_options[] = {
	{ DIR_OPTION, 'd', "dir", "FOLDER",
	    "where all goes (post365-sandbox)" },
	{ LISTEN, 'l', "listen", "ADDRESS:PORT",
	    "of the loopback (the port of last time)" },
	{ NAME, 0, "name", "HOST",
	    "one more in its certificate; see below" },
	{ SECRET, 0, "secret", "TEXT",
	    "the client secret (that of last time)" },
	{ PRINT_CONFIG, 'p', "print-config", NULL,
	    "print the configuration to use" },
	{ FAULT, 0, "fault", "RULE", "what to do wrong, see below" },
	{ MAILBOX, 'm', "mailbox", "ADDRESS",
	    "one that exists; *: any (sender@example.com)" },
	{ SEND_AS, 0, "send-as", NULL, "let mailboxes use any From" },
	{ ROLE, 0, "role", "NAME",
	    "a permission, see below (the first two)" },
	{ PLAIN, 0, "plain", NULL, "http:// in place of https://" },
	{ EXIT_AFTER, 0, "exit-after", "N", "end after N kept messages" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

enum {
	MEMORY_MAX = 1024 * 1024, /* settings and their texts */
	SECRET_SIZE = 40,         /* as Entra ID makes them */
	CA_MAX = 16 * 1024,       /* one certificate in PEM has about 700 */
	CONFIG_MAX = 64 * 1024,
	SECRET_MAX = 200,
	NAMES_MAX = 16, /* --name */
	BACKLOG = 128
};

/* One is as good as the other; these are easily told from real ones. */
static const char tenant[] = "11111111-2222-4333-8444-555555555555";
static const char client[] = "66666666-7777-4888-9999-aaaaaaaaaaaa";
static const char default_mailbox[] = "sender@example.com";

struct setup {
	struct cli cli;
	struct sandbox s;
	const char *dir;
	const char *listen; /* NULL: any port, or that of last time */
	const char *secret; /* NULL: a new one, or that of last time */
	struct str name[NAMES_MAX];
	size_t n_names;
	bool print_config, help, roles;
	uint64_t exit_after;
	struct str address;     /* to listen on: an IP literal */
	struct buf config, old; /* to write; as it was last time, or empty */
	int lock, listener;
};

static bool
take_fault(struct setup *t, const char *value, struct err *e)
{
	struct sandbox *s = &t->s;

	if (s->rules.n == RULES_MAX)
		return err_set(e, ERR_USAGE, "more than %d times --fault",
		    RULES_MAX);
	if (!rule_parse(&s->mem, str_of(value), &s->rules.rule[s->rules.n],
		e)) {
		err_wrap(e, "--fault");
		return err_remedy(e, "post365 help sandbox lists the rules");
	}
	s->rules.n++;
	return true;
}

static bool
take_mailbox(struct setup *t, const char *value, struct err *e)
{
	struct sandbox *s = &t->s;
	struct str address = str_of(value);

	if (s->n_mailboxes == SANDBOX_MAILBOXES)
		return err_set(e, ERR_USAGE, "more than %d times --mailbox",
		    SANDBOX_MAILBOXES);
	if (!mail_is_address(address) && !str_eq(address, STR("*")))
		return err_set(e, ERR_USAGE, "--mailbox: %s is no address",
		    value);
	s->mailbox[s->n_mailboxes++] = address;
	return true;
}

/* The first role that is named takes away the others. */
static bool
take_role(struct setup *t, const char *value, struct err *e)
{
	bool send = str_eq(str_of(value), STR("Mail.Send"));
	bool read_write = str_eq(str_of(value), STR("Mail.ReadWrite"));
	bool read = str_eq(str_of(value), STR("Mail.Read"));
	bool trace =
	    str_eq(str_of(value), STR("ExchangeMessageTrace.Read.All"));

	if (!send && !read_write && !read && !trace)
		return err_set(e, ERR_USAGE,
		    "--role: %s is none of Mail.Send, Mail.ReadWrite, "
		    "Mail.Read and ExchangeMessageTrace.Read.All",
		    value);
	t->s.read = t->s.read || read;
	t->s.trace = t->s.trace || trace;
	t->s.no_send = !send && (!t->roles || t->s.no_send);
	t->s.no_read_write = !read_write && (!t->roles || t->s.no_read_write);
	t->roles = true;
	return true;
}

static bool
take_exit_after(struct setup *t, const char *value, struct err *e)
{
	return (str_u64(str_of(value), UINT32_MAX, &t->exit_after) &&
		   t->exit_after > 0) ||
	    err_set(e, ERR_USAGE, "--exit-after: %s is no number", value);
}

static bool
take_secret(struct setup *t, const char *value, struct err *e)
{
	struct str s = str_of(value);

	if (s.n == 0 || s.n > SECRET_MAX || str_trim(s).n != s.n ||
	    str_chr(s, '\n') < s.n)
		return err_set(e, ERR_USAGE,
		    "--secret wants a line of 1 to %d characters without "
		    "blanks around it",
		    SECRET_MAX);
	t->secret = value;
	return true;
}

static bool
take_name(struct setup *t, const char *value, struct err *e)
{
	struct str s = str_of(value);
	bool ok = s.n > 0 && s.n < 254; /* RFC 1035 2.3.4 */

	for (size_t i = 0; i < s.n; i++)
		ok = ok &&
		    (ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]) ||
			s.p[i] == '-' || s.p[i] == '.');
	if (!ok)
		return err_set(e, ERR_USAGE, "--name: %.60s is no host name",
		    value);
	if (t->n_names == NAMES_MAX)
		return err_set(e, ERR_USAGE, "more than %d times --name",
		    NAMES_MAX);
	t->name[t->n_names++] = s;
	return true;
}

static bool
sandbox_take(void *arg, int id, const char *value, struct err *e)
{
	struct setup *t = arg;

	switch (id) {
	case DIR_OPTION:
		t->dir = value;
		return true;
	case LISTEN:
		t->listen = value;
		return true;
	case PRINT_CONFIG:
		t->print_config = true;
		return true;
	case FAULT:
		return take_fault(t, value, e);
	case MAILBOX:
		return take_mailbox(t, value, e);
	case SEND_AS:
		t->s.send_as = true;
		return true;
	case ROLE:
		return take_role(t, value, e);
	case PLAIN:
		t->s.plain = true;
		return true;
	case EXIT_AFTER:
		return take_exit_after(t, value, e);
	case SECRET:
		return take_secret(t, value, e);
	case NAME:
		return take_name(t, value, e);
	default:
		return cli_unexpected(value, e);
	}
}

static bool
take_options(struct setup *t, struct err *e)
{
	if (!cli_each(&t->cli, sandbox_take, t, e))
		return false;
	t->s.log = t->cli.log;
	if (t->s.plain && t->n_names > 0)
		return err_set(e, ERR_USAGE,
		    "--name is for a certificate, and --plain has none: leave "
		    "one out");
	return true;
}

/*
 * "127.0.0.1:8443", "[::1]:0", "localhost:0". The loopback and nothing else:
 * whoever reaches the sandbox could fill the disk and read its answers.
 */
static bool
take_address(struct setup *t, struct err *e)
{
	struct str text =
	    t->listen != NULL ? str_of(t->listen) : STR("127.0.0.1:0");
	struct str host = text;
	struct in6_addr a6;
	struct in_addr a4;
	uint64_t port;

	while (host.n > 0 && host.p[host.n - 1] != ':')
		host.n--;
	if (host.n == 0 || !str_u64(str_from(text, host.n), UINT16_MAX, &port))
		return err_set(e, ERR_USAGE, "--listen: %s is not ADDRESS:PORT",
		    t->listen);
	host.n--;
	t->s.port = (uint16_t)port;
	t->s.host = STR("localhost");
	if (str_eq(host, STR("localhost")))
		host = STR("127.0.0.1");
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_from(str_first(host, host.n - 1), 1);
	t->address = arena_str(&t->s.mem, host);
	if (!arena_ok(&t->s.mem, e))
		return false;
	if (inet_pton(AF_INET6, t->address.p, &a6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&a6))
		return true;
	if (inet_pton(AF_INET, t->address.p, &a4) != 1 ||
	    ntohl(a4.s_addr) >> 24 != IN_LOOPBACKNET) {
		err_set(e, ERR_USAGE,
		    "--listen: %s is not an address of the loopback",
		    t->listen);
		return err_remedy(e, "use 127.0.0.1 or [::1]");
	}
	if (!str_eq(host, STR("127.0.0.1")))
		t->s.host = t->address;
	return true;
}

/* The value of "key = value" in the configuration of last time; or empty. */
static struct str
old_value(const struct setup *t, struct str key)
{
	struct str rest = buf_view(&t->old), line;

	while (str_next(&rest, '\n', &line))
		if (str_starts(line, key) &&
		    str_starts(str_from(line, key.n), STR(" = ")))
			return str_from(line, key.n + 3);
	return STR("");
}

/* What the user does not name is as it was: copies of config stay good. */
static void
keep_port(struct setup *t)
{
	struct str url = old_value(t, STR("login_url"));
	uint64_t port;
	size_t n = url.n;

	while (n > 0 && url.p[n - 1] != ':')
		n--;
	if (t->listen == NULL && n > 0 &&
	    str_u64(str_from(url, n), UINT16_MAX, &port))
		t->s.port = (uint16_t)port;
}

static const char own_mark[] = "# Written by post365 sandbox at its start.\n";

/* Reads the configuration of last time, if it is ours. */
static bool
read_old(struct setup *t, struct err *e)
{
	struct str path = arena_fmt(&t->s.mem, "%s/config", t->dir);
	struct err none;

	buf_init_secret(&t->old, CONFIG_MAX);
	if (!arena_ok(&t->s.mem, e))
		return false;
	if (!os_read_file(path.p, &t->old, &none) ||
	    !str_starts(buf_view(&t->old), str_of(own_mark)))
		buf_reset(&t->old);
	return true;
}

/* Nobody's settings and no company's CA are ever written over. */
static bool
check_own(struct setup *t, struct err *e)
{
	static const char *const names[] = { "config", "ca.pem", "ca.key" };
	struct os_stat st;
	struct str path = { 0 };
	bool own = true;

	if (!read_old(t, e) || t->old.n > 0)
		return arena_ok(&t->s.mem, e);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && own; i++) {
		path = arena_fmt(&t->s.mem, "%s/%s", t->dir, names[i]);
		own = path.n > 0 && !os_stat_path(path.p, &st, e);
	}
	if (own)
		return true;
	err_set(e, ERR_CONFIG, "%.*s is there, and not of a sandbox",
	    STR_ARG(path));
	e->exit = EX_CANTCREAT;
	return err_remedy(e,
	    "choose an empty folder, or one that is not there yet, with --dir");
}

static bool
make_folder(struct setup *t, struct err *e)
{
	struct sandbox *s = &t->s;
	char real[PATH_MAX];
	struct str path;

	if (!check_own(t, e) || !os_mkdirs(t->dir, 0700, e))
		return false;
	if (realpath(t->dir, real) == NULL)
		return err_sys(e, ERR_CONFIG, "%s", t->dir);
	s->folder = arena_str(&s->mem, str_of(real));
	if (str_chr(s->folder, '\n') < s->folder.n)
		return err_set(e, ERR_USAGE, "a line end in the name of %s",
		    t->dir);
	path = arena_fmt(&s->mem, "%.*s/lock", STR_ARG(s->folder));
	if (!arena_ok(&s->mem, e))
		return false;
	if (!os_lock(path.p, 0, &t->lock, e))
		return err_remedy(e,
		    "another sandbox uses this folder: "
		    "choose one with --dir");
	path = arena_fmt(&s->mem, "%.*s/mail", STR_ARG(s->folder));
	return arena_ok(&s->mem, e) && os_mkdirs(path.p, 0700, e);
}

/* Has each character that wants percent-encoding in a form. */
static bool
new_secret(struct sandbox *s, struct err *e)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789~.";
	static const char marks[] = "~+/=_-&%";
	unsigned char random[SECRET_SIZE];
	char text[SECRET_SIZE];
	bool ok;

	os_random(random, sizeof(random));
	for (size_t i = 0; i < SECRET_SIZE; i++)
		text[i] = letters[random[i] % (sizeof(letters) - 1)];
	for (size_t i = 0; i < sizeof(marks) - 1; i++)
		text[3 + i * 4] = marks[i];
	ok = secret_set(&s->secret, (struct str){ text, sizeof(text) }, e);
	secret_wipe(text, sizeof(text));
	return ok;
}

static bool
make_secret(struct setup *t, struct err *e)
{
	struct str s = old_value(t, STR("client_secret"));

	if (t->secret != NULL)
		s = str_of(t->secret);
	return s.n > 0 ? secret_set(&t->s.secret, s, e) : new_secret(&t->s, e);
}

/* Writes FOLDER/name. */
static bool
write_file(const struct setup *t, const char *name, struct str bytes,
    struct err *e)
{
	struct arena mem;
	struct str path;
	bool ok;

	arena_init(&mem, MEMORY_MAX);
	path = arena_fmt(&mem, "%.*s/%s", STR_ARG(t->s.folder), name);
	ok = arena_ok(&mem, e) &&
	    replace_file(path.p, bytes, (struct replace_how){ .mode = 0600 },
		e);
	arena_release(&mem);
	return ok;
}

/* Reads FOLDER/name; what is not there is empty. */
static void
read_file(const struct setup *t, const char *name, struct buf *out)
{
	struct arena mem;
	struct str path;
	struct err none;

	arena_init(&mem, MEMORY_MAX);
	path = arena_fmt(&mem, "%.*s/%s", STR_ARG(t->s.folder), name);
	if (path.n == 0 || !os_read_file(path.p, out, &none))
		buf_reset(out);
	arena_release(&mem);
}

static size_t
cert_names(const struct setup *t, struct str name[NAMES_MAX + 4])
{
	static const struct str usual[] = { STR_INIT("localhost"),
		STR_INIT("127.0.0.1"), STR_INIT("::1") };
	size_t n = 0;

	for (; n < sizeof(usual) / sizeof(*usual); n++)
		name[n] = usual[n];
	if (!str_eq(t->address, usual[1]) && !str_eq(t->address, usual[2]))
		name[n++] = t->address;
	for (size_t i = 0; i < t->n_names; i++)
		name[n++] = t->name[i];
	return n;
}

static bool
make_cert(struct setup *t, struct err *e)
{
	struct str name[NAMES_MAX + 4];
	struct cert_authority ca;
	bool ok;

	if (t->s.plain)
		return true;
	buf_init(&ca.pem, CA_MAX);
	buf_init_secret(&ca.key, CA_MAX);
	read_file(t, "ca.pem", &ca.pem);
	read_file(t, "ca.key", &ca.key);
	ok = cert_make_by(&t->s.cert, name, cert_names(t, name), &ca, e) &&
	    write_file(t, "ca.key", buf_view(&ca.key), e) &&
	    write_file(t, "ca.pem", buf_view(&ca.pem), e);
	buf_release(&ca.pem);
	buf_release(&ca.key);
	return ok;
}

static bool
bind_address(int fd, const struct setup *t)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(t->s.port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
		.sin_port = htons(t->s.port) };

	if (inet_pton(AF_INET6, t->address.p, &a6.sin6_addr) == 1)
		return bind(fd, (struct sockaddr *)&a6, sizeof(a6)) == 0;
	return inet_pton(AF_INET, t->address.p, &a4.sin_addr) == 1 &&
	    bind(fd, (struct sockaddr *)&a4, sizeof(a4)) == 0;
}

/* The port that the kernel chose, if we did not. */
static bool
learn_port(struct setup *t)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(t->listener, (struct sockaddr *)&a, &n) < 0)
		return false;
	t->s.port = ntohs(a.ss_family == AF_INET6 ?
		((struct sockaddr_in6 *)&a)->sin6_port :
		((struct sockaddr_in *)&a)->sin_port);
	return true;
}

/* The port of last time may be another's by now. */
static bool
bind_or_any(struct setup *t)
{
	if (bind_address(t->listener, t))
		return true;
	if (t->listen != NULL || t->s.port == 0)
		return false;
	log_warn(&t->s.log, "port %u, as last time, is taken: another is used",
	    t->s.port);
	t->s.port = 0;
	return bind_address(t->listener, t);
}

static bool
start_listening(struct setup *t, struct err *e)
{
	bool ip6 = str_chr(t->address, ':') < t->address.n;
	int yes = 1;

	t->listener = socket(ip6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->listener < 0)
		return err_sys(e, ERR_RETRY, "socket");
	(void)setsockopt(t->listener, SOL_SOCKET, SO_REUSEADDR, &yes,
	    sizeof(yes));
	if (bind_or_any(t) && listen(t->listener, BACKLOG) == 0 &&
	    learn_port(t))
		return true;
	err_sys(e, ERR_CONFIG, "listen on %s",
	    t->listen != NULL ? t->listen : "127.0.0.1");
	return err_remedy(e, "name another port, or leave --listen out");
}

/* The mailbox to send from: the first that is one. */
static struct str
first_mailbox(const struct sandbox *s)
{
	for (size_t i = 0; i < s->n_mailboxes; i++)
		if (!str_eq(s->mailbox[i], STR("*")))
			return s->mailbox[i];
	return str_of(default_mailbox);
}

static bool
write_config(struct setup *t, struct err *e)
{
	const struct sandbox *s = &t->s;
	struct str origin = sandbox_origin(s, &t->s.mem);
	struct str from = first_mailbox(s);
	struct buf *b = &t->config;

	buf_init_secret(b, CONFIG_MAX);
	buf_addz(b, own_mark);
	buf_addf(b, "tenant_id = %.*s\n", STR_ARG(s->tenant));
	buf_addf(b, "client_id = %.*s\n", STR_ARG(s->client));
	buf_addz(b, "client_secret = ");
	buf_adds(b, secret_view(&s->secret));
	buf_addf(b, "\nlogin_url = %.*s\n", STR_ARG(origin));
	buf_addf(b, "graph_url = %.*s/v1.0\n", STR_ARG(origin));
	if (!s->plain)
		buf_addf(b, "ca = %.*s/ca.pem\n", STR_ARG(s->folder));
	buf_addf(b, "from = %.*s\n", STR_ARG(from));
	buf_addf(b, "state_dir = %.*s/state\n", STR_ARG(s->folder));
	return arena_ok(&t->s.mem, e) && buf_ok(b, e) &&
	    write_file(t, "config", buf_view(b), e);
}

/* With --print-config all of standard output is a configuration file. */
static bool
announce(struct setup *t, struct err *e)
{
	struct sandbox *s = &t->s;
	struct str origin = sandbox_origin(s, &s->mem);
	const char *mark = t->print_config ? "# " : "";
	struct str line = arena_fmt(&s->mem,
	    "%sready %.*s %.*s/config\n"
	    "%stry: post365 -C %.*s/config test you@example.com\n",
	    mark, STR_ARG(origin), STR_ARG(s->folder), mark,
	    STR_ARG(s->folder));

	if (!arena_ok(&s->mem, e))
		return false;
	if (t->print_config && !cli_out(buf_view(&t->config), e))
		return false;
	return cli_out(line, e);
}

static bool
run(struct setup *t, struct err *e)
{
	struct sandbox *s = &t->s;

	s->tenant = str_of(tenant);
	s->client = str_of(client);
	if (s->n_mailboxes == 0)
		s->mailbox[s->n_mailboxes++] = str_of(default_mailbox);
	if (!take_address(t, e) || !make_folder(t, e))
		return false;
	if (t->n_names > 0)
		s->host = t->name[0];
	keep_port(t);
	if (!make_secret(t, e) || !make_cert(t, e) || !start_listening(t, e) ||
	    !write_config(t, e) || !sandbox_share(s, e))
		return false;
	atomic_store(&s->state->messages, keep_last(s->folder));
	return announce(t, e) && sandbox_host(s, t->listener, t->exit_after, e);
}

static void
release(struct setup *t)
{
	cert_release(&t->s.cert);
	secret_release(&t->s.secret);
	arena_release(&t->s.mem);
	buf_release(&t->config);
	buf_release(&t->old);
	os_close(&t->listener);
	os_close(&t->lock);
}

int
sandbox_main(const struct cli_command *self, int argc, char **argv)
{
	struct setup t = { .dir = "post365-sandbox",
		.lock = -1,
		.listener = -1 };
	int code = EX_OK;
	struct err e;

	t.s.kept_fd = -1;
	arena_init(&t.s.mem, MEMORY_MAX);
	cli_init(&t.cli, self, argc, argv);
	if (!take_options(&t, &e))
		code = cli_fail(&t.cli, &e);
	else if (t.cli.common.help)
		code = cli_help(self);
	else if (!run(&t, &e))
		code = cli_fail(&t.cli, &e);
	release(&t);
	return code;
}
