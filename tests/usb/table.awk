# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the table of Documentation/userspace-api/matenet/uart-usb.inc from what
# conversation.t prints: for each adapter a slow and a quick host, and each way of
# receiving that was found.

BEGIN { FS = "|" }

/row .*\|/ && $3 == 0 {
	sub(/\r$/, "")
	name = $1
	sub(/.*row /, "", name)
	if (!(name in sends))
		order[++adapters] = name
	sends[name] = $6
	if (index(frames[name], $7) == 0)
		frames[name] = frames[name] (frames[name] ? " or " : "") $7
	if ($2 == 1000) {
		slow[name] = $5
		late[name] = $9
	} else {
		quick[name] = $5
	}
}

END {
	print ".. SPDX-License-Identifier: GPL-2.0"
	print ".. Made by \"make usb-table\"."
	print ""
	print ".. list-table::"
	print "    :widths: 8 6 8 5 5 5"
	print "    :header-rows: 1"
	print ""
	print "    * - adapter"
	print "      - ninth bit by"
	print "      - replies framed by"
	print "      - ms between byte 0 and 1, host with 1 ms frames"
	print "      - the same, 0.125 ms frames"
	print "      - ms from last stop bit to caller"
	for (i = 1; i <= adapters; i++) {
		name = order[i]
		print "    * - " name
		print "      - " sends[name]
		print "      - " frames[name]
		print "      - " slow[name]
		print "      - " (name in quick ? quick[name] : "not measured")
		print "      - " late[name]
	}
	exit adapters == 0
}
