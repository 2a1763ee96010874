#!/bin/sh
# SPDX-License-Identifier: MIT
# Settings, journal and queue stay until purge; mail stays even then.
set -e
spool=/var/spool/post365

mails() {
	for f in new work hold dead drop tmp; do
		if [ -d "$spool/$f" ]; then find "$spool/$f" -type f; fi
	done | wc -l
}

if command -v deb-systemd-helper >/dev/null; then
	case $1 in
	remove) deb-systemd-helper mask post365-queue.timer >/dev/null || true ;;
	purge)
		deb-systemd-helper purge post365-queue.timer >/dev/null || true
		deb-systemd-helper unmask post365-queue.timer >/dev/null || true
		;;
	esac
fi
if [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
	rm -rf /etc/post365
	if [ -d $spool ] && [ "$(mails)" != 0 ]; then
		echo "$spool stays: the queue has $(mails) messages" >&2
		exit 0
	fi
	rm -rf $spool /var/lib/post365
	if getent passwd post365 >/dev/null && command -v deluser >/dev/null
	then
		deluser --quiet --system post365 >/dev/null || true
	fi
fi
exit 0
