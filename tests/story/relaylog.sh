#!/bin/sh
# SPDX-License-Identifier: MIT
# relaylog: what the relay says, to people and to programs: the lines of a
# message that is sent, of one that is refused, of a sign-in that fails and of
# a client that goes away, against the patterns of those who read Postfix's
# log; JSON; a file that is moved away; no secret at any level.
# shellcheck disable=SC2046,SC2086,SC2119
. "$(dirname "$0")/lib.sh"
P=$SAN
cd "$TMP" || exit 1
start_sandbox

# one port for strangers, one for who signs in
free_ports 3 >ports
read -r PORT AUTH HTTP <ports
printf 'printer:%s\n' "$(printf 'Geheim-4711\n' | "$P" relay --hash-password)" \
    >users
chmod 600 users
cp "$CONFIG" plain

# relay_with SETTING...: starts it; RELAY. Its log: relay.err and log.
relay_with() {
	cp plain "$CONFIG"
	{
		printf '[relay]\nlisten = 127.0.0.1:%s\n' "$PORT"
		printf 'listen = 127.0.0.1:%s auth\n' "$AUTH"
		printf 'allow = 127.0.0.1 to=@example.org\nsocket = off\n'
		printf 'hostname = relay.test\nauth_without_tls = allow\n'
		printf 'auth_file = %s/users\n' "$TMP"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >>"$CONFIG"
	"$P" $VERBOSE -C "$CONFIG" relay 2>"$SAYS" &
	RELAY=$!
	tries=0
	until "$P" -C "$CONFIG" relay --check >check.out 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ]; then
			not_ok 'the relay starts' "$(tail -n 3 relay.err \
			    check.out | tr '\n' ' ')"
			finish
		fi
		sleep 0.1
	done
}
end_relay() {
	kill "$RELAY"
	wait "$RELAY"
	same 'it ends well' 0 $?
	same 'and its memory is sound' '' "$(grep -E 'Sanitizer|runtime error' \
	    relay.err)"
}
trap 'kill $RELAY; stop_sandbox' EXIT

# talk PORT LINE...: says that, and hangs up behind the last answer.
talk() { python3 talk.py "$@" >talk.out 2>&1; }
cat >talk.py <<'END'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
f = s.makefile("rb")
def answer():
    while True:
        line = f.readline()
        print(line.decode(errors="replace"), end="")
        if line[3:4] != b"-":
            return
answer()
for line in sys.argv[2:]:
    s.sendall(line.encode() + b"\r\n")
    if line != "":
        answer()
END
# until_line FILE PATTERN
until_line() {
	tries=0
	until grep -qE -- "$2" "$1" || [ $tries -gt 150 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

VERBOSE='' SAYS=relay.err
relay_with "log_file = $TMP/log" 'syslog_name = postfix' \
    "metrics = 127.0.0.1:$HTTP"
talk $PORT 'EHLO host' 'MAIL FROM:<sender@example.com>' \
    'RCPT TO:<b@example.org>' 'RCPT TO:<c@example.org>' DATA \
    "$(printf 'Subject: x\r\nMessage-ID: <1@test>\r\n\r\nhello\r\n.')" QUIT
until_line log ': removed'
ID=$(sed -n 's/.*queued as \([0-9A-F]*\).*/\1/p' talk.out)
# has NAME PATTERN: the line stands in the log; {} is the program and the id
has() {
	until_line log "^[A-Z][a-z][a-z] [ 0-9]+ [0-9:]+ [^ ]+ postfix/$2\$"
	if [ $tries -le 150 ]; then ok "$1"; else
		not_ok "$1" "$(tail -n 5 log | tr '\n' ' ')"
	fi
}
has 'connect' 'smtpd\[[0-9]+\]: connect from localhost\[127\.0\.0\.1\]'
has 'client=' "smtpd\[[0-9]+\]: $ID: client=localhost\[127\.0\.0\.1\]"
has 'message-id=' "cleanup\[[0-9]+\]: $ID: message-id=<1@test>"
has 'from= size= nrcpt=' \
    "qmgr\[[0-9]+\]: $ID: from=<sender@example.com>, size=4[0-9], nrcpt=2 \(queue active\)"
for to in b c; do
	has "to=$to" "smtp\[[0-9]+\]: $ID: to=<$to@example.org>, relay=localhost:[0-9]+, delay=[0-9.]+, delays=[0-9.]+/[0-9.]+/[0-9.]+/[0-9.]+, dsn=2\.0\.0, status=sent \(202, request-id [0-9a-f-]+, account default\)"
done
has 'removed' "qmgr\[[0-9]+\]: $ID: removed"
has 'disconnect' 'smtpd\[[0-9]+\]: disconnect from localhost\[127\.0\.0\.1\] ehlo=1 mail=1 rcpt=2 data=1 quit=1 commands=6'

talk $PORT 'EHLO host' 'MAIL FROM:<sender@example.com>' \
    'RCPT TO:<b@example.net>' 'RCPT TO:<b@example.org>'
has 'a recipient that is refused' 'smtpd\[[0-9]+\]: NOQUEUE: reject: RCPT from localhost\[127\.0\.0\.1\]: 550 5\.7\.1 <b@example\.net>: .*; from=<sender@example\.com> to=<b@example\.net> proto=ESMTP helo=<host>'
has 'a client that goes away' \
    'smtpd\[[0-9]+\]: lost connection after RCPT from localhost\[127\.0\.0\.1\]'
has 'what it did' 'smtpd\[[0-9]+\]: disconnect from localhost\[127\.0\.0\.1\] ehlo=1 mail=1 rcpt=1/2 commands=3/4'
talk $AUTH 'EHLO host' 'AUTH PLAIN AHByaW50ZXIAd3JvbmctNDcxMQ==' QUIT
has 'a sign-in that fails' 'smtpd\[[0-9]+\]: warning: localhost\[127\.0\.0\.1\]: SASL PLAIN authentication failed: .*, sasl_username=printer'
talk $AUTH 'EHLO host' 'MAIL FROM:<sender@example.com>' QUIT
has 'MAIL that is refused' 'smtpd\[[0-9]+\]: NOQUEUE: reject: MAIL from localhost\[127\.0\.0\.1\]: 530 5\.7\.0 Sign in first; proto=ESMTP helo=<host>'
talk $PORT 'GET / HTTP/1.0'
has 'a browser' 'smtpd\[[0-9]+\]: NOQUEUE: reject: UNKNOWN from localhost\[127\.0\.0\.1\]: 421 4\.7\.0 This is a mail server; proto=SMTP'
set --
while [ $# -lt 21 ]; do set -- "$@" 'X'; done
talk $PORT 'EHLO h' "$@"
has 'too many errors' \
    'smtpd\[[0-9]+\]: too many errors after UNKNOWN from localhost\[127\.0\.0\.1\]'
lines=$(wc -l <log)
talk $PORT
talk $PORT 'EHLO probe' QUIT
talk $PORT QUIT
sleep 0.5
same 'who only looks whether it answers has no line' "$lines" "$(wc -l <log)"
same 'standard error has the same lines' "$(sed 's/^.\{15\} [^ ]* //' log)" \
    "$(grep -v Sanitizer relay.err)"

# what fail2ban's filter "postfix" looks for (its regular expressions, with
# <HOST> as it replaces it), in the modes normal, auth and ddos
python3 - log >f2b.out <<'END'
import re, sys
host = r"(?:::f{4,6}:)?(?P<ip>[\d.]+|[0-9a-fA-F:]+)"
head = r"^\w{3} [ \d]\d [\d:]{8} \S+ postfix(-\w+)?/\w+\[\d+\]: "
want = {
  "normal": r"NOQUEUE: reject: [A-Z]{4,} from [^[]*\[" + host +
    r"\](?::\d+)?: [45][50][04] [45]\.\d\.\d+ (?:<[^>]*>)?:? ?",
  "auth": r"warning: [^[]*\[" + host + r"\](?::\d+)?: SASL "
    r"((?i:LOGIN|PLAIN|(?:CRAM|DIGEST)-MD5)) authentication failed:"
    r"(?! Connection lost to authentication server)",
  "errors": r"too many errors after \S+ from [^[]*\[" + host + r"\]",
  "ddos": r"(?:lost connection after(?! DATA) [A-Z]+|disconnect"
    r"(?= from \S+(?: \S+=\d+)* auth=0/(?:[1-9]|\d\d+))) "
    r"from [^[]*\[" + host + r"\](?::\d+)?:?",
}
for name, regex in want.items():
    n = sum(1 for line in open(sys.argv[1])
            if (m := re.match(head + regex, line)) and m["ip"] == "127.0.0.1")
    print(name, "found" if n else "MISSING")
END
same 'fail2ban finds them' "$(printf '%s found\n' normal auth errors ddos)" \
    "$(cat f2b.out)"
f2b=$TOP/build/deps/fail2ban
if [ -e "$f2b/.done" ] && [ -x /usr/bin/python3 ]; then
	check 'fail2ban itself does' 0 run env \
	    PYTHONPATH="$f2b/usr/lib/python3/dist-packages" /usr/bin/python3 \
	    "$f2b/usr/bin/fail2ban-regex" -c "$f2b/etc/fail2ban" log \
	    "$f2b/etc/fail2ban/filter.d/postfix.conf[mode=aggressive]"
	says 'and matches some' "$OUT" '[1-9][0-9]* matched'
else
	skip 'fail2ban itself does' 'it is not installed'
fi

# --- numbers
# ask PATH: its status and its text
ask() {
	python3 - "http://127.0.0.1:$HTTP$1" <<'END'
import sys, urllib.error, urllib.request
try:
    r = urllib.request.urlopen(sys.argv[1], timeout=20)
except urllib.error.HTTPError as e:
    r = e
print(r.status, r.read().decode(), sep="\n", end="")
END
}
same '/healthz' "$(printf '200\nok')" "$(ask /healthz)"
same '/readyz' "$(printf '200\nok')" "$(ask /readyz)"
same 'no other page' 404 "$(ask /)"
ask /metrics >metrics.out
sed 1d metrics.out >metrics
# number SERIES: its value
number() { sed -n "s/^post365_$1 //p" metrics; }
same 'deliveries' 2 \
    "$(number 'deliveries_total{account="default",result="sent"}')"
same 'messages' 1 \
    "$(number "relay_messages_total{listener=\"127.0.0.1:$PORT\"}")"
same 'recipients' 2 "$(number relay_recipients_total)"
same 'refused commands' 1 \
    "$(number 'relay_rejects_total{command="RCPT",code="550"}')"
same 'failed sign-ins' 1 \
    "$(number 'relay_auth_total{mechanism="PLAIN",result="failed"}')"
same 'answers of Graph' 1 "$(number 'graph_responses_total{code="202"}')"
same 'the queue is empty' 0 "$(number 'queue_messages{state="queued"}')"
same 'the token is good for an hour or less' yes "$(
	left=$(($(number 'token_expires_timestamp_seconds{account="default"}') \
	    - $(date +%s)))
	[ $left -gt 60 ] && [ $left -le 5400 ] && echo yes)"
same 'a commit' 1 "$(number relay_commit_seconds_count)"
same 'each name has a type, and stands in one place' '' "$(python3 - <<'END'
import re
seen, name = set(), None
for line in open("metrics"):
    if line[0] == "#":
        kind, now = line.split()[1:3]
        if kind == "HELP":
            if now in seen:
                print("twice", now)
            seen.add(now)
            name = now
    elif not re.fullmatch(re.escape(name) + r"(_bucket|_sum|_count)?"
            r'(\{([a-z]+="[^"\\]*",?)+\})? \d+(\.\d+)?\n', line):
        print("no series of", name, line)
END
)"
PATH=$PATH:$TOP/build/deps/prometheus/usr/bin
if command -v promtool >/dev/null 2>&1; then
	check 'promtool reads it' 0 run sh -c 'promtool check metrics <metrics'
else
	skip 'promtool reads it' 'it is not installed'
fi

# --- a file that is moved away
mv log log.1
kill -USR1 "$RELAY"
tries=0
until [ -e log ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
same 'SIGUSR1 opens it anew' 640 "$(stat -c %a log)"
talk $PORT 'EHLO host' NOOP QUIT
has 'and it has what comes' 'smtpd\[[0-9]+\]: disconnect from .* noop=1 .*'
end_relay

# --- JSON, each step of the dialogue, and no secret
rm -f log log.1
VERBOSE=-v
relay_with "log_file = $TMP/log" 'log = none' 'log_format = json' \
    'log_probes = yes'
for auth in "AUTH PLAIN $(printf '\0printer\0Geheim-4711' | base64)" \
    "$(printf 'AUTH LOGIN\r\n%s\r\n%s' "$(printf printer | base64)" \
	"$(printf Geheim-4711 | base64)")"; do
	talk $AUTH 'EHLO host' "$auth" QUIT
done
talk $PORT "EHLO h\"<\\$(printf '\303\244')" 'MAIL FROM:<sender@example.com>' \
    'RCPT TO:<b@example.org>' DATA "$(printf 'Subject: x\r\n\r\nhello\r\n.')" \
    "$(printf 'X\033[1m')" QUIT
until_line log '"event":"remove"'
python3 - log >json.out <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
by = {}
for l in lines:
    assert l["time"].endswith("Z") and l["level"] and l["pid"] > 1, l
    by.setdefault(l["event"], []).append(l)
print("auth", sorted((l["method"], l["user"], "reason" in l)
    for l in by["auth"]))
a = by["accept"][0]
print("accept", a["client"], a["from"], a["nrcpt"], a["size"] > 0, a["helo"])
d = by["deliver"][0]
print("deliver", d["to"], d["status"], d["dsn"], d["id"] == a["id"], d["via"])
print("reject", by["reject"][0]["code"], by["reject"][0]["command"])
print("disconnect", by["disconnect"][-1]["did"])
END
same 'JSON says it all' "$(cat <<'END'
auth [('LOGIN', 'printer', False), ('PLAIN', 'printer', False)]
accept 127.0.0.1 sender@example.com 1 True h"<\??
deliver b@example.org sent 2.0.0 True mime
reject 500 UNKNOWN
disconnect ehlo=1 mail=1 rcpt=1 data=1 quit=1 unknown=0/1 commands=5/6
END
)" "$(cat json.out)"
end_relay
same 'nothing goes to standard error' '' "$(cat relay.err)"
for secret in Geheim-4711 "$(printf '\0printer\0Geheim-4711' | base64)" \
    "$(printf Geheim-4711 | base64)" "$(setting_of client_secret)"; do
	grep -qF -- "$secret" log && not_ok 'no secret is in it' "$secret"
done
ok 'no secret is in it'

# --- a log that nobody reads
mkfifo pipe
sh -c 'exec 3<pipe sleep 120' &
READER=$!
VERBOSE=-v SAYS=pipe
relay_with "metrics = 127.0.0.1:$HTTP"
python3 - $PORT <<'END'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
f = s.makefile("rb")
f.readline()
for _ in range(200):
    s.sendall(b"NOOP\r\n" * 20)
    for _ in range(20):
        assert f.readline().startswith(b"250"), "no answer"
END
same 'holds nobody up' 0 $?
talk $PORT 'EHLO host' 'MAIL FROM:<sender@example.com>' \
    'RCPT TO:<b@example.org>' DATA "$(printf 'Subject: x\r\n\r\nhello\r\n.')" QUIT
says 'mail is taken' talk.out '^250 2\.0\.0 Ok: queued as'
ask /metrics >metrics
says 'and what it costs is counted' metrics \
    '^post365_log_lines_dropped_total [1-9]'
end_relay
kill $READER
SAYS=relay.err

# --- a queue that is full
VERBOSE=''
cp plain "$CONFIG"
setting enabled no
setting max_queue 1
cp "$CONFIG" plain
relay_with "metrics = 127.0.0.1:$HTTP"
same 'there is room' "$(printf '200\nok')" "$(ask /readyz)"
talk $PORT 'EHLO host' 'MAIL FROM:<sender@example.com>' \
    'RCPT TO:<b@example.org>' DATA "$(printf 'Subject: x\r\n\r\nhello\r\n.')" QUIT
for _ in 1 2 3; do
	talk $PORT 'EHLO host' 'MAIL FROM:<sender@example.com>' QUIT
done
says 'MAIL is refused for now' talk.out '^452 4\.3\.1 '
says 'the log has it' relay.err \
    '^post365/smtpd\[[0-9]+\]: warning: 452 to localhost\[127\.0\.0\.1\]: .*max_queue'
same 'once a minute' 1 "$(grep -c 'warning: 452' relay.err)"
ask /readyz >ready.out
says '/readyz says why' ready.out '^503'
says 'in a line' ready.out 'max_queue'
same '/healthz is well' "$(printf '200\nok')" "$(ask /healthz)"
end_relay

# --- more mail than the manager reads at once
cp plain "$CONFIG"
setting max_queue 1000
cp "$CONFIG" plain
relay_with
python3 - $PORT <<'END'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
f = s.makefile("rb")
f.readline()
for _ in range(249):
    for line in ("RSET", "MAIL FROM:<sender@example.com>",
                 "RCPT TO:<b@example.org>", "DATA", "Subject: x\r\n\r\nx\r\n."):
        s.sendall(line.encode() + b"\r\n")
        answer = f.readline()
    assert answer.startswith(b"250"), answer
END
same 'much mail is taken' 0 $?
end_relay
relay_with "metrics = 127.0.0.1:$HTTP"
tries=0 waits=''
until [ "${waits:-0}" != 0 ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
	ask /metrics >metrics
	waits=$(number 'queue_messages{state="queued"}')
done
same 'what is not read yet is counted' 250 "$waits"
end_relay
printf '[relay]\nmetrics = 192.0.2.1:9365\n' >>plain
check 'numbers are not for the world' 78 run "$P" -C plain relay --check
says 'and what to do' "$ERR" '127\.0\.0\.1:9365'
trap stop_sandbox EXIT
finish
