#!/bin/sh
# SPDX-License-Identifier: MIT
# demo: post365 sends a mail to its own sandbox, over verified TLS, and shows
# what arrived; then what a wrong secret looks like, and how mail survives an
# outage in the queue. Needs no network and leaves nothing behind. ./build.sh
# demo runs it.
set -eu
: "${POST365:?is the executable}"
# Settings of the caller stay out, and build.sh's are no settings.
for name in $(env | sed -n 's/^\(POST365_[A-Z_0-9]*\)=.*/\1/p; s/^\(AZURE_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done
DIR=$(mktemp -d "${TMPDIR:-/tmp}/post365-demo.XXXXXX")
PID=''
stop() {
	read -r worker 2>/dev/null <demo/state/spool/worker || worker=''
	# shellcheck disable=SC2086
	kill $PID $worker 2>/dev/null || true
	rm -rf "$DIR"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
cd "$DIR"
mkdir bin
for name in post365 sendmail mailq; do ln -s "$POST365" bin/$name; done

title() { printf '\n== %s\n' "$*"; }
# show STATUS COMMAND LINE: prints it, runs it, and ends the demonstration if it
# ends otherwise: what follows would tell of things that did not happen.
show() {
	printf '$ %s\n' "$2"
	status=0
	PATH=$DIR/bin:$PATH sh -c "$2" 2>&1 || status=$?
	[ "$status" = "$1" ] || stop_here "exit status $status, not $1"
}
stop_here() {
	printf '\nThe demonstration stops here: %s.\n' "$*"
	if [ -e demo/requests.log ]; then
		echo 'The last requests that the sandbox had:'
		tail -n 3 demo/requests.log
	fi
	exit 1
}

title 'A stand-in for Microsoft 365 on this machine: token endpoint and Graph'
# shellcheck disable=SC2016
printf '$ post365 sandbox --dir demo &\n'
timeout 60 "$POST365" sandbox --dir demo >ready &
PID=$!
n=0
until grep -q '^ready' ready; do
	n=$((n + 1))
	if [ $n -gt 100 ] || ! kill -0 "$PID" 2>/dev/null; then
		stop_here 'the sandbox does not start'
	fi
	sleep 0.05
done
sed "s,$DIR/,," ready
grep -v '^#' demo/config | sed "s/^\(client_secret = ....\).*/\1.../; s,$DIR/,,"

title 'Send a mail: text, a subject in UTF-8, an attachment'
printf 'Backup of db1 finished.\n42 tables, 1.3 GB, no errors.\n' >report.txt
printf 'table,rows\nusers,1200\norders,98765\n' >tables.csv
show 0 "post365 -C demo/config send -s 'Sicherung: fertig ✓' --text report.txt \\
    -a tables.csv -t 'Ops Team <ops@contoso.com>' -b audit@contoso.com --via json"
echo "(exit status $status: a token was fetched, then sendMail answered 202)"

title 'What arrived'
show 0 "grep -E '^(tls|from|to|bcc|subject|attachment)' demo/mail/000001.meta"
show 0 'cat demo/mail/000001.text'
cmp -s tables.csv demo/mail/000001.att1-tables.csv ||
    stop_here 'the attachment is not what was sent'
echo '(the attachment is the same to the bit)'

title 'The same again, with the result for scripts; the token is kept'
show 0 'echo done | post365 -C demo/config send --json -s done ops@contoso.com'
printf '(token requests so far: %s)\n' \
    "$(grep -c 'oauth2/v2.0/token' demo/requests.log)"

title 'And when something is wrong: a secret that is not the right one'
show 77 "sed 's/^client_secret = .*/client_secret = oops/' demo/config >wrong; \\
    chmod 600 wrong; post365 -C wrong send -s x --text report.txt ops@contoso.com"
echo "(exit status $status: sign-in or permission; 75 would mean try again later)"

title 'As cron mails, while the service is away: sendmail stores it first'
echo 'any status 503' >demo/faults
show 0 "printf 'Subject: backup of db1 failed\n\nno space left on device\n' |
    sendmail -C demo/config root"
echo "(exit status $status: it is on the disk, and survives a power cut)"
n=0
until grep -qs '"verdict":"later"' demo/state/log; do
	n=$((n + 1))
	[ $n -le 200 ] || stop_here 'nobody tried to send it'
	sleep 0.05
done
show 0 'mailq -C demo/config'

title 'The service is back; what waits is tried at once'
rm demo/faults
show 0 'sendmail -C demo/config -qf && mailq -C demo/config'
show 0 'post365 -C demo/config log --failed; post365 -C demo/config log --stats'
show 0 "grep -E '^(from|to|subject)' demo/mail/000003.meta"
