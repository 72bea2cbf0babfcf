#!/usr/bin/env bash
# `virtcrypt bench --peer`: what it prints, and what it refuses.
# usage: peer_check.sh VIRTCRYPT CASE        (exit code 77: there is no QEMU here)
set -euo pipefail
virtcrypt=$1 case=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

measure() { "$virtcrypt" bench --direction encrypt --depth 8 --milliseconds 2 --rounds 1 "$@"; }

# refused CODE PATTERN OPTION...: one line that matches, nothing measured.
refused() {
  local wanted=$1 pattern=$2 code=0
  shift 2
  measure "$@" > "$scratch/out" 2> "$scratch/err" || code=$?
  cat "$scratch/err"
  [[ $code == "$wanted" && $(wc -l < "$scratch/err") == 1 && ! -s $scratch/out ]] || {
    echo "FAILED: exit code $code, wanted $wanted and one line"
    exit 1
  }
  grep -qE -- "$pattern" "$scratch/err" || { echo "FAILED: nothing matches '$pattern'"; exit 1; }
}

# rows WANTED OPTION...: engines in the order of the table's rows; ours are compared with the peer, which has no ceiling.
rows() {
  local wanted=$1
  shift
  measure --peer qemu "$@" | tee "$scratch/out"
  local seen
  seen=$(awk '$2 == "qemu" && $3 > 0 && /-  +-  +-/ { printf "%s:qemu ", $1 }
              $2 != "qemu" && $3 > 0 && $NF ~ /^[0-9.]+x$/ { printf "%s:%s ", $1, $2 }' "$scratch/out")
  [[ $seen == "$wanted " ]] || { echo "FAILED: rows '$seen', wanted '$wanted '"; exit 1; }
}

case $case in
  qemu)
    command -v qemu-system-x86_64 > /dev/null || { echo "qemu-system-x86_64 is not installed"; exit 77; }
    rows "64:auto 64:cryptopp 64:qemu 1024:auto 1024:cryptopp 1024:qemu" --size 64,1024
    rows "64:auto 64:qemu" --size 64 --engine auto --measure sessions
    rows "64:auto 64:qemu" --size 64 --engine auto --ring packed --descriptors direct
    measure --peer qemu --size 64 --engine auto --algorithm SHA-256 | grep -qE "auto .* -$" # which QEMU does not have
    measure --peer qemu --size 64 --engine auto --algorithm "AES-CBC 128 + SHA256" | grep -qE "auto .* -$"
    measure --peer qemu --engine auto --algorithm "RSA 2048 raw" > "$scratch/out" # which some QEMUs have
    refused 1 "--peer qemu: .*stateless" --peer qemu --mode stateless
    refused 1 "--peer qemu: .*256 sessions" --peer qemu --sessions 300
    ;;
  unknown)
    refused 2 "there is no peer 'vmware'; use qemu" --peer vmware
    refused 2 "one data queue" --peer qemu --queues 2
    refused 2 "--driver turns" --peer qemu --driver turns
    refused 1 "is no QEMU" --peer qemu:/bin/true
    refused 1 "cannot run .*no-such-file" --peer "qemu:$scratch/no-such-file"
    ;;
esac
