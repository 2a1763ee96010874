#!/bin/sh
# SPDX-License-Identifier: MIT
# README and what it leads to: commands run (blocks of ```sh), settings load
# (```ini), links lead somewhere, lines fit, no command and no setting lacks.
# shellcheck source=/dev/null
. "$TOP/tests/story/lib.sh"

README=$TOP/README.md
cd "$TMP" || exit 1

# blocks LANGUAGE FILE: its fenced blocks, each in a file LANGUAGE.NAME.LINE
# here, without the indentation of a list.
blocks() {
	awk -v language="$1" -v name="${2##*/}" '
	    /^ *```/ && inside { inside = 0; close(out); next }
	    /^ *```/ {
		inside = 1
		indent = index($0, "`") - 1
		out = "/dev/null"
		if ($0 ~ "```" language "$")
			out = sprintf("%s.%s.%04d", language, name, NR)
		next
	    }
	    inside { print substr($0, indent + 1) >out }' "$2"
}

# --- commands

# What the commands of README find on their machine.
start_sandbox --mailbox alerts@contoso.com --role Mail.Send \
    --role Mail.ReadWrite --role Mail.Read \
    --role ExchangeMessageTrace.Read.All
mkdir -p bin stick home/.config/post365
cp "$CONFIG" home/.config/post365/config
chmod 600 home/.config/post365/config
ln -s "$P" bin/post365
ln -s "$P" bin/sendmail
printf 'done\n' | tee report.txt >log.txt
printf '<p>done</p>\n' | tee report.html >figures.pdf
printf 'PNG' >logo.png
setting_of client_secret >secret.txt
printf 'To: you@contoso.com\nSubject: ready\n\nhello\n' >message.eml

id_of() { # the id of the newest line of the queue or the log
	"$P" -C "$CONFIG" "$@" --json | tail -n 1 |
	    sed 's/.*"id":"\([^"]*\)".*/\1/'
}
waiting() {
	send --queue -s waits you@contoso.com <report.txt
	id_of queue list
}
sent() {
	send --queue -s goes you@contoso.com <report.txt
	run "$P" -C "$CONFIG" queue run
	id_of log
}

# Words of README and what stands for them here.
here() {
	case $1 in
	*6742*) printf '%s\n' "$1" | sed "s/6742/$(waiting)/" ;;
	*19F1C3A0*) printf '%s\n' "$1" | sed "s/19F1C3A0/$(sent)/" ;;
	*web@*) waiting >/dev/null && printf '%s\n' "$1" | sed 's/web@/alerts@/' ;;
	*' config init '*) printf '%s\n' "$1" | sed "s,init,& -C $TMP/fresh," ;;
	*' export '*) waiting >/dev/null && printf '%s\n' "$1" ;;
	*) printf '%s\n' "$1" ;;
	esac | sed "s,/media/stick,$TMP/stick,"
}

try() {
	run env HOME="$TMP/home" PATH="$TMP/bin:$PATH" TZ=UTC \
	    sh -c "$(here "$1")"
}

blocks sh "$README"
for doc in "$TOP"/src/doc/*.md; do
	blocks sh "$doc"
done
commands=0
for block in sh.*; do
	whole=''
	while IFS= read -r line; do
		case $line in
		*\\) whole=$whole${line%\\} && continue ;;
		esac
		whole=$(printf '%s' "$whole$line" | sed 's/  *# .*//; s/   */ /')
		check "runs: $whole" 0 try "$whole"
		commands=$((commands + 1))
		whole=''
	done <"$block"
done
at_least 'commands were run' 20 "$commands"

# --- settings

blocks ini "$README"
for doc in "$TOP"/src/doc/*.md; do
	blocks ini "$doc"
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout relay.key -out relay.pem \
    -subj /CN=relay -days 30 >openssl.log 2>&1 || touch relay.key relay.pem
echo password | "$P" relay --hash-password | sed 's/^/printer:/' >users
echo secret >client-secret
chmod 600 users client-secret relay.key
for block in ini.*; do
	{
		grep -q '^from = ' "$block" || echo 'from = alerts@contoso.com'
		sed "s,/etc/ssl/,$TMP/,; s,/etc/post365/,$TMP/," "$block"
	} >settings
	chmod 600 settings
	check "settings of ${block#*.} load" 0 \
	    run "$P" -C settings config show
	same "settings of ${block#*.}: no warning" '' "$(cat "$ERR")"
	grep -q '^\[relay\]' "$block" || continue
	run "$P" -C settings relay --check
	has "settings of ${block#*.}: the relay's" "$OUT" 'ok    settings'
done

# --- links and lines

# anchors FILE: what headings are linked by, as GitHub makes it
anchors() {
	awk '/^ *```/ { code = !code } !code && /^#+ /' "$1" |
	    sed 's/^#* //' | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

docs="README.md $(cd "$TOP" && echo src/doc/*.md)"
for doc in $docs; do
	grep -o '](\([^)]*\))' "$TOP/$doc" | sed 's/^](//; s/)$//' |
	    grep -v '^http' | sort -u >links
	while read -r link; do
		file=${link%%#*}
		case $file in
		'') file=$TOP/$doc ;;
		*) file=$(dirname "$TOP/$doc")/$file ;;
		esac
		if [ ! -e "$file" ]; then
			echo "$doc: $link: no such file"
			continue
		fi
		case $link in
		*'#'*) anchors "$file" | grep -qxF -e "${link#*#}" ||
		    echo "$doc: $link: no such heading" ;;
		esac
	done <links
done >dead
same 'links lead somewhere' '' "$(cat dead)"
awk '/^ *```/ { code = !code } !code && /^## / && !/^## Contents/' "$README" |
    sed 's/^## //' >headings
sed -n '/^## Contents/,/^## Install/s/^- \[\(.*\)\](.*/\1/p' "$README" >listed
same_file 'the contents have all chapters, in their order' headings listed

# Those that README links to for who uses post365; the others are older.
for doc in README.md src/doc/azure.md src/doc/doubt.md src/doc/figures.md \
    src/doc/machines.md src/doc/proxies.md src/doc/queue.md \
    src/doc/settings.md; do
	awk -v doc="$doc" '/^ *```/ { code = !code }
	    !code && !/^\|/ && length($0) > 100 { print doc ":" NR }
	    code && length($0) > 110 { print doc ":" NR ": in a block" }' \
	    "$TOP/$doc"
done >long
same 'no line is over 100 columns' '' "$(cat long)"
grep -n '[^ -~	]' "$README" >other
same 'README is plain ASCII' '' "$(cat other)"

# --- nothing lacks

run "$P" help
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$OUT" >names
at_least 'help lists commands' 14 "$(grep -c . names)"
while read -r name; do
	grep -q "^| \`post365 $name\`" "$README" || echo "$name"
done <names >absent
same 'no command is missing' '' "$(cat absent)"

# --- nothing is there that is not so

# What README and its depth name as a command or an option, in code.
for doc in $docs; do
	case $doc in
	*/design.md | */facts.md | */sendmail.md | */style.md) continue ;;
	esac
	awk '/^ *```/ { code = !code; next }
	    code { sub(/(^| +)#.*/, ""); print; next }
	    { while (match($0, /`[^`]*`/)) {
		print substr($0, RSTART + 1, RLENGTH - 2)
		$0 = substr($0, RSTART + RLENGTH) } }' "$TOP/$doc"
done >code
while read -r name; do
	"$P" help "$name"
done <names >pages
"$TOP/build.sh" help >>pages
grep -v 'this post365' code | grep -oE '(^|[ /])post365 [a-z]+' | sed 's/.* //' | sort -u |
    grep -vxFf names >unknown
same 'no command is named that is none' '' "$(cat unknown)"
grep -E 'post365|send|sendmail|queue|log|relay|uninstall' code |
    grep -vE 'docker|apt|openssl' |
    grep -oE '(^| )--[a-z][a-z-]+' | sort -u | while read -r option; do
	grep -q -e "$option\>" pages || echo "$option"
done >unknown
same 'no option is named that is none' '' "$(cat unknown)"
grep -oE 'print (--user )?[a-z][a-z0-9.-]*' code | sed 's/.* //' |
    sort -u >printed
while read -r name; do
	"$P" print "$name" >/dev/null 2>&1 ||
	    "$P" print "$name" bash >/dev/null 2>&1 || echo "$name"
done <printed >unknown
same 'no text to print is named that is none' '' "$(cat unknown)"

# table FROM: names and defaults of the table of settings behind that line
table() {
	sed -n "/^$1/,/^\(## \|Below\)/p" "$README" | grep '^| `'
}
run env -u HOME "$P" config show
grep -o '^# not set: .*\|^[a-z_]* =' "$OUT" | sed 's/^# not set: //; s/ =//' \
    >names
table '## All settings' >rows
while read -r name; do
	grep -q "^| \`$name\` |" rows || echo "$name"
done <names >absent
same 'no setting is missing' '' "$(cat absent)"
# shellcheck disable=SC2016 # quotes of README
sed -n 's/^| `\([a-z_]*\)` | `\([^`]*\)` |.*/\1 = \2/p' rows >told
while read -r line; do # defaults that are one value
	grep -qxF -e "$line" "$OUT" || echo "$line"
done <told >wrong
same 'defaults are those of config show' '' "$(cat wrong)"
at_least 'defaults were compared' 18 "$(grep -c . told)"

sed -n '/^} conf_rows/,/^};/p' "$TOP/src/relay/conf.c" |
    tr -d '\n\t' | sed 's/},/}\n/g' >relay
sed -n 's/.*{ "\([a-z_]*\)",.*/\1/p' relay >names
at_least 'the relay has settings' 36 "$(grep -c . names)"
table 'Below .\[relay\]' >rows
while read -r name; do
	sed 's/^| \([^|]*\)|.*/\1/' rows | grep -q "\`$name\`" || echo "$name"
done <names >absent
same 'no setting of the relay is missing' '' "$(cat absent)"
sed -n 's/.*{ "\([a-z_]*\)",.*"\([^"]*\)", *\(true\|false\) }.*/\1 \2/p' \
    relay >told
while read -r name default; do
	grep "\`$name\`" rows | head -n 1 | cut -d '|' -f 3 |
	    grep -qF "\`$default\`" || echo "$name = $default"
done <told >wrong
same 'defaults of the relay are those of its table' '' "$(cat wrong)"
at_least 'defaults of the relay were compared' 25 "$(grep -c . told)"
finish
