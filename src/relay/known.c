/* SPDX-License-Identifier: MIT */
#include "relay/known.h"

#include <string.h>

#include "base/buf.h"
#include "base/os.h"

enum { KNOWN_TEXT = 8192 };

void
known_init(struct known *k)
{
	*k = (struct known){ 0 };
	os_random(k->key, sizeof(k->key));
}

/* Of key, user, NUL, password, key. */
static bool
known_sum(const struct known *k, struct str user, struct str password,
    unsigned char out[CRYPT_SHA256_SIZE])
{
	struct err unsaid;
	struct buf b;
	bool ok;

	buf_init_secret(&b, KNOWN_TEXT);
	buf_add(&b, k->key, sizeof(k->key));
	buf_adds(&b, user);
	buf_addc(&b, '\0');
	buf_adds(&b, password);
	buf_add(&b, k->key, sizeof(k->key));
	ok = buf_ok(&b, &unsaid);
	if (ok)
		crypt_sha256(buf_view(&b), out);
	buf_release(&b);
	return ok;
}

bool
known_look(const struct known *k, struct str user, struct str password,
    int64_t now, bool *fits)
{
	unsigned char sum[CRYPT_SHA256_SIZE];

	if (!known_sum(k, user, password, sum))
		return false;
	for (size_t i = 0; i < KNOWN_ENTRIES; i++)
		if (k->entry[i].until > now &&
		    memcmp(k->entry[i].sum, sum, sizeof(sum)) == 0) {
			*fits = k->entry[i].fits;
			return true;
		}
	return false;
}

void
known_keep(struct known *k, const struct known_try *t, int64_t now)
{
	struct known_entry *to = &k->entry[0];
	unsigned char sum[CRYPT_SHA256_SIZE];

	if (!known_sum(k, t->user, t->password, sum))
		return;
	/* the one that ends first: guesses do not push out who fits */
	for (size_t i = 0; i < KNOWN_ENTRIES; i++)
		if (k->entry[i].until < to->until)
			to = &k->entry[i];
	memcpy(to->sum, sum, sizeof(sum));
	to->fits = t->fits;
	to->until = now + (t->fits ? KNOWN_FITS_MS : KNOWN_WRONG_MS);
}
