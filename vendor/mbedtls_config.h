/* SPDX-License-Identifier: MIT */
/*
 * mbedtls_config: what of mbedTLS 3.6 is switched on, and why.
 *
 * What is not here is off. Off on purpose: DTLS, renegotiation, TLS 1.2 with
 * PSK, finite-field DH, MD5, DES, CRLs,
 * certificate requests, debug and information texts, file and socket access
 * (base/os and net/ do that), self tests, threads, and mbedTLS's own random
 * generator (see MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG).
 */
#ifndef POST365_MBEDTLS_CONFIG_H
#define POST365_MBEDTLS_CONFIG_H

/* clang-format off */

/* The machine */
#define MBEDTLS_HAVE_ASM		/* bignum and AES-NI in assembly */
#define MBEDTLS_HAVE_TIME		/* age of tickets */
#define MBEDTLS_HAVE_TIME_DATE		/* notBefore and notAfter count */
#define MBEDTLS_AESNI_C			/* x86: asked of the CPU at run time */
#define MBEDTLS_AESCE_C			/* Arm: the same */
#if defined(__aarch64__)
#define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT	/* 4 times quicker */
#define MBEDTLS_SHA512_USE_A64_CRYPTO_IF_PRESENT
#endif

/* Randomness */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG	/* getrandom(2) every time, see
	vendor/mbedtls_random.c: no state that a fork() would duplicate, and
	under musl mbedTLS itself would open /dev/urandom */

/* Ciphers and hashes */
#define MBEDTLS_CIPHER_C		/* TLS 1.2 records */
#define MBEDTLS_AES_C			/* the suites that Microsoft offers */
#define MBEDTLS_AES_ROM_TABLES		/* constant: pages shared by processes */
#define MBEDTLS_AES_FEWER_TABLES	/* 6 KB less; only without AES-NI used */
#define MBEDTLS_GCM_C			/* the suites that Microsoft offers */
#define MBEDTLS_CHACHA20_C		/* machines without AES instructions */
#define MBEDTLS_POLY1305_C		/* the other half of it */
#define MBEDTLS_CHACHAPOLY_C		/* and the suite */
#define MBEDTLS_CIPHER_MODE_CBC		/* encrypted key files, not TLS */
#define MBEDTLS_CIPHER_PADDING_PKCS7	/* the same */
#define MBEDTLS_MD_C			/* every signature */
#define MBEDTLS_SHA1_C			/* x5t of a client assertion; PBKDF2 of
	older key files. No signature scheme of TLS below accepts it */
#define MBEDTLS_SHA1_PROCESS_ALT	/* a loop: vendor/mbedtls_sha1.c */
#define MBEDTLS_SHA256_SMALLER		/* a loop: 1 kB less */
#define MBEDTLS_SHA256_C		/* most signatures, TLS 1.2 and 1.3 */
#define MBEDTLS_SHA384_C		/* AES-256-GCM suites, ECC roots */
#define MBEDTLS_SHA512_C		/* RS512 in Microsoft's list of algorithms */
#define MBEDTLS_SHA512_SMALLER		/* a loop; at -Oz as quick as without */
#define MBEDTLS_HKDF_C			/* key schedule of TLS 1.3 */

/* Public keys */
#define MBEDTLS_BIGNUM_C		/* under RSA and ECP */
#define MBEDTLS_OID_C			/* names of algorithms */
#define MBEDTLS_ASN1_PARSE_C		/* certificates, keys */
#define MBEDTLS_ASN1_WRITE_C		/* signatures, made certificates */
#define MBEDTLS_RSA_C			/* most of Microsoft's leaves */
#define MBEDTLS_PKCS1_V15		/* signatures in certificates; RS256 */
#define MBEDTLS_PKCS1_V21		/* PSS: TLS 1.3, and PS256 assertions */
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT	/* PSS in certificates */
#define MBEDTLS_ECP_C			/* key exchange and ECDSA */
#define MBEDTLS_ECP_NIST_OPTIM		/* 4 to 8 times quicker */
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0	/* 16 kB less; an exchange by P-256 is
	0.4 ms slower, one by X25519 (which is offered first) is not */
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED	/* exchange, leaves */
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED	/* exchange, roots */
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED	/* in Microsoft's list */
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED	/* exchange: X25519 */
#define MBEDTLS_ECDH_C			/* the only key exchange */
#define MBEDTLS_ECDSA_C			/* ECC leaves and roots; ES256 */
#define MBEDTLS_PK_C			/* RSA and EC by one name */
#define MBEDTLS_PK_PARSE_C		/* key files */
#define MBEDTLS_PK_PARSE_EC_COMPRESSED	/* points as some CAs write them */
#define MBEDTLS_PK_WRITE_C		/* the sandbox's own certificate */
#define MBEDTLS_PKCS5_C			/* encrypted PKCS#8: PBES2 with AES */
#define MBEDTLS_BASE64_C		/* PEM */
#define MBEDTLS_PEM_PARSE_C		/* key and certificate files */
#define MBEDTLS_PEM_WRITE_C		/* the sandbox's own certificate */

/* PSA: TLS 1.3 in 3.6 does its cryptography by it. Keys live in memory only:
 * no PSA storage. */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CONFIG	/* what PSA can do is no more than: */
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE <mbedtls_config.h>	/* this list */
#define PSA_WANT_ALG_ECDH 1		/* the exchange, with a key made for it */
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1
#define PSA_WANT_ALG_HKDF_EXTRACT 1	/* the key schedule */
#define PSA_WANT_ALG_HKDF_EXPAND 1
#define PSA_WANT_KEY_TYPE_DERIVE 1
#define PSA_WANT_ALG_HMAC 1		/* Finished, and the binder of a ticket */
#define PSA_WANT_KEY_TYPE_HMAC 1

/* Certificates */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CREATE_C		/* the sandbox's own certificate */
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_X509_REMOVE_INFO	/* net/trust writes its own sentences */
#define MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK	/* "ca = auto": the
	system's store is read only where the built-in roots do not suffice */
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 8	/* chains of four occur */

/* TLS */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C		/* to Microsoft */
#define MBEDTLS_SSL_SRV_C		/* the relay's STARTTLS, the sandbox */
#define MBEDTLS_SSL_PROTO_TLS1_2	/* all of Microsoft 365 */
#define MBEDTLS_SSL_PROTO_TLS1_3	/* some of it, and growing */
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE	/* middleboxes (RFC 8446 D.4) */
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED /* tickets:
	psk_dhe_ke, the mode with forward secrecy */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED		/* TLS 1.2 */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED	/* TLS 1.2 */
#define MBEDTLS_KEY_EXCHANGE_RSA_ENABLED	/* of a listener that says "legacy",
	for printers; never offered otherwise */
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET	/* RFC 7627 */
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN			/* ask for http/1.1 */
#define MBEDTLS_SSL_SESSION_TICKETS	/* a new process resumes: one round
	trip and the certificate check less */
#define MBEDTLS_SSL_TICKET_C		/* the relay's side of it */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE	/* to name who issued it */
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES	/* say why to the other side */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384	/* RFC 8446 5.1: a peer may */
#define MBEDTLS_SSL_OUT_CONTENT_LEN 16384	/* uploads of megabytes */


/*
 * All suites that are offered and accepted; net/tls names those of a listener
 * that says "legacy". Naming them keeps CBC out of all other TLS. x86-64 has AES instructions
 * for many years now; elsewhere ChaCha20 is the safe bet, and a server that
 * knows better chooses by its own order, as Microsoft's do.
 */
#define POST365_SUITES_AES \
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384, \
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256, \
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, \
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, \
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
#define POST365_SUITES_CHACHA \
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, \
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
#if defined(__x86_64__)
#define MBEDTLS_SSL_CIPHERSUITES POST365_SUITES_AES, POST365_SUITES_CHACHA
#else
#define MBEDTLS_SSL_CIPHERSUITES POST365_SUITES_CHACHA, POST365_SUITES_AES
#endif

/* clang-format on */

#endif
