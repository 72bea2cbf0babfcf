#!/usr/bin/env bash
# Builds every fuzzer by the contract of OSS-Fuzz and ClusterFuzzLite. From the environment: CC, CXX, CFLAGS, CXXFLAGS (they
# bring the sanitizer and coverage along), LIB_FUZZING_ENGINE, OUT, and WORK if there is one. Into OUT: NAME,
# NAME_seed_corpus.zip, NAME.dict, NAME.options, and in lib/ what the programs need of shared libraries, as they run where
# nothing of ours is installed. With afl-clang-fast++ as CXX and AFL++'s driver as the engine it builds for AFL++.
#
# VIRTCRYPT_FUZZERS="pci kernel" builds these only.
set -euo pipefail

source=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
fuzz=$source/tests/fuzz
for name in CC CXX LIB_FUZZING_ENGINE OUT; do
  if [[ -z ${!name:-} ]]; then
    echo "error: $name is not set; OSS-Fuzz's base-builder calls this script, or you with its variables (docs/fuzzing.md)" >&2
    exit 2
  fi
done
if [[ -z ${WORK:-} ]]; then
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
fi
build=$WORK/virtcrypt

# Crypto++, spdlog and fmt are the distribution's, made with GCC's C++ library. base-builder asks for the other one, whose
# strings and exceptions these do not understand.
export CFLAGS=${CFLAGS:-} CXXFLAGS=${CXXFLAGS:-}
CXXFLAGS=${CXXFLAGS//-stdlib=libc++/}

# A build folder of other tools, flags or another engine is begun anew.
identity="$CC | $CXX | $CFLAGS | $CXXFLAGS | $LIB_FUZZING_ENGINE | $source"
if [[ ! -e $build/identity || $(< "$build/identity") != "$identity" ]]; then rm -rf "$build"; fi
mkdir -p "$OUT" "$build"
# DT_RPATH instead of DT_RUNPATH: the libraries in lib/ find each other by it as well.
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DVIRTCRYPT_WERROR=OFF -DVIRTCRYPT_TESTS=OFF \
  "-DVIRTCRYPT_FUZZ_ENGINE=$LIB_FUZZING_ENGINE" "-DCMAKE_BUILD_RPATH=\$ORIGIN/lib" \
  "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags"
echo "$identity" > "$build/identity"
read -ra wanted <<< "${VIRTCRYPT_FUZZERS:-}"
if ((${#wanted[@]} == 0)); then
  ninja -C "$build" fuzzers
  mapfile -t wanted < <("$source/fuzz.sh" --list)
else
  ninja -C "$build" "${wanted[@]/#/fuzz_}"
fi

# copy_libraries PROGRAM: all but the C library's, which everybody has.
copy_libraries() {
  local library
  mkdir -p "$OUT/lib"
  while read -r library; do
    case ${library##*/} in
      libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | libresolv.so.* | libutil.so.*) ;;
      *) if [[ $library != "$OUT"/* ]]; then cp -Lf "$library" "$OUT/lib/"; fi ;;
    esac
  done < <(ldd "$1" | awk '$2 == "=>" { print $3 }')
}

for name in "${wanted[@]}"; do
  program=$OUT/fuzz_$name
  copy_libraries "$build/tests/fuzz/fuzz_$name"
  cp "$build/tests/fuzz/fuzz_$name" "$program"
  rm -f "${program}_seed_corpus.zip"
  (cd "$fuzz/corpus/$name" && zip -q -r "${program}_seed_corpus.zip" .)
  printf '[libfuzzer]\nmax_len = 8192\nmalloc_limit_mb = 512\n' > "$program.options"
  if [[ -e $fuzz/dictionaries/$name.dict ]]; then
    cp "$fuzz/dictionaries/$name.dict" "$program.dict"
    echo "dict = fuzz_$name.dict" >> "$program.options"
  fi
done
