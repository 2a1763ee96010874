/* SPDX-License-Identifier: MIT */
#include "net/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypt.h"
#include "base/err.h"
#include "base/os.h"
#include "base/replace.h"

/*
 * SHA-256 of the rest as hex, a line end, "post365 tls 1 <expires>", a line
 * end, the session: a file that was cut or changed is seen.
 */
#define MAGIC "\npost365 tls 1 "
enum {
	SUM_SIZE = CRYPT_SHA256_HEX - 1,
	EXPIRES_DIGITS = 12, /* until the year 33658 */
	REST_HEAD = sizeof(MAGIC) - 1 + EXPIRES_DIGITS + 1,
	HEAD_SIZE = SUM_SIZE + REST_HEAD
};

const char *
session_path(struct arena *mem, const struct session_for *f)
{
	char sum[CRYPT_SHA256_HEX];
	struct str what;

	if (f->folder.n == 0)
		return NULL;
	what =
	    arena_fmt(mem, "%.*s\n%.*s", STR_ARG(f->peer), STR_ARG(f->trust));
	if (what.p == NULL)
		return NULL;
	crypt_sha256_hex(what, sum);
	return arena_fmt(mem, "%.*s/tls-%s", STR_ARG(f->folder), sum).p;
}

static bool
is_valid(struct str s, int64_t now)
{
	struct str rest = str_from(s, SUM_SIZE), told;
	char sum[CRYPT_SHA256_HEX];
	uint64_t expires;

	if (s.n < HEAD_SIZE || !str_starts(rest, STR(MAGIC)))
		return false;
	crypt_sha256_hex(rest, sum);
	told = str_first(str_from(rest, sizeof(MAGIC) - 1), EXPIRES_DIGITS);
	/* a clock that was put back must not make it live longer */
	return str_eq(str_first(s, SUM_SIZE), str_of(sum)) &&
	    str_u64(told, INT64_MAX, &expires) && (int64_t)expires > now &&
	    (int64_t)expires <= now + SESSION_LIFE_S;
}

bool
session_load(const char *path, int64_t now, struct buf *out)
{
	size_t before = out->n;
	struct err ignored;
	struct buf file;
	bool ok;

	if (path == NULL)
		return false;
	buf_init_secret(&file, SESSION_LIMIT + HEAD_SIZE);
	ok = os_read_private(path, &file, &ignored) &&
	    is_valid(buf_view(&file), now);
	if (ok)
		buf_adds(out, str_from(buf_view(&file), HEAD_SIZE));
	buf_release(&file);
	if (ok && buf_ok(out, &ignored))
		return true;
	buf_rewind(out, before);
	return false;
}

static bool
write_file(const char *path, struct str s)
{
	struct replace_how how = { .mode = 0600, .sweep = true };
	char folder[4096];
	struct err ignored;
	int n;

	if (replace_file(path, s, how, &ignored))
		return true;
	n = snprintf(folder, sizeof(folder), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(folder))
		return false;
	*strrchr(folder, '/') = '\0'; /* session_path put one there */
	return os_mkdirs(folder, 0700, &ignored) &&
	    replace_file(path, s, how, &ignored);
}

bool
session_save(const char *path, int64_t expires, struct str s)
{
	char sum[CRYPT_SHA256_HEX];
	struct err ignored;
	struct buf file;
	bool ok;

	if (path == NULL)
		return false;
	buf_init_secret(&file, SESSION_LIMIT + HEAD_SIZE);
	buf_addf(&file, "%*s" MAGIC "%0*lld\n", SUM_SIZE, "", EXPIRES_DIGITS,
	    (long long)expires);
	buf_adds(&file, s);
	ok = buf_ok(&file, &ignored);
	if (ok) {
		crypt_sha256_hex(str_from(buf_view(&file), SUM_SIZE), sum);
		memcpy(file.p, sum, SUM_SIZE);
		ok = write_file(path, buf_view(&file));
	}
	buf_release(&file);
	return ok;
}

void
session_forget(const char *path)
{
	if (path != NULL)
		(void)unlink(path);
}
