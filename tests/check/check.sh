#!/bin/sh
# SPDX-License-Identifier: MIT
# The checks of "./build.sh check", a line each: "ok NAME", "not ok NAME: ..."
# with what was found below it, or "skip NAME: ...". build.sh calls it in the
# top folder when the objects (build/chk) and the executable are made; OBJECTS
# is "no" when a file did not compile.
set -u
failed=0
found=build/chk.found

# result NAME: the check is good when nothing was found.
result() {
	if [ -s "$found" ]; then
		echo "not ok $1"
		head -n 40 "$found" | sed 's/^/    /'
		failed=$((failed + 1))
	else
		echo "ok $1"
	fi
}
skip() { echo "skip $1: $2"; }

c_files() {
	find src tests/unit tests/fuzz -name '*.[ch]' 2>/dev/null | sort
}
sh_files() {
	echo build.sh
	echo .ci/run
	find src tests vendor -name '*.sh' | sort
}

# --- what the lines of the source say

source_rules() {
	c_files | xargs awk -f tests/check/source.awk >build/chk.source || {
		echo 'not ok tests/check/source.awk: awk failed'
		failed=$((failed + 1))
	}
	while read -r rule name; do
		sed -n "s/^$rule //p" build/chk.source >"$found"
		result "$name"
	done <<-'END'
	floors floors: who includes whom
	access config/access.h is known to who signs in only
	mbedtls mbedTLS is known where it may be only
	memory malloc and its kin stay in base/
	banned banned calls
	pure codec and mail are pure
	length functions up to 60 lines, files up to 700
	columns lines up to 80 columns
	spdx the first line of each file is its licence
	END
	rm -f build/chk.source
}

# --- what the compiler says

warnings() {
	: >"$found"
	if [ "$OBJECTS" != yes ]; then
		grep -E 'error:|warning:|Error' build/chk.log >"$found" ||
			cp build/chk.log "$found"
	fi
	result "$CC: no warnings"
}

clang_warnings() {
	name='clang: no warnings'
	if ! command -v clang >/dev/null 2>&1; then
		skip "$name" 'no clang here'
		return
	fi
	flags=$(make -s -f src/rules.mk print-db | tr -d "'")
	# The compiler itself, with 80 files a process: the driver starts one for
	# each file, and a start takes five times as long as a file.
	# shellcheck disable=SC2086
	line=$(clang -### $flags -Wno-unknown-warning-option -fsyntax-only \
	    src/main.c 2>&1 | tail -n 1)
	case $line in
	*' "src/main.c"')
		find src -name '*.c' | sort |
		    eval "xargs -n 80 -P $(nproc) ${line% *}" 2>&1 |
		    grep -E 'error:|warning:' >"$found" ;;
	*) echo "clang -### src/main.c says: $line" >"$found" ;;
	esac
	result "$name"
}

globals() {
	find build/chk -name '*.o' | sort | while read -r o; do
		src=src/${o#build/chk/}
		src=${src%.o}.c
		case $src in src/command/signal.c) continue ;; esac
		# An object of a file that is gone.
		[ -e "$src" ] || [ "$src" = src/roots.c ] || continue
		echo "$o"
	done | xargs size -A | awk '
		/^build\/chk\/.* :$/ { src = $1
			sub(/^build\/chk/, "src", src); sub(/o$/, "c", src) }
		/^\.t?(data|bss)/ && !/^\.data\.rel\.ro/ && $2 > 0 {
			print src ": " $1 ", " $2 " bytes" }' >"$found"
	result 'no writable globals'
}

# --- tools

format() {
	name='clang-format'
	for f in clang-format-14 clang-format; do
		command -v "$f" >/dev/null 2>&1 || continue
		case $("$f" --version) in *' 14.'*) ;; *) continue ;; esac
		c_files | xargs "$f" -n >build/chk.format 2>&1
		grep -E 'warning:|error:' build/chk.format >"$found"
		rm -f build/chk.format
		result "$name"
		return
	done
	skip "$name" 'no clang-format 14 here, and others format otherwise'
}

shellchecks() {
	name=shellcheck
	if ! command -v shellcheck >/dev/null 2>&1; then
		skip "$name" 'not installed'
		return
	fi
	sh_files | xargs -n 13 -P "$(nproc)" \
	    shellcheck -x -P SCRIPTDIR -f gcc >"$found" 2>&1
	result "$name"
}

# --- the executable

executable() {
	x=build/post365
	if [ ! -e src/main.c ] || [ ! -x $x ]; then
		echo 'it is not built' >"$found"
		result 'the executable'
		return
	fi
	readelf -hldrW $x >build/chk.elf
	elf '!' 'INTERP' 'no interpreter'
	elf '!' '(NEEDED)' 'no dynamic library'
	elf '' 'GNU_STACK .* RW ' 'the stack is not executable'
	elf '' 'GNU_RELRO' 'relocations are read-only'
	elf '' 'BIND_NOW' 'all of them: bound at the start'
	elf '' 'Type: *DYN' 'position independent'
	# rcrt1.o passes over them, and the program meets an address of nothing.
	elf '!' 'R_[A-Z0-9_]* *[0-9a-f]\{16\} ' 'no relocation by name'
	elf '!' 'LOAD.* RWE' 'nothing is writable and executable'
	: >"$found"
	readelf -SW $x | sed -n 's/.* \.data  *PROGBITS *//p' |
	    { read -r from _ size _ && [ $((0x$from / 4096)) = \
	    $(((0x$from + 0x$size - 1) / 4096)) ]; } ||
		echo 'it ends on a page that os_protect_tables closes' >"$found"
	result '.data lies on one page'
	rm -f build/chk.elf
	size=$(wc -c <$x)
	: >"$found"
	# 778 kB without the relay; mbedTLS and musl are 230 kB of it.
	[ "$size" -le 1119440 ] || echo "$size bytes" >"$found"
	result "the executable is $size bytes, up to 1119440"
}

# elf '' or '!', PATTERN, NAME: must it be there or not?
elf() {
	: >"$found"
	if grep -q "$2" build/chk.elf; then
		[ -z "$1" ] || grep "$2" build/chk.elf >"$found"
	else
		[ -n "$1" ] || echo "readelf shows no $2" >"$found"
	fi
	result "$3"
}

# --- the tree

tree_files() {
	if [ -e .git ] && command -v git >/dev/null 2>&1; then
		git ls-files -co --exclude-standard
	else
		find . -name build -prune -o -type f -print | sed 's,^\./,,'
	fi
}

tree() {
	tree_files >build/chk.files
	sed 's,/.*,,' build/chk.files | sort -u | grep -vxE \
	    'src|vendor|tests|build\.sh|README\.md|LICENSE|\..*' >"$found"
	result 'the top folder has the allowed names only'

	# The names of hosts are put together here, so that this file is clean.
	dot='\.'
	hosts="(deb|snapshot|security|ftp)${dot}debian${dot}org"
	hosts="$hosts|registry${dot}npm|npmjs${dot}(com|org)|proxy${dot}golang"
	hosts="$hosts|pypi${dot}org|pythonhosted${dot}org|crates${dot}io"
	while read -r f; do
		if [ -f "$f" ]; then printf '%s\n' "$f"; fi
	done <build/chk.files | tr '\n' '\0' | xargs -0 grep -nIE \
	    "$hosts|(^|[^A-Za-z0-9_.~-])/(work|farm|root)/" -- >"$found"
	result 'no name of a mirror, no path of a machine'

	grep -E '\.(tar|tgz|tbz|gz|bz2|xz|zip|crt|pem|o|a)$' build/chk.files |
	    grep '^vendor' >"$found"
	result 'nothing of others in vendor/'
	rm -f build/chk.files
}

# citations: what is cited stands in src/doc: "facts.md 3.2" is a heading of it,
# "style.md 9a" a rule; papers that are not in the tree are not named.
citations() {
	for doc in src/doc/*.md; do
		sed -nE "s,^#+ ([0-9]+(\\.[0-9]+)?)\\.? .*,${doc##*/} \\1,p
		    s,^([0-9]+[a-z]?)\\. .*,${doc##*/} \\1,p" "$doc"
	done | sort -u >build/chk.headings
	grep -rnoE '\b(design|facts|sendmail|style)\.md [0-9]+(\.[0-9]+|[a-z])?' \
	    src vendor tests README.md build.sh --include='*.[ch]' \
	    --include='*.sh' --include='*.mk' --include='*.awk' --include=README.md |
	    awk -F: 'FILENAME == ARGV[1] { has[$0]; next }
		!($3 in has) { print $1 ":" $2 ": " $3 " is no section" }' \
	    build/chk.headings - >"$found"
	grep -rnE '\b(FACTS|DESIGN|STYLE|PEERS|HOUSE|RELIABILITY|SENDMAIL)\.md' \
	    src vendor tests README.md build.sh | grep -v '^tests/check/' >>"$found"
	rm -f build/chk.headings
	result 'what is cited stands in src/doc'
}

source_rules
citations
warnings
clang_warnings
globals
format
shellchecks
executable
tree
rm -f "$found"
if [ "$failed" -gt 0 ]; then
	echo "check: $failed failed"
	exit 1
fi
echo 'check: all good'
