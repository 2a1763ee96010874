/* SPDX-License-Identifier: MIT */
/*
 * base64_fuzz: bytes come back as they were; a text is refused or is the only
 * one for its bytes; what the strict decoder takes, that of MIME takes too.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/unbase64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct codec {
	void (*encode)(struct buf *out, struct str in);
	bool (*decode)(struct buf *out, struct str in, struct err *e);
};

static const struct codec codecs[] = {
	{ base64_encode, base64_decode },
	{ base64url_encode, base64url_decode },
};

static void
check_bytes(const struct codec *c, struct str in)
{
	struct buf text, back;
	struct err e;

	buf_init(&text, BASE64_SIZE(in.n));
	buf_init(&back, in.n);
	c->encode(&text, in);
	assert(buf_ok(&text, &e));
	assert(c->decode(&back, buf_view(&text), &e));
	assert(str_eq(buf_view(&back), in));
	buf_reset(&back);
	if (c->decode == base64_decode) {
		assert(unbase64_whole(&back, buf_view(&text), &e));
		assert(str_eq(buf_view(&back), in));
	}
	buf_release(&text);
	buf_release(&back);
}

static void
check_text(const struct codec *c, struct str in)
{
	struct buf bytes, again;
	struct err e;

	buf_init(&bytes, in.n + 1);
	buf_init(&again, in.n);
	buf_addc(&bytes, '>');
	if (c->decode(&bytes, in, &e)) {
		c->encode(&again, str_from(buf_view(&bytes), 1));
		assert(str_eq(buf_view(&again), in));
	} else {
		assert(e.kind == ERR_INPUT && strcmp(bytes.p, ">") == 0);
	}
	buf_release(&bytes);
	buf_release(&again);
}

/* Line ends anywhere change nothing for MIME. */
static void
check_mime(struct str in)
{
	struct buf plain, wrapped, text;
	struct err e;
	bool ok;

	buf_init(&plain, in.n);
	buf_init(&wrapped, in.n);
	buf_init(&text, 4 * in.n);
	for (size_t i = 0; i < in.n; i++) {
		buf_addc(&text, in.p[i]);
		if (i % 5 == 0)
			buf_addz(&text, "\r\n");
	}
	ok = unbase64_whole(&plain, in, &e);
	assert(unbase64_whole(&wrapped, buf_view(&text), &e) == ok);
	assert(str_eq(buf_view(&plain), buf_view(&wrapped)));
	buf_release(&plain);
	buf_release(&wrapped);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };

	for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++) {
		check_bytes(&codecs[i], in);
		check_text(&codecs[i], in);
	}
	check_mime(in);
	return 0;
}
