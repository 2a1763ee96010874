/* SPDX-License-Identifier: MIT */
#include "deliver/slot.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypt.h"
#include "base/os.h"
#include "t.h"

enum { WORKERS = 12, TURNS = 40, SHORT_MS = 60, LONG_MS = 20000 };

static char box[64], other[64];

static bool
take(struct slot *s, const char *mailbox, int64_t ms, struct err *e)
{
	return slot_take(s, str_of(mailbox), os_mono_ms() + ms, e);
}

static void
test_four(void)
{
	struct slot s[SLOT_MOST + 1] = { { 0 } }, more = { 0 };
	struct err e = { 0 };
	char upper[64];

	for (size_t i = 0; i < sizeof(box); i++)
		upper[i] = (char)(box[i] >= 'a' && box[i] <= 'z' ? box[i] - 32 :
								   box[i]);
	slot_free(&more);
	for (int i = 0; i < SLOT_MOST; i++)
		T_CHECK(take(&s[i], i % 2 == 0 ? box : upper, 0, &e), "%d: %s",
		    i, e.msg);
	T_CHECK(!take(&s[SLOT_MOST], box, SHORT_MS, &e) &&
		e.kind == ERR_RETRY &&
		str_find(str_of(e.msg), STR("4 requests")) < str_of(e.msg).n,
	    "a fifth: %s", e.msg);
	T_CHECK(take(&more, other, 0, &e), "another mailbox: %s", e.msg);
	slot_free(&more);
	slot_free(&s[2]);
	T_CHECK(take(&s[SLOT_MOST], box, 0, &e), "given back: %s", e.msg);
	for (int i = 0; i <= SLOT_MOST; i++)
		slot_free(&s[i]);
}

struct seen {
	atomic_int now, most, turns, failed;
};

static void
work(struct seen *seen)
{
	struct slot s = { 0 };
	struct err e;
	int now, most;

	for (int i = 0; i < TURNS; i++) {
		if (!take(&s, box, LONG_MS, &e)) {
			atomic_fetch_add(&seen->failed, 1);
			continue;
		}
		now = atomic_fetch_add(&seen->now, 1) + 1;
		most = atomic_load(&seen->most);
		while (now > most &&
		    !atomic_compare_exchange_weak(&seen->most, &most, now))
			;
		(void)usleep(1000);
		atomic_fetch_sub(&seen->now, 1);
		atomic_fetch_add(&seen->turns, 1);
		slot_free(&s);
	}
}

/* Several processes: all come to their turn, never more than four at once. */
static void
test_processes(void)
{
	struct seen *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, ended = 0;

	T_CHECK(seen != MAP_FAILED, "mmap");
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0) {
			work(seen);
			_exit(0);
		}
	while (wait(&status) > 0)
		ended += status == 0;
	T_CHECK(ended == WORKERS, "%d ended", ended);
	T_CHECK(seen->turns == WORKERS * TURNS && seen->failed == 0,
	    "%d turns, %d failed", seen->turns, seen->failed);
	T_CHECK(seen->most == SLOT_MOST, "%d at once", seen->most);
	(void)munmap(seen, sizeof(*seen));
}

/* Whoever dies gives back what it has. */
static void
test_death(void)
{
	struct slot s = { 0 };
	struct err e = { 0 };
	int status;

	for (int i = 0; i < 2 * SLOT_MOST; i++) {
		if (fork() == 0)
			_exit(take(&s, box, LONG_MS, &e) ? 0 : 1);
		T_CHECK(wait(&status) > 0 && status == 0, "child %d", i);
	}
}

/* In a child: from here on bind is refused. */
static bool
forbid_bind(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* What will not pass by waiting is told at once. */
static void
test_cannot(void)
{
	enum { TOLD, WRONG, NO_FILTER };
	struct slot s = { 0 };
	struct err e = { 0 };
	int status;
	int64_t start = os_mono_ms();

	if (fork() == 0) {
		if (!forbid_bind())
			_exit(NO_FILTER);
		_exit(!take(&s, box, LONG_MS, &e) && e.kind == ERR_RETRY &&
			    strstr(e.msg, "bind a socket") != NULL ?
			TOLD :
			WRONG);
	}
	T_CHECK(wait(&status) > 0 && WIFEXITED(status), "%x", status);
	if (WEXITSTATUS(status) == NO_FILTER) {
		t_skip("this kernel has no seccomp");
		return;
	}
	T_CHECK(WEXITSTATUS(status) == TOLD &&
		os_mono_ms() - start < LONG_MS / 2,
	    "status %x after %lld ms", status,
	    (long long)(os_mono_ms() - start));
}

/* Its own process, as another user: holds all four, until it is killed. */
enum strange { LISTENS, BINDS, IS_FULL };

static void
bind_all(enum strange how)
{
	char hash[CRYPT_SHA256_HEX];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int n, fd;

	crypt_sha256_hex(str_of(box), hash);
	for (int i = 0; i < SLOT_MOST; i++) {
		n = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1,
		    "post365-%.32s-%d", hash, i);
		n += (int)offsetof(struct sockaddr_un, sun_path) + 1;
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&at, (socklen_t)n) != 0)
			_exit(1);
		if (how == IS_FULL &&
		    (listen(fd, 0) != 0 ||
			connect(socket(AF_UNIX, SOCK_STREAM, 0),
			    (struct sockaddr *)&at, (socklen_t)n) != 0))
			_exit(1);
	}
}

static void
be_strange(enum strange how, int ready)
{
	struct slot s[SLOT_MOST] = { { 0 } };
	struct err e;

	if (setuid(65534) != 0)
		_exit(1);
	if (how != LISTENS)
		bind_all(how);
	else
		for (int i = 0; i < SLOT_MOST; i++)
			if (!take(&s[i], box, 0, &e))
				_exit(1);
	(void)!write(ready, "x", 1);
	for (;;)
		(void)pause();
}

/* Another user can hold up a mailbox for one request, and not stop it. */
static void
check_stranger(enum strange how)
{
	struct slot s = { 0 };
	struct err e = { 0 };
	int64_t start, first, second;
	int ready[2], status;
	char c;
	pid_t child;

	T_CHECK(pipe(ready) == 0, "pipe");
	child = fork();
	if (child == 0)
		be_strange(how, ready[1]);
	(void)close(ready[1]);
	T_CHECK(read(ready[0], &c, 1) == 1, "%d: the other user", (int)how);
	(void)close(ready[0]);
	start = os_mono_ms();
	T_CHECK(take(&s, box, SHORT_MS, &e) && s.fd == -1, "%d: %s", (int)how,
	    e.msg);
	first = os_mono_ms() - start;
	slot_free(&s);
	start = os_mono_ms();
	T_CHECK(take(&s, box, LONG_MS, &e), "%d: once more: %s", (int)how,
	    e.msg);
	second = os_mono_ms() - start;
	slot_free(&s);
	T_CHECK(first >= SHORT_MS && second < LONG_MS / 2,
	    "%d: waited for %lld ms, then %lld ms", (int)how, (long long)first,
	    (long long)second);
	T_CHECK(how == IS_FULL || how == BINDS || s.stranger == 65534,
	    "%d: it was %ld", (int)how, s.stranger);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	T_CHECK(take(&s, box, SHORT_MS, &e) && s.fd >= 0, "%d: then: %s",
	    (int)how, e.msg);
	slot_free(&s);
}

static void
test_strangers(void)
{
	if (geteuid() != 0) {
		t_skip("only root can be another user");
		return;
	}
	check_stranger(LISTENS);
	check_stranger(BINDS);
	check_stranger(IS_FULL);
}

/* One of ours is waited for, whatever else: five never go. */
static void
test_ours_counts(void)
{
	struct slot s[SLOT_MOST + 1] = { { 0 } };
	struct err e = { 0 };

	for (int i = 0; i < SLOT_MOST; i++)
		T_CHECK(take(&s[i], box, 0, &e), "%s", e.msg);
	s[SLOT_MOST].doubt = os_mono_ms() + LONG_MS;
	T_CHECK(!take(&s[SLOT_MOST], box, SHORT_MS, &e), "a fifth");
	for (int i = 0; i <= SLOT_MOST; i++)
		slot_free(&s[i]);
}

static const struct t_test tests[] = {
	{ "four", test_four },
	{ "processes", test_processes },
	{ "death", test_death },
	{ "no socket can be bound", test_cannot },
	{ "another user holds all", test_strangers },
	{ "ours count, in doubt, too", test_ours_counts },
};

int
main(void)
{
	(void)snprintf(box, sizeof(box), "box%d@test.example", (int)getpid());
	(void)snprintf(other, sizeof(other), "o%d@test.example", (int)getpid());
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
