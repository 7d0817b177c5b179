#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317 # functions are called by name
#
# NFS by RDMA: the kernel serves a folder, and mounts it, over the one device. Version 4
# needs no program that answers: what mountd would tell the kernel about who may have
# what is written to it beforehand.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MIB=8
FOR_EVER=2147483647
# So many seconds no file is opened, for clients of before. It takes no less.
GRACE=10
# NFSEXP_INSECURE_PORT, _ASYNC, _NOSUBTREECHECK and _FSID of uapi/linux/nfsd/export.h
FLAGS=$((0x2 | 0x10 | 0x400 | 0x2000))
modules="sunrpc oid_registry auth_rpcgss grace lockd exportfs nfsd dns_resolver nfs nfsv4 rpcrdma"
plan 9
before=$(complaints | wc -l)

load() {
	# shellcheck disable=SC2086
	insert $modules && mount -t nfsd nfsd /proc/fs/nfsd
}

serve() {
	mkdir "$tmp/export" "$tmp/mounted" && chmod 777 "$tmp" "$tmp/export" &&
		echo "-3 -4.0 +4.1" >/proc/fs/nfsd/versions &&
		echo "nfsd $ADDRESS $FOR_EVER guest" >/proc/net/rpc/auth.unix.ip/channel &&
		echo "guest $tmp/export $FOR_EVER $FLAGS 0 0 0" >/proc/net/rpc/nfsd.export/channel &&
		printf 'guest 1 \\x00000000 %s %s\n' "$FOR_EVER" "$tmp/export" >/proc/net/rpc/nfsd.fh/channel &&
		echo "$GRACE" >/proc/fs/nfsd/nfsv4gracetime && echo 2 >/proc/fs/nfsd/threads &&
		echo "rdma 20049" >/proc/fs/nfsd/portlist
}

mount_it() {
	mount -t nfs4 -o "clientaddr=$ADDRESS,vers=4.1,proto=rdma,port=20049" \
		"$ADDRESS:/" "$tmp/mounted" && grep "$tmp/mounted.*proto=rdma" /proc/mounts
}

write_file() { dd if="$tmp/data" of="$tmp/mounted/file" bs=1M conv=fsync; }
served() { cmp "$tmp/data" "$tmp/export/file"; }
# Mounted anew, as what the client has in its cache comes by nothing.
read_file() {
	umount "$tmp/mounted" && mount_it && cmp "$tmp/data" "$tmp/mounted/file"
}
many_files() {
	for n in 1 2 3 4 5 6 7 8 9; do
		echo "number $n" >"$tmp/mounted/$n" && mv "$tmp/mounted/$n" "$tmp/mounted/n$n" || return 1
	done
	[ "$(cat "$tmp"/export/n* | wc -l)" = 9 ] && rm "$tmp"/mounted/n* && [ ! -e "$tmp/export/n1" ]
}
unload() {
	# shellcheck disable=SC2086
	umount "$tmp/mounted" && echo 0 >/proc/fs/nfsd/threads && umount /proc/fs/nfsd &&
		remove $modules
}

dd if=/dev/urandom of="$tmp/data" bs=1M count="$MIB" 2>/dev/null
attempt "the modules are loaded" load
attempt "a folder is served" serve
attempt "it is mounted by RDMA" mount_it
moved "a file is written, by RDMA" $((MIB << 20)) write_file
attempt "it is in the folder" served
moved "it is read back, by RDMA" $((MIB << 20)) read_file
attempt "files are made, renamed and removed" many_files
attempt "all of it is taken down" unload
drivers_silent "$before"
finish
