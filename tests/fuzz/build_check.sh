#!/usr/bin/env bash
# Calls build.sh as OSS-Fuzz's base-builder does, and looks at what it leaves behind.
# usage: build_check.sh contract            what needs no build: missing variables, the image's packages
#        build_check.sh build WORK [NAME]   builds all fuzzers, or one, in the folder WORK, and runs 100 inputs of each; as
#                                           root where only OUT and the C library are
# SANITIZER is address (default) or undefined.
set -euo pipefail

source=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
script=$source/tests/fuzz/build.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "build_check: $*" >&2
  exit 1
}

# refuses VARIABLE: without it the script says so in one line, and makes nothing.
refuses() {
  local code=0 said
  said=$(env "CC=cc" "CXX=c++" "LIB_FUZZING_ENGINE=-lnothing" "OUT=$scratch/out" env -u "$1" "$script" 2>&1) || code=$?
  [[ $code == 2 ]] || fail "without $1 build.sh ends with $code, instead of 2"
  [[ $said == "error: $1 is not set"* && $said != *$'\n'* ]] || fail "without $1 build.sh says: $said"
  [[ ! -e $scratch/out ]] || fail "without $1 build.sh makes OUT"
}

# The Dockerfile cannot read setup.sh, and lists the packages once more.
check_image() {
  local package packages
  # shellcheck source=setup.sh disable=SC1091,SC2154
  read -ra packages <<< "$(. "$source/setup.sh" && echo "${build_packages[@]}")"
  for package in "${packages[@]}" libssl-dev zip; do
    tr -s ' \\\n' '\n' < "$source/.clusterfuzzlite/Dockerfile" | grep -qxF "$package" || fail "the Dockerfile lacks $package"
  done
}

contract() {
  local name
  for name in CC CXX LIB_FUZZING_ENGINE OUT; do refuses "$name"; done
  check_image
  echo "build_check: the contract is kept"
}

# bare_root FOLDER: a root file system with the C library and the fuzzers in /out. False where that cannot be made.
bare_root() {
  local file
  [[ $(id -u) == 0 ]] || return 1
  mkdir -p "$1"/{tmp,proc,dev,out}
  mknod -m 666 "$1/dev/null" c 1 3 && mknod -m 666 "$1/dev/urandom" c 1 9 || return 1
  # Of programs linked with everything that is the C library's.
  while read -r file; do
    mkdir -p "$1$(dirname "$file")"
    cp -L "$file" "$1$file"
  done < <(ldd "$OUT"/fuzz_* | grep -oE '/[^ ]*/(ld-linux-x86-64|lib(c|m|dl|rt|pthread|resolv|util))\.so\.[0-9]+' | sort -u)
  cp -a "$OUT/." "$1/out"
  in_bare_root /out/"$(basename "$(find "$OUT" -name 'fuzz_*' -executable | head -1)")" -help=1 > /dev/null 2>&1
}

in_bare_root() {
  # shellcheck disable=SC2031
  env -i PATH="$PATH" unshare --mount --pid --fork "--root=$scratch/root" --mount-proc=/proc "$@"
}

# run_fuzzer NAME: a hundred inputs, from the seed corpus on.
run_fuzzer() {
  local name=$1 log=$scratch/log seeds=$scratch/root/tmp/seeds options=(-runs=100 -max_len=8192)
  rm -rf "$seeds"
  mkdir -p "$seeds"
  unzip -q -d "$seeds" "$OUT/${name}_seed_corpus.zip"
  if [[ $bare == yes ]]; then
    if [[ -e $OUT/$name.dict ]]; then options+=("-dict=/out/$name.dict"); fi
    in_bare_root "/out/$name" "${options[@]}" /tmp/seeds > "$log" 2>&1 || fail "$name failed: $(tail -5 "$log")"
  else
    if [[ -e $OUT/$name.dict ]]; then options+=("-dict=$OUT/$name.dict"); fi
    "$OUT/$name" "${options[@]}" "$seeds" > "$log" 2>&1 || fail "$name failed: $(tail -5 "$log")"
  fi
  grep -qE '^Done [0-9]+ runs' "$log" || fail "$name is no libFuzzer program: $(tail -3 "$log")"
  grep -qE 'INFO: seed corpus: files: [1-9]' "$log" || fail "$name had no seed corpus"
}

# Everything but the C library has to come from OUT.
check_libraries() {
  local strangers
  strangers=$(ldd "$1" | awk '$2 == "=>" { print $3 }' | grep -vF "$OUT/" |
    grep -vE '/lib(c|m|dl|rt|pthread|resolv|util)\.so\.[0-9]+$' || true)
  [[ -z $strangers ]] || fail "${1##*/} needs what is not in OUT: $strangers"
}

check_output() {
  local name=$1 file
  for file in "$name" "${name}_seed_corpus.zip" "$name.options"; do
    [[ -s $OUT/$file ]] || fail "build.sh left no $file"
  done
  if [[ -e $source/tests/fuzz/dictionaries/${name#fuzz_}.dict ]]; then
    grep -qx "dict = $name.dict" "$OUT/$name.options" || fail "$name.options does not name the dictionary"
  fi
  check_libraries "$OUT/$name"
  run_fuzzer "$name"
}

build() {
  local kind=${SANITIZER:-address} flags="-O1 -fno-omit-frame-pointer -gline-tables-only" names
  local -A sanitizer=([address]="-fsanitize=address -fsanitize-address-use-after-scope" [undefined]="-fsanitize=undefined")
  mkdir -p "$1"
  export CC=clang CXX=clang++ LIB_FUZZING_ENGINE=-fsanitize=fuzzer WORK=$1/$kind OUT=$scratch/out VIRTCRYPT_FUZZERS=${2:-}
  export CFLAGS="$flags ${sanitizer[$kind]} -fsanitize=fuzzer-no-link"
  # base-builder's other C++ library is on the line as well.
  export CXXFLAGS="$CFLAGS -stdlib=libc++"
  "$script" > "$1/$kind.log" 2>&1 || fail "build.sh failed: $(tail -20 "$1/$kind.log")"
  read -ra names <<< "${2:-$("$source/fuzz.sh" --list | tr '\n' ' ')}"
  bare=no
  if bare_root "$scratch/root"; then bare=yes; fi
  for name in "${names[@]}"; do check_output "fuzz_$name"; done
  echo "build_check: ${#names[@]} fuzzers build with $kind and run; in a root file system of their own: $bare"
}

case ${1:-} in
  contract) contract ;;
  build) build "${2:?a folder to build in}" "${3:-}" ;;
  *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac
