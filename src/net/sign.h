/* SPDX-License-Identifier: MIT */
/*
 * sign: an RSA key and its certificate, and signatures by them.
 *
 * Reads PEM, with other text around it: certificate and key in one file or
 * in two, the key as PKCS#8, encrypted PKCS#8 (PBES2 with AES) or PKCS#1. Of
 * several certificates (a chain) it is the one that belongs to the key; of
 * several keys the first.
 *
 * Source: RFC 7518 3.3 (RS256), 3.5 (PS256: MGF1 with SHA-256, 32 bytes of
 * salt); RFC 7468; RFC 8018; facts.md 1.3.
 */
#ifndef NET_SIGN_H
#define NET_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum sign_alg { SIGN_PS256, SIGN_RS256 };

enum {
	SIGN_FILE_MAX = 1024 * 1024,  /* a chain has some KB */
	SIGN_BITS_MIN = 2048,         /* less is refused: AADSTS50032 */
	SIGN_BITS_MAX = 8192,         /* slower than anybody would wait for */
	SIGN_MAX = SIGN_BITS_MAX / 8, /* bytes of a signature */
	SIGN_SHA256_SIZE = 32,
	SIGN_SHA1_SIZE = 20
};

struct sign {
	struct arena mem;
	struct sign_state *state;               /* of sign.c */
	unsigned char sha256[SIGN_SHA256_SIZE]; /* over the certificate's DER */
	unsigned char sha1[SIGN_SHA1_SIZE];
	int64_t from, until; /* of the certificate; seconds since 1970 */
	unsigned bits;       /* of the key */
};

/* A file that was read, and its name for messages. Borrowed. */
struct sign_file {
	const char *path;
	struct str text;
};

struct sign_files {
	struct sign_file certificate, key; /* twice the same is fine */
	const struct secret *password;     /* may be empty or NULL */
};

/*
 * Loads and checks that key and certificate belong together. ERR_CONFIG with
 * file, reason and remedy: no PEM, PKCS#12 (with the openssl line that
 * converts it), wrong or missing password, a key that is not RSA, too short
 * or damaged, a key of another certificate. ERR_RETRY: no memory. Release in
 * any case.
 */
bool sign_load(struct sign *s, const struct sign_files *files, struct err *e)
    __attribute__((warn_unused_result));

struct signature {
	unsigned char bytes[SIGN_MAX];
	size_t n;
};
/* Signs the bytes. ERR_BUG, ERR_RETRY. */
bool sign_bytes(const struct sign *s, enum sign_alg alg, struct str bytes,
    struct signature *out, struct err *e) __attribute__((warn_unused_result));

void sign_release(struct sign *s); /* wipes the key; zeroed is fine */

#endif
