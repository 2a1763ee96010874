/* SPDX-License-Identifier: MIT */
#include "command/sendmail/option.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"

enum arity {
	NONE,
	VALUE,   /* attached, or the next word */
	ATTACHED /* what is attached, or nothing */
};

/* What an option does; all is fine but for *e. */
typedef bool sendmail_act(struct sendmail_ask *out, const char *value,
    struct err *e);

struct option {
	char letter;
	enum arity arity;
	/* where it is noted: a bool (NONE) or a text; 0: nowhere */
	size_t at;
	sendmail_act *act; /* NULL: noting it is all */
};

static bool
aliases(struct sendmail_ask *out, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	out->mode = SENDMAIL_ALIASES;
	return true;
}

static bool
report(struct sendmail_ask *out, const char *value, struct err *e)
{
	struct str what = str_of(value);

	out->ret = str_ieq(what, STR("full")) ? "full" : "hdrs";
	return str_ieq(what, str_of(out->ret)) ||
	    err_set(e, ERR_USAGE, "-R is hdrs or full, not \"%.60s\"", value);
}

/* -q, and -q15m: how often, for a daemon. */
static bool
run_queue(struct sendmail_ask *out, const char *value, struct err *e)
{
	(void)e;
	if (out->mode == SENDMAIL_DELIVER)
		out->mode = SENDMAIL_RUN;
	if (strcmp(value, "f") == 0)
		out->wait = true;
	else if (*value != '\0')
		out->which = value;
	return true;
}

/* -oX and the value behind it. */
static bool
set(struct sendmail_ask *out, const char *value, struct err *e)
{
	(void)e;
	switch (value[0]) {
	case 'i':
		out->ignore_dots = true;
		break;
	case 'd':
		out->delivery = value[1];
		break;
	case 'e':
		out->errors = value[1];
		break;
	case 'v':
		out->verbose = true;
		break;
	default: /* -om, -o7, -oQ/var/spool: nothing that we could do */
		break;
	}
	return true;
}

/* -O Name=value. */
static bool
set_named(struct sendmail_ask *out, const char *value, struct err *e)
{
	struct str text = str_of(value);
	size_t eq = str_chr(text, '=');
	struct str key = str_trim(str_first(text, eq));
	struct str to = str_trim(str_from(text, eq + 1));

	(void)e;
	if (str_ieq(key, STR("DeliveryMode")) && to.n > 0)
		out->delivery = ascii_lower(to.p[0]);
	if (str_ieq(key, STR("ErrorMode")) && to.n > 0)
		out->errors = ascii_lower(to.p[0]);
	if (str_ieq(key, STR("IgnoreDots")))
		out->ignore_dots = to.n == 0 || ascii_lower(to.p[0]) == 't';
	return true;
}

static const struct {
	char letter;
	enum sendmail_mode mode;
	const char *refused; /* what it would be; NULL: it is done */
} modes[] = {
	/* clang-format off */
	{ 'm', SENDMAIL_DELIVER, NULL },
	{ 's', SENDMAIL_SMTP, NULL },
	{ 'p', SENDMAIL_LIST, NULL },
	{ 'i', SENDMAIL_ALIASES, NULL },
	{ 'v', SENDMAIL_VERIFY, NULL },
	{ 'd', SENDMAIL_DAEMON, NULL },
	{ 'D', SENDMAIL_DAEMON, NULL },
	{ 'l', SENDMAIL_DAEMON, NULL },
	{ 'a', SENDMAIL_DELIVER, "ARPANET mode" },
	{ 'h', SENDMAIL_DELIVER, "host status database" },
	{ 'H', SENDMAIL_DELIVER, "host status database" },
	{ 't', SENDMAIL_DELIVER, "address test mode" },
	/* clang-format on */
};

static bool
choose_mode(struct sendmail_ask *out, const char *value, struct err *e)
{
	struct str text = str_of(value);

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (text.n != 1 || text.p[0] != modes[i].letter)
			continue;
		out->mode = modes[i].mode;
		return modes[i].refused == NULL ||
		    err_set(e, ERR_USAGE, "-b%s: post365 has no %s", value,
			modes[i].refused);
	}
	return err_set(e, ERR_USAGE, "unknown mode -b%.60s", value);
}

/* The message comes by standard input. */
static bool
settings_file(struct sendmail_ask *out, const char *value, struct err *e)
{
	(void)out;
	if (*value == '\0')
		return cli_no_file("-C", e);
	return strcmp(value, "-") != 0 ||
	    err_set(e, ERR_USAGE,
		"-C - would read the settings from standard input, where the "
		"message comes from: name a file");
}

#define AT(member) offsetof(struct sendmail_ask, member)

/* clang-format off */
static const struct option options[] = {
	/* what this program acts on */
	{ 't', NONE, AT(from_header), NULL },
	{ 'i', NONE, AT(ignore_dots), NULL },
	{ 'f', VALUE, AT(sender), NULL },
	{ 'r', VALUE, AT(sender), NULL },
	{ 'F', VALUE, AT(name), NULL },
	{ 'b', VALUE, 0, choose_mode },
	{ 'I', NONE, 0, aliases },
	{ 'q', ATTACHED, 0, run_queue },
	{ 'o', VALUE, 0, set },
	{ 'O', VALUE, 0, set_named },
	{ 'v', NONE, AT(verbose), NULL },
	{ 'X', VALUE, AT(traffic), NULL },
	{ 'C', VALUE, AT(config), settings_file },
	{ 'L', VALUE, AT(tag), NULL },
	{ 'N', VALUE, AT(notify), NULL },
	{ 'R', VALUE, 0, report },
	{ 'V', VALUE, AT(envelope), NULL },
	/* what others knew: each is still passed by somebody */
	{ 'A', VALUE, 0, NULL }, /* -Ac, -Am: which configuration */
	{ 'B', VALUE, 0, NULL }, /* body type: all are taken */
	{ 'G', NONE, 0, NULL },  /* gateway submission */
	{ 'M', VALUE, 0, NULL }, /* a macro; ssmtp's message id */
	{ 'U', NONE, 0, NULL },  /* initial user submission */
	{ 'c', NONE, 0, NULL },
	{ 'd', ATTACHED, 0, NULL }, /* debugging */
	{ 'e', VALUE, 0, NULL },    /* error mode of old; -oe counts */
	{ 'h', VALUE, 0, NULL },    /* hop count */
	{ 'm', NONE, 0, NULL },     /* me too */
	{ 'n', NONE, 0, NULL },     /* no aliasing */
	{ 'p', VALUE, 0, NULL },    /* protocol and host */
	{ 's', NONE, 0, NULL },
	{ 'x', NONE, 0, NULL },
};
/* clang-format on */

static const struct option *
find(char letter)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* The words still to come. */
struct words {
	char **next;
	struct sendmail_ask *out;
};

static bool
unknown(const char *at, struct err *e)
{
	size_t n = str_utf8(str_of(at));

	return err_set(e, ERR_USAGE, "unknown option -%.*s", n > 0 ? (int)n : 1,
	    at);
}

static bool
act(const struct option *o, struct sendmail_ask *out, const char *value,
    struct err *e)
{
	char *at = (char *)out + o->at;

	if (o->at != 0 && o->arity == NONE)
		*(bool *)(void *)at = true;
	else if (o->at != 0)
		*(const char **)(void *)at = value;
	return o->act == NULL || o->act(out, value, e);
}

/* One word: letters, and perhaps the value of the last of them. */
static bool
take_letters(struct words *w, const char *at, struct err *e)
{
	const struct option *o;
	const char *value;

	while (at != NULL && *at != '\0') {
		o = find(*at);
		if (o == NULL)
			return unknown(at, e);
		value = ++at;
		if (o->arity != NONE)
			at = NULL;
		if (o->arity == VALUE && *value == '\0') {
			value = *w->next;
			if (value == NULL)
				return err_set(e, ERR_USAGE,
				    "option -%c needs a value", o->letter);
			w->next++;
		}
		if (!act(o, w->out, value, e))
			return false;
	}
	return true;
}

/* Moves the word just read to the front, behind the operands there. */
static void
keep_operand(struct words *w)
{
	struct sendmail_ask *out = w->out;
	char **to = out->operand + out->operands++;
	char *word = w->next[-1];

	memmove(to + 1, to, (size_t)(w->next - 1 - to) * sizeof(*to));
	*to = word;
}

bool
sendmail_option_read(struct sendmail_ask *out, enum sendmail_mode mode,
    int argc, char **argv, struct err *e)
{
	struct words w = { .next = argv + (argc > 0 ? 1 : 0), .out = out };
	bool only_operands = false;
	char *word;

	*out = (struct sendmail_ask){ .mode = mode, .operand = w.next };
	while ((word = *w.next) != NULL) {
		w.next++;
		if (only_operands || word[0] != '-' || word[1] == '\0') {
			keep_operand(&w);
		} else if (strcmp(word, "--help") == 0) {
			out->mode = SENDMAIL_HELP;
			return true;
		} else if (strcmp(word, "--") == 0) {
			only_operands = true;
		} else if (!take_letters(&w, word + 1, e)) {
			return false;
		}
	}
	return true;
}
