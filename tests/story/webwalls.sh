#!/bin/sh
# SPDX-License-Identifier: MIT
# The walls of the dashboard: hostile requests, sessions, signing in, TLS, what
# each answer has and what none has, and what is left in memory. webwalls.py
# says what is done there.
. "${0%/*}/lib.sh"
HERE=$(cd "${0%/*}" && pwd)
if ! command -v python3 >/dev/null 2>&1; then
	skip 'the walls of the dashboard' 'no python3'
	exit 0
fi
cd "$TMP" || exit 1
# Pages say the same whoever is asked first: each program by itself.
for program in "$POST365" "$SAN"; do
	mkdir -p "$TMP/${program##*/build/}"
	cd "$TMP/${program##*/build/}" || exit 1
	timeout -k 5 500 python3 -B "$HERE/webwalls.py" "$program" ||
	    failures=$((failures + 1))
done
cd "$TMP" || exit 1
PATH=$PATH:$TOP/build/deps/prometheus/usr/bin
if command -v promtool >/dev/null 2>&1; then
	for text in metrics metrics.relay; do
		check "promtool reads $text" 0 run sh -c \
		    "promtool check metrics <post365/$text"
		same "and has nothing to say of $text" '' "$(cat "$OUT" "$ERR")"
	done
else
	skip 'promtool reads the numbers' 'it is not installed'
fi
finish
