/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "t.h"

static int64_t
fake_wall(void *arg)
{
	return *(int64_t *)arg;
}

static int64_t
real_mono(void *arg)
{
	(void)arg;
	return os_mono_ms();
}

static void
world_identity(struct world *w)
{
	struct err e;

	(void)snprintf(w->login, sizeof(w->login), "http://127.0.0.1:%u/",
	    w->server.port);
	T_CHECK(secret_set(&w->secret, STR("s~e/c=r&t"), &e), "%s", e.msg);
	w->source.who = (struct identity){
		.login_url = str_of(w->login),
		.tenant = STR("contoso.example"),
		.client_id = STR("client-1"),
		.scope = STR("https://graph.microsoft.com/.default"),
		.secret = &w->secret,
		.proof_id = STR("1"),
	};
}

/* An empty folder, made by the first that keeps something in it. */
static void
world_folder(struct world *w)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(w->folder, sizeof(w->folder), "%s/token_test.XXXXXX",
	    tmp != NULL ? tmp : P_tmpdir);
	if (mkdtemp(w->folder) == NULL)
		abort();
	(void)strcat(w->folder, "/a");
	w->source.folder = str_of(w->folder);
}

void
world_start(struct world *w, const struct serve_step *step, size_t n)
{
	struct http_conf conf = { .connect_timeout_ms = 5000 };

	*w = (struct world){ .now = NOW };
	serve_start(&w->server, step, n, true);
	http_init(&w->http, &conf);
	w->clock = (struct clock){ .wall = fake_wall,
		.mono_ms = real_mono,
		.arg = &w->now };
	w->said = tmpfile();
	if (w->said == NULL)
		abort();
	w->log = (struct log){ .level = LOG_WARN, .fd = fileno(w->said) };
	w->source.http = &w->http;
	w->source.clock = &w->clock;
	w->source.log = &w->log;
	world_identity(w);
	world_folder(w);
}

static void
remove_file(const char *path, void *arg)
{
	(void)arg;
	(void)unlink(path);
}

void
world_stop(struct world *w)
{
	(void)t_each_file(w->folder, remove_file, NULL);
	(void)rmdir(w->folder);
	*strrchr(w->folder, '/') = '\0';
	(void)rmdir(w->folder);
	http_release(&w->http);
	secret_release(&w->secret);
	serve_stop(&w->server);
	(void)fclose(w->said);
}

unsigned
world_requests(const struct world *w)
{
	return atomic_load(&w->server.seen->requests);
}

bool
world_get(const struct world *w, struct token *t, struct err *e)
{
	*e = (struct err){ 0 };
	return token_get(&w->source, os_mono_ms() + WAIT_MS, t, e);
}

void
world_check(const struct world *w, struct token *t, const char *want,
    const char *when)
{
	struct err e;

	T_CHECK(world_get(w, t, &e), "%s: %s", when, e.msg);
	T_CHECK(secret_eq(&t->bearer, str_of(want)), "%s: \"%.*s\"", when,
	    STR_ARG(secret_view(&t->bearer)));
}

size_t
world_lines_said(const struct world *w)
{
	struct str rest, line;
	struct buf text;
	size_t n = 0;
	struct err e;

	buf_init(&text, 1 << 20);
	rewind(w->said);
	T_CHECK(os_read_fd(fileno(w->said), "log", &text, &e), "%s", e.msg);
	rest = buf_view(&text);
	while (str_next(&rest, '\n', &line))
		n += line.n > 0;
	buf_release(&text);
	return n;
}

static void
note_token_file(const char *path, void *arg)
{
	struct world *w = arg;

	if (!str_ends(str_of(path), STR(".lock")) &&
	    !str_ends(str_of(path), STR(".hold")))
		(void)snprintf(w->file, sizeof(w->file), "%s", path);
}

bool
world_find_file(struct world *w)
{
	w->file[0] = '\0';
	(void)t_each_file(w->folder, note_token_file, w);
	return w->file[0] != '\0';
}
