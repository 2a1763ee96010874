/* SPDX-License-Identifier: MIT */
/*
 * managed: tokens for a managed identity, from the endpoint that Azure puts
 * beside the program.
 *
 * Connections of their own, never through a proxy. Plain HTTP goes to where
 * the platform says, since nobody else says it (config/managed_find.h). No
 * redirect is followed.
 *
 * Patience: IMDS may be away for 70 s while it is updated (410), so it is
 * asked 6 times within 72 s after 404, 410, 429 and 5xx; the others, and
 * what cannot be reached, 3 times. Retry-After is obeyed; what would end
 * after the deadline is not waited for.
 *
 * Source: facts.md 1.5.
 */
#ifndef GRAPH_MANAGED_H
#define GRAPH_MANAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

enum managed_source {
	MANAGED_IMDS,           /* virtual machines, AKS nodes */
	MANAGED_APP_SERVICE,    /* Functions and Container Apps, too */
	MANAGED_SERVICE_FABRIC, /* https, certificate pinned */
	MANAGED_MACHINE_LEARNING,
	MANAGED_ARC /* machines outside of Azure */
};

enum {
	MANAGED_MS = 120000,     /* all attempts of one call, at most */
	MANAGED_PROBE_MS = 1000, /* to connect to IMDS: it is near, or absent */
	MANAGED_KEY_MAX = 4096   /* bytes of the file that Arc names */
};

/* Which identity, and where to ask. Borrowed texts. */
struct managed {
	enum managed_source source;
	struct str endpoint;   /* URL */
	struct str header;     /* the secret of IDENTITY_HEADER, MSI_SECRET */
	struct str thumbprint; /* hex SHA-1, of Service Fabric */
	struct str client_id;  /* of a user-assigned one; empty: the system's */
	struct str resource;   /* "https://graph.microsoft.com" */
};

struct token;

/* What asking takes along. */
struct managed_with {
	const struct clock *clock;
	const struct log *log; /* may be NULL */
	int64_t deadline;      /* monotonic ms */
};

/*
 * Asks for a token, again and again where the endpoint's rules say so. On
 * success replaces *t. ERR_CONFIG: no such identity;
 * ERR_AUTH: the endpoint does not believe us (Arc: its key's file may not be
 * read); ERR_RETRY.
 */
bool managed_fetch(const struct managed *m, const struct managed_with *with,
    struct token *t, struct err *e) __attribute__((warn_unused_result));

/* "Azure Arc", "IMDS", ...: for messages. */
const char *managed_source_name(enum managed_source source);

#endif
