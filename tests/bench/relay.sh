#!/bin/sh
# SPDX-License-Identifier: MIT
# bench relay: messages of 4 kB that are accepted in a second, from 1, 10 and
# 100 clients of smtp-source, a connection for each message, against Postfix and
# OpenSMTPD on the same disk in the same run. All answer after the disk has it;
# none sends any. Then what all processes have in memory, idle and with 100
# clients, and how long a message takes from its 250 to its request to the
# service.
# shellcheck source=/dev/null
. "$TOP/tests/bench/lib.sh"

rounds=${ROUNDS:-3}
cd "$TMP" || exit 1
[ -e "$POSTFIX/.done" ] || {
	echo 'bench relay: no smtp-source: ./build.sh deps'
	exit 0
}
smtp_source() {
	LD_LIBRARY_PATH=$POSTFIX_LIBS \
	    timeout "${limit:-60}" "$POSTFIX/usr/sbin/smtp-source" "$@"
}

# --- ours

plain_config http://127.0.0.1:1 sender@example.com
cat >>config <<END
enabled = no
spool_dir = $TMP/spool
max_queue = 1000000
[relay]
listen = 127.0.0.1:26025
socket = off
log = none
END
timeout 900 "$POST365" relay -C config 2>relay.err &
relay=$!
trap 'kill $relay 2>/dev/null' EXIT
await_relay config || {
	cat relay.err
	exit 1
}

# Resident memory of a process and all below it, in kB.
resident() {
	total=0
	for pid in $1 $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		kb=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' \
		    "/proc/$pid/status" 2>/dev/null)
		total=$((total + ${kb:-0}))
	done
	echo $total
}
main=$(cat /proc/$relay/task/$relay/children)
main=${main%% *}
aim 'relay, idle, all processes' "$(resident "$main")" ' kB' most 3072

# --- Postfix, unpacked

peer=''
if [ "$(id -u)" = 0 ]; then
	make_postfix
	cat >>postfix/etc/main.cf <<-END
		myhostname = bench.example.com
		inet_interfaces = 127.0.0.1
		smtpd_end_of_data_restrictions = check_client_access static:HOLD
		default_process_limit = 200
		smtpd_client_connection_count_limit = 0
	END
	cat >postfix/etc/master.cf <<-END
		127.0.0.1:26026 inet n - n - - smtpd
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - n - - trivial-rewrite
		anvil unix - - n - 1 anvil
		scache unix - - n - 1 scache
		postlog unix-dgram n - n - 1 postlogd
	END
	cp "$POSTFIX"/etc/postfix/postfix-files postfix/etc/ 2>/dev/null
	start_postfix 900
	peer=$MASTER
	trap 'kill $relay $peer 2>/dev/null' EXIT
	tries=0
	until limit=2 smtp_source -m 1 -l 100 127.0.0.1:26026 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 15 ] || {
			echo "bench relay: Postfix does not start:" \
			    "$(tail -n 2 postfix/out)"
			kill "$peer" 2>/dev/null
			peer=''
			break
		}
		sleep 0.2
	done
fi
[ -n "$peer" ] || echo 'bench relay: no Postfix beside it (that wants root)'

# --- OpenSMTPD, unpacked. Its users and its /var are there for itself only.

OPENSMTPD=$TOP/build/deps/opensmtpd
third=''
start_opensmtpd() {
	mkdir -p opensmtpd/var/spool/smtpd opensmtpd/var/run opensmtpd/var/mail \
	    opensmtpd/var/lib/opensmtpd/empty
	chmod 711 opensmtpd/var/spool/smtpd
	for n in 1 2; do
		echo "opensmtp$([ $n = 1 ] && echo d || echo q)\
:x:6401$n:6401$n::/var/empty:/bin/false"
	done | cat /etc/passwd - >opensmtpd/passwd
	printf 'opensmtp%s\n' d:x:64011: q:x:64012: |
	    cat /etc/group - >opensmtpd/group
	cat >opensmtpd/conf <<-END
		smtp limit max-mails 100000
		listen on 127.0.0.1 port 26028
		action away relay host smtp://127.0.0.1:1
		match from any for any action away
	END
	cp "$OPENSMTPD/usr/sbin/smtpctl" opensmtpd/
	chgrp 64012 opensmtpd/smtpctl
	chmod 2755 opensmtpd/smtpctl
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m --propagation private sh -c '
		mount --bind opensmtpd/passwd /etc/passwd &&
		mount --bind opensmtpd/group /etc/group &&
		mount --bind opensmtpd/var /var || exit 1
		for _ in $(seq 50); do
			sleep 0.2
			opensmtpd/smtpctl pause mta && break
		done >/dev/null 2>&1 &
		exec timeout 900 "$0" -d -f opensmtpd/conf' \
	    "$OPENSMTPD/usr/sbin/smtpd" >opensmtpd/out 2>&1 &
	third=$!
	trap 'kill $relay $peer $third 2>/dev/null' EXIT
	tries=0
	until limit=2 smtp_source -m 1 -l 100 127.0.0.1:26028 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 15 ] || {
			kill "$third" 2>/dev/null
			third=''
			break
		}
		sleep 0.2
	done
}
if [ "$(id -u)" = 0 ] && [ -e "$OPENSMTPD/.done" ]; then
	start_opensmtpd
	[ -n "$third" ] || echo "bench relay: OpenSMTPD does not start:" \
	    "$(tail -n 2 opensmtpd/out)"
fi

# rate [-d] PORT CLIENTS COUNT: messages in a second; -d: a client stays
# connected.
rate() {
	keep=''
	[ "$1" != -d ] || { keep=-d && shift; }
	start=$(date +%s%N)
	smtp_source $keep -s "$2" -m "$3" -l 4096 -f sender@example.com \
	    -t to@example.com "127.0.0.1:$1" || return 1
	awk -v n="$3" -v ns="$(($(date +%s%N) - start))" \
	    'BEGIN { printf "%.0f\n", n * 1e9 / ns }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for clients in 1 10 100; do
	count=$((clients == 1 ? 300 : clients * 30))
	: >ours
	: >theirs
	for _ in $(seq "$rounds"); do
		rate 26025 $clients $count >>ours
		[ -z "$peer" ] || rate 26026 $clients $count >>theirs
	done
	ours=$(median <ours)
	if [ -z "$peer" ]; then
		echo "relay, $clients clients: $ours/s"
		continue
	fi
	theirs=$(median <theirs)
	echo "relay, $clients clients: $ours/s, Postfix $theirs/s"
	# It lets 5 wait to be accepted, and others begin anew after a second: its
	# clients stay connected.
	[ -z "$third" ] || echo "relay, $clients clients: OpenSMTPD" \
	    "$(rate -d 26028 $clients $count)/s"
	aim "relay, $clients clients, against Postfix" \
	    "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')" \
	    '' least "$(echo "1 1 10 2 100 3" | awk -v n=$clients '{
	        for (i = 1; i < NF; i += 2) if ($i == n) print $(i + 1) }')"
done
aim 'relay, after all that, all processes' "$(resident "$main")" ' kB' most 16384
kill $relay
wait $relay 2>/dev/null

# --- from the 250 to the request: twenty mailboxes, a message each

start_server "main-$$@example.com" 0
for n in $(seq 20); do
	printf '[account a%s]\nfrom = a%s-%s@example.com\n' "$n" "$n" $$
done >>config
cat >>config <<END
[relay]
listen = 127.0.0.1:26027
socket = off
log = none
END
timeout 100 "$POST365" relay -C config 2>relay.err &
relay=$!
trap 'kill $relay 2>/dev/null; stop_server' EXIT
await_relay config || {
	cat relay.err
	exit 1
}
python3 - $$ >accepted <<'END'
import smtplib, sys, time
with smtplib.SMTP("127.0.0.1", 26027, timeout=10) as s:
    for n in range(1, 21):
        sender = "a%d-%s@example.com" % (n, sys.argv[1])
        s.sendmail(sender, ["to@example.com"], "Subject: x\r\n\r\nx\r\n")
        print(sender, time.time(), flush=True)
        time.sleep(0.3)
END
sleep 1
awk 'NR == FNR { at[$1] = $2; next }
    $1 == "mail" && $2 in at { print ($3 - at[$2]) * 1000 }' \
    accepted server.out | sort -n >delays
aim 'relay, from 250 to the request, median of 20' \
    "$(awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] }' delays)" \
    ' ms' most 20
