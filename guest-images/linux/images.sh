# Functions shared by the image recipes: modules, and archives that come out the same every time. Sourced.
# shellcheck shell=bash

# modules_of KERNEL MODULE...: paths of the modules and what they need, in load order, each once. A module that is built
# into this kernel adds nothing.
modules_of() {
  local kernel=$1 module
  shift
  for module in "$@"; do
    modprobe -d "$kernel/root" -S "$(< "$kernel/version")" --show-depends "$module" |
      sed -n 's/^insmod \(.*[^ ]\) *$/\1/p'
  done | awk '!seen[$0]++'
}

# add_modules KERNEL TREE MODULE...: copies them, uncompressed, with the files that modprobe in the guest needs.
add_modules() {
  local kernel=$1 tree=$2 version path target
  version=$(< "$kernel/version")
  shift 2
  while IFS= read -r path; do
    target=$tree/lib/modules/$version/kernel/${path#*/modules/*/kernel/}
    mkdir -p "${target%/*}"
    case $path in
      *.xz) xz -dc "$path" > "${target%.xz}" ;;
      *.zst) zstd -dqc "$path" > "${target%.zst}" ;;
      *) cp "$path" "$target" ;;
    esac
  done < <(modules_of "$kernel" "$@")
  cp "$kernel/root/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$tree/lib/modules/$version/"
  depmod -b "$tree" "$version"
}

# load_list KERNEL MODULE...: those of the modules that are not built in.
load_list() {
  local kernel=$1 module
  shift
  for module in "$@"; do
    if [[ -n $(modules_of "$kernel" "$module") ]]; then echo "$module"; fi
  done
}

# base_tree TREE: folders and busybox, found by the kernel as the interpreter of /init.
base_tree() {
  mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,lib}
  local busybox
  busybox=$(PATH=$PATH:/bin:/usr/bin command -v busybox)
  cp "$busybox" "$1/bin/busybox"
}

# archive TREE FILE: a cpio of the tree that depends on contents and modes only; whole or not there at all.
archive() {
  find "$1" -exec touch -h -d @0 {} +
  (cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
    cpio --null --create --format=newc --owner=0:0 --reproducible --quiet) > "$2.part"
  mv "$2.part" "$2"
}
