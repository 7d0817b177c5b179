#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The tracepoints tell each event once: as many as the programs had, as many as the
# counters say, whatever the mode. With mode=off the events are told too, and nothing
# of vectors and directed switches.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

TRACEFS=/sys/kernel/tracing
EVENTS="ib_comp/ib_comp_push ib_comp/ib_comp_wake ib_comp/ib_comp_poll
	ib_comp/ib_comp_park sched/sched_direct_switch sched/sched_direct_fallback"

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
[ -e $TRACEFS/instances ] || skip_all "needs tracefs"
read -r initial_mode <$FASTWAKE/mode
placements="0/0"
[ "$(nproc)" = 1 ] || placements="0/0 0/1"
# shellcheck disable=SC2086
set -- $placements
plan $((3 * ($# + 1)))

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

COUNTERS="events parks direct_switches fallback_due fallback_class fallback_throttled
	fallback_policy fallback_gone"

snapshot() {
	for c in $COUNTERS; do
		eval "$1_$c=$(sum "$c")"
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
	# Who parks with mode=off is told of, but not counted.
	[ "$mode" = off ] || same parks "$(told ' ib_comp_park: ')" "$(grown parks)"
}

# --- runs ------------------------------------------------------------------------------

# check WHAT MIN MAX COMMAND...: a run of COMMAND, which has MIN to MAX events
check() {
	what="mode=$mode: $1" min=$2 max=$3
	shift 3
	why=
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
	[ "$pushed" -ge "$min" ] && [ "$pushed" -le "$max" ] ||
		wrong="$wrong $pushed events, not $min to $max;"
	handed_wakes || wrong="$wrong an event was handed over without a wake-up;"
	case $mode in
	poll)	# An event that nobody waits for is delivered when its CQ is destroyed.
		missed=$((pushed - $(passes)))
		[ $missed -ge 0 ] && [ $missed -le 2 ] ||
			wrong="$wrong $pushed events, but $(passes) by the passes;"
		;;
	*)	same passes "$(passes)" 0 ;;
	esac
	[ "$mode" != off ] || same "directed switches" "$(told ' sched_direct_')" 0
	echo "# sum: $what: $handed handed, $queued queued, $woken wake-ups," \
		"$(told ' ib_comp_park: ') parks, $(told ' sched_direct_switch: ') switches"
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
	# The first one may be of the CQ for what is sent.
	check "one event after the other" "$ITERS" $((ITERS + 1)) one_by_one
done
echo "$initial_mode" >$FASTWAKE/mode
finish
