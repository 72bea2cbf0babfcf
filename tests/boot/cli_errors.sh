#!/usr/bin/env bash
# What the command line does with bad input: one clear line on standard error, an exit code that says what kind of
# error it was, nothing that looks like a crash.
# usage: cli_errors.sh VIRTCRYPT CASE        (exit code 77: cannot be tried here)
set -euo pipefail

virtcrypt=$1 case=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

readonly host_error=1 usage_error=2

skip() {
  echo "skipped: $1"
  exit 77
}

# expect CODE PATTERN COMMAND...: the command ends with this code, after one line that matches.
expect() {
  local wanted=$1 pattern=$2 code=0 lines
  shift 2
  timeout 30 "$@" < /dev/null > "$scratch/out" 2> "$scratch/err" || code=$?
  cat "$scratch/err"
  lines=$(wc -l < "$scratch/err")
  if [[ $code != "$wanted" ]]; then
    echo "FAILED: exit code $code, wanted $wanted"
    exit 1
  fi
  if [[ $lines != 1 || -s $scratch/out ]]; then
    echo "FAILED: $lines lines on standard error and $(wc -l < "$scratch/out") on standard output, wanted 1 and 0"
    exit 1
  fi
  if ! grep -qiE -- "$pattern" "$scratch/err"; then
    echo "FAILED: nothing in the message matches '$pattern'"
    exit 1
  fi
}

# expect_as_nobody CODE PATTERN ARGUMENT...: as a user who may not open /dev/kvm, and who can read a copy of the program.
expect_as_nobody() {
  local wanted=$1 pattern=$2
  shift 2
  install -m 755 "$virtcrypt" "$scratch/virtcrypt"
  expect "$wanted" "$pattern" setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/virtcrypt" "$@"
}

# Cases about what is wrong with a bzImage pass --no-backend-check, so that a host without hardware virtualization
# gets that far.
#
# bzimage XLOADFLAGS [INIT-SIZE]: a file that begins like a bzImage (boot protocol 2.15, Linux's
# Documentation/arch/x86/boot.rst), with nothing that runs; both values as bytes.
bzimage() {
  head -c 16384 /dev/zero > "$scratch/bzImage"
  patch_file 497 '\x01'                  # setup_sects
  patch_file 510 '\x55\xaa\xeb\x66HdrS\x0f\x02'
  patch_file 500 '\x80\x03'              # syssize, in units of 16 bytes
  patch_file 529 '\x01'                  # loadflags: loaded high
  patch_file 560 '\x00\x00\x20'          # kernel_alignment: 2 MiB
  patch_file 566 "$1"                    # bit 0: has a 64-bit entry
  patch_file 600 '\x00\x00\x00\x01'      # pref_address: 16 MiB
  patch_file 608 "${2:-\\x00\\x00\\x01}"   # init_size: memory that it needs
}
patch_file() {
  printf '%b' "$2" | dd of="$scratch/bzImage" bs=1 seek="$1" conv=notrunc status=none
}

need_kvm() { [[ -r /dev/kvm && -w /dev/kvm ]] || skip "no access to /dev/kvm"; }
need_root() { [[ $(id -u) == 0 ]] || skip "needs root"; }

# expect_with_dev CHANGE PATTERN ARGUMENT...: with a /dev of its own, to which the shell command CHANGE is done first.
expect_with_dev() {
  local change=$1 pattern=$2
  shift 2
  unshare --mount true 2> /dev/null || skip "this user may not make a mount namespace"
  expect "$host_error" "$pattern" unshare --mount sh -c "$change"' && exec "$@"' sh "$virtcrypt" "$@"
}

case $case in
  missing-kernel) expect "$host_error" "no-such-file.*" "$virtcrypt" run --kernel "$scratch/no-such-file" ;;
  kernel-is-folder) expect "$host_error" "$scratch" "$virtcrypt" run --kernel "$scratch" ;;
  not-a-kernel)
    need_kvm
    head -c 65536 /dev/zero > "$scratch/zeros"
    expect "$host_error" "zeros" "$virtcrypt" run --kernel "$scratch/zeros"
    ;;
  empty-kernel)
    need_kvm
    : > "$scratch/empty"
    expect "$host_error" "empty" "$virtcrypt" run --kernel "$scratch/empty"
    ;;
  kernel-32-bit)
    need_kvm
    bzimage '\x00'
    expect "$host_error" "32-bit" "$virtcrypt" run --no-backend-check --kernel "$scratch/bzImage"
    ;;
  kernel-arm64)
    need_kvm
    # An ELF file for aarch64: machine 183.
    { printf '\x7fELF\x02\x01\x01'; head -c 9 /dev/zero; printf '\x02\x00\xb7\x00\x01\x00\x00\x00'; head -c 4096 /dev/zero; } \
      > "$scratch/arm64"
    expect "$host_error" "x86|arm64" "$virtcrypt" run --kernel "$scratch/arm64"
    ;;
  missing-initrd)
    need_kvm
    bzimage '\x01'
    expect "$host_error" "no-initrd" "$virtcrypt" run --no-backend-check --kernel "$scratch/bzImage" --initrd "$scratch/no-initrd"
    ;;
  bench-algorithm) expect "$usage_error" "'ROT13'.*--list" "$virtcrypt" bench --algorithm AES-CBC,ROT13 ;;
  bench-plot) expect "$host_error" "no-such-folder" "$virtcrypt" bench --plot "$scratch/no-such-folder/x.svg" ;;
  no-kernel) expect "$usage_error" "--kernel" "$virtcrypt" run ;;
  too-little-memory) expect "$usage_error" "memory" "$virtcrypt" run --kernel /dev/null --memory 1M ;;
  kernel-needs-more-memory)
    need_kvm
    bzimage '\x01' '\x00\x00\x00\x04'
    expect "$host_error" "memory" "$virtcrypt" run --no-backend-check --kernel "$scratch/bzImage" --memory 32M
    ;;
  bad-memory) expect "$usage_error" "memory" "$virtcrypt" run --kernel /dev/null --memory lots ;;
  bad-cpus) expect "$usage_error" "cpus" "$virtcrypt" run --kernel /dev/null --cpus 0 ;;
  bad-crypto-feature) expect "$usage_error" "WARP_DRIVE|REVISION_1" "$virtcrypt" run --kernel /dev/null --crypto without=WARP_DRIVE ;;
  bad-crypto-algorithm) expect "$usage_error" "ROT13|AES-CBC" "$virtcrypt" run --kernel /dev/null --crypto algorithms=ROT13 ;;
  bad-crypto-engine) expect "$usage_error" "'steam' is no value for engine: auto, cryptopp, ipsec-mb" "$virtcrypt" run --kernel /dev/null --crypto engine=steam ;;
  ctl-nobody) expect "$host_error" "nobody answers|--control" "$virtcrypt" ctl "$scratch/none" status ;;
  bad-crypto) expect "$usage_error" "crypto|wheels" "$virtcrypt" run --kernel /dev/null --crypto wheels=4 ;;
  trace-is-folder)
    need_kvm
    bzimage '\x01'
    expect "$host_error" "cannot write the trace $scratch: " \
      "$virtcrypt" run --no-backend-check --kernel "$scratch/bzImage" --trace "$scratch"
    ;;
  payload-without-trace) expect "$usage_error" "--trace-payload requires --trace" "$virtcrypt" run --kernel /dev/null --trace-payload ;;
  bad-driver-report) expect "$usage_error" "report.pdf|\.json" "$virtcrypt" run --kernel /dev/null --check-driver-report report.pdf ;;
  bad-log-level) expect "$usage_error" "log-level" "$virtcrypt" run --kernel /dev/null --log-level loud ;;
  unknown-option) expect "$usage_error" "--frobnicate" "$virtcrypt" run --kernel /dev/null --frobnicate ;;
  unknown-command) expect "$usage_error" "frobnicate" "$virtcrypt" frobnicate ;;
  no-command) expect "$usage_error" "." "$virtcrypt" ;;
  no-permission)
    need_root
    [[ -e /dev/kvm ]] || skip "this host has no /dev/kvm"
    [[ $(stat -c %a /dev/kvm) != *[67] ]] || skip "everybody may open /dev/kvm here"
    expect_as_nobody "$host_error" "/dev/kvm.*(permission|group)" run --kernel /etc/os-release
    ;;
  no-kvm)
    need_root
    bzimage '\x01'
    expect_with_dev 'mount -t tmpfs none /dev && : > /dev/null' "/dev/kvm" run --kernel "$scratch/bzImage"
    ;;
  not-kvm)
    need_root
    [[ -e /dev/kvm ]] || skip "this host has no /dev/kvm"
    bzimage '\x01'
    expect_with_dev 'mount --bind /dev/null /dev/kvm' "/dev/kvm|KVM" run --kernel "$scratch/bzImage"
    ;;
  conformance-no-permission)
    need_root
    [[ -e /dev/kvm ]] || skip "this host has no /dev/kvm"
    [[ $(stat -c %a /dev/kvm) != *[67] ]] || skip "everybody may open /dev/kvm here"
    expect_as_nobody "$host_error" "/dev/kvm.*(permission|group)" conformance --device bare-metal
    ;;
  conformance-not-kvm)
    need_root
    [[ -e /dev/kvm ]] || skip "this host has no /dev/kvm"
    expect_with_dev 'mount --bind /dev/null /dev/kvm' "/dev/kvm|KVM" conformance --device bare-metal
    ;;
  unsupported-host)
    need_kvm
    # The exit code of doctor says whether Linux guests run, which is the same question.
    report=$("$virtcrypt" doctor --json) || true
    [[ $report == *'"backend": "interpreted"'* ]] || skip "this host runs guests in hardware"
    bzimage '\x01'
    expect "$host_error" "interpret|hardware" "$virtcrypt" run --kernel "$scratch/bzImage"
    ;;
  vhost-user-no-folder)
    expect "$host_error" "cannot listen.*no-such-folder" "$virtcrypt" vhost-user --socket "$scratch/no-such-folder/socket"
    ;;
  vhost-user-long-path) expect "$host_error" "107 bytes" "$virtcrypt" vhost-user --socket "$scratch/$(printf '%0108d' 0)" ;;
  vhost-user-file)
    echo precious > "$scratch/file"
    expect "$host_error" "file.*in use" "$virtcrypt" vhost-user --socket "$scratch/file"
    [[ $(< "$scratch/file") == precious ]]
    ;;
  vhost-user-in-use)
    : > "$scratch/first"
    "$virtcrypt" vhost-user --socket "$scratch/socket" < /dev/null 2> "$scratch/first" &
    first=$!
    for ((tries = 0; tries < 200; ++tries)); do
      if grep -q "waiting for a front-end" "$scratch/first"; then break; fi
      sleep 0.1
    done
    expect "$host_error" "in use by another program" "$virtcrypt" vhost-user --socket "$scratch/socket"
    kill -TERM "$first"
    wait "$first"
    ;;
  vhost-user-no-socket) expect "$host_error" "--fd 3: .*no Unix stream socket" "$virtcrypt" vhost-user --fd 3 3< /etc/os-release ;;
  vhost-user-bad-fd) expect "$usage_error" "--fd" "$virtcrypt" vhost-user --fd three ;;
  vhost-user-fd-and-socket)
    expect "$usage_error" "--socket excludes --fd" "$virtcrypt" vhost-user --fd 3 --socket "$scratch/socket" ;;
  vhost-user-nothing) expect "$usage_error" "--socket PATH.*--fd N" "$virtcrypt" vhost-user ;;
  vhost-user-bad-crypto)
    expect "$usage_error" "unknown key 'wheels'" "$virtcrypt" vhost-user --socket "$scratch/socket" --crypto wheels=4 ;;
  *)
    echo "no case named $case" >&2
    exit 1
    ;;
esac
