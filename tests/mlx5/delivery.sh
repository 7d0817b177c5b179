#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Which way the completion events of ibv_rc_pingpong -e take in each mode: with off by
# an interrupt and a tasklet, as without FastWake; with interrupt by the interrupt
# alone, which wakes the thread directly; with poll without interrupts. The programs
# use completion vector 0 on both sides. Who waits with epoll is woken directly as well.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

FASTWAKE=/sys/kernel/fastwake
[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
read -r initial_mode <$FASTWAKE/mode
plan 18
before=$(complaints | wc -l)

# sum NAME: of that counter of all CPUs
sum() {
	cat $FASTWAKE/cpu*/"$1" | awk '{ n += $1 } END { print n + 0 }'
}

# What there was so far: interrupts, tasklets, direct wake-ups, own polls, events polled.
counts() {
	echo "$(interrupts) $(awk '$1 == "TASKLET:" { for (i = 2; i <= NF; i++) n += $i; print n }' /proc/softirqs) \
$(sum direct_wakes) $(sum own_polls) $(sum events)"
}

# in_mode MODE SERVER_CPU CLIENT_CPU: a ping-pong by $program; what it took is in $irqs,
# $tasklets, $wakes, $own, $events
program="ibv_rc_pingpong -c -e"
in_mode() {
	what="mode=$1: $program on CPUs $2 and $3 completes"
	echo "$1" >$FASTWAKE/mode
	# shellcheck disable=SC2046
	set -- "$2" "$3" $(counts)
	# shellcheck disable=SC2086
	if run_pair "$1" "$2" $program -d $DEV -n "$ITERS"; then
		ok "$what"
	else
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
	fi
	# shellcheck disable=SC2046
	set -- "$3" "$4" "$5" "$6" "$7" $(counts)
	irqs=$(($6 - $1)) tasklets=$(($7 - $2)) wakes=$(($8 - $3)) own=$(($9 - $4)) events=$((${10} - $5))
	echo "# $irqs interrupts, $tasklets tasklets, $wakes direct wake-ups, $own own polls, $events events polled"
}

# holds NAME CONDITION: arithmetic
holds() {
	if [ $(($2)) != 0 ]; then
		ok "$1"
	else
		not_ok "$1" "$2 does not hold"
	fi
}

in_mode off $SERVER_CPU $CLIENT_CPU
holds "mode=off: each round trip is an interrupt and a tasklet" \
	"$irqs >= ITERS && $tasklets >= ITERS"
holds "mode=off: no counter moves" "$wakes + $own + $events == 0"

for cpus in "0 0" "$SERVER_CPU $CLIENT_CPU"; do
	# shellcheck disable=SC2086
	in_mode interrupt $cpus
	holds "mode=interrupt: the interrupts of the round trips wake directly" \
		"$irqs >= ITERS && $wakes >= ITERS && $events == 0"
	holds "mode=interrupt: no event waits for a tasklet" "$tasklets < ITERS / 10"
done

for cpus in "0 0" "$SERVER_CPU $CLIENT_CPU"; do
	# shellcheck disable=SC2086
	in_mode poll $cpus
	holds "mode=poll: the events are polled, and nothing interrupts" \
		"$irqs < ITERS / 10 && $tasklets < ITERS / 10 && $events >= ITERS && $wakes + $own >= ITERS"
done

program=epoll_pingpong
in_mode interrupt 0 0
holds "mode=interrupt: the interrupts wake who waits with epoll directly" \
	"$irqs >= ITERS && $wakes >= ITERS && $tasklets < ITERS / 10"
in_mode poll 0 0
holds "mode=poll: the polls wake who waits with epoll directly" \
	"$irqs < ITERS / 10 && $events >= ITERS && $wakes >= ITERS"

[ "$CLIENT_CPU" != "$SERVER_CPU" ] || echo "# with one CPU the two placements are the same"
echo "$initial_mode" >$FASTWAKE/mode
drivers_silent "$before"
finish
