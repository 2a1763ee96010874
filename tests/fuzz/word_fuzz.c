/* SPDX-License-Identifier: MIT */
/*
 * Oracles: decoded text is UTF-8; encoding and decoding UTF-8 gives the same
 * text; a parameter that is written is read again.
 */
#include "mail/word.h"

#include <stdint.h>
#include <stdlib.h>

#include "codec/utf8.h"
#include "mail/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
encode_decode(struct str in)
{
	struct buf coded, back;
	struct err e;

	buf_init(&coded, 1 << 22);
	buf_init(&back, 1 << 22);
	if (word_encode(&coded, in, &e)) {
		word_decode(&back, buf_view(&coded));
		must(str_eq(buf_view(&back), in));
	}
	buf_release(&coded);
	buf_release(&back);
}

static void
parameter(struct str in)
{
	struct param *list;
	struct arena a;
	struct str type;
	struct buf out;

	arena_init(&a, 1 << 24);
	buf_init(&out, 1 << 22);
	param_parse(&a, in, &type, &list);
	if (in.n < 1000 && utf8_is_valid(in)) {
		buf_addz(&out, "a/b");
		param_write(&out, STR("name"), in);
		param_parse(&a, buf_view(&out), &type, &list);
		must(str_eq(param_find(list, STR("name")), in));
	}
	buf_release(&out);
	arena_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct buf out;

	buf_init(&out, 1 << 22);
	word_decode(&out, in);
	must(utf8_is_valid(buf_view(&out)));
	buf_release(&out);
	encode_decode(in);
	parameter(in);
	return 0;
}
