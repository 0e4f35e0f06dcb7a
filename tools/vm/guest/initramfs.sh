#!/bin/busybox sh
# shellcheck shell=dash
# initramfs.sh - /init of the QEMU guests: from power-on to the host's root.
#
# Loads what virtiofs needs, mounts the host's root read-only below an overlay
# in memory, and goes on with init.sh there.  Kernel arguments:
#   rill.run=DIR   the directory on the host that holds this run's init.sh
#   rill.probe     only say that the guest has booted

bb=/bin/busybox

fail() {
	echo "rill-vm: $*" >/dev/kmsg
	$bb poweroff -f
}

$bb mount -t devtmpfs dev /dev
$bb mount -t proc proc /proc

run=
for arg in $($bb cat /proc/cmdline); do
	case $arg in
	rill.run=*) run=${arg#rill.run=} ;;
	rill.probe)
		echo rill-vm: booted >/dev/kmsg
		$bb poweroff -f
		;;
	esac
done

while read -r module; do
	$bb insmod "/modules/$module" || fail "cannot load $module"
done </modules/order

$bb mount -t virtiofs -o ro root /lower || fail "cannot mount the host's root"
$bb mount -t tmpfs -o size=75% rw /rw
$bb mkdir /rw/upper /rw/work
$bb mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work \
	overlay /root || fail "cannot mount the overlay"
$bb umount /proc /dev
exec $bb switch_root /root "$run/busybox" sh "$run/init.sh" "$run"
