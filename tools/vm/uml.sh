# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables are shared with who sources it
# uml.sh - starts the guests that run user-mode Linux.
#
# Sourced by run, after lib.sh.  Uses run's variables; sets guest.

# start_uml : the root by hostfs, serial lines 1 to 3 for the streams, console 0
# for the kernel log and console 1 for a terminal.
start_uml() {
	local arguments
	arguments=(
		"mem=$mem" "umid=rill" "uml_dir=$run/"
		root=/dev/root rootfstype=hostfs rootflags=/ ro
		"init=$run/busybox"
		ignore_loglevel printk.devkmsg=on panic=-1 oops=panic
		con=null ssl=null "con0=null,fd:1"
		"ssl1=null,fd:5" "ssl2=null,fd:6" "ssl3=null,fd:7"
	)
	(( time_travel == 0 )) || arguments+=(time-travel=inf-cpu)
	(( interactive == 0 )) || arguments+=("con1=fd:3,fd:4")
	# shellcheck disable=SC2206  # several arguments in one string
	arguments+=($append -- sh "$run/uml-root.sh" "$run")
	(
		if (( interactive )); then
			exec 3<&0 4>&1
		fi
		exec 5>>"$run/out" 6>>"$run/err" 7>>"$run/results"
		exec </dev/null >>"$log" 2>&1
		unset TMPDIR TMP TEMP
		guest_command "$image" "${arguments[@]}"
	) <&0 &
	guest=$!
}
