/* SPDX-License-Identifier: MIT */
/*
 * The text of a configuration file. Oracle: line ends of the other kind mean
 * the same, a refusal has a reason and a line, and what was accepted has
 * values without blanks at their ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "config/file.h"

enum { MEMORY_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct arena mem;
	struct config_section *first;
	struct err e;
	bool ok;
};

static void
need(bool condition)
{
	if (!condition)
		abort();
}

static void
read_text(struct reading *r, struct str text)
{
	*r = (struct reading){ .ok = false };
	arena_init(&r->mem, MEMORY_MAX);
	r->ok = config_file_parse(&r->mem, "f", text, &r->first, &r->e);
	need(r->ok || r->e.kind == ERR_CONFIG);
	need(r->ok || str_starts(str_of(r->e.msg), STR("f:")));
}

static void
compare(const struct reading *a, const struct reading *b)
{
	const struct config_section *s = a->first, *t = b->first;

	need(a->ok == b->ok);
	need(a->ok || str_eq(str_of(a->e.msg), str_of(b->e.msg)));
	if (!a->ok)
		return;
	for (; s != NULL && t != NULL; s = s->next, t = t->next) {
		need(str_eq(s->name, t->name) && s->line == t->line);
		for (size_t i = 0; i < CONFIG_KEYS; i++) {
			need(s->key[i].line == t->key[i].line);
			need(str_eq(s->key[i].value, t->key[i].value));
			need(
			    str_eq(str_trim(s->key[i].value), s->key[i].value));
		}
	}
	need(s == NULL && t == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct reading plain, other;
	struct buf crlf;

	read_text(&plain, text);
	/* a line of the longest kind would become too long */
	if (str_chr(text, '\r') == text.n && size < CONFIG_LINE_MAX) {
		buf_init(&crlf, 2 * size);
		for (size_t i = 0; i < size; i++) {
			if (data[i] == '\n')
				buf_addc(&crlf, '\r');
			buf_addc(&crlf, (char)data[i]);
		}
		read_text(&other, buf_view(&crlf));
		compare(&plain, &other);
		arena_release(&other.mem);
		buf_release(&crlf);
	}
	arena_release(&plain.mem);
	return 0;
}
