#!/bin/sh
# SPDX-License-Identifier: MIT
# What `post365 print` prints, as systemd reads it.
. "$(dirname "$0")/lib.sh"

for name in service timer; do
	run "$P" print $name
	cp "$OUT" "$TMP/post365-queue.$name"
done
check 'a line for cron' 0 run "$P" print cron
says 'it has five times, a user and a command' "$OUT" \
    '^(\* ){5}root /[^ ]+ -q queue run$'
check 'an unknown name' 64 run "$P" print tmier

if ! command -v systemd-analyze >/dev/null; then
	skip 'systemd reads the units' 'no systemd-analyze'
	finish
fi
check 'systemd reads the units' 0 run systemd-analyze verify --man=no \
    "$TMP/post365-queue.service" "$TMP/post365-queue.timer"
same 'and has no word about them' '' "$(grep post365-queue "$ERR")"
finish
