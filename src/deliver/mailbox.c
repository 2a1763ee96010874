/* SPDX-License-Identifier: MIT */
#include "deliver/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypt.h"
#include "base/os.h"
#include "codec/date.h"
#include "deliver/options.h"
#include "store/schedule.h"

enum {
	MAILBOX_FILE_MAX = 8192,
	MAILBOX_PATH_SIZE = 4096, /* PATH_MAX */
	MAILBOX_CLOCK_STEP = 60,  /* seconds; less waits for the clock */
	MAILBOX_LOCK_MS = 5000,
};

#define N(table) (sizeof(table) / sizeof(*(table)))

enum mailbox_type { MAILBOX_TIME, MAILBOX_NUMBER, MAILBOX_TEXT };

#define MAILBOX_ROW(name, type, field)                                         \
	{                                                                      \
		name, type, offsetof(struct mailbox, field),                   \
		    sizeof(((struct mailbox *)0)->field)                       \
	}
static const struct mailbox_row {
	const char *name;
	enum mailbox_type type;
	size_t at, size;
} mailbox_rows[] = {
	MAILBOX_ROW("Mailbox", MAILBOX_TEXT, name),
	MAILBOX_ROW("Account", MAILBOX_TEXT, account),
	MAILBOX_ROW("Settings", MAILBOX_TEXT, settings),
	MAILBOX_ROW("Since", MAILBOX_TIME, since),
	MAILBOX_ROW("Next", MAILBOX_TIME, next),
	MAILBOX_ROW("Failures", MAILBOX_NUMBER, failures),
	MAILBOX_ROW("Throttled", MAILBOX_TIME, throttled),
	MAILBOX_ROW("Rest", MAILBOX_TIME, rest),
	MAILBOX_ROW("Rests", MAILBOX_NUMBER, rests),
	MAILBOX_ROW("Written", MAILBOX_TIME, written),
	MAILBOX_ROW("Last", MAILBOX_TEXT, last),
	MAILBOX_ROW("Fault", MAILBOX_TEXT, fault),
	MAILBOX_ROW("Kind", MAILBOX_TEXT, kind),
	MAILBOX_ROW("Code", MAILBOX_TEXT, code),
	MAILBOX_ROW("Reason", MAILBOX_TEXT, reason),
	MAILBOX_ROW("Remedy", MAILBOX_TEXT, remedy),
};

/* --- the file */

static void
mailbox_take_line(struct mailbox *m, struct str name, struct str value)
{
	const struct mailbox_row *row;
	char *to;

	for (size_t i = 0; i < N(mailbox_rows); i++) {
		row = &mailbox_rows[i];
		if (!str_eq(name, str_of(row->name)))
			continue;
		to = (char *)m + row->at;
		if (row->type == MAILBOX_TIME)
			(void)date_parse_iso(value, (int64_t *)(void *)to);
		else if (row->type == MAILBOX_NUMBER)
			(void)str_u64(value, UINT32_MAX,
			    (uint64_t *)(void *)to);
		else {
			value = str_first(value, row->size - 1);
			memcpy(to, value.p, value.n);
			to[value.n] = '\0';
		}
	}
}

static void
mailbox_parse(const struct mailbox_place *at, struct str text,
    struct mailbox *out)
{
	struct str line;
	size_t colon;

	*out = (struct mailbox){ 0 };
	while (str_next(&text, '\n', &line)) {
		colon = str_find(line, STR(": "));
		mailbox_take_line(out, str_first(line, colon),
		    str_from(line, colon + 2));
	}
	if (out->written > clock_wall(at->clock) + MAILBOX_CLOCK_STEP)
		out->next = out->throttled = out->rest = 0;
}

static void
mailbox_print(const struct mailbox *m, struct buf *out)
{
	const struct mailbox_row *row;
	char when[DATE_ISO_SIZE];
	const char *from;
	int64_t t;
	uint64_t n;

	for (size_t i = 0; i < N(mailbox_rows); i++) {
		row = &mailbox_rows[i];
		from = (const char *)m + row->at;
		if (row->type == MAILBOX_TEXT) {
			if (*from != '\0')
				buf_addf(out, "%s: %s\n", row->name, from);
		} else if (row->type == MAILBOX_TIME) {
			memcpy(&t, from, sizeof(t));
			date_iso(t, when);
			if (t > 0)
				buf_addf(out, "%s: %s\n", row->name, when);
		} else {
			memcpy(&n, from, sizeof(n));
			if (n > 0)
				buf_addf(out, "%s: %llu\n", row->name,
				    (unsigned long long)n);
		}
	}
}

#define MAILBOX_FILE "mailbox-"

static bool
mailbox_path(const struct mailbox_place *at, char path[MAILBOX_PATH_SIZE])
{
	int n = snprintf(path, MAILBOX_PATH_SIZE, "%s/" MAILBOX_FILE "%s",
	    at->folder, at->key);

	return n > 0 && n < MAILBOX_PATH_SIZE;
}

bool
mailbox_key_of_file(struct str name, char key[MAILBOX_KEY_SIZE])
{
	struct str part = str_from(name, sizeof(MAILBOX_FILE) - 1);

	if (!str_starts(name, STR(MAILBOX_FILE)) || part.n >= MAILBOX_KEY_SIZE)
		return false;
	memcpy(key, part.p, part.n);
	return true;
}

struct mailbox_place
mailbox_place(const struct spool *s, const struct envelope *v)
{
	struct mailbox_place at = { .folder = s->path,
		.clock = s->clock,
		.durable = s->sync != SPOOL_NONE };

	mailbox_key(v, at.key);
	return at;
}

void
mailbox_read(const struct mailbox_place *at, struct mailbox *out)
{
	char path[MAILBOX_PATH_SIZE];
	struct err ignored;
	struct buf text;

	*out = (struct mailbox){ 0 };
	if (!mailbox_path(at, path))
		return;
	buf_init(&text, MAILBOX_FILE_MAX);
	if (os_read_regular(path, &text, &ignored))
		mailbox_parse(at, buf_view(&text), out);
	buf_release(&text);
}

/* In place: who waits for the lock has this file, and no other. */
static bool
mailbox_write(const struct mailbox_place *at, struct os_at to,
    struct mailbox *m, struct err *e)
{
	struct buf text;
	bool ok;

	m->written = clock_wall(at->clock);
	buf_init(&text, MAILBOX_FILE_MAX);
	mailbox_print(m, &text);
	ok = buf_ok(&text, e) && os_write_at(to, buf_view(&text), e) &&
	    os_cut(to.fd, to.name, text.n, e) &&
	    (!at->durable || os_sync(to.fd, to.name, e));
	buf_release(&text);
	return ok;
}

typedef bool mailbox_change_fn(struct mailbox *m, const void *arg);

/* change says whether there is something to write. */
static bool
mailbox_change(const struct mailbox_place *at, mailbox_change_fn *change,
    const void *arg, struct mailbox *out, struct err *e)
{
	char path[MAILBOX_PATH_SIZE];
	struct os_at file = { .name = path, .fd = -1 };
	struct buf text;
	bool ok;

	if (!mailbox_path(at, path))
		return err_set(e, ERR_CONFIG, "%s: a path too long",
		    at->folder);
	if (!os_lock(path, os_mono_ms() + MAILBOX_LOCK_MS, &file.fd, e))
		return false;
	buf_init(&text, MAILBOX_FILE_MAX);
	ok = os_read_fd(file.fd, path, &text, e);
	mailbox_parse(at, ok ? buf_view(&text) : STR(""), out);
	buf_release(&text);
	ok = !change(out, arg) || mailbox_write(at, file, out, e);
	os_close(&file.fd);
	return ok;
}

/* --- keys and settings */

static void
mailbox_hash_of(struct str text, char out[MAILBOX_KEY_SIZE])
{
	char hash[CRYPT_SHA256_HEX];

	crypt_sha256_hex(text, hash);
	memcpy(out, hash, MAILBOX_KEY_SIZE - 1);
	out[MAILBOX_KEY_SIZE - 1] = '\0';
}

void
mailbox_key_of(struct str mailbox, struct str client_id,
    char key[MAILBOX_KEY_SIZE])
{
	struct buf name;

	buf_init(&name, ENVELOPE_HEAD_MOST);
	for (size_t i = 0; i < mailbox.n; i++)
		buf_addc(&name, ascii_lower(mailbox.p[i]));
	buf_addc(&name, '\n');
	for (size_t i = 0; i < client_id.n; i++)
		buf_addc(&name, ascii_lower(client_id.p[i]));
	mailbox_hash_of(buf_view(&name), key);
	buf_release(&name);
}

/* --- what happens to it */

int64_t
mailbox_until(const struct mailbox *m)
{
	int64_t until = m->throttled > m->rest ? m->throttled : m->rest;

	return m->failures > 0 && m->next > until ? m->next : until;
}

enum err_kind
mailbox_kind(const struct mailbox *m)
{
	if (m->failures == 0)
		return ERR_RETRY;
	return strcmp(m->kind, err_kind_name(ERR_AUTH)) == 0 ? ERR_AUTH :
							       ERR_CONFIG;
}

static void
mailbox_describe(struct mailbox *m, const struct mailbox_note *n)
{
	const struct err *why = n->why;

	(void)snprintf(m->name, sizeof(m->name), "%.*s", STR_ARG(n->name));
	(void)snprintf(m->account, sizeof(m->account), "%.*s",
	    STR_ARG(n->account));
	if (n->settings[0] != '\0')
		(void)snprintf(m->settings, sizeof(m->settings), "%s",
		    n->settings);
	(void)snprintf(m->last, sizeof(m->last), "%s", n->id);
	(void)snprintf(m->kind, sizeof(m->kind), "%s",
	    err_kind_name(why->kind));
	(void)snprintf(m->code, sizeof(m->code), "%s", why->code);
	(void)snprintf(m->reason, sizeof(m->reason), "%s", why->msg);
	(void)snprintf(m->remedy, sizeof(m->remedy), "%s", why->remedy);
}

/* The service was not reached, or another message fared the same before. */
static bool
mailbox_is_away(const struct mailbox *m, const struct mailbox_note *n)
{
	const struct err *why = n->why;

	return why->away ||
	    (why->retry_after_ms == 0 && m->last[0] != '\0' &&
		strcmp(m->last, n->id) != 0 &&
		strcmp(m->kind, err_kind_name(why->kind)) == 0 &&
		strcmp(m->code, why->code) == 0);
}

/* Of a message that was refused for a setting or a permission. */
static bool
mailbox_has_refused(const struct mailbox *m)
{
	return m->last[0] != '\0' &&
	    (strcmp(m->kind, err_kind_name(ERR_AUTH)) == 0 ||
		strcmp(m->kind, err_kind_name(ERR_CONFIG)) == 0);
}

/* A time that Graph named stands until it is over. */
static void
mailbox_free(struct mailbox *m, int64_t now)
{
	if (m->throttled <= now) {
		m->throttled = 0;
		m->code[0] = m->reason[0] = m->remedy[0] = '\0';
	}
	m->failures = m->rests = 0;
	m->since = m->next = m->rest = 0;
}

/* This message went: it is not at fault, and the one before it is. */
static void
mailbox_works(struct mailbox *m, const char *id, int64_t now)
{
	if (strcmp(m->fault, id) == 0)
		m->fault[0] = '\0';
	if (mailbox_has_refused(m) && strcmp(m->last, id) != 0)
		memcpy(m->fault, m->last, sizeof(m->fault));
	m->last[0] = '\0';
	mailbox_free(m, now);
}

static void
mailbox_fails(struct mailbox *m, const struct mailbox_note *n, int64_t now)
{
	bool refused = n->what == MAILBOX_REFUSES;
	bool away = !refused && mailbox_is_away(m, n);
	int64_t after = n->why->retry_after_ms, until;

	mailbox_describe(m, n);
	until = now + (after + 999) / 1000;
	if (after > 0 && until > m->throttled)
		m->throttled = until;
	if (away)
		m->rest = schedule_rest(++m->rests, now, n->random);
	if (n->why->rest_ms > 0 && after == 0)
		m->rest = now + n->why->rest_ms / 1000;
	if (!refused)
		return;
	m->since = m->failures++ == 0 ? now : m->since;
	m->next = schedule_probe(m->failures, after, now, n->random);
}

struct mailbox_change {
	const struct mailbox_note *note;
	int64_t now;
	bool all;
};

static bool
mailbox_change_note(struct mailbox *m, const void *arg)
{
	const struct mailbox_change *c = arg;
	enum mailbox_event what = c->note->what;

	if (what == MAILBOX_FAILED || what == MAILBOX_REFUSES) {
		mailbox_fails(m, c->note, c->now);
		return true;
	}
	/* a message that is refused says little about a setting */
	if (what == MAILBOX_ANSWERS && m->failures > 0)
		return false;
	m->freed = m->failures > 0;
	if (what == MAILBOX_SENT)
		mailbox_works(m, c->note->id, c->now);
	else
		mailbox_free(m, c->now);
	return true;
}

static bool
mailbox_is_clean(const struct mailbox *m)
{
	return m->reason[0] == '\0' && m->last[0] == '\0' &&
	    m->fault[0] == '\0' && m->throttled == 0;
}

bool
mailbox_note(const struct mailbox_place *at, const struct mailbox_note *n,
    struct mailbox *out, struct err *e)
{
	const struct mailbox_change c = { n, clock_wall(at->clock), false };
	struct mailbox own;

	if (out == NULL)
		out = &own;
	if (n->what != MAILBOX_FAILED && n->what != MAILBOX_REFUSES) {
		/* all is well, as mostly: no lock, and no file */
		mailbox_read(at, out);
		if (n->what == MAILBOX_UNTOLD || mailbox_is_clean(out))
			return true;
	}
	return mailbox_change(at, mailbox_change_note, &c, out, e);
}

static bool
mailbox_change_release(struct mailbox *m, const void *arg)
{
	const struct mailbox_change *c = arg;
	struct mailbox was;

	memcpy(&was, m, sizeof(was));
	if (c->all)
		m->throttled = 0;
	/* whose try failed last stays known, so that another one is next */
	if (!mailbox_has_refused(m))
		m->last[0] = '\0';
	mailbox_free(m, c->now);
	return memcmp(&was, m, sizeof(was)) != 0;
}

bool
mailbox_release(const struct mailbox_place *at, bool all, struct mailbox *out,
    struct err *e)
{
	const struct mailbox_change c = { NULL, clock_wall(at->clock), all };

	mailbox_read(at, out);
	if (mailbox_is_clean(out))
		return true;
	return mailbox_change(at, mailbox_change_release, &c, out, e);
}

void
mailbox_key(const struct envelope *v, char key[MAILBOX_KEY_SIZE])
{
	struct buf name;

	if (v->mailbox.n > 0) {
		mailbox_key_of(v->mailbox, v->client_id, key);
		return;
	}
	/* version 1 says the account, and its --from chose the mailbox */
	buf_init(&name, ENVELOPE_HEAD_MOST);
	buf_adds(&name, v->account);
	buf_addc(&name, '\n');
	buf_adds(&name, options_read(v->options).from);
	mailbox_hash_of(buf_view(&name), key);
	buf_release(&name);
}

const char *
mailbox_known_key(struct mailbox_known *k, const struct envelope *v)
{
	struct str name = v->mailbox, client = v->client_id;

	if (name.n > 0 && str_eq(name, str_of(k->name)) &&
	    str_eq(client, str_of(k->client_id)))
		return k->key;
	mailbox_key(v, k->key);
	/* what does not fit is not known */
	if (name.n >= sizeof(k->name) || client.n >= sizeof(k->client_id))
		name = client = (struct str){ 0 };
	(void)snprintf(k->name, sizeof(k->name), "%.*s", STR_ARG(name));
	(void)snprintf(k->client_id, sizeof(k->client_id), "%.*s",
	    STR_ARG(client));
	return k->key;
}

bool
mailbox_refused(const struct spool *s, const struct envelope *v,
    char id[ENVELOPE_ID_SIZE])
{
	const struct mailbox_place at = mailbox_place(s, v);
	struct mailbox m;

	mailbox_read(&at, &m);
	memcpy(id, m.last, sizeof(m.last));
	return mailbox_has_refused(&m);
}
