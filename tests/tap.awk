# SPDX-License-Identifier: GPL-2.0-or-later
# Counts the TAP of several test programs, each between "# begin NAME" and
# "# end NAME STATUS".  Prints "passed failed skipped" on the last line, before it
# whatever failed, with all its output.  expect: the names that must be there.

function fail(why) { failed++; faults = faults "not ok - " name ": " why "\n" }

function begin(test) {
	name = test; open = 1; text = faults = ""
	plan = -1; results = bad = 0
	seen[test] = 1
}

function end(status) {
	if (plan < 0)
		fail("no plan, exit status " status)
	else if (plan != results)
		fail("planned " plan " tests, ran " results ", exit status " status)
	else if (status != 0 && !bad)
		fail("exit status " status " though no test failed")
	if (bad || faults != "")
		printf "---- %s\n%s%s", name, text, faults
	open = 0
}

BEGIN { passed = failed = skipped = 0 }

/^# begin / { if (open) end("none"); begin($3); next }
/^# end / && open && $3 == name { end($4); next }
!open { next }
{ text = text $0 "\n" }
/^Bail out!/ { fail($0) }
/^1\.\.[0-9]+/ {
	n = substr($1, 4) + 0
	plan = (plan < 0 ? 0 : plan) + n
	if (n == 0) skipped++
	next
}
/^(not )?ok([ \t]|$)/ {
	results++
	if ($0 ~ /# *[Ss][Kk][Ii][Pp]/) skipped++
	else if ($1 == "ok") passed++
	else { failed++; bad++ }
}

END {
	if (open) end("none")
	n = split(expect, names, " ")
	for (i = 1; i <= n; i++)
		if (!(names[i] in seen)) {
			failed++
			printf "---- %s\nnot ok - %s: was not run\n", names[i], names[i]
		}
	print passed, failed, skipped
}
