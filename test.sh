#!/usr/bin/env bash
# Builds and runs every test of virtcrypt; closes with ctest's summary.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=setup.sh
. "$here/setup.sh"
# shellcheck source=guest-images/linux/lane.sh
. "$root/guest-images/linux/lane.sh"

usage() {
  cat << 'TEXT'
usage: ./test.sh [--fast] [--help]

Installs what is missing (apt-get, through sudo when not root), builds virtcrypt and its tests, and runs:
unit tests; the same built with AddressSanitizer + UBSan and with ThreadSanitizer; short runs of the fuzzers; bad input on the
command line; the bare-metal guest on /dev/kvm (skipped where there is none); the Linux guest. Exit code 0 only if nothing
failed.

  --fast  without the sanitizer builds and without the Linux guest
  --help  this text
TEXT
}

fast=no
for argument in "$@"; do
  case $argument in
    --fast) fast=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; echo >&2; echo "error: unknown option $argument" >&2; exit 2 ;;
  esac
done

sanitizers=(asan tsan)
if [[ $fast == yes ]]; then sanitizers=(); fi

# build_sanitized NAME: the in-process tests with one sanitizer, in build-NAME.
build_sanitized() {
  local -A flags=([asan]="address,undefined" [tsan]="thread")
  configure "build-$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
    "-DVIRTCRYPT_SANITIZE=${flags[$1]}" -DVIRTCRYPT_TESTS=ON -DVIRTCRYPT_TEST_PCH=ON
  local targets
  mapfile -t targets < <(unit_programs "$1")
  if [[ $1 == asan ]]; then targets+=(fuzz_standalone fuzz_faults); fi
  ninja -C "$root/build-$1" "${targets[@]}" || fail "the $1 build failed" "the compiler's messages are above"
}

# unit_programs NAME: names of the unit test programs that the build folder knows.
unit_programs() {
  ninja -C "$root/build-$1" -t targets all | sed -nE 's#^(unit_[a-z_]+): phony$#\1#p' | sort
}

# combined_tests FILE: one list of tests over all build folders, so that one ctest run, and one summary, has them all.
# A sanitizer's unit tests are one test a program: starting a program for each case would cost more than the cases.
combined_tests() {
  local name program exclude
  echo "subdirs(\"$root/build\")"
  for name in "${sanitizers[@]}"; do
    # Tests in which a guest races with the device on purpose are a data race by design.
    exclude=''
    if [[ $name == tsan ]]; then exclude='"~[race]"'; fi
    for program in $(unit_programs "$name"); do
      echo "add_test(\"$name.$program\" \"$root/build-$name/tests/$program\" $exclude)"
      # The longest of all tests: they begin first, so that none is left to run alone in the end.
      echo "set_tests_properties(\"$name.$program\" PROPERTIES LABELS $name TIMEOUT 900 COST 100)"
    done
  done
  if [[ $fast == no ]]; then fuzz_tests; fi
}

# fuzz_tests: the fuzzers' kept inputs, and changed ones, with AddressSanitizer; and whether they find faults with it.
fuzz_tests() {
  local folder target
  for folder in "$root"/tests/fuzz/corpus/*; do
    target=${folder##*/}
    echo "add_test(\"asan.fuzz.$target\" \"$root/build-asan/tests/fuzz/fuzz_standalone\" --target $target --runs 500 \"$folder\")"
    echo "set_tests_properties(\"asan.fuzz.$target\" PROPERTIES LABELS \"asan;fuzz\" TIMEOUT 300)"
  done
  echo "add_test(\"asan.fuzz_faults\" \"$root/build-asan/tests/fuzz/fuzz_faults\" \"$root/tests/fuzz/corpus\")"
  echo "set_tests_properties(\"asan.fuzz_faults\" PROPERTIES LABELS \"asan;fuzz\" TIMEOUT 600)"
}

step "Packages"
check_host
packages=("${build_packages[@]}" "${test_packages[@]}")
if [[ $fast == no ]]; then packages+=("${image_packages[@]}"); fi
install_missing "${packages[@]}"

step "Build (Release)"
configure build -DCMAKE_BUILD_TYPE=Release -DVIRTCRYPT_TESTS=ON -DVIRTCRYPT_TEST_PCH=ON
ninja -C "$root/build" || fail "the build failed" "the compiler's messages are above"

# Mostly waits to see what a device must not do, so it takes next to nothing from the builds that follow.
conformance=$root/build/conformance.txt
"$root/build/vmm/virtcrypt" conformance --ring both > "$conformance" 2>&1 &
conformance_run=$!

for name in "${sanitizers[@]}"; do
  step "Build ($name)"
  build_sanitized "$name"
done

if [[ $fast == no ]]; then
  step "Guest kernel and images"
  virtcrypt=$root/build/vmm/virtcrypt
  fetch_kernel
  choose_lane
  if [[ $lane == nested ]]; then install_missing "${nested_packages[@]}"; fi
  build_images
fi

step "Conformance to VIRTIO 1.4 (docs/conformance.md)"
# Here for its numbers; ctest runs it once more, for the verdict.
wait "$conformance_run" || true
cat "$conformance"

step "Tests"
mkdir -p "$root/build/all-tests"
combined_tests > "$root/build/all-tests/CTestTestfile.cmake"
options=(--test-dir "$root/build/all-tests" --output-on-failure --parallel "$(nproc)")
if [[ $fast == yes ]]; then options+=(--label-exclude linux-guest); fi
exec ctest "${options[@]}"
