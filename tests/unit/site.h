/* SPDX-License-Identifier: MIT */
/*
 * site: what a TLS server and its clients need: a certificate for one name,
 * a file of its authority's in a folder of its own, and trust in that.
 */
#ifndef UNIT_SITE_H
#define UNIT_SITE_H

#include "folder.h"
#include "net/cert.h"
#include "net/trust.h"

struct site {
	char folder[FOLDER_SIZE], ca[FOLDER_SIZE + 8]; /* the file's path */
	struct cert cert;
	struct trust trust;
};

/* Both end the program if that cannot be. */
void site_make(struct site *s, struct str name);
/* The file holds this now, and the trust is in that. */
void site_trusts(struct site *s, struct str pem);
void site_end(struct site *s);

#endif
