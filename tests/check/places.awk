# SPDX-License-Identifier: MIT
# places.awk: lines "NAME PLACE" of C files: who defines a function or an
# object, as far as lines can tell: at the left, or static in a function.
# A name of two places has a line for each.
FNR == 1 {
	place = FILENAME
	sub(/\.c$/, "", place)
	sub(/^src\//, "", place)
	sub(/^.*\/mbedtls.*\//, "mbedtls/", place)
	sub(/^build\/gen\//, "net/", place)
}
/^[a-zA-Z]/ || /^\t+static / {
	s = $0
	sub(/[(=;\[].*/, "", s)
	sub(/[ \t]+$/, "", s)
	sub(/.*[ \t*]/, "", s)
	if (s ~ /^[A-Za-z_][A-Za-z_0-9]*$/ && !((s, place) in seen)) {
		seen[s, place]
		print s, place
	}
}
