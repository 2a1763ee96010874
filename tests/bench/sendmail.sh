#!/bin/sh
# SPDX-License-Identifier: MIT
# bench sendmail: `sendmail -t` start to finish against msmtp, each to a
# server of its own on the loopback with TLS; then the memory that messages of
# 1, 35 and 150 MB take.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

for tool in msmtp openssl python3; do
	command -v "$tool" >/dev/null || {
		echo "skip bench sendmail: $tool is not installed"
		exit 0
	}
done
rounds=${ROUNDS:-31}
cd "$TMP" || exit 1
start_sandbox
measure=$TMP/measure
${CC:-cc} -O1 -static -o "$measure" "$TOP/tests/bench/measure.c" || exit 1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout key.pem -out cert.pem 2>/dev/null || exit 1
python3 "$TOP/tests/bench/sink.py" cert.pem key.pem >sink.out &
sink=$!
trap 'kill $sink; stop_sandbox' EXIT
tries=0
until port=$(sed -n 's/^ready //p' sink.out) && [ -n "$port" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || exit 1
	sleep 0.05
done
cat >msmtprc <<END
account default
host localhost
port $port
tls on
tls_starttls off
tls_trust_file $TMP/cert.pem
auth off
from sender@example.com
END
chmod 600 msmtprc
ln -s "$POST365" sendmail
{ cat "$CONFIG"; echo 'token_cache = no'; } >cold.config
chmod 600 cold.config
cat >mail <<-'END'
	From: sender@example.com
	To: to@example.com
	Subject: bench

	Hello from the bench.
END

# ours CONFIG FILE, theirs FILE: the commands
ours() { echo "POST365_CONFIG='$1' ./sendmail -t -i <'$2'"; }
theirs() { echo "msmtp -C msmtprc -t <'$1'"; }
# compare NAME CONFIG
compare() {
	"$measure" "$rounds" "post365=$(ours "$2" mail)" \
	    "msmtp=$(theirs mail)" >costs || exit 1
	awk -v name="$1" '{ w[$1] = $2; c[$1] = $3; m[$1] = $4 }
	END {
		printf "%s: post365 %.1f ms wall, %.1f ms CPU, %d kB;", name,
		    w["post365"], c["post365"], m["post365"]
		printf " msmtp %.1f ms, %.1f ms, %d kB;", w["msmtp"],
		    c["msmtp"], m["msmtp"]
		printf " ratios %.2f wall, %.2f CPU, %.2f memory\n",
		    w["post365"] / w["msmtp"], c["post365"] / c["msmtp"],
		    m["post365"] / m["msmtp"]
	}' costs
}
sh -c "$(ours "$CONFIG" mail)" && sh -c "$(theirs mail)" || exit 1
compare 'sendmail, cached token' "$CONFIG"
compare 'sendmail, cold' cold.config

# with_file BYTES: the message with an attachment of that size
with_file() {
	cat <<-'END'
		From: sender@example.com
		To: to@example.com
		Subject: bench
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		--b

		Hello from the bench.
		--b
		Content-Type: application/octet-stream; name=file
		Content-Transfer-Encoding: base64

	END
	head -c "$1" /dev/zero | base64
	echo '--b--'
}
# Each after what was before it is sent and forgotten: together they are more
# than Exchange takes in 5 minutes, and the last ones would wait for that. By
# -odi, since here the memory of the one that sends counts.
for size in 1000000 35000000 150000000; do
	with_file "$size" >large
	head -c "$size" /dev/zero >file
	for command in "sendmail=$(ours "$CONFIG" large) -odi" \
	    "send='$POST365' -C '$CONFIG' send -q -s bench -a file \
	    to@example.com <mail"; do
		settle "$SB_DIR/state/spool"
		forget_mail
		"$measure" 1 "$command" >costs || exit 1
		awk -v size=$((size / 1000000)) '{
			printf "%s, attachment of %d MB: %.0f ms wall, ",
			    $1, size, $2
			printf "%.0f ms CPU, %d kB resident\n", $3, $4
		}' costs
	done
done
