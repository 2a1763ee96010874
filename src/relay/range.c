/* SPDX-License-Identifier: MIT */
#include "relay/range.h"

#include <arpa/inet.h>
#include <string.h>

enum { RANGE_V4 = 96 /* bits in front of an IPv4 address */ };

static const unsigned char range_mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
range_ip_is_v4(const struct range_ip *ip)
{
	return memcmp(ip->b, range_mapped, sizeof(range_mapped)) == 0;
}

bool
range_ip_parse(struct str text, struct range_ip *out)
{
	char z[INET6_ADDRSTRLEN + 1];

	if (text.n == 0 || text.n >= sizeof(z))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (inet_pton(AF_INET6, z, out->b) == 1)
		return true;
	memcpy(out->b, range_mapped, sizeof(range_mapped));
	return inet_pton(AF_INET, z, out->b + sizeof(range_mapped)) == 1;
}

bool
range_ip_of(const struct sockaddr *from, struct range_ip *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		memcpy(out->b, &v6.sin6_addr, sizeof(out->b));
		return true;
	}
	if (from->sa_family != AF_INET)
		return false;
	memcpy(&v4, from, sizeof(v4));
	memcpy(out->b, range_mapped, sizeof(range_mapped));
	memcpy(out->b + sizeof(range_mapped), &v4.sin_addr, 4);
	return true;
}

void
range_ip_print(const struct range_ip *ip, char out[RANGE_TEXT_SIZE])
{
	bool v4 = range_ip_is_v4(ip);

	if (inet_ntop(v4 ? AF_INET : AF_INET6,
		v4 ? ip->b + sizeof(range_mapped) : ip->b, out,
		RANGE_TEXT_SIZE) == NULL)
		memcpy(out, "?", 2);
}

/* Do the first bits agree? */
static bool
range_agree(const struct range_ip *a, const struct range_ip *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	return memcmp(a->b, b->b, whole) == 0 &&
	    (rest == 0 || ((a->b[whole] ^ b->b[whole]) & mask) == 0);
}

bool
range_has(const struct range *r, const struct range_ip *ip)
{
	return range_agree(&r->ip, ip, r->bits);
}

/* Ranges that no router of the Internet knows. RFC 1918, 4193, 3927, 6598 */
static const struct {
	unsigned char b[16];
	unsigned bits;
} range_private[] = {
	/* clang-format off */
	{ { [10] = 0xff, 0xff, 127 }, RANGE_V4 + 8 },
	{ { [10] = 0xff, 0xff, 10 }, RANGE_V4 + 8 },
	{ { [10] = 0xff, 0xff, 172, 16 }, RANGE_V4 + 12 },
	{ { [10] = 0xff, 0xff, 192, 168 }, RANGE_V4 + 16 },
	{ { [10] = 0xff, 0xff, 169, 254 }, RANGE_V4 + 16 },
	{ { [10] = 0xff, 0xff, 100, 64 }, RANGE_V4 + 10 },
	{ { [15] = 1 }, 128 },
	{ { 0xfc }, 7 },
	{ { 0xfe, 0x80 }, 10 },
	/* clang-format on */
};

bool
range_ip_is_loopback(const struct range_ip *ip)
{
	static const struct range_ip v6 = { { [15] = 1 } };

	return range_ip_is_v4(ip) ? ip->b[sizeof(range_mapped)] == 127 :
				    memcmp(ip, &v6, sizeof(v6)) == 0;
}

/* Is all of it private? */
static bool
range_is_private(const struct range *r)
{
	struct range_ip ip;

	for (size_t i = 0; i < sizeof(range_private) / sizeof(*range_private);
	     i++) {
		memcpy(ip.b, range_private[i].b, sizeof(ip.b));
		if (r->bits >= range_private[i].bits &&
		    range_agree(&ip, &r->ip, range_private[i].bits))
			return true;
	}
	return false;
}

bool
range_ip_is_private(const struct range_ip *ip)
{
	const struct range one = { *ip, 128 };

	return range_is_private(&one);
}

bool
range_ip_is_any(const struct range_ip *ip)
{
	size_t i = range_ip_is_v4(ip) ? RANGE_V4 / 8 : 0;

	while (i < sizeof(ip->b) && ip->b[i] == 0)
		i++;
	return i == sizeof(ip->b);
}

bool
range_is_open(const struct range *r)
{
	return !range_is_private(r) &&
	    r->bits < (range_ip_is_v4(&r->ip) ? RANGE_V4 + 16U : 32U);
}

bool
range_parse(struct str text, struct range *out, struct err *e)
{
	size_t slash = str_chr(text, '/');
	uint64_t bits = 128;
	struct range rest;
	unsigned base;

	if (!range_ip_parse(str_first(text, slash), &out->ip))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is no IP address and no range like 10.0.0.0/8",
		    STR_ARG(text));
	base = range_ip_is_v4(&out->ip) ? RANGE_V4 : 0;
	if (slash < text.n &&
	    !str_u64(str_from(text, slash + 1), 128 - base, &bits))
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" has no number from 0 to %u behind its slash",
		    STR_ARG(text), 128 - base);
	out->bits = slash < text.n ? base + (unsigned)bits : 128;
	rest = *out;
	for (unsigned i = out->bits; i < 128; i++)
		rest.ip.b[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	if (memcmp(&rest.ip, &out->ip, sizeof(rest.ip)) == 0)
		return true;
	return err_set(e, ERR_CONFIG,
	    "\"%.*s\" has bits behind its prefix: is it another range?",
	    STR_ARG(text));
}
