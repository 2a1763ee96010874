/* SPDX-License-Identifier: MIT */
/*
 * config_cloud: the clouds of Microsoft, where their services are, and what
 * they call tenants and applications.
 */
#ifndef CONFIG_CLOUD_H
#define CONFIG_CLOUD_H

#include <stdbool.h>

#include "config/key.h"

/* The URLs of a cloud's services; by name. facts.md 1.1. */
struct config_cloud {
	const char *name, *login_url, *graph_url;
};
/* NULL: no such cloud. */
const struct config_cloud *config_cloud_find(struct str name);
/* Both URLs belong to clouds of Microsoft, but not to the same one. */
bool config_clouds_differ(struct str login_url, struct str graph_url);

/* "8-4-4-4-12" hex digits. */
bool config_is_guid(struct str s);
/* Letters, digits and '-' within. */
bool config_is_label(struct str s);
/* A name of two labels or more. */
bool config_is_domain(struct str s);

/* Of rows. */
config_parse config_parse_guid, config_parse_managed, config_parse_tenant,
    config_parse_cloud, config_parse_login, config_parse_graph;

#endif
