/* SPDX-License-Identifier: MIT */
#include "command/relay/drop.h"

#include <sys/stat.h>

#include "config/relay.h"
#include "store/drop.h"

enum {
	DROP_LINES = 4 << 20, /* bytes of [relay] */
	DROP_PASSAGE = 0011   /* modes: others may go through, not look */
};

static void
drop_open_way(const char *spool)
{
	struct stat st;

	if (stat(spool, &st) == 0 &&
	    (st.st_mode & DROP_PASSAGE) != DROP_PASSAGE)
		(void)!chmod(spool, (st.st_mode & 07777) | DROP_PASSAGE);
}

void
drop_prepare(const struct config *c, const struct log *log)
{
	struct config_relay_places places;
	struct arena mem;
	struct str usual;
	struct err e;

	arena_init(&mem, DROP_LINES);
	config_relay_find(c, &mem, &places);
	usual = arena_fmt(&mem, "%s/drop", c->spool_dir.p);
	if (places.drop == NULL) {
		if (usual.p != NULL)
			(void)!chmod(usual.p, 0700);
	} else if (!drop_make(places.drop, &e)) {
		log_warn(log,
		    "%s: so mail of other users is not kept while no relay "
		    "runs (drop = PATH changes it, off ends it)",
		    e.msg);
	} else if (str_starts(str_of(places.drop), c->spool_dir)) {
		drop_open_way(c->spool_dir.p);
	}
	arena_release(&mem);
}
