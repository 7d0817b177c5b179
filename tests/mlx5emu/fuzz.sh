#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fuzz the mlx5 device model: fuzz.sh SECONDS [OUTPUT [KSRC]]
#
# OUTPUT and KSRC are as in the Makefile. The tests leave the seeds. What crashes
# it is left in OUTPUT/fuzz/crash-*; "OUTPUT/fuzz_emu FILE" shows it again.
set -eu

if [ $# -lt 1 ]; then
	sed -n '4,7s/^# \{0,1\}//p' "$0"
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
seconds=$1
output=${2:-$here/../../build/tests/mlx5emu}
ksrc=${3:-$here/../../build/linux}

make -s -C "$here" OUTPUT="$output" KSRC="$ksrc" all fuzzer
rm -rf "$output/fuzz"
mkdir -p "$output/fuzz/seeds" "$output/fuzz/corpus"
for t in "$here"/test_*.c; do
	name=$(basename "$t" .c)
	case $name in
	test_lib*) continue ;;
	esac
	MLX5EMU_CORPUS=$output/fuzz/seeds "$output/$name" >"$output/fuzz/$name.log" 2>&1 || {
		echo "not ok fuzz: $name failed, so there are no seeds"
		exit 1
	}
done
log=$output/fuzz/log
status=0
"$output/fuzz_emu" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=4096 -timeout=20 \
	-print_final_stats=1 -artifact_prefix="$output/fuzz/" "$output/fuzz/corpus" \
	"$output/fuzz/seeds" >"$log" 2>&1 || status=$?
sed -nE '/^(stat::|SUMMARY)|ERROR:|runtime error/s/^/# /p' "$log"
if [ $status = 0 ]; then
	echo "ok fuzz: $seconds seconds"
else
	echo "not ok fuzz: see $log"
fi
exit $status
