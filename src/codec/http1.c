/* SPDX-License-Identifier: MIT */
#include "codec/http1.h"

/* The parts of a message, in order; line[] and feed[] go by them. */
enum phase {
	STATUS_LINE,
	REQUEST_LINE,
	FIELDS, /* up to here bytes are kept in head */
	SIZE_LINE,
	TRAILERS, /* up to here the grammar below holds */
	BODY,
	CHUNK,
	TO_CLOSE,
	DONE, /* from here on nothing is taken */
	BAD
};

/* Sets of bytes; a byte is in several. */
enum {
	TCHAR = 1 << 0, /* RFC 9110 5.6.2 */
	VCHAR = 1 << 1, /* visible ASCII */
	TEXT = 1 << 2,  /* VCHAR, obs-text, SP, HTAB: RFC 9110 5.5 */
	BLANK = 1 << 3, /* SP, HTAB */
	SP = 1 << 4,
	CR = 1 << 5,
	LF = 1 << 6,
	COLON = 1 << 7,
	SEMI = 1 << 8,
	DIGIT = 1 << 9,
	HEX = 1 << 10
};

enum { /* what one byte of ASCII is, in short */
	O = 0,
	V = VCHAR | TEXT,
	T = V | TCHAR,
	X = T | HEX,
	D = X | DIGIT,
	C = V | COLON,
	S = V | SEMI,
	B = BLANK | TEXT,
	_ = B | SP
};

/* clang-format off */
static const uint16_t ascii[128] = {
	O, O, O, O, O, O, O, O, O, B, LF, O, O, CR, O, O,
	O, O, O, O, O, O, O, O, O, O, O,  O, O, O,  O, O,
	_, T, V, T, T, T, T, T, V, V, T,  T, V, T,  T, V, /*  !"#$%&'()*+,-./ */
	D, D, D, D, D, D, D, D, D, D, C,  S, V, V,  V, V, /* 0123456789:;<=>? */
	V, X, X, X, X, X, X, T, T, T, T,  T, T, T,  T, T, /* @ABCDEFGHIJKLMNO */
	T, T, T, T, T, T, T, T, T, T, T,  V, V, V,  T, T, /* PQRSTUVWXYZ[\]^_ */
	T, X, X, X, X, X, X, T, T, T, T,  T, T, T,  T, T, /* `abcdefghijklmno */
	T, T, T, T, T, T, T, T, T, T, T,  V, T, V,  T, O  /* pqrstuvwxyz{|}~  */
};
/* clang-format on */

/* States of the grammar. */
enum state {
	BROKEN,
	END, /* of the phase */
	VERSION,
	VERSION_END,
	STATUS_1,
	STATUS_2,
	STATUS_3,
	STATUS_END,
	REASON,
	EMPTY, /* before a request line */
	EMPTY_LF,
	REQUEST,
	METHOD,
	METHOD_END,
	TARGET,
	LINE_CR,
	LINE_LF,
	FIELD,
	NAME,
	VALUE,
	VALUE_LF,
	LAST_LF,
	CHUNK_CR,
	CHUNK_LF,
	SIZE_FIRST,
	SIZE,
	SIZE_BLANK,
	EXTENSION
};

static const char no_lf[] = "carriage return without line feed";
static const char no_answer[] = "not an HTTP answer";
static const char no_request[] = "not an HTTP request";
static const char bad_status[] = "broken status line";
static const char bad_size[] = "broken chunk size";
static const char no_memory[] = "out of memory";
static const char too_large[] = "body too large";

enum { EXITS = 3 }; /* the most that a state of the grammar has */

/*
 * The grammar: bytes of the set `stay` keep the state, others move it on,
 * and what is not named breaks the message. VERSION is a word, not a set:
 * match_version() has it.
 */
static const struct {
	uint16_t stay;
	struct {
		uint16_t by;
		uint8_t to;
	} go[EXITS];
	const char *broken;
} rule[] = {
	/* RFC 9112 4; the blank after the code is left out by some servers */
	[VERSION] = { 0, { { 0, 0 } }, "not HTTP/1.0 or HTTP/1.1" },
	[VERSION_END] = { 0, { { SP, STATUS_1 } }, bad_status },
	[STATUS_1] = { 0, { { DIGIT, STATUS_2 } }, bad_status },
	[STATUS_2] = { 0, { { DIGIT, STATUS_3 } }, bad_status },
	[STATUS_3] = { 0, { { DIGIT, STATUS_END } }, bad_status },
	[STATUS_END] = { 0, { { SP, REASON }, { CR, LINE_LF } }, bad_status },
	[REASON] = { TEXT, { { CR, LINE_LF } }, bad_status },

	/* RFC 9112 3; 2.2 has the empty line before it */
	[EMPTY] = { 0, { { TCHAR, METHOD }, { CR, EMPTY_LF } }, no_request },
	[EMPTY_LF] = { 0, { { LF, REQUEST } }, no_lf },
	[REQUEST] = { 0, { { TCHAR, METHOD } }, no_request },
	[METHOD] = { TCHAR, { { SP, METHOD_END } }, "broken method" },
	[METHOD_END] = { 0, { { VCHAR, TARGET } }, "broken request target" },
	[TARGET] = { VCHAR, { { SP, VERSION } }, "broken request target" },
	[LINE_CR] = { 0, { { CR, LINE_LF } }, "broken request line" },
	[LINE_LF] = { 0, { { LF, END } }, no_lf },

	/* RFC 9112 5; no blank before the colon, no folding */
	[FIELD] = { 0, { { TCHAR, NAME }, { CR, LAST_LF } },
	    "field line without a name, or folded" },
	[NAME] = { TCHAR, { { COLON, VALUE } }, "broken field name" },
	[VALUE] = { TEXT, { { CR, VALUE_LF } },
	    "control character in a field" },
	[VALUE_LF] = { 0, { { LF, FIELD } }, no_lf },
	[LAST_LF] = { 0, { { LF, END } }, no_lf },

	/*
	 * RFC 9112 7.1. Extensions are not looked at (7.1.1): without CR
	 * and LF in them, nothing they say moves the end of the line.
	 */
	[CHUNK_CR] = { 0, { { CR, CHUNK_LF } }, "chunk longer than its size" },
	[CHUNK_LF] = { 0, { { LF, SIZE_FIRST } }, no_lf },
	[SIZE_FIRST] = { 0, { { HEX, SIZE } }, bad_size },
	[SIZE] = { HEX,
	    { { SEMI, EXTENSION }, { CR, LINE_LF }, { BLANK, SIZE_BLANK } },
	    bad_size },
	[SIZE_BLANK] = { BLANK, { { SEMI, EXTENSION } }, bad_size },
	[EXTENSION] = { TEXT, { { CR, LINE_LF } }, "broken chunk extension" },
};

/* What a first byte that is not HTTP tells about the port. */
static const struct {
	char first;
	const char *reason;
} stranger[] = {
	{ 0x00, "HTTP/2 came, not HTTP/1.1" },
	{ 0x15, "a TLS alert came, not HTTP: this port wants https" },
	{ 0x16, "a TLS handshake came, not HTTP: this port speaks https" },
	{ '2', "a greeting came, not HTTP: a mail or FTP server is here" },
	{ '4', "a greeting came, not HTTP: a mail or FTP server is here" },
	{ '5', "a greeting came, not HTTP: a mail or FTP server is here" },
	{ 'S', "a greeting came, not HTTP: an SSH server is here" },
	{ '<', "a page without a head came, not HTTP" },
};

enum { N_STRANGERS = sizeof(stranger) / sizeof(stranger[0]) };

static const char version[] = "HTTP/1.";
enum { VERSION_N = sizeof(version) - 1, SLASH_AT = 4 };

/* Latches; the first reason stays. */
static void
bad(struct http1 *h, const char *reason)
{
	if (h->phase != BAD)
		h->reason = reason;
	h->phase = BAD;
	h->state = BROKEN;
	h->keep_alive = false;
}

static void
go(struct http1 *h, enum phase phase, enum state state)
{
	h->phase = phase;
	h->state = state;
}

static void
start(struct http1 *h)
{
	h->line_n = h->n_fields = h->matched = 0;
	if (h->kind == HTTP1_REQUEST)
		go(h, REQUEST_LINE, EMPTY);
	else
		go(h, STATUS_LINE, VERSION);
}

void
http1_init(struct http1 *h, enum http1_kind kind)
{
	*h = (struct http1){ .kind = kind };
	buf_init_secret(&h->head, HTTP1_HEAD_MAX); /* Authorization, Cookie */
	start(h);
}

void
http1_release(struct http1 *h)
{
	buf_release(&h->head);
	*h = (struct http1){ 0 };
}

static void
add_digit(struct http1 *h, char digit)
{
	if (h->left >> 60 != 0) /* RFC 9112 7.1: no overflow */
		bad(h, bad_size);
	else
		h->left = h->left << 4 | (uint64_t)ascii_hex(digit);
}

/* Writes down where the parts of a head are; at: offset of this byte. */
static void
note(struct http1 *h, uint32_t at)
{
	struct http1_field *f = &h->field[h->n_fields % HTTP1_FIELDS_MAX];

	switch (h->state) {
	case METHOD:
		h->method = at;
		break;
	case METHOD_END:
		h->method_n = at - h->method;
		break;
	case TARGET:
		h->target = at;
		break;
	case VERSION:
		h->target_n = at - h->target;
		break;
	case NAME:
		if (h->n_fields == HTTP1_FIELDS_MAX)
			bad(h, "too many fields");
		else
			f->name = at;
		break;
	case VALUE:
		f->name_n = at - f->name;
		f->value = at + 1;
		break;
	case VALUE_LF:
		f->value_n = at - f->value;
		h->n_fields++;
		break;
	default:
		break;
	}
}

static enum state
match_version(struct http1 *h, char c)
{
	if (h->matched < VERSION_N)
		return c == version[h->matched++] ? VERSION : BROKEN;
	if (c != '0' && c != '1')
		return BROKEN;
	h->minor = c - '0';
	return h->kind == HTTP1_REQUEST ? LINE_CR : VERSION_END;
}

static enum state
next_state(struct http1 *h, char c)
{
	unsigned char at = (unsigned char)c;
	unsigned sets =
	    at < sizeof(ascii) / sizeof(ascii[0]) ? ascii[at] : TEXT;

	if ((sets & rule[h->state].stay) != 0)
		return (enum state)h->state;
	for (size_t i = 0; i < EXITS; i++)
		if ((sets & rule[h->state].go[i].by) != 0)
			return (enum state)rule[h->state].go[i].to;
	return BROKEN;
}

static const char *
why_broken(const struct http1 *h, unsigned was, char c, size_t at)
{
	if (at == 0 && h->phase < FIELDS)
		for (size_t i = 0; i < N_STRANGERS; i++)
			if (stranger[i].first == c)
				return stranger[i].reason;
	if (was == VERSION && h->matched <= SLASH_AT + 1)
		return h->kind == HTTP1_REQUEST ? no_request : no_answer;
	if (c == '\n')
		return "line feed without carriage return";
	return rule[was].broken;
}

static void
step(struct http1 *h, char c, size_t at)
{
	unsigned was = h->state;

	h->state = was == VERSION ? match_version(h, c) : next_state(h, c);
	if (h->state == BROKEN)
		bad(h, why_broken(h, was, c, at));
	else if (h->state == SIZE)
		add_digit(h, c);
	else if (h->state != was && h->phase <= FIELDS)
		note(h, (uint32_t)at);
}

static void
end_status_line(struct http1 *h, struct buf *body)
{
	const char *p = h->head.p + sizeof("HTTP/1.1");

	(void)body;
	h->status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
	if (h->status < 100 || h->status > 599)
		bad(h, "status code out of range");
	else
		go(h, FIELDS, FIELD);
}

static void
end_request_line(struct http1 *h, struct buf *body)
{
	(void)body;
	go(h, FIELDS, FIELD);
}

static struct str
head_part(const struct http1 *h, uint32_t at, uint32_t n)
{
	return str_first(str_from(buf_view(&h->head), at), n);
}

/* RFC 9110 8.6 would allow the same number twice; two may disagree. */
static void
take_length(struct http1 *h, struct str value)
{
	if (h->has_length)
		bad(h, "more than one Content-Length");
	else if (!str_u64(value, UINT64_MAX, &h->length))
		bad(h, "Content-Length is not a number");
	h->has_length = true;
}

static void
take_coding(struct http1 *h, struct str value)
{
	if (h->chunked)
		bad(h, "more than one Transfer-Encoding");
	else if (!str_ieq(value, STR("chunked")))
		bad(h, "Transfer-Encoding is not chunked");
	else if (h->minor == 0) /* RFC 9112 6.1: faulty */
		bad(h, "Transfer-Encoding with HTTP/1.0");
	h->chunked = true;
}

static void
take_connection(struct http1 *h, struct str value)
{
	struct str option;

	while (str_next(&value, ',', &option))
		if (str_ieq(str_trim(option), STR("close")))
			h->keep_alive = false;
}

/* The fields that say where a message and a connection end. */
static const struct {
	struct str name;
	void (*take)(struct http1 *h, struct str value);
	bool of_body;
} framing[] = {
	{ STR_INIT("Content-Length"), take_length, true },
	{ STR_INIT("Transfer-Encoding"), take_coding, true },
	{ STR_INIT("Connection"), take_connection, false },
};

enum { N_FRAMING = sizeof(framing) / sizeof(framing[0]) };

/* RFC 9110 9.3.6: a 2xx to CONNECT announces no body, whatever it says. */
static bool
matters(const struct http1 *h, size_t i, struct str name)
{
	return str_ieq(name, framing[i].name) &&
	    !(framing[i].of_body && h->kind == HTTP1_ANSWER_NO_BODY);
}

static void
read_field(struct http1 *h, struct http1_field *f)
{
	struct str name = head_part(h, f->name, f->name_n);
	struct str value = str_trim(head_part(h, f->value, f->value_n));

	f->value = (uint32_t)(value.p - h->head.p);
	f->value_n = (uint32_t)value.n;
	for (size_t i = 0; i < N_FRAMING; i++)
		if (matters(h, i, name))
			framing[i].take(h, value);
}

static void
skip_interim(struct http1 *h)
{
	if (h->status == 101) { /* RFC 9110 15.2.2 */
		bad(h, "101: a change of protocol that nobody asked for");
		return;
	}
	if (h->interim++ == HTTP1_INTERIM_MAX) {
		bad(h, "too many interim answers");
		return;
	}
	buf_reset(&h->head);
	start(h);
}

/* RFC 9112 6.3, items 1 and 2. */
static bool
has_no_body(const struct http1 *h)
{
	return h->kind == HTTP1_ANSWER_NO_BODY ||
	    (h->kind == HTTP1_ANSWER && (h->status == 204 || h->status == 304));
}

static size_t
room(const struct buf *body)
{
	return body->limit - body->n;
}

/* RFC 9112 6.3, in its order. */
static void
begin_body(struct http1 *h, struct buf *body)
{
	h->line_n = 0;
	if (has_no_body(h)) {
		/* A 204 that announces a body may send one. */
		if (h->status == 204 && (h->chunked || h->length > 0))
			h->keep_alive = false;
		go(h, DONE, END);
	} else if (h->chunked) {
		go(h, SIZE_LINE, SIZE_FIRST);
	} else if (h->has_length) {
		h->left = h->length;
		go(h, h->left > 0 ? BODY : DONE, END);
		if (h->left > room(body))
			bad(h, too_large);
	} else if (h->kind == HTTP1_REQUEST) {
		go(h, DONE, END);
	} else {
		h->until_close = true;
		h->keep_alive = false;
		go(h, TO_CLOSE, END);
	}
}

static void
end_fields(struct http1 *h, struct buf *body)
{
	if (h->kind != HTTP1_REQUEST && h->status < 200) {
		skip_interim(h);
		return;
	}
	h->keep_alive = h->minor == 1; /* RFC 9112 9.3 */
	for (size_t i = 0; i < h->n_fields; i++)
		read_field(h, &h->field[i]);
	if (h->chunked && h->has_length) /* RFC 9112 6.3, item 3 */
		bad(h, "both Content-Length and Transfer-Encoding");
	if (h->phase == BAD)
		return;
	h->headed = true;
	begin_body(h, body);
}

static void
end_size(struct http1 *h, struct buf *body)
{
	h->framing += h->line_n;
	h->line_n = 0;
	if (h->left == 0) {
		go(h, TRAILERS, FIELD);
		return;
	}
	if (h->left > room(body)) {
		bad(h, too_large);
		return;
	}
	h->data += h->left;
	if (h->framing > HTTP1_CHUNK_FREE &&
	    h->framing / HTTP1_CHUNK_RATIO > h->data)
		bad(h, "more chunk framing than data");
	else
		go(h, CHUNK, END);
}

static void
end_trailers(struct http1 *h, struct buf *body)
{
	(void)body;
	go(h, DONE, END);
}

static const struct {
	size_t most; /* bytes, counted by line_n */
	const char *too_long;
	void (*end)(struct http1 *h, struct buf *body);
} line[] = {
	[STATUS_LINE] = { HTTP1_LINE_MAX, "status line too long",
	    end_status_line },
	[REQUEST_LINE] = { HTTP1_REQUEST_MAX, "request line too long",
	    end_request_line },
	[FIELDS] = { HTTP1_HEAD_MAX, "head too large", end_fields },
	[SIZE_LINE] = { HTTP1_CHUNK_LINE_MAX, "chunk-size line too long",
	    end_size },
	[TRAILERS] = { HTTP1_TRAILER_MAX, "trailers too large", end_trailers },
};

/*
 * Walks the grammar to the end of the phase, of the input, or of what is
 * allowed, whichever comes first: so a cut changes nothing.
 */
static void
feed_line(struct http1 *h, struct str *in, struct buf *body)
{
	unsigned phase = h->phase;
	struct str bytes = str_first(*in, line[phase].most - h->line_n);
	size_t n = 0;

	if (bytes.n == 0) {
		*in = str_from(*in, 1);
		bad(h, line[phase].too_long);
		return;
	}
	for (; n < bytes.n && h->state > END; n++)
		step(h, bytes.p[n], h->line_n + n);
	*in = str_from(*in, n);
	h->line_n += n;
	if (phase <= FIELDS)
		buf_add(&h->head, bytes.p, n);
	if (h->head.no_memory)
		bad(h, no_memory);
	if (h->state == END)
		line[phase].end(h, body);
}

static void
move(struct http1 *h, struct str *in, size_t n, struct buf *body)
{
	buf_add(body, in->p, n);
	*in = str_from(*in, n);
	if (body->no_memory)
		bad(h, no_memory);
	else if (body->full)
		bad(h, too_large);
}

static void
feed_counted(struct http1 *h, struct str *in, struct buf *body)
{
	size_t n = h->left < in->n ? (size_t)h->left : in->n;

	h->left -= n;
	move(h, in, n, body);
	if (h->left > 0 || h->phase == BAD)
		return;
	if (h->phase == BODY)
		go(h, DONE, END);
	else
		go(h, SIZE_LINE, CHUNK_CR);
}

static void
feed_to_close(struct http1 *h, struct str *in, struct buf *body)
{
	size_t n = room(body) < in->n ? room(body) : in->n;

	if (n > 0) {
		move(h, in, n, body);
		return;
	}
	*in = str_from(*in, 1);
	bad(h, too_large);
}

static void (*const feed[])(struct http1 *, struct str *, struct buf *) = {
	[STATUS_LINE] = feed_line,
	[REQUEST_LINE] = feed_line,
	[FIELDS] = feed_line,
	[SIZE_LINE] = feed_line,
	[TRAILERS] = feed_line,
	[BODY] = feed_counted,
	[CHUNK] = feed_counted,
	[TO_CLOSE] = feed_to_close,
};

static enum parse
result(const struct http1 *h)
{
	if (h->phase < DONE)
		return PARSE_MORE;
	return h->phase == DONE ? PARSE_DONE : PARSE_BAD;
}

enum parse
http1_feed(struct http1 *h, struct str *in, struct buf *body)
{
	while (in->n > 0 && h->phase < DONE)
		feed[h->phase](h, in, body);
	return result(h);
}

enum parse
http1_finish(struct http1 *h)
{
	if (h->phase == TO_CLOSE)
		go(h, DONE, END);
	else if (http1_is_untouched(h))
		bad(h, "connection closed without an answer");
	else if (h->phase <= FIELDS)
		bad(h, "connection closed before the end of the head");
	else if (h->phase < DONE)
		bad(h, "connection closed before the end of the body");
	return result(h);
}

bool
http1_has_head(const struct http1 *h)
{
	return h->headed;
}

bool
http1_is_untouched(const struct http1 *h)
{
	return !h->headed && h->line_n == 0 && h->interim == 0;
}

struct str
http1_field(const struct http1 *h, struct str name)
{
	const struct http1_field *f = h->field;

	for (size_t i = 0; h->headed && i < h->n_fields; i++, f++)
		if (str_ieq(head_part(h, f->name, f->name_n), name))
			return head_part(h, f->value, f->value_n);
	return (struct str){ 0 };
}

struct str
http1_method(const struct http1 *h)
{
	if (!h->headed)
		return (struct str){ 0 };
	return head_part(h, h->method, h->method_n);
}

struct str
http1_target(const struct http1 *h)
{
	if (!h->headed)
		return (struct str){ 0 };
	return head_part(h, h->target, h->target_n);
}
