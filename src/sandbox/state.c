/* SPDX-License-Identifier: MIT */
#include "sandbox/state.h"

#include <string.h>
#include <sys/mman.h>

bool
sandbox_share(struct sandbox *s, struct err *e)
{
	void *p = mmap(NULL, sizeof(*s->state), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(e, ERR_RETRY, "shared memory");
	s->state = p;
	return true;
}

void
sandbox_issue(const struct sandbox *s, struct str token, bool ours,
    int64_t expires)
{
	uint32_t n = atomic_fetch_add(&s->state->tokens, 1);
	struct sandbox_token *t = &s->state->token[n % SANDBOX_TOKENS];

	/* Nobody knows this token before we answer; readers skip it. */
	atomic_store(&t->whole, false);
	t->ours = ours;
	t->expires = expires;
	crypt_sha256(token, t->digest);
	atomic_store(&t->whole, true);
}

enum sandbox_verdict
sandbox_judge(const struct sandbox *s, struct str token, int64_t now)
{
	unsigned char digest[CRYPT_SHA256_SIZE];
	const struct sandbox_token *t = s->state->token;

	crypt_sha256(token, digest);
	for (size_t i = 0; i < SANDBOX_TOKENS; i++, t++) {
		if (!atomic_load(&t->whole) ||
		    memcmp(t->digest, digest, sizeof(digest)) != 0)
			continue;
		if (!t->ours)
			return SANDBOX_TOKEN_FOREIGN;
		return now < t->expires ? SANDBOX_TOKEN_GOOD :
					  SANDBOX_TOKEN_EXPIRED;
	}
	return SANDBOX_TOKEN_UNKNOWN;
}

bool
sandbox_first_use(const struct sandbox *s, struct str id)
{
	unsigned char digest[CRYPT_SHA256_SIZE];
	_Atomic uint32_t *known = s->state->assertion_id;
	uint32_t hash = 0;

	crypt_sha256(id, digest);
	memcpy(&hash, digest, sizeof(hash));
	for (size_t i = 0; i < SANDBOX_IDS; i++)
		if (atomic_load(&known[i]) == hash)
			return false;
	atomic_store(&known[atomic_fetch_add(&s->state->assertions, 1) %
			 SANDBOX_IDS],
	    hash);
	return true;
}

struct str
sandbox_origin(const struct sandbox *s, struct arena *a)
{
	return arena_fmt(a, "%s://%.*s:%u", s->plain ? "http" : "https",
	    STR_ARG(s->host), s->port);
}

bool
sandbox_has_mailbox(const struct sandbox *s, struct str address)
{
	for (size_t i = 0; i < s->n_mailboxes; i++)
		if (str_ieq(s->mailbox[i], address) ||
		    str_eq(s->mailbox[i], STR("*")))
			return true;
	return false;
}
