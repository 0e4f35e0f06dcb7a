# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by compare and fairness, in the top directory.

me=$(basename "$0")

fail() {
	echo "$me: $1" >&2
	exit 2
}

# numbers NAME LOW HIGH VALUE - VALUE must be numbers in these bounds, with commas
numbers() {
	local one

	[[ $4 =~ ^[0-9.]+(,[0-9.]+)*$ ]] || fail "$1 is numbers with commas between, not \"$4\""
	for one in ${4//,/ }; do
		number "$1" "$2" "$3" "$one"
	done
}

number() {
	[[ $4 =~ ^([0-9]+\.?|[0-9]*\.[0-9]+)$ ]] || fail "$1 is a number, not \"$4\""
	awk -v x="$4" -v a="$2" -v b="$3" 'BEGIN { exit !(x >= a && x <= b) }' ||
		fail "$1 is from $2 to $3, not $4"
}

flow() {
	[[ $2 =~ ^(tcp|rill|inet|rill-tcp|rill-udp)(:[a-z0-9_]{1,15})?$ ]] ||
		fail "$1 takes tcp, rill, inet, rill-tcp or rill-udp, with :ALGORITHM if wanted, not \"$2\""
}

# run_guest ARGUMENT... - tools/lab/guest, where idle time takes no time
run_guest() {
	[[ $EUID -eq 0 ]] ||
		fail "must run as root: it starts a virtual machine on this machine's file system"
	# shellcheck source=tools/check/prepare
	. tools/check/prepare
	prepare "$me" uml
	mkdir -p build/lab
	local module=()
	[[ $* = *rill* || $* = *inet* ]] || module=(--no-module)
	tools/vm/run --kernel uml --time-travel --mem 2G --timeout 7200 "${module[@]}" -- \
		tools/lab/guest "$@" --program build/rill_flow | tee "build/lab/$me.txt"
}
