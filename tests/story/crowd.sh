#!/bin/sh
# SPDX-License-Identifier: MIT
# crowd: eight processes empty one queue of 1,000 messages, and six times one
# of them is killed. Each message arrives once, never more than four requests
# are under way at a time, and what was in flight is told "perhaps sent" and
# is the only mail that may come twice. The server counts by Message-ID.
# shellcheck disable=SC2317
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
MESSAGES=1000 WORKERS=8 KILLS=6

for tool in python3 openssl; do
	command -v $tool >/dev/null || {
		skip crowd "no $tool"
		finish
	}
done
cd "$TMP" || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 \
    -addext subjectAltName=DNS:localhost >openssl.log 2>&1 || {
	not_ok 'certificate' "$(tail -n 1 openssl.log)"
	finish
}
echo 'crowd crowd' | timeout 500 python3 "$HERE/fault_server.py" "$TMP" \
    cert.pem key.pem >server.out 2>server.err &
SERVER_PID=$!
trap 'kill $SERVER_PID $(cat lane.? 2>/dev/null) 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
await server.out $SERVER_PID
URL=https://localhost:$(sed -n 's/^crowd //p' ports)
CONFIG=$TMP/config SPOOL=$TMP/state/spool
(
	umask 077
	cat >config <<-END
	tenant_id = contoso.com
	client_id = 66666666-7777-8888-9999-aaaaaaaaaaaa
	client_secret = s
	login_url = $URL
	graph_url = $URL/v1.0
	ca = $TMP/cert.pem
	from = crowd@example.com
	state_dir = $TMP/state
	END
)

# --- queued by four at a time

echo hello >body
i=0
while [ $i -lt $MESSAGES ]; do
	i=$((i + 1))
	echo "m$i"
done | xargs -P 4 -I '{}' "$P" -C "$CONFIG" send --queue -s '{}' --text body \
    x@example.org >queued 2>queued.err
same 'all are queued' $MESSAGES "$(find "$SPOOL/new" -type f | wc -l)"
same 'each is told' $MESSAGES "$(sort -u queued | grep -c '^queued ')"

# --- and sent

# lane N: a worker; one that was killed is followed by another.
lane() {
	again=yes
	while [ $again = yes ]; do
		again=no
		"$P" -C "$CONFIG" queue run >"lane.$1.out" 2>&1 &
		echo $! >"lane.$1"
		wait $! || {
			echo "$?" >>"ends.$1"
			again=yes
		}
	done
}
arrived() { grep -c ' taken ' log; }
w=0
lanes=''
while [ $w -lt $WORKERS ]; do
	w=$((w + 1))
	(trap - EXIT && lane $w) 2>/dev/null &
	lanes="$lanes $!"
done
k=0
while [ $k -lt $KILLS ]; do
	k=$((k + 1))
	tries=0
	until [ "$(arrived)" -ge $((k * MESSAGES / (KILLS + 2))) ]; do
		tries=$((tries + 1))
		[ $tries -lt 2000 ] || break
		sleep 0.05
	done
	kill -KILL "$(cat "lane.$k")"
done
for p in $lanes; do wait "$p"; done
same 'killed' "$KILLS times 137" "$(cat ends.* | sort | uniq -c |
    awk '{ print $1, "times", $2 }')"

# --- what came of it

ids() { sed -n 's/.* taken //p' log | sort; }
ids >first
left=$(find "$SPOOL/new" "$SPOOL/work" -type f | wc -l)
same 'until now none came twice' '' "$(uniq -d first)"
same 'no more is left than was in flight' yes \
    "$([ "$left" -le $KILLS ] && echo yes || echo "$left")"
same 'at a time' 'together 4' "$(sed -n 's/.* \(together\)/\1/p' log | sort -u |
    tail -n 1)"

check 'one more run' 0 run "$P" -C "$CONFIG" queue run
check 'what is left' 0 run "$P" -C "$CONFIG" queue list --json
cp "$OUT" left.json
same 'all of that was perhaps sent' "$(wc -l <left.json)" \
    "$(grep -c '"reason":"perhaps sent; once more' left.json)"
same 'nothing was asked for it' "$(wc -l <first)" "$(arrived)"
sed -n 's/.*"message_id":"\([^"]*\)".*/\1/p' left.json | sort >perhaps
run "$P" -C "$CONFIG" queue retry --all
check 'and the last' 0 run "$P" -C "$CONFIG" queue run
same 'the queue is empty' 0 "$(find "$SPOOL" -type f -name '*[0-9A-F]' | wc -l)"
same 'each arrived' $MESSAGES "$(ids | sort -u | wc -l)"
same 'nothing else came twice' '' "$(ids | uniq -d | comm -23 - perhaps)"
same 'none three times' '' "$(ids | uniq -c | awk '$1 > 2')"
same 'sent, in the journal' $MESSAGES "$(grep '"verdict":"sent"' state/log* |
    sed 's/.*"message_id":"\([^"]*\)".*/\1/' | sort -u | wc -l)"
same 'a line each' $MESSAGES "$(cat state/log* | grep -c '"verdict":"sent"')"
ok "perhaps sent: $(wc -l <perhaps), twice: $(ids | uniq -d | wc -l)"
finish
