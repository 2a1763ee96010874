/* SPDX-License-Identifier: MIT */
#include "relay/rewrite.h"

#include "codec/xtext.h"
#include "mail/head.h"
#include "mail/notify.h"
#include "mail/value.h"

enum { REWRITE_MEMORY = 16 << 20, REWRITE_VALUE = 2 << 20 };

static bool
rewrite_is_gap(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static struct str
rewrite_word(struct str *rest)
{
	struct str word;
	size_t n = 0;

	while (rest->n > 0 && rewrite_is_gap(rest->p[0]))
		*rest = str_from(*rest, 1);
	while (n < rest->n && !rewrite_is_gap(rest->p[n]))
		n++;
	word = str_first(*rest, n);
	*rest = str_from(*rest, n);
	return word;
}

static bool
rewrite_take(struct arena *a, struct str line, struct rewrite_line *l,
    struct err *e)
{
	struct str rest = line, word = rewrite_word(&rest);
	struct addr *of = NULL, *to = NULL, **end = &to;

	if (str_starts(word, STR("@")))
		l->domain = str_from(word, 1);
	else if (!addr_parse(a, word, true, &of, e))
		return false;
	for (;;) {
		word = rewrite_word(&rest);
		if (word.n == 0)
			break;
		if (!addr_parse(a, word, true, end, e))
			return false;
		end = &(*end)->next;
	}
	l->of = of;
	l->to = to;
	return to != NULL ||
	    err_set(e, ERR_CONFIG, "\"%.*s\" is mapped to nothing",
		STR_ARG(line));
}

bool
rewrite_parse(struct arena *a, const char *file, struct str text,
    struct rewrite_line **out, struct err *e)
{
	struct rewrite_line *l;
	unsigned number = 0;
	struct str line;

	*out = NULL;
	while (str_next(&text, '\n', &line)) {
		number++;
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l = arena_alloc(a, sizeof(*l));
		if (l == NULL)
			return arena_ok(a, e);
		if (!rewrite_take(a, line, l, e)) {
			e->kind = ERR_CONFIG;
			return err_wrap(e, "%s:%u", file, number);
		}
		*out = l;
		out = &l->next;
	}
	return true;
}

static const struct rewrite_line *
rewrite_find(const struct rewrite_line *l, const struct addr *who)
{
	const struct rewrite_line *domain = NULL;

	for (; l != NULL; l = l->next)
		if (l->of != NULL && addr_same(l->of, who))
			return l;
		else if (l->of == NULL && domain == NULL &&
		    str_ieq(l->domain, who->domain))
			domain = l;
	return domain;
}

static bool
rewrite_has(const struct addr *list, const struct addr *who)
{
	while (list != NULL && !addr_same(list, who))
		list = list->next;
	return list != NULL;
}

/* As ORCPT has it (RFC 3461 4.2), for the log and reports. */
static struct str
rewrite_original(struct arena *a, const struct addr *was)
{
	struct str text = { 0 };
	struct err unsaid;
	struct buf out;

	buf_init(&out, NOTIFY_ORIGINAL_MOST);
	buf_addz(&out, "rfc822;");
	xtext_write(&out, was->text);
	if (buf_ok(&out, &unsaid) && notify_is_original(buf_view(&out)))
		text = arena_str(a, buf_view(&out));
	buf_release(&out);
	return text;
}

const struct addr *
rewrite_list(struct arena *a, const struct rewrite_line *map,
    const struct addr *list)
{
	struct addr *out = NULL, **end = &out, *copy;
	const struct rewrite_line *l;

	if (map == NULL)
		return list;
	for (; list != NULL; list = list->next) {
		l = rewrite_find(map, list);
		if (l == NULL && !rewrite_has(out, list))
			(void)addr_add(a, &end, list);
		for (const struct addr *to = l != NULL ? l->to : NULL;
		     to != NULL; to = to->next) {
			if (rewrite_has(out, to))
				continue;
			copy = addr_add(a, &end, to);
			if (copy == NULL)
				continue;
			copy->notify = list->notify;
			if (copy->notify.original.n == 0)
				copy->notify.original =
				    rewrite_original(a, list);
		}
	}
	return out;
}

/* "Name: a, b" in place of a field. */
static bool
rewrite_write(struct str name, const struct addr *list, struct buf *out,
    struct err *e)
{
	struct buf value;
	bool ok;

	buf_init(&value, REWRITE_VALUE);
	for (const struct addr *a = list; a != NULL; a = a->next) {
		if (a != list)
			buf_addz(&value, ", ");
		addr_format(&value, a);
	}
	ok = buf_ok(&value, e) && head_write(out, name, buf_view(&value), e);
	buf_release(&value);
	return ok;
}

static bool
rewrite_is_of(struct str name, const struct str *names, size_t n)
{
	while (n > 0 && !str_ieq(name, names[n - 1]))
		n--;
	return n > 0;
}

static bool
rewrite_field(struct arena *a, const struct rewrite *r,
    const struct head_field *f, struct buf *out, struct err *e)
{
	static const struct str to[] = { STR_INIT("To"), STR_INIT("Cc"),
		STR_INIT("Bcc") };
	struct addr *list = NULL;

	if (r->map != NULL &&
	    rewrite_is_of(f->name, to, sizeof(to) / sizeof(*to)))
		list = value_addresses(a, f, true);
	if (list == NULL) {
		buf_adds(out, f->raw);
		return true;
	}
	return rewrite_write(f->name, rewrite_list(a, r->map, list), out, e);
}

/* From, and Reply-To where there is none. */
static bool
rewrite_from(struct arena *a, const struct rewrite *r, const struct head *head,
    struct buf *out, struct err *e)
{
	const struct head_field *f = head_find(head->first, STR("From"));
	struct addr *from, *old = value_addresses(a, f, false);

	if (!addr_parse(a, r->from, false, &from, e))
		return false;
	if (old != NULL && from->name.n == 0)
		from->name = old->name;
	if (!rewrite_write(STR("From"), from, out, e))
		return false;
	return old == NULL || head_find(head->first, STR("Reply-To")) != NULL ||
	    rewrite_write(STR("Reply-To"), old, out, e);
}

bool
rewrite_header(const struct rewrite *r, struct str header, struct buf *out,
    struct err *e)
{
	static const struct str gone[] = { STR_INIT("From"),
		STR_INIT("Sender") };
	struct arena a;
	struct head head;
	bool ok;

	arena_init(&a, REWRITE_MEMORY);
	ok = head_scan(&a, header, &head, e);
	if (ok && r->from.n > 0)
		ok = rewrite_from(&a, r, &head, out, e);
	for (const struct head_field *f = head.first; ok && f != NULL;
	     f = f->next)
		if (r->from.n == 0 || !rewrite_is_of(f->name, gone, 2))
			ok = rewrite_field(&a, r, f, out, e);
	if (ok && head.separated)
		buf_addz(out, "\r\n");
	ok = ok && arena_ok(&a, e) && buf_ok(out, e);
	arena_release(&a);
	return ok;
}
