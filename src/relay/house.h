/* SPDX-License-Identifier: MIT */
/*
 * house: all that reception serves by, made of its bundle.
 */
#ifndef RELAY_HOUSE_H
#define RELAY_HOUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "deliver/outbox.h"
#include "net/cert.h"
#include "relay/conf.h"
#include "relay/metrics.h"
#include "relay/visit.h"
#include "relay/walls.h"

enum { HOUSE_DOORS = 65 };

struct house {
	struct arena mem;
	struct conf conf;
	struct cert cert;
	struct outbox outbox;
	struct visit_house visit;
	struct metrics *metrics; /* NULL: none; in mem */
	struct walls walls;
	struct range_ip gateway;
	struct listen socket; /* that of the setting `socket` */
	struct house_door {
		int fd; /* listens */
		const struct listen *listen;
	} door[HOUSE_DOORS];
	size_t doors;
	bool has_socket;
};

/*
 * Borrows log. Must not be moved. Close it in any case. It is behind the first
 * of the walls then; walls_end is the caller's.
 */
bool house_open(struct house *h, const struct log *log, struct err *e)
    __attribute__((warn_unused_result));
void house_close(struct house *h);

#endif
