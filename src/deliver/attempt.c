/* SPDX-License-Identifier: MIT */
#include "deliver/attempt.h"
#include "deliver/submit.h"

#include <stdio.h>

#include "base/os.h"
#include "deliver/progress.h"

void
attempt_start(struct attempt *a, const struct clock *clock,
    const struct log *log, uint32_t random)
{
	*a = (struct attempt){
		.clock = clock,
		.log = log,
		.random = random,
		.latest = clock_mono_ms(clock) + ATTEMPT_WITHIN_MS,
	};
}

/* xorshift32: jitter has nothing to hide. */
static uint32_t
next_random(struct attempt *a)
{
	uint32_t x = a->random != 0 ? a->random : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	a->random = x;
	return x;
}

/* In few words; the whole of it is said if no try helps. */
static const char *
attempt_why(const struct err *e)
{
	return e->retry_after_ms > 0 || e->code[0] != '\0' ?
	    "the service is busy" :
	    "no connection";
}

bool
attempt_again(struct attempt *a, const struct err *e)
{
	int64_t pause, due;
	char tail[48];

	a->made++;
	if (e->kind != ERR_RETRY || a->made >= ATTEMPT_MOST || e->rest_ms > 0)
		return false;
	pause = e->retry_after_ms > 0 ? e->retry_after_ms :
					ATTEMPT_PAUSE_MS << (a->made - 1);
	pause += next_random(a) % ATTEMPT_JITTER_MS;
	due = clock_mono_ms(a->clock) + pause;
	if (due > a->latest)
		return false;
	log_trace(a->log, "* try %u failed (%s); the next in %lld ms", a->made,
	    e->msg, (long long)pause);
	(void)snprintf(tail, sizeof(tail), " (%u of %d)", a->made + 1,
	    ATTEMPT_MOST);
	progress_wait(a->log, a->clock, due, attempt_why(e), tail);
	return true;
}

/* What a person cannot see from what the service says. */
static void
advise(struct err *e)
{
	if (e->kind == ERR_RETRY && e->retry_after_ms > 0)
		err_wrap(e, "the service asks to wait for %lld s",
		    (long long)(e->retry_after_ms + 999) / 1000);
	if (e->kind == ERR_UNSURE && e->remedy[0] == '\0')
		err_remedy(e,
		    "it may have been sent: look into the mailbox's "
		    "Sent Items before sending it again");
}

/* Before a slot is taken, which others can use meanwhile. */
static void
wait_for_room(struct attempt *a, const struct pace *pace, uint64_t bytes)
{
	int64_t start = clock_mono_ms(a->clock), now = start, wait;

	while ((wait = pace_room(pace, bytes)) > 0 &&
	    now < start + PACE_LONGEST_S * 1000) {
		log_warn(a->log,
		    "Exchange takes 150 MB in 5 minutes, which went: waiting "
		    "for %lld s",
		    (long long)wait);
		clock_sleep_until(a->clock, now + wait * 1000);
		now = clock_mono_ms(a->clock);
	}
	a->latest += now - start;
}

/* True: it has passed, within the time that there is. */
static bool
wait_turn(struct attempt *a, int64_t wait, const struct err *why)
{
	int64_t due = clock_mono_ms(a->clock) + wait * 1000;

	if (wait == 0 || due > a->latest)
		return false;
	log_trace(a->log, "* %s: waiting for %lld s", why->msg,
	    (long long)wait);
	progress_wait(a->log, a->clock, due, why->msg, "");
	return true;
}

/* One of the requests that the mailbox takes, at a time and at all. */
static bool
take_turn(struct attempt *a, struct client *c, const struct prepared *p,
    struct err *e)
{
	int64_t wait;

	wait_for_room(a, &c->turn.pace, p->out.facts.mime_size);
	do {
		if (!turn_take(&c->turn, e))
			return false;
		if (pace_take(&c->turn.pace, &wait, e))
			return true;
		turn_give(&c->turn);
	} while (wait_turn(a, wait, e));
	a->made = ATTEMPT_MOST; /* to ask again is in vain */
	return false;
}

static bool
send_once(struct attempt *a, struct client *c, const struct prepared *p,
    enum route want, struct send_result *sum, struct err *e)
{
	struct route_choice choice;
	bool ok;

	*sum = (struct send_result){ 0 };
	if (!take_turn(a, c, p, e))
		return false;
	ok = submit_route(c, p, want, &choice, e) &&
	    submit_send(c, p, &choice, a->log, sum, e);
	turn_give(&c->turn);
	return ok;
}

bool
attempt_deliver(struct client *c, const struct prepared *p, enum route want,
    const struct log *log, struct send_result *sum, struct err *e)
{
	struct attempt attempt;
	unsigned before;
	uint32_t random;
	bool ok;

	os_random(&random, sizeof(random));
	attempt_start(&attempt, &clock_system, log, random);
	*sum = (struct send_result){ 0 };
	do {
		before = sum->attempts;
		ok = send_once(&attempt, c, p, want, sum, e);
		sum->attempts += before;
	} while (!ok && attempt_again(&attempt, e));
	if (!ok && e->tries > 0 && attempt.made >= e->tries)
		e->kind = ERR_REFUSED;
	if (!ok)
		advise(e);
	return ok;
}
