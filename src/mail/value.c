/* SPDX-License-Identifier: MIT */
#include "mail/value.h"

#include "codec/charset.h"
#include "codec/utf8.h"
#include "mail/head.h"
#include "mail/word.h"

enum { VALUE_LIMIT = 4 * 1024 * 1024 }; /* a header has 2; bytes may double */

/* What is in the buffer goes to the arena. */
static struct str
value_take(struct arena *a, struct buf *b)
{
	struct str out = arena_str(a, buf_view(b));

	a->no_memory = a->no_memory || b->no_memory;
	a->full = a->full || b->full;
	buf_reset(b);
	return out;
}

static struct str
value_unfold(struct arena *a, struct str raw, struct buf *scratch)
{
	struct str flat = str_trim(raw);

	if (str_chr(flat, '\n') == flat.n && str_chr(flat, '\r') == flat.n &&
	    str_chr(flat, '\0') == flat.n)
		return flat;
	head_unfold(scratch, flat);
	return str_trim(value_take(a, scratch)); /* NULs are blanks now */
}

struct value
value_words(struct arena *a, struct str text)
{
	struct value v = { text, text, true };
	struct buf scratch;

	if (str_find(text, STR("=?")) == text.n)
		return v;
	buf_init(&scratch, VALUE_LIMIT);
	v.whole = word_decode(&scratch, text);
	v.plain = value_take(a, &scratch);
	buf_release(&scratch);
	return v;
}

struct value
value_read(struct arena *a, struct str raw, struct str charset)
{
	struct str text;
	struct buf scratch;

	buf_init(&scratch, VALUE_LIMIT);
	text = value_unfold(a, raw, &scratch);
	if (!utf8_is_valid(text)) {
		if (!charset_to_utf8(&scratch, charset, text))
			(void)charset_to_utf8(&scratch, STR("windows-1252"),
			    text);
		text = value_take(a, &scratch);
	}
	buf_release(&scratch);
	return value_words(a, text);
}

struct addr *
value_addresses(struct arena *a, const struct head_field *f, bool bare)
{
	struct addr *list = NULL;
	struct err unsaid;

	if (f == NULL ||
	    !addr_parse_list(a, value_read(a, f->value, STR("")).text, bare,
		&list, &unsaid))
		return NULL;
	return list;
}
