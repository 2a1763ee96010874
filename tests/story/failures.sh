#!/bin/sh
# SPDX-License-Identifier: MIT
# failures: a table of what goes wrong (failures.py); check, or the command
# that failed, points to the right line and prints the right cure.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)

command -v python3 >/dev/null 2>&1 || {
	skip failures 'no python3'
	exit 0
}

# table KIND: the rows for this sandbox.
table() {
	mkdir -p "$TMP/table"
	timeout -k 5 200 python3 "$HERE/failures.py" "$P" "$SB_DIR" \
	    "$TMP/table" "$1" 2>"$TMP/table.err" || failures=1
	[ ! -s "$TMP/table.err" ] ||
	    not_ok "table $1" "$(tail -n 2 "$TMP/table.err" | tr '\n' ' ')"
}
start_sandbox
table all >"$TMP/rows"
# an app that Exchange alone lets send: its token names no role
start_sandbox --role ExchangeMessageTrace.Read.All
table bare >>"$TMP/rows"
cat "$TMP/rows"
! grep -q '^not ok' "$TMP/rows" || failures=1
finish
