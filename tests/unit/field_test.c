/* SPDX-License-Identifier: MIT */
#include "mail/field.h"

#include "t.h"

static const struct {
	const char *name;
	unsigned char shape, fate, place, kept;
	bool once, option;
} rows[] = {
	/* clang-format off */
	{ "from", FIELD_ADDRESSES, FIELD_FROM, FIELD_APART, FIELD_KEPT_FROM,
	  false, true },
	{ "DATE", FIELD_TEXT, FIELD_DATE, FIELD_APART, FIELD_KEPT_DATE, true,
	  true },
	{ "Content-Type", FIELD_PARAMS, FIELD_STAYS, FIELD_APART, FIELD_KEPT,
	  false, true },
	{ "content-id", FIELD_TEXT, FIELD_STAYS, FIELD_LOST, FIELD_KEPT, false,
	  true },
	{ "Content", FIELD_TEXT, FIELD_STAYS, FIELD_LOST, FIELD_KEPT_OTHER,
	  false, false },
	{ "Resent-Bcc", FIELD_ADDRESSES, FIELD_GOES, FIELD_LOST,
	  FIELD_KEPT_MIME, false, false },
	{ "Resent-Reply-To", FIELD_TEXT, FIELD_STAYS, FIELD_LOST,
	  FIELD_KEPT_MIME, false, false },
	{ "List-Unsubscribe", FIELD_TEXT, FIELD_STAYS, FIELD_LOST,
	  FIELD_KEPT_UNSUBSCRIBE, false, false },
	{ "List-Unsubscribe-Post", FIELD_TEXT, FIELD_STAYS, FIELD_LOST,
	  FIELD_REMOVED, false, false },
	{ "X-Post365-Cc", FIELD_TEXT, FIELD_NOTES, FIELD_APART, FIELD_KEPT_X,
	  false, false },
	{ "x-", FIELD_TEXT, FIELD_STAYS, FIELD_LOST, FIELD_KEPT_X, false,
	  false },
	{ "", FIELD_TEXT, FIELD_STAYS, FIELD_LOST, FIELD_KEPT_OTHER, false,
	  false },
	/* clang-format on */
};

static void
test_rows(void)
{
	const struct field *f;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		f = field_of(str_of(rows[i].name));
		T_CHECK(f->shape == rows[i].shape && f->fate == rows[i].fate &&
			f->place == rows[i].place && f->kept == rows[i].kept &&
			f->once == rows[i].once &&
			(f->option != NULL) == rows[i].option,
		    "%s: %s %d %d %d %d", rows[i].name, f->name, f->shape,
		    f->fate, f->place, f->kept);
	}
	/* the last row fits all, and each is found by its own name */
	n = field_number(field_of(STR("")));
	T_CHECK(n < FIELD_ROWS, "%zu rows", n + 1);
	for (f -= n; n-- > 0; f++)
		T_CHECK(field_of(str_of(f->name)) == f, "%s is hidden by %s",
		    f->name, field_of(str_of(f->name))->name);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
