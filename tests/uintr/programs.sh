#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The examples of libfwuintr do what they say, and fwbench uintr --stages shows each round.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0

# result STATUS NAME
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		sed 's/^/# /' "$tmp/out"
	fi
}

echo TAP version 13
echo 1..3

handler >"$tmp/out" 2>&1 && grep -qx 'received: 0x[1-9a-f][0-9a-f]*' "$tmp/out"
result $? "handler receives what its thread sends"

shm_epoll -n 500 -s 4096 >"$tmp/out" 2>&1 &&
	grep -qx 'failures: client 0, server 0' "$tmp/out"
result $? "shm_epoll has a response for each request"

# A round that does not fit together, as an emulator's may, is a failure that is shown.
fwbench uintr --stages -n 100 >"$tmp/out" 2>&1
awk '$1 ~ /^(send|notify|deliver|handler|return)$/ { rows++; if ($5 + $6 != 100) wrong = 1 }
	END { exit rows != 5 || wrong }' "$tmp/out"
result $? "fwbench shows the stages of each round"
