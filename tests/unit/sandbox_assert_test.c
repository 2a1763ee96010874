/* SPDX-License-Identifier: MIT */
#include "sandbox/assert.h"

#include <string.h>
#include <sys/mman.h>

#include "codec/base64.h"
#include "sandbox/login.h"
#include "t.h"

enum { NOW = 1795000000 };

#define PATH "/the-tenant/oauth2/v2.0/token"
#define AUD  "\"aud\":\"https://localhost:4433" PATH "\""
#define OURS "\"iss\":\"the-client\",\"sub\":\"the-client\""
#define LIFE "\"nbf\":1795000000,\"exp\":1795000600"
#define PS                                                                     \
	"{\"alg\":\"PS256\",\"x5t#S256\":"                                     \
	"\"_f_-1-PgxognVSKVTrU9pSdHWBwWUnB9yZ_wuj1AySA\"}"
#define RS "{\"alg\":\"RS256\",\"x5t\":\"Y__WP7c4C2wD2mD5nusyU6CHbmU\"}"
#define EX "\"aud\":\"api://AzureADTokenExchange\""

/* claims: JSON, or what stands for the whole assertion if header is NULL */
static const struct {
	const char *name, *header, *claims, *code;
} rows[] = {
	/* clang-format off */
	{ "PS256", PS, "{" AUD "," OURS ",\"jti\":\"1\"," LIFE "}", "" },
	{ "RS256", RS, "{" AUD "," OURS ",\"jti\":\"2\"," LIFE "}", "" },
	{ "no nbf", RS, "{" AUD "," OURS ",\"jti\":\"3\",\"exp\":1795000600}",
	  "" },
	{ "a second time", PS, "{" AUD "," OURS ",\"jti\":\"1\"," LIFE "}",
	  "AADSTS50027" },
	{ "no jti", PS, "{" AUD "," OURS "," LIFE "}", "AADSTS50027" },
	{ "other tenant", PS, "{\"aud\":\"https://localhost:4433/x"
	  "/oauth2/v2.0/token\"," OURS ",\"jti\":\"4\"," LIFE "}",
	  "AADSTS50027" },
	{ "other host", PS, "{\"aud\":\"https://localhost:443" PATH "\"," OURS
	  ",\"jti\":\"4\"," LIFE "}", "AADSTS50027" },
	{ "no audience", PS, "{" OURS ",\"jti\":\"4\"," LIFE "}",
	  "AADSTS50027" },
	{ "other subject", PS, "{" AUD ",\"iss\":\"the-client\",\"sub\":\"x\","
	  "\"jti\":\"4\"," LIFE "}", "AADSTS50048" },
	{ "expired", PS, "{" AUD "," OURS ",\"jti\":\"4\",\"exp\":1794999700}",
	  "AADSTS700024" },
	{ "nearly", PS, "{" AUD "," OURS ",\"jti\":\"5\",\"exp\":1794999701}",
	  "" },
	{ "too early", PS, "{" AUD "," OURS ",\"jti\":\"6\",\"nbf\":1795000301,"
	  "\"exp\":1795000600}", "AADSTS700024" },
	{ "no exp", PS, "{" AUD "," OURS ",\"jti\":\"6\"}", "AADSTS50027" },
	{ "wrong thumbprint name", "{\"alg\":\"PS256\",\"x5t\":"
	  "\"Y__WP7c4C2wD2mD5nusyU6CHbmU\"}",
	  "{" AUD "," OURS ",\"jti\":\"6\"," LIFE "}", "AADSTS700027" },
	{ "short thumbprint", "{\"alg\":\"PS256\",\"x5t#S256\":"
	  "\"Y__WP7c4C2wD2mD5nusyU6CHbmU\"}",
	  "{" AUD "," OURS ",\"jti\":\"6\"," LIFE "}", "AADSTS700027" },
	{ "hex thumbprint", "{\"alg\":\"RS256\",\"x5t\":"
	  "\"63FFD63FB7380B6C03DA60F99EEB3253A0876E65\"}",
	  "{" AUD "," OURS ",\"jti\":\"6\"," LIFE "}", "AADSTS700027" },
	{ "unknown algorithm", "{\"alg\":\"none\"}",
	  "{" AUD "," OURS ",\"jti\":\"6\"," LIFE "}", "AADSTS700027" },
	{ "header is no JSON", "x", "{" AUD "," OURS ",\"jti\":\"6\"," LIFE "}",
	  "AADSTS50027" },
	{ "no JWT", NULL, "abc", "AADSTS50027" },
	{ "no signature", NULL, "e30.e30.", "AADSTS50027" },
	{ "federated", RS, "{\"iss\":\"https://idp\",\"sub\":\"a:b\"," EX ","
	  LIFE "}", "" },
	{ "federated, again", RS, "{\"iss\":\"https://idp\",\"sub\":\"a:b\"," EX
	  "," LIFE "}", "" },
	{ "federated, other audience", RS, "{\"iss\":\"https://idp\","
	  "\"sub\":\"a:b\",\"aud\":\"api://azureadtokenexchange\"," LIFE "}",
	  "AADSTS700212" },
	{ "federated, expired", RS, "{\"iss\":\"https://idp\",\"sub\":\"a:b\","
	  EX ",\"exp\":1794990000}", "AADSTS700024" },
	{ "federated, no subject", RS, "{\"iss\":\"https://idp\"," EX "," LIFE
	  "}", "AADSTS50027" },
	/* clang-format on */
};

static void
make_form(size_t i, struct buf *out)
{
	buf_addz(out,
	    "client_id=the-client&grant_type=client_credentials&scope=https"
	    "%3A%2F%2Flocalhost%3A4433%2F.default&client_assertion_type=urn"
	    "%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
	    "&client_assertion=");
	if (rows[i].header == NULL) {
		buf_addz(out, rows[i].claims);
		return;
	}
	base64url_encode(out, str_of(rows[i].header));
	buf_addc(out, '.');
	base64url_encode(out, str_of(rows[i].claims));
	buf_addz(out, ".c2lnbmF0dXJl");
}

static void
ask(const struct sandbox *s, struct str form, struct sandbox_answer *a)
{
	struct arena mem;
	struct sandbox_request r = {
		.method = STR("POST"),
		.path = STR(PATH),
		.content_type = STR("application/x-www-form-urlencoded"),
		.host = STR("localhost:4433"),
		.body = form,
		.now = NOW,
		.life = 3599,
		.id = "request-1",
		.mem = &mem,
	};

	arena_init(&mem, SANDBOX_MEMORY_MAX);
	answer_init(a);
	login_answer(s, &r, a);
	a->code = STR(""); /* may live in mem */
	arena_release(&mem);
}

static struct sandbox
make_sandbox(void)
{
	struct sandbox s = {
		.tenant = STR("the-tenant"),
		.client = STR("the-client"),
		.host = STR("another.name"), /* the first of its names */
		.port = 4433,
		.kept_fd = -1,
	};
	struct err e;

	T_CHECK(sandbox_share(&s, &e), "%s", e.msg);
	return s;
}

static void
test_rows(void)
{
	struct sandbox s = make_sandbox();
	struct sandbox_answer a;
	struct str code;
	struct buf form;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&form, 65536);
		make_form(i, &form);
		ask(&s, buf_view(&form), &a);
		code = str_of(rows[i].code);
		T_CHECK(a.status == (code.n == 0 ? 200 : 401), "%s: %d %.*s",
		    rows[i].name, a.status, STR_ARG(buf_view(&a.body)));
		if (code.n > 0)
			T_CHECK(str_find(buf_view(&a.body), code) < a.body.n,
			    "%s: %.*s", rows[i].name,
			    STR_ARG(buf_view(&a.body)));
		answer_release(&a);
		buf_release(&form);
	}
	(void)munmap(s.state, sizeof(*s.state));
}

/* By one method, and with its type. */
static void
test_forms(void)
{
	static const char *const bad[] = {
		"client_id=the-client&grant_type=client_credentials&scope=x&"
		"client_assertion=e30.e30.x&client_secret=x",
		"client_id=the-client&grant_type=client_credentials&scope=x&"
		"client_assertion=e30.e30.x",
		"client_id=the-client&grant_type=client_credentials&scope=x&"
		"client_assertion=e30.e30.x&client_assertion_type=jwt-bearer",
	};
	struct sandbox s = make_sandbox();
	struct sandbox_answer a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ask(&s, str_of(bad[i]), &a);
		T_CHECK(a.status == 400, "%zu: %d", i, a.status);
		answer_release(&a);
	}
	(void)munmap(s.state, sizeof(*s.state));
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "forms", test_forms },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
