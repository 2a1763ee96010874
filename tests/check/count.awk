# SPDX-License-Identifier: MIT
# Reads what one test program printed ("ok NAME", "not ok NAME: reason",
# "skip NAME: reason", anything else is diagnostics). Writes one summary line,
# the skips, and of a failed program everything that was not ok. The counts go
# to the file sum. Variables: what, status, seconds, sum.
/^ok / { ok++; next }
/^not ok / { bad++ }
/^skip / { skip++ }
{ line[++n] = $0 }

END {
	if (status == 124 || status == 137)
		why = "took too long, or was killed"
	else if (status >= 128)
		why = "crashed (signal " status - 128 ")"
	else if (status != 0 && !bad)
		why = "ended with status " status
	else if (!ok && !bad && !skip)
		why = "printed no result"
	if (why != "") {
		bad++
		line[++n] = "not ok " what ": " why
	}
	text = what ": " ok + 0 " ok"
	if (bad)
		text = text ", " bad " failed"
	if (skip)
		text = text ", " skip " skipped"
	if (seconds > 2)
		text = text " (" seconds " s)"
	print text
	for (i = 1; i <= n; i++)
		if (bad || line[i] ~ /^skip /)
			print "    " line[i]
	print ok + 0, bad + 0, skip + 0 > sum
}
