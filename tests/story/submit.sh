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
chmod 755 . "$TMP" "$TMP/.." post365
SENDMAIL=$TMP/sendmail
start_sandbox
chmod 755 "$SB_DIR"

# --- the relay, as a user of its own, who alone may read the settings

SOCKET=$TMP/run/relay.sock
mkdir -m 755 etc run spool state
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
	until [ -S "$SOCKET" ] && as $NOBODY "$SENDMAIL" -bs </dev/null &&
	    grep -q '^220' "$OUT" && [ -s spool/worker ]; do
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
cat kept >etc/config

# --- nobody answers
stop_relay
check 'no relay: exit' 78 as $NOBODY "$SENDMAIL" a@example.org <letter
says 'no relay: why' "$ERR" \
    'etc/config: .*; and no relay answers at .*relay.sock'
says 'no relay: what to do' "$ERR" 'do: .*administrator.*post365 relay'
finish
