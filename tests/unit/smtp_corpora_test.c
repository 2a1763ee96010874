/* SPDX-License-Identifier: MIT */
/*
 * The dialogues of $SHARED/corpora/smtp-cases, each a file of lines: "C bytes"
 * of the client, "S regex" for the next reply, "D n" for how many messages
 * may be accepted. Waits and broken connections are left out: there is no
 * connection here.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "smtp_play.h"
#include "t.h"

enum { CASE_MAX = 8 * 1024 * 1024, REPLY_SIZE = 600 };

/* Where we decided otherwise, and why. */
static const struct {
	const char *file, *why;
} others[] = {
	{ "050-mail-header-inject-lf.smtp", "a command may end in LF" },
	{ "149-size-limit-data.smtp", "its 200 MiB come from a driver" },
};

static const struct log silent = { 0 };

struct dialogue {
	struct smtp_play play;
	const char *file;
	size_t read; /* of the replies */
	bool ended;
};

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* "\r", "\n", "\xNN" and "\\" as in C. */
static void
unescape(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\' || i + 1 == s.n) {
			buf_addc(out, s.p[i]);
			continue;
		}
		i++;
		if (s.p[i] == 'x' && i + 2 < s.n) {
			buf_addc(out,
			    (char)(ascii_hex(s.p[i + 1]) << 4 |
				ascii_hex(s.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out,
			    s.p[i] == 'r'     ? '\r' :
				s.p[i] == 'n' ? '\n' :
						s.p[i]);
		}
	}
}

/* The next reply's last line; what a client sees where none comes. */
static struct str
next_reply(struct dialogue *d)
{
	struct str rest = str_from(buf_view(&d->play.said), d->read), line;

	while (rest.n > 0 && str_next(&rest, '\n', &line)) {
		d->read += line.n + 1;
		if (line.n < 4 || line.p[3] != '-')
			return str_trim(line);
	}
	return d->play.closed ? STR("(eof)") : STR("(timeout)");
}

static void
expect(struct dialogue *d, struct str pattern)
{
	char text[REPLY_SIZE], want[REPLY_SIZE];
	struct str reply = next_reply(d);
	regex_t re;

	(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(reply));
	(void)snprintf(want, sizeof(want), "%.*s", STR_ARG(pattern));
	if (regcomp(&re, want, REG_EXTENDED | REG_NOSUB) != 0) {
		T_CHECK(false, "%s: bad pattern %s", d->file, want);
		return;
	}
	T_CHECK(regexec(&re, text, 0, NULL, 0) == 0, "%s: want %s, got %s",
	    d->file, want, text);
	regfree(&re);
}

static void
count(const struct dialogue *d, struct str want)
{
	bool most = str_starts(want, STR("<="));
	uint64_t n = 0;

	T_CHECK(str_u64(str_from(want, most ? 2 : 0), 100, &n), "%s: %.*s",
	    d->file, STR_ARG(want));
	T_CHECK(most ? d->play.messages <= n : d->play.messages == n,
	    "%s: %u messages, want %.*s", d->file, d->play.messages,
	    STR_ARG(want));
}

static void
act(struct dialogue *d, struct str line)
{
	struct str rest = str_from(line, 2);
	struct buf bytes;

	switch (line.n >= 2 && line.p[1] == ' ' ? line.p[0] : '#') {
	case 'C':
		buf_init(&bytes, CASE_MAX);
		unescape(rest, &bytes);
		if (!d->ended)
			smtp_play_feed(&d->play, buf_view(&bytes));
		buf_release(&bytes);
		break;
	case 'S':
		if (!d->ended)
			expect(d, rest);
		break;
	case 'X':
		d->ended = true;
		break;
	case 'D':
		count(d, rest);
		break;
	default:
		break;
	}
}

static bool
is_other(const char *file)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i].file, file) == 0)
			return true;
	return false;
}

static void
run_case(const char *path, void *arg)
{
	const struct session_conf conf = { .host = STR("mx.test"),
		.max_size = 16 * 1024 * 1024,
		.log = &silent };
	struct dialogue d = { .file = name_of(path) };
	unsigned *ran = arg;
	struct str rest, line;
	struct buf text;

	if (!str_ends(str_of(path), STR(".smtp")) || is_other(d.file))
		return;
	++*ran;
	buf_init(&text, CASE_MAX);
	t_read_file(path, &text);
	smtp_play_init(&d.play, &conf);
	rest = buf_view(&text);
	while (str_next(&rest, '\n', &line))
		act(&d, line);
	smtp_play_release(&d.play);
	buf_release(&text);
}

static void
test_cases(void)
{
	const char *shared = t_shared();
	char folder[512];
	unsigned ran = 0;

	if (shared == NULL) {
		t_skip("no shared folder");
		return;
	}
	(void)snprintf(folder, sizeof(folder), "%s/corpora/smtp-cases", shared);
	(void)t_each_file(folder, run_case, &ran);
	T_CHECK(ran > 90, "only %u dialogues", ran);
}

static const struct t_test tests[] = {
	{ "smtp-cases", test_cases },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
