/* SPDX-License-Identifier: MIT */
#include "command/web/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/ask.h"
#include "command/web/house.h"
#include "config/relay.h"
#include "web/session.h"

enum { WEB_LISTEN = 1 };

enum { WEB_MEMORY = 4 << 20, WEB_SAID = 512 };

/* clang-format off */
const struct cli_option web_options[] = {
	{ WEB_LISTEN, 'l', "listen", "IP:PORT",
	  "where it listens (127.0.0.1:8365)" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

struct web {
	struct cli cli;
	const char *listen;
	struct arena mem;
	struct config config;
	struct conf conf;
	struct listen at;
	struct cert cert;
	char once[WEB_SESSION_TEXT];
};

/* Settings that cannot be used are no reason not to mend them here. */
static void
web_load(struct web *w)
{
	const struct config_ask ask = command_ask(&w->cli);
	static const struct log silent = { 0 };
	struct config_pair *lines = NULL;
	struct err e;

	(void)!config_load(&w->config, &ask, &silent, &e);
	if (config_relay(&w->config, &w->mem, &lines, &e) &&
	    conf_read(&w->mem, lines, &w->conf, &e))
		return;
	/* Save will make a file that is not there */
	if (w->config.file.n == 0 || access(w->config.file.p, F_OK) == 0)
		log_warn(&w->cli.log, "%s", e.msg);
	w->conf = (struct conf){ 0 };
}

static bool
web_find_address(struct web *w, struct err *e)
{
	const char *text = w->listen;
	bool any;

	if (text == NULL && w->conf.web != NULL) {
		w->at = *w->conf.web;
		return true;
	}
	if (text == NULL)
		text = "127.0.0.1:8365";
	any = str_ends(str_of(text), STR(":0"));
	if (any) /* any port that is free: a listener has none by this name */
		text = arena_fmt(&w->mem, "%s1", text).p;
	if (!listen_parse(str_of(text), &w->at, e))
		return err_wrap(e, "--listen") ||
		    err_remedy(e, "write 127.0.0.1:8365, or another IP:PORT");
	if (any)
		w->at.port = 0;
	return w->at.kind == LISTEN_IP ||
	    err_set(e, ERR_USAGE,
		"--listen \"%.60s\" is not of the form "
		"IP:PORT",
		text);
}

/* At a loopback address the printed token is enough. */
static bool
web_check(struct web *w, struct err *e)
{
	if (!listen_is_public(&w->at))
		return true;
	w->conf.web = &w->at;
	return conf_check_web(&w->conf, e);
}

static bool
web_read_cert(const struct conf *conf, struct cert *cert, struct err *e)
{
	struct cert_pem pem[CONF_PAIRS] = { 0 };
	bool ok = conf_read_cert(conf, pem, cert, e);

	cert_pem_release(pem, CONF_PAIRS);
	return ok;
}

static unsigned
web_port(int listener)
{
	struct sockaddr_in6 at = { 0 };
	socklen_t n = sizeof(at);

	(void)getsockname(listener, (struct sockaddr *)&at, &n);
	/* it stands at the same place in both families */
	return ntohs(at.sin6_port);
}

static bool
web_tell(const struct web *w, unsigned port, struct err *e)
{
	struct str host = w->at.text;
	char text[WEB_SAID];

	while (host.n > 0 && host.p[host.n - 1] != ':')
		host.n--;
	(void)snprintf(text, sizeof(text),
	    "open http%s://%.*s%u/%s%s\n"
	    "(Ctrl-C ends it)\n",
	    w->conf.certificates > 0 ? "s" : "", STR_ARG(host), port,
	    w->once[0] != '\0' ? "enter?token=" : "", w->once);
	return cli_out(str_of(text), e);
}

static int
web_serve(struct web *w, int listener)
{
	struct house_how how = { .cli = &w->cli,
		.listener = listener,
		.port = web_port(listener),
		.cert = w->conf.certificates > 0 ? &w->cert : NULL,
		.conf = &w->conf,
		.spool = w->config.spool_dir,
		.once = w->once,
		.loopback = !listen_is_public(&w->at) };
	sigset_t set, before;
	struct err e;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	how.mask = &before;
	web_session_random(w->once);
	if (!how.loopback)
		w->once[0] = '\0'; /* people sign in */
	return web_tell(w, how.port, &e) ? house_run(&how) :
					   cli_fail(&w->cli, &e);
}

int
web_serve_relay(const struct cli *cli, const struct web_of_relay *of)
{
	struct house_how how = { .cli = cli,
		.listener = of->listener,
		.port = of->conf->web->port,
		.conf = of->conf,
		.spool = of->spool,
		.loopback = !listen_is_public(of->conf->web),
		.forever = true,
		.stats = of->stats,
		.mask = of->mask };
	struct cert cert = { 0 };
	struct err e = { 0 };
	int code;

	if (!web_read_cert(of->conf, &cert, &e)) {
		log_warn(&cli->log, "web: %s", e.msg);
		return err_exit(&e);
	}
	how.cert = of->conf->certificates > 0 ? &cert : NULL;
	code = house_run(&how);
	cert_release(&cert);
	return code;
}

static bool
web_take_option(void *arg, int id, const char *value, struct err *e)
{
	struct web *w = arg;

	if (id == CLI_OPERAND)
		return cli_unexpected(value, e);
	w->listen = value;
	return true;
}

int
web_main(const struct cli_command *self, int argc, char **argv)
{
	struct web w = { 0 };
	int listener = -1, code;
	struct err e;

	cli_init(&w.cli, self, argc, argv);
	if (!cli_each(&w.cli, web_take_option, &w, &e))
		return cli_fail(&w.cli, &e);
	if (w.cli.common.help)
		return cli_help(self);
	arena_init(&w.mem, WEB_MEMORY);
	web_load(&w);
	if (web_find_address(&w, &e) && web_check(&w, &e) &&
	    web_read_cert(&w.conf, &w.cert, &e))
		listener = listen_open(&w.at, &e);
	code = listener >= 0 ? web_serve(&w, listener) : cli_fail(&w.cli, &e);
	os_close(&listener);
	cert_release(&w.cert);
	config_release(&w.config);
	arena_release(&w.mem);
	return code;
}
