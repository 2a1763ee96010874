#!/bin/sh
# SPDX-License-Identifier: MIT
# send: what is sent arrives, to the bit, and no secret shows anywhere.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

# All of it by the json route, whose request can be looked at; route.sh has
# what is sent by default.
send() { run "$P" -C "$CONFIG" send --via json "$@"; }

start_sandbox
SECRET=$(setting_of client_secret)
cd "$TMP" || exit 1

# Contents that find mistakes: every byte, no final line end, UTF-8.
awk 'BEGIN { for (i = 0; i < 256; i++) printf "\\%03o", i }' >octal
# shellcheck disable=SC2059
printf "$(cat octal)" >bytes.bin
printf 'Gr\303\274\303\237e,\n\n.\nFrom here: \360\237\223\254\ttab\n"q" \\ end' \
    >text.txt
printf '<p>Gr\303\274\303\237e &amp; mehr</p>\n' >page.html
: >empty.dat
SUBJECT=$(printf 'Bericht f\303\274r \342\202\254 \360\237\223\254 "q"')

# --- the simplest case: standard input, an operand, the sender's default
run sh -c 'printf "hello\n" | "$0" -C "$1" send --via json -s hi someone@example.org' \
    "$P" "$CONFIG"
same 'standard input: exit' 0 "$STATUS"
same 'standard input: silent' '' "$(cat "$OUT" "$ERR")"
same 'standard input: one mail' 1 "$(count_mail)"
M=$(last_mail)
printf 'hello\n' >want
same_file 'standard input: text' want "$M.text"
has 'standard input: to' "$M.meta" 'to: someone@example.org'
has 'standard input: subject' "$M.meta" 'subject: hi'
has 'standard input: kept in Sent Items' "$M.meta" 'save-to-sent: yes'
has 'standard input: importance' "$M.meta" 'importance: normal'
has 'standard input: mailbox' "$M.meta" 'mailbox: sender@example.com'
says 'standard input: over TLS' "$M.meta" '^tls: TLSv1\.[23]'
says 'standard input: says who it is' "$M.meta" '^user-agent: post365/'
lacks 'standard input: no receipts' "$M.meta" 'receipt: yes'

# --- everything at once, with text
forget_mail
check 'text: exit' 0 send -f sender@example.com \
    -t 'Ann <ann@example.org>, "Bee, B." <bee@example.org>' \
    --to third@example.org -c cc@example.org --bcc bcc@example.org \
    --reply-to 'Help <help@example.org>' -s "$SUBJECT" --text text.txt \
    -a bytes.bin -a 'text.txt;type=application/x-own;name=other name.log' \
    --attach empty.dat -H 'X-One: 1' -H "X-Two: $SUBJECT" \
    --header 'x-three: a: b' -H 'X-Four: 4' -H 'X-Five: 5' \
    --importance high --read-receipt --delivery-receipt --no-save \
    last@example.org
M=$(last_mail)
same 'text: one mail' 1 "$(count_mail)"
same 'text: recipients in order' \
    'to: ann@example.org to: bee@example.org to: third@example.org to: last@example.org cc: cc@example.org bcc: bcc@example.org ' \
    "$(grep -E '^(to|cc|bcc): ' "$M.meta" | tr '\n' ' ')"
has 'text: name' "$M.meta" 'to-name: Ann'
has 'text: quoted name' "$M.meta" 'to-name: Bee, B.'
has 'text: reply-to' "$M.meta" 'reply-to: help@example.org'
has 'text: subject' "$M.meta" "subject: $SUBJECT"
same_file 'text: body' text.txt "$M.text"
same_file 'text: first file' bytes.bin "$M.att1-bytes.bin"
same_file 'text: second file' text.txt "$M.att2-other_name.log"
same_file 'text: empty file' empty.dat "$M.att3-empty.dat"
has 'text: type and name' "$M.meta" \
    "attachment: 2 $(wc -c <text.txt) application/x-own other name.log"
has 'text: header' "$M.meta" 'header: X-One: 1'
has 'text: header in UTF-8' "$M.meta" "header: X-Two: $SUBJECT"
has 'text: header with colon' "$M.meta" 'header: x-three: a: b'
same 'text: five headers' 5 "$(grep -c '^header: ' "$M.meta")"
has 'text: importance' "$M.meta" 'importance: high'
has 'text: read receipt' "$M.meta" 'read-receipt: yes'
has 'text: delivery receipt' "$M.meta" 'delivery-receipt: yes'
has 'text: not in Sent Items' "$M.meta" 'save-to-sent: no'
says 'text: Message-ID' "$M.meta" \
    '^property: String 0x1035: <[^<>@ ]+@[^<>@ ]+>$'

# --- HTML, low importance, and only a blind recipient
check 'html: exit' 0 send --html page.html --importance low -b x@example.org
M=$(last_mail)
same_file 'html: body' page.html "$M.html"
has 'html: importance' "$M.meta" 'importance: low'
has 'html: bcc' "$M.meta" 'bcc: x@example.org'
same 'html: nobody else' 0 "$(grep -cE '^(to|cc): ' "$M.meta")"

# --- a file just under the limit
head -c 2990000 /dev/urandom >large.bin
check 'large file: exit' 0 send -s large --text text.txt -a large.bin \
    x@example.org
same_file 'large file: content' large.bin "$(last_mail).att1-large.bin"

# --- --json
check 'json: exit' 0 send --json -s j --text text.txt x@example.org
M=$(last_mail)
same 'json: one line' 1 "$(wc -l <"$OUT" | tr -d ' ')"
says 'json: status' "$OUT" '"status":"sent"'
says 'json: via' "$OUT" '"via":"json"'
says 'json: attempts' "$OUT" '"attempts":1'
says 'json: no error' "$OUT" '"error":null'
for id in request_id client_request_id; do
	got=$(sed -n "s/.*\"$id\":\"\([^\"]*\)\".*/\1/p" "$OUT")
	has "json: $id is the server's" "$M.meta" \
	    "$(echo "$id" | tr _ -): $got"
done
ID=$(sed -n 's/.*"message_id":"\([^"]*\)".*/\1/p' "$OUT")
has 'json: message_id is what was sent' "$M.meta" \
    "property: String 0x1035: $ID"
check 'json: failure' 78 send --json -f nobody@example.com -s j \
    --text text.txt x@example.org
says 'json: failed' "$OUT" '"status":"failed"'
says 'json: code' "$OUT" '"code":"ErrorInvalidUser"'
says 'json: remedy' "$OUT" '"remedy":"[^"]'
says 'json: not retryable' "$OUT" '"retryable":false'

# --- settings: save_to_sent in the file
setting save_to_sent no
check 'save_to_sent = no: exit' 0 send -s x --text text.txt x@example.org
has 'save_to_sent = no' "$(last_mail).meta" 'save-to-sent: no'
setting save_to_sent yes

# --- -v shows the wire and no secret
forget_mail
rm -rf "$SB_DIR/state"
send -v -s 'seen' --text text.txt x@example.org
same '-v: exit' 0 "$STATUS"
cp "$ERR" trace
says '-v: token request' trace 'POST .*/oauth2/v2\.0/token'
says '-v: sendMail' trace 'POST .*/sendMail'
says '-v: TLS' trace 'TLSv1\.[23]'
says '-v: masked' trace '[Aa]uthorization: .*\*\*\*'
same '-v: standard output is empty' '' "$(cat "$OUT")"

# The token in the cache, in any form that its parts could be printed in.
cat "$SB_DIR"/state/*/* "$SB_DIR"/state/* >cache 2>/dev/null
TOKEN=$(grep -ao 'eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*' cache |
    head -n 1)
CLAIMS=$(printf %s "$TOKEN" | cut -d . -f 2)
SIGNED=$(printf %s "$TOKEN" | cut -d . -f 3)
same '-v: there is a token to look for' yes \
    "$([ ${#SIGNED} -gt 20 ] && echo yes)"
ENCODED=$(printf %s "$SECRET" | sed 's/%/%25/g; s,/,%2F,g; s/+/%2B/g
    s/=/%3D/g; s/&/%26/g')
for f in trace "$SB_DIR/requests.log" "$SB_DIR.out" "$SB_DIR.err" \
    "$(last_mail).meta" "$(last_mail).json"; do
	for s in "$SECRET" "$ENCODED" "$CLAIMS" "$SIGNED"; do
		if [ -n "$s" ] && grep -qF -e "$s" "$f"; then
			not_ok "no secret in ${f##*/}" 'it is there'
		fi
	done
	ok "no secret in ${f##*/}"
done

# --- --dry-run needs neither network nor token
stop_sandbox
before=$(count_mail)
check '--dry-run: exit' 0 send -n -s "$SUBJECT" --text text.txt \
    -b blind@example.org x@example.org
has '--dry-run: shows the subject' "$OUT" "Subject: $SUBJECT"
has '--dry-run: shows the text' "$OUT" "$(head -n 1 text.txt)"
says '--dry-run: shows the blind one' "$OUT" '^Bcc: .*blind@example\.org'
lacks '--dry-run: not the request' "$OUT" 'sendMail'
says '--dry-run: the route and why' "$ERR" 'route: json, as '
send -n -v -s "$SUBJECT" --html page.html -a bytes.bin x@example.org
has '--dry-run: shows a file' "$OUT" \
    '[attachment bytes.bin, application/octet-stream, 256 bytes]'
has '--dry-run: shows HTML' "$OUT" "$(cat page.html)"
says '--dry-run -v: shows the request' "$OUT" '/users/sender.*sendMail'
lacks '--dry-run: no secret' "$OUT" "$SECRET"
same '--dry-run: sends nothing' "$before" "$(count_mail)"
check 'and without it' 75 send -s x --text text.txt x@example.org

# --- while it waits it says so on a terminal, cut to the width; nothing else
start_sandbox
if command -v script >/dev/null; then
	echo 'send status 503 retry-after=1 x1' >"$SB_DIR/faults"
	script -qec "stty cols 40; $P -C $CONFIG send -s x --text text.txt \
	    a@example.org" terminal </dev/null >/dev/null 2>&1
	says 'a wait: says why and how long' terminal \
	    'the service is busy, next try in [12] s \([2 ]'
	lacks 'a wait: cut to the width' terminal '(2 of 3)'
	head -c 3300000 /dev/zero >big
	echo 'range late ms=600' >"$SB_DIR/faults"
	script -qec "stty cols 40; $P -C $CONFIG send -s x --text text.txt \
	    -a big a@example.org" terminal </dev/null >/dev/null 2>&1
	says 'a bar: speed and time left' terminal '3\.[0-9] MB, .* MB/s, 0 s left'
	same 'a bar: 40 columns at most' '' "$(tr '\r' '\n' <terminal |
	    sed 's/\x1b\[K//g' | grep -v '^Script' | awk 'length($0) > 39')"
else
	skip 'a terminal' 'no script(1)'
fi

# --- who sends without the queue is told that nobody tries again
echo 'send status 503 retry-after=60' >"$SB_DIR/faults"
check 'busy: exit' 75 send -s x --text text.txt a@example.org
says 'busy: says that it was not sent' "$ERR" \
    'It was not sent\. Run it again later, or use --queue\.$'
rm -rf "$SB_DIR/state/mailbox" "$SB_DIR/faults"

finish
