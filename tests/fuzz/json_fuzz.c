/* SPDX-License-Identifier: MIT */
/*
 * json_fuzz: a text means the same with blanks around it and as an element,
 * and what jsonw writes of its tree is read as that tree.
 */
#include <assert.h>
#include <string.h>

#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/utf8.h"

enum { MEMORY = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* jsonw writes integers only; a number's text takes the place of a null. */
static void
write_number(struct jsonw *w, struct str text)
{
	jsonw_null(w);
	if (!w->misused && !w->out->full) {
		buf_rewind(w->out, w->out->n - strlen("null"));
		buf_adds(w->out, text);
	}
}

static void
write_tree(struct jsonw *w, const struct json *v)
{
	switch (v->type) {
	case JSON_NULL:
		jsonw_null(w);
		return;
	case JSON_BOOL:
		jsonw_bool(w, v->is_true);
		return;
	case JSON_NUMBER:
		write_number(w, v->text);
		return;
	case JSON_STRING:
		jsonw_str(w, v->text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	jsonw_open(w, v->type == JSON_OBJECT ? '{' : '[');
	for (const struct json *c = v->child; c != NULL; c = c->next) {
		if (v->type == JSON_OBJECT)
			jsonw_key(w, c->name);
		write_tree(w, c);
	}
	jsonw_close(w, v->type == JSON_OBJECT ? '}' : ']');
}

static size_t
depth_of(const struct json *v)
{
	size_t deepest = 0, d;

	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return 0;
	for (v = v->child; v != NULL; v = v->next) {
		d = depth_of(v);
		deepest = d > deepest ? d : deepest;
	}
	return deepest + 1;
}

static void
check_same(const struct json *a, const struct json *b)
{
	assert(a->type == b->type && a->is_true == b->is_true);
	assert(str_eq(a->text, b->text));
	a = a->child;
	b = b->child;
	for (; a != NULL && b != NULL; a = a->next, b = b->next) {
		assert(str_eq(a->name, b->name));
		assert(utf8_is_valid(a->name) && utf8_is_valid(a->text));
		check_same(a, b);
	}
	assert(a == NULL && b == NULL);
}

/* The same, between other bytes. */
static void
check_wrapped(struct str in, const struct json *tree, const char *before,
    const char *after)
{
	bool inside = before[0] == '[';
	const struct json *v = NULL;
	struct arena a;
	struct buf text;
	struct err e;
	bool ok;

	arena_init(&a, MEMORY);
	buf_init(&text, in.n + 16);
	buf_addz(&text, before);
	buf_adds(&text, in);
	buf_addz(&text, after);
	ok = json_parse(&a, buf_view(&text), &v, &e);
	if (ok && inside && tree != NULL)
		v = v->child;
	if (tree == NULL)
		/* "1,2" is an element twice */
		assert(!ok ||
		    (inside && v->child != NULL && v->child->next != NULL) ||
		    (inside && str_trim(in).n == 0));
	else if (ok)
		check_same(tree, v);
	else
		assert(inside && depth_of(tree) == JSON_DEPTH);
	buf_release(&text);
	arena_release(&a);
}

static void
check_written(const struct json *tree, size_t size)
{
	const struct json *v = NULL;
	struct arena a;
	struct buf text;
	struct jsonw w;
	struct err e;

	arena_init(&a, MEMORY);
	buf_init(&text, 6 * size + 64); /* an escape has 6 bytes at most */
	w = jsonw_begin(&text);
	write_tree(&w, tree);
	if (depth_of(tree) > JSONW_DEPTH) {
		assert(!jsonw_end(&w, &e) && e.kind == ERR_BUG);
	} else {
		assert(jsonw_end(&w, &e));
		assert(json_parse(&a, buf_view(&text), &v, &e));
		check_same(tree, v);
	}
	buf_release(&text);
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	const struct json *tree = NULL;
	struct arena a;
	struct err e;

	arena_init(&a, MEMORY);
	if (json_parse(&a, in, &tree, &e))
		check_written(tree, n);
	else
		assert(e.kind == ERR_INPUT && tree == NULL);
	check_wrapped(in, tree, " \t\r\n", "\n ");
	check_wrapped(in, tree, "[", "]");
	arena_release(&a);
	return 0;
}
