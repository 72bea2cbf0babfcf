#!/usr/bin/env bash
# The crypto device as a back-end of vhost-user, behind the virtio-crypto-pci of an unmodified QEMU with a Linux guest.
# usage: vhost_user.sh OUTPUT queues1|queues2|no-backend
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=setup.sh
. "$top/setup.sh"
# shellcheck source=guest-images/linux/lane.sh
. "$root/guest-images/linux/lane.sh"

output=$1 case=$2
readonly skipped=77 boot_limit=300

command -v qemu-system-x86_64 > /dev/null || { echo "skipped: no qemu-system-x86_64"; exit $skipped; }
check_host
lane=direct  # no outer machine: QEMU emulates the guest's processor
prepare_images

folder=$output/$case
rm -rf "$folder"
mkdir -p "$folder"
sockets=$(mktemp -d)  # a socket's path must be short
socket=$sockets/crypto
backend='' qemu=''

end_all() {
  local pid
  for pid in $backend $qemu; do kill -KILL "$pid" 2> /dev/null || true; done
  rm -rf "$sockets"
}
trap end_all EXIT

# bad WHAT: out, with all that there is to see.
bad() {
  echo "failed: $1"
  tail -n 60 "$folder"/* 2> /dev/null
  exit 1
}

# wait_until SECONDS COMMAND...
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

start_backend() {
  "$virtcrypt" vhost-user --socket "$socket" --crypto "queues=$queues" --sandbox on --log-level debug \
    --log-file "$folder/backend.log" 2> "$folder/backend.stderr" &
  backend=$!
  wait_until 20 grep -qs 'waiting for a front-end' "$folder/backend.log" || bad "the back-end does not listen"
}

backend_lives() { kill -0 "$backend" 2> /dev/null; }

# ends_with CODE PID: once the process has ended.
ends_with() {
  local code=0
  wait "$2" || code=$?
  [[ $code == "$1" ]]
}

stop_backend() {
  backend_lives || bad "the back-end has ended by itself"
  kill -TERM "$backend"
  ends_with 0 "$backend" || bad "the back-end's exit code is not 0 after SIGTERM"
  backend=''
  [[ ! -e $socket ]] || bad "the back-end's socket is still there"
}

# takes_msix: QEMU 7.2 wants an irqfd for MSI-X of a device with a vhost-user back-end. Emulation has none, and QEMU crashes
# as soon as the driver starts the device.
takes_msix() { [[ $(qemu-system-x86_64 --version) != *" version 7."* ]]; }

# start_guest NAME WORD...: words go to the kernel's command line.
start_guest() {
  local name=$1 device=virtio-crypto-pci,cryptodev=crypto0
  shift
  if ! takes_msix; then device+=,vectors=0; fi
  mkfifo "$sockets/$name"
  : > "$folder/$name.console"
  timeout -k 5 "$boot_limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 512 -nodefaults -display none \
    -object memory-backend-memfd,id=ram,size=512M,share=on -machine q35,memory-backend=ram \
    -chardev "socket,id=vc,path=$socket" -object "cryptodev-vhost-user,id=crypto0,chardev=vc,queues=$queues" \
    -device "$device" \
    -kernel "$kernel/vmlinuz" -initrd "$images/guest.cpio" \
    -append "$(guest_arguments vhost-user quiet virtcrypt.ms=50 "$@")" \
    -serial "file:$folder/$name.console" -monitor stdio <> "$sockets/$name" > "$folder/$name.qemu" 2>&1 &
  qemu=$!
}

# finish_guest NAME: waits for its end, and judges it by what it says after its last start.
finish_guest() {
  local name=$1 report
  ends_with 0 "$qemu" || bad "QEMU with guest $name has not ended well"
  qemu=''
  report=$(awk '/@virtcrypt begin / { text = "" } { text = text $0 "\n" } END { print text }' "$folder/$name.console" |
    tr -d '\r')
  grep '@virtcrypt ' <<< "$report" || true
  grep -q '@virtcrypt end verdict=passed$' <<< "$report" || bad "guest $name does not say that all passed"
  if grep -q '@virtcrypt .*verdict=\(failed\|missing\)' <<< "$report"; then bad "guest $name reports a failure"; fi
  grep -q '@virtcrypt selftest verdict=passed driver=virtio_crypto_aes_cbc name=cbc(aes)$' <<< "$report" ||
    bad "guest $name does not say that the kernel has tested the device"
  (($(grep -c '@virtcrypt workload verdict=passed ' <<< "$report") >= 10)) || bad "guest $name did too little"
  wait_until 10 at_rest || bad "the back-end holds something when QEMU has ended"
}

# counted NAME: a counter in what the back-end said last.
counted() { sed -nE "s/.*crypto0: reset:.* $1=([0-9]+)( .*|$)/\\1/p" "$folder/backend.log" | tail -n 1; }
# at_rest: whether the back-end has done with the last front-end, and holds nothing.
at_rest() {
  tail -n 1 "$folder/backend.log" | grep -q "the front-end's process has ended" &&
    [[ $(counted sessions) == 0 && $(counted in_flight) == 0 ]]
}

# judge_backend: it has done work since it was judged last, and nothing went wrong.
sessions=0 requests=0
judge_backend() {
  local now
  now=$(counted sessions_created)
  ((now > sessions)) || bad "the back-end has created no session"
  sessions=$now
  now=$(counted requests)
  ((now > requests)) || bad "the back-end has counted no request"
  requests=$now
  [[ $(counted ring_faults) == 0 ]] || bad "the back-end has counted faults of rings"
  if grep -E '\[(warning|error|critical)\]' "$folder/backend.log"; then bad "the back-end complains"; fi
  echo "back-end: $sessions sessions, $requests requests, $(counted sessions_dropped) sessions dropped at the end"
}

says() { grep -aq "$2" "$folder/$1.console"; }

case $case in
  queues1)
    queues=1
    start_backend
    start_guest first virtcrypt.rounds=2
    finish_guest first
    judge_backend
    [[ $(counted sessions_dropped) == 0 ]] || bad "the driver has left sessions open"
    backend_lives || bad "the back-end has ended"
    start_guest second virtcrypt.rounds=1
    finish_guest second
    judge_backend
    stop_backend
    ;;
  # The machine is reset while requests are in flight: the driver closes nothing then.
  queues2)
    queues=2
    start_backend
    start_guest reset virtcrypt.rounds=1
    wait_until "$boot_limit" says reset '@virtcrypt workload verdict=passed' || bad "the guest does not come to its work"
    echo system_reset > "$sockets/reset"
    finish_guest reset
    (($(grep -ac '@virtcrypt begin ' "$folder/reset.console") == 2)) || bad "the guest was not reset"
    judge_backend
    stop_backend
    ;;
  no-backend)
    queues=1
    start_guest alone
    if wait "$qemu"; then bad "QEMU runs without a back-end"; fi
    qemu=''
    grep -q 'No such file' "$folder/alone.qemu" || bad "QEMU says something else"
    ;;
  *) bad "no such case" ;;
esac
