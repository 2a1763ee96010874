/* SPDX-License-Identifier: MIT */
#include "deliver/note.h"

void
note_syslog(const struct syslog *l, const struct journal_line *line)
{
	bool sent = str_eq(line->verdict, STR("sent"));
	bool plain = sent && line->reason.n == 0; /* nothing but the 202 */

	syslog_send(l, sent ? SYSLOG_INFO : SYSLOG_WARNING,
	    "%.*s%sto=<%.*s>, nrcpt=%zu, from=<%.*s>, message-id=%.*s, "
	    "size=%llu, status=%.*s (%s%.*s)",
	    STR_ARG(line->id), line->id.n > 0 ? ": " : "",
	    STR_ARG(line->to_n > 0 ? line->to[0] : STR("")), line->to_n,
	    STR_ARG(line->from), STR_ARG(line->message_id),
	    (unsigned long long)line->size, STR_ARG(line->verdict),
	    plain ? "202, request-id " : "",
	    STR_ARG(plain ? line->request_id : line->reason));
}
