/* SPDX-License-Identifier: MIT */
#include "command/relay/relay.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "command/relay/parent.h"
#include "command/relay/plan.h"
#include "command/relay/rights.h"
#include "relay/reception.h"
#include "relay/users.h"

enum { RELAY_CHECK = 1, RELAY_HASH };

enum {
	RELAY_PASSWORD = 4096, /* bytes of a line that is read */
	RELAY_OUT = 65536,
	RELAY_PATIENCE_MS = 5000
};

const struct cli_option relay_options[] = {
	{ RELAY_CHECK, 0, "check", NULL,
	    "looks at the settings and for a relay" },
	{ RELAY_HASH, 0, "hash-password", NULL,
	    "reads a password, prints its hash for auth_file" },
	{ 0, 0, NULL, NULL, NULL }
};

/* One line of standard input, without its end. */
static int
relay_hash(const struct cli *cli)
{
	char hash[USERS_HASH_SIZE];
	struct buf text, out;
	struct str line = { 0 }, rest;
	struct err e = { 0 };
	int status;
	bool ok;

	buf_init_secret(&text, RELAY_PASSWORD);
	buf_init(&out, RELAY_OUT);
	ok = os_read_fd(STDIN_FILENO, "standard input", &text, &e);
	rest = buf_view(&text);
	if (ok && str_next(&rest, '\n', &line) && str_ends(line, STR("\r")))
		line.n--;
	ok = ok && users_hash(line, hash, &e);
	if (ok)
		buf_addf(&out, "%s\n", hash);
	status = ok ? cli_print(cli, &out) : cli_fail(cli, &e);
	buf_release(&out);
	buf_release(&text);
	return status;
}

/*
 * Does somebody answer there? Where TLS begins at once, a line in clear is
 * answered by a 421, and is no failed handshake.
 */
static bool
relay_answers(const struct listen *l)
{
	const struct str want = l->tls == LISTEN_TLS ? STR("421") : STR("220");
	const struct str quit = STR("QUIT\r\n");
	char text[4] = "";
	int fd = listen_connect(l);
	struct pollfd at = { fd, POLLIN, 0 };
	bool ok;

	if (fd < 0)
		return false;
	if (l->tls == LISTEN_TLS)
		(void)!send(fd, quit.p, quit.n, MSG_NOSIGNAL);
	ok = os_poll(&at, 1, os_mono_ms() + RELAY_PATIENCE_MS) > 0 &&
	    recv(fd, text, want.n, 0) == (ssize_t)want.n &&
	    str_eq((struct str){ text, want.n }, want);
	if (ok && l->tls != LISTEN_TLS)
		(void)!send(fd, quit.p, quit.n, MSG_NOSIGNAL);
	os_close(&fd);
	return ok;
}

bool
relay_look(const struct cli *cli, struct buf *out, int *worst, struct err *e)
{
	struct plan plan;
	bool ok = plan_load(&plan, cli, e), answers;

	*worst = EX_OK;
	if (ok)
		buf_addf(out, "ok    settings\n%s %s\n",
		    walls_has_gap(&plan.walls) ? "warn " : "ok   ",
		    walls_text(&plan.walls));
	for (const struct listen *l = ok ? plan.conf.listen : NULL; l != NULL;
	     l = l->next) {
		answers = l->kind == LISTEN_FD || relay_answers(l);
		buf_addf(out, "%s %.*s%s\n", answers ? "ok   " : "FAIL ",
		    STR_ARG(l->text),
		    answers ? "" : ": no relay answers there");
		if (!answers)
			*worst = EX_UNAVAILABLE;
	}
	/* the last thing: it is that user then */
	if (ok && !rights_check(&plan, out))
		*worst = EX_CONFIG;
	plan_release(&plan);
	return ok;
}

static int
relay_check(const struct cli *cli)
{
	struct err e = { 0 };
	struct buf out;
	int status, worst;

	buf_init(&out, RELAY_OUT);
	if (!relay_look(cli, &out, &worst, &e))
		status = cli_fail(cli, &e);
	else
		status = cli_print(cli, &out) != EX_OK ? EX_IOERR : worst;
	buf_release(&out);
	return status;
}

int
relay_main(const struct cli_command *self, int argc, char **argv)
{
	int what = 0;
	struct err e;
	struct cli c;

	/* how the parent starts it, with descriptors that nobody else has */
	if (argc == 3 && strcmp(argv[1], "--reception") == 0)
		return reception_main(argv[2][0] - '0');
	cli_init(&c, self, argc, argv);
	if (!cli_words(&c, NULL, &what, &e))
		return cli_fail(&c, &e);
	if (c.common.help)
		return cli_help(self);
	if (what == RELAY_HASH)
		return relay_hash(&c);
	return what == RELAY_CHECK ? relay_check(&c) : parent_main(&c);
}
