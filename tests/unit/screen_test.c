/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "t.h"

static const struct {
	const char *name, *text;
	struct screen_lines lines;
	const char *want;
} wraps[] = {
	/* clang-format off */
	{ "fits", "ab cd", { 0, 2, 5 }, "ab cd" },
	{ "one more", "ab cde", { 0, 2, 5 }, "ab\n  cde" },
	{ "begins late", "ab cd", { 4, 2, 6 }, "ab\n  cd" },
	{ "long words stay whole", "/a/long/path and more", { 0, 1, 6 },
	  "/a/long/path\n and\n more" },
	{ "blanks become one", "  a   b ", { 0, 0, 80 }, "a b" },
	{ "characters, not bytes", "\xc3\xa4\xc3\xa4 \xc3\xa4", { 0, 0, 4 },
	  "\xc3\xa4\xc3\xa4 \xc3\xa4" },
	{ "nothing", "", { 3, 3, 20 }, "" },
	/* clang-format on */
};

static void
test_wrap(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof(wraps) / sizeof(*wraps); i++) {
		buf_init(&out, 1024);
		screen_wrap(&out, str_of(wraps[i].text), wraps[i].lines);
		T_CHECK(str_eq(buf_view(&out), str_of(wraps[i].want)),
		    "%s: \"%.*s\"", wraps[i].name, STR_ARG(buf_view(&out)));
		buf_release(&out);
	}
}

/* NULL: not set. tty: its width, 0: a pipe. */
static const struct {
	const char *columns, *no_colour, *term;
	unsigned short tty;
	unsigned width;
	bool colour;
} screens[] = {
	{ NULL, NULL, "xterm", 0, 80, false },
	{ "40", NULL, "xterm", 0, 40, false },
	{ "forty", NULL, "xterm", 0, 80, false },
	{ "3", NULL, "xterm", 0, 80, false },
	{ NULL, NULL, "xterm", 120, 120, true },
	{ "44", NULL, "xterm", 120, 44, true },
	{ NULL, "1", "xterm", 120, 120, false },
	{ NULL, "", "xterm", 120, 120, true },
	{ NULL, NULL, "dumb", 120, 120, false },
	{ NULL, NULL, NULL, 120, 120, false },
};

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		(void)unsetenv(name);
	else
		(void)setenv(name, value, 1);
}

static void
test_find(void)
{
	struct winsize size = { .ws_row = 24 };
	struct screen s;
	int master = posix_openpt(O_RDWR | O_NOCTTY), tty = -1, fd[2];

	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		tty = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (tty < 0 || pipe(fd) < 0) {
		t_skip("no terminal here");
		return;
	}
	for (size_t i = 0; i < sizeof(screens) / sizeof(*screens); i++) {
		set("COLUMNS", screens[i].columns);
		set("NO_COLOR", screens[i].no_colour);
		set("TERM", screens[i].term);
		size.ws_col = screens[i].tty;
		(void)ioctl(tty, TIOCSWINSZ, &size);
		screen_find(&s, screens[i].tty > 0 ? tty : fd[1]);
		T_CHECK(s.width == screens[i].width &&
			s.colour == screens[i].colour,
		    "row %zu: %u columns, colour %d", i, s.width, s.colour);
	}
	(void)close(tty);
	(void)close(master);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static const struct t_test tests[] = {
	{ "wrap", test_wrap },
	{ "find", test_find },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
