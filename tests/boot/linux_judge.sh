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

result=0
judge "$output" "$scenario" || result=1
if [[ $scenario == reload ]]; then judge_reload || result=1; fi
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
