/* SPDX-License-Identifier: MIT */
#include "mail/literal.h"

#include "t.h"

static const struct {
	const char *text;
	bool want;
} cases[] = {
	/* clang-format off */
	{ "", false },
	{ "192.0.2.1", true },
	{ "0.0.0.0", true },
	{ "255.255.255.255", true },
	{ "256.0.0.1", false },
	{ "1.2.3", false },
	{ "1.2.3.4.5", false },
	{ "1.2.3.", false },
	{ "0001.2.3.4", false },
	{ "1.2.3.-4", false },
	{ "2001:db8::1", false },
	{ "IPv6:", false },
	{ "IPv6:2001:db8::1", true },
	{ "ipv6:2001:DB8::1", true },
	{ "IPv6:::", true },
	{ "IPv6:::1", true },
	{ "IPv6:1::", true },
	{ "IPv6::", false },
	{ "IPv6::1", false },
	{ "IPv6:1:", false },
	{ "IPv6:1:2:3:4:5:6:7:8", true },
	{ "IPv6:1:2:3:4:5:6:7", false },
	{ "IPv6:1:2:3:4:5:6:7:8:9", false },
	{ "IPv6:1:2:3:4:5:6:7::", true },
	{ "IPv6:1:2:3:4::5:6:7:8", false },
	{ "IPv6:1::2::3", false },
	{ "IPv6:1:::2", false },
	{ "IPv6:12345::", false },
	{ "IPv6:g::", false },
	{ "IPv6:1:2:3:4:5:6:192.0.2.1", true },
	{ "IPv6:1:2:3:4:5:192.0.2.1", false },
	{ "IPv6:::192.0.2.1", true },
	{ "IPv6:::192.0.2.1:1", false },
	{ "IPv6:::192.0.2", false },
	{ "tag:anything", false },
	/* clang-format on */
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		T_CHECK(literal_is_valid(str_of(cases[i].text)) ==
			cases[i].want,
		    "%s", cases[i].text);
}

int
main(void)
{
	static const struct t_test tests[] = {
		{ "rows", test_rows },
	};

	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
