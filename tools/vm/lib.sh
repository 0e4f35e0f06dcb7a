# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# lib.sh - what the scripts of tools/vm share: messages, the cache, locks, apt.
#
# Sourced.  Sets vm_dir (this directory) and cache (where kernels, builds and
# logs are kept; RILL_CACHE overrides it).

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rill}
daemons_dir=$cache/daemons
vm_me=$(basename "$0")
vm_kernels='6.1 6.12 uml uml-debug'

# say TEXT... : a line for the user, kept off standard output.
say() {
	printf '%s: %s\n' "$vm_me" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# usage_error TEXT... : what was wrong with the arguments, in one line.
usage_error() {
	say "$* (see $vm_me --help)"
	exit 2
}

# help_text FILE : prints the comment at the top of a script.
help_text() {
	sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$1"
}

check_kernel() {
	[[ " $vm_kernels " == *" $1 "* ]] ||
		usage_error "unknown kernel '$1': one of $vm_kernels"
}

is_uml() {
	[[ $1 == uml* ]]
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "'$tool' is missing: run tools/vm/setup"
	done
}

# lock NAME : one process at a time from here to the end of this (sub)shell.
lock() {
	local fd
	mkdir -p "$cache/lock"
	exec {fd}>"$cache/lock/$1"
	flock "$fd"
}

# refresh_apt : before something is fetched; what apt knew must do where it fails.
refresh_apt() {
	(( EUID != 0 )) || apt-get -qq update >/dev/null 2>&1 || true
}

# newest_package PATTERN : the highest-versioned package name that matches.
newest_package() {
	local name
	name=$(apt-cache --names-only search "$1" | cut -d' ' -f1 | sort -V | tail -n1)
	[[ -n $name ]] || die "apt knows no package $1"
	echo "$name"
}

package_version() {
	apt-cache show --no-all-versions "$1" | awk '$1 == "Version:" && !seen++ { print $2 }'
}

# unpack_package PACKAGE DIR : its files below DIR, without installing it.
unpack_package() {
	local tmp deb
	tmp=$(mktemp -d "$cache/deb.XXXXXX")
	(
		cd "$tmp" || exit
		apt-get -qq -o APT::Sandbox::User=root download "$1" >&2 ||
			die "cannot download package $1"
		deb=(*.deb)
		dpkg-deb -x "${deb[0]}" "$2"
	)
	rm -rf "$tmp"
}
