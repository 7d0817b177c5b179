#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Programs that nobody changed for FastWake, on one CPU and on two: both sides end
# with status 0, and with all iterations; the ping-pongs verify their data.
#
# ib_send_lat runs without -e only: with it, perftest takes each event for a
# completion, so the first event whose completion was polled already throws it out
# of step and it hangs, on an unpatched kernel as well. ib_read_lat and ib_send_bw
# are right about that.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# check NAME PATTERN COMMAND...: runs it; the client must have said PATTERN
check() {
	name="$1 on CPUs $s/$c" pattern=$2
	shift 2
	why=
	if ! "$@"; then
		not_ok "$name" "$why" "$tmp/server" "$tmp/client"
	elif ! grep -q "$pattern" "$tmp/client"; then
		not_ok "$name" "the client did not report its iterations" \
			"$tmp/server" "$tmp/client"
	else
		ok "$name"
	fi
}

# perftest ITERATIONS PROGRAM ARG...
# shellcheck disable=SC2317 # check() calls it
perftest() {
	n=$1 program=$2
	shift 2
	run_pair "$s" "$c" "$program" -F -d "$DEV" -x "$g" -s 8 -n "$n" "$@"
}

g=$(gid_index)
# Two programs that never sleep share one CPU slice by slice: few rounds will do.
few=$((ITERS / 10))
placements=${FASTWAKE_PLACEMENTS:-0/0,0/1,1/0}
[ "$(nproc)" -gt 1 ] || placements=0/0
placements=$(echo "$placements" | tr , ' ')
# shellcheck disable=SC2086
set -- $placements
plan $((6 * $#))

for placement in $placements; do
	s=${placement%/*} c=${placement#*/}
	check "ibv_rc_pingpong" "^$few iters in" rc_pingpong "$s" "$c" -n "$few"
	check "ibv_rc_pingpong -e" "^$ITERS iters in" \
		rc_pingpong "$s" "$c" -e -n "$ITERS"
	check "epoll_pingpong" "^$ITERS iters in" \
		run_pair "$s" "$c" epoll_pingpong -d "$DEV" -g "$g" -s 64 -n "$ITERS"
	check "ib_send_lat" "^ *8  *$few " perftest "$few" ib_send_lat
	check "ib_read_lat -e" "^ *8  *$ITERS " perftest "$ITERS" ib_read_lat -e
	check "ib_send_bw -e" "^ *8  *$ITERS " perftest "$ITERS" ib_send_bw -e -r 64
done
finish
