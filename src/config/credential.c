/* SPDX-License-Identifier: MIT */
#include "config/credential.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/crypt.h"
#include "base/os.h"
#include "base/private.h"
#include "base/record.h"
#include "codec/date.h"
#include "codec/jwt.h"
#include "config/alert.h"
#include "config/file.h"
#include "config/key.h"
#include "config/managed_find.h"
#include "config/secret.h"

enum {
	MEM_MAX = 64 * 1024, /* paths, ids */
	TREE_MAX = 4 * 1024 * 1024,
	DAY_S = 24 * 3600,
	DATE_SIZE = 10 /* of an ISO date, without the time */
};

static void
tell_end(const struct credential *k, const char *what, int64_t end)
{
	const struct record_way *way = k->log->way;
	const struct str account = k->config->account;
	const struct syslog syslog = { "/dev/log", "post365", way };
	const struct alert alert = {
		.config = k->config,
		.access = k->access,
		.clock = &clock_system,
		.syslog = &syslog,
		.log = k->log,
	};

	if (!k->access->looks_only)
		(void)alert_ends(&alert, what, end);
	if (way != NULL)
		stats_set(way->stats,
		    k->access->proof == ACCESS_CERTIFICATE ? STATS_CERTIFICATE :
							     STATS_SECRET,
		    (unsigned long)end,
		    account.n > 0 ? account : STR("default"), STR(""));
}

/* Files are read for each token; what to warn of is told once a day. */
static const struct log *
daily(struct credential *k)
{
	static const struct log silent;
	int64_t now = os_wall();

	if (now - k->warned < DAY_S)
		return &silent;
	k->warned = now;
	return k->log;
}

/* Secret */

static bool
prepare_secret(void *arg, struct err *e)
{
	struct credential *k = arg;
	struct access *a = k->access;

	if (a->proof == ACCESS_SECRET_FILE)
		secret_release(&a->client_secret);
	k->used = secret_is_set(&a->client_secret);
	return config_secret(a, daily(k), e);
}

/* Where a secret of this very request is refused, the command has no other. */
static bool
renew_secret(void *arg)
{
	struct credential *k = arg;

	if (k->access->proof != ACCESS_SECRET_COMMAND || !k->used)
		return false;
	secret_release(&k->access->client_secret);
	return true;
}

static bool
secret_id(struct credential *k, struct identity *who, struct err *e)
{
	const struct access *a = k->access;
	char hex[CRYPT_SHA256_HEX];

	/* A command may ask a person or a vault: not for each mail. */
	if (a->proof == ACCESS_SECRET_COMMAND) {
		who->proof_id =
		    arena_fmt(&k->mem, "command %.*s", STR_ARG(a->proof_text));
		return arena_ok(&k->mem, e);
	}
	if (!prepare_secret(k, e))
		return false;
	crypt_sha256_hex(secret_view(&a->client_secret), hex);
	who->proof_id = arena_str(&k->mem, str_of(hex));
	return arena_ok(&k->mem, e);
}

/* Certificate */

static bool
read_password(struct credential *k, const struct log *log, struct err *e)
{
	static const char key[] = "client_certificate_password_file";
	const struct access *c = k->access;
	const char *path = c->client_certificate_password_file.p;
	struct os_stat st;
	struct buf text;
	bool ok;

	if (c->client_certificate_password_file.n == 0)
		return secret_set(&k->password,
		    secret_view(&c->client_certificate_password), e);
	buf_init_secret(&text, CONFIG_LINE_MAX);
	ok = (private_read(path, &text, &st, e) &&
		 private_check(path, &st, log, e)) ||
	    err_wrap(e, "%s", key);
	ok = ok && config_first_line(buf_view(&text), key, &k->password, e);
	buf_release(&text);
	return ok;
}

static bool
check_times(const struct credential *k, struct err *e)
{
	const char *path = k->access->proof_text.p;
	int64_t now = os_wall();
	bool early = now < k->sign.from;
	char iso[DATE_ISO_SIZE];

	if (now >= k->sign.from && now < k->sign.until) {
		tell_end(k, "the client certificate", k->sign.until);
		return true;
	}
	date_iso(early ? k->sign.from : k->sign.until, iso);
	/* before NTP has set the clock it is behind: that passes */
	err_set(e, early ? ERR_RETRY : ERR_CONFIG, "%s: %s %s", path,
	    early ? "is not valid before" : "expired on", iso);
	date_iso(now, iso);
	return err_remedy(e,
	    "This machine's clock says %s. If that is right, %s", iso,
	    early ? "wait: the certificate is tried again." :
		    "make another certificate and upload it: "
		    "entra.microsoft.com > Entra ID > App registrations > the "
		    "app > Certificates & secrets > Certificates.");
}

static bool
load_certificate(struct credential *k, struct err *e)
{
	struct str certificate = k->access->proof_text;
	struct str key = k->access->client_certificate_key;
	/* as secret as a password */
	const char *key_path = key.n > 0 ? key.p : certificate.p;
	bool apart = key.n > 0, ok;
	struct sign_files files = { .password = &k->password };
	const struct log *log = daily(k);
	struct buf text, key_text;
	struct os_stat st;

	buf_init_secret(&text, SIGN_FILE_MAX);
	buf_init_secret(&key_text, SIGN_FILE_MAX);
	ok = read_password(k, log, e) &&
	    private_read(certificate.p, &text, &st, e) &&
	    (!apart || private_read(key.p, &key_text, &st, e)) &&
	    private_check(key_path, &st, log, e);
	files.certificate =
	    (struct sign_file){ certificate.p, buf_view(&text) };
	files.key =
	    (struct sign_file){ key_path, buf_view(apart ? &key_text : &text) };
	ok = ok && sign_load(&k->sign, &files, e) && check_times(k, e);
	buf_release(&text);
	buf_release(&key_text);
	return ok;
}

static bool
prepare_certificate(void *arg, struct err *e)
{
	struct credential *k = arg;
	bool ok;

	sign_release(&k->sign);
	ok = load_certificate(k, e);
	secret_release(&k->password);
	if (!ok) {
		sign_release(&k->sign);
		err_wrap(e, "client_certificate");
		if (e->kind == ERR_CONFIG && e->remedy[0] == '\0')
			err_remedy(e,
			    "client_certificate, client_certificate_key and "
			    "client_certificate_password_file name files: each "
			    "has to be there, readable for this user, and not "
			    "empty.");
	}
	return ok;
}

/* What changes when a file is replaced; a missing one is told when wanted. */
static void
add_state(struct buf *b, const char *path)
{
	struct os_stat st = { 0 };
	struct err ignored;

	if (!os_stat_path(path, &st, &ignored))
		st = (struct os_stat){ 0 };
	buf_addf(b, "%s %lld %llu ", path, (long long)st.mtime,
	    (unsigned long long)st.size);
}

static bool
certificate_id(struct credential *k, struct identity *who, struct err *e)
{
	const struct access *c = k->access;
	struct buf b;
	bool ok;

	buf_init(&b, MEM_MAX);
	add_state(&b, c->proof_text.p);
	if (c->client_certificate_key.n > 0)
		add_state(&b, c->client_certificate_key.p);
	who->proof_id = arena_str(&k->mem, buf_view(&b));
	ok = buf_ok(&b, e) && arena_ok(&k->mem, e);
	buf_release(&b);
	who->alg = str_eq(c->client_assertion_alg, STR("RS256")) ? SIGN_RS256 :
								   SIGN_PS256;
	return ok;
}

/* Federated token */

/* A stale one is refused with a text that only its owner understands. */
static bool
check_jwt(struct str token, struct err *e)
{
	const struct json *claims;
	struct arena mem;
	char iso[DATE_ISO_SIZE];
	int64_t expires;
	bool ok;

	if (token.n == 0)
		return err_set(e, ERR_CONFIG, "the file is empty");
	if (str_starts(token, STR("{")))
		return err_set(e, ERR_CONFIG,
		    "the file holds JSON around the token: keep what stands "
		    "in its \"value\" alone (jq -r .value)");
	arena_init_secret(&mem, TREE_MAX);
	ok = jwt_claims(&mem, token, &claims, e);
	if (!ok && e->kind == ERR_INPUT)
		e->kind = ERR_CONFIG;
	if (ok && json_i64(json_get(claims, STR("exp")), &expires) &&
	    expires <= os_wall()) {
		date_iso(expires, iso);
		ok = err_set(e, ERR_RETRY, "its token expired on %s", iso);
		err_remedy(e,
		    "What writes the file has to renew it (in Kubernetes the "
		    "kubelet does); see also that the clock is right.");
	}
	arena_release(&mem);
	return ok;
}

static bool
prepare_federated(void *arg, struct err *e)
{
	struct credential *k = arg;
	const char *path = k->access->proof_text.p;
	struct os_stat st;
	struct buf text;
	struct str token;
	bool ok;

	/* read again each time: it is replaced while we run */
	buf_init_secret(&text, SECRET_LIMIT);
	ok = private_read(path, &text, &st, e);
	token = str_trim(buf_view(&text));
	if (ok && !check_jwt(token, e))
		ok = err_wrap(e, "%s", path);
	if (!ok && e->kind == ERR_CONFIG && e->remedy[0] == '\0')
		err_remedy(e,
		    "It has to be a file that this user can read, with one "
		    "JSON Web Token (three parts with points between) of the "
		    "identity provider that the app trusts.");
	ok = (ok && secret_set(&k->assertion, token, e)) ||
	    err_wrap(e, "federated_token_file");
	buf_release(&text);
	return ok;
}

/* Managed identity */

/* "system" is another identity on each machine, wherever the file is taken. */
static struct str
machine_id(struct arena *a)
{
	char host[256] = "";
	struct err ignored;
	struct str out;
	struct buf id;

	buf_init(&id, sizeof(host));
	if (!os_read_file("/etc/machine-id", &id, &ignored))
		buf_reset(&id);
	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	out = arena_fmt(a, " %s %.*s", host, STR_ARG(str_trim(buf_view(&id))));
	buf_release(&id);
	return out;
}

static bool
managed_id(struct credential *k, struct identity *who, struct err *e)
{
	const struct access *c = k->access;
	struct str scope = c->scope, machine = { 0 };

	if (!managed_find(&k->mem, &k->managed, e))
		return err_wrap(e, "managed_identity");
	if (!str_eq(c->proof_text, STR("system")))
		k->managed.client_id = c->proof_text;
	else
		machine = machine_id(&k->mem);
	/* the endpoint wants the resource as v1 of the protocol names it */
	k->managed.resource = str_first(scope, str_find(scope, STR("/.defa")));
	who->proof_id = arena_fmt(&k->mem, "%s %.*s %.*s%.*s",
	    managed_source_name(k->managed.source),
	    STR_ARG(k->managed.endpoint), STR_ARG(k->managed.client_id),
	    STR_ARG(machine));
	who->managed = &k->managed;
	return arena_ok(&k->mem, e);
}

/* All of them */

typedef bool credential_id(struct credential *k, struct identity *who,
    struct err *e);

static const struct {
	credential_id *id;
	bool (*prepare)(void *arg, struct err *e);
} kinds[] = {
	[IDENTITY_SECRET] = { secret_id, prepare_secret },
	[IDENTITY_CERTIFICATE] = { certificate_id, prepare_certificate },
	[IDENTITY_FEDERATED] = { NULL, prepare_federated },
	[IDENTITY_MANAGED] = { managed_id, NULL },
};

static const enum identity_kind kind_of[] = {
	[ACCESS_NO_PROOF] = IDENTITY_SECRET, /* config_check refuses it */
	[ACCESS_SECRET] = IDENTITY_SECRET,
	[ACCESS_SECRET_FILE] = IDENTITY_SECRET,
	[ACCESS_SECRET_COMMAND] = IDENTITY_SECRET,
	[ACCESS_CERTIFICATE] = IDENTITY_CERTIFICATE,
	[ACCESS_FEDERATED] = IDENTITY_FEDERATED,
	[ACCESS_MANAGED] = IDENTITY_MANAGED,
};

bool
credential_open(struct credential *k, struct identity *who, struct err *e)
{
	struct access *a = k->access;
	enum identity_kind kind = kind_of[a->proof];

	arena_init(&k->mem, MEM_MAX);
	*who = (struct identity){
		.kind = kind,
		.login_url = a->login_url,
		.tenant = a->tenant_id,
		.client_id = a->client_id,
		.scope = a->scope,
		.proof_id = a->proof_text,
		.prepare = kinds[kind].prepare,
		.renew = kind == IDENTITY_SECRET ? renew_secret : NULL,
		.arg = k,
		.secret = kind == IDENTITY_FEDERATED ? &k->assertion :
						       &a->client_secret,
		.sign = &k->sign,
	};
	if (a->secret_expires != 0 && kind == IDENTITY_SECRET)
		tell_end(k, "the client secret", a->secret_expires);
	return kinds[kind].id == NULL || kinds[kind].id(k, who, e);
}

void
credential_close(struct credential *k)
{
	secret_release(&k->assertion);
	secret_release(&k->password);
	sign_release(&k->sign);
	arena_release(&k->mem);
	*k = (struct credential){ 0 };
}

static void
add_details(const struct credential *k, const struct identity *who,
    struct buf *out)
{
	const struct access *c = k->access;
	char iso[DATE_ISO_SIZE];

	switch (who->kind) {
	case IDENTITY_CERTIFICATE:
		date_iso(k->sign.until, iso);
		buf_addf(out, " %.*s, RSA %u, until %.*s, %.*s",
		    STR_ARG(c->proof_text), k->sign.bits, DATE_SIZE, iso,
		    STR_ARG(c->client_assertion_alg));
		break;
	case IDENTITY_FEDERATED:
		buf_addf(out, " %.*s", STR_ARG(c->proof_text));
		break;
	case IDENTITY_MANAGED:
		buf_addf(out, " by %s at %.*s",
		    managed_source_name(k->managed.source),
		    STR_ARG(k->managed.endpoint));
		break;
	case IDENTITY_SECRET:
		break;
	}
}

bool
credential_describe(struct credential *k, const struct identity *who,
    struct buf *out, struct err *e)
{
	const struct access *c = k->access;
	struct config_origin_text from;
	char iso[DATE_ISO_SIZE];

	if (who->prepare != NULL && !who->prepare(who->arg, e))
		return false;
	buf_addz(out, identity_kind_name(who->kind));
	add_details(k, who, out);
	buf_addf(out, " (%s)", config_origin(&c->origin[access_key(c)], &from));
	if (c->credential_note.n > 0)
		buf_addf(out, "; not used, though set: %.*s",
		    STR_ARG(c->credential_note));
	if (who->kind == IDENTITY_SECRET && c->secret_expires != 0) {
		date_iso(c->secret_expires, iso);
		buf_addf(out, "; until %.*s", DATE_SIZE, iso);
	}
	return true;
}
