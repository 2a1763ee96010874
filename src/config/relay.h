/* SPDX-License-Identifier: MIT */
/*
 * relay: the lines of [relay], as they stand in file and environment.
 */
#ifndef CONFIG_RELAY_H
#define CONFIG_RELAY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "config/file.h"

/*
 * Reads the file of *c, or its draft, once more, for its section [relay].
 * Variables POST365_RELAY_<KEY> stand in place of all lines of that key; values
 * of a key that may be given several times are parted by ";". All texts live
 * in a. ERR_CONFIG, ERR_RETRY.
 */
bool config_relay(const struct config *c, struct arena *a,
    struct config_pair **out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * What serves users who have no queue of their own: the relay's socket, and
 * the folder where mail is left while no relay answers (store/drop.h). NULL:
 * there is to be none; where [relay] cannot be read, the defaults. A folder is
 * none by default where only some users may send (allow = user:..., group:...):
 * of what lies there nobody asks who may. Texts live in a, or are static.
 */
struct config_relay_places {
	const char *socket, *drop;
};
void config_relay_find(const struct config *c, struct arena *a,
    struct config_relay_places *out);

#endif
