# SPDX-License-Identifier: MIT
# What can be seen in one line of C after another. Prints "RULE FILE:LINE:
# text" for each violation. The rules are those of src/doc/style.md
# and of src/doc/design.md 2.
BEGIN {
	# The floors: what a file of the floor may include from.
	knows["base"] = " base "
	knows["codec"] = " codec base "
	knows["mail"] = " mail codec base "
	knows["net"] = " net codec base "
	knows["smtp"] = " smtp mail codec base "
	knows["store"] = " store mail codec base "
	knows["graph"] = " graph mail net codec base "
	knows["relay"] = " relay deliver config smtp net mail codec base "
	knows["cli"] = " cli codec base "
	knows["web"] = " web codec base "
	knows["config"] = " config graph net mail codec base "
	knows["sandbox"] = " sandbox cli net mail codec base "
	knows["compose"] = " compose config graph mail codec base "
	knows["deliver"] = " deliver compose config graph store mail net " \
	    "codec base "
	knows["command"] = " relay command deliver compose config sandbox cli " \
	    "web smtp store graph net mail codec base "
	knows["main.c"] = " command cli base "

	n = split("base/crypt.c net/mbed.h net/tls.c net/sign.c net/trust.c " \
	    "net/verify.c net/verify_text.c net/cert.c net/issue.c",
	    w, " ")
	for (i = 1; i <= n; i++)
		crypto["src/" w[i]]
	# Who signs in, or shows what does.
	access = "^(config/|deliver/(client\\.|worker)|command/check/|" \
	    "command/config/|" \
	    "command/(token|trace|print|send/send|sendmail/post)\\.c$)"
	n = split("strlen strcpy strcat sprintf vsprintf strtok strtok_r atoi" \
	    " atol atoll sscanf gets system popen", w, " ")
	for (i = 1; i <= n; i++)
		banned[w[i]]
	n = split("malloc calloc realloc free reallocarray aligned_alloc" \
	    " posix_memalign strdup strndup asprintf vasprintf getline" \
	    " getdelim", w, " ")
	for (i = 1; i <= n; i++)
		memory[w[i]]
	impure = "^(stdio|errno|fcntl|unistd|time|signal|poll|dirent|netdb|" \
	    "pthread|pwd|grp|spawn|syslog|termios|sched|locale)\\.h$"
	impure_dir = "^(sys|net|netinet|arpa|linux|asm)/"
}

function bad(rule, text)
{
	print rule " " FILENAME ":" FNR ": " text
}

# The line without comments and without what stands in quotes.
function code(s,    out, c, i, n)
{
	if (!in_comment && s !~ /["'\/]/)
		return s
	out = ""
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (in_comment) {
			if (c == "*" && substr(s, i + 1, 1) == "/") {
				in_comment = 0
				i++
				out = out " "
			}
		} else if (c == "/" && substr(s, i + 1, 1) == "*") {
			in_comment = 1
			i++
		} else if (c == "/" && substr(s, i + 1, 1) == "/") {
			break
		} else if (c == "\"" || c == "'") {
			i = quoted(s, i, n, c)
			out = out c c
		} else {
			out = out c
		}
	}
	return out
}

function quoted(s, i, n, q,    c)
{
	for (i++; i <= n; i++) {
		c = substr(s, i, 1)
		if (c == "\\")
			i++
		else if (c == q)
			break
	}
	return i
}

# Columns: tabs to the next multiple of 8, UTF-8 by character.
function columns(s,    n, i, part)
{
	gsub(/[\200-\277]/, "", s)
	if (s !~ /\t/)
		return length(s)
	n = split(s, part, "\t")
	col = 0
	for (i = 1; i < n; i++) {
		col += length(part[i])
		col += 8 - col % 8
	}
	return col + length(part[n])
}

function include(name, angled,    to)
{
	if (name ~ /^(mbedtls|psa)\// && !(FILENAME in crypto))
		bad("mbedtls", name)
	if (angled) {
		if (name == "ctype.h" && floor != "base")
			bad("banned", name)
		if (floor == "codec" || floor == "mail")
			if (name ~ impure || name ~ impure_dir)
				bad("pure", name)
		return
	}
	path = FILENAME
	sub(/^src\//, "", path)
	if (name == "config/access.h" && path !~ access)
		bad("access", path " may not know " name)
	to = name
	if (!sub(/\/.*/, "", to) || !(to in knows))
		bad("floors", name " names no floor")
	else if (index(knows[floor], " " to " ") == 0)
		bad("floors", floor " does not know " to " (" name ")")
}

# Each word of the line that is not a member of something.
function words(s,    before, word)
{
	while (match(s, /[A-Za-z_][A-Za-z_0-9]*/)) {
		word = substr(s, RSTART, RLENGTH)
		before = substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + RLENGTH)
		if (before ~ /(\.|->)[ \t]*$/)
			continue
		if (word in banned && s ~ /^[ \t]*\(/)
			bad("banned", word)
		else if (word in memory && s ~ /^[ \t]*[(),;]/)
			bad("memory", word)
	}
}

FNR == 1 {
	floor = FILENAME
	ours = sub(/^src\//, "", floor)
	sub(/\/.*/, "", floor)
	if (ours && !(floor in knows))
		bad("floors", "there is no floor " floor)
	in_comment = 0
	start = 0
	if ($0 !~ /^\/\* SPDX-License-Identifier: MIT \*\/$/)
		bad("spdx", "the first line is not the SPDX line")
}

columns($0) > 80 { bad("columns", columns($0) " columns") }
/[ \t]$/ { bad("columns", "blank at the end") }

!ours { next }

FNR == 701 { bad("length", "the file has more than 700 lines") }

/^[ \t]*#[ \t]*include/ {
	if (match($0, /"[^"]*"/))
		include(substr($0, RSTART + 1, RLENGTH - 2), 0)
	else if (match($0, /<[^>]*>/))
		include(substr($0, RSTART + 1, RLENGTH - 2), 1)
	next
}

/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > 60)
		bad("length", "a function of " FNR - start - 1 " lines")
	start = 0
}

{
	line = code($0)
	if (floor != "base")
		words(line)
}
