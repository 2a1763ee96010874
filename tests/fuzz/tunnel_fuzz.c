/* SPDX-License-Identifier: MIT */
/*
 * tunnel_fuzz: how a proxy's answer comes changes nothing, but that a tunnel
 * may stand before the bytes behind its head are seen; and no answer brings
 * the password into an error.
 *
 * The first byte of the input says how the rest is cut.
 */
#include <assert.h>
#include <stdint.h>

#include "net/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
	enum parse state;
	struct err e;
};

static void
see(struct str in, size_t size, struct seen *out)
{
	struct tunnel t;
	struct proxy p;

	*out = (struct seen){ .state = PARSE_MORE };
	assert(proxy_parse(STR("http://user:Xy7Qw9@p.test:1"), &p, &out->e));
	p.origin = STR("from HERE");
	assert(tunnel_start(&t, &p, STR("graph.test:443"), &out->e));
	while (in.n > 0 && out->state == PARSE_MORE) {
		out->state = tunnel_feed(&t, str_first(in, size), &out->e);
		in = str_from(in, size);
	}
	if (out->state == PARSE_MORE)
		tunnel_end(&t, "closed", &out->e);
	assert(out->state == PARSE_DONE || out->e.kind == ERR_RETRY ||
	    out->e.kind == ERR_CONFIG);
	assert(str_cut(tunnel_said(&t), 1000).n <= 120);
	tunnel_release(&t);
	proxy_release(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct seen whole, cut;

	if (n < 2)
		return 0;
	in = str_from(in, 1);
	see(in, in.n, &whole);
	see(in, 1 + data[0] % 16u, &cut);
	if (cut.state == PARSE_DONE)
		return 0;
	assert(whole.state == cut.state && whole.e.kind == cut.e.kind);
	assert(str_eq(str_of(whole.e.msg), str_of(cut.e.msg)));
	return 0;
}
