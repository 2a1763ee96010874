/* SPDX-License-Identifier: MIT */
#include "store/journal_filter.h"

#include "codec/date.h"

static bool
filter_in_time(const struct journal_filter *f, struct str time, bool or_else)
{
	int64_t when;

	if (!date_parse_iso(time, &when))
		return or_else;
	return when >= f->since && (f->until == 0 || when <= f->until);
}

static struct str
filter_bare(struct str id)
{
	if (str_starts(id, STR("<")))
		id = str_from(id, 1);
	return str_ends(id, STR(">")) ? str_first(id, id.n - 1) : id;
}

bool
journal_filter_may(const struct journal_filter *f, struct str line)
{
	static const struct str head = STR_INIT("{\"time\":\"");
	const struct str parts[] = { f->id, filter_bare(f->message_id), f->to,
		f->from, f->person, f->subject, f->code, f->verdict };

	if ((f->since != 0 || f->until != 0) && str_starts(line, head) &&
	    !filter_in_time(f,
		str_first(str_from(line, head.n), DATE_ISO_SIZE - 1), true))
		return false;
	/* where nothing is escaped, a text stands in the bytes as it is */
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].n > 0 && str_ifind(line, parts[i]) == line.n)
			return str_chr(line, '\\') < line.n;
	return true;
}

static bool
filter_has(struct str whole, struct str part)
{
	return part.n == 0 || str_ifind(whole, part) < whole.n;
}

static bool
filter_any_has(const struct json *list, struct str part)
{
	const struct json *one = list != NULL ? list->child : NULL;

	while (one != NULL && !filter_has(json_str(one), part))
		one = one->next;
	return one != NULL;
}

/* What was exported goes on elsewhere; what was dropped does not. */
static bool
filter_is_failure(struct str verdict)
{
	return !str_eq(verdict, STR("sent")) && !str_eq(verdict, STR("part")) &&
	    !str_eq(verdict, STR("exported"));
}

static bool
filter_has_people(const struct journal_filter *f, const struct json *tree)
{
	struct str from = json_str(json_get(tree, STR("from")));
	const struct json *to = json_get(tree, STR("to"));

	return filter_has(from, f->from) &&
	    (f->to.n == 0 || filter_any_has(to, f->to)) &&
	    (filter_has(from, f->person) || filter_any_has(to, f->person));
}

static bool
filter_has_code(const struct journal_filter *f, const struct json *tree)
{
	const struct json *status = json_get(tree, STR("status"));

	return str_istarts(json_str(json_get(tree, STR("code"))), f->code) ||
	    (status != NULL && str_starts(status->text, f->code));
}

bool
journal_filter_is(const struct journal_filter *f, const struct json *tree)
{
	struct str verdict = json_str(json_get(tree, STR("verdict")));
	struct str id = json_str(json_get(tree, STR("message_id")));

	return filter_in_time(f, json_str(json_get(tree, STR("time"))),
		   false) &&
	    (f->message_id.n == 0 ||
		str_eq(filter_bare(id), filter_bare(f->message_id))) &&
	    str_istarts(json_str(json_get(tree, STR("id"))), f->id) &&
	    filter_has_people(f, tree) &&
	    filter_has(json_str(json_get(tree, STR("subject"))), f->subject) &&
	    filter_has_code(f, tree) &&
	    (f->verdict.n == 0 || str_ieq(verdict, f->verdict)) &&
	    (!f->failed || filter_is_failure(verdict));
}
