# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The guest's half of `make demo`: runs unmodified verbs programs in each mode
# and reports a row of figures for each. tools/demo/demo puts these in front:
#   placement  one-cpu or two-cpu
#   modes      which of: stock off poll busy
#   timed      yes: virtual time means something here (see DESIGN: icount)
#
# A figure per operation is the difference of two runs of different length,
# divided by the difference of their lengths: what it costs to start and to end
# a program is in both. Time is taken in a run of its own, without tracing.

port=18515
tracing=/sys/kernel/tracing
fw=/sys/kernel/fastwake

die() { echo "demo: $*"; exit 1; }

# --- the programs -----------------------------------------------------------

# launch CPU APP PEER N: runs APP as a server (PEER empty) or client, N round trips
launch() {
	cpu=$1 app=$2 n=$4
	set -- ${3:+"$3"}
	event=-e
	[ "$mode" != busy ] || event=
	case $app in
	ibv_rc_pingpong) set -- ibv_rc_pingpong $event -d rxe0 -g "$gid" -s 64 -n "$n" -p $port "$@" ;;
	ib_send_lat) set -- ib_send_lat $event -F -d rxe0 -x "$gid" -s 64 -r 64 -n "$n" -p $port "$@" ;;
	epoll_pingpong) set -- epoll_pingpong -d rxe0 -g "$gid" -s 64 -n "$n" -p $port "$@" ;;
	esac
	exec timeout 10 taskset -c "$cpu" "$@"
}

# elapsed APP FILE: nanoseconds of a round trip, as the program itself says
elapsed() {
	case $1 in
	# half a round trip, average, in microseconds
	ib_send_lat) awk '$1 == 64 && NF >= 6 { printf "%d\n", $6 * 2000 }' "$2" ;;
	*) sed -nE 's/^.* = ([0-9.]+) usec\/iter.*/\1/p' "$2" | awk '{ printf "%d\n", $1 * 1000 }' ;;
	esac
}

listening() { awk -v p="$(printf ':%04X' $port)" '$2 ~ p "$" && $4 == "0A" { f = 1 } END { exit !f }' /proc/net/tcp /proc/net/tcp6; }

# run APP N: both sides, on the CPUs of the placement; 1 if either fails
run() {
	(launch "$server_cpu" "$1" "" "$2") >/tmp/server 2>&1 &
	server=$!
	# It listens soon, or has died.
	until listening; do
		kill -0 $server 2>/dev/null || { cat /tmp/server; return 1; }
	done
	# ib_send_lat -e now and then waits for ever on rxe: see README.
	if ! (launch 0 "$1" 127.0.0.1 "$2") >/tmp/client 2>&1; then
		cat /tmp/client
		kill $server
		wait $server
		return 1
	fi
	wait $server
}

# --- the counters -------------------------------------------------------------

trace() { # on | off
	bang=
	[ "$1" = on ] || bang='!'
	echo "${bang}hist:keys=comm" >$tracing/events/sched/sched_waking/trigger
	echo "${bang}hist:keys=comm" >$tracing/events/sched/sched_migrate_task/trigger
	echo "${bang}hist:keys=call_site.sym" >$tracing/events/kmem/kmalloc/trigger
}

# hits EVENT PATTERN: how often the event hit for keys that match
hits() {
	awk -v pat="$2" '/hitcount:/ && $0 ~ pat { n += $NF } END { print n + 0 }' "$tracing/events/$1/hist"
}

sum_fw() { # NAME: a counter of the module, all CPUs
	n=0
	for f in $fw/cpu*/"$1"; do
		[ -e "$f" ] && n=$((n + $(cat "$f")))
	done
	echo $n
}

# snapshot APP: all counters, in the order of the names in `counters`
counters="csw ipi migrations allocs wakings direct direct_wakes own_polls parks events"
snapshot() {
	awk '/^ctxt/ { printf "%d ", $2 }' /proc/stat
	awk '/^ *(RES|CAL|IWI):/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { printf "%d ", n }' /proc/interrupts
	echo "$(hits sched/sched_migrate_task .)" \
		"$(hits kmem/kmalloc '(ib_uverbs_comp|ib_uverbs_event|ib_comp_|rxe_cq_post|ib_soft_|sched_direct)')" \
		"$(hits sched/sched_waking "comm: $1")" \
		"$(sum_fw direct_switches) $(sum_fw direct_wakes) $(sum_fw own_polls) $(sum_fw parks) $(sum_fw events)"
}

# counted APP N: the counters' growth over a run of N round trips
counted() {
	trace on
	before=$(snapshot "$1")
	run "$1" "$2" >&2 || return 1
	after=$(snapshot "$1")
	trace off
	echo "$before $after" | awk '{ for (i = 1; i <= NF / 2; i++) printf "%d ", $(i + NF / 2) - $i }'
}

# --- a row --------------------------------------------------------------------

measure() { # APP
	n=1000 n1=100 n2=600
	# Two spinning threads on one CPU take turns by the slice: few are enough.
	[ "$mode/$placement" != busy/one-cpu ] || { n=50 n1=10 n2=60; }
	[ "$timed" = yes ] || { n1=20 n2=120; }

	ns=null
	if [ "$timed" = yes ]; then
		run "$1" $n || return 1
		ns=$(elapsed "$1" /tmp/client)
		[ -n "$ns" ] || { cat /tmp/client; return 1; }
	fi
	short=$(counted "$1" $n1) || return 1
	long=$(counted "$1" $n2) || return 1
	echo "$short $long" | awk -v names="$counters" -v n=$((n2 - n1)) -v ns="$ns" \
		-v app="$1" -v placement="$placement" -v mode="$mode" '{
		split(names, name)
		for (i = 1; i <= NF / 2; i++)
			c[name[i]] = ($(i + NF / 2) - $i) / n
		printf "DATA {\"app\": \"%s\", \"placement\": \"%s\", \"mode\": \"%s\", ", app, placement, mode
		printf "\"ns_per_rt\": %s, \"csw_per_op\": %.3f, \"ipi_per_op\": %.3f, ", ns, c["csw"], c["ipi"]
		printf "\"migrations_per_op\": %.3f, \"alloc_per_op\": %.3f, ", c["migrations"], c["allocs"]
		printf "\"direct_per_op\": %.3f, \"own_polls_per_op\": %.3f, ", c["direct"], c["own_polls"]
		printf "\"events_per_op\": %.3f, \"parks_per_op\": %.3f, ", c["events"], c["parks"]
		printf "\"stock_wakes_per_op\": %.3f}\n", c["wakings"] - c["direct_wakes"] }' >/dev/results
}

ip link set lo up && rdma link add rxe0 type rxe netdev lo || die "no rxe0 on lo"
gid=
while [ -z "$gid" ]; do # it appears from a work item
	for f in /sys/class/infiniband/rxe0/ports/1/gids/*; do
		! grep -qs 'ffff:7f00:0001' "$f" || gid=${f##*/}
	done
done
[ ! -e /lib/modules/fastwake.ko ] || insmod /lib/modules/fastwake.ko mode=off || die "insmod failed"

server_cpu=0
[ "$placement" = one-cpu ] || server_cpu=1

for mode in $modes; do
	case $mode in
	off | poll) echo "$mode" >$fw/mode ;;
	busy) [ ! -e $fw ] || echo off >$fw/mode ;;
	esac
	for app in ibv_rc_pingpong ib_send_lat epoll_pingpong; do
		# Without events there is nothing to wait for in epoll_wait().
		[ "$app/$mode" != epoll_pingpong/busy ] || continue
		echo "demo: $placement $mode $app"
		measure $app || { trace off; report "DATA {\"app\": \"$app\", \"placement\": \"$placement\", \"mode\": \"$mode\", \"failed\": true}"; }
	done
done
