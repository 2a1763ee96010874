/* SPDX-License-Identifier: MIT */
#include "command/manual.h"

#include <string.h>

#include "base/str.h"
#include "base/version.h"
#include "codec/date.h"
#include "command/all.h"
#include "command/sendmail/sendmail.h"
#include "config/key.h"

enum { MANUAL_MAX = 256 * 1024 };

/* All that the pages are made of stands before it. */
#define MANUAL_LAST TEXT_SETTINGS

/* Text */

/* One word or more of running text; a full stop ends the line (mdoc(7)). */
static void
manual_line(struct str line, struct buf *out)
{
	if (line.n > 0 && (line.p[0] == '.' || line.p[0] == '\''))
		buf_addz(out, "\\&");
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\')
			buf_addz(out, "\\e");
		else if (line.p[i] == '-')
			buf_addz(out, "\\-");
		else
			buf_addc(out, line.p[i]);
		if (line.p[i] == '.' && i + 2 < line.n && i > 1 &&
		    line.p[i + 1] == ' ') {
			buf_addc(out, '\n');
			i++;
		}
	}
	buf_addc(out, '\n');
}

/*
 * A text of help: what is indented stays as it is, the rest are paragraphs.
 */
static void
manual_body(struct str rest, struct buf *out)
{
	struct str line;
	bool literal = false, gap = false;

	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0) {
			gap = true;
			continue;
		}
		if (literal != (line.p[0] == ' ')) {
			literal = !literal;
			buf_addz(out,
			    literal ? ".Bd -literal\n" : ".Ed\n.Pp\n");
		} else if (gap) {
			buf_addz(out, literal ? "\n" : ".Pp\n");
		}
		gap = false;
		manual_line(line, out);
	}
	if (literal)
		buf_addz(out, ".Ed\n");
}

/* Pages */

static void
manual_head(const char *title, const char *section, struct buf *out)
{
	static const char *const months[] = { "January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December" };
	struct date day = date_split(VERSION_DATE);

	buf_addf(out, ".Dd %s %d, %d\n.Dt %s %s\n.Os\n.Sh NAME\n",
	    months[day.month - 1], day.day, day.year, title, section);
}

static void
manual_option(const struct cli_option *o, struct buf *out)
{
	buf_addz(out, ".It ");
	if (o->letter != 0)
		buf_addf(out, "Fl %c , ", o->letter);
	buf_addf(out, "Fl \\-%s", o->name);
	if (o->value != NULL)
		buf_addf(out, " Ar %s", o->value);
	buf_addc(out, '\n');
	manual_line(str_of(o->help), out);
}

static void
manual_options(const struct cli_option *o, struct buf *out)
{
	if (o == NULL || o->name == NULL)
		return;
	buf_addz(out, ".Bl -tag -width Ds\n");
	for (; o->name != NULL; o++)
		manual_option(o, out);
	buf_addz(out, ".El\n");
}

static void
manual_command(const struct cli_command *c, struct str more, struct buf *out)
{
	struct str above, below;

	cli_help_halves(more, &above, &below);
	buf_addf(out, ".Ss %s\n.Bd -literal\npost365 %s%s%s%s\n.Ed\n.Pp\n",
	    c->name, c->name, c->option != NULL ? " [options]" : "",
	    *c->operands != '\0' ? " " : "", c->operands);
	manual_line(str_of(c->help), out);
	manual_body(above, out);
	manual_options(c->option, out);
	if (below.n > 0 && *below.p != ' ')
		buf_addz(out, ".Pp\n");
	manual_body(below, out);
}

static void
manual_program(const struct packed *texts, struct buf *out)
{
	manual_head("POST365", "1", out);
	buf_adds(out, packed_view(texts, TEXT_MAN_INTRO));
	manual_options(cli_common_options, out);
	buf_addz(out, ".Sh COMMANDS\n");
	for (size_t i = 0; i < COMMAND_ALL; i++)
		manual_command(&command_all[i],
		    packed_view(texts, command_all[i].more), out);
	buf_adds(out, packed_view(texts, TEXT_MAN_TAIL));
}

/* A setting's name, default, help and example. */
static void
manual_key(const struct config_row *row, struct str help, struct buf *out)
{
	buf_addf(out, ".It Ic %s", row->name);
	if (row->standard != NULL)
		buf_addf(out, " = %s", row->standard);
	buf_addc(out, '\n');
	manual_body(help, out);
	if (row->example == NULL ||
	    (row->standard != NULL && strcmp(row->example, row->standard) == 0))
		return;
	buf_addz(out, ".br\nFor example\n.Ql ");
	manual_line(str_of(row->example), out);
}

static void
manual_settings(const struct packed *texts, struct buf *out)
{
	manual_head("POST365.CONF", "5", out);
	buf_addz(out,
	    ".Nm post365.conf\n"
	    ".Nd settings of post365\n"
	    ".Sh DESCRIPTION\n"
	    "What follows are the keys, each with its default where it has\n"
	    "one.\n"
	    ".Ql post365 config init \\-C \\-\n"
	    "prints them as a file to fill in.\n"
	    ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		manual_key(&config_rows[i],
		    config_row_help(&config_rows[i], texts), out);
	buf_addz(out, ".El\n.Sh THE FILE\n");
	manual_body(packed_view(texts, TEXT_HELP_CONFIG), out);
	buf_addz(out, ".Sh THE RELAY\n");
	manual_body(packed_view(texts, TEXT_HELP_RELAY), out);
	buf_addz(out, ".Sh SEE ALSO\n.Xr post365 1\n");
}

static void
manual_sendmail(const struct packed *texts, struct buf *out)
{
	struct str help = packed_view(texts, TEXT_HELP_SENDMAIL);

	manual_head("POST365-SENDMAIL", "8", out);
	buf_addz(out,
	    ".Nm sendmail ,\n"
	    ".Nm mailq ,\n"
	    ".Nm newaliases\n"
	    ".Nd the sendmail of post365\n"
	    ".Sh SYNOPSIS\n"
	    ".Nm sendmail\n"
	    ".Op Ar options\n"
	    ".Op Ar recipient ...\n"
	    ".Nm mailq\n"
	    ".Nm newaliases\n"
	    ".Sh DESCRIPTION\n");
	manual_body(str_from(help, str_chr(help, '\n') + 2), out);
	buf_addz(out, ".Sh SEE ALSO\n.Xr post365 1 ,\n.Xr post365.conf 5\n");
}

/* clang-format off */
const struct manual_page manual_pages[MANUAL_PAGES] = {
	{ "man", manual_program },
	{ "man-conf", manual_settings },
	{ "man-sendmail", manual_sendmail },
};
/* clang-format on */

void
manual_add(const struct manual_page *page, struct buf *out)
{
	struct packed texts;

	packed_open(&texts, MANUAL_LAST, out);
	page->write(&texts, out);
	packed_release(&texts);
}

/* A key as a file has it, and what it is for. */
static void
manual_key_text(const struct config_row *row, struct str help, struct buf *out)
{
	struct str line;

	buf_addf(out, "  %s = %s\n", row->name,
	    row->standard != NULL ? row->standard : row->example);
	while (str_next(&help, '\n', &line))
		buf_addf(out, "      %.*s\n", STR_ARG(line));
}

static void
manual_text(struct buf *out)
{
	struct packed texts;

	packed_open(&texts, MANUAL_LAST, out);
	for (size_t i = 0; i < COMMAND_ALL; i++) {
		if (command_all[i].run == sendmail_main)
			buf_adds(out, packed_view(&texts, TEXT_HELP_SENDMAIL));
		else
			cli_help_text(&command_all[i],
			    packed_view(&texts, command_all[i].more), out);
		buf_addz(out, "\n\n");
	}
	buf_addz(out, "settings, each with its default or an example:\n\n");
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		manual_key_text(&config_rows[i],
		    config_row_help(&config_rows[i], &texts), out);
	packed_release(&texts);
}

int
manual_main(const struct cli_command *self, int argc, char **argv)
{
	struct buf text;
	struct err e;
	struct cli c;
	int code;

	cli_init(&c, self, argc, argv);
	if (!cli_operand(&c, NULL, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	buf_init(&text, MANUAL_MAX);
	manual_text(&text);
	code = cli_print(&c, &text);
	buf_release(&text);
	return code;
}
