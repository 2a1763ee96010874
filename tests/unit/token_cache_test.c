/* SPDX-License-Identifier: MIT */
/* Tokens that are kept: in memory, on disk, between processes. */
#include "graph/token_cache.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/replace.h"
#include "t.h"
#include "world.h"

static void
test_kept(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t2", HOUR)), SERVE_CLOSE, 0 },
	};
	struct token t = { 0 }, other = { 0 };
	struct stat st;
	struct world w;
	struct buf text;

	world_start(&w, step, N(step));
	world_check(&w, &t, "t1", "first");
	world_check(&w, &t, "t1", "from memory");
	world_check(&w, &other, "t1", "from the cache");
	T_CHECK(world_requests(&w) == 1, "%u requests", world_requests(&w));
	T_CHECK(world_find_file(&w) && stat(w.file, &st) == 0 &&
		(st.st_mode & 07777) == 0600,
	    "mode of %s", w.file);
	T_CHECK(stat(w.folder, &st) == 0 && (st.st_mode & 07777) == 0700,
	    "mode of the folder");
	buf_init(&text, 4096);
	t_read_file(w.file, &text);
	T_CHECK(str_eq(buf_view(&text),
		    STR("{\"v\":1,\"access_token\":\"t1\","
			"\"expires\":1800003599,\"refresh_at\":1800003599}")),
	    "%s", text.p);
	buf_release(&text);
	/* without a folder there is memory only */
	token_release(&other);
	w.source.folder = STR("");
	world_check(&w, &other, "t2", "no folder");
	world_check(&w, &other, "t2", "no folder, again");
	T_CHECK(world_requests(&w) == 2, "%u requests", world_requests(&w));
	token_release(&t);
	token_release(&other);
	world_stop(&w);
}

static void
test_expiry(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t2", HOUR)), SERVE_CLOSE, 0 },
	};
	struct token t = { 0 }, fresh = { 0 };
	struct world w;

	world_start(&w, step, N(step));
	world_check(&w, &t, "t1", "first");
	w.now = NOW + 3599 - TOKEN_EARLY - 1;
	world_check(&w, &t, "t1", "just good");
	world_check(&w, &fresh, "t1", "just good, in the cache");
	w.now++;
	token_release(&fresh);
	world_check(&w, &fresh, "t2", "just expired, in the cache");
	world_check(&w, &t, "t2", "just expired");
	T_CHECK(world_requests(&w) == 2, "%u requests", world_requests(&w));
	/* back by a day: what is kept is good for longer, no harm */
	w.now = NOW - 86400;
	world_check(&w, &t, "t2", "clock set back");
	token_release(&t);
	token_release(&fresh);
	world_stop(&w);
}

#define DAY "\"expires_in\":86400,\"refresh_in\":40000,"

static void
test_renewal(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(TOKEN("t1", DAY)), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT("HTTP/1.1 503 X\r\n\r\n"), SERVE_CLOSE,
		    0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t2", DAY)), SERVE_CLOSE, 0 },
	};
	struct token t = { 0 }, other = { 0 };
	char lock[600];
	struct world w;
	struct err e;
	int fd;

	world_start(&w, step, N(step));
	world_check(&w, &t, "t1", "first");
	w.now += 40000;
	T_CHECK(world_find_file(&w), "kept");
	(void)snprintf(lock, sizeof(lock), "%s.lock", w.file);
	T_CHECK(os_lock(lock, 0, &fd, &e), "%s", e.msg);
	world_check(&w, &t, "t1", "somebody else is at it");
	T_CHECK(world_requests(&w) == 1, "%u requests", world_requests(&w));
	os_close(&fd);
	world_check(&w, &t, "t1", "the renewal fails");
	T_CHECK(world_requests(&w) == 2, "%u requests", world_requests(&w));
	w.now += 100;
	world_check(&w, &t, "t1", "not again so soon");
	world_check(&w, &other, "t1", "nor by another");
	T_CHECK(world_requests(&w) == 2, "%u requests", world_requests(&w));
	w.now += 200;
	world_check(&w, &t, "t2", "renewed");
	world_check(&w, &other, "t2", "found in the cache");
	T_CHECK(world_requests(&w) == 3, "%u requests", world_requests(&w));
	T_CHECK(world_lines_said(&w) == 0, "warned");
	token_release(&t);
	token_release(&other);
	world_stop(&w);
}

static int
one_of_many(const struct world *w)
{
	struct token t = { 0 };
	struct err e;

	return world_get(w, &t, &e) && secret_eq(&t.bearer, STR("t1")) ? 0 : 1;
}

/* Ten processes at once, one request. */
static void
test_many(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 20 };
	pid_t pid[10];
	struct world w;
	int status;

	world_start(&w, &step, 1);
	for (size_t i = 0; i < N(pid); i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(one_of_many(&w));
	}
	for (size_t i = 0; i < N(pid); i++)
		T_CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0,
		    "process %zu", i);
	T_CHECK(world_requests(&w) == 1, "%u requests", world_requests(&w));
	world_stop(&w);
}

/* One that holds the lock and does nothing holds nobody up for ever. */
static void
test_stuck(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	struct token t = { 0 };
	int64_t deadline;
	char lock[600];
	struct world w;
	struct err e;
	int fd;

	world_start(&w, &step, 1);
	world_check(&w, &t, "t1", "first");
	T_CHECK(world_find_file(&w), "kept");
	(void)snprintf(lock, sizeof(lock), "%s.lock", w.file);
	T_CHECK(os_lock(lock, 0, &fd, &e), "%s", e.msg);
	token_drop(&w.source, &t);
	T_CHECK(!world_find_file(&w), "dropped under a lock");
	deadline = os_mono_ms() + 200;
	T_CHECK(!token_get(&w.source, deadline, &t, &e) && e.kind == ERR_RETRY,
	    "%s", e.msg);
	T_CHECK(os_mono_ms() < deadline + LATE_MS, "too late");
	os_close(&fd);
	token_release(&t);
	world_stop(&w);
}

static void
test_drop(void)
{
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t2", HOUR)), SERVE_CLOSE, 0 },
	};
	struct token t = { 0 }, old = { 0 };
	struct world w;

	world_start(&w, step, N(step));
	world_check(&w, &old, "t1", "first");
	world_check(&w, &t, "t1", "first");
	token_drop(&w.source, &t);
	T_CHECK(!secret_is_set(&t.bearer) && !world_find_file(&w), "dropped");
	world_check(&w, &t, "t2", "a new one");
	token_drop(&w.source, &old); /* is not what is in the cache */
	T_CHECK(world_find_file(&w), "the other's token is dropped");
	world_check(&w, &old, "t2", "the new one");
	T_CHECK(world_requests(&w) == 2, "%u requests", world_requests(&w));
	token_release(&t);
	token_release(&old);
	world_stop(&w);
}

/* What nobody has renewed for a week goes when another token is kept. */
static void
test_old(void)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = {
		{ "token-0123456789abcdef", false },
		{ "token-0123456789abcdef.lock", false },
		{ "token-0123456789abcdef.hold", false },
		{ "token-fedcba9876543210.lock", true }, /* held below */
		{ "token-0123456789abcdef.old", true },
		{ "token-of-another-program", true },
		{ "token-01", true },
	};
	static const struct timeval old[2] = { { 1000000000, 0 },
		{ 1000000000, 0 } };
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	struct token t = { 0 };
	char path[600];
	struct world w;
	struct err e;
	int fd, held = -1;

	world_start(&w, &step, 1);
	T_CHECK(os_mkdirs(w.folder, 0700, &e), "%s", e.msg);
	for (size_t i = 0; i < N(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w.folder,
		    files[i].name);
		T_CHECK(os_lock(path, 0, &fd, &e) && utimes(path, old) == 0,
		    "%s", path);
		if (i == 3)
			held = fd;
		else
			os_close(&fd);
	}
	world_check(&w, &t, "t1", "first");
	for (size_t i = 0; i < N(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w.folder,
		    files[i].name);
		T_CHECK((access(path, F_OK) == 0) == files[i].stays, "%s",
		    path);
	}
	os_close(&held);
	token_release(&t);
	world_stop(&w);
}

/* What a kept token belongs to: with any of it changed, it is another's. */
static void
change(struct identity *who, size_t i)
{
	struct str *const text[] = { &who->proof_id, &who->tenant,
		&who->client_id, &who->scope };

	if (i < N(text))
		*text[i] = STR("https://another.example");
	else
		who->kind = IDENTITY_FEDERATED;
}

static void
test_another(void)
{
	static const char *const names[] = { "secret", "tenant", "client id",
		"scope", "kind of proof" };
	struct serve_step step[] = {
		{ SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)), SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t2", HOUR)), SERVE_CLOSE, 0 },
	};
	struct token t = { 0 };
	struct identity first;
	struct world w;

	for (size_t i = 0; i < N(names); i++) {
		world_start(&w, step, N(step));
		first = w.source.who;
		world_check(&w, &t, "t1", "first");
		token_release(&t);
		change(&w.source.who, i);
		world_check(&w, &t, "t2", names[i]);
		token_release(&t);
		w.source.who = first;
		world_check(&w, &t, "t1", "the first again");
		token_release(&t);
		world_stop(&w);
	}
}

/* How long the service is left alone, by all processes. */
static const struct {
	const char *name;
	struct str answer;
	int64_t held; /* seconds; 0: asked again at once */
} holds[] = {
	{ "429 with Retry-After",
	    STR_INIT("HTTP/1.1 429 X\r\nRetry-After: 17\r\n\r\n"), 17 },
	{ "429 without", STR_INIT("HTTP/1.1 429 X\r\n\r\n"), TOKEN_HOLD_S },
	{ "503 with Retry-After",
	    STR_INIT("HTTP/1.1 503 X\r\nRetry-After: 2.5\r\n\r\n"), 3 },
	{ "500 without", STR_INIT("HTTP/1.1 500 X\r\n\r\n"), TOKEN_HOLD_5XX_S },
	{ "a day",
	    STR_INIT("HTTP/1.1 429 X\r\nRetry-After: 86400\r\n\r\n"
		     "{\"error\":\"temporarily_unavailable\"}"),
	    TOKEN_HOLD_MAX },
	{ "a day, by a page of whoever",
	    STR_INIT("HTTP/1.1 429 X\r\nRetry-After: 86400\r\n\r\n"), 900 },
	{ "a refusal",
	    STR_INIT("HTTP/1.1 401 X\r\n\r\n{\"error\":\"invalid_client\"}"),
	    0 },
};

static void
check_hold(size_t i)
{
	struct serve_step step[] = {
		{ SERVE_ALL, holds[i].answer, SERVE_CLOSE, 0 },
		{ SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)), SERVE_CLOSE, 0 },
	};
	const char *name = holds[i].name;
	struct token t = { 0 }, other = { 0 };
	struct world w;
	struct err e;

	world_start(&w, step, N(step));
	T_CHECK(!world_get(&w, &t, &e), "%s: a token", name);
	if (holds[i].held > 0) {
		w.now += holds[i].held - 1;
		e = (struct err){ 0 };
		T_CHECK(!world_get(&w, &other, &e), "%s: a token", name);
		T_CHECK(e.kind == ERR_RETRY && e.retry_after_ms == 1000,
		    "%s: %lld: %s", name, (long long)e.retry_after_ms, e.msg);
		T_CHECK(strstr(e.msg, "sign in at 127.0.0.1") != NULL, "%s: %s",
		    name, e.msg);
		w.now++;
	}
	T_CHECK(world_requests(&w) == 1, "%s: %u requests", name,
	    world_requests(&w));
	world_check(&w, &other, "t1", name);
	T_CHECK(world_requests(&w) == 2, "%s: %u requests", name,
	    world_requests(&w));
	token_release(&t);
	token_release(&other);
	world_stop(&w);
}

static void
test_holds(void)
{
	for (size_t i = 0; i < N(holds); i++)
		check_hold(i);
}

/* A hold of the far future, or of another format, is none. */
static void
test_broken_hold(void)
{
	static const char *const texts[] = { "", "{", "{\"until\":9999999999}",
		"{\"until\":\"x\"}", "[1800000100]" };
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	struct replace_how how = { .mode = 0600 };
	struct token_cache c;
	struct world w;
	struct err e;

	world_start(&w, &step, 1);
	token_cache_open(&c, w.source.folder, &w.source.who);
	T_CHECK(os_mkdirs(c.folder, 0700, &e), "%s", e.msg);
	for (size_t i = 0; i < N(texts); i++) {
		struct token t = { 0 };

		T_CHECK(replace_file(c.hold, str_of(texts[i]), how, &e), "%s",
		    e.msg);
		world_check(&w, &t, "t1", texts[i]);
		token_drop(&w.source, &t);
	}
	world_stop(&w);
}

/* Files in the cache's place that are not to be believed. */
enum { PLAIN, OPEN_TO_ALL, LINK, FOLDER, FIFO };

static const struct {
	const char *name;
	struct str text;
	int what;
} broken[] = {
	/* clang-format off */
	{ "empty", STR_INIT(""), PLAIN },
	{ "garbage", STR_INIT("\xff\0garbage"), PLAIN },
	{ "cut", STR_INIT("{\"v\":1,\"access_token\":\"ba"), PLAIN },
	{ "of the future", STR_INIT("{\"v\":2,\"access_token\":\"bad\","
	  "\"expires\":1800003000,\"refresh_at\":1800003000}"), PLAIN },
	{ "expired", STR_INIT("{\"v\":1,\"access_token\":\"bad\","
	  "\"expires\":1800000000,\"refresh_at\":1800000000}"), PLAIN },
	{ "lowest number", STR_INIT("{\"v\":1,\"access_token\":\"bad\","
	  "\"expires\":-9223372036854775808,\"refresh_at\":0}"), PLAIN },
	{ "expires in 2286", STR_INIT("{\"v\":1,\"access_token\":\"bad\","
	  "\"expires\":9999999999,\"refresh_at\":9999999999}"), PLAIN },
	{ "line end in it", STR_INIT("{\"v\":1,\"access_token\":\"b\\r\\nX\","
	  "\"expires\":1800003000,\"refresh_at\":1800003000}"), PLAIN },
	{ "readable by all", STR_INIT("{\"v\":1,\"access_token\":\"bad\","
	  "\"expires\":1800003000,\"refresh_at\":1800003000}"), OPEN_TO_ALL },
	{ "symbolic link", STR_INIT("{\"v\":1,\"access_token\":\"bad\","
	  "\"expires\":1800003000,\"refresh_at\":1800003000}"), LINK },
	{ "FIFO", STR_INIT(""), FIFO },
	{ "folder", STR_INIT(""), FOLDER },
	/* clang-format on */
};

static void
put_broken(const struct world *w, size_t i)
{
	struct replace_how how = { .mode = 0600 };
	char aside[600];
	struct err e;

	(void)snprintf(aside, sizeof(aside), "%s.aside", w->file);
	(void)unlink(w->file);
	T_CHECK(replace_file(broken[i].what == LINK ? aside : w->file,
		    broken[i].text, how, &e),
	    "%s", e.msg);
	if (broken[i].what == OPEN_TO_ALL)
		T_CHECK(chmod(w->file, 0644) == 0, "chmod");
	if (broken[i].what == LINK)
		T_CHECK(symlink(aside, w->file) == 0, "symlink");
	if (broken[i].what == FOLDER || broken[i].what == FIFO)
		(void)unlink(w->file);
	if (broken[i].what == FOLDER)
		T_CHECK(mkdir(w->file, 0700) == 0, "mkdir");
	if (broken[i].what == FIFO)
		T_CHECK(mkfifo(w->file, 0600) == 0, "mkfifo");
}

static void
check_broken(size_t i)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	bool folder = broken[i].what == FOLDER;
	struct token t = { 0 };
	struct world w;

	world_start(&w, &step, 1);
	world_check(&w, &t, "t1", broken[i].name);
	T_CHECK(world_find_file(&w), "kept");
	put_broken(&w, i);
	token_release(&t);
	world_check(&w, &t, "t1", broken[i].name);
	token_release(&t);
	world_check(&w, &t, "t1", broken[i].name);
	/* it was replaced, but for the folder, of which we are told */
	T_CHECK(world_requests(&w) == (folder ? 3 : 2), "%s: %u requests",
	    broken[i].name, world_requests(&w));
	T_CHECK(world_lines_said(&w) == (folder ? 2 : 0), "%s: %zu lines",
	    broken[i].name, world_lines_said(&w));
	(void)rmdir(w.file);
	token_release(&t);
	world_stop(&w);
}

static void
test_broken(void)
{
	for (size_t i = 0; i < N(broken); i++)
		check_broken(i);
}

static void
test_no_place(void)
{
	struct serve_step step = { SERVE_ALL, STR_INIT(TOKEN("t1", HOUR)),
		SERVE_CLOSE, 0 };
	struct token t = { 0 };
	struct world w;

	world_start(&w, &step, 1);
	w.source.folder = STR("/dev/null/tokens");
	world_check(&w, &t, "t1", "nowhere to keep it");
	world_check(&w, &t, "t1", "from memory");
	T_CHECK(world_requests(&w) == 1, "%u requests", world_requests(&w));
	T_CHECK(world_lines_said(&w) == 1, "%zu lines", world_lines_said(&w));
	token_drop(&w.source, &t);
	w.source.log = NULL;
	world_check(&w, &t, "t1", "nobody to tell");
	token_release(&t);
	world_stop(&w);
}

static const struct t_test tests[] = {
	{ "kept in memory and on disk", test_kept },
	{ "expiry", test_expiry },
	{ "renewal before expiry", test_renewal },
	{ "ten processes, one request", test_many },
	{ "a lock that is never released", test_stuck },
	{ "drop", test_drop },
	{ "files of long ago", test_old },
	{ "another secret, tenant, client", test_another },
	{ "left alone for a while", test_holds },
	{ "broken holds", test_broken_hold },
	{ "broken cache files", test_broken },
	{ "no place to keep it", test_no_place },
};

int
main(void)
{
	return t_main(tests, N(tests));
}
