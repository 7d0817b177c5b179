# SPDX-License-Identifier: GPL-2.0
#
# Judges one test's KTAP: prints nothing when all is well, "skip WHY" when a
# test was skipped, "bad WHY" when one failed or the output is not whole.
# A nested result counts: a test with a skipped subtest says ok all the same. Of a
# failed one, what it had expected is said, too.

function note(why) { if (bad == "") bad = why }

/^1\.\.[0-9]+/ {
	planned++
	plan = substr($1, 4) + 0
	if (plan == 0 && /# *SKIP/)
		skip = $0
	next
}
/^[ \t]*# .*:[0-9]+:.*:Expected / && expected == "" {
	expected = $0
	sub(/^[ \t]*# */, ", ", expected)
}
/^(not )?ok / { results++ }
/^[ \t]*not ok( |$)/ {
	if ($0 !~ /# *SKIP/) {
		sub(/^[ \t]*/, "")
		note($0 expected)
	}
}
/^[ \t]*(not )?ok( |$)/ { expected = "" }
/^[ \t]*(not )?ok .*# *SKIP/ && skip == "" {
	skip = $0
	sub(/^[ \t]*/, "", skip)
}

END {
	if (!planned)
		note("no plan (1..N) in the output")
	else if (planned > 1)
		note("more than one plan (1..N) in the output")
	else if (results != plan)
		note("planned " plan " tests, saw " results + 0 " results")
	else if (plan == 0 && skip == "")
		note("planned no test")
	if (bad != "")
		print "bad " bad
	else if (skip != "")
		print "skip " skip
}
