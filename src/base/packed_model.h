/* SPDX-License-Identifier: MIT */
/*
 * packed_model: what the next bit of a text will be, learned from those
 * before it. vendor/pack.c packs by it and packed.c unpacks by it, so that
 * the two cannot differ. Integers only: the same on every machine.
 *
 * Five guesses, by the last 1, 2, 3 and 4 bytes and by the word so far, are
 * mixed; the mixer learns whom to trust.
 *
 * Source: M. Mahoney, Adaptive Weighing of Context Models for Lossless Data
 * Compression (2005), and his lpaq1.
 */
#ifndef BASE_PACKED_MODEL_H
#define BASE_PACKED_MODEL_H

#include <stdint.h>

enum {
	PACKED_ONE = 4096, /* a probability of 1 */
	PACKED_GUESSES = 5,
	PACKED_SLOTS = 1 << 16 /* of a guess; 60 kB of text fill them */
};

struct packed_model {
	int p; /* the probability that the next bit is 1; 1 to 4095 */
	/* 12 bits: that probability after some bits; 4: how often seen */
	uint16_t slot[PACKED_GUESSES][PACKED_SLOTS];
	int16_t stretched[PACKED_ONE];       /* ln(p / (1 - p)) in 256ths */
	int32_t weight[256][PACKED_GUESSES]; /* by `byte`; 65536 is 1 */
	uint32_t context[PACKED_GUESSES];    /* hashes */
	uint16_t *at[PACKED_GUESSES];        /* the slots of the next bit */
	int guess[PACKED_GUESSES];           /* what they say, stretched */
	uint32_t last, word; /* four bytes; a hash of the letters */
	uint32_t byte;       /* its bits so far, behind a 1 */
};

void packed_model_init(struct packed_model *m);
/* The next bit is this one, 0 or 1: p is then that of the bit after it. */
void packed_model_learn(struct packed_model *m, int bit);

#endif
