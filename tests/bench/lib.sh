# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# lib.sh: what benches share, on top of the stories' lib.sh.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

server=''

# start_server [-t] MAILBOX MS [MAILBOX=MS...]: build/bench/server (its head
# says what it prints, into server.out), with -t by TLS, and ./config for it.
start_server() {
	tls=''
	[ "$1" != -t ] || { tls=yes && shift; }
	mailbox_of_config=$1
	shift
	: >server.out
	timeout 500 "$TOP/build/bench/server" ${tls:+-t ca.pem} "$@" \
	    >server.out 2>server.err &
	server=$!
	trap stop_server EXIT
	await server.out "$server"
	plain_config "http${tls:+s}://127.0.0.1:$READY" "$mailbox_of_config"
	[ -z "$tls" ] || echo "ca = $PWD/ca.pem" >>config
}

stop_server() {
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=''
}

# aim NAME MEASURED UNIT least|most AIM: both side by side.
aim() {
	awk -v name="$1" -v is="$2" -v unit="$3" -v how="$4" -v aim="$5" 'BEGIN {
		ok = how == "least" ? is >= aim + 0 : is <= aim + 0
		printf "%s: %s%s (aim: at %s %s%s): %s\n", name, is, unit,
		    how, aim, unit, ok ? "reached" : "MISSED"
	}'
}
