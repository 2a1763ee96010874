/* SPDX-License-Identifier: MIT */
#include "deliver/options.h"

#include <string.h>

void
options_write(const struct options *o, struct buf *out)
{
	size_t start = out->n;

	if (o->raw)
		buf_addz(out, " raw");
	if (o->via != ROUTE_AUTO)
		buf_addf(out, " via=%s", route_name(o->via));
	if (o->no_save)
		buf_addz(out, " no-save");
	if (o->no_report)
		buf_addz(out, " no-report");
	if (o->envelope_id.n > 0)
		buf_addf(out, " envid=%.*s", STR_ARG(o->envelope_id));
	if (o->from.n > 0)
		buf_addf(out, " from=%.*s", STR_ARG(o->from));
	if (out->n > start) { /* no blank in front */
		memmove(out->p + start, out->p + start + 1, out->n - start - 1);
		buf_rewind(out, out->n - 1);
	}
}

struct options
options_read(struct str words)
{
	struct options o = { .via = ROUTE_AUTO };
	char name[8] = "";
	struct str word, rest = words;

	while (!str_starts(rest, STR("from=")) && str_next(&rest, ' ', &word)) {
		o.raw = o.raw || str_eq(word, STR("raw"));
		o.no_save = o.no_save || str_eq(word, STR("no-save"));
		o.no_report = o.no_report || str_eq(word, STR("no-report"));
		if (str_starts(word, STR("envid=")))
			o.envelope_id = str_from(word, 6);
		if (!str_starts(word, STR("via=")))
			continue;
		word = str_first(str_from(word, 4), sizeof(name) - 1);
		memcpy(name, word.p, word.n);
		name[word.n] = '\0';
		if (!route_parse(name, &o.via))
			o.via = ROUTE_AUTO;
	}
	o.from = str_from(rest, 5);
	return o;
}
