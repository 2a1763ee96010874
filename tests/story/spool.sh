#!/bin/sh
# SPDX-License-Identifier: MIT
# spool: whatever the service does, a queued message is afterwards where the
# table of kinds says, and as many copies arrived as its policy allows.
# shellcheck disable=SC2030,SC2031,SC2119,SC2317
. "$(dirname "$0")/lib.sh"
P=$SAN # error paths are where memory errors hide

# A row: permission beside Mail.Send | rule | settings | exit status of one run, and the folder then | seconds to
# the next try, from and to | copies then | the same after `retry` and a second run | copies then.
# "-": no message is in the queue. A next of 0 0: due, or nobody's time.
rows() {
	grep -v '^#' <<-'END'
	# `retry` is no reason to ask before the time that was named
	|send status 429 retry-after=30 x1||75 new|29|36|0|0 new|0
	|send status 503 x1||75 new|40|61|0|0 -|1
	|send status 429 retry-after=100||75 new|98|115|0|0 new|0
	|send status 503||75 new|40|61|0|75 new|0
	|send status 503 retry-after=60 x1||75 new|58|70|0|0 new|0
	|send status 401||77 new|0|0|0|77 new|0
	|send status 401 x2||77 new|0|0|0|0 -|1
	|send status 403||77 new|0|0|0|77 new|0
	|send status 403 code=ErrorSendAsDenied||0 dead|0|0|0|0 dead|0
	|send status 404||78 new|0|0|0|78 new|0
	|send status 400 code=ErrorInvalidRecipients||0 dead|0|0|0|0 dead|0
	|send status 413||0 dead|0|0|0|0 dead|0
	|send status 500||75 new|295|301|0|75 hold|0
	|send taken-close x1||75 new|295|301|1|0 -|2
	|send taken-close||75 new|295|301|1|75 hold|2
	|send taken-close|delivery once|75 hold|0|0|1|0 hold|1
	|send taken-no-answer x1||75 new|295|301|1|0 -|2
	|send taken-no-answer|delivery once|75 hold|0|0|1|0 hold|1
	|send silent x1||75 new|295|301|0|0 -|1
	|send slow ms=1||0 -|0|0|1|0 -|1
	|token status 401||77 new|0|0|0|77 new|0
	|token status 503 retry-after=50||75 new|48|60|0|0 new|0
	|any tls-close||75 new|40|61|0|75 new|0
	ReadWrite|submit taken-close x1|delivery exact|0 -|0|0|1|0 -|1
	ReadWrite|submit taken-no-answer x1|delivery exact|0 -|0|0|1|0 -|1
	ReadWrite|submit close x1|delivery exact|0 -|0|0|1|0 -|1
	# with a permission to read, Sent Items tell
	Read|send taken-close x1||75 new|295|301|1|0 -|1
	Read|send taken-close||75 new|295|301|1|0 -|1
	Read|send taken-no-answer x1||75 new|295|301|1|0 -|1
	Read|send taken-no-answer||75 new|295|301|1|0 -|1
	Read|send taken-close|delivery once|75 new|295|301|1|0 -|1
	Read|send status 500 x1||75 new|295|301|0|0 -|1
	Read|send status 500||75 new|295|301|0|75 new|0
	Read|send silent x1|delivery once|75 new|295|301|0|75 hold|0
	ReadWrite|send taken-close||75 new|295|301|1|0 -|1
	# what was not taken leaves no draft that could pass for sent
	ReadWrite|submit status 403 x2|delivery exact|77 new|0|0|0|0 -|1
	ReadWrite|submit status 400 code=ErrorInvalidRecipients|delivery exact|0 dead|0|0|0|0 dead|0
	ReadWrite|submit status 429 retry-after=400 x1|delivery exact|75 new|399|442|0|0 new|0
	ReadWrite|submit status 503|delivery exact|75 new|40|61|0|75 new|0
	END
}

# The folder of the only message.
folder() {
	for f in new work hold dead; do
		set -- "$SPOOL/$f"/*
		[ -e "$1" ] && echo "$f" && return
	done
	echo -
}

# Seconds from when it was written until its next try; 0: none. It says both
# this and the time, which comes so much later, less what went by since.
next_in() {
	set -- "$SPOOL"/*/[0-9A-F]*
	[ -e "$1" ] || { echo 0 && return; }
	next=$(tr '\0' '\n' <"$1" | awk '
	    /^Sequence: / { at = $2 + 0; if (at > last) last = at }
	    /^Next: / { time[at] = $2 }
	    /^Wait: / { wait[at] = $2 }
	    END { print time[last], wait[last] + 0 }')
	[ -n "${next% *}" ] || { echo 0 && return; }
	left=$(($(date -d "${next% *}" +%s) - $(date +%s)))
	if [ $left -le $((${next#* } + 1)) ] &&
	    [ $left -ge $((${next#* } - 30)) ]; then
		echo "${next#* }"
	else
		echo $left
	fi
}

run_queue() { run "$P" -C "$CONFIG" queue run; }

# Each has a mailbox of its own: one takes four requests at a time.
row() { # ROLE|RULE|SETTING|FOLDER|FROM|TO|COPIES|FOLDER2|COPIES2
	IFS='|' read -r role rule set folder from to copies folder2 copies2 <<-END
	$1
	END
	start_sandbox --role Mail.Send ${role:+--role "Mail.$role"} \
	    --mailbox '*' --fault "$rule"
	SPOOL=$SB_DIR/state/spool
	setting from "row$ROW@example.com"
	setting connect_timeout 2s
	setting timeout 6s
	setting state_dir "$SB_DIR/state"
	setting bounces no # a report is a message, too: see below
	[ -z "$set" ] || setting "${set%% *}" "${set#* }"
	send --queue -s fault --text "$TMP/body" x@example.org
	first=$STATUS
	run_queue
	got="$first $STATUS $(folder) $(count_mail)"
	wait=$(next_in)
	run "$P" -C "$CONFIG" queue retry --all
	run_queue
	stop_sandbox
	got="$got, $STATUS $(folder) $(count_mail)"
	want="0 $folder $copies, $folder2 $copies2"
	if [ "$got" != "$want" ]; then
		not_ok "$rule $set" "\"$got\" is not \"$want\": $(head -n 2 \
		    "$ERR" | tr '\n' ' ')"
	elif [ "$wait" -lt "$from" ] || [ "$wait" -gt "$to" ]; then
		not_ok "$rule $set" "next in $wait s, not $from to $to"
	else
		ok "$rule $set"
	fi
}

echo hello >"$TMP/body"
rows >"$TMP/rows"
rows_at_once 4 "$TMP/rows" row

# --- without network and secret

mkdir -p "$TMP/alone"
printf 'from = me@contoso.example\nstate_dir = %s\n' "$TMP/alone" \
    >"$TMP/alone.conf"
chmod 600 "$TMP/alone.conf"
check 'stored without a secret' 0 run "$P" -C "$TMP/alone.conf" send --queue \
    --json -s x --text "$TMP/body" x@example.org
says 'status and id' "$OUT" '"status":"queued","id":"[0-9A-F]{16}"'
check 'to nobody' 64 run "$P" -C "$TMP/alone.conf" send --queue
sed "s|^state_dir = .*|&/../body/x|" "$TMP/alone.conf" >"$TMP/none.conf"
chmod 600 "$TMP/none.conf"
check 'not stored' 73 run "$P" -C "$TMP/none.conf" send --queue \
    --text "$TMP/body" x@example.org

# --- what is given up is reported, once, and a person hears of it

start_sandbox --fault 'send status 400 code=ErrorInvalidRecipients x1'
SPOOL=$SB_DIR/state/spool
setting state_dir "$SB_DIR/state"
setting alert_command "cat >>$TMP/alert"
send --queue -s given-up --text "$TMP/body" nobody@example.org
run_queue
run_queue
same 'given up' 'dead 1' "$(folder) $(count_mail)"
has 'its sender is told' "$(last_mail).meta" 'to: sender@example.com'
says 'by a report' "$(last_mail).eml" '^Final-Recipient: rfc822; nobody@example.org'
says 'with the reason' "$(last_mail).eml" '^Diagnostic-Code: .*ErrorInvalidRecipients'
run_queue
same 'once' 1 "$(count_mail)"
says 'an alert' "$TMP/alert" 'a message was given up'

# --- a worker is killed while it waits for its answer

# killed ROLE RULE SETTING FOLDER COPIES: what the next worker makes of it.
killed() {
	start_sandbox --role Mail.Send --role "$1" --fault "$2"
	shift
	SPOOL=$SB_DIR/state/spool
	setting state_dir "$SB_DIR/state"
	[ -z "$2" ] || setting "${2%% *}" "${2#* }"
	send --queue -s killed --text "$TMP/body" x@example.org
	"$POST365" -C "$CONFIG" queue run >"$TMP/killed" 2>&1 &
	pid=$!
	tries=0
	until [ "$(count_mail)" = 1 ] || [ $tries -gt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	# shellcheck disable=SC2046
	kill -9 $pid $(children $pid)
	wait $pid 2>/dev/null
	left=$(folder)
	run_queue
	same "killed, $2: found in work, then" "work $3 $4" \
	    "$left $(folder) $(count_mail)"
}

killed Mail.Send 'send taken-no-answer x1' 'delivery auto' new 1
wait=$(next_in)
same 'perhaps sent: not before 5 minutes' yes \
    "$([ "$wait" -ge 290 ] && [ "$wait" -le 301 ] && echo yes)"
run "$P" -C "$CONFIG" queue retry --all
run_queue
same 'then once more' '- 2' "$(folder) $(count_mail)"
killed Mail.Send 'send taken-no-answer x1' 'delivery once' hold 1
killed Mail.Read 'send taken-no-answer x1' 'delivery auto' new 1
run "$P" -C "$CONFIG" queue retry --all
run_queue
same 'it is found' '- 1' "$(folder) $(count_mail)"
says 'it is found: where' "$SB_DIR/state/log" 'its copy is in Sent Items'
killed Mail.ReadWrite 'submit taken-no-answer x1' 'delivery exact' - 1
says 'why it is known' "$SB_DIR/state/log" 'its draft was found to be sent'

# --- Sent Items: however the answer was lost, one copy

one_copy() { # KIND
	start_sandbox --role Mail.Send --role Mail.Read --mailbox '*' \
	    --fault "send $1 x1"
	SPOOL=$SB_DIR/state/spool
	setting from "row$ROW@example.com"
	setting connect_timeout 2s
	setting timeout 3s
	setting state_dir "$SB_DIR/state"
	send --queue -s lost --text "$TMP/body" x@example.org y@example.org
	run_queue
	run "$P" -C "$CONFIG" queue retry --all
	run_queue
	same "one copy: $1" '- 1' "$(folder) $(count_mail)"
}
printf '%s\n' taken-close taken-no-answer reset-after cut bad-chunk \
    long-length endless-body endless-head close silent reset no-read garbage \
    http2 'status 500' 'status 502' 'status 504' html-200 ok-200 >"$TMP/kinds"
rows_at_once 4 "$TMP/kinds" one_copy

# A search that fails is made again; a copy to others, or of another message,
# is none; a draft that is gone is confirmed.
start_sandbox --role Mail.Send --role Mail.Read --fault 'send taken-close x1' \
    --fault 'send close x1' --fault 'search status 503 x1'
SPOOL=$SB_DIR/state/spool
setting state_dir "$SB_DIR/state"
printf 'Message-ID: <one@x.example>\nSubject: two\n\nhello\n' >"$TMP/eml"
send --queue --eml "$TMP/eml" x@example.org
run_queue
run "$P" -C "$CONFIG" queue retry --all
run_queue
same 'not searched now: it waits' 'new 1' "$(folder) $(count_mail)"
says 'not searched now: told' "$SB_DIR/state/log" 'could not be searched'
run "$P" -C "$CONFIG" queue retry --all
run_queue
same 'searched later' '- 1' "$(folder) $(count_mail)"
send --queue --eml "$TMP/eml" y@example.org
run_queue
run "$P" -C "$CONFIG" queue retry --all
run_queue
same 'a copy to others is not taken for its own' '- 2' \
    "$(folder) $(count_mail)"

# gone RULE: a draft whose send had no answer, and what asking it is told.
gone() {
	start_sandbox --fault 'submit taken-close' --fault "$1"
	SPOOL=$SB_DIR/state/spool
	setting state_dir "$SB_DIR/state"
	setting delivery exact
	send --queue -s gone --text "$TMP/body" x@example.org
	run_queue
}
gone 'ask status 404 code=ErrorItemNotFound'
same 'a draft that is gone, and was sent' '- 1' "$(folder) $(count_mail)"
gone 'ask status 404'
same 'a 404 of something else says nothing' 'new 1' "$(folder) $(count_mail)"

# --- an outage: one message finds out, and the others wait untouched

# outage RULE TIMEOUT
outage() {
	start_sandbox --fault "$1"
	SPOOL=$SB_DIR/state/spool
	setting connect_timeout 2s
	setting timeout "$2"
	setting state_dir "$SB_DIR/state"
	for i in 1 2 3 4 5 6; do
		send --queue -s "m$i" --text "$TMP/body" x@example.org
	done
	run_queue
	run "$P" -C "$CONFIG" queue list --json
}
outage 'any tls-stall' 3s
same 'no connection: one attempt' '1 5' \
    "$(grep -c '"attempts":1,' "$OUT") $(grep -c '"attempts":0,' "$OUT")"
outage 'token status 503' 3s
same 'no token: one attempt' '1 5' \
    "$(grep -c '"attempts":1,' "$OUT") $(grep -c '"attempts":0,' "$OUT")"
outage 'send silent' 1s
same 'no answers: two attempts' '2 4' \
    "$(grep -c '"attempts":1,' "$OUT") $(grep -c '"attempts":0,' "$OUT")"
outage 'send status 500 x1' 3s
same 'one bad message: only that' '1 0' \
    "$(grep -c '"attempts":1,' "$OUT") $(grep -c '"attempts":0,' "$OUT")"

finish
