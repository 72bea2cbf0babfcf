#!/usr/bin/env bash
# Fuzzes the device model, its engines and the files that the program reads with libFuzzer, under AddressSanitizer and
# UndefinedBehaviorSanitizer.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=setup.sh
. "$here/setup.sh"

usage() {
  cat << 'TEXT'
usage: ./fuzz.sh [TARGET] [SECONDS]
       ./fuzz.sh --faults [FAULT]
       ./fuzz.sh --coverage | --keep | --oss-fuzz-check [TARGET] | --list | --help

Installs what is missing (apt-get, through sudo when not root), builds the fuzzers, and runs TARGET, or all of them one after
the other, for SECONDS each (60). They begin with the inputs of tests/fuzz/corpus; what they find goes to build-fuzz/corpus,
and an input that fails to build-fuzz/findings. Exit code 1 when there was a finding.

  --coverage  which lines of virtio/ and devices/crypto/ the kept inputs reach: totals, and pages in build-coverage/html
  --faults    whether each deliberate fault of tests/faults/fuzz.faults, or FAULT alone, is found within a minute; exit
              code 1 when one is not, or when a target fails without any
  --keep      adds what build-fuzz/corpus has that tests/fuzz/corpus has not, and drops what is not needed there
  --oss-fuzz-check [TARGET]
              calls tests/fuzz/build.sh as OSS-Fuzz does, for all targets or one, and runs 100 inputs of each where nothing
              of ours is installed; SANITIZER=undefined for the other sanitizer
  --list      the targets
TEXT
}

targets=(pci split-ring packed-ring control cipher chain hash mac aead akcipher rfc-v2 device vhost-user differential kernel vectors)
corpus=$root/tests/fuzz/corpus
found=$root/build-fuzz/corpus
findings=$root/build-fuzz/findings
fuzz_packages=(clang llvm libclang-rt-dev libssl-dev "${build_packages[@]}")

# build_fuzzers TARGET...: ninja's.
build_fuzzers() {
  step "Packages"
  check_host
  install_missing "${fuzz_packages[@]}"
  step "Build (clang, AddressSanitizer, UndefinedBehaviorSanitizer)"
  configure build-fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCMAKE_CXX_FLAGS=-fsanitize=fuzzer-no-link" "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
    -DVIRTCRYPT_SANITIZE=address,undefined -DVIRTCRYPT_FUZZ_ENGINE=-fsanitize=fuzzer -DVIRTCRYPT_TESTS=OFF
  ninja -C "$root/build-fuzz" "$@" || fail "the build failed" "the compiler's messages are above"
}

# last_number PATTERN FILE: the last number behind PATTERN.
last_number() { grep -aoE "$1[0-9]+" "$2" | tail -1 | grep -oE '[0-9]+$' || echo '?'; }

# fuzz_target NAME SECONDS: runs one fuzzer, and appends a line to the summary.
fuzz_target() {
  local name=$1 seconds=$2 log=$root/build-fuzz/$1.log finding=none
  local dictionary=$root/tests/fuzz/dictionaries/$name.dict options=()
  if [[ -e $dictionary ]]; then options=("-dict=$dictionary"); fi
  mkdir -p "$found/$name" "$findings"
  step "$name, $seconds s"
  # Entropic scheduling takes more time than the device does. Nothing that a guest says may make it ask for half a gigabyte.
  "$root/build-fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=2048 \
    -malloc_limit_mb=512 -entropic=0 -print_final_stats=1 -artifact_prefix="$findings/$name-" "${options[@]}" "$found/$name" \
    "$corpus/$name" 2>&1 |
    tee "$log" | grep --line-buffered -aE '^#[0-9]+[[:space:]]+(INITED|pulse|DONE)|ERROR|virtcrypt fuzz:|SUMMARY' || true
  if ! grep -aq '^Done ' "$log"; then
    finding=$(grep -aoE 'Test unit written to .*' "$log" | sed 's/.* //' | tail -1)
    finding=${finding:-see $log}
  fi
  printf '%-12s %12s %8s %9s %7s  %s\n' "$name" "$(last_number 'number_of_executed_units: ' "$log")" \
    "$(last_number 'average_exec_per_sec: *' "$log")" "$(last_number 'cov: ' "$log")" "$(last_number 'corp: ' "$log")" \
    "$finding" >> "$summary"
}

fuzz() {
  local chosen=("${targets[@]}") seconds=60 name
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
  elif [[ -n ${1:-} ]]; then
    [[ " ${targets[*]} " == *" $1 "* ]] || fail "there is no target '$1'" "./fuzz.sh --list says what there is"
    chosen=("$1")
    seconds=${2:-60}
  fi
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "'$seconds' is no number of seconds"
  build_fuzzers "${targets[@]/#/fuzz_}"
  summary=$(mktemp)
  for name in "${chosen[@]}"; do fuzz_target "$name" "$seconds"; done
  echo
  printf '%-12s %12s %8s %9s %7s  %s\n' target executions per-s edges inputs finding
  cat "$summary"
  if grep -qv ' none$' "$summary"; then
    rm -f "$summary"
    echo "see what an input does: build/vmm/virtcrypt replay FILE"
    exit 1
  fi
  rm -f "$summary"
}

# keep: the smallest set of inputs that reaches all that the kept and the found ones reach.
keep() {
  build_fuzzers "${targets[@]/#/fuzz_}"
  local name scratch
  for name in "${targets[@]}"; do
    mkdir -p "$found/$name"
    scratch=$(mktemp -d)
    "$root/build-fuzz/tests/fuzz/fuzz_$name" -set_cover_merge=1 -use_counters=0 -max_len=8192 "$scratch" "$corpus/$name" \
      "$found/$name" > "$root/build-fuzz/$name.log" 2>&1 || fail "the inputs of $name could not be merged" \
      "see build-fuzz/$name.log"
    rm -rf "${corpus:?}/$name"
    mv "$scratch" "$corpus/$name"
    chmod 755 "$corpus/$name"
    echo "$name: $(find "$corpus/$name" -type f | wc -l) inputs"
  done
}

# run_faulty FAULT TARGET LOG ARGUMENT...: the fuzzer of faulty devices.
run_faulty() {
  local fault=$1 target=$2 log=$3
  shift 3
  # What is found goes into the first folder, not to what is kept.
  rm -rf "$root/build-fuzz/faults/corpus"
  mkdir -p "$root/build-fuzz/faults/corpus"
  VIRTCRYPT_FAULT=$fault VIRTCRYPT_FUZZ_TARGET=$target timeout 120 "$root/build-fuzz/tests/fuzz/fuzz_faulty" \
    -max_len=8192 -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=512 -entropic=0 -seed=1 -print_final_stats=1 \
    -artifact_prefix="$root/build-fuzz/faults/${fault:-none}-" "$@" "$root/build-fuzz/faults/corpus" "$corpus/$target" > "$log" 2>&1
}

# how_seen LOG: what the fuzzer stopped at.
how_seen() {
  local line
  line=$(grep -aoE -m 1 'virtcrypt fuzz: .*|runtime error: .*|ERROR: (AddressSanitizer|LeakSanitizer|libFuzzer): .*' "$1") ||
    line=$(tail -1 "$1")
  sed -E 's/ (on|by) (unknown )?address.*//; s/ \(pc .*//; s/^ERROR: //; s/ \(malloc.*| after .* seconds$//' <<< "${line:0:90}"
}

# faults [FAULT]: a list's entries begin with "fault NAME"; the first word of "found-by" is a target.
faults() {
  local name target log=$root/build-fuzz/faults/log start seconds missed=0 listed
  listed=$(awk '$1 == "fault" { name = $2 } $1 == "found-by" { print name, $2 }' "$root/tests/faults/fuzz.faults")
  if [[ -n ${1:-} ]]; then
    listed=$(awk -v name="$1" '$1 == name' <<< "$listed")
    [[ -n $listed ]] || fail "there is no fault '$1'" "tests/faults/fuzz.faults has those that there are"
  fi
  build_fuzzers fuzz_faulty
  mkdir -p "$root/build-fuzz/faults"
  step "The targets without a fault"
  for target in $(awk '{ print $2 }' <<< "$listed" | sort -u); do
    run_faulty '' "$target" "$log" -runs=0 || fail "$target fails without any fault" "see build-fuzz/faults/log"
    echo "$target passes"
  done
  step "With each of the faults"
  printf '%-32s %-12s %8s %11s  %s\n' fault target seconds executions seen
  while read -r name target; do
    log=$root/build-fuzz/faults/$name.log
    start=$EPOCHREALTIME
    if run_faulty "$name" "$target" "$log" -max_total_time=60; then
      missed=$((missed + 1))
      printf '%-32s %-12s %8s %11s  %s\n' "$name" "$target" - "$(last_number 'number_of_executed_units: ' "$log")" MISSED
      continue
    fi
    seconds=$(awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
    printf '%-32s %-12s %8s %11s  %s\n' "$name" "$target" "$seconds" \
      "$(last_number 'number_of_executed_units: ' "$log")" "$(how_seen "$log")"
  done <<< "$listed"
  echo "$(wc -l <<< "$listed") faults, $missed missed"
  [[ $missed == 0 ]] || exit 1
}

# coverage_table: sums llvm-cov's report by folder.
coverage_table() {
  awk '
    function add(group) {
      lines[group] += $8; missed[group] += $9; branches[group] += $11; untaken[group] += $12
    }
    function show(group) {
      printf "%-22s %7d %8.2f %% %9d %8.2f %%\n", group, lines[group], 100 * (1 - missed[group] / lines[group]),
        branches[group], 100 * (1 - untaken[group] / branches[group])
    }
    $1 ~ /\.(cc|h)$/ {
      group = $1
      sub("/[^/]*$", "/", group)
      if (!(group in lines)) order[++groups] = group
      add(group)
      add("TOTAL")
    }
    END {
      printf "%-22s %7s %10s %9s %10s\n", "folder", "lines", "reached", "branches", "reached"
      for (i = 1; i <= groups; ++i) show(order[i])
      show("TOTAL")
    }' "$1"
}

coverage() {
  step "Packages"
  check_host
  install_missing "${fuzz_packages[@]}"
  step "Build (clang, coverage)"
  configure build-coverage -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCMAKE_CXX_FLAGS=-fprofile-instr-generate -fcoverage-mapping" "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
    -DVIRTCRYPT_FUZZ_STANDALONE=ON -DVIRTCRYPT_VMM=OFF -DVIRTCRYPT_TESTS=OFF
  local build=$root/build-coverage name program=$root/build-coverage/tests/fuzz/fuzz_standalone
  ninja -C "$build" fuzz_standalone || fail "the build failed" "the compiler's messages are above"
  step "Run of the kept inputs"
  rm -f "$build"/*.profraw
  for name in "${targets[@]}"; do
    # Of the device alone.
    if [[ $name == differential || $name == kernel || $name == vectors ]]; then continue; fi
    LLVM_PROFILE_FILE=$build/$name.profraw "$program" --target "$name" "$corpus/$name"
  done
  llvm-profdata merge -o "$build/all.profdata" "$build"/*.profraw
  # A path may be relative to the build folder; headers are reached through include-roots.
  local others="(^|/)tests/|^/usr/|([.][.]|$root)/crypto/|virtcrypt/crypto/|/devices/[^/]+[.](cc|h)\$|/devices/pci/"
  rm -rf "$build/html"
  (
    cd "$build"
    llvm-cov show "$program" -instr-profile=all.profdata "-ignore-filename-regex=$others" -format=html \
      -show-branches=count -output-dir=html > /dev/null
    llvm-cov report "$program" -instr-profile=all.profdata "-ignore-filename-regex=$others" |
      sed -E "s#^($root/|\.\./)?(build-coverage/)?(include-roots/[a-z]+/virtcrypt/)?##" > report.txt
  )
  grep -v '^TOTAL' "$build/report.txt"
  coverage_table "$build/report.txt"
  echo "line by line: build-coverage/html/index.html"
}

oss_fuzz_check() {
  step "Packages"
  check_host
  install_missing "${fuzz_packages[@]}" zip unzip
  step "Build by OSS-Fuzz's contract"
  "$root/tests/fuzz/build_check.sh" contract
  "$root/tests/fuzz/build_check.sh" build "$root/build-oss-fuzz" "${1:-}"
}

case ${1:-} in
  --help | -h) usage ;;
  --list) printf '%s\n' "${targets[@]}" ;;
  --coverage) coverage ;;
  --keep) keep ;;
  --oss-fuzz-check) oss_fuzz_check "${2:-}" ;;
  --faults) faults "${2:-}" ;;
  -*) usage >&2; echo >&2; echo "error: unknown option $1" >&2; exit 2 ;;
  *) fuzz "$@" ;;
esac
