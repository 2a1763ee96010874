#!/bin/sh
# SPDX-License-Identifier: MIT
# bench commit: groups of 1, 10 and 100 messages that become durable together,
# by store/spool, against a bare loop of the same system calls, and against the
# order sync, rename, sync, rename, ... that commits for each message.
# build/bench/spool does it; the three take turns on the same disk.
cd "$TMP" || exit 1
for n in 1 10 100; do
	"$TOP/build/bench/spool" commit "$TMP/spool$n" $n \
	    "${ROUNDS:-$((1000 / (n + 9)))}" >"$TMP/times" || exit 1
	awk '{
		printf "commit of %d: store/spool %s ms, bare loop %s ms, ", $1,
		    $2, $3
		printf "a commit each %s ms; bare / ours %.2f, each / ours %.2f\n",
		    $4, $3 / $2, $4 / $2
	}' "$TMP/times"
done
