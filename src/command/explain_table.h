/* SPDX-License-Identifier: MIT */
/*
 * explain_table: what explain knows beside the codes of Graph and Entra ID,
 * of src/texts/explain.txt: three lines each, "KIND CODE", what it means and
 * what to do, and an empty one.
 *
 * Source: design.md 1 (exit statuses); Microsoft Learn, "Email non-delivery
 * reports and SMTP errors in Exchange Online"; facts.md 4.4 and E5.
 */
#ifndef COMMAND_EXPLAIN_TABLE_H
#define COMMAND_EXPLAIN_TABLE_H

#include "base/packed.h"
#include "graph/fault.h"

enum { EXPLAIN_ROWS = 96 };

/* Zeroed it knows nothing. A table ends with a zeroed row. */
struct explain_table {
	struct packed texts;
	/* post365's own, "75" */
	struct fault exits[EXPLAIN_ROWS];
	/*
	 * Of delivery reports that come into the sender's mailbox: "5.7.708";
	 * "5.7.606-649", of which each single one stands before it; or a word
	 * that such a text has.
	 */
	struct fault reports[EXPLAIN_ROWS];
};

/* Where memory lacks, out is latched. */
void explain_table_open(struct explain_table *t, struct buf *out);
void explain_table_release(struct explain_table *t);

#endif
