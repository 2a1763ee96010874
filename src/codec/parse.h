/* SPDX-License-Identifier: MIT */
/* parse: what an incremental parser says after it was fed. */
#ifndef CODEC_PARSE_H
#define CODEC_PARSE_H

enum parse {
	PARSE_MORE, /* so far so good */
	PARSE_DONE, /* complete; bytes after the end are left in the input */
	PARSE_BAD   /* broken, and stays so */
};

#endif
