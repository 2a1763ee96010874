/* SPDX-License-Identifier: MIT */
/*
 * config_proxy: the proxy that the settings name, or else the environment as
 * curl reads it for https: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY,
 * the first that is not empty; and no_proxy, NO_PROXY.
 *
 * http_proxy and HTTP_PROXY mean nothing here: nothing of ours goes over
 * plain HTTP to another machine, and a CGI program's HTTP_PROXY is what its
 * visitor says in a Proxy: field (CVE-2016-5385, "httpoxy").
 */
#ifndef CONFIG_PROXY_H
#define CONFIG_PROXY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/access.h"
#include "net/proxy.h"

/* Takes from the environment what is not set. ERR_CONFIG, ERR_RETRY. */
bool config_proxy_derive(struct access *c, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Makes the proxy that *c names; a zeroed one for none. A variable that does
 * no harm is not complained of: both services are on this machine. Keeps
 * texts of *c; release *out. ERR_CONFIG.
 */
bool config_proxy_open(struct access *c, struct proxy *out, struct err *e)
    __attribute__((warn_unused_result));

/*
 * Appends "; proxy = ..., from ..." for `check`, and which of the services is
 * reached without it and why; nothing if there is none.
 */
void config_proxy_describe(const struct access *c, const struct proxy *p,
    struct buf *out);

#endif
