#!/bin/sh
# SPDX-License-Identifier: MIT
# The relay as its clients meet it: relay_play.py has a row for each situation
# of src/doc/relay.md. Mail goes on to the sandbox, by the real code.
# shellcheck disable=SC2119
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || {
	skip 'the relay' 'no python3'
	finish
}
start_sandbox
cd "$TMP" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
    -subj /CN=localhost -days 30 2>/dev/null || rm -f cert.pem
# shellcheck disable=SC2086 # names of rows
timeout 600 python3 "$TOP/tests/story/relay_play.py" "$P" "$SB_DIR" ${ROWS:-} >rows \
    2>rows.err || {
	not_ok 'relay_play.py ends well' "$(tail -n 3 rows.err)"
}
cat rows
failures=$((failures + $(grep -c '^not ok' rows)))
finish
