# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The server of a pair, in the guest that does what the other one asks for; no test.
#
#	server.sh start PORT TIMEOUT CPU COMMAND...	says "listens" when it does
#	server.sh wait		what it said, and last "status N"
#	server.sh stop		the same, before its time
# shellcheck source=../verbs/pairs.sh
. /tests/verbs/pairs.sh

dir=/tmp/server
case $1 in
start)
	port=$2 seconds=$3 cpu=$4
	shift 4
	rm -rf $dir
	mkdir $dir
	mkfifo $dir/status
	(
		timeout -k 5 "$seconds" taskset -c "$cpu" "$@" &
		echo $! >$dir/pid
		wait $!
		echo $? >$dir/status
	) >$dir/out 2>&1 </dev/null &
	# shellcheck disable=SC2154 # of pairs.sh
	wait_for_listener "$port" $! && echo listens
	;;
wait | stop)
	[ "$1" = wait ] || kill "$(cat $dir/pid)"
	read -r status <$dir/status
	cat $dir/out
	echo "status $status"
	;;
esac
