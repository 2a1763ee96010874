/* SPDX-License-Identifier: MIT */
#include "deliver/worker_part.h"

#include <sysexits.h>

static const char part_digits[] = "0123456789abcdef";

bool
worker_part_list(struct arena *a, const struct envelope *v,
    const struct envelope_state *s, bool all, struct worker_part *out,
    struct err *e)
{
	size_t most = s->part > 0 && s->part < WORKER_PART_MOST ?
	    (size_t)s->part :
	    WORKER_PART_MOST;

	*out = (struct worker_part){
		.rcpt = arena_array(a, v->recipients, sizeof(*out->rcpt)),
		.at = arena_array(a, v->recipients, sizeof(*out->at)),
		.bad = arena_array(a, v->recipients, sizeof(*out->bad)),
	};
	if (!arena_ok(a, e))
		return false;
	for (size_t i = 0; i < v->recipients; i++) {
		if (envelope_is_settled(s, i))
			continue;
		/* what the file could not say of one is not asked for him */
		if ((out->left++ >= most ||
			i >= s->done + ENVELOPE_SETTLED_MOST) &&
		    !all)
			continue;
		out->at[out->n] = i;
		out->bad[out->n] = false;
		out->rcpt[out->n++] = v->recipient[i];
	}
	return true;
}

static bool
part_is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

/* Is this address in the text, and not a part of a longer one? */
static bool
part_names(struct str text, struct str address)
{
	struct str here;

	for (size_t at = 0; at + address.n <= text.n; at++) {
		here = str_from(text, at);
		if (!str_istarts(here, address) ||
		    (at > 0 &&
			(part_is_word(text.p[at - 1]) ||
			    text.p[at - 1] == '.')))
			continue;
		here = str_from(here, address.n);
		if (here.n > 1 && here.p[0] == '.')
			here = str_from(here, 1);
		if (here.n == 0 || !part_is_word(here.p[0]))
			return true;
	}
	return false;
}

/* Exchange has no way to a host without a domain, nor to a literal. */
static bool
part_is_odd(struct str address)
{
	struct str domain = address;

	while (str_chr(domain, '@') < domain.n)
		domain = str_from(domain, str_chr(domain, '@') + 1);
	return domain.n == 0 || domain.p[0] == '[' ||
	    str_chr(domain, '.') == domain.n;
}

/* Marks the bad ones, by the service's words or else by their syntax. */
static size_t
part_blame(struct worker_part *p, const struct err *why)
{
	struct str words = str_of(why->msg);
	size_t bad = 0;

	/* before the code stands what was tried, with the mailbox's name */
	words = str_from(words, str_find(words, str_of(why->code)));
	for (size_t i = 0; i < p->n; i++)
		bad += p->bad[i] = part_names(words, p->rcpt[i]);
	for (size_t i = 0; bad == 0 && i < p->n; i++)
		bad += p->bad[i] = part_is_odd(p->rcpt[i]);
	return bad;
}

enum worker_part_next
worker_part_next(struct worker_part *p, const struct err *why)
{
	bool all = p->n == p->left;
	size_t bad;

	if (why->kind == ERR_NONE)
		return all ? WORKER_PART_OVER : WORKER_PART_SENT;
	if (why->kind != ERR_REFUSED || why->exit != EX_NOUSER || p->left == 1)
		return WORKER_PART_OVER;
	if (p->n == 1) {
		p->bad[0] = true;
		return WORKER_PART_REFUSED;
	}
	bad = part_blame(p, why);
	if (bad == 0)
		return WORKER_PART_HALVE;
	return bad == p->left ? WORKER_PART_OVER : WORKER_PART_REFUSED;
}

bool
worker_part_settle(struct arena *a, const struct worker_part *p,
    enum worker_part_next next, const struct envelope *v,
    struct envelope_state *s)
{
	bool *is = arena_array(a, v->recipients + 4, sizeof(*is));
	size_t done = (size_t)s->done, n;
	char *digit;

	if (is == NULL)
		return false;
	for (size_t i = 0; i < v->recipients; i++)
		is[i] = envelope_is_settled(s, i);
	for (size_t k = 0; next != WORKER_PART_HALVE && k < p->n; k++)
		is[p->at[k]] |= next == WORKER_PART_SENT || p->bad[k];
	while (done + 4 <= v->recipients && is[done] && is[done + 1] &&
	    is[done + 2] && is[done + 3])
		done += 4;
	n = v->recipients - done < ENVELOPE_SETTLED_MOST ?
	    v->recipients - done :
	    ENVELOPE_SETTLED_MOST;
	digit = arena_array(a, (n + 3) / 4, 1);
	if (digit == NULL)
		return false;
	for (size_t i = 0; i < n; i += 4)
		digit[i / 4] =
		    part_digits[is[done + i] | is[done + i + 1] << 1 |
			is[done + i + 2] << 2 | is[done + i + 3] << 3];
	s->done = done;
	s->settled = (struct str){ digit, (n + 3) / 4 };
	s->part = next == WORKER_PART_HALVE ? (p->n + 1) / 2 : 0;
	/* nothing of the rest is out */
	s->unsure_since = s->asked = 0;
	s->unsure_times = 0;
	s->draft = STR("");
	return true;
}
