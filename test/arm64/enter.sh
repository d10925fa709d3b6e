#!/bin/sh
# Runs a program of arm64 in the unpacked system, on a processor of another kind, and changes nothing of this machine:
# mounts and the emulator's registration are of this process's own namespaces. To be run by `unshare -Ur -m`.
#   enter.sh USERLAND FOLDER[:FOLDER…] PROGRAM [ARGUMENT…]      the folders are there under the same names
set -eu
userland=$1 folders=$2
shift 2
root=$userland/root
if [ "$(uname -m)" != aarch64 ]; then
  # A namespace of users has registrations of its own from Linux 6.7 on; flag F opens the emulator now.
  mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  echo ":jetfleet-aarch64:M::$magic:$mask:$userland/qemu-aarch64-static:F" >/proc/sys/fs/binfmt_misc/register
fi
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
IFS=:
for folder in $folders; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
done
# Not /sys: ONNX Runtime would take the processors it finds there for its own, and crash.
PATH=$PATH:/usr/sbin
exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 "$@"
