/* SPDX-License-Identifier: MIT */
#include "base/packed_model.h"

#include <string.h>

enum {
	MODEL_WEIGHT = 20000, /* at the start: all guesses count alike */
	MODEL_RATE = 14,      /* how fast the mixer learns */
	MODEL_SEEN = 10,      /* from here on a slot learns no slower */
	MODEL_EDGE = 2047     /* the largest stretched probability */
};

/* 4096 / (1 + e^(-x / 256)), the inverse of stretching, by a line between
   33 points. */
static int
model_squash(int x)
{
	static const int16_t point[] = { 1, 2, 3, 6, 10, 16, 27, 45, 73, 120,
		194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607,
		3785, 3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092,
		4093, 4094 };
	int i, part;

	if (x > MODEL_EDGE)
		x = MODEL_EDGE;
	if (x < -MODEL_EDGE)
		x = -MODEL_EDGE;
	i = (x + 2048) / 128;
	part = (x + 2048) % 128;
	return (point[i] * (128 - part) + point[i + 1] * part + 64) / 128;
}

static void
model_guess(struct packed_model *m)
{
	const int32_t *weight = m->weight[m->byte];
	int64_t sum = 0;
	uint32_t h;

	for (int i = 0; i < PACKED_GUESSES; i++) {
		h = m->context[i] + m->byte * 0x9e3779b1U;
		h = (h ^ h >> 15) * 0x85ebca6bU;
		m->at[i] = &m->slot[i][h / (UINT32_MAX / PACKED_SLOTS + 1)];
		m->guess[i] = m->stretched[*m->at[i] / 16];
		sum += (int64_t)weight[i] * m->guess[i];
	}
	sum /= 65536;
	m->p = model_squash(sum > MODEL_EDGE ? MODEL_EDGE :
		sum < -MODEL_EDGE            ? -MODEL_EDGE :
					       (int)sum);
}

/* A byte is whole: what the next one is guessed by. */
static void
model_turn(struct packed_model *m)
{
	uint32_t c = m->byte & 255, letter = c | 32;

	m->last = m->last << 8 | c;
	m->word = letter >= 'a' && letter <= 'z' ?
	    (m->word + letter) * 0x2f0b4c47U :
	    0;
	m->byte = 1;
	for (int i = 0; i < PACKED_GUESSES; i++) {
		uint32_t seen = i < 4 ? m->last << (24 - 8 * i) : m->word;

		m->context[i] = (seen + (uint32_t)i + 1) * 0x2545f491U;
	}
}

void
packed_model_init(struct packed_model *m)
{
	int p = 0;

	memset(m, 0, sizeof(*m));
	for (int i = 0; i < PACKED_GUESSES; i++) {
		for (int k = 0; k < PACKED_SLOTS; k++)
			m->slot[i][k] = PACKED_ONE / 2 * 16;
		for (int k = 0; k < 256; k++)
			m->weight[k][i] = MODEL_WEIGHT;
	}
	for (int x = -MODEL_EDGE; x <= MODEL_EDGE; x++)
		for (; p <= model_squash(x); p++)
			m->stretched[p] = (int16_t)x;
	for (; p < PACKED_ONE; p++)
		m->stretched[p] = MODEL_EDGE;
	model_turn(m);
	model_guess(m);
}

void
packed_model_learn(struct packed_model *m, int bit)
{
	/* 65536 / (seen + 1.5) */
	static const uint16_t part[] = { 43691, 26214, 18725, 14564, 11916,
		10082, 8738, 7710, 6899, 6242, 5699 };
	int32_t *weight = m->weight[m->byte];
	int wrong = (bit * PACKED_ONE - m->p) * MODEL_RATE;

	for (int i = 0; i < PACKED_GUESSES; i++) {
		int p = *m->at[i] / 16, seen = *m->at[i] % 16;

		weight[i] += (m->guess[i] * wrong) / 65536;
		p += (bit * (PACKED_ONE - 1) - p) * part[seen] / 65536;
		*m->at[i] = (uint16_t)(p * 16 + seen + (seen < MODEL_SEEN));
	}
	m->byte = m->byte * 2 + (uint32_t)bit;
	if (m->byte > 255)
		model_turn(m);
	model_guess(m);
}
