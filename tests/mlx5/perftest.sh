#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# perftest: each operation's latency and bandwidth program, by polling and by events,
# one to 64 QPs, one byte to a megabyte. Both sides end with status 0, and the client's
# row has the size and all iterations, which the device has executed. perftest does not
# look at what it received: data are for verbs_data. For each event it takes no more
# than 16 completions, and waits for ever if there are more and none comes after them;
# so there are no more QPs than that with events.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# PROGRAM SIZE ITERATIONS ARG..., one a line. The sizes and QPs of a program are chosen
# so that each is met by polling and by events.
rows() {
	cat <<-END
		ib_send_lat 1 300
		ib_send_lat 4096 300
		ib_send_lat 1048576 20
		ib_send_lat 64 300 -c UC
		ib_send_lat 64 300 -c UD
		ib_send_bw 1 300
		ib_send_bw 65536 100 -q 4
		ib_send_bw 1048576 20
		ib_send_bw 64 100 -e
		ib_send_bw 4096 20 -q 64
		ib_send_bw 4096 20 -q 16 -e
		ib_send_bw 2048 300 -c UD
		ib_write_lat 1 300
		ib_write_lat 1048576 20
		ib_write_bw 1 300
		ib_write_bw 4096 100 -q 64
		ib_write_bw 65536 100 -q 4
		ib_write_bw 1048576 20
		ib_read_lat 1 300
		ib_read_lat 64 300 -e
		ib_read_lat 1048576 20 -e
		ib_read_bw 1 300 -e
		ib_read_bw 4096 20 -q 64
		ib_read_bw 65536 20 -q 4 -e
		ib_read_bw 1048576 20
		ib_atomic_lat 8 300
		ib_atomic_lat 8 300 -e
		ib_atomic_lat 8 100 -A CMP_AND_SWAP
		ib_atomic_bw 8 300 -e
		ib_atomic_bw 8 20 -q 64
		ib_atomic_bw 8 100 -q 4 -e -A CMP_AND_SWAP
	END
}

rows >"$tmp/rows"
plan $(($(wc -l <"$tmp/rows") + 1))
before=$(complaints | wc -l)

while read -r program size n args; do
	sized="-s $size"
	case $program in
	ib_atomic_*) sized= ;;
	esac
	# With several QPs the row counts the iterations of all of them.
	qps=1
	case $args in
	*"-q "*)
		qps=${args#*-q }
		qps=${qps%% *}
		;;
	esac
	# shellcheck disable=SC2086
	check "$program, $size bytes${args:+, $args}" "^ *$size  *$((n * qps)) " $((n * qps)) \
		pair $SERVER_CPU $CLIENT_CPU "$program" -F -d $DEV -n "$n" $sized $args </dev/null
done <"$tmp/rows"
drivers_silent "$before"
finish
