#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317 # functions are called by name
#
# The device is reset, or taken from its driver and given back, or breaks down so that
# the driver resets it, in the middle of traffic: the programs that use it end with an
# error, none of them hangs, and the device works afterwards.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ROUNDS=${FASTWAKE_RESETS:-3}
plan $((3 * 4 * ROUNDS))

rebind() {
	echo "$PCI" >/sys/bus/pci/drivers/mlx5_core/unbind &&
		[ ! -e "$PORT" ] &&
		echo "$PCI" >/sys/bus/pci/drivers/mlx5_core/bind
}

reload() {
	devlink dev reload "pci/$PCI"
}

# The driver finds out, and what it then makes of the device is another one. If that
# happened to it half a minute ago already, it would give up, if it were not told
# otherwise.
break_down() {
	devlink health set "pci/$PCI" reporter fw_fatal grace_period 0 && control fatal ||
		return 1
	looks=0
	while device_there; do
		looks=$((looks + 1))
		[ "$looks" -lt 100000 ] || return 1
	done
}

i=0
while [ "$i" -lt "$ROUNDS" ]; do
	i=$((i + 1))
	under_traffic "the driver is taken away, time $i" rebind
	under_traffic "the driver is reset, time $i" reload
	under_traffic "the firmware breaks down, time $i" break_down
done
finish
