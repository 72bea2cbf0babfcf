#!/usr/bin/env bash
# Boots the Linux guest once for each scenario; linux_judge.sh then judges them one by one.
# usage: linux_run.sh OUTPUT
# The scenarios share one emulated machine where there is no hardware virtualization (see lane.sh).
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=setup.sh
. "$top/setup.sh"
# shellcheck source=guest-images/linux/lane.sh
. "$root/guest-images/linux/lane.sh"

output=$1
plan=$output.plan
rm -rf "$plan"

check_host
virtcrypt=$root/build/vmm/virtcrypt
fetch_kernel
choose_lane
build_images
echo "lane: $lane, because $lane_reason"

# Limits are for a busy machine: a run takes seconds on hardware and half a minute emulated.
# scenario NAME SECONDS [ARGUMENT...] [-- WORD...]: one run; words go to the guest kernel's command line.
scenario() {
  local name=$1 seconds=$2 arguments=()
  shift 2
  while (($# > 0)) && [[ $1 != -- ]]; do
    arguments+=("$1")
    shift
  done
  (($# == 0)) || shift
  add_run "$plan" "$name" "$seconds" --append "$(guest_arguments "$name" quiet virtcrypt.ms=100 "$@")" \
    "${arguments[@]}"
}

scenario demo 300 --memory 512M --crypto
scenario smp 300 --memory 512M --cpus 2 --crypto queues=2
scenario intx 300 --memory 512M --crypto -- pci=nomsi
scenario devices 300 --memory 512M --crypto queues=2 --crypto queues=1
scenario reload 600 --memory 512M --crypto -- cryptomgr.notests

# A guest of 6 GiB, and in the nested lane an emulated machine around it.
available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
needed=7168
if [[ $lane == nested ]]; then needed=9216; fi
if ((available >= needed)); then
  scenario memory 300 --memory 6G --crypto
  export outer_memory=8192
fi

run_plan "$plan" "$output" || fail "not every scenario was run" "the console is above, and in $output"

# In the emulated machine a guest with two processors was seen to stand still once (docs/testing.md): one that reached its
# time limit there gets a second machine. Where guests run in hardware nothing is tried twice.
if [[ $lane == nested && $(cat "$output/smp.exit" 2> /dev/null) == 137 ]]; then
  echo "smp reached its time limit in the emulated machine: once more"
  mv "$output/smp.console" "$output/smp.first-console"
  find "$plan" -type f ! -name smp -delete
  run_plan "$plan" "$output.again" || fail "smp was not run again" "see $output.again"
  cp "$output.again"/smp.* "$output/"
fi
if ((available < needed)); then
  echo "a guest of 6 GiB needs $needed MiB of free memory here, there are $available" > "$output/memory.skipped"
fi
