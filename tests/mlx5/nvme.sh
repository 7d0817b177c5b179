#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317 # functions are called by name
#
# NVMe over Fabrics: the kernel's target offers a file as a disk, the kernel's host uses
# it, both by RDMA over the one device. What is written to the disk is in the file; what
# is read from the disk, after its cache was dropped, is what was written.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MIB=8
NQN=fastwake
CONFIG=/sys/kernel/config/nvmet
SUBSYSTEM=$CONFIG/subsystems/$NQN
TARGET_PORT=$CONFIG/ports/1
DISK=/dev/nvme0n1
modules="configfs nvmet nvmet-rdma nvme-core nvme-fabrics nvme-rdma"
plan 11
before=$(complaints | wc -l)

load() {
	# shellcheck disable=SC2086
	insert $modules && mount -t configfs config /sys/kernel/config
}

target() {
	dd if=/dev/zero of="$tmp/disk" bs=1M count="$MIB" &&
		mkdir "$SUBSYSTEM" "$SUBSYSTEM/namespaces/1" "$TARGET_PORT" &&
		echo 1 >"$SUBSYSTEM/attr_allow_any_host" &&
		echo "$tmp/disk" >"$SUBSYSTEM/namespaces/1/device_path" &&
		echo 1 >"$SUBSYSTEM/namespaces/1/buffered_io" &&
		echo 1 >"$SUBSYSTEM/namespaces/1/enable" &&
		echo rdma >"$TARGET_PORT/addr_trtype" &&
		echo ipv4 >"$TARGET_PORT/addr_adrfam" &&
		echo "$ADDRESS" >"$TARGET_PORT/addr_traddr" &&
		echo 4420 >"$TARGET_PORT/addr_trsvcid" &&
		ln -s "$SUBSYSTEM" "$TARGET_PORT/subsystems/$NQN"
}

connect() {
	echo "transport=rdma,traddr=$ADDRESS,trsvcid=4420,nqn=$NQN,nr_io_queues=2" >/dev/nvme-fabrics
}

# The disk is found by a scan, which is nobody's to wait for.
disk_there() {
	looks=0
	until [ -b "$DISK" ]; do
		looks=$((looks + 1))
		[ "$looks" -lt 20000 ] || return 1
	done
	[ "$(cat /sys/class/block/nvme0n1/size)" = $((MIB * 2048)) ]
}

write_disk() { dd if="$tmp/data" of="$DISK" bs=64k conv=fsync; }
in_file() { cmp "$tmp/data" "$tmp/disk"; }
read_disk() {
	echo 3 >/proc/sys/vm/drop_caches && dd if="$DISK" of="$tmp/back" bs=1M &&
		cmp "$tmp/data" "$tmp/back"
}
# One block in the middle, and no other
write_block() {
	dd if=/dev/urandom of="$tmp/block" bs=4k count=1 &&
		dd if="$tmp/block" of="$tmp/data" bs=4k seek=77 conv=notrunc &&
		dd if="$tmp/block" of="$DISK" bs=4k seek=77 conv=notrunc,fsync && in_file
}
disconnect() { echo 1 >/sys/class/nvme/nvme0/delete_controller && [ ! -e "$DISK" ]; }
no_target() {
	rm "$TARGET_PORT/subsystems/$NQN" && echo 0 >"$SUBSYSTEM/namespaces/1/enable" &&
		rmdir "$TARGET_PORT" "$SUBSYSTEM/namespaces/1" "$SUBSYSTEM"
}
unload() {
	# shellcheck disable=SC2086
	umount /sys/kernel/config && remove $modules
}

dd if=/dev/urandom of="$tmp/data" bs=1M count="$MIB" 2>/dev/null
attempt "the modules are loaded" load
attempt "there is a target" target
attempt "the host connects" connect
attempt "the disk is there, with its size" disk_there
moved "the disk is written, by RDMA" $((MIB << 20)) write_disk
attempt "the target's file has it" in_file
moved "it is read back, by RDMA" $((MIB << 20)) read_disk
attempt "one block is written, and no other" write_block
attempt "the host disconnects" disconnect
attempt "all of it is taken down" eval "no_target && unload"
drivers_silent "$before"
finish
