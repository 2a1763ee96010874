#!/bin/sh
# SPDX-License-Identifier: MIT
# roots: the build takes the roots of vendor/roots.list from the certificates
# of the machine. Debian's ca-certificates since 20260601 is without one that
# the list calls optional; without one that is needed the build stops.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

mozilla=/usr/share/ca-certificates/mozilla
if [ ! -e "$mozilla/DigiCert_Global_Root_G2.crt" ]; then
	skip roots "this machine has no $mozilla"
	exit 0
fi
mkdir -p "$TMP/tree/vendor" "$TMP/certs"
cp "$TOP/build.sh" "$TMP/tree"
cp "$TOP/vendor/roots.list" "$TOP/vendor/fetch.sh" "$TMP/tree/vendor"
cp "$mozilla"/DigiCert_*.crt "$mozilla"/Microsoft_*.crt "$TMP/certs"
made=$TMP/tree/build/gen/roots.c
ROOTS=$TMP/certs
export ROOTS
roots() { run "$TMP/tree/build.sh" _roots; }

if [ -e "$ROOTS/DigiCert_Global_Root_CA.crt" ]; then
	check 'all seven' 0 roots
	has 'all seven: count' "$made" 'const size_t trust_builtin_n = 7;'
	same 'all seven: nothing to say' '' "$(cat "$OUT" "$ERR")"
	rm "$ROOTS/DigiCert_Global_Root_CA.crt"
else
	skip 'all seven' 'this machine has no DigiCert Global Root CA'
fi
check 'without the optional one' 0 roots
has 'without the optional one: count' "$made" \
    'const size_t trust_builtin_n = 6;'
same 'without the optional one: one line' "build.sh: DigiCert Global Root CA \
is not on this machine: built without it" "$(cat "$OUT" "$ERR")"

rm "$ROOTS/DigiCert_Global_Root_G2.crt"
check 'without a needed one' 1 roots
has 'without a needed one: named' "$ERR" '    DigiCert Global Root G2'
lacks 'without a needed one: the other is not' "$ERR" 'Global Root CA'
finish
