#!/bin/sh
# SPDX-License-Identifier: MIT
# machines: what is built for others runs there, as far as qemu-user is like
# them. One has its bytes in another order, one has 32 bits; on both, char has
# no sign. Not all units, which take minutes: those that look into bytes, words
# and times. "./build.sh cross ARCH test" has all.
: "${TOP:?is the folder of build.sh}" "${TMP:?is a fresh folder}"
cd "$TOP" || exit 1

units=''
for name in str base64 date edit fault http1 json jwt mime os prepare url utf8 \
    word; do
	units="$units unit:$name"
done

machine() { # ARCH TRIPLE QEMU
	for tool in "$2-gcc" "$3"; do
		command -v "$tool" >/dev/null 2>&1 && continue
		echo "skip $1: no $tool here"
		return
	done
	if [ ! -e "/usr/$2/include/linux/types.h" ]; then
		echo "skip $1: no kernel's headers for it here"
		return
	fi
	# shellcheck disable=SC2086
	if ./build.sh cross "$1" test $units story:send >"$TMP/$1" 2>&1; then
		echo "ok $1: $(tail -n 1 "$TMP/$1")"
	else
		grep -vE '^cc |^built |: [0-9]* ok' "$TMP/$1" | head -n 40 |
		    sed 's/^ *not ok/    failed/'
		echo "not ok $1: $(tail -n 1 "$TMP/$1")"
		failed=1
	fi
	# The file itself is what other tests cannot see.
	if ./build.sh cross "$1" >"$TMP/$1" 2>&1; then
		echo "ok $1: is a static PIE"
	else
		echo "not ok $1: $(tail -n 1 "$TMP/$1")"
		failed=1
	fi
}

failed=0
machine s390x s390x-linux-gnu qemu-s390x
machine armv7 arm-linux-gnueabihf qemu-arm
exit $failed
