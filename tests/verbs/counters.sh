#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The counters tell which way the events took. The negative control: with mode=off
# not one of them moves, so the stock path ran. With mode=poll each round trip was
# ended by a direct wake-up or by a poll of the waiting thread itself.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
read -r initial_mode <$FASTWAKE/mode
placements="0/0"
[ "$(nproc)" = 1 ] || placements="0/0 0/1"
# shellcheck disable=SC2086
set -- $placements
plan $((2 * $#))

# Every counter of every CPU, one a line.
snapshot() {
	grep . "$FASTWAKE"/cpu*/*
}

off_moves_nothing() {
	what="mode=off moves no counter, on CPUs $1"
	why=
	echo off >$FASTWAKE/mode
	# What was under way in the mode before is over after this one.
	if ! rc_pingpong "${1%/*}" "${1#*/}" -e -n 100; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
		return
	fi
	snapshot >"$tmp/before"
	if ! rc_pingpong "${1%/*}" "${1#*/}" -e -n "$ITERS"; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
		return
	fi
	snapshot >"$tmp/after"
	if [ ! -s "$tmp/before" ]; then
		not_ok "$what" "there are no counters"
	elif diff "$tmp/before" "$tmp/after" >"$tmp/moved"; then
		ok "$what"
	else
		not_ok "$what" "some moved" "$tmp/moved"
	fi
}

poll_counts_every_round() {
	what="mode=poll delivers every round trip, on CPUs $1"
	why=
	echo poll >$FASTWAKE/mode
	snapshot >"$tmp/before"
	before=$(($(sum direct_wakes) + $(sum own_polls)))
	if ! rc_pingpong "${1%/*}" "${1#*/}" -e -n "$ITERS"; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
		return
	fi
	grown=$(($(sum direct_wakes) + $(sum own_polls) - before))
	echo "# direct wake-ups and own polls: $grown for $ITERS round trips"
	if [ $grown -ge "$ITERS" ]; then
		ok "$what"
	else
		snapshot >"$tmp/after"
		not_ok "$what" "only $grown of $ITERS" "$tmp/before" "$tmp/after"
	fi
}

for placement in $placements; do
	off_moves_nothing "$placement"
	poll_counts_every_round "$placement"
done
echo "$initial_mode" >$FASTWAKE/mode
finish
