/* SPDX-License-Identifier: MIT */
/*
 * Oracles: a message ends behind the first CRLF.CRLF and nowhere else; what
 * comes out has no line end but CRLF; a cut changes nothing; stuffed again,
 * it reads back the same; chunks read as a program's output does.
 */
#include "mail/intake.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

/* Bytes of in up to the end of the message, that included; 0: no end. */
static size_t
end_of(struct str in)
{
	static const struct str end = STR_INIT("\r\n.\r\n");
	size_t at = str_find(in, end);

	if (str_starts(in, STR(".\r\n")))
		return 3;
	return at < in.n ? at + end.n : 0;
}

static void
check_lines(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		must(s.p[i] != '\r' || (i + 1 < s.n && s.p[i + 1] == '\n'));
		must(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
	}
}

static enum parse
run(enum intake_mode mode, struct str *in, size_t cut, struct buf *out)
{
	struct str a = str_first(*in, cut), b = str_from(*in, cut);
	enum parse result;
	struct intake d;

	buf_init(out, 3 * in->n + 4);
	intake_init(&d, mode);
	result = intake_feed(&d, &a, out);
	if (result == PARSE_MORE)
		result = intake_feed(&d, &b, out);
	if (mode == INTAKE_CHUNKS)
		intake_finish(&d, out);
	must(!out->full);
	*in = str_from(*in, in->n - a.n - b.n);
	return result;
}

static void
check_stuffed(struct str text)
{
	struct buf wire, back;
	struct str in;
	bool first = true;

	buf_init(&wire, 2 * text.n + 8);
	for (size_t i = 0; i < text.n; i++) {
		if (first && text.p[i] == '.')
			buf_addc(&wire, '.');
		buf_addc(&wire, text.p[i]);
		first = text.p[i] == '\n';
	}
	buf_addz(&wire, ".\r\n");
	in = buf_view(&wire);
	must(run(INTAKE_SMTP, &in, 0, &back) == PARSE_DONE && in.n == 0);
	must(str_eq(buf_view(&back), text));
	buf_release(&back);
	buf_release(&wire);
}

static void
check_chunk(struct str in)
{
	struct intake i;
	struct buf a, b, c;
	struct str rest = in;

	(void)run(INTAKE_CHUNKS, &rest, in.n / 2, &a);
	must(rest.n == 0);
	rest = in;
	buf_init(&b, 3 * in.n + 4);
	intake_init(&i, INTAKE_PROGRAM);
	must(intake_feed(&i, &rest, &b) == PARSE_MORE);
	intake_finish(&i, &b);
	buf_init(&c, 3 * in.n + 4);
	if (i.kept)
		intake_settle(&i, buf_view(&b), &c);
	else
		buf_adds(&c, buf_view(&b));
	/* a byte order mark, or half of it; CRs are line ends for intake */
	if (!str_starts(in, STR("\xef")) && str_chr(in, '\n') < in.n)
		must(str_eq(buf_view(&a), buf_view(&c)));
	check_lines(buf_view(&a));
	check_lines(buf_view(&c));
	buf_release(&c);
	buf_release(&b);
	buf_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n }, rest = in, again = in;
	size_t end = end_of(in), cut = n > 0 ? data[0] % n : 0;
	struct buf a, b;

	must((run(INTAKE_SMTP, &rest, 0, &a) == PARSE_DONE) == (end > 0));
	must(rest.n == (end > 0 ? n - end : 0));
	must((run(INTAKE_SMTP, &again, cut, &b) == PARSE_DONE) == (end > 0));
	must(str_eq(buf_view(&a), buf_view(&b)) && again.n == rest.n);
	check_lines(buf_view(&a));
	if (end > 0)
		check_stuffed(buf_view(&a));
	buf_release(&b);
	buf_release(&a);
	rest = again = in;
	must(run(INTAKE_SMTP_LF, &rest, 0, &a) ==
	    run(INTAKE_SMTP_LF, &again, cut, &b));
	must(str_eq(buf_view(&a), buf_view(&b)) && again.n == rest.n);
	check_lines(buf_view(&a));
	buf_release(&b);
	buf_release(&a);
	check_chunk(in);
	return 0;
}
