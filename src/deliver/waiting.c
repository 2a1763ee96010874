/* SPDX-License-Identifier: MIT */
#include "deliver/waiting.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypt.h"
#include "base/os.h"
#include "base/replace.h"
#include "codec/date.h"
#include "deliver/enqueue.h"
#include "net/sign.h"

enum {
	FILE_MAX = 8192,
	PATH_SIZE = 4096, /* PATH_MAX */
	CLOCK_STEP = 60,  /* seconds; less waits for the clock to catch up */
	SETTINGS_MAX = 64 * 1024
};

static const struct {
	const char *name;
	size_t at;
} times[] = {
	{ "Since", offsetof(struct waiting, since) },
	{ "Next", offsetof(struct waiting, next) },
	{ "Throttled", offsetof(struct waiting, throttled) },
	{ "Rest", offsetof(struct waiting, rest) },
	{ "Written", offsetof(struct waiting, written) },
};

static const struct {
	const char *name;
	size_t at;
} numbers[] = {
	{ "Failures", offsetof(struct waiting, failures) },
	{ "Rests", offsetof(struct waiting, rests) },
};

static const struct {
	const char *name;
	size_t at, size;
} texts[] = {
	{ "Account", offsetof(struct waiting, name), WAITING_NAME_SIZE },
	{ "Settings", offsetof(struct waiting, settings), WAITING_HASH_SIZE },
	{ "Last", offsetof(struct waiting, last), ENVELOPE_ID_SIZE },
	{ "Fault", offsetof(struct waiting, fault), ENVELOPE_ID_SIZE },
	{ "Kind", offsetof(struct waiting, kind), 16 },
	{ "Code", offsetof(struct waiting, code), ERR_CODE_SIZE },
	{ "Reason", offsetof(struct waiting, reason), ERR_MSG_SIZE },
};

#define N(table) (sizeof(table) / sizeof(*(table)))

static bool
path_of(const struct spool *s, const struct envelope *v, char path[PATH_SIZE])
{
	struct str from = enqueue_options_read(v->options).from;
	char hash[CRYPT_SHA256_HEX];
	struct buf name;
	int n;

	buf_init(&name, ENVELOPE_HEAD_MOST);
	buf_adds(&name, v->account);
	buf_addc(&name, '\n');
	buf_adds(&name, from);
	crypt_sha256_hex(buf_view(&name), hash);
	buf_release(&name);
	n = snprintf(path, PATH_SIZE, "%s/account-%.16s", s->path, hash);
	return n > 0 && n < PATH_SIZE;
}

static void
take_line(struct waiting *w, struct str name, struct str value)
{
	char *to;
	size_t n;

	for (size_t i = 0; i < N(times); i++)
		if (str_eq(name, str_of(times[i].name)))
			(void)date_parse_iso(value,
			    (int64_t *)(void *)((char *)w + times[i].at));
	for (size_t i = 0; i < N(texts); i++) {
		if (!str_eq(name, str_of(texts[i].name)))
			continue;
		to = (char *)w + texts[i].at;
		n = value.n < texts[i].size ? value.n : texts[i].size - 1;
		memcpy(to, value.p, n);
		to[n] = '\0';
	}
	for (size_t i = 0; i < N(numbers); i++)
		if (str_eq(name, str_of(numbers[i].name)))
			(void)str_u64(value, UINT32_MAX,
			    (uint64_t *)(void *)((char *)w + numbers[i].at));
}

void
waiting_read(const struct spool *s, const struct envelope *v,
    struct waiting *out)
{
	struct str rest, line;
	char path[PATH_SIZE];
	struct err ignored;
	struct buf text;
	size_t colon;

	*out = (struct waiting){ 0 };
	if (!path_of(s, v, path))
		return;
	buf_init(&text, FILE_MAX);
	if (os_read_regular(path, &text, &ignored)) {
		rest = buf_view(&text);
		while (str_next(&rest, '\n', &line)) {
			colon = str_find(line, STR(": "));
			take_line(out, str_first(line, colon),
			    str_from(line, colon + 2));
		}
	}
	buf_release(&text);
	if (out->written > clock_wall(s->clock) + CLOCK_STEP)
		out->next = out->throttled = out->rest = 0;
}

bool
waiting_write(const struct spool *s, const struct envelope *v,
    const struct waiting *w, struct err *e)
{
	const struct replace_how how = { .mode = s->dir[SPOOL_NEW].mode,
		.durable = s->sync != SPOOL_NONE,
		.sweep = true };
	struct waiting now = *w;
	char path[PATH_SIZE], when[DATE_ISO_SIZE];
	const char *text;
	struct buf out;
	int64_t t;
	bool ok;

	if (!path_of(s, v, path))
		return err_set(e, ERR_CONFIG, "%s: a path too long", s->path);
	now.written = clock_wall(s->clock);
	buf_init(&out, FILE_MAX);
	for (size_t i = 0; i < N(texts); i++) {
		text = (const char *)w + texts[i].at;
		if (text[0] != '\0')
			buf_addf(&out, "%s: %s\n", texts[i].name, text);
	}
	for (size_t i = 0; i < N(times); i++) {
		t = *(const int64_t *)(const void *)((const char *)&now +
		    times[i].at);
		date_iso(t, when);
		if (t > 0)
			buf_addf(&out, "%s: %s\n", times[i].name, when);
	}
	for (size_t i = 0; i < N(numbers); i++)
		buf_addf(&out, "%s: %llu\n", numbers[i].name,
		    (unsigned long long)*(
			const uint64_t *)(const void *)((const char *)w +
			numbers[i].at));
	ok = buf_ok(&out, e) && replace_file(path, buf_view(&out), how, e);
	buf_release(&out);
	return ok;
}

int64_t
waiting_until(const struct waiting *w)
{
	int64_t until = w->throttled > w->rest ? w->throttled : w->rest;

	return w->failures > 0 && w->next > until ? w->next : until;
}

/* Of a message that was refused for a setting or a permission. */
static bool
waiting_has_refused(const struct waiting *w)
{
	return w->last[0] != '\0' &&
	    (strcmp(w->kind, err_kind_name(ERR_AUTH)) == 0 ||
		strcmp(w->kind, err_kind_name(ERR_CONFIG)) == 0);
}

bool
waiting_is_turn(const struct waiting *w, struct str id)
{
	return !waiting_has_refused(w) || str_cmp(id, str_of(w->last)) > 0;
}

/* Writes what is left of it, or nothing. */
static bool
waiting_keep(const struct spool *s, const struct envelope *v, struct waiting *w,
    struct err *e)
{
	char path[PATH_SIZE];

	if (w->throttled <= clock_wall(s->clock)) {
		w->throttled = 0;
		w->code[0] = w->reason[0] = '\0';
	}
	w->failures = w->rests = 0; /* the time that was named stays */
	w->since = w->next = w->rest = 0;
	if (w->throttled > 0 || w->last[0] != '\0' || w->fault[0] != '\0')
		return waiting_write(s, v, w, e);
	if (path_of(s, v, path))
		os_remove(path);
	return true;
}

bool
waiting_release(const struct spool *s, const struct envelope *v, struct err *e)
{
	struct waiting w;

	waiting_read(s, v, &w);
	if (!waiting_has_refused(&w))
		w.last[0] = '\0';
	return waiting_keep(s, v, &w, e);
}

bool
waiting_works(const struct spool *s, const struct envelope *v, struct err *e)
{
	struct waiting w;

	waiting_read(s, v, &w);
	if (str_eq(v->id, str_of(w.fault)))
		w.fault[0] = '\0';
	if (waiting_has_refused(&w) && !str_eq(v->id, str_of(w.last)))
		memcpy(w.fault, w.last, sizeof(w.fault));
	w.last[0] = '\0';
	return waiting_keep(s, v, &w, e);
}

/* The settings' own file: its size and time. */
static void
add_stat(struct buf *out, struct str path)
{
	struct err ignored;
	struct os_stat st;

	if (path.n > 0 && os_stat_path(path.p, &st, &ignored))
		buf_addf(out, "%lld %llu", (long long)st.mtime,
		    (unsigned long long)st.size);
	buf_adds(out, path);
	buf_addc(out, '\n');
}

static void
add_proof(struct buf *out, struct str proof)
{
	char hash[CRYPT_SHA256_HEX];

	crypt_sha256_hex(proof, hash);
	buf_addf(out, "%s\n", hash);
}

static void
add_proof_file(struct buf *out, struct str path)
{
	struct err ignored;
	struct buf text;

	buf_adds(out, path);
	buf_init_secret(&text, SIGN_FILE_MAX);
	if (path.n > 0)
		(void)!os_read_regular(path.p, &text, &ignored);
	add_proof(out, buf_view(&text));
	buf_release(&text);
}

void
waiting_hash(const struct config *c, char out[WAITING_HASH_SIZE])
{
	const struct str plain[] = { c->tenant_id, c->client_id, c->mailbox,
		c->from, c->login_url, c->graph_url, c->scope, c->delivery,
		c->client_secret_command, c->managed_identity, c->ca,
		c->federated_token_file };
	/* the federated token's file changes by itself, every hour */
	const struct str file[] = { c->client_secret_file,
		c->client_certificate, c->client_certificate_key,
		c->client_certificate_password_file };
	char hash[CRYPT_SHA256_HEX];
	struct buf all;

	buf_init(&all, SETTINGS_MAX);
	for (size_t i = 0; i < N(plain); i++) {
		buf_adds(&all, plain[i]);
		buf_addc(&all, '\n');
	}
	add_stat(&all, c->file);
	for (size_t i = 0; i < N(file); i++)
		add_proof_file(&all, file[i]);
	/* a file's secret is read at some time, and counts above */
	add_proof(&all,
	    c->client_secret_file.n == 0 ? secret_view(&c->client_secret) :
					   STR(""));
	crypt_sha256_hex(buf_view(&all), hash);
	buf_release(&all);
	memcpy(out, hash, WAITING_HASH_SIZE - 1);
	out[WAITING_HASH_SIZE - 1] = '\0';
}
