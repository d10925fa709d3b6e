#!/bin/sh
# Runs as PID 1 of a board's fresh mount, PID, UTS and IPC namespaces (see namespace.ts). Puts the board's root
# together from read-only binds of the machine's own system folders and the board's own writable folders,
# moves into it, and stays as PID 1: /bin/sh reaps orphans, the service manager does the rest.
#
# Arguments: DIR FLEET_DIR NODE HOSTNAME DISK_LIMIT_BYTES ("" for none) CAPABILITIES USERLAND ("" for none). DIR holds root/,
# tools/, device-tree/ and identity.json as root-folder.ts prepared them; USERLAND a root/ of arm64 and the emulator for it.
set -u
board_dir=$1 fleet=$2 node=$3 host=$4 disk_limit=$5 caps=$6 userland=$7
root=$board_dir/root
sim=$root/run/jetfleet-sim

# step "what it is" command …: on failure says what the machine refused; namespace.ts looks for this line.
step() {
  what=$1
  shift
  "$@" || {
    echo "jetfleet-sim refused: $what" >&2
    exit 70
  }
}

# Binds a folder or file of the machine read-only. A machine's own bind may carry flags an unprivileged user
# must not clear, so a refused remount is tolerated there: without root the folder is not writable anyway.
bind_readonly() {
  step "bind mount of $1" mount --rbind "$1" "$2"
  mount -o remount,bind,ro "$2" 2>/dev/null || [ "$(id -u)" = 0 ] || return 0
}

step "bind mount of the board's root" mount --bind "$root" "$root"

for dir in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$dir" ]; then
    ln -sfn "$(readlink "/$dir")" "$root/$dir"
  elif [ "$dir" = usr ] && [ -n "$userland" ]; then
    # What the userland has, stands before what only the machine has: /usr/bin/uname is arm64's, bash the machine's.
    step "overlay of the userland" mount -t overlay -o "ro,lowerdir=$userland/root/usr:/usr" overlay "$root/usr"
  elif [ -d "/$dir" ]; then
    mkdir -p "$root/$dir"
    bind_readonly "/$dir" "$root/$dir"
  fi
done
# /usr/local belongs to the board: its tools (systemctl, nvpmodel, tegrastats, …) come first in PATH.
step "bind mount of /usr/local" mount --bind "$board_dir/tools" "$root/usr/local"
for tool in "$board_dir"/tools/bin/*; do
  name=${tool##*/}
  for dir in usr/bin usr/sbin bin sbin; do
    [ -L "$root/$dir" ] || [ ! -e "$root/$dir/$name" ] || step "bind over /$dir/$name" mount --bind "$tool" "$root/$dir/$name"
  done
done
for dir in alternatives ssl fonts ld.so.conf.d; do
  [ ! -d "/etc/$dir" ] || bind_readonly "/etc/$dir" "$root/etc/$dir"
done

for dir in tmp run; do
  step "tmpfs on /$dir" mount -t tmpfs -o mode=755 tmpfs "$root/$dir"
done
chmod 1777 "$root/tmp"
mkdir -p "$root/run/lock" "$sim/proc" "$sim/fleet" "$sim/node-cache"
chmod 1777 "$sim/node-cache"

# Programs of arm64 run by the emulator, in this user namespace alone and as long as this is mounted. Flag F: it is opened
# now, and need not be on the board.
register_emulator() {
  mkdir -p "$sim/binfmt"
  mount -t binfmt_misc none "$sim/binfmt" || return
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  printf '%s' ":jetfleet-aarch64:M::$magic:$mask:$userland/qemu-aarch64-static:F" >"$sim/binfmt/register"
}
[ -z "$userland" ] || [ "$(uname -m)" = aarch64 ] || step "emulator of arm64" register_emulator

if [ -n "$disk_limit" ]; then
  mkdir "$sim/disk"
  step "tmpfs of limited size" mount -t tmpfs -o "size=$disk_limit,mode=755" tmpfs "$sim/disk"
  for dir in opt var; do
    step "copy of /$dir to the limited disk" cp -a "$root/$dir" "$sim/disk/$dir"
    step "bind of the limited disk" mount --bind "$sim/disk/$dir" "$root/$dir"
  done
fi

step "tmpfs on /dev" mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node_name in null zero full random urandom tty; do
  : >"$root/dev/$node_name"
  step "bind mount of /dev/$node_name" mount --bind "/dev/$node_name" "$root/dev/$node_name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
step "devpts" mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
step "tmpfs on /dev/shm" mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

# Nothing can be added to a real procfs, so /proc is a tmpfs with the board's device-tree and links into the
# namespace's own procfs. Links of processes come and go: inside/proc-links.ts.
step "procfs of the PID namespace" mount -t proc proc "$sim/proc"
for path in sys sysrq-trigger; do
  if [ -e "$sim/proc/$path" ]; then
    mount --bind "$sim/proc/$path" "$sim/proc/$path" && mount -o remount,bind,ro "$sim/proc/$path"
  fi 2>/dev/null
done
# Every boot of every board has its own boot id, as on the machine itself.
cp "$sim/proc/sys/kernel/random/uuid" "$sim/boot_id"
step "bind over boot_id" mount --bind "$sim/boot_id" "$sim/proc/sys/kernel/random/boot_id"
step "tmpfs on /proc" mount -t tmpfs -o mode=755 tmpfs "$root/proc"
cp -R "$board_dir/device-tree" "$root/proc/device-tree"
# A PC has none, and the files of its card's driver, while that is loaded.
rmdir "$root/proc/device-tree" 2>/dev/null || :
[ ! -d "$board_dir/driver" ] || cp -R "$board_dir/driver" "$root/proc/driver"
for entry in "$sim"/proc/*; do
  name=${entry##*/}
  case $name in [0-9]* | device-tree) ;; driver) [ -d "$root/proc/driver" ] || ln -s "/run/jetfleet-sim/proc/$name" "$root/proc/$name" ;; *) ln -s "/run/jetfleet-sim/proc/$name" "$root/proc/$name" ;; esac
done
ln -s /run/jetfleet-sim/proc/1 "$root/proc/1"

: >"$sim/node"
step "bind mount of Node" mount --bind "$node" "$sim/node"
bind_readonly "$fleet" "$sim/fleet"
echo '{"type":"module"}' >"$sim/package.json"
cp "$board_dir/identity.json" "$sim/board.json"

hostname "$host" 2>/dev/null || true
cd "$root" || exit 70
step "pivot_root" pivot_root . mnt
cd /
step "unmounting the machine's root" umount -l /mnt

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 3<&0
setpriv --bounding-set "$caps" /run/jetfleet-sim/node --disable-warning=ExperimentalWarning \
  /run/jetfleet-sim/fleet/sim/board/inside/manager.ts <&3 3<&- &
exec 3<&- 0</dev/null
wait $!
