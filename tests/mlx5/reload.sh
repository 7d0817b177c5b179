#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317 # functions are called by name
#
# The drivers' modules are unloaded and loaded again, one of them or both, also in
# the middle of traffic, which then ends with an error. Each time the device comes back
# and works, with nothing left of the time before.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

RELOADS=${FASTWAKE_MODULE_RELOADS:-5}
plan $((3 * RELOADS + 12))
before=$(complaints | wc -l)

load_ib() { insmod /lib/modules/mlx5_ib.ko && wait_for_device; }
load_core() { insmod /lib/modules/mlx5_core.ko; }
unload_ib() { rmmod mlx5_ib && [ ! -e "$PORT" ]; }
unload_core() { rmmod mlx5_core && [ ! -e "/sys/bus/pci/devices/$PCI/driver" ]; }
unload() { unload_ib && unload_core; }
load() { load_core && load_ib; }

i=0
while [ "$i" -lt "$RELOADS" ]; do
	i=$((i + 1))
	attempt "both are unloaded, time $i" unload
	attempt "both are loaded, time $i" load
	works "the device works, time $i"
done

attempt "mlx5_ib is unloaded" unload_ib
attempt "mlx5_ib is loaded" load_ib
works "the device works with the core of before"

reload_ib() { unload_ib && load_ib; }
reload() { unload && load; }
drivers_silent "$before"
under_traffic "mlx5_ib is reloaded" reload_ib
under_traffic "both are reloaded" reload
finish
