# What demo.sh and test.sh share: packages, builds and guest images. Sourced, from anywhere.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$root/cache
export PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8

build_packages=(g++ cmake ninja-build acpica-tools libcrypto++-dev libipsec-mb-dev libasio-dev libspdlog-dev libcli11-dev
  nlohmann-json3-dev libexpected-dev libseccomp-dev)
image_packages=(busybox-static cpio kmod xz-utils openssl)
nested_packages=(qemu-system-x86)
test_packages=(catch2 python3-cryptography-vectors libssl-dev qemu-system-x86)

if [[ -t 1 ]]; then bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; else bold='' red='' green='' plain=''; fi

step() { echo "${bold}==> $*${plain}"; }

# fail WHAT [WHAT-TO-DO]: one line, and out.
fail() {
  echo "${red}error:${plain} $1${2:+: $2}" >&2
  exit 1
}

# check_host: the scripts know Debian 12 and 13; on another Debian-like system package names may differ.
check_host() {
  local id='' codename='' version=''
  [[ $(uname -sm) == "Linux x86_64" ]] || fail "virtcrypt runs on 64-bit x86 Linux, this is $(uname -sm)"
  # shellcheck source=/dev/null
  [[ -r /etc/os-release ]] && . /etc/os-release && id=${ID:-} codename=${VERSION_CODENAME:-} version=${VERSION_ID:-}
  if ! command -v apt-get > /dev/null; then
    fail "this script installs what it needs with apt-get, which is not here" "use Debian 12 or 13"
  fi
  if [[ $id != debian || ($version != 12 && $version != 13) ]]; then
    echo "note: this is ${id:-an unknown system} ${version:-$codename}; the script is made for Debian 12 and 13"
  fi
  suite=${codename:-unknown}
}

# as_root COMMAND...: with sudo where we are not root.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo > /dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    fail "root is needed for: $*" "run as root, or install sudo"
  fi
}

update_package_lists() {
  as_root apt-get update -qq -o DPkg::Lock::Timeout=120 ||
    fail "apt-get update failed" "check the network and apt's sources"
}

# install_missing PACKAGE...: calls apt only when a package is missing.
install_missing() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "missing: ${missing[*]}"
  update_package_lists
  as_root apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    "${missing[@]}" > /dev/null || fail "apt-get could not install: ${missing[*]}" "its messages are above"
}

# configure FOLDER OPTION...: a build folder, made anew if it belongs to another checkout (a moved clone).
configure() {
  local folder=$root/$1
  shift
  if [[ -e $folder/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
  fi
  # Whoever has ccache gets what was compiled before; precompiled headers need its leave.
  local launcher=()
  if [[ -n $(command -v ccache) ]]; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
  fi
  cmake -S "$root" -B "$folder" -G Ninja "${launcher[@]}" "$@" > "$folder.log" 2>&1 || {
    cat "$folder.log" >&2
    rm -f "$folder.log"
    fail "cmake could not configure $folder" "its messages are above"
  }
  rm -f "$folder.log"
}

# up_to_date FILE INPUT...: whether FILE was made from exactly these inputs. If not, its record is forgotten, and
# made_from FILE writes a new one after FILE was made.
up_to_date() {
  local file=$1
  shift
  key=$(cat -- "$@" | sha256sum)
  [[ -e $file && -e $file.key && $(< "$file.key") == "$key" ]] && return
  rm -f "$file.key"
  return 1
}
made_from() { echo "$key" > "$1.key"; }

# fetch_kernel: sets $kernel, the folder of the Debian guest kernel.
fetch_kernel() {
  kernel=$cache/kernel-$suite
  if [[ -s $kernel/version ]]; then return; fi
  local fetch=$root/guest-images/linux/fetch-kernel.sh
  mkdir -p "$cache"
  if ! "$fetch" "$kernel" 2> /dev/null; then
    # Package lists may be missing or older than the archive.
    update_package_lists
    "$fetch" "$kernel" || exit 1
  fi
}

# build_images: everything that the Linux guest lane boots on $lane; what is up to date stays. Sets $images.
# shellcheck disable=SC2154
build_images() {
  local recipes=$root/guest-images/linux rsa=$cache/rsa
  local program=$root/build/guest-images/linux/virtcrypt-guest
  images=$cache/images
  virtcrypt=$root/build/vmm/virtcrypt
  mkdir -p "$images"
  "$recipes/rsa-answers.sh" "$rsa" || fail "the RSA keys of the guest could not be made"
  if ! up_to_date "$images/guest.cpio" "$kernel/version" "$recipes"/{images.sh,build-guest.sh,init} \
    "$recipes"/scenarios/* "$rsa"/*/key.pk8 "$program"; then
    "$recipes/build-guest.sh" "$kernel" "$rsa" "$program" "$images/guest.cpio" || fail "the guest image could not be built"
    made_from "$images/guest.cpio"
  fi
  if [[ $lane == direct ]]; then return; fi
  if ! up_to_date "$images/outer.cpio" "$kernel/version" "$recipes"/{images.sh,build-outer.sh,outer-init,answer-asks.sh}; then
    "$recipes/build-outer.sh" "$kernel" "$images/outer.cpio" || fail "the outer image could not be built"
    made_from "$images/outer.cpio"
  fi
  if ! up_to_date "$images/payload.cpio" "$kernel/version" "$recipes"/{images.sh,build-payload.sh} "$images/guest.cpio" \
    "$virtcrypt"; then
    "$recipes/build-payload.sh" "$virtcrypt" "$kernel" "$images/guest.cpio" "$images/payload.cpio" ||
      fail "the image with the VMM could not be built"
    made_from "$images/payload.cpio"
  fi
}

# prepare_images: fetch_kernel and build_images, by one of those that run at a time.
prepare_images() {
  local lock
  mkdir -p "$cache"
  exec {lock}> "$cache/lock"
  flock "$lock"
  fetch_kernel
  build_images
  exec {lock}>&-
}
