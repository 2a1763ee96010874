/* SPDX-License-Identifier: MIT */
/*
 * t: the test harness.
 *
 * A test program lists its tests in a table and returns t_main(). Each test
 * prints one line: "ok NAME", "not ok NAME: reason" or "skip NAME: reason",
 * which is what build.sh counts.
 *
 *	static const struct t_test tests[] = { { "rows", test_rows } };
 *	int main(void) { return t_main(tests, sizeof(tests) / sizeof(*tests)); }
 */
#ifndef UNIT_T_H
#define UNIT_T_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct t_test {
	const char *name;
	void (*run)(void);
};

int t_main(const struct t_test *test, size_t n);

/* Notes a failure of the running test, with the row's name in the text. */
#define T_CHECK(cond, ...)                                                     \
	((cond) ? (void)0 : t_fail(__FILE__, __LINE__, #cond, __VA_ARGS__))
void t_fail(const char *file, int line, const char *cond, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Ends the running test as skipped, unless it failed already. */
void t_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Runs a scenario with the n-th allocation failing, for n = 1, 2, ... until
 * it gets through without reaching the n-th. The scenario must cope.
 * Allocations of all linked code count (malloc, calloc, realloc).
 */
void t_each_allocation_fails(void (*scenario)(void));
/* From here on the n-th allocation fails (0: none does any more). */
void t_fail_allocation(long n);
/* While spared, they neither count nor fail: around a test's own doings. */
void t_spare_allocations(bool spared);

/*
 * From here on the memory that is given back is searched for these bytes
 * (borrowed; none: not any more), and how many pieces of it had them: none
 * where no sanitizer tells.
 */
void t_watch(struct str secret);
unsigned t_left_behind(void);

/* The shared folder with third-party test data, or NULL. */
const char *t_shared(void);

/* How many descriptors are open. */
size_t t_open_files(void);

/*
 * How many times longer than usual things may take: 1, or T_SLOW of the
 * environment, where an emulator runs the tests.
 */
unsigned t_slow(void);

/* Reads a whole file; aborts the program if it cannot. */
void t_read_file(const char *path, struct buf *out);
/* Calls f for each regular file below a folder, in name order. */
size_t t_each_file(const char *folder, void (*f)(const char *path, void *arg),
    void *arg);

#endif
