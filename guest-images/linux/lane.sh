# Runs the VMM with the Linux guest, on this host's KVM or inside an emulated machine that has AMD-V. Sourced; needs
#   $virtcrypt  the VMM's binary        $kernel  folder of fetch-kernel.sh
#   $images     folder of the built images (guest.cpio, outer.cpio, payload.cpio)
# shellcheck shell=bash disable=SC2034,SC2154
#
# A plan is a folder with one file a run: in its first line the seconds it may take, then one argument of `virtcrypt
# run` a line; kernel and initramfs are added here. All runs of a plan share one emulated machine. For each run NAME the
# output folder gets NAME.console, NAME.log (the VMM's) and NAME.exit (the VMM's exit code).

# choose_lane: sets $lane to direct or nested, and $lane_reason.
choose_lane() {
  local backend
  if [[ ! -e /dev/kvm ]]; then
    lane=nested lane_reason="this host has no /dev/kvm"
  elif [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
    lane=nested lane_reason="no permission on /dev/kvm (to run on it: sudo adduser $(id -un) kvm, then log in again)"
  else
    backend=$(kvm_backend)
    case $backend in
      hardware) lane=direct lane_reason="/dev/kvm runs guests in hardware" ;;
      interpreted) lane=nested lane_reason="/dev/kvm interprets guest code here: no VT-x or AMD-V behind it" ;;
      *) lane=nested lane_reason="/dev/kvm is unusable here (virtcrypt doctor says why)" ;;
    esac
  fi
}

# kvm_backend: what the VMM's probe guest found.
kvm_backend() {
  { "$virtcrypt" doctor --json 2> /dev/null || true; } | tr -d '\n' |
    sed -nE 's/.*"backend" *: *"([a-z]+)".*/\1/p'
}

# add_run PLAN NAME SECONDS ARGUMENT...: one more run.
add_run() {
  local plan=$1 name=$2
  shift 2
  mkdir -p "$plan"
  printf '%s\n' "$@" > "$plan/$name"
}

# guest_arguments SCENARIO [WORD...]: the value of --append. The kernel speaks on the serial port; a panic resets.
guest_arguments() {
  local scenario=$1
  shift
  echo "console=ttyS0 panic=-1 virtcrypt.test=$scenario${*:+ $*}"
}

# run_plan PLAN OUTPUT: runs everything and prints the consoles as they come; logs are in OUTPUT.
# The result is 0 when every run got its turn, whatever came of it.
run_plan() {
  rm -rf "$2"
  mkdir -p "$2"
  "run_plan_$lane" "$@"
}

run_plan_direct() {
  local plan=$1 output=$2 run name arguments code
  for run in "$plan"/*; do
    name=${run##*/}
    mapfile -t arguments < "$run"
    {
      code=0
      timeout -k 5 "${arguments[0]}" "$virtcrypt" run --kernel "$kernel/vmlinuz" --initrd "$images/guest.cpio" \
        --log-file "$output/$name.log" "${arguments[@]:1}" < /dev/null || code=$?
      echo "$code" > "$output/$name.exit"
    } | serve_guest "${arguments[@]:1}" | tee "$output/$name.console"
  done
}

# serve_guest ARGUMENT...: passes a console on; if the arguments of its run have --control, does what the guest asks for.
serve_guest() {
  local argument last='' control=''
  for argument in "$@"; do
    if [[ $last == --control ]]; then control=$argument; fi
    last=$argument
  done
  if [[ -z $control ]]; then
    cat
  else
    "$root/guest-images/linux/answer-asks.sh" "$virtcrypt" "$control"
  fi
}

# outer_initramfs PLAN OUTPUT-FILE: the kernel unpacks archives one after the other.
outer_initramfs() {
  local scratch
  scratch=$(mktemp -d)
  mkdir "$scratch/plan"
  cp "$1"/* "$scratch/plan/"
  (cd "$scratch" && find plan | LC_ALL=C sort | cpio --create --format=newc --quiet) > "$2.plan"
  cat "$images/outer.cpio" "$images/payload.cpio" "$2.plan" > "$2"
  rm -rf "$scratch" "$2.plan"
}

# outer_machine INITRAMFS ARGUMENT...: QEMU emulating a processor with AMD-V, as two processors on two threads.
# $outer_memory: in MiB; all that a guest touches has to fit.
outer_machine() {
  local initramfs=$1
  shift
  # The features taken away are those that the emulation lacks, which it would warn about. The ticks are periodic because
  # QEMU changes a processor's pending interrupts at VMRUN and #VMEXIT without its lock, and so loses one now and then: a
  # timer that is armed anew by its own interrupt would never come again, a periodic one repairs it.
  local cpu=EPYC,+svm,+npt,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec
  qemu-system-x86_64 -accel tcg,thread=multi -cpu "$cpu" -smp 2 -m "${outer_memory:-1536}" \
    -nodefaults -display none -no-reboot -kernel "$kernel/vmlinuz" -initrd "$initramfs" \
    -append "console=ttyS0 panic=-1 quiet nohz=off highres=off" "$@"
}

# QEMU's emulation of AMD-V sometimes stands still: the outer kernel reports a soft lockup (docs/testing.md). Such a
# machine is ended, and what it left undone, or killed at its limit, gets another one, twice at most; the output says so.
# So does a guest of which a processor ran without a pause until it was killed: it waits for nothing that the device or
# the monitor owes it. A guest that was killed while it waited hung by a fault of ours, perhaps; it is not tried again, nor
# is anything where guests run in hardware.
run_plan_nested() {
  local left=$2/left machine run name
  mkdir "$left"
  cp "$1"/* "$left/"
  for ((machine = 1; machine <= 3; ++machine)); do
    if ((machine > 1)); then
      echo "note: a processor made no progress; once more in another emulated machine: $(cd "$left" && echo *)"
    fi
    nested_machine "$left" "$2"
    for run in "$left"/*; do
      name=${run##*/}
      if [[ -e $2/$name.exit ]] && ! { [[ $(< "$2/$name.exit") == 137 ]] && stood_still "$2/outer.console"; }; then
        rm "$run"
      fi
    done
    if [[ -z $(ls "$left") ]]; then
      rmdir "$left"
      return 0
    fi
  done
  return 1
}

# nested_machine PLAN OUTPUT: one emulated machine with all runs of the plan, until it ends, stands still or takes too long.
nested_machine() {
  local plan=$1 output=$2 limit=60 run seconds watcher
  for run in "$plan"/*; do
    read -r seconds < "$run"
    limit=$((limit + seconds))
    rm -f "$output/${run##*/}".{console,log,exit}
  done
  outer_initramfs "$plan" "$output/outer.cpio"
  : > "$output/outer.console"
  end_standstill "$output/outer.console" "$output/outer.pid" &
  watcher=$!
  # A shell of its own, because timeout cannot run a function.
  export -f outer_machine
  export kernel outer_memory
  timeout -k 5 "$limit" bash -c 'outer_machine "$@"' outer "$output/outer.cpio" -serial stdio -monitor none \
    -pidfile "$output/outer.pid" < /dev/null 2>&1 | tee "$output/outer.console" | sed -u -e 's/\r$//' -e '/^@log /d'
  kill "$watcher" 2> /dev/null
  wait "$watcher" 2> /dev/null
  rm -f "$output/outer.cpio" "$output/outer.pid"
  split_console "$output/outer.console" "$output"
}

# stood_still CONSOLE: whether a processor was reported that made no progress, of the outer machine or the guest.
stood_still() {
  grep -aqE 'soft lockup - CPU#[0-9]+ stuck|^@outer (standstill|spinning)' "$1"
}

# end_standstill CONSOLE PIDFILE: ends QEMU once a processor is reported to have been stuck for 40 seconds.
end_standstill() {
  while sleep 2; do
    if grep -aqE 'soft lockup - CPU#[0-9]+ stuck for ([4-9][0-9]|[1-9][0-9]{2,})s' "$1" && [[ -s $2 ]]; then
      kill "$(< "$2")"
      return
    fi
  done
}

# split_console CONSOLE OUTPUT: the outer machine's console as a file each of console, VMM log and exit code.
split_console() {
  awk -v output="$2" '
    { sub(/\r+$/, "") }
    # The guest may have left the cursor within a line.
    match($0, /@outer (begin|end) /) {
      count = split(substr($0, RSTART), words, " ")
      name = words[3]
      file = words[2] == "begin" ? output "/" name ".console" : ""
      if (words[2] == "begin") printf "" > file
      if (words[2] == "end" && count == 4) print substr(words[4], 6) > (output "/" name ".exit")
      next
    }
    /^@log / { print substr($0, 6) > (output "/" name ".log"); next }
    file != "" { print > file }' "$1"
}

# run_shell: an interactive guest on this terminal. Ctrl-A x leaves in both lanes: the VMM's key, and QEMU's.
run_shell() {
  "run_shell_$lane"
}

run_shell_direct() {
  "$virtcrypt" run --kernel "$kernel/vmlinuz" --initrd "$images/guest.cpio" --crypto \
    --append "$(guest_arguments shell quiet)"
}

run_shell_nested() {
  local folder code=0
  folder=$(mktemp -d)
  add_run "$folder/plan" shell 1000000 --crypto --append "$(guest_arguments shell quiet)"
  outer_initramfs "$folder/plan" "$folder/outer.cpio"
  outer_machine "$folder/outer.cpio" -serial mon:stdio || code=$?
  rm -rf "$folder"
  return "$code"
}

# result_lines FILE KIND: the guest's result lines of one kind, without their prefix.
result_lines() {
  sed -n "s/^.*@virtcrypt $2 //p" "$1" | tr -d '\r'
}

# judge OUTPUT NAME: 0 when the guest says that all passed, nothing failed, and the VMM saw it power off. Says what
# is wrong otherwise.
judge() {
  local console=$1/$2.console code verdict
  if [[ ! -e $1/$2.exit ]]; then
    echo "$2: the run did not come to its end"
    return 1
  fi
  code=$(< "$1/$2.exit")
  if [[ $code != 0 ]]; then
    echo "$2: virtcrypt run ended with exit code $code"
    return 1
  fi
  verdict=$(result_lines "$console" end)
  if [[ $verdict != verdict=passed ]] || grep -q '@virtcrypt .*verdict=failed' "$console"; then
    echo "$2: the guest reports a failure"
    return 1
  fi
}
