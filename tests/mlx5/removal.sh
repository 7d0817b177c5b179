#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The device is pulled out of its slot in the middle of traffic: every register reads
# as ones from then on. The driver notices, the programs end with an error, none of
# them hangs, and the empty slot can be taken from the driver. It does not come back,
# so this has to be the last test of a guest.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

plan 4
what="there is traffic"
if start_traffic; then
	ok "$what"
else
	not_ok "$what" "there is none" "$tmp/server" "$tmp/client"
fi

what="the device is pulled out"
if control remove; then
	ok "$what"
else
	not_ok "$what" "$answer"
fi

what="the programs end with an error"
if traffic_failed; then
	ok "$what"
else
	not_ok "$what" "$why" "$tmp/server" "$tmp/client"
fi

what="the driver lets go of the empty slot"
if echo 1 >"/sys/bus/pci/devices/$PCI/remove" && [ ! -e "/sys/class/infiniband/$DEV" ]; then
	ok "$what"
else
	not_ok "$what" "it is still there"
fi
finish
