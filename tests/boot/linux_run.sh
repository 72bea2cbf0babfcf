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
choose_lane
prepare_images
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

# The driver is judged where it says --check-driver; the report follows the guest's console.
scenario demo 200 --memory 512M --crypto --check-driver
scenario split 200 --memory 512M --crypto without=RING_PACKED+INDIRECT_DESC+EVENT_IDX --check-driver
# What the kernel says of a processor that hangs is a warning, which "quiet" would hide.
scenario smp 200 --memory 512M --cpus 2 --crypto queues=2 -- loglevel=5
scenario intx 200 --memory 512M --crypto -- pci=nomsi
scenario devices 200 --memory 512M --crypto queues=2 --crypto queues=1
scenario rfc-v2 300 --memory 512M --cpus 2 --control /tmp/virtcrypt-rfc-v2.control \
  --crypto dialect=rfc-v2,queues=4,inline-sessions=on,max-sessions=100
scenario reload 400 --memory 512M --crypto --check-driver -- cryptomgr.notests

# A guest of 6 GiB, and in the nested lane an emulated machine around it.
available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
needed=7168
if [[ $lane == nested ]]; then needed=9216; fi
if ((available >= needed)); then
  scenario memory 200 --memory 6G --crypto
  export outer_memory=8192
fi

run_plan "$plan" "$output" || fail "not every scenario was run" "the console is above, and in $output"

if ((available < needed)); then
  echo "a guest of 6 GiB needs $needed MiB of free memory here, there are $available" > "$output/memory.skipped"
fi
