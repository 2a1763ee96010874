/* SPDX-License-Identifier: MIT */
#include "compose/compose.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "base/scratch.h"
#include "codec/utf8.h"
#include "compose/names.h"
#include "compose/text.h"
#include "graph/send.h"
#include "graph/upload.h"

enum {
	/* both bodies as large as a request, as they came and in UTF-8, which
	   has up to three times as many bytes; addresses */
	MEMORY_MAX = 9 * SEND_REQUEST_MAX,
	PIECE = 65536,
	NAME_SHOWN = 60 /* bytes of a name that a warning quotes */
};

/* What may stand behind the name of a file. */
enum mark { MARK_TYPE, MARK_NAME, MARK_CID, MARKS };

static const struct str marks[MARKS] = {
	[MARK_TYPE] = STR_INIT(";type="),
	[MARK_NAME] = STR_INIT(";name="),
	[MARK_CID] = STR_INIT(";cid="),
};

/* Where an attached file is read from: one of the two. */
struct compose_origin {
	struct file file;
	struct temp temp; /* it came by a pipe */
};

void
compose_init(struct compose *c, const struct log *log)
{
	c->log = log;
	arena_init(&c->mem, MEMORY_MAX);
}

void
compose_release(struct compose *c)
{
	for (size_t i = 0; c->origin != NULL && i < MESSAGE_FILES_MAX; i++) {
		file_close(&c->origin[i].file);
		temp_close(&c->origin[i].temp);
	}
	arena_release(&c->mem);
}

/* A word of the command line, or a file's name, as UTF-8. */
static bool
read_word(struct compose *c, const char *what, struct str *word, struct err *e)
{
	const struct compose_text t = { .mem = &c->mem,
		.hint = "use a locale of UTF-8",
		.log = c->log };

	return compose_text(&t, what, word, e);
}

bool
compose_list(struct compose *c, struct addr **to, const char *option,
    const char *value, struct err *e)
{
	struct str text = str_of(value);
	struct addr *list;

	if (!read_word(c, option, &text, e) ||
	    !addr_parse_list(&c->mem, text, true, &list, e))
		return err_wrap(e, "%s", option);
	while (*to != NULL)
		to = &(*to)->next;
	*to = list;
	return true;
}

bool
compose_field(struct compose *c, const char *value, struct err *e)
{
	struct str field = str_of(value);
	size_t colon = str_chr(field, ':');
	struct message *m = &c->message;

	if (colon == 0 || colon == field.n)
		return err_set(e, ERR_USAGE,
		    "--header wants 'Name: value', "
		    "not \"%.60s\"",
		    value);
	if (m->n_fields == MESSAGE_FIELDS_MAX)
		return err_set(e, ERR_USAGE, "more than %d --header",
		    MESSAGE_FIELDS_MAX);
	m->field[m->n_fields++] = (struct message_field){
		.name = str_first(field, colon),
		/* only blanks: a line end in it is refused, not mended */
		.value = str_starts(str_from(field, colon + 1), STR(" ")) ?
		    str_from(field, colon + 2) :
		    str_from(field, colon + 1),
	};
	return true;
}

bool
compose_claim(struct compose *c, const char *option, const char *value,
    struct err *e)
{
	if (value == NULL || !str_eq(str_of(value), STR("-")))
		return true;
	if (c->from_stdin != NULL)
		return err_set(e, ERR_USAGE,
		    "standard input can be read once; "
		    "%s and %s both want it",
		    c->from_stdin, option);
	c->from_stdin = option;
	return true;
}

static bool
too_large(const char *path, struct err *e)
{
	err_set(e, ERR_INPUT,
	    "%s: larger than %d bytes, the most that Graph takes of one file",
	    path, UPLOAD_MOST);
	return err_remedy(e, "send a link, or pack it smaller");
}

/*
 * The position of the next mark, and which; s.n if there is none. Only inline
 * files have a content id, so elsewhere ";cid=" is a part of the name.
 */
static size_t
next_mark(struct str s, bool inlined, enum mark *which)
{
	size_t at = s.n, found;

	*which = MARKS;
	for (int i = 0; i < MARKS; i++) {
		if (i == MARK_CID && !inlined)
			continue;
		found = str_find(s, marks[i]);
		if (found < at) {
			at = found;
			*which = (enum mark)i;
		}
	}
	return at;
}

/* From the first mark on. */
static bool
take_marks(struct compose *c, struct str rest, bool inlined,
    struct message_file *f, struct err *e)
{
	struct str *to[MARKS] = { &f->type, &f->name, &f->cid }, value;
	enum mark which, next;

	(void)next_mark(rest, inlined, &which);
	while (rest.n > 0) {
		rest = str_from(rest, marks[which].n);
		value = str_first(rest, next_mark(rest, inlined, &next));
		rest = str_from(rest, value.n);
		if (value.n == 0)
			return err_set(e, ERR_USAGE, "%s: nothing behind %s",
			    inlined ? "--inline" : "--attach", marks[which].p);
		*to[which] = arena_str(&c->mem, value);
		which = next;
	}
	return true;
}

static struct str
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return STR("attachment");
	return str_of(slash != NULL ? slash + 1 : path);
}

static const char *
shown_path(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* /dev/fd/N */
static bool
open_number(const char *path, uint64_t *n)
{
	struct str folder = STR("/dev/fd/");

	return str_starts(str_of(path), folder) &&
	    str_u64(str_from(str_of(path), folder.n), INT_MAX, n);
}

/* "-" is standard input, which close_path leaves open. */
static bool
open_path(const char *path, int *fd, struct err *e)
{
	uint64_t n;

	*fd = STDIN_FILENO;
	if (strcmp(path, "-") == 0)
		return true;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 && open_number(path, &n)) /* there is no /proc */
		*fd = fcntl((int)n, F_DUPFD_CLOEXEC, 3);
	if (*fd >= 0)
		return true;
	err_sys(e, ERR_INPUT, "%s: cannot open", path);
	e->exit = EX_NOINPUT;
	return false;
}

static void
close_path(int *fd)
{
	if (*fd != STDIN_FILENO)
		os_close(fd);
}

/*
 * All of a pipe, of which a beginning was read; a request may have to be made
 * again. to->spool says where it may stand.
 */
static bool
keep_pipe(int fd, const char *path, struct str begun, struct temp *to,
    struct err *e)
{
	SCRATCH char bytes[PIECE];
	struct os_piece piece = { .p = bytes, .max = sizeof(bytes) };

	if (!temp_open(to, shown_path(path), to->spool, e) ||
	    !temp_add(to, begun, e))
		return false;
	do {
		if (!os_read_some(fd, shown_path(path), &piece, e) ||
		    !temp_add(to, (struct str){ bytes, piece.n }, e))
			return false;
		if (to->size > UPLOAD_MOST)
			return too_large(path, e);
	} while (piece.n > 0);
	return true;
}

static bool
open_pipe(const char *path, struct temp *to, struct err *e)
{
	bool ok;
	int fd;

	if (!open_path(path, &fd, e))
		return false;
	ok = keep_pipe(fd, path, STR(""), to, e);
	close_path(&fd);
	return ok;
}

/* For the next file; NULL: out of memory. */
static struct compose_origin *
compose_next_origin(struct compose *c, struct err *e)
{
	if (c->origin == NULL)
		c->origin =
		    arena_array(&c->mem, MESSAGE_FILES_MAX, sizeof(*c->origin));
	return arena_ok(&c->mem, e) ? &c->origin[c->message.n_files] : NULL;
}

/* A regular file is read when it is wanted. */
static bool
open_content(struct compose *c, const char *path, struct source *out,
    struct err *e)
{
	struct compose_origin *from = compose_next_origin(c, e);
	bool regular = strcmp(path, "-") != 0;
	struct os_stat st = { 0 };
	uint64_t n;

	if (from == NULL)
		return false;
	if (regular && !os_stat_path(path, &st, e) && !open_number(path, &n))
		return false;
	if (regular && (st.regular || st.directory)) {
		if (!file_open(&from->file, path, e))
			return false;
		*out = file_source(&from->file);
	} else {
		if (!open_pipe(path, &from->temp, e))
			return false;
		*out = temp_source(&from->temp);
	}
	return out->size <= UPLOAD_MOST || too_large(path, e);
}

/* A name that is a file's own may be in any charset. */
static bool
read_name(struct compose *c, struct str *name, struct err *e)
{
	const struct compose_text t = { .mem = &c->mem,
		.hint = ";name= behind the file gives another name",
		.log = c->log };
	struct str what;

	if (utf8_is_valid(*name))
		return true;
	what = arena_fmt(&c->mem, "the name of the file \"%.*s\"",
	    STR_ARG(str_first(*name, NAME_SHOWN)));
	return arena_ok(&c->mem, e) && compose_text(&t, what.p, name, e);
}

/* What no option said. The content id is what HTML can name: the file's. */
static void
complete_file(struct compose *c, bool inlined, struct message_file *f)
{
	char *id;

	if (f->type.n == 0)
		f->type = message_guess_type(f->name);
	if (!inlined || f->cid.n > 0)
		return;
	id = arena_alloc(&c->mem, f->name.n + 1);
	if (id == NULL)
		return;
	for (size_t i = 0; i < f->name.n; i++)
		id[i] = f->name.p[i] <= ' ' || f->name.p[i] > '~' ||
			str_chr(STR("<>\""), f->name.p[i]) < 3 ?
		    '_' :
		    f->name.p[i];
	f->cid = (struct str){ id, f->name.n };
}

static bool
add_file(struct compose *c, const char *value, bool inlined, struct err *e)
{
	const char *option = inlined ? "--inline" : "--attach", *path;
	struct str spec = str_of(value);
	struct message_file f = { 0 };
	struct message *m = &c->message;
	enum mark which;
	size_t mark = next_mark(spec, inlined, &which);

	if (m->n_files == MESSAGE_FILES_MAX)
		return err_set(e, ERR_USAGE, "more than %d attachments",
		    MESSAGE_FILES_MAX);
	if (mark == 0)
		return err_set(e, ERR_USAGE,
		    "%s wants FILE[;type=T][;name=N]%s, not \"%.60s\"", option,
		    inlined ? "[;cid=ID]" : "", value);
	path = arena_str(&c->mem, str_first(spec, mark)).p;
	if (!take_marks(c, str_from(spec, mark), inlined, &f, e) ||
	    !arena_ok(&c->mem, e) || !compose_claim(c, option, path, e))
		return false;
	if (f.name.n == 0)
		f.name = base_name(path);
	if (!read_name(c, &f.name, e))
		return false;
	if (!open_content(c, path, &f.content, e))
		return err_wrap(e, "%s", option);
	complete_file(c, inlined, &f);
	m->file[m->n_files++] = f;
	return arena_ok(&c->mem, e);
}

bool
compose_attach(struct compose *c, const char *value, struct err *e)
{
	return add_file(c, value, false, e);
}

bool
compose_inline(struct compose *c, const char *value, struct err *e)
{
	return add_file(c, value, true, e);
}

/*
 * A name that is none of the aliases is more likely a file that -a was meant
 * for ("send -a *.log ops@x") than a person.
 */
static bool
is_alias(const struct prepare_names *names, const struct addr *name,
    struct err *e)
{
	const struct alias_file *f = &names->rules.file;
	struct os_stat st;
	struct err absent;

	if (name->domain.n > 0 || alias_find(f, name->local) != NULL ||
	    alias_find(f, STR("*")) != NULL)
		return true;
	err_set(e, ERR_USAGE, "\"%.*s\" has no domain, and is no alias",
	    STR_ARG(name->text));
	if (os_stat_path(name->text.p, &st, &absent))
		return err_remedy(e,
		    "there is a file of that name: to attach several, say -a "
		    "for each file");
	return err_remedy(e,
	    "give the whole address; names without one stand in the file of "
	    "aliases");
}

/* Names of this machine: where mail for them goes is said. */
static bool
complete(struct compose *c, const struct prepare_names *names,
    struct addr **list, struct err *e)
{
	struct addr one, *to;

	for (const struct addr *x = *list; x != NULL; x = x->next) {
		if (!prepare_names_is_local(names, x))
			continue;
		if (!arena_ok(&c->mem, e) || !is_alias(names, x, e))
			return false;
		one = *x;
		one.next = NULL;
		if (!alias_expand(&c->mem, &names->rules, &one, &to, e))
			return false;
		log_warn(c->log, "\"%.*s\" has no domain: goes to %.*s%s",
		    STR_ARG(x->text), STR_ARG(to->text),
		    to->next != NULL ? " and others" : "");
	}
	return alias_expand(&c->mem, &names->rules, *list, list, e);
}

static bool
set_sender(struct compose *c, const struct config *config, struct err *e)
{
	struct message *m = &c->message;
	unsigned char random[16];
	struct prepare_names names;

	if (!addr_parse(&c->mem, config->from, false, &m->from, e) ||
	    !prepare_names_load(&names, &c->mem, config, c->log, e) ||
	    !complete(c, &names, &m->to, e) ||
	    !complete(c, &names, &m->cc, e) ||
	    !complete(c, &names, &m->bcc, e) ||
	    !complete(c, &names, &m->reply_to, e))
		return false;
	os_random(random, sizeof(random));
	m->message_id = message_make_id(&c->mem, random, m->from->domain);
	return arena_ok(&c->mem, e);
}

/* Up to the end, or to what text holds: it is full then. */
static bool
read_begin(int fd, const char *path, struct buf *text, struct err *e)
{
	struct os_piece piece = { .max = PIECE };

	do {
		piece.p = buf_room(text, PIECE);
		if (piece.p == NULL)
			return true;
		if (!os_read_some(fd, shown_path(path), &piece, e))
			return false;
		buf_commit(text, piece.n);
	} while (piece.n > 0);
	return true;
}

/* What no request carries goes as a file, with a line in its place. */
static bool
attach_text(struct compose *c, int fd, const char *path, struct str begun,
    struct err *e)
{
	const struct message_stand_in *in = message_stand_in(path == c->html);
	struct message *m = &c->message;
	struct message_file *f = &m->file[m->n_files];
	struct compose_origin *from;

	if (m->n_files == MESSAGE_FILES_MAX)
		return err_set(e, ERR_INPUT,
		    "%s: larger than a body may be, and %d attachments leave "
		    "no room for another",
		    shown_path(path), MESSAGE_FILES_MAX);
	from = compose_next_origin(c, e);
	if (from == NULL)
		return false;
	from->temp.spool = c->spool;
	if (!keep_pipe(fd, path, begun, &from->temp, e))
		return false;
	*f = (struct message_file){ in->name, in->type, { 0 },
		temp_source(&from->temp) };
	m->n_files++;
	log_warn(c->log,
	    "%s: %llu bytes are too many for a body, so it goes as the "
	    "attached file %.*s",
	    shown_path(path), (unsigned long long)f->content.size,
	    STR_ARG(in->name));
	return true;
}

static bool
read_part(struct compose *c, const char *path, struct str *out, struct err *e)
{
	const struct compose_text t = { .mem = &c->mem,
		.charset = c->charset,
		.hint = "--charset names another",
		.log = c->log };
	struct buf text;
	bool ok;
	int fd;

	if (!open_path(path, &fd, e)) {
		err_wrap(e, "%s", path == c->html ? "--html" : "--text");
		return err_remedy(e,
		    "name a file, or pipe the words: echo words | post365 "
		    "send ...");
	}
	buf_init(&text, SEND_REQUEST_MAX + PIECE);
	ok = read_begin(fd, path, &text, e);
	if (ok && text.full) {
		*out = message_stand_in(path == c->html)->text;
		ok = attach_text(c, fd, path, buf_view(&text), e);
	} else if (ok) {
		*out = arena_str(&c->mem, buf_view(&text));
		ok = compose_text(&t, shown_path(path), out, e);
	}
	close_path(&fd);
	ok = ok && (text.full || buf_ok(&text, e)) && arena_ok(&c->mem, e);
	buf_release(&text);
	return ok;
}

/* What the command line said, in UTF-8. */
static bool
read_words(struct compose *c, struct err *e)
{
	struct message *m = &c->message;

	if (!read_word(c, "the subject", &m->subject, e))
		return false;
	for (size_t i = 0; i < m->n_fields; i++)
		if (!read_word(c, "--header", &m->field[i].value, e))
			return false;
	return true;
}

static bool
read_body(struct compose *c, struct err *e)
{
	const char *text = c->text;

	if (text == NULL && c->html == NULL && c->from_stdin == NULL)
		text = "-";
	if (text == NULL && c->html == NULL)
		c->message.text = STR(""); /* only files, then */
	if (((text != NULL && strcmp(text, "-") == 0) ||
		(c->html != NULL && strcmp(c->html, "-") == 0)) &&
	    isatty(STDIN_FILENO))
		log_warn(c->log,
		    "reading the message from the terminal; Ctrl-D "
		    "on a line of its own ends it");
	if (text != NULL && !read_part(c, text, &c->message.text, e))
		return false;
	return c->html == NULL || read_part(c, c->html, &c->message.html, e);
}

size_t
compose_recipients(const struct compose *c)
{
	const struct addr *lists[] = { c->message.to, c->message.cc,
		c->message.bcc };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct addr *a = lists[i]; a != NULL; a = a->next)
			n++;
	return n;
}

bool
compose_finish(struct compose *c, const struct config *config, struct err *e)
{
	c->spool = config->spool_dir;
	/* before a person types the body, and after */
	return set_sender(c, config, e) && read_words(c, e) &&
	    message_check(&c->message, e) && read_body(c, e) &&
	    message_check(&c->message, e);
}
