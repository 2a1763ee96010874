/* SPDX-License-Identifier: MIT */
#include "sandbox/upload.h"

#include <fcntl.h>
#include <stdio.h>

#include "codec/date.h"
#include "codec/jsonw.h"
#include "codec/url.h"

enum {
	SMALLEST = 3000000,          /* "3 MB", the smaller reading */
	LARGEST = 150 * 1024 * 1024, /* "150 MB", the larger one */
	LIFE = 7200                  /* seconds; Graph's is not published */
};

static const struct str root = STR_INIT("/upload/");

/* One range on its way. */
struct session {
	const struct sandbox_request *r;
	struct draft_folder d;
	struct str token, info; /* the names of two files */
	struct sandbox_item item;
	struct str known; /* what the file info says */
	uint64_t have;    /* bytes so far */
};

struct range {
	uint64_t first, last, all;
};

bool
upload_is_path(struct str path)
{
	return str_starts(path, root);
}

/*
 * The loopback has two names, and the certificate both of them: the client
 * sees another host, as with outlook.office.com.
 */
static struct str
origin(const struct sandbox *s, struct arena *mem)
{
	struct str host = s->host;

	if (str_eq(host, STR("localhost")))
		host = STR("127.0.0.1");
	return arena_fmt(mem, "%s://%.*s:%u", s->plain ? "http" : "https",
	    STR_ARG(host), s->port);
}

static bool
check_size(const struct sandbox_item *item, struct err *e)
{
	if (item->size < SMALLEST)
		return mail_flaw(e,
		    "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
		    "Attachment size must be greater than the minimum size.");
	if (item->size > LARGEST)
		return mail_flaw(e, "ErrorAttachmentSizeLimitExceeded",
		    "The attachment has more than 150 MB.");
	return true;
}

bool
upload_begin(const struct sandbox *s, const struct draft_folder *d,
    const struct sandbox_request *r, const struct sandbox_item *item,
    struct upload_offer *out, struct err *e)
{
	struct str token = drafts_random(r->mem), key = drafts_random(r->mem);
	char expires[DATE_ISO_SIZE];
	struct str info;

	if (!check_size(item, e))
		return false;
	date_iso(r->now + LIFE, expires);
	info = drafts_item_info(r->mem, item);
	info =
	    arena_fmt(r->mem, "%.*skey: %.*s\n", STR_ARG(info), STR_ARG(key));
	out->expires = arena_str(r->mem, str_of(expires));
	out->url = arena_fmt(r->mem, "%.*s%.*s%.*s/%.*s?authtoken=%.*s%%3D&v=1",
	    STR_ARG(origin(s, r->mem)), STR_ARG(root), STR_ARG(d->name),
	    STR_ARG(token), STR_ARG(key));
	return drafts_write(d, token, STR(""), e) &&
	    drafts_write(d, arena_fmt(r->mem, "%.*s.info", STR_ARG(token)),
		info, e);
}

static bool
not_found(struct err *e)
{
	return mail_flaw(e, "uploadSessionNotFound",
	    "The upload session was not found.");
}

/* The session that path and query name. */
static bool
open_session(struct session *x, const struct sandbox *s, struct err *e)
{
	const struct sandbox_request *r = x->r;
	struct str rest = str_from(r->path, root.n), name = { 0 }, key;
	struct os_stat st;

	if (!str_next(&rest, '/', &name) ||
	    !drafts_open(&x->d, s, r->mem, name) || rest.n != DRAFTS_NAME ||
	    str_chr(rest, '/') < rest.n)
		return not_found(e);
	x->token = rest;
	x->info = arena_fmt(r->mem, "%.*s.info", STR_ARG(rest));
	x->known = drafts_read(&x->d, x->info);
	key = drafts_get(x->known, STR("key"));
	if (x->known.p == NULL ||
	    !str_eq(r->query,
		arena_fmt(r->mem, "authtoken=%.*s%%3D&v=1", STR_ARG(key))) ||
	    !os_stat_path(drafts_path(&x->d, rest).p, &st, e))
		return not_found(e);
	x->item = drafts_item(x->known);
	x->have = st.size;
	return true;
}

/* "bytes 0-99/1000" */
static bool
read_range(struct str s, struct range *out)
{
	struct str first, last, all;

	if (!str_starts(s, STR("bytes ")))
		return false;
	s = str_from(s, 6);
	first = str_first(s, str_chr(s, '-'));
	s = str_from(s, first.n + 1);
	last = str_first(s, str_chr(s, '/'));
	all = str_from(s, last.n + 1);
	return str_u64(first, INT64_MAX, &out->first) &&
	    str_u64(last, INT64_MAX, &out->last) &&
	    str_u64(all, INT64_MAX, &out->all);
}

static bool
check_range(const struct session *x, struct err *e)
{
	const struct sandbox_request *r = x->r;
	struct range g;

	if (!str_ieq(r->content_type, STR("application/octet-stream")))
		return mail_flaw(e, "UnsupportedMediaType",
		    "A range is application/octet-stream.");
	if (!read_range(r->content_range, &g) || g.last < g.first ||
	    g.last >= g.all || g.all != x->item.size)
		return mail_flaw(e, "invalidRange",
		    "The Content-Range '%.*s' is not valid here.",
		    STR_ARG(r->content_range));
	if (g.last - g.first + 1 != r->body.n)
		return mail_flaw(e, "fragmentLengthMismatch",
		    "The range has %zu bytes.", r->body.n);
	if (g.first < x->have)
		return mail_flaw(e, "fragmentOverlap",
		    "The range was received already.");
	if (g.first > x->have)
		return mail_flaw(e, "fragmentOutOfOrder",
		    "The range is not the next one.");
	return true;
}

static bool
append(struct session *x, struct err *e)
{
	struct str path = drafts_path(&x->d, x->token);
	int fd = open(path.p, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return err_sys(e, ERR_RETRY, "%s", path.p);
	ok = os_write_fd(fd, path.p, x->r->body, e);
	os_close(&fd);
	x->have += x->r->body.n;
	return ok;
}

static void
end_session(const struct session *x)
{
	os_remove(drafts_path(&x->d, x->token).p);
	os_remove(drafts_path(&x->d, x->info).p);
}

/* It becomes an attachment, whole. */
static bool
finish(struct session *x, struct sandbox_answer *a, struct err *e)
{
	struct arena *mem = x->r->mem;
	struct str file, from = drafts_path(&x->d, x->token), to;

	if (!drafts_next(&x->d, &file, e))
		return false;
	to = drafts_path(&x->d, file);
	if (rename(from.p, to.p) < 0)
		return err_sys(e, ERR_RETRY, "%s", to.p);
	if (!drafts_write(&x->d, arena_fmt(mem, "%.*s.info", STR_ARG(file)),
		drafts_item_info(mem, &x->item), e))
		return false;
	end_session(x);
	answer_reset(a, 201);
	answer_graph_fields(a, x->r);
	answer_field(a, STR("Location"),
	    arena_fmt(mem,
		"https://outlook.office.com/api/v2.0/Attachments('%.*s-%.*s')",
		STR_ARG(drafts_id(&x->d)), STR_ARG(file)));
	return true;
}

/* facts.md 4.5: the case of these names varies. */
static bool
tell_next(const struct session *x, struct sandbox_answer *a, struct err *e)
{
	struct jsonw w;

	answer_reset(a, 200);
	answer_graph_fields(a, x->r);
	a->type = "application/json; charset=utf-8";
	w = jsonw_begin(&a->body);
	jsonw_open(&w, '{');
	jsonw_key(&w, STR("NextExpectedRanges"));
	jsonw_open(&w, '[');
	jsonw_str(&w,
	    arena_fmt(x->r->mem, "%llu", (unsigned long long)x->have));
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	return jsonw_end(&w, e);
}

static bool
take_range(struct session *x, struct sandbox_answer *a, struct err *e)
{
	if (!check_range(x, e) || !append(x, e))
		return false;
	return x->have == x->item.size ? finish(x, a, e) : tell_next(x, a, e);
}

static bool
answer(struct session *x, const struct sandbox *s, struct sandbox_answer *a,
    struct err *e)
{
	bool put = str_eq(x->r->method, STR("PUT"));

	if (x->r->authorization.p != NULL)
		return mail_flaw(e, "BadRequest",
		    "Authorization is not wanted here.");
	if (!put && !str_eq(x->r->method, STR("DELETE")))
		return mail_flaw(e, "MethodNotAllowed",
		    "PUT and DELETE are known here.");
	if (!open_session(x, s, e))
		return false;
	if (!put) {
		end_session(x);
		answer_reset(a, 204);
		answer_graph_fields(a, x->r);
		return true;
	}
	if (x->r->session_gone) {
		end_session(x);
		return not_found(e);
	}
	return take_range(x, a, e);
}

/* Where the upload is to go on, beside what went wrong with a range. */
static void
add_next(const struct session *x, struct sandbox_answer *a)
{
	if (a->status != 416 || a->body.n == 0)
		return;
	buf_rewind(&a->body, a->body.n - 1); /* the closing brace */
	buf_addf(&a->body, ",\"nextExpectedRanges\":[\"%llu-\"]}",
	    (unsigned long long)x->have);
}

void
upload_answer(const struct sandbox *s, const struct sandbox_request *r,
    struct sandbox_answer *a)
{
	struct session x = { .r = r };
	struct err e = { 0 };

	if (answer(&x, s, a, &e))
		return;
	answer_flaw(a, r, &e);
	add_next(&x, a);
}
