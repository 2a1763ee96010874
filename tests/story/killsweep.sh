#!/bin/sh
# SPDX-License-Identifier: MIT
# killsweep: the executable is killed at its system calls, one after the
# other, and each call that files take fails once, and from then on. What was
# acknowledged is sent, what was not is not there, and a second copy comes only
# where spool.h says that it may.
#
# FULL=1 does it at every call; else all those that change something outside
# the process are taken, and a part of the others. With CUT set (cutsweep) the
# power goes with the process: what was not synced is not there afterwards.
# shellcheck disable=SC2030,SC2031,SC2119,SC2317
. "$(dirname "$0")/lib.sh"

FULL=${FULL:+1} CUT=${CUT:+cut} how='not hurt' KILLED=no
CHANGES='^(write|pwrite|rename|link|unlink|fsync|fdatasync|sendto|ftruncate)'
[ -z "$CUT" ] || own_mounts
SAVES='^(pwrite|fdatasync|unlink)'
FILES='^(p?write(v2?|64|v)?|fsync|fdatasync|rename(at2?)?|link(at)?|open(at)?)$'

if ! strace -qq -o /dev/null true 2>/dev/null; then
	skip 'at every system call' 'no strace here, or it may not trace'
	finish
fi
# more than one piece of what is read and written at once
awk 'BEGIN { for (i = 0; i < 2000; i++) printf "line %04d, of a body\n", i
    for (i = 0; i < 2000; i++) printf "line %04d, its second half\n", i }' \
    >"$TMP/body"
{ printf 'Subject: sweep\n\n' && cat "$TMP/body"; } >"$TMP/letter"
STATE=$TMP/state SPOOL=$TMP/state/spool TEMPLATE=$TMP/template
CARRY=$TMP/carry

# --- the power

CRASH=$TOP/build/san/crash_test IMAGE=$TMP/image DISK=$TMP/disk
mount_disk() { mount -o loop "$IMAGE" "$DISK" 2>"$TMP/mount.err"; }
# A child of what was killed may have it open for a moment yet.
leave_disk() {
	tries=0
	until umount "$DISK" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.05
	done
}
# At the end, whoever still has it.
drop_disk() { umount "$DISK" 2>/dev/null || umount -l "$DISK" 2>/dev/null; }
put_disk() {
	cp --sparse=always "$IMAGE.new" "$IMAGE"
	mount_disk
}
cut_power() {
	"$CRASH" cut "$DISK" && leave_disk && mount_disk
}
END=killed
if [ -n "$CUT" ]; then
	END='the power cut'
	mkdir "$DISK"
	STATE=$DISK/state SPOOL=$DISK/state/spool
	truncate -s 16M "$IMAGE.new"
	if ! mkfs.ext4 -q "$IMAGE.new" 2>/dev/null; then
		skip 'power cuts' 'no mkfs.ext4 here'
		finish
	fi
	trap 'drop_disk; stop_sandbox' EXIT
	if ! put_disk || ! cut_power; then
		skip 'power cuts' 'no mounting here, or no end of a file system'
		finish
	fi
fi

# --- the points

# Without a pair of sockets `queue run` does all in one process, so that each
# of its calls can be meant.
ALONE='-e inject=socketpair:error=EMFILE'

# trace COMMAND...: its calls, "NAME K" for the Kth of that name, in whichever
# of its processes.
trace() {
	# shellcheck disable=SC2086
	run strace -f -qq -o "$TMP/trace" $ALONE "$@"
	awk 'match($0, /^[0-9]+ +[a-z0-9_]+\(/) {
		name = $2
		sub(/\(.*/, "", name)
		k = ++n[$1, name]
		if (name ~ /^(execve|exit_group|socketpair)$/)
			next
		if (k > most[name])
			print name, most[name] = k
	    }' "$TMP/trace" >"$TMP/calls"
}

# hurt INJECT COMMAND...: each of its processes that comes to that call; true
# if one did. $KILLED: one ended there. strace waits for all of them.
hurt() {
	how=$1
	shift
	# shellcheck disable=SC2086
	run strace -f -qq -o "$TMP/hurt" -e "trace=${how%%:*},socketpair" \
	    -e "inject=$how" $ALONE "$@"
	KILLED=no
	! grep -q '= ?$' "$TMP/hurt" || KILLED=yes
	[ $KILLED = yes ] || grep -v socketpair "$TMP/hurt" | grep -q INJECTED
}

# --- what is found

folder() {
	for f in new work hold dead; do
		set -- "$SPOOL/$f"/*
		[ ! -e "$1" ] || { echo "$f" && return; }
	done
	echo -
}
# Does the file say that a request may have been taken?
is_unsure() {
	cat "$SPOOL"/*/[0-9A-F]* | tr '\0' '\n' | awk '
	    /^Sequence: / { at = $2 + 0; if (at > last) last = at }
	    /^Unsure-since: / { mark[at] = 1 }
	    END { exit !mark[last] }'
}
noted() { grep -qs '"verdict":"sent"' "$STATE/log"; }
# Has each mail that arrived the whole body?
is_whole() {
	for f in "$SB_DIR"/mail/*.meta; do
		[ -e "$f" ] || return 0
		sed '1,/^\r*$/d' "${f%meta}eml" | tr -d '\r' |
		    cmp -s - "$TMP/body" || return 1
	done
}

# recover N: the queue is run, and if something stays N times more, without
# the wait.
recover() {
	run "$P" -C "$CONFIG" queue run
	rounds=$1
	while [ "$rounds" -gt 0 ] && [ "$(folder)" != - ]; do
		rounds=$((rounds - 1))
		run "$P" -C "$CONFIG" queue retry --all
		run "$P" -C "$CONFIG" queue run
	done
}

# --- queueing

# How a message is queued: name, command, and whether failures are tried: in
# the background they are tried again after a minute, which takes too long.
# FILE is the body; the standard input is a letter with it.
queueing() {
	cat <<-'END'
	send --queue|send --queue -s sweep --text FILE x@example.org|yes
	sendmail -odq|sendmail -odq -i x@example.org|yes
	sendmail -odi|sendmail -odi -i x@example.org|no
	sendmail -odb|sendmail -odb -i x@example.org|no
	END
}

# What is true after it ended with STATUS. Where something was perhaps sent,
# Sent Items tell.
judge_queueing() {
	left=$STATUS
	recover 2
	got="$(count_mail) sent, then in $(folder)"
	case $left in
	0) want='^1 sent, then in -' ;;
	137) want='^[01] sent, then in -' ;;
	*) want='^0 sent, then in -' ;;
	esac
	if ! echo "$got" | grep -q "$want"; then
		not_ok "$name: $how" "exit $left: $got"
	elif ! is_whole; then
		not_ok "$name: $how" 'it was sent in part'
	fi
	forget_mail
}

# --- sending

# What is true after `queue run` ended with STATUS. $second: is there a second
# copy never, always, or where its worker was killed before the journal?
judge_sending() {
	left=$STATUS before=$(count_mail) where=$(folder)
	faults
	noted && line=yes || line=no
	mark=no
	[ "$where" = - ] || ! is_unsure || mark=yes
	why=''
	case "$second$KILLED $left/$before $where $line" in
	*/0*yes) why='in the journal and not sent' ;;
	*' 0/0 - '*) why='lost' ;;
	*' dead '*) why='given up' ;;
	always* | *yes\ *) ;;
	*' 0/1 '*no) why='sent, exit 0 and not in the journal' ;;
	esac
	recover 2
	after=$(count_mail)
	case "$after $(folder)" in
	'1 -') ;;
	'1 hold') [ "$left" = 74 ] || why="on hold, with exit $left" ;;
	'2 -')
		twice=$((twice + 1))
		case "$second $before $where $line $mark" in
		always* | 'killed '?' '*' no yes') ;;
		*) why='sent twice' ;;
		esac
		;;
	*) why="$after sent, then in $(folder)" ;;
	esac
	is_whole || why='sent in part'
	[ -z "$why" ] || not_ok "$name: $how" "exit $left, $before sent, in \
$where, line $line: $why"
	forget_mail
}

# --- what a person does with the queue

# What is true after a verb of `queue` ended with STATUS: wherever the message
# is, taken back it goes once; dropped, it may be gone.
judge_verb() {
	left=$STATUS
	if [ -d "$CARRY" ]; then
		run "$P" -C "$CONFIG" queue import "$CARRY"
	fi
	run "$P" -C "$CONFIG" queue release --all
	recover 0
	grep -qs '"verdict":"dropped"' "$STATE/log" && line=yes || line=no
	got="$(count_mail) sent, then in $(folder)"
	case "$rule $left $line $got" in
	'gone '*' yes 0 sent, then in -') ;; # 74: it could not say so
	'gone 0 '*) not_ok "$name: $how" "dropped, and $got" ;;
	*' 1 sent, then in -') ;;
	*) not_ok "$name: $how" "exit $left, line $line: $got" ;;
	esac
	is_whole || not_ok "$name: $how" 'it was sent in part'
	forget_mail
}

# --- the sweeps

# points PATTERN STRIDE: tries all of $TMP/calls that match, and each nth of
# the others. A line is a call, its number, and an error or nothing: SIGKILL.
points() {
	bad=$failures twice=0 n=0 i=0
	awk -v all="$1" -v n="${FULL:-$2}" '$1 ~ all || ++other % n == 0' \
	    "$TMP/calls" >"$TMP/points"
	while read -r call k error <&3; do
		i=$((i + 1))
		[ $((i % 100)) != 0 ] || fresh_sandbox # one ends by itself
		put_fresh
		# shellcheck disable=SC2086
		if hurt "$call:${error:-signal=KILL}:when=$k" \
		    "$P" -C "$CONFIG" $command <"$TMP/letter" ||
		    [ -n "$CUT" ]; then
			n=$((n + 1))
			[ -z "$CUT" ] || cut_power
			$judge
		fi
		forget_mail
	done 3<"$TMP/points"
	[ "$failures" = "$bad" ]
}

put_fresh() {
	rm -rf "$STATE" "$CARRY"
	if [ -n "$CUT" ] && ! { leave_disk && put_disk; }; then
		not_ok "$name: $how" 'the disk cannot be mounted anew'
		finish
	fi
	case $command in
	'queue import'*) cp -R "$TEMPLATE.carry" "$CARRY" ;;
	queue*) cp -R "$TEMPLATE" "$STATE" ;;
	esac
	[ -z "$CUT" ] || sync -f "$DISK"
	[ -z "$rule" ] || [ "$rule" = gone ] || faults "$rule"
}

fresh_sandbox() {
	start_sandbox --role Mail.Send ${MORE:+--role "$MORE"}
	[ -z "$CUT" ] || trap 'drop_disk; stop_sandbox' EXIT
	setting state_dir "$STATE"
	setting delivery "$delivery"
	setting bounces no
}

# sweep NAME STRIDE COMMAND: as $judge, $rule, $delivery and $second say; $MORE
# is what the app may do besides sending, $ends the status where nothing is
# hurt.
sweep() {
	name=$1 stride=$2 command=$3
	fresh_sandbox
	put_fresh
	# shellcheck disable=SC2086
	trace "$P" -C "$CONFIG" $command <"$TMP/letter"
	same "$name: nothing is hurt" "$ends" "$STATUS"
	$judge
	all=$(wc -l <"$TMP/calls")
	[ -z "$CUT" ] || echo 'exit_group 2' >>"$TMP/calls" # none is killed
	if points "$must" "$stride"; then
		ok "$name: $END at $n of $all calls, sent twice $twice times"
	fi
	[ "$fail$CUT" = yes ] || return 0
	awk -v files="$FILES" '$1 ~ files {
		print $0, "error=EIO"
		print $0 "+", "error=ENOSPC"
		print $0 "+", "error=EIO"
		print $0, "error=ENOSPC"
	    }' "$TMP/calls" >"$TMP/fail"
	mv "$TMP/fail" "$TMP/calls"
	all=$(wc -l <"$TMP/calls")
	if points "$SAVES" "$stride"; then
		ok "$name: $n of $all failures, sent twice $twice times"
	fi
	stop_sandbox
}

[ -z "$CUT" ] || CHANGES='^(write|pwrite|rename|link|unlink|f.*sync|exit)'
rule='' ends=0 delivery=auto second=never judge=judge_queueing must=$CHANGES
MORE=Mail.ReadWrite
queueing >"$TMP/ways"
while IFS='|' read -r name words fail <&4; do
	must=$CHANGES stride=8
	[ "$fail" = yes ] || must=$SAVES stride=40
	[ "$fail$CUT" != nocut ] || continue # the disk stays in use
	sweep "$name" "$stride" "$(echo "$words" | sed "s|FILE|$TMP/body|")"
done 4<"$TMP/ways"
fail=yes must=$CHANGES

printf 'from = sender@example.com\nstate_dir = %s\n' "$TEMPLATE" \
    >"$TMP/template.conf"
chmod 600 "$TMP/template.conf"
check 'one that waits' 0 run "$P" -C "$TMP/template.conf" send --queue \
    -s sweep --text "$TMP/body" x@example.org
judge=judge_sending second=killed MORE=''
sweep 'by sendMail' 15 'queue run'
with=$ALONE ALONE=''
sweep 'by sendMail, a worker of its own' 25 'queue run'
ALONE=$with second=never MORE=Mail.ReadWrite
[ -n "$CUT" ] || sweep 'by sendMail, with Sent Items' 40 'queue run'
delivery=exact
sweep 'by draft' 20 'queue run'
if [ -n "$CUT" ]; then
	leave_disk
	finish
fi

must=$SAVES
rule='submit status 401' ends=77
sweep 'by draft, not sent' 50 'queue run'
rule='submit taken-close x1' ends=0
sweep 'by draft, an answer lost' 80 'queue run'
second=always delivery=auto MORE='' rule='send taken-close x1' ends=75
sweep 'by sendMail, an answer lost' 50 'queue run'

rule='' ends=0 judge=judge_verb must='^(write|rename|link|unlink|fsync)'
sweep 'queue hold' 60 'queue hold --all'
sweep 'queue export' 30 "queue export $CARRY --all"
cp -R "$TEMPLATE" "$TEMPLATE.kept"
check 'one that was exported' 0 run "$P" -C "$TMP/template.conf" queue export \
    "$TEMPLATE.carry" --all
mv "$TEMPLATE.kept/spool/new"/* "$TEMPLATE/spool/new"
sweep 'queue import' 30 "queue import $CARRY"
rule=gone
sweep 'queue drop' 60 'queue drop --all'
finish
