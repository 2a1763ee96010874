/* SPDX-License-Identifier: MIT */
#include "net/hostname.h"

#include <string.h>

#include "t.h"

static const struct {
	const char *host, *pattern;
	bool want;
} covers[] = {
	{ "graph.test", "graph.test", true },
	{ "graph.test", "GRAPH.Test", true },
	{ "graph.test.", "graph.test", true },
	{ "graph.test", "graph.test.", false },
	{ "graph.test", "graph.tes", false },
	{ "graph.test", "evilgraph.test", false },
	{ "graph.test", "graph.test.evil.test", false },
	{ "graph.test", "", false },
	{ "graph.test", "*", false },
	{ "graph.test", "*.*", false },
	{ "graph.test", "*.test", false }, /* nothing under a TLD */
	{ "graph.test", "graph.*", false },
	{ "graph.test", "gr*.test", false },
	{ "graph.test", "*.graph.test", false },
	{ "a.graph.test", "*.graph.test", true },
	{ "A.graph.test", "*.GRAPH.test", true },
	{ "a.graph.test.", "*.graph.test", true },
	{ "b.a.graph.test", "*.graph.test", false },
	{ "a.graph.test", "*a.graph.test", false },
	{ "a.graph.test", "a*.graph.test", false },
	{ "a.graph.test", "*.*.test", false },
	{ "a.graph.test", "a.*.test", false },
	{ "a.graph.test", "**.graph.test", false },
	{ ".graph.test", "*.graph.test", false },
	{ "a.graph.test", "*..graph.test", false },
	{ "xn--fa-hia.test", "xn--fa-hia.test", true },
	{ "_a.graph.test", "_a.graph.test", true },
	{ "a b.test", "a b.test", false },
	{ "fa\xc3\x9f.test", "fa\xc3\x9f.test", false },
	{ "127.0.0.1", "127.0.0.1", false },
	{ "127.0.0.1", "*.0.0.1", false },
	{ "127.1", "127.1", false },
	{ "0x7f.0x1", "0x7f.0x1", false },
	{ "a.0x7f", "a.0x7f", false },
	{ "::1", "::1", false },
	{ "localhost", "localhost", true },
	{ "", "", false },
	{ ".", ".", false },
};

static void
test_covered(void)
{
	for (size_t i = 0; i < sizeof(covers) / sizeof(*covers); i++)
		T_CHECK(hostname_covered(str_of(covers[i].host),
			    str_of(covers[i].pattern)) == covers[i].want,
		    "%s, %s", covers[i].host, covers[i].pattern);
}

static void
test_nul(void)
{
	T_CHECK(!hostname_covered(STR("graph.test"),
		    STR("graph.test\0.evil.test")),
	    "NUL after the name");
	T_CHECK(!hostname_covered(STR("graph.test"), STR("graph.test\0")),
	    "NUL at the end");
	T_CHECK(!hostname_covered(STR("graph.test\0"), STR("graph.test")),
	    "NUL in the host");
}

static void
test_sizes(void)
{
	char name[300];
	struct str s = { name, 0 };

	memset(name, 'a', sizeof(name));
	name[63] = '.';
	s.n = 65;
	T_CHECK(hostname_covered(s, s), "a label of 63");
	name[63] = 'a';
	name[64] = '.';
	s.n = 66;
	T_CHECK(!hostname_covered(s, s), "a label of 64");
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	s.n = 253;
	T_CHECK(hostname_covered(s, s), "a name of 253");
	s.n = 254;
	T_CHECK(!hostname_covered(s, s), "a name of 254");
}

static const struct {
	const char *host;
	size_t want;
	unsigned char first, last;
} literals[] = {
	{ "127.0.0.1", 4, 127, 1 },
	{ "::1", 16, 0, 1 },
	{ "2001:db8::7", 16, 0x20, 7 },
	{ "::ffff:1.2.3.4", 16, 0, 4 },
	{ "127.1", 0, 0, 0 },
	{ "0127.0.0.1", 0, 0, 0 },
	{ "1.2.3.4.5", 0, 0, 0 },
	{ "256.0.0.1", 0, 0, 0 },
	{ "127.0.0.1.", 0, 0, 0 },
	{ "[::1]", 0, 0, 0 },
	{ "fe80::1%lo", 0, 0, 0 },
	{ "graph.test", 0, 0, 0 },
	{ "", 0, 0, 0 },
};

static void
test_ip(void)
{
	unsigned char ip[HOSTNAME_IP_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++) {
		n = hostname_ip(str_of(literals[i].host), ip);
		T_CHECK(n == literals[i].want, "%s: %zu", literals[i].host, n);
		T_CHECK(n == 0 ||
			(ip[0] == literals[i].first &&
			    ip[n - 1] == literals[i].last),
		    "%s: bytes", literals[i].host);
	}
	T_CHECK(hostname_ip(STR("127.0.0.1\0"), ip) == 0, "NUL");
}

static const struct t_test tests[] = {
	{ "covered", test_covered },
	{ "nul", test_nul },
	{ "sizes", test_sizes },
	{ "ip", test_ip },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
