# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154  # variables are shared with who sources it
# wrapper.sh - rill_run itself: what it turns, follows, leaves alone, refuses.

wrapper_tests=(turned left followed kept status ended refused bpf)
one_socket='import socket; socket.socket()'
turned="turned AF_INET, SOCK_STREAM"

# listed COMMAND... - what --verify says, without processes and descriptors
listed() {
	"$rill_run" --verify "$@" 2>&1 >/dev/null | sed 's/^rill_run: [^ ]*\] //; s/: descriptor.*//'
}

# expect GOT WANTED
expect() {
	[[ $1 = "$2" ]] || { printf '%s\n' "wanted: $2" "got: $1"; return 1; }
}

# expect_status WANTED COMMAND...
expect_status() {
	local wanted=$1 got=0

	shift
	"$@" || got=$?
	[[ $got = "$wanted" ]] || { echo "status $got instead of $wanted: $*"; return 1; }
}

wrapper_turned() {
	expect "$(listed "$python" -c "import socket as s
a = s.socket(); b = s.socket(s.AF_INET6)
c = s.socket(s.AF_INET, s.SOCK_STREAM | s.SOCK_NONBLOCK, s.IPPROTO_TCP)")" \
		"$turned
turned AF_INET6, SOCK_STREAM
turned AF_INET, SOCK_STREAM"
	# what it looks like, and what it is
	expect "$("$rill_run" "$python" -c "import socket as s
a = s.socket(); a.bind(('127.0.0.1', $port)); a.listen()
print(a.family.name, a.getsockopt(s.SOL_SOCKET, 38),
      sum(':$port ' in line for line in open('/proc/net/rill')),
      sum(':%04X ' % $port in line for line in open('/proc/net/tcp')))")" "AF_INET 6 1 0"
}

wrapper_left() {
	expect "$(listed "$python" -c "import socket as s
s.socket(s.AF_INET, s.SOCK_DGRAM); s.socket(s.AF_UNIX)
try: s.socket(s.AF_INET, s.SOCK_STREAM, s.IPPROTO_SCTP)
except OSError: pass")" \
		"left AF_INET, SOCK_DGRAM, protocol 0: no stream
left AF_UNIX, SOCK_STREAM, protocol 0: not of the Internet
left AF_INET, SOCK_STREAM, protocol 132: another protocol than TCP"
	expect "$(listed true)" "rill_run: no socket was made"
}

# By fork, and by each way to a program that gets an environment without us.
wrapper_followed() {
	expect "$(listed env -i "$python" -c "$one_socket")" "$turned"
	expect "$(listed "$python" -c "import os, socket, subprocess
program = ['$python', '-c', '$one_socket']
pid = os.fork()
if not pid:
    socket.socket()
    os._exit(0)
os.waitpid(pid, 0)
os.waitpid(os.posix_spawn(program[0], program, {}), 0)
subprocess.run(program, env={})
os.execve(program[0], program, {})")" "$turned
$turned
$turned
$turned"
}

wrapper_kept() {
	local own lib=$top/build/librill_run.so

	own=$(ldd /usr/bin/env | sed -n 's/.* => \([^ ]*libc\.so[^ ]*\).*/\1/p')
	expect "$(LD_PRELOAD=$own "$rill_run" sh -c 'echo $LD_PRELOAD')" "$lib:$own"
	expect "$("$rill_run" env LD_PRELOAD="$own" sh -c 'echo $LD_PRELOAD')" "$lib:$own"
	expect "$("$rill_run" env -i A=1 env | grep -v RILL | sort)" "A=1
LD_PRELOAD=$lib"
}

wrapper_status() {
	expect_status 0 "$rill_run" true
	expect_status 7 "$rill_run" sh -c 'exit 7'
	expect_status 7 "$rill_run" --verify sh -c 'exit 7'
	expect_status 137 "$rill_run" --verify sh -c 'kill -9 $$'
	expect_status 127 "$rill_run" "$dir/nothing"
	expect_status 126 "$rill_run" "$dir"
	expect_status 125 "$rill_run"
	expect_status 125 "$rill_run" --wire=string true
}

# Who ends rill_run ends the program, and has the list nevertheless.
wrapper_ended() {
	local pid

	mkfifo "$dir/up"
	"$rill_run" --verify "$python" -c "import signal, socket
a = socket.socket()
open('$dir/up', 'w').close()
signal.pause()" 2>"$dir/client.err" &
	pid=$!
	cat "$dir/up"
	kill "$pid"
	expect_status 143 wait "$pid"
	grep "$turned" "$dir/client.err"
}

wrapper_refused() {
	[[ -x $built/echo_static ]] || skip "$built/echo_static was not built"
	expect_status 125 "$rill_run" "$built/echo_static" 2>"$dir/client.err"
	grep -- '--bpf' "$dir/client.err"
	expect_status 125 "$rill_run" --bpf --verify true
}

# By eBPF: those in the group, and nobody else; before 6.6 a clear word.
wrapper_bpf() {
	local kinds="import socket as s
print(*[s.socket(*kind).getsockopt(s.SOL_SOCKET, 38) for kind in
        ((s.AF_INET, s.SOCK_STREAM), (s.AF_INET6, s.SOCK_STREAM, 6), (s.AF_INET, s.SOCK_DGRAM))])"

	if ! has_hook; then
		expect_status 125 "$rill_run" --bpf true 2>"$dir/client.err"
		grep 'Linux 6.6' "$dir/client.err"
		return
	fi
	expect "$("$rill_run" --bpf sh -c "exec '$python' -c '$kinds'")" "253 253 17"
	expect_status 7 "$rill_run" --bpf sh -c 'exit 7'
	# while one lives in a group, another does not
	mkfifo "$dir/up" "$dir/end"
	"$rill_run" --bpf sh -c ": >'$dir/up'; read -r line <'$dir/end'" &
	cat "$dir/up"
	expect "$("$python" -c "$kinds")" "6 6 17"
	echo >"$dir/end"
	wait "$!"
	expect "$(find /sys/fs/cgroup -name 'rill_run.*')" ""
}
