/* SPDX-License-Identifier: MIT */
#include "relay/users.h"

#include <crypt.h>
#include <string.h>

#include "base/os.h"
#include "base/private.h"
#include "base/secret.h"

enum {
	USERS_NAME_MOST = 256,
	USERS_PASSWORD_MOST = 512, /* crypt(3) hashes no more of it */
	USERS_SALT = 16
};

/* What crypt(3) of musl knows. DES and MD5 can be guessed: not taken. */
static const struct str users_kinds[] = { STR_INIT("$2a$"), STR_INIT("$2b$"),
	STR_INIT("$2y$"), STR_INIT("$5$"), STR_INIT("$6$") };

static bool
users_is_hash(struct str text)
{
	for (size_t i = 0; i < sizeof(users_kinds) / sizeof(*users_kinds); i++)
		if (str_starts(text, users_kinds[i]))
			return text.n > users_kinds[i].n + 20 &&
			    text.n < USERS_HASH_SIZE;
	return false;
}

static bool
users_take_words(struct str words, struct rule *r, struct err *e)
{
	struct str word;
	bool known;

	while (str_next(&words, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (!rule_word(word, r, &known, e))
			return false;
		if (!known)
			return err_set(e, ERR_CONFIG,
			    "\"%.*s\" is no word of a user: from=, to=, "
			    "account=, rewrite=, rate=, clients=, net=, "
			    "role=admin",
			    STR_ARG(word));
	}
	return true;
}

static bool
users_take_line(struct str line, struct user *u, struct err *e)
{
	size_t colon = str_chr(line, ':');
	struct str rest = str_from(line, colon + 1);

	if (colon == 0 || colon == line.n || colon > USERS_NAME_MOST)
		return err_set(e, ERR_CONFIG,
		    "it is not of the form user:hash[:words]");
	u->name = str_first(line, colon);
	u->hash = str_first(rest, str_chr(rest, ':'));
	if (!users_is_hash(u->hash)) {
		err_set(e, ERR_CONFIG,
		    "behind \"%.*s:\" stands no hash that is taken here "
		    "($2y$, $5$, $6$)",
		    STR_ARG(u->name));
		return err_remedy(e,
		    "make one by `post365 relay --hash-password`, `openssl "
		    "passwd -6` or `htpasswd -nB`");
	}
	return users_take_words(str_from(rest, u->hash.n + 1), &u->rule, e);
}

bool
users_parse(struct arena *a, struct str file, struct str text,
    struct user **out, struct err *e)
{
	struct user *u;
	struct str line;
	unsigned n = 0;

	while (str_next(&text, '\n', &line)) {
		n++;
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		u = arena_alloc(a, sizeof(*u));
		if (u == NULL)
			return arena_ok(a, e);
		if (!users_take_line(line, u, e))
			return err_wrap(e, "%.*s:%u", STR_ARG(file), n);
		for (const struct user *v = *out; v != NULL; v = v->next)
			if (str_eq(v->name, u->name))
				return err_set(e, ERR_CONFIG,
				    "%.*s:%u: there is a user \"%.*s\" already",
				    STR_ARG(file), n, STR_ARG(u->name));
		u->next = *out;
		*out = u;
	}
	return true;
}

bool
users_read(struct arena *a, struct str path, struct user **out, struct err *e)
{
	struct buf text;
	bool ok;

	buf_init_secret(&text, USERS_FILE_MOST);
	ok = os_read_file(path.p, &text, e);
	if (!ok && e->kind == ERR_INPUT) {
		e->kind = ERR_CONFIG;
		e->exit = 0;
	}
	ok = (ok || err_wrap(e, "auth_file")) &&
	    users_parse(a, path, arena_str(a, buf_view(&text)), out, e) &&
	    arena_ok(a, e);
	buf_release(&text);
	return ok;
}

static bool
users_is_token(struct str token, const char *path, struct err *e)
{
	bool plain = true;

	for (size_t i = 0; i < token.n; i++)
		plain = plain && token.p[i] > ' ' && token.p[i] < 0x7f;
	return (plain && token.n >= USERS_TOKEN_LEAST) ||
	    err_set(e, ERR_CONFIG,
		"%s: it must be one line of %d characters or more, without "
		"blanks",
		path, USERS_TOKEN_LEAST);
}

bool
users_read_token(struct str path, const struct log *log, struct buf *out,
    struct err *e)
{
	struct os_stat st;
	struct buf text;
	struct str token;
	struct err gone;
	bool ok;

	buf_init_secret(&text, USERS_TOKEN_MOST);
	ok = private_read(path.p, &text, &st, e);
	if (!ok && os_stat_path(path.p, &st, &gone))
		(void)err_remedy(e, "chgrp post365 %s && chmod 640 %s", path.p,
		    path.p);
	ok = ok && private_check(path.p, &st, log, e);
	token = str_trim(buf_view(&text));
	ok = ok && users_is_token(token, path.p, e);
	if (ok)
		buf_adds(out, token);
	buf_release(&text);
	if (ok && buf_ok(out, e))
		return true;
	if (e->remedy[0] == '\0')
		(void)err_remedy(e, "(umask 077; openssl rand -hex 32 >%s)",
		    path.p);
	return err_wrap(e, "web_token_file");
}

const struct user *
users_find(const struct user *list, struct str name)
{
	const struct user *bare = NULL;
	struct str before = str_first(name, str_chr(name, '@'));

	for (; list != NULL; list = list->next) {
		if (str_eq(list->name, name))
			return list;
		if (str_eq(list->name, before))
			bare = list;
	}
	return bare;
}

/* crypt(3) of the password; false: it knows no such setting. */
static bool
users_crypt(struct str password, const char *setting, char out[USERS_HASH_SIZE])
{
	char z[USERS_PASSWORD_MOST + 1];
	struct crypt_data data = { 0 };
	const char *made;
	size_t n;

	memcpy(z, password.p, password.n);
	z[password.n] = '\0';
	made = crypt_r(z, setting, &data);
	secret_wipe(z, sizeof(z));
	n = made != NULL && made[0] != '*' ? str_of(made).n : 0;
	if (n > 0 && n < USERS_HASH_SIZE)
		memcpy(out, made, n + 1);
	secret_wipe(&data, sizeof(data));
	return n > 0 && n < USERS_HASH_SIZE;
}

static bool
users_is_password(struct str password)
{
	return password.n > 0 && password.n <= USERS_PASSWORD_MOST &&
	    str_chr(password, '\0') == password.n;
}

bool
users_fits(struct str hash, struct str password)
{
	/* of nobody: its password is not known to anyone */
	static const struct str nobody =
	    STR_INIT("$6$wrong.wrong.wron$"
		     "0000000000000000000000000000000000000000000"
		     "0000000000000000000000000000000000000000000");
	char setting[USERS_HASH_SIZE], made[USERS_HASH_SIZE] = "";
	struct str against = hash.n > 0 ? hash : nobody;
	bool fits;

	if (!users_is_password(password) || against.n >= sizeof(setting))
		return false;
	memcpy(setting, against.p, against.n);
	setting[against.n] = '\0';
	fits = users_crypt(password, setting, made) && hash.n > 0 &&
	    str_eq(str_of(made), hash);
	secret_wipe(made, sizeof(made));
	return fits;
}

bool
users_hash(struct str password, char out[USERS_HASH_SIZE], struct err *e)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	char setting[4 + USERS_SALT] = "$6$";
	unsigned char random[USERS_SALT];

	if (!users_is_password(password))
		return err_set(e, ERR_INPUT,
		    "a password has 1 to %d bytes, none of them NUL",
		    USERS_PASSWORD_MOST);
	os_random(random, sizeof(random));
	for (size_t i = 0; i < USERS_SALT; i++)
		setting[3 + i] = digits[random[i] % 64];
	setting[3 + USERS_SALT] = '\0';
	return users_crypt(password, setting, out) ||
	    err_set(e, ERR_BUG, "crypt(3) made no hash");
}
