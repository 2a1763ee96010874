/* SPDX-License-Identifier: MIT */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "base/private.h"
#include "config/access.h"
#include "config/oddity.h"

bool
load_init(struct load *l, struct err *e)
{
	arena_init(&l->mem, LOAD_MEMORY);
	arena_expect(&l->mem, LOAD_MOSTLY);
	buf_init_secret(&l->text, CONFIG_FILE_MAX);
	buf_init_secret(&l->apart, CONFIG_FILE_MAX);
	arena_init(l->pass.mem, LOAD_MEMORY);
	return config_file_parse(&l->mem, "", STR(""), &l->top, e);
}

void
load_release(struct load *l)
{
	buf_release(&l->text);
	buf_release(&l->apart);
	arena_release(&l->mem);
}

/* Is there a secret, for whose file only its owner may be let in? */
static bool
has_secret(const struct config_section *s)
{
	for (; s != NULL; s = s->next)
		for (size_t i = 0; i < CONFIG_KEYS; i++)
			if (s->key[i].line != 0 &&
			    config_row_has_secret(&config_rows[i],
				s->key[i].value))
				return true;
	return false;
}

/*
 * Settings by standard input are read again by each worker of a queue: where
 * it is no file, a copy in memory takes its place.
 */
static bool
read_piped(struct buf *out, struct err *e)
{
	static const char name[] = "standard input";
	struct os_at at = { .name = name, .fd = STDIN_FILENO };
	struct os_stat st;
	struct err uncopied;
	char *p;
	int fd;

	if (!os_stat_fd(STDIN_FILENO, name, &st, e))
		return false;
	if (st.regular && st.size <= out->limit) {
		p = buf_room(out, (size_t)st.size);
		if (p == NULL)
			return buf_ok(out, e);
		if (!os_read_at(at, p, (size_t)st.size, e))
			return false;
		buf_commit(out, (size_t)st.size);
		return true;
	}
	if (!os_read_fd(STDIN_FILENO, name, out, e))
		return false;
	fd = memfd_create("settings", MFD_CLOEXEC);
	if (fd >= 0 && os_write_fd(fd, name, buf_view(out), &uncopied))
		(void)dup2(fd, STDIN_FILENO);
	os_close(&fd);
	return true;
}

/* A secret that all may read: those who sign in are told. */
static void
load_check(struct load *l, const char *path, const struct os_stat *st)
{
	struct err e;

	if (l->pass.half == CONFIG_ACCESS &&
	    !private_check(path, st, l->log, &e))
		config_pass_fail(&l->pass, &e);
}

/* The draft of a file stands for what is in it, not for who may read it. */
static bool
load_read(const struct load *l, const char *path, struct buf *out,
    struct os_stat *st, struct err *e)
{
	const struct config_draft *d = l->draft;
	struct err absent;

	while (d != NULL && !str_eq(str_of(d->path), str_of(path)))
		d = d->next;
	if (d == NULL)
		return private_read(path, out, st, e);
	if (!os_stat_path(path, st, &absent))
		*st = (struct os_stat){ .regular = true, .owner = geteuid() };
	buf_adds(out, d->text);
	return buf_ok(out, e);
}

bool
load_file(struct load *l, const struct config *c, struct err *e)
{
	struct os_stat st = { 0 };

	if (c->piped && !read_piped(&l->text, e))
		return false;
	if (!c->piped && !load_read(l, c->file.p, &l->text, &st, e))
		return st.regular ? false :
				    err_remedy(e,
					"name a file that this user can read "
					"(-C, POST365_CONFIG); post365 config "
					"init makes one");
	l->top = NULL;
	if (!config_file_parse(&l->mem, c->file.p, buf_view(&l->text), &l->top,
		e))
		return false;
	if (has_secret(l->top))
		load_check(l, c->file.p, &st);
	return true;
}

struct str
load_apart_path(const struct config *c, struct arena *a)
{
	static const struct str name = STR_INIT("config");
	struct str folder = c->file;

	if (c->piped || !str_ends(c->file, name))
		return (struct str){ 0 };
	folder.n -= name.n;
	if (folder.n > 0 && !str_ends(folder, STR("/")))
		return (struct str){ 0 };
	return arena_fmt(a, "%.*ssecret", STR_ARG(folder));
}

/* Is it the client secret itself, in a file of that name? */
static bool
load_names(const struct load *l, const char *path)
{
	const struct config_section *s = l->top;

	while (s != NULL &&
	    !str_eq(s->key[CONFIG_CLIENT_SECRET_FILE].value, str_of(path)))
		s = s->next;
	return s != NULL;
}

bool
load_apart(struct load *l, const char *path, bool *unread, struct err *e)
{
	struct os_stat st;
	struct str text;

	*unread = false;
	if (path == NULL || load_names(l, path))
		return true;
	if (access(path, R_OK) < 0) {
		*unread = errno == EACCES;
		return *unread || errno == ENOENT ||
		    err_sys(e, ERR_CONFIG, "%s", path);
	}
	if (!load_read(l, path, &l->apart, &st, e))
		return false;
	text = buf_view(&l->apart);
	if (str_chr(text, '=') == text.n)
		return true;
	load_check(l, path, &st);
	return config_file_parse(&l->mem, path, text, &l->top, e);
}

/* Values that this message does not use: only who uses them is stopped. */
static void
load_check_section(struct load *l, const struct config_section *s)
{
	struct config_origin origin[CONFIG_KEYS] = { 0 };
	union {
		struct config config;
		struct access access;
	} scratch = { 0 };
	struct config_level level;
	struct config_pass p = { .half = l->pass.half,
		.at = &scratch,
		.mem = &l->mem,
		.origin = origin };
	bool access = p.half == CONFIG_ACCESS;

	config_level_section(s, CONFIG_SECTION, &level);
	config_level_apply(&level, &p);
	if (p.why.kind != ERR_NONE)
		log_warn(l->log, "account %.*s cannot %s: %s", STR_ARG(s->name),
		    access ? "sign in" : "be used", p.why.msg);
	if (access)
		access_release(&scratch.access);
}

/* Quotation marks and the like: told once, by who knows the line first. */
static void
load_warn(const struct load *l, const struct config_row *row, const char *name,
    const struct config_line *at)
{
	const char *what = oddity_of(row, at->value, false);
	bool first = at->file == l->top->file;

	if (what != NULL && first == (l->pass.half == CONFIG_PUBLIC))
		log_warn(l->log, "%s:%u: %s: %s", at->file, at->line, name,
		    what);
}

static void
load_warn_file(const struct load *l)
{
	struct config_line at;

	for (const struct config_section *s = l->top; s != NULL; s = s->next)
		for (size_t i = 0; i < CONFIG_KEYS; i++)
			if (s->key[i].line > 0)
				load_warn(l, &config_rows[i],
				    config_rows[i].name, &s->key[i]);
	for (const struct config_pair *p = l->top->relay; p; p = p->next) {
		at = (struct config_line){ p->value, p->file, p->line };
		load_warn(l, NULL, arena_str(l->pass.mem, p->key).p, &at);
	}
}

/* docker run --env-file keeps the quotation marks that a shell takes off. */
static void
load_warn_environment(const struct load *l)
{
	const struct config_level *level;
	const char *what;

	for (size_t i = CONFIG_AZURE; i <= CONFIG_ENVIRONMENT; i++)
		for (size_t key = 0; key < CONFIG_KEYS; key++) {
			level = &l->level[i];
			what = oddity_of(&config_rows[key], level->value[key],
			    false);
			if (what != NULL && l->pass.half == CONFIG_PUBLIC)
				log_warn(l->log, "environment %s: %s",
				    level->origin[key].name, what);
		}
}

void
load_apply(struct load *l, const struct config_section *account,
    const char *from)
{
	struct config_pass *p = &l->pass;
	struct config_level *option = &l->level[CONFIG_OPTION];

	for (const struct config_section *s = l->top->next; s; s = s->next)
		if (s != account)
			load_check_section(l, s);
	config_level_defaults(&l->level[CONFIG_DEFAULTS]);
	config_level_systemd(p->mem, &l->level[CONFIG_SYSTEMD]);
	config_level_section(l->top, CONFIG_TOP, &l->level[CONFIG_TOP]);
	if (account != l->top)
		config_level_section(account, CONFIG_SECTION,
		    &l->level[CONFIG_SECTION]);
	config_level_azure(p, &l->level[CONFIG_AZURE]);
	config_level_environment(p, l->log, &l->level[CONFIG_ENVIRONMENT]);
	if (from != NULL) {
		option->value[CONFIG_FROM] = str_of(from);
		option->origin[CONFIG_FROM] =
		    (struct config_origin){ CONFIG_OPTION, 0, "--from" };
	}
	load_warn_file(l);
	load_warn_environment(l);
	config_level_settle(l->level, p);
	for (size_t i = 0; i < CONFIG_LEVELS; i++)
		config_level_apply(&l->level[i], p);
}

static bool
load_is_relative_path(size_t key, struct str text)
{
	return config_rows[key].type->path && text.n > 0 &&
	    !str_starts(text, STR("/")) && !config_is_no_path(text);
}

bool
load_is_relative(const struct load *l)
{
	bool found = false;

	for (size_t key = 0; key < CONFIG_KEYS; key++) {
		for (size_t i = 0; i < CONFIG_LEVELS; i++)
			found = found ||
			    load_is_relative_path(key, l->level[i].value[key]);
		for (const struct config_section *s = l->top; s; s = s->next)
			found = found ||
			    load_is_relative_path(key, s->key[key].value);
	}
	return found;
}
