# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # variables are shared with who sources it
# bulk.sh - programs that move many bytes.

# measure ARGUMENT... - iperf3, which is content, and whose figures agree
measure() {
	local bytes=4000000

	[[ $set_name != full || $line_up = bad ]] || bytes=20000000
	ask iperf3 -c "$address" -p "$port" -n "$bytes" --json "$@" >"$dir/iperf3.log" || {
		grep '"error"' "$dir/iperf3.log"
		return 1
	}
	"$python" - "$dir/iperf3.log" "$bytes" <<-'END'
		import json, sys
		end = json.load(open(sys.argv[1]))["end"]
		sums = [value["bytes"] for name, value in end.items() if name.startswith("sum_")
		        and isinstance(value, dict)]
		# whoever is done first ends it: the last blocks, and the other direction,
		# may be on their way then
		if len(sums) < 2 or max(sums) < 0.9 * int(sys.argv[2]) or min(sums) <= 0:
		    sys.exit(f"moved {sums}")
	END
}

test_iperf3() {
	want iperf3
	serve iperf3 -s -p "$port"
	measure -R
	measure -P 4
	measure --bidir
	stop
	# It has no sums.  It can carry a file, but when a send is cut short it loses its
	# place there, over any TCP, and who is done does not wait for the last bytes: so
	# the file holds one byte, many times.
	port=$((port + 1))
	head -c 2000003 /dev/zero | tr '\0' i >"$dir/sent"
	serve iperf3 -s -1 -p "$port" -F "$dir/carried"
	ask iperf3 -c "$address" -p "$port" -F "$dir/sent" >"$dir/iperf3.log"
	wait "${servers[0]}"
	servers=()
	[[ -s $dir/carried && -z $(tr -d i <"$dir/carried" | head -c 1) ]] || {
		echo "iperf3 received what it did not send"
		return 1
	}
	rm "$dir/sent" "$dir/carried"
}

# make_tree DIR - files of many sizes
make_tree() {
	local i

	mkdir -p "$1/sub"
	for i in 0 1 2 3 7 100 1459 1460 1461 65535 65536 300000; do
		head -c "$i" "$dir/www/large" >"$1/$i"
		tail -c "$i" "$dir/www/large" >"$1/sub/$i"
	done
	cp "$dir/www/large" "$1/large"
}

test_rsync() {
	local tree=$dir/tree

	want rsync
	rm -rf "$tree" "$dir/pushed" "$dir/pulled"
	make_tree "$tree"
	mkdir "$dir/pushed"
	cat >"$dir/rsyncd.conf" <<-END
		use chroot = no
		uid = root
		gid = root
		reverse lookup = no
		lock file = $dir/rsyncd.lock
		[pushed]
		path = $dir/pushed
		read only = no
	END
	serve rsync --daemon --no-detach --port "$port" --config "$dir/rsyncd.conf" \
		--log-file "$dir/rsync.log"
	ask rsync -a "$tree/" "rsync://$url:$port/pushed/"
	# changes in the middle of a file travel as differences
	head -c 1000 /dev/urandom | dd of="$tree/large" bs=1000 seek=500 conv=notrunc status=none
	rm "$tree/sub/7"
	ask rsync -a -c --delete "$tree/" "rsync://$url:$port/pushed/"
	diff -r "$tree" "$dir/pushed"
	ask rsync -a -z "rsync://$url:$port/pushed/" "$dir/pulled/"
	diff -r "$tree" "$dir/pulled"
	rm -r "$tree" "$dir/pushed" "$dir/pulled"
}
