#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317,SC2086 # attempt() calls the functions
#
# fastwake(8) shows the vector and the CPU of a CQ, as its program chose it and as the
# module has it; and what it shows is JSON.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -e /sys/kernel/fastwake ] || skip_all "fastwake.ko is not loaded"
plan 5
before=$(complaints | wc -l)

# hold VECTOR: a server that nobody connects to, with a CQ of this vector
hold() {
	port=$((port + 1))
	epoll_pingpong -d $DEV -v "$1" -p $port >"$tmp/server" 2>&1 &
	server=$!
	wait_for_listener $port $server
}

# shown VECTOR: its CQ, and this vector, with the same CPU
shown() {
	hold "$1" || return 1
	fastwake cq pid $server >"$tmp/cq" && fastwake vector show dev $DEV >"$tmp/vector"
	status=$?
	kill $server
	cat "$tmp/cq" "$tmp/vector"
	[ $status = 0 ] || return 1
	cpu=$(sed -nE "s/^dev $DEV cqn [0-9]+ .* comm epoll_pingpong vector $1 cpu //p" "$tmp/cq")
	[ -n "$cpu" ] && grep -qE "^dev $DEV vector $1 cpu $cpu delivery [a-z]+ moves yes\$" "$tmp/vector"
}

json() {
	for what in show stat vector cq; do
		fastwake -j $what | python3 -m json.tool >/dev/null || return 1
		fastwake -j -p $what | python3 -m json.tool >/dev/null || return 1
	done
}

other=$(($(nproc) - 1))
attempt "vector 0 of a CQ" shown 0
attempt "vector $other of a CQ" shown $other
attempt "all CQs are shown" fastwake cq show dev $DEV
attempt "JSON is what Python takes" json
drivers_silent "$before"
finish
