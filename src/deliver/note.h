/* SPDX-License-Identifier: MIT */
/* note: an attempt in the machine's log, as the journal has it. */
#ifndef DELIVER_NOTE_H
#define DELIVER_NOTE_H

#include "base/syslog.h"
#include "store/journal.h"

/*
 * One line in Postfix's shape, for programs that read logs. Of several
 * recipients it names the first.
 */
void note_syslog(const struct syslog *l, const struct journal_line *line);

#endif
