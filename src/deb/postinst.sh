#!/bin/sh
# SPDX-License-Identifier: MIT
# The user, and folders as post365 install makes them. Each step looks first.
set -e

# folder PATH MODE OWNER GROUP; who chose otherwise (dpkg-statoverride) has it.
folder() {
	[ -d "$1" ] || mkdir "$1"
	dpkg-statoverride --list "$1" >/dev/null 2>&1 && return
	chown "$3:$4" "$1"
	chmod "$2" "$1"
}

if [ "$1" = configure ]; then
	if ! getent passwd post365 >/dev/null; then
		adduser --quiet --system --group --home /nonexistent \
		    --no-create-home --gecos 'post365 mail' post365
	fi
	folder /etc/post365 0750 root post365
	for f in /etc/post365/config /etc/post365/secret; do
		# of root alone until now
		if [ "$(stat -c '%a %u:%g' $f 2>/dev/null)" = '600 0:0' ]; then
			chgrp post365 $f
			chmod 0640 $f
		fi
	done
	for f in /var/spool/post365 /var/lib/post365; do
		# a queue of root's, from before there was a package
		if [ "$(stat -c %u $f 2>/dev/null)" = 0 ]; then
			chown -Rh post365:post365 $f
		fi
	done
	folder /var/spool/post365 0711 post365 post365
	folder /var/spool/post365/drop 1733 post365 post365
	folder /var/lib/post365 0700 post365 post365
fi

case $1 in
configure | abort-upgrade | abort-deconfigure | abort-remove)
	if command -v deb-systemd-helper >/dev/null; then
		# The relay is for who wants it. The timer does nothing until
		# there are settings.
		deb-systemd-helper unmask post365-queue.timer >/dev/null || true
		if deb-systemd-helper --quiet was-enabled post365-queue.timer
		then
			deb-systemd-helper enable post365-queue.timer \
			    >/dev/null || true
		fi
		deb-systemd-helper update-state post365-queue.timer \
		    >/dev/null || true
	fi
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
		deb-systemd-invoke start post365-queue.timer >/dev/null || true
		if [ -n "$2" ]; then
			systemctl try-restart post365.service || true
		fi
	fi
	;;
esac
exit 0
