# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154
#
# What the guest's half of each benchmark begins with; tools/fwbench/report puts
# in front:
#   kernel     on, stock, or unused: on, and nobody calls what the patches add
#   benchmark  subcommand of fwbench

rows=/tmp/rows

# bench ARGUMENTS: runs it, and reports each of its JSON lines. Only when the
# program has ended: nobody else runs while it measures.
bench() {
	echo "bench: fwbench $benchmark $*"
	status=0
	fwbench "$benchmark" --format json "$@" >$rows || status=$?
	while read -r row; do
		report "DATA $row"
	done <$rows
	[ $status = 0 ] || exit $status
}
