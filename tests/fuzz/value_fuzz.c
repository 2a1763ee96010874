/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses the charset that is hinted at. Oracles: what is read
 * is UTF-8 without line ends; what is written of it is short lines of ASCII,
 * says the same where all of it could be decoded, and is written again as it
 * is. A word that holds 8-bit text cannot stay: written, it can be decoded.
 */
#include "mail/value.h"

#include <stdint.h>
#include <stdlib.h>

#include "codec/utf8.h"
#include "mail/head.h"
#include "mail/mimew.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
check_text(struct str s)
{
	must(utf8_is_valid(s));
	must(str_chr(s, '\r') == s.n && str_chr(s, '\n') == s.n);
}

/* Lines of ASCII, each with its CRLF, that a transport takes. */
static void
check_lines(struct str field)
{
	struct str line;

	must(str_ends(field, STR("\r\n")));
	while (str_next(&field, '\n', &line) && field.p != NULL) {
		must(line.n <= HEAD_LINE_MAX + 1);
		must(str_chr(line, '\r') + 1 == line.n);
		for (size_t i = 0; i < line.n; i++)
			must((unsigned char)line.p[i] < 0x80);
	}
}

/* A field of that text, its value read again. */
static struct value
write_and_read(struct arena *a, struct str text, struct buf *out)
{
	struct err e;

	buf_init(out, 1 << 22);
	must(mimew_words(out, STR("X"), text, &e));
	check_lines(buf_view(out));
	return value_read(a, str_from(buf_view(out), 2), STR(""));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const sets[] = { "", "utf-8", "iso-8859-2", "koi8-r",
		"windows-1253", "us-ascii", "gb18030", "iso-8859-6" };
	struct str in = { (const char *)data, n }, hint = { 0 };
	struct value v, again;
	struct buf one, two;
	struct arena a;
	bool trimmed;

	if (n == 0 || n > 100000)
		return 0;
	arena_init(&a, 1 << 26);
	hint = str_of(sets[data[0] % (sizeof(sets) / sizeof(*sets))]);
	v = value_read(&a, str_from(in, 1), hint);
	check_text(v.text);
	must(utf8_is_valid(v.plain));
	again = write_and_read(&a, v.text, &one);
	must(again.whole || !v.whole);
	/* blanks at an end that was an empty word are not worth one */
	trimmed = str_eq(str_trim(v.plain), v.plain);
	if (v.whole && trimmed)
		must(str_eq(again.plain, v.plain));
	if (again.whole == v.whole && trimmed) {
		(void)write_and_read(&a, again.text, &two);
		must(str_eq(buf_view(&one), buf_view(&two)));
		buf_release(&two);
	}
	buf_release(&one);
	arena_release(&a);
	return 0;
}
