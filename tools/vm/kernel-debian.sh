# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# kernel-debian.sh - the distribution's kernels, unpacked into the cache.
#
# Sourced by kernel, after lib.sh.  One directory a version holds the files of
# the image, headers and kbuild packages, and the initramfs.

# make_debian KERNEL UPDATE : prints the paths, after unpacking if need be.
make_debian() {
	local kernel=$1 update=$2 dir package
	dir=$(newest_debian "$kernel")
	if [[ -z $dir || $update == 1 || ! -e $(initrd_of "$dir") ]]; then
		lock "kernel-$kernel"
		dir=$(newest_debian "$kernel")
	fi
	if [[ -z $dir || $update == 1 ]]; then
		refresh_apt
		package=$(newest_package \
			"^linux-image-${kernel//./\\.}\\.[^ ]*-cloud-amd64\$")
		dir=$cache/debian-$kernel-${package#linux-image-}
		[[ -e $dir/complete ]] || unpack_debian "${package#linux-image-}" "$dir"
	fi
	[[ -e $(initrd_of "$dir") ]] || make_initramfs "$(cat "$dir/complete")" "$dir"
	print_debian "$dir"
}

# initrd_of DIR : the initramfs, named after what it is made from.
initrd_of() {
	echo "$1/initrd-$(cat "$vm_dir/guest/initramfs.sh" \
		"$vm_dir/kernel-debian.sh" | sha256sum | cut -c1-12)"
}

# newest_debian KERNEL : the newest version that is complete in the cache.
newest_debian() {
	local found
	found=$(find "$cache" -maxdepth 2 -path "$cache/debian-$1-*/complete" |
		sort -V | tail -n1)
	[[ -z $found ]] || dirname "$found"
}

print_debian() {
	local release
	release=$(cat "$1/complete")
	printf '%s=%q\n' release "$release" \
		image "$1/boot/vmlinuz-$release" \
		kdir "$1/usr/src/linux-headers-$release" \
		modules "$1/lib/modules/$release" \
		initrd "$(initrd_of "$1")" \
		busybox "$1/bin/busybox"
}

# unpack_debian RELEASE DIR
unpack_debian() {
	local release=$1 dir=$2 common kbuild
	say "unpacking $release"
	rm -rf "$dir"
	mkdir -p "$dir"
	common=$(header_dependency "$release" common)
	kbuild=$(header_dependency "$release" kbuild)
	local package
	for package in "linux-image-$release" "linux-headers-$release" \
		"$common" "$kbuild" busybox-static; do
		unpack_package "$package" "$dir"
	done
	# The only absolute path in the headers.
	sed -i "s|^include /usr/src/|include $dir/usr/src/|" \
		"$dir/usr/src/linux-headers-$release/Makefile"
	# Packages make these two when they are installed.
	depmod -b "$dir" "$release"
	ln -sfn "$dir/usr/src/linux-headers-$release" \
		"$dir/lib/modules/$release/build"
	echo "$release" >"$dir/complete"
}

# header_dependency RELEASE WORD : the package that the headers depend on.
header_dependency() {
	local found
	found=$(apt-cache depends "linux-headers-$1" |
		sed -n "s/^.*Depends: \(linux-[^ ]*$2.*\)/\1/p" | head -n1)
	[[ -n $found ]] || die "linux-headers-$1 names no $2 package"
	echo "$found"
}

# make_initramfs RELEASE DIR : busybox, initramfs.sh and the modules that it
# loads, decompressed because busybox cannot.
make_initramfs() {
	local release=$1 dir=$2 root=$2/initramfs path name
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,lower,rw,root,modules}
	cp "$dir/bin/busybox" "$root/bin/busybox"
	cp "$vm_dir/guest/initramfs.sh" "$root/init"
	chmod 755 "$root/init"
	for name in virtio_pci virtio_console virtiofs overlay; do
		modprobe -d "$dir" -S "$release" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' \
		>"$dir/initramfs-modules"
	while read -r path; do
		name=$(basename "$path")
		name=${name%%.ko*}.ko
		case $path in
		*.xz) xz -dc "$path" ;;
		*.zst) zstd -dc "$path" ;;
		*) cat "$path" ;;
		esac >"$root/modules/$name"
		echo "$name" >>"$root/modules/order"
	done <"$dir/initramfs-modules"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$dir/initrd.new"
	mv "$dir/initrd.new" "$(initrd_of "$dir")"
	rm -rf "$root" "$dir/initramfs-modules"
}
