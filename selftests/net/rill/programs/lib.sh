# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# lib.sh - two hosts and a line between them, what runs there, and a test.
#
# A test is a function in a process of its own that ends at the first command
# that fails.  It finds: dir, a directory for it; port and address of the server;
# wire; server and client, rill or host; family, 4 or 6.

server_ns=rp-s$$
client_ns=rp-c$$
dir=$(mktemp -d)
built=$top/selftests/net/rill/build/programs
rill_run=$top/build/rill_run
python=/usr/bin/python3
line_up=''
declare -A resident=()	# a process on each host, by which its tables are read
SKIP_STATUS=4

tidy() {
	drop_line
	rm -rf "$dir"
}

# prepare_files - what the tests carry, and keys
prepare_files() {
	mkdir "$dir/www" "$dir/keys"
	head -c 1024 /dev/urandom >"$dir/www/small"
	head -c 2000003 /dev/urandom >"$dir/www/large"
	[[ $set_name != full ]] || head -c 100000000 /dev/urandom >"$dir/www/huge"
}

# ---- the line ----

# host_of server|client - its namespace
host_of() {
	[[ $1 = server ]] && echo "$server_ns" || echo "$client_ns"
}

drop_line() {
	local ns

	[[ ${#resident[@]} = 0 ]] || kill "${resident[@]}" || true
	resident=()
	for ns in "$server_ns" "$client_ns"; do
		ip netns del "$ns" 2>/dev/null || true
	done
}

# make_line clean|loss|bad - a lossy line loses a packet in a hundred, a bad one does
# all that a line can do.  tbf cuts what the stack hands down in one piece into
# packets, as a network card does: otherwise netem would lose 64 KB at a time.
make_line() {
	local ns number=1 netem="delay 1ms loss 1%"

	[[ $line_up != "$1" ]] || return 0
	drop_line
	for ns in server client; do
		ip netns add "$(host_of $ns)"
		nsenter --net="/run/netns/$(host_of $ns)" sleep infinity &	# lint: sleep: lives there
		resident[$ns]=$!
	done
	ip -n "$server_ns" link add eth0 type veth peer name eth0 netns "$client_ns"
	for ns in "$server_ns" "$client_ns"; do
		ip -n "$ns" -batch - <<-END
			link set lo up
			addr add 10.18.1.$number/24 dev eth0
			addr add fd18::$number/64 dev eth0 nodad
			link set eth0 up
		END
		number=2
		[[ $1 != clean ]] || continue
		[[ $1 = loss ]] || netem+=" duplicate 1% reorder 95% corrupt 0.2%"
		tc -n "$ns" -batch - <<-END
			qdisc add dev eth0 root handle 1: tbf rate 1gbit burst 1600 limit 10000000
			qdisc add dev eth0 parent 1:1 handle 10: netem $netem limit 10000
		END
	done
	line_up=$1
}

# on server|client COMMAND... - there, as the test wants it to be run
on() {
	local ns=${1}_ns how=${!1}

	shift
	case $how in
	rill) set -- "$rill_run" --wire="$wire" --verify "$@" ;;
	bpf) set -- "$rill_run" --wire="$wire" --bpf "$@" ;;
	esac
	exec nsenter --net="/run/netns/${!ns}" "$@"
}

# ask COMMAND... - on the client's host; a minute has to do
ask() {
	(on client timeout "${patience:-60}" "$@" 2>>"$dir/client.err")
}

servers=()

# serve COMMAND... - on the server's host, until the end of the test or stop
serve() {
	on server "$@" >>"$dir/server.log" 2>>"$dir/server.err" &
	servers+=($!)
	wait_for_listener "$port"
}

stop() {
	local pid

	for pid in "${servers[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	servers=()
}

# listening PORT - on the server's host
listening() {
	local net=/proc/${resident[server]}/net hex

	printf -v hex %04X "$1"
	if [[ $server = host ]]; then
		grep -q ":$hex [0-9A-F]*:0000 0A" "$net/tcp" "$net/tcp6"
	else
		grep -q "^LISTEN .*:$1 " "$net/rill"
	fi
}

# wait_for_listener PORT - looks many times a second, while the server lives
wait_for_listener() {
	local try

	for ((try = 0; try < 600; try++)); do
		! listening "$1" || return 0
		kill -0 "${servers[-1]}" 2>/dev/null || break
		sleep 0.05	# lint: sleep: between two looks at the condition
	done
	echo "the server does not listen on port $1"
	return 1
}

# same FILE FILE - every byte, which says more than a sum
same() {
	cmp "$1" "$2"
}

# ---- who carried it ----

# counters server|client - "OPENS OTHERS AGAIN": opens of Rill in this role, those
# of the host's TCP, and segments that Rill sent again.  Starts no program.
counters() {
	local net=/proc/${resident[$1]}/net role=Active key value names values i
	local -A seen=()

	[[ $1 = client ]] || role=Passive
	while read -r key value; do
		seen[$key]=$value
	done <"$net/rill_snmp"
	while read -ra names && read -ra values; do
		for i in "${!names[@]}"; do
			seen[${names[0]}${names[i]}]=${values[i]}
		done
	done <"$net/snmp"
	counted=("${seen[Rill${role}Opens]}" "${seen[Tcp:${role}Opens]}" "${seen[RillRetransSegs]}")
}

# check_side server|client OPENS OTHERS - a side under rill_run had nothing but Rill
check_side() {
	[[ ${!1} != host ]] || return 0
	counters "$1"
	if ((counted[0] == $2 || counted[1] != $3)); then
		echo "opens by the $1: of Rill $2 to ${counted[0]}, of TCP $3 to ${counted[1]}"
		return 1
	fi
	[[ ${!1} = rill ]] || return 0
	grep -q '^rill_run: .* turned AF_INET' "$dir/$1.err"
	! grep '^rill_run: .* left AF_INET6\{0,1\}, SOCK_STREAM' "$dir/$1.err"
}

# ---- tests ----

skip() {
	echo "SKIP $*"
	exit "$SKIP_STATUS"
}

# want COMMAND... - a machine that lacks one skips the test
want() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is missing: run tools/vm/setup"
	done
}

# The process of a test.
one_test() {
	local name=$1 before_server before_client counted

	set -e
	trap stop EXIT
	port=$((5000 + number * 4))
	address=10.18.1.1 url=$address
	[[ $family = 4 ]] || address=fd18::1 url="[fd18::1]"
	if [[ $name = wrapper:* ]]; then
		"wrapper_${name#*:}"
		return
	fi
	counters server
	before_server=("${counted[@]}")
	counters client
	before_client=("${counted[@]}")
	"test_${name%%:*}"
	stop
	check_side server "${before_server[@]::2}"
	check_side client "${before_client[@]::2}"
}

# Under loss something was sent again, by Rill: 60 tests of luck do not happen.
test_retransmitted() {
	local again

	counters server
	again=${counted[2]}
	counters client
	again=$((again + counted[2]))
	echo "$again segments were sent again"
	((again > 0))
}

show_failure() {
	sed 's/^/# /' "$dir/log"
	{ tail -n 15 "$dir"/*.err "$dir"/*.log 2>/dev/null || true; } | cut -c1-200 | sed 's/^/#   /'
	for ns in "$server_ns" "$client_ns"; do
		nsenter --net="/run/netns/$ns" head -n 12 /proc/net/rill | sed "s/^/#   $ns: /"
	done
}

# run_test NUMBER NAME WIRE SERVER CLIENT PATH FAMILY
run_test() {
	local name=$2 wire=$3 server=$4 client=$5 family=$7 status=0 started=$SECONDS

	make_line "$6"
	rm -f "$dir"/{*.err,*.log,log,up,end}
	case $name in
	static:* | go:*)
		server=${server/rill/bpf}
		client=${client/rill/bpf}
		;;
	retransmitted:*) server=host client=host ;;
	esac
	(one_test "$name") >"$dir/log" 2>&1 &
	wait "$!" || status=$?
	case $status in
	0) echo "ok $1 $name"; passed=$((passed + 1)) ;;
	"$SKIP_STATUS")
		echo "ok $1 $name # SKIP $(sed -n 's/^SKIP //p' "$dir/log")"
		skipped=$((skipped + 1))
		;;
	*)
		show_failure
		echo "not ok $1 $name"
		failed=$((failed + 1))
		;;
	esac
	echo "# $name took $((SECONDS - started)) s"
}
