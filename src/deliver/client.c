/* SPDX-License-Identifier: MIT */
#include "deliver/client.h"

#include "base/clock.h"
#include "base/version.h"
#include "config/proxy.h"

bool
client_open(struct client *s, struct config *c, const struct log *log,
    struct err *e)
{
	struct str folder = c->token_cache ? c->state_dir : STR("");
	struct http_conf conf = {
		.trust = &s->trust,
		.proxy = &s->proxy,
		.log = log,
		.user_agent = STR("post365/" VERSION),
		.session_folder = folder,
		/* no part may take longer than the whole */
		.connect_timeout_ms = c->connect_timeout_ms < c->timeout_ms ?
		    c->connect_timeout_ms :
		    c->timeout_ms,
	};

	struct pace pace;

	*s = (struct client){ 0 };
	if (!config_check(c, CONFIG_FOR_TOKEN, e) ||
	    !credential_open(&s->credential, c, log, &s->graph.source.who, e) ||
	    !config_proxy_open(c, &s->proxy, e) ||
	    !trust_open(&s->trust, c->ca, c->ca_system_file, e))
		return false;
	http_init(&s->http, &conf);
	s->graph.source.http = &s->http;
	s->graph.source.clock = &s->turn.pause.clock;
	s->graph.source.log = log;
	s->graph.source.folder = folder;
	s->graph.url_text = c->graph_url;
	s->graph.timeout_ms = c->timeout_ms;
	pace = pace_of(c, &clock_system, log);
	turn_open(&s->turn, &pace, c->timeout_ms);
	if (c->spool_dir.n > 0 && c->mailbox.n > 0)
		s->graph.meter = (struct meter){ turn_bytes, &s->turn };
	return url_parse(c->graph_url, &s->graph.url, e) ||
	    err_wrap(e, "graph_url");
}

void
client_close(struct client *s)
{
	turn_give(&s->turn);
	token_release(&s->graph.token);
	http_release(&s->http);
	trust_release(&s->trust);
	proxy_release(&s->proxy);
	credential_close(&s->credential);
	*s = (struct client){ 0 };
}
