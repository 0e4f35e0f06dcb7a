# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# kernel-uml.sh - user-mode Linux, built once and kept in the cache.
#
# Sourced by kernel, after lib.sh.  The directory is named after the version of
# the source package and a hash of all else that the result depends on.  After
# the build only what boots and what modules are built against is kept.

uml_source=linux-source-6.1

# make_uml KERNEL UPDATE : prints the paths, after building if need be.
make_uml() {
	local kernel=$1 update=$2 dir key
	key=$(uml_key "$kernel")
	dir=$(find "$cache" -maxdepth 2 -path "$cache/$kernel-*-$key/complete" |
		sort -V | tail -n1)
	dir=${dir%/complete}
	if [[ -z $dir || $update == 1 ]]; then
		lock "kernel-$kernel"
		refresh_apt
		dir=$cache/$kernel-$(package_version "$uml_source")-$key
		[[ -e $dir/complete ]] || build_uml "$kernel" "$dir"
	fi
	printf '%s=%q\n' release "$(cat "$dir/complete")" image "$dir/build/linux" \
		kdir "$dir/build" modules '' initrd '' busybox "$dir/bin/busybox"
}

uml_fragments() {
	echo "$vm_dir/uml.config"
	[[ $1 == uml ]] || echo "$vm_dir/$1.config"
}

# uml_key KERNEL : a hash of the configuration, the patch and the compiler.
uml_key() {
	local fragments
	mapfile -t fragments < <(uml_fragments "$1")
	{
		cat "${fragments[@]}" "$vm_dir/uml.patch"
		gcc --version | head -n1
	} | sha256sum | cut -c1-12
}

# build_uml KERNEL DIR
build_uml() {
	local kernel=$1 dir=$2 started=$SECONDS
	say "building $kernel, once for this machine (several minutes)"
	rm -rf "$dir"
	mkdir -p "$dir/src" "$dir/build"
	unpack_package busybox-static "$dir"
	unpack_package "$uml_source" "$dir/deb"
	tar -xJf "$dir/deb/usr/src/$uml_source.tar.xz" -C "$dir/src" --strip-components=1
	rm -rf "$dir/deb"
	patch -s -d "$dir/src" -p1 <"$vm_dir/uml.patch"
	configure_uml "$kernel" "$dir"
	if ! nice make -C "$dir/build" -j"$(nproc)" ARCH=um linux modules \
		>"$dir/build.log" 2>&1; then
		tail -n 20 "$dir/build.log" >&2
		die "$kernel does not build: $dir/build.log"
	fi
	make -s -C "$dir/build" ARCH=um kernelrelease >"$dir/release"
	prune_uml "$dir"
	mv "$dir/release" "$dir/complete"
	say "built $kernel in $(( SECONDS - started )) s"
}

# configure_uml KERNEL DIR : allnoconfig and the fragments, each line of which
# must survive (a later fragment overrides an earlier one).
configure_uml() {
	local kernel=$1 dir=$2 fragments line
	mapfile -t fragments < <(uml_fragments "$kernel")
	cat "${fragments[@]}" | grep -v '^#' | tac |
		awk -F= 'NF && !seen[$1]++' | tac >"$dir/wanted.config"
	make -s -C "$dir/src" O="$dir/build" ARCH=um \
		KCONFIG_ALLCONFIG="$dir/wanted.config" allnoconfig >"$dir/build.log" 2>&1 || {
		tail "$dir/build.log" >&2
		die "cannot configure $kernel"
	}
	while read -r line; do
		grep -qxF -e "$line" "$dir/build/.config" ||
			die "$kernel cannot have $line"
	done <"$dir/wanted.config"
}

# prune_uml DIR : drops what neither booting nor building modules needs.
prune_uml() {
	local keep
	(
		cd "$1/build" || exit
		find . -path ./scripts -prune -o -type f \( -name '*.o' -o -name '*.a' \
			-o -name '*.cmd' -o -name 'vmlinux*' -o -name '.tmp_*' \) \
			! -name module.lds -exec rm -f {} +
	)
	(
		cd "$1/src" || exit
		keep='Makefile|Kbuild|Kconfig|COPYING|include|scripts|arch|tools'
		find . -mindepth 1 -maxdepth 1 -regextype posix-extended \
			! -regex "\./($keep)" -exec rm -rf {} +
		find arch -mindepth 1 -maxdepth 1 -type d ! -name um ! -name x86 \
			-exec rm -rf {} +
		find tools -mindepth 1 -maxdepth 1 ! -name include ! -name build \
			! -name scripts ! -name testing -exec rm -rf {} +
		find tools/testing -mindepth 1 -maxdepth 1 ! -name kunit \
			-exec rm -rf {} + 2>/dev/null || true
	)
}
