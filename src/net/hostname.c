/* SPDX-License-Identifier: MIT */
#include "net/hostname.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	LABEL_MAX = 63,     /* RFC 1035 2.3.4 */
	NAME_MAX_SIZE = 253 /* 255 on the wire: a length first, a root last */
};

size_t
hostname_ip(struct str host, unsigned char ip[HOSTNAME_IP_MAX])
{
	char z[INET6_ADDRSTRLEN];

	if (host.n >= sizeof(z) || str_chr(host, '\0') < host.n)
		return 0;
	if (host.n > 0)
		memcpy(z, host.p, host.n);
	z[host.n] = '\0';
	/* inet_pton: four decimal parts only, no "127.1" and no octal */
	if (inet_pton(AF_INET, z, ip) == 1)
		return 4;
	return inet_pton(AF_INET6, z, ip) == 1 ? 16 : 0;
}

struct str
hostname_trim(struct str host)
{
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	return host;
}

/* Letters, digits, hyphen, and the underscore that some names have. */
static bool
is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

static bool
is_number(struct str s)
{
	if (str_istarts(s, STR("0x")))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return true;
}

/* What ends in a number is an address to somebody: "127.1", "1.2.3.4". */
static bool
is_name(struct str s)
{
	struct str label = { 0 };

	if (s.n == 0 || s.n > NAME_MAX_SIZE)
		return false;
	while (str_next(&s, '.', &label))
		if (!is_label(label))
			return false;
	return !is_number(label);
}

bool
hostname_covered(struct str host, struct str pattern)
{
	struct str rest;
	size_t dot;

	host = hostname_trim(host);
	if (!is_name(host))
		return false;
	if (!str_starts(pattern, STR("*.")))
		return is_name(pattern) && str_ieq(pattern, host);
	/* RFC 9525 6.3: the wildcard is a whole label, and stands for one. */
	rest = str_from(pattern, 2);
	dot = str_chr(host, '.');
	if (!is_name(rest) || str_chr(rest, '.') == rest.n || dot == host.n)
		return false; /* nothing as wide as *.com */
	return str_ieq(rest, str_from(host, dot + 1));
}
