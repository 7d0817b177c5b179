#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The device is pulled out of its slot in the middle of traffic: every register reads
# as ones from then on. The driver notices, and lets go of the empty slot; then the
# programs end with an error, none of them hangs. The device does not come back, so this
# has to be the last test of a guest.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

plan 5
before=$(complaints | wc -l)

noticed() {
	looks=0
	until [ "$(complaints | wc -l)" -gt "$before" ]; do
		looks=$((looks + 1))
		[ $looks -lt 5000 ] || return 1
	done
}

traffic_starts "there is traffic"

what="the device is pulled out"
if control remove; then
	ok "$what"
else
	not_ok "$what" "$answer"
fi

what="the driver notices"
if noticed; then
	ok "$what"
else
	not_ok "$what" "it does not"
fi

what="the driver lets go of the empty slot"
if echo 1 >"/sys/bus/pci/devices/$PCI/remove" && [ ! -e "/sys/class/infiniband/$DEV" ]; then
	ok "$what"
else
	not_ok "$what" "it is still there"
fi

what="the programs end with an error"
if traffic_failed; then
	ok "$what"
else
	not_ok "$what" "$why" "$tmp/server" "$tmp/client"
fi
finish
