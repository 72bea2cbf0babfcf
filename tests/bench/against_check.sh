#!/usr/bin/env bash
# `virtcrypt bench --against`: the table of two programs that take turns, and programs that are none of ours.
# usage: against_check.sh VIRTCRYPT CASE
set -euo pipefail
virtcrypt=$1 case=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

against() { "$virtcrypt" bench --direction encrypt --depth 4 --milliseconds 2 --rounds 3 --size 64,256 --engine auto --against "$@"; }

# refused CODE PATTERN PROGRAM OPTION...: one line that matches, nothing measured.
refused() {
  local wanted=$1 pattern=$2 code=0
  shift 2
  against "$@" > "$scratch/out" 2> "$scratch/err" || code=$?
  cat "$scratch/err"
  [[ $code == "$wanted" && $(wc -l < "$scratch/err") == 1 && ! -s $scratch/out ]] || {
    echo "FAILED: exit code $code, wanted $wanted and one line"
    exit 1
  }
  grep -qE -- "$pattern" "$scratch/err" || { echo "FAILED: nothing matches '$pattern'"; exit 1; }
}

# script NAME LINE...: a program that writes its arguments to NAME.log, and does this.
script() {
  local name=$scratch/$1
  shift
  { echo '#!/bin/sh'; echo "echo \"\$@\" >> $name.log"; printf '%s\n' "$@"; } > "$name"
  chmod +x "$name"
}

case $case in
  same)
    # It is given what was asked for, once for each pair.
    script other "exec $virtcrypt \"\$@\""
    against "$scratch/other" | tee "$scratch/out"
    rows=$(awk '$3 ~ /^(64|256)$/ && $4 == "auto" && $5 > 0 && $6 > 0 && $7 ~ /^[0-9.]+$/' "$scratch/out" | wc -l)
    runs=$(grep -c '^bench .*--size 64,256 .*--json --rounds 1$' "$scratch/other.log")
    [[ $rows == 2 && $runs == 3 ]] || { echo "FAILED: $rows rows, wanted 2; $runs runs, wanted 3"; exit 1; }
    ;;
  other)
    refused 1 "cannot run .*no-such-file" "$scratch/no-such-file"
    refused 1 "is no virtcrypt" /bin/true
    script broken '[ "$1" = --version ] && echo virtcrypt 0 && exit' 'echo an old complaint >&2; exit 3'
    refused 1 "broken: an old complaint" "$scratch/broken"
    script silent 'echo virtcrypt 0'
    refused 1 "silent: its results cannot be read" "$scratch/silent"
    refused 2 "excludes" "$virtcrypt" --json
    ;;
esac
