#!/bin/sh
# SPDX-License-Identifier: MIT
# bench codec: what passes through base64 and the MIME reader on one core,
# beside what coreutils' base64 does with the same bytes.
set -u
: "${TOP:?}" "${TMP:?}"
"$TOP/build/bench/codec" >"$TMP/ours" || exit 1
head -c 48000000 /dev/zero >"$TMP/zero"
# "real 0.07" of the shell's own clock, in seconds
theirs=$({ time -p base64 -w 76 "$TMP/zero" >/dev/null; } 2>&1 |
    sed -n 's/^real *//p')
awk -v theirs="$theirs" '
/^base64/ {
	printf "base64: %.2f GB/s", $2 / 1000
	if (theirs > 0)
		printf "; base64(1) %.2f GB/s", 0.048 / theirs
	printf "\n"
}
/^mime/ { printf "MIME scan: %.2f GB/s\n", $2 / 1000 }' "$TMP/ours"
