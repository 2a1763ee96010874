/* SPDX-License-Identifier: MIT */
#include "codec/page.h"

/* Before secrets in requests and answers; "eyJ" begins a JWT. */
static const char *const marks[] = { "client_secret=", "client_assertion=",
	"access_token\"", "access_token=", "authorization:", "eyJ" };

struct str
page_words(struct str body)
{
	size_t at = str_ifind(body, STR("<title"));
	struct str words = body;

	if (at < body.n) {
		words = str_from(body, at);
		words = str_from(words, str_chr(words, '>') + 1);
		words = str_first(words, str_chr(words, '<'));
	}
	return str_cut(str_trim(words), PAGE_WORDS_MAX);
}

bool
page_is_web(struct str body)
{
	return str_starts(str_trim(body), STR("<"));
}

bool
page_may_be_secret(struct str s)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (str_ifind(s, str_of(marks[i])) < s.n)
			return true;
	return false;
}
