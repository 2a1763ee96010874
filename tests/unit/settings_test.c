/* SPDX-License-Identifier: MIT */
/*
 * settings: many keys at once, and what programs are shown: with no memory,
 * and with none of a secret left in it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "command.h"
#include "command/config/settings.h"
#include "t.h"

#define TENANT "11111111-2222-4333-8444-555555555555"
#define SECRET "Vq8~half.of.nothing.B7x"

enum { TEXT_MAX = 64 * 1024 };

static const struct cli_command command = { "config", settings_main, "", "",
	settings_options, TEXT_NONE, NULL };

static const char before[] =
    "# mine\ntenant_id = " TENANT "\nclient_certificate = /x.pem\nrate = 1/h\n";
static const char lines[] = "client_secret = " SECRET "\n"
			    "proxy = http://u:" SECRET "@h.example:1\nrate =\n";
static const char after[] =
    "# mine\ntenant_id = " TENANT "\n#rate = none\nclient_secret = " SECRET
    "\nproxy = http://u:" SECRET "@h.example:1\n";

/* Standard input has the lines, and nobody reads what is printed. */
static int
settings_call(const char *const word[], const char *path)
{
	const char *argv[9] = { "config", "-q", "-C", path };
	int argc = 4, code, saved[2];
	int fd[] = { memfd_create("in", 0), open("/dev/null", O_WRONLY) };

	for (; *word != NULL; word++)
		argv[argc++] = *word;
	(void)!write(fd[0], lines, sizeof(lines) - 1);
	(void)lseek(fd[0], 0, SEEK_SET);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(i);
		(void)dup2(fd[i], i);
	}
	code = settings_main(&command, argc, (char **)(uintptr_t)argv);
	for (int i = 0; i < 2; i++) {
		(void)dup2(saved[i], i);
		(void)close(saved[i]);
	}
	(void)close(fd[0]);
	(void)close(fd[1]);
	return code;
}

static bool
settings_file_is(const char *path, const char *want)
{
	struct buf text;
	struct err e;
	bool same;

	buf_init_secret(&text, TEXT_MAX);
	same = os_read_file(path, &text, &e) &&
	    str_eq(buf_view(&text), str_of(want));
	buf_release(&text);
	return same;
}

static void
settings_set_once(void)
{
	static const char *const word[] = { "set", "--lines", "--json", NULL };
	const char *path;
	int code;

	t_spare_allocations(true);
	path = command_file("config", str_of(before), 0600);
	t_spare_allocations(false);
	code = settings_call(word, path);
	t_spare_allocations(true);
	T_CHECK(code == 0 || code == 75, "exit %d", code);
	T_CHECK(settings_file_is(path, after) ||
		(code != 0 && settings_file_is(path, before)),
	    "exit %d, neither the old file nor the new", code);
	t_spare_allocations(false);
}

static void
settings_show_once(void)
{
	static const char *const word[] = { "show", "--json", NULL };
	static char path[4096];
	int code;

	t_spare_allocations(true);
	(void)memccpy(path, command_file("config", str_of(after), 0600), 0,
	    sizeof(path));
	t_spare_allocations(false);
	code = settings_call(word, path);
	T_CHECK(code == 0 || code == 75, "exit %d", code);
}

static void
test_no_memory(void)
{
	command_clear_environment();
	t_each_allocation_fails(settings_set_once);
	t_each_allocation_fails(settings_show_once);
	command_folder_remove();
}

static void
test_wiped(void)
{
	struct command_run run = { .command = &command, .in = str_of(lines) };
	struct command_result r;

	command_clear_environment();
	run.argv[0] = "-C";
	run.argv[1] = command_file("config", str_of(before), 0600);
	run.argv[2] = "set";
	run.argv[3] = "--lines";
	run.argv[4] = "--json";
	t_watch(STR(SECRET));
	command_run(&run, &r);
	T_CHECK(r.code == 0 && t_left_behind() == 0, "set: %u left, exit %d",
	    t_left_behind(), r.code);
	command_release(&r);
	run.argv[2] = "show";
	run.argv[3] = "--json";
	run.argv[4] = NULL;
	command_run(&run, &r);
	T_CHECK(r.code == 0 && t_left_behind() == 0, "show: %u left, exit %d",
	    t_left_behind(), r.code);
	t_watch(STR(""));
	command_release(&r);
	command_folder_remove();
}

static const struct t_test tests[] = {
	{ "no memory", test_no_memory },
	{ "wiped", test_wiped },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
