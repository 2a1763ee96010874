/* SPDX-License-Identifier: MIT */
#include "command/check/sheet.h"

#include <sysexits.h>

#include "cli/cli.h"
#include "codec/jsonw.h"

enum {
	SHEET_OUT = 64 * 1024,
	SHEET_SIGN = 6,  /* columns */
	SHEET_NAME = 13, /* columns, of the longest name and two blanks */
	SHEET_NARROW = 60
};

static const struct {
	const char *sign, *word, *colour;
} sheet_states[SHEET_STATES] = {
	[SHEET_OK] = { "ok", "ok", "\033[32m" },
	[SHEET_NOTE] = { "note", "note", "\033[33m" },
	[SHEET_FAIL] = { "FAIL", "fail", "\033[1;31m" },
	[SHEET_SKIP] = { "-", "skip", "\033[2m" },
};

static void
sheet_put_sign(const struct sheet *s, enum sheet_state state, struct buf *out)
{
	const char *sign = sheet_states[state].sign;

	if (s->screen.colour)
		buf_addf(out, "%s%s\033[0m%*s", sheet_states[state].colour,
		    sign, SHEET_SIGN - (int)str_of(sign).n, "");
	else
		buf_addf(out, "%-*s", SHEET_SIGN, sign);
}

static void
sheet_put_text(const struct sheet *s, const struct sheet_line *l,
    struct buf *out)
{
	bool narrow = s->screen.width < SHEET_NARROW;
	size_t indent = narrow ? SHEET_SIGN : SHEET_SIGN + SHEET_NAME;
	struct screen_lines lines = { indent, indent, s->screen.width };

	sheet_put_sign(s, l->state, out);
	if (narrow)
		buf_addf(out, "%s\n%*s", l->step, (int)indent, "");
	else
		buf_addf(out, "%-*s", SHEET_NAME, l->step);
	screen_wrap(out, l->text, lines);
	buf_addc(out, '\n');
	if (l->remedy.n == 0)
		return;
	buf_addf(out, "%*sdo: ", (int)indent, "");
	lines.at += 4;
	screen_wrap(out, l->remedy, lines);
	buf_addc(out, '\n');
}

static bool
sheet_put_json(const struct sheet_line *l, struct buf *out, struct err *e)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_open(&w, '{');
	jsonw_member(&w, STR("step"), str_of(l->step));
	jsonw_member(&w, STR("state"), str_of(sheet_states[l->state].word));
	jsonw_member(&w, STR("text"), l->text);
	if (l->code.n > 0)
		jsonw_member(&w, STR("code"), l->code);
	if (l->remedy.n > 0)
		jsonw_member(&w, STR("remedy"), l->remedy);
	jsonw_close(&w, '}');
	return jsonw_end_line(&w, e);
}

static void
sheet_note_exit(struct sheet *s, int code)
{
	if (s->code == EX_OK)
		s->code = code;
}

void
sheet_add(struct sheet *s, const struct sheet_line *line)
{
	struct buf out;
	struct err e;
	bool ok = true;

	s->count[line->state]++;
	if (line->state == SHEET_FAIL)
		sheet_note_exit(s, line->exit);
	buf_init(&out, SHEET_OUT);
	if (s->json)
		ok = sheet_put_json(line, &out, &e);
	else
		sheet_put_text(s, line, &out);
	if (!ok || !cli_out(buf_view(&out), &e))
		sheet_note_exit(s, err_exit(&e));
	buf_release(&out);
}

void
sheet_end(struct sheet *s, struct str text)
{
	const struct screen_lines lines = { 0, 0, s->screen.width };
	struct buf out;
	struct err e;

	buf_init(&out, SHEET_OUT);
	if (s->json) {
		buf_addf(&out, "{\"exit\":%d}\n", s->code);
	} else {
		screen_wrap(&out, text, lines);
		buf_addc(&out, '\n');
	}
	if (!cli_out(buf_view(&out), &e))
		sheet_note_exit(s, err_exit(&e));
	buf_release(&out);
}
