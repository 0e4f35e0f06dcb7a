# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# qemu.sh - starts the guests that run the distribution's kernels.
#
# Sourced by run, after lib.sh.  Uses run's variables; sets guest.

# start_qemu : the root by virtiofs, three virtio-serial ports for the streams,
# the kernel log on the serial port.
start_qemu() {
	need qemu-system-x86_64
	local arguments accel
	serve root / -o cache=always
	[[ -z $out ]] || serve out "$out" -o cache=auto
	if (( icount )); then
		arguments=(-accel tcg -icount "shift=0,sleep=off")
	else
		accel=$(pick_accel)
		arguments=(-accel "$accel")
	fi
	arguments+=(
		-cpu max -smp "$cpus" -m "$mem"
		-object "memory-backend-memfd,id=mem,size=$mem,share=on"
		-numa "node,memdev=mem"
		-nodefaults -nographic -no-reboot
		-kernel "$image" -initrd "$initrd" -append "$(qemu_kernel_arguments)"
		-chardev "file,id=log,path=$log" -serial chardev:log
		-device virtio-serial-pci
	)
	local port share
	for port in out:out err:err ctl:results; do
		arguments+=(-chardev "file,id=${port%:*},path=$run/${port#*:}"
			-device "virtserialport,chardev=${port%:*},name=${port%:*}")
	done
	for share in "${shares[@]}"; do
		arguments+=(-chardev "socket,id=fs-$share,path=$run/$share.sock"
			-device "vhost-user-fs-pci,chardev=fs-$share,tag=$share")
	done
	if (( interactive )); then
		arguments+=(-chardev "stdio,id=tty,signal=off"
			-device "virtconsole,chardev=tty")
		(guest_command qemu-system-x86_64 "${arguments[@]}") <&0 &
	else
		(guest_command qemu-system-x86_64 "${arguments[@]}") \
			</dev/null >"$run/guest.log" 2>&1 &
	fi
	guest=$!
}

# The other processors come up in init.sh: a processor that translates code while
# another one patches it can run a stale breakpoint in QEMU before 8.1, and most
# patching is done while booting.  For the same reason the clock stays the one.
#
# While --icount waits for a file of the host, time runs at any pace, which looks
# like hung tasks and stalls.
qemu_kernel_arguments() {
	local more=
	(( icount == 0 )) || more="sysctl.kernel.hung_task_timeout_secs=0 rcupdate.rcu_cpu_stall_suppress=1"
	echo "console=ttyS0 ignore_loglevel printk.devkmsg=on mitigations=off" \
		"panic=-1 oops=panic maxcpus=1 tsc=reliable rill.run=$run" \
		"$more $append"
}

shares=()

# serve TAG DIR OPTION... : a virtiofsd for one tag; it ends with its guest.
serve() {
	local tag=$1 dir=$2 program try
	shift 2
	for program in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
		[[ ! -x $program ]] || break
	done
	[[ -x $program ]] || die "virtiofsd is missing: run tools/vm/setup"
	setpriv --pdeathsig TERM "$program" --socket-path="$run/$tag.sock" \
		-o source="$dir" -o sandbox=chroot "$@" \
		</dev/null >"$run/virtiofsd-$tag.log" 2>&1 &
	helpers+=($!)
	for try in {1..100}; do
		[[ ! -S $run/$tag.sock ]] || break
		sleep 0.05
	done
	[[ -S $run/$tag.sock ]] ||
		die "virtiofsd failed after $try tries: $(tail -n1 "$run/virtiofsd-$tag.log")"
	shares+=("$tag")
}

# pick_accel : kvm where it has booted a guest since this machine started (a
# nested one may accept a guest and then crawl), else tcg.
pick_accel() {
	local verdict_file
	verdict_file=$cache/kvm-$(cat /proc/sys/kernel/random/boot_id)
	(
		lock kvm
		if [[ ! -e $verdict_file ]]; then
			rm -f "$cache"/kvm-*
			if kvm_boots; then
				echo kvm >"$verdict_file"
			else
				echo "tcg,thread=multi" >"$verdict_file"
			fi
		fi
		cat "$verdict_file"
	)
}

kvm_boots() {
	[[ -w /dev/kvm ]] || return 1
	timeout -s KILL 10 qemu-system-x86_64 -accel kvm -cpu max -m 512M \
		-nodefaults -nographic -no-reboot -serial stdio \
		-kernel "$image" -initrd "$initrd" \
		-append "console=ttyS0 quiet panic=-1 rill.probe" \
		</dev/null 2>/dev/null | grep -q 'rill-vm: booted'
}
