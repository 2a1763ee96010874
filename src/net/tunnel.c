/* SPDX-License-Identifier: MIT */
#include "net/tunnel.h"

#include <stdio.h>

#include "codec/page.h"

enum {
	PAGE_ENOUGH = 2048,  /* bytes in which a title is found */
	OUT_MAX = 16 * 1024, /* two names, and PROXY_USER_MAX in base64 */
	SCHEMES_SIZE = 160,  /* "Negotiate, NTLM": what a proxy offers */
	SAID_MAX = 120       /* of its status line, in an error */
};

/* Statuses that time may mend (RFC 9110 15); with 3xx and 5xx. */
static bool
may_pass(int status)
{
	return status < 400 || status >= 500 || status == 408 || status == 429;
}

bool
tunnel_start(struct tunnel *t, const struct proxy *proxy, struct str target,
    struct err *e)
{
	struct buf *out = &t->out;

	*t = (struct tunnel){ .proxy = proxy, .target = target };
	http1_init(&t->answer, HTTP1_ANSWER);
	buf_init(&t->page, TUNNEL_PAGE_MAX);
	buf_init_secret(out, OUT_MAX);
	buf_addf(out, "CONNECT %.*s HTTP/1.1\r\nHost: %.*s\r\n",
	    STR_ARG(target), STR_ARG(target));
	if (secret_is_set(&proxy->basic)) {
		buf_addz(out, "Proxy-Authorization: Basic ");
		buf_adds(out, secret_view(&proxy->basic));
		buf_addz(out, "\r\n");
	}
	buf_addz(out, "\r\n");
	return buf_ok(out, e) || err_wrap(e, "CONNECT");
}

void
tunnel_release(struct tunnel *t)
{
	buf_release(&t->out);
	buf_release(&t->page);
	http1_release(&t->answer);
	*t = (struct tunnel){ 0 };
}

struct str
tunnel_out(const struct tunnel *t)
{
	return buf_view(&t->out);
}

void
tunnel_wrote(struct tunnel *t, size_t n)
{
	buf_drop(&t->out, n);
}

/* The status line ("HTTP/1.1 403 Forbidden") from its status on. */
struct str
tunnel_said(const struct tunnel *t)
{
	struct str line = buf_view(&t->answer.head);

	line = str_first(line, str_chr(line, '\r'));
	return str_cut(str_from(line, 9), SAID_MAX);
}

/* "Negotiate, NTLM": the first word of each challenge (RFC 9110 11.6.1). */
static bool
list_schemes(const struct http1 *h, char out[SCHEMES_SIZE])
{
	struct str head = buf_view(&h->head), name, value;
	bool basic = false;
	size_t n = 0;
	int k;

	out[0] = '\0';
	for (size_t i = 0; i < h->n_fields; i++) {
		name = str_first(str_from(head, h->field[i].name),
		    h->field[i].name_n);
		value = str_first(str_from(head, h->field[i].value),
		    h->field[i].value_n);
		value = str_cut(str_first(value, str_chr(value, ' ')), 20);
		if (!str_iends(name, STR("-Authenticate")) || value.n == 0)
			continue;
		basic = basic || str_ieq(value, STR("Basic"));
		k = snprintf(out + n, SCHEMES_SIZE - n, "%s%.*s",
		    n > 0 ? ", " : "", STR_ARG(value));
		n += (size_t)k;
		if (n >= SCHEMES_SIZE)
			break;
	}
	return basic;
}

/*
 * RFC 9110 15.5.8; some proxies (tinyproxy 1.11, for a wrong password) say it
 * as a server would. Nobody else speaks before the tunnel stands.
 */
static bool
wants_password(int status)
{
	return status == 407 || status == 401;
}

/* The password itself is not told. */
static bool
explain_password(const struct tunnel *t, struct err *e)
{
	const struct proxy *p = t->proxy;
	bool given = secret_is_set(&p->basic);
	char schemes[SCHEMES_SIZE];

	if (!list_schemes(&t->answer, schemes)) {
		err_set(e, ERR_CONFIG,
		    "the proxy %s wants a sign-in of the kind %s, which this "
		    "program cannot do: it knows Basic (HTTP %d)",
		    p->name, schemes[0] != '\0' ? schemes : "it does not name",
		    t->answer.status);
		return err_remedy(e,
		    "Let a helper such as cntlm or px sign in to that proxy, "
		    "and give the helper's address as the proxy "
		    "(http://127.0.0.1:3128); or have this machine let "
		    "through without a sign-in.");
	}
	err_set(e, ERR_CONFIG,
	    given ? "the proxy %s does not accept the user name and password "
		    "given for it (%s): HTTP %d" :
		    "the proxy %s wants a user name and a password (%s): "
		    "HTTP %d",
	    p->name, schemes, t->answer.status);
	return err_remedy(e,
	    "%s proxy = http://user:password@%s (the proxy is %.*s now; "
	    "characters like @ : / %% in them as %%40 %%3A %%2F %%25).",
	    given ? "Correct" : "Set", p->name, STR_ARG(p->origin));
}

/* An answer that is no 2xx, in the proxy's own words. */
static bool
explain(const struct tunnel *t, struct err *e)
{
	struct str page = buf_view(&t->page), words = page_words(page);
	struct str to = http1_field(&t->answer, STR("Location"));
	int status = t->answer.status;

	if (wants_password(status))
		return explain_password(t, e);
	if (status < 400 && to.n > 0)
		page = words = str_cut(to, PAGE_WORDS_MAX);
	if (page_may_be_secret(page))
		words = STR("");
	err_set(e, may_pass(status) ? ERR_RETRY : ERR_CONFIG,
	    "the proxy %s refused to connect to %.*s: %.*s%s%.*s%s",
	    t->proxy->name, STR_ARG(t->target), STR_ARG(tunnel_said(t)),
	    words.n > 0 ? " (\"" : "", STR_ARG(words),
	    words.n > 0 ? "\")" : "");
	if (may_pass(status))
		return err_remedy(e,
		    "The proxy itself says so (it is %.*s): ask those who run "
		    "it.",
		    STR_ARG(t->proxy->origin));
	return err_remedy(e,
	    "Have the proxy allow CONNECT to %.*s, or set another proxy, or "
	    "no_proxy where there is a way without (the proxy is %.*s).",
	    STR_ARG(t->target), STR_ARG(t->proxy->origin));
}

/* What answers is no proxy: a web server, TLS, SSH, ... */
static bool
no_proxy(const struct tunnel *t, const char *why, struct err *e)
{
	err_set(e, ERR_CONFIG, "%s does not answer as an HTTP proxy does: %s",
	    t->proxy->name, why);
	return err_remedy(e, "Check host and port of the proxy, which is %.*s.",
	    STR_ARG(t->proxy->origin));
}

/* A refusal is complete when its page is, or when there is enough of it. */
static bool
is_enough(const struct tunnel *t)
{
	return http1_has_head(&t->answer) &&
	    (wants_password(t->answer.status) || t->page.n >= PAGE_ENOUGH);
}

/*
 * RFC 9110 9.3.6: what a 2xx says of a body does not count. So the answer is
 * fed byte by byte, to know its status before its fields.
 */
static enum parse
feed_byte(struct tunnel *t, struct str *in)
{
	struct str one = str_first(*in, 1);
	enum parse r;

	if (t->answer.status / 100 == 2)
		t->answer.kind = HTTP1_ANSWER_NO_BODY;
	r = http1_feed(&t->answer, &one, &t->page);
	*in = str_from(*in, 1);
	return is_enough(t) ? PARSE_DONE : r;
}

/* The password may come back; nobody is to see it. */
static void
tunnel_hide(struct tunnel *t)
{
	page_mask(&t->answer.head, secret_view(&t->proxy->basic));
	page_mask(&t->page, secret_view(&t->proxy->basic));
}

enum parse
tunnel_feed(struct tunnel *t, struct str in, struct err *e)
{
	if (t->state != PARSE_MORE) {
		err_set(e, ERR_BUG, "a tunnel that is complete");
		return PARSE_BAD;
	}
	while (in.n > 0 && t->state == PARSE_MORE)
		t->state = feed_byte(t, &in);
	if (t->state == PARSE_MORE)
		return PARSE_MORE;
	tunnel_hide(t);
	if (t->answer.head.no_memory)
		err_set(e, ERR_RETRY, "out of memory");
	else if (!http1_has_head(&t->answer))
		no_proxy(t, t->answer.reason, e);
	else if (t->answer.status / 100 != 2)
		explain(t, e);
	else if (in.n > 0) /* in TLS the client speaks first */
		no_proxy(t, "it says yes and sends a page", e);
	else
		return PARSE_DONE;
	t->state = PARSE_BAD;
	return PARSE_BAD;
}

bool
tunnel_end(struct tunnel *t, const char *how, struct err *e)
{
	tunnel_hide(t);
	if (http1_has_head(&t->answer))
		return explain(t, e);
	err_set(e, ERR_RETRY, "the proxy %s %s before it connected to %.*s",
	    t->proxy->name, how, STR_ARG(t->target));
	return err_remedy(e,
	    "If this stays so, check host and port of the proxy, which is "
	    "%.*s.",
	    STR_ARG(t->proxy->origin));
}
