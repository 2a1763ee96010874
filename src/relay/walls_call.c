/* SPDX-License-Identifier: MIT */
#include "relay/walls_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_X86_64 };
#elif defined(__i386__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_I386 };
#elif defined(__aarch64__) && defined(__AARCH64EL__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_AARCH64 };
#elif defined(__arm__) && defined(__ARMEL__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_ARM };
#elif defined(__riscv) && __riscv_xlen == 64
enum { WALLS_ARCH = (int)AUDIT_ARCH_RISCV64 };
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_PPC64LE };
#elif defined(__s390x__)
enum { WALLS_ARCH = (int)AUDIT_ARCH_S390X };
#elif defined(__mips__) && defined(__MIPSEL__) && _MIPS_SIM == _ABIO32
enum { WALLS_ARCH = (int)AUDIT_ARCH_MIPSEL };
#else
enum { WALLS_ARCH = 0 };
#endif

/* When a call is allowed. Where it may be so twice, it has two lines. */
enum {
	ANY,
	KILL,      /* never: the process ends */
	CREATE,    /* openat: a file that was not there, so none that was */
	NAMES,     /* openat: a folder, to list it */
	GETNAMES,  /* getdents64 */
	CONNECTED, /* sendto: without an address */
	NO_EXEC,   /* mmap, mprotect */
	BY_FD,     /* utimensat: an open file */
	EXISTS,    /* faccessat: is there one? */
	MODE,      /* fchmod: what the spool's files may have */
	FLAGS,     /* fcntl: of the descriptor, F_DUPFD; not F_SETOWN, by which
		      a signal could be sent */
	SETFL
};

/* Allowed if the argument's bits of mask are value. */
static const struct {
	uint8_t arg;
	bool pointer;   /* all its bits are looked at */
	bool for_lists; /* only where folders may be listed */
	uint32_t mask, value;
} walls_rules[] = {
	/* clang-format off */
	/* O_PATH would make the kernel forget the other two */
	[CREATE] = { 2, false, false, O_CREAT | O_EXCL | O_PATH,
	    O_CREAT | O_EXCL },
	[NAMES] = { 2, false, true, O_CREAT | O_PATH | O_ACCMODE | O_TMPFILE,
	    O_DIRECTORY },
	[GETNAMES] = { 0, false, true, 0, 0 },
	[CONNECTED] = { 4, true, false, UINT32_MAX, 0 },
	[NO_EXEC] = { 2, false, false, PROT_EXEC, 0 },
	[BY_FD] = { 1, true, false, UINT32_MAX, 0 },
	[EXISTS] = { 2, false, false, UINT32_MAX, 0 },
	[MODE] = { 1, false, false, ~(uint32_t)0660, 0 },
	[FLAGS] = { 1, false, false, ~(uint32_t)3, 0 },
	[SETFL] = { 1, false, false, UINT32_MAX, F_SETFL },
	/* clang-format on */
};

/*
 * Often used ones first. On x86-64 x32's numbers have bit 30 set, so none of
 * them is here. SYS_ppoll, SYS_futex: where time has 32 bits in them, those
 * with 64 follow below.
 */
static const struct walls_call {
	uint16_t number;
	uint8_t rule;
} walls_calls[] = {
	/* clang-format off */
	{ SYS_read, ANY }, { SYS_write, ANY }, { SYS_recvfrom, ANY },
	{ SYS_sendto, CONNECTED }, { SYS_futex, ANY }, { SYS_ppoll, ANY },
	{ SYS_epoll_pwait, ANY }, { SYS_epoll_ctl, ANY },
#ifdef SYS_poll
	{ SYS_poll, ANY }, { SYS_epoll_wait, ANY },
#endif
	{ SYS_readv, ANY }, { SYS_writev, ANY }, { SYS_close, ANY },
	{ SYS_dup, ANY },
	{ SYS_accept4, ANY }, { SYS_shutdown, ANY }, { SYS_recvmsg, ANY },
	{ SYS_getsockopt, ANY }, { SYS_setsockopt, ANY },
	{ SYS_getpeername, ANY }, { SYS_getsockname, ANY },

	/* files */
	{ SYS_openat, CREATE }, { SYS_openat, NAMES },
	{ SYS_getdents64, GETNAMES },
	{ SYS_renameat2, ANY }, { SYS_unlinkat, ANY },
#ifdef SYS_renameat
	{ SYS_renameat, ANY },
#endif
	{ SYS_fdatasync, ANY }, { SYS_fsync, ANY }, { SYS_flock, ANY },
	{ SYS_pread64, ANY }, { SYS_pwrite64, ANY }, { SYS_pwritev2, ANY },
	{ SYS_fallocate, ANY }, { SYS_statx, ANY },
	{ SYS_utimensat, BY_FD }, { SYS_faccessat, EXISTS },
	{ SYS_fchmod, MODE },
	{ SYS_fcntl, FLAGS }, { SYS_fcntl, SETFL },
	{ SYS_lseek, ANY }, { SYS_fstatfs, ANY }, { SYS_ftruncate, ANY },
	{ SYS_fstat, ANY },
#ifdef SYS_newfstatat
	{ SYS_newfstatat, ANY },
#endif
#ifdef SYS_sync_file_range2
	{ SYS_sync_file_range2, ANY },
#else
	{ SYS_sync_file_range, ANY },
#endif
#ifdef SYS_fchown32
	{ SYS_fchown32, ANY },
#else
	{ SYS_fchown, ANY },
#endif

	/* memory; where SYS_mmap has one argument, a filter cannot read it */
#if defined(SYS_mmap2)
	{ SYS_mmap2, NO_EXEC },
#elif defined(__s390x__)
	{ SYS_mmap, ANY },
#else
	{ SYS_mmap, NO_EXEC },
#endif
	{ SYS_mprotect, NO_EXEC }, { SYS_munmap, ANY }, { SYS_mremap, ANY },
	{ SYS_madvise, ANY }, { SYS_brk, ANY },

	/* time, threads, the process itself */
#ifdef SYS_clock_gettime
	{ SYS_clock_gettime, ANY }, { SYS_clock_nanosleep, ANY },
#else
	{ SYS_clock_gettime32, ANY }, { SYS_clock_nanosleep_time32, ANY },
#endif
	{ SYS_nanosleep, ANY }, { SYS_getrandom, ANY },
	{ SYS_rt_sigprocmask, ANY }, { SYS_rt_sigreturn, ANY },
	{ SYS_restart_syscall, ANY }, { SYS_sched_yield, ANY },
	{ SYS_getpid, ANY }, { SYS_gettid, ANY },
	{ SYS_getuid, ANY }, { SYS_geteuid, ANY },
#ifdef SYS_getuid32
	{ SYS_getuid32, ANY }, { SYS_geteuid32, ANY },
#endif
	{ SYS_exit, ANY }, { SYS_exit_group, ANY },

#ifdef SYS_fcntl64 /* 32 bits */
	{ SYS_futex_time64, ANY }, { SYS_ppoll_time64, ANY },
	{ SYS_clock_gettime64, ANY }, { SYS_clock_nanosleep_time64, ANY },
	{ SYS_utimensat_time64, BY_FD }, { SYS__llseek, ANY },
	{ SYS_fcntl64, FLAGS }, { SYS_fcntl64, SETFL },
	{ SYS_fstat64, ANY }, { SYS_fstatat64, ANY }, { SYS_fstatfs64, ANY },
	{ SYS_ftruncate64, ANY }, { SYS_sigreturn, ANY },
#endif

#ifdef __SANITIZE_ADDRESS__ /* its runtime, and glibc as a thread starts */
	{ SYS_sigaltstack, ANY }, { SYS_rseq, ANY },
	{ SYS_set_robust_list, ANY }, { SYS_sched_getaffinity, ANY },
#endif

	{ SYS_execve, KILL }, { SYS_execveat, KILL }, { SYS_ptrace, KILL },
	{ SYS_process_vm_readv, KILL }, { SYS_process_vm_writev, KILL },
	{ SYS_bpf, KILL }, { SYS_mount, KILL }, { SYS_setns, KILL },
	{ SYS_unshare, KILL }, { SYS_keyctl, KILL },
	/* clang-format on */
};

/* The program while it is written. */
struct walls_code {
	struct sock_filter *to;
	size_t n;
};

static void
walls_put(struct walls_code *c, unsigned what, uint32_t k)
{
	c->to[c->n++] = (struct sock_filter){ (uint16_t)what, 0, 0, k };
}

/* Goes on if the word is k, else behind the next `over` instructions. */
static void
walls_put_if(struct walls_code *c, uint32_t k, size_t over)
{
	walls_put(c, BPF_JMP | BPF_JEQ | BPF_K, k);
	c->to[c->n - 1].jf = (uint8_t)over;
}

static void
walls_put_load(struct walls_code *c, size_t at)
{
	walls_put(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
}

static void
walls_put_end(struct walls_code *c, uint32_t verdict)
{
	walls_put(c, BPF_RET | BPF_K, verdict);
}

/* An argument has 64 bits; this is where half of it is. */
static size_t
walls_arg_at(unsigned arg, bool high)
{
	size_t at = offsetof(struct seccomp_data, args) + 8 * arg;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	high = !high;
#endif
	return at + (high ? 4 : 0);
}

/* The number is loaded, and is so behind it. */
static void
walls_put_call(struct walls_code *c, const struct walls_call *call)
{
	const unsigned arg = walls_rules[call->rule].arg;
	const bool pointer = walls_rules[call->rule].pointer;

	if (call->rule <= KILL) {
		walls_put_if(c, call->number, 1);
		walls_put_end(c,
		    call->rule == KILL ? SECCOMP_RET_KILL_PROCESS :
					 SECCOMP_RET_ALLOW);
		return;
	}
	walls_put_if(c, call->number, pointer ? 7 : 5);
	walls_put_load(c, walls_arg_at(arg, false));
	walls_put(c, BPF_ALU | BPF_AND | BPF_K, walls_rules[call->rule].mask);
	walls_put_if(c, walls_rules[call->rule].value, pointer ? 3 : 1);
	if (pointer) {
		walls_put_load(c, walls_arg_at(arg, true));
		walls_put_if(c, 0, 1);
	}
	walls_put_end(c, SECCOMP_RET_ALLOW);
	walls_put_load(c, offsetof(struct seccomp_data, nr));
}

size_t
walls_program(struct sock_filter out[WALLS_PROGRAM_MOST], bool lists)
{
	struct walls_code c = { .to = out };

	if (WALLS_ARCH == 0)
		return 0;
	walls_put_load(&c, offsetof(struct seccomp_data, arch));
	walls_put_if(&c, (uint32_t)WALLS_ARCH, 0);
	c.to[c.n - 1].jt = 1;
	walls_put_end(&c, SECCOMP_RET_KILL_PROCESS);
	walls_put_load(&c, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(walls_calls) / sizeof(*walls_calls); i++)
		if (lists || !walls_rules[walls_calls[i].rule].for_lists)
			walls_put_call(&c, &walls_calls[i]);
	walls_put_end(&c, SECCOMP_RET_ERRNO | ENOSYS);
	return c.n;
}
