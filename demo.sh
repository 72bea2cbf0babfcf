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
usage: ./demo.sh [--rfc-v2 | --shell] [--rebuild] [--help]

Builds virtcrypt, boots Debian's unmodified kernel in it with a virtio-crypto device, runs the kernel's own self-tests
and AES and RSA workloads on the device, and prints a table of the results. Exit code 0 only if all passed.

  --rfc-v2   the device as its first draft of 2016 had it (docs/rfc-v2.md), which no kernel driver knows: a driver in
             the guest's user space tries every algorithm, several queues, bad requests and changing readiness
  --shell    an interactive shell in the guest instead; Ctrl-A x leaves
  --rebuild  build everything and fetch the guest kernel anew
  --help     this text

Missing packages are installed with apt-get (through sudo when not root). Where /dev/kvm has hardware virtualization
behind it the guest runs on it, otherwise inside a machine emulated by QEMU, which takes half a minute longer.
TEXT
}

shell=no rebuild=no scenario=demo
for argument in "$@"; do
  case $argument in
    --rfc-v2) scenario=rfc-v2 ;;
    --shell) shell=yes ;;
    --rebuild) rebuild=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; echo >&2; echo "error: unknown option $argument" >&2; exit 2 ;;
  esac
done
if [[ $shell == yes && $scenario != demo ]]; then fail "--shell and --rfc-v2 exclude each other"; fi
if [[ $shell == yes && ! -t 0 ]]; then fail "--shell needs a terminal"; fi

# verdict_of LINE: passed or failed, of a result line; colour_of VERDICT: how the terminal shows it.
verdict_of() { local word=${1#verdict=}; echo "${word%% *}"; }
colour_of() { if [[ $1 == passed ]]; then echo "$green"; else echo "$red"; fi; }

# heading TEXT VERDICT [COLUMN [COLUMN]] and row LABEL VERDICT [COLUMN [COLUMN]]: the lines of a table.
heading() { printf '\n%s%-52s %-9s %9s %12s%s\n' "$bold" "$1" "$2" "${3:-}" "${4:-}" "$plain"; }
row() { printf '%-52s %s%-9s%s %9s %12s\n' "$1" "$(colour_of "$2")" "$2" "$plain" "${3:-}" "${4:-}"; }

selftest_table() {
  local line label
  heading "kernel self-test (/proc/crypto)" verdict
  result_lines "$1" selftest | while read -r line; do
    label=${line#* driver=}
    row "${label#* name=}: ${label%% *}" "$(verdict_of "$line")"
  done
}

answers_table() {
  local line answers
  heading "algorithm" result answers
  result_lines "$1" answers | while read -r line; do
    answers=${line#* answers=}
    row "${line#* label=}" "$(verdict_of "$line")" "${answers%% *}"
  done
}

workload_table() {
  local line requests rate
  heading "workload in the guest" result requests per\ second
  result_lines "$1" workload | while read -r line; do
    requests=${line#* requests=} rate=${line#* rate=}
    row "${line#* label=}" "$(verdict_of "$line")" "${requests%% *}" "${rate%% *}"
  done
}

check_table() {
  local line
  printf '\n%s%-9s %s%s\n' "$bold" result check "$plain"
  result_lines "$1" check | while read -r line; do
    printf '%s%-9s%s %s\n' "$(colour_of "$(verdict_of "$line")")" "$(verdict_of "$line")" "$plain" "${line#* label=}"
  done
}

# tables FILE: what one console log says.
tables() {
  if [[ $scenario == rfc-v2 ]]; then answers_table "$1"; else selftest_table "$1"; fi
  workload_table "$1"
  check_table "$1"
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
output=$cache/$scenario
plan=$cache/$scenario-plan
rm -rf "$plan"
# Every character of the console costs time where the machine is emulated.
quiet=()
if [[ $lane == nested ]]; then quiet=(quiet); fi
device=(--crypto)
if [[ $scenario == rfc-v2 ]]; then
  device=(--cpus 2 --control /tmp/virtcrypt-demo.control --crypto "dialect=rfc-v2,queues=4,inline-sessions=on,max-sessions=1000")
fi
add_run "$plan" "$scenario" 600 --memory 512M "${device[@]}" --append "$(guest_arguments "$scenario" "${quiet[@]}")"
run_plan "$plan" "$output" || true

step "6/6 Results"
[[ -e $output/$scenario.console ]] || fail "the guest did not start" "see $output"
tables "$output/$scenario.console"
complaint=$(judge "$output" "$scenario") || fail "$complaint" "the logs are in $output"
echo "${green}All passed.${plain} Logs: $output"
