# SPDX-License-Identifier: MIT
# size.awk: what weighs how much in the executable, of a link map. The first
# file has lines "NAME PLACE": who defines a function or an object (places.awk);
# then comes the map. LTO makes one object of all, so that a section is known
# by its name; musl's are known by their archive. "Not told" are the texts of
# tables, which the linker merges, and names of two rooms.
#
# room = "" prints the ten largest places and the rest, cut at the room;
# else the files of that room, all of them. names = 1: a line for each name.

function place(name, file,   part) {
	if (file ~ /musl/)
		return "musl/" member(file)
	if (file ~ /libgcc/)
		return "libgcc"
	if (kind == ".data.rel.ro")
		sub(/^local\./, "", name)
	sub(/\.(str|cst)[0-9.]*$/, "", name)
	if (name in of)
		return of[name]
	sub(/\.(constprop|isra|part|cold|lto_priv|[0-9]).*$/, "", name)
	if (name in of)
		return of[name]
	return name ~ /^(mbedtls|psa)_/ ? "mbedtls/..." : "not told"
}
function cut(path) {
	sub(/\/.*/, "", path)
	return path
}
function member(file) {
	sub(/.*[\/(]/, "", file)
	sub(/\.l?o\)?$/, "", file)
	return file
}
function count(name, size, file,   p) {
	p = file == "fill" ? "(between)" : place(name, file)
	if (names != "") {
		print size, kind, p, name
		return
	}
	if (room == "")
		p = cut(p)
	else if (index(p, room "/") != 1)
		return
	total[p] += size
	part[p, kind] += size
}
function hex(s,   n, i) {
	n = 0
	for (i = 3; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}
function line(name, n, a, b, c) {
	printf "%-28s %8d %8d %8d %8d\n", name, n, a, b, c
}

FILENAME == ARGV[1] {
	if (!($1 in of))
		of[$1] = $2
	else if (of[$1] != $2)
		of[$1] = cut(of[$1]) == cut($2) ? cut($2) "/..." : "not told"
	next
}
/^\.[a-z]/ {
	kind = ""
	if ($1 ~ /^\.(text|rodata|data\.rel\.ro|data)$/)
		kind = $1
	next
}
kind == "" { next }
$1 == "*fill*" { count("", hex($3), "fill"); next }
/^ \.[a-z]/ && NF == 1 { section = $1; next }
/^ \.[a-z]/ { section = $1; size = $3; file = $4 }
/^                0x/ && NF >= 3 && $2 ~ /^0x/ { size = $2; file = $3 }
size != "" {
	name = section
	sub(/^\.(text|rodata|data\.rel\.ro|data|bss)\.?/, "", name)
	sub(/^(unlikely|startup|exit|hot)\./, "", name)
	if (hex(size) > 0)
		count(name, hex(size), file)
	size = ""
}
END {
	if (names != "")
		exit
	printf "%-28s %8s %8s %8s %8s\n", room == "" ? "" : room, "bytes",
	    "code", "texts", "tables"
	for (;;) {
		best = ""
		for (p in total)
			if (best == "" || total[p] > total[best] ||
			    (total[p] == total[best] && p < best))
				best = p
		if (best == "")
			break
		t = part[best, ".text"]
		r = part[best, ".rodata"]
		d = total[best] - t - r
		sum += total[best]; T += t; R += r; D += d
		if (room != "" || n++ < 10)
			line(best, total[best], t, r, d)
		else {
			rest += total[best]; rt += t; rr += r; rd += d
		}
		delete total[best]
	}
	if (rest)
		line("the others", rest, rt, rr, rd)
	line("all", sum, T, R, D)
}
