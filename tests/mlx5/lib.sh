# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034 # used by the scripts
#
# What the scripts of this folder share. They run in a guest with the device model,
# where run-tests has loaded the drivers. With FASTWAKE_PEER there is a second guest
# of that address, whose device is on the other end of the cable: servers then run
# there. Source it; it is no test itself.
# shellcheck source=../verbs/pairs.sh
. "$(dirname "$0")/../verbs/pairs.sh"

DEV=mlx5_0
PORT=/sys/class/infiniband/$DEV/ports/1
PCI=$(basename "$(readlink -f /sys/class/infiniband/$DEV/device)")
SERVER_CPU=0
CLIENT_CPU=$(($(nproc) - 1))
ITERS=${FASTWAKE_PINGPONG_ITERS:-300}

# --- the device ----------------------------------------------------------------

# control LINE: asks the model for something; what it says is in $answer
control() {
	{
		printf '%s\n' "$*" >&5
		read -r answer <&5
	} 5<>/dev/control0
	case $answer in
	ok* | '{'*) ;;
	*)
		echo "# control '$*': $answer"
		return 1
		;;
	esac
}

# counter NAME: one of the model's, such as wqes, which are send requests executed
counter() {
	control stats
	value=${answer#*"\"$1\":"}
	echo "${value%%[!0-9]*}"
}

# How many completion interrupts the device has raised.
interrupts() {
	awk '/mlx5_comp/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# What the drivers had to complain about, one a line.
complaints() {
	dmesg -r | sed -n 's/^<[0-4]>\(.*mlx5.*\)/\1/p'
}

# wait_for_requests N: until the device has executed that many more; fails if not
wait_for_requests() {
	goal=$(($(counter wqes) + $1))
	looks=0
	until [ "$(counter wqes)" -ge $goal ]; do
		looks=$((looks + 1))
		[ $looks -lt 2000 ] || return 1
	done
}

# Programs find it when its character device is there, which comes last.
device_there() {
	grep -qs ACTIVE "$PORT/state" &&
		grep -qsx $DEV /sys/class/infiniband_verbs/*/ibdev
}

# wait_for_device: until it is there, with its port up
wait_for_device() {
	looks=0
	until device_there; do
		looks=$((looks + 1))
		[ $looks -lt 20000 ] || return 1
	done
}

# --- results ----------------------------------------------------------------------

# attempt NAME COMMAND...: a result
attempt() {
	what=$1
	shift
	if "$@" >"$tmp/said" 2>&1; then
		ok "$what"
	else
		not_ok "$what" "failed" "$tmp/said"
	fi
}

# moved NAME BYTES COMMAND...: a result: it succeeds, and the device moves that many
moved() {
	what=$1 least=$2
	shift 2
	before_bytes=$(counter bytes)
	if ! "$@" >"$tmp/said" 2>&1; then
		not_ok "$what" "failed" "$tmp/said"
		return
	fi
	bytes=$(($(counter bytes) - before_bytes))
	if [ $bytes -lt "$least" ]; then
		not_ok "$what" "the device moved $bytes bytes only" "$tmp/said"
	else
		ok "$what"
	fi
}

# --- RoCE ------------------------------------------------------------------------

# The address that run-tests gave to the device's network device.
ADDRESS=10.1.0.1

# gid_index TYPE: the index of that address, as a RoCE of this type, such as "RoCE v2"
gid_index() {
	for gid in "$PORT"/gids/*; do
		case $(cat "$gid") in
		*:ffff:0a01:0001) ;;
		*) continue ;;
		esac
		n=${gid##*/}
		[ "$(cat "$PORT/gid_attrs/types/$n")" != "$1" ] || echo "$n"
	done
}

# insert MODULE...: in this order, from those that are in the image
insert() {
	for module in "$@"; do
		insmod "/lib/modules/$module.ko" || return 1
	done
}

# remove MODULE...: the opposite, in the same order
remove() {
	reversed=
	for module in "$@"; do
		reversed="$module $reversed"
	done
	# shellcheck disable=SC2086
	rmmod $reversed
}

# --- traffic that goes on until the device does not ---------------------------------

# start_traffic: a ping-pong by events; returns when it is under way
start_traffic() {
	client=
	port=$((port + 1))
	set -- timeout -k 5 "$PROGRAM_TIMEOUT" ibv_rc_pingpong -d $DEV -e -s 64 -n 100000000 -p $port
	"$@" >"$tmp/server" 2>&1 &
	server=$!
	: >"$tmp/client"
	wait_for_listener $port $server || return 1
	"$@" 127.0.0.1 >"$tmp/client" 2>&1 &
	client=$!
	wait_for_requests 100
}

# traffic_starts NAME: a result: start_traffic succeeds
traffic_starts() {
	if start_traffic; then
		ok "$1"
	else
		not_ok "$1" "there is none" "$tmp/server" "$tmp/client"
	fi
}

# traffic_failed: both sides end by themselves, with an error
traffic_failed() {
	client_status=none
	if [ -n "$client" ]; then
		wait "$client"
		client_status=$?
	fi
	wait "$server"
	server_status=$?
	why="the client ended with $client_status, the server with $server_status"
	[ "$client_status" = 1 ] && [ $server_status = 1 ]
}

# works NAME: a result: the device carries a ping-pong
works() {
	check "$1" "^$ITERS iters in" "$ITERS" pair $SERVER_CPU $CLIENT_CPU ibv_rc_pingpong -d $DEV -e -c -n "$ITERS"
}

# under_traffic NAME COMMAND...: four results: in the middle of traffic the command takes
# the device away and brings it back
under_traffic() {
	name=$1
	shift
	traffic_starts "$name: there is traffic"
	what="$name: it succeeds, and the device comes back"
	if "$@" >"$tmp/said" 2>&1 && wait_for_device; then
		ok "$what"
	else
		not_ok "$what" "it does not" "$tmp/said"
	fi
	what="$name: the programs end with an error"
	if traffic_failed; then
		ok "$what"
	else
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
	fi
	works "$name: the device works"
}

# drivers_silent BEFORE: a result: they said nothing since there were BEFORE complaints
drivers_silent() {
	complaints | sed "1,$1d" >"$tmp/complaints"
	what="the drivers have nothing to complain about"
	if [ -s "$tmp/complaints" ]; then
		not_ok "$what" "they do" "$tmp/complaints"
	else
		ok "$what"
	fi
}

# --- pairs of programs, the server in the other guest if there is one -------------

# remote COMMAND...: what a shell in the other guest says to it
remote() {
	printf '%s\n' "$*" | nc "$FASTWAKE_PEER" 4000
}

# pair SERVER_CPU CLIENT_CPU PROGRAM ARG...: as run_pair
pair() {
	if [ -z "${FASTWAKE_PEER-}" ]; then
		run_pair "$@"
		return
	fi
	server_cpu=$1 client_cpu=$2
	shift 2
	port=$((port + 1))
	: >"$tmp/server"
	: >"$tmp/client"
	server="sh /tests/mlx5/server.sh"
	if [ "$(remote "$server" start $port "$PROGRAM_TIMEOUT" "$server_cpu" "$@" -p $port)" != listens ]; then
		why="the server does not listen"
		remote "$server" stop >"$tmp/server"
		return 1
	fi
	timeout -k 5 "$PROGRAM_TIMEOUT" taskset -c "$client_cpu" "$@" -p $port "$FASTWAKE_PEER" \
		>"$tmp/client" 2>&1
	client_status=$?
	if [ $client_status != 0 ]; then
		remote "$server" stop >"$tmp/server"
		why="the client failed with status $client_status"
		return 1
	fi
	remote "$server" wait >"$tmp/server"
	if ! grep -qx 'status 0' "$tmp/server"; then
		why="the server failed with $(tail -n 1 "$tmp/server")"
		return 1
	fi
	if grep -qs 'invalid data' "$tmp/server" "$tmp/client"; then
		why="invalid data"
		return 1
	fi
}

# check NAME PATTERN REQUESTS COMMAND...: a result: it succeeds, the client said
# PATTERN, unless that is empty, and the device has executed at least that many send requests
check() {
	name=$1 pattern=$2 requests=$3
	shift 3
	why=
	executed=$(counter wqes)
	if ! "$@"; then
		not_ok "$name" "$why" "$tmp/server" "$tmp/client"
		return
	fi
	executed=$(($(counter wqes) - executed))
	if [ -n "$pattern" ] && ! grep -q "$pattern" "$tmp/client"; then
		not_ok "$name" "the client did not say '$pattern'" "$tmp/server" "$tmp/client"
	elif [ $executed -lt "$requests" ]; then
		not_ok "$name" "the device executed only $executed requests" \
			"$tmp/server" "$tmp/client"
	else
		ok "$name"
	fi
}
