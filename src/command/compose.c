/* SPDX-License-Identifier: MIT */
#include "command/compose.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "graph/send.h"

enum {
	/* what a request can hold, twice for reading, and the addresses */
	MEMORY_MAX = 4 * SEND_REQUEST_MAX
};

static const struct str type_mark = STR_INIT(";type=");
static const struct str name_mark = STR_INIT(";name=");

void
compose_init(struct compose *c)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->mem, MEMORY_MAX);
}

void
compose_release(struct compose *c)
{
	for (size_t i = 0; i < c->message.n_files; i++)
		file_close(&c->file[i]);
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
	    "%s: larger than %d bytes, the most that one "
	    "request to Graph can attach",
	    path, SEND_FILE_MAX);
	return err_remedy(e,
	    "larger files come with a later version; until "
	    "then send a link, or pack it smaller");
}

/* The position of the nearer of both marks; s.n if there is none. */
static size_t
next_mark(struct str s)
{
	size_t type = str_find(s, type_mark), name = str_find(s, name_mark);

	return type < name ? type : name;
}

static bool
take_marks(struct compose *c, struct str rest, struct message_file *f,
    struct err *e)
{
	struct str *to, value;

	while (rest.n > 0) {
		to = str_starts(rest, type_mark) ? &f->type : &f->name;
		rest = str_from(rest, type_mark.n); /* both have its length */
		value = str_first(rest, next_mark(rest));
		rest = str_from(rest, value.n);
		if (value.n == 0)
			return err_set(e, ERR_USAGE,
			    "--attach: nothing "
			    "behind %s",
			    to == &f->type ? ";type=" : ";name=");
		*to = arena_str(&c->mem, value);
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

/*
 * A regular file is read when it is wanted; a pipe must be read now, as a
 * request may have to be made again.
 */
static bool
open_content(struct compose *c, const char *path, struct source *out,
    struct err *e)
{
	struct file *file = &c->file[c->message.n_files];
	bool regular = strcmp(path, "-") != 0;
	struct os_stat st = { 0 };
	struct str bytes = { 0 };

	if (regular && !os_stat_path(path, &st, e))
		return false;
	regular = regular && (st.regular || st.directory);
	if (regular) {
		if (!file_open(file, path, e))
			return false;
		*out = file_source(file);
	} else {
		if (!read_text(c, path, SEND_FILE_MAX, &bytes, e))
			return e->exit == 0 && e->kind == ERR_INPUT ?
			    too_large(path, e) :
			    false;
		*out = source_of(bytes);
	}
	if (out->size <= SEND_FILE_MAX)
		return true;
	file_close(file);
	return too_large(path, e);
}

bool
compose_attach(struct compose *c, const char *value, struct err *e)
{
	struct str spec = str_of(value);
	size_t mark = next_mark(spec);
	struct message *m = &c->message;
	struct message_file f = { 0 };
	const char *path;

	if (m->n_files == MESSAGE_FILES_MAX)
		return err_set(e, ERR_USAGE, "more than %d attachments",
		    MESSAGE_FILES_MAX);
	if (mark == 0)
		return err_set(e, ERR_USAGE,
		    "--attach wants FILE[;type=T]"
		    "[;name=N], not \"%.60s\"",
		    value);
	path = arena_str(&c->mem, str_first(spec, mark)).p;
	if (!take_marks(c, str_from(spec, mark), &f, e) ||
	    !arena_ok(&c->mem, e) || !compose_claim(c, "--attach", path, e))
		return false;
	if (!open_content(c, path, &f.content, e))
		return err_wrap(e, "--attach");
	if (f.name.n == 0)
		f.name = base_name(path);
	if (f.type.n == 0)
		f.type = message_guess_type(f.name);
	m->file[m->n_files++] = f;
	return true;
}

/* Bare names become the mailbox: mail to root@hostname helps nobody. */
static void
complete(struct addr *list, const struct addr *mailbox, const struct log *log)
{
	for (; list != NULL; list = list->next) {
		if (list->domain.n > 0)
			continue;
		log_warn(log, "\"%.*s\" has no domain: goes to %.*s",
		    STR_ARG(list->text), STR_ARG(mailbox->text));
		list->local = mailbox->local;
		list->domain = mailbox->domain;
		list->text = mailbox->text;
	}
}

static bool
set_sender(struct compose *c, const struct config *config,
    const struct log *log, struct err *e)
{
	struct message *m = &c->message;
	struct addr *from, *mailbox;
	unsigned char random[16];

	if (!addr_parse(&c->mem, config->from, false, &from, e) ||
	    !addr_parse(&c->mem, config->mailbox, false, &mailbox, e))
		return false;
	complete(m->to, mailbox, log);
	complete(m->cc, mailbox, log);
	complete(m->bcc, mailbox, log);
	complete(m->reply_to, mailbox, log);
	/* Graph takes the mailbox itself where nothing is said */
	if (from->name.n > 0 || !addr_same(from, mailbox))
		m->from = from;
	os_random(random, sizeof(random));
	m->message_id = message_make_id(&c->mem, random, from->domain);
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
