# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The guest's half of `make bench-switch`: runs fwbench and reports each of its
# JSON lines. tools/fwbench/report-switch puts in front:
#   kernel  on or stock

rows=/tmp/rows

# Reported only when the program has ended: nobody else runs while it measures.
bench() { # ARGUMENTS OF fwbench switch
	echo "bench: fwbench switch $*"
	status=0
	fwbench switch --format json "$@" >$rows || status=$?
	while read -r row; do
		report "DATA $row"
	done <$rows
	[ $status = 0 ] || exit $status
}

if [ "$kernel" = stock ]; then
	bench pipe eventfd futex --who all --placement all --rounds 2000 --warmup 200
	exit 0
fi

bench --who all --placement all --rounds 2000 --warmup 200
for many in 16:1000 64:500 256:300; do
	bench switch_to hibernate handover futex --who all \
		--threads "${many%:*}" --rounds "${many#*:}" --warmup 50
done
# What a program in a container has, and then what two containers have.
for split in "" --cgroup-split; do
	bench switch_to hibernate handover futex --who process \
		--cgroup-depth 4 ${split:+"$split"} --rounds 2000 --warmup 200
done
