/* SPDX-License-Identifier: MIT */
#include "sandbox/keep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "sandbox/drafts.h"

enum {
	LINE_MAX_LOGGED = 16 * 1024, /* a path may have 8 kB */
	NUMBER_DIGITS = 6,
	PATH_SIZE = 4096, /* PATH_MAX */
	TIME_SIZE = 48    /* for any milliseconds that printf can think of */
};

static bool
write_part(const struct sandbox *s, const struct sandbox_mail *m, uint32_t at,
    const struct sandbox_part *p, struct err *e)
{
	struct str path = arena_fmt(m->mem, "%.*s/mail/%06u.%.*s",
	    STR_ARG(s->folder), at, STR_ARG(p->suffix));

	if (!arena_ok(m->mem, e))
		return false;
	if (p->path.n > 0)
		return rename(p->path.p, path.p) == 0 ||
		    err_sys(e, ERR_RETRY, "%s", path.p);
	return replace_file(path.p, p->bytes,
	    (struct replace_how){ .mode = 0600 }, e);
}

bool
keep_mail(const struct sandbox *s, const struct sandbox_mail *m,
    uint32_t *number, struct err *e)
{
	uint32_t at = atomic_fetch_add(&s->state->messages, 1) + 1;
	struct sandbox_part raw = { .suffix = m->suffix, .bytes = m->raw };
	struct sandbox_part meta = { .suffix = STR("meta"),
		.bytes = buf_view(&m->meta) };

	for (const struct sandbox_part *p = m->part; p != NULL; p = p->next)
		if (!write_part(s, m, at, p, e))
			return false;
	/* Whoever sees the meta file finds the others. */
	if (!write_part(s, m, at, &raw, e) || !write_part(s, m, at, &meta, e))
		return false;
	*number = at;
	return true;
}

/* "2026-11-23T10:00:00.123Z": tests measure waits by it. */
static void
write_time(char out[TIME_SIZE])
{
	char iso[DATE_ISO_SIZE];
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	date_iso(t.tv_sec, iso);
	(void)snprintf(out, TIME_SIZE, "%.19s.%03ldZ", iso,
	    t.tv_nsec / 1000000);
}

static void
add_number(struct jsonw *w, struct str key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_i64(w, v);
}

static bool
write_entry(struct buf *out, const struct keep_entry *entry, struct err *e)
{
	struct jsonw w = jsonw_begin(out);
	char now[TIME_SIZE];

	write_time(now);
	jsonw_open(&w, '{');
	jsonw_member(&w, STR("time"), str_of(now));
	add_number(&w, STR("connection"), entry->connection);
	jsonw_member(&w, STR("tls"), entry->tls);
	jsonw_member(&w, STR("method"), entry->method);
	/* A query may hold anything; the services use none. */
	jsonw_member(&w, STR("path"),
	    str_first(entry->path, str_chr(entry->path, '?')));
	add_number(&w, STR("status"), entry->status);
	add_number(&w, STR("bytes"), (int64_t)entry->bytes);
	jsonw_member(&w, STR("code"), entry->code);
	jsonw_member(&w, STR("fault"), str_of(entry->fault));
	jsonw_member(&w, STR("problem"), str_of(entry->problem));
	add_number(&w, STR("message"), entry->message);
	jsonw_member(&w, STR("request_id"), entry->request_id);
	jsonw_member(&w, STR("client_request_id"), entry->client_request_id);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

bool
keep_log(const struct sandbox *s, const struct keep_entry *entry, struct err *e)
{
	struct buf path, line;
	bool ok;
	int fd;

	buf_init(&path, s->folder.n + sizeof("/requests.log"));
	buf_adds(&path, s->folder);
	buf_addz(&path, "/requests.log");
	buf_init(&line, LINE_MAX_LOGGED);
	ok = buf_ok(&path, e) && write_entry(&line, entry, e);
	if (ok) {
		/* One write a line: those of several processes do not mix. */
		fd = open(path.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0600);
		ok = fd >= 0 ? os_write_fd(fd, path.p, buf_view(&line), e) :
			       err_sys(e, ERR_RETRY, "%s", path.p);
		os_close(&fd);
	}
	buf_release(&path);
	buf_release(&line);
	return ok;
}

struct str
keep_meta(const struct sandbox *s, uint32_t n, struct buf *bytes)
{
	char path[PATH_SIZE];
	struct err e;

	(void)snprintf(path, sizeof(path), "%.*s/mail/%06u.meta",
	    STR_ARG(s->folder), n);
	buf_reset(bytes);
	return os_read_file(path, bytes, &e) ? buf_view(bytes) :
					       (struct str){ 0 };
}

struct str
keep_message_id(struct str meta)
{
	struct str id = drafts_get(meta, STR("message-id"));

	return id.n > 0 ? id : drafts_get(meta, STR("property: String 0x1035"));
}

uint32_t
keep_last(struct str folder)
{
	struct dirent *entry;
	uint64_t number, last = 0;
	struct buf path;
	struct str name;
	DIR *dir;

	buf_init(&path, folder.n + sizeof("/mail"));
	buf_adds(&path, folder);
	buf_addz(&path, "/mail");
	dir = path.p != NULL ? opendir(path.p) : NULL;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		name = str_of(entry->d_name);
		if (str_chr(name, '.') == NUMBER_DIGITS &&
		    str_u64(str_first(name, NUMBER_DIGITS), UINT32_MAX,
			&number) &&
		    number > last)
			last = number;
	}
	if (dir != NULL)
		(void)closedir(dir);
	buf_release(&path);
	return (uint32_t)last;
}
