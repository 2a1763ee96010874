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
# show COMMAND LINE: prints it and runs it.
show() {
	printf '$ %s\n' "$1"
	PATH=$DIR/bin:$PATH sh -c "$1" 2>&1 || status=$?
}

title 'A stand-in for Microsoft 365 on this machine: token endpoint and Graph'
# shellcheck disable=SC2016
printf '$ post365 sandbox --dir demo &\n'
timeout 60 "$POST365" sandbox --dir demo >ready &
PID=$!
n=0
until grep -q '^ready' ready; do
	n=$((n + 1))
	[ $n -le 100 ] && kill -0 "$PID" 2>/dev/null || exit 1
	sleep 0.05
done
sed "s,$DIR/,," ready
grep -v '^#' demo/config | sed "s/^\(client_secret = ....\).*/\1.../; s,$DIR/,,"

title 'Send a mail: text, a subject in UTF-8, an attachment'
printf 'Backup of db1 finished.\n42 tables, 1.3 GB, no errors.\n' >report.txt
printf 'table,rows\nusers,1200\norders,98765\n' >tables.csv
show "post365 -C demo/config send -s 'Sicherung: fertig ✓' --text report.txt \\
    -a tables.csv -t 'Ops Team <ops@contoso.com>' -b audit@contoso.com --via json"
echo "(exit status ${status:-0}: a token was fetched, then sendMail answered 202)"

title 'What arrived'
show "grep -E '^(tls|from|to|bcc|subject|attachment)' demo/mail/000001.meta"
show 'cat demo/mail/000001.text'
if cmp -s tables.csv demo/mail/000001.att1-tables.csv; then
	echo '(the attachment is the same to the bit)'
fi

title 'The same again, with the result for scripts; the token is kept'
show 'echo done | post365 -C demo/config send --json -s done ops@contoso.com'
printf '(token requests so far: %s)\n' \
    "$(grep -c 'oauth2/v2.0/token' demo/requests.log)"

title 'And when something is wrong: a secret that is not the right one'
status=0
show "sed 's/^client_secret = .*/client_secret = oops/' demo/config >wrong; \\
    chmod 600 wrong; post365 -C wrong send -s x --text report.txt ops@contoso.com"
echo "(exit status $status: sign-in or permission; 75 would mean try again later)"

refused=$status status=0

title 'As cron mails, while the service is away: sendmail stores it first'
echo 'any status 503' >demo/faults
show "printf 'Subject: backup of db1 failed\n\nno space left on device\n' |
    sendmail -C demo/config root"
echo "(exit status $status: it is on the disk, and survives a power cut)"
n=0
until grep -qs '"verdict":"later"' demo/state/log || [ $n -gt 100 ]; do
	n=$((n + 1))
	sleep 0.05
done
show 'mailq -C demo/config'

title 'The service is back; what waits is tried at once'
rm demo/faults
show 'sendmail -C demo/config -qf && mailq -C demo/config'
show 'post365 -C demo/config log --failed; post365 -C demo/config log --stats'
show "grep -E '^(from|to|subject)' demo/mail/000003.meta"

# A demonstration that fails must not look like one that works.
[ -e demo/mail/000003.meta ] && [ "$refused" = 77 ] && [ "$status" = 0 ]
