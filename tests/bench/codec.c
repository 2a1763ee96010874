/* SPDX-License-Identifier: MIT */
/*
 * codec: how many bytes a second pass through base64 and the MIME reader.
 *
 *	codec	prints "base64 N" and "mime N", MB of input a second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/base64.h"
#include "mail/mime.h"

enum { SIZE = 48 * 1024 * 1024, PIECE = 16384, ROUNDS = 5 };

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
encode(struct str in, char *out)
{
	double start = seconds();

	for (size_t at = 0; at + 12288 <= in.n; at += 12288)
		base64_write(out, (struct str){ in.p + at, 12288 });
	return (double)in.n / 1e6 / (seconds() - start);
}

/* A message with one large attachment, as lines of base64. */
static double
scan(struct str in)
{
	struct mime_part *root;
	struct arena a;
	struct mime m;
	struct err e;
	double start = seconds();

	arena_init(&a, 1 << 20);
	mime_init(&m, &a);
	mime_feed(&m,
	    STR("Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
	for (size_t at = 0; at < in.n; at += PIECE)
		mime_feed(&m, str_first(str_from(in, at), PIECE));
	if (!mime_finish(&m, &root, &e))
		exit(1);
	mime_release(&m);
	arena_release(&a);
	return (double)in.n / 1e6 / (seconds() - start);
}

int
main(void)
{
	char *bytes = malloc(SIZE), *text = malloc(SIZE);
	double best[2] = { 0 }, now;

	if (bytes == NULL || text == NULL)
		return 1;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'A';
	for (int i = 0; i < ROUNDS; i++) {
		now = encode((struct str){ bytes, SIZE }, text);
		best[0] = now > best[0] ? now : best[0];
		now = scan((struct str){ bytes, SIZE });
		best[1] = now > best[1] ? now : best[1];
	}
	printf("base64 %.0f\nmime %.0f\n", best[0], best[1]);
	free(bytes);
	free(text);
	return 0;
}
