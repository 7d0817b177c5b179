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

# At the start of a connection siw may leave the first message in the socket, unread for
# good, and has done so without fastwake.ko and without a single completion: it looks once
# for each packet, and not at all while somebody changes the state of the QP.
stalled() {
	grep -qE ':[0-9A-F]{4} 0100090A:[0-9A-F]{4} 01 [0-9A-F]{8}:0*[1-9A-F]' /proc/net/tcp
}

# goes_on PID [PACKETS]: until it ends, or so many packets have come; fails if it hangs
goes_on() {
	begin=$(packets) last=0 still=0
	while kill -0 "$1" 2>/dev/null && [ $still -lt 100 ]; do
		sleep 0.1
		now=$(packets)
		[ $((now - begin)) -lt "${2:-1000000000}" ] || return 0
		[ "$now" != $last ] && still=0 || still=$((still + 1))
		last=$now
	done
	[ $still -lt 100 ]
}

# start_pair "SERVER ARG..." "CLIENT ARG...": $server and $client
start_pair() {
	port=$((port + 1))
	$1 -p $port >"$tmp/server" 2>&1 &
	server=$!
	: >"$tmp/client"
	why="the server does not listen"
	wait_for_cm $port $server || return 1
	$2 -p $port >"$tmp/client" 2>&1 &
	client=$!
}

end_pair() {
	kill -KILL $server $client
	wait $server $client
} 2>/dev/null

# pair "SERVER ARG..." "CLIENT ARG...": until the client ends. Without each of its events
# the server would hold the client up; how it ends itself is not what this is about.
pair() {
	stalls=0
	while [ $stalls -lt 5 ]; do
		start_pair "$1" "$2" || return 1
		if goes_on $client; then
			wait $client
			client_status=$?
			end_pair
			why="the client failed with status $client_status"
			return $client_status
		fi
		why="both hang" again=no
		! stalled || again=yes
		end_pair
		[ $again = yes ] || return 1
		stalls=$((stalls + 1))
		echo "# siw did not read from its socket"
	done
	return 1
}

# rping_pair SERVER_CPU CLIENT_CPU COUNT SIZE: each side sleeps until its CQ has an event;
# they read and write what the client names, which compares it.
rping_pair() {
	args="-a $ADDRESS -C $3 -V -S $4"
	pair "taskset -c $1 rping -s $args" "taskset -c $2 rping -c $args"
}

ucmatose_pair() {
	args="-c 5 -C $ITERS -S 1000"
	pair "ucmatose -b $ADDRESS $args" "ucmatose -s $ADDRESS $args"
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
		args="-a $ADDRESS"
		start_pair "taskset -c 0 rping -s $args" "taskset -c $last_cpu rping -c $args" || return 1
		why="no traffic before kill $i"
		goes_on $client 50 || stalled || return 1
		end_pair
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
