/* SPDX-License-Identifier: MIT */
#include "command/compose.h"

#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/prepare_names.h"
#include "graph/send.h"
#include "graph/upload.h"

enum {
	/* both bodies as large as a request, twice for reading; addresses */
	MEMORY_MAX = 5 * SEND_REQUEST_MAX,
	PIECE = 65536
};

/* What may stand behind the name of a file. */
enum mark { MARK_TYPE, MARK_NAME, MARK_CID, MARKS };

static const struct str marks[MARKS] = {
	[MARK_TYPE] = STR_INIT(";type="),
	[MARK_NAME] = STR_INIT(";name="),
	[MARK_CID] = STR_INIT(";cid="),
};

void
compose_init(struct compose *c)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->mem, MEMORY_MAX);
}

void
compose_release(struct compose *c)
{
	for (size_t i = 0; i < MESSAGE_FILES_MAX; i++) {
		file_close(&c->file[i]);
		temp_close(&c->temp[i]);
	}
	arena_release(&c->mem);
}

bool
compose_list(struct compose *c, struct addr **to, const char *option,
    const char *value, struct err *e)
{
	struct addr *list;

	if (!addr_parse_list(&c->mem, str_of(value), true, &list, e))
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

/* Reads a whole file into the arena. */
static bool
read_text(struct compose *c, const char *path, size_t limit, struct str *out,
    struct err *e)
{
	struct buf text;
	bool ok;

	buf_init(&text, limit);
	ok = os_read_file(path, &text, e);
	if (ok) {
		*out = arena_str(&c->mem, buf_view(&text));
		ok = arena_ok(&c->mem, e);
	}
	buf_release(&text);
	return ok;
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

/* All of a pipe; a request may have to be made again. */
static bool
read_pipe(int fd, const char *path, struct temp *to, struct err *e)
{
	char bytes[PIECE];
	struct os_piece piece = { .p = bytes, .max = sizeof(bytes) };

	if (!temp_open(to, path, e))
		return false;
	do {
		if (!os_read_some(fd, path, &piece, e) ||
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
	int fd = STDIN_FILENO;
	bool ok;

	if (strcmp(path, "-") == 0)
		return read_pipe(fd, "standard input", to, e);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_sys(e, ERR_INPUT, "%s: cannot open", path);
		e->exit = EX_NOINPUT;
		return false;
	}
	ok = read_pipe(fd, path, to, e);
	os_close(&fd);
	return ok;
}

/* A regular file is read when it is wanted. */
static bool
open_content(struct compose *c, const char *path, struct source *out,
    struct err *e)
{
	struct file *file = &c->file[c->message.n_files];
	struct temp *temp = &c->temp[c->message.n_files];
	bool regular = strcmp(path, "-") != 0;
	struct os_stat st = { 0 };

	if (regular && !os_stat_path(path, &st, e))
		return false;
	if (regular && (st.regular || st.directory)) {
		if (!file_open(file, path, e))
			return false;
		*out = file_source(file);
	} else {
		if (!open_pipe(path, temp, e))
			return false;
		*out = temp_source(temp);
	}
	return out->size <= UPLOAD_MOST || too_large(path, e);
}

/* What no option said. The content id is what HTML can name: the file's. */
static void
complete_file(struct compose *c, const char *path, bool inlined,
    struct message_file *f)
{
	char *id;

	if (f->name.n == 0)
		f->name = base_name(path);
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
	if (!open_content(c, path, &f.content, e))
		return err_wrap(e, "%s", option);
	complete_file(c, path, inlined, &f);
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

/* Names of this machine: where mail for them goes is said. */
static bool
complete(struct compose *c, const struct prepare_names *names,
    struct addr **list, const struct log *log, struct err *e)
{
	struct addr *one, *to;

	for (const struct addr *x = *list; x != NULL; x = x->next) {
		if (!prepare_names_is_local(names, x))
			continue;
		one = arena_alloc(&c->mem, sizeof(*one));
		if (one == NULL)
			return arena_ok(&c->mem, e);
		*one = *x;
		one->next = NULL;
		if (!alias_expand(&c->mem, &names->rules, one, &to, e))
			return false;
		log_warn(log, "\"%.*s\" has no domain: goes to %.*s%s",
		    STR_ARG(x->text), STR_ARG(to->text),
		    to->next != NULL ? " and others" : "");
	}
	return alias_expand(&c->mem, &names->rules, *list, list, e);
}

static bool
set_sender(struct compose *c, const struct config *config,
    const struct log *log, struct err *e)
{
	struct message *m = &c->message;
	unsigned char random[16];
	struct prepare_names names;

	if (!addr_parse(&c->mem, config->from, false, &m->from, e) ||
	    !prepare_names_load(&names, &c->mem, config, log, e) ||
	    !complete(c, &names, &m->to, log, e) ||
	    !complete(c, &names, &m->cc, log, e) ||
	    !complete(c, &names, &m->bcc, log, e) ||
	    !complete(c, &names, &m->reply_to, log, e))
		return false;
	os_random(random, sizeof(random));
	m->message_id = message_make_id(&c->mem, random, m->from->domain);
	return arena_ok(&c->mem, e);
}

static bool
read_part(struct compose *c, const char *path, struct str *out, struct err *e)
{
	if (!read_text(c, path, SEND_REQUEST_MAX, out, e))
		return false;
	if (str_starts(*out, STR("\xef\xbb\xbf")))
		*out = str_from(*out, 3); /* editors' mark, not text */
	return true;
}

static bool
read_body(struct compose *c, const struct log *log, struct err *e)
{
	const char *text = c->text;

	if (text == NULL && c->html == NULL && c->from_stdin == NULL)
		text = "-";
	if (text == NULL && c->html == NULL)
		c->message.text = STR(""); /* only files, then */
	if (((text != NULL && strcmp(text, "-") == 0) ||
		(c->html != NULL && strcmp(c->html, "-") == 0)) &&
	    isatty(STDIN_FILENO))
		log_warn(log,
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
compose_finish(struct compose *c, const struct config *config,
    const struct log *log, struct err *e)
{
	/* before a person types the body, and after */
	return set_sender(c, config, log, e) && message_check(&c->message, e) &&
	    read_body(c, log, e) && message_check(&c->message, e);
}
