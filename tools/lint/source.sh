# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by lint: checks that only read the text.  A check prints what is
# wrong and fails; status 4 means skipped, with the reason as the last line.

kernel_code='^(net|include|examples)/.*\.[ch]$'
user_code='^(tools|selftests)/.*\.[ch]$'

# What checkpatch says and we do not follow:
#   LINUX_VERSION_CODE   compat.h exists for it; check_versions sees to the rest
#   EMBEDDED_FUNCTION_NAME  a message may name a function of another file
#   NETWORKING_BLOCK_COMMENT_STYLE  withdrawn by later kernels
#   COMPLEX_MACRO        lists of names are written once, as X(name) macros
checkpatch_ignore=LINUX_VERSION_CODE,EMBEDDED_FUNCTION_NAME
checkpatch_ignore+=,NETWORKING_BLOCK_COMMENT_STYLE,COMPLEX_MACRO
# and, in programs for user space:
#   PREFER_DEFINED_ATTRIBUTE_MACRO, PREFER_KERNEL_TYPES, CAMELCASE
#                        uint32_t, PRIu64 and attributes are the C library's
#   MACRO_ARG_REUSE, MACRO_WITH_FLOW_CONTROL
#                        an assertion leaves the test, and says what it saw
#   STRCPY, STRLCPY, STRNCPY, SSCANF_TO_KSTRTO, ENOSYS, VOLATILE
#                        advice for the kernel, with functions that only it has
checkpatch_ignore_user=$checkpatch_ignore,PREFER_DEFINED_ATTRIBUTE_MACRO
checkpatch_ignore_user+=,PREFER_KERNEL_TYPES,CAMELCASE
checkpatch_ignore_user+=,MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL
checkpatch_ignore_user+=,STRCPY,STRLCPY,STRNCPY,SSCANF_TO_KSTRTO,ENOSYS,VOLATILE

# and, in trace.h, whose macros have a layout of their own:
checkpatch_ignore_trace=$checkpatch_ignore,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE

# search REGEX [OPTION...] - grep -nE in the files named on standard input; what
# it finds comes out, and finding nothing is no failure
search() {
	local regex=$1
	shift

	xargs -r grep -nIE "$@" -e "$regex" /dev/null || true
}

# but REGEX [OPTION...] - drops lines
but() {
	local regex=$1
	shift

	grep -vE "$@" -e "$regex" || true
}

# checkpatch_dir - a directory with checkpatch.pl and its lists.  User-mode
# Linux's source has them; without it they come out of the source package.
checkpatch_dir() {
	local cache=${RILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rill} dir

	for dir in "$cache"/uml-*/src/scripts "$cache/checkpatch"; do
		if [[ -e $dir/checkpatch.pl && -e $dir/spelling.txt ]]; then
			echo "$dir"
			return
		fi
	done
	dir=$cache/checkpatch
	mkdir -p "$dir/deb"
	(
		cd "$dir/deb" || exit
		apt-get -qq download linux-source-6.1 >&2
		dpkg-deb -x linux-source-6.1_*.deb .
		tar -xJf usr/src/linux-source-6.1.tar.xz -C "$dir" --strip-components=2 \
			linux-source-6.1/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch}
	)
	rm -rf "$dir/deb"
	echo "$dir"
}

# run_checkpatch IGNORE FILE... - prints complaints only
run_checkpatch() {
	local ignore=$1 dir
	shift

	(($#)) || return 0
	dir=$(checkpatch_dir)
	perl "$dir/checkpatch.pl" --no-tree --strict --terse --no-summary --quiet \
		--show-types --max-line-length=100 --ignore "$ignore" -f "$@" 2>&1 || true
	rm -f .checkpatch-camelcase.*
}

check_checkpatch() {
	local kernel user

	mapfile -t kernel < <(files "$kernel_code" | grep -v '/trace\.h$')
	mapfile -t user < <(files "$user_code")
	{
		run_checkpatch "$checkpatch_ignore" "${kernel[@]}"
		run_checkpatch "$checkpatch_ignore_trace" net/rill/trace.h
		run_checkpatch "$checkpatch_ignore_user" "${user[@]}"
	} | but "argument reuse 'X'" | nothing "checkpatch.pl --strict complains"
}

check_kernel_doc() {
	local list script

	mapfile -t list < <(files "$kernel_code")
	script=$(kernel_var 6.1 kdir)/scripts/kernel-doc
	[[ -e $script ]] || { echo "no kernel-doc script in the headers package"; return 1; }
	((${#list[@]})) || { echo "no files"; return 1; }
	{ "$script" -none -Werror "${list[@]}" 2>&1 || true; } |
		nothing "kernel-doc complains"
}

check_line_limit() {
	files '^(net|include|examples|tools|selftests|\.ci|packaging|Documentation)/|^[^/]*$' |
		but '^LICENSE$' | while IFS= read -r name; do
			awk -v f="$name" 'END { if (NR > 1000) print f ": " NR " lines" }' "$name"
		done | nothing "a file above a thousand lines is two files"
}

# core/ knows its own headers and <net/rill.h>; types.h and the stand-ins for
# user space are where it meets the world.
check_core_includes() {
	local name inc

	files '^net/rill/core/.*\.[ch]$' | while IFS= read -r name; do
		sed -nE 's/^[ \t]*#[ \t]*include[ \t]+([<"][^>"]+).*/\1/p' "$name" |
			while IFS= read -r inc; do
				case $inc in
				'<net/rill.h') continue ;;
				'"'*/*) ;;
				'"'*) [[ ! -e net/rill/core/${inc#?} ]] || continue ;;
				*) [[ ! $name =~ /(types|user_[a-z]+)\.h$ ]] || continue ;;
				esac
				echo "$name: includes ${inc#?}"
			done
	done | nothing "core/ includes nothing but core/, <net/rill.h> and, in types.h, the kernel"
}

check_layers() {
	{
		files '^include/.*\.h$' | search '#[ \t]*include[ \t]+"'
		files '^include/uapi/.*\.h$' | search '#[ \t]*include[ \t]+<net/'
		files '^net/rill/[^/]*\.[ch]$' | search '#[ \t]*include[ \t]+"(test/|.*user_)'
	} | nothing "an include points upward"
}

check_state() {
	local name

	files '^net/.*\.[ch]$' | while IFS= read -r name; do
		awk -v f="$name" '
			/^[a-zA-Z_].*\(/ { fn = $0; sub(/\(.*/, "", fn); sub(/.*[ *]/, "", fn) }
			/sk_state[ \t]*=[^=]|WRITE_ONCE\([^,]*sk_state|store_release\([^,]*sk_state|inet_sk_(state_store|set_state)\(/ {
				if (fn != "rill_set_state") print f ":" FNR ": " $0
			}' "$name"
	done | nothing "only rill_set_state() writes sk_state"
}

check_versions() {
	files "$kernel_code" | but '/compat\.h$' |
		search 'LINUX_VERSION_CODE|KERNEL_VERSION|UTS_RELEASE' |
		nothing "only compat.h tests for versions"
}

# A test waits for a condition.  Where time itself is the subject, the line
# says so: "lint: sleep" and why.
check_sleep() {
	files '^selftests/' |
		search '(^|[^u_a-z."-])sleep [0-9.]+|[^a-z_](u|m|nano|clock_nano)?sleep ?\(' |
		but 'lint: sleep' | nothing "a test waits for a condition, never for a time"
}

check_unfinished() {
	files '^(net|include|examples|tools|selftests|\.ci)/|^[^/]*$' | but '^tools/lint/' |
		search '\b(TODO|FIXME|XXX|HACK)\b|#[ \t]*if 0' |
		nothing "what is not finished stands in Documentation/notes.md"
}

check_spdx() {
	files '\.[ch]$|(^|/)Makefile$|(^|/)Kbuild$' | while IFS= read -r name; do
		head -n 2 "$name" | grep -q SPDX-License-Identifier || echo "$name"
	done | nothing "no SPDX-License-Identifier"
}

check_shellcheck() {
	local list

	mapfile -t list < <(shell_scripts)
	((${#list[@]})) || { echo "no files"; return 1; }
	shellcheck -x -S warning -f gcc "${list[@]}" | nothing "shellcheck complains"
}

# In a runner of tests a failing command is a result: set -u is enough there.
check_strict_shell() {
	local name strict

	files '.' | while IFS= read -r name; do
		[[ -x $name ]] || continue
		head -n 1 "$name" | tr -d '\0' | grep -qE '^#!.*bash' || continue
		strict='^set -euo pipefail'
		[[ $name != selftests/* ]] || strict='^set -(u|euo pipefail)'
		grep -qE "$strict" "$name" || echo "$name"
	done | nothing "no set -euo pipefail"
}

check_python() {
	files '\.py$' | while IFS= read -r name; do
		python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' \
			"$name" 2>&1 | tail -n 1
	done | nothing "Python does not parse"
}

# Nothing of the machine that it was written on.
check_machine_paths() {
	local hosts='(kernel|rfc-editor|ietf|gnu|fsf|debian)\.org'

	{
		files '.' | search '(^|[^A-Za-z0-9_.}])/(work|root|home|Users)/[A-Za-z0-9_.]'
		files '.' | but '^LICENSE$' | search 'https?://[A-Za-z0-9.:-]+' -o |
			but "https?://([a-z0-9-]+\.)*$hosts\$"
	} | nothing "a path or host of somebody's machine"
}

check_links() {
	local name link

	files '\.md$' | while IFS= read -r name; do
		{ grep -oE '\]\([^)#: ]+' "$name" || true; } | sed 's/^](//' |
			while IFS= read -r link; do
				[[ -e $(dirname "$name")/$link ]] || echo "$name: $link"
			done
	done | nothing "a link leads nowhere"
}

check_whitespace() {
	files '.' | but '\.patch$|^LICENSE$' | search '[[:blank:]]+$' |
		nothing "blanks at the end of a line"
}
