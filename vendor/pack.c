/* SPDX-License-Identifier: MIT */
/*
 * pack: packs files into one stream for src/base/packed.c. It runs on the
 * machine that builds, with that machine's C library; build.sh (texts) calls
 * it. "pack FOLDER FILE..." writes FOLDER/texts.h, which names them, and
 * FOLDER/texts_packed.h with their bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/packed_model.h"

enum { PACK_MOST = 1 << 20 };

static struct packed_model model;
static unsigned char text[PACK_MOST];
static size_t length;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static FILE *
create(const char *folder, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		die(path);
	return f;
}

static void
take(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die(path);
	length += fread(text + length, 1, PACK_MOST - length, f);
	if (ferror(f) || length == PACK_MOST)
		die(path);
	fclose(f);
}

/* src/texts/help-relay.txt: TEXT_HELP_RELAY */
static void
put_name(FILE *f, const char *path)
{
	const char *p = strrchr(path, '/') + 1, *end = strrchr(p, '.');

	fputs("\tTEXT_", f);
	for (; p < end; p++) {
		if (*p >= 'a' && *p <= 'z')
			fputc(*p - 'a' + 'A', f);
		else
			fputc(*p == '-' || *p == '.' ? '_' : *p, f);
	}
	fputs(",\n", f);
}

static void
put_names(FILE *f, char **path)
{
	fputs("/* made by vendor/pack.c */\nenum packed_text {\n"
	      "\tTEXT_NONE,\n",
	    f);
	for (char **p = path; *p != NULL; p++)
		put_name(f, *p);
	fputs("\tPACKED_TEXTS\n};\n#define PACKED_FILES \"\"", f);
	for (; *path != NULL; path++)
		fprintf(f, ", \"%s\"", *path);
	fputc('\n', f);
}

/* Arithmetic coding: the interval narrows with each bit. */
static void
put_stream(FILE *f)
{
	uint32_t low = 0, high = UINT32_MAX, middle;

	fputs("static const unsigned char packed_bytes[] = {", f);
	packed_model_init(&model);
	for (size_t i = 0; i < length; i++)
		for (int k = 7; k >= 0; k--) {
			int bit = text[i] >> k & 1;

			middle =
			    low + (high - low) / PACKED_ONE * (uint32_t)model.p;
			if (bit)
				high = middle;
			else
				low = middle + 1;
			packed_model_learn(&model, bit);
			for (; (low ^ high) >> 24 == 0; low <<= 8) {
				fprintf(f, "%d,\n", (int)(high >> 24));
				high = high << 8 | 255;
			}
		}
	/* zeros follow it: that is above low */
	fprintf(f, "%d };\n", (int)(high >> 24));
}

int
main(int argc, char **argv)
{
	FILE *names, *bytes;

	if (argc < 3)
		return 64;
	names = create(argv[1], "texts.h");
	bytes = create(argv[1], "texts_packed.h");
	put_names(names, argv + 2);
	fputs("/* made by vendor/pack.c */\n"
	      "static const uint32_t packed_ends[] = { 0",
	    bytes);
	for (int i = 2; i < argc; i++) {
		take(argv[i]);
		fprintf(bytes, ", %lu", (unsigned long)length);
	}
	fputs(" };\n", bytes);
	put_stream(bytes);
	if (fclose(names) != 0 || fclose(bytes) != 0)
		die(argv[1]);
	return 0;
}
