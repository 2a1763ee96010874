/* SPDX-License-Identifier: MIT */
#include "command/queue/import.h"

#include "base/arena.h"
#include "base/dir.h"
#include "base/os.h"
#include "cli/cli.h"
#include "command/queue/carry.h"

enum { IMPORT_PATH_MOST = 64 << 10 };

static bool
import_file(struct queue_import *m, const char *path, struct err *e)
{
	char id[ENVELOPE_ID_SIZE];
	struct os_stat st;
	struct err gone;
	bool here;

	if (!queue_carry_in(m->spool, path, id, &here, e))
		return false;
	m->n++;
	buf_addf(m->out, "%s %s\n", id, here ? "is here already" : "is queued");
	if (!m->keep)
		os_remove(path);
	if (!m->keep && os_stat_path(path, &st, &gone))
		log_warn(m->log,
		    "%s: is in the queue and cannot be removed; taken in once "
		    "more when it was sent, it is sent twice",
		    path);
	return cli_flush(m->out, 0, e);
}

struct import_folder {
	struct queue_import *import;
	const char *path;
};

static void
import_name(void *arg, const char *name, bool regular)
{
	const struct import_folder *f = arg;
	struct arena a;
	struct err e;
	struct str path;

	(void)regular; /* a link to a file is fine */
	if (!str_ends(str_of(name), STR(QUEUE_CARRY_END)))
		return;
	arena_init(&a, IMPORT_PATH_MOST);
	path = arena_fmt(&a, "%s/%s", f->path, name);
	if (!arena_ok(&a, &e) || !import_file(f->import, path.p, &e))
		f->import->fail(f->import->arg, &e);
	arena_release(&a);
}

static bool
import_folder(struct queue_import *m, const char *path, struct err *e)
{
	struct import_folder f = { m, path };
	struct dir d;
	bool ok = dir_open(&d, path, NULL, 0700, e);

	ok = ok && dir_each(&d, import_name, &f, e);
	dir_close(&d);
	return ok;
}

void
queue_import(struct queue_import *m, const char *path)
{
	struct os_stat st;
	struct err e;

	if (os_stat_path(path, &st, &e) && st.directory ?
		!import_folder(m, path, &e) :
		!import_file(m, path, &e))
		m->fail(m->arg, &e);
}
