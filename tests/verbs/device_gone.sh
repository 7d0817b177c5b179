#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The device is removed while a reader is blocked on its completion channel. A
# driver that can take the device from its users ends the read with an error; rxe
# cannot, so there the removal waits until the program is gone. Either way the
# removal completes, and a new device works.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

plan 5
port=$((port + 1))
g=$(gid_index)

# sleeps_in PID NR: blocked in this system call?
sleeps_in() {
	read -r nr rest <"/proc/$1/syscall" && [ "$nr" = "$2" ]
} 2>/dev/null

state_of() {
	sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null
}

# exec: the shell's child is the program itself, to be stopped and killed.
start() {
	exec ibv_rc_pingpong -e -d $DEV -g "$g" -s 64 -n 100000000 -p $port "$@"
}

start >"$tmp/server" 2>&1 &
server=$!
what="a reader is blocked"
wait_for_listener $port $server
start 127.0.0.1 >"$tmp/client" 2>&1 &
client=$!
# The other side falls silent in the middle of the traffic: not before it has stopped,
# and what is on its way then wakes the reader once more.
looks=0 settled=0
if wait_for_packets 100 && kill -STOP $client; then
	until [ $settled = 100 ] || [ $looks = 20000 ]; do
		looks=$((looks + 1))
		settled=$((settled + 1))
		[ "$(state_of $client)" = T ] && sleeps_in $server 0 || settled=0
	done
fi
if [ $settled = 100 ]; then
	ok "$what"
else
	not_ok "$what" "the server is not in read()" "$tmp/server" "$tmp/client"
fi

# Until the reader ends, or the removal waits for it.
rdma link del $DEV >"$tmp/del" 2>&1 &
del=$!
looks=0
while kill -0 $server 2>/dev/null && [ "$(state_of $del)" != D ] && [ $looks -lt 20000 ]; do
	looks=$((looks + 1))
done
what="the reader ends or the removal waits for it"
if [ $looks -lt 20000 ]; then
	ok "$what"
else
	not_ok "$what" "neither" "$tmp/del" "$tmp/server"
fi

kill -KILL $server $client 2>/dev/null
wait $server $client 2>/dev/null
what="the removal completes"
if wait $del && [ ! -e /sys/class/infiniband/$DEV ]; then
	ok "$what"
else
	not_ok "$what" "rdma link del failed, or the device is still there" "$tmp/del"
fi

what="the device comes back"
if rdma link add $DEV type rxe netdev lo >"$tmp/add" 2>&1 && wait_for_gid; then
	ok "$what"
else
	not_ok "$what" "rdma link add failed, or no GID for 127.0.0.1" "$tmp/add"
fi

what="and works"
why=
if rc_pingpong 0 0 -e -n 100; then
	ok "$what"
else
	not_ok "$what" "$why" "$tmp/server" "$tmp/client"
fi
finish
