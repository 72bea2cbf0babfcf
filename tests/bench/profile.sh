#!/usr/bin/env bash
# Where the time of the device's I/O threads goes while `virtcrypt bench` runs: shares of perf's samples.
# usage: profile.sh VIRTCRYPT [OPTION-OF-BENCH...]
set -euo pipefail
[[ $# -ge 1 ]] || { echo "usage: profile.sh VIRTCRYPT [OPTION-OF-BENCH...]" >&2; exit 2; }
virtcrypt=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

command -v perf > /dev/null || { echo "profile.sh: perf is not installed: apt-get install linux-perf" >&2; exit 1; }
perf record -q -o "$scratch/try" -- true > /dev/null 2>&1 || {
  echo "profile.sh: perf may not measure here; /proc/sys/kernel/perf_event_paranoid is $(< /proc/sys/kernel/perf_event_paranoid)" >&2
  exit 1
}

# The times between samples are no multiples of anything that the device does.
perf record -q -F 1999 -o "$scratch/data" -- "$virtcrypt" bench "$@"

# The threads' names begin with the device's. A line: thread, symbol, (library).
perf script -i "$scratch/data" -F comm,ip,sym,dso > "$scratch/samples" 2> "$scratch/errors" || {
  tail -1 "$scratch/errors" >&2
  exit 1
}
awk '
  $1 !~ /^crypto[0-9]*\/[0-9]+$/ { next }
  { ++all }
  /\(\[(guest\.)?kernel/ || $2 ~ /^ffff/           { ++part["kernel"]; next }
  /\([^()]*\/(libIPSec_MB|libcryptopp)[^()]*\)$/   { ++part["cipher"]; next }
  match($0, /virtcrypt::(crypto|devices|virtio)::/) {
    ++part[substr($0, RSTART + 11, RLENGTH - 13) "/"]
    next
  }
  { ++part["rest"] }
  END {
    if (all == 0) { print "profile.sh: no samples of an I/O thread (--driver turns has none)" > "/dev/stderr"; exit 1 }
    printf "\n%d samples of the I/O threads\n", all
    count = split("cipher crypto/ devices/ virtio/ kernel rest", names, " ")
    for (i = 1; i <= count; ++i) printf "%-9s %5.1f %%\n", names[i], 100 * part[names[i]] / all
  }' "$scratch/samples"
