#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Switching modes, and unloading and loading the module, under traffic by events. Both
# sides sleep until an event comes, so that one which is lost ends the traffic: after
# each switch the device has to execute more requests.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

FASTWAKE=/sys/kernel/fastwake
MODULE=/lib/modules/fastwake.ko
SWITCHES=${FASTWAKE_MODE_SWITCHES:-300}
RELOADS=${FASTWAKE_MODULE_RELOADS:-10}
SOURCE=${FASTWAKE_SOURCE:-eq}

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
read -r initial_mode <$FASTWAKE/mode
plan 5
before=$(complaints | wc -l)

switch_modes() {
	i=0
	while [ "$i" -lt "$SWITCHES" ]; do
		for mode in off poll interrupt poll off interrupt; do
			echo $mode >$FASTWAKE/mode && wait_for_requests 10 || return 1
			i=$((i + 1))
		done
	done
}

reload() {
	i=0
	while [ "$i" -lt "$RELOADS" ]; do
		for mode in poll interrupt; do
			rmmod fastwake && wait_for_requests 10 || return 1
			insmod $MODULE mode=$mode source="$SOURCE" && wait_for_requests 10 || return 1
		done
		i=$((i + 1))
	done
}

traffic_starts "there is traffic"

what="$SWITCHES mode switches under traffic"
if switch_modes 2>"$tmp/messages"; then
	ok "$what"
else
	not_ok "$what" "it stopped after switch $i, to $mode" "$tmp/messages"
fi

what="$RELOADS times rmmod and insmod under traffic"
if reload 2>"$tmp/messages"; then
	ok "$what"
else
	not_ok "$what" "it stopped after reload $i, to $mode" "$tmp/messages"
fi

kill "$client" "$server"
wait "$client" "$server"
[ -e $FASTWAKE ] || insmod $MODULE source="$SOURCE"
echo "$initial_mode" >$FASTWAKE/mode
works "the device works"
drivers_silent "$before"
finish
