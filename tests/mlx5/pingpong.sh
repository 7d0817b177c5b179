#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The ping-pongs of rdma-core, by polling and by events, from one byte to a megabyte:
# both sides end with status 0, with all iterations, and with the data that was sent.
# A thousand iterations by events are timed, for information: emulated seconds are
# nothing to judge.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

sizes="1 64 4095 65536 1048576"
plan 23
before=$(complaints | wc -l)

# pingpong KIND ITERATIONS ARG...: each is a row of its own
pingpong() {
	kind=$1 n=$2
	shift 2
	check "ibv_${kind}_pingpong -n $n $*" "^$n iters in" "$n" \
		pair $SERVER_CPU $CLIENT_CPU "ibv_${kind}_pingpong" -d $DEV -c -n "$n" "$@"
}

for size in $sizes; do
	n=$ITERS
	[ "$size" -lt 65536 ] || n=$((ITERS / 10))
	pingpong rc "$n" -s "$size"
	pingpong rc "$n" -s "$size" -e
done

# By events each round is an interrupt on either side, as nobody looks before. If the
# vectors are polled there is none.
irqs=$(interrupts)
pingpong rc 1000 -e -s 64
irqs=$(($(interrupts) - irqs))
sed -nE 's/^1000 iters in ([0-9.]+) seconds.*/# information: 1000 round trips by events in \1 emulated s/p' "$tmp/client"
case ${FASTWAKE_MODE-} in
poll) what="the events of 1000 round trips came by poll" fits=$((irqs < 100)) ;;
*) what="the events of 1000 round trips came by interrupt" fits=$((irqs >= 1000)) ;;
esac
if [ $fits = 1 ]; then
	ok "$what"
else
	not_ok "$what" "there were $irqs interrupts"
fi

# A datagram is one packet.
for size in 1 64 2048; do
	pingpong ud "$ITERS" -s $size
	pingpong ud "$ITERS" -s $size -e
done
pingpong srq "$ITERS" -s 64
pingpong srq "$ITERS" -s 4096 -e
pingpong srq "$ITERS" -s 64 -q 64 -r 500

pingpong uc "$ITERS" -s 64 -e
drivers_silent "$before"
finish
