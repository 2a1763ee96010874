/* SPDX-License-Identifier: MIT */
#include "command/ask.h"

struct config_ask
command_ask(const struct cli *c)
{
	return (struct config_ask){ .path = c->common.config,
		.account = c->common.account };
}
