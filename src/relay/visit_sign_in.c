/* SPDX-License-Identifier: MIT */
/* visit_sign_in: AUTH, its helper thread, and who fails too often. */
#include "base/os.h"
#include "relay/visit_own.h"

enum {
	VISIT_WAITING_MOST = 32, /* passwords that wait to be hashed */
	VISIT_DELAY_MOST_S = 5,
	VISIT_FAILURES = 3, /* in a connection */
	VISIT_MS = 1000
};

/* Failures of the address of late, with `more` added. */
static uint64_t
visit_failures(struct visit_house *h, const struct listen_peer *peer,
    unsigned more, int64_t now)
{
	const struct conf_share *most = &h->conf->auth_failures;
	const struct tally_ask ask = { .key = tally_address(TALLY_FAILURES,
					   &peer->ip),
		.window_ms = most->seconds * VISIT_MS,
		.now = now,
		.more = more };
	int64_t left;

	return tally_count(&h->tally, &ask, &left);
}

bool
visit_is_banned(struct visit_house *h, const struct listen_peer *peer,
    int64_t now)
{
	return h->users != NULL && !peer->local &&
	    visit_failures(h, peer, 0, now) >= h->conf->auth_failures.n;
}

/* Whoever it was. */
static void
visit_sign_in_fails(struct visit *v, int64_t now)
{
	uint64_t n = visit_failures(v->house, &v->peer, 1, now);
	struct session *s = &v->guest.session;

	if (n > VISIT_DELAY_MOST_S)
		n = VISIT_DELAY_MOST_S;
	v->guest.slow_until = now + (int64_t)n * VISIT_MS;
	visit_say_sign_in(v, STR("user name and password do not fit"));
	session_answer(s, STR("535 5.7.8 User name and password do not fit"));
	if (++v->failures >= VISIT_FAILURES && v->allow == NULL)
		session_end(s, STR("421 4.7.0 Too many failed sign-ins"));
}

/* clients= of the user: so many are signed in already. */
static bool
visit_is_crowd(const struct visit *v)
{
	uint64_t most = v->wanted->rule.clients, n = 0;

	for (const struct visit *o = v->house->visits; o != NULL; o = o->next)
		n += o->user == v->wanted && o->guest.state != GUEST_GONE &&
		    o->guest.state != GUEST_LINGERS;
	return most > 0 && n >= most;
}

static void
visit_let_in(struct visit *v)
{
	const struct rule base = visit_rule(v);

	if (visit_is_crowd(v)) {
		session_answer(&v->guest.session,
		    STR("454 4.7.0 Too many connections of that user"));
		return;
	}
	v->user = v->wanted;
	v->rule = rule_over(&v->user->rule, &base);
	visit_say_sign_in(v, STR(""));
	session_answer(&v->guest.session, STR(""));
}

static void
visit_decide(struct visit *v, bool fits, int64_t now)
{
	if (fits && v->wanted != NULL)
		visit_let_in(v);
	else
		visit_sign_in_fails(v, now);
}

bool
visit_sign_in(struct visit *v)
{
	struct visit_house *h = v->house;
	struct session *s = &v->guest.session;
	struct str name = buf_view(&s->auth.user);
	const struct user *u = users_find(h->users, name);
	int64_t now = os_mono_ms();
	bool fits;

	/* who may not come from there is told what a wrong password tells */
	if (u != NULL && u->rule.has_net &&
	    !range_has(&u->rule.net, &v->peer.ip))
		u = NULL;
	v->wanted = u;
	if (known_look(&h->known, name, buf_view(&s->auth.password), now,
		&fits)) {
		visit_decide(v, fits, now);
		return true;
	}
	if (h->signing_in >= VISIT_WAITING_MOST) {
		session_answer(s, STR("454 4.7.0 Busy, try again later"));
		return true;
	}
	h->signing_in++;
	v->doing = VISIT_SIGN_IN;
	beside_add(&h->sign_ins, &v->job);
	return false;
}

void
visit_sign_in_all(void *arg, struct beside_job *list)
{
	const struct visit_house *h = arg;
	struct visit *v;

	for (; list != NULL; list = list->next) {
		v = visit_of_job(list);
		/* it takes as long for a user that there is not */
		v->fits = users_fits(v->wanted != NULL ? v->wanted->hash :
							 h->users->hash,
			      buf_view(&v->guest.session.auth.password)) &&
		    v->wanted != NULL;
	}
}

void
visit_signed_in(struct visit *v, int64_t now)
{
	const struct session *s = &v->guest.session;
	const struct known_try t = { .user = buf_view(&s->auth.user),
		.password = buf_view(&s->auth.password),
		.fits = v->fits };

	v->house->signing_in--;
	/* of who may not come from there nothing is known */
	if (v->wanted != NULL)
		known_keep(&v->house->known, &t, now);
	visit_decide(v, v->fits, now);
}
