# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# run.sh: what build.sh's test, fuzz, bench, check, size, repro, demo and
# deps do.

verb_demo() {
	[ -e tests/demo.sh ] || die "there is no tests/demo.sh"
	verb_build
	test_env
	sh tests/demo.sh "$@"
}

# --- test -----------------------------------------------------------------

# What tests and stories find in their environment.
test_env() {
	POST365=$TOP/build/post365
	POST365_SAN=$TOP/build/san/post365
	SHARED=${POST365_SHARED:-${TOP%/*}/shared}
	[ -d "$SHARED/corpora" ] || SHARED=''
	ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
	UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
	PATH=$TOP/build/npm/node_modules/.bin:$PATH
	# pyenv's python3 is a script that looks which one is meant, and takes
	# ten times as long as that one.
	python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) ||
		python=''
	case $python in
	'' | "$(command -v python3)") ;;
	/*) PATH=${python%/*}:$PATH ;;
	esac
	export TOP POST365 POST365_SAN PATH ASAN_OPTIONS UBSAN_OPTIONS
	if [ -n "$SHARED" ]; then export SHARED; else unset SHARED; fi
}

units() {
	for f in tests/unit/*_test.c; do
		[ -e "$f" ] || continue
		f=${f##*/}
		say "unit ${f%_test.c}"
	done
}

# Those of some minutes go first, the longest one at the head: then none of
# them runs alone at the end.
slow="killsweep web draft cutsweep faultlist webwalls machines style spool \
sendmail relay faults deb install websend powercut"

stories() {
	for f in $slow; do say "story $f"; done
	for f in tests/story/*.sh; do
		f=${f##*/}
		f=${f%.sh}
		case " $slow " in *" $f "*) continue ;; esac
		[ "$f" = lib ] || say "story $f"
	done
}

verb_test() {
	while [ $# -gt 0 ]; do
		case $1 in
		--fail-alloc) T_FAIL_ALLOC=1 && export T_FAIL_ALLOC ;;
		--bless) T_BLESS=1 && export T_BLESS ;;
		-*) usage "test: unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	test_start "$@"
	test_build
	test_env
	if grep -q '^story machines$' "$run/list"; then
		# what fails here is told by the story
		sh tests/story/machines.sh build >build/machines.log 2>&1 || true
	fi
	test_run
}

# Sets $run, a folder for this run, with the list of what was asked for.
test_start() {
	mkdir -p build/test build/tmp
	for run in build/test/* build/test/$$; do # of runs that failed
		kill -0 "${run##*/}" 2>/dev/null || rm -rf "$run"
	done
	rm -rf "$run"
	mkdir "$run"
	choose "$@" >"$run/list"
	[ -s "$run/list" ] || usage "no test is named: $*"
}

test_run() {
	RUN=$run
	export RUN
	grep '^unit' "$run/list" | xargs -r -n 2 -P "$(jobs_n)" sh "$SELF" _one || true
	grep '^story' "$run/list" | xargs -r -n 2 -P 2 sh "$SELF" _one || true
	test_close
}

# The lines of units and stories that were asked for.
choose() {
	{ units && stories; } | if [ $# -eq 0 ]; then
		cat
	else
		awk -v want="$*" 'BEGIN { n = split(want, w, " ") }
		    { for (i = 1; i <= n; i++)
			if (w[i] == $2 || w[i] == $1 ":" $2) print }'
	fi
}

# Builds what the list needs. A program that does not build is a failed test;
# the others run.
test_build() {
	targets=$(awk '$1 == "unit" { print "build/san/" $2 "_test" }' \
	    "$run/list")
	if grep -q '^story' "$run/list"; then
		targets="$targets build/san/post365 build/post365"
	fi
	if grep -qE '^story (powercut|cutsweep)$' "$run/list"; then
		targets="$targets build/san/crash_test"
	fi
	if grep -q '^story tls$' "$run/list"; then # it is the client
		targets="$targets build/san/tls_test"
	fi
	if grep -q '^story walls$' "$run/list"; then # with our libc
		targets="$targets build/unit/relay_walls_test"
	fi
	alone prepare
	grep -q '^LIBASAN := yes' build/cc.mk ||
		die "$CC has no sanitizer runtime. On Debian and Ubuntu it comes with gcc:
    apt-get install -y --no-install-recommends gcc libc6-dev"
	rm -f build/san/broken
	# shellcheck disable=SC2086
	alone make_quiet -k $targets && return
	# Again, with nothing in the place of what does not compile: the tests
	# of the rest can run.
	# shellcheck disable=SC2086
	alone make_quiet -k PARTIAL=1 $targets >/dev/null 2>&1 || true
	for t in $targets; do
		make_quiet -q PARTIAL=1 "$t" >/dev/null 2>&1 || rm -f "$t"
	done
	[ -e build/san/broken ] || return 0
	sort -u build/san/broken | while read -r src object; do
		rm -f "$object"
		say "    not ok build: $src does not compile" | tee -a "$run/broken"
	done
	say "0 $(wc -l <"$run/broken") 0" >"$run/broken.sum"
}

# One program, in a process of its own: run, count, show.
verb__one() {
	out=$RUN/$1-$2
	t0=$(date +%s)
	status=0
	case $1 in
	unit) one_unit "$2" >"$out.out" 2>&1 </dev/null || status=$? ;;
	story) one_story "$2" >"$out.out" 2>&1 </dev/null || status=$? ;;
	esac
	awk -v what="$1 $2" -v status="$status" -v sum="$out.sum" \
	    -v seconds=$(($(date +%s) - t0)) -f tests/check/count.awk \
	    "$out.out" >"$out.txt"
	cat "$out.txt"
}

one_unit() {
	unit=${UNITS:-build/san}/$1_test # verb_cross has others
	[ -x "$unit" ] || {
		say "not ok $1: does not build"
		return 1
	}
	# shellcheck disable=SC2086
	timeout -k 5 $((120 * ${T_SLOW:-1})) ${RUNNER:-} "$unit"
}

one_story() {
	if [ ! -x "$POST365" ] || [ ! -x "$POST365_SAN" ]; then
		say "not ok $1: build/post365 does not build"
		return 1
	fi
	for old in "build/tmp/$1-"*; do
		if [ -d "$old" ] && ! kill -0 "${old##*-}" 2>/dev/null; then
			rm -rf "$old"
		fi
	done
	TMP=$TOP/build/tmp/$1-$$
	mkdir -p "$TMP"
	export TMP
	story=0 limit=$((1200 * ${T_SLOW:-1}))
	if [ -x "tests/story/$1.sh" ]; then
		timeout -k 5 "$limit" "tests/story/$1.sh" || story=$?
	else
		timeout -k 5 "$limit" sh "tests/story/$1.sh" || story=$?
	fi
	if [ "$story" = 0 ]; then
		rm -rf "$TMP"
	else
		say "left for you to look at: build/tmp/$1-$$"
	fi
	return "$story"
}

test_close() {
	cat "$run"/*.sum 2>/dev/null | awk '
		{ ok += $1; bad += $2; skip += $3 }
		END {
			printf "%d passed, %d failed", ok, bad
			if (skip) printf ", %d skipped", skip
			print ""
			exit bad > 0 || ok + skip == 0
		}' || exit 1
	rm -rf "$run"
}

# --- fuzz, bench, check ---------------------------------------------------

verb_fuzz() {
	[ $# -eq 2 ] || usage "fuzz MODULE SECONDS"
	FUZZ_CC=${FUZZ_CC:-}
	for c in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
		if [ -z "$FUZZ_CC" ] && have "$c"; then FUZZ_CC=$c; fi
	done
	[ -n "$FUZZ_CC" ] || {
		need clang clang
		FUZZ_CC=clang
	}
	mkdir -p build/fuzz
	if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
	    "$FUZZ_CC" -fsanitize=fuzzer,address -x c - -o build/fuzz/probe \
	    2>/dev/null; then
		can_apt || die "$FUZZ_CC has no libFuzzer; on Debian:
    apt-get install -y --no-install-recommends libclang-rt-dev"
		say "build.sh: no libFuzzer, installing libclang-rt-dev"
		apt_get libclang-rt-dev || die "could not install libclang-rt-dev"
	fi
	case $1 in
	all) set -- "$2" tests/fuzz/*_fuzz.c ;;
	*) set -- "$2" "tests/fuzz/$1_fuzz.c" ;;
	esac
	seconds=$1
	shift
	for f; do
		[ -e "$f" ] || die "there is no $f"
		f=${f##*/}
		fuzz_one "${f%_fuzz.c}" "$seconds"
	done
}

fuzz_one() { # MODULE SECONDS
	alone prepare_and_make FUZZ_CC="$FUZZ_CC" "build/fuzz/$1_fuzz" || exit 1
	mkdir -p "build/fuzz/$1" "build/fuzz/artifacts/$1"
	set -- "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
	    -artifact_prefix="build/fuzz/artifacts/$1/" -print_final_stats=1 \
	    "build/fuzz/$1"
	if [ -d "tests/corpus/$1" ]; then set -- "$@" "tests/corpus/$1"; fi
	if [ -e "tests/fuzz/$1.dict" ]; then
		set -- "$@" -dict="tests/fuzz/$1.dict"
	fi
	module=$1
	shift
	if "build/fuzz/${module}_fuzz" "$@" >"build/fuzz/$module.log" 2>&1; then
		say "fuzz $module: $(awk '
			/number_of_executed_units/ { runs = $2 }
			/ cov: / { for (i = 1; i < NF; i++)
				if ($i == "cov:") cov = $(i + 1) }
			END { print runs " runs, coverage " cov }' \
		    "build/fuzz/$module.log"), nothing found"
	else
		tail -n 60 "build/fuzz/$module.log"
		die "fuzz $module: found something (above, and
build/fuzz/artifacts/$module/; run build/fuzz/${module}_fuzz FILE)"
	fi
}

verb_bench() {
	verb_build >/dev/null
	test_env
	[ $# -gt 0 ] || set -- tests/bench/*.sh
	for f; do
		case ${f##*/} in lib*) continue ;; esac
		[ -e "$f" ] || f=tests/bench/$f.sh
		[ -e "$f" ] || die "there is no $f"
		alone make_quiet build/bench/spool build/bench/server \
		    build/bench/codec
		TMP=$TOP/build/tmp/bench-$$
		mkdir -p "$TMP"
		export TMP
		sh "$f" || die "$f failed"
		rm -rf "$TMP"
	done
}

verb_check() {
	alone prepare
	need readelf binutils
	objects=yes
	alone make_quiet -k chk >build/chk.log 2>&1 || objects=no
	if [ -e src/main.c ] && [ "$objects" = yes ]; then
		alone make_quiet build/post365 >>build/chk.log 2>&1 ||
			rm -f build/post365
	fi
	CC=$CC OBJECTS=$objects sh tests/check/check.sh
}

verb_size() {
	alone prepare_and_make build/size/map
	find src "build/vendor/src/mbedtls-$(lock mbedtls 2)/library" vendor \
	    build/gen -name '*.c' | sort |
	    xargs awk -f tests/check/places.awk >build/size/places
	awk -v room="${1:-}" -f tests/check/size.awk build/size/places \
	    build/size/map
	say "build/post365: $(wc -c <build/post365) bytes"
}

verb_repro() {
	file=build${1:+/cross/$1}/post365
	rm -rf build/repro
	mkdir -p build/repro/a/build
	{
		git ls-files -co --exclude-standard 2>/dev/null ||
			find . -path ./build -prune -o -type f -print
		find vendor -type f
	} | sort -u | while IFS= read -r f; do
		if [ -f "$f" ]; then printf '%s\n' "$f"; fi
	done | tar -cf - -T - | tar -xf - -C build/repro/a
	[ ! -d build/dl ] || cp -R build/dl build/repro/a/build/dl
	cp -R build/repro/a build/repro/some-longer-b
	for d in a some-longer-b; do
		(cd "build/repro/$d" && ./build.sh ${1:+cross} "${1:-build}") || exit 1
	done
	a=$(sha256 "build/repro/a/$file")
	b=$(sha256 "build/repro/some-longer-b/$file")
	[ "$a" = "$b" ] || die "the two builds differ: $a $b
(build/repro/a and build/repro/some-longer-b are left to compare)"
	rm -rf build/repro
	say "same bytes twice: $a"
}

# --- deps -----------------------------------------------------------------

verb_deps() {
	mkdir -p build
	rm -f build/.apt-updated
	if ! can_apt; then
		say "build.sh: not root, or no apt-get here. What tests use:"
		sed '/^#/d; s/^/    /' tests/deps.list
		return
	fi
	missing=0
	sed '/^#/d' tests/deps.list >build/deps.list
	deps_at_once
	while read -r kind package _ why; do
		"deps_$kind" "$package" ||
			{
				say "cannot be had: $package ($why)"
				missing=$((missing + 1))
			}
	done <build/deps.list
	say "deps: $(wc -l <build/deps.list) looked at, $missing missing"
}

installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'
}

# One transaction is quicker than twenty; it may fail as a whole, then each
# is tried for itself.
deps_at_once() {
	set --
	while read -r kind package _; do
		[ "$kind" = apt ] && deps_apt_missing "$package" &&
			set -- "$@" "${package%%|*}"
	done <build/deps.list
	[ $# -eq 0 ] && return
	say "build.sh: installing $*"
	apt_get "$@" || true
}

# A program that is there by other means (a newer node, say) is enough.
deps_apt_missing() {
	case $1 in
	nodejs) have node && return 1 ;;
	npm) have npm && return 1 ;;
	clang-format*) have clang-format && return 1 ;;
	esac
	for p in $(say "$1" | tr '|' ' '); do
		installed "$p" && return 1
	done
	return 0
}

deps_apt() {
	deps_apt_missing "$1" || return 0
	for p in $(say "$1" | tr '|' ' '); do
		apt_get "$p" && return 0
	done
	return 1
}

deps_unpack() {
	dir=build/deps/$1
	[ -e "$dir/.done" ] && return
	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$dir" && apt-get download -q -o APT::Sandbox::User=root "$1" \
	    >/dev/null 2>&1 && dpkg-deb -x ./*.deb . && rm -f ./*.deb) ||
		return 1
	: >"$dir/.done"
}

# A bare machine of this release, with its lists of packages.
deps_root() {
	[ -s build/debian.tar ] && return
	have mmdebstrap || return 1
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && say "${VERSION_CODENAME:-stable}")
	mmdebstrap --format=tar --variant=minbase \
	    --include="$(say "$1" | tr '|' ,)" \
	    --skip=cleanup/apt/lists \
	    --dpkgopt='path-exclude=/usr/share/man/*' \
	    --dpkgopt='path-exclude=/usr/share/locale/*' \
	    --dpkgopt='path-exclude=/usr/share/doc/*' \
	    "$suite" build/debian.tar.new >build/apt.log 2>&1 &&
		mv build/debian.tar.new build/debian.tar
}

deps_npm() {
	name=${1%@*}
	have npm || return 1
	[ "$(sed -n 's/^  "version": "\(.*\)",*$/\1/p' \
	    "build/npm/node_modules/$name/package.json" 2>/dev/null)" = \
	    "${1##*@}" ] && return
	mkdir -p build/npm
	[ -e build/npm/package.json ] || echo '{}' >build/npm/package.json
	npm install --prefix build/npm --no-audit --no-fund --loglevel=error \
	    --ignore-scripts "$1" >build/npm.log 2>&1
}

