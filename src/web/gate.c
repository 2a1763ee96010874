/* SPDX-License-Identifier: MIT */
#include "web/gate.h"

#include "codec/url.h"

/* "[::1]:8365" and "127.0.0.1:8365" without the port. */
static struct str
gate_name(struct str host)
{
	size_t end;

	if (host.n > 0 && host.p[0] == '[') {
		end = str_chr(host, ']');
		return str_first(host, end + 1);
	}
	return str_first(host, str_chr(host, ':'));
}

/* Four numbers and dots, or something in brackets. */
static bool
gate_is_literal(struct str name)
{
	struct str part;
	uint64_t n;
	unsigned parts = 0;

	if (name.n > 2 && name.p[0] == '[')
		return name.p[name.n - 1] == ']';
	while (str_next(&name, '.', &part)) {
		if (!str_u64(part, 255, &n))
			return false;
		parts++;
	}
	return parts == 4;
}

bool
gate_host(struct str host, struct str names)
{
	struct str name = gate_name(host), one;

	if (gate_is_literal(name) || url_is_localhost(name))
		return true;
	while (str_next(&names, ' ', &one))
		if (one.n > 0 && str_ieq(one, name))
			return true;
	return false;
}

bool
gate_origin(struct str origin, struct str fetch_site, struct str host)
{
	size_t scheme;

	if (origin.p == NULL)
		return str_eq(fetch_site, STR("same-origin"));
	scheme = str_find(origin, STR("://"));
	return (str_eq(str_first(origin, scheme), STR("http")) ||
		   str_eq(str_first(origin, scheme), STR("https"))) &&
	    str_ieq(str_from(origin, scheme + 3), host);
}

struct str
gate_cookie(struct str cookies, struct str name)
{
	struct str one;

	while (str_next(&cookies, ';', &one)) {
		one = str_trim(one);
		if (str_starts(one, name) && one.n > name.n &&
		    one.p[name.n] == '=')
			return str_from(one, name.n + 1);
	}
	return (struct str){ 0 };
}
