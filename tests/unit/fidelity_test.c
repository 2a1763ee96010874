/* SPDX-License-Identifier: MIT */
#include "mail/fidelity.h"

#include <string.h>

#include "t.h"

enum { MAX = 16 };

/* names: with blanks between; want: "Name: what", `|` between. */
static const struct {
	const char *name;
	enum fidelity_form form;
	const char *names, *want;
} rows[] = {
	/* clang-format off */
	{ "nothing", FIDELITY_MIME, "", "" },
	{ "ordinary", FIDELITY_MIME, "To Cc Bcc Subject Reply-To Message-ID "
	  "MIME-Version Content-Type References In-Reply-To Thread-Index "
	  "Resent-To Received Importance", "" },
	{ "ordinary, JSON", FIDELITY_JSON, "To Subject Content-Type Importance "
	  "Return-Receipt-To", "" },
	{ "threads, JSON", FIDELITY_JSON, "In-Reply-To References",
	  "In-Reply-To: is set as a property, which may have no effect|"
	  "References: is set as a property, which may have no effect" },
	{ "by MIME only", FIDELITY_JSON, "Keywords",
	  "Keywords: is not carried by JSON" },
	{ "any case", FIDELITY_MIME, "auto-SUBMITTED",
	  "auto-SUBMITTED: is removed" },
	{ "lists", FIDELITY_MIME, "List-Id List-Unsubscribe "
	  "List-Unsubscribe-Post Precedence",
	  "List-Id: is removed|List-Unsubscribe: is removed; Graph has it as "
	  "the property 0x1045 only|List-Unsubscribe-Post: is removed|"
	  "Precedence: is removed" },
	{ "lists, JSON", FIDELITY_JSON, "List-Id List-Unsubscribe",
	  "List-Id: cannot be carried: JSON takes names that begin with X-|"
	  "List-Unsubscribe: is set as the property 0x1045" },
	{ "signature", FIDELITY_MIME, "DKIM-Signature ARC-Seal",
	  "DKIM-Signature: does not verify any more|"
	  "ARC-Seal: does not verify any more" },
	{ "the service's", FIDELITY_MIME, "From Sender Return-Path Date",
	  "From: may be shown with the mailbox's own name|"
	  "Sender: is replaced by the service|"
	  "Return-Path: is replaced by the service: bounces go to the mailbox|"
	  "Date: may be replaced by the time of sending" },
	{ "x- field", FIDELITY_MIME, "X-A",
	  "X-A: is delivered only if the mailbox knows the name, from a "
	  "message that came as JSON" },
	{ "x- fields, JSON", FIDELITY_JSON, "X-1 X-2 X-3 X-4 X-5 X-6",
	  "X-6: is one too many: JSON delivers five" },
	{ "unknown", FIDELITY_MIME, "Foo",
	  "Foo: is not delivered: it is no field of mail that Exchange keeps, "
	  "and has no X-" },
	{ "unknown, JSON", FIDELITY_JSON, "Foo",
	  "Foo: cannot be carried: JSON takes names that begin with X-" },
	{ "each once", FIDELITY_MIME, "List-Id To list-id List-Id",
	  "List-Id: is removed" },
	{ "a prefix alone is a name", FIDELITY_MIME, "Lis",
	  "Lis: is not delivered: it is no field of mail that Exchange keeps, "
	  "and has no X-" },
	/* clang-format on */
};

static size_t
split(struct str in, struct str out[MAX])
{
	size_t n = 0;
	struct str word;

	while (in.n > 0 && str_next(&in, ' ', &word))
		out[n++] = word;
	return n;
}

static void
test_rows(void)
{
	struct fidelity_note note[MAX];
	struct str name[MAX];
	struct buf got;
	size_t n;

	buf_init(&got, 65536);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_reset(&got);
		n = split(str_of(rows[i].names), name);
		n = fidelity_notes(name, n, rows[i].form, note, MAX);
		for (size_t j = 0; j < n; j++)
			buf_addf(&got, "%s%.*s: %s", j > 0 ? "|" : "",
			    STR_ARG(note[j].field), note[j].what);
		T_CHECK(str_eq(buf_view(&got), str_of(rows[i].want)),
		    "%s: %.*s", rows[i].name, STR_ARG(buf_view(&got)));
	}
	buf_release(&got);
}

/* Where another route keeps it, that is said. */
static void
test_instead(void)
{
	struct str names[] = { STR("X-A"), STR("Keywords") };
	struct fidelity_note note[MAX];

	T_CHECK(fidelity_notes(names, 2, FIDELITY_MIME, note, MAX) == 1 &&
		strstr(note[0].instead, "--via json") != NULL &&
		note[0].reported,
	    "MIME");
	T_CHECK(fidelity_notes(names, 2, FIDELITY_JSON, note, MAX) == 1 &&
		strstr(note[0].instead, "--via mime") != NULL &&
		!note[0].reported,
	    "JSON");
	names[1] = STR("List-Id");
	T_CHECK(fidelity_notes(names, 2, FIDELITY_MIME, note, 1) == 1, "max");
}

static void
test_lost(void)
{
	static const char *const lost[] = { "Auto-Submitted", "list-id", "Foo",
		"Precedence" };
	static const char *const kept[] = { "X-A", "References", "To",
		"List-Unsubscribe", "Received" };

	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++)
		T_CHECK(fidelity_is_lost(str_of(lost[i])), "%s", lost[i]);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		T_CHECK(!fidelity_is_lost(str_of(kept[i])), "%s", kept[i]);
}

static const struct t_test tests[] = {
	{ "rows", test_rows },
	{ "lost", test_lost },
	{ "instead", test_instead },
};

int
main(void)
{
	return t_main(tests, sizeof(tests) / sizeof(*tests));
}
