/* SPDX-License-Identifier: MIT */
#include "command/web/sign.h"

#include <string.h>

#include "base/secret.h"
#include "codec/base64.h"
#include "relay/users.h"

enum { SIGN_SECOND = 1000 };

void
sign_book_init(struct sign_book *b)
{
	*b = (struct sign_book){ 0 };
	for (size_t i = 0; i < SIGN_HASHES; i++)
		b->hashed[i] = INT64_MIN / 2;
	known_init(&b->known);
	tally_init(&b->sent);
}

void
sign_book_release(struct sign_book *b)
{
	tally_release(&b->sent);
	secret_wipe(b, sizeof(*b));
}

/* Failures */

static bool
sign_is_of(const struct sign_failure *f, const struct tally_key *who)
{
	return f->n > 0 && memcmp(&f->who, who, sizeof(*who)) == 0;
}

/* The place of that address, or the one that is to become its. */
static struct sign_failure *
sign_failure_of(struct sign_book *b, const struct tally_key *who, int64_t now)
{
	struct sign_failure *oldest = &b->failure[0];

	for (size_t i = 0; i < SIGN_PLACES; i++) {
		struct sign_failure *f = &b->failure[i];

		if (f->n > 0 && now - f->until > SIGN_FORGET_MS)
			*f = (struct sign_failure){ 0 };
		if (sign_is_of(f, who))
			return f;
		if (f->until < oldest->until)
			oldest = f;
	}
	return oldest;
}

/* 1, 2, 4 ... 60 seconds. */
static void
sign_note_failure(struct sign_failure *f, const struct tally_key *who,
    int64_t now)
{
	int64_t wait;

	if (!sign_is_of(f, who))
		*f = (struct sign_failure){ .who = *who };
	wait = f->n < 6 ? INT64_C(1) << f->n : SIGN_WAIT_MOST_S;
	f->n += f->n < 6;
	f->until = now + wait * SIGN_SECOND;
}

static enum sign_in
sign_fails(struct sign_book *b, const struct sign_ask *ask,
    const struct tally_key *who, struct err *e)
{
	sign_note_failure(sign_failure_of(b, who, ask->now), who, ask->now);
	if (ask->bearer.n > 0)
		err_set(e, ERR_AUTH,
		    "web: a bearer token that does not fit from %s", ask->peer);
	else
		err_set(e, ERR_AUTH, "web: sign-in failed for \"%.*s\" from %s",
		    STR_ARG(str_cut(ask->user, 100)), ask->peer);
	return SIGN_WRONG;
}

static enum sign_in
sign_must_wait(const struct sign_ask *ask, int64_t until, struct sign_who *out,
    struct err *e)
{
	out->retry_after_s = (until - ask->now + SIGN_SECOND - 1) / SIGN_SECOND;
	err_set(e, ERR_RETRY,
	    "web: too many sign-ins that failed; %s has to wait %lld s",
	    ask->peer, (long long)out->retry_after_s);
	return SIGN_SLOW;
}

/* The token */

static enum sign_in
sign_check_token(const struct sign_ask *ask, struct err *e)
{
	struct secret token = { 0 };
	bool ok = true, fits = false;

	buf_init_secret(&token.bytes, USERS_TOKEN_MOST);
	if (ask->token_file.n > 0) {
		ok = users_read_token(ask->token_file, ask->log, &token.bytes,
		    e);
		fits = ok && secret_eq(&token, ask->bearer);
	}
	secret_release(&token);
	return fits ? SIGN_OK : ok ? SIGN_WRONG : SIGN_BROKEN;
}

/* Users */

/* Was a hash of this second left? */
static bool
sign_may_hash(struct sign_book *b, int64_t now)
{
	int64_t *oldest = &b->hashed[b->next_hash];

	if (now - *oldest < SIGN_SECOND)
		return false;
	*oldest = now;
	b->next_hash = (b->next_hash + 1) % SIGN_HASHES;
	return true;
}

/* Takes as long for a user that there is not as for one that there is. */
static bool
sign_fits(struct sign_book *b, const struct sign_ask *ask,
    const struct user *list, const struct user *u, bool *fits)
{
	/* another hash in the file is another line: what was known is void */
	struct known_try t = { .user = u != NULL ? u->hash : ask->user,
		.password = ask->password };

	if (!known_look(&b->known, t.user, t.password, ask->now, &t.fits)) {
		if (!sign_may_hash(b, ask->now))
			return false;
		t.fits = users_fits(u != NULL ? u->hash :
				 list != NULL ? list->hash :
						STR(""),
			     t.password) &&
		    u != NULL;
		known_keep(&b->known, &t, ask->now);
	}
	*fits = t.fits && u != NULL;
	return true;
}

static enum sign_in
sign_check_user(struct sign_book *b, const struct sign_ask *ask,
    struct sign_who *out, struct err *e)
{
	struct user *list = NULL;
	const struct user *u;
	struct range_ip ip;
	struct arena mem;
	enum sign_in how = SIGN_BROKEN;
	bool fits;

	arena_init_secret(&mem, USERS_FILE_MOST);
	if (ask->auth_file.n > 0 && !users_read(&mem, ask->auth_file, &list, e))
		goto out;
	u = users_find(list, ask->user);
	/* who may not come from there is told what a wrong password tells */
	if (u != NULL && u->rule.has_net &&
	    (!range_ip_parse(str_of(ask->peer), &ip) ||
		!range_has(&u->rule.net, &ip)))
		u = NULL;
	if (!sign_fits(b, ask, list, u, &fits)) {
		how = sign_must_wait(ask, ask->now + SIGN_SECOND, out, e);
		goto out;
	}
	how = fits ? SIGN_OK : SIGN_WRONG;
	if (!fits)
		goto out;
	memcpy(out->name, u->name.p, u->name.n);
	out->admin = u->rule.admin;
	out->rate = u->rule.rate;
	out->seconds = u->rule.seconds;
out:
	arena_release(&mem);
	return how;
}

enum sign_in
sign_check(struct sign_book *b, const struct sign_ask *ask,
    struct sign_who *out, struct err *e)
{
	struct range_ip ip = { { 0 } };
	const struct sign_failure *f;
	struct tally_key who;
	enum sign_in how = SIGN_WRONG;
	bool waits;

	*out = (struct sign_who){ .program = ask->bearer.n > 0 };
	(void)range_ip_parse(str_of(ask->peer), &ip); /* unknown: one for all */
	who = tally_address(TALLY_FAILURES, &ip);
	f = sign_failure_of(b, &who, ask->now);
	waits = sign_is_of(f, &who) && ask->now < f->until;
	if (out->program)
		how = sign_check_token(ask, e);
	else if (!waits)
		how = sign_check_user(b, ask, out, e);
	if (how != SIGN_WRONG)
		return how;
	return waits ? sign_must_wait(ask, f->until, out, e) :
		       sign_fails(b, ask, &who, e);
}

bool
sign_is_admin(struct str auth_file, struct str name)
{
	struct user *list = NULL;
	const struct user *u;
	struct arena mem;
	struct err unsaid;
	bool is;

	arena_init_secret(&mem, USERS_FILE_MOST);
	u = auth_file.n > 0 && users_read(&mem, auth_file, &list, &unsaid) ?
	    users_find(list, name) :
	    NULL;
	is = u != NULL && u->rule.admin;
	arena_release(&mem);
	return is;
}

bool
sign_may_send(struct sign_book *b, const struct sign_who *who, int64_t now,
    struct err *e)
{
	const struct tally_ask ask = {
		.key = tally_name(TALLY_RULE, str_of(who->name)),
		.window_ms = who->seconds * SIGN_SECOND,
		.now = now,
		.more = 1,
	};
	int64_t left;

	if (who->rate == 0 || tally_count(&b->sent, &ask, &left) <= who->rate)
		return true;
	err_set(e, ERR_RETRY,
	    "that is more than %llu messages in %lld s (rate= of %s)",
	    (unsigned long long)who->rate, (long long)who->seconds, who->name);
	e->retry_after_ms = left;
	return false;
}

/* The header */

bool
sign_header(struct str value, struct buf *own, struct sign_ask *ask)
{
	struct str scheme = str_first(value, str_chr(value, ' ')), pair;
	struct str rest = str_trim(str_from(value, scheme.n + 1));
	struct err unsaid;
	size_t colon;

	if (str_ieq(scheme, STR("Bearer")) && rest.n > 0) {
		ask->bearer = rest;
		return true;
	}
	if (!str_ieq(scheme, STR("Basic")) ||
	    !base64_decode(own, rest, &unsaid))
		return false;
	pair = buf_view(own);
	colon = str_chr(pair, ':');
	if (colon == pair.n)
		return false;
	ask->user = str_first(pair, colon);
	ask->password = str_from(pair, colon + 1);
	return true;
}
