#!/bin/sh
# SPDX-License-Identifier: MIT
# Users who may not read the settings: their sendmail hands its mail to the
# relay by a UNIX socket, and without a relay into its drop folder.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1

NOBODY=65534 JANE=65533 RELAY=65532
as() { # as UID COMMAND...
	uid=$1
	shift
	run setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}
if [ "$(id -u)" != 0 ] || ! as $NOBODY true || [ "$STATUS" != 0 ]; then
	skip 'as other users' 'cannot become one'
	finish
fi
cp "$SAN" post365
ln -s post365 sendmail
ln -s post365 mailq
chmod 755 . "$TMP" "$TMP/.." post365
SENDMAIL=$TMP/sendmail
start_sandbox
chmod 755 "$SB_DIR"

# --- the relay, as a user of its own, who alone may read the settings

SOCKET=$TMP/run/relay.sock
mkdir -m 755 etc run state
mkdir -m 700 spool
chown $RELAY:$RELAY run spool state
{
	grep -vE '^(state_dir|spool_dir) ' "$CONFIG"
	cat <<-END
		state_dir = $TMP/state
		spool_dir = $TMP/spool
		[relay]
		listen = 127.0.0.1:2525
		socket = $SOCKET
		hostname = host.example
	END
} >etc/config
cp "$SB_DIR/ca.pem" etc/ca.pem
sed -i "s|$SB_DIR/ca.pem|$TMP/etc/ca.pem|" etc/config
chown $RELAY:$RELAY etc/config
chmod 600 etc/config
chmod 644 etc/ca.pem
POST365_CONFIG=$TMP/etc/config
POST365_RELAY_SOCKET=$SOCKET
export POST365_CONFIG POST365_RELAY_SOCKET

RELAY_PID=''
# shellcheck disable=SC2120
start_relay() { # [UID]
	# timeout would send its signals to all of the group
	timeout --foreground 120 setpriv --reuid "${1:-$RELAY}" --regid "${1:-$RELAY}" \
	    --clear-groups "$TMP/post365" -C "$TMP/etc/config" relay \
	    >relay.out 2>>relay.err &
	RELAY_PID=$!
	tries=0
	# its children greet: then all that it makes is there
	until as "${1:-$RELAY}" "$TMP/post365" relay --check &&
	    [ "$STATUS" = 0 ]; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ]; then
			not_ok 'the relay starts' "$(tail -n 3 relay.err)"
			finish
		fi
		sleep 0.1
	done
}
stop_relay() {
	[ -n "$RELAY_PID" ] || return 0
	kill "$(children "$RELAY_PID")" 2>/dev/null
	wait "$RELAY_PID" 2>/dev/null
	RELAY_PID=''
}
trap 'stop_relay; stop_sandbox' EXIT

# arrives NAME COUNT: until the sandbox has so many.
arrives() {
	tries=0
	while [ "$(count_mail)" -lt "$2" ] && [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	same "$1" "$2" "$(count_mail)"
}

printf 'Subject: hello\n\nhello\n.\n..two\n' >letter
printf 'To: b@example.org\nBcc: c@example.org\nSubject: php\n\nx\n' >php
chmod 644 letter php

start_relay
check 'sendmail: exit' 0 as $NOBODY "$SENDMAIL" a@example.org <letter
same 'sendmail: no word' '' "$(cat "$ERR")"
arrives 'sendmail: sent' 1
says 'sendmail: who it was' "$(last_mail).eml" \
    '^Received: from .* \(uid 65534\) by host.example with ESMTP id '
check 'PHP: exit' 0 as $NOBODY "$SENDMAIL" -t -i <php
arrives 'PHP: sent' 2
says 'PHP: to' "$(last_mail).meta" 'b@example.org'
says 'PHP: bcc' "$(last_mail).meta" 'c@example.org'
check '-f, -F, -N, -V: exit' 0 as $NOBODY "$SENDMAIL" -i \
    -f sender@example.org -F 'A Name' -N never -V id7 a@example.org <letter
arrives '-f, -F: sent' 3
says '-f, -F: Reply-To' "$(last_mail).eml" 'A Name.*<sender@example.org>'
says '-i: dots stay' "$(last_mail).eml" '^\.\.two'
printf 'EHLO c\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<a@example.org>\r\nDATA\r\nSubject: bs\r\n\r\n..x\r\n.\r\nQUIT\r\n' >dialogue
check '-bs: exit' 0 as $NOBODY "$SENDMAIL" -bs <dialogue
says '-bs: the id of the relay' "$OUT" '^250 2.0.0 Ok: queued as [0-9A-F]{16}'
arrives '-bs: sent' 4
says '-bs: dots' "$(last_mail).eml" '^\.x'
check 'nobody to send to: exit' 64 as $NOBODY "$SENDMAIL" <letter
check 'no address: exit' 65 as $NOBODY "$SENDMAIL" 'a@b@c' <letter
check 'send --queue: exit' 0 as $NOBODY "$TMP/post365" send --queue -s queued \
    -a php a@example.org <letter
says 'send --queue: the id of the relay' "$OUT" '^queued [0-9A-F]{16}$'
arrives 'send --queue: sent' 5
says 'send --queue: what' "$(last_mail).eml" '^Subject: queued'
check 'send --queue --json: exit' 0 as $NOBODY "$TMP/post365" send --queue \
    --json -f other@example.org --eml php
says 'send --queue --json: id' "$OUT" '"status":"queued","id":"[0-9A-F]{16}"'
arrives 'send --queue --json: sent' 6
check 'send at once: exit' 78 as $NOBODY "$TMP/post365" send -s x \
    a@example.org <letter
for words in 'sendmail -bp' queue; do
	# shellcheck disable=SC2086 # words
	check "$words of others: exit" 0 as $NOBODY "$TMP/post365" $words
	same "$words of others: none of theirs waits" 'Mail queue is empty' \
	    "$(cat "$OUT")"
done
for words in 'queue list --json' 'queue show A' 'queue run'; do
	# shellcheck disable=SC2086 # words
	check "$words of others: exit" 78 as $NOBODY "$TMP/post365" $words
	same "$words of others: no word on standard output" '' "$(cat "$OUT")"
	says "$words of others: who may" "$ERR" \
	    'do: only root and the user of the relay look at this queue'
done

# A message that the relay refuses: by its own words, and nothing is kept.
cp etc/config kept
{
	cat kept
	echo "allow = user:$NOBODY from=@example.org"
	echo 'max_size = 1k'
} >etc/config
kill -HUP "$(children "$RELAY_PID")"
tries=0
until as $NOBODY "$SENDMAIL" -f a@other.example a@example.org <letter
[ "$STATUS" != 0 ] || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
same 'refused: exit' 69 "$STATUS"
says 'refused: why' "$ERR" 'relay at .*: 550 5.7.1 .*may not send as'
head -c 2000 /dev/zero | tr '\0' x | fold >large
check 'too large: exit' 65 as $NOBODY "$SENDMAIL" -f a@example.org \
    a@example.org <large
says 'too large: why' "$ERR" '552 5.3.4'
check 'another user: exit' 69 as $JANE "$SENDMAIL" a@example.org <letter
says 'another user: why' "$ERR" 'Relay access denied'

# --- each user's own messages, while they wait
stop_relay
{
	echo 'enabled = no'
	cat kept
} >etc/config
start_relay
for uid in $NOBODY $JANE $JANE; do
	check "own: sendmail of $uid" 0 as "$uid" "$SENDMAIL" -f "from$uid@x.example" \
	    "to$uid@example.org" <letter
done
run python3 -c "import smtplib
s = smtplib.SMTP('127.0.0.1', 2525, 'uid=$NOBODY')
s.sendmail('net@x.example', ['net@example.org'], 'Subject: x\n\nx\n')" ||
    not_ok 'own: by the network' "$(cat "$ERR")"
for words in 'sendmail -bp' 'queue list' mailq; do
	# shellcheck disable=SC2086 # words
	set -- "$TMP/post365" $words
	[ "$words" != mailq ] || set -- "$TMP/mailq"
	check "own: $words: exit" 0 as $NOBODY "$@"
	says "own: $words: his own" "$OUT" 'from65534@x.example'
	same "own: $words: nobody else's" 1 "$(grep -c '@x.example' "$OUT")"
	check "own: $words of another: exit" 0 as $JANE "$@"
	same "own: $words of another" 2 "$(grep -c 'from65533@x.example' "$OUT")"
	same "own: $words of another: only" 2 "$(grep -c '@x.example' "$OUT")"
done
check 'own: mailq of the relay: exit' 0 as $RELAY "$TMP/post365" sendmail -bp
same 'own: mailq of the relay: all' 4 "$(grep -c '@x.example' "$OUT")"
# who says nothing and does not go has one process, others are answered
python3 -c "import os, socket, time
os.setuid($JANE)
all = [socket.socket(socket.AF_UNIX) for _ in range(20)]
for s in all:
    s.connect('$SOCKET.queue')
    s.setblocking(False)
    try:
        s.send(b'x' * 100000)
    except OSError:
        pass
time.sleep(5)" &
hog=$!
sleep 0.3
check 'own: beside who hogs it: exit' 0 as $NOBODY "$TMP/post365" sendmail -bp
says 'own: beside who hogs it' "$OUT" 'from65534@x.example'
kill $hog
wait $hog 2>/dev/null
kill -HUP "$(children "$RELAY_PID")"
sleep 1
check 'own: after a reload: exit' 0 as $NOBODY "$TMP/post365" sendmail -bp
says 'own: after a reload' "$OUT" 'from65534@x.example'
stop_relay
check 'own: no relay: exit' 78 as $NOBODY "$TMP/post365" sendmail -bp
same 'own: no relay: no word on standard output' '' "$(cat "$OUT")"
cat kept >etc/config
find spool/new spool/work -type f -delete
start_relay

# --- nobody answers: it is left for the relay
stop_relay
start_relay
stop_relay
DROP=$TMP/spool/drop
POST365_RELAY_DROP=$DROP
export POST365_RELAY_DROP
drops() { find "$DROP" -type f | wc -l; }
same 'drop: mode' 1733 "$(stat -c %a "$DROP")"
same 'drop: all may pass through the spool' 711 "$(stat -c %a spool)"
count=$(count_mail)
check 'drop: exit' 0 as $NOBODY "$SENDMAIL" -i -f '' a@example.org <letter
same 'drop: no word' '' "$(cat "$ERR")"
check 'drop, -t: exit' 0 as $JANE "$SENDMAIL" -t -N never <php
check 'drop, -bs: exit' 0 as $JANE "$SENDMAIL" -bs <dialogue
says 'drop, -bs: reply' "$OUT" '^250 2.0.0 Ok: left for the relay'
check 'drop, send --queue: exit' 0 as $JANE "$TMP/post365" send --queue -s q \
    a@example.org <letter
says 'drop, send --queue: its name' "$OUT" '^queued [0-9a-f]{32}$'
same 'drop: there' 4 "$(drops)"
# Without the variable: the machine's folder, not one of the user's own
HOMELY=$TMP/home/.local/state/post365/spool/drop
mkdir -p "$HOMELY"
chmod 777 "$HOMELY"
if [ -e /var/spool/post365/drop ]; then
	skip 'drop, send --queue: the default' 'this machine has one'
else
	check 'drop, send --queue: the default, exit' 78 as $JANE env \
	    -u POST365_RELAY_DROP HOME="$TMP/home" "$TMP/post365" send --queue \
	    -s q a@example.org <letter
	says 'drop, send --queue: the default' "$ERR" \
	    '/var/spool/post365/drop: cannot add to it'
fi
file=$(find "$DROP" -type f -user $NOBODY)
same 'drop: a name of 128 bits' 32 "$(basename "$file" | tr -d '\n' | wc -c)"
as $JANE ls "$DROP"
same 'drop: another user cannot list it' 2 "$STATUS"
as $JANE find "$DROP" -mindepth 1
same 'drop: nor by find' '' "$(cat "$OUT")"
as $JANE rm -f "$file"
as $JANE mv "$file" "$DROP/x"
as $JANE sh -c "echo x >'$file'; ln -s letter '$file'; cp letter '$file'"
says 'drop: nor change what has a name that he knows' "$file" '^Post365-Spool'
same 'drop: all are there' 4 "$(drops)"

check 'queue run: exit' 0 as $RELAY "$TMP/post365" queue run
arrives 'queue run: sent' $((count + 4))
same 'queue run: none is left' 0 "$(drops)"
cat "$SB_DIR"/mail/*.eml >all
says 'queue run: who it was' all '^Received: by .* \(uid 65534\) id '
says 'queue run: who else' all '^Received: by .* \(uid 65533\) id '
says 'queue run: in the journal' state/log 'sendmail uid=65534 drop'
same 'queue run: dots' 4 "$(grep -c '^\.\.two' all)"

# What was left is sent by the next relay; who may sign in by himself does
# not leave it.
check 'drop again: exit' 0 as $NOBODY "$SENDMAIL" a@example.org <letter
start_relay
arrives 'relay: sent' $((count + 5))
same 'relay: none is left' 0 "$(drops)"
stop_relay

# --- what is none of ours, broken, or half
check 'one more: exit' 0 as $NOBODY "$SENDMAIL" a@example.org <letter
file=$(find "$DROP" -type f)
good=$TMP/good
cp "$file" "$good"
rm "$file"
count=$(count_mail)
name() { printf '%031d%s' 0 "$1"; }
put() { # put DIGIT: standard input as a file of nobody's
	cat >"$DROP/$(name "$1")"
	chown $NOBODY "$DROP/$(name "$1")"
	chmod 644 "$DROP/$(name "$1")"
}
head -c 300 "$good" | put 1
sed 's/^hello/hullo/' "$good" | put 2
: | put 3
ln -s "$good" "$DROP/$(name 4)"
put 5 <"$good"
ln "$DROP/$(name 5)" "$TMP/second"
mkfifo "$DROP/$(name 6)"
put 7 <"$good"
mv "$DROP/$(name 7)" "$DROP/nonsense"
mkdir "$DROP/$(name 8)"
sed 's/^Recipient: .*/Recipient: a@b@c/' "$good" | put 9
check 'broken: exit' 0 as $RELAY "$TMP/post365" queue run
same 'broken: none is sent' "$count" "$(count_mail)"
same 'broken: all are left alone' 9 \
    "$(find "$DROP" -mindepth 1 | wc -l)"
same 'broken: each told once' 6 "$(grep -c 'is not taken' "$ERR")"
touch -d '2 days ago' "$DROP/$(name 1)"
check 'half, old: exit' 0 as $RELAY "$TMP/post365" queue run
same 'half, old: is removed' 8 "$(find "$DROP" -mindepth 1 | wc -l)"
rm -rf "${DROP:?}"/*

# --- a sendmail that is killed leaves nothing that is sent
mkfifo in
setpriv --reuid $NOBODY --regid $NOBODY --clear-groups \
    "$SENDMAIL" a@example.org <in >"$OUT" 2>"$ERR" &
pid=$!
exec 4>in
printf 'Subject: half\n\nhalf\n' >&4
sleep 0.3
kill -9 "$pid"
wait "$pid" 2>/dev/null
exec 4>&-
same 'killed while it reads: nothing' 0 "$(drops)"
{
	printf 'Subject: large\n\n'
	head -c 30000000 /dev/zero | tr '\0' x | fold
} >large
chmod 644 large
for delay in 0.05 0.1 0.2 0.3; do
	setpriv --reuid $NOBODY --regid $NOBODY --clear-groups \
	    "$SENDMAIL" a@example.org <large >"$OUT" 2>"$ERR" &
	pid=$!
	sleep $delay
	kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	echo $? >>ends
done
count=$(count_mail)
check 'killed while it writes: exit' 0 as $RELAY "$TMP/post365" queue run \
    --quiet
for f in "$SB_DIR"/mail/*.eml; do
	[ "$(grep -c '^Subject: half' "$f")" = 0 ] || echo "$f"
done >halves
same 'killed while it writes: nothing half is sent' '' "$(cat halves)"
find "$DROP" -type f -delete

# --- no folder either
check 'no folder: exit' 78 as $NOBODY env POST365_RELAY_DROP=off "$SENDMAIL" \
    a@example.org <letter
says 'no folder: why' "$ERR" \
    'etc/config: .*; no relay answers at .*relay.sock.*; there is no drop'
says 'no folder: what to do' "$ERR" 'do: .*administrator.*post365 relay'

# Where only some users may send, nothing is taken from all.
echo "allow = user:$JANE" >>etc/config
unset POST365_RELAY_DROP
start_relay
same 'allow = user: the folder is closed' 700 "$(stat -c %a "$DROP")"
stop_relay
finish
