#!/bin/sh
# SPDX-License-Identifier: MIT
# Postfix with the relay as its smarthost, by the lines that `print postfix`
# gives: what Postfix takes has to come to the sandbox.
. "${0%/*}/lib.sh"

postfix=$TOP/build/deps/postfix
if [ ! -e "$postfix/.done" ] || [ "$(id -u)" != 0 ]; then
	skip 'Postfix as a client' 'that wants root and ./build.sh deps'
	finish
fi
# shellcheck disable=SC2119 # no faults
start_sandbox
cd "$TMP" || exit 1
python3 -c 'import socket
all = [socket.socket() for _ in range(2)]
for s in all:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in all])' >ports
read -r port own <ports
cp "$CONFIG" relay.config
printf 'spool_dir = %s/spool\n[relay]\nlisten = 127.0.0.1:%s\nsocket = off\n' \
    "$TMP" "$port" >>relay.config
chmod 600 relay.config
timeout 200 "$P" relay -C relay.config 2>relay.err &
relay=$!
trap 'kill $relay $master 2>/dev/null; stop_sandbox' EXIT
libs=$postfix/usr/lib/postfix queue=$TMP/postfix/queue master=''
mkdir -p postfix/etc postfix/data "$queue"
chmod 755 . .. postfix postfix/etc "$queue"
for d in active bounce corrupt defer deferred flush hold incoming private \
    saved trace; do
	mkdir -p "$queue/$d"
	chown mail "$queue/$d"
done
mkdir -p "$queue/public" "$queue/maildrop" "$queue/pid"
chown mail:daemon "$queue/public" "$queue/maildrop"
chown mail postfix/data
cat >postfix/etc/main.cf <<END
compatibility_level = 3.6
queue_directory = $queue
data_directory = $TMP/postfix/data
daemon_directory = $libs/sbin
command_directory = $postfix/usr/sbin
shlib_directory = $libs
meta_directory = $TMP/postfix/etc
mail_owner = mail
setgid_group = daemon
default_privs = nobody
myhostname = client.example.com
inet_interfaces = loopback-only
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
import_environment = LD_LIBRARY_PATH=$libs MAIL_CONFIG
maillog_file = $TMP/postfix/log
maillog_file_prefixes = $TMP
smtp_host_lookup = native
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
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
export LD_LIBRARY_PATH="$libs" MAIL_CONFIG="$TMP/postfix/etc"
timeout 200 "$libs/sbin/master" -c "$MAIL_CONFIG" -d >postfix/out 2>&1 &
master=$!
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
unset LD_LIBRARY_PATH
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
kill $master
wait $master
kill $relay
wait $relay
finish
