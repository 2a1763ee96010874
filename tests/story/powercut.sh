#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of spool.h and the power: the spool is on a file system of its
# own, each scenario of crash_test ends at its n-th system call, and at that
# moment nothing more gets to the disk. What is there after mounting it again
# must be what had been promised.
# shellcheck source=lib.sh
. "$TOP/tests/story/lib.sh"
own_mounts
CRASH=$TOP/build/san/crash_test
IMAGE=$TMP/image DISK=$TMP/disk

mount_image() { mount -o loop "$IMAGE" "$DISK" 2>"$ERR"; }
trap 'umount "$DISK" 2>/dev/null' EXIT

mkdir "$DISK"
truncate -s 16M "$IMAGE.new"
if ! command -v mkfs.ext4 >/dev/null || ! mkfs.ext4 -q "$IMAGE.new"; then
	skip 'power cuts' 'no mkfs.ext4 here'
	finish
fi
cp --sparse=always "$IMAGE.new" "$IMAGE"
if ! mount_image; then
	skip 'power cuts' "no mounting here: $(head -n 1 "$ERR")"
	finish
fi
if ! "$CRASH" cut "$DISK"; then
	umount "$DISK"
	skip 'power cuts' 'this kernel cannot shut a file system down'
	finish
fi
umount "$DISK"

# one_cut SCENARIO N: false after the last call.
one_cut() {
	cp --sparse=always "$IMAGE.new" "$IMAGE"
	mount_image || return 1
	mkdir "$DISK/spool"
	sync -f "$DISK"
	facts=$("$CRASH" play "$DISK/spool" "$1" "$2")
	"$CRASH" cut "$DISK"
	umount "$DISK"
	mount_image || return 1
	"$CRASH" look "$DISK/spool" "$1" "$facts" >"$OUT" ||
		not_ok "$1 at $2" "promised $facts: $(head -n 1 "$OUT")"
	umount "$DISK"
	case $facts in *0) return 0 ;; *) return 1 ;; esac
}

for scenario in $("$CRASH" scenarios); do
	n=1 before=$failures
	while one_cut "$scenario" $n && [ $n -lt 100 ]; do
		n=$((n + 1))
	done
	[ "$failures" = "$before" ] && [ $n -gt 1 ] &&
		ok "$scenario: the power cut at each of $n moments"
done
finish
