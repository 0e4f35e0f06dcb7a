# shellcheck shell=dash
# shellcheck disable=SC2154  # the vm_ variables come from guest.env
# init.sh RUN - process 1 of every guest, once the root is the overlay.
#
# Run by a static busybox, whose own commands need no program from the host,
# which is what makes it fast.  RUN is the directory that the host prepared:
# guest.env says what to do, command.sh is the command (see run).  The command's
# output goes to two devices, the results (its status, the taint) to a third,
# the kernel log to the console.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
run=$1

# The first one by its path: busybox finds itself through /proc.
mount_all() {
	"$run/busybox" mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs -o mode=755 dev /dev
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount -t tmpfs -o mode=755 run /run
	mkdir -p /run/lock /run/netns
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t bpf bpf /sys/fs/bpf
	ln -sfn /proc/self/fd /dev/fd
	ln -sfn /proc/self/fd/0 /dev/stdin
	ln -sfn /proc/self/fd/1 /dev/stdout
	ln -sfn /proc/self/fd/2 /dev/stderr
	chmod 1777 /tmp
}

# What the host and the guest share besides the root: the modules of this
# kernel, and the directory for results.
mount_shared() {
	if [ -n "$vm_modules" ]; then
		mkdir -p "/lib/modules/$(uname -r)"
		mount --bind "$vm_modules" "/lib/modules/$(uname -r)"
	fi
	[ -n "$vm_out" ] || return 0
	mkdir -p "$vm_out"
	if [ "$vm_uml" = 1 ]; then
		mount -t hostfs -o "$vm_out" out "$vm_out"
	else
		mount -t virtiofs out "$vm_out"
	fi
}

# port NAME NUMBER : the device of a stream; QEMU's appear with a delay.
port() {
	if [ "$vm_uml" = 1 ]; then
		stty -F "/dev/ttyS$2" raw -echo
		echo "/dev/ttyS$2"
		return
	fi
	while :; do
		for found in /sys/class/virtio-ports/*; do
			[ "$(cat "$found/name" 2>/dev/null)" = "$1" ] || continue
			echo "/dev/${found##*/}"
			return
		done
		sleep 0.1
	done
}

# open_ports : the command writes into pipes, which it may open again; 5 is its
# output, 6 its errors, 7 the results.
open_ports() {
	exec 7>"$(port ctl 3)"
	mkfifo -m 666 /run/rill-out /run/rill-err
	exec 8>"$(port out 1)"
	cat /run/rill-out >&8 &
	copiers=" $! "
	exec 5>/run/rill-out 6>&5
	[ "$vm_merge" = 0 ] || return 0
	exec 8>"$(port err 2)"
	cat /run/rill-err >&8 5>&- 6>&- &
	copiers="$copiers$! "
	exec 6>/run/rill-err
}

settle() {
	ulimit -Hn 524288
	hostname rill-vm
	ip link set lo up
	for cpu in /sys/devices/system/cpu/cpu*/online; do
		[ ! -e "$cpu" ] || echo 1 >"$cpu"
	done
	[ "$vm_uml" = 1 ] || return 0
	echo 32768 >/proc/sys/kernel/pid_max
	[ ! -e /sys/kernel/debug/kmemleak ] || echo scan=off >/sys/kernel/debug/kmemleak
}

load_module() {
	[ -n "$vm_ko" ] || return 0
	[ "$vm_uml" = 1 ] || for dep in $(modinfo -F depends "$vm_ko" | tr , ' '); do
		/sbin/modprobe "$dep"
	done
	insmod "$vm_ko" || {
		echo "result loaded no" >&7
		return 1
	}
}

run_command() {
	if [ "$vm_interactive" = 1 ]; then
		tty=/dev/hvc0
		[ "$vm_uml" = 0 ] || tty=/dev/tty1
		stty -F "$tty" sane rows "$vm_rows" cols "$vm_columns"
		/usr/bin/setsid -c -w "$run/busybox" sh "$run/command.sh" \
			<>"$tty" >&0 2>&0 5>&- 6>&- 7>&- 8>&-
	else
		# shellcheck source=/dev/null
		(. "$run/command.sh") </dev/null >&5 2>&6 5>&- 6>&- 7>&- 8>&-
	fi
}

# end_processes : those that the command left behind, then the copiers, which
# first empty their pipes.
end_processes() {
	exec 5>&- 6>&-
	for _ in 1 2; do
		for pid in /proc/[0-9]*; do
			pid=${pid#/proc/}
			case "$copiers 1 " in
			*" $pid "*) ;;
			*) kill -KILL "$pid" ;;
			esac
		done 2>/dev/null
	done
	wait
}

# unload : the module goes, so that what a clean unload would complain about is
# in the log.
unload() {
	[ -d /sys/module/rill ] || return 0
	for name in /run/netns/*; do
		[ ! -e "$name" ] || umount "$name"
	done
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -d /sys/module/rill_kunit ] || rmmod rill_kunit
		rmmod rill && break
		sleep 0.2
	done
}

# kmemleak reports a block when it is five seconds old and was unreachable in
# two scans.
scan_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -e $leaks ] || return 0
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	cat $leaks >&8
}

mount_all
# shellcheck source=/dev/null
. "$run/guest.env"
open_ports
exec >/dev/kmsg 2>&1 8>/dev/console
mount_shared
settle

if load_module; then
	echo "init: command starts"
	run_command
	echo "result status $?" >&7
	echo "init: command ended"
	end_processes
	unload
	scan_leaks
fi
echo "result taint $(cat /proc/sys/kernel/tainted)" >&7
sync
[ -z "$vm_out" ] || umount "$vm_out"
exec 7>&-
poweroff -f
