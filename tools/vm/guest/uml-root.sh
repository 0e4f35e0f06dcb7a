# shellcheck shell=dash
# uml-root.sh RUN - first program of the user-mode Linux guests: puts an overlay
# in memory over the host's root, which hostfs shows, and goes on with init.sh.
#
# Run by a static busybox.  RUN is the directory that the host prepared.
set -e

# By its path: busybox finds itself through /proc.
"$1/busybox" mount -t proc proc /proc
# Any directory that every host has will do to mount on.
mount -t tmpfs -o size=75% rw /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work \
	overlay /mnt/root
cd /mnt/root
pivot_root . mnt
umount -l /mnt
exec "$1/busybox" sh "$1/init.sh" "$1"
