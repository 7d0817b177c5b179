#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2317,SC2086 # attempt() calls most of the functions
#
# fastwake(8): what it shows is what sysfs and rdma(8) say, what it sets is what sysfs
# then has, what it cannot do it says, and its JSON is JSON.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MODULE=/lib/modules/fastwake.ko
last_cpu=$(($(nproc) - 1))

[ -e $FASTWAKE ] || skip_all "fastwake.ko is not loaded"
read -r initial_mode <$FASTWAKE/mode
plan 19

# attempt NAME COMMAND...: a result; what is wrong COMMAND writes to $tmp/why
attempt() {
	what=$1
	shift
	: >"$tmp/why"
	if "$@" && [ ! -s "$tmp/why" ]; then
		ok "$what"
	else
		not_ok "$what" "$(head -n 1 "$tmp/why")" "$tmp/why" "$tmp/out" "$tmp/err"
	fi
}

wrong() {
	echo "$*" >>"$tmp/why"
	return 1
}

# tool ARG...: has to succeed, without any message; $tmp/out is what it says
tool() {
	fastwake "$@" >"$tmp/out" 2>"$tmp/err" || wrong "'fastwake $*' ends with status $?"
	[ ! -s "$tmp/err" ] || wrong "'fastwake $*' has something to say"
}

# fails STATUS PATTERN ARG...: has to fail, and to say why, and to show nothing
fails() {
	expected=$1 pattern=$2
	shift 2
	fastwake "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ $status = "$expected" ] || wrong "'fastwake $*' ends with status $status, not $expected"
	grep -q "$pattern" "$tmp/err" || wrong "'fastwake $*' does not say '$pattern'"
	[ ! -s "$tmp/out" ] || wrong "'fastwake $*' shows something"
}

# has FILE VALUE: in sysfs
has() {
	read -r value <"$FASTWAKE/$1" || :
	[ "$value" = "$2" ] || wrong "$1 is '$value', not '$2'"
}

# said LINE: among what was shown
said() {
	grep -qxF -- "$1" "$tmp/out" || wrong "no line '$1'"
}

# Is $tmp/out one JSON value? All strings become S, all other scalars V, and then each
# object and array of such, from the innermost one, a V.
json_ok() {
	awk '
	{ s = s $0 "\n" }
	END {
		gsub(/"([^"\\]|\\["\\\/bfnrt]|\\u[0-9a-f][0-9a-f][0-9a-f][0-9a-f])*"/, "S", s)
		gsub(/-?(0|[1-9][0-9]*)|true|false|null/, "V", s)
		gsub(/[ \n]+/, "", s)
		while (gsub(/\{\}|\[\]|\{S:[SV](,S:[SV])*\}|\[[SV](,[SV])*\]/, "V", s))
			;
		exit s != "V"
	}' "$tmp/out" || wrong "no JSON: $(head -c 200 "$tmp/out")"
}

# --- settings -------------------------------------------------------------------------

settings_are_shown() {
	read -r mode <$FASTWAKE/mode
	read -r cpus <$FASTWAKE/cpus
	read -r source <$FASTWAKE/source
	read -r spin <$FASTWAKE/spin_us
	read -r safety <$FASTWAKE/safety_us
	read -r irq_events <$FASTWAKE/irq_events
	read -r on <$FASTWAKE/affinity
	read -r after <$FASTWAKE/move_after
	read -r interval <$FASTWAKE/move_interval_ms
	read -r irqs <$FASTWAKE/irq_affinity
	affinity=on irq_affinity=on
	[ "$on" = 1 ] || affinity=off
	[ "$irqs" = 1 ] || irq_affinity=off
	rest=" irq-events $irq_events affinity $affinity irq-affinity $irq_affinity move-after $after move-interval-ms $interval"
	for args in show sh "settings show" settings; do
		# shellcheck disable=SC2086
		tool $args
		said "mode $mode cpus $cpus source $source spin-us $spin safety-us $safety$rest"
	done
}

modes_are_set() {
	for mode in off interrupt poll; do
		tool set mode $mode && has mode $mode || return
	done
	tool se m o && has mode off || return
	tool settings set mode int && has mode interrupt
}

several_are_set() {
	tool set mode poll source cq spin-us 7 cpus "$last_cpu" safety-us 0500 || return
	has mode poll && has source cq && has cpus "$last_cpu" && has spin_us 7 && has safety_us 500 || return
	tool show && said "mode poll cpus $last_cpu source cq spin-us 7 safety-us 500$rest" || return
	tool set cpus none source eq && has cpus "" && has source eq && tool show || return
	said "mode poll cpus none source eq spin-us 7 safety-us 500$rest"
	tool set cpus all spin-us 50 safety-us 1000 mode off && has cpus "0-$last_cpu"
}

kernel_refuses() {
	fails 1 '"1000001" for spin-us, which is 0 to 1000000' set spin-us 1000001
	fails 1 '"5" for safety-us, which is 10 to' set safety-us 5
	fails 1 '"4000" for cpus, which is' set cpus 4000
	fails 1 '"1-" for cpus, which is' set cpus 1-
	fails 1 '"100001" for irq-events, which is 0 to 100000' set irq-events 100001
	fails 1 '"0" for move-after, which is at least 1' set move-after 0
	fails 1 '"3600001" for move-interval-ms' set move-interval-ms 3600001
	has spin_us 50 && has safety_us 1000 && has move_after "$after"
}

affinity_is_set() {
	tool set affinity off && has affinity 0 && tool set affinity on && has affinity 1 || return
	tool set move-after 9 move-interval-ms 12 irq-events 77 || return
	has move_after 9 && has move_interval_ms 12 && has irq_events 77 || return
	tool set irq-affinity on && has irq_affinity 1 && tool set irq-affinity off || return
	has irq_affinity 0 && tool set irq-affinity $irq_affinity || return
	tool set affinity $affinity move-after "$after" move-interval-ms "$interval" irq-events "$irq_events"
}

bad_words_fail() {
	fails 255 'Object "bogus" is unknown, try "fastwake help"' bogus
	fails 255 'Usage: fastwake' bogus
	fails 255 'Option "-x" is unknown' -x show
	fails 255 'Usage: fastwake' -j
	fails 255 'Command "bogus" is unknown, try "fastwake settings help"' settings bogus
	fails 255 'Command "bogus" is unknown, try "fastwake stat help"' stat bogus
	fails 255 'Command "bogus" is unknown, try "fastwake vector help"' vector show bogus
	fails 255 'Command "bogus" is unknown, try "fastwake cq help"' cq bogus
	fails 255 'Setting "colour" is unknown' set colour red
	fails 255 'which setting' set
	fails 255 '"mode" needs a value' set mode
	fails 255 '"dev" needs a value' vector show dev
	fails 255 'argument "fast" is wrong: mode is off, interrupt or poll' set mode fast
	fails 255 'argument "1s" is wrong: spin-us is' set spin-us 1s
	fails 255 'argument "q" is wrong: source is eq or cq' set source q
	fails 255 'duplicate "mode"' set mode off m poll
	fails 255 'argument "1-x" is wrong' stat cpu 1-x
	fails 255 'argument "all" is wrong: pid takes' cq pid all
}

# Nothing is set if anything is wrong.
bad_words_change_nothing() {
	fails 255 'argument "fast" is wrong' set spin-us 9 mode fast
	has spin_us 50
}

help_teaches() {
	for level in "" settings set stat vector cq; do
		# shellcheck disable=SC2086
		tool $level help
		grep -q '^Usage: fastwake' "$tmp/out" || wrong "'$level help' is no help"
	done
	tool -V && grep -q '^fastwake utility' "$tmp/out" || wrong "-V tells no version"
}

# Anybody may look; only root may change anything.
needs_root() {
	cat >"$tmp/try" <<-'TRY'
		fastwake set mode poll
		echo $?
		fastwake stat >/dev/null && fastwake show >/dev/null && fastwake vector >/dev/null
		echo $?
	TRY
	chmod 755 "$tmp"
	su -s /bin/sh nobody -c ". $tmp/try" >"$tmp/out" 2>"$tmp/err"
	[ "$(tr '\n' ' ' <"$tmp/out")" = "1 0 " ] || wrong "the status of each is not 1 and 0"
	grep -q 'no permission to set mode' "$tmp/err" || wrong "it does not say so"
	has mode off
}

# --- counters ---------------------------------------------------------------------------

# counters CPU: of sysfs, as JSON has them, sorted
counters() {
	for f in "$FASTWAKE/cpu$1"/*; do
		case ${f##*/} in vectors | movable) continue ;; esac
		read -r value <"$f"
		echo "\"${f##*/}\":$value"
	done | sort
}

# With mode=off nothing moves, so the two can be compared.
counters_are_shown() {
	tool -j stat && json_ok || return
	tr '}' '\n' <"$tmp/out" >"$tmp/objects"
	cpu=0
	while [ $cpu -le $last_cpu ]; do
		counters $cpu >"$tmp/expected"
		grep -F "{\"cpu\":$cpu," "$tmp/objects" | sed 's/.*{"cpu":[0-9]*,//' | tr ',' '\n' |
			sort >"$tmp/got"
		[ -s "$tmp/expected" ] || wrong "there are no counters"
		cmp -s "$tmp/expected" "$tmp/got" || wrong "those of CPU $cpu: $(tr '\n' ' ' <"$tmp/got")"
		cpu=$((cpu + 1))
	done
}

some_cpus_are_shown() {
	tool stat cpu "$last_cpu" show
	[ "$(grep '^cpu ' "$tmp/out")" = "cpu $last_cpu" ] || wrong "not CPU $last_cpu alone"
	# shellcheck disable=SC2013
	for value in $(cat "$FASTWAKE/cpu$last_cpu/direct_wakes"); do
		grep -q " direct_wakes $value " "$tmp/out" || wrong "no direct_wakes $value"
	done
	tool stat show cpu "0-$last_cpu"
	[ "$(grep -c '^cpu ' "$tmp/out")" = $((last_cpu + 1)) ] || wrong "not all CPUs"
	fails 1 'no CPU 4000' stat cpu 0,4000
}

# --- vectors -------------------------------------------------------------------------------

# rxe has one for each possible CPU, in their order.
vectors_are_shown() {
	tool set mode poll cpus 0
	tool vector
	cpu=0
	while [ $cpu -le $last_cpu ]; do
		delivery=poll
		[ $cpu = 0 ] || delivery=interrupt
		read -r vectors <$FASTWAKE/cpu$cpu/vectors
		[ "$vectors" = "$DEV:$cpu" ] || wrong "vectors of CPU $cpu: '$vectors'"
		said "dev $DEV vector $cpu cpu $cpu delivery $delivery moves yes"
		cpu=$((cpu + 1))
	done
	tool vector show dev $DEV
	[ "$(wc -l <"$tmp/out")" = $((last_cpu + 1)) ] || wrong "not $((last_cpu + 1)) lines"
	fails 1 'no RDMA device "rxe9"' vector dev rxe9
	tool set cpus "0-$last_cpu" mode off
}

# rxe can move CQs, whether it is to or not.
moves_are_shown() {
	for mode in off poll; do
		for on in off on; do
			tool set mode $mode affinity $on
			cpu=0
			while [ $cpu -le $last_cpu ]; do
				has cpu$cpu/movable "$DEV:$cpu"
				cpu=$((cpu + 1))
			done
			tool vector show dev $DEV
			! grep -v ' moves yes$' "$tmp/out" || wrong "not all of them move"
			tool -j vector show dev $DEV && json_ok
			[ "$(tr '}' '\n' <"$tmp/out" | grep -c ',"moves":true$')" = $((last_cpu + 1)) ] ||
				wrong "JSON does not say so"
		done
	done
	tool set mode off affinity $affinity
}

# A device that goes takes its vectors along.
vectors_go() {
	rdma link del $DEV && tool vector || return
	[ ! -s "$tmp/out" ] || wrong "there are some without a device"
	has cpu0/movable ""
	rdma link add $DEV type rxe netdev lo && wait_for_gid || wrong "$DEV does not come back"
	tool vector dev $DEV
}

# --- completion queues -------------------------------------------------------------------------

# hold PROGRAM ARG...: a server that nobody connects to: it has its CQ meanwhile
hold() {
	port=$((port + 1))
	"$@" -d $DEV -g "$(gid_index)" -p $port >"$tmp/server" 2>&1 &
	server=$!
	wait_for_listener $port $server || wrong "the server does not listen"
}

let_go() {
	kill $server
	wait $server || :
} 2>/dev/null

# shown_cq COMM VECTOR: the CQ of $server, by itself and among all, and as rdma has it
shown_cq() {
	tool cq pid $server
	grep -qE "^dev $DEV cqn [0-9]+ cqe [0-9]+ pid $server comm $1 vector $2 cpu $2\$" \
		"$tmp/out" || wrong "not with vector $2 and CPU $2"
	[ "$(wc -l <"$tmp/out")" = 1 ] || wrong "not one CQ"
	line=$(cat "$tmp/out")
	tool cq show dev $DEV && said "$line"
	tool cq && said "$line"
	cqn=${line#* cqn } cqn=${cqn%% *}
	rdma -dd resource show cq dev $DEV cqn "$cqn" >"$tmp/rdma"
	tr '\n' ' ' <"$tmp/rdma" |
		grep -qE " pid $server .* drv_comp_vector $2 +drv_cpu $2 " ||
		wrong "rdma: $(tr '\n' ' ' <"$tmp/rdma")"
	tool -j cq show pid $server && json_ok
	grep -qF "\"pid\":$server,\"comm\":\"$1\",\"vector\":$2,\"cpu\":$2}" "$tmp/out" ||
		wrong "JSON without the owner or the vector"
}

cq_is_shown() {
	hold ibv_rc_pingpong -e
	shown_cq ibv_rc_pingpong 0
	let_go
	tool cq pid $server
	[ ! -s "$tmp/out" ] || wrong "it is still there without its program"
	fails 1 'no RDMA device "rxe9"' cq show dev rxe9
}

vector_of_cq_is_shown() {
	hold epoll_pingpong -v "$last_cpu"
	shown_cq epoll_pingpong "$last_cpu"
	let_go
}

# --- JSON ---------------------------------------------------------------------------------------

# A program can have any name.
json_is_valid() {
	odd='a"b\c	d'
	cp "$(command -v ibv_rc_pingpong)" "$tmp/$odd"
	hold "$tmp/$odd" -e
	for args in show settings stat vector cq; do
		tool -j $args && json_ok
		tool -json -pretty $args && json_ok
		tool -jp $args && json_ok
		[ "$(wc -l <"$tmp/out")" -gt 3 ] || wrong "$args is not pretty"
	done
	grep -qF '"comm": "a\"b\\c\u0009d"' "$tmp/out" || wrong "the name is another one"
	let_go
	# Numbers are numbers, and lists are lists.
	tool -j show
	grep -qF "\"cpus\":[$(seq -s , 0 "$last_cpu")],\"source\":\"eq\",\"spin-us\":50,\"safety-us\":1000" "$tmp/out" ||
		wrong "settings: $(cat "$tmp/out")"
}

# --- without the module ---------------------------------------------------------------------------

module_is_missed() {
	rmmod fastwake || wrong "rmmod failed"
	for args in show "set mode off" stat vector; do
		# shellcheck disable=SC2086
		fails 1 'fastwake is not loaded' $args
	done
	# That is the RDMA core's.
	tool cq
	insmod $MODULE mode="$initial_mode" || wrong "insmod failed"
	tool show
}

attempt "settings are shown" settings_are_shown
attempt "modes are set" modes_are_set
attempt "several settings are set at once" several_are_set
attempt "what the kernel refuses is told" kernel_refuses
attempt "affinity and its limits are set" affinity_is_set
attempt "bad words fail" bad_words_fail
attempt "bad words change nothing" bad_words_change_nothing
attempt "each level has help" help_teaches
attempt "setting takes root" needs_root
attempt "counters are those of sysfs" counters_are_shown
attempt "counters of some CPUs" some_cpus_are_shown
attempt "vectors are those of sysfs" vectors_are_shown
attempt "whether CQs move" moves_are_shown
attempt "vectors go with their device" vectors_go
attempt "the CQ of a running program" cq_is_shown
attempt "the vector of a CQ" vector_of_cq_is_shown
attempt "JSON is valid" json_is_valid
attempt "without the module it says so" module_is_missed
echo "$initial_mode" >$FASTWAKE/mode
attempt "the settings are as before" has mode "$initial_mode"
finish
