#!/bin/sh
# SPDX-License-Identifier: MIT
# draft: large files arrive to the bit, whatever gets lost on the way, and no
# mail leaves without one of them, or twice.
# shellcheck disable=SC2119
# shellcheck disable=SC2317 # not all of it is reached everywhere
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null 2>&1 || {
	skip 'draft' 'python3 takes the messages apart, and is missing'
	exit 0
}
start_sandbox
setting max_message_size 300m
cd "$TMP" || exit 1
printf 'hello\n' >text.txt

# file BYTES: a file of that name.
file() { head -c "$1" /dev/urandom >"file.$1"; }

draft() { send --via draft -s draft --text text.txt "$@" a@example.org; }

# Drafts that are neither sent nor removed.
drafts() {
	n=0
	for d in "$SB_DIR"/drafts/*; do
		if [ -e "$d/info" ]; then n=$((n + 1)); fi
	done
	echo "$n"
}
forget() {
	forget_mail
	rm -rf "$SB_DIR/drafts" "$SB_DIR/requests.log"
}

# Names and hashes of all files of the last mail: those that came by
# themselves, and those inside.
sums() {
	python3 - "$(last_mail)" <<'END'
import email, glob, hashlib, os, re, sys
def tell(name, data):
    print(name, hashlib.sha256(data).hexdigest())
stem = sys.argv[1]
for path in glob.glob(stem + '.att*'):
    name = re.sub(r'^att\d+-', '', path[len(stem) + 1:])
    digest = hashlib.sha256()
    with open(path, 'rb') as f:
        while piece := f.read(1 << 20):
            digest.update(piece)
    print(name, digest.hexdigest())
if os.path.exists(stem + '.eml'):
    with open(stem + '.eml', 'rb') as f:
        for part in email.message_from_binary_file(f).walk():
            if part.get_filename():
                tell(part.get_filename(), part.get_payload(decode=True))
END
}

# arrived NAME FILE...: one mail, and it has these files and no others.
arrived() {
	name=$1
	shift
	same "$name: one mail" 1 "$(count_mail)"
	same "$name: no draft stays" 0 "$(drafts)"
	sha256sum "$@" 2>/dev/null | awk '{ print $2, $1 }' | sort >want.sums
	sums | sort >got.sums
	same_file "$name: files to the bit" want.sums got.sums
}

# not_arrived NAME: nothing went out, nothing stays.
not_arrived() {
	same "$1: no mail" 0 "$(count_mail)"
	same "$1: no draft stays" 0 "$(drafts)"
}

# --- sizes around each limit
for size in 0 1 2999999 3000000 3145728 4194304 35000000; do
	forget
	file "$size"
	check "$size bytes: exit" 0 draft -a "file.$size"
	arrived "$size bytes" "file.$size"
done
same '35 MB: ranges' 9 "$(requests '"method":"PUT".*"status":20[01]')"
rm -f file.35000000

forget
check 'many files: exit' 0 draft -a file.0 -a file.4194304 -a file.1 \
    -a file.2999999 -a file.3145728
arrived 'many files' file.0 file.4194304 file.1 file.2999999 file.3145728

# --- the upload goes to another host, and says nothing of the token there
forget
check '-v: exit' 0 draft -v -a file.3000000
says '-v: an upload' "$ERR" '> PUT '
lacks '-v: the right to upload is not shown' "$ERR" authtoken
lacks '-v: nor in the answer' "$ERR" uploadUrl

# --- what gets lost on the way. faulty NAME RULE...: 12 MB all the same
file 12000000
faulty() {
	name=$1
	shift
	forget
	faults "$@"
	check "$name: exit" 0 draft -a file.12000000
	faults
	arrived "$name" file.12000000
}
faulty 'first range lost' 'range range-lost x1'
faulty 'second range lost' 'range stale x1' 'range range-lost x1'
faulty 'last range lost' 'range stale x3' 'range range-lost x1'
faulty 'range not taken' 'range close x1'
faulty 'range reset' 'range reset x1'
faulty 'range answered 503' 'range status 503 x2'
faulty 'range throttled' 'range status 429 retry-after=1 x1'
faulty 'session expired' 'range stale x1' 'range session-gone x1'
faulty 'session lost at once' 'range session-gone x1'
faulty 'beginning the upload fails' 'session status 503 x1'
faulty 'MIME refused' 'draft status 400 code=ErrorMimeContentInvalid x1'
same 'MIME refused: made from JSON' 1 "$(find "$SB_DIR/mail" -name '*.json' |
    wc -l | tr -d ' ')"
faulty 'sending busy' 'submit status 503 x1'
faulty 'sent, answer lost' 'submit taken-close x1'
same 'sent, answer lost: asked' 1 "$(requests \
    '"method":"GET","path":"[^"]*/messages/[^/"]*","status":200')"

forget
faults 'range range-lost x1'
check 'only range lost: exit' 0 draft -a file.3000000
arrived 'only range lost' file.3000000
faults

# --- what cannot be done: no half mail, nothing left behind
forget
faults 'range status 400 code=ErrorMessageSizeExceeded'
check 'too large for the mailbox: exit' 69 draft -a file.12000000
not_arrived 'too large for the mailbox'

forget
faults 'range session-gone'
check 'sessions never last: exit' 75 draft -a file.12000000
not_arrived 'sessions never last'

forget
faults 'submit status 403'
check 'may not send: exit' 77 draft -a file.3000000
not_arrived 'may not send'

forget
faults 'submit taken-close' 'ask status 503'
check 'nobody knows: exit' 76 draft -a file.3000000
same 'nobody knows: one mail' 1 "$(count_mail)"
says 'nobody knows: where to look' "$ERR" 'Sent Items'
faults

# --- killed in the middle, and started again: no half mail, and one whole
forget
faults 'range stale x1' 'range silent x1'
timeout -s KILL 3 "$P" -C "$CONFIG" send --via draft -s x --text text.txt \
    -a file.12000000 a@example.org >"$OUT" 2>"$ERR"
STATUS=$?
same 'killed: it was' 137 "$STATUS"
same 'killed: in the middle' 2 "$(requests '"method":"PUT"')"
same 'killed: no mail' 0 "$(count_mail)"
faults
check 'killed, and again: exit' 0 draft -a file.12000000
same 'killed, and again: one mail' 1 "$(count_mail)"
rm -rf "$SB_DIR/drafts" # the first one stays
arrived 'killed, and again' file.12000000

# --- ended in the middle: no draft is left behind; a second signal ends at once
# begin_upload: PID sends a file, of which the upload has begun.
begin_upload() {
	before=$(requests createUploadSession)
	# a shell lets what it starts in the background ignore SIGINT
	env --default-signal=INT "$P" -C "$CONFIG" send --via draft -s x --text text.txt \
	    -a file.12000000 a@example.org >"$OUT" 2>"$ERR" &
	PID=$!
	tries=0
	until [ "$(requests createUploadSession)" -gt "$before" ] ||
	    [ $tries -gt 1000 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	sleep 0.3
}
# end NAME SIGNAL
end() {
	begin_upload
	kill -s "$2" "$PID"
	wait "$PID"
	says "$1: says so" "$ERR" 'ended by signal'
	same "$1: no mail" 0 "$(count_mail)"
	same "$1: no draft" 0 "$(drafts)"
}
forget
faults 'range slow ms=10'
end 'Ctrl-C' INT
end 'SIGTERM' TERM
faults 'range silent'
begin_upload
kill "$PID"
sleep 0.3
kill "$PID"
STATUS=0
wait "$PID" || STATUS=$?
same 'a second signal: it ends' 143 "$STATUS"
faults
rm -rf "$SB_DIR/drafts"

# --- 150 MB, in little memory
forget
file 157286400
"$P" -C "$CONFIG" send --via draft -s x --text text.txt -a file.157286400 \
    a@example.org >"$OUT" 2>"$ERR" &
pid=$!
KB=0
# The kernel keeps the peak; wait4 would count the shell before it, too.
while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
    "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
	KB=$now
	sleep 0.05
done
STATUS=0
wait "$pid" || STATUS=$?
same '150 MB: exit' 0 "$STATUS"
arrived '150 MB' file.157286400
if [ "$KB" -gt 0 ] && [ "$KB" -le 8192 ]; then
	ok "150 MB: at most $KB kB of memory"
else
	not_ok '150 MB: memory' "$KB kB"
fi
rm -f file.157286400

# --- without the permission: what lacks, and where to grant it
start_sandbox --role Mail.Send
check 'Mail.Send only: exit' 77 draft -a file.3145728
not_arrived 'Mail.Send only'
says 'Mail.Send only: says what lacks' "$ERR" 'Mail\.ReadWrite'

finish
