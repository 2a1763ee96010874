#!/bin/sh
# SPDX-License-Identifier: MIT
# Postfix and Exim with the relay as their smarthost, by the lines that
# `print postfix` and `print exim` give: what they take has to come to the
# sandbox, bit by bit.
. "${0%/*}/lib.sh"

[ "$(id -u)" = 0 ] || {
	skip 'Postfix and Exim as clients' 'that wants root'
	finish
}
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
await_relay relay.config || {
	not_ok 'the relay starts' "$(head -n 2 relay.err)"
	finish
}

# What the clients send, and what has to come. arrived SUBJECT: within 20 s?
printf 'line\n.\n..dots\nlast\n' >body
cat >arrived.py <<'END'
import email, glob, sys, time
want = open("body", "rb").read().replace(b"\n", b"\r\n")
why = "it does not arrive"
for _ in range(200):
    for f in glob.glob(sys.argv[1] + "/mail/*.eml"):
        m = email.message_from_bytes(open(f, "rb").read())
        if m["subject"] == sys.argv[2]:
            got = m.get_payload(decode=True)
            if got == want and m["from"] == "Sender <sender@example.com>":
                sys.exit(0)
            why = "arrived: %r from %r" % (got, m["from"])
    time.sleep(0.1)
sys.exit(why)
END
arrived() { python3 arrived.py "$SB_DIR" "$1" 2>why; }

# The snippet for a program, with the port of this test.
snippet() {
	"$POST365" -C relay.config print "$1" | grep -v '^ *#' |
	    sed "s/\(127.0.0.1\]*:*:\)2525/\1$port/"
}

postfix_story() {
	make_postfix
	cat >>postfix/etc/main.cf <<-END
		myhostname = client.example.com
		inet_interfaces = loopback-only
		smtp_host_lookup = native
		smtp_dns_support_level = disabled
	END
	snippet postfix >>postfix/etc/main.cf
	cat >postfix/etc/master.cf <<-END
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
               "Subject: by postfix\r\n\r\n" + open("body").read())
END
		not_ok 'Postfix takes a message' "$(tail -n 1 submit.err)"
	if arrived 'by postfix'; then
		ok 'Postfix hands over to the relay, and it arrives'
	else
		not_ok 'Postfix hands over to the relay, and it arrives' \
		    "$(grep -h 'status=\|fatal\|warning' postfix/log \
		        postfix/out | tail -n 2; cat why)"
	fi
	if grep -qs 'status=sent (250 2.0.0 Ok: queued as' postfix/log; then
		ok 'Postfix notes the number in the queue'
	else
		not_ok 'Postfix notes the number in the queue' \
		    "$(grep -h status= postfix/log | tail -n 1)"
	fi
	kill "$MASTER"
	wait "$MASTER"
}

# Exim wants a user of its own, which only it sees. It delivers as that user,
# and so without being executed anew from its usual place.
EXIM=$TOP/build/deps/exim4-daemon-light
exim_story() {
	mkdir -p exim/spool exim/log
	chmod 755 . ..
	chown 64001:64001 exim/spool exim/log
	{ cat /etc/passwd && echo Debian-exim:x:64001:64001::/:/bin/false; } \
	    >exim/passwd
	{ cat /etc/group && echo Debian-exim:x:64001:; } >exim/group
	cat >exim/conf <<-END
		primary_hostname = client.example.com
		spool_directory = $TMP/exim/spool
		log_file_path = $TMP/exim/log/%s
		deliver_drop_privilege
		keep_environment =
		disable_ipv6
		domainlist local_domains = client.example.com
		begin routers
		$(snippet exim)
		begin transports
		remote_smtp:
		  driver = smtp
		begin retry
		* * F,1h,1m
	END
	{
		printf '%s\n' 'From: Sender <sender@example.com>' \
		    'To: to@example.com' 'Subject: by exim' ''
		cat body
	} >exim/message
	# shellcheck disable=SC2016 # the inner shell's
	timeout 60 unshare -m --propagation private sh -c '
		mount --bind exim/passwd /etc/passwd &&
		mount --bind exim/group /etc/group &&
		exec "$@" <exim/message' - "$EXIM/usr/sbin/exim4" \
	    -C "$TMP/exim/conf" -odi -oi -f sender@example.com \
	    to@example.com second@example.com >exim/out 2>&1
	if arrived 'by exim'; then
		ok 'Exim hands over to the relay, and it arrives'
	else
		not_ok 'Exim hands over to the relay, and it arrives' \
		    "$(tail -n 2 exim/out exim/log/*; cat why)"
	fi
	if grep -q '[=-]> second@.* R=post365 .*250 2.0.0 Ok: queued as' \
	    exim/log/main; then
		ok 'Exim notes the number in the queue'
	else
		not_ok 'Exim notes the number in the queue' \
		    "$(tail -n 3 exim/log/main)"
	fi
}

if [ -e "$POSTFIX/.done" ]; then
	postfix_story
else
	skip 'Postfix as a client' './build.sh deps brings it'
fi
if [ ! -e "$EXIM/.done" ]; then
	skip 'Exim as a client' './build.sh deps brings it'
elif "$EXIM/usr/sbin/exim4" -bV 2>&1 | grep -q 'shared libraries'; then
	skip 'Exim as a client' 'its libraries are not here'
elif ! unshare -m true 2>/dev/null; then
	skip 'Exim as a client' 'it wants mounts of its own'
else
	exim_story
fi
kill $relay
wait $relay
finish
