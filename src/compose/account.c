/* SPDX-License-Identifier: MIT */
#include "compose/account.h"

#include "mail/addr.h"
#include "mail/head.h"
#include "mail/value.h"

enum {
	HEADER_MOST = 256 * 1024, /* the author stands in front of that */
	MEMORY_MAX = 4 * 1024 * 1024
};

/* The one address of a field; NULL: several, none, or not to be read. */
static const struct addr *
author_of(struct arena *a, const struct head *head, struct str name)
{
	const struct addr *list =
	    value_addresses(a, head_find(head->first, name), false);

	return list != NULL && list->next == NULL ? list : NULL;
}

/* As text; NULL: nobody who could have an account. */
static bool
find_author(struct arena *a, struct str header, const char **out, struct err *e)
{
	const struct addr *author;
	struct head head;

	*out = NULL;
	if (!head_scan(a, str_first(header, HEADER_MOST), &head, e))
		return false;
	author = author_of(a, &head, STR("From"));
	if (author == NULL)
		author = author_of(a, &head, STR("Sender"));
	if (author != NULL)
		*out = arena_str(a, author->text).p;
	return arena_ok(a, e);
}

static bool
load_again(struct config *c, const struct config_ask *ask, struct err *e)
{
	static const struct log silent;
	struct config next;

	if (!config_load(&next, ask, &silent, e)) {
		config_release(&next);
		return false;
	}
	if (str_eq(next.account, c->account)) {
		config_release(&next);
		return true;
	}
	config_release(c);
	*c = next;
	return true;
}

bool
prepare_account(struct config *c, const struct config_ask *ask,
    struct str header, struct err *e)
{
	struct config_ask again = *ask;
	struct arena mem;
	bool ok;

	if (c->accounts.n == 0)
		return true;
	arena_init(&mem, MEMORY_MAX);
	ok = find_author(&mem, header, &again.author, e) &&
	    load_again(c, &again, e);
	arena_release(&mem);
	return ok;
}
