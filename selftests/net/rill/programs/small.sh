# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # variables are shared with who sources it
# small.sh - programs that ask and answer.

test_redis() {
	local here_dir=$dir/redis tests=set,get,lpush,lrange_100,mset

	want redis-benchmark redis-cli redis-check-rdb
	mkdir -p "$here_dir"
	# the server is the same program by another name, in a package that would start it
	ln -sf "$(command -v redis-check-rdb)" "$here_dir/redis-server"
	serve "$here_dir/redis-server" --port "$port" --save '' --appendonly no \
		--protected-mode no --dir "$here_dir"
	ask redis-cli -h "$address" -p "$port" -x set large <"$dir/www/large" >/dev/null
	ask redis-cli -h "$address" -p "$port" --raw get large >"$here_dir/got"
	truncate -s -1 "$here_dir/got"	# the newline of redis-cli
	same "$dir/www/large" "$here_dir/got"
	ask redis-benchmark -h "$address" -p "$port" -c 20 -n 300 -q -t "$tests" \
		>"$dir/redis.log"
	[[ $(tr '\r' '\n' <"$dir/redis.log" | grep -c 'requests per second') -ge 5 ]]
	ask redis-benchmark -h "$address" -p "$port" -c 4 -n 1000 -P 16 -d 5000 -q -t set,get \
		>"$dir/redis.log"
	[[ $(tr '\r' '\n' <"$dir/redis.log" | grep -c 'requests per second') -ge 2 ]]
}

# prepare_ssh - keys, and what sshd wants of a system that it was not installed in
prepare_ssh() {
	local name

	for name in host user; do
		[[ -e $dir/keys/$name ]] || ssh-keygen -q -t ed25519 -N '' -f "$dir/keys/$name"
	done
	mkdir -p /run/sshd
	grep -q '^sshd:' /etc/passwd ||
		echo "sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
	# a locked account gets no shell
	sed -i 's/^root:!/root:*/' /etc/shadow
	cat >"$dir/keys/sshd_config" <<-END
		HostKey $dir/keys/host
		AuthorizedKeysFile $dir/keys/user.pub
		StrictModes no
		UsePAM no
		PidFile none
		UseDNS no
	END
}

test_ssh() {
	local status=0 login sshd

	want sshd ssh ssh-keygen
	prepare_ssh
	sshd=$(command -v sshd)	# starts itself again by its full path
	serve "$sshd" -D -e -p "$port" -f "$dir/keys/sshd_config"
	login=(ssh -F none -p "$port" -i "$dir/keys/user" -o BatchMode=yes -o LogLevel=ERROR
		-o KexAlgorithms=curve25519-sha256 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$address")
	ask "${login[@]}" 'cat; exit 7' <"$dir/www/large" >"$dir/ssh.back" || status=$?
	same "$dir/www/large" "$dir/ssh.back"
	[[ $status = 7 ]] || { echo "status $status from the other side"; return 1; }
}

# ---- programs that no preload reaches ----

# has_hook - does this kernel let eBPF choose the protocol of a socket?
has_hook() {
	local release major minor

	release=$(uname -r)
	major=${release%%.*} minor=${release#*.}
	minor=${minor%%.*}
	((major * 1000 + minor >= 6006))
}

# echo_both PROGRAM - an echo server and its client, which compares sums
echo_both() {
	[[ -x $1 ]] || skip "$1 was not built"
	has_hook || skip "rill_run --bpf wants Linux 6.6"
	serve "$1" serve "$port"
	ask "$1" talk "$address" "$port" 2000003
}

test_static() {
	echo_both "$built/echo_static"
}

test_go() {
	echo_both "$built/echo_go"
}
