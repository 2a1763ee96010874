#!/bin/sh
# SPDX-License-Identifier: MIT
# The two halves of the settings: what only stores mail needs no secret, and
# keeps none in its memory; and a file of its own for what few may read.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
COLUMNS=9000 # check breaks no line
export COLUMNS
cd "$TMP" || exit 1
HERE=$TOP/tests/story

# --- no byte of a secret in the memory of what only stores

SECRET='Vq8~half.of.nothing.B7x'
FROM=story@halves.example
mkdir mem
cat >mem/plain <<-END
	tenant_id = 11111111-2222-4333-8444-555555555555
	client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
	client_secret = $SECRET
	login_url = http://127.0.0.1:1
	graph_url = http://127.0.0.1:1/v1.0
	from = $FROM
	state_dir = $TMP/mem/state
	[account other]
	from = other@halves.example
	client_id = 77777777-7777-4888-9999-aaaaaaaaaaaa
	client_secret = $SECRET
END
chmod 600 mem/plain
grep -v '^client_secret' mem/plain | sed '/^.account/,$d' >mem/bare

# memory NAME WANT COMMAND...: while it waits for its input, the sender is in
# its memory, and the secret as often as that: no, or yes.
memory() {
	name=$1 want=$2
	shift 2
	rm -f in
	mkfifo in
	"$@" <in >"$OUT" 2>"$ERR" &
	pid=$!
	exec 4>in
	python3 "$HERE/memory.py" "$pid" "$FROM" "$SECRET" >found 2>&1
	modes=$(awk '/post365$/ { print $2 }' "/proc/$pid/maps" | tr '\n' ' ')
	exec 4>&-
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	case $(tr '\n' ' ' <found) in
	'0 '*) got='no sender' ;;
	[1-9]*' 0 ') got=no ;;
	[1-9]*' '[1-9]*' ') got=yes ;;
	*) got=$(cat found) ;;
	esac
	same "$name" "$want" "$got"
}
if ! command -v python3 >/dev/null 2>&1; then
	skip 'secrets in memory' 'no python3'
elif [ "$(id -u)" != 0 ]; then
	skip 'secrets in memory' 'only root looks into such a process'
else
	memory 'memory: who sends has it' yes \
	    "$POST365" -C mem/plain send -s a a@example.org
	# base/os.h, os_protect_tables: but for the first page, what is written
	# once is read-only
	case $modes in
	*'rw-p r--p '*) modes=read-only ;;
	esac
	same 'memory: tables' read-only "$modes"
	memory 'memory: send --queue' no \
	    "$POST365" -C mem/plain send --queue -s a a@example.org
	memory 'memory: sendmail' no \
	    "$POST365" sendmail -C mem/plain a@example.org
	memory 'memory: sendmail, by sender' no \
	    "$POST365" sendmail -C mem/plain -f other@halves.example a@b.example
	memory 'memory: sendmail -bs' no \
	    "$POST365" sendmail -C mem/plain -bs
	memory 'memory: send --queue, by environment' no \
	    env POST365_CLIENT_SECRET="$SECRET" \
	    AZURE_CLIENT_SECRET="$SECRET" \
	    "$POST365" -C mem/bare send --queue -s a a@example.org
	memory 'memory: sendmail -odq, by environment' no \
	    env POST365_CLIENT_SECRET="$SECRET" \
	    "$POST365" sendmail -C mem/bare -odq a@example.org
fi

# --- another user, who may not read the other half

# nobody COMMAND...: as a user who owns nothing but the folder own/
nobody() {
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
# gone SPOOL: does the one in the background end by itself?
gone() {
	tries=0
	while at_work "$1" && [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	if at_work "$1"; then echo stays; else echo gone; fi
}
mkdir -p etc own
cp "$POST365" post365
chmod 755 . "$TMP" "$TMP/.." etc post365
cat >etc/config <<-END
	from = $FROM
	tenant_id = 11111111-2222-4333-8444-555555555555
	client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
	login_url = http://127.0.0.1:1
	graph_url = http://127.0.0.1:1/v1.0
	state_dir = $TMP/own/state
END
cp etc/config etc/apart
echo "client_secret = $SECRET" >etc/secret
echo "$SECRET" >etc/bare
echo "client_secret_file = $TMP/etc/bare" >>etc/apart
chmod 644 etc/config etc/apart
chmod 600 etc/secret etc/bare
printf 'Subject: hello\n\nhello\n' >letter
chmod 644 letter

if [ "$(id -u)" != 0 ] || ! chown 65534:65534 own ||
    ! nobody "$TMP/post365" version || [ "$STATUS" != 0 ]; then
	skip 'as another user' 'cannot become one'
else
	for file in config apart; do
		rm -rf own/state
		check "$file: stored: exit" 0 nobody "$TMP/post365" sendmail \
		    -C "$TMP/etc/$file" -odq a@example.org <letter
		same "$file: no word of it" '' "$(cat "$ERR")"
		check "$file: and handed out: exit" 0 nobody "$TMP/post365" \
		    sendmail -C "$TMP/etc/$file" a@example.org <letter
		check "$file: send --queue: exit" 0 nobody "$TMP/post365" \
		    -C "$TMP/etc/$file" send --queue -s a a@example.org <letter
		same "$file: no process stays for it" gone \
		    "$(gone own/state/spool)"
		end_background own/state/spool
		nobody "$TMP/post365" -C "$TMP/etc/$file" queue run
		says "$file: who cannot read it says so" "$ERR" \
		    'may not read'
		same "$file: all wait" 3 \
		    "$(find own/state/spool/new -type f | wc -l)"
		same "$file: nothing is said of the mailbox" '' \
		    "$(find own/state/spool -name 'mailbox-*' -size +0)"
	done
	nobody "$TMP/post365" -C "$TMP/etc/config" config show
	same 'show, of half: exit' 78 "$STATUS"
	says 'show, of half: what is known' "$OUT" "^from = $FROM"
	says 'show, of half: what is not' "$ERR" 'etc/secret: .*may not read'
fi

# --- both files, by who may read them
check 'show: exit' 0 run "$POST365" -C etc/config config show
says 'show: where the secret is from' "$OUT" '^# from etc/secret:1$'
says 'show: where the sender is from' "$OUT" '^# from etc/config:1$'
lacks 'show: no secret' "$OUT" "$SECRET"
run "$POST365" -C etc/config check
says 'check: who may read' "$OUT" \
    'etc/config 0644 .all users may read it.*etc/secret 0600 .not all'
chmod 644 etc/secret
run "$POST365" -C etc/config check
same 'check, readable by all: exit' 78 "$STATUS"
says 'check, readable by all: remedy' "$OUT" 'do: chmod o-rwx .*etc/secret'
check 'and mail is stored: exit' 0 run "$POST365" sendmail -C etc/config \
    -odq a@example.org <letter
finish
