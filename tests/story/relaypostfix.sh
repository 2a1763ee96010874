#!/bin/sh
# SPDX-License-Identifier: MIT
# Postfix with the relay as its smarthost, by the lines that `print postfix`
# gives: what Postfix takes has to come to the sandbox.
. "${0%/*}/lib.sh"

if [ ! -e "$POSTFIX/.done" ] || [ "$(id -u)" != 0 ]; then
	skip 'Postfix as a client' 'that wants root and ./build.sh deps'
	finish
fi
# shellcheck disable=SC2119 # no faults
start_sandbox
cd "$TMP" || exit 1
free_ports 2 >ports
read -r port own <ports
cp "$CONFIG" relay.config
printf 'spool_dir = %s/spool\n[relay]\nlisten = 127.0.0.1:%s\nsocket = off\n' \
    "$TMP" "$port" >>relay.config
chmod 600 relay.config
timeout 200 "$P" relay -C relay.config 2>relay.err &
relay=$! MASTER=''
trap 'kill $relay $MASTER 2>/dev/null; stop_sandbox' EXIT
make_postfix
cat >>postfix/etc/main.cf <<END
myhostname = client.example.com
inet_interfaces = loopback-only
smtp_host_lookup = native
smtp_dns_support_level = disabled
END
# its own words, with the port of this test
"$POST365" -C relay.config print postfix | grep -v '^ *#' |
    sed "s/^\(relayhost = \).*/\1[127.0.0.1]:$port/" >>postfix/etc/main.cf
cat >postfix/etc/master.cf <<END
127.0.0.1:$own inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
END
start_postfix 200
python3 - "$own" 2>submit.err <<'END' ||
import smtplib, socket, sys, time
for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close()
        break
    except OSError:
        time.sleep(0.1)
with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=10) as s:
    s.sendmail("sender@example.com", ["to@example.com", "second@example.com"],
               "From: Sender <sender@example.com>\r\nTo: to@example.com\r\n"
               "Subject: by postfix\r\n\r\nline\r\n.\r\n..dots\r\nlast\r\n")
END
	not_ok 'Postfix takes a message' "$(tail -n 1 submit.err)"
tries=0
until grep -rqs 'Subject: by postfix' "$SB_DIR/mail" || [ $tries -gt 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
if grep -rqs 'Subject: by postfix' "$SB_DIR/mail"; then
	ok 'Postfix hands over to the relay, and it arrives'
else
	not_ok 'Postfix hands over to the relay, and it arrives' \
	    "$(grep -h 'status=\|fatal\|warning' postfix/log postfix/out |
	        tail -n 2)"
fi
if grep -qs 'status=sent (250 2.0.0 Ok: queued as' postfix/log; then
	ok 'Postfix notes the number in the queue'
else
	not_ok 'Postfix notes the number in the queue' \
	    "$(grep -h status= postfix/log | tail -n 1)"
fi
kill $MASTER
wait $MASTER
kill $relay
wait $relay
finish
