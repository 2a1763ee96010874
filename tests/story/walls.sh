#!/bin/sh
# SPDX-License-Identifier: MIT
# walls: what is left to reception. unit/relay_walls_test.c once more, with the
# C library of the executable: which system calls reception makes is a matter
# of that. Then reception itself: it is behind its walls, and serves.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

if [ -x "$TOP/build/unit/relay_walls_test" ]; then
	"$TOP/build/unit/relay_walls_test" || failures=$((failures + 1))
else
	not_ok walls 'build/unit/relay_walls_test does not build'
fi

start_sandbox
printf '[relay]\nlisten = %s/smtp\nsocket = off\n' "$TMP" >>"$CONFIG"
"$P" -C "$CONFIG" relay 2>"$TMP/relay.err" &
relay=$!
trap 'kill $relay; stop_sandbox' EXIT
tries=0
until run "$P" -C "$CONFIG" relay --check && [ "$STATUS" = 0 ]; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ]; then
		not_ok 'the relay starts' "$(tail -n 3 "$TMP/relay.err")"
		finish
	fi
	sleep 0.1
done
if grep -q '^warn  walls' "$OUT"; then
	skip 'reception is behind its walls' "$(grep walls "$OUT")"
	finish
fi
says 'relay --check names them' "$OUT" '^ok    walls: seccomp, Landlock \(ABI'

# reception PID: the one of its children that was executed anew.
reception() {
	for child in $(children "$1"); do
		tr '\0' ' ' <"/proc/$child/cmdline" | grep -q -- --reception &&
		    echo "$child"
	done
}
# each thread: no new privileges, and a filter
locks() {
	cat "/proc/$1"/task/*/status | grep -E '^(NoNewPrivs|Seccomp):' |
	    sort -u
}
same 'each thread of reception is behind them' 'NoNewPrivs: 1 Seccomp: 2' \
    "$(locks "$(reception $relay)" | tr -s '\t\n' '  ' | sed 's/ $//')"
same 'and there are ten' 10 \
    "$(find "/proc/$(reception $relay)/task" -mindepth 1 -maxdepth 1 | wc -l)"

cat >"$TMP/send.py" <<'END'
import smtplib, socket, sys

class Local(smtplib.SMTP):
    def _get_socket(self, host, port, timeout):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(sys.argv[1])
        return s

with Local(host="localhost", timeout=20) as c:
    for n in (10, 1000000):
        c.sendmail("sender@example.com", ["b@x.example"],
            "Subject: x\r\n\r\n" + "0123456789abcdef\r\n" * (n // 18))
END
check 'a small and a large message are taken' 0 \
    run python3 "$TMP/send.py" "$TMP/smtp"
tries=0
while [ "$(count_mail)" -lt 2 ] && [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
same 'and arrive' 2 "$(count_mail)"
kill $relay
wait $relay
same 'it ends well' 0 $?
trap stop_sandbox EXIT
same 'without a word of walls or warnings' '' \
    "$(grep -E 'walls: |warn|post365 relay:' "$TMP/relay.err")"
finish
