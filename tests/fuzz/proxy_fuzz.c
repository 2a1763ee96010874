/* SPDX-License-Identifier: MIT */
/*
 * proxy_fuzz: what is shown of a proxy's address never has the user's part,
 * and means the same proxy; a list of exceptions is a list of its parts.
 *
 * The first line of the input is the address, the second a host, the rest
 * the list.
 */
#include <assert.h>
#include <stdint.h>

#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_address(struct str text)
{
	struct proxy p, shown;
	struct buf mask;
	struct err e;

	buf_init(&mask, text.n + 8);
	proxy_mask(text, &mask);
	assert(buf_ok(&mask, &e));
	assert(proxy_has_secret(text) == (str_chr(text, '@') < text.n));
	if (!proxy_has_secret(text))
		assert(str_eq(buf_view(&mask), text));
	else
		assert(str_find(buf_view(&mask), STR("***@")) < mask.n);
	if (!proxy_parse(text, &p, &e)) {
		assert(e.kind == ERR_CONFIG && p.url.host.n == 0);
		buf_release(&mask);
		return;
	}
	assert(p.url.host.n > 0 && p.url.port > 0 && !p.url.tls);
	assert(proxy_parse(buf_view(&mask), &shown, &e));
	assert(str_eq(p.url.host, shown.url.host));
	assert(p.url.port == shown.url.port);
	assert(!secret_is_set(&p.basic) || proxy_has_secret(text));
	proxy_release(&shown);
	proxy_release(&p);
	buf_release(&mask);
}

static void
check_list(struct str list, struct str host)
{
	struct str entry = proxy_entry(list, host, 443);

	if (entry.p == NULL)
		return;
	assert(entry.n > 0 && entry.p >= list.p);
	assert(entry.p + entry.n <= list.p + list.n);
	assert(proxy_entry(entry, host, 443).n == entry.n);
	/* nothing before it names the host */
	list = str_first(list, (size_t)(entry.p - list.p));
	assert(proxy_entry(list, host, 443).p == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n }, address, host;

	if (!str_next(&in, '\n', &address) || !str_next(&in, '\n', &host))
		return 0;
	check_address(address);
	check_list(in, host);
	return 0;
}
