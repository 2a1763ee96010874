/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool
screen_width_fits(uint64_t width)
{
	return width >= SCREEN_LEAST && width <= SCREEN_MOST;
}

void
screen_find(struct screen *s, int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	struct str term = str_of(getenv("TERM"));
	struct winsize size;
	uint64_t columns;
	bool tty = isatty(fd) == 1;

	*s = (struct screen){ .width = SCREEN_WIDTH };
	if (str_u64(str_of(getenv("COLUMNS")), SCREEN_MOST, &columns) &&
	    screen_width_fits(columns))
		s->width = (unsigned)columns;
	else if (tty && ioctl(fd, TIOCGWINSZ, &size) == 0 &&
	    screen_width_fits(size.ws_col))
		s->width = size.ws_col;
	s->colour = tty && (no_colour == NULL || *no_colour == '\0') &&
	    term.n > 0 && !str_eq(term, STR("dumb"));
}

size_t
screen_columns(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

void
screen_wrap(struct buf *out, struct str text, struct screen_lines l)
{
	size_t at = l.at, columns;
	struct str word;
	bool first = true;

	while (str_next(&text, ' ', &word)) {
		columns = screen_columns(word);
		if (columns == 0)
			continue;
		if (!first && at + 1 + columns > l.width) {
			buf_addf(out, "\n%*s", (int)l.indent, "");
			at = l.indent;
		} else if (!first) {
			buf_addc(out, ' ');
			at++;
		}
		buf_adds(out, word);
		at += columns;
		first = false;
	}
}
