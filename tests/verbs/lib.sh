# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034 # used by the scripts
#
# What the scripts of this folder share. They run in the guest, where run-tests
# has set up rxe0 on lo. Source it; it is no test itself.
# shellcheck source=pairs.sh
. "$(dirname "$0")/pairs.sh"

DEV=rxe0
ITERS=${FASTWAKE_PINGPONG_ITERS:-300}
FASTWAKE=/sys/kernel/fastwake

# --- the device ----------------------------------------------------------------

# The index of the GID of 127.0.0.1; nothing if there is none yet.
gid_index() {
	for f in /sys/class/infiniband/"$DEV"/ports/1/gids/*; do
		if grep -qs '^0000:0000:0000:0000:0000:ffff:7f00:0001' "$f"; then
			echo "${f##*/}"
			return
		fi
	done
}

# It comes from a work item, some time after the device.
wait_for_gid() {
	looks=0
	until [ -n "$(gid_index)" ]; do
		looks=$((looks + 1))
		[ $looks -lt 2000 ] || return 1
	done
}

# How many packets the device has received.
packets() {
	read -r count <"/sys/class/infiniband/$DEV/ports/1/hw_counters/rcvd_pkts"
	echo "$count"
}

# wait_for_packets N: until N more have come; fails if they do not
wait_for_packets() {
	goal=$(($(packets) + $1))
	looks=0
	until [ "$(packets)" -ge $goal ]; do
		looks=$((looks + 1))
		[ $looks -lt $MAX_LOOKS ] && [ ! -e "$tmp/failed" ] || return 1
	done
}

# rc_pingpong SERVER_CPU CLIENT_CPU ARG...: ibv_rc_pingpong, which checks the data
rc_pingpong() {
	rc_server_cpu=$1 rc_client_cpu=$2
	shift 2
	run_pair "$rc_server_cpu" "$rc_client_cpu" \
		ibv_rc_pingpong -d $DEV -g "$(gid_index)" -s 64 -c "$@"
}

# --- the module --------------------------------------------------------------------

# sum NAME: that counter, of all CPUs
sum() {
	total=0
	for f in "$FASTWAKE"/cpu*/"$1"; do
		read -r value <"$f"
		total=$((total + value))
	done
	echo $total
}
