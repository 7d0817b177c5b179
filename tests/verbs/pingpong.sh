#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Programs that nobody changed for FastWake, on one CPU and on two: each side
# ends, with status 0, with all iterations, and with the data it expects.
. "$(dirname "$0")/lib.sh"

# check NAME PATTERN COMMAND...: runs it; both sides must have said PATTERN
check() {
	name=$1 pattern=$2
	shift 2
	why=
	if ! "$@"; then
		not_ok "$name" "$why" "$tmp/server" "$tmp/client"
	elif ! grep -q "$pattern" "$tmp/client" || ! grep -q "$pattern" "$tmp/server"; then
		not_ok "$name" "a side did not report its iterations" "$tmp/server" "$tmp/client"
	else
		ok "$name"
	fi
}

g=$(gid_index)
few=$((ITERS / 10))
placements="0/0"
[ "$(nproc)" = 1 ] || placements="0/0 0/1 1/0"
# shellcheck disable=SC2086
set -- $placements
plan $((4 * $#))

for placement in $placements; do
	s=${placement%/*} c=${placement#*/}
	at="on CPUs $placement"
	# Two that never sleep share one CPU slice by slice: fewer rounds will do.
	check "ibv_rc_pingpong $at" "^$few iters in" \
		rc_pingpong "$s" "$c" -n "$few"
	check "ibv_rc_pingpong -e $at" "^$ITERS iters in" \
		rc_pingpong "$s" "$c" -e -n "$ITERS"
	check "epoll_pingpong $at" "^$ITERS iters in" \
		run_pair "$s" "$c" epoll_pingpong -d $DEV -g "$g" -s 64 -n "$ITERS"
	# A small receive queue keeps ib_send_lat from overrunning its own CQ.
	check "ib_send_lat -e $at" "^ *8  *$ITERS " \
		run_pair "$s" "$c" ib_send_lat -e -F -r 64 -d $DEV -x "$g" -s 8 -n "$ITERS"
done
finish
