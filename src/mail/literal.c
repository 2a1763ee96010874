/* SPDX-License-Identifier: MIT */
#include "mail/literal.h"

enum { IP4_BYTES = 4, IP6_GROUPS = 8, IP6_GROUP_DIGITS = 4 };

static bool
is_ip4(struct str s)
{
	struct str part;
	uint64_t byte;
	unsigned n = 0;

	while (str_next(&s, '.', &part)) {
		if (part.n > 3 || !str_u64(part, 255, &byte))
			return false;
		n++;
	}
	return n == IP4_BYTES;
}

static bool
is_group(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return s.n > 0 && s.n <= IP6_GROUP_DIGITS;
}

/* Takes "::" off the front. */
static bool
take_gap(struct str *s)
{
	if (!str_starts(*s, STR("::")))
		return false;
	*s = str_from(*s, 2);
	return true;
}

static bool
is_ip6(struct str s)
{
	bool gap = take_gap(&s);
	unsigned groups = 0;
	struct str part;

	while (s.n > 0 && groups <= IP6_GROUPS) {
		part = str_first(s, str_chr(s, ':'));
		s = str_from(s, part.n);
		if (s.n == 0 && is_ip4(part)) {
			groups += 2; /* RFC 4291 2.2, item 3 */
			break;
		}
		if (!is_group(part))
			return false;
		groups++;
		if (take_gap(&s)) {
			if (gap)
				return false;
			gap = true;
		} else if (s.n == 1) { /* a single colon at the end */
			return false;
		} else {
			s = str_from(s, 1);
		}
	}
	return gap ? groups < IP6_GROUPS : groups == IP6_GROUPS;
}

bool
literal_is_valid(struct str s)
{
	if (str_istarts(s, STR("IPv6:")))
		return is_ip6(str_from(s, 5));
	return is_ip4(s);
}
