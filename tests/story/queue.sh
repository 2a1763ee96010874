#!/bin/sh
# SPDX-License-Identifier: MIT
# queue: a person looks after messages that wait: list, show, hold, release,
# retry, drop, export and import, mailq, and what stands in the journal.
. "$(dirname "$0")/lib.sh"

P=$SAN
cd "$TMP" || exit 1
POST365_STATE_DIR=$TMP/here
export POST365_STATE_DIR
SPOOL=$TMP/here/spool

# is_there NAME FILE
is_there() {
	if [ -e "$2" ]; then ok "$1"; else not_ok "$1" "there is no $2"; fi
}
# shellcheck disable=SC2317
queue() { run "$P" queue "$@"; }
A=6742F3A05C81B7E0 B=6742F3A15C81B7E1 C=77777777AAAAAAAA
letter a "$A" app@example.com a@example.org b@example.org
letter b "$B" '' c@example.org
letter c "$C" web@example.com d@example.net
cp a twin

# --- empty

check 'empty: list' 0 queue
has 'empty: it says so' "$OUT" 'nothing is in the queue'
check 'empty: count' 0 queue count
same 'empty: count, none' 0 "$(cat "$OUT")"
check 'empty: log' 0 run "$P" log
says 'empty: log says so' "$ERR" "nothing yet in $TMP/here/log"
check 'empty: trace' 65 run "$P" trace 99
check 'empty: json' 0 queue list --json
same 'empty: no object' 0 "$(wc -c <"$OUT")"
ln -s "$P" mailq
check 'empty: mailq' 0 run ./mailq
same 'empty: what is looked for' 'Mail queue is empty' "$(cat "$OUT")"

if [ ! -e "$TMP/here" ]; then
	ok 'empty: who reads makes no folder'
else
	not_ok 'empty: who reads makes no folder' "$(find "$TMP/here")"
fi

# --- import

check 'import' 0 queue import a b c
has 'import: the ids stay' "$OUT" "$A is queued"
same 'import: the files moved' '' "$(find a b c 2>/dev/null)"
head -c 4000 twin >short
sed 's/hello/hellO/' twin >changed
sed '1s/[12]$/9/' twin >future
echo garbage >garbage
: >empty
for f in short changed garbage empty absent; do
	code=65
	[ $f != absent ] || code=66
	check "import: $f" $code queue import $f
	says "import: $f is named" "$ERR" "^post365 queue: $f: "
done
check 'import: another version' 78 queue import future
says 'import: which' "$ERR" 'version 9; this post365 reads up to 3'
check 'import: one of them bad' 65 queue import --keep short twin
says 'import: the other is in' "$OUT" 'is queued'
is_there 'import: --keep' twin
D=$(sed -n 's/ is queued//p' "$OUT")
check 'drop' 0 queue drop "$D"
has 'drop: said' "$OUT" "$D is dropped"

# --- list and show

check 'list' 0 queue list
says 'list: its columns' "$OUT" '^ID  *AGE  SIZE TRY NEXT  *FROM  *TO  *WHY$'
says 'list: several recipients' "$OUT" "^$A .* app@example.com .* a@example.org \+1$"
says 'list: a bounce' "$OUT" "^$B .* <> .* c@example.org .* bounce$"
same 'list: three and their number' '5 3 messages' \
    "$(wc -l <"$OUT" | tr -d ' ') $(tail -n 1 "$OUT")"
# on_screen COLUMNS WORD...: the command's output on a terminal, into $OUT
# shellcheck disable=SC2317
on_screen() {
	cols=$1
	shift
	run script -qec "stty cols $cols; $P $*" /dev/null </dev/null
	tr -d '\r' <"$OUT" >screen
}
if command -v script >/dev/null; then
	for cols in 80 40; do
		check "screen of $cols" 0 on_screen $cols queue
		same "screen of $cols: three" '3 messages' "$(tail -n 1 screen)"
		same "screen of $cols: it fits" '' "$(awk -v n=$cols \
		    'length($0) > n' screen)"
	done
	check 'screen: ids' 0 on_screen 80 queue
	says 'screen: ids are short, and differ' screen '^6742F3A0 '
else
	skip screen 'no script(1) here'
fi
check 'ls' 0 queue ls
same 'ls: the same' 3 "$(tail -n 1 "$OUT" | sed 's/ messages//')"
check 'count' 0 queue count
same 'count: three' 3 "$(cat "$OUT")"
echo torn >"$SPOOL/hold/6742F3A3AAAAAAAA"
check 'count: no file is opened' 0 queue count --json
same 'count: no file is opened, four' '{"queued":3,"hold":1,"dead":0}' \
    "$(cat "$OUT")"
rm "$SPOOL/hold/6742F3A3AAAAAAAA"
check 'count: some' 0 queue count --to example.org --json
same 'count: JSON' '{"queued":2,"hold":0,"dead":0}' "$(cat "$OUT")"
check 'list: by sender' 0 queue list --from WEB@
says 'list: by sender, it' "$OUT" "^$C .* 0 now  *web@"
has 'list: by sender, one' "$OUT" '1 message'
check 'list: by recipient' 0 queue list --json --to example.org
same 'list: by recipient, two' 2 "$(wc -l <"$OUT" | tr -d ' ')"
check 'list: older' 0 queue list --older 1h --json
check 'list: by id' 0 queue list 6742f3a1 --json
same 'list: JSON' "{\"id\":\"$B\",\"account\":\"default\",\"state\":\"queued\",\
\"arrived\":\"2026-11-23T20:10:00Z\",\"size\":36,\"from\":\"\",\
\"to\":[\"c@example.org\"],\"attempts\":0,\"next\":null,\"reason\":\"\",\
\"kind\":null,\"code\":\"\",\"remedy\":\"\",\"client_request_id\":\"\",\
\"mailbox\":\"\",\"mailbox_waits\":false,\"client\":\"test\",\
\"message_id\":\"<$B@example.com>\",\"command\":null}" "$(cat "$OUT")"
check 'list: the first' 0 queue list -n 2
same 'list: the first, of how many' 'the first 2 of 3 messages' \
    "$(tail -n 1 "$OUT")"
check 'list: the first, JSON' 0 queue list -n 1 --json
same 'list: the first, JSON: the oldest, and how many' \
    "\"$A\" {\"total\":3,\"shown\":1}" \
    "$(sed -n 's/^{"id":\("[^"]*"\).*/\1/p;/^{"total/p' "$OUT" | xargs -0 echo |
    tr '\n' ' ' | sed 's/ *$//')"
check 'list: the first of some' 0 queue list -n 1 --json --to example.org
same 'list: the first of some: how many' '{"total":2,"shown":1}' \
    "$(tail -n 1 "$OUT")"
check 'list: fewer than asked for' 0 queue list -n 9 --json
same 'list: fewer: how many' '{"total":3,"shown":3}' "$(tail -n 1 "$OUT")"
check 'count: -n' 64 queue count -n 3
check 'list: -n 0' 64 queue list -n 0
check 'show' 0 queue show "$A"
has 'show: a line' "$OUT" 'Recipient: b@example.org'
has 'show: state' "$OUT" 'State: queued'
check 'show: raw' 0 queue show --raw "$A"
printf 'Subject: %s\r\n\r\nhello\r\n' "$A" >body.part
same_file 'show: raw, byte for byte' body.part "$OUT"
check 'show: no such' 65 queue show 99
says 'show: no such, which' "$ERR" 'no message "99"'
check 'show: several' 65 queue show 6742
says 'show: several, how many' "$ERR" '2 messages begin with "6742"'
check 'show: none' 64 queue show
check 'no such action' 64 queue holt 1
says 'no such action: the known ones' "$ERR" \
    '"holt" is not one of list, show, count, run, .*, import$'
says 'no such action: which is near' "$ERR" 'did you mean hold'
check 'help' 0 queue help
says 'help: of the queue' "$OUT" '^  count  '

# --- hold, release, retry

check 'hold: JSON' 65 queue hold "$B" 99 --json
same 'hold: JSON: each, and why not' "{\"id\":\"$B\",\"done\":true}
{\"id\":\"99\",\"done\":false,\"error\":{\"code\":\"input\",\
\"message\":\"$SPOOL: no message \\\"99\\\" there\",\"remedy\":null,\
\"retryable\":false}}" "$(cat "$OUT")"
check 'hold: JSON, not for that' 65 queue hold "$B" --json
says 'hold: JSON, not for that: what to do' "$OUT" \
    '"remedy":"post365 queue release '"$B"'"'
check 'release: JSON' 0 queue release --json --all
same 'release: JSON' "{\"id\":\"$B\",\"done\":true}" "$(cat "$OUT")"
check 'release: JSON, none' 0 queue release --json --all
same 'release: JSON, none' '' "$(cat "$OUT")"
check 'hold' 0 queue hold "$A" 6742f3a1
is_there 'hold: where it is' "$SPOOL/hold/$A"
check 'hold: twice' 65 queue hold "$A"
says 'hold: twice, why' "$ERR" 'its state is hold'
check 'retry: of hold' 65 queue retry "$A"
says 'retry: of hold, what to do' "$ERR" "post365 queue release $A"
check 'mailq' 0 run ./mailq
says 'mailq: on hold' "$OUT" "^$A!  *36 [A-Z][a-z][a-z] Nov"
same 'mailq: its end' '-- 0 Kbytes in 3 Requests.' "$(tail -n 1 "$OUT")"
check 'release: all' 0 queue release --all
same 'release: both' 2 "$(grep -c 'is released' "$OUT")"
check 'release: none' 0 queue release --all
check 'retry' 0 queue retry --to c@
has 'retry: it' "$OUT" "$B is due"
mv "$SPOOL/new/$B" "$SPOOL/dead/"
check 'dead: is listed' 0 queue list --json "$B"
says 'dead: as that' "$OUT" '"state":"dead"'
check 'dead: not by all' 0 queue retry --all
lacks 'dead: not by all, so' "$OUT" "$B"
check 'dead: by id' 0 queue retry "$B"
is_there 'dead: it is queued' "$SPOOL/new/$B"
check 'nobody is meant' 64 queue drop
check 'one wrong id' 65 queue hold 99 "$C"
has 'one wrong id: the other' "$OUT" "$C is on hold"

# --- somebody has it

if command -v flock >/dev/null; then
	taken=$SPOOL/work
	mv "$SPOOL/new/$B" "$taken"
	(
		flock 9
		exec sleep 60
	) 9<"$taken/$B" &
	holder=$!
	tries=0
	until ! flock -n "$taken/$B" true; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || break
		sleep 0.05
	done
	for verb in hold retry drop 'export busy'; do
		# shellcheck disable=SC2086
		check "busy: $verb" 75 queue $verb "$B"
		says "busy: $verb, why" "$ERR" "$B is being sent"
	done
	check 'busy: list' 0 queue list --json "$B"
	says 'busy: active' "$OUT" '"state":"active"'
	check 'busy: show' 0 queue show --raw "$B"
	check 'busy: mailq' 0 run ./mailq
	says 'busy: its mark' "$OUT" "^$B\\* "
	kill $holder
	wait $holder 2>/dev/null
	check 'its worker died: list' 0 queue list --json "$B"
	says 'its worker died: queued' "$OUT" '"state":"queued"'
	check 'its worker died: mailq' 0 run ./mailq
	says 'its worker died: no mark' "$OUT" "^$B  "
	check 'its worker died' 0 queue retry "$B"
else
	skip busy 'no flock here'
fi

# --- export: to a connected host

check 'export' 0 queue export carry --all
same 'export: files' 3 "$(find carry -name '*.post365' | wc -l | tr -d ' ')"
check 'export: nothing is left' 0 queue
has 'export: nothing is left, so' "$OUT" 'nothing is in the queue'
cp -r carry copy
POST365_STATE_DIR=$TMP/there
check 'import: a folder' 0 queue import carry
same 'import: three' 3 "$(grep -c 'is queued' "$OUT")"
same 'import: the folder is empty' 0 "$(find carry -type f | wc -l | tr -d ' ')"
check 'import: once more' 0 queue import --keep copy
same 'import: it is known' 3 "$(grep -c 'is here already' "$OUT")"
check 'import: still three' 0 queue
has 'import: still three, so' "$OUT" '3 messages'
check 'export: one, and keep it' 0 queue export carry "$A" --keep
is_there 'export: it is on hold' "$TMP/there/spool/hold/$A"
check 'export: never over another' 65 queue export carry "$A"
says 'export: never over another, why' "$ERR" "carry/$A.post365: is there"
check 'export: no place' 64 queue export
chmod 777 carry
check 'export: where all may write' 73 queue export carry "$B"
check 'export: it stays' 0 queue list "$B"

# --- files that make no sense

SPOOL=$TMP/there/spool
echo x >"$SPOOL/new/README"
head -c 4200 "$SPOOL/new/$B" >"$SPOOL/new/0123456789ABCDEF"
echo y >"$SPOOL/new/1123456789ABCDEF"
sed '1s/[0-9]$/9/; s/^Id: .*/Id: 2123456789ABCDEF/' "$SPOOL/new/$B" \
    >"$SPOOL/new/2123456789ABCDEF"
check 'bad files: list' 0 queue
says 'bad files: not ours' "$ERR" '1 file is not of the queue, as new/README'
says 'bad files: no spool file' "$ERR" '1123456789ABCDEF: not a spool file'
says 'bad files: version' "$ERR" '2123456789ABCDEF: a spool file of version 9'
says 'bad files: the others' "$OUT" "^$B "
check 'bad files: mailq' 0 run ./mailq
says 'bad files: mailq, the others' "$OUT" "^$B "
check 'bad files: hold' 65 queue hold --all
has 'bad files: hold, the others' "$OUT" "$B is on hold"
check 'bad files: show' 65 queue show 1123
check 'bad files: rm' 0 queue rm 0123 1123
check 'bad files: of another version' 78 queue drop 2123
is_there 'bad files: that stays' "$SPOOL/new/2123456789ABCDEF"
rm "$SPOOL/new/2123456789ABCDEF" "$SPOOL/new/README"
if [ "$(id -u)" = 0 ]; then
	sed "s/^Id: .*/Id: 3123456789ABCDEF/" "$SPOOL/hold/$B" \
	    >"$SPOOL/hold/3123456789ABCDEF"
	chown 12345 "$SPOOL/hold/3123456789ABCDEF"
	check 'of another user' 78 queue release 3123
	says 'of another user: whose' "$ERR" 'belongs to another user .12345'
	rm "$SPOOL/hold/3123456789ABCDEF"
else
	skip 'of another user' 'needs root'
fi

# --- the journal

check 'log' 0 run "$P" log
says 'log: what was dropped' "$OUT" '^20[-0-9]* [0-9:]* 0123456789ABCDEF dropped'
POST365_STATE_DIR=$TMP/here
check 'log: of the other host' 0 run "$P" log --id "$A" --json
says 'log: exported' "$OUT" '"verdict":"exported"'
chmod 600 here/log
mv here/log here/log.moved
mkdir here/log
cp copy/* .
check 'no journal: import' 0 queue import "$A.post365"
check 'no journal: drop' 74 queue drop "$A"
check 'no journal: it stays' 0 queue list "$A"
rmdir here/log
timeout 20 "$P" log --follow >follow.out 2>&1 &
follower=$!
sleep 1
check 'follow: something happens' 0 queue drop "$A"
tries=0
until grep -q "$A dropped" follow.out; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || break
	sleep 0.05
done
kill $follower
wait $follower 2>/dev/null
says 'follow: it is shown' follow.out "$A dropped"

# --- a zone without a file, as POSIX has it

mkdir -m 700 zone
sed -n '1s/"time":"[^"]*"/"time":"2026-01-15T12:00:00Z"/p' here/log >zone/log
sed -n '1s/"time":"[^"]*"/"time":"2026-07-15T12:00:00Z"/p' here/log >>zone/log
chmod 600 zone/log
# zone TZ WINTER SUMMER: by our C library
zone() {
	POST365_STATE_DIR=$TMP/zone TZ=$1 "$POST365" log >zone.out 2>&1
	same "zone $1" "$2 $3" "$(cut -c12-16 zone.out | tr '\n' ' ' |
	    sed 's/ $//')"
}
zone UTC 12:00 12:00
zone CET-1 13:00 13:00
zone CET-1CEST,M3.5.0,M10.5.0/3 13:00 14:00
zone CET-1CEST 13:00 14:00
zone EST5EDT 07:00 08:00
zone NST3:30NDT 08:30 09:30
# files with such a name
[ ! -e /usr/share/zoneinfo/W-SU ] || zone W-SU 15:00 15:00
[ ! -e /usr/share/zoneinfo/GB-Eire ] || zone GB-Eire 12:00 13:00

# --- log_subject

cat >subject.conf <<'EOF'
from = app@example.com
client_id = 11111111-1111-1111-1111-111111111111
tenant_id = 11111111-1111-1111-1111-111111111111
client_secret = a-secret-that-is-never-used-anywhere
state_dir = subject
EOF
sed -i "s|^state_dir = .*|state_dir = $TMP/subject|" subject.conf
chmod 600 subject.conf
unset POST365_STATE_DIR
for n in 1 2 3; do
	check "order: $n" 0 run "$P" -C subject.conf send --queue -s "Nr. $n" \
	    --text twin a@example.org
done
check 'no subject: list' 0 run "$P" -C subject.conf queue
lacks 'no subject: none' "$OUT" 'SUBJECT|Nr. 1'
check 'no subject: none in the envelope' 0 run "$P" -C subject.conf queue \
    drop --all
echo 'log_subject = yes' >>subject.conf
for n in 1 2 3; do
	check "order: $n" 0 run "$P" -C subject.conf send --queue \
	    -s "Störung $n" --text twin a@example.org
done
check 'subject: list' 0 run "$P" -C subject.conf queue
same 'subject: in order of arrival' '1 2 3' \
    "$(sed -n 's/.* Störung \([0-9]\)$/\1/p' "$OUT" | tr '\n' ' ' |
	sed 's/ $//')"
check 'subject: json' 0 run "$P" -C subject.conf queue ls --json
same 'subject: json, all' 3 "$(grep -c '"subject":"Störung ' "$OUT")"
check 'subject: drop' 0 run "$P" -C subject.conf queue rm --all
check 'subject: log' 0 run "$P" -C subject.conf log
same 'subject: log, of those' 3 "$(grep -c '"Störung ' "$OUT")"
lacks 'subject: log, of no other' "$OUT" 'Nr. 1'
POST365_STATE_DIR=$TMP/here
export POST365_STATE_DIR

# --- check_mailq of Nagios reads mailq

N=$TOP/build/deps
if [ -r "$N/monitoring-plugins-standard/usr/lib/nagios/plugins/check_mailq" ] &&
    command -v perl >/dev/null; then
	cp "$N/monitoring-plugins-standard/usr/lib/nagios/plugins/check_mailq" .
	sed "s|/usr/bin/mailq|$TMP/mailq|" \
	    "$N/monitoring-plugins-common/usr/lib/nagios/plugins/utils.pm" \
	    >utils.pm
	check 'check_mailq: empty' 0 run perl check_mailq -M postfix -w 1 -c 9
	says 'check_mailq: empty, so' "$OUT" 'OK.*empty'
	check 'import' 0 queue import "$B.post365" "$C.post365"
	check 'check_mailq: two' 1 run perl check_mailq -M postfix -w 1 -c 9
	says 'check_mailq: two, so' "$OUT" 'WARNING.*is 2'
	check 'check_mailq: too many' 2 run perl check_mailq -M postfix \
	    -w 1 -c 2
else
	skip check_mailq 'monitoring-plugins or perl is not here'
fi
finish
