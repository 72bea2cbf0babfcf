#!/usr/bin/env bash
# Builds the initramfs of the Linux guest.
# usage: build-guest.sh KERNEL-FOLDER RSA-FOLDER GUEST-PROGRAM OUTPUT
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=guest-images/linux/images.sh
. "$here/images.sh"

kernel=$1 rsa=$2 program=$3 output=$4
# The device's driver comes last, so that the others' self-tests do not run on it first. uio_pci_generic is for the device
# of the draft, which a program in user space drives.
modules=(virtio_pci uio_pci_generic algif_skcipher algif_hash algif_aead cbc aesni_intel pkcs8_key_parser virtio_crypto)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
base_tree "$scratch"
add_modules "$kernel" "$scratch" "${modules[@]}"
load_list "$kernel" "${modules[@]}" > "$scratch/etc/modules.load"
cp "$program" "$scratch/bin/virtcrypt-guest"
strip "$scratch/bin/virtcrypt-guest"
mkdir "$scratch/rsa"
cp -r "$rsa"/[0-9]* "$scratch/rsa/"
cp -r "$here/scenarios" "$scratch/scenarios"
install -m 755 "$here/init" "$scratch/init"
archive "$scratch" "$output"
