/* SPDX-License-Identifier: MIT */
#include "command/explain_table.h"

enum { EXPLAIN_EXIT_DIGITS = 2, EXPLAIN_EXIT_MOST = 99 };

static uint8_t
explain_kind(struct str name)
{
	int kind = ERR_NONE;

	while (kind < ERR_BUG &&
	    !str_eq(name, str_of(err_kind_name((enum err_kind)kind))))
		kind++;
	return (uint8_t)kind;
}

/* Takes a line off the text; a NUL takes the place of its end. */
static struct str
explain_line(char **at, size_t *left)
{
	struct str line = { *at, *left };
	size_t n = str_chr(line, '\n');

	line.n = n;
	if (n < *left)
		(*at)[n++] = '\0';
	*at += n;
	*left -= n;
	return line;
}

/* Code and meaning stand behind each other, as struct fault has them. */
static void
explain_take(struct explain_table *t, char **at, size_t *left)
{
	struct str line = explain_line(at, left);
	size_t kind = str_chr(line, ' ');
	struct str code = str_from(line, kind + 1);
	bool exits = code.n <= EXPLAIN_EXIT_DIGITS;
	struct fault *to = exits ? t->exits : t->reports;
	uint64_t status = 0;
	size_t n = 0;

	while (n < EXPLAIN_ROWS - 1 && to[n].code != NULL)
		n++;
	if (exits && !str_u64(code, EXPLAIN_EXIT_MOST, &status))
		return;
	(void)explain_line(at, left);
	to[n] = (struct fault){ .kind = explain_kind(str_first(line, kind)),
		.exit = (uint8_t)status,
		.code = code.p,
		.remedy = explain_line(at, left).p };
	(void)explain_line(at, left);
}

void
explain_table_open(struct explain_table *t, struct buf *out)
{
	size_t left;
	char *at;

	*t = (struct explain_table){ 0 };
	packed_open(&t->texts, TEXT_EXPLAIN, out);
	left = packed_view(&t->texts, TEXT_EXPLAIN).n;
	if (left == 0)
		return;
	at = t->texts.all.p + (t->texts.all.n - left); /* it is the last */
	while (left > 0)
		explain_take(t, &at, &left);
}

void
explain_table_release(struct explain_table *t)
{
	packed_release(&t->texts);
}
