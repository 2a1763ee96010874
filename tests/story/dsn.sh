#!/bin/sh
# SPDX-License-Identifier: MIT
# Delivery reports as Python's email package reads them: the golden files of
# unit/dsn_test.c, which are what the program writes.
. "$(dirname "$0")/lib.sh"

if ! command -v python3 >/dev/null; then
	skip dsn 'no python3'
	finish
fi
set -- "$TOP"/tests/golden/dsn/*.want
run python3 "$(dirname "$0")/dsn.py" "$@"
same 'python reads them' 0 "$STATUS"
same 'reports without a defect' "$#" "$(grep -c ' defects 0$' "$OUT")"
same 'each is a report' "$#" "$(grep -c \
    ' type multipart/report delivery-status text/plain message/delivery-status ' \
    "$OUT")"
while IFS= read -r line; do
	has "$line" "$OUT" "$line"
done <<'LINES'
plain.want rcpt rfc822 nobody@example.com failed 5.1.1
plain.want mta dns; host.example groups 2
plain.want from Mail Delivery System to app@contoso.com auto auto-replied
plain.want subject a long
many.want mta dns; host.example groups 26
utf8.want rcpt utf-8 a+b=\cé@example.com failed 5.7.1
utf8.want rcpt utf-8 📧@example.com failed 5.7.1
utf8.want rcpt rfc822 x+y@example.com failed 5.7.1
utf8.want words This is post365 at host.example.
empty.want subject none
LINES
finish
