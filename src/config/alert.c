/* SPDX-License-Identifier: MIT */
#include "config/alert.h"

#include <stdio.h>

#include "base/crypt.h"
#include "base/os.h"
#include "base/shell.h"
#include "codec/date.h"

enum {
	PATH_SIZE = 4096,
	NAME_HEX = 16,       /* digits of the hash in the file's name */
	LOCK_WAIT_MS = 1000, /* who has it is telling just now */
	TEXT_SIZE = 40,      /* of a state file */
	DAY_S = 24 * 3600,
	DATE_SIZE = 10 /* of an ISO date, without the time */
};

static const char *const happened[] = {
	[ALERT_WAITS] = "all mail waits",
	[ALERT_ALONE] = "a message waits, other mail goes",
	[ALERT_HELD] = "a message is on hold",
	[ALERT_DEAD] = "a message was given up",
	[ALERT_ENDS] = "the proof by which it signs in ends",
};

/* Days before the end, on which a person hears of it. */
static const int stages[] = { 1, 3, 7, 14, 30 };

static struct str
account_of(const struct alert *a)
{
	return a->config->account.n > 0 ? a->config->account : STR("default");
}

static void
note(const struct alert *a, const struct alert_about *about)
{
	syslog_send(a->syslog, SYSLOG_ERR, "%.*s%saccount %.*s: %s: %s",
	    STR_ARG(about->id), about->id.n > 0 ? ": " : "",
	    STR_ARG(account_of(a)), happened[about->what], about->why->msg);
}

/*
 * The file of that kind, and whom it is about: hashed, for a name may hold
 * anything. False: no file can be kept.
 */
static bool
path_of(const struct alert *a, const char *kind, struct str about,
    char path[PATH_SIZE])
{
	struct str folder = a->config->state_dir;
	char hex[CRYPT_SHA256_HEX];
	struct err e;

	if (folder.n == 0 || folder.n > PATH_SIZE - 64)
		return false;
	crypt_sha256_hex(about, hex);
	(void)snprintf(path, PATH_SIZE, "%.*s/%s-%.*s", STR_ARG(folder), kind,
	    NAME_HEX, hex);
	return os_mkdirs(folder.p, 0700, &e);
}

/* A time in the future is one of a clock that was set back: no reason. */
static bool
is_recent(int64_t told, int64_t now)
{
	return told <= now && now - told < ALERT_PAUSE;
}

/*
 * Puts a text into the file; false: it stands there already. What cannot be
 * kept is told once more: better than never.
 */
static bool
put_text(struct os_at file, struct str text, const struct log *log)
{
	char old[TEXT_SIZE] = "";
	struct err e;

	if (os_read_at(file, old, text.n, &e) &&
	    str_eq((struct str){ old, text.n }, text))
		return false;
	if (!os_write_at(file, text, &e))
		log_warn(log, "alert: %s", e.msg); /* a full disk is news */
	return true;
}

static void
put_time(struct os_at file, int64_t when, const struct log *log)
{
	char text[DATE_ISO_SIZE];

	date_iso(when, text);
	text[sizeof(text) - 1] = '\n';
	(void)put_text(file, (struct str){ text, sizeof(text) }, log);
}

/*
 * Is it our turn? Reads the time in an open file and puts now there. A torn
 * or foreign text is no time.
 */
static bool
take_turn(struct os_at file, int64_t now, const struct log *log)
{
	char text[DATE_ISO_SIZE] = "";
	int64_t told;
	struct err e;

	if (os_read_at(file, text, sizeof(text) - 1, &e) &&
	    date_parse_iso(str_of(text), &told) && is_recent(told, now))
		return false;
	put_time(file, now, log);
	return true;
}

/* False: there is none, or it cannot be locked; the log has that. */
static bool
open_state(const struct alert *a, const char *path, int *fd)
{
	struct err e;

	if (os_lock(path, os_mono_ms() + LOCK_WAIT_MS, fd, &e))
		return true;
	log_warn(a->log, "alert: %s", e.msg);
	return false;
}

static bool
is_due(struct alert *a)
{
	int64_t now = clock_wall(a->clock);
	char path[PATH_SIZE];
	struct os_at file = { .name = path };
	bool due = true;

	if (a->told != 0 && is_recent(a->told, now))
		return false;
	if (path_of(a, "alert", account_of(a), path) &&
	    open_state(a, path, &file.fd)) {
		due = take_turn(file, now, a->log);
		os_close(&file.fd);
	}
	if (due)
		a->told = now; /* for this process, where no file can be */
	return due;
}

/* It was told in vain: the next turn comes sooner. */
static void
set_again(struct alert *a)
{
	char path[PATH_SIZE];
	struct os_at file = { .name = path };

	a->told = clock_wall(a->clock) - ALERT_PAUSE + ALERT_AGAIN;
	if (path_of(a, "alert", account_of(a), path) &&
	    open_state(a, path, &file.fd)) {
		put_time(file, a->told, a->log);
		os_close(&file.fd);
	}
}

static void
write_text(const struct alert *a, const struct alert_about *about,
    struct buf *out)
{
	const struct err *why = about->why;

	buf_addf(out, "post365, account %.*s: %s\n\n",
	    STR_ARG(str_first(account_of(a), 200)), happened[about->what]);
	if (about->id.n > 0)
		buf_addf(out, "Message: %.*s\n", STR_ARG(about->id));
	buf_addf(out, "Reason: %s\n", why->msg);
	if (why->code[0] != '\0')
		buf_addf(out, "Code: %s\n", why->code);
	if (why->remedy[0] != '\0')
		buf_addf(out, "What to do: %s\n", why->remedy);
	if (about->note != NULL)
		buf_addf(out, "Report: %s\n", about->note);
	if (about->what != ALERT_ENDS)
		buf_addz(out,
		    "\n\"post365 queue list\" shows the queue. What happens "
		    "within the next\nhour is in the log only.\n");
}

static bool
run_alert(const struct alert *a, const struct alert_about *about)
{
	struct buf text;
	struct err e;
	bool ok;

	buf_init(&text, SHELL_TEXT_MOST);
	write_text(a, about, &text);
	ok = buf_ok(&text, &e) &&
	    shell_write(a->access->alert_command.p,
		os_mono_ms() + ALERT_TIMEOUT_MS, buf_view(&text), &e);
	buf_release(&text);
	if (ok)
		return true;
	err_wrap(&e, "alert_command");
	syslog_send(a->syslog, SYSLOG_ERR, "%s", e.msg);
	log_warn(a->log, "%s", e.msg);
	return false;
}

bool
alert_tell(struct alert *a, const struct alert_about *about)
{
	note(a, about);
	if (a->access->alert_command.n == 0 || !is_due(a))
		return false;
	if (run_alert(a, about))
		return true;
	set_again(a);
	return false;
}

/* The stage that is reached; what is over is told of each day. */
static int
stage_of(int64_t left)
{
	int64_t days = (left + DAY_S - 1) / DAY_S;

	if (left <= 0)
		return (int)(left / DAY_S);
	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		if (days <= stages[i])
			return stages[i];
	return stages[sizeof(stages) / sizeof(*stages) - 1] + 1;
}

/* Of one proof, whatever number of accounts and processes use it. */
static bool
is_new_stage(const struct alert *a, const char *iso, int stage)
{
	char path[PATH_SIZE], text[TEXT_SIZE];
	struct os_at file = { .name = path };
	bool due;
	int n;

	n = snprintf(text, sizeof(text), "%s %+06d\n", iso, stage);
	if (!path_of(a, "ends", a->access->client_id, path) ||
	    !open_state(a, path, &file.fd))
		return true;
	due = put_text(file, (struct str){ text, (size_t)n }, a->log);
	os_close(&file.fd);
	return due;
}

bool
alert_ends(const struct alert *a, const char *what, int64_t end)
{
	int64_t left = end - clock_wall(a->clock);
	int stage = stage_of(left);
	char iso[DATE_ISO_SIZE];
	struct err why = { 0 };
	const struct alert_about about = { .what = ALERT_ENDS, .why = &why };

	date_iso(end, iso);
	if (stage > ALERT_DAYS || !is_new_stage(a, iso, stage))
		return false;
	err_set(&why, ERR_CONFIG, "%s %s on %.*s", what,
	    left > 0 ? "ends" : "ended", DATE_SIZE, iso);
	err_remedy(&why,
	    "make a new one now (entra.microsoft.com > Entra ID > App "
	    "registrations > the app > Certificates & secrets)%s",
	    left > 0 ? ", the old one stays good until then" : "");
	log_warn(a->log, "%s: %s", why.msg, why.remedy);
	note(a, &about);
	return a->access->alert_command.n > 0 && run_alert(a, &about);
}
