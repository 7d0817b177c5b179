#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317,SC2086 # attempt() calls most of the functions
#
# siw, which is iWARP in software: unmodified programs that use the connection manager
# and wait for events do so in each mode, and the events come the way that the mode
# says: with off where the completion is, with interrupt in an interrupt, with poll by
# a poll. CQs follow their readers. Changes of the mode lose no event, a program may be
# killed with events under way, and the device goes afterwards.
#
# The device has a network device of its own: on lo there is rxe, which the manager
# would find first.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

DEV=siw0
NET=siw-net
ADDRESS=10.9.0.1
SWITCHES=${FASTWAKE_MODE_SWITCHES:-200}
KILLS=${FASTWAKE_KILLS:-10}
TRACEFS=/sys/kernel/tracing
instance=$TRACEFS/instances/siw-$$
last_cpu=$(($(nproc) - 1))
modes=none
if [ -e $FASTWAKE ]; then
	modes="off interrupt poll"
	read -r initial_mode <$FASTWAKE/mode
fi

# --- the device ----------------------------------------------------------------------

add_device() {
	rdma link add $DEV type siw netdev $NET
}

# How many packets have come, instead of rxe's. What siw sends to itself is on lo.
packets() {
	read -r count </sys/class/net/lo/statistics/rx_packets
	echo "$count"
}

# --- programs --------------------------------------------------------------------------

# start_server CPU ARG...: an rping that listens, $server
start_server() {
	server_cpu=$1
	shift
	port=$((port + 1))
	taskset -c $server_cpu rping -s -a $ADDRESS -p $port "$@" >"$tmp/server" 2>&1 &
	server=$!
	: >"$tmp/client"
	why="the server does not listen"
	wait_for_cm $port $server || ! kill -KILL $server
}

# rping_pair SERVER_CPU CLIENT_CPU COUNT SIZE: each side sleeps until its CQ has an event;
# they read and write what the client names, which compares it. Without any of its events
# the server would hold the client up. The server is killed then: now and then it does
# not hear of the end of the connection, also where siw calls comp_handler itself.
rping_pair() {
	client_cpu=$2
	args="-C $3 -V -S $4"
	start_server $1 $args || return 1
	timeout -k 5 "$PROGRAM_TIMEOUT" taskset -c $client_cpu \
		rping -c -a $ADDRESS -p $port $args >"$tmp/client" 2>&1
	client_status=$?
	kill -KILL $server 2>/dev/null
	wait $server 2>/dev/null
	why="the client ended with status $client_status"
	[ $client_status = 0 ]
}

ucmatose_pair() {
	args="-c 5 -C $ITERS -S 1000"
	run_cm_pair "ucmatose -b $ADDRESS $args" "ucmatose -s $ADDRESS $args"
}

# attempt NAME COMMAND...: a result; $why says what is wrong
attempt() {
	what=$1 why=
	shift
	: >"$tmp/messages"
	if "$@" 2>>"$tmp/messages"; then
		ok "$what"
	else
		not_ok "$what" "$why" "$tmp/messages" "$tmp/server" "$tmp/client"
	fi
}

# --- the ways of an event --------------------------------------------------------------

set_mode() {
	[ "$1" = none ] || echo "$1" >$FASTWAKE/mode
}

# Where events are queued or handed over is in $tmp/trace, by the flags of each line: its
# third one is h or H in an interrupt.
traced() {
	mkdir "$instance" && echo 1 >"$instance/events/ib_comp/ib_comp_push/enable" || return 1
	"$@"
	traced_status=$?
	cat "$instance/trace" >"$tmp/trace"
	rmdir "$instance"
	return $traced_status
}

# pushed FLAGS: how many events there were with these flags, a pattern
pushed() {
	grep -cE "\] +$1 +[0-9.]+: ib_comp_push: " "$tmp/trace"
}

# An rping of 64 bytes has more than one event a round trip on each side. A CPU that is
# about to leave its idle loop does the work of an interrupt without one, now and then.
events_come_by() { # MODE
	set_mode "$1"
	[ "$1" != none ] || { rping_pair 0 "$last_cpu" "$ITERS" 64; return; }
	# What was under way in the mode before is over after this one.
	rping_pair 0 "$last_cpu" 10 64 || return 1
	before=$(sum events)
	traced rping_pair 0 "$last_cpu" "$ITERS" 64 || return 1
	polled=$(($(sum events) - before))
	all=$(pushed '.*') hard=$(pushed '..[hHzZ]..?.?')
	echo "# $1: $all events, $hard of them in interrupts, $polled polled"
	case $1 in
	off) [ "$hard" = 0 ] && [ "$polled" = 0 ] ;;
	interrupt) [ $((4 * (hard + polled))) -ge $((3 * all)) ] ;;
	poll) [ $((4 * polled)) -ge $((3 * all)) ] ;;
	esac && [ "$all" -ge "$ITERS" ] && return
	why="of $all events $hard came in interrupts, $polled by polls"
	return 1
}

# The CQs ask for vector 0, and their readers run elsewhere.
follows() {
	set_mode poll
	before=$(sum moves)
	rping_pair "$last_cpu" "$last_cpu" "$ITERS" 64 || return 1
	moves=$(($(sum moves) - before))
	echo "# $moves moves"
	why="no CQ moved"
	[ "$last_cpu" = 0 ] || [ $moves -gt 0 ]
}

# --- under traffic -------------------------------------------------------------------

traffic() {
	while [ ! -e "$tmp/stop" ]; do
		if ! rping_pair 0 "$last_cpu" "$ITERS" 64; then
			echo "$why" >"$tmp/failed"
			return
		fi
		echo >>"$tmp/completed"
	done
}

switch_modes() {
	: >"$tmp/completed"
	rm -f "$tmp/stop" "$tmp/failed"
	traffic &
	traffic=$!
	i=0
	while [ $i -lt "$SWITCHES" ]; do
		for mode in $modes; do
			set_mode "$mode" && wait_for_packets 20 || break 2
			i=$((i + 1))
		done
	done
	: >"$tmp/stop"
	wait $traffic
	port=$((port + 1000))	# the ports of before were the traffic's
	why="stopped after switch $i: $(cat "$tmp/failed" 2>/dev/null)"
	[ $i -ge "$SWITCHES" ] && [ ! -e "$tmp/failed" ] && [ -s "$tmp/completed" ]
}

# Both sides are killed in the middle of it.
killed() {
	i=0
	while [ $i -lt "$KILLS" ]; do
		start_server 0 || return 1
		taskset -c "$last_cpu" rping -c -a $ADDRESS -p $port >"$tmp/client" 2>&1 &
		client=$!
		why="no traffic before kill $i"
		wait_for_packets 50 || return 1
		kill -KILL $server $client
		wait $server $client 2>/dev/null
		i=$((i + 1))
	done
}

device_goes() {
	why="rdma link del failed, or the device is still there"
	rdma link del $DEV && [ ! -e /sys/class/infiniband/$DEV ]
}

comes_back() {
	why="rdma link add failed"
	add_device && rping_pair 0 0 10 64 && device_goes
}

# shellcheck disable=SC2086
set -- $modes
plan $((7 + 3 * $#))

network() {
	ip link add $NET type dummy && ip addr add $ADDRESS/24 dev $NET && ip link set $NET up
}
: >"$tmp/server"
: >"$tmp/client"
attempt "the network device" network
attempt "the device" add_device
for mode; do
	attempt "mode=$mode: the events' way" events_come_by "$mode"
	attempt "mode=$mode: rping of 65535 bytes on one CPU" rping_pair 0 0 "$ITERS" 65535
	attempt "mode=$mode: ucmatose, several connections" ucmatose_pair
done
if [ "$modes" = none ]; then
	ok "a CQ follows its reader # SKIP needs fastwake.ko"
	ok "$SWITCHES mode switches # SKIP needs fastwake.ko"
else
	attempt "a CQ follows its reader" follows
	attempt "$SWITCHES mode switches under traffic" switch_modes
	set_mode "$initial_mode"
fi
attempt "$KILLS times both sides are killed" killed
attempt "the device goes" device_goes
attempt "it comes back, works and goes" comes_back
ip link del $NET
finish
