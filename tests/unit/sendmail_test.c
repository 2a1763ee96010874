/* SPDX-License-Identifier: MIT */
#include "command/sendmail/sendmail.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "t.h"

static const struct cli_command sendmail = { "sendmail", sendmail_main, "", "",
	NULL, TEXT_NONE, NULL };
static const struct cli_command mailq = { "mailq", mailq_main, "", "", NULL,
	TEXT_NONE, NULL };
static const struct cli_command newaliases = { "newaliases", newaliases_main,
	"", "", NULL, TEXT_NONE, NULL };

/* Settings for which nothing listens: what gets that far says so. */
static const char config_text[] =
    "tenant_id = contoso.com\n"
    "client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
    "client_secret = s\n"
    "from = me@contoso.com\n"
    "login_url = http://127.0.0.1:1\n"
    "graph_url = http://127.0.0.1:1/v1.0\n"
    "token_cache = no\n";

static const char aliases_text[] = "root: ops\n"
				   "ops: a@contoso.com, b@contoso.com\n"
				   "loop: pool\n"
				   "pool: loop\n";

/* These lines, and a state folder of their own: whole paths, as for cron. */
static void
write_settings(const char *name, const char *lines, const char *aliases)
{
	const char *dir = command_folder();
	struct buf text;

	buf_init(&text, 4096);
	buf_addf(&text, "%sstate_dir = %s/%s-state\naliases = %s/%s\n", lines,
	    dir, name, dir, aliases);
	(void)command_file(name, buf_view(&text), 0600);
	buf_release(&text);
}

static void
make_files(void)
{
	command_clear_environment();
	(void)unsetenv("NAME");
	(void)command_file("c", STR(""), 0600); /* makes the folder */
	T_CHECK(chdir(command_folder()) == 0, "chdir");
	(void)setenv("POST365_CONFIG", "c", 1);
	write_settings("c", config_text, "aliases");
	write_settings("off",
	    "enabled = no\n"
	    "from = a@b.c\ntenant_id = b.c\n"
	    "client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa\n"
	    "client_secret = s\n",
	    "aliases");
	(void)command_file("empty", STR("\n"), 0600);
	(void)command_file("aliases", str_of(aliases_text), 0600);
	(void)command_file("pipe", STR("root: \"|/bin/cat\"\n"), 0600);
	write_settings("piped", "from = me@contoso.com\n", "pipe");
}

static const struct str mail = STR_INIT("To: a@b.c\nSubject: s\n\nx\n");

/* What happens before anything is sent. out, err: somewhere in it. */
static const struct {
	const char *name;
	const struct cli_command *command;
	const char *argv[8];
	const struct str *in;
	int code;
	const char *out, *err; /* "": nothing was printed */
} rows[] = {
	/* clang-format off */
	{ "nobody", &sendmail, { "-i" }, &mail, 64, "",
	  "sendmail: nobody to send it to\n  do: " },
	{ "nobody, -t", &sendmail, { "-t" }, NULL, 64, "",
	  "sendmail: nobody to send it to\n  do: " },
	{ "unknown option", &sendmail, { "-Z", "a@b.c" }, &mail, 64, "",
	  "sendmail: unknown option -Z\n  do: see post365 help sendmail\n" },
	{ "no value", &sendmail, { "-f" }, &mail, 64, "",
	  "sendmail: option -f needs a value\n" },
	{ "bad recipient", &sendmail, { "a@b@c" }, &mail, 65, "",
	  "sendmail: recipient: " },
	{ "bad sender", &sendmail, { "-f", "a@b@c", "a@b.c" }, &mail, 65, "",
	  "sendmail: -f: " },
	{ "quiet", &sendmail, { "-oeq", "-f", "a@b@c", "a@b.c" }, &mail, 65,
	  "", "" },
	{ "alias loop", &sendmail, { "loop" }, &mail, 78, "",
	  "leads back to itself" },
	{ "missing settings", &sendmail, { "-C", "empty", "a@b.c" }, &mail, 78,
	  "", "sendmail: not set: " },
	{ "missing file", &sendmail, { "-C", "none", "a@b.c" }, &mail, 78,
	  "", "sendmail: none: " },
	{ "switched off", &sendmail, { "-odi", "-C", "off", "a@b.c" }, &mail,
	  78, "", ", where it waits: enabled = no (from off:1)" },
	{ "switched off, -odq", &sendmail, { "-odq", "-C", "off", "a@b.c" },
	  &mail, 0, "", ", where it waits: enabled = no (from off:1)" },
	{ "ARPANET", &sendmail, { "-ba", "a@b.c" }, &mail, 64, "",
	  "sendmail: -ba: " },
	{ "daemon", &sendmail, { "-bd", "-q15m" }, NULL, 64, "",
	  "do: post365 relay takes mail by SMTP" },
	{ "-bp", &sendmail, { "-bp" }, NULL, 0, "Mail queue is empty\n", "" },
	{ "mailq", &mailq, { NULL }, NULL, 0, "Mail queue is empty\n", "" },
	{ "mailq -v", &mailq, { "-v" }, NULL, 0, "Mail queue is empty\n", "" },
	{ "mailq of no settings", &mailq, { "-C", "none" }, NULL, 78,
	  "", "mailq: none: " },
	{ "-q", &sendmail, { "-q" }, NULL, 0, "", "" },
	{ "-qf -v", &sendmail, { "-qf", "-v" }, NULL, 0, "",
	  "sendmail: tried 0: 0 sent" },
	{ "-qZ", &sendmail, { "-qZ" }, NULL, 64, "", "sendmail: unknown -qZ" },
	{ "-qI", &sendmail, { "-qI12" }, NULL, 65, "", "no message \"12\"" },
	{ "-q15m", &sendmail, { "-q15m" }, NULL, 0, "", "" },
	{ "-bi", &sendmail, { "-bi" }, NULL, 0, "", "" },
	{ "newaliases", &newaliases, { NULL }, NULL, 0, "", "" },
	{ "newaliases, broken", &newaliases, { "-C", "piped" }, NULL, 0, "",
	  "/pipe:1: " },
	{ "-bv", &sendmail, { "-bv", "root", "x@y.z" }, NULL, 0,
	  "root -> a@contoso.com, b@contoso.com\nx@y.z -> x@y.z\n", "" },
	{ "-bv list", &sendmail, { "-bv", "x@y.z, Ann <v@w.x>" }, NULL, 0,
	  "x@y.z -> x@y.z\nv@w.x -> v@w.x\n", "" },
	{ "-bv unknown", &sendmail, { "-bv", "nobody" }, NULL, 0,
	  "nobody -> me@contoso.com\n", "" },
	{ "-bv nobody", &sendmail, { "-bv" }, NULL, 64, "", "nobody to send" },
	{ "--help", &sendmail, { "--help" }, NULL, 0, "  -t   ", "" },
	/* clang-format on */
};

static void
check_text(const char *name, const char *what, const struct buf *got,
    const char *want)
{
	bool ok = *want == '\0' ? got->n == 0 : strstr(got->p, want) != NULL;

	T_CHECK(ok, "%s: %s: %s", name, what, got->p);
}

static void
test_rows(void)
{
	struct command_result r;
	struct command_run run;
	char *back = getcwd(NULL, 0);

	make_files();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		run = (struct command_run){ .command = rows[i].command };
		memcpy(run.argv, rows[i].argv, sizeof(rows[i].argv));
		if (rows[i].in != NULL)
			run.in = *rows[i].in;
		command_run(&run, &r);
		T_CHECK(r.code == rows[i].code, "%s: exit %d: %s", rows[i].name,
		    r.code, r.err.p);
		check_text(rows[i].name, "stdout", &r.out, rows[i].out);
		check_text(rows[i].name, "stderr", &r.err, rows[i].err);
		command_release(&r);
	}
	T_CHECK(chdir(back) == 0, "chdir back");
	free(back);
	command_folder_remove();
}

/* -bs, which only stores; and with settings that are none. */
static void
test_smtp(void)
{
	static const struct str talk =
	    STR_INIT("EHLO c\nMAIL FROM:<a@b.c>\nRCPT TO:<x@y.z>\nDATA\n"
		     "Subject: s\n\nx\n.\nMAIL FROM:<a@b.c>\n"
		     "RCPT TO:<loop>\nDATA\n.\nQUIT\n");
	struct command_result r;
	struct command_run run = { .command = &sendmail,
		.argv = { "-bs", "-odq" },
		.in = talk };
	char *back = getcwd(NULL, 0);

	make_files();
	command_run(&run, &r);
	T_CHECK(r.code == 0 && r.err.n == 0, "exit %d: %s", r.code, r.err.p);
	T_CHECK(strstr(r.out.p, "\r\n354 ") != NULL &&
		strstr(r.out.p, "\r\n250 2.0.0 Ok: queued as ") != NULL &&
		strstr(r.out.p, "\r\n451 4.3.5 ") != NULL &&
		strstr(r.out.p, "\r\n221 2.0.0 ") != NULL,
	    "%s", r.out.p);
	command_release(&r);
	run.argv[2] = "-C";
	run.argv[3] = "empty";
	command_run(&run, &r);
	T_CHECK(r.code == 78 && strncmp(r.out.p, "421 4.3.5 ", 10) == 0,
	    "exit %d: %s", r.code, r.out.p);
	command_release(&r);
	T_CHECK(chdir(back) == 0, "chdir back");
	free(back);
	command_folder_remove();
}

/* The wire goes to -X, and a failure of that loses no mail. */
static void
test_traffic(void)
{
	struct command_result r;
	struct command_run run = { .command = &sendmail,
		.argv = { "-X", "wire", "a@b.c", "-odi", NULL },
		.in = mail };
	char *back = getcwd(NULL, 0);
	struct buf wire;

	make_files();
	command_run(&run, &r);
	T_CHECK(r.code == 0, "exit %d: %s", r.code, r.err.p);
	buf_init(&wire, 65536);
	t_read_file("wire", &wire);
	buf_addz(&wire, "");
	T_CHECK(wire.n > 20, "the file has %zu bytes", wire.n);
	buf_release(&wire);
	command_release(&r);
	run.argv[1] = "no/such/folder";
	run.argv[4] = "-Coff"; /* ends sooner */
	command_run(&run, &r);
	T_CHECK(r.code == 78 && strstr(r.err.p, "-X no/such/folder: ") != NULL,
	    "exit %d: %s", r.code, r.err.p);
	command_release(&r);
	T_CHECK(chdir(back) == 0, "chdir back");
	free(back);
	command_folder_remove();
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "-bs", test_smtp },
	{ "-X", test_traffic },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
