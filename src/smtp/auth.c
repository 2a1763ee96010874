/* SPDX-License-Identifier: MIT */
#include "smtp/auth.h"

#include "codec/base64.h"

static const char auth_ask_plain[] = "334 ";
static const char auth_ask_user[] = "334 VXNlcm5hbWU6";
static const char auth_ask_password[] = "334 UGFzc3dvcmQ6";

void
auth_release(struct auth *a)
{
	buf_release(&a->user);
	buf_release(&a->password);
	*a = (struct auth){ 0 };
}

/* The end of it, in sorrow. */
static const char *
auth_fail(struct auth *a, const char *reply)
{
	auth_release(a);
	return reply;
}

/* "=" stands for nothing (RFC 4954 4). */
static bool
auth_decode(struct str text, struct buf *out)
{
	struct err unsaid;

	if (str_eq(text, STR("=")))
		return true;
	return base64_decode(out, text, &unsaid) && buf_ok(out, &unsaid);
}

/* "who to be" NUL "user" NUL "password" */
static bool
auth_split(struct auth *a, struct str text)
{
	size_t first = str_chr(text, '\0');
	struct str who = str_first(text, first), rest, user;

	if (first == text.n)
		return false;
	rest = str_from(text, first + 1);
	if (str_chr(rest, '\0') == rest.n)
		return false;
	user = str_first(rest, str_chr(rest, '\0'));
	if (who.n > 0 && !str_eq(who, user))
		return true;
	buf_adds(&a->user, user);
	buf_adds(&a->password, str_from(rest, user.n + 1));
	return true;
}

static const char *
auth_take_plain(struct auth *a, struct str line)
{
	struct buf text;
	struct err unsaid;
	bool ok;

	buf_init_secret(&text, 3 * AUTH_WORD_MAX + 2);
	ok = auth_decode(line, &text) && auth_split(a, buf_view(&text)) &&
	    buf_ok(&a->user, &unsaid) && buf_ok(&a->password, &unsaid);
	buf_release(&text);
	a->wants = AUTH_NOTHING;
	return ok ? NULL :
		    auth_fail(a, "501 5.5.2 That is no sign-in of PLAIN");
}

/* A line of LOGIN: then the next is asked for, or it is over. */
static const char *
auth_take_word(struct auth *a, struct str line)
{
	bool user = a->wants == AUTH_USER;

	if (!auth_decode(line, user ? &a->user : &a->password))
		return auth_fail(a, "501 5.5.2 That is no base64");
	a->wants = user ? AUTH_PASSWORD : AUTH_NOTHING;
	return user ? auth_ask_password : NULL;
}

const char *
auth_line(struct auth *a, struct str line)
{
	if (str_eq(line, STR("*")))
		return auth_fail(a, "501 5.7.0 Given up");
	return a->wants == AUTH_PLAIN ? auth_take_plain(a, line) :
					auth_take_word(a, line);
}

const char *
auth_begin(struct auth *a, struct str argument)
{
	struct str word, rest = argument;
	bool plain;

	auth_release(a);
	if (argument.n == 0)
		return "501 5.5.4 AUTH by which mechanism?";
	(void)str_next(&rest, ' ', &word);
	rest = str_trim(rest);
	plain = str_ieq(word, STR("PLAIN"));
	if (!plain && !str_ieq(word, STR("LOGIN")))
		return "504 5.5.4 PLAIN and LOGIN are known";
	buf_init_secret(&a->user, AUTH_WORD_MAX);
	buf_init_secret(&a->password, AUTH_WORD_MAX);
	a->wants = plain ? AUTH_PLAIN : AUTH_USER;
	if (rest.n > 0)
		return auth_line(a, rest);
	return plain ? auth_ask_plain : auth_ask_user;
}
