/* SPDX-License-Identifier: MIT */
/*
 * fidelity: what Graph is known to do to the fields of a header on the way
 * out, told beforehand.
 *
 * Nothing of this is documented by the service: it was reported by users, or
 * is expected from how Exchange works, and may have changed.
 *
 * Source: facts.md 4.2 and 4.3.
 */
#ifndef MAIL_FIDELITY_H
#define MAIL_FIDELITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A draft is made of MIME. */
enum fidelity_form { FIDELITY_MIME, FIDELITY_JSON };

enum { FIDELITY_X_FIELDS = 5 }; /* as many JSON delivers */

struct fidelity_note {
	struct str field;    /* as the message writes it */
	const char *what;    /* "is removed" */
	const char *instead; /* what would keep it; NULL: nothing known */
	bool reported;       /* by users; else expected */
};

/*
 * The notes on the fields of a message, in their order, each name once; at
 * most max. Gives how many there are.
 */
size_t fidelity_notes(const struct str *name, size_t n, enum fidelity_form form,
    struct fidelity_note *out, size_t max);

/* Whether a field arrives by no route as it was written. */
bool fidelity_is_lost(struct str name);

#endif
