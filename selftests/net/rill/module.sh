#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Cycles of insmod, one connection, rmmod: module.sh [CYCLES], 1000 by default.
# For a guest that may unload the module; on a debug kernel with kmemleak a scan
# ends it, and what it finds is a failure.
set -u

here=$(dirname "$(readlink -f "$0")")
out=${RILL_SELFTESTS_OUT:-$here/build}
cycles=${1:-1000}
leak=/sys/kernel/debug/kmemleak

case $cycles in
''|*[!0-9]*)
	echo "usage: module.sh [CYCLES]" >&2
	exit 2
	;;
esac
if [ ! -x "$out/modcycle" ]; then
	echo "module.sh: no $out/modcycle: build the selftests first" >&2
	exit 2
fi

[ -e $leak ] && echo clear >$leak
"$out/modcycle" --proto rill --count "$cycles" --verbose
status=$?
if [ -e $leak ]; then
	echo scan >$leak
	echo scan >$leak
	if [ -s $leak ]; then
		cat $leak
		echo "not ok - kmemleak"
		status=1
	else
		echo "# kmemleak: nothing"
	fi
fi
exit $status
