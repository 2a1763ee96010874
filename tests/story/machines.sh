#!/bin/sh
# SPDX-License-Identifier: MIT
# machines: what is built for others runs there, as far as qemu-user is like
# them. One has its bytes in another order, one has 32 bits; on both, char has
# no sign. Not all units, which take minutes: those that look into bytes, words
# and times. "./build.sh cross ARCH test" has all.
#
# "machines.sh build" only builds what they run. build.sh does that before the
# time of stories begins: a C library and mbedTLS take longer than all else.
: "${TOP:?is the folder of build.sh}"
cd "$TOP" || exit 1

units=''
for name in str base64 date edit fault http1 json jwt mime os prepare \
    relay_walls url utf8 word; do
	units="$units unit:$name"
done

machines() {
	cat <<-'END'
	s390x s390x-linux-gnu qemu-s390x
	armv7 arm-linux-gnueabihf qemu-arm
	END
}

# lacks TRIPLE QEMU: says what is not here.
lacks() {
	for tool in "$1-gcc" "$2"; do
		command -v "$tool" >/dev/null 2>&1 && continue
		echo "no $tool here"
		return
	done
	[ -e "/usr/$1/include/linux/types.h" ] ||
		echo "no kernel's headers for it here"
}

machine() { # ARCH
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
while read -r arch triple qemu; do
	why=$(lacks "$triple" "$qemu")
	if [ "${1:-}" = build ]; then
		[ -n "$why" ] || ./build.sh cross "$arch" </dev/null
	elif [ -n "$why" ]; then
		echo "skip $arch: $why"
	else
		: "${TMP:?is a fresh folder}"
		machine "$arch" </dev/null
	fi
done <<END
$(machines)
END
exit $failed
