/* SPDX-License-Identifier: MIT */
#include "config/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypt.h"
#include "base/os.h"
#include "codec/url.h"
#include "config/cloud.h"
#include "config/load.h"
#include "config/proxy.h"
#include "net/sign.h"

enum { HASH_MOST = 1024 * 1024 /* settings have lines of 8 kB */ };

enum config_key
access_key(const struct access *a)
{
	return a->proof == ACCESS_NO_PROOF ?
	    CONFIG_KEYS :
	    CONFIG_CLIENT_SECRET + a->proof - ACCESS_SECRET;
}

static void
derive_url(struct access *a, enum config_key key, struct str *url,
    const char *of_cloud)
{
	if (url->p != NULL)
		return;
	*url = str_of(of_cloud);
	a->origin[key] =
	    (struct config_origin){ CONFIG_DERIVED, 0, "that of the cloud" };
}

static void
access_derive(struct load *l, struct access *a)
{
	const struct config_cloud *cloud = config_cloud_find(a->cloud);
	struct url url;
	struct err e;

	if (cloud == NULL) /* out of memory: l->pass has that */
		return;
	derive_url(a, CONFIG_LOGIN_URL, &a->login_url, cloud->login_url);
	derive_url(a, CONFIG_GRAPH_URL, &a->graph_url, cloud->graph_url);
	if (!config_proxy_derive(a, &e) || !url_parse(a->graph_url, &url, &e))
		config_pass_fail(&l->pass, &e);
	else
		a->scope =
		    arena_fmt(&a->mem, "%.*s/.default", STR_ARG(url.origin));
	a->ca_system_file = arena_str(&a->mem, str_of(getenv("SSL_CERT_FILE")));
	a->credential_note = l->pass.note;
	a->environment = config_level_note(l->level, &a->mem);
}

static void
access_warn(const struct access *a, const struct log *log)
{
	struct config_origin_text at;

	if (config_is_guid(secret_view(&a->client_secret)))
		log_warn(log,
		    "client_secret (%s): that looks like the "
		    "secret's ID, not its Value",
		    config_origin(&a->origin[CONFIG_CLIENT_SECRET], &at));
	if (config_clouds_differ(a->login_url, a->graph_url))
		log_warn(log,
		    "login_url %.*s and graph_url %.*s are of "
		    "different clouds: tokens of one are not taken by the "
		    "other",
		    STR_ARG(a->login_url), STR_ARG(a->graph_url));
}

bool
access_is_open(const struct access *a, struct err *e)
{
	if (a->closed.n == 0)
		return true;
	err_set(e, ERR_CONFIG,
	    "%s: this user may not read it, so he cannot sign in", a->closed.p);
	return err_remedy(e,
	    "mail can be stored; root, or who may read that file, sends it "
	    "(post365 queue run)");
}

static void
access_find_closed(struct access *a)
{
	bool named = a->proof != ACCESS_NO_PROOF && a->proof != ACCESS_SECRET &&
	    a->proof != ACCESS_SECRET_COMMAND && a->proof != ACCESS_MANAGED;
	const struct str file[] = { named ? a->proof_text : STR(""),
		a->client_certificate_key,
		a->client_certificate_password_file };

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++)
		if (file[i].n > 0 && access(file[i].p, R_OK) < 0 &&
		    errno == EACCES)
			a->closed = file[i];
}

static bool
access_read(struct load *l, const struct config *c, struct access *a,
    struct err *e)
{
	struct str path = load_apart_path(c, &a->mem);
	const struct config_section *account;
	bool unread = false;

	if (c->file.n > 0 &&
	    (!load_file(l, c, e) || !load_apart(l, path.p, &unread, e)))
		return false;
	if (l->apart.n > 0)
		a->file = path;
	account = config_section_find(l->top, c->account);
	if (account == NULL)
		return err_set(e, ERR_CONFIG,
		    "%s: [account %.*s] was there a moment ago", c->file.p,
		    STR_ARG(c->account));
	load_apply(l, account, NULL);
	access_derive(l, a);
	access_find_closed(a);
	if (unread && a->proof == ACCESS_NO_PROOF) {
		a->closed = path;
		(void)!access_is_open(a, e);
		config_pass_fail(&l->pass, e);
	}
	access_warn(a, l->log);
	if (l->pass.why.kind == ERR_NONE)
		return arena_ok(&a->mem, e);
	*e = l->pass.why;
	return false;
}

bool
access_load(struct access *a, const struct config *c, const struct log *log,
    struct err *e)
{
	struct load l = { .log = log,
		.draft = c->draft,
		.pass = { .half = CONFIG_ACCESS,
		    .at = a,
		    .mem = &a->mem,
		    .origin = a->origin } };
	bool ok;

	*a = (struct access){ 0 };
	ok = load_init(&l, e) && access_read(&l, c, a, e);
	load_release(&l);
	return ok;
}

void
access_release(struct access *a)
{
	secret_release(&a->client_secret);
	secret_release(&a->client_certificate_password);
	secret_release(&a->proxy);
	arena_release(&a->mem);
	*a = (struct access){ 0 };
}

/* Of a secret, or of the texts of files, only a hash goes on. */
static void
access_add_hash(struct buf *out, struct str text)
{
	char hash[CRYPT_SHA256_HEX];

	crypt_sha256_hex(text, hash);
	buf_addf(out, "%s\n", hash);
}

static void
access_add_proof(struct buf *out, struct str path)
{
	struct err ignored;
	struct buf text;

	buf_init_secret(&text, SIGN_FILE_MAX);
	if (path.n > 0)
		(void)!os_read_regular(path.p, &text, &ignored);
	access_add_hash(out, buf_view(&text));
	buf_release(&text);
}

/* The settings' own file: its size and time. */
static void
access_add_stat(struct buf *out, struct str path)
{
	struct err ignored;
	struct os_stat st;

	if (path.n > 0 && os_stat_path(path.p, &st, &ignored))
		buf_addf(out, "%.*s %lld %llu\n", STR_ARG(path),
		    (long long)st.mtime, (unsigned long long)st.size);
}

void
access_hash(const struct access *a, const struct config *c,
    char out[CONFIG_HASH_SIZE])
{
	/* the federated token's file changes by itself, every hour */
	bool file =
	    a->proof == ACCESS_SECRET_FILE || a->proof == ACCESS_CERTIFICATE;
	const struct config_row *row = config_rows;
	char hash[CRYPT_SHA256_HEX];
	const char *at;
	struct buf all;

	buf_init(&all, HASH_MOST);
	buf_addf(&all, "%.*s\n%.*s\n%.*s\n", STR_ARG(c->mailbox),
	    STR_ARG(c->from), STR_ARG(c->delivery));
	for (size_t i = 0; i < CONFIG_KEYS; i++, row++) {
		at = (const char *)a + row->at;
		/* a file's secret is read at some time, and counts below */
		if (row->half == CONFIG_ACCESS && row->type->secret == NULL)
			row->type->print(at, &all);
		else if (row->half == CONFIG_ACCESS &&
		    (i != CONFIG_CLIENT_SECRET ||
			a->proof != ACCESS_SECRET_FILE))
			access_add_hash(&all, secret_view((const void *)at));
		buf_addc(&all, '\n');
	}
	access_add_stat(&all, c->file);
	access_add_stat(&all, a->file);
	access_add_proof(&all, file ? a->proof_text : STR(""));
	access_add_proof(&all, a->client_certificate_key);
	access_add_proof(&all, a->client_certificate_password_file);
	crypt_sha256_hex(buf_view(&all), hash);
	buf_release(&all);
	memcpy(out, hash, CONFIG_HASH_SIZE - 1);
	out[CONFIG_HASH_SIZE - 1] = '\0';
}
