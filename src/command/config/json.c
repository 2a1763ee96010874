/* SPDX-License-Identifier: MIT */
#include "command/config/json.h"

#include <sysexits.h>

#include "base/os.h"
#include "codec/date.h"
#include "codec/jsonw.h"
#include "command/ask.h"
#include "command/config/apply.h"
#include "command/config/certificate.h"
#include "config/access.h"
#include "config/credential.h"
#include "config/file.h"
#include "config/key.h"
#include "config/relay.h"
#include "config/show.h"

enum {
	JSON_MAX = 512 * 1024, /* values of 8 kB each, escaped */
	JSON_MEM = 64 * 1024,
	JSON_DAY = 10 /* "2026-11-29" */
};

/* What is known of the settings. */
struct json_show {
	const struct settings *s;
	struct packed texts; /* with -v */
	struct arena mem;
	const char *file; /* from the root on; or "-" */
	bool there;
	char tag[APPLY_TAG]; /* of before they were loaded */
	struct config config;
	struct access access;
	int64_t until;     /* of the client's certificate; 0: not known */
	struct err unable; /* why they cannot be used; else ERR_NONE */
	struct err closed; /* why the file cannot be replaced; else ERR_NONE */
};

static void
json_look(struct json_show *j)
{
	const char *apart = apply_apart(&j->mem, j->file);
	struct os_stat st;
	struct err absent;

	apply_tag(j->file, apart, j->tag);
	if (apply_may_write(j->file, &j->closed) &&
	    (apart == NULL || !os_stat_path(apart, &st, &absent) ||
		apply_may_write(apart, &j->closed)))
		j->closed = (struct err){ 0 };
}

/* What proves who signs in is looked at, as far as nobody else is asked. */
static bool
json_load_proof(struct json_show *j, struct err *e)
{
	static const struct log silent = { 0 };
	struct credential k = { .config = &j->config,
		.access = &j->access,
		.log = &silent };
	struct identity who;
	bool ok;

	if (j->access.proof == ACCESS_SECRET_COMMAND ||
	    j->access.proof == ACCESS_MANAGED)
		return true;
	j->access.looks_only = true;
	ok = credential_open(&k, &who, e) &&
	    (who.prepare == NULL || who.prepare(who.arg, e));
	if (ok && j->access.proof == ACCESS_CERTIFICATE)
		j->until = k.sign.until;
	credential_close(&k);
	return ok;
}

/* Both halves, as far as they can be read. */
static void
json_load(struct json_show *j)
{
	const struct cli *cli = &j->s->cli;
	const struct config_ask ask = command_ask(cli);
	struct err *e = &j->unable, again;

	if (!config_load(&j->config, &ask, &cli->log, e))
		(void)!access_load(&j->access, &j->config, &cli->log, &again);
	else if (access_load(&j->access, &j->config, &cli->log, e) &&
	    config_check(&j->config, &j->access, CONFIG_TO_SIGN_IN, e) &&
	    json_load_proof(j, e))
		*e = (struct err){ 0 };
	if (!j->there && e->kind != ERR_NONE && e->remedy[0] == '\0')
		(void)err_remedy(e, "post365 config init makes one");
}

static void
json_add_day(struct jsonw *w, const char *path)
{
	char iso[DATE_ISO_SIZE];
	struct os_stat st;
	struct err absent;

	if (!os_stat_path(path, &st, &absent))
		return;
	date_iso(st.mtime, iso);
	jsonw_member(w, STR("set_on"), str_first(str_of(iso), JSON_DAY));
}

/* Of a key that is set. */
static void
json_add_value(const struct json_show *j, const struct config_row *row,
    const struct config_origin *o, struct jsonw *w)
{
	bool secret = config_value_is_secret(&j->config, &j->access, row);
	struct config_origin_text from;
	char iso[DATE_ISO_SIZE];
	struct buf text;

	buf_init(&text, 2 * CONFIG_LINE_MAX);
	(void)config_value(&j->config, &j->access, row, &text);
	jsonw_member(w, STR("value"), buf_view(&text));
	jsonw_member(w, STR("origin"), str_of(config_origin(o, &from)));
	if (secret && o->line > 0)
		json_add_day(w, o->name);
	else if (row->half == CONFIG_ACCESS && row->type->path && text.n > 0 &&
	    !config_is_no_path(buf_view(&text)))
		json_add_day(w, text.p);
	if (row == &config_rows[CONFIG_CLIENT_CERTIFICATE] && j->until != 0) {
		date_iso(j->until, iso);
		jsonw_member(w, STR("not_after"), str_of(iso));
	}
	buf_release(&text);
}

static void
json_add_key(const struct json_show *j, const struct config_row *row,
    struct jsonw *w)
{
	static const char *const places[] = { [CONFIG_DEFAULTS] = "default",
		[CONFIG_SYSTEMD] = "systemd",
		[CONFIG_TOP] = "file",
		[CONFIG_AZURE] = "environment",
		[CONFIG_ENVIRONMENT] = "environment",
		[CONFIG_SECTION] = "account",
		[CONFIG_OPTION] = "option",
		[CONFIG_DERIVED] = "derived" };
	const struct config_origin *o =
	    config_value_origin(&j->config, &j->access, row);
	bool set = o->name != NULL;

	jsonw_open(w, '{');
	jsonw_member(w, STR("name"), str_of(row->name));
	jsonw_member(w, STR("place"), str_of(set ? places[o->place] : "none"));
	/* unset: would it be one? */
	jsonw_key(w, STR("secret"));
	jsonw_bool(w,
	    set ? config_value_is_secret(&j->config, &j->access, row) :
		  config_row_has_secret(row, STR("x")));
	if (set)
		json_add_value(j, row, o, w);
	if (j->s->cli.common.verbose) {
		jsonw_member(w, STR("example"), str_of(row->example));
		jsonw_member(w, STR("help"), config_row_help(row, &j->texts));
	}
	jsonw_close(w, '}');
}

static void
json_add_error(struct jsonw *w, const char *key, const struct err *e)
{
	jsonw_key(w, STR("error"));
	jsonw_open(w, '{');
	if (key != NULL)
		jsonw_member(w, STR("key"), str_of(key));
	jsonw_member(w, STR("message"), str_of(e->msg));
	jsonw_member(w, STR("remedy"), str_of(e->remedy));
	jsonw_close(w, '}');
}

/* Of the files, before what stands in them. */
static void
json_add_file(const struct json_show *j, struct jsonw *w)
{
	struct str names = j->config.accounts, one;

	jsonw_member(w, STR("file"), str_of(j->file));
	jsonw_key(w, STR("exists"));
	jsonw_bool(w, j->there);
	jsonw_key(w, STR("writable"));
	jsonw_bool(w, j->closed.kind == ERR_NONE);
	if (j->closed.kind != ERR_NONE) {
		jsonw_member(w, STR("why_not"), str_of(j->closed.msg));
		jsonw_member(w, STR("remedy"), str_of(j->closed.remedy));
	}
	jsonw_member(w, STR("tag"), str_of(j->tag));
	jsonw_member(w, STR("account"), j->config.account);
	jsonw_key(w, STR("accounts"));
	jsonw_open(w, '[');
	while (names.n > 0 && str_next(&names, ',', &one))
		jsonw_str(w, str_trim(one));
	jsonw_close(w, ']');
	jsonw_key(w, STR("usable"));
	jsonw_bool(w, j->unable.kind == ERR_NONE);
	if (j->unable.kind != ERR_NONE)
		json_add_error(w, NULL, &j->unable);
}

/* The lines of [relay]; none where they cannot be read. */
static void
json_add_relay(struct json_show *j, struct jsonw *w)
{
	struct config_pair *p = NULL;
	struct err unread;

	if (j->config.piped || !config_relay(&j->config, &j->mem, &p, &unread))
		p = NULL;
	jsonw_key(w, STR("relay"));
	jsonw_open(w, '[');
	for (; p != NULL; p = p->next) {
		jsonw_open(w, '{');
		jsonw_member(w, STR("name"), p->key);
		jsonw_member(w, STR("value"), p->value);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static bool
json_print(struct json_show *j, struct err *e)
{
	struct jsonw w;
	struct buf text;
	bool ok;

	buf_init(&text, JSON_MAX);
	if (j->s->cli.common.verbose)
		packed_open(&j->texts, TEXT_SETTINGS, &text);
	w = jsonw_begin(&text);
	jsonw_open(&w, '{');
	json_add_file(j, &w);
	jsonw_key(&w, STR("keys"));
	jsonw_open(&w, '[');
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		json_add_key(j, &config_rows[i], &w);
	jsonw_close(&w, ']');
	json_add_relay(j, &w);
	jsonw_close(&w, '}');
	ok = jsonw_end_line(&w, e) && cli_out(buf_view(&text), e);
	packed_release(&j->texts);
	buf_release(&text);
	return ok;
}

static bool
json_run(struct json_show *j, struct err *e)
{
	j->file = apply_file(&j->mem, j->s->cli.common.config, &j->there);
	if (!arena_ok(&j->mem, e))
		return false;
	if (str_eq(str_of(j->file), STR("-"))) {
		j->there = true;
		(void)err_set(&j->closed, ERR_CONFIG,
		    "standard input is no file that can be changed");
	} else {
		j->file = certificate_place(&j->mem, j->file).p;
		if (!arena_ok(&j->mem, e))
			return false;
		json_look(j);
	}
	json_load(j);
	return json_print(j, e);
}

int
settings_show_json(const struct settings *s)
{
	struct json_show j = { .s = s };
	struct err e;
	bool ok;

	arena_init(&j.mem, JSON_MEM);
	ok = json_run(&j, &e);
	access_release(&j.access);
	config_release(&j.config);
	arena_release(&j.mem);
	return ok ? EX_OK : cli_fail(&s->cli, &e);
}

static void
json_add_change(struct apply *a, struct jsonw *w)
{
	const char *path = certificate_place(&a->mem, a->file->path).p;
	char tag[APPLY_TAG];

	apply_tag(path, apply_apart(&a->mem, path), tag);
	jsonw_member(w, STR("file"), str_of(path));
	jsonw_member(w, STR("tag"), str_of(tag));
	jsonw_key(w, STR("changed"));
	jsonw_open(w, '[');
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if ((a->did[i] & APPLY_CHANGED) != 0)
			jsonw_str(w, str_of(config_rows[i].name));
	if (a->relay != NULL)
		jsonw_str(w, arena_fmt(&a->mem, "relay.%s", a->relay));
	jsonw_close(w, ']');
}

int
settings_end(const struct settings *s, struct apply *a, const struct err *e,
    const struct config_row *at)
{
	int code = e != NULL ? cli_fail(&s->cli, e) : EX_OK;
	struct jsonw w;
	struct buf text;
	struct err unsaid;

	if (!s->json)
		return code;
	at = at != NULL ? at : a->at;
	buf_init(&text, JSON_MAX);
	w = jsonw_begin(&text);
	jsonw_open(&w, '{');
	if (e == NULL)
		json_add_change(a, &w);
	else
		json_add_error(&w, at != NULL ? at->name : "", e);
	jsonw_close(&w, '}');
	if ((!jsonw_end_line(&w, &unsaid) ||
		!cli_out(buf_view(&text), &unsaid)) &&
	    e == NULL)
		code = cli_fail(&s->cli, &unsaid);
	buf_release(&text);
	return code;
}
