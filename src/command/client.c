/* SPDX-License-Identifier: MIT */
#include "command/client.h"

#include "base/clock.h"
#include "command/config_secret.h"
#include "command/version.h"

bool
client_open(struct client *s, struct config *c, const struct log *log,
    struct err *e)
{
	struct str folder = c->token_cache ? c->state_dir : STR("");
	struct http_conf conf = {
		.trust = &s->trust,
		.log = log,
		.user_agent = STR("post365/" VERSION),
		.session_folder = folder,
		/* no part may take longer than the whole */
		.connect_timeout_ms = c->connect_timeout_ms < c->timeout_ms ?
		    c->connect_timeout_ms :
		    c->timeout_ms,
	};

	*s = (struct client){ 0 };
	if (!config_check(c, CONFIG_TO_SIGN_IN, e) ||
	    !config_secret(c, log, e) ||
	    !trust_open(&s->trust, c->ca, c->ca_system_file, e))
		return false;
	http_init(&s->http, &conf);
	s->graph.source = (struct token_source){
		.http = &s->http,
		.clock = &clock_system,
		.log = log,
		.folder = folder,
		.who = { .login_url = c->login_url,
		    .tenant = c->tenant_id,
		    .client_id = c->client_id,
		    .scope = c->scope,
		    .client_secret = &c->client_secret },
	};
	s->graph.url_text = c->graph_url;
	s->graph.timeout_ms = c->timeout_ms;
	return url_parse(c->graph_url, &s->graph.url, e) ||
	    err_wrap(e, "graph_url");
}

void
client_close(struct client *s)
{
	token_release(&s->graph.token);
	http_release(&s->http);
	trust_release(&s->trust);
	*s = (struct client){ 0 };
}
