#!/usr/bin/env bash
# Judges one scenario by what the guest reported, the exit code of the VMM and, for some, the device's log.
# usage: linux_judge.sh OUTPUT SCENARIO
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=guest-images/linux/lane.sh
. "$top/guest-images/linux/lane.sh"

output=$1 scenario=$2

if [[ -e $output/$scenario.skipped ]]; then
  echo "skipped: $(< "$output/$scenario.skipped")"
  exit 77
fi

# Resets the device logged, and those of them in which something was still held.
resets() { grep -E 'crypto[0-9]+: reset:' "$output/$scenario.log" || true; }
unclean_resets() { resets | grep -E '(sessions|in_flight|session_bytes|key_bytes|memory)=[1-9]' || true; }

# The driver resets the device at each of 20 removals and 20 unbindings.
judge_reload() {
  local count
  count=$(resets | grep -c . || true)
  if ((count < 40)); then
    echo "$scenario: the device logged $count resets, at least 40 are due"
    return 1
  fi
  if ! resets | grep -q 'sessions=0'; then
    echo "$scenario: the device's log does not say that a reset found no session"
    return 1
  fi
  if [[ -n $(unclean_resets) ]]; then
    echo "$scenario: the device still held something at a reset:"
    unclean_resets
    return 1
  fi
  echo "$scenario: $count resets of the device, each with nothing left"
}

# What the report of --check-driver says that the driver violates: no more and no less than what is known of it.
judge_driver() {
  local report
  report=$(sed -n '/^driver of crypto0 /,$p' "$output/$scenario.console")
  if [[ -z $report ]]; then
    echo "$scenario: there is no report on the driver"
    return 1
  fi
  if ! diff <(sed -nE 's/^([A-Z]+-DRV-[0-9]+) \(.* violated .*/\1/p' <<< "$report" | sort -u) \
    <(sed -nE "s/^([A-Z]+-DRV-[0-9]+).*/\1/p" "$top/tests/boot/linux-driver-violations.txt" | sort -u); then
    echo "$scenario: the driver violates other statements (<) than those that are known (>):"
    echo "$report"
    return 1
  fi
  echo "$scenario: the driver violates just what is known of it"
}

result=0
judge "$output" "$scenario" || result=1
if [[ $scenario == reload ]]; then judge_reload || result=1; fi
case $scenario in demo | split | reload) judge_driver || result=1 ;; esac
if [[ -e $output/$scenario.console ]]; then
  if ((result != 0)); then
    cat "$output/$scenario.console"
    echo "--- log of the VMM"
    cat "$output/$scenario.log" || true
  else
    grep '@virtcrypt ' "$output/$scenario.console"
  fi
fi
exit $result
