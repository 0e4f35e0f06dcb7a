#!/bin/bash
# uml-root.sh - first program of the user-mode Linux guests: puts an overlay in
# memory over the host's root, which hostfs shows, and goes on with init.sh.
#
# The directory of the run is the argument after "--" on the command line.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
run=$1

# Any directory that every host has will do to mount on.
mount -n -t tmpfs -o size=75% rw /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -n -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work \
	overlay /mnt/root
cd /mnt/root
pivot_root . mnt
umount -l /mnt
exec "$run/init.sh" "$run"
