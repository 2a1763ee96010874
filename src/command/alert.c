/* SPDX-License-Identifier: MIT */
#include "command/alert.h"

#include <stdio.h>

#include "base/crypt.h"
#include "base/os.h"
#include "codec/date.h"
#include "command/shell.h"

enum {
	PATH_SIZE = 4096,
	NAME_HEX = 16,      /* digits of the hash in the file's name */
	LOCK_WAIT_MS = 1000 /* who has it is telling just now */
};

static const char *const happened[] = {
	[ALERT_WAITS] = "all mail waits",
	[ALERT_ALONE] = "a message waits, other mail goes",
	[ALERT_HELD] = "a message is on hold",
	[ALERT_DEAD] = "a message was given up",
};

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

/* An account is hashed: its name may hold anything. False: no file. */
static bool
path_of(const struct alert *a, char path[PATH_SIZE])
{
	struct str folder = a->config->state_dir;
	char hex[CRYPT_SHA256_HEX];
	struct err e;

	if (folder.n == 0 || folder.n > PATH_SIZE - 64)
		return false;
	crypt_sha256_hex(account_of(a), hex);
	(void)snprintf(path, PATH_SIZE, "%.*s/alert-%.*s", STR_ARG(folder),
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
 * Is it our turn? Reads the time in an open file and puts now there. A torn
 * or foreign text is no time: better told twice than never.
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
	date_iso(now, text);
	text[sizeof(text) - 1] = '\n';
	if (!os_write_at(file, (struct str){ text, sizeof(text) }, &e))
		log_warn(log, "alert: %s", e.msg); /* a full disk is news */
	return true;
}

static bool
is_due(struct alert *a)
{
	int64_t now = clock_wall(a->clock);
	char path[PATH_SIZE];
	struct os_at file = { .name = path };
	struct err e;
	bool due;

	if (a->told != 0 && is_recent(a->told, now))
		return false;
	a->told = now;
	if (!path_of(a, path))
		return true;
	if (!os_lock(path, os_mono_ms() + LOCK_WAIT_MS, &file.fd, &e)) {
		log_warn(a->log, "alert: %s", e.msg);
		return true; /* a->told holds for this process */
	}
	due = take_turn(file, now, a->log);
	os_close(&file.fd);
	return due;
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
	buf_addz(out,
	    "\n\"post365 queue list\" shows the queue. What happens within "
	    "the next\nhour is in the log only.\n");
}

static bool
run(const struct alert *a, const struct alert_about *about, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, SHELL_TEXT_MOST);
	write_text(a, about, &text);
	ok = buf_ok(&text, e) &&
	    shell_write(a->config->alert_command.p,
		os_mono_ms() + ALERT_TIMEOUT_MS, buf_view(&text), e);
	buf_release(&text);
	return ok || err_wrap(e, "alert_command");
}

bool
alert_tell(struct alert *a, const struct alert_about *about)
{
	struct err e;

	note(a, about);
	if (a->config->alert_command.n == 0 || !is_due(a))
		return false;
	if (run(a, about, &e))
		return true;
	syslog_send(a->syslog, SYSLOG_ERR, "%s", e.msg);
	log_warn(a->log, "%s", e.msg);
	return false;
}
