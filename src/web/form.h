/* SPDX-License-Identifier: MIT */
/*
 * form: the fields of a form or a query.
 *
 * Source: HTML Living Standard, application/x-www-form-urlencoded.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FORM_FIELDS = 64 };

struct form {
	struct form_field {
		/* a NUL behind each; trimmed, but for a `password`, which may
		   have blanks at its ends */
		struct str name, value;
	} field[FORM_FIELDS];
	size_t n;
};

/* Texts live in a. ERR_INPUT: no such text, too many fields, a NUL in one. */
bool form_parse(struct arena *a, struct str text, struct form *out,
    struct err *e) __attribute__((warn_unused_result));

/* The first of that name; p is NULL: there is none. */
struct str form_get(const struct form *f, const char *name);

#endif
