#!/usr/bin/env bash
# Boots Debian's stock kernel in virtcrypt's machine and lets it use the virtio-crypto device.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=setup.sh
. "$here/setup.sh"
# shellcheck source=guest-images/linux/lane.sh
. "$root/guest-images/linux/lane.sh"

usage() {
  cat << 'TEXT'
usage: ./demo.sh [--shell] [--rebuild] [--help]

Builds virtcrypt, boots Debian's unmodified kernel in it with a virtio-crypto device, runs the kernel's own self-tests
and AES and RSA workloads on the device, and prints a table of the results. Exit code 0 only if all passed.

  --shell    an interactive shell in the guest instead; Ctrl-A x leaves
  --rebuild  build everything and fetch the guest kernel anew
  --help     this text

Missing packages are installed with apt-get (through sudo when not root). Where /dev/kvm has hardware virtualization
behind it the guest runs on it, otherwise inside a machine emulated by QEMU, which takes half a minute longer.
TEXT
}

shell=no rebuild=no
for argument in "$@"; do
  case $argument in
    --shell) shell=yes ;;
    --rebuild) rebuild=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; echo >&2; echo "error: unknown option $argument" >&2; exit 2 ;;
  esac
done
if [[ $shell == yes && ! -t 0 ]]; then fail "--shell needs a terminal"; fi

# table FILE: self-tests and workloads of one console log.
table() {
  local line verdict color label
  printf '\n%s%-44s %-9s %9s %12s%s\n' "$bold" "kernel self-test (/proc/crypto)" verdict '' '' "$plain"
  result_lines "$1" selftest | while read -r line; do
    verdict=${line#verdict=} verdict=${verdict%% *} label=${line#* driver=}
    color=$green; [[ $verdict == passed ]] || color=$red
    printf '%-44s %s%s%s\n' "${label#* name=}: ${label%% *}" "$color" "$verdict" "$plain"
  done
  printf '\n%s%-44s %-9s %9s %12s%s\n' "$bold" "workload in the guest" result requests per\ second "$plain"
  result_lines "$1" workload | while read -r line; do
    verdict=${line#verdict=} verdict=${verdict%% *} label=${line#* label=}
    line=${line#* requests=}
    color=$green; [[ $verdict == passed ]] || color=$red
    line=${line%% label=*}
    printf '%-44s %s%-9s%s %9s %12s\n' "$label" "$color" "$verdict" "$plain" "${line% rate=*}" "${line#* rate=}"
  done
  echo
}

step "1/6 Packages"
check_host
install_missing "${build_packages[@]}" "${image_packages[@]}"
if [[ $rebuild == yes ]]; then rm -rf "$root/build" "$cache"; fi

step "2/6 Build (Release)"
if [[ ! -e $root/build/build.ninja ]] || ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/build/CMakeCache.txt"; then
  configure build -DCMAKE_BUILD_TYPE=Release -DVIRTCRYPT_TESTS=OFF
fi
ninja -C "$root/build" virtcrypt virtcrypt-guest || fail "the build failed" "the compiler's messages are above"
virtcrypt=$root/build/vmm/virtcrypt

step "3/6 Guest kernel"
fetch_kernel
echo "Debian's linux-image-$(< "$kernel/version"), unpacked below cache/, not installed"

choose_lane
step "4/6 Guest images"
if [[ $lane == nested ]]; then install_missing "${nested_packages[@]}"; fi
build_images

if [[ $lane == direct ]]; then
  step "5/6 Boot: on this host's KVM, because $lane_reason"
else
  step "5/6 Boot: inside an emulated AMD-V machine (QEMU), because $lane_reason"
  echo "That machine boots first; the guest's console follows in a moment."
fi
if [[ $shell == yes ]]; then
  echo "Ctrl-A x leaves the guest."
  run_shell || fail "the guest's shell ended with code $?"
  exit 0
fi
output=$cache/demo
plan=$cache/demo-plan
rm -rf "$plan"
# Every character of the console costs time where the machine is emulated.
quiet=()
if [[ $lane == nested ]]; then quiet=(quiet); fi
add_run "$plan" demo 600 --memory 512M --crypto --append "$(guest_arguments demo "${quiet[@]}")"
run_plan "$plan" "$output" || true

step "6/6 Results"
[[ -e $output/demo.console ]] || fail "the guest did not start" "see $output"
table "$output/demo.console"
complaint=$(judge "$output" demo) || fail "$complaint" "the logs are in $output"
echo "${green}All passed.${plain} Logs: $output"
