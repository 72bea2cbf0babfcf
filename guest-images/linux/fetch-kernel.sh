#!/usr/bin/env bash
# Fetches this Debian's stock kernel package and unpacks it, installing nothing.
# usage: fetch-kernel.sh FOLDER [--rebuild]
# Makes FOLDER/{vmlinuz,version,root/}; does nothing when they are there, --rebuild fetches anew.
set -euo pipefail

folder=$1
if [[ ${2:-} != --rebuild && -s $folder/version ]]; then exit 0; fi

work=$folder.part
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

# What the metapackage depends on first is the kernel itself, e.g. "linux-image-6.1.0-37-amd64 (= 6.1.140-1)".
kernel_package() {
  apt-cache show --no-all-versions linux-image-amd64 2> /dev/null |
    sed -nE 's/^Depends: *(linux-image-[^ ,(]+).*/\1/p'
}

package=$(kernel_package)
if [[ -z $package ]]; then
  echo "error: apt knows no package linux-image-amd64: run 'apt-get update', and check that apt's sources are Debian's" >&2
  exit 1
fi

# The sandbox user of apt cannot write here; --quiet=2 leaves errors only.
if ! (cd "$work" && apt-get download --quiet=2 -o APT::Sandbox::User=root "$package") 2> "$work/errors"; then
  sed -n '/^E:/p' "$work/errors" >&2
  echo "error: downloading $package failed: check the network, or run 'apt-get update' if the package lists are old" >&2
  exit 1
fi
deb=("$work"/*.deb)
dpkg-deb -x "${deb[0]}" "$work/root"
rm -f "$work/errors" "${deb[0]}"

vmlinuz=("$work"/root/boot/vmlinuz-*)
version=${vmlinuz[0]##*/vmlinuz-}
mv "${vmlinuz[0]}" "$work/vmlinuz"
# Debian 13 keeps modules below usr/lib; where lib is the same folder, both names then serve every tool.
[[ -d $work/root/lib/modules ]] || ln -s usr/lib "$work/root/lib"
rm -rf "$work/root/boot" "$work/root/usr/share"
depmod -b "$work/root" "$version"
echo "$version" > "$work/version"
rm -rf "$folder"
mv "$work" "$folder"
