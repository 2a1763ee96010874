#!/bin/sh
# SPDX-License-Identifier: MIT
# damage: what a bad disk, a full one or a stranger leaves in the spool is not
# sent, not lost and not in the way of others; what cannot be stored is
# refused with 75; and all goes on by itself when there is room again.
# shellcheck disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"
P=$SAN
cd "$TMP" || exit 1
# shellcheck disable=SC2034 # for letter
ACCOUNT='' GOOD=FFFFFFFF00000000

queue() { run "$P" -C "$CONFIG" queue "$@"; }
# shellcheck disable=SC2012
files() { # FOLDER: how many are in it
	find "$SPOOL/$1" -type f | wc -l
}
# fresh: an empty queue beside the sandbox that runs
fresh() {
	rm -rf state
	setting state_dir "$TMP/state"
	SPOOL=$TMP/state/spool
	forget_mail
	queue run # makes its folders
}

start_sandbox
setting token_cache no
setting bounces no
setting delivery auto

# --- a file cut short at every 97th byte, and one good one

fresh
letter whole "$GOOD" sender@example.com a@example.org
size=$(wc -c <whole)
n=0
while [ $((n * 97)) -lt "$size" ]; do
	name=$(printf '%016X' $n)
	letter whole "$name" sender@example.com a@example.org
	# those that had been claimed are found in work
	where=new
	[ $((n % 3)) != 0 ] || where=work
	head -c $((n * 97)) whole >"$SPOOL/$where/$name"
	n=$((n + 1))
done
letter "$SPOOL/new/$GOOD" "$GOOD" sender@example.com \
    a@example.org
check 'cut: the queue runs' 0 queue run
same 'cut: the good one is sent, alone' "1 $GOOD" \
    "$(count_mail) $(sed -n 's/^subject: //p' "$(last_mail).meta")"
same 'cut: the others are on hold' "$n 0 0" \
    "$(files hold) $(files new) $(files work)"
same 'cut: each is named' $n "$(grep -c 'spool/.*/0000' "$ERR")"
says 'cut: and what to do' "$ERR" 'kept in .*/hold and not sent'
check 'cut: once more' 0 queue run
same 'cut: nothing is told twice' '' "$(cat "$ERR")"
check 'cut: released' 0 queue list
for f in "$SPOOL/hold"/*; do
	queue release "${f##*/}"
	[ "$STATUS" = 65 ] || not_ok "release ${f##*/}" "exit $STATUS"
done
queue run
same 'cut: still none is sent' "1 $n" "$(count_mail) $(files hold)"

# --- one byte of another

fresh
n=0
while [ $((n * 397)) -lt "$size" ]; do
	name=$(printf '%016X' $n)
	letter whole "$name" sender@example.com a@example.org
	{
		head -c $((n * 397)) whole
		printf '\377'
		tail -c +$((n * 397 + 2)) whole
	} >"$SPOOL/new/$name"
	n=$((n + 1))
done
check 'a byte: the queue runs' 0 queue run
# in the slots, which are blank, any byte means the same
same 'a byte: none is sent changed' "$(count_mail)" \
    "$(grep -l '^hello.$' "$SB_DIR"/mail/*.eml | wc -l)"
same 'a byte: none is lost' $n "$(($(count_mail) + $(files hold)))"
same 'a byte: some were found' yes "$([ "$(files hold)" -gt 1 ] && echo yes)"

# --- the same of what this program wrote, and of what the one before did

fresh
N=40
for _ in $(seq $N); do
	printf 'Subject: whole\n\nhello\n' |
		"$P" -C "$CONFIG" send --queue --eml - a@example.org
done >"$OUT" 2>&1
same 'own: queued' $N "$(files new)"
n=0
for f in "$SPOOL/new"/*; do
	# in the head, in the message and in its end record
	size=$(wc -c <"$f")
	if [ $((n % 2)) = 0 ]; then
		at=$((n * 7))
	else
		at=$((size - 10 - n * 4))
	fi
	{
		head -c $at "$f"
		printf '\377'
		tail -c +$((at + 2)) "$f"
	} >changed
	cat changed >"$f"
	n=$((n + 1))
done
VERSION=2
letter "$SPOOL/new/$GOOD" "$GOOD" sender@example.com a@example.org
VERSION=1
check 'own: the queue runs' 0 queue run
same 'own: only one of version 2 is sent' "1 $GOOD" \
    "$(count_mail) $(sed -n 's/^subject: //p' "$(last_mail).meta")"
same 'own: none is lost' $N "$(($(files hold) + $(files new)))"

# --- garbage and strangers

fresh
head -c 5000 /dev/urandom >"$SPOOL/new/0000000000000001"
head -c 3000000 /dev/zero >"$SPOOL/new/0000000000000002"
yes 'Post365-Spool: 1' | head -c 3000000 >"$SPOOL/new/0000000000000003"
: >"$SPOOL/new/0000000000000004"
letter whole 0123456789ABCDEF sender@example.com a@example.org
cp whole "$SPOOL/new/0000000000000005" # of another name
cp whole "$SPOOL/new/notes.txt"
mkdir "$SPOOL/new/0000000000000006"
ln -s "$TMP/whole" "$SPOOL/new/0123456789ABCDEF"
mkfifo "$SPOOL/new/0000000000000007"
letter whole 0000000000000008 sender@example.com a@example.org
sed '1s/1$/4/' whole >"$SPOOL/new/0000000000000008"
strangers='0000000000000006 0000000000000007 0123456789ABCDEF notes.txt'
if [ "$(id -u)" = 0 ]; then
	letter "$SPOOL/new/0000000000000009" 0000000000000009 \
	    sender@example.com a@example.org
	chown 12345 "$SPOOL/new/0000000000000009"
else
	skip 'of another owner' 'needs root'
fi
letter "$SPOOL/new/$GOOD" "$GOOD" sender@example.com \
    a@example.org
check 'garbage: the queue runs' 0 queue run
same 'garbage: the good one is sent' 1 "$(count_mail)"
same 'garbage: on hold' 5 "$(files hold)"
for f in $strangers 0000000000000008; do
	[ -e "$SPOOL/new/$f" ] || [ -h "$SPOOL/new/$f" ] ||
		not_ok "garbage: $f" 'it does not stay'
done
says 'garbage: a later version' "$ERR" '0000000000000008: .*version 4'
says 'garbage: what is none' "$ERR" '4 files in the queue are none of ours'
[ "$(id -u)" != 0 ] ||
	says 'garbage: whose' "$ERR" '9: belongs to another user .12345'

# --- ids that are none

for verb in show hold release retry drop 'export carry'; do
	for id in 99 0000000000000042 ../../../etc/passwd / . 'a b' \
	    "$(printf '%01000d' 0)" "$(printf '\377')"; do
		# shellcheck disable=SC2086
		queue $verb "$id"
		grep -q 'no message' "$ERR" || STATUS="$STATUS, not so"
		[ "$STATUS" = 65 ] ||
			not_ok "$verb $id" "exit $STATUS: $(head -n 1 "$ERR")"
	done
	ok "$verb: no such ids"
done

# --- limits of a file's size: an error like any other

head -c 20000 /dev/zero | tr '\0' x | fold >body
fresh
# limited BLOCKS COMMAND...: of 512 bytes each. SIGXFSZ is not ignored here.
limited() {
	blocks=$1
	shift
	{
		(
			# shellcheck disable=SC3045 # dash, bash, busybox do
			ulimit -f "$blocks"
			exec "$@"
		) 2>&1
		echo "exit $?"
	} | cat >"$ERR"
	STATUS=$(sed -n 's/^exit //p' "$ERR")
}
queue_one() { send --queue -s one --text body x@example.org; }
check 'limit: not stored' 75 limited 16 "$P" -C "$CONFIG" send --queue \
    -s one --text body x@example.org
says 'limit: why' "$ERR" 'cannot write: File too large'
same 'limit: nothing is left' 0 \
    "$(find "$SPOOL"/* -mindepth 1 -type f | wc -l)"
check 'limit: stored without' 0 queue_one
check 'limit: no run' 74 limited 0 "$P" -C "$CONFIG" queue run
same 'limit: not sent' 0 "$(count_mail)"
queue retry --all
check 'limit: a run without' 0 queue run
same 'limit: sent once' '1 0' \
    "$(count_mail) $(find "$SPOOL"/* -mindepth 1 -type f | wc -l)"

# --- a journal that cannot be made

fresh
check 'no journal: stored' 0 queue_one
rm -f state/log # which the first message made
mkdir state/log
check 'no journal: no run' 74 queue run
says 'no journal: why' "$ERR" 'state/log: '
same 'no journal: not sent, and as it was' '0 1' "$(count_mail) $(files new)"
rmdir state/log
check 'no journal: until it is there' 0 queue run
same 'no journal: sent once' '1 0' "$(count_mail) $(files new)"

# --- disks

# disk OPTIONS: a small one; $DISK/state is the queue's place.
DISK=$TMP/disk
mkdir "$DISK"
trap 'umount "$DISK" 2>/dev/null; stop_sandbox' EXIT
disk() {
	umount "$DISK" 2>/dev/null
	mount -t tmpfs -o "$1" none "$DISK" 2>mount.err || return 1
	forget_mail
	setting state_dir "$DISK/state"
	SPOOL=$DISK/state/spool
}
if ! disk size=256k; then
	skip 'small disks' "no mounting here: $(head -n 1 mount.err)"
	finish
fi
# fill: queues until it fails; sets STORED.
fill() {
	STORED=0
	while queue_one && [ "$STATUS" = 0 ] && [ $STORED -lt 50 ]; do
		STORED=$((STORED + 1))
	done
}
# stays WHAT: refused, nothing sent, nothing lost; then room is made.
stays() {
	same "$1: refused" 75 "$STATUS"
	says "$1: why" "$ERR" "$2"
	same "$1: some were stored" yes "$([ $STORED -gt 1 ] && echo yes)"
	same "$1: no litter" "0 $STORED" "$(files tmp) $(files new)"
	check "$1: list" 0 queue list
	has "$1: all are listed" "$OUT" "$STORED messages"
}
goes_on() {
	check "$1: a run" 0 queue run
	same "$1: all are sent" "$STORED 0" "$(count_mail) $(files new)"
	check "$1: stored again" 0 queue_one
}

fill
head -c 300000 /dev/zero >"$DISK/filler" 2>/dev/null
stays full 'its disk has 0 MB free, and min_free keeps'
# the journal took its room with the first message, so what is stored goes
check 'full: a run' 0 queue run
same 'full: all are sent' "$STORED 0" "$(count_mail) $(files new)"
rm "$DISK/filler"
check 'full: stored again' 0 queue_one

# what the journal took while there was room is there when there is none
disk size=256k
setting min_free none
queue_one
queue run
forget_mail
fill
stays 'full to the brim' 'No space left|its disk has 0 MB free'
setting min_free 16m
head -c 300000 /dev/zero >"$DISK/filler" 2>/dev/null
check 'full later: a run' 0 queue run
same 'full later: all are sent' "$STORED 0" "$(count_mail) $(files new)"

disk size=1m,nr_inodes=12
fill
stays 'no inodes' 'its disk can hold only [0-9]* more files'
# the journal was made with the first message, so what is stored goes
forget_mail
check 'no inodes: a run' 0 queue run
same 'no inodes: all are sent' "$STORED 0" "$(count_mail) $(files new)"

disk size=1m
queue_one
queue_one
STORED=2
mount -o remount,ro "$DISK"
queue_one
stays 'read-only' 'Read-only file system'
check 'read-only: no run' 74 queue run
same 'read-only: nothing is sent or lost' "0 $STORED" \
    "$(count_mail) $(files new)"
mount -o remount,rw "$DISK"
goes_on 'read-only'

finish
