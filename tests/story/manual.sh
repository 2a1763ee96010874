#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages and completions: nothing that help has is missing in them,
# and those read them that they are for.
. "$(dirname "$0")/lib.sh"

for page in man man-conf man-sendmail; do
	run "$P" print "$page"
	cp "$OUT" "$TMP/$page"
	if command -v mandoc >/dev/null; then
		mandoc -Tlint "$TMP/$page" |
		    grep -v 'referenced manual not found' >"$TMP/lint"
		same "mandoc has no word about $page" '' "$(cat "$TMP/lint")"
		mandoc -Tascii "$TMP/$page" | col -b >"$TMP/$page.text"
		same "$page fits 80 columns" '' \
		    "$(awk 'length($0) > 80' "$TMP/$page.text")"
	else
		skip "mandoc has no word about $page" 'no mandoc'
	fi
done

for shell in bash zsh fish; do
	run "$P" print completion "$shell"
	cp "$OUT" "$TMP/complete.$shell"
done

# --- help fits a screen of 80 columns
run "$P" help
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$OUT" >"$TMP/commands"
for command in '' $(cat "$TMP/commands"); do
	# shellcheck disable=SC2086
	"$P" help $command
done | awk 'length($0) > 80' >"$TMP/wide"
"$P" explain | awk 'length($0) > 80' >>"$TMP/wide"
same 'help and the list of codes fit 80 columns' '' "$(cat "$TMP/wide")"
says 'help has the options of every command' "$OUT" '-C, --config FILE'
says 'help has an example' "$OUT" '^  echo done [|] post365 send -s '
"$P" help queue >"$TMP/help"
run awk '/^  list / { n = 1 } /^options:/ { exit !n }' "$TMP/help"
same 'help queue: the actions stand above the options' 0 "$STATUS"
for command in send sandbox version explain; do
	"$P" help $command | head -n 10 >"$TMP/help"
	says "help $command: an example on the first screen" "$TMP/help" \
	    '^  .*post365 '"$command"
done

# --- nothing is missing

run "$P" help
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$OUT" >"$TMP/commands"
at_least 'help lists commands' 14 "$(grep -c . "$TMP/commands")"
: >"$TMP/absent"
while read -r command; do
	grep -q "^\.Ss $command\$" "$TMP/man" || echo "man: $command"
	for shell in bash zsh fish; do
		grep -q "\<$command\>" "$TMP/complete.$shell" ||
		    echo "$shell: $command"
	done
	[ "$command" != sendmail ] || continue
	"$P" help "$command" |
	    sed -n '/^options/,/^$/s/^ .*[ ,]--\([a-z][a-z-]*\).*/\1/p' \
	    >"$TMP/options"
	while read -r option; do
		grep -q "Fl \\\\-$option\>" "$TMP/man" ||
		    echo "man: $command --$option"
		grep -q -- "--$option\>" "$TMP/complete.bash" ||
		    echo "bash: $command --$option"
		grep -q -- "--$option\>" "$TMP/complete.zsh" ||
		    echo "zsh: $command --$option"
		grep -q "from $command' -l $option\>" "$TMP/complete.fish" ||
		    echo "fish: $command --$option"
	done <"$TMP/options"
done <"$TMP/commands" >"$TMP/absent"
same 'no command or option is missing' '' "$(cat "$TMP/absent")"

run env -u HOME "$P" config show
grep -o '^# not set: .*\|^[a-z_]* =' "$OUT" | sed 's/^# not set: //; s/ =//' \
    >"$TMP/keys"
at_least 'config show lists keys' 44 "$(grep -c . "$TMP/keys")"
run "$P" man
while read -r key; do
	grep -q "^\.It Ic $key\>" "$TMP/man-conf" || echo "man-conf: $key"
	grep -q "^  $key = " "$OUT" || echo "man: $key"
done <"$TMP/keys" >"$TMP/absent"
same 'no key is missing' '' "$(cat "$TMP/absent")"
# names of [relay], as their table has them
sed -n '/^} conf_rows/,/^};/s/^.{ "\([a-z_]*\)",.*/\1/p' \
    "$TOP/src/relay/conf.c" >"$TMP/keys"
at_least 'the relay has keys' 36 "$(grep -c . "$TMP/keys")"
while read -r key; do
	grep -q "\<$key\>" "$TMP/man-conf" || echo "man-conf: $key"
done <"$TMP/keys" >"$TMP/absent"
same 'nor one of the relay' '' "$(cat "$TMP/absent")"
# sendmail's letters, as their table has them
sed -n '/^static const struct option options/,/^};/s/^.{ '\''\(.\)'\''.*/\1/p' \
    "$TOP/src/command/sendmail/option.c" | sort -u >"$TMP/keys"
at_least 'sendmail has letters' 20 "$(grep -c . "$TMP/keys")"
while read -r key; do
	grep -q "\\\\-$key" "$TMP/man-sendmail" || echo "man-sendmail: -$key"
done <"$TMP/keys" >"$TMP/absent"
same 'nor a letter of sendmail' '' "$(cat "$TMP/absent")"

# --- the shells

# complete_bash WORD...: what bash offers for the last of them
complete_bash() {
	# shellcheck disable=SC2016 # for bash
	bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	    _post365; printf "%s " "${COMPREPLY[@]}"' bash \
	    "$TMP/complete.bash" "$@"
}
if command -v bash >/dev/null; then
	same 'bash: a command' 'send sendmail ' "$(complete_bash post365 send)"
	same 'bash: an option' '--importance ' \
	    "$(complete_bash post365 -C x send --imp)"
	same 'bash: its words' 'low normal high ' \
	    "$(complete_bash post365 send --importance '')"
	same 'bash: what queue does' 'release retry ' \
	    "$(complete_bash post365 queue re)"
	(cd "$TMP" && : >settings.conf &&
	    same 'bash: a file' 'settings.conf ' \
		"$(complete_bash post365 send -C settings.c)")
else
	skip 'bash completes' 'no bash'
fi
if command -v fish >/dev/null; then
	complete_fish() {
		fish -N -c "source $TMP/complete.fish; complete -C '$1'" |
		    cut -f 1 | tr '\n' ' '
	}
	same 'fish: a command' 'send sendmail ' \
	    "$(complete_fish 'post365 send')"
	same 'fish: an option' '--importance ' \
	    "$(complete_fish 'post365 send --imp')"
	same 'fish: its words' 'high low normal ' \
	    "$(complete_fish 'post365 send --importance ' | tr ' ' '\n' |
		sort | tr '\n' ' ' | sed 's/^ //')"
	same 'fish: what queue does' 'release retry ' \
	    "$(complete_fish 'post365 queue re')"
else
	skip 'fish completes' 'no fish'
fi
if command -v zsh >/dev/null; then
	cp "$TMP/complete.zsh" "$TMP/_post365"
	for case in 'post365 vers:post365 version' \
	    'post365 send --impo:post365 send --importance=' \
	    'post365 queue rel:post365 queue release' \
	    'post365 send --importance=hi:post365 send --importance=high'; do
		same "zsh: ${case%%:*}" "${case#*:}" "$(timeout 60 \
		    python3 "$TOP/tests/story/zsh_complete.py" "$TMP" \
		    "${case%%:*}")"
	done
else
	skip 'zsh completes' 'no zsh'
fi

finish
