/* SPDX-License-Identifier: MIT */
#include "relay/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/os.h"
#include "relay/walls_call.h"

/*
 * Of linux/landlock.h, which older distributions have without the newer
 * parts, or not at all. An ABI that is newer than these has rights that are
 * not handled here.
 */
enum {
	LANDLOCK_VERSION = 1, /* a flag */
	LANDLOCK_BENEATH = 1, /* a kind of rule */
	LANDLOCK_WRITE = 1 << 1,
	LANDLOCK_READ = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_REMOVE_FILE = 1 << 5,
	LANDLOCK_MAKE_REG = 1 << 8,
	LANDLOCK_REFER = 1 << 13,    /* ABI 2 */
	LANDLOCK_TRUNCATE = 1 << 14, /* ABI 3 */
	LANDLOCK_NET = 3,            /* ABI 4: bind and connect of TCP */
	LANDLOCK_SCOPES = 3          /* ABI 6: abstract sockets, signals */
};
struct landlock_ask {
	uint64_t fs, net, scopes;
};
struct landlock_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* The rights of files that an ABI has are bits from 0 to this one. */
static const uint8_t landlock_last[] = { 0, 12, 13, 14, 14, 15 };

/* --- what is missing */

/* The kernel, the container or the emulator does not have it. */
static bool
walls_is_missing(int code)
{
	return code == ENOSYS || code == EINVAL || code == EOPNOTSUPP ||
	    code == EPERM || code == EACCES || code == E2BIG;
}

static bool
walls_refuse_landlock(const struct walls *w, struct err *e)
{
	errno = w->no_landlock;
	err_sys(e, ERR_CONFIG, "walls = strict, and there is no Landlock here");
	return err_remedy(e,
	    "use Linux 5.19 or newer with landlock in its list lsm=, in a "
	    "container that allows it, or set walls = auto");
}

static bool
walls_refuse_seccomp(const struct walls *w, struct err *e)
{
	errno = w->no_seccomp;
	err_sys(e, ERR_CONFIG, "walls = strict, and there is no seccomp here");
	return err_remedy(e,
	    "use Linux 4.3 or newer with SECCOMP_FILTER, in a container that "
	    "allows it, or set walls = auto");
}

static bool
walls_broken(const char *what, struct err *e)
{
	err_sys(e, ERR_RETRY, "%s: cannot be raised around reception", what);
	e->exit = EX_OSERR;
	return false;
}

/* --- Landlock */

static void
landlock_look(struct walls *w)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_VERSION);

	if (abi < 0)
		w->no_landlock = errno;
	else if (abi < 2) /* there no file can be moved to another folder */
		w->no_landlock = EXDEV;
	else
		w->landlock = (int)abi;
}

static bool
landlock_allow(int rules, int folder, uint64_t allowed)
{
	const struct landlock_beneath b = { allowed, folder };

	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_BENEATH, &b, 0) ==
	    0;
}

static bool
landlock_allow_list(int rules, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && landlock_allow(rules, fd, LANDLOCK_READ_DIR);

	os_close(&fd);
	return ok;
}

/* False with errno. */
static bool
landlock_raise(const struct walls *w)
{
	const size_t n = sizeof(landlock_last), abi = (size_t)w->landlock;
	const uint64_t fs = (2ULL << landlock_last[abi < n ? abi : n - 1]) - 1;
	const struct landlock_ask ask = { .fs = fs,
		.net = abi < 4 ? 0 : LANDLOCK_NET,
		.scopes = abi < 6 ? 0 : LANDLOCK_SCOPES };
	int rules =
	    (int)syscall(SYS_landlock_create_ruleset, &ask, sizeof(ask), 0);
	bool ok = rules >= 0 &&
	    landlock_allow(rules, w->ask.tmp,
		fs &
		    (LANDLOCK_WRITE | LANDLOCK_READ | LANDLOCK_MAKE_REG |
			LANDLOCK_REMOVE_FILE | LANDLOCK_TRUNCATE |
			LANDLOCK_REFER)) &&
	    landlock_allow(rules, w->ask.new,
		LANDLOCK_MAKE_REG | LANDLOCK_REFER | LANDLOCK_REMOVE_FILE) &&
	    (w->ask.list == NULL || landlock_allow_list(rules, w->ask.list)) &&
	    syscall(SYS_landlock_restrict_self, rules, 0) == 0;

	os_close(&rules);
	return ok;
}

/* --- seccomp */

/*
 * Where sockets are asked for by number first and then by socketcall, whose
 * arguments a filter cannot read, that is denied. So those numbers must be
 * known here (Linux 4.3).
 */
static bool
seccomp_fits(void)
{
#ifdef SYS_socketcall
	return syscall(SYS_accept4, -1, NULL, NULL, 0) == 0 || errno != ENOSYS;
#else
	return true;
#endif
}

/* EFAULT: it would have read the program. */
static void
seccomp_look(struct walls *w)
{
	struct sock_filter code[WALLS_PROGRAM_MOST];

	errno = ENOSYS;
	if (walls_program(code, false) > 0 && seccomp_fits())
		(void)!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, NULL);
	w->seccomp = errno == EFAULT;
	w->no_seccomp = errno;
}

static bool
seccomp_raise(const struct walls *w)
{
	struct sock_filter code[WALLS_PROGRAM_MOST];
	const struct sock_fprog program = {
		.len = (unsigned short)walls_program(code, w->ask.list != NULL),
		.filter = code,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &program);

	if (r > 0) /* a thread that has another filter */
		errno = ESRCH;
	return r == 0;
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_is_turned_off(void);
/* It would look into the process at its end, which nobody may any more. */
int
__lsan_is_turned_off(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1;
}
#endif

/* --- public */

bool
walls_look(bool strict, struct walls *w, struct err *e)
{
	*w = (struct walls){ .ask.strict = strict };
	landlock_look(w);
	seccomp_look(w);
	if (strict && w->landlock == 0)
		return walls_refuse_landlock(w, e);
	return !strict || w->seccomp || walls_refuse_seccomp(w, e);
}

bool
walls_begin(const struct walls_ask *ask, struct walls *w, struct err *e)
{
	os_protect_secrets();
	/* libc reads the file of the time zone once */
	(void)os_zone(os_wall());
	if (!walls_look(ask->strict, w, e))
		return false;
	w->ask = *ask;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		w->landlock = 0;
		w->seccomp = false;
		w->no_landlock = w->no_seccomp = errno;
		return !ask->strict || walls_refuse_seccomp(w, e);
	}
	if ((ask->without & WALLS_LANDLOCK) != 0) {
		w->landlock = 0;
		w->no_landlock = 0;
	}
	if (w->landlock == 0 || landlock_raise(w))
		return true;
	if (!walls_is_missing(errno))
		return walls_broken("Landlock", e);
	w->landlock = 0;
	w->no_landlock = errno;
	return !ask->strict || walls_refuse_landlock(w, e);
}

bool
walls_end(struct walls *w, struct err *e)
{
	if ((w->ask.without & WALLS_SECCOMP) != 0) {
		w->seccomp = false;
		w->no_seccomp = 0;
	}
	if (!w->seccomp || seccomp_raise(w))
		return true;
	if (!walls_is_missing(errno))
		return walls_broken("seccomp", e);
	w->seccomp = false;
	w->no_seccomp = errno;
	return !w->ask.strict || walls_refuse_seccomp(w, e);
}

bool
walls_has_gap(const struct walls *w)
{
	return (w->landlock == 0 && w->no_landlock != 0) ||
	    (!w->seccomp && w->no_seccomp != 0);
}

static const char *
walls_reason(int code)
{
	switch (code) {
	case 0:
		return "left out";
	case EXDEV:
		return "before Linux 5.19 it cannot let files move";
	default:
		return strerror(code);
	}
}

const char *
walls_text(struct walls *w)
{
	char abi[32];

	(void)snprintf(abi, sizeof(abi), "ABI %d", w->landlock);
	(void)snprintf(w->text, sizeof(w->text),
	    "walls: %sseccomp%s%s%s, %sLandlock (%s)", w->seccomp ? "" : "no ",
	    w->seccomp ? "" : " (",
	    w->seccomp ? "" : walls_reason(w->no_seccomp),
	    w->seccomp ? "" : ")", w->landlock > 0 ? "" : "no ",
	    w->landlock > 0 ? abi : walls_reason(w->no_landlock));
	return w->text;
}
