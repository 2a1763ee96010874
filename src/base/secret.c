/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <string.h>

bool
secret_set(struct secret *x, struct str s, struct err *e)
{
	struct buf fresh;

	buf_init_secret(&fresh, SECRET_LIMIT);
	buf_adds(&fresh, s);
	if (!buf_ok(&fresh, e)) {
		buf_release(&fresh);
		return err_wrap(e, "secret");
	}
	buf_release(&x->bytes);
	x->bytes = fresh;
	return true;
}

void
secret_release(struct secret *x)
{
	x->bytes.secret = true;
	buf_release(&x->bytes);
}

bool
secret_is_set(const struct secret *x)
{
	return x->bytes.n > 0;
}

bool
secret_eq(const struct secret *x, struct str s)
{
	unsigned char differ = 0;

	if (x->bytes.n != s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		differ |= (unsigned char)(x->bytes.p[i] ^ s.p[i]);
	return differ == 0;
}

struct str
secret_view(const struct secret *x)
{
	return buf_view(&x->bytes);
}

void
secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}
