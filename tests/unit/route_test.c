/* SPDX-License-Identifier: MIT */
#include "graph/route.h"

#include "base/str.h"
#include "t.h"

enum { SMALL = 1000, MIDDLE = 3000000, LARGE = 200000000 };

#define LIMITS .mime_limit = 2200000, .max_message_size = 150000000

static const struct {
	const char *name;
	struct route_facts f;
	enum route want, got; /* got ROUTE_AUTO: refused */
	const char *words;    /* of the reason, or of the error */
} rows[] = {
	/* clang-format off */
	{ "small", { .mime_size = SMALL, LIMITS }, ROUTE_AUTO, ROUTE_MIME,
	  "up to mime_limit" },
	{ "mime_limit to the byte", { .mime_size = 2200000, LIMITS },
	  ROUTE_AUTO, ROUTE_MIME, "up to mime_limit" },
	{ "one byte more", { .mime_size = 2200001, LIMITS }, ROUTE_AUTO,
	  ROUTE_JSON, "larger than mime_limit" },
	{ "forced mime, to the byte", { .mime_size = 2200000, LIMITS },
	  ROUTE_MIME, ROUTE_MIME, "asked for" },
	{ "a draft's rest to the byte",
	  { .mime_size = MIDDLE, .rest_size = 2200000, .json_cannot = "x",
	  LIMITS }, ROUTE_AUTO, ROUTE_DRAFT, "larger than mime_limit" },
	{ "one byte more of it",
	  { .mime_size = MIDDLE, .rest_size = 2200001, .json_cannot = "x",
	  LIMITS }, ROUTE_AUTO, ROUTE_AUTO, "no route can carry" },
	{ "max_message_size to the byte",
	  { .mime_size = 150000000, LIMITS }, ROUTE_AUTO, ROUTE_JSON,
	  "carries all" },
	{ "one byte more than that", { .mime_size = 150000001, LIMITS },
	  ROUTE_AUTO, ROUTE_AUTO, "max_message_size" },
	{ "too large", { .mime_size = LARGE, LIMITS }, ROUTE_AUTO, ROUTE_AUTO,
	  "max_message_size" },
	{ "too large, forced", { .mime_size = LARGE, LIMITS }, ROUTE_DRAFT,
	  ROUTE_AUTO, "max_message_size" },
	{ "forced json", { .mime_size = SMALL, LIMITS }, ROUTE_JSON,
	  ROUTE_JSON, "asked for" },
	{ "forced json, cannot",
	  { .mime_size = SMALL, .json_cannot = "x", LIMITS }, ROUTE_JSON,
	  ROUTE_AUTO, "cannot go by the route json: x" },
	{ "forced mime, too large", { .mime_size = MIDDLE, LIMITS },
	  ROUTE_MIME, ROUTE_AUTO, "larger than mime_limit" },
	{ "forced draft", { .mime_size = SMALL, LIMITS }, ROUTE_DRAFT,
	  ROUTE_DRAFT, "asked for" },
	{ "forced draft, sealed",
	  { .mime_size = MIDDLE, .rest_size = MIDDLE, .sealed = "signed",
	  LIMITS }, ROUTE_DRAFT, ROUTE_AUTO, "signed" },
	{ "forced draft, no copy",
	  { .mime_size = SMALL, .no_save = true, LIMITS }, ROUTE_DRAFT,
	  ROUTE_AUTO, "Sent Items" },
	{ "exact", { .mime_size = SMALL, .exact = true, LIMITS }, ROUTE_AUTO,
	  ROUTE_DRAFT, "exact" },
	{ "exact, no copy",
	  { .mime_size = SMALL, .exact = true, .no_save = true, LIMITS },
	  ROUTE_AUTO, ROUTE_AUTO, "exclude each other" },
	{ "exact, no copy, forced json",
	  { .mime_size = SMALL, .exact = true, .no_save = true, LIMITS },
	  ROUTE_JSON, ROUTE_JSON, "asked for" },
	{ "exact, no draft can be made",
	  { .mime_size = MIDDLE, .rest_size = MIDDLE, .exact = true, LIMITS },
	  ROUTE_AUTO, ROUTE_JSON, "carries all" },
	{ "no copy", { .mime_size = SMALL, .no_save = true, LIMITS },
	  ROUTE_AUTO, ROUTE_JSON, "no copy" },
	{ "no copy asked for, JSON cannot",
	  { .mime_size = SMALL, .no_save = true, .no_save_asked = true,
	  .json_cannot = "x", LIMITS }, ROUTE_AUTO, ROUTE_AUTO,
	  "as JSON not, for x" },
	{ "no copy by a setting, JSON cannot",
	  { .mime_size = SMALL, .no_save = true, .json_cannot = "x", LIMITS },
	  ROUTE_AUTO, ROUTE_MIME, "up to mime_limit" },
	{ "no copy by a setting, JSON cannot, middle",
	  { .mime_size = MIDDLE, .rest_size = SMALL, .no_save = true,
	  .json_cannot = "x", LIMITS }, ROUTE_AUTO, ROUTE_DRAFT, "larger" },
	{ "text apart, JSON loses",
	  { .mime_size = MIDDLE, .rest_size = SMALL, .rest_loses = "text",
	  .json_loses = "x", LIMITS }, ROUTE_AUTO, ROUTE_JSON,
	  "so is its text" },
	{ "text apart, JSON cannot",
	  { .mime_size = MIDDLE, .rest_size = SMALL, .rest_loses = "text",
	  .json_cannot = "x", LIMITS }, ROUTE_AUTO, ROUTE_DRAFT, "larger" },
	{ "x- fields",
	  { .mime_size = SMALL, .json_fields = true, LIMITS }, ROUTE_AUTO,
	  ROUTE_JSON, "x- fields" },
	{ "x- fields, JSON loses",
	  { .mime_size = SMALL, .json_fields = true, .json_loses = "text",
	  LIMITS }, ROUTE_AUTO, ROUTE_MIME, "mime_limit" },
	{ "middle, JSON is enough", { .mime_size = MIDDLE, LIMITS },
	  ROUTE_AUTO, ROUTE_JSON, "carries all" },
	{ "middle, JSON loses, no permission",
	  { .mime_size = MIDDLE, .json_loses = "text",
	  .read_write = ROUTE_MAY_NOT, LIMITS }, ROUTE_AUTO, ROUTE_JSON,
	  "Mail.ReadWrite" },
	{ "middle, JSON loses",
	  { .mime_size = MIDDLE, .rest_size = SMALL, .json_loses = "text",
	  LIMITS }, ROUTE_AUTO, ROUTE_DRAFT, "larger" },
	{ "middle, JSON cannot",
	  { .mime_size = MIDDLE, .rest_size = SMALL, .json_cannot = "x",
	  LIMITS }, ROUTE_AUTO, ROUTE_DRAFT, "larger" },
	{ "middle, cannot be taken apart, JSON loses",
	  { .mime_size = MIDDLE, .rest_size = MIDDLE, .json_loses = "text",
	  LIMITS }, ROUTE_AUTO, ROUTE_JSON, "taken apart" },
	{ "sealed",
	  { .mime_size = MIDDLE, .rest_size = MIDDLE, .sealed = "signed",
	  .json_cannot = "x", LIMITS }, ROUTE_AUTO, ROUTE_AUTO, "signed" },
	/* clang-format on */
};

static void
test_rows(void)
{
	struct route_choice c;
	struct err e;
	struct str said;
	bool ok;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		e = (struct err){ 0 };
		ok = route_choose(&rows[i].f, rows[i].want, &c, &e);
		T_CHECK(ok == (rows[i].got != ROUTE_AUTO), "%s: %s",
		    rows[i].name, e.msg);
		T_CHECK(!ok || c.route == rows[i].got, "%s: by %s",
		    rows[i].name, route_name(c.route));
		said = str_of(ok ? c.why : e.msg);
		T_CHECK(str_find(said, str_of(rows[i].words)) < said.n,
		    "%s: %.*s", rows[i].name, STR_ARG(said));
		if (!ok)
			T_CHECK(e.kind == ERR_INPUT || e.kind == ERR_USAGE ||
				e.kind == ERR_CONFIG,
			    "%s: kind", rows[i].name);
		/* what exact promises is given up with a word only */
		if (ok && rows[i].f.exact)
			T_CHECK((c.loses == NULL) == (c.route == ROUTE_DRAFT),
			    "%s: loses %s", rows[i].name, c.loses);
	}
}

static void
test_names(void)
{
	enum route r;

	for (int i = ROUTE_AUTO; i <= ROUTE_DRAFT; i++)
		T_CHECK(route_parse(route_name((enum route)i), &r) &&
			r == (enum route)i,
		    "%d", i);
	T_CHECK(!route_parse("smtp", &r), "no such route");
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "names", test_names },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
