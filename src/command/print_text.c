/* SPDX-License-Identifier: MIT */
#include "command/print_text.h"

#include <stddef.h>

/* clang-format off */

/* What several have in common. */
static const char print_pod[] =
	"{runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534, "
	"seccompProfile: {type: RuntimeDefault}}";
static const char print_container[] =
	"{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, "
	"capabilities: {drop: [ALL]}}";

const struct print_text print_texts[] = {
	{ "service", TEXT_PRINT_SERVICE },
	{ "timer", TEXT_PRINT_TIMER },
	{ "cron", TEXT_PRINT_CRON },
	{ "relay-service", TEXT_PRINT_RELAY_SERVICE },
	{ "relay-socket", TEXT_PRINT_RELAY_SOCKET },
	{ "openrc", TEXT_PRINT_OPENRC },
	{ "dockerfile", TEXT_PRINT_DOCKERFILE },
	{ "compose", TEXT_PRINT_COMPOSE },
	{ "kubernetes", TEXT_PRINT_KUBERNETES },
	{ "sidecar", TEXT_PRINT_SIDECAR },
	{ "logrotate", TEXT_PRINT_LOGROTATE },
	{ "postfix", TEXT_PRINT_POSTFIX },
	{ "exim", TEXT_PRINT_EXIM },
	{ "prometheus", TEXT_PRINT_PROMETHEUS },
	{ "alerts", TEXT_PRINT_ALERTS },
	{ "entra-setup", TEXT_PRINT_ENTRA_SETUP },
	{ "entra-setup.ps1", TEXT_PRINT_ENTRA_SETUP_PS1 },
};
/* clang-format on */

_Static_assert(sizeof(print_texts) / sizeof(*print_texts) == PRINT_TEXTS,
    "print_text.h counts them");

struct str
print_common(char letter, const struct packed *texts)
{
	switch (letter) {
	case 'H':
		return packed_view(texts, TEXT_PRINT_HARDENING);
	case 'K':
		return str_of(print_pod);
	case 'L':
		return str_of(print_container);
	default:
		return (struct str){ 0 };
	}
}
