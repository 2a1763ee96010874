/* SPDX-License-Identifier: MIT */
#include "store/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "store/room.h"

enum {
	DROP_MODE = 01733,
	DROP_MEMORY = 4 << 20, /* a head and its texts */
	DROP_FREE = 16 << 20,  /* min_free's default: they may not read it */
	DROP_LENGTH = 20       /* digits, behind "\nEnd: " */
};

#define DROP_ID "0000000000000000"

/* The folder */

static int
drop_open_folder(const char *folder)
{
	return open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* May this user remove from it? */
static bool
drop_is_ours(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 &&
	    (geteuid() == 0 || st->st_uid == geteuid());
}

bool
drop_make(const char *folder, struct err *e)
{
	bool made = os_mkdir(folder, 0700);
	int fd = made || errno == EEXIST ? drop_open_folder(folder) : -1;
	struct stat st;
	bool ok;

	ok =
	    fd >= 0 || err_sys(e, ERR_CONFIG, "%s: cannot make folder", folder);
	if (ok && !drop_is_ours(fd, &st))
		ok = err_set(e, ERR_CONFIG, "%s: is another user's", folder);
	else if (ok && (st.st_mode & 07777) != DROP_MODE)
		ok = fchmod(fd, DROP_MODE) == 0 ||
		    err_sys(e, ERR_CONFIG, "%s: cannot be opened to all",
			folder);
	os_close(&fd);
	return ok;
}

bool
drop_open(struct dir *d, const char *folder, struct err *e)
{
	struct stat st;
	int fd = drop_open_folder(folder);

	*d = (struct dir){ 0 };
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ||
		    err_sys(e, ERR_RETRY, "%s: cannot open the folder", folder);
	if (drop_is_ours(fd, &st))
		*d = (struct dir){ .path = folder, .fd = fd };
	else
		os_close(&fd);
	return true;
}

/* Adding */

struct drop_add {
	int fd;
	const char *name;
	struct envelope_sum sum;
};

static bool
drop_write(void *arg, struct str piece, struct err *e)
{
	struct drop_add *a = arg;

	envelope_sum_add(&a->sum, piece);
	return os_write_fd(a->fd, a->name, piece, e);
}

static bool
drop_write_all(struct drop_add *a, const struct envelope *v,
    const struct source *text, struct err *e)
{
	char end[ENVELOPE_END + 1];
	struct envelope mine = *v;
	struct buf head;
	bool ok;

	mine.id = STR(DROP_ID);
	mine.account = STR("");
	if (mine.arrived == 0)
		mine.arrived = os_wall();
	buf_init(&head, ENVELOPE_HEAD_MOST + 1);
	envelope_sum_init(&a->sum, envelope_version(&mine));
	ok = envelope_write(&head, &mine, e) &&
	    drop_write(a, buf_view(&head), e) &&
	    source_copy(source_all(text), drop_write, a, e);
	buf_release(&head);
	if (!ok)
		return false;
	envelope_sum_end(&a->sum, end);
	return os_write_fd(a->fd, a->name, str_of(end), e);
}

/* A folder that cannot be read cannot be synced: then all of its disk is. */
static bool
drop_sync(const char *folder, const struct drop_add *a, struct err *e)
{
	int fd;
	bool ok;

	if (!os_sync(a->fd, a->name, e))
		return false;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = (fd >= 0 ? fsync(fd) : syncfs(a->fd)) == 0 ||
	    err_sys(e, ERR_RETRY, "%s: sync the folder", folder);
	os_close(&fd);
	return ok;
}

bool
drop_add(const char *folder, const struct envelope *v,
    const struct source *text, char name[DROP_NAME_SIZE], struct err *e)
{
	unsigned char random[DROP_NAME_SIZE / 2];
	struct drop_add a = { .name = folder };
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	os_random(random, sizeof(random));
	*str_hex(name, random, sizeof(random)) = '\0';
	a.fd = at < 0 ?
	    -1 :
	    openat(at, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (a.fd < 0) {
		err_sys(e, ERR_RETRY, "%s: cannot add to it", folder);
		os_close(&at);
		return false;
	}
	ok = spool_room_at(&(struct os_at){ .name = folder, .fd = a.fd },
		 DROP_FREE, text->size, e) &&
	    drop_write_all(&a, v, text, e) &&
	    (fchmod(a.fd, 0644) == 0 ||
		err_sys(e, ERR_RETRY, "%s: cannot be opened to the relay",
		    folder)) &&
	    drop_sync(folder, &a, e);
	if (!ok)
		(void)unlinkat(at, name, 0);
	os_close(&a.fd);
	os_close(&at);
	return ok;
}

/* Taking */

static enum drop_found
drop_is_foreign(struct err *e, const char *why)
{
	err_set(e, ERR_INPUT, "%s", why);
	return DROP_FOREIGN;
}

static bool
drop_is_name(const char *name)
{
	struct str s = str_of(name);

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return s.n == DROP_NAME_SIZE - 1;
}

/* Is the last of it an end record of this length? Keeps it. */
static bool
drop_read_end(struct drop_file *f, uint64_t size)
{
	static const struct str mark = STR_INIT("\nEnd: ");
	struct os_at at = { .name = f->name, .fd = f->fd };
	struct str digits = { f->end + mark.n, DROP_LENGTH };
	struct err unsaid;
	uint64_t length;

	if (size <= ENVELOPE_END)
		return false;
	f->size = size - ENVELOPE_END;
	at.at = f->size;
	return os_read_at(at, f->end, ENVELOPE_END, &unsaid) &&
	    str_starts(str_of(f->end), mark) &&
	    str_u64(digits, UINT64_MAX, &length) && length == f->size;
}

static enum drop_found
drop_read_head(struct drop_file *f, struct err *e)
{
	size_t n =
	    f->size < ENVELOPE_HEAD_MOST ? (size_t)f->size : ENVELOPE_HEAD_MOST;
	struct os_at at = { .name = f->name, .fd = f->fd };
	char *text = arena_alloc(&f->mem, n);
	enum parse r;

	if (text == NULL || !os_read_at(at, text, n, e))
		return text == NULL ? drop_is_foreign(e, "out of memory") :
				      DROP_FOREIGN;
	r = envelope_read(&f->mem, (struct str){ text, n }, &f->envelope, &n,
	    e);
	f->head = n;
	if (r == PARSE_DONE)
		return DROP_WHOLE;
	if (r == PARSE_BAD && e->kind == ERR_CONFIG)
		return DROP_FOREIGN; /* of a later version */
	return drop_is_foreign(e, "its head makes no sense");
}

enum drop_found
drop_look(const struct dir *d, const char *name, uint64_t most,
    struct drop_file *f, struct err *e)
{
	struct stat st;

	*f = (struct drop_file){ .name = name, .fd = -1 };
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DROP_GONE;
	f->owner = st.st_uid;
	if (!drop_is_name(name))
		return drop_is_foreign(e, "its name is none of ours");
	f->fd = openat(d->fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (f->fd < 0 && errno == ENOENT)
		return DROP_GONE;
	if (f->fd < 0 && errno == EACCES)
		return DROP_HALF; /* it gets its mode at the end */
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		err_sys(e, ERR_INPUT, "it cannot be opened");
		return DROP_FOREIGN;
	}
	f->owner = st.st_uid;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return drop_is_foreign(e, "it is no file, or has another name");
	if ((uint64_t)st.st_size > most + ENVELOPE_HEAD_MOST)
		return drop_is_foreign(e,
		    "it is larger than max_message_size allows");
	arena_init(&f->mem, DROP_MEMORY);
	if (!drop_read_end(f, (uint64_t)st.st_size))
		return DROP_HALF;
	return drop_read_head(f, e);
}

struct drop_sum {
	struct envelope_sum sum;
	uint64_t skip; /* bytes of the head that are still to come */
	source_take *take;
	void *arg;
};

static bool
drop_take(void *arg, struct str piece, struct err *e)
{
	struct drop_sum *s = arg;
	struct str head =
	    str_first(piece, s->skip < piece.n ? (size_t)s->skip : piece.n);

	envelope_sum_add(&s->sum, piece);
	s->skip -= head.n;
	piece = str_from(piece, head.n);
	return piece.n == 0 || s->take(s->arg, piece, e);
}

static bool
drop_read_at(const struct source *self, uint64_t at, char *p, size_t n,
    struct err *e)
{
	const struct drop_file *f = self->arg;
	const struct os_at from = { .name = f->name, .fd = f->fd, .at = at };

	return os_read_at(from, p, n, e);
}

bool
drop_read(const struct drop_file *f, source_take *take, void *arg,
    struct err *e)
{
	const struct source whole = { .size = f->size,
		.read = drop_read_at,
		.arg = f };
	struct drop_sum s = { .skip = f->head, .take = take, .arg = arg };
	char end[ENVELOPE_END + 1];

	envelope_sum_init(&s.sum, f->envelope.version);
	if (!source_copy(source_all(&whole), drop_take, &s, e))
		return false;
	envelope_sum_end(&s.sum, end);
	return strcmp(end, f->end) == 0 ||
	    err_set(e, ERR_INPUT, "it is not what its end record says");
}

void
drop_close(struct drop_file *f)
{
	os_close(&f->fd);
	arena_release(&f->mem);
	*f = (struct drop_file){ .fd = -1 };
}
