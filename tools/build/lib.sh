# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What the scripts in this folder share. Source it first.

set -euo pipefail

TOP=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
BUILD=$TOP/build
RESULTS=$BUILD/results
LINUX=$BUILD/linux
CACHE=${FASTWAKE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastwake}
JOBS=$(nproc)

die() {
	printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}
note() { printf '%s\n' "$*" >&2; }
# step WHAT HOW-LONG: announces something that takes a while
step() { printf '=> %s (%s)\n' "$1" "$2" >&2; }

case $TOP$CACHE in
*[[:space:]]*) die "a path with a space ('$TOP', '$CACHE'): kernel builds cannot cope with that; move the checkout or set FASTWAKE_CACHE" ;;
esac

# Git must behave the same everywhere, whatever the user configured, and also
# when the checkout belongs to somebody else, as in a container.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE

# The same source gives the same bytes, and the same ccache entries, in any
# folder and at any time.
export CCACHE_DIR=$CACHE/ccache CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026'
export KBUILD_BUILD_USER=fastwake KBUILD_BUILD_HOST=fastwake KBUILD_BUILD_VERSION=1
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL KCONFIG_CONFIG

lgit() { git -C "$LINUX" "$@"; }

# only_one NAME: lets no second build of the same thing run at a time
only_one() {
	mkdir -p "$BUILD"
	exec 9>"$BUILD/.lock-$1"
	flock -n 9 || {
		note "waiting for another build of '$1' in this checkout"
		flock 9
	}
}

# kernel_src CONFIG: the source tree that CONFIG is built from
kernel_src() {
	case $1 in
	*stock) echo "$BUILD/linux-stock" ;;
	scratch) echo "$BUILD/bisect" ;;
	mutants) echo "$BUILD/linux-mutants" ;;
	*) echo "$LINUX" ;;
	esac
}

# Objects lie in a direct subfolder of their source tree: only then does kbuild
# use relative paths throughout, which is what lets ccache hit across clones and
# across the trees of one clone. build/kernel/CONFIG is a link to it.
kernel_obj() { echo "$(kernel_src "$1")/.build-$1"; }

# kernel_image CONFIG: what QEMU boots
kernel_image() {
	case $1 in
	arm64) echo "$BUILD/kernel/$1/arch/arm64/boot/Image" ;;
	*) echo "$BUILD/kernel/$1/arch/x86/boot/bzImage" ;;
	esac
}

# threaded_qemu: the QEMU for x86-64 guests whose CPUs are threads. With 7.2 one of
# them may go on with a translation of code that another one patches meanwhile: the
# kernel, which patches its tracepoints and static branches, then runs into an int3
# that is no more there; 8.1 is said to lock the code that it translates. With one thread, as with icount, that cannot happen. It
# is rare enough for going on where no newer one can be had.
threaded_qemu() {
	local version
	version=$(qemu-system-x86_64 --version | sed -nE '1s/.* version ([0-9.]+).*/\1/p')
	if printf '%s\n' 8.1 "$version" | sort -CV; then
		command -v qemu-system-x86_64
		return
	fi
	"$TOP/tools/build/toolbox" || {
		note "going on with QEMU $version: should a guest end with 'Oops: int3', it is to blame"
		command -v qemu-system-x86_64
	}
}

# kmake CONFIG ARGUMENTS...: make in the objects of CONFIG. LOCALVERSION is set,
# though empty, lest a "+" for uncommitted work end up in the release's name.
kmake() {
	local config=$1 prefix=
	local -a arch=()
	shift
	case $config in
	arm64) arch=(ARCH=arm64) prefix=aarch64-linux-gnu- ;;
	i386) arch=(ARCH=i386) ;;
	esac
	make -C "$(kernel_src "$config")" O="$(kernel_obj "$config")" "${arch[@]}" \
		CROSS_COMPILE="$prefix" CC="ccache ${prefix}gcc" LOCALVERSION= "$@"
}

# fragments CONFIG: what makes up CONFIG on top of tinyconfig
fragments() {
	local dir=$TOP/tests/vm/config part
	echo "$dir/base.config"
	[[ $1 = *stock ]] || echo "$dir/fastwake.config"
	# Of "mlx5-debug" those of both. "on" and "stock" have none of their own.
	for part in ${1//-/ }; do
		[ ! -e "$dir/$part.config" ] || echo "$dir/$part.config"
	done
}

# configure CONFIG [FRAGMENTS-OF]: brings .config up to date; leaves it alone
# if nothing changed, so that nothing is rebuilt for it.
configure() {
	local src obj key f
	src=$(kernel_src "$1") obj=$(kernel_obj "$1")
	local -a frags
	mapfile -t frags < <(fragments "${2:-$1}")
	mkdir -p "$obj"
	key=$( (git -C "$src" ls-tree -r HEAD | grep Kconfig
		git -C "$src" diff HEAD -- '*Kconfig*'
		cat "${frags[@]}") | sha256sum)
	[ "$key" != "$(cat "$obj/.config.key" 2>/dev/null)" ] || [ ! -e "$obj/.config" ] || return 0
	(
		export KCONFIG_CONFIG=.config.new
		kmake "$1" -s tinyconfig
		cd "$obj"
		KCONFIG_CONFIG=.config.new "$src/scripts/kconfig/merge_config.sh" -m -Q .config.new "${frags[@]}" >.config.log
		kmake "$1" -s olddefconfig
	) </dev/null >"$obj/.config.out" 2>&1 || die "configuring '$1' failed: $(tail -n 5 "$obj/.config.out")"
	cmp -s "$obj/.config.new" "$obj/.config" || cp "$obj/.config.new" "$obj/.config"
	echo "$key" >"$obj/.config.key"
}

# scratch_at COMMIT: puts the scratch tree build/bisect there, configured as "mlx5", as far
# as that commit has the options
scratch_at() {
	local src
	src=$(kernel_src scratch)
	[ -e "$src/.git" ] || {
		lgit worktree prune
		lgit worktree add -q --detach "$src" "$1"
	}
	git -C "$src" checkout -q --detach "$1"
	configure scratch mlx5
}

# mutants_commit: the queue with the faults of tests/mutants on top, as a commit. As in
# tools/build/tree, git's index alone is what the patch is applied to.
MUTANTS_PATCH=$TOP/tests/mutants/mutants.patch
mutants_commit() {
	local dir date tree status=0
	dir=$(mktemp -d "$BUILD/.mutants.XXXXXX")
	GIT_INDEX_FILE=$dir/index lgit read-tree refs/fastwake/queue || status=$?
	if [ $status = 0 ] && ! GIT_INDEX_FILE=$dir/index lgit apply --cached --whitespace=nowarn \
		-v "$MUTANTS_PATCH" >"$dir/log" 2>&1; then
		grep -vE '^(Checking patch|Hunk)' "$dir/log" | head -n 30 >&2
		status=1
	fi
	if [ $status = 0 ]; then
		# The same tree is the same commit.
		date=$(lgit log -1 --format=%cI refs/fastwake/queue)
		tree=$(GIT_INDEX_FILE=$dir/index lgit write-tree)
		GIT_AUTHOR_NAME=FastWake GIT_AUTHOR_EMAIL=fastwake@localhost GIT_AUTHOR_DATE=$date \
			GIT_COMMITTER_NAME=FastWake GIT_COMMITTER_EMAIL=fastwake@localhost GIT_COMMITTER_DATE=$date \
			lgit commit-tree -p refs/fastwake/queue -m "Faults for the tests to find" "$tree" || status=$?
	fi
	rm -rf "$dir"
	return "$status"
}

# object_of FILE: what to build to compile this .c or .S file of the scratch tree.
# Some are included by another, as most of kernel/sched/.
object_of() {
	local src dir name by
	src=$(kernel_src scratch) dir=$(dirname "$1") name=$(basename "$1")
	if ! grep -qsw "${name%.*}\\.o" "$src/$dir/Makefile" "$src/$dir/Kbuild"; then
		by=$(grep -lF "\"$name\"" "$src/$dir"/*.c | head -n 1) || by=
		[ -z "$by" ] || name=$(basename "$by")
	fi
	echo "$dir/${name%.*}.o"
}

# check_config CONFIG: every option that the fragments ask for is really there
check_config() {
	local obj missing
	local -a frags
	obj=$(kernel_obj "$1")
	# Of the base, another architecture takes what it has.
	mapfile -t frags < <(fragments "$1" | if [ "$1" = arm64 ]; then grep -v base.config; else cat; fi)
	missing=$(awk -F= '
		FILENAME == ARGV[ARGC - 1] { have[$1] = $0; next }
		/^CONFIG_[^=]*=/ { want[$1] = $0 }
		/^# CONFIG_.* is not set/ { split($0, w, " "); delete want[w[2]] }
		END { for (o in want) if (have[o] != want[o]) print want[o] }
	' "${frags[@]}" "$obj/.config" | sort | tr '\n' ' ')
	[ -z "$missing" ] || die "the kernel's Kconfig did not take these options of tests/vm/config for '$1': $missing
a dependency is missing, or a patch that adds them is not in the queue"
}

# with_progress LOG ESTIMATE COMMAND...: runs a kernel build with its output in
# LOG and says how far it is. ESTIMATE of 0: unknown.
with_progress() {
	local log=$1 total=$2 interval=30 end=$'\n' n=0 next=$SECONDS line
	shift 2
	[ ! -t 2 ] || interval=2 end=$'\r'
	"$@" 2>&1 </dev/null | {
		while IFS= read -r line; do
			printf '%s\n' "$line"
			case $line in
			"  CC "* | "  AS "* | "  HOSTCC "*) n=$((n + 1)) ;;
			*) continue ;;
			esac
			[ $SECONDS -ge $next ] || continue
			next=$((SECONDS + interval))
			if [ "$total" -gt 0 ]; then
				printf '   %3d %% (%d of about %d objects)%s' \
					$((n < total ? n * 100 / total : 99)) "$n" "$total" "$end" >&2
			else
				printf '   %d objects%s' "$n" "$end" >&2
			fi
		done
		echo "objects $n"
	} >"$log"
}

# Results are lines "PASS name", "FAIL name: why", "SKIP name: why", in a file
# of each stage and on the screen.
results_begin() {
	RESULTS_FILE=$RESULTS/$1
	mkdir -p "$RESULTS"
	: >"$RESULTS_FILE"
}
result() { printf '%s\n' "$*" | tee -a "$RESULTS_FILE"; }
results_failed() { grep -q '^FAIL ' "$RESULTS_FILE"; }

# Asks for room before something big, which is kinder than a half-written tree.
need_space() {
	local have
	mkdir -p "$1"
	have=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$have" -ge "$2" ] || die "$1 has $have GiB free, $3 needs about $2 GiB"
}

# copy_module_sources DIR: what changed of the modules' sources, to DIR
copy_module_sources() {
	local d
	for d in Kbuild fastwake uintr_event include; do
		[ ! -e "$TOP/$d" ] || rsync -a --delete --exclude='*.o' --exclude='*.ko' \
			--exclude='*.mod' --exclude='*.mod.c' --exclude='.*' \
			--exclude=modules.order "$TOP/$d" "$1/"
	done
}

# lane_read NAME: reads a lane's file into LANE_*
lane_read() {
	local file=$TOP/tests/vm/lanes/$1
	[ -f "$file" ] || die "no lane '$1'; there are: $(cd "$TOP/tests/vm/lanes" && echo *)"
	LANE_SMP=2 LANE_MEM=1G LANE_BOOT=free LANE_TIMEOUT=1200 LANE_TEST_TIMEOUT=300
	LANE_APPEND='' LANE_PREEMPT='' LANE_DEVICES='' LANE_PEER='' LANE_IMAGE=''
	# shellcheck disable=SC1090
	. "$file"
	case $LANE_CONFIG/$LANE_MODE in
	stock/none | mlx5-stock/none | rt/none | arm64/none) ;;
	on/* | debug/* | kcsan/* | pti/* | scx/* | mlx5/* | mlx5-debug/* | mlx5-kcsan/*)
		case $LANE_MODE in
		none | off | interrupt | poll) ;;
		*) die "tests/vm/lanes/$1: wrong LANE_MODE" ;;
		esac
		;;
	*) die "tests/vm/lanes/$1: wrong LANE_CONFIG or LANE_MODE" ;;
	esac
	case $LANE_BOOT/$LANE_CLASS in
	free/check | free/check-all | icount/check | icount/check-all | bochs/check | bochs/check-all) ;;
	*) die "tests/vm/lanes/$1: wrong LANE_BOOT or LANE_CLASS" ;;
	esac
	case $LANE_BOOT/$LANE_CONFIG/$LANE_MODE in
	bochs/on/none | bochs/on/poll | bochs/debug/none | bochs/kcsan/none | bochs/pti/none) ;;
	bochs/*) die "tests/vm/lanes/$1: LANE_BOOT=bochs goes with LANE_CONFIG=on, debug, kcsan or pti, and LANE_MODE=none, or on with poll" ;;
	esac
	case $LANE_CONFIG/$LANE_DEVICES in
	mlx5/mlx5* | mlx5-*/mlx5* | */) ;;
	*) die "tests/vm/lanes/$1: LANE_DEVICES needs a LANE_CONFIG with the driver" ;;
	esac
	case $LANE_IMAGE/$LANE_BOOT/$LANE_DEVICES in
	/* | pyverbs/free/ | pyverbs/icount/) ;;
	*) die "tests/vm/lanes/$1: wrong LANE_IMAGE, or not one for its LANE_BOOT or LANE_DEVICES" ;;
	esac
	case $LANE_PREEMPT in
	none | voluntary | full) LANE_APPEND+=" preempt=$LANE_PREEMPT" ;;
	'' | rt) ;;	# as the kernel is configured
	*) die "tests/vm/lanes/$1: wrong LANE_PREEMPT" ;;
	esac
}
