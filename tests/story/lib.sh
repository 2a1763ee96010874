# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# lib.sh: what stories share. A story is a POSIX sh script that starts the
# sandbox, runs the executable as a user would, and prints "ok NAME",
# "not ok NAME: reason" or "skip NAME: reason" for each thing it finds out.
#
# build.sh gives POST365 and POST365_SAN (the executable, and the same with
# sanitizers), TOP, TMP (a fresh folder) and perhaps SHARED. Everything here
# talks to the loopback only, and every wait has an end.
set -u
: "${POST365:?is the executable}" "${TMP:?is a fresh folder}"
SAN=${POST365_SAN:-$POST365}
[ -x "$SAN" ] || SAN=$POST365

# Nothing of the caller's settings gets in; all that begin so are settings.
for name in $(env | sed -n 's/^\(POST365_[A-Z0-9_]*\)=.*/\1/p
    s/^\(AZURE_[A-Z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
unset XDG_CONFIG_HOME XDG_STATE_HOME SSL_CERT_FILE 2>/dev/null
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY 2>/dev/null
HOME=$TMP
LC_ALL=C
LSAN_OPTIONS=detect_leaks=0 # the program forbids that others look into it
export HOME LC_ALL LSAN_OPTIONS

P=${P:-$POST365} # the one that plays the client
OUT=$TMP/out ERR=$TMP/err STATUS=0
SB_PID='' SB_DIR='' CONFIG='' SB_N=0 failures=0

ok() { printf 'ok %s\n' "$1"; }
skip() { printf 'skip %s: %s\n' "$1" "$2"; }
not_ok() {
	printf 'not ok %s: %s\n' "$1" "$2"
	failures=$((failures + 1))
}

# The end of a story.
finish() {
	stop_sandbox
	[ "$failures" = 0 ]
	exit
}

# own_mounts: runs the story anew where nobody else sees what it mounts. Who
# copies all mounts meanwhile would keep a file system, even one that was shut
# down, and it could not be mounted anew.
own_mounts() {
	[ -z "${OWN_MOUNTS:-}" ] || return 0
	unshare -m true 2>/dev/null || return 0
	exec env OWN_MOUNTS=yes POST365_SAN="$SAN" \
	    unshare -m --propagation private sh "$0"
}

# --- the sandbox

# start_sandbox [OPTION...]: sets SB_DIR and CONFIG. Its state is new. Each
# shell has one sandbox at most; a subshell may start its own.
start_sandbox() {
	stop_sandbox
	SB_N=$((SB_N + 1))
	SB_DIR=$(mktemp -d "$TMP/sandbox$SB_N.XXXXXX")
	trap stop_sandbox EXIT
	trap 'exit 1' HUP INT TERM
	: >"$SB_DIR.out"
	# Nobody may leave it behind: timeout ends it if we cannot.
	timeout 900 "$SAN" sandbox --dir "$SB_DIR" "$@" >"$SB_DIR.out" \
	    2>"$SB_DIR.err" &
	SB_PID=$!
	CONFIG=$SB_DIR/config
	tries=0
	until grep -q 'ready ' "$SB_DIR.out"; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ] || ! kill -0 "$SB_PID" 2>/dev/null; then
			not_ok 'sandbox starts' "$(head -n 3 "$SB_DIR.err")"
			finish
		fi
		sleep 0.05
	done
}

stop_sandbox() {
	[ -n "$SB_PID" ] || return 0
	end_background "$SB_DIR/state/spool"
	kill "$SB_PID" 2>/dev/null
	wait "$SB_PID" 2>/dev/null
	SB_PID=''
	if grep -qE 'Sanitizer|runtime error' "$SB_DIR.err"; then
		not_ok 'sandbox is sound' "$(grep -E 'Sanitizer|runtime error' \
		    "$SB_DIR.err" | head -n 1)"
	fi
}

# --- the process in the background that sendmail leaves

# at_work SPOOL: is it there? To try its lock would be in its way.
at_work() {
	[ -s "$1/worker" ] &&
	    grep -qs '^[0-9]* ([^)]*) [^Z]' "/proc/$(cat "$1/worker")/stat"
}

# settle SPOOL: until no message there is due or under way.
settle() {
	tries=0
	# twice: one that moves, or leaves a report, is missed by one look
	while {
		find "$1/work" -type f
		find "$1/new" -type f ! -newermt now
		sleep 0.05
		find "$1/work" -type f
		find "$1/new" -type f ! -newermt now
	} 2>/dev/null | grep -q .; do
		tries=$((tries + 1))
		if [ $tries -gt 400 ]; then
			not_ok 'what is due is sent' "it is there after 20 s"
			return
		fi
		sleep 0.05
	done
}
# end_background SPOOL: one that waits for the time of a message would stay.
end_background() {
	tries=0
	while at_work "$1" && [ $tries -lt 200 ]; do
		kill "$(cat "$1/worker")" 2>/dev/null
		tries=$((tries + 1))
		sleep 0.05
	done
}

# children PID: the numbers of its processes.
children() {
	cat /proc/[0-9]*/stat 2>/dev/null |
	    sed -n "s/^\([0-9]*\) (.*) [A-Z] $1 .*/\1/p"
}

# await FILE PID: until the server prints "ready ..." into it; READY is the
# rest of that line. One that does not start ends the story.
await() {
	tries=0
	until grep -q '^ready' "$1"; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! kill -0 "$2" 2>/dev/null; then
			not_ok "${1%.out} starts" "$(tail -n 3 "$1" \
			    "${1%.out}.err" 2>/dev/null | tr '\n' ' ')"
			exit 1
		fi
		sleep 0.1
	done
	# shellcheck disable=SC2034 # the story's
	READY=$(sed -n 's/^ready //p' "$1")
}

# start_faults SECONDS FILE: fault_server.py plays the KIND of each line "NAME
# KIND" at a port of its own, for so long at most. In TMP, where the story has
# to be; the story's end kills SERVER_PID.
SERVER_PID=''
start_faults() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 \
	    -addext subjectAltName=DNS:localhost >openssl.log 2>&1 || {
		not_ok 'certificate' "$(tail -n 1 openssl.log)"
		finish
	}
	timeout "$1" python3 "$HERE/fault_server.py" "$TMP" cert.pem key.pem \
	    <"$2" >server.out 2>server.err &
	SERVER_PID=$!
	await server.out $SERVER_PID
}
# faults_url NAME: where that kind is played.
faults_url() { echo "https://localhost:$(sed -n "s/^$1 //p" ports)"; }
# faults_config LOGIN GRAPH: the file CONFIG names these two, and has the lines
# of standard input.
faults_config() {
	(
		umask 077
		cat - >"$CONFIG" <<-END
		tenant_id = contoso.com
		client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa
		client_secret = s
		login_url = $1
		graph_url = $2/v1.0
		ca = $TMP/cert.pem
		$(cat)
		END
	)
}

# nginx_conf FOLDER: the configuration of an nginx that keeps its files there
# (nginx.pid, nginx.error, ...). What stands in http { } is standard input.
nginx_conf() {
	printf '%s\n' 'daemon off;' "pid $1/nginx.pid;" \
	    "error_log $1/nginx.error;" 'events { }' 'http {'
	for use in client_body proxy fastcgi uwsgi scgi; do
		echo "${use}_temp_path $1/nginx.$use;"
	done
	cat
	echo '}'
}

# plain_config URL FROM: ./config for a server that asks for no real secret.
plain_config() {
	cat >config <<-END
		tenant_id = 11111111-2222-4333-8444-555555555555
		client_id = 66666666-7777-4888-9999-aaaaaaaaaaaa
		client_secret = none
		login_url = $1
		graph_url = $1/v1.0
		from = $2
		state_dir = $TMP/state
	END
	chmod 600 config
}

# free_ports N: so many of the loopback, in one line.
free_ports() {
	python3 -c 'import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in all:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in all])' "$1"
}

# await_relay CONFIG: until the relay of these settings answers; false: it does
# not within 10 s.
await_relay() {
	tries=0
	until "$POST365" relay --check -C "$1" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
}

# make_postfix: ./postfix for the Postfix that deps unpacks, as root: its
# folders, and what any main.cf of ours has. The caller adds lines to
# postfix/etc/main.cf and writes postfix/etc/master.cf.
POSTFIX=${TOP:-.}/build/deps/postfix
POSTFIX_LIBS=$POSTFIX/usr/lib/postfix
make_postfix() {
	queue=$TMP/postfix/queue
	mkdir -p postfix/etc postfix/data "$queue"
	chmod 755 . .. postfix postfix/etc "$queue"
	for d in active bounce corrupt defer deferred flush hold incoming \
	    private saved trace; do
		mkdir -p "$queue/$d"
		chown mail "$queue/$d"
	done
	mkdir -p "$queue/public" "$queue/maildrop" "$queue/pid"
	chown mail:daemon "$queue/public" "$queue/maildrop"
	chown mail postfix/data
	cat >postfix/etc/main.cf <<-END
		compatibility_level = 3.6
		queue_directory = $queue
		data_directory = $TMP/postfix/data
		daemon_directory = $POSTFIX_LIBS/sbin
		command_directory = $POSTFIX/usr/sbin
		shlib_directory = $POSTFIX_LIBS
		meta_directory = $TMP/postfix/etc
		mail_owner = mail
		setgid_group = daemon
		default_privs = nobody
		inet_protocols = ipv4
		mynetworks = 127.0.0.0/8
		smtpd_relay_restrictions = permit_mynetworks, reject
		smtpd_peername_lookup = no
		mydestination =
		alias_maps =
		alias_database =
		local_recipient_maps =
		import_environment = LD_LIBRARY_PATH=$POSTFIX_LIBS MAIL_CONFIG
		maillog_file = $TMP/postfix/log
		maillog_file_prefixes = $TMP
	END
}

# start_postfix SECONDS: it ends by itself after these; its number is $MASTER.
start_postfix() {
	MAIL_CONFIG=$TMP/postfix/etc LD_LIBRARY_PATH=$POSTFIX_LIBS \
	    timeout "$1" "$POSTFIX_LIBS/sbin/master" -c "$TMP/postfix/etc" -d \
	    >postfix/out 2>&1 &
	# shellcheck disable=SC2034 # the story's
	MASTER=$!
}

# setting KEY VALUE: sets it in the sandbox's configuration.
setting() {
	{
		grep -v "^$1 = " "$CONFIG"
		printf '%s = %s\n' "$1" "$2"
	} >"$CONFIG.new"
	chmod 600 "$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
}
setting_of() { sed -n "s/^$1 = //p" "$CONFIG"; }

# faults RULE...: what to do wrong from now on; without one: nothing.
faults() {
	rm -f "$SB_DIR/faults"
	[ $# -gt 0 ] || return 0
	printf '%s\n' "$@" >"$SB_DIR/faults.new"
	mv "$SB_DIR/faults.new" "$SB_DIR/faults"
}

count_mail() {
	set -- "$SB_DIR"/mail/*.meta
	if [ -e "$1" ]; then echo $#; else echo 0; fi
}
last_mail() { # its path without the ending
	for f in "$SB_DIR"/mail/*.meta; do :; done
	echo "${f%.meta}"
}
last_json() { cat "$(last_mail).json"; }
# Also of what was counted as uploaded (deliver/pace.h) and of times that Graph
# named (deliver/mailbox.h), as after a while.
forget_mail() {
	rm -f "$SB_DIR"/mail/* "$SB_DIR"/state/spool/upload-* \
	    "$SB_DIR"/state/spool/mailbox-*
}

# requests PATTERN: how many lines of the request log match.
requests() {
	if [ -e "$SB_DIR/requests.log" ]; then
		grep -cE -e "$1" "$SB_DIR/requests.log"
	else
		echo 0
	fi
}
token_requests() { requests '"path":"[^"]*/oauth2/v2.0/token","status":200'; }

# --- the queue

# letter FILE ID SENDER RECIPIENT...: a spool file, made as envelope.h says, of
# $ACCOUNT, as an older program wrote it: $VERSION is 1 or 2.
ACCOUNT=default VERSION=1
letter() {
	file=$1 id=$2 sender=$3
	shift 3
	{
		printf 'Post365-Spool: %s\n' "$VERSION"
		printf 'Arrived: 2026-11-23T20:10:00Z\n'
		printf 'Id: %s\nAccount: %s\n' "$id" "$ACCOUNT"
		[ -z "$sender" ] || printf 'Sender: %s\n' "$sender"
		printf 'Message-ID: <%s@example.com>\nClient: test\n' "$id"
		printf 'Recipient: %s\n' "$@"
		printf '\n'
	} >"$TMP/letter.head"
	printf 'Subject: %s\r\n\r\nhello\r\n' "$id" >"$TMP/letter.body"
	cat "$TMP/letter.head" "$TMP/letter.body" >"$TMP/letter.both"
	{
		cat "$TMP/letter.head"
		printf '%2047s\n%2047s\n' '' ''
		cat "$TMP/letter.body"
		printf '\nEnd: %020d %s\n' "$(wc -c <"$TMP/letter.both")" \
		    "$(sha256sum <"$TMP/letter.both" | cut -c 1-64)"
	} >"$file"
}

# --- the client

# run COMMAND...: its output is in $OUT and $ERR, its status in STATUS.
run() {
	STATUS=0
	timeout -k 5 60 "$@" >"$OUT" 2>"$ERR" || STATUS=$?
	if grep -qE 'Sanitizer|runtime error' "$ERR"; then
		not_ok "sound: $2" "$(grep -E 'Sanitizer|runtime error' "$ERR" |
		    head -n 1)"
	fi
}

# send OPTION...: with the sandbox's configuration.
send() { run "$P" -C "$CONFIG" send "$@"; }

# check NAME STATUS COMMAND...: runs it and compares the exit status.
check() {
	name=$1 want=$2
	shift 2
	"$@"
	if [ "$STATUS" = "$want" ]; then
		ok "$name"
	else
		not_ok "$name" "exit $STATUS, not $want: $(head -n 2 "$ERR" |
		    tr '\n' ' ')"
	fi
}

# same NAME WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "\"$3\" is not \"$2\""
	fi
}

# at_least NAME N GOT
at_least() {
	if [ "$3" -ge "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$3, fewer than $2"
	fi
}

# same_file NAME WANT GOT
same_file() {
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "$(cmp "$2" "$3" 2>&1 | head -n 1)"
	fi
}

# has NAME FILE TEXT: a whole line; says NAME PATTERN: somewhere in it.
has() {
	if grep -qxF -e "$3" "$2"; then
		ok "$1"
	else
		not_ok "$1" "$2 has no line \"$3\""
	fi
}
says() {
	if grep -qE -e "$3" "$2"; then
		ok "$1"
	else
		not_ok "$1" "no $3 in: $(head -c 400 "$2" | tr '\n' ' ')"
	fi
}
lacks() {
	if grep -qF -e "$3" "$2"; then
		not_ok "$1" "$2 has $3"
	else
		ok "$1"
	fi
}

# rows_at_once N FILE COMMAND...: COMMAND with each line of FILE behind it, N of
# them at a time, each in a shell of its own and with its own OUT and ERR. For
# rows that mostly wait. What they print comes in their order; each has to say
# ok. $ROW is its number.
rows_at_once() {
	lanes=$1 file=$2 pids=''
	shift 2
	rm -rf "$TMP"/row.*
	while [ "$lanes" -gt 0 ]; do
		lanes=$((lanes - 1))
		take_rows "$@" <"$file" &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	ROW=0
	while read -r line; do
		ROW=$((ROW + 1))
		cat "$TMP/row.$ROW/said"
		grep -q '^ok' "$TMP/row.$ROW/said" &&
		    ! grep -q '^not ok' "$TMP/row.$ROW/said" ||
		    failures=$((failures + 1))
	done <"$file"
}
# The rows that no other lane took before.
take_rows() {
	trap - EXIT
	SB_PID='' ROW=0
	set -C # who makes the file has the row
	while IFS= read -r line; do
		ROW=$((ROW + 1))
		true 2>/dev/null >"$TMP/row.$ROW.taken" || continue
		mkdir "$TMP/row.$ROW"
		(take_row "$@" "$line") >"$TMP/row.$ROW/said" 2>&1 </dev/null
	done
}
take_row() {
	set +C
	OUT=$TMP/row.$ROW/out ERR=$TMP/row.$ROW/err
	"$@"
}

# now_ms: for measuring waits. Without a fraction of a second in date (that
# is POSIX), seconds.
now_ms() {
	case $(date +%N) in
	*N*) echo "$(date +%s)000" ;;
	*) echo "$(($(date +%s%N) / 1000000))" ;;
	esac
}
