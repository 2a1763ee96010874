#!/bin/sh
# SPDX-License-Identifier: MIT
# faultlist: each way in which the token endpoint or Graph can misbehave, with
# `send` and with the queue: the exit status, where the message is then, how
# many copies are out, and that nothing is asked while it waits. By a server
# in Python that knows nothing of ours, and the queue by the sandbox as well;
# what `send` makes of the sandbox is in faults.sh.
# shellcheck disable=SC2030,SC2031,SC2119,SC2317
. "$(dirname "$0")/lib.sh"
P=$SAN # error paths are where memory errors hide
HERE=$(cd "$(dirname "$0")" && pwd)

# A row: kind | the sandbox's words for it, - if it has none | what comes of it
# at Graph | and at the token endpoint: exit of `send` and copies; folder
# after `queue run` and copies. Folder -: it is sent and gone.
table() {
	grep -v '^#' <<-'END'
	good|chunked|0 1, - 1|0 1, - 1
	accept-then-close|taken-close|76 1, new 1|75 0, new 0
	accept-then-rst|reset-after|76 1, new 1|75 0, new 0
	reply-half|cut at=14|76 1, new 1|75 0, new 0
	slow-drip|slow ms=300|76 1, new 1|75 0, new 0
	slow-headers-forever|endless-head|76 1, new 1|75 0, new 0
	silent|silent|76 0, new 0|75 0, new 0
	no-read|no-read|76 0, new 0|75 0, new 0
	early-429|early 429 retry-after=400|75 0, new 0|75 0, new 0
	429-no-retry-after|status 429|75 0, new 0|75 0, new 0
	429-then-good|status 429 retry-after=60 x1|0 1, new 0|0 1, new 0
	429-retry-after-year|status 429 retry-after=31536000|75 0, new 0|75 0, new 0
	503-html|status 503 body=html|75 0, new 0|75 0, new 0
	500-empty|status 500 body=empty|76 0, new 0|75 0, new 0
	504-after-accept|-|76 1, new 1|75 0, new 0
	401-once|status 401 x1|0 1, - 1|77 0, new 0
	401-forever|status 401|77 0, new 0|77 0, new 0
	403-denied|status 403 code=ErrorAccessDenied|77 0, new 0|77 0, new 0
	404-mailbox|status 404 code=ErrorInvalidUser|78 0, new 0|78 0, new 0
	400-mime|status 400 code=ErrorMimeContentInvalid|69 0, dead 0|78 0, new 0
	400-page|status 400 body=html|75 0, new 0|78 0, new 0
	413|status 413 body=html|78 0, new 0|78 0, new 0
	redirect|redirect https://127.0.0.1:1/steal|78 0, new 0|78 0, new 0
	200-html|html-200|76 0, new 0|75 0, new 0
	200-json-error|ok-200|76 0, new 0|75 0, new 0
	token-error|-|-|77 0, new 0
	token-expires-0|-|-|0 1, - 1
	bad-chunk|bad-chunk|0 1, - 1|75 0, new 0
	cl-too-long|long-length|0 1, - 1|75 0, new 0
	endless-body|endless-body|0 1, - 1|75 0, new 0
	keepalive-stale|stale|0 1, - 1|0 1, - 1
	date-skew|date-skew -172800|0 1, - 1|0 1, - 1
	conn-per-ip-limit|-|0 1, new 0|0 1, new 0
	http2-answer|http2|76 0, new 0|75 0, new 0
	close-notify-missing|no-goodbye|0 1, - 1|75 0, new 0
	tls-alert|-|75 0, new 0|75 0, new 0
	tls-garbage|-|75 0, new 0|75 0, new 0
	tls-stall|-|75 0, new 0|75 0, new 0
	tls-half-hello|-|75 0, new 0|75 0, new 0
	END
}

for tool in python3 openssl; do
	command -v $tool >/dev/null || {
		skip faultlist "no $tool"
		finish
	}
done
cd "$TMP" || exit 1
table >rows
same 'kinds' 39 "$(wc -l <rows)"
echo hello >body

# folder NAME: of its only message.
folder() {
	for f in new work hold dead; do
		set -- "$1" "$1.state/spool/$f"/*
		[ ! -e "$2" ] || { echo "$f" && return; }
	done
	echo -
}
queue_run() { run "$P" -C "$CONFIG" queue run; }

# keeps_still COUNT: sets STILL to what is to be said if something is asked
# while the message waits.
keeps_still() {
	STILL='' before=$($1)
	[ "$(folder "$id")" != - ] || return
	queue_run
	[ "$($1)" = "$before" ] || STILL=', and asked while it waits'
}

# --- by the sandbox

by_sandbox() { # WHERE WORDS WANT
	start_sandbox --mailbox '*' --fault "$1 $2"
	setting from "row$n@example.com"
	setting connect_timeout 3s
	setting timeout 3s
	setting bounces no
	setting state_dir "$TMP/$id.state"
	send --queue -s "$id" --text body x@example.org
	queue_run
	# a request is counted once the sandbox is done with it, which is up
	# to ms after who asked has gone
	case $2 in slow*) sleep 1 ;; esac
	keeps_still all_requests
	stop_sandbox
	same "sandbox: $1 $2" "$3" "$(folder "$id") $(count_mail)$STILL"
}
all_requests() { requests .; }

# --- by a server that is none of ours

{
	echo fine good
	while IFS='|' read -r kind _; do
		for way in send queue; do
			for where in graph token; do
				echo "$kind.$where.$way $kind"
			done
		done
	done <rows
} >names
trap 'kill $SERVER_PID 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
start_faults 900 names

# settings WHERE
settings() {
	login=$(faults_url fine) graph=$login
	case $1 in
	graph) graph=$(faults_url "$id") ;;
	token) login=$(faults_url "$id") ;;
	esac
	CONFIG=$TMP/$id.conf
	faults_config "$login" "$graph" <<-END
	from = row$n@example.com
	state_dir = $TMP/$id.state
	connect_timeout = 3s
	timeout = 3s
	bounces = no
	END
}
copies() { grep -cxE ".* taken $id" log; }
asked() { grep -cE "^$id ${1:-.*}\$" log; }

by_python() { # WHERE WAY WANT
	settings "$1"
	case $2 in
	send)
		send -s "$id" --text body x@example.org
		tries=$(asked send)
		case $STATUS in 76) most=1 ;; *) most=3 ;; esac
		[ "$tries" -le "$most" ] || STATUS="$STATUS after $tries requests"
		same "$id" "$3" "$STATUS $(copies)"
		;;
	queue)
		send --queue -s "$id" --text body x@example.org
		queue_run
		keeps_still asked
		same "$id" "$3" "$(folder "$id") $(copies)$STILL"
		;;
	esac
}

# --- all of them, most of the time waiting, so several at once; each has a
# mailbox of its own, since one takes four requests at a time

while IFS='|' read -r kind words graph token; do
	for where in graph token; do
		[ $where = graph ] && want=$graph || want=$token
		[ "$want" != - ] || continue
		echo "by_python|$where|send|${want%, *}|$kind.$where.send"
		echo "by_python|$where|queue|${want#*, }|$kind.$where.queue"
		[ "$words" != - ] || continue
		[ $where = graph ] && at=send || at=token
		echo "by_sandbox|$at|$words|${want#*, }|$kind.$where.sandbox"
	done
done <rows >list
job() {
	IFS='|' read -r how where what want id <<-END
	$1
	END
	n=$ROW
	"$how" "$where" "$what" "$want"
}
rows_at_once 16 list job
kill $SERVER_PID
finish
