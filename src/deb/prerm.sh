#!/bin/sh
# SPDX-License-Identifier: MIT
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop post365.socket post365.service \
	    post365-queue.timer >/dev/null || true
fi
exit 0
