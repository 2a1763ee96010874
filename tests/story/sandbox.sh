#!/bin/sh
# SPDX-License-Identifier: MIT
# The sandbox as a person meets it: what it says, what it keeps from one start
# to the next, and what a mistake of its user looks like.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

BOX=$TMP/box
# open_box OPTION...: the same folder again. close_box ends it.
open_box() {
	: >"$TMP/said"
	timeout 120 "$SAN" sandbox --dir "$BOX" "$@" >"$TMP/said" \
	    2>"$TMP/warned" &
	BOX_PID=$!
	tries=0
	until grep -q 'try: ' "$TMP/said"; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ] || ! kill -0 "$BOX_PID" 2>/dev/null; then
			not_ok 'the sandbox starts' "$(cat "$TMP/warned")"
			finish
		fi
		sleep 0.05
	done
}
close_box() {
	kill "$BOX_PID" 2>/dev/null
	wait "$BOX_PID" 2>/dev/null
	lacks 'the sandbox is sound' "$TMP/warned" 'runtime error'
}
send() { run "$P" -C "$BOX/config" send -s x --text "$TMP/x" you@example.com; }
echo x >"$TMP/x"

# --- the first lines, and a restart
open_box
says 'its first line is for scripts' "$TMP/said" \
    "^ready https://localhost:[0-9]* $BOX/config\$"
has 'its second says what to try' "$TMP/said" \
    "try: post365 -C $BOX/config test you@example.com"
run "$P" -C "$BOX/config" test you@example.com
same 'which works' 0 "$STATUS"
same 'its key is its own' 600 "$(stat -c %a "$BOX/ca.key")"
cp "$BOX/config" "$TMP/config1"
cp "$BOX/ca.pem" "$TMP/ca1"
close_box
open_box
same_file 'a restart keeps the settings' "$TMP/config1" "$BOX/config"
same_file 'a restart keeps the authority' "$TMP/ca1" "$BOX/ca.pem"
run sh -c 'echo x | "$0" -C "$1" send -s x you@example.com' \
    "$P" "$TMP/config1"
same 'a copy of the old settings stays good' 0 "$STATUS"
PORT=$(sed -n 's,^login_url = .*:,,p' "$BOX/config")
close_box

# --- a port that is taken, a key that is broken, a secret that is given
cp -r "$BOX" "$TMP/box2"
open_box
timeout 120 "$SAN" sandbox --dir "$TMP/box2" >"$TMP/out2" 2>"$TMP/err2" &
pid=$!
tries=0
until grep -q ready "$TMP/out2" || [ $tries -gt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
says 'a port that is taken: says so' "$TMP/err2" \
    ": port $PORT, as last time, is taken: another is used"
kill $pid
wait $pid 2>/dev/null
close_box
echo broken >"$BOX/ca.key"
open_box --secret 'my own' --name mail.test --name login.test
run cmp -s "$TMP/ca1" "$BOX/ca.pem"
same 'a broken key: a new authority' 1 "$STATUS"
has 'the secret is the one that is named' "$BOX/config" \
    'client_secret = my own'
has 'the name is in the URLs' "$BOX/config" \
    "login_url = https://mail.test:$PORT"
for name in localhost mail.test login.test; do
	run openssl s_client -connect "127.0.0.1:$PORT" -CAfile "$BOX/ca.pem" \
	    -verify_return_error -verify_hostname "$name" </dev/null
	same "its certificate names $name" 0 "$STATUS"
done
close_box
run "$P" sandbox --dir "$BOX" --name 'a b'
same 'no host name: exit' 64 "$STATUS"
says 'no host name: says so' "$ERR" ': --name: a b is no host name'
run "$P" sandbox --dir "$BOX" --plain --name a.test
says 'a name without a certificate' "$ERR" ': --name is for a certificate'
run "$P" sandbox --dir "$BOX" --secret ''
says 'an empty secret' "$ERR" ': --secret wants a line'

# --- faults: a typo, and Microsoft's words
rm -rf "$BOX"
open_box -v
printf '# mine\nsend stats 503\n' >"$BOX/faults"
send
same 'a typo in the faults drops nothing' 0 "$STATUS"
send
says 'it is said with file and line' "$TMP/warned" \
    "^post365 sandbox: $BOX/faults:2: \"stats\" is no kind of fault"
same 'once' 1 "$(grep -c 'no rule of it is played' "$TMP/warned")"
says 'and in the log' "$BOX/requests.log" 'faults:2: '
echo 'send status 503 retry-after=600 x1' >"$BOX/faults"
send
says "a fault has Microsoft's words" "$ERR" \
    'The server cannot service this request right now. Try again later\.'
echo 'send status 418 x1' >"$BOX/faults"
rm -rf "$BOX/state"
send
says 'or says whose it is' "$ERR" '(a fault of the sandbox)'
says '-v shows requests' "$TMP/warned" \
    '^post365 sandbox: POST /v1.0/users/.*/sendMail \([0-9]* bytes\): 503 ErrorServerBusy, fault status$'
says '-v shows what is kept' "$TMP/warned" '202, mail/000001$'

# --- drafts that were sent are no drafts
rm -f "$BOX/faults"
head -c 3200000 /dev/urandom >"$TMP/big"
run sh -c 'echo x | "$0" -C "$1" send --via draft -a "$2" you@example.com' \
    "$P" "$BOX/config" "$TMP/big"
same 'a draft is sent' 0 "$STATUS"
same 'and leaves the list' '' "$(ls "$BOX/drafts")"
same 'for that of those sent' 1 "$(find "$BOX/sent" -name info | wc -l)"
close_box

finish
