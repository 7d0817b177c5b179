#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The tracepoints tell each event once: as many as the programs had, as many as the
# counters say, whatever the mode; and so is each CQ that moves. With mode=off the events
# are told too, and nothing of vectors and directed switches.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

TRACEFS=/sys/kernel/tracing
EVENTS="ib_comp/ib_comp_push ib_comp/ib_comp_wake ib_comp/ib_comp_poll
	ib_comp/ib_comp_park ib_comp/ib_comp_move sched/sched_direct_switch sched/sched_direct_fallback"

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
[ -e $TRACEFS/instances ] || skip_all "needs tracefs"
read -r initial_mode <$FASTWAKE/mode
read -r initial_affinity <$FASTWAKE/affinity
read -r initial_after <$FASTWAKE/move_after
read -r initial_interval <$FASTWAKE/move_interval_ms
placements="0/0" moving=
[ "$(nproc)" = 1 ] || placements="0/0 0/1" moving=moving
# shellcheck disable=SC2086
set -- $placements $moving
plan $((3 * ($# + 1)))

# Nothing is lost of so many runs of a program in one trace.
MAX_RUNS=10

# --- the events --------------------------------------------------------------------

instance=$TRACEFS/instances/fastwake-$$

trace_begin() {
	mkdir "$instance" && echo counter >"$instance/trace_clock" || return 1
	for e in $EVENTS; do
		echo 1 >"$instance/events/$e/enable" || return 1
	done
}

# What came is in $tmp/trace; fails if anything was lost.
trace_end() {
	echo 0 >"$instance/tracing_on"
	cat "$instance/trace" >"$tmp/trace"
	! grep -hE '^(overrun|dropped events): [^0]' "$instance"/per_cpu/cpu*/stats >"$tmp/lost"
	lost=$?
	rmdir "$instance"
	return $lost
}

# told PATTERN: how many lines have it
told() {
	grep -cE -- "$1" "$tmp/trace"
}

# passes: how many events the passes over the vectors found
passes() {
	sed -n 's/.* ib_comp_poll: events=//p' "$tmp/trace" | awk '{ n += $1 } END { print n + 0 }'
}

# Each event that was handed over is followed by a wake-up of its reader, before the
# next one for this.
handed_wakes() {
	awk '
	/ ib_comp_push: .* how=handed / {
		pid = $0
		sub(/.* pid=/, "", pid)
		if (owed[pid]++) bad = 1
	}
	/ ib_comp_wake: / {
		pid = $0
		sub(/.* ib_comp_wake: pid=/, "", pid)
		sub(/ .*/, "", pid)
		delete owed[pid]
	}
	END {
		for (pid in owed) bad = 1
		exit bad
	}' "$tmp/trace"
}

# --- the counters --------------------------------------------------------------------

COUNTERS="events parks failed_moves direct_switches fallback_due fallback_class fallback_throttled
	fallback_policy fallback_gone"

snapshot() {
	for c in $COUNTERS; do
		eval "$1_$c=$(sum "$c")"
	done
	cpu=0
	while [ $cpu -lt "$(nproc)" ]; do
		read -r value <"$FASTWAKE/cpu$cpu/moves"
		eval "$1_moves_$cpu=$value"
		cpu=$((cpu + 1))
	done
}

# grown NAME: since "snapshot before"
grown() {
	eval "echo \$((after_$1 - before_$1))"
}

# same WHAT TOLD COUNTED
same() {
	[ "$2" = "$3" ] || wrong="$wrong $1: told $2, counted $3;"
}

check_counters() {
	same polls "$(passes)" "$(grown events)"
	same switches "$(told ' sched_direct_switch: ')" "$(grown direct_switches)"
	for reason in due class throttled policy gone; do
		same "fallbacks, $reason" \
			"$(told " sched_direct_fallback: .* reason=$reason\$")" \
			"$(grown fallback_$reason)"
	done
	moves=0 cpu=0
	while [ $cpu -lt "$(nproc)" ]; do
		same "moves to CPU $cpu" \
			"$(told " ib_comp_move: device=$DEV cq=[0-9]+ cpu=$cpu error=0\$")" \
			"$(grown moves_$cpu)"
		moves=$((moves + $(grown moves_$cpu)))
		cpu=$((cpu + 1))
	done
	same "moves that failed" "$(told " ib_comp_move: .* error=-[1-9][0-9]*\$")" \
		"$(grown failed_moves)"
	same "moves in all" "$(told ' ib_comp_move: ')" $((moves + $(grown failed_moves)))
	# Who parks with mode=off is told of, but not counted.
	[ "$mode" = off ] || same parks "$(told ' ib_comp_park: ')" "$(grown parks)"
}

# --- runs ------------------------------------------------------------------------------

# check WHAT MIN MAX COMMAND...: a run of COMMAND, which has MIN to MAX events, or so many
# in each of $runs that it makes
check() {
	what="mode=$mode: $1" min=$2 max=$3
	shift 3
	why=
	runs=1
	snapshot before
	trace_begin || why="no events in $TRACEFS"
	ran=0
	"$@" || ran=1
	trace_end || why="events were lost"
	snapshot after
	if [ $ran != 0 ] || [ -n "$why" ]; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
		return
	fi

	handed=$(told ' ib_comp_push: .* how=handed pid=[1-9]')
	queued=$(told ' ib_comp_push: .* how=queued pid=0$')
	pushed=$(told ' ib_comp_push: ')
	woken=$(told ' ib_comp_wake: ')
	wrong=
	check_counters
	same pushes $((handed + queued)) "$pushed"
	min=$((min * runs)) max=$((max * runs))
	[ "$pushed" -ge $min ] && [ "$pushed" -le $max ] ||
		wrong="$wrong $pushed events, not $min to $max;"
	handed_wakes || wrong="$wrong an event was handed over without a wake-up;"
	case $mode in
	poll)	# An event that nobody waits for is delivered when its CQ is destroyed.
		missed=$((pushed - $(passes)))
		[ $missed -ge 0 ] && [ $missed -le $((2 * runs)) ] ||
			wrong="$wrong $pushed events, but $(passes) by the passes;"
		;;
	*)	same passes "$(passes)" 0 ;;
	esac
	if [ "$mode" = off ]; then
		same "directed switches" "$(told ' sched_direct_')" 0
		same moves "$moves" 0
	fi
	echo "# sum: $what: $handed handed, $queued queued, $woken wake-ups," \
		"$(told ' ib_comp_park: ') parks, $(told ' sched_direct_switch: ') switches," \
		"$moves moves"
	if [ -z "$wrong" ]; then
		ok "$what"
	else
		grep -v '^#' "$tmp/trace" | head -n 40 >"$tmp/head"
		not_ok "$what" "${wrong# }" "$tmp/head"
	fi
}

# Each event finds its reader asleep, and comes alone.
# shellcheck disable=SC2317 # check() calls it
one_by_one() {
	: >"$tmp/client"
	timeout -k 5 "$PROGRAM_TIMEOUT" event_reader -n "$ITERS" >"$tmp/server" 2>&1 ||
		{ why="event_reader failed with status $?" && return 1; }
}

# As many CQs as a run has, though of several runs maybe.
# shellcheck disable=SC2154,SC2317 # snapshot sets the variable
moved() {
	[ "$mode" != off ] || return 0
	read -r value <"$FASTWAKE/cpu1/moves"
	[ $((value - before_moves_1)) -ge 2 ]
}

# Both CQs are on the first vector, and read by CPU 1. A move is the work of another
# thread: the programs may be faster. When they are over, so is whatever moved their CQs.
# shellcheck disable=SC2317 # check() calls it
until_moved() {
	runs=0
	until [ "$runs" != 0 ] && moved; do
		[ "$runs" -lt "$MAX_RUNS" ] ||
			{ why="the CQs do not move in $runs runs" && return 1; }
		rc_pingpong 1 1 -e -n "$ITERS" || return 1
		runs=$((runs + 1))
	done
}

# settings AFFINITY MOVE_AFTER MOVE_INTERVAL_MS
settings() {
	echo "$1" >$FASTWAKE/affinity
	echo "$2" >$FASTWAKE/move_after
	echo "$3" >$FASTWAKE/move_interval_ms
}

for mode in off interrupt poll; do
	echo $mode >$FASTWAKE/mode
	# What was under way in the mode before is over after this one.
	rc_pingpong 0 0 -e -n 10
	for placement in $placements; do
		s=${placement%/*} c=${placement#*/}
		# Of each iteration both sides see a completion sent and one received, and
		# have one event for both or one for each; and one after the last.
		check "ibv_rc_pingpong on CPUs $placement" $((2 * ITERS)) $((4 * ITERS + 2)) \
			rc_pingpong "$s" "$c" -e -n "$ITERS"
	done
	if [ -n "$moving" ]; then
		settings 1 1 0
		check "CQs whose reader is on CPU 1" $((2 * ITERS)) $((4 * ITERS + 2)) until_moved
		settings "$initial_affinity" "$initial_after" "$initial_interval"
	fi
	# The first one may be of the CQ for what is sent.
	check "one event after the other" "$ITERS" $((ITERS + 1)) one_by_one
done
echo "$initial_mode" >$FASTWAKE/mode
finish
