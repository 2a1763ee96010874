/* SPDX-License-Identifier: MIT */
#include "net/issue.h"

#include <stdio.h>
#include <string.h>

#include "base/crypt.h"
#include "net/sign.h"
#include "t.h"

enum { FROM = 1700000000, DAY = 86400 };

/* What is made is what signs in: of that length, for those times. */
static void
test_made(void)
{
	struct issue i = { .name = "post365 host",
		.from = FROM,
		.until = FROM + 730LL * DAY },
		     other = i;
	struct sign_files files = { .password = NULL };
	struct signature signature;
	struct sign s = { 0 };
	struct err e;

	T_CHECK(issue_make(&i, &e), "%s", e.msg);
	T_CHECK(issue_make(&other, &e), "%s", e.msg);
	files.certificate =
	    (struct sign_file){ "a.crt", buf_view(&i.certificate) };
	files.key = (struct sign_file){ "a.pem", buf_view(&i.key) };
	T_CHECK(sign_load(&s, &files, &e), "%s", e.msg);
	T_CHECK(s.bits == 2048 && s.from == FROM &&
		s.until == FROM + 730LL * DAY,
	    "%u bits, %lld to %lld", s.bits, (long long)s.from,
	    (long long)s.until);
	T_CHECK(memcmp(s.sha1, i.sha1, sizeof(s.sha1)) == 0, "thumbprint");
	T_CHECK(sign_bytes(&s, SIGN_PS256, STR("x"), &signature, &e) &&
		signature.n == 256,
	    "%s", e.msg);
	sign_release(&s);
	T_CHECK(!str_eq(buf_view(&i.key), buf_view(&other.key)), "twice");
	files.key.text = buf_view(&other.key);
	T_CHECK(!sign_load(&s, &files, &e), "a key of another certificate");
	sign_release(&s);
	issue_release(&i);
	issue_release(&other);
}

static const struct t_test tests[] = { { "made", test_made } };

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
