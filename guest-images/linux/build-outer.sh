#!/usr/bin/env bash
# Builds the initramfs of the emulated outer machine, in which the VMM finds AMD-V.
# usage: build-outer.sh KERNEL-FOLDER OUTPUT
# The VMM, the guest's images and the list of runs are archives of their own, appended at run time (lane.sh).
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=guest-images/linux/images.sh
. "$here/images.sh"

kernel=$1 output=$2
modules=(irqbypass kvm ccp kvm_amd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
base_tree "$scratch"
add_modules "$kernel" "$scratch" "${modules[@]}"
load_list "$kernel" "${modules[@]}" > "$scratch/etc/modules.load"
install -m 755 "$here/outer-init" "$scratch/init"
install -m 755 "$here/answer-asks.sh" "$scratch/bin/answer-asks"
archive "$scratch" "$output"
