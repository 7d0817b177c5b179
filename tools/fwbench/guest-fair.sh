# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# The guest's half of `make bench-fair`, behind guest.sh.

set -- pipe futex switch_to hibernate handover
[ "$kernel" != stock ] || set -- pipe futex

for parties in "" --cgroup --rt; do
	bench "$@" ${parties:+"$parties"} --seconds 5
done
