#!/bin/sh
# bench send: one mail by `post365 send` against the same two requests made
# by curl in a shell script, cold and with a cached token; then the round
# trips of each, counted through a line of 100 ms.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

for tool in curl python3; do
	command -v "$tool" >/dev/null || {
		echo "skip bench send: $tool is not installed"
		exit 0
	}
done
rounds=${ROUNDS:-31}
start_sandbox
setting() {
	sed -n "s/^$1 = //p" "$CONFIG"
}
tenant=$(setting tenant_id) client=$(setting client_id)
secret=$(setting client_secret) from=$(setting from)
login=$(setting login_url) graph=$(setting graph_url)
ca=$(setting ca)

printf 'Hello from the bench.\n' >"$TMP/body"
cat >"$TMP/mail.json" <<END
{"message":{"subject":"bench","body":{"contentType":"text","content":"Hello from the bench.\n"},"toRecipients":[{"emailAddress":{"address":"to@example.com"}}]}}
END

# curl_send LOGIN GRAPH [TOKEN_FILE]
cat >"$TMP/curl_send" <<END
#!/bin/sh
if [ -n "\$3" ]; then
	token=\$(cat "\$3")
else
	token=\$(curl -gsS --fail --cacert '$ca' "\$1/$tenant/oauth2/v2.0/token" \\
	    --data-urlencode 'client_id=$client' \\
	    --data-urlencode 'client_secret=$secret' \\
	    --data-urlencode "scope=\${2%/v1.0}/.default" \\
	    --data-urlencode 'grant_type=client_credentials' |
	    sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
	[ -n "\$token" ] || exit 1
	[ -z "\$4" ] || printf %s "\$token" >"\$4"
fi
curl -sS --fail -o /dev/null --cacert '$ca' \\
    -g -H "Authorization: Bearer \$token" -H 'Content-Type: application/json' \\
    --data-binary @'$TMP/mail.json' "\$2/users/$from/sendMail"
END
chmod +x "$TMP/curl_send"
"$TMP/curl_send" "$login" "$graph" '' "$TMP/token" || exit 1

ours="'$POST365' -C '$CONFIG' send -s bench to@example.com <'$TMP/body'"
# Cold: neither token nor TLS session is kept.
{ cat "$CONFIG"; echo 'token_cache = no'; } >"$TMP/cold.config"
chmod 600 "$TMP/cold.config"
cold="'$POST365' -C '$TMP/cold.config' send -s bench to@example.com \
    <'$TMP/body'"
sh -c "$ours" || exit 1

# report NAME FILE: two lines of measure.py as ratios
report() {
	awk -v name="$1" '{ w[$1] = $2; c[$1] = $3; m[$1] = $4 }
	END {
		printf "%s: post365 %.1f ms wall, %.1f ms CPU, %d kB;", name,
		    w["post365"], c["post365"], m["post365"]
		printf " curl %.1f ms, %.1f ms, %d kB;", w["curl"], c["curl"],
		    m["curl"]
		printf " ratios %.2f wall, %.2f CPU, %.2f memory\n",
		    w["post365"] / w["curl"], c["post365"] / c["curl"],
		    m["post365"] / m["curl"]
	}' "$2"
}
measure=$TMP/measure
${CC:-cc} -O1 -static -o "$measure" "$TOP/tests/bench/measure.c" || exit 1
"$measure" "$rounds" "post365=$cold" \
    "curl='$TMP/curl_send' '$login' '$graph'" >"$TMP/cold" || exit 1
report "send, cold" "$TMP/cold"
"$measure" "$rounds" "post365=$ours" \
    "curl='$TMP/curl_send' '$login' '$graph' '$TMP/token'" >"$TMP/warm" ||
    exit 1
report "send, cached token" "$TMP/warm"

# A line of 50 ms each way in front of the sandbox: by way of ::1.
one_way=50
python3 "$TOP/tests/bench/delay.py" "${login##*:}" "$one_way" >"$TMP/delay" &
delay=$!
trap 'kill $delay; stop_sandbox' EXIT
tries=0
until grep -q ready "$TMP/delay"; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || exit 1
	sleep 0.05
done
sed 's,https://localhost:,https://[::1]:,' "$CONFIG" >"$TMP/far.config"
chmod 600 "$TMP/far.config"
far="https://[::1]:${login##*:}"
ours="'$POST365' -C '$TMP/far.config' send -s far to@example.com <'$TMP/body'"
"$TMP/curl_send" "$far" "$far/v1.0" '' "$TMP/far_token" || exit 1
sed 's,https://localhost:,https://[::1]:,' "$TMP/cold.config" \
    >"$TMP/far_cold.config"
chmod 600 "$TMP/far_cold.config"
cold="'$POST365' -C '$TMP/far_cold.config' send -s far to@example.com \
    <'$TMP/body'"
"$measure" 5 "post365=$cold" \
    "curl='$TMP/curl_send' '$far' '$far/v1.0'" >"$TMP/far_cold" || exit 1
"$measure" 5 "post365=$ours" \
    "curl='$TMP/curl_send' '$far' '$far/v1.0' '$TMP/far_token'" \
    >"$TMP/far_warm" || exit 1
for kind in cold warm; do
	awk -v kind="$kind" -v rtt=$((2 * one_way)) '{ t[$1] = $2 }
	END {
		printf "round trips, %s: post365 %.1f, curl %.1f\n",
		    kind == "cold" ? "cold" : "cached token",
		    t["post365"] / rtt, t["curl"] / rtt
	}' "$TMP/far_$kind"
done
