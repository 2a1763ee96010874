/* SPDX-License-Identifier: MIT */
#include "web/gate.h"

#include "codec/url.h"

/* "[::1]:8365" and "127.0.0.1:8365" without the port; empty: they are none. */
static struct str
gate_name(struct str host)
{
	size_t end = str_starts(host, STR("[")) ? str_chr(host, ']') + 1 :
						  str_chr(host, ':');
	struct str port = str_from(host, end);
	uint64_t n;

	if (port.n > 0 &&
	    (port.p[0] != ':' || !str_u64(str_from(port, 1), UINT16_MAX, &n)))
		return STR("");
	return str_first(host, end);
}

/* Of hexadecimal digits, with a colon among them. */
static bool
gate_is_ip6(struct str s)
{
	bool colon = false;

	for (; s.n > 0; s = str_from(s, 1)) {
		colon = colon || s.p[0] == ':';
		if (s.p[0] != ':' && s.p[0] != '.' && ascii_hex(s.p[0]) < 0)
			return false;
	}
	return colon;
}

/* Four numbers and dots, or an address in brackets. */
static bool
gate_is_literal(struct str name)
{
	struct str part;
	uint64_t n;
	unsigned parts = 0;

	if (str_starts(name, STR("[")))
		return str_ends(name, STR("]")) &&
		    gate_is_ip6(str_from(str_first(name, name.n - 1), 1));
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
gate_origin(const struct gate_from *f)
{
	size_t n = str_find(f->origin, STR("://"));
	struct str scheme = str_first(f->origin, n);

	if (str_ends(f->fetch_site, STR("-site")))
		return false;
	if (f->origin.p == NULL)
		return str_eq(f->fetch_site, STR("same-origin"));
	return (str_eq(scheme, STR("https")) ||
		   (!f->tls && str_eq(scheme, STR("http")))) &&
	    str_ieq(str_from(f->origin, n + 3), f->host);
}

struct str
gate_cookie(struct str *cookies, struct str name)
{
	struct str one;

	while (str_next(cookies, ';', &one)) {
		one = str_trim(one);
		if (str_starts(one, name) && one.n > name.n &&
		    one.p[name.n] == '=')
			return str_from(one, name.n + 1);
	}
	return (struct str){ 0 };
}
