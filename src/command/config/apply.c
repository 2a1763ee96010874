/* SPDX-License-Identifier: MIT */
#include "command/config/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crypt.h"
#include "base/os.h"
#include "base/replace.h"
#include "command/config/settings.h"
#include "config/access.h"
#include "config/change.h"
#include "config/file.h"
#include "config/load.h"
#include "config/oddity.h"
#include "config/relay.h"
#include "config/show.h"
#include "relay/conf.h"

enum {
	MEM_MAX = 64 * 1024,
	RELAY_MAX = 8 << 20, /* of all that [relay] may have */
	MODES = 07777,
	LOCK_MS = 30000 /* one of us may be making a key meanwhile */
};

static const struct log apply_silent = { 0 };

/* Takes away folders that were made, from below, as far as they are empty. */
static void
apply_remove_folders(char *folder, size_t kept)
{
	char *slash;

	while (
	    folder != NULL && str_of(folder).n > kept && rmdir(folder) == 0) {
		slash = strrchr(folder, '/');
		if (slash == NULL || slash == folder)
			return;
		*slash = '\0';
	}
}

/* How much of the path is a folder that is there. */
static size_t
apply_there(const char *folder)
{
	struct os_stat st;
	struct err absent;
	char part[PATH_MAX];
	size_t n = str_of(folder).n;

	while (n > 1 && n < sizeof(part)) {
		memcpy(part, folder, n);
		part[n] = '\0';
		if (os_stat_path(part, &st, &absent))
			break;
		while (n > 1 && folder[--n] != '/')
			;
	}
	return n;
}

static bool
apply_make_folder(const char *folder, struct err *e)
{
	return os_mkdirs(folder, geteuid() == 0 ? 0755 : 0700, e);
}

void
apply_init(struct apply *a, const struct cli *cli)
{
	*a = (struct apply){ .cli = cli, .lock = -1 };
	arena_init(&a->mem, MEM_MAX);
	for (size_t i = 0; i < APPLY_FILES; i++)
		buf_init_secret(&a->file[i].text, CONFIG_FILE_MAX);
}

void
apply_release(struct apply *a)
{
	for (size_t i = 0; i < APPLY_FILES; i++)
		buf_release(&a->file[i].text);
	arena_release(&a->mem);
	/* whoever waits for the lock makes it anew */
	if (a->made[0] != '\0' && !a->there)
		apply_remove_folders(a->made, a->kept);
	os_close(&a->lock);
}

const char *
apply_place(struct arena *mem, const char *named)
{
	struct config_places places;

	config_find(mem, named, &places);
	return places.named || geteuid() != 0 ? places.item[0].p :
						places.item[places.n - 1].p;
}

const char *
apply_file(struct arena *mem, const char *named, bool *there)
{
	struct config_places places;
	struct os_stat st;
	struct err absent;

	config_find(mem, named, &places);
	for (size_t i = 0; i < places.n; i++) {
		*there = places.item[i].p != NULL &&
		    os_stat_path(places.item[i].p, &st, &absent);
		if (*there)
			return places.item[i].p;
	}
	return apply_place(mem, named);
}

/* False: it is not there, or cannot be read. */
static bool
apply_add_sum(struct crypt_sum *sum, const char *path)
{
	struct os_stat st;
	struct err unread;
	struct buf text;
	bool ok;

	buf_init_secret(&text, CONFIG_FILE_MAX);
	ok = os_stat_path(path, &st, &unread) && st.regular &&
	    os_read_file(path, &text, &unread);
	if (ok)
		crypt_sum_add(sum, buf_view(&text));
	buf_release(&text);
	return ok;
}

void
apply_tag(const char *path, const char *apart, char out[APPLY_TAG])
{
	char hex[CRYPT_SHA256_HEX] = "";
	struct crypt_sum sum;

	crypt_sum_init(&sum);
	if (apply_add_sum(&sum, path)) {
		crypt_sum_add(&sum, (struct str){ "", 1 });
		if (apart != NULL)
			(void)apply_add_sum(&sum, apart);
		crypt_sum_hex(&sum, hex);
	}
	memcpy(out, hex, APPLY_TAG - 1);
	out[APPLY_TAG - 1] = '\0';
}

const char *
apply_apart(struct arena *mem, const char *path)
{
	const struct config of = { .file = str_of(path) };

	return load_apart_path(&of, mem).p;
}

/* The text that has the key; else the one where its half belongs. */
static struct apply_file *
apply_find(struct apply *a, const struct config_row *row)
{
	const struct change key = {
		.account = str_of(a->cli->common.account),
		.key = str_of(row->name),
	};
	struct apply_file *f = a->file;

	for (size_t i = 0; i < APPLY_FILES; i++)
		if (change_has(buf_view(&f[i].text), &key))
			return &f[i];
	return &f[row->half == CONFIG_ACCESS && f[1].path != NULL];
}

const char *
apply_path(struct apply *a, const struct config_row *row)
{
	return apply_find(a, row)->path;
}

/*
 * Is the file `secret` beside it one of settings? Those may be broken: the
 * change may be what mends them.
 */
static void
apply_find_apart(struct apply *a)
{
	const struct config_ask ask = { .path = a->file->path };
	struct access access = { 0 };
	struct config config;
	struct err unusable;

	(void)!config_load(&config, &ask, &apply_silent, &unusable);
	(void)!access_load(&access, &config, &apply_silent, &unusable);
	if (access.file.n > 0)
		a->file[1].path = arena_str(&a->mem, access.file).p;
	access_release(&access);
	config_release(&config);
}

bool
apply_lock(struct apply *a, struct err *e)
{
	char real[PATH_MAX], folder[PATH_MAX];
	const char *path = a->file->path;

	if (!os_folder_of(realpath(path, real) != NULL ? real : path, folder,
		sizeof(folder), e))
		return false;
	if (!a->there) {
		a->kept = apply_there(folder);
		memcpy(a->made, folder, sizeof(folder));
		if (!apply_make_folder(folder, e))
			return false;
	}
	a->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->lock < 0 || os_wait_lock(a->lock, os_mono_ms() + LOCK_MS) ||
	    errno != EWOULDBLOCK)
		return true;
	err_set(e, ERR_RETRY,
	    "%s: somebody else has been changing settings there for %d s",
	    folder, LOCK_MS / 1000);
	return err_remedy(e, "try again; nothing was changed");
}

static bool
apply_no_file(const struct apply *a, struct arena *mem, struct err *e)
{
	struct config_places places;

	config_find(mem, a->cli->common.config, &places);
	return arena_ok(mem, e) && settings_no_file(&places, e);
}

static bool
apply_read(struct apply *a, struct err *e)
{
	for (size_t i = 0; i < APPLY_FILES; i++)
		if (a->file[i].path != NULL &&
		    !os_read_file(a->file[i].path, &a->file[i].text, e))
			return false;
	return true;
}

/* Is what was read what the caller saw? */
static bool
apply_is_same(struct apply *a, const char *tag, struct err *e)
{
	char now[APPLY_TAG];

	if (tag == NULL)
		return true;
	apply_tag(a->file->path, apply_apart(&a->mem, a->file->path), now);
	if (str_eq(str_of(now), str_of(tag)))
		return true;
	err_set(e, ERR_CONFIG,
	    "%s: changed meanwhile by somebody else; nothing was written",
	    a->file->path);
	e->exit = EX_TEMPFAIL;
	return err_remedy(e, "look at the settings again, then change them");
}

bool
apply_open(struct apply *a, bool make, const char *tag, struct err *e)
{
	struct apply_file *f = a->file;

	f->path = apply_file(&a->mem, a->cli->common.config, &a->there);
	if (!arena_ok(&a->mem, e))
		return false;
	if (str_eq(str_of(f->path), STR("-")))
		return err_set(e, ERR_USAGE,
		    "standard input is no file that can be changed");
	if (!a->there && !make)
		return apply_no_file(a, &a->mem, e);
	if (!apply_lock(a, e))
		return false;
	/* perhaps the one before us made it */
	f->path = apply_file(&a->mem, a->cli->common.config, &a->there);
	if (a->there && f->path != NULL)
		apply_find_apart(a);
	return arena_ok(&a->mem, e) &&
	    (a->there ? apply_read(a, e) : apply_sample(a, false, e)) &&
	    apply_is_same(a, tag, e);
}

bool
apply_sample(struct apply *a, bool printed, struct err *e)
{
	const struct config_ask ask = { .no_file = true };
	const struct log *log = &a->cli->log;
	struct access access = { 0 };
	struct config config;
	struct err unusable;
	bool ok = config_load(&config, &ask, log, e);

	if (ok) {
		(void)!access_load(&access, &config, log, &unusable);
		config_sample(&config, &access, printed, &a->file->text);
		ok = buf_ok(&a->file->text, e);
	}
	access_release(&access);
	config_release(&config);
	return ok;
}

/* Gives the text the line, which is wiped; empty: takes the key's away. */
static bool
apply_line(struct apply *a, const struct config_row *row, struct buf *line,
    struct err *e)
{
	struct apply_file *f = apply_find(a, row);
	const struct change change = {
		.account = str_of(a->cli->common.account),
		.key = str_of(row->name),
		.line = buf_view(line),
	};
	struct buf next;
	bool ok, same;

	buf_init_secret(&next, CONFIG_FILE_MAX);
	(void)change_text(buf_view(&f->text), &change, &next);
	ok = buf_ok(line, e) && buf_ok(&next, e);
	same = str_eq(buf_view(&f->text), buf_view(&next));
	f->changed = f->changed || !same;
	if (!same)
		a->did[row - config_rows] |= APPLY_CHANGED;
	buf_release(line);
	buf_release(&f->text);
	f->text = next;
	return ok;
}

bool
apply_set(struct apply *a, const struct config_row *row, struct str value,
    struct err *e)
{
	struct buf line;
	const char *odd = row == &config_rows[CONFIG_CLIENT_ID] ?
	    oddity_mixed_up(CONFIG_CLIENT_ID, value, STR(""), STR("")) :
	    NULL;

	if (odd != NULL) /* says more than that it is no ID */
		return err_set(e, ERR_CONFIG, "%s: %s", row->name, odd);
	if (!oddity_try(row, value, &a->mem, e))
		return err_wrap(e, "%s", row->name);
	buf_init_secret(&line, CONFIG_LINE_MAX + 64);
	buf_addf(&line, "%s = ", row->name);
	buf_adds(&line, value);
	a->did[row - config_rows] |= APPLY_GIVEN;
	return apply_line(a, row, &line, e);
}

bool
apply_unset(struct apply *a, const struct config_row *row, struct err *e)
{
	struct change key = { .account = str_of(a->cli->common.account),
		.key = str_of(row->name) };
	struct buf line;

	if (!change_has(buf_view(&apply_find(a, row)->text), &key))
		return true;
	buf_init_secret(&line, CONFIG_LINE_MAX);
	if (row->standard != NULL && key.account.n == 0)
		buf_addf(&line, "#%s = %s", row->name, row->standard);
	return apply_line(a, row, &line, e);
}

bool
apply_relay(struct apply *a, const char *key, struct str values, struct err *e)
{
	struct change change = { .relay = true, .key = str_of(key) };
	struct apply_file *f = a->file;
	struct buf lines, next;
	struct str one;
	bool ok;

	buf_init(&lines, CONFIG_FILE_MAX);
	buf_init_secret(&next, CONFIG_FILE_MAX);
	while (str_next(&values, ';', &one))
		if (str_trim(one).n > 0)
			buf_addf(&lines, "%s%s = %.*s", lines.n > 0 ? "\n" : "",
			    key, STR_ARG(str_trim(one)));
	change.line = buf_view(&lines);
	f->changed = change_text(buf_view(&f->text), &change, &next);
	ok = buf_ok(&lines, e) && buf_ok(&next, e);
	buf_release(&lines);
	buf_release(&f->text);
	f->text = next;
	a->relay = key;
	return ok;
}

/* What the environment says in place of what was given. */
static void
apply_warn(const struct apply *a, const struct config *c,
    const struct access *access)
{
	const struct config_row *row = config_rows;
	const struct config_origin *o;
	struct config_origin_text from;

	for (size_t i = 0; i < CONFIG_KEYS; i++, row++) {
		o = config_value_origin(c, access, row);
		if ((a->did[i] & APPLY_GIVEN) != 0 && o->name != NULL &&
		    (o->place == CONFIG_ENVIRONMENT ||
			o->place == CONFIG_AZURE))
			log_warn(&a->cli->log,
			    "%s is set in the file, but not in force here: "
			    "that %s is",
			    row->name, config_origin(o, &from));
	}
}

/* Of what was given: does it belong elsewhere? */
static bool
apply_is_mixed_up(struct apply *a, const struct access *access, struct err *e)
{
	const struct str text[] = { access->client_id,
		secret_view(&access->client_secret) };
	const char *odd;

	for (size_t i = CONFIG_CLIENT_ID; i <= CONFIG_CLIENT_SECRET; i++) {
		odd = oddity_mixed_up((enum config_key)i,
		    text[i - CONFIG_CLIENT_ID], access->tenant_id,
		    access->client_id);
		if ((a->did[i] & APPLY_GIVEN) == 0 || odd == NULL)
			continue;
		a->at = &config_rows[i];
		return !err_set(e, ERR_CONFIG, "%s: %s", a->at->name, odd);
	}
	return false;
}

/* Could the relay start with them, as far as they say? */
static bool
apply_check_relay(const struct apply *a, const struct config *c, struct err *e)
{
	struct config_pair *lines;
	struct arena mem;
	struct conf conf;
	bool ok;

	if (a->relay == NULL)
		return true;
	arena_init(&mem, RELAY_MAX);
	ok = config_relay(c, &mem, &lines, e) &&
	    conf_read(&mem, lines, &conf, e) && conf_check(&conf, e);
	arena_release(&mem);
	return ok;
}

bool
apply_check(struct apply *a, bool warn, struct err *e)
{
	const struct apply_file *f = a->file;
	const struct config_draft apart = { f[1].path, buf_view(&f[1].text),
		NULL },
				  draft = { f->path, buf_view(&f->text),
					  f[1].path != NULL ? &apart : NULL };
	const struct config_ask ask = { .path = f->path,
		.account = a->cli->common.account,
		.draft = &draft };
	struct access access = { 0 };
	struct config config;
	bool ok;

	ok = config_load(&config, &ask, &a->cli->log, e) &&
	    access_load(&access, &config, &a->cli->log, e) &&
	    !apply_is_mixed_up(a, &access, e) &&
	    apply_check_relay(a, &config, e);
	if (ok && warn)
		apply_warn(a, &config, &access);
	access_release(&access);
	config_release(&config);
	return ok;
}

/* No signal ends us between a temporary file and its name. */
static bool
apply_write(const char *path, struct str text, struct replace_how how,
    struct err *e)
{
	sigset_t all, before;
	bool ok;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	ok = replace_file(path, text, how, e);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

/*
 * A file that is mounted by itself, as containers do it, keeps its name: no
 * other file can take it. In a line of the kernel's (proc(5), mountinfo) its
 * place stands before words, and after another path; one with blanks in it is
 * written otherwise, and not found.
 */
static bool
apply_is_mount(const char *path)
{
	char field[PATH_MAX + 2];
	struct err unread;
	struct buf mounts;
	bool found = false;
	struct str rest;
	size_t n;

	/* but for its last blank, which the next one may begin with */
	n = (size_t)snprintf(field, sizeof(field), " %s ", path) - 1;
	buf_init(&mounts, CONFIG_FILE_MAX);
	if (!os_read_file("/proc/self/mountinfo", &mounts, &unread))
		buf_reset(&mounts);
	rest = buf_view(&mounts);
	while (!found && rest.n > 0) {
		rest = str_from(rest, str_find(rest, str_of(field)) + n);
		found = rest.n > 1 && rest.p[1] != '/';
	}
	buf_release(&mounts);
	return found;
}

/* To whom the dashboard of a relay, or a user's command, cannot write. */
static bool
apply_refer(struct err *e)
{
	return err_remedy(e,
	    "change settings as root or the owner, outside of a service: "
	    "sudo post365 web, or sudo post365 config set");
}

bool
apply_may_write(const char *path, struct err *e)
{
	char real[PATH_MAX], folder[PATH_MAX];
	struct stat st = { .st_uid = geteuid() };
	bool there = realpath(path, real) != NULL;

	if (!there && errno != ENOENT)
		return err_sys(e, ERR_CONFIG, "%s", path);
	if (!os_folder_of(there ? real : path, folder, sizeof(folder), e))
		return false;
	if (!there) {
		folder[apply_there(folder)] = '\0';
		if (access(folder, F_OK) < 0) /* relative, and all of it new */
			memcpy(folder, ".", 2);
	} else if (access(real, R_OK) < 0 || stat(real, &st) < 0) {
		err_sys(e, ERR_CONFIG, "%s", real);
		return apply_refer(e);
	}
	if (access(folder, W_OK | X_OK) < 0) {
		err_sys(e, ERR_CONFIG, "%s", folder);
		return apply_refer(e);
	}
	if (there && apply_is_mount(real)) {
		err_set(e, ERR_CONFIG,
		    "%s: is mounted by itself, so no new file can take its "
		    "place",
		    real);
		return err_remedy(e, "mount its folder instead");
	}
	/* the new one would not be its owner's */
	if (geteuid() == 0 || st.st_uid == geteuid())
		return true;
	err_set(e, ERR_CONFIG, "%s: belongs to user %u", real,
	    (unsigned)st.st_uid);
	return apply_refer(e);
}

bool
apply_is_free(const char *path, const char *remedy, struct err *e)
{
	struct os_stat st;

	if (!os_stat_path(path, &st, e))
		return true;
	err_set(e, ERR_CONFIG, "%s: is there already", path);
	e->exit = EX_CANTCREAT;
	return err_remedy(e, "%s", remedy);
}

bool
apply_make(const char *path, struct str text, struct err *e)
{
	struct replace_how how = { .mode = 0600,
		.durable = true,
		.sweep = true };
	char folder[PATH_MAX];
	struct os_stat st;
	size_t kept;

	if (!apply_is_free(path, "", e) ||
	    !os_folder_of(path, folder, sizeof(folder), e))
		return false;
	kept = apply_there(folder);
	if (apply_make_folder(folder, e)) {
		if (geteuid() == 0 && os_stat_path(folder, &st, e) &&
		    st.owner == 0 && st.group != 0 && !st.others) {
			how.mode = 0640;
			how.as = &st;
		}
		if (apply_write(path, text, how, e))
			return true;
	}
	apply_remove_folders(folder, kept);
	return false;
}

/* Its owner, group and mode stay. */
static bool
apply_replace(const struct apply_file *f, struct err *e)
{
	struct replace_how how = { .durable = true, .sweep = true };
	char real[PATH_MAX]; /* a link stays one */
	struct os_stat as;
	struct stat st;

	if (realpath(f->path, real) == NULL || stat(real, &st) < 0)
		return err_sys(e, ERR_CONFIG, "%s", f->path);
	as = os_stat_of(&st);
	how.as = &as;
	how.mode = st.st_mode & MODES;
	return apply_write(real, buf_view(&f->text), how, e);
}

bool
apply_close(struct apply *a, struct err *e)
{
	const struct apply_file *done = NULL;

	for (struct apply_file *f = a->file; f < a->file + APPLY_FILES; f++)
		if (f->changed && !apply_may_write(f->path, e))
			return false;
	if (!a->there) {
		a->there =
		    apply_make(a->file->path, buf_view(&a->file->text), e);
		return a->there;
	}
	for (struct apply_file *f = a->file; f < a->file + APPLY_FILES; f++) {
		if (f->changed && !apply_replace(f, e))
			return done == NULL ||
			    err_wrap(e, "%s was changed, but then", done->path);
		done = f->changed ? f : done;
	}
	return true;
}
