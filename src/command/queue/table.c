/* SPDX-License-Identifier: MIT */
#include "command/queue/table.h"

#include <stdio.h>
#include <string.h>

#include "cli/screen.h"
#include "command/when.h"

enum {
	TABLE_FULL = 60, /* below: WHY on its own line */
	TABLE_WIDE = 110,
	TABLE_ID = 8,      /* letters, at least */
	TABLE_FREE = 24,   /* of an address, where there is no screen */
	TABLE_CELL = 4096, /* bytes: an address, or a reason */
	TABLE_FEW = 256    /* of nearly all cells */
};

enum { ID, AGE, SIZE, TRY, NEXT, FROM, TO, SUBJECT, WHY, COLUMNS };

static const struct {
	const char *head;
	unsigned char width; /* 0: it shares what is left */
	unsigned char least; /* a screen that is narrower goes without it */
	bool right;
} columns[COLUMNS] = {
	[ID] = { "ID", TABLE_ID, 0, false },
	[AGE] = { "AGE", 4, 0, true },
	[SIZE] = { "SIZE", 5, TABLE_FULL, true },
	[TRY] = { "TRY", 3, TABLE_FULL, true },
	[NEXT] = { "NEXT", 7, 0, false },
	[FROM] = { "FROM", 0, TABLE_WIDE, false },
	[TO] = { "TO", 0, 0, false },
	[SUBJECT] = { "SUBJECT", 0, TABLE_FULL, false },
	[WHY] = { "WHY", 0, TABLE_FULL, false },
};

static bool
table_is_narrow(const struct queue_table *t)
{
	return t->width > 0 && t->width < TABLE_FULL;
}

static bool
table_has(const struct queue_table *t, unsigned column)
{
	if (column == SUBJECT && !t->subject)
		return false;
	return t->width == 0 || t->width >= columns[column].least;
}

/* Columns of the screen for this column of the table. */
static size_t
table_width(const struct queue_table *t, unsigned column)
{
	size_t used = 0, sharing = 0;

	if (column == ID)
		return t->id;
	if (columns[column].width > 0)
		return columns[column].width;
	if (t->width == 0)
		return TABLE_FREE;
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (!table_has(t, i))
			continue;
		used += i > 0; /* a blank */
		if (columns[i].width > 0)
			used += table_width(t, i);
		else
			sharing++;
	}
	return used + sharing < t->width ? (t->width - used) / sharing : 1;
}

/* Appends the first characters of text, and ".." where that is not all. */
static void
table_put_cut(struct buf *out, struct str text, size_t width)
{
	bool cut = text.n > width && screen_columns(text) > width;
	size_t n = 0, most = cut && width > 2 ? width - 2 : width, bytes = 0;
	char *p;

	for (; bytes < text.n; bytes++) {
		n += ((unsigned char)text.p[bytes] & 0xc0) != 0x80;
		if (n > most)
			break;
	}
	p = buf_room(out, bytes);
	for (size_t i = 0; p != NULL && i < bytes; i++)
		/* what an envelope brought does not reach the terminal */
		p[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ?
		    '?' :
		    text.p[i];
	if (p != NULL)
		buf_commit(out, bytes);
	if (cut && width > 2)
		buf_addz(out, "..");
}

/* The last one is not filled up, and without a screen nothing is cut. */
static void
table_put_cell(const struct queue_table *t, unsigned column, struct str text)
{
	const size_t width = table_width(t, column);
	const size_t n = screen_columns(text);
	const int blanks = n < width ? (int)(width - n) : 0;
	const bool last = column == WHY || (column == TO && table_is_narrow(t));

	if (!table_has(t, column))
		return;
	if (column > 0)
		buf_addc(t->out, ' ');
	if (columns[column].right)
		buf_addf(t->out, "%*s", blanks, "");
	table_put_cut(t->out, text, t->width > 0 ? width : SIZE_MAX);
	if (!columns[column].right && !last)
		buf_addf(t->out, "%*s", blanks, "");
}

static void
table_put_head(struct queue_table *t, size_t unique)
{
	t->id = unique < TABLE_ID ? TABLE_ID : unique;
	if (t->width == 0 || unique == 0)
		t->id = ENVELOPE_ID_SIZE - 1;
	for (unsigned i = 0; i < COLUMNS; i++)
		table_put_cell(t, i, str_of(columns[i].head));
	buf_addc(t->out, '\n');
}

/* "250", "1.2k", "41M": three digits at most. */
static void
table_add_size(struct buf *out, uint64_t size)
{
	static const char letters[] = "kMGT";
	size_t i = 0;

	if (size < 1000) {
		buf_addf(out, "%u", (unsigned)size);
		return;
	}
	for (; size >= 999500 && i < sizeof(letters) - 2; i++)
		size /= 1000;
	if (size < 9950)
		buf_addf(out, "%u.%u%c", (unsigned)(size + 50) / 1000,
		    (unsigned)(size + 50) / 100 % 10, letters[i]);
	else
		buf_addf(out, "%u%c", (unsigned)((size + 500) / 1000),
		    letters[i]);
}

static void
table_add_next(const struct queue_table *t, const struct claim *c,
    const struct queue_wait *w, struct buf *out)
{
	char span[WHEN_SPAN_SIZE];

	if (c->busy)
		buf_addz(out, "sending");
	else if (c->where == SPOOL_HOLD)
		buf_addz(out, "on hold");
	else if (c->where == SPOOL_DEAD)
		buf_addz(out, "dead");
	else if (w->until <= t->now)
		buf_addz(out, "now");
	else {
		when_span(w->until - t->now, span);
		buf_addf(out, "in %s", span);
	}
}

/* The reason without what was asked for whom, and without ids of requests. */
static struct str
table_short_reason(struct str reason)
{
	const struct str made = STR("sendMail for "), colon = STR(": ");
	size_t at = str_find(reason, colon);

	if (str_starts(reason, made) && at < reason.n)
		reason = str_from(reason, at + colon.n);
	at = str_find(reason, STR(" (request-id "));
	if (at == reason.n)
		at = str_find(reason, STR(" (client-request-id "));
	return str_first(reason, at);
}

static void
table_add_why(const struct queue_table *t, const struct claim *c,
    const struct queue_wait *w, struct buf *out)
{
	const struct envelope_state *s = &c->state;

	if (c->envelope.sender.n == 0)
		buf_addz(out, "bounce");
	if (c->busy ||
	    (w->mailbox == NULL && s->unsure_since == 0 &&
		s->code.n + w->reason.n == 0))
		return;
	if (out->n > 0)
		buf_addz(out, ": ");
	if (w->mailbox != NULL) {
		buf_addz(out, "waits with its mailbox");
		return;
	}
	if (s->unsure_since != 0)
		buf_addf(out, "perhaps sent%s",
		    s->code.n + w->reason.n > 0 ? ": " : "");
	buf_adds(out,
	    s->code.n > 0 && t->width > 0 ? s->code :
					    table_short_reason(w->reason));
}

static void
table_add_address(const struct queue_table *t, const struct envelope *v,
    struct buf *out)
{
	const size_t width = t->width > 0 ? table_width(t, TO) : SIZE_MAX;
	char more[32] = "";

	if (v->recipients > 1)
		(void)snprintf(more, sizeof(more), " +%zu", v->recipients - 1);
	table_put_cut(out, v->recipient[0],
	    width > str_of(more).n ? width - str_of(more).n : 1);
	buf_addz(out, more);
}

static void
table_note_mailbox(struct queue_table *t, const struct claim *c,
    const struct queue_wait *w)
{
	const struct mailbox *m = w->mailbox;
	size_t i;

	for (i = 0; i < t->boxes && i < QUEUE_TABLE_BOXES; i++)
		if (strcmp(t->box[i].key, w->key) == 0)
			return;
	t->boxes++;
	if (i == QUEUE_TABLE_BOXES)
		return;
	(void)snprintf(t->box[i].key, sizeof(t->box[i].key), "%s", w->key);
	(void)snprintf(t->box[i].name, sizeof(t->box[i].name), "%s",
	    m->name[0] != '\0' ? m->name : "its mailbox");
	(void)snprintf(t->box[i].code, sizeof(t->box[i].code), "%s", m->code);
	(void)snprintf(t->box[i].act, sizeof(t->box[i].act), "%s", w->act);
	(void)snprintf(t->box[i].id, sizeof(t->box[i].id), "%.*s", (int)t->id,
	    c->id);
	t->box[i].until = w->until;
	t->box[i].kind = mailbox_kind(m);
}

static void
table_fill(const struct queue_table *t, unsigned column, const struct claim *c,
    const struct queue_wait *w, struct buf *out)
{
	const struct str sender = c->envelope.sender;
	char span[WHEN_SPAN_SIZE];

	buf_reset(out);
	switch (column) {
	case ID:
		buf_add(out, c->id, t->id);
		break;
	case AGE:
		when_span(t->now - c->envelope.arrived, span);
		buf_addz(out, span);
		break;
	case SIZE:
		table_add_size(out, c->body.size);
		break;
	case TRY:
		buf_addf(out, "%llu", (unsigned long long)c->state.attempts);
		break;
	case NEXT:
		table_add_next(t, c, w, out);
		break;
	case FROM:
		buf_adds(out, sender.n > 0 ? sender : STR("<>"));
		break;
	case TO:
		table_add_address(t, &c->envelope, out);
		break;
	case SUBJECT:
		buf_adds(out, c->envelope.subject);
		break;
	default:
		table_add_why(t, c, w, out);
	}
}

void
queue_table_row(struct queue_table *t, const struct claim *c,
    const struct queue_wait *w, size_t unique)
{
	char room[TABLE_FEW];
	struct buf cell;

	buf_init_in(&cell, room, sizeof(room), TABLE_CELL);
	if (t->id == 0)
		table_put_head(t, unique);
	for (unsigned i = 0; i < COLUMNS; i++) {
		table_fill(t, i, c, w, &cell);
		table_put_cell(t, i, buf_view(&cell));
	}
	while (t->out->n > 0 && t->out->p[t->out->n - 1] == ' ')
		buf_rewind(t->out, t->out->n - 1);
	buf_addc(t->out, '\n');
	if (table_is_narrow(t) && cell.n > 0) { /* what it is in for */
		buf_addz(t->out, "  ");
		table_put_cut(t->out, buf_view(&cell), t->width - 2);
		buf_addc(t->out, '\n');
	}
	buf_release(&cell);
	if (w->mailbox != NULL)
		table_note_mailbox(t, c, w);
}

/* Broken where the screen ends. */
static void
table_put_lines(struct queue_table *t, struct buf *text)
{
	screen_wrap(t->out, buf_view(text),
	    (struct screen_lines){ .indent = 2,
		.width = t->width > 0 ? t->width : SCREEN_MOST });
	buf_addc(t->out, '\n');
	buf_reset(text);
}

void
queue_table_end(struct queue_table *t, size_t shown, size_t messages)
{
	char until[WHEN_SIZE];
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < t->boxes && i < QUEUE_TABLE_BOXES; i++) {
		when_short(t->box[i].until, t->now, until);
		buf_addf(&text, "%s waits until %s%s%s; %s tries it now",
		    t->box[i].name, until,
		    t->box[i].code[0] != '\0' ? ", " : "", t->box[i].code,
		    t->box[i].act);
		if (t->box[i].kind != ERR_RETRY)
			buf_addf(&text,
			    "; post365 queue show %s says what to do",
			    t->box[i].id);
		table_put_lines(t, &text);
	}
	if (t->boxes > QUEUE_TABLE_BOXES)
		buf_addf(t->out, "and %zu more mailboxes wait\n",
		    t->boxes - QUEUE_TABLE_BOXES);
	buf_release(&text);
	if (shown < messages)
		buf_addf(t->out, "the first %zu of ", shown);
	if (messages == 0)
		buf_addz(t->out, "nothing is in the queue\n");
	else
		buf_addf(t->out, "%zu message%s\n", messages,
		    messages == 1 ? "" : "s");
}
