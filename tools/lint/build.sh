# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by lint: checks that compile.  Each kernel gets a copy of the source
# below build/lint, so that builds for different kernels never meet.
out=${out:-build/lint}

# kernel_var KERNEL NAME - what tools/vm/kernel says
kernel_var() {
	(
		eval "$(tools/vm/kernel "$1")"
		printf '%s\n' "${!2}"
	)
}

uml_is_there() {
	local cache=${RILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rill}

	compgen -G "$cache/uml-[0-9]*/complete" >/dev/null
}

# kbuild KERNEL ARGUMENT... - make in the copy; output goes to its log
kbuild() {
	local kernel=$1 dir=$PWD/$out/$1 kdir
	shift

	kdir=$(kernel_var "$kernel" kdir)
	[[ $kernel != uml* ]] || set -- ARCH=um "$@"
	env -u MAKEFLAGS -u MAKELEVEL make -C "$kdir" M="$dir" -k -j"$(nproc)" W=1 "$@" modules
}

# build_examples KERNEL - modules apart from rill.ko, against its Module.symvers
build_examples() {
	local kernel=$1 dir=$PWD/$out/$1 kdir example
	shift

	kdir=$(kernel_var "$kernel" kdir)
	[[ $kernel != uml* ]] || set -- ARCH=um "$@"
	for example in examples/*/Makefile; do
		env -u MAKEFLAGS -u MAKELEVEL make -C "$dir/${example%/Makefile}" KDIR="$kdir" \
			RILL="$dir" W=1 "$@" modules || return
	done
}

# build_copy KERNEL - a full build with gcc's extra warnings, once a change
build_copy() {
	local dir=$out/$1

	[[ ! -e $dir.log || -n $(find Kbuild include net examples tools/lint -newer "$dir.log" -print -quit) ]] ||
		return 0
	rm -rf "$dir" "$dir".*
	mkdir -p "$dir"
	cp -r Kbuild include net examples "$dir/"
	find "$dir" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
	kbuild "$1" >"$dir.log.new" 2>&1 || echo "build failed" >>"$dir.log.new"
	build_examples "$1" >>"$dir.log.new" 2>&1 || echo "build failed" >>"$dir.log.new"
	mv "$dir.log.new" "$dir.log"
}

# complaints KERNEL LOG - without what is about the machine and not the source
complaints() {
	{ grep -Ei 'warning|error|undefined!|build failed|\*\*\*' "$2" || true; } |
		but 'the compiler differs|Skipping BTF|RWX permissions|missing-include-dirs' |
		sed "s|$PWD/$out/$1/||" | sort -u
}

gcc_check() {
	build_copy "$1"
	complaints "$1" "$out/$1.log" | nothing "the build for $1 with W=1 is not clean"
}

# sparse looks at every file again, and compiles none that is up to date.
sparse_check() {
	command -v sparse >/dev/null || { echo "sparse is not installed"; return 4; }
	build_copy "$1"
	kbuild "$1" C=2 CHECK=sparse >"$out/$1.sparse" 2>&1 || true
	build_examples "$1" C=2 CHECK=sparse >>"$out/$1.sparse" 2>&1 || true
	complaints "$1" "$out/$1.sparse" | { grep -E '\.[ch]:[0-9]+:' || true; } |
		nothing "sparse complains"
}

check_build_6_1() { gcc_check 6.1; }
check_build_6_12() { gcc_check 6.12; }
check_build_uml() {
	uml_is_there || { echo "user-mode Linux is not built yet: make kunit"; return 4; }
	gcc_check uml
}

check_sparse_6_1() { sparse_check 6.1; }
check_sparse_6_12() { sparse_check 6.12; }
check_sparse_uml() {
	uml_is_there || { echo "user-mode Linux is not built yet: make kunit"; return 4; }
	sparse_check uml
}

# header_objects DIR - one C file a header, which includes nothing else
header_objects() {
	local header base

	mkdir -p "$1/headers"
	while IFS= read -r header; do
		base=${header//[\/.]/_}
		echo "#include \"../$header\"" >"$1/headers/$base.c"
		echo "headers/$base.o"
	done
	printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("headers");\n' >"$1/headers/main.c"
	echo headers/main.o
}

# Every header compiles alone, with the module's own flags.
headers_check() {
	local kernel=$1 objects

	build_copy "$kernel"
	cp Kbuild "$out/$kernel/Kbuild"
	rm -rf "${out:?}/$kernel/headers"
	objects=$(files '^(net|include)/.*\.h$' | but '/user_|/test/' |
		header_objects "$out/$kernel" | tr '\n' ' ')
	printf 'obj-m += rill_headers.o\nrill_headers-y := %s\n' "$objects" >>"$out/$kernel/Kbuild"
	kbuild "$kernel" >"$out/$kernel-headers.log" 2>&1 || echo "build failed" >>"$out/$kernel-headers.log"
	complaints "$kernel" "$out/$kernel-headers.log" | nothing "a header needs others before it"
}

check_headers_6_1() { headers_check 6.1; }
check_headers_6_12() { headers_check 6.12; }

# What programs include compiles as a program would include it.
check_headers_user() {
	local header

	files '^include/uapi/.*\.h$' | while IFS= read -r header; do
		printf '#include <%s>\nint lint;\n' "${header#include/uapi/}" |
			gcc -std=c99 -pedantic -Wall -Wextra -Werror -Iinclude/uapi -x c -fsyntax-only - 2>&1
	done | nothing "a header for programs does not compile alone"
}

# The protocol logic compiles outside of the kernel, from the same source.
check_core_user() {
	local name

	files '^net/rill/core/.*\.c$' | while IFS= read -r name; do
		gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
			-Werror -Iinclude -Inet/rill/core -c -o /dev/null "$name" 2>&1
	done | nothing "core/ does not compile in user space"
}
