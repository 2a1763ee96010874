/* SPDX-License-Identifier: MIT */
#include "compose/prepare.h"

#include "base/os.h"
#include "compose/entry.h"
#include "compose/json.h"
#include "mail/mimew.h"
#include "mail/value.h"

enum {
	/* headers of 2 MB, in some forms, and a text of 4 MB in two */
	MEMORY_MOSTLY = 16 * 1024 - 96,
	TEXT_LEAST = 4096 /* bytes; a shorter text is worth no file */
};

struct prepared_state {
	uint64_t max_size; /* max_message_size */
	struct rope mime, rest;
	struct prepare_names names;
	struct prepare_part parts;
};

void
prepare_release(struct prepared *p)
{
	if (p->state != NULL)
		prepare_part_release(&p->state->parts);
	arena_release(&p->mem);
	*p = (struct prepared){ 0 };
}

static bool
begin(struct prepared *p, const struct config *config, struct err *e)
{
	*p = (struct prepared){ 0 };
	arena_init(&p->mem, PREPARE_MEMORY);
	arena_expect(&p->mem, MEMORY_MOSTLY);
	p->state = arena_alloc(&p->mem, sizeof(*p->state));
	if (p->state == NULL)
		return arena_ok(&p->mem, e);
	rope_init(&p->state->mime, &p->mem);
	rope_init(&p->state->rest, &p->mem);
	p->state->max_size = config->max_message_size;
	p->state->parts.mem = &p->mem;
	p->state->parts.spool = config->spool_dir;
	p->out.mailbox = config->mailbox;
	p->out.save_to_sent = config->save_to_sent;
	p->out.facts = (struct route_facts){
		.no_save = !config->save_to_sent,
		.exact = str_eq(config->delivery, STR("exact")),
		.mime_limit = config->mime_limit,
		.max_message_size = config->max_message_size,
	};
	return true;
}

/*
 * max_message_size is about what people see: the files together, or all that
 * is beside them; what base64 adds does not count. So a message that keeps
 * to it may be larger in bytes, and the route is told so.
 */
static bool
check_size(struct prepared *p, uint64_t files, uint64_t encoded, struct err *e)
{
	struct route_facts *f = &p->out.facts;
	uint64_t rest = f->mime_size > encoded ? f->mime_size - encoded : 0;
	uint64_t size = files > rest ? files : rest;

	if (size > p->state->max_size)
		return route_too_large(size, p->state->max_size, e);
	if (f->max_message_size < f->mime_size)
		f->max_message_size = f->mime_size;
	return true;
}

/* Both forms are written: their sizes are known. */
static bool
finish(struct prepared *p, struct err *e)
{
	struct outgoing *o = &p->out;

	o->message_id = p->message_id;
	o->rcpt = p->rcpt;
	o->mime = rope_source(&p->state->mime);
	o->rest = o->n_files > 0 ? rope_source(&p->state->rest) : o->mime;
	o->facts.mime_size = o->mime.size;
	o->facts.rest_size = o->rest.size;
	return arena_ok(&p->mem, e);
}

/* Most messages have none. */
static void
add_apart(struct prepared *p, struct outgoing_file file)
{
	struct outgoing *o = &p->out;

	if (o->file == NULL)
		o->file =
		    arena_array(&p->mem, OUTGOING_FILES_MAX, sizeof(*o->file));
	if (o->file != NULL)
		o->file[o->n_files++] = file;
}

/* From parts */

/* What a file takes in MIME. */
static uint64_t
encoded_size(uint64_t n)
{
	uint64_t text = (n + 2) / 3 * 4;

	return text + (text + ROPE_LINE - 1) / ROPE_LINE * 2;
}

/* What it takes at the least: a message may stand there as it is. */
static uint64_t
file_size(const struct message_file *f)
{
	return str_istarts(f->type, STR("message/")) ?
	    f->content.size :
	    encoded_size(f->content.size);
}

static const char text_apart[] =
    "the text in its body, which goes as an attached file";

/* The same for texts, a line in the place of each. */
static void
set_texts_apart(struct prepared *p, struct message *rest, uint64_t size)
{
	struct outgoing *o = &p->out;
	const struct message_stand_in *in;
	struct str *text;

	while (size > o->facts.mime_limit && o->n_files < OUTGOING_FILES_MAX) {
		text = rest->html.n > rest->text.n ? &rest->html : &rest->text;
		in = message_stand_in(text == &rest->html);
		if (text->n < TEXT_LEAST)
			return;
		size -= text->n;
		add_apart(p,
		    (struct outgoing_file){ .name = in->name,
			.type = arena_fmt(&p->mem, "%.*s; charset=utf-8",
			    STR_ARG(in->type)),
			.content = source_of(*text) });
		*text = in->text;
		o->facts.rest_loses = text_apart;
	}
}

/* The index of the largest file, or n_files. */
static size_t
largest(const struct message *m)
{
	size_t found = m->n_files;

	for (size_t i = 0; i < m->n_files; i++)
		if (m->file[i].content.size > 0 &&
		    (found == m->n_files ||
			m->file[i].content.size > m->file[found].content.size))
			found = i;
	return found;
}

/* Takes files out of *rest until it would fit. */
static void
set_apart(struct prepared *p, struct message *rest)
{
	struct outgoing *o = &p->out;
	uint64_t size = o->facts.mime_size;
	const struct message_file *f;
	size_t i;

	while (
	    size > o->facts.mime_limit && (i = largest(rest)) < rest->n_files) {
		f = &rest->file[i];
		size -= file_size(f);
		add_apart(p,
		    (struct outgoing_file){ .name = f->name,
			.type = f->type,
			.cid = f->cid,
			.content = f->content });
		for (rest->n_files--; i < rest->n_files; i++)
			rest->file[i] = rest->file[i + 1];
	}
	set_texts_apart(p, rest, size);
}

static bool
check_message_size(struct prepared *p, const struct message *m, struct err *e)
{
	uint64_t files = 0, encoded = 0;

	for (size_t i = 0; i < m->n_files; i++) {
		files += m->file[i].content.size;
		encoded += encoded_size(m->file[i].content.size);
	}
	p->out.facts.mime_size = p->state->mime.size;
	return check_size(p, files, encoded, e);
}

static bool
write_forms(struct prepared *p, const struct message *m, struct err *e)
{
	struct message *rest = arena_alloc(&p->mem, sizeof(*rest));
	struct mimew_stamp stamp = { .when = os_wall() };

	if (rest == NULL)
		return arena_ok(&p->mem, e);
	*rest = *m;
	stamp.zone = os_zone(stamp.when);
	os_random(stamp.random, sizeof(stamp.random));
	if (!mimew_write(m, &stamp, &p->state->mime, e) ||
	    !check_message_size(p, m, e))
		return false;
	set_apart(p, rest);
	if (p->out.n_files > 0 &&
	    !mimew_write(rest, &stamp, &p->state->rest, e))
		return false;
	send_json_facts(m, &p->out.facts);
	return finish(p, e);
}

bool
prepare_text(const struct message *m, struct rope *out, struct err *e)
{
	struct mimew_stamp stamp = { .when = os_wall() };

	stamp.zone = os_zone(stamp.when);
	os_random(stamp.random, sizeof(stamp.random));
	return mimew_write(m, &stamp, out, e);
}

/* All recipients, each once. */
static bool
list_recipients(struct prepared *p, const struct message *m, struct err *e)
{
	struct addr *all = NULL, **tail = &all;
	struct reconciled r;

	addr_add_list(&p->mem, &tail, m->to);
	addr_add_list(&p->mem, &tail, m->cc);
	addr_add_list(&p->mem, &tail, m->bcc);
	if (!arena_ok(&p->mem, e) ||
	    !reconcile(&p->mem, all, NULL, NULL, &r, e))
		return false;
	p->rcpt = r.bcc;
	for (const struct addr *x = p->rcpt; x != NULL; x = x->next)
		p->n_rcpt++;
	return true;
}

bool
prepare_message(struct prepared *p, const struct config *config,
    const struct message *m, struct err *e)
{
	struct prepare_from from;
	struct message *whole;
	struct addr **self;

	if (!begin(p, config, e))
		return false;
	whole = arena_alloc(&p->mem, sizeof(*whole));
	if (whole == NULL)
		return arena_ok(&p->mem, e);
	*whole = *m;
	/* `send` named the sender itself, so no file of aliases is asked */
	if (!prepare_from(&p->mem, config, &p->state->names, m->from, &from, e))
		return false;
	whole->from = NULL;
	self = &whole->from;
	if (addr_add(&p->mem, &self, from.from) == NULL)
		return arena_ok(&p->mem, e);
	p->message_id = m->message_id;
	if (config->log_subject)
		p->subject = entry_subject(&p->mem, m->subject);
	p->out.message = whole;
	return message_check(whole, e) && list_recipients(p, whole, e) &&
	    write_forms(p, whole, e);
}

/* From a ready message */

static bool
read_piece(void *arg, struct str piece, struct err *e)
{
	(void)e; /* the reader tells at its end */
	mime_feed(arg, piece);
	return true;
}

static bool
read_tree(struct prepared *p, const struct source *raw,
    const struct mime_part **out, struct err *e)
{
	struct mime_part *root = NULL;
	struct mime reader;
	bool ok;

	if (*out != NULL)
		return true;
	mime_init(&reader, &p->mem);
	ok = source_copy(source_all(raw), read_piece, &reader, e) &&
	    mime_finish(&reader, &root, e);
	mime_release(&reader);
	*out = root;
	return ok;
}

static bool
decode(void *arg, const struct mime_part *part, struct source *out,
    struct err *e)
{
	struct message_file f;
	bool sound; /* quoted-printable always is */

	if (!prepare_part_file(arg, part, &f, &sound, e))
		return false;
	*out = f.content;
	return true;
}

static bool
write_mime(struct prepared *p, struct edit *edit, struct err *e)
{
	if (!edit_message(edit, &p->state->mime, e))
		return false;
	p->out.facts.mime_size = p->state->mime.size;
	return true;
}

static bool
has_sealed(const struct mime_part *p)
{
	while (p != NULL && !p->sealed)
		p = mime_next(p);
	return p != NULL;
}

static bool
check_raw_size(struct prepared *p, const struct mime_part *root, struct err *e)
{
	uint64_t files = 0, encoded = 0;

	for (; root != NULL; root = mime_next(root)) {
		if (!prepare_part_is_file(root))
			continue;
		files += prepare_part_size(root);
		encoded += root->end - root->body;
	}
	return check_size(p, files, encoded, e);
}

/* What a part of n bytes takes in the message as it leaves. */
static uint64_t
part_size(const struct mime_part *p, uint64_t n)
{
	bool odd =
	    p->encoding == MIME_IDENTITY && (p->eight_bit || p->long_line);

	return odd || p->encoding == MIME_QP ? encoded_size(n) :
					       p->end - p->body;
}

/* What is too large for a body goes as a file, with its charset. */
static void
name_text(struct prepared *p, const struct mime_part *part,
    struct message_file *f, struct str *instead)
{
	const struct message_stand_in *in =
	    message_stand_in(str_eq(part->type, STR("text/html")));
	struct str charset = param_find(part->param, STR("charset"));

	*instead = in->text;
	f->name = in->name;
	if (charset.n > 0)
		f->type = arena_fmt(&p->mem, "%.*s; charset=\"%.*s\"",
		    STR_ARG(part->type), STR_ARG(charset));
	p->out.facts.rest_loses = text_apart;
}

/*
 * Decodes parts, the largest first, until the rest would fit. *size: of what
 * is not taken out.
 */
static bool
take_out(struct prepared *p, struct edit *edit, prepare_part_is *is,
    uint64_t *size, struct err *e)
{
	struct outgoing *o = &p->out;
	const struct mime_part **part =
	    arena_array(&p->mem, EDIT_LEFT_OUT, sizeof(*part));
	struct message_file f;
	uint64_t gone;
	bool sound;
	size_t n;

	if (part == NULL)
		return arena_ok(&p->mem, e);
	n = prepare_part_list(edit->root, is, part, EDIT_LEFT_OUT);
	for (size_t i = 0; i<n && * size> o->facts.mime_limit &&
	     edit->n_left_out < EDIT_LEFT_OUT;
	     i++) {
		if (is == prepare_part_is_text &&
		    part[i]->end - part[i]->body < TEXT_LEAST)
			break;
		if (!prepare_part_file(&p->state->parts, part[i], &f, &sound,
			e))
			return false;
		if (!sound)
			continue;
		if (!prepare_part_is_whole(f.name))
			o->facts.rest_loses = "the name of an attachment, "
					      "whose charset is not known "
					      "here";
		if (is == prepare_part_is_text)
			name_text(p, part[i], &f,
			    &edit->instead[edit->n_left_out]);
		gone = part_size(part[i], f.content.size);
		*size -= gone < *size ? gone : *size;
		edit->left_out[edit->n_left_out++] = part[i];
		add_apart(p,
		    (struct outgoing_file){ .name = f.name,
			.type = f.type,
			.cid = f.cid,
			.content = f.content });
	}
	return true;
}

/* A message of files only: of it the header stays, as that of a text. */
static void
keep_sound(struct edit *edit)
{
	size_t leaves = 0;

	for (const struct mime_part *p = edit->root; p != NULL;
	     p = mime_next(p))
		leaves += p->child == NULL;
	if (leaves > 0 && edit->n_left_out == leaves) {
		edit->left_out[0] = edit->root;
		edit->n_left_out = 1;
	}
}

static bool
write_rest(struct prepared *p, struct edit *edit, struct err *e)
{
	uint64_t size = p->out.facts.mime_size, files = 0;

	if (!check_raw_size(p, edit->root, e) ||
	    !take_out(p, edit, prepare_part_is_file, &size, e))
		return false;
	keep_sound(edit);
	if (!take_out(p, edit, prepare_part_is_text, &size, e))
		return false;
	for (size_t i = 0; i < p->out.n_files; i++)
		files += p->out.file[i].content.size;
	if (!check_size(p, files, p->out.facts.mime_size, e))
		return false;
	return p->out.n_files == 0 || edit_message(edit, &p->state->rest, e);
}

static bool
wants_json(const struct prepared *p, const struct prepare_envelope *v)
{
	const struct route_facts *f = &p->out.facts;

	return v->want == ROUTE_JSON || f->no_save ||
	    f->mime_size > f->mime_limit ||
	    head_find(p->head->first, STR("List-Unsubscribe")) != NULL;
}

static bool
write_raw(struct prepared *p, const struct prepare_raw *h,
    const struct source *raw, struct err *e)
{
	struct route_facts *f = &p->out.facts;
	struct edit *edit = arena_alloc(&p->mem, sizeof(*edit));

	if (edit == NULL)
		return arena_ok(&p->mem, e);
	*edit = (struct edit){ .message = raw,
		.root = h->root,
		.recipients = &h->recipients,
		.from = h->from.changed ? h->from.from : NULL,
		.reply_to = h->from.reply_to,
		.decode = decode,
		.decode_arg = &p->state->parts,
		.again = h->envelope->again,
		.change = h->change,
		.added = h->added,
		.n_added = h->n_added };
	if (has_sealed(h->root))
		f->sealed = "it is signed or encrypted";
	f->json_cannot = "its form is not needed";
	if (!write_mime(p, edit, e) || !write_rest(p, edit, e) || !finish(p, e))
		return false;
	return !wants_json(p, h->envelope) ||
	    prepare_json(h, &p->state->parts, &p->out.message, f, e);
}

/* Which of several Content-Type fields counts: those that leave are one. */
static void
say_type(const struct mime_part *root, const struct log *log)
{
	const struct head_field *f =
	    head_find(root->head.first, STR("Content-Type"));

	if (f != NULL && head_find(f->next, STR("Content-Type")) != NULL)
		log_warn(log,
		    "the message has several Content-Type fields; \"%.*s\" "
		    "fits its body and counts",
		    STR_ARG(root->type));
}

bool
prepare_raw(struct prepared *p, const struct config *config,
    const struct source *raw, const struct prepare_envelope *envelope,
    const struct log *log, struct err *e)
{
	struct prepare_raw h = { .config = config,
		.envelope = envelope,
		.root = envelope->root };
	const struct head_field *subject;

	if (!begin(p, config, e))
		return false;
	h.mem = &p->mem;
	h.names = &p->state->names;
	p->state->parts.raw = raw;
	p->state->parts.look = envelope->look;
	if (!prepare_names_load(&p->state->names, &p->mem, config, log, e) ||
	    !read_tree(p, raw, &h.root, e) || !prepare_raw_header(&h, e))
		return false;
	say_type(h.root, log);
	p->out.facts.no_save_asked = envelope->no_save_asked;
	p->message_id = h.message_id;
	subject = head_find(h.root->head.first, STR("Subject"));
	if (config->log_subject && subject != NULL)
		p->subject = entry_subject(&p->mem,
		    value_read(&p->mem, subject->value, STR("")).plain);
	p->rcpt = h.rcpt;
	p->n_rcpt = h.n_rcpt;
	p->head = &h.root->head;
	return write_raw(p, &h, raw, e);
}
