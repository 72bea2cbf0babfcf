#!/usr/bin/env bash
# Runs the bare-metal guest and judges it by what it reported on its console and by the program's exit code.
# usage: bare_metal.sh VIRTCRYPT GUEST OUTPUT-FOLDER one-cpu|two-cpus|no-device
set -uo pipefail
virtcrypt=$1 guest=$2 folder=$3 case=$4
readonly time_limit=120
readonly skipped=77 power_off=0 reset=10

if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
  echo "skipped: no /dev/kvm that this user may open"
  exit $skipped
fi

mkdir -p "$folder"
console=$folder/$case.console
log=$folder/$case.log
options=(--memory 64M --crypto queues=2)
expected=$power_off
case $case in
  one-cpu) ;;
  two-cpus) options+=(--cpus 2) ;;
  no-device)
    options=(--memory 64M)
    expected=$reset
    ;;
  *)
    echo "no such case: $case"
    exit 1
    ;;
esac

timeout --kill-after=5 $time_limit "$virtcrypt" run --kernel "$guest" "${options[@]}" </dev/null >"$console" 2>"$log"
code=$?

fail() {
  echo "failed: $1"
  echo "--- console ($console)"
  cat "$console"
  echo "--- log ($log)"
  cat "$log"
  exit 1
}

((code == 124 || code == 137)) && fail "the guest was still running after $time_limit seconds"
((code == expected)) || fail "exit code $code, expected $expected"
bad=$(grep -c '^not ok ' "$console")
good=$(grep -c '^ok ' "$console")
plan=$(sed -n 's/^1\.\.\([0-9]*\)\r*$/\1/p' "$console")
[[ $plan == $((good + bad)) ]] || fail "the plan says '$plan' checks and $((good + bad)) reported"
if [[ $case == no-device ]]; then
  ((bad == 1)) || fail "$bad checks failed, expected the one that looks for the device"
else
  ((bad == 0)) || fail "$bad checks failed"
  # A guest that lost its way early would have few checks, all of them good.
  ((good >= 100)) || fail "only $good checks were made"
fi
echo "$good checks passed, exit code $code"
