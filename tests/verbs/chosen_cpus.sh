#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Only some of the CPUs poll, or none: events of the vectors of the others interrupt,
# not one is lost, and no CPU polls that was not chosen. The ping-pong uses the first
# vector. The parameter of the module means the same as the file.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
MODULE=/lib/modules/fastwake.ko
read -r initial_mode <$FASTWAKE/mode
read -r initial_cpus <$FASTWAKE/cpus
last_cpu=$(($(nproc) - 1))
plan $((last_cpu + 4))

# polls_but CPU: how often the CPUs polled, without this one
polls_but() {
	total=0
	for f in "$FASTWAKE"/cpu*/polls; do
		[ "$f" != "$FASTWAKE/cpu$1/polls" ] || continue
		read -r polls <"$f"
		total=$((total + polls))
	done
	echo $total
}

pingpong() {
	rc_pingpong 0 "$last_cpu" -e -n "$ITERS"
}

# choose CPU: nothing for none
choose() {
	what="CPU ${1:-none} polls"
	why="cpus does not take it"
	# What was under way before the choice is over after the first run.
	if ! echo "$1" >$FASTWAKE/cpus || ! pingpong; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
		return
	fi
	before=$(polls_but "$1")
	if ! pingpong; then
		not_ok "$what" "$why" "$tmp/server" "$tmp/client"
	elif [ "$(polls_but "$1")" != "$before" ]; then
		not_ok "$what" "others polled"
	else
		ok "$what"
	fi
}

echo poll >$FASTWAKE/mode
choose ""
cpu=0
while [ $cpu -le $last_cpu ]; do
	choose $cpu
	cpu=$((cpu + 1))
done

echo "$initial_cpus" >$FASTWAKE/cpus
what="all that were chosen before poll again"
why=
if pingpong; then
	ok "$what"
else
	not_ok "$what" "$why" "$tmp/server" "$tmp/client"
fi

# loaded_with CPUS PARAMETER...: the module has these CPUs when it is loaded like that
loaded_with() {
	want=$1
	shift
	rmmod fastwake && insmod $MODULE "$@" && read -r now <$FASTWAKE/cpus && [ "$now" = "$want" ]
}

what="cpus= of the module"
if loaded_with "" cpus= && loaded_with 0 cpus=0 && loaded_with "0-$last_cpu" mode="$initial_mode"; then
	ok "$what"
else
	not_ok "$what" "not '$want' but '${now-}'"
	[ -e $FASTWAKE ] || insmod $MODULE mode="$initial_mode"
fi
echo "$initial_cpus" >$FASTWAKE/cpus
finish
