#!/usr/bin/env bash
# Loads the compiled DSDT into ACPICA's interpreter (the one that Linux has) and evaluates what systems ask it for.
# usage: bare_metal_dsdt.sh DSDT.AML
set -uo pipefail
dsdt=$1
if ! command -v acpiexec >/dev/null; then
  echo "skipped: no acpiexec (package acpica-tools)"
  exit 77
fi

fail() {
  echo "failed: $1"
  exit 1
}

# The integers of an object, in order, in decimal.
integers_of() {
  acpiexec -b "evaluate $1" "$dsdt" 2>&1 |
    sed -n 's/^ *\[Integer\] = \([0-9A-F]*\)$/\1/p' | while read -r hex; do echo $((16#$hex)); done
}

# INTA# of slot n is wired to GSI 16 + n % 4, the other pins follow.
expected=$(for slot in {0..31}; do
  for pin in {0..3}; do
    printf '%d\n%d\n0\n%d\n' $((slot << 16 | 0xFFFF)) $pin $((16 + (slot + pin) % 4))
  done
done)
[[ $(integers_of '\_SB.PCI0._PRT') == "$expected" ]] || fail "_PRT does not route as the machine does"
[[ $(integers_of '\_S5' | head -1) == 5 ]] || fail "_S5 does not say SLP_TYP 5"

output=$(acpiexec -b 'evaluate \_SB.PCI0._CRS' "$dsdt" 2>&1)
grep -qiE 'exception|error' <<<"$output" && fail "the table does not load cleanly: $output"
echo "the DSDT loads and evaluates"
