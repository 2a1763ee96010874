#!/bin/sh
# SPDX-License-Identifier: MIT
# bench enqueue: durable messages of 4 kB a second, a process for each, against
# postdrop (Postfix, what its sendmail ends in) and nullmailer-queue; then in
# one process against a bare loop. All sync as they do by default: postdrop the
# file, the other two file and folder. All write to the same disk.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

rounds=${ROUNDS:-5} count=${COUNT:-100}
postfix=$TOP/build/deps/postfix nullmailer=$TOP/build/deps/nullmailer
cd "$TMP" || exit 1
${CC:-cc} -O1 -static -o rate "$TOP/tests/bench/rate.c" || exit 1

body() {
	head -c 2850 /dev/zero | base64
}
{
	printf 'From: sender@example.com\nTo: to@example.com\n'
	printf 'Subject: bench\n\n'
	body
} >mail

cat >config <<END
tenant_id = 11111111-2222-4333-8444-555555555555
client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
client_secret = none
login_url = http://127.0.0.1:1
graph_url = http://127.0.0.1:1/v1.0
from = sender@example.com
state_dir = $TMP/state
END
chmod 600 config
ln -s "$POST365" sendmail
set -- send mail "$POST365" -C "$TMP/config" send --queue --eml - to@example.com
if POST365_CONFIG=config ./sendmail -odq -t <mail 2>/dev/null &&
    [ -n "$(ls state/spool/new 2>/dev/null)" ]; then
	set -- "$@" -- sendmail mail "POST365_CONFIG=$TMP/config" \
	    "$TMP/sendmail" -odq -t
fi

# What postdrop reads: a letter, a length of 7 bits a byte, a line.
records() {
	python3 -c '
import sys

def record(kind, text):
    n, size = len(text), b""
    while n > 127:
        size, n = size + bytes([n & 127 | 128]), n >> 7
    sys.stdout.buffer.write(kind + size + bytes([n]) + text)

record(b"S", b"sender@example.com")
record(b"R", b"to@example.com")
record(b"M", b"")
for line in open("mail", "rb").read().splitlines():
    record(b"N", line)
record(b"X", b"")
record(b"E", b"")'
}
if [ -e "$postfix/.done" ] && [ "$(id -u)" = 0 ]; then
	mkdir -p postfix/etc postfix/data postfix/queue/maildrop \
	    postfix/queue/public
	cat >postfix/etc/main.cf <<-END
		compatibility_level = 3.6
		queue_directory = $TMP/postfix/queue
		data_directory = $TMP/postfix/data
		mail_owner = mail
		setgid_group = daemon
		default_privs = nobody
		myhostname = bench.example.com
	END
	# a pickup that listens, and needs nobody to answer
	mkfifo postfix/queue/public/pickup
	exec 7<>postfix/queue/public/pickup
	records >postfix/records
	set -- "$@" -- postdrop postfix/records \
	    "LD_LIBRARY_PATH=$postfix/usr/lib/postfix" \
	    "$postfix/usr/sbin/postdrop" -c "$TMP/postfix/etc"
else
	echo 'bench enqueue: no postdrop: ./build.sh deps, as root'
fi
if [ -e "$nullmailer/.done" ]; then
	mkdir -p nullmailer/queue/queue nullmailer/queue/tmp nullmailer/conf
	echo bench.example.com >nullmailer/mailname
	mkfifo nullmailer/queue/trigger
	exec 8<>nullmailer/queue/trigger
	{ printf 'sender@example.com\nto@example.com\n\n'; cat mail; } \
	    >nullmailer/mail
	# a copy is not set-uid, so that it heeds the folder of ours
	cp "$nullmailer/usr/sbin/nullmailer-queue" nullmailer/
	chmod 755 nullmailer/nullmailer-queue
	set -- "$@" -- nullmailer-queue nullmailer/mail \
	    "NULLMAILER_TEST_PREFIX=$TMP/nullmailer" \
	    "$TMP/nullmailer/nullmailer-queue"
else
	echo 'bench enqueue: no nullmailer-queue: ./build.sh deps'
fi

for at_once in 1 4; do
	./rate "$rounds" "$count" "$at_once" "$@" >rates || exit 1
	awk -v n="$at_once" '
	BEGIN { printf "enqueue, %s at a time:", n }
	{
		printf "%s %s %.0f/s", (NR > 1 ? "," : ""), $1, $2
		if ($1 == "send" || $1 == "sendmail")
			ours[$1] = $2
		else if ($2 > best)
			best = $2
	}
	END {
		for (name in ours)
			if (best > 0)
				printf "; %s / better peer %.2f", name,
				    ours[name] / best
		printf "\n"
	}' rates
done
"$TOP/build/bench/spool" rate "$TMP/one" "$((rounds * count))" >rates || exit 1
awk '{ r[$1] = $2 }
END {
	printf "enqueue, in one process: store/spool %.0f/s, bare loop %.0f/s; ",
	    r["spool"], r["bare"]
	printf "ratio %.2f\n", r["spool"] / r["bare"]
}' rates

# A message of 30 MB, against a copy of it that is synced.
{
	printf 'From: sender@example.com\nTo: to@example.com\n'
	printf 'Subject: bench\nMIME-Version: 1.0\n'
	printf 'Content-Type: application/octet-stream; name=a\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	head -c 22200000 /dev/zero | base64
} >large
now_us() { echo $(($(date +%s%N) / 1000)); }
rm -rf state/spool
: >rows
for _ in $(seq "$rounds"); do
	start=$(now_us)
	dd if=large of=copy bs=64k conv=fsync 2>/dev/null && sync .
	mid=$(now_us)
	POST365_CONFIG=config ./sendmail -odq -t <large || exit 1
	echo "$((mid - start)) $(($(now_us) - mid))" >>rows
	rm -f copy state/spool/new/*
done
median() { cut -d ' ' -f "$1" rows | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
awk -v copy="$(median 1)" -v ours="$(median 2)" 'BEGIN {
	printf "enqueue, 30 MB: %.0f ms, a copy and a sync %.0f ms; ratio %.2f\n",
	    ours / 1000, copy / 1000, ours / copy
}'
