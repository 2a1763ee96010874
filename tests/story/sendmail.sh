#!/bin/sh
# SPDX-License-Identifier: MIT
# sendmail: what programs rely on when they call it: options, recipients,
# header work, line ends, exit codes, mailq, newaliases and -bs.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

P=$SAN # error paths are where memory errors hide
start_sandbox
cd "$TMP" || exit 1
mkdir -p bin in
for name in sendmail send-mail mailq newaliases; do ln -s "$P" "bin/$name"; done
cat >aliases <<-'EOF2'
	# names of this machine
	root: ops
	ops: ops@example.com
	pair: "Ann A." <ann@example.com>, bob@example.com
	loop: pool
	pool: loop
EOF2
setting aliases "$TMP/aliases"
POST365_CONFIG=$CONFIG
PATH=$TMP/bin:$PATH
export POST365_CONFIG PATH
unset NAME
SPOOL=$SB_DIR/state/spool
# what the background has to say goes nowhere: but this does
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$TMP/unsound
UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$TMP/unsound
export ASAN_OPTIONS UBSAN_OPTIONS

# --- messages

# message NAME: printf's format on standard input becomes in/NAME.
message() {
	# shellcheck disable=SC2059
	printf "$(cat)" >"in/$1"
}
H='From: me@example.org\nTo: a@example.com\n'
message plain <<-EOF2
	${H}Subject: plain\n\nbody\n
EOF2
message full <<-'EOF2'
	From: Me <me@example.org>\nTo: a1@example.com, "B, Two" <a2@example.com> (comment)\nCc: c1@example.com\nBcc: b1@example.com\nSubject: full\n\nbody\n
EOF2
message resent <<-'EOF2'
	Resent-From: me@example.org\nResent-To: rto@example.com\nFrom: o@example.org\nTo: oto@example.com\nSubject: resent\n\nbody\n
EOF2
message dots <<-EOF2
	${H}Subject: dots\n\nline1\n.\n..two\nline2\n
EOF2
message cron <<-'EOF2'
	From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\n\noutput\n
EOF2
message bare <<-'EOF2'
	To: a@example.com\n\nnothing else\n
EOF2
message mbox <<-'EOF2'
	From me Mon Jan  1 00:00:00 2024\nSubject: mbox\nTo: a@example.com\n\nx\nFrom inside\n
EOF2
message nohead <<-'EOF2'
	just a body, no header\nsecond line\n
EOF2
message utf8 <<-EOF2
	${H}Subject: caf\\303\\251\n\nb\\303\\266dy\n
EOF2
message traces <<-EOF2
	Return-Path: <x@y.example>\nContent-Length: 9\n${H}Subject: traces\n\nx\n
EOF2
message latin1 <<-'EOF2'
	To: a@example.com\nSubject: caf\351\nX-A: \344\nContent-Type: text/plain; charset=iso-8859-1\n\ncaf\351\n
EOF2
message open <<-EOF2
	${H}Subject: open\n\nno final line end
EOF2
message undisclosed <<-'EOF2'
	From: me@example.org\nTo: undisclosed-recipients:;\nSubject: u\n\nx\n
EOF2
message nul <<-EOF2
	${H}Subject: nul\n\na\000b\n
EOF2
message cr <<-EOF2
	${H}Subject: cr\n\na\rb\n
EOF2
: >in/empty
head -c 100000 /dev/urandom >in/noise
{
	printf 'To: a@example.com\nSubject: long\n\n'
	head -c 5000 /dev/zero | tr '\0' y
	echo
} >in/long
{
	printf 'To: a@example.com\nSubject: wide\nX-Wide: '
	head -c 1000000 /dev/zero | tr '\0' ' ' | sed 's/    /abc /g'
	printf '\n\nx\n'
} >in/wide
{
	printf 'To: a@example.com\nSubject: wider\nX-Wide: '
	head -c 3000000 /dev/zero | tr '\0' ' ' | sed 's/    /abc /g'
	printf '\n\nx\n'
} >in/wider
{
	printf 'To: a@example.com\nSubject: 5 MB\n\n'
	yes 'a line of text' | head -c 5000000
	echo
} >in/text5m
{
	printf 'Subject: many\nTo: u0@example.com'
	awk 'BEGIN { for (i = 1; i <= 10000; i++) printf ",\n u%d@example.com", i }'
	printf '\n\nx\n'
} >in/many

# --- one call a row

# check_one HOW PATTERN NAME: in the mail (m: what is kept about it, e: as it
# arrived), in what was printed (o, E), or not there (with an "!").
check_one() {
	case $1 in
	m | !m) f=$M.meta ;;
	e | !e) f=eml ;;
	o | !o) f=$OUT ;;
	E | !E) f=$ERR ;;
	*) not_ok "$3" "no check $1" && return ;;
	esac
	case $1 in
	!*)
		if grep -qE -e "$2" "$f"; then
			not_ok "$3: no $2" "$(grep -E -e "$2" "$f" | head -n 1)"
		else
			ok "$3: no $2"
		fi
		;;
	*) says "$3: $2" "$f" "$2" ;;
	esac
}

# row NAME STATUS INPUT WORDS CHECKS: words as the shell reads them; a check
# is HOW:PATTERN, and a bar stands between two.
row() {
	name=$1 want=$2 input=$3 checks=$5
	forget_mail
	eval "set -- $4"
	case ${1:-} in
	mailq | newaliases | send-mail) ;;
	*) set -- sendmail "$@" ;;
	esac
	run "$@" <"in/$input"
	if [ "$STATUS" != "$want" ]; then
		not_ok "$name: exit" "$STATUS, not $want: $(head -n 2 "$ERR" |
		    tr '\n' ' ')"
		return
	fi
	ok "$name: exit"
	settle "$SPOOL"
	mails=$(count_mail)
	case $checks in
	none*) same "$name: no mail" 0 "$mails" ;;
	*) same "$name: one mail" 1 "$mails" ;;
	esac
	M=$(last_mail)
	if [ "$mails" != 0 ]; then tr -d '\r' <"$M.eml" >eml; fi
	checks=${checks#none}
	while [ -n "$checks" ]; do
		one=${checks%%|*}
		checks=${checks#"$one"}
		checks=${checks#|}
		[ -z "$one" ] || check_one "${one%%:*}" "${one#*:}" "$name"
	done
}

# Who gets it
row '-t: union of To, Cc, Bcc' 0 full '-t -i' \
    'm:^to: a1@|m:^to: a2@|m:^cc: c1@|m:^bcc: b1@example.com$'
row 'no -t: Bcc is stripped' 0 full '-i only@example.com' \
    'm:^bcc: only@example.com$|!m:^[tc][oc]: |!e:b1@|e:^X-Post365-To: .*a1@|e:^X-Post365-Cc: c1@'
row '-t and argv: both' 0 plain '-t -i extra@example.com' \
    'm:^to: a@|m:^bcc: extra@example.com$'
row '-t and argv: once' 0 plain '-t -i A@example.com' \
    'm:^to: a@example.com$|!m:^bcc: '
row 'resent: their recipients' 0 resent '-t -i' \
    'm:^bcc: rto@example.com$|!m:: oto@|e:^X-Post365-To: oto@|e:^Resent-Date: [A-Z][a-z][a-z], |e:^Resent-Message-ID: <[^ ]*>$'
row 'lists and names in argv' 0 bare \
    "'x1@example.com, x2@example.com' 'Name <x3@example.com>' a@example.com" \
    'm:^bcc: x1@|m:^bcc: x2@|m:^bcc: x3@|m:^to: a@'
row '-- ends options' 0 plain '-i -- -weird@example.com' \
    'm:^bcc: -weird@example.com$'
row 'options behind recipients' 0 bare 'a@example.com -f env@example.org' \
    'm:^to: a@|!m:^to: env@|!m:^bcc: '
row 'nobody' 64 bare '-i' 'none|E:^sendmail: nobody to send it to$'
row 'nobody in the header' 64 nohead '-t -i' 'none|E:nobody to send it to'
row 'undisclosed-recipients alone' 64 undisclosed '-t -i' \
    'none|E:nobody to send it to'
row 'undisclosed-recipients, argv' 0 undisclosed '-i x@example.com' \
    'm:^bcc: x@example.com$'
row 'too many recipients' 65 many '-t -i' 'none|E:10001 recipients'

# Names of this machine
row 'cron' 0 cron '-FCronDaemon -i -B8BITMIME -oem root' \
    'm:^to: ops@example.com$|!m:^bcc: |m:^from: sender@example.com$|m:^from-name: Cron Daemon|e:^To: ops@example.com$'
row 'cronie' 0 cron '-FCronDaemon -i -odi -oem -oi -t -f root' \
    'm:^to: ops@example.com$'
row 'alias of two' 0 bare '-i pair a@example.com' \
    'm:^bcc: ann@example.com$|m:^bcc: bob@example.com$'
row 'no alias: the mailbox' 0 nohead '-i -oem nosuchuser' \
    'm:^bcc: sender@example.com$'
row 'alias in a circle' 78 bare '-i loop' 'none|E:leads back to itself'

# Where a message ends
row 'a dot ends it' 0 dots 'a@example.com' 'e:^line1$|!e:^line2$'
row '-i: it does not' 0 dots '-i a@example.com' \
    'e:^\.$|e:^\.\.two$|e:^line2$'
row '-oi: neither' 0 dots '-oi a@example.com' 'e:^\.$|e:^line2$'
row '-ti, in one word' 0 dots '-ti' 'm:^to: a@|e:^line2$'
row 'no final line end' 0 open '-i a@example.com' 'e:^no final line end$'
row 'empty' 0 empty '-i a@example.com' 'm:^bcc: a@'

# Header work
row 'From, Date, Message-ID are added' 0 bare '-i a@example.com' \
    'e:^From: .*<sender@example.com>$|e:^Date: [A-Z][a-z][a-z], |e:^Message-ID: <[^ ]*>$|e:^nothing else$'
row 'Return-Path, Content-Length go' 0 traces '-i a@example.com' \
    '!e:^Return-Path|!e:^Content-Length'
row 'an mbox line goes' 0 mbox '-i a@example.com' \
    '!e:^From me|e:^From inside$|m:^subject: mbox'
row 'a message without a header' 0 nohead '-i a@example.com' \
    'm:^bcc: a@|e:^just a body, no header$|e:^second line$'
row 'text in UTF-8' 0 utf8 '-i a@example.com' \
    'e:^Subject: =.utf-8.|e:^Content-Transfer-Encoding: base64$'
row 'a line of 5000' 0 long '-i a@example.com' \
    'e:^Content-Transfer-Encoding: base64$|!e:yyyyyyyyyyyyyyyyy'
row 'a header of 1 MB' 0 wide '-i a@example.com' 'm:^to: a@|e:^X-Wide: abc'
row 'a header of 3 MB' 65 wider '-i a@example.com' 'none|E:header of more than'
row '8-bit header' 0 latin1 '-i a@example.com' \
    'm:^to: a@|e:^Subject: =.utf-8.B.Y2Fmw6k=|e:^X-A: =.utf-8.B.w6Q=|e:^Y2Fm6Q0K$'
setting max_message_size 4m
row 'over max_message_size' 65 text5m '-i a@example.com' \
    'none|E:max_message_size'
setting max_message_size 150m
row 'a text over every limit' 0 text5m '-i a@example.com' \
    'm:^to: a@|m:^attachment: .* message.txt$|e:in the attached file message.txt'
row 'NUL' 0 nul '-i a@example.com' 'm:^to: a@'
row 'a lone CR' 0 cr '-i a@example.com' 'e:^a$|e:^b$'
row 'noise' 0 noise '-i a@example.com' 'm:^bcc: a@'

# The sender
row "-f ''" 0 bare "-i -f '' a@example.com" \
    'm:^from: sender@example.com$|!e:MAILER|!e:<>'
row "-f '<>'" 0 bare "-i -f '<>' a@example.com" 'm:^from: sender@'
row '-f<>' 0 bare "-i '-f<>' a@example.com" 'm:^from: sender@'
row '-fADDR' 0 bare '-i -fenv@example.org a@example.com' \
    'e:^Reply-To: env@example.org$|m:^from-name: env at example.org$'
row '-r' 0 bare '-i -r env@example.org a@example.com' \
    'e:^Reply-To: env@example.org$'
row '-F' 0 bare "-i -F 'Full Name' -f env@example.org a@example.com" \
    'm:^from-name: Full Name |e:^Reply-To: Full Name <env@example.org>$'
row '-F: not over a From' 0 plain "-i -F 'Full Name' a@example.com" \
    '!e:Full Name'
row '-F: nothing gets into the header' 0 bare \
    "-i -F 'X
Bcc: evil@example.com' -f env@example.org a@example.com" '!m:evil@|!e:^Bcc'
row '-f of no address' 65 bare "-i -f 'a@b@c' a@example.com" 'none|E:-f: '

# Options of others
row 'DSN' 0 plain '-i -N failure,delay -R hdrs -V env123 a@example.com' 'm:^to: a@'
row 'all kinds' 0 plain '-i -oem -oee -odb -om -o7 -O DeliveryMode=b -L tag -h 3 -n -Am -G a@example.com' \
    'm:^to: a@|!m:^bcc: '
for o in -n -U -m -G -x -c -s -d0.1 -d '-X /dev/null' '-p ESMTP:host' '-e m' \
    '-h 3' '-A c' -Ac '-B 7BIT' '-M id' '-V id' '-R full' '-N never' '-L tag' \
    '-O X=y' -odb -odi '-o em'; do
	row "$o" 0 plain "$o a@example.com" 'm:^to: a@|!m:^bcc: '
done
row 'unknown letter' 64 plain '-Z a@example.com' \
    'none|E:^sendmail: unknown option -Z$'
row 'a value that is missing' 64 plain '-f' 'none|E:-f needs a value'
for o in -ba -bt -bh -bH -bd -bD -bl; do
	row "$o" 64 empty "$o" 'none|E:^sendmail: -b'
done

# Other modes and names
row 'mailq' 0 empty 'mailq' 'none|o:^Mail queue is empty$'
row '-bp' 0 empty '-bp' 'none|o:^Mail queue is empty$'
row 'newaliases' 0 empty 'newaliases' 'none|!E:.'
row '-bi' 0 empty '-bi' 'none|!E:.'
row '-bv' 0 empty '-bv root pair x@example.net' \
    'none|o:^root -> ops@example.com$|o:^pair -> ann@example.com, bob@example.com$|o:^x@example.net -> x@example.net$'
row 'send-mail' 0 plain 'send-mail -i a@example.com' 'm:^to: a@'
for o in -q -qf -q15m -qRexample.com -qSme; do
	row "$o" 0 empty "$o" 'none|!E:.'
done
row '-qI: no such message' 65 empty '-qIabc' 'none|E:no message "abc"'
row '-q of no kind' 64 empty '-qZ1' 'none|E:unknown -qZ1'
row '-v' 0 plain '-v -i a@example.com' \
    'm:^to: a@|E:POST /.*sendMail|E:^sendmail: stored as |E:^sendmail: [0-9A-F]{16}: sent$'
lacks '-v: no secret' "$ERR" "$(setting_of client_secret)"
row '-X' 0 plain "-i -X $TMP/wire a@example.com" 'm:^to: a@|!E:.'
says '-X: the wire is there' wire 'POST /.*sendMail'
lacks '-X: no secret' wire "$(setting_of client_secret)"

# --- the line ends of the input make no difference

forget_mail
printf 'From: sender@example.com\nTo: a@example.com\nSubject: ends\nDate: Mon, 23 Nov 2026 20:00:00 +0000\nMessage-ID: <x@example.com>\n\nl1\nl2\n\nl3\n' >in/lf
sed 's/$/\r/' in/lf >in/crlf
awk '{ printf "%s%s", $0, NR % 2 ? "\r\n" : "\n" }' in/lf >in/mixed
awk '{ printf "%s\r\r\n", $0 }' in/lf >in/crcrlf
for f in lf crlf mixed crcrlf; do
	check "line ends: $f" 0 run sendmail -t -i <"in/$f"
	settle "$SPOOL"
	cp "$(last_mail).eml" "eml.$f"
	same_file "line ends: $f is as lf" eml.lf "eml.$f"
done

# --- what the service does, while the caller waits and while not

# in_spool: the folders that have messages, and how many arrived.
in_spool() {
	(cd "$SPOOL" && find new work hold dead -type f | sed 's,/.*,,' |
	    sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')
	count_mail
}
# until_spool NAME WANT: what in_spool says, in a while.
until_spool() {
	tries=0
	until [ "$(in_spool)" = "$2" ] || [ $tries -gt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	same "$1" "$2" "$(in_spool)"
}
# until_tried: until there is a line of an attempt in the journal.
until_tried() {
	tries=0
	until grep -qs '"attempt":1' "$SB_DIR/state/log" || [ $tries -gt 200 ]
	do
		tries=$((tries + 1))
		sleep 0.05
	done
}
# clear_spool: as if nothing had been.
clear_spool() {
	end_background "$SPOOL"
	find "$SPOOL" -type f -exec rm {} +
	forget_mail
	faults
}
# refused NAME STATUS THEN FAULT TEXT: with -odi, which waits.
refused() {
	clear_spool
	faults "$4"
	check "$1: exit" "$2" run sendmail -odi -i a@example.com <in/plain
	[ -z "$5" ] || says "$1: says why" "$ERR" "$5"
	end_background "$SPOOL"
	same "$1: then" "$3" "$(in_spool)"
}
refused 'no permission' 77 '1 new, 0' \
    'send status 403 code=ErrorAccessDenied' '^sendmail: .*stored as '
# the account waits now, and the next one says so
check 'no permission, again: exit' 77 run sendmail -odi -i a@example.com \
    <in/plain
says 'no permission, again: says why' "$ERR" 'where it waits: '
refused 'too large' 69 '1 dead, 0' \
    'send status 400 code=ErrorMessageSizeExceeded' '^sendmail: '
refused 'busy' 0 '1 new, 0' 'send status 503' ''
refused 'asked to wait' 0 '1 new, 0' 'send status 429 retry-after=600' ''
refused 'perhaps sent' 0 '1 new, 1' 'send taken-close' ''
setting delivery once
setting save_to_sent no # so there is no copy that could be looked for
refused 'perhaps sent, once' 76 '1 hold, 1' 'send taken-close' 'stored as '
setting delivery auto
setting save_to_sent yes
# later NAME THEN FAULT: without, and 0 is: it is stored.
later() {
	clear_spool
	faults "$3"
	check "$1, not waited for: exit" 0 run sendmail -i a@example.com \
	    <in/plain
	until_tried
	end_background "$SPOOL"
	same "$1, not waited for: then" "$2" "$(in_spool)"
	rm -f "$SB_DIR/state/log"
}
rm -f "$SB_DIR/state/log"
later 'no permission' '1 new, 0' 'send status 403 code=ErrorAccessDenied'
later 'busy' '1 new, 0' 'send status 503'
later 'away' '1 new, 0' 'any close'
# its sender is a user of this machine, so it comes to the one for root
later 'too large' '1 dead, 1' \
    'send status 400 code=ErrorMessageSizeExceeded x1'
says 'too large: a report' "$(last_mail).eml" 'Final-Recipient: rfc822; a@'
clear_spool
faults 'send status 400 code=ErrorMessageSizeExceeded x1'
run sendmail -i -N never a@example.com <in/plain
settle "$SPOOL"
same '-N never: no report' '1 dead, 0' "$(in_spool)"
clear_spool
faults 'send status 400 code=ErrorMessageSizeExceeded x1'
run sendmail -i -V 'QQ 31=4' a@example.com <in/plain
settle "$SPOOL"
says '-V: the report has it' "$(last_mail).eml" '^Original-Envelope-Id: QQ 31=4'

# One address that cannot be read does not keep the others from their mail.
printf '%s\n' 'From: sender@example.com' 'Cc: John Doe <john@>' \
    'To: a@example.com, bad@[300.0.0.1], "x, y" <b@example.com>' \
    'Subject: some' '' x >in/some
clear_spool
check '-t, two are no addresses: exit' 0 run sendmail -t -i <in/some
says '-t, two are no addresses: said' "$ERR" 'bad@\[300'
settle "$SPOOL"
same '-t, two are no addresses: the mail and a report' 2 "$(count_mail)"
cat "$SB_DIR"/mail/*.meta >metas
cat "$SB_DIR"/mail/*.eml >emls
has '-t, two are no addresses: the first' metas 'to: a@example.com'
has '-t, two are no addresses: the last' metas 'to: b@example.com'
says '-t, two are no addresses: one' emls 'Final-Recipient: rfc822; bad@'
says '-t, two are no addresses: two' emls 'Final-Recipient: rfc822; John'
says '-t, two are no addresses: status' emls '^Status: 5.1.3'
clear_spool
run sendmail -t -i -N never <in/some
settle "$SPOOL"
same '-t, two are no addresses: no report wanted' 1 "$(count_mail)"

# A service that comes back is met in time by who waits for it.
clear_spool
faults 'send status 429 retry-after=1 x1'
check 'busy for a moment: exit' 0 run sendmail -i a@example.com <in/plain
until_spool 'busy for a moment: then' 1
faults

# So is one whose turn came not while its caller waited.
clear_spool
setting rate 1/min
check '-odi, its turn: exit' 0 run sendmail -odi -i a@example.com <in/plain
check '-odi, not its turn: exit' 0 run sendmail -odi -i a@example.com <in/plain
same '-odi, not its turn: stored' '1 new, 1' "$(in_spool)"
same '-odi, not its turn: somebody waits' yes "$(at_work "$SPOOL" && echo yes)"
clear_spool
setting rate none

# -odq, and who sends it then
clear_spool
check '-odq: exit' 0 run sendmail -odq -i a@example.com <in/plain
check '-odq: another' 0 run sendmail -odq -i b@example.com <in/bare
same '-odq: stored only' '2 new, 0' "$(in_spool)"
says '-odq: mailq' "$(mailq >mailq.out && echo mailq.out)" \
    '^-- [0-9]* Kbytes in 2 Requests[.]$'
check '-qR: exit' 0 run sendmail -qRb@ <in/empty
same '-qR: that one' '1 new, 1' "$(in_spool)"
check '-q: exit' 0 run sendmail -q <in/empty
until_spool '-q: the rest' 2
clear_spool
rm -f "$SB_DIR/state/log"
faults 'send status 503 x1'
run sendmail -i a@example.com <in/plain
until_tried
end_background "$SPOOL"
check '-qf: exit' 0 run sendmail -qf <in/empty
same '-qf: before its time' 1 "$(in_spool)"

# Who waits for the end of our output does not wait for the background.
clear_spool
faults 'send silent x1'
setting timeout 8s
begin=$(now_ms)
got=$(echo x | sendmail -i a@example.com 2>&1; echo $?)
exec 9>"$TMP/held"
flock -n 9
echo x | sendmail -i a@example.com
exec 9>&-
same 'not in the way: pipe' 0 "$got"
same 'not in the way: time' yes \
    "$([ $(($(now_ms) - begin)) -lt 6000 ] && echo yes)"
check 'not in the way: lock' 0 run flock -n "$TMP/held" true
same 'not in the way: folder' / \
    "$(readlink "/proc/$(cat "$SPOOL/worker")/cwd")"
end_background "$SPOOL" # it finishes what is under way
setting timeout 120s

# Nor in a jail that has no /dev/null, and no /tmp.
if chroot / true 2>/dev/null; then
	clear_spool
	mkdir -p jail
	cp "$POST365" jail/sendmail
	{
		grep -E '^(tenant_id|client_|from)' "$CONFIG"
		printf 'login_url = http://127.0.0.1:1\nstate_dir = /state\n'
	} >jail/c
	chmod 600 jail/c
	begin=$(now_ms)
	echo x | POST365_CONFIG=/c timeout 30 sh -c \
	    'chroot jail /sendmail -i a@example.com 2>&1 | cat' >jail.out
	same 'a jail: not in the way' yes \
	    "$([ $(($(now_ms) - begin)) -lt 20000 ] && echo yes)"
	same 'a jail: stored' 1 "$(find jail/state/spool/new jail/state/spool/work \
	    -type f | wc -l | tr -d ' ')"
	end_background jail/state/spool
else
	skip 'a jail' 'only root may make one'
fi

# One process is enough for many callers.
clear_spool
n=0
while [ $n -lt 30 ]; do
	sendmail -i a@example.com <in/plain &
	n=$((n + 1))
done
wait_for_jobs=$(jobs -p)
for p in $wait_for_jobs; do
	[ "$p" = "$SB_PID" ] || wait "$p" || not_ok 'thirty callers' "$?"
done
until_spool 'thirty callers: one mail each' 30

# Who stores a message still holds it when others can see it, and relies on
# them. For 3 s here: the worker waits 2 s, and looks again.
clear_spool
run sendmail -odq -i a@example.com <in/plain
flock "$(echo "$SPOOL"/new/*)" sleep 3 &
holder=$!
sleep 0.1
run sendmail -i b@example.com <in/bare
wait $holder
until_spool 'held by its writer: sent all the same' 2

# Where there is no place for it, it is sent while the caller waits.
clear_spool
grep -v '^state_dir' "$CONFIG" >unplaced
printf 'state_dir = /dev/null/x\ntoken_cache = no\n' >>unplaced
chmod 600 unplaced
check 'not stored, but sent: exit' 0 run sendmail -C unplaced -i a@example.com \
    <in/plain
same 'not stored, but sent: then' 1 "$(count_mail)"
says 'not stored, but sent: says so' "$ERR" 'cannot be stored, so it is sent'
faults 'send status 503'
check 'neither: exit' 75 run sendmail -C unplaced -i a@example.com <in/plain
check 'neither, -odq: exit' 73 run sendmail -C unplaced -odq -i a@example.com \
    <in/plain
faults 'send status 403 code=ErrorAccessDenied'
check 'not stored and refused: exit' 77 run sendmail -C unplaced -i \
    a@example.com <in/plain
clear_spool

# What lacks for signing in keeps it in the queue, and is said.
grep -v '^client_secret' "$CONFIG" >halfway
chmod 600 halfway
check 'no secret yet: exit' 0 run sendmail -C halfway -odq -i a@example.com \
    <in/plain
says 'no secret yet: says so' "$ERR" 'stored as [0-9A-F]*, where it waits: not set'
check 'with -odi: exit' 78 run sendmail -C halfway -odi -i a@example.com <in/plain
same 'no secret yet: then' '2 new, 0' "$(in_spool)"
check 'with it: exit' 0 run sendmail -qf <in/empty
same 'with it: then' 2 "$(in_spool)"
clear_spool

check 'settings missing: exit' 78 run env POST365_CONFIG=/nonexistent \
    sendmail -i a@example.com <in/plain
# The writer must not be killed before it sees the exit status.
head -c 3000000 /dev/zero | tr '\0' 'x' >in/large
run sh -c '{ cat in/large; echo $? >written; } |
    POST365_CONFIG=/nonexistent sendmail -i a@example.com'
same 'settings missing: the message is read' 0 "$(cat written)"
# What has no end is read up to the limit.
setting max_message_size 1m
check 'too large: exit' 65 run sh -c 'yes | sendmail -i a@example.com'
says 'too large: says so' "$ERR" 'more than 1441792 bytes, .* max_message_size'
check 'too large, --eml: exit' 65 run sh -c \
    "yes | '$POST365' send --eml - a@example.com"
setting max_message_size 150m
# --- -bs

# talk NAME CODES: runs in/talk, and compares the first digits of the replies.
talk() {
	forget_mail
	run sendmail -bs <in/talk
	settle "$SPOOL"
	same "$1: exit" 0 "$STATUS"
	same "$1: replies" "$2" "$(tr -d '\r' <"$OUT" | grep -v '^...-' |
	    cut -c 1-3 | tr '\n' ' ')"
}
message talk <<-'EOF2'
	EHLO me\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bs@example.com>\r\nRCPT TO:<root>\r\nDATA\r\nSubject: bs\r\n\r\n..x\r\n.\r\nQUIT\r\n
EOF2
talk '-bs' '220 250 250 250 250 354 250 221 '
M=$(last_mail)
has '-bs: recipient' "$M.meta" 'bcc: bs@example.com'
has '-bs: local name' "$M.meta" 'bcc: ops@example.com'
says '-bs: sender' "$M.eml" '^Reply-To: a@example.org'
says '-bs: text' "$M.eml" '^\.x'
says '-bs: the reply has the id' "$OUT" \
    "250 2.0.0 Ok: queued as $(tail -n 1 "$SB_DIR/state/log" |
	sed 's/.*"id":"\([^"]*\).*/\1/')"
tr -d '\r' <in/talk >in/talk.lf
mv in/talk.lf in/talk
talk '-bs, LF' '220 250 250 250 250 354 250 221 '
same '-bs, LF: one mail' 1 "$(count_mail)"
message talk <<-'EOF2'
	HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nTo: a@example.com\n.\nRCPT TO:<b@example.com>\r\n\r\nx\r\n.\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<loop>\r\nDATA\r\n.\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nhalf
EOF2
talk '-bs, odd' '220 250 250 250 354 250 250 250 354 451 250 250 354 '
same '-bs, odd: one mail' 1 "$(count_mail)"
has '-bs, odd: nobody else' "$(last_mail).meta" 'to: a@example.com'
same '-bs, odd: nobody at all' 0 "$(grep -c '^bcc:' "$(last_mail).meta")"
message talk <<-'EOF2'
	MAIL FROM:<a@example.org>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n.\r\nQUIT\r\n
EOF2
forget_mail
run sendmail -C unplaced -bs <in/talk
says '-bs, no place: later' "$OUT" '^451 '
same '-bs, no place: not sent' 0 "$(count_mail)"
message talk <<-'EOF2'
	EHLO me\r\nMAIL FROM:<a@example.org> ENVID=Q+2B1\r\nRCPT TO:<a@example.com> NOTIFY=NEVER\r\nDATA\r\n.\r\nRSET\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<a@example.com> NOTIFY=NEVER\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\nQUIT\r\n
EOF2
run sendmail -odq -bs <in/talk
same '-bs -odq: stored only' '2 new' "$(in_spool | sed 's/, .*//')"
same '-bs: NOTIFY and ENVID' 'Envelope-Id: Q+2B1 Notify: never Notify: never' \
    "$(cat "$SPOOL"/new/* | grep -aE '^(Envelope-Id|Notify|Return): ' |
	tr '\n' ' ' | sed 's/ $//')"
same '-bs: Received' 2 "$(cat "$SPOOL"/new/* | grep -ac '^Received: by ')"
clear_spool

# --- the queue is full, until it is not
setting max_queue 1
check 'full: the first' 0 run sendmail -odq -i a@example.com <in/bare
check 'full: the second' 75 run sendmail -odq -i a@example.com <in/bare
says 'full: why' "$ERR" '1 messages wait in the queue, and max_queue is 1'
says 'full: what to do' "$ERR" 'do: see why they wait'
run sendmail -odq -bs <in/talk
says 'full: -bs' "$OUT" '^452 4\.3\.1 .*max_queue is 1'
clear_spool
check 'full: no more' 0 run sendmail -odq -i a@example.com <in/bare
clear_spool
setting max_queue 100000

# --- what is stored is what was handed in: settings may be mended
cp aliases aliases.was
run sendmail -odq root <in/bare
same 'a name: stored as it is' root \
    "$(cat "$SPOOL"/new/* | grep -a '^Recipient: ' | cut -c 12-)"
sed 's/^ops:.*/ops: mended@example.com/' aliases.was >aliases
run "$P" -C "$CONFIG" queue run
has 'a name: by the aliases of now' "$(last_mail).meta" \
    'bcc: mended@example.com'
mv aliases.was aliases
clear_spool

# --- and it is written once
if strace -qq -o /dev/null true 2>/dev/null; then
	{
		printf 'Subject: once\n\n'
		head -c 300000 /dev/zero | base64
	} >in/once
	run env "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0" strace -qq \
	    -o "$TMP/once" -e trace=write,openat,memfd_create \
	    "$P" sendmail -odq a@example.com <in/once
	same 'once: exit' 0 "$STATUS"
	same 'once: one file' 1 "$(grep -E 'O_EXCL|O_TMPFILE|^memfd' \
	    "$TMP/once" | grep -vc '"lock"')" # which clear_spool removed
	stored=$(cat "$SPOOL"/new/* | wc -c)
	wrote=$(awk '/^write/ { n += $NF } END { print n }' "$TMP/once")
	same 'once: its bytes' yes "$([ "$wrote" -ge "$stored" ] &&
	    [ "$wrote" -lt $((stored + 4096)) ] && echo yes ||
	    echo "$wrote of $stored")"
	clear_spool
else
	skip 'written once' 'no strace here, or it may not trace'
fi

# Input that does not block is waited for.
if command -v python3 >/dev/null; then
	clear_spool
	{
		printf 'HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n'
		sleep 0.3
		printf 'DATA\r\nSubject: slow\r\n\r\n.\r\nQUIT\r\n'
	} | run python3 -c 'import os, sys
os.set_blocking(0, False)
os.execvp("sendmail", ["sendmail", "-odq", "-bs"])'
	says '-bs, not blocking: replies' "$OUT" '^250 2.0.0 Ok: queued'
	clear_spool
else
	skip '-bs, not blocking' 'python3 is not here'
fi

# --- the account is the author's, where nothing else chose one
{
	cat "$POST365_CONFIG"
	printf '\n[account billing]\nfrom = Billing <billing@example.com>\n'
} >accounts
chmod 600 accounts
account_of() { cat "$SPOOL"/new/* | grep -a '^Account: ' | cut -c 10-; }
message author <<-'EOF2'
	From: Billing <billing@example.com>\nTo: a@example.org\n\nx\n
EOF2
run sendmail -C accounts -odq -t <in/author
same 'account of the author' billing "$(account_of)"
clear_spool
run sendmail -C accounts -odq -f sender@example.com -t <in/author
same 'account of -f before it' '' "$(account_of)"
clear_spool
run sendmail -C accounts -odq -f www@host.example -t <in/author
same 'nobody is -f: the author' billing "$(account_of)"
clear_spool
message talk <<-'EOF2'
	HELO me\r\nMAIL FROM:<billing@example.com>\r\nRCPT TO:<a@example.org>\r\nDATA\r\nFrom: x@y.example\r\n\r\nx\r\n.\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<a@example.org>\r\nDATA\r\nFrom: x@y.example\r\n\r\nx\r\n.\r\nQUIT\r\n
EOF2
run sendmail -C accounts -odq -bs <in/talk
same '-bs: each by its own' ' billing' "$(account_of | sort | tr '\n' ' ' |
    sed 's/ $//')"
clear_spool

# One client with many messages leaves no processes behind.
mkfifo dialogue
sendmail -bs <dialogue >"$OUT" &
server=$!
exec 9>dialogue
for n in 1 2 3; do
	printf 'HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n' >&9
	printf 'DATA\r\nSubject: %s\r\n\r\n.\r\n' "$n" >&9
	until_spool "-bs, $n of 3" "$n"
	tries=0
	while at_work "$SPOOL" && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
done
same '-bs: no zombies but the last' 1 "$(children $server | wc -l)"
exec 9>&-
wait $server
clear_spool

# --- cases and a probe that nobody here wrote

TOOLS=${SHARED:-/nonexistent}/tools
if [ -r "$TOOLS/sendmail-cases.sh" ] && command -v bash >/dev/null; then
	forget_mail
	sed "s,/tmp/in\.,$TMP/in/case.,g" "$TOOLS/sendmail-cases.sh" >cases.sh
	S=sendmail timeout -k 5 100 bash cases.sh >cases.out 2>&1
	sed -n 's/^\([a-zA-Z0-9-]*\) *rc=\([0-9]*\) .*/\1 \2/p' cases.out |
	    awk '$2 != 0' | tr '\n' ' ' >cases.bad
	same 'sendmail-cases: who is refused' \
	    'no-rcpt 64 t-no-rcpt 64 badopt 64 ba 64 bt 64 q 65 ' \
	    "$(cat cases.bad)"
	settle "$SPOOL"
	same 'sendmail-cases: calls' 48 "$(grep -c ' rc=' cases.out)"
	same 'sendmail-cases: mails' 33 "$(count_mail)"
	# What sendmail.md 1.3 calls right, case by case: subject, who gets
	# it, the author's name unless it is this machine's, the text.
	for f in "$SB_DIR"/mail/*.meta; do
		printf '%s|%s|%s|%s\n' "$(sed -n 's/^subject: //p' "$f")" \
		    "$(sed -nE 's/^(to|cc|bcc): /\1 /p' "$f" | tr '\n' ' ')" \
		    "$(sed -n 's/^from-name: //p' "$f" |
			grep -E 'example|Cron' | sed 's/ (root at .*//')" \
		    "$(tr -d '\r' <"${f%.meta}.eml" | sed '1,/^$/d' |
			head -c 24 | tr '\n' '~')"
	done >cases.got
	A='to a@example.com ' B='bcc a@example.com ' me='me at example.org'
	cat >cases.want <<-EOF2
		t-bcc|to a1@example.com to a2@example.com cc c1@example.com bcc b1@example.com |Me ($me)|body~
		argv-bcc|bcc only@example.com |$me|body~
		t-plus-argv|to hdr@example.com bcc extra@example.com |$me|body~
		resent|bcc rto@example.com |orig at example.org|body~
		dot-noi|$A|$me|line1~
		dot-i|$A|$me|line1~.~..two~line2~
		dot-oi|$A|$me|line1~.~line2~
		crlf|$A|$me|l1~l2~l3~
		f-empty|$A||x~
		f-angle|$A||x~
		F-name|$A|Full Name (env at example.org)|x~
		f-vs-hdr|$A|hdr at example.org|x~
		|$A||no from date msgid~
		mbox-from|$A||x~From inside~
		comma|bcc x1@example.com bcc x2@example.com bcc x3@example.com |$me|x~
		rootlocal|to ops@example.com |Cron Daemon|x~
		nosuch|to sender@example.com ||x~
		|$B||just a body no headers~s
		dsn|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		opts|$B|$me|x~
		=?utf-8?B?dXRmOCBjYWbDqQ==?=|$A|$me|YsO2ZHkNCg==~
		retpath|$A|$me|x~
		nonl|$B|$me|no trailing newline~
		longline|$B|$me|eXl5eXl5eXl5eXl5eXl5eXl5
		dashdash|bcc -weird@example.com |$me|x~
		|$B||
		bs|bcc bs@example.com |a at example.org|x~
	EOF2
	same 'sendmail-cases: each as it should be' '' \
	    "$(sort cases.want >want && sort cases.got | diff want - | head -n 4)"
else
	skip sendmail-cases 'not here'
fi
if [ -r "$TOOLS/smuggle-probe.py" ] && command -v python3 >/dev/null; then
	forget_mail
	run python3 "$TOOLS/smuggle-probe.py" prog us sendmail -bs
	settle "$SPOOL"
	same 'smuggling: dialogues' 7 "$(grep -c '^us ' "$OUT")"
	same 'smuggling: mails' 7 "$(count_mail)"
	same 'smuggling: nobody was smuggled' 0 \
	    "$(cat "$SB_DIR"/mail/*.meta | grep -c ': v@example.com')"
else
	skip smuggle-probe 'not here'
fi

end_background "$SPOOL"
same 'sound, in the background too' '' \
    "$(cat "$TMP"/unsound* 2>/dev/null | head -n 2)"
finish
