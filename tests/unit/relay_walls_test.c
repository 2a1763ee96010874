/* SPDX-License-Identifier: MIT */
/*
 * The walls of reception: what the program for seccomp says to each call, and
 * what a process behind them can still do. This runs under the sanitizers
 * with glibc, and by story/walls.sh with the C library of the executable.
 */
#include "relay/walls.h"
#include "relay/walls_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "queue.h"
#include "relay/users.h"
#include "store/room.h"
#include "t.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

/* --- the program */

enum { YES, NO, DIES };

static const struct {
	const char *name;
	unsigned number;
	uint64_t arg[6];
	int verdict;
	bool lists;
} calls[] = {
	/* clang-format off */
	{ "write", SYS_write, { 2 }, YES, 0 },
	{ "x32's write", SYS_write | 0x40000000, { 2 }, NO, 0 },
	{ "exit_group", SYS_exit_group, { 0 }, YES, 0 },
	{ "openat to read", SYS_openat, { 3, 1, O_RDONLY }, NO, 0 },
	{ "openat to read, where lists are", SYS_openat, { 3, 1, O_RDONLY },
	    NO, 1 },
	{ "openat, made if missing", SYS_openat, { 3, 1, O_RDWR | O_CREAT },
	    NO, 0 },
	{ "openat, new", SYS_openat, { 3, 1, O_RDWR | O_CREAT | O_EXCL },
	    YES, 0 },
	{ "openat, new and more", SYS_openat,
	    { 3, 1, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW },
	    YES, 0 },
	{ "openat, O_PATH wins", SYS_openat,
	    { 3, 1, O_PATH | O_CREAT | O_EXCL }, NO, 0 },
	{ "openat, folder", SYS_openat, { 3, 1, O_DIRECTORY | O_CLOEXEC },
	    NO, 0 },
	{ "openat, folder, lists", SYS_openat,
	    { 3, 1, O_DIRECTORY | O_CLOEXEC }, YES, 1 },
	{ "openat, O_TMPFILE, lists", SYS_openat, { 3, 1, O_TMPFILE | O_RDWR },
	    NO, 1 },
	{ "getdents64", SYS_getdents64, { 3, 1, 4096 }, NO, 0 },
	{ "getdents64, lists", SYS_getdents64, { 3, 1, 4096 }, YES, 1 },
	{ "sendto, connected", SYS_sendto, { 3, 1, 9, 0, 0, 0 }, YES, 0 },
	{ "sendto, address", SYS_sendto, { 3, 1, 9, 0, 0x1000, 16 }, NO, 0 },
	{ "mprotect", SYS_mprotect, { 4096, 4096, PROT_READ | PROT_WRITE },
	    YES, 0 },
	{ "mprotect, exec", SYS_mprotect, { 4096, 4096, PROT_EXEC }, NO, 0 },
	{ "futimens", SYS_utimensat, { 3, 0, 4096, 0 }, YES, 0 },
	{ "utimensat", SYS_utimensat, { 3, 4096, 4096, 0 }, NO, 0 },
	{ "faccessat", SYS_faccessat, { 3, 4096, F_OK }, YES, 0 },
	{ "faccessat, exec", SYS_faccessat, { 3, 4096, X_OK }, NO, 0 },
	{ "fchmod", SYS_fchmod, { 3, 0660 }, YES, 0 },
	{ "fchmod, others", SYS_fchmod, { 3, 0604 }, NO, 0 },
	{ "F_GETFL", SYS_fcntl, { 3, F_GETFL }, YES, 0 },
	{ "F_SETFL", SYS_fcntl, { 3, F_SETFL }, YES, 0 },
	{ "F_SETOWN", SYS_fcntl, { 3, F_SETOWN }, NO, 0 },
	{ "F_SETSIG", SYS_fcntl, { 3, F_SETSIG }, NO, 0 },
	{ "socket", SYS_socket, { 2, 1 }, NO, 0 },
	{ "connect", SYS_connect, { 3, 4096, 16 }, NO, 0 },
	{ "bind", SYS_bind, { 3, 4096, 16 }, NO, 0 },
	{ "sendmsg", SYS_sendmsg, { 3 }, NO, 0 },
	{ "linkat", SYS_linkat, { 3 }, NO, 0 },
	{ "clone", SYS_clone, { 0 }, NO, 0 },
	{ "kill", SYS_kill, { 1, 9 }, NO, 0 },
	{ "tkill", SYS_tkill, { 1, 9 }, NO, 0 },
	{ "ioctl", SYS_ioctl, { 0 }, NO, 0 },
	{ "prctl", SYS_prctl, { 0 }, NO, 0 },
#ifdef SYS_socketcall
	{ "socketcall", SYS_socketcall, { 1 }, NO, 0 },
#endif
	{ "one that is to come", 4999, { 0 }, NO, 0 },
	{ "execve", SYS_execve, { 1 }, DIES, 0 },
	{ "execveat", SYS_execveat, { 1 }, DIES, 0 },
	{ "ptrace", SYS_ptrace, { 1 }, DIES, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, { 1 }, DIES, 0 },
	{ "bpf", SYS_bpf, { 1 }, DIES, 0 },
	{ "mount", SYS_mount, { 1 }, DIES, 0 },
	{ "unshare", SYS_unshare, { 1 }, DIES, 0 },
	{ "keyctl", SYS_keyctl, { 1 }, DIES, 0 },
	/* clang-format on */
};

/* As the kernel runs it; what it must not be ends the test. */
static uint32_t
run_program(const struct sock_filter *code, size_t n,
    const struct seccomp_data *d)
{
	const struct sock_filter *s;
	uint32_t word = 0;

	for (size_t at = 0; at < n; at++) {
		s = &code[at];
		if (s->code == (BPF_LD | BPF_W | BPF_ABS))
			memcpy(&word, (const char *)d + s->k, sizeof(word));
		else if (s->code == (BPF_ALU | BPF_AND | BPF_K))
			word &= s->k;
		else if (s->code == (BPF_JMP | BPF_JEQ | BPF_K))
			at += word == s->k ? s->jt : s->jf;
		else if (s->code == (BPF_RET | BPF_K))
			return s->k;
		else
			break;
	}
	T_CHECK(false, "the program has no end");
	return 0;
}

/* Taken from the program itself: it begins with it. */
static struct seccomp_data
data_of(const struct sock_filter *code, size_t row)
{
	struct seccomp_data d = { .nr = (int)calls[row].number,
		.arch = code[1].k };

	for (size_t i = 0; i < N(calls[row].arg); i++)
		d.args[i] = calls[row].arg[i];
	return d;
}

static void
test_program(void)
{
	static const uint32_t verdicts[] = { [YES] = SECCOMP_RET_ALLOW,
		[NO] = SECCOMP_RET_ERRNO | ENOSYS,
		[DIES] = SECCOMP_RET_KILL_PROCESS };
	struct sock_filter code[WALLS_PROGRAM_MOST];
	struct seccomp_data d;
	size_t n;
	uint32_t got;

	if (walls_program(code, false) == 0) {
		t_skip("this machine has no list");
		return;
	}
	for (size_t i = 0; i < N(calls); i++) {
		n = walls_program(code, calls[i].lists);
		T_CHECK(n > 100 && n < WALLS_PROGRAM_MOST, "%zu", n);
		d = data_of(code, i);
		got = run_program(code, n, &d);
		T_CHECK(got == verdicts[calls[i].verdict], "%s: %x",
		    calls[i].name, got);
		d.arch++;
		got = run_program(code, n, &d);
		T_CHECK(got == SECCOMP_RET_KILL_PROCESS,
		    "%s of another machine: %x", calls[i].name, got);
	}
}

/* Where numbers of 64 bits are looked at, both halves are. */
static void
test_halves(void)
{
	struct sock_filter code[WALLS_PROGRAM_MOST];
	const size_t n = walls_program(code, false);
	struct seccomp_data d = { .nr = SYS_sendto };

	if (n == 0) {
		t_skip("this machine has no list");
		return;
	}
	d.arch = code[1].k;
	d.args[4] = 1ULL << 32;
	T_CHECK(run_program(code, n, &d) == (SECCOMP_RET_ERRNO | ENOSYS),
	    "an address");
	d.args[4] = 0;
	d.args[1] = UINT64_MAX;
	T_CHECK(run_program(code, n, &d) == SECCOMP_RET_ALLOW, "no address");
}

/* --- behind the walls */

/* What a process has when it raises them. */
struct inside {
	char folder[FOLDER_SIZE];
	char settings[FOLDER_SIZE + 16], elsewhere[FOLDER_SIZE + 16];
	struct queue queue;
	char stored[ENVELOPE_ID_SIZE]; /* in new/ */
	struct spool_add open;         /* begun before */
	int pair[2], udp;
	int tcp, local;        /* they listen */
	struct sockaddr_in at; /* tcp */
	struct sockaddr_un un; /* local */
	int unused, caller;    /* sockets: for connect, to local */
	pid_t parent;
	struct walls_ask ask;
	struct walls walls;
	/* the thread that settles */
	pthread_t thread;
	int asks[2], answers[2];
	struct spool_add *add[2];
	size_t adds;
};

static bool
make_at(int folder, const char *name)
{
	int fd =
	    openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, "x", 1) == 1;

	os_close(&fd);
	return ok;
}

static bool
open_at(int folder, const char *name, int flags)
{
	int fd = openat(folder, name, flags | O_CLOEXEC);
	bool ok = fd >= 0;

	os_close(&fd);
	return ok;
}

static bool
reads_settings(struct inside *in)
{
	return open_at(AT_FDCWD, in->settings, O_RDONLY);
}

static bool
reads_environment(struct inside *in)
{
	(void)in;
	return open_at(AT_FDCWD, "/proc/self/status", O_RDONLY);
}

static bool
makes_elsewhere(struct inside *in)
{
	return make_at(AT_FDCWD, in->elsewhere);
}

static bool
makes_in_new(struct inside *in)
{
	return make_at(in->queue.spool.dir[SPOOL_NEW].fd, "made");
}

static bool
moves_in(struct inside *in)
{
	return renameat(AT_FDCWD, in->settings,
		   in->queue.spool.dir[SPOOL_TMP].fd, "settings") == 0;
}

static bool
moves_out(struct inside *in)
{
	return renameat(in->queue.spool.dir[SPOOL_NEW].fd, in->stored, AT_FDCWD,
		   in->elsewhere) == 0;
}

static bool
links_in(struct inside *in)
{
	return linkat(AT_FDCWD, in->settings, in->queue.spool.dir[SPOOL_TMP].fd,
		   "settings", 0) == 0;
}

static bool
removes_elsewhere(struct inside *in)
{
	return unlink(in->settings) == 0 ||
	    unlinkat(AT_FDCWD, in->settings, 0) == 0;
}

static bool
reads_new(struct inside *in)
{
	return open_at(in->queue.spool.dir[SPOOL_NEW].fd, in->stored, O_RDONLY);
}

/* Back to where files may be read. */
static bool
moves_back(struct inside *in)
{
	return renameat(in->queue.spool.dir[SPOOL_NEW].fd, in->stored,
		   in->queue.spool.dir[SPOOL_TMP].fd, in->stored) == 0 &&
	    open_at(in->queue.spool.dir[SPOOL_TMP].fd, in->stored, O_RDONLY);
}

static bool
reads_tmp(struct inside *in)
{
	return open_at(in->queue.spool.dir[SPOOL_TMP].fd, in->open.id,
	    O_RDONLY);
}

static bool
makes_socket(struct inside *in)
{
	(void)in;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
connects(struct inside *in)
{
	return connect(in->unused, (const struct sockaddr *)&in->at,
		   sizeof(in->at)) == 0;
}

static bool
sends_to(struct inside *in)
{
	return sendto(in->udp, "x", 1, 0, (const struct sockaddr *)&in->at,
		   sizeof(in->at)) == 1;
}

static bool
executes(struct inside *in)
{
	char *const argv[] = { in->settings, NULL };

	(void)execve("/bin/true", argv, argv + 1);
	return false;
}

static bool
forks(struct inside *in)
{
	pid_t pid = fork();

	(void)in;
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
signals_parent(struct inside *in)
{
	return kill(in->parent, SIGURG) == 0;
}

/* By a socket that belongs to the parent. */
static bool
signals_by_socket(struct inside *in)
{
	return fcntl(in->pair[0], F_SETOWN, in->parent) == 0;
}

static bool
maps_code(struct inside *in)
{
	(void)in;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
traces(struct inside *in)
{
	(void)in;
	return syscall(SYS_ptrace, 0L /* PTRACE_TRACEME */, 0L, 0L, 0L) == 0;
}

static bool
lists_new(struct inside *in)
{
	struct spool_list list;
	struct err e;
	bool ok =
	    spool_list(&in->queue.spool, SPOOL_ALL, &list, &e) && list.n == 1;

	spool_list_release(&list);
	return ok;
}

static bool
lists_root(struct inside *in)
{
	(void)in;
	return open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
}

/* --- what must work */

static bool
settle_beside(struct inside *in)
{
	char done = 0;

	return write(in->asks[1], "x", 1) == 1 &&
	    read(in->answers[0], &done, 1) == 1 && done != 0;
}

static bool
add_one(struct inside *in, struct spool_add *a)
{
	static const char text[70000] = "Subject: x\r\n\r\nx\r\n";
	struct err e;

	return spool_begin(&in->queue.spool, &queue_envelope, a, &e) &&
	    spool_write(a, (struct str){ text, sizeof(text) }, &e) &&
	    spool_seal(a, &e);
}

static bool
is_in_new(const struct inside *in, const char *id)
{
	struct os_stat st;

	return dir_stat(&in->queue.spool.dir[SPOOL_NEW], id, &st);
}

static bool
adds_messages(struct inside *in)
{
	struct spool_add a[2];

	if (!add_one(in, &a[0]) || !add_one(in, &a[1]))
		return false;
	in->adds = 2;
	in->add[0] = &a[0];
	in->add[1] = &a[1];
	return settle_beside(in) && is_in_new(in, a[0].id) &&
	    is_in_new(in, a[1].id);
}

/* The second is gone before it is moved: it alone fails. The first is removed
   as settle does where the folder fails. */
static bool
takes_back(struct inside *in)
{
	struct spool_add a[2];
	struct err e;

	if (!add_one(in, &a[0]) || !add_one(in, &a[1]) ||
	    !dir_remove(&in->queue.spool.dir[SPOOL_TMP], a[1].id, &e))
		return false;
	in->adds = 2;
	in->add[0] = &a[0];
	in->add[1] = &a[1];
	return !settle_beside(in) && is_in_new(in, a[0].id) &&
	    !is_in_new(in, a[1].id) &&
	    dir_remove(&in->queue.spool.dir[SPOOL_NEW], a[0].id, &e) &&
	    !is_in_new(in, a[0].id);
}

static bool
ends_open_one(struct inside *in)
{
	struct spool_add *a = &in->open;
	struct err e;

	return spool_write(a, STR("x\r\n"), &e) && spool_commit(a, &e) &&
	    is_in_new(in, a->id);
}

static bool
asks_for_room(struct inside *in)
{
	const struct spool_limits limits = { .min_free = 1 };
	struct err e;

	return spool_room(&in->queue.spool, &limits, 1, &e);
}

/* What os_open_or_make does for a folder of a group. */
static bool
opens_to_group(struct inside *in)
{
	in->queue.spool.dir[SPOOL_TMP].mode = 0660;
	return adds_messages(in);
}

static bool
talks(struct inside *in)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	struct sockaddr_un name;
	socklen_t named = sizeof(name);
	struct pollfd p = { .fd = in->local, .events = POLLIN };
	char byte = 0;
	int one = 1, fd = -1;
	bool ok = os_poll(&p, 1, os_mono_ms() + 10000) == 1;

	fd = accept4(in->local, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ok = ok && fd >= 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	    who.uid == getuid() &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one)) == 0 &&
	    getpeername(fd, (struct sockaddr *)&name, &named) == 0 &&
	    send(fd, "x", 1, MSG_NOSIGNAL) == 1 &&
	    recv(in->caller, &byte, 1, 0) == 1 && fcntl(fd, F_SETFL, 0) == 0 &&
	    shutdown(fd, SHUT_WR) == 0 && recv(in->caller, &byte, 1, 0) == 0;
	os_close(&fd);
	return ok && send(in->pair[0], "y", 1, 0) == 1 &&
	    recv(in->pair[1], &byte, 1, 0) == 1 && byte == 'y';
}

static bool
hashes(struct inside *in)
{
	char out[USERS_HASH_SIZE];
	struct err e;

	(void)in;
	return users_hash(STR("secret"), out, &e);
}

static bool
uses_memory(struct inside *in)
{
	bool ok = true;
	unsigned char r[16];

	(void)in;
	for (size_t n = 1; n < 64 << 20; n *= 4) {
		struct buf b;

		buf_init(&b, n + 1);
		ok = ok && buf_room(&b, n) != NULL;
		buf_release(&b);
	}
	os_random(r, sizeof(r));
	return ok && os_poll(NULL, 0, os_mono_ms() + 2) == 0;
}

/* The parent finds it out by another child: this one must not know yet. */
static int zone_wanted;

static bool
knows_zone(struct inside *in)
{
	(void)in;
	return os_zone(QUEUE_NOW) == zone_wanted;
}

enum { BOTH, NO_LANDLOCK, NO_SECCOMP, VARIANTS };
static const char *const variants[] = { "both", "no Landlock", "no seccomp" };
static const unsigned left_out[] = { 0, WALLS_LANDLOCK, WALLS_SECCOMP };

/* What the probe does: it works, fails, or ends its process. */
enum { WORKS = 0, FAILS = 1, KILLED = 2, BROKEN = 3 };

static const struct {
	const char *name;
	bool (*does)(struct inside *in);
	int wants[VARIANTS];
	int abi;    /* of Landlock, for the last */
	bool lists; /* ask.list is set */
} probes[] = {
	/* clang-format off */
	{ "reads the settings", reads_settings, { 1, 1, 1 }, 0, 0 },
	{ "reads the settings, lists", reads_settings, { 1, 1, 1 }, 0, 1 },
	{ "reads /proc", reads_environment, { 1, 1, 1 }, 0, 0 },
	{ "makes a file elsewhere", makes_elsewhere, { 1, 0, 1 }, 0, 0 },
	{ "makes a file in new/, to write", makes_in_new, { 1, 0, 1 }, 0, 0 },
	{ "moves a file into the spool", moves_in, { 1, 0, 1 }, 0, 0 },
	{ "moves a file out of it", moves_out, { 1, 0, 1 }, 0, 0 },
	{ "links a file into the spool", links_in, { 1, 1, 1 }, 0, 0 },
	{ "removes a file elsewhere", removes_elsewhere, { 1, 0, 1 }, 0, 0 },
	{ "reads a file of new/", reads_new, { 1, 1, 1 }, 0, 0 },
	{ "reads it by way of tmp/", moves_back, { 1, 1, 1 }, 0, 0 },
	{ "reads a file of tmp/", reads_tmp, { 1, 1, 0 }, 0, 0 },
	{ "makes a socket", makes_socket, { 1, 1, 0 }, 0, 0 },
	{ "connects a socket", connects, { 1, 1, 1 }, 4, 0 },
	{ "sends to an address", sends_to, { 1, 1, 0 }, 0, 0 },
	{ "executes", executes, { 2, 2, 1 }, 0, 0 },
	{ "forks", forks, { 1, 1, 0 }, 0, 0 },
	{ "signals its parent", signals_parent, { 1, 1, 1 }, 6, 0 },
	{ "signals by a socket", signals_by_socket, { 1, 1, 0 }, 0, 0 },
	{ "maps code", maps_code, { 1, 1, 0 }, 0, 0 },
	{ "traces", traces, { 2, 2, 0 }, 0, 0 },
	{ "lists the spool", lists_new, { 1, 1, 1 }, 0, 0 },
	{ "lists the spool, lists", lists_new, { 0, 0, 0 }, 0, 1 },
	{ "lists another folder, lists", lists_root, { 1, 0, 1 }, 0, 1 },

	{ "adds messages", adds_messages, { 0, 0, 0 }, 0, 0 },
	{ "takes them back", takes_back, { 0, 0, 0 }, 0, 0 },
	{ "ends one that was begun", ends_open_one, { 0, 0, 0 }, 0, 0 },
	{ "adds for a group", opens_to_group, { 0, 0, 0 }, 0, 0 },
	{ "asks for room", asks_for_room, { 0, 0, 0 }, 0, 0 },
	{ "talks", talks, { 0, 0, 0 }, 0, 0 },
	{ "hashes", hashes, { 0, 0, 0 }, 0, 0 },
	{ "uses memory", uses_memory, { 0, 0, 0 }, 0, 0 },
	{ "knows the time zone", knows_zone, { 0, 0, 0 }, 0, 0 },
	/* clang-format on */
};

/* The settings are what an intruder wants; with them all else is here. */
static bool
inside_make(struct inside *in)
{
	socklen_t n = sizeof(in->at);
	struct err e;

	in->at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	in->un.sun_family = AF_UNIX;
	(void)snprintf(in->un.sun_path, sizeof(in->un.sun_path), "%s/s",
	    in->folder);
	in->tcp = socket(AF_INET, SOCK_STREAM, 0);
	in->local = socket(AF_UNIX, SOCK_STREAM, 0);
	in->unused = socket(AF_INET, SOCK_STREAM, 0);
	in->udp = socket(AF_INET, SOCK_DGRAM, 0);
	in->caller = socket(AF_UNIX, SOCK_STREAM, 0);
	return make_at(AT_FDCWD, in->settings) &&
	    queue_add(&in->queue, STR("x\r\n"), in->stored, &e) &&
	    spool_begin(&in->queue.spool, &queue_envelope, &in->open, &e) &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, in->pair) == 0 &&
	    bind(in->tcp, (const struct sockaddr *)&in->at, n) == 0 &&
	    getsockname(in->tcp, (struct sockaddr *)&in->at, &n) == 0 &&
	    listen(in->tcp, 1) == 0 &&
	    bind(in->local, (const struct sockaddr *)&in->un, sizeof(in->un)) ==
	    0 &&
	    listen(in->local, 1) == 0 &&
	    connect(in->caller, (const struct sockaddr *)&in->un,
		sizeof(in->un)) == 0 &&
	    pipe(in->asks) == 0 && pipe(in->answers) == 0;
}

static void *
settle_loop(void *arg)
{
	struct inside *in = arg;
	struct err e;
	char c;

	while (read(in->asks[0], &c, 1) == 1) {
		c = spool_settle(in->add, in->adds, &e);
		if (write(in->answers[1], &c, 1) != 1)
			break;
	}
	return NULL;
}

static bool
inside_raise(struct inside *in)
{
	struct err e;

	in->ask.tmp = in->queue.spool.dir[SPOOL_TMP].fd;
	in->ask.new = in->queue.spool.dir[SPOOL_NEW].fd;
	if (walls_begin(&in->ask, &in->walls, &e) &&
	    pthread_create(&in->thread, NULL, settle_loop, in) == 0 &&
	    walls_end(&in->walls, &e) && !walls_has_gap(&in->walls))
		return true;
	printf("  %s: %s\n", walls_text(&in->walls), e.msg);
	return false;
}

/* In a folder of its own, by a process of its own. */
static int
probe(size_t row, int variant)
{
	struct inside in = { .parent = getpid() };
	int status;
	pid_t pid;

	folder_make(in.folder);
	(void)snprintf(in.settings, sizeof(in.settings), "%s/settings",
	    in.folder);
	(void)snprintf(in.elsewhere, sizeof(in.elsewhere), "%s/elsewhere",
	    in.folder);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		char spool[FOLDER_SIZE + 16];

		(void)snprintf(spool, sizeof(spool), "%s/spool", in.folder);
		queue_open(&in.queue, spool);
		in.ask.without = left_out[variant];
		in.ask.list = probes[row].lists ? in.queue.path : NULL;
		if (!inside_make(&in) || !inside_raise(&in)) {
			(void)fflush(stdout);
			_exit(BROKEN);
		}
		_exit(probes[row].does(&in) ? WORKS : FAILS);
	}
	T_CHECK(waitpid(pid, &status, 0) == pid, "no child");
	folder_end(in.folder);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : BROKEN;
	return WEXITSTATUS(status);
}

/* False: the test is skipped. */
static bool
has_walls(struct walls *w)
{
	struct err e;

	if (walls_look(false, w, &e) && w->seccomp && w->landlock > 0)
		return true;
	t_skip("%s", walls_text(w));
	return false;
}

static void
test_inside(void)
{
	static const char *const words[] = { "works", "fails", "killed",
		"broken" };
	struct walls w;

	if (!has_walls(&w))
		return;
	for (size_t i = 0; i < N(probes); i++)
		for (int v = 0; v < VARIANTS; v++) {
			int got, want = probes[i].wants[v];

			if (v == NO_SECCOMP && w.landlock < probes[i].abi)
				continue;
			got = probe(i, v);
			T_CHECK(got == want, "%s, %s: %s, not %s",
			    probes[i].name, variants[v], words[got & 3],
			    words[want]);
		}
}

/* libc would read its file later, which it cannot. */
static void
test_zone(void)
{
	struct walls w;
	int status = 0;
	pid_t pid;

	if (!has_walls(&w))
		return;
	if (setenv("TZ", "/usr/share/zoneinfo/Asia/Kolkata", 1) != 0 ||
	    (pid = fork()) < 0)
		return;
	if (pid == 0)
		_exit(os_zone(QUEUE_NOW) == 330);
	T_CHECK(waitpid(pid, &status, 0) == pid, "no child");
	if (WEXITSTATUS(status) == 0) {
		t_skip("no time zones here");
		return;
	}
	zone_wanted = 330;
	for (size_t i = 0; i < N(probes); i++)
		if (probes[i].does == knows_zone)
			T_CHECK(probe(i, BOTH) == WORKS, "unknown");
	zone_wanted = 0;
	(void)setenv("TZ", "UTC", 1);
}

/* --- where a wall is not to be had */

static const struct {
	unsigned call;
	int code;
	const char *says, *strict, *remedy;
} gaps[] = {
	{ SYS_landlock_create_ruleset, EOPNOTSUPP, "no Landlock (",
	    "walls = strict, and there is no Landlock here: ", "5.19" },
	{ SYS_landlock_create_ruleset, ENOSYS, "no Landlock (", "no Landlock",
	    "walls = auto" },
	{ SYS_landlock_restrict_self, EPERM, "no Landlock (", "no Landlock",
	    "container" },
	{ SYS_seccomp, ENOSYS, "walls: no seccomp (",
	    "no seccomp here: ", "walls = auto" },
	{ SYS_seccomp, EPERM, "walls: no seccomp (", "no seccomp",
	    "container" },
	{ SYS_prctl, EINVAL, "walls: no seccomp (", "no seccomp", "auto" },
};

/* From here on the call fails. */
static bool
deny(unsigned call, int code)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog p = { .len = N(f), .filter = f };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) == 0;
}

static bool
raise_with_gap(size_t row, bool strict)
{
	struct inside in = { .ask.strict = strict };
	struct walls *w = &in.walls;
	struct err e = { 0 };
	bool ok;

	queue_new(&in.queue);
	in.ask.tmp = in.queue.spool.dir[SPOOL_TMP].fd;
	in.ask.new = in.queue.spool.dir[SPOOL_NEW].fd;
	if (!deny(gaps[row].call, gaps[row].code))
		return false;
	ok = walls_begin(&in.ask, w, &e) && walls_end(w, &e);
	/* where the probe lies, the wall itself says so */
	if (strict)
		return !ok && e.kind == ERR_CONFIG && err_exit(&e) == 78 &&
		    strstr(e.msg, gaps[row].strict) != NULL &&
		    strstr(e.remedy, gaps[row].remedy) != NULL;
	return ok && walls_has_gap(w) &&
	    strstr(walls_text(w), gaps[row].says) != NULL;
}

static void
test_gaps(void)
{
	struct walls w;
	int status;
	pid_t pid;

	if (!has_walls(&w))
		return;
	for (size_t i = 0; i < N(gaps); i++)
		for (int strict = 0; strict < 2; strict++) {
			(void)fflush(stdout);
			pid = fork();
			if (pid == 0)
				_exit(!raise_with_gap(i, strict != 0));
			T_CHECK(waitpid(pid, &status, 0) == pid &&
				WIFEXITED(status) && WEXITSTATUS(status) == 0,
			    "%zu, strict %d: %d", i, strict, status);
		}
}

static void
test_text(void)
{
	struct walls w = { .seccomp = true, .landlock = 7 };

	T_CHECK(strcmp(walls_text(&w), "walls: seccomp, Landlock (ABI 7)") == 0,
	    "%s", w.text);
	w.landlock = 0;
	w.no_landlock = EXDEV;
	T_CHECK(strcmp(walls_text(&w),
		    "walls: seccomp, no Landlock (before Linux 5.19 it cannot "
		    "let files move)") == 0,
	    "%s", w.text);
	w = (struct walls){ .no_seccomp = ENOSYS };
	T_CHECK(strcmp(walls_text(&w),
		    "walls: no seccomp (Function not implemented), no "
		    "Landlock (left out)") == 0,
	    "%s", w.text);
}

static const struct t_test tests[] = {
	{ "program", test_program },
	{ "halves", test_halves },
	{ "inside", test_inside },
	{ "zone", test_zone },
	{ "gaps", test_gaps },
	{ "text", test_text },
};

int
main(void)
{
	(void)setenv("TZ", "UTC", 1);
	return t_main(tests, N(tests));
}
