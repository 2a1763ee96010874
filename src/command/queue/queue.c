/* SPDX-License-Identifier: MIT */
#include "command/queue/queue.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "cli/screen.h"
#include "codec/jsonw.h"
#include "command/ask.h"
#include "command/queue/act.h"
#include "command/queue/import.h"
#include "command/queue/open.h"
#include "command/queue/own.h"
#include "command/queue/sum.h"
#include "command/queue/table.h"
#include "command/queue/text.h"
#include "command/queue/walk.h"
#include "command/when.h"
#include "config/type.h"
#include "deliver/bell.h"
#include "deliver/manager.h"
#include "deliver/outbox.h"
#include "deliver/pass.h"
#include "deliver/report.h"

enum {
	OPERANDS_MOST = 1 << 20,  /* bytes of pointers to the command line */
	OUT_MOST = 4 << 20,       /* a message of 10,000 recipients as JSON */
	OUT_FLUSH = 64 << 10,     /* what is printed at once */
	FIRST_MOST = 1000000,     /* -n */
	OLDER_MOST = 3650 * 86400 /* seconds */
};

enum { ALL = 1, FROM, TO, OLDER, FIRST, JSON, RAW, KEEP, FORCE };

/* clang-format off */
const struct cli_option queue_options[] = {
	{ ALL, 0, "all", NULL, "all messages that the action is for" },
	{ FROM, 0, "from", "TEXT", "whose sender has this in it" },
	{ TO, 0, "to", "TEXT", "of which a recipient has this in it" },
	{ OLDER, 0, "older", "TIME", "that are older than: 90s 15m 1h 5d" },
	{ FIRST, 'n', "first", "N", "list: the first N, and of how many" },
	{ JSON, 0, "json", NULL, "as JSON, an object for each message" },
	{ RAW, 0, "raw", NULL, "show: the message itself" },
	{ KEEP, 0, "keep", NULL, "leave it: export on hold, import its file" },
	{ FORCE, 0, "force", NULL, "retry: also before a time of Microsoft's" },
	{ 0, 0, NULL, NULL, NULL }
};
/* clang-format on */

struct queue;

/* At least one of these, or any number, or none. */
enum queue_operands { AN_ID, A_FOLDER, A_FILE, ANY, NONE };

static const char queue_needs[][sizeof("a file or folder")] = {
	[AN_ID] = "an id",
	[A_FOLDER] = "a folder",
	[A_FILE] = "a file or folder",
};

struct queue_verb {
	const char *name;
	bool (*run)(struct queue *q, struct err *e);
	unsigned chosen, named; /* folders: by filters, and by id */
	queue_act_fn *act;
	const char *done; /* "held"; NULL: nothing is said of each */
	enum queue_operands operands;
	bool look; /* only reads: makes no folder */
};

struct queue {
	struct cli cli;
	const struct queue_verb *verb;
	struct queue_act act;
	struct config config;
	struct outbox outbox;
	struct queue_pick pick;
	const char **operand; /* what pick has of them */
	struct arena mem;     /* of operands */
	bool all, json, raw;
	struct queue_waits waits;
	struct queue_table table;
	struct dir folder; /* of export */
	struct buf out;
	size_t count[SPOOL_FOLDERS];
	bool counts;    /* only that is asked for */
	uint64_t first; /* -n; 0: all */
	size_t total;   /* that list is asked for */
	size_t n;       /* messages that were told, or done with */
	int code;       /* of the first failure */
};

/* One message that somebody wanted something done with, as JSON. */
static void
queue_put_done(struct queue *q, const char *id, const struct err *why)
{
	struct jsonw w = jsonw_begin(&q->out);
	struct err unsaid;

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("id"), str_of(id));
	jsonw_key(&w, STR("done"));
	jsonw_bool(&w, why == NULL);
	if (why != NULL) {
		jsonw_key(&w, STR("error"));
		report_error(&w, why);
	}
	jsonw_close(&w, '}');
	(void)!jsonw_end_line(&w, &unsaid);
}

/* One that fails does not stop the others. */
static void
queue_note_failure(struct queue *q, const struct err *e)
{
	int code = cli_fail(&q->cli, e);

	if (q->code == EX_OK)
		q->code = code;
}

static bool
queue_walk_all(struct queue *q, unsigned folders, queue_walk_fn *each,
    struct err *e)
{
	const struct queue_walk w = {
		.spool = &q->outbox.spool,
		.folders = folders,
		.pick = &q->pick,
		.log = &q->cli.log,
		.each = each,
		.arg = q,
		.total = q->first > 0 ? &q->total : NULL,
		.most = (size_t)q->first,
		.count = q->counts ? q->count : NULL,
	};

	return queue_walk(&w, e) && cli_flush(&q->out, 0, e);
}

/* --- list and show */

static bool
queue_list_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct queue *q = arg;
	struct queue_wait wait;

	if (seen->claim == NULL) {
		log_warn(&q->cli.log, "%s", seen->why->msg);
		return true;
	}
	q->n++;
	queue_wait_of(&q->waits, seen->claim, &wait);
	if (!q->json)
		queue_table_row(&q->table, seen->claim, &wait, seen->unique);
	else if (!queue_text_json(&q->out, seen->claim, &wait, e))
		return false;
	return cli_flush(&q->out, OUT_FLUSH, e);
}

static bool
queue_list(struct queue *q, struct err *e)
{
	struct screen screen;

	screen_find(&screen, STDOUT_FILENO);
	q->table = (struct queue_table){ .out = &q->out,
		.width = isatty(STDOUT_FILENO) ? screen.width : 0,
		.now = os_wall(),
		.subject = q->config.log_subject };
	if (!queue_walk_all(q, q->verb->chosen, queue_list_one, e))
		return false;
	if (!q->json)
		queue_table_end(&q->table, q->n,
		    q->first > 0 ? q->total : q->n);
	else if (q->first > 0)
		buf_addf(&q->out, "{\"total\":%zu,\"shown\":%zu}\n", q->total,
		    q->n);
	return cli_flush(&q->out, 0, e);
}

static bool
queue_print_piece(void *arg, struct str piece, struct err *e)
{
	struct queue *q = arg;

	buf_adds(&q->out, piece);
	return cli_flush(&q->out, 0, e);
}

static bool
queue_show_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct queue *q = arg;
	struct queue_wait wait;

	if (seen->claim == NULL) {
		*e = *seen->why;
		return false;
	}
	if (q->raw)
		return source_copy(source_all(&seen->claim->body),
		    queue_print_piece, q, e);
	queue_wait_of(&q->waits, seen->claim, &wait);
	if (q->json)
		return queue_text_json(&q->out, seen->claim, &wait, e) &&
		    cli_flush(&q->out, OUT_FLUSH, e);
	if (q->n++ > 0)
		buf_addc(&q->out, '\n');
	queue_text_show(&q->out, seen->claim, &wait);
	return cli_flush(&q->out, OUT_FLUSH, e);
}

static bool
queue_show(struct queue *q, struct err *e)
{
	return queue_walk_all(q, q->verb->chosen, queue_show_one, e);
}

static bool
queue_count_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct queue *q = arg;

	(void)e;
	if (seen->claim == NULL)
		log_warn(&q->cli.log, "%s", seen->why->msg);
	else
		q->count[seen->claim->where]++;
	return true;
}

/* In one number what mailq counts: what is dead does not wait. */
static bool
queue_count_all(struct queue *q, struct err *e)
{
	const size_t *n = q->count;
	size_t queued;

	q->counts = true;
	if (!queue_walk_all(q, q->verb->chosen, queue_count_one, e))
		return false;
	queued = n[SPOOL_NEW] + n[SPOOL_WORK];
	if (q->json)
		buf_addf(&q->out,
		    "{\"queued\":%zu,\"hold\":%zu,"
		    "\"dead\":%zu}\n",
		    queued, n[SPOOL_HOLD], n[SPOOL_DEAD]);
	else
		buf_addf(&q->out, "%zu\n", queued + n[SPOOL_HOLD]);
	return cli_flush(&q->out, 0, e);
}

/* --- what changes a message */

static void
queue_not_done(struct queue *q, const char *id, const struct err *why)
{
	queue_note_failure(q, why);
	if (q->json && q->verb->done != NULL)
		queue_put_done(q, id, why);
}

/* What was retried, and Microsoft named a time before which nothing goes. */
static void
queue_say_waits(struct queue *q, const char *id)
{
	char when[WHEN_SIZE];

	when_short(q->act.until, os_wall(), when);
	buf_addf(&q->out,
	    "%s waits until %s, which Microsoft named; --force tries it "
	    "before\n",
	    id, when);
}

static bool
queue_do_one(void *arg, const struct queue_seen *seen, struct err *e)
{
	struct queue *q = arg;
	unsigned folders = q->pick.n > 0 ? q->verb->named : q->verb->chosen;

	if (!queue_act_on(&q->act, seen, folders, e)) {
		queue_not_done(q, seen->id, e);
		return true;
	}
	q->n++;
	if (q->verb->done != NULL && q->json)
		queue_put_done(q, seen->id, NULL);
	else if (q->verb->done != NULL && q->act.until > os_wall())
		queue_say_waits(q, seen->id);
	else if (q->verb->done != NULL)
		buf_addf(&q->out, "%s %s\n", seen->id, q->verb->done);
	return cli_flush(&q->out, 0, e);
}

/* Each id on its own, so that a wrong one does not stop the others. */
static bool
queue_do_named(struct queue *q, struct err *e)
{
	const struct queue_pick all = q->pick;

	q->pick.n = 1;
	for (size_t i = 0; i < all.n; i++) {
		q->pick.prefix = &all.prefix[i];
		if (!queue_walk_all(q, SPOOL_ALL, queue_do_one, e))
			queue_not_done(q, all.prefix[i], e);
	}
	q->pick = all;
	return cli_flush(&q->out, 0, e);
}

static bool
queue_do(struct queue *q, struct err *e)
{
	const struct queue_pick *p = &q->pick;

	if (p->n > 0)
		return queue_do_named(q, e);
	if (!q->all && p->from.n == 0 && p->to.n == 0 && p->before == 0) {
		err_set(e, ERR_USAGE, "which messages?");
		return err_remedy(e,
		    "give their ids, --from, --to or --older, or --all");
	}
	if (!queue_walk_all(q, q->verb->chosen, queue_do_one, e))
		return false;
	if (q->n == 0 && q->code == EX_OK && !q->json)
		buf_addz(&q->out, "no such message\n");
	return cli_flush(&q->out, 0, e);
}

/* --- export and import */

static bool
queue_export(struct queue *q, struct err *e)
{
	bool ok = dir_open(&q->folder, q->pick.prefix[0], NULL, 0700, e);

	q->pick.prefix++;
	q->pick.n--;
	ok = ok && queue_do(q, e);
	dir_close(&q->folder);
	return ok;
}

static void
queue_import_fails(void *arg, const struct err *e)
{
	queue_note_failure(arg, e);
}

static bool
queue_import_all(struct queue *q, struct err *e)
{
	struct queue_import m = { .spool = &q->outbox.spool,
		.log = &q->cli.log,
		.keep = q->act.keep,
		.out = &q->out,
		.fail = queue_import_fails,
		.arg = q };

	(void)e; /* each file says what is wrong with it */
	for (size_t i = 0; i < q->pick.n; i++)
		queue_import(&m, q->pick.prefix[i]);
	q->act.due |= m.n > 0;
	return true;
}

/* --- run */

/*
 * Said on a terminal, or where it is asked for: cron mails each line, and a
 * timer runs each minute. A worker said why something failed.
 */
static bool
queue_say_sum(struct queue *q, const struct manager_sum *sum, struct err *e)
{
	if (q->json)
		return queue_sum_json(&q->out, sum, e) &&
		    cli_flush(&q->out, 0, e);
	if (q->cli.common.verbose ||
	    (isatty(STDOUT_FILENO) && !q->cli.common.quiet))
		queue_sum_text(&q->out, sum, os_wall());
	return cli_flush(&q->out, 0, e);
}

static bool
queue_deliver(struct queue *q, struct err *e)
{
	static const struct syslog syslog = SYSLOG_AS("post365/queue");
	const struct manager_ask ask = {
		.outbox = &q->outbox,
		.config = &q->config,
		.path = q->cli.common.config,
		.log = &q->cli.log,
		.syslog = &syslog,
	};
	struct manager_sum sum;

	if (!pass_run(&ask, &sum, e))
		return false;
	if (q->code == EX_OK)
		q->code = queue_sum_exit(&sum);
	return queue_say_sum(q, &sum, e);
}

static bool
queue_flush(struct queue *q, struct err *e)
{
	return queue_walk_all(q, q->verb->chosen, queue_do_one, e) &&
	    queue_deliver(q, e);
}

/* --- the command */

/* clang-format off */
static const struct queue_verb verbs[] = {
	{ "list", queue_list, SPOOL_ALL, SPOOL_ALL, NULL, NULL, ANY, true },
	{ "show", queue_show, SPOOL_ALL, SPOOL_ALL, NULL, NULL, AN_ID, true },
	{ "count", queue_count_all, SPOOL_ALL, SPOOL_ALL, NULL, NULL, ANY,
	  true },
	{ "run", queue_deliver, SPOOL_QUEUED, SPOOL_QUEUED, NULL, NULL, NONE,
	  false },
	{ "flush", queue_flush, SPOOL_QUEUED, SPOOL_QUEUED, queue_act_retry,
	  NULL, NONE, false },
	{ "hold", queue_do, SPOOL_QUEUED, SPOOL_QUEUED, queue_act_hold,
	  "is on hold", ANY, false },
	{ "release", queue_do, SPOOL_IN(SPOOL_HOLD), SPOOL_IN(SPOOL_HOLD),
	  queue_act_release, "is released", ANY, false },
	{ "retry", queue_do, SPOOL_QUEUED, SPOOL_QUEUED | SPOOL_IN(SPOOL_DEAD),
	  queue_act_retry, "is due", ANY, false },
	{ "drop", queue_do, SPOOL_ALL, SPOOL_ALL, queue_act_drop, "is dropped",
	  ANY, false },
	{ "export", queue_export, SPOOL_QUEUED | SPOOL_IN(SPOOL_HOLD),
	  SPOOL_ALL, queue_act_export, "is exported", A_FOLDER, false },
	{ "import", queue_import_all, 0, 0, NULL, "is queued", A_FILE, false },
};
/* clang-format on */

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

/* What other programs call it. */
static const struct {
	const char *name, *verb;
} synonyms[] = {
	{ "ls", "list" },
	{ "rm", "drop" },
	{ "delete", "drop" },
};

const char *
queue_word(size_t i)
{
	return i < VERBS ? verbs[i].name : NULL;
}

static bool
queue_refuse_verb(const char *name, struct err *e)
{
	const char *names[VERBS + 1] = { NULL }, *near;
	struct buf all;

	buf_init(&all, ERR_MSG_SIZE);
	for (size_t i = 0; i < VERBS; i++) {
		names[i] = verbs[i].name;
		buf_addf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	err_set(e, ERR_USAGE, "\"%.60s\" is not one of %.*s", name,
	    STR_ARG(buf_view(&all)));
	buf_release(&all);
	near = cli_nearest(str_of(name), names);
	return near != NULL ? err_remedy(e, "did you mean %s?", near) : false;
}

static bool
queue_find_verb(struct queue *q, const char *name, struct err *e)
{
	q->cli.common.help |= strcmp(name, "help") == 0;
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(*synonyms); i++)
		if (strcmp(synonyms[i].name, name) == 0)
			name = synonyms[i].verb;
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			q->verb = &verbs[i];
	return q->verb != NULL || q->cli.common.help ||
	    queue_refuse_verb(name, e);
}

static bool
queue_take_operand(struct queue *q, const char *value, struct err *e)
{
	if (q->verb == NULL)
		return queue_find_verb(q, value, e);
	q->operand[q->pick.n++] = value;
	return true;
}

static bool
queue_take(void *arg, int id, const char *value, struct err *e)
{
	struct queue *q = arg;
	int64_t age;

	if (id == CLI_OPERAND)
		return queue_take_operand(q, value, e);
	if (id == ALL)
		q->all = true;
	else if (id == JSON)
		q->json = true;
	else if (id == RAW)
		q->raw = true;
	else if (id == KEEP)
		q->act.keep = true;
	else if (id == FORCE)
		q->act.force = true;
	else if (id == FIRST)
		return (str_u64(str_of(value), FIRST_MOST, &q->first) &&
			   q->first > 0) ||
		    err_set(e, ERR_USAGE, "-n \"%.20s\" is not 1 to %d", value,
			FIRST_MOST);
	else if (id == FROM)
		q->pick.from = str_of(value);
	else if (id == TO)
		q->pick.to = str_of(value);
	else if (!config_time(str_of(value), OLDER_MOST, &age))
		return err_set(e, ERR_USAGE,
		    "--older \"%.60s\" is not a time like 90s 15m 1h 5d",
		    value);
	else
		q->pick.before = os_wall() - age;
	return true;
}

static bool
queue_check_operands(const struct queue *q, struct err *e)
{
	const struct queue_verb *v = q->verb;

	if (v->operands == NONE && q->pick.n > 0)
		return err_set(e, ERR_USAGE,
		    "%s takes no ids: it tries all that is due", v->name);
	if (v->operands < ANY && q->pick.n == 0)
		return err_set(e, ERR_USAGE, "%s needs %s", v->name,
		    queue_needs[v->operands]);
	return true;
}

static bool
queue_read_options(struct queue *q, struct err *e)
{
	q->operand =
	    arena_array(&q->mem, (size_t)q->cli.argc, sizeof(*q->operand));
	q->pick.prefix = q->operand;
	if (!arena_ok(&q->mem, e) || !cli_each(&q->cli, queue_take, q, e))
		return false;
	if (q->verb == NULL)
		q->verb = &verbs[0];
	if (q->first > 0 && q->verb->run != queue_list)
		return err_set(e, ERR_USAGE, "-n goes with list only");
	return q->cli.common.help || queue_check_operands(q, e);
}

static bool
queue_run(struct queue *q, struct err *e)
{
	const struct config_ask ask = command_ask(&q->cli);
	const struct queue_open open = { &q->config, &q->outbox, &q->cli.log,
		q->verb->look };
	bool ok;

	if (!queue_open(&open, &ask, e))
		return q->verb->run == queue_list && q->pick.n == 0 &&
		    !q->json && queue_is_closed(&q->config) &&
		    queue_own_ask(&q->config);
	q->act.outbox = &q->outbox;
	q->act.mem = &q->mem;
	q->act.folder = &q->folder;
	q->act.name = q->verb->name;
	q->act.act = q->verb->act;
	ok = q->verb->run(q, e);
	if (q->act.due) /* whoever hands out looks at all anew */
		(void)bell_ring(&q->outbox.spool, BELL_AGAIN, NULL);
	return ok;
}

int
queue_main(const struct cli_command *self, int argc, char **argv)
{
	struct queue q = { 0 };
	struct err e;

	cli_init(&q.cli, self, argc, argv);
	arena_init(&q.mem, OPERANDS_MOST);
	buf_init(&q.out, OUT_MOST);
	if (!queue_read_options(&q, &e))
		queue_note_failure(&q, &e);
	else if (q.cli.common.help)
		q.code = cli_help(self);
	else if (!queue_run(&q, &e))
		queue_note_failure(&q, &e);
	buf_release(&q.out);
	arena_release(&q.mem);
	outbox_close(&q.outbox);
	config_release(&q.config);
	return q.code;
}
