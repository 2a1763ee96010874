/* SPDX-License-Identifier: MIT */
#include "sandbox/drafts.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"

enum { FILE_MAX = 8 * 1024 * 1024 }; /* info and raw: a request of 4 MB */

/*
 * An id has the characters that want encoding in a path, and capitals that
 * matter (facts.md 4.5).
 */
static const struct str id_head = STR_INIT("AAkALgAAAAAAHYQDEapmEc2byACqAC-");
static const struct str id_tail = STR_INIT("+/Wg_AA=");

struct str
drafts_random(struct arena *mem)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char random[DRAFTS_NAME];
	char *text = arena_alloc(mem, DRAFTS_NAME + 1);

	if (text == NULL)
		return (struct str){ 0 };
	os_random(random, sizeof(random));
	for (size_t i = 0; i < DRAFTS_NAME; i++)
		text[i] = letters[random[i] % (sizeof(letters) - 1)];
	return (struct str){ text, DRAFTS_NAME };
}

struct str
drafts_path(const struct draft_folder *d, struct str file)
{
	return arena_fmt(d->mem, "%.*s/%.*s", STR_ARG(d->path), STR_ARG(file));
}

static void
drafts_set_path(struct draft_folder *d, const struct sandbox *s, bool sent)
{
	d->sent = sent;
	d->path = arena_fmt(d->mem, "%.*s/%s/%.*s", STR_ARG(s->folder),
	    sent ? "sent" : "drafts", STR_ARG(d->name));
}

static void
set_name(struct draft_folder *d, const struct sandbox *s, struct arena *mem,
    struct str name)
{
	*d = (struct draft_folder){ .mem = mem, .name = name };
	drafts_set_path(d, s, false);
}

bool
drafts_make(struct draft_folder *d, const struct sandbox *s, struct arena *mem,
    struct str info, struct err *e)
{
	set_name(d, s, mem, drafts_random(mem));
	d->info = info;
	return arena_ok(mem, e) && os_mkdirs(d->path.p, 0700, e) &&
	    drafts_write(d, STR("info"), info, e);
}

/* Nothing that leads out of the folder. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]))
			return false;
	return s.n == DRAFTS_NAME;
}

bool
drafts_open(struct draft_folder *d, const struct sandbox *s, struct arena *mem,
    struct str name)
{
	if (!is_name(name))
		return false;
	set_name(d, s, mem, name);
	d->info = drafts_read(d, STR("info"));
	if (d->info.p == NULL) {
		drafts_set_path(d, s, true);
		d->info = drafts_read(d, STR("info"));
	}
	return d->info.p != NULL;
}

bool
drafts_set_sent(struct draft_folder *d, const struct sandbox *s, bool sent,
    struct err *e)
{
	struct str old = d->path;
	struct str list = arena_fmt(d->mem, "%.*s/sent", STR_ARG(s->folder));

	drafts_set_path(d, s, sent);
	return arena_ok(d->mem, e) && os_mkdirs(list.p, 0700, e) &&
	    (rename(old.p, d->path.p) == 0 ||
		err_sys(e, ERR_RETRY, "%.*s", STR_ARG(d->path)));
}

struct str
drafts_id(const struct draft_folder *d)
{
	return arena_fmt(d->mem, "%.*s%.*s%.*s", STR_ARG(id_head),
	    STR_ARG(d->name), STR_ARG(id_tail));
}

struct str
drafts_name(struct str id)
{
	if (id.n != id_head.n + DRAFTS_NAME + id_tail.n ||
	    !str_starts(id, id_head) || !str_ends(id, id_tail))
		return (struct str){ 0 };
	return str_first(str_from(id, id_head.n), DRAFTS_NAME);
}

void
drafts_remove(const struct draft_folder *d)
{
	DIR *dir = opendir(d->path.p);
	struct dirent *entry;
	struct str path;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		path = drafts_path(d, str_of(entry->d_name));
		if (entry->d_name[0] != '.' && path.n > 0)
			os_remove(path.p);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(d->path.p);
}

bool
drafts_has(const struct draft_folder *d, struct str file)
{
	struct str path = drafts_path(d, file);

	return path.n > 0 && access(path.p, F_OK) == 0;
}

struct str
drafts_read(const struct draft_folder *d, struct str file)
{
	struct str path = drafts_path(d, file), out = { 0 };
	struct buf bytes;
	struct err e;

	buf_init(&bytes, FILE_MAX);
	if (path.n > 0 && os_read_file(path.p, &bytes, &e))
		out = arena_str(d->mem, buf_view(&bytes));
	buf_release(&bytes);
	return out;
}

bool
drafts_write(const struct draft_folder *d, struct str file, struct str bytes,
    struct err *e)
{
	struct str path = drafts_path(d, file);

	return arena_ok(d->mem, e) &&
	    replace_file(path.p, bytes, (struct replace_how){ .mode = 0600 },
		e);
}

struct str
drafts_get(struct str info, struct str key)
{
	struct str line;

	while (str_next(&info, '\n', &line))
		if (str_starts(line, key) &&
		    str_starts(str_from(line, key.n), STR(": ")))
			return str_from(line, key.n + 2);
	return STR("");
}

struct str
drafts_item_info(struct arena *mem, const struct sandbox_item *item)
{
	return arena_fmt(mem,
	    "name: %.*s\ntype: %.*s\ncid: %.*s\ninline: %s\nsize: %llu\n",
	    STR_ARG(item->name), STR_ARG(item->type), STR_ARG(item->cid),
	    item->is_inline ? "yes" : "no", (unsigned long long)item->size);
}

struct sandbox_item
drafts_item(struct str info)
{
	struct sandbox_item item = {
		.name = drafts_get(info, STR("name")),
		.type = drafts_get(info, STR("type")),
		.cid = drafts_get(info, STR("cid")),
		.is_inline =
		    str_eq(drafts_get(info, STR("inline")), STR("yes")),
	};

	(void)str_u64(drafts_get(info, STR("size")), UINT64_MAX, &item.size);
	return item;
}

struct str
drafts_file(const struct draft_folder *d, unsigned n, struct str *info)
{
	struct str name = arena_fmt(d->mem, "%u", n);

	*info = drafts_read(d, arena_fmt(d->mem, "%u.info", n));
	return info->p == NULL ? *info : name;
}

bool
drafts_next(const struct draft_folder *d, struct str *file, struct err *e)
{
	unsigned n = 1;

	while (n <= DRAFTS_FILES_MAX &&
	    drafts_has(d, arena_fmt(d->mem, "%u.info", n)))
		n++;
	*file = arena_fmt(d->mem, "%u", n);
	if (n > DRAFTS_FILES_MAX)
		return mail_flaw(e, "ErrorInvalidRequest",
		    "A message has at most %d attachments.", DRAFTS_FILES_MAX);
	return arena_ok(d->mem, e);
}
