/* SPDX-License-Identifier: MIT */
#include "smtp/syntax.h"

#include "codec/utf8.h"

/* As many digits as RFC 1870 has for SIZE: 20; kept from overflowing. */
enum { ENVID_MAX = 100 /* RFC 3461 4.4 */ };
static const uint64_t size_max = UINT64_MAX / 16;

static const struct {
	struct str name;
	enum syntax_verb verb;
} verbs[] = {
	/* clang-format off */
	{ STR_INIT("HELO"), SYNTAX_HELO },
	{ STR_INIT("EHLO"), SYNTAX_EHLO },
	{ STR_INIT("MAIL"), SYNTAX_MAIL },
	{ STR_INIT("RCPT"), SYNTAX_RCPT },
	{ STR_INIT("DATA"), SYNTAX_DATA },
	{ STR_INIT("BDAT"), SYNTAX_BDAT },
	{ STR_INIT("RSET"), SYNTAX_RSET },
	{ STR_INIT("NOOP"), SYNTAX_NOOP },
	{ STR_INIT("VRFY"), SYNTAX_VRFY },
	{ STR_INIT("EXPN"), SYNTAX_EXPN },
	{ STR_INIT("ETRN"), SYNTAX_ETRN },
	{ STR_INIT("TURN"), SYNTAX_TURN },
	{ STR_INIT("HELP"), SYNTAX_HELP },
	{ STR_INIT("STARTTLS"), SYNTAX_STARTTLS },
	{ STR_INIT("AUTH"), SYNTAX_AUTH },
	{ STR_INIT("QUIT"), SYNTAX_QUIT },
	/* what a browser can be made to send to any port */
	{ STR_INIT("GET"), SYNTAX_FOREIGN },
	{ STR_INIT("POST"), SYNTAX_FOREIGN },
	{ STR_INIT("PUT"), SYNTAX_FOREIGN },
	{ STR_INIT("HEAD"), SYNTAX_FOREIGN },
	{ STR_INIT("CONNECT"), SYNTAX_FOREIGN },
	{ STR_INIT("OPTIONS"), SYNTAX_FOREIGN },
	{ STR_INIT("PRI"), SYNTAX_FOREIGN },
	{ STR_INIT("PROXY"), SYNTAX_FOREIGN },
	/* clang-format on */
};

/* Takes the word in front off *rest, and the blanks behind it. */
static struct str
take_word(struct str *rest)
{
	struct str word;
	size_t n = 0;

	while (n < rest->n && !ascii_is_blank(rest->p[n]))
		n++;
	word = str_first(*rest, n);
	*rest = str_trim(str_from(*rest, n));
	return word;
}

struct str
syntax_verb_name(enum syntax_verb verb)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (verbs[i].verb == verb && verb != SYNTAX_FOREIGN)
			return verbs[i].name;
	return STR("UNKNOWN");
}

enum syntax_verb
syntax_command(struct str line, struct str *argument)
{
	struct str word;

	*argument = str_trim(line);
	word = take_word(argument);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (str_ieq(verbs[i].name, word))
			return verbs[i].verb;
	return word.n > 1 && str_ends(word, STR(":")) ? SYNTAX_FOREIGN :
							SYNTAX_UNKNOWN;
}

/* Paths */

/* Takes "FROM:" off *rest; there are clients with a blank before the colon. */
static bool
take_label(struct str *rest, struct str label)
{
	if (!str_istarts(*rest, label))
		return false;
	*rest = str_trim(str_from(*rest, label.n));
	if (!str_starts(*rest, STR(":")))
		return false;
	*rest = str_trim(str_from(*rest, 1));
	return rest->n > 0;
}

/* How far "<...>" goes: a '>' in quotes does not end it. 0: it has no end. */
static size_t
bracketed(struct str s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '>' && !quoted)
			return i + 1;
	}
	return 0;
}

/* Takes the path off *rest; its brackets go. */
static bool
take_path(struct str *rest, struct str *path)
{
	size_t n;

	if (!str_starts(*rest, STR("<"))) {
		*path = take_word(rest);
		return true;
	}
	n = bracketed(*rest);
	if (n == 0 || (n < rest->n && !ascii_is_blank(rest->p[n])))
		return false;
	*path = str_trim((struct str){ rest->p + 1, n - 2 });
	*rest = str_trim(str_from(*rest, n));
	return true;
}

/* RFC 5321 C: "@one,@two:user@domain"; where it goes is what counts. */
static struct str
without_route(struct str path)
{
	size_t colon = str_chr(path, ':');

	if (str_starts(path, STR("@")) && colon < path.n)
		return str_from(path, colon + 1);
	return path;
}

/*
 * A path has none of what a header's address may have: name, comment,
 * group, blanks. What is outside quotes must be free of their characters.
 */
static bool
is_plain(struct str path)
{
	static const char special[] = "()<>,;: \t";
	struct str specials = { special, sizeof(special) - 1 };
	bool quoted = false;

	if (str_ends(path, STR("]"))) /* colons of IPv6 */
		path = str_first(path, str_chr(path, '['));
	for (size_t i = 0; i < path.n; i++) {
		if (quoted && path.p[i] == '\\')
			i++;
		else if (path.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && str_chr(specials, path.p[i]) < specials.n)
			return false;
	}
	return true;
}

static enum syntax_fault
parse_path(struct arena *a, struct str path, struct addr **out)
{
	struct err e;

	path = without_route(path);
	if (!is_plain(path) || !utf8_is_valid(path))
		return SYNTAX_BAD_PATH;
	/* the line will be gone when the address is still wanted */
	if (addr_parse(a, arena_str(a, path), true, out, &e))
		return SYNTAX_GOOD;
	return e.kind == ERR_INPUT && arena_ok(a, &e) ? SYNTAX_BAD_PATH :
							SYNTAX_NO_MEMORY;
}

/* Parameters */

static bool
one_of(struct str value, const char *const *words)
{
	while (*words != NULL && !str_ieq(str_of(*words), value))
		words++;
	return *words != NULL;
}

static bool
set_size(struct str value, void *to)
{
	struct syntax_mail *m = to;
	size_t digits = 0;

	if (str_u64(value, size_max, &m->size))
		return true;
	/* RFC 1870 3: 20 digits; what is more than can be is too much */
	while (digits < value.n && ascii_is_digit(value.p[digits]))
		digits++;
	m->size = size_max;
	return value.n > 0 && digits == value.n && digits <= 20;
}

static bool
set_body(struct str value, void *to)
{
	/* BINARYMIME is not among them: lines are what we pass on */
	static const char *const words[] = { "7BIT", "8BITMIME", NULL };

	(void)to;
	return one_of(value, words);
}

static bool
set_utf8(struct str value, void *to)
{
	struct syntax_mail *m = to;

	m->utf8 = true;
	return value.p == NULL;
}

static bool
set_ret(struct str value, void *to)
{
	static const char *const words[] = { "FULL", "HDRS", NULL };
	struct syntax_mail *m = to;

	m->full = str_ieq(value, STR("FULL"));
	return one_of(value, words);
}

static bool
set_envid(struct str value, void *to)
{
	struct syntax_mail *m = to;

	m->envid = value;
	return value.n > 0 && value.n <= ENVID_MAX;
}

/* Who signed in elsewhere: nothing that we would believe. */
static bool
ignore(struct str value, void *to)
{
	(void)to;
	return value.n > 0;
}

static bool
set_notify(struct str value, void *to)
{
	struct syntax_rcpt *r = to;

	return notify_parse(value, &r->to->notify.when);
}

static bool
set_orcpt(struct str value, void *to)
{
	struct syntax_rcpt *r = to;

	r->to->notify.original = value;
	return notify_is_original(value);
}

struct param {
	struct str name;
	/* value.p is NULL where no '=' stands */
	bool (*set)(struct str value, void *to);
};

enum { PARAMS_MAX = 8 };

/* clang-format off */
static const struct param mail_params[] = {
	{ STR_INIT("SIZE"), set_size },
	{ STR_INIT("BODY"), set_body },
	{ STR_INIT("SMTPUTF8"), set_utf8 },
	{ STR_INIT("RET"), set_ret },
	{ STR_INIT("ENVID"), set_envid },
	{ STR_INIT("AUTH"), ignore },
	{ { NULL, 0 }, NULL }
};
static const struct param rcpt_params[] = {
	{ STR_INIT("NOTIFY"), set_notify },
	{ STR_INIT("ORCPT"), set_orcpt },
	{ { NULL, 0 }, NULL }
};
/* clang-format on */

static enum syntax_fault
parse_params(struct str rest, const struct param *known, void *to)
{
	bool seen[PARAMS_MAX] = { false };
	struct str word, value, first[PARAMS_MAX];
	size_t eq, i;

	while (rest.n > 0) {
		word = take_word(&rest);
		eq = str_chr(word, '=');
		value = eq < word.n ? str_from(word, eq + 1) :
				      (struct str){ NULL, 0 };
		word = str_first(word, eq);
		for (i = 0;
		     known[i].set != NULL && !str_ieq(known[i].name, word);)
			i++;
		if (known[i].set == NULL) /* "Name <a@b.c>" */
			return str_starts(word, STR("<")) ? SYNTAX_BAD_PATH :
							    SYNTAX_BAD_PARAM;
		/* RFC 5321 4.1.1.11: no keyword twice; but smtplib says SIZE
		   again where its caller did */
		if (seen[i] ? !str_eq(first[i], value) :
			      !known[i].set(value, to))
			return str_ieq(value, STR("BINARYMIME")) ?
			    SYNTAX_BAD_PARAM :
			    SYNTAX_BAD_VALUE;
		seen[i] = true;
		first[i] = value;
	}
	return SYNTAX_GOOD;
}

enum syntax_fault
syntax_mail(struct arena *a, struct str argument, struct syntax_mail *out)
{
	enum syntax_fault fault = SYNTAX_GOOD;
	struct str path;

	*out = (struct syntax_mail){ 0 };
	if (!take_label(&argument, STR("FROM")) || !take_path(&argument, &path))
		return SYNTAX_BAD_FORM;
	if (path.n > 0)
		fault = parse_path(a, path, &out->from);
	if (fault != SYNTAX_GOOD)
		return fault;
	fault = parse_params(argument, mail_params, out);
	out->envid = arena_str(a, out->envid);
	return fault;
}

enum syntax_fault
syntax_rcpt(struct arena *a, struct str argument, struct syntax_rcpt *out)
{
	enum syntax_fault fault;
	struct str path;

	*out = (struct syntax_rcpt){ 0 };
	if (!take_label(&argument, STR("TO")) || !take_path(&argument, &path))
		return SYNTAX_BAD_FORM;
	fault = path.n > 0 ? parse_path(a, path, &out->to) : SYNTAX_BAD_PATH;
	if (fault != SYNTAX_GOOD)
		return fault;
	fault = parse_params(argument, rcpt_params, out);
	out->to->notify.original = arena_str(a, out->to->notify.original);
	return fault;
}

enum syntax_fault
syntax_bdat(struct str argument, uint64_t *size, bool *last)
{
	struct str number = take_word(&argument);

	*last = str_ieq(argument, STR("LAST"));
	if (!str_u64(number, size_max, size) || (argument.n > 0 && !*last))
		return SYNTAX_BAD_FORM;
	return SYNTAX_GOOD;
}
