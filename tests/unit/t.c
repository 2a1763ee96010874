/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"

enum { REPORT_MOST = 20 }; /* failures shown in full for one test */

static struct {
	const char *name;
	unsigned failures;
	char skipped[512];
} now;

static long fail_at, allocations;
static bool spare;
static struct str watched;
static unsigned left_behind;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
/* The sanitizer's, where there is one. */
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void
								*p,
						  size_t n),
    void (*given)(const volatile void *p)) __attribute__((weak));

static bool
fails_now(void)
{
	allocations += !spare;
	if (spare || fail_at == 0 || allocations != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t n)
{
	return fails_now() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails_now() ? NULL : __real_realloc(p, n);
}

/* Before a piece of memory is given back. */
static void
search_it(const volatile void *p)
{
	struct str block = { (const char *)(uintptr_t)p, 0 };

	if (p == NULL || watched.n == 0)
		return;
	block.n = malloc_usable_size((void *)(uintptr_t)p);
	left_behind += str_find(block, watched) < block.n;
}

static void
let_it(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
}

void
t_watch(struct str secret)
{
	static bool installed;

	if (!installed && __sanitizer_install_malloc_and_free_hooks != NULL)
		installed = __sanitizer_install_malloc_and_free_hooks(let_it,
				search_it) > 0;
	watched = secret;
	left_behind = 0;
}

unsigned
t_left_behind(void)
{
	return left_behind;
}

void
t_fail_allocation(long n)
{
	allocations = 0;
	fail_at = n;
}

void
t_spare_allocations(bool spared)
{
	spare = spared;
}

void
t_each_allocation_fails(void (*scenario)(void))
{
	for (long n = 1;; n++) {
		t_fail_allocation(n);
		scenario();
		if (allocations < n)
			break;
	}
	t_fail_allocation(0);
}

void
t_fail(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	if (now.failures++ >= REPORT_MOST)
		return;
	printf("  %s:%d: %s: ", file, line, cond);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void
t_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(now.skipped, sizeof(now.skipped), fmt, ap);
	va_end(ap);
}

int
t_main(const struct t_test *test, size_t n)
{
	unsigned failed = 0;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		now.name = test[i].name;
		now.failures = 0;
		now.skipped[0] = '\0';
		test[i].run();
		t_fail_allocation(0);
		if (now.failures > 0)
			printf("not ok %s: %u checks failed\n", now.name,
			    now.failures);
		else if (now.skipped[0] != '\0')
			printf("skip %s: %s\n", now.name, now.skipped);
		else
			printf("ok %s\n", now.name);
		failed += now.failures > 0;
	}
	return failed > 0;
}

const char *
t_shared(void)
{
	const char *dir = getenv("SHARED");
	struct stat st;

	return dir != NULL && stat(dir, &st) == 0 ? dir : NULL;
}

size_t
t_open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d == NULL || closedir(d) != 0 || n < 3)
		abort();
	return n - 3; /* ".", ".." and the folder's own */
}

unsigned
t_slow(void)
{
	const char *times = getenv("T_SLOW");
	uint64_t n = 1;

	return times != NULL && str_u64(str_of(times), 100, &n) ? (unsigned)n :
								  1;
}

void
t_read_file(const char *path, struct buf *out)
{
	struct err e;

	if (os_read_file(path, out, &e))
		return;
	printf("not ok %s: %s\n", now.name, e.msg);
	exit(1);
}

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

size_t
t_each_file(const char *folder, void (*f)(const char *path, void *arg),
    void *arg)
{
	struct dirent **name;
	struct stat st;
	char path[4096];
	size_t files = 0;
	int n = scandir(folder, &name, not_hidden, alphasort);

	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    name[i]->d_name);
		free(name[i]);
		if (stat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			files += t_each_file(path, f, arg);
			continue;
		}
		f(path, arg);
		files++;
	}
	if (n >= 0)
		free(name);
	return files;
}
