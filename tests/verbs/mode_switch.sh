#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Switching modes, and unloading and loading the module, under traffic: every
# ping-pong completes. The next switch waits for packets, so that all of them
# meet traffic, and so that traffic which stopped is noticed where it stopped.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MODULE=/lib/modules/fastwake.ko
SWITCHES=${FASTWAKE_MODE_SWITCHES:-200}
RELOADS=${FASTWAKE_MODULE_RELOADS:-10}

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
read -r initial_mode <$FASTWAKE/mode
plan 3

last_cpu=$(($(nproc) - 1))

# Sleeps on events all the time, and starts and ends programs as well.
traffic() {
	while [ ! -e "$tmp/stop" ]; do
		if ! rc_pingpong 0 "$last_cpu" -e -n "$ITERS"; then
			echo "$why" >"$tmp/failed"
			return
		fi
		echo >>"$tmp/completed"
	done
}

set_mode() {
	echo "$1" >$FASTWAKE/mode
}

switch_modes() {
	i=0
	while [ "$i" -lt "$SWITCHES" ]; do
		set_mode off && wait_for_packets 20 || return 1
		set_mode poll && wait_for_packets 20 || return 1
		i=$((i + 2))
	done
}

reload() {
	i=0
	while [ "$i" -lt "$RELOADS" ]; do
		rmmod fastwake && wait_for_packets 20 || return 1
		insmod $MODULE mode=poll && wait_for_packets 20 || return 1
		i=$((i + 1))
	done
}

: >"$tmp/completed"
: >"$tmp/messages"
traffic &
traffic=$!

what="$SWITCHES mode switches under traffic"
if wait_for_packets 20 && switch_modes 2>>"$tmp/messages"; then
	ok "$what"
else
	not_ok "$what" "stopped after switch $i" "$tmp/messages"
fi

what="$RELOADS times rmmod and insmod under traffic"
if reload 2>>"$tmp/messages"; then
	ok "$what"
else
	not_ok "$what" "stopped after reload $i" "$tmp/messages"
fi

# The traffic ends with the ping-pong that is under way, in the mode of before.
[ -e $FASTWAKE ] || insmod $MODULE
set_mode "$initial_mode"
: >"$tmp/stop"
wait $traffic
what="every ping-pong completed"
if [ -e "$tmp/failed" ]; then
	not_ok "$what" "$(cat "$tmp/failed")" "$tmp/server" "$tmp/client"
elif [ ! -s "$tmp/completed" ]; then
	not_ok "$what" "none did"
else
	ok "$what"
fi
finish
