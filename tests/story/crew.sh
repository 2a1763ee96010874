#!/bin/sh
# SPDX-License-Identifier: MIT
# crew: several workers on one queue: how many there are, how they end, and
# that one mailbox does not hold up another.
# shellcheck disable=SC2034,SC2046,SC2086,SC2119
. "$(dirname "$0")/lib.sh"
P=$SAN
cd "$TMP" || exit 1
echo hello >body

# fill N SUBJECT [OPTION...]: stores that many.
fill() {
	n=0 most=$1 subject=$2
	shift 2
	while [ $n -lt "$most" ]; do
		"$POST365" -C "$CONFIG" send --queue -s "$subject$n" \
		    --text body "$@" x@example.org >queued
		n=$((n + 1))
	done
}
left() { find "$SPOOL/new" "$SPOOL/work" -type f | wc -l | tr -d ' '; }
# until_mail N: waits until so many arrived.
until_mail() {
	tries=0
	until [ "$(count_mail)" -ge "$1" ] || [ $tries -gt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}
# until_asked: waits until a request came.
until_asked() {
	tries=0
	until [ "$(requests 'sendMail')" -ge 1 ] || [ $tries -gt 3000 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
}
# start_run: a run of the queue in the background, RUN.
start_run() {
	"$POST365" -C "$CONFIG" queue run >"run.out" 2>"run.err" &
	RUN=$!
}
# watch: until it ends; most: how many workers it had.
watch() {
	tries=0 most=0
	while kill -0 $RUN 2>/dev/null && [ $tries -lt 2000 ]; do
		n=$(children $RUN | wc -l)
		[ "$n" -le $most ] || most=$n
		tries=$((tries + 1))
		sleep 0.02
	done
	wait $RUN
}
watch_run() {
	start_run
	watch
}
new_sandbox() {
	start_sandbox "$@"
	SPOOL=$SB_DIR/state/spool
}

# --- one message wants one worker, many want six

new_sandbox --fault 'send slow ms=1'
fill 1 one
watch_run
same 'one message: workers' 1 $most
fill 40 many
watch_run
same 'many: workers' 6 $most
same 'many: each once' 41 "$(count_mail)"
same 'many: one token' 1 "$(token_requests)"

# --- what is on its way is not handed out again when the queue is listed anew
# --- for a second run, which waits for it

new_sandbox --fault 'send late ms=2000'
fill 3 way
start_run
tries=0 # the second worker comes once the first message was sent
until [ "$(children $RUN | wc -l)" -ge 2 ] || [ $tries -gt 2000 ]; do
	tries=$((tries + 1))
	sleep 0.02
done
{
	"$POST365" -C "$CONFIG" queue run --json >second.out
	echo "$?, $(count_mail)" >second.end
} &
second=$!
watch
wait $second
same 'a second run: workers' 2 $most
same 'a second run: it waits' '0, 3' "$(cat second.end)"
says 'a second run: of two' second.out '"tried":2,"sent":2,'

# --- a service that refuses all is asked once, not six times

new_sandbox --fault 'send status 403 code=ErrorAccessDenied'
fill 12 no
check 'refused: exit' 77 run "$POST365" -C "$CONFIG" queue run
same 'refused: not asked by six' yes \
    "$([ "$(requests 'sendMail.*"status":403')" -lt 6 ] && echo yes)"
same 'refused: all wait' 12 "$(left)"

# --- a message that draws its 403 by itself: the next run begins with another

new_sandbox --fault 'send status 403 x1'
fill 1 poison
fill 2 good
poison=$(cd "$SPOOL/new" && find . -type f | sort | sed -n '1s,./,,p')
check 'poison: a run' 77 run "$POST365" -C "$CONFIG" queue run
same 'poison: nothing is gone' 3 "$(left)"
"$POST365" -C "$CONFIG" queue retry --all >retried
check 'poison: the next run' 0 run "$POST365" -C "$CONFIG" queue run
"$POST365" -C "$CONFIG" log --json >log.json
same 'poison: all went, it not first' "3 0" "$(grep '"sent"' log.json |
    awk -v id="$poison" 'NR == 1 { first = index($0, id) > 0 }
	END { print NR, first }')"

# --- an end in order: what is under way is finished

# (INT is ignored in what a shell starts in the background.)
for signal in TERM HUP; do
	new_sandbox --fault 'send slow ms=2'
	fill 3 last
	start_run
	until_asked
	kill -$signal $RUN $(children $RUN)
	wait $RUN
	status=$?
	same "$signal: ended by it" $signal "$(kill -l $status)"
	says "$signal: says so" run.err 'on their way are finished'
	same "$signal: nothing is unsure" 0 \
	    "$(cat "$SPOOL"/*/* | grep -ac '^Unsure-since: 2')"
	same "$signal: sent or left" 3 $(($(count_mail) + $(left)))
	check "$signal: the rest" 0 run "$P" -C "$CONFIG" queue run
	same "$signal: each once" 3 "$(count_mail)"
done

# --- told a second time it ends at once, and its worker by itself

new_sandbox --fault 'send slow ms=40'
fill 1 twice
start_run
until_asked
kill -TERM $RUN
n=0
until grep -q 'on their way' run.err || [ $((n += 1)) -gt 100 ]; do
	sleep 0.05
done
kill -TERM $RUN
wait $RUN
same 'twice: ended by it' TERM "$(kill -l $?)"
same 'twice: without waiting' 1 "$(left)"
n=0
until [ "$(left)" = 0 ] || [ $((n += 1)) -gt 200 ]; do
	sleep 0.1
done
same 'twice: sent by its worker' 0 "$(left)"
same 'twice: once' 1 "$(count_mail)"

# --- a worker is killed: others go on, and it is known which message

new_sandbox --fault 'send taken-no-answer x1' --fault 'send slow ms=1'
fill 6 killed
start_run
until_mail 1
kill -9 $(children $RUN | head -n 1)
wait $RUN || not_ok 'a killed worker' "the run ended with $?"
says 'a killed worker: says so' run.err 'ended by signal 9'
same 'a killed worker: the others are sent' 6 "$(count_mail)"
same 'a killed worker: its message stays' 1 "$(left)"

# In the background, where no later run may come, it is taken up again.
new_sandbox --fault 'send silent'
drop() {
	printf 'Subject: %s\n\n' "$1" |
	    "$POST365" sendmail -C "$CONFIG" -f "$2" x@example.org
}
drop killed sender@example.com
tries=0
until_asked
kill -9 $(children "$(cat "$SPOOL/worker")")
until grep -qs verdict "$SB_DIR/state/log" || [ $tries -gt 3000 ]; do
	tries=$((tries + 1))
	sleep 0.02
done
says 'a worker of the background is killed: found out' "$SB_DIR/state/log" \
    'ended before its outcome was known'

# --- the one that gives out is killed: workers finish what they have

new_sandbox --fault 'send slow ms=2'
fill 4 head
start_run
until_asked
workers=$(children $RUN)
kill -9 $RUN
wait $RUN 2>/dev/null
tries=0
while kill -0 $workers 2>/dev/null && [ $tries -lt 400 ] &&
    grep -qs '^[0-9]* ([^)]*) [^Z]' "/proc/${workers%% *}/stat"; do
	tries=$((tries + 1))
	sleep 0.05
done
same 'without a head: nothing is unsure' 0 \
    "$(cat "$SPOOL"/*/* | grep -ac '^Unsure-since: 2')"
check 'without a head: the rest' 0 run "$P" -C "$CONFIG" queue run
same 'without a head: each once' 4 "$(count_mail)"

# --- what comes when who hands out has stopped listening, and is not gone yet

new_sandbox
if strace -o /dev/null true 2>/dev/null; then
	fill 1 before
	# the first removes a bell that was left over
	strace -qq -o strace.out -e trace=unlink \
	    -e inject=unlink:delay_enter=3000000:when=2 \
	    "$POST365" -C "$CONFIG" queue run >run.out 2>run.err &
	RUN=$!
	until_mail 1
	tries=0 held=0
	until [ $held = 3 ] || [ $tries -gt 300 ]; do
		tries=$((tries + 1)) held=$((held + 1))
		cat /proc/[0-9]*/stat 2>/dev/null | grep -q ") t $RUN " ||
			held=0
		sleep 0.05
	done
	fill 1 late
	wait $RUN
	same 'too late to be heard: sent by the same run' 2 "$(count_mail)"
else
	skip 'too late to be heard' 'strace is not here, or may not trace'
fi

# --- where no process can be started, one does all the work

new_sandbox --plain
# a name would be looked up by a process
setting login_url "$(setting_of login_url | sed 's/localhost/127.0.0.1/')"
setting graph_url "$(setting_of graph_url | sed 's/localhost/127.0.0.1/')"
fill 3 alone
if strace -o /dev/null true 2>/dev/null; then
	run strace -f -qq -o /dev/null -e trace=fork,vfork,clone,clone3 \
	    -e inject=fork,vfork,clone,clone3:error=EAGAIN \
	    "$POST365" -C "$CONFIG" queue run
	same 'no process: exit' 0 "$STATUS"
	same 'no process: each once' 3 "$(count_mail)"
	fill 5 stop
	# three of them, at least, are not begun until they are looked at
	faults 'send late ms=3000'
	strace -f -qq -o /dev/null -e trace=fork,vfork,clone,clone3 \
	    -e inject=fork,vfork,clone,clone3:error=EAGAIN \
	    "$POST365" -C "$CONFIG" queue run >run.out 2>run.err &
	RUN=$!
	tries=0
	until [ "$(requests 'sendMail')" -ge 4 ] || [ $tries -gt 1500 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	kill -TERM $(children $RUN)
	wait $RUN
	same 'no process: a signal ends it' yes \
	    "$([ "$(left)" -ge 3 ] && echo yes)"
else
	skip 'no process' 'strace is not here, or may not trace'
fi

# --- what is due again does not wait until new mail ends

steady=steady$$@example.com # whose slots nobody else's test has
new_sandbox --mailbox sender@example.com --mailbox $steady \
    --fault 'send status 503 retry-after=1 x1' --fault 'send slow ms=2'
cat >>"$CONFIG" <<-EOF2
	[account other]
	mailbox = $steady
	from = $steady
EOF2
drop again sender@example.com
n=0
until cat "$SB_DIR"/mail/*.meta 2>/dev/null | grep -q '^subject: again' ||
    [ $n -ge 100 ]; do
	n=$((n + 1))
	drop "$n" $steady
	sleep 0.3
done
same 'steady mail: what is due again is sent' yes \
    "$([ $n -lt 100 ] && echo yes)"

# --- a mailbox that is busy holds up no other

new_sandbox --mailbox sender@example.com --mailbox other@example.com
other=$SB_DIR
cat >>"$CONFIG" <<-'EOF2'
	[account other]
	mailbox = other@example.com
	from = other@example.com
EOF2
fill 3 held
fill 3 free -f other@example.com
# Its four slots, held by four who wait for a service that does not answer.
(
	SB_PID=''
	start_sandbox --fault 'send silent'
	setting timeout 12s
	for i in 1 2 3 4; do
		"$POST365" -C "$CONFIG" send --text body x@example.org \
		    >/dev/null 2>&1 &
		pids="${pids:-} $!"
	done
	echo ready >"$TMP/slots.out"
	wait $pids
	stop_sandbox
) &
slots=$!
: >>"$TMP/slots.out"
await "$TMP/slots.out" $slots
sleep 1
begin=$(now_ms)
start_run
until_mail 3
same 'busy mailbox: the other is not held up' 3 "$(cat "$other"/mail/*.meta |
    grep -c '^subject: free')"
same 'busy mailbox: in time' yes "$([ $(($(now_ms) - begin)) -lt 8000 ] &&
    echo yes)"
wait $RUN
same 'busy mailbox: all in the end' 6 "$(count_mail)"
wait $slots

finish
