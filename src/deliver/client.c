/* SPDX-License-Identifier: MIT */
#include "deliver/client.h"

#include "base/clock.h"
#include "base/version.h"
#include "config/proxy.h"

bool
client_open(struct client *s, const struct config *c, struct access *a,
    const struct log *log, struct err *e)
{
	struct str folder = a->token_cache ? c->state_dir : STR("");
	struct http_conf conf = {
		.trust = &s->trust,
		.proxy = &s->proxy,
		.log = log,
		.user_agent = STR("post365/" VERSION),
		.session_folder = folder,
		/* no part may take longer than the whole */
		.connect_timeout_ms = a->connect_timeout_ms < a->timeout_ms ?
		    a->connect_timeout_ms :
		    a->timeout_ms,
	};
	struct pace pace;

	*s = (struct client){
		.credential = { .config = c, .access = a, .log = log },
	};
	if (!config_check(c, a, CONFIG_FOR_TOKEN, e) ||
	    !credential_open(&s->credential, &s->graph.source.who, e) ||
	    !config_proxy_open(a, &s->proxy, e) ||
	    !trust_open(&s->trust, a->ca, a->ca_system_file, e))
		return false;
	http_init(&s->http, &conf);
	s->graph.source.http = &s->http;
	s->graph.source.clock = &s->turn.pause.clock;
	s->graph.source.log = log;
	s->graph.source.folder = folder;
	s->graph.url_text = a->graph_url;
	s->graph.timeout_ms = a->timeout_ms;
	pace = pace_of(c, &clock_system, log);
	turn_open(&s->turn, &pace, a->timeout_ms);
	if (c->spool_dir.n > 0 && c->mailbox.n > 0)
		s->graph.meter = (struct meter){ turn_bytes, &s->turn };
	return url_parse(a->graph_url, &s->graph.url, e) ||
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
