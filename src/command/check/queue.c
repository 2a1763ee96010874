/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/check/step.h"
#include "command/queue/wait.h"
#include "command/relay/relay.h"
#include "command/when.h"
#include "config/relay.h"
#include "deliver/outbox.h"

enum {
	QUEUE_PATH = 4096,
	QUEUE_FILE = 64 * 1024, /* of a crontab */
	QUEUE_ID_TIME = 8,      /* hex digits of an id that are its second */
	QUEUE_BOXES = 20,       /* waiting mailboxes that are named */
	QUEUE_LATE_S = 3600
};

/* --- its folder */

static bool
queue_path(const struct step_run *r, const char *name, char out[QUEUE_PATH])
{
	int n = snprintf(out, QUEUE_PATH, "%.*s/%s",
	    STR_ARG(r->config.spool_dir), name);

	return n > 0 && n < QUEUE_PATH;
}

/* The folder, or the nearest one above it that is there. */
static void
queue_nearest(char path[QUEUE_PATH])
{
	char *slash;

	while (access(path, F_OK) < 0 && errno == ENOENT) {
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path) {
			(void)snprintf(path, QUEUE_PATH, "%s",
			    slash != NULL ? "/" : ".");
			return;
		}
		*slash = '\0';
	}
}

/* Can this user write there? */
static bool
queue_may_write(const struct step_run *r, char path[QUEUE_PATH], struct err *e)
{
	bool read_only;

	if (!queue_path(r, "", path))
		return err_set(e, ERR_CONFIG, "spool_dir is too long");
	path[str_of(path).n - 1] = '\0';
	queue_nearest(path);
	if (access(path, W_OK | X_OK) == 0)
		return true;
	read_only = errno == EROFS;
	err_sys(e, ERR_CONFIG, "%.*s: this user cannot write into %s",
	    STR_ARG(r->config.spool_dir), path);
	e->exit = EX_CANTCREAT;
	return read_only ?
	    err_remedy(e,
		"mount it for writing, or set spool_dir to a folder on a disk "
		"that keeps mail") :
	    err_remedy(e,
		"give the folder to the user that sends (chown), run check as "
		"that user, or set spool_dir");
}

static unsigned long
queue_second(const char *id)
{
	unsigned long v = 0;

	for (int i = 0; i < QUEUE_ID_TIME; i++)
		v = v << 4 | (unsigned long)ascii_hex(id[i]);
	return v;
}

static void
queue_count(struct step_run *r, struct outbox *o)
{
	size_t count[SPOOL_FOLDERS] = { 0 }, waiting;
	struct spool_list list = { 0 };
	int64_t oldest = 0, now = os_wall();
	struct err e;

	if (!spool_list(&o->spool, SPOOL_ALL, &list, &e)) {
		step_fail(r, &e);
		spool_list_release(&list);
		return;
	}
	for (size_t i = list.n; i-- > 0;) {
		count[list.item[i].where]++;
		if ((SPOOL_QUEUED & SPOOL_IN(list.item[i].where)) != 0)
			oldest = (int64_t)queue_second(list.item[i].id);
	}
	waiting = count[SPOOL_NEW] + count[SPOOL_WORK];
	if (waiting == 0)
		step_ok(r, "%s: nothing waits", o->spool.path);
	else if (now - oldest < QUEUE_LATE_S)
		step_ok(r, "%s: %zu wait%s", o->spool.path, waiting,
		    waiting == 1 ? "s" : "");
	else
		step_note(r,
		    "%s: %zu wait%s, the oldest since %s (post365 queue says "
		    "why)",
		    o->spool.path, waiting, waiting == 1 ? "s" : "",
		    step_span(r, now - oldest));
	if (count[SPOOL_HOLD] > 0)
		step_note(r,
		    "%zu on hold: a person decides (post365 queue, queue "
		    "release, queue drop)",
		    count[SPOOL_HOLD]);
	if (count[SPOOL_DEAD] > 0)
		step_note(r,
		    "%zu given up in the last days (post365 queue shows why; "
		    "queue retry, queue drop)",
		    count[SPOOL_DEAD]);
	spool_list_release(&list);
}

struct queue_boxes {
	struct step_run *run;
	const struct spool *spool;
	size_t waiting;
};

/* A file of deliver/mailbox.h, if it is one. */
static void
queue_see_mailbox(void *arg, const char *name, bool regular)
{
	struct queue_boxes *b = arg;
	struct mailbox_place at = { .folder = b->spool->path,
		.clock = b->spool->clock };
	int64_t now = os_wall();
	char until[WHEN_SIZE];
	struct queue_wait w;
	struct mailbox m;
	struct err e;

	(void)regular; /* nothing else is read */
	if (!mailbox_key_of_file(str_of(name), at.key))
		return;
	mailbox_read(&at, &m);
	if (mailbox_until(&m) <= now || b->waiting++ >= QUEUE_BOXES)
		return;
	queue_wait_for(&m, now, &w);
	when_short(w.until, now, until);
	err_set(&e, mailbox_kind(&m), "%s waits until %s: %s", m.name, until,
	    m.reason);
	err_code(&e, str_of(m.code));
	err_remedy(&e, "%s tries it now%s%s", w.act,
	    m.remedy[0] != '\0' ? "; " : "", m.remedy);
	step_hint(b->run, &e);
}

static void
queue_mailboxes(struct step_run *r, const struct spool *s)
{
	struct queue_boxes b = { .run = r, .spool = s };
	struct dir folder;
	struct err e;

	if (!dir_open(&folder, s->path, NULL, DIR_LOOK, &e) ||
	    !dir_each(&folder, queue_see_mailbox, &b, &e))
		step_fail(r, &e);
	if (b.waiting > QUEUE_BOXES)
		step_note(r, "and %zu more mailboxes wait",
		    b.waiting - QUEUE_BOXES);
	dir_close(&folder);
}

void
step_queue(struct step_run *r)
{
	char path[QUEUE_PATH];
	struct outbox o = { 0 };
	struct err e;

	if (r->config.spool_dir.n == 0) {
		step_note(r,
		    "no folder (spool_dir, state_dir): send goes at once or "
		    "not at all, and sendmail cannot keep mail");
		return;
	}
	if (!queue_may_write(r, path, &e)) {
		step_fail(r, &e);
		return;
	}
	if (!outbox_look(&o, &r->config, &e)) {
		step_fail(r, &e);
		return;
	}
	if (o.spool.dir[SPOOL_NEW].fd < 0) {
		step_ok(r, "%s: nothing waits; made by the first message",
		    o.spool.path);
		outbox_close(&o);
		return;
	}
	if (!spool_room(&o.spool, &o.limits, 0, &e))
		step_fail(r, &e);
	queue_count(r, &o);
	queue_mailboxes(r, &o.spool);
	outbox_close(&o);
}

/* --- who runs it */

/* The number in the file that is locked by who hands out mail; 0: nobody. */
static long
queue_holder(const struct step_run *r)
{
	char path[QUEUE_PATH];
	struct buf text;
	struct err ignored;
	uint64_t pid = 0;
	int fd = -1;

	buf_init(&text, 64);
	if (queue_path(r, "worker", path) &&
	    os_read_file(path, &text, &ignored) &&
	    !str_u64(str_trim(buf_view(&text)), INT32_MAX, &pid))
		pid = 0;
	buf_release(&text);
	/* the lock itself is not touched but where that process is there */
	if (pid == 0 || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !os_is_locked(fd))
		pid = 0;
	os_close(&fd);
	return (long)pid;
}

static bool
queue_file_has(const char *path, const char *word)
{
	struct buf text;
	struct err ignored;
	struct str all;
	bool ok;

	buf_init(&text, QUEUE_FILE);
	ok = os_read_file(path, &text, &ignored);
	all = buf_view(&text);
	ok = ok && str_find(all, str_of(word)) < all.n;
	buf_release(&text);
	return ok;
}

/* Where a timer or cron may run it; %s: the user's home or name. */
static const struct {
	const char *path;
	const char *word; /* that must be in it; NULL: to be there is enough */
	const char *what;
	const char *user; /* variable for %s */
} queue_places[] = {
	{ "/etc/systemd/system/timers.target.wants/post365-queue.timer", NULL,
	    "systemd's post365-queue.timer", NULL },
	{ "%s/.config/systemd/user/timers.target.wants/post365-queue.timer",
	    NULL, "this user's post365-queue.timer", "HOME" },
	{ "/etc/cron.d/post365", "queue run", "cron, /etc/cron.d/post365",
	    NULL },
	{ "/etc/crontab", "queue run", "cron, /etc/crontab", NULL },
	{ "/var/spool/cron/crontabs/%s", "queue run", "this user's crontab",
	    "USER" },
	{ "/var/spool/cron/%s", "queue run", "this user's crontab", "USER" },
	{ "/etc/crontabs/root", "queue run", "cron, /etc/crontabs/root", NULL },
};

static const char *
queue_timer(void)
{
	char path[QUEUE_PATH];
	const char *user;
	struct str text, head;
	struct stat st;

	for (size_t i = 0; i < sizeof(queue_places) / sizeof(*queue_places);
	     i++) {
		text = str_of(queue_places[i].path);
		user = queue_places[i].user != NULL ?
		    getenv(queue_places[i].user) :
		    "";
		if (user == NULL)
			continue;
		head = str_first(text, str_find(text, STR("%s")));
		(void)snprintf(path, sizeof(path), "%.*s%s%.*s", STR_ARG(head),
		    user, STR_ARG(str_from(text, head.n + 2)));
		/* a unit that is enabled is a link, wherever it leads */
		if (queue_places[i].word == NULL ?
			lstat(path, &st) == 0 :
			queue_file_has(path, queue_places[i].word))
			return queue_places[i].what;
	}
	return NULL;
}

/* "relay", "queue run": what that process was called with. */
static struct str
queue_process(long pid)
{
	struct buf text;
	struct err ignored;
	struct str out, all, word;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	buf_init(&text, QUEUE_FILE);
	if (!os_read_file(path, &text, &ignored))
		buf_reset(&text);
	all = buf_view(&text);
	(void)str_next(&all, '\0', &word);
	out = STR("a background process of sendmail");
	while (str_next(&all, '\0', &word))
		if (str_eq(word, STR("relay")))
			out = STR("post365 relay");
		else if (str_eq(word, STR("run")))
			out = STR("post365 queue run");
	buf_release(&text);
	return out;
}

void
step_runner(struct step_run *r)
{
	const char *timer = queue_timer();
	long pid = 0;
	struct err e;

	if (r->config.spool_dir.n == 0)
		return;
	pid = queue_holder(r);
	if (pid != 0)
		step_ok(r, "%.*s (process %ld) sends what waits%s%s",
		    STR_ARG(queue_process(pid)), pid, timer != NULL ? "; " : "",
		    timer != NULL ? timer : "");
	else if (timer != NULL)
		step_ok(r, "%s sends what waits", timer);
	if (pid != 0 || timer != NULL)
		return;
	err_set(&e, ERR_CONFIG,
	    "no timer, no cron and no relay found that sends what has to wait: "
	    "it goes with the next sendmail or post365 queue run");
	err_remedy(&e,
	    "post365 install, or post365 print timer (or cron), or let "
	    "post365 relay run");
	step_hint(r, &e);
}

/* --- the relay */

/* A line of relay_look: a sign of six characters, and "; do: " before a cure.
 */
static void
queue_tell_relay(struct step_run *r, struct str line)
{
	const struct str cure = STR_INIT("; do: ");
	struct str text = str_from(line, 6);
	struct str what = str_first(text, str_find(text, cure));
	struct err e;

	if (str_starts(line, STR("ok"))) {
		step_ok(r, "%.*s", STR_ARG(text));
	} else if (str_starts(line, STR("warn"))) {
		step_note(r, "%.*s", STR_ARG(text));
	} else {
		err_set(&e, ERR_CONFIG, "%.*s", STR_ARG(what));
		if (str_ends(what, STR("no relay answers there")))
			e.exit = EX_UNAVAILABLE;
		err_remedy(&e, "%.*s",
		    STR_ARG(str_from(text, what.n + cure.n)));
		if (e.remedy[0] == '\0')
			err_remedy(&e,
			    "Start it: systemctl start post365 (after post365 "
			    "install), or post365 relay.");
		step_fail(r, &e);
	}
}

/* In a process of its own: at last it is the user that the relay becomes. */
static void
queue_look_at_relay(struct step_run *r)
{
	struct cli cli = r->cli;
	struct str lines, line;
	struct buf text;
	struct err e;
	int worst;

	cli.log.level = LOG_NONE; /* what it warns of, other steps say */
	buf_init(&text, QUEUE_FILE);
	if (!relay_look(&cli, &text, &worst, &e))
		step_fail(r, &e);
	lines = buf_view(&text);
	while (str_next(&lines, '\n', &line))
		if (line.n > 6)
			queue_tell_relay(r, line);
	buf_release(&text);
}

/* Are there lines of it? */
static bool
queue_has_relay(struct step_run *r)
{
	struct config_pair *lines = NULL;
	struct err e;

	if (!config_relay(&r->config, &r->mem, &lines, &e)) {
		step_fail(r, &e);
		return false;
	}
	return lines != NULL;
}

void
step_relay(struct step_run *r)
{
	int status;
	pid_t pid;

	if (r->config.piped || !queue_has_relay(r))
		return;
	pid = fork();
	if (pid == 0) {
		r->sheet.code = EX_OK;
		queue_look_at_relay(r);
		_exit(r->sheet.code);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) != EX_OK) {
		r->sheet.count[SHEET_FAIL]++;
		if (r->sheet.code == EX_OK)
			r->sheet.code = WEXITSTATUS(status);
	}
}
