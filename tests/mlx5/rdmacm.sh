#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317,SC2086 # functions are called by name; no value has a space
#
# RoCE: the network device has a carrier, its addresses become the device's, and what
# uses them works: rdma-core's programs for its connection manager, perftest by way of
# that, and the ping-pongs. rping looks at the data, as the ping-pongs do.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

NET=$(basename /sys/class/infiniband/$DEV/device/net/*)
N=100
plan 17
before=$(complaints | wc -l)

has_carrier() { [ "$(cat "/sys/class/net/$NET/carrier")" = 1 ]; }
# Seen from outside: the network driver and the RDMA driver both follow the port.
follows() {
	control link "$1"
	looks=0
	until [ "$(cat "/sys/class/net/$NET/carrier")" = "$2" ] && grep -q "$3" $PORT/state; do
		looks=$((looks + 1))
		[ $looks -lt 2000 ] || return 1
	done
}
is_there() { [ -n "$(gid_index "$1")" ]; }

attempt "$NET has a carrier" has_carrier
attempt "it loses it with the port" follows down 0 DOWN
attempt "and has it again" follows up 1 ACTIVE
attempt "its address is one of RoCE v1" is_there "IB/RoCE v1"
attempt "its address is one of RoCE v2" is_there "RoCE v2"

# rping reads and writes what it names, and compares it.
for size in 64 4096 65535; do
	check "rping, $size bytes" "" $((4 * N)) \
		run_cm_pair "rping -s -a $ADDRESS -C $N -V -S $size" "rping -c -a $ADDRESS -C $N -V -S $size"
done
check "ucmatose, several connections" "return status 0" $((5 * N)) \
	run_cm_pair "ucmatose -b $ADDRESS -c 5 -C $N -S 1000" "ucmatose -s $ADDRESS -c 5 -C $N -S 1000"
for program in ib_send_lat ib_write_bw ib_read_lat; do
	check "$program -R" "^ *4096  *$N " $N \
		run_cm_pair "$program -R -F -d $DEV -n $N -s 4096" "$program -R -F -d $DEV -n $N -s 4096 $ADDRESS"
done

index=$(gid_index "RoCE v2")
for kind in rc uc ud; do
	check "ibv_${kind}_pingpong by RoCE v2" "^$N iters in" $N \
		run_pair $SERVER_CPU $CLIENT_CPU ibv_${kind}_pingpong -d $DEV -g "$index" -c -n $N -s 1024 -e
done
check "ibv_rc_pingpong by RoCE v1" "^$N iters in" $N \
	run_pair $SERVER_CPU $CLIENT_CPU ibv_rc_pingpong -d $DEV -g "$(gid_index "IB/RoCE v1")" -c -n $N -s 65536
drivers_silent "$before"
finish
