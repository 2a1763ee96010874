/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "t.h"

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

static char folder[64], path[4096];

static int
memory_file(struct str text)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	struct err e;

	if (fd < 0 || !os_write_fd(fd, "stream", text, &e) ||
	    lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static void
collect(int fd, struct buf *out)
{
	struct err e;

	buf_init(out, OUTPUT_MAX);
	if (lseek(fd, 0, SEEK_SET) < 0 || !os_read_fd(fd, "stream", out, &e))
		abort();
	(void)close(fd);
	buf_addz(out, ""); /* a NUL even if nothing was printed */
}

void
command_run(const struct command_run *run, struct command_result *out)
{
	char *argv[COMMAND_ARGS_MAX + 2] = { NULL };
	int fd[3], saved[3], argc = 0;

	argv[argc++] = strdup(run->command->name);
	for (; run->argv[argc - 1] != NULL; argc++)
		argv[argc] = strdup(run->argv[argc - 1]);
	(void)fflush(stdout);
	for (int i = 0; i < 3; i++) {
		fd[i] = memory_file(i == 0 ? run->in : STR(""));
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		(void)dup2(fd[i], i);
	}
	out->code = run->command->run(run->command, argc, argv);
	for (int i = 0; i < 3; i++) {
		(void)dup2(saved[i], i);
		(void)close(saved[i]);
	}
	(void)close(fd[0]);
	collect(fd[1], &out->out);
	collect(fd[2], &out->err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}

void
command_release(struct command_result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
}

const char *
command_folder(void)
{
	if (folder[0] == '\0') {
		(void)strcpy(folder, "/tmp/post365-test-XXXXXX");
		if (mkdtemp(folder) == NULL)
			abort();
	}
	return folder;
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(name);
}

void
command_folder_remove(void)
{
	if (folder[0] != '\0')
		(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

const char *
command_file(const char *name, struct str text, unsigned mode)
{
	const struct replace_how how = { .mode = 0600 };
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/%s", command_folder(), name);
	if (!replace_file(path, text, how, &e) || chmod(path, mode) < 0)
		abort();
	return path;
}

void
command_clear_environment(void)
{
	static const char *const heads[] = { "POST365_", "AZURE_", "XDG_",
		"SSL_CERT_",
		"CREDENTIALS_DIRECTORY=", "https_proxy=", "HTTPS_PROXY=",
		"all_proxy=", "ALL_PROXY=", "no_proxy=", "NO_PROXY=" };
	char name[256];
	bool again = true;
	size_t n;

	while (again) {
		again = false;
		for (char **p = environ; *p != NULL && !again; p++) {
			for (size_t i = 0;
			     i < sizeof(heads) / sizeof(*heads) && !again; i++)
				again = strncmp(*p, heads[i],
					    strlen(heads[i])) == 0;
			n = strcspn(*p, "=");
			if (again && n < sizeof(name)) {
				(void)snprintf(name, sizeof(name), "%.*s",
				    (int)n, *p);
				(void)unsetenv(name);
			}
		}
	}
	(void)setenv("HOME", "/nonexistent", 1);
}

void
command_golden(const char *name, struct str text)
{
	const struct replace_how how = { .mode = 0644 };
	struct buf want;
	struct err e;
	char file[256];

	(void)snprintf(file, sizeof(file), "tests/golden/%s", name);
	if (getenv("T_BLESS") != NULL) {
		char *slash = strrchr(file, '/');

		*slash = '\0';
		T_CHECK(os_mkdirs(file, 0755, &e), "%s", e.msg);
		*slash = '/';
		T_CHECK(replace_file(file, text, how, &e), "%s", e.msg);
		return;
	}
	buf_init(&want, OUTPUT_MAX);
	t_read_file(file, &want);
	T_CHECK(str_eq(buf_view(&want), text),
	    "%s: differs (test --bless rewrites it); is now:\n%.*s", file,
	    STR_ARG(text));
	buf_release(&want);
}
