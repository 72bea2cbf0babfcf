#!/usr/bin/env bash
# Packs what runs in the outer machine: the VMM with its shared libraries, and the guest's kernel and initramfs.
# usage: build-payload.sh VIRTCRYPT KERNEL-FOLDER GUEST-INITRAMFS OUTPUT
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=guest-images/linux/images.sh
. "$here/images.sh"

virtcrypt=$1 kernel=$2 initramfs=$3 output=$4

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir -p "$scratch"/{bin,guest}
cp "$virtcrypt" "$scratch/bin/virtcrypt"
strip "$scratch/bin/virtcrypt"
# Each library lands where the loader looked for it on this host.
ldd "$virtcrypt" | sed -nE 's|^.*[[:space:]](/[^ ]+) [(]0x[0-9a-f]+[)]$|\1|p' | while IFS= read -r library; do
  mkdir -p "$scratch/${library%/*}"
  cp -L "$library" "$scratch/$library"
done
cp "$kernel/vmlinuz" "$scratch/guest/vmlinuz"
cp "$initramfs" "$scratch/guest/initramfs.cpio"
archive "$scratch" "$output"
