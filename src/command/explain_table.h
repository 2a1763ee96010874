/* SPDX-License-Identifier: MIT */
/*
 * explain_table: what explain knows beside the codes of Graph and Entra ID.
 * Both end with a zeroed row.
 *
 * Source: design.md 1 (exit statuses); Microsoft Learn, "Email non-delivery
 * reports and SMTP errors in Exchange Online"; facts.md 4.4 and E5.
 */
#ifndef COMMAND_EXPLAIN_TABLE_H
#define COMMAND_EXPLAIN_TABLE_H

#include "graph/fault.h"

/* post365's own, "75" */
extern const struct fault explain_exits[];

/*
 * Of delivery reports that come into the sender's mailbox: "5.7.708";
 * "5.7.606-649", of which each single one stands before it; or a word that such
 * a text has.
 */
extern const struct fault explain_reports[];

#endif
