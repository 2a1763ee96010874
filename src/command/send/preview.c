/* SPDX-License-Identifier: MIT */
#include "command/send/preview.h"

#include "base/version.h"
#include "cli/cli.h"
#include "codec/jsonw.h"
#include "codec/url.h"
#include "compose/part.h"
#include "graph/send.h"
#include "graph/upload.h"
#include "mail/fidelity.h"
#include "mail/rope.h"
#include "mail/word.h"

enum {
	HEAD_MAX = 65536, /* of a request: its address has at most 8 kB */
	ROPE_MEM = 16384,
	NAMES_MAX = 1000, /* fields that are looked at */
	NOTES_MAX = 40,   /* and told of */
	NOTES_SIZE = 64 * 1024,
	SHOWN_MEM = 32 << 20, /* the tree of 20,000 parts */
	SHOWN_MAX = 8 << 20   /* a text, or the header */
};

struct preview {
	const struct prepared *p;
	const struct config *config;
	struct str url; /* of Graph */
	struct err *e;
};

/* "POST URL" and the fields; the body follows. */
static bool
head(struct preview *v, struct str path, const char *type, uint64_t size)
{
	struct buf out;
	bool ok;

	buf_init(&out, HEAD_MAX);
	buf_addf(&out,
	    "POST %.*s%.*s\nUser-Agent: post365/" VERSION
	    "\nAccept: application/json\nAuthorization: Bearer ***\n",
	    STR_ARG(v->url), STR_ARG(path));
	if (type != NULL)
		buf_addf(&out, "Content-Type: %s\n", type);
	buf_addf(&out, "Content-Length: %llu\n\n", (unsigned long long)size);
	ok = cli_flush(&out, 0, v->e);
	buf_release(&out);
	return ok;
}

static bool
preview_piece(void *arg, struct str piece, struct err *e)
{
	(void)arg;
	return cli_out(piece, e);
}

/* A message of any size, in the base64 that Graph wants. */
static bool
body(struct preview *v, const struct source *s)
{
	return source_copy(source_all(s), preview_piece, NULL, v->e) &&
	    cli_out(STR("\n"), v->e);
}

static bool
mime_request(struct preview *v, struct str path, const struct source *mime)
{
	struct arena mem;
	struct rope text;
	struct source s;
	bool ok;

	arena_init(&mem, ROPE_MEM);
	rope_init(&text, &mem);
	rope_range(&text, ROPE_UNBROKEN, mime, 0, mime->size);
	s = rope_source(&text);
	ok = rope_ok(&text, v->e) && head(v, path, "text/plain", s.size) &&
	    body(v, &s);
	arena_release(&mem);
	return ok;
}

static bool
json_request(struct preview *v, struct str path)
{
	struct send_options o = { .mailbox = v->config->mailbox,
		.save_to_sent = v->p->out.save_to_sent };
	struct buf json;
	bool ok;

	buf_init(&json, SEND_REQUEST_MAX + 1);
	ok = send_json(v->p->out.message, &o, &json, v->e) &&
	    head(v, path, "application/json", json.n);
	buf_addc(&json, '\n');
	ok = ok && cli_flush(&json, 0, v->e);
	buf_release(&json);
	return ok;
}

/* What is uploaded is too long to be shown. */
static bool
file_requests(struct preview *v, struct str draft)
{
	const struct outgoing_file *f;
	struct buf out;
	bool ok = true;

	buf_init(&out, 2 * HEAD_MAX);
	for (size_t i = 0; ok && i < v->p->out.n_files; i++) {
		f = &v->p->out.file[i];
		buf_addf(&out, "\nPOST %.*s%.*s/attachments%s\n",
		    STR_ARG(v->url), STR_ARG(draft),
		    f->content.size < UPLOAD_LEAST ? "" :
						     "/createUploadSession");
		buf_addf(&out, "(%.*s, %.*s, %llu bytes%s)\n",
		    STR_ARG(str_first(f->name, HEAD_MAX / 4)),
		    STR_ARG(str_first(f->type, HEAD_MAX / 4)),
		    (unsigned long long)f->content.size,
		    f->content.size < UPLOAD_LEAST ? "" :
						     ", then PUT in ranges");
		ok = cli_flush(&out, 0, v->e);
	}
	buf_release(&out);
	return ok;
}

static bool
draft_requests(struct preview *v)
{
	struct buf path;
	bool ok;

	buf_init(&path, HEAD_MAX);
	buf_addz(&path, "/users/");
	url_encode(&path, v->config->mailbox);
	buf_addz(&path, "/messages");
	ok = mime_request(v, buf_view(&path), &v->p->out.rest);
	buf_addz(&path, "/{id}");
	ok = ok && file_requests(v, buf_view(&path));
	buf_addz(&path, "/send");
	ok =
	    ok && cli_out(STR("\n"), v->e) && head(v, buf_view(&path), NULL, 0);
	buf_release(&path);
	return ok;
}

/* The header, decoded and unfolded; how it is encoded is no news. */
static void
preview_head(const struct head_field *f, struct buf *out)
{
	struct buf value;

	for (; f != NULL; f = f->next) {
		if (str_istarts(f->name, STR("Content-")) ||
		    str_ieq(f->name, STR("MIME-Version")))
			continue;
		buf_init(&value, SHOWN_MAX);
		head_unfold(&value, f->value);
		buf_addf(out, "%.*s: ", STR_ARG(f->name));
		(void)!word_decode(out, buf_view(&value));
		buf_addc(out, '\n');
		buf_release(&value);
	}
}

static bool
preview_text(struct prepare_part *parts, const struct mime_part *p,
    struct buf *out, struct err *e)
{
	struct str rest, line;
	struct buf text;
	bool sound, ok;

	if (!str_eq(p->type, STR("text/plain")) && p->type.n > 0)
		buf_addf(out, "\n[%.*s]", STR_ARG(p->type));
	buf_addc(out, '\n');
	buf_init(&text, SHOWN_MAX);
	ok = prepare_part_text(parts, p, &text, &sound, e);
	rest = buf_view(&text);
	while (ok && str_next(&rest, '\n', &line)) {
		if (str_ends(line, STR("\r")))
			line.n--;
		buf_adds(out, line);
		buf_addc(out, '\n');
	}
	buf_release(&text);
	return ok;
}

static void
preview_file(struct prepare_part *parts, const struct mime_part *p,
    struct buf *out)
{
	struct message_file file = { .name = p->name, .type = p->type };
	const char *about = "";
	struct err e;
	bool sound;

	if (!prepare_part_file(parts, p, &file, &sound, &e)) {
		file.content.size = prepare_part_size(p);
		about = "about ";
	}
	buf_addf(out, "[%s %.*s, %.*s, %s%llu bytes]\n",
	    p->cid.n > 0 ? "inline" : "attachment", STR_ARG(file.name),
	    STR_ARG(file.type), about, (unsigned long long)file.content.size);
}

static bool
preview_parts(struct preview *v, struct prepare_part *parts,
    const struct mime_part *root)
{
	struct buf out;
	bool ok = true;

	buf_init(&out, SHOWN_MAX);
	preview_head(root->head.first, &out);
	for (const struct mime_part *p = root; ok && p != NULL;
	     p = mime_next(p))
		if (prepare_part_is_text(p))
			ok = preview_text(parts, p, &out, v->e) &&
			    cli_flush(&out, 0, v->e);
	buf_addc(&out, '\n');
	for (const struct mime_part *p = root; ok && p != NULL;
	     p = mime_next(p))
		if (prepare_part_is_file(p)) {
			preview_file(parts, p, &out);
			ok = cli_flush(&out, 0, v->e);
		}
	buf_release(&out);
	return ok;
}

static bool
preview_feed(void *arg, struct str piece, struct err *e)
{
	(void)e;
	mime_feed(arg, piece);
	return true;
}

bool
preview_message(const struct prepared *p, const struct config *config,
    struct err *e)
{
	struct preview v = { .p = p, .config = config, .e = e };
	struct prepare_part parts = { .raw = &p->out.mime,
		.spool = config->spool_dir };
	struct mime_part *root;
	struct arena mem;
	struct mime m;
	bool ok;

	arena_init(&mem, SHOWN_MEM);
	parts.mem = &mem;
	mime_init(&m, &mem);
	ok = source_copy(source_all(&p->out.mime), preview_feed, &m, e) &&
	    mime_finish(&m, &root, e) && preview_parts(&v, &parts, root);
	mime_release(&m);
	prepare_part_release(&parts);
	arena_release(&mem);
	return ok;
}

bool
preview_requests(const struct prepared *p, const struct config *config,
    struct str url, enum route route, struct err *e)
{
	struct preview v = { .p = p, .config = config, .url = url, .e = e };
	struct buf path;
	bool ok;

	if (route == ROUTE_DRAFT)
		return draft_requests(&v);
	buf_init(&path, HEAD_MAX);
	send_path(&path, config->mailbox);
	ok = route == ROUTE_JSON ?
	    json_request(&v, buf_view(&path)) :
	    mime_request(&v, buf_view(&path), &p->out.mime);
	buf_release(&path);
	return ok;
}

/* Of a message from parts: what its user chose, and the name of the sender. */
static size_t
names_of(const struct prepared *p, struct str name[NAMES_MAX])
{
	const struct message *m = p->out.message;
	const struct head_field *f = p->head != NULL ? p->head->first : NULL;
	size_t n = 0;

	for (; f != NULL && n < NAMES_MAX; f = f->next)
		name[n++] = f->name;
	if (p->head != NULL || m == NULL)
		return n;
	if (m->from != NULL && m->from->name.n > 0)
		name[n++] = STR("From");
	for (size_t i = 0; i < m->n_fields; i++)
		name[n++] = m->field[i].name;
	return n;
}

void
preview_tell(const struct prepared *p, const struct route_choice *choice,
    const struct log *log, bool loud)
{
	const enum fidelity_form form =
	    choice->route == ROUTE_JSON ? FIDELITY_JSON : FIDELITY_MIME;
	struct fidelity_note note[NOTES_MAX];
	struct str name[NAMES_MAX];
	size_t n = names_of(p, name);
	struct str rest, line;
	struct buf out;

	buf_init(&out, NOTES_SIZE);
	if (loud) /* else who sends it says so */
		buf_addf(&out, "route: %s, as %s\n", route_name(choice->route),
		    choice->why);
	if (loud && choice->loses != NULL)
		buf_addf(&out, "lost on this route: %s\n", choice->loses);
	n = fidelity_notes(name, n, form, note, NOTES_MAX);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%.*s: %s%s%s%s\n", STR_ARG(note[i].field),
		    note[i].what, note[i].reported ? " (reported)" : "",
		    note[i].instead != NULL ? "; " : "",
		    note[i].instead != NULL ? note[i].instead : "");
	rest = buf_view(&out);
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		if (loud)
			log_warn(log, "%.*s", STR_ARG(line));
		else
			log_trace(log, "* %.*s", STR_ARG(line));
	}
	buf_release(&out);
}
