# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The guest's half of `make bench-switch`, behind guest.sh.

if [ "$kernel" != on ]; then
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
