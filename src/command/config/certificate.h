/* SPDX-License-Identifier: MIT */
/*
 * certificate: `post365 config certificate`: a key and a certificate to sign
 * in by, in one PEM file, and the certificate alone beside it, to upload.
 */
#ifndef COMMAND_CONFIG_CERTIFICATE_H
#define COMMAND_CONFIG_CERTIFICATE_H

#include <stdint.h>

#include "base/arena.h"
#include "command/config/settings.h"

enum {
	CERTIFICATE_DAYS = 730, /* as long as the portal lets a secret live */
	CERTIFICATE_DAYS_MAX = 3650,
	CERTIFICATE_HEX = 41
};

struct certificate_made {
	const char *path; /* borrowed; the other is PATH.crt */
	int64_t until;    /* seconds since 1970 */
	char thumbprint[CERTIFICATE_HEX];
};

/* Makes both files, or none: ERR_CONFIG with exit 73 where one is there. */
bool certificate_make(struct certificate_made *m, unsigned days, struct err *e)
    __attribute__((warn_unused_result));
void certificate_unmake(const struct certificate_made *m);

/* Where to upload it, on standard error. */
void certificate_tell(const struct certificate_made *m);

/* A path from the root on, for a setting. Lives in a. */
struct str certificate_place(struct arena *a, const char *path);

int settings_certificate(const struct settings *s);

#endif
