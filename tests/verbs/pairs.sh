# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034 # used by the scripts
#
# What scripts share that run verbs programs in pairs, a server and a client, over
# whatever device. Source it; it is no test itself.
set -u

here=$(dirname "$0")
PATH=$PATH:$here/bin
# For programs whose caller sees to it that they end.
PROGRAM_TIMEOUT=${FASTWAKE_PROGRAM_TIMEOUT:-120}
# Far more looks than anything takes; they end a test that would hang otherwise.
MAX_LOOKS=200000
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# --- KTAP ---------------------------------------------------------------------

number=0
failures=0

plan() {
	echo "TAP version 13"
	echo "1..$1"
}

skip_all() {
	plan "0 # SKIP $1"
	exit 4
}

ok() {
	number=$((number + 1))
	echo "ok $number $1"
}

# not_ok NAME WHY [FILE]...: with what the programs said
not_ok() {
	number=$((number + 1))
	failures=$((failures + 1))
	echo "not ok $number $1 # $2"
	shift 2
	for f in "$@"; do
		echo "# --- ${f##*/}:"
		awk '{ print "# " $0 }' "$f"	# ends the last line, too
	done
}

finish() {
	[ "$failures" = 0 ] || exit 1
	exit 0
}

# --- pairs of programs -----------------------------------------------------------

port=18514

# wait_for_listener PORT PID: until the server takes connections
wait_for_listener() {
	hex=$(printf '%04X' "$1")
	looks=0
	until grep -qs " [0-9A-F]*:$hex [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6; do
		looks=$((looks + 1))
		[ $looks -lt 20000 ] && kill -0 "$2" 2>/dev/null || return 1
	done
}

# wait_for_cm PORT PID: the same, of the connection manager
wait_for_cm() {
	looks=0
	until rdma resource show cm_id | grep -q "LISTEN.*:$1\\b"; do
		looks=$((looks + 1))
		[ $looks -lt 5000 ] && kill -0 "$2" 2>/dev/null || return 1
	done
}

# run_both WAIT "SERVER ARG..." "CLIENT ARG...": both sides, on $port, what they say in
# $tmp/server and $tmp/client; WAIT is as wait_for_listener. Fails with the reason in $why.
# No argument has a space.
run_both() {
	# shellcheck disable=SC2086
	timeout -k 5 "$PROGRAM_TIMEOUT" $2 >"$tmp/server" 2>&1 &
	server=$!
	: >"$tmp/client"
	if ! "$1" $port $server; then
		why="the server does not listen"
		kill $server 2>/dev/null
		wait $server
		return 1
	fi
	# shellcheck disable=SC2086
	timeout -k 5 "$PROGRAM_TIMEOUT" $3 >"$tmp/client" 2>&1
	client_status=$?
	# The server has nobody to wait for then.
	[ $client_status = 0 ] || kill $server 2>/dev/null
	wait $server
	server_status=$?
	case $client_status in
	0) ;;
	124 | 137) why="the client hung" ;;
	*) why="the client failed with status $client_status" ;;
	esac
	[ $client_status = 0 ] || return 1
	if [ $server_status != 0 ]; then
		why="the server failed with status $server_status"
		return 1
	fi
	if grep -qs 'invalid data' "$tmp/server" "$tmp/client"; then
		why="invalid data"
		return 1
	fi
}

# run_pair SERVER_CPU CLIENT_CPU PROGRAM ARG...: both sides of a program
run_pair() {
	on_server="taskset -c $1" on_client="taskset -c $2"
	shift 2
	port=$((port + 1))
	run_both wait_for_listener "$on_server $* -p $port" "$on_client $* -p $port 127.0.0.1"
}

# run_cm_pair "SERVER ARG..." "CLIENT ARG...": both sides of programs that use
# the connection manager
run_cm_pair() {
	port=$((port + 1))
	run_both wait_for_cm "$1 -p $port" "$2 -p $port"
}
