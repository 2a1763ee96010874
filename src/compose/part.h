/* SPDX-License-Identifier: MIT */
/*
 * prepare_part: the parts of a ready message, decoded: attachments as files
 * that go by themselves, texts into memory.
 *
 * A file is a part that has a name, is called an attachment, is a message, or
 * is no text; but nothing that is signed or encrypted, nor a part of an
 * attached message: they stay where they are.
 */
#ifndef COMPOSE_PART_H
#define COMPOSE_PART_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/source.h"
#include "base/temp.h"
#include "mail/message.h"
#include "mail/mime.h"

struct prepare_part {
	struct arena *mem;        /* borrowed: names and ranges */
	const struct source *raw; /* borrowed: the message */
	struct str spool;         /* temp.h; borrowed */
	bool look;           /* files have about their size, and no content */
	struct temp decoded; /* of all files, one behind the other */
};

bool prepare_part_is_file(const struct mime_part *p);

/*
 * Whether text that was decoded is all there: no byte that could not be read,
 * no encoded word that stayed one.
 */
bool prepare_part_is_whole(struct str text);

/* A text of the message itself, which is shown and not attached. */
bool prepare_part_is_text(const struct mime_part *p);

/*
 * The parts of a message for which `is` holds, the largest first; at most max.
 * Gives how many; they live in the tree.
 */
typedef bool prepare_part_is(const struct mime_part *p);
size_t prepare_part_list(const struct mime_part *root, prepare_part_is *is,
    const struct mime_part **out, size_t max);

/*
 * Bytes of its content at the least: lines may be short, and the last one of
 * base64 is padded.
 */
uint64_t prepare_part_size(const struct mime_part *p);

/*
 * Its content as a source, decoded into a temporary file where it has to be.
 * *sound is false when others may decode it differently: leave it as it is.
 */
bool prepare_part_file(struct prepare_part *s, const struct mime_part *p,
    struct message_file *out, bool *sound, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Appends its text as UTF-8; out is full if that is more than its limit.
 * *sound is false when its charset is not known here, or not what the text is
 * in.
 */
bool prepare_part_text(struct prepare_part *s, const struct mime_part *p,
    struct buf *out, bool *sound, struct err *e)
    __attribute__((warn_unused_result));

void prepare_part_release(struct prepare_part *s);

#endif
