/* SPDX-License-Identifier: MIT */
#include "command/print.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/os.h"
#include "command/completion.h"
#include "command/manual.h"
#include "command/print_text.h"
#include "config/config.h"
#include "config/relay.h"

enum {
	OUT_MAX = 256 * 1024,
	PATH_SIZE = 4096,
	PRINT_MEMORY = 1 << 20,
	PRINT_NAME_MAX = 1024,
	PRINT_WORDS = PRINT_TEXTS + MANUAL_PAGES + COMPLETION_SHELLS,
	OWN = 1
};

/* All templates stand before it. */
#define PRINT_LAST TEXT_PRINT_TIMER

/* What a unit or crontab takes without quotes. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789/._-+";
static const char usual[] = "/usr/local/bin/post365";

const struct cli_option print_options[] = {
	{ OWN, 0, "user", NULL, "units of your own, not of the machine" },
	{ 0, 0, NULL, NULL, NULL }
};

/* A path that would need quotes is written into no file of root's. */
bool
print_is_plain(struct str word)
{
	size_t ok = 0;

	while (ok < word.n && word.p[ok] != '\0' &&
	    strchr(plain, word.p[ok]) != NULL)
		ok++;
	return ok == word.n && ok > 0;
}

bool
print_is_path(struct str path)
{
	return print_is_plain(path) && path.p[0] == '/';
}

static bool
print_path(const char *what, struct str path, struct buf *out, struct err *e)
{
	if (print_is_path(path)) {
		buf_adds(out, path);
		return true;
	}
	err_set(e, ERR_CONFIG, "%s \"%.*s\" cannot stand in such a file", what,
	    STR_ARG(path));
	return err_remedy(e,
	    "give a path that begins with / and has letters, digits and ._-+ "
	    "only");
}

/* Between apostrophes of a shell. */
static bool
print_mailbox(struct str mailbox, struct buf *out, struct err *e)
{
	static const char quoted[] = "'\"`$\\";
	size_t at = 0;

	while (at < mailbox.n && strchr(quoted, mailbox.p[at]) == NULL)
		at++;
	buf_adds(out, mailbox.n > 0 ? mailbox : STR("alerts@contoso.com"));
	return at >= mailbox.n ||
	    err_set(e, ERR_CONFIG, "mailbox %.*s cannot stand in a script",
		STR_ARG(mailbox));
}

/* What a template is filled with. */
struct print_filling {
	const struct print_names *names;
	struct packed texts;
};

static bool print_fill(struct str text, const struct print_filling *f,
    struct buf *out, struct err *e);

static bool
print_value(char letter, const struct print_filling *f, struct buf *out,
    struct err *e)
{
	const struct print_names *names = f->names;
	struct str common = print_common(letter, &f->texts);

	if (common.p != NULL)
		return print_fill(common, f, out, e);
	if (letter == 'S')
		return print_path("spool_dir", names->spool, out, e);
	if (letter == 'T')
		return print_path("state_dir", names->state, out, e);
	if (letter == 'F' && names->config.n == 0)
		buf_addz(out, PRINT_MACHINE);
	if (letter == 'C' && names->config.n > 0)
		buf_addz(out, " -C ");
	if ((letter == 'C' || letter == 'F') && names->config.n > 0)
		return print_path("the settings' file", names->config, out, e);
	if (letter == 'P')
		buf_addz(out,
		    print_is_plain(str_of(names->program)) ? names->program :
							     usual);
	if (letter == 'U')
		buf_adds(out, names->user);
	if (letter == 'W')
		buf_addz(out,
		    names->own ? "~/.config/systemd/user" :
				 "/etc/systemd/system");
	if (letter == 'M')
		return print_mailbox(names->mailbox, out, e);
	if (letter == '@')
		buf_addc(out, '@');
	return true;
}

static bool
print_fill(struct str text, const struct print_filling *f, struct buf *out,
    struct err *e)
{
	const struct print_names *names = f->names;
	const char *skipped = names->own ? "!%=" :
	    names->installed             ? "+%" :
	    names->root                  ? "+=" :
					   "+%=";
	bool begins = true; /* a line */

	for (; text.n > 0; text = str_from(text, 1)) {
		if (begins && strchr(skipped, *text.p) != NULL) {
			text = str_from(text, str_chr(text, '\n'));
			continue;
		}
		if (begins && strchr("!+%=", *text.p) != NULL)
			text = str_from(text, 1);
		begins = *text.p == '\n';
		if (*text.p != '@') {
			buf_addc(out, *text.p);
			continue;
		}
		text = str_from(text, 1);
		if (!print_value(*text.p, f, out, e))
			return false;
	}
	return true;
}

const char *
print_word(size_t i)
{
	if (i < PRINT_TEXTS)
		return print_texts[i].name;
	i -= PRINT_TEXTS;
	if (i < MANUAL_PAGES)
		return manual_pages[i].name;
	i -= MANUAL_PAGES;
	return i < COMPLETION_SHELLS ? completion_shells[i].name : NULL;
}

static bool
print_unknown(const char *name, struct err *e)
{
	const char *list[PRINT_WORDS + 1] = { NULL }, *near;

	for (size_t i = 0; i < PRINT_WORDS; i++)
		list[i] = print_word(i);
	near = cli_nearest(str_of(name), list);
	err_set(e, ERR_USAGE, "there is no \"%.60s\" to print", name);
	if (near != NULL)
		return err_remedy(e, "did you mean %s?", near);
	return err_remedy(e, "post365 print --help lists what there is");
}

/* What no setting changes. */
static bool
print_made(const char *name, struct buf *out)
{
	for (size_t i = 0; i < MANUAL_PAGES; i++)
		if (strcmp(manual_pages[i].name, name) == 0) {
			manual_add(&manual_pages[i], out);
			return true;
		}
	for (size_t i = 0; i < COMPLETION_SHELLS; i++)
		if (strcmp(completion_shells[i].name, name) == 0) {
			completion_shells[i].write(out);
			return true;
		}
	return false;
}

bool
print_file(const char *name, const struct print_names *names, struct buf *out,
    struct err *e)
{
	struct print_filling f = { .names = names };
	size_t i = 0;
	bool ok;

	if (print_made(name, out))
		return true;
	while (i < PRINT_TEXTS && strcmp(print_texts[i].name, name) != 0)
		i++;
	if (i == PRINT_TEXTS)
		return print_unknown(name, e);
	packed_open(&f.texts, PRINT_LAST, out);
	ok = print_fill(packed_view(&f.texts, print_texts[i].text), &f, out, e);
	packed_release(&f.texts);
	return ok;
}

struct print_asked {
	struct buf name; /* "completion bash" is completion-bash */
	bool own;
};

static bool
print_take(void *arg, int id, const char *value, struct err *e)
{
	struct print_asked *a = arg;

	(void)e;
	if (id == OWN)
		a->own = true;
	else
		buf_addf(&a->name, "%s%s", a->name.n > 0 ? "-" : "", value);
	return true;
}

static bool
print_read_options(struct cli *c, struct print_asked *a, struct err *e)
{
	if (!cli_each(c, print_take, a, e))
		return false;
	if (a->name.n > 0 || c->common.help)
		return buf_ok(&a->name, e);
	err_set(e, ERR_USAGE, "print what?");
	return err_remedy(e, "post365 print --help lists what there is");
}

/* The setting `user`; without it root's relay is that of a user of its own. */
static bool
print_find_user(struct print_names *names, const struct config *c,
    struct arena *mem, struct err *e)
{
	struct config_pair *pairs;

	/* systemd and OpenRC take numbers, too */
	names->user = names->root ?
	    STR("post365") :
	    arena_fmt(mem, "%lu", (unsigned long)geteuid());
	if (!config_relay(c, mem, &pairs, e))
		return false;
	for (; pairs != NULL; pairs = pairs->next)
		if (str_eq(pairs->key, STR("user")))
			names->user = pairs->value;
	return print_is_plain(names->user) ||
	    err_set(e, ERR_CONFIG, "user \"%.*s\" cannot be a user's name",
		STR_ARG(names->user));
}

bool
print_find_names(struct print_names *names, const struct config *c,
    struct arena *mem, struct err *e)
{
	names->spool = c->spool_dir;
	names->mailbox = c->mailbox;
	names->state = c->state_dir;
	if (!c->piped && !str_eq(c->file, STR(PRINT_MACHINE)))
		names->config = c->file;
	return print_find_user(names, c, mem, e);
}

/* Does the queue belong to that user, as after post365 install? */
static bool
print_is_installed(const struct print_names *names)
{
	const struct passwd *who;
	struct os_stat st;
	struct err unsaid;

	if (!os_stat_path(names->spool.p, &st, &unsaid) || st.owner == 0)
		return false;
	who = getpwnam(names->user.p);
	return who != NULL && who->pw_uid == st.owner;
}

/* By the settings in force. */
static bool
print_by_config(const struct cli *c, const char *name, bool own,
    struct buf *out, struct err *e)
{
	const struct config_ask ask = { .path = c->common.config };
	char program[PATH_SIZE];
	struct print_names names = { .program = program,
		.own = own,
		.root = geteuid() == 0 };
	struct config config;
	struct arena mem;
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	bool ok;

	program[n > 0 ? n : 0] = '\0';
	arena_init(&mem, PRINT_MEMORY);
	ok = config_load_readable(&config, &ask, &c->log, e) &&
	    print_find_names(&names, &config, &mem, e);
	if (ok) {
		names.installed = names.root && print_is_installed(&names);
		ok = print_file(name, &names, out, e);
	}
	arena_release(&mem);
	config_release(&config);
	return ok;
}

int
print_main(const struct cli_command *self, int argc, char **argv)
{
	struct print_asked a = { .own = false };
	struct buf out;
	struct err e;
	struct cli c;
	int code;

	cli_init(&c, self, argc, argv);
	buf_init(&a.name, PRINT_NAME_MAX);
	buf_init(&out, OUT_MAX);
	if (!print_read_options(&c, &a, &e))
		code = cli_fail(&c, &e);
	else if (c.common.help)
		code = cli_help(self);
	else if (print_made(a.name.p, &out) ||
	    print_by_config(&c, a.name.p, a.own, &out, &e))
		code = cli_print(&c, &out);
	else
		code = cli_fail(&c, &e);
	buf_release(&out);
	buf_release(&a.name);
	return code;
}
