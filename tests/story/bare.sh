#!/bin/sh
# SPDX-License-Identifier: MIT
# bare: on a machine without a compiler and without root's rights to install
# one, the build names in one run all that is missing.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

mkdir -p "$TMP/tree/vendor" "$TMP/tree/src" "$TMP/bin" "$TMP/none"
: >"$TMP/tree/src/main.c"
cp "$TOP/build.sh" "$TMP/tree"
cp "$TOP/vendor/fetch.sh" "$TOP/vendor/lock" "$TOP/vendor/roots.list" \
    "$TMP/tree/vendor"
for tool in awk cat cp cut dirname env find flock grep head id ls mkdir mv \
    nproc rm sed sh sha256sum sort tr uniq wc; do
	ln -s "$(command -v "$tool")" "$TMP/bin/$tool"
done
ROOTS=$TMP/none
export ROOTS
bare() { run env PATH="$TMP/bin" CC="${1:-gcc}" "$TMP/tree/build.sh"; }

check 'no compiler, no make: names them' 1 bare
for tool in gcc make ar cmp bzip2 gzip tar 'curl, or wget'; do
	has "names $tool" "$ERR" "    $tool"
done
says 'and what to type' "$ERR" \
    '^    apt-get install -y --no-install-recommends binutils bzip2 curl '
lacks 'not what is there' "$ERR" sha256sum

ln -s "$(command -v wget || command -v true)" "$TMP/bin/wget"
check 'with wget: names the rest' 1 bare
lacks 'with wget: not curl' "$ERR" curl
check 'another compiler: named' 1 bare cc-of-nobody
has 'another compiler: by CC' "$ERR" \
    'build.sh: CC=cc-of-nobody is not a program here'

# --- lists of Debian's sources that could not be had, which apt-get calls
# --- success, are asked for again

mkdir -p "$TMP/apt" "$TMP/tree/build"
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$*" >>"$TMP/apt.calls"\n' >"$TMP/apt/apt-get"
ln -s "$(command -v true)" "$TMP/apt/apt-cache"
chmod 755 "$TMP/apt/apt-get"
# shellcheck disable=SC2016
from_sid() {
	run env PATH="$TMP/apt:$PATH" apt="$TMP/lists" suite=sid \
	    mirror=http://127.0.0.1:9/ keyring='' sh -c 'cd "$TMP/tree" &&
		say() { echo "$*"; } && . ./vendor/fetch.sh &&
		from_suite musl "$TMP/musl.part"'
}
check 'no lists: no archive' 1 from_sid
check 'no lists, again' 1 from_sid
same 'no lists: asked for twice' 2 "$(grep -c ' update$' "$TMP/apt.calls")"
finish
