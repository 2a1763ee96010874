/* SPDX-License-Identifier: MIT */
#include "mail/notify.h"

#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static const struct {
	struct str in;
	bool good;
	unsigned when;
	struct str out;
} words[] = {
	{ STR_INIT("NEVER"), true, NOTIFY_NEVER, STR_INIT("never") },
	{ STR_INIT("Success"), true, NOTIFY_SUCCESS, STR_INIT("success") },
	{ STR_INIT("delay, failure"), true, NOTIFY_DELAY | NOTIFY_FAILURE,
	    STR_INIT("failure,delay") },
	{ STR_INIT("failure,failure"), true, NOTIFY_FAILURE,
	    STR_INIT("failure") },
	{ STR_INIT("success,failure,delay"), true,
	    NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY,
	    STR_INIT("success,failure,delay") },
	{ STR_INIT("never,failure"), false, 99, STR_INIT("") },
	{ STR_INIT(""), false, 99, STR_INIT("") },
	{ STR_INIT("failure,"), false, 99, STR_INIT("") },
	{ STR_INIT(",failure"), false, 99, STR_INIT("") },
	{ STR_INIT("soon"), false, 99, STR_INIT("") },
};

static void
test_words(void)
{
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < N(words); i++) {
		unsigned when = 99;
		bool good = notify_parse(words[i].in, &when);

		T_CHECK(good == words[i].good && when == words[i].when,
		    "row %zu: %d, %x", i, good, when);
		buf_reset(&out);
		if (good)
			notify_write(when, &out);
		T_CHECK(str_eq(buf_view(&out), words[i].out), "row %zu: %.*s",
		    i, STR_ARG(buf_view(&out)));
	}
	buf_release(&out);
}

static const struct {
	struct str in;
	bool is;
} originals[] = {
	{ STR_INIT("rfc822;Bob+2Bx@example.com"), true },
	{ STR_INIT("utf-8;\303\251@example.com"), true },
	{ STR_INIT("rfc822;"), true },
	{ STR_INIT(";a@example.com"), false },
	{ STR_INIT("a@example.com"), false },
	{ STR_INIT("rfc822;a b@example.com"), false },
	{ STR_INIT("rfc822;a\177@example.com"), false },
	{ STR_INIT(""), false },
};

static void
test_original(void)
{
	char text[NOTIFY_ORIGINAL_MOST + 1];

	for (size_t i = 0; i < N(originals); i++)
		T_CHECK(notify_is_original(originals[i].in) == originals[i].is,
		    "row %zu", i);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i == 1 ? ';' : 'x';
	T_CHECK(notify_is_original((struct str){ text, sizeof(text) - 1 }) &&
		!notify_is_original((struct str){ text, sizeof(text) }),
	    "its length");
}

/* What is not said is failure. */
static const struct {
	unsigned when;
	bool failure, success;
} wants[] = {
	{ 0, true, false },
	{ NOTIFY_NEVER, false, false },
	{ NOTIFY_FAILURE, true, false },
	{ NOTIFY_SUCCESS, false, true },
	{ NOTIFY_SUCCESS | NOTIFY_FAILURE, true, true },
	{ NOTIFY_DELAY, false, false },
};

static void
test_wants(void)
{
	for (size_t i = 0; i < N(wants); i++) {
		struct notify n = { .when = wants[i].when };

		T_CHECK(notify_wants(&n, NOTIFY_FAILURE) == wants[i].failure &&
			notify_wants(&n, NOTIFY_SUCCESS) == wants[i].success,
		    "%x", wants[i].when);
	}
}

static const struct t_test tests[] = {
	{ "words", test_words },
	{ "original", test_original },
	{ "wants", test_wants },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
