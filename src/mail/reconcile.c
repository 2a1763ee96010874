/* SPDX-License-Identifier: MIT */
#include "mail/reconcile.h"

#include <stdlib.h>

/* An envelope recipient, to be found by address. */
struct entry {
	struct str key; /* the address in lower case */
	bool in_field;  /* To or Cc has it already */
};

static int
compare(const void *a, const void *b)
{
	return str_cmp(((const struct entry *)a)->key,
	    ((const struct entry *)b)->key);
}

static struct entry *
find(struct entry *table, size_t n, struct arena *a, const struct addr *address)
{
	struct entry wanted = { .key = arena_lower(a, address->text) };

	return n > 0 ? bsearch(&wanted, table, n, sizeof(*table), compare) :
		       NULL;
}

static size_t
make_table(struct arena *a, const struct addr *rcpt, struct entry **table)
{
	size_t n = 0, unique = 0;

	for (const struct addr *r = rcpt; r != NULL; r = r->next)
		n++;
	*table = arena_array(a, n > 0 ? n : 1, sizeof(**table));
	if (*table == NULL)
		return 0;
	for (size_t i = 0; i < n; i++, rcpt = rcpt->next)
		(*table)[i].key = arena_lower(a, rcpt->text);
	qsort(*table, n, sizeof(**table), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare(&(*table)[i], &(*table)[unique - 1]) != 0)
			(*table)[unique++] = (*table)[i];
	return unique;
}

/* Sorts the addresses of a field into those that get the mail and others. */
static void
sort_field(struct arena *a, struct entry *table, size_t n,
    const struct addr *field, struct addr **kept, struct addr **off)
{
	struct entry *found;

	for (; field != NULL; field = field->next) {
		found = find(table, n, a, field);
		if (found == NULL)
			(void)addr_add(a, &off, field);
		else if (!found->in_field)
			(void)addr_add(a, &kept, field);
		if (found != NULL)
			found->in_field = true;
	}
}

bool
reconcile(struct arena *a, const struct addr *rcpt, const struct addr *to,
    const struct addr *cc, struct reconciled *out, struct err *e)
{
	struct reconciled r = { 0 };
	struct addr **bcc = &r.bcc;
	struct entry *table, *found;
	size_t n = make_table(a, rcpt, &table);

	sort_field(a, table, n, to, &r.to, &r.off_to);
	sort_field(a, table, n, cc, &r.cc, &r.off_cc);
	for (; rcpt != NULL && n > 0; rcpt = rcpt->next) {
		found = find(table, n, a, rcpt);
		if (found == NULL || found->in_field)
			continue;
		found->in_field = true;
		(void)addr_add(a, &bcc, rcpt);
	}
	if (!arena_ok(a, e))
		return err_wrap(e, "recipients");
	*out = r;
	return true;
}
