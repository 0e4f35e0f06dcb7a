#!/bin/bash
# shellcheck disable=SC2154  # the vm_ variables come from guest.env
# init.sh RUN - process 1 of every guest, once the root is the overlay.
#
# RUN is the directory that the host prepared: guest.env says what to do (see
# write_guest_env in run).  The output of the command goes to two devices, the
# results (command's status, taint, kmemleak) to a third, the kernel log to the
# console.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
run=$1

mount_all() {
	mount -n -t proc proc /proc
	mount -n -t sysfs sys /sys
	mount -n -t devtmpfs -o mode=755 dev /dev
	mkdir -p /dev/pts /dev/shm
	mount -n -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
	mount -n -t tmpfs -o mode=1777 shm /dev/shm
	mount -n -t tmpfs -o mode=755 run /run
	mkdir -p /run/lock /run/netns
	mount -n -t debugfs debugfs /sys/kernel/debug
	mount -n -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	mount -n -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
	mount -n -t bpf bpf /sys/fs/bpf 2>/dev/null
	ln -sfn /proc/self/fd /dev/fd
	ln -sfn /proc/self/fd/0 /dev/stdin
	ln -sfn /proc/self/fd/1 /dev/stdout
	ln -sfn /proc/self/fd/2 /dev/stderr
	chmod 1777 /tmp
}

# What the host and the guest share besides the root: the modules of this
# kernel, and the directory for results.
mount_shared() {
	local release
	release=$(uname -r)
	if [[ -n $vm_modules ]]; then
		mkdir -p "/lib/modules/$release"
		mount -n --bind "$vm_modules" "/lib/modules/$release"
	fi
	[[ -n $vm_out ]] || return 0
	mkdir -p "$vm_out"
	if [[ $vm_uml == 1 ]]; then
		mount -n -t hostfs -o "$vm_out" out "$vm_out"
	else
		mount -n -t virtiofs out "$vm_out"
	fi
}

# find_port NAME : the virtio-serial device with that name.
find_port() {
	local port
	for port in /sys/class/virtio-ports/*; do
		[[ $(cat "$port/name" 2>/dev/null) != "$1" ]] ||
			echo "/dev/${port##*/}"
	done
}

# open_ports : 5 is the command's output, 6 its errors, 7 the results.
open_ports() {
	local name path
	for name in out:5 err:6 ctl:7; do
		if [[ $vm_uml == 1 ]]; then
			path=/dev/ttyS$(( ${name#*:} - 4 ))
			stty -F "$path" raw -echo
		else
			path=$(find_port "${name%:*}")
		fi
		eval "exec ${name#*:}>$path"
	done
	[[ $vm_merge == 0 ]] || exec 6>&5
}

load_module() {
	local dep
	[[ -n $vm_ko ]] || return 0
	for dep in $(modinfo -F depends "$vm_ko" | tr , ' '); do
		modprobe -q "$dep" || echo "init: no module $dep" >&2
	done
	insmod "$vm_ko" || {
		echo "result loaded no" >&7
		return 1
	}
}

run_command() {
	cd "$vm_cwd" || return 126
	if [[ $vm_interactive == 1 ]]; then
		run_interactive
		return
	fi
	env -i "${vm_env[@]}" "${vm_command[@]}" </dev/null >&5 2>&6 5>&- 6>&- 7>&-
}

run_interactive() {
	local tty=/dev/hvc0
	[[ $vm_uml == 0 ]] || tty=/dev/tty1
	stty -F "$tty" sane rows "$vm_rows" cols "$vm_columns"
	env -i "${vm_env[@]}" setsid -c -w "${vm_command[@]}" \
		<>"$tty" >&0 2>&0 5>&- 6>&- 7>&-
}

# unload : what the command left behind goes, and the module with it, so that
# what a clean unload would complain about is in the log.
unload() {
	kill -KILL -1
	wait
	[[ -d /sys/module/rill ]] || return 0
	ip -all netns delete
	for _ in {1..20}; do
		rmmod rill_kunit 2>/dev/null
		rmmod rill 2>/dev/null && break
		sleep 0.1
	done
}

# kmemleak reports a block when it is five seconds old and was unreachable in
# two scans.
scan_leaks() {
	local leaks=/sys/kernel/debug/kmemleak
	[[ -e $leaks ]] || return 0
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	cat $leaks >&8
}

settle_uml() {
	[[ $vm_uml == 1 ]] || return 0
	echo 32768 >/proc/sys/kernel/pid_max
	[[ ! -e /sys/kernel/debug/kmemleak ]] || echo scan=off >/sys/kernel/debug/kmemleak
}

mount_all
# shellcheck source=/dev/null
. "$run/guest.env"
open_ports
exec >/dev/kmsg 2>&1 8>/dev/console
ulimit -Hn 524288
ip link set lo up
hostname rill-vm
mount_shared
settle_uml

echo "init: loading"
if load_module; then
	echo "init: command starts"
	run_command
	echo "result status $?" >&7
	echo "init: command ended"
	unload
	scan_leaks
fi
echo "result taint $(cat /proc/sys/kernel/tainted)" >&7
sync
[[ -z $vm_out ]] || umount "$vm_out"
echo "result end" >&7
exec 5>&- 6>&- 7>&-
"$vm_busybox" poweroff -f
