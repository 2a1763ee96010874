/* SPDX-License-Identifier: MIT */
/*
 * config_cloud: the clouds of Microsoft, where their services are, and what
 * they call tenants and applications.
 */
#ifndef CONFIG_CLOUD_H
#define CONFIG_CLOUD_H

#include <stdbool.h>

#include "config/type.h"

/* The URLs of a cloud's services; by name. facts.md 1.1. */
struct config_cloud {
	const char *name, *login_url, *graph_url;
};
/* NULL: no such cloud. */
const struct config_cloud *config_cloud_find(struct str name);
/* Both URLs belong to clouds of Microsoft, but not to the same one. */
bool config_clouds_differ(struct str login_url, struct str graph_url);

/* clang-format off */
extern const struct config_type config_type_guid, config_type_managed,
    config_type_tenant, config_type_cloud, config_type_login,
    config_type_graph;
/* clang-format on */

#endif
