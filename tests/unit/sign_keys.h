/* SPDX-License-Identifier: MIT */
/*
 * sign_keys: keys for tests, made with openssl for this and nothing else.
 */
#ifndef UNIT_SIGN_KEYS_H
#define UNIT_SIGN_KEYS_H

/* the certificate of the key, until 2126 */
extern const char keys_cert[];
/* RSA 2048 */
extern const char keys_pkcs8[];
/* the same as PKCS#1 */
extern const char keys_pkcs1[];
/* the same, encrypted with the password "test" */
extern const char keys_aes128_sha1[];
extern const char keys_aes192_sha512[];
extern const char keys_aes256_sha256[];
extern const char keys_des3[];
/* the same in RFC 1421's way */
extern const char keys_traditional[];
/* RSA 1024 */
extern const char keys_short_key[];
/* of another RSA key */
extern const char keys_other_cert[];
/* P-256 */
extern const char keys_ec[];
/* the same as SEC 1 */
extern const char keys_sec1[];
extern const char keys_ed25519[];
extern const char keys_ed25519_cert[];

/* What openssl makes of "hello" with the key by RS256, and of the DER. */
enum { KEYS_SIGNATURE_SIZE = 256 };
extern const unsigned char keys_signature[KEYS_SIGNATURE_SIZE];
extern const char keys_sha256[], keys_sha1[]; /* base64url */

#endif
