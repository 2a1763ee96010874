/* SPDX-License-Identifier: MIT */
#include "command/token.h"

#include "base/os.h"
#include "codec/jwt.h"
#include "command/ask.h"
#include "config/access.h"
#include "config/config.h"
#include "deliver/client.h"

enum { OUT_MAX = 2 * SECRET_LIMIT };

enum { DECODE = 1 };
const struct cli_option token_options[] = {
	{ DECODE, 0, "decode", NULL, "print what the token says, as JSON" },
	{ 0, 0, NULL, NULL, NULL },
};

struct ask {
	struct cli cli;
	bool decode;
	struct config config;
	struct access access;
	struct client client;
};

static bool
read_options(struct ask *a, struct err *e)
{
	int option = 0;

	if (!cli_words(&a->cli, NULL, &option, e))
		return false;
	a->decode = option != 0;
	return true;
}

static bool
obtain(struct ask *a, struct buf *out, struct err *e)
{
	struct config_ask ask = command_ask(&a->cli);
	struct graph *g = &a->client.graph;

	if (!config_load(&a->config, &ask, &a->cli.log, e) ||
	    !access_load(&a->access, &a->config, &a->cli.log, e) ||
	    !client_open(&a->client, &a->config, &a->access, &a->cli.log, e) ||
	    !token_get(&g->source, os_mono_ms() + g->timeout_ms, &g->token, e))
		return false;
	if (a->decode)
		return jwt_print(out, secret_view(&g->token.bearer), e);
	buf_adds(out, secret_view(&g->token.bearer));
	buf_addc(out, '\n');
	return buf_ok(out, e);
}

int
token_main(const struct cli_command *self, int argc, char **argv)
{
	struct ask a = { 0 };
	struct buf out;
	struct err e;
	int code;

	cli_init(&a.cli, self, argc, argv);
	if (!read_options(&a, &e))
		return cli_fail(&a.cli, &e);
	if (a.cli.common.help)
		return cli_help(self);
	buf_init_secret(&out, OUT_MAX);
	if (obtain(&a, &out, &e))
		code = cli_print(&a.cli, &out);
	else
		code = cli_fail(&a.cli, &e);
	buf_release(&out);
	client_close(&a.client);
	access_release(&a.access);
	config_release(&a.config);
	return code;
}
