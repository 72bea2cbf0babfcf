#!/usr/bin/env bash
# The sandbox of the real program, with the bare-metal guest in it. What a thread must not do is done by a library that is
# loaded into the program (intruder.c).
# usage: sandbox.sh VIRTCRYPT GUEST INTRUDER OUTPUT-FOLDER threads|intruders|vhost-user|terminal|off
# vhost-user is about that command, and needs no KVM.
set -uo pipefail
virtcrypt=$1 guest=$2 intruder=$3 folder=$4 case=$5
readonly time_limit=120 skipped=77 violation=14

fail() {
  echo "failed: $1"
  tail -n 20 "$folder"/*.log "$folder"/*.console 2> /dev/null
  exit 1
}

if [[ $case != vhost-user && (! -r /dev/kvm || ! -w /dev/kvm) ]]; then
  echo "skipped: no /dev/kvm that this user may open"
  exit $skipped
fi
folder=$folder/$case
rm -rf "$folder"
mkdir -p "$folder"

# run NAME OPTION...: the guest, with a device of several threads. Standard error goes to NAME.log.
run() {
  local name=$1
  shift
  timeout --foreground --kill-after=5 $time_limit "$virtcrypt" run --kernel "$guest" --memory 64M --cpus 2 \
    --crypto queues=2,io-threads=2,workers=2 "$@" < /dev/null > "$folder/$name.console" 2> "$folder/$name.log"
}

# intruded NAME THREAD WHAT OPTION...
intruded() {
  local name=$1 thread=$2 what=$3
  shift 3
  LD_PRELOAD=$intruder INTRUDER=$thread:$what run "$name" "$@"
}

# intruded_backend NAME THREAD WHAT: the same with a back-end of vhost-user, for which no front-end has to come.
intruded_backend() {
  LD_PRELOAD=$intruder INTRUDER=$2:$3 timeout --kill-after=5 $time_limit "$virtcrypt" vhost-user --sandbox on \
    --socket "$sockets/$1" --crypto queues=2,io-threads=2 < /dev/null 2> "$folder/$1.log"
}

# try_all HOW THREAD:WHAT...: each ends the program, which says so.
try_all() {
  local how=$1 try thread what name code said
  local -A calls=([execve]=execve [open]=openat [socket]=socket [code]=mmap [ptrace]=ptrace)
  shift
  for try in "$@"; do
    thread=${try%:*} what=${try#*:}
    name=${try//[:\/]/-}
    code=0
    "$how" "$name" "$thread" "$what" || code=$?
    ((code == violation)) || fail "$try: exit code $code, expected $violation"
    said="virtcrypt: the sandbox forbids thread ${thread/main/virtcrypt} to call ${calls[$what]} ("
    grep -qF "$said" "$folder/$name.log" || fail "$try: no line '$said'"
    tail -n 1 "$folder/$name.log"
  done
}

# field THREAD-FOLDER NAME
field() { sed -n "s/^$2:[[:space:]]*//p" "$1/status" 2> /dev/null; }

# threads_of PID: a line each: name, seccomp mode, no_new_privs.
threads_of() {
  local thread
  for thread in /proc/"$1"/task/*; do
    echo "$(field "$thread" Name) $(field "$thread" Seccomp) $(field "$thread" NoNewPrivs)"
  done | sort
}

# monitor_of RUNNER: the process of the program that run started, with RUNNER in the background.
monitor_of() {
  local limiter
  limiter=$(pgrep -P "$1" -x timeout) && pgrep -P "$limiter" -x virtcrypt
}

# core_limits_of PID: how large a core dump may be, soft and hard limit.
core_limits_of() { awk '/^Max core file size/ { print $5, $6 }' "/proc/$1/limits"; }

# room_of PID: how many descriptors it can still open.
room_of() {
  local limit used=0 fd
  limit=$(awk '/^Max open files/ { print $5 }' "/proc/$1/limits")
  for fd in /proc/"$1"/fd/*; do
    if ((${fd##*/} < limit)); then used=$((used + 1)); fi
  done
  echo $((limit - used))
}

case $case in
  # Every thread is confined, what the parent had open is closed, core dumps are forbidden unless they are asked for, and all
  # files of the monitor's own work.
  threads)
    exec 9< /etc/passwd
    run guest --sandbox on --control "$folder/control" --trace "$folder/trace" --console-log "$folder/copy" \
      --log-file "$folder/log" --check-driver-report "$folder/report.json" &
    runner=$!
    # KVM may add threads of its own, which are confined like the vCPUs that they belong to.
    wanted=$(printf '%s 2 1\n' console crypto0/{0,1} crypto0/w{0,1} vcpu{0,1} virtcrypt | sort)
    seen='' missing=$wanted
    while kill -0 $runner 2> /dev/null; do
      pid=$(monitor_of $runner) || continue
      now=$(threads_of "$pid")
      [[ -e /proc/$pid/fd/0 ]] || continue  # it ended meanwhile
      seen=$now missing=$(comm -13 <(echo "$seen") <(echo "$wanted"))
      [[ -z $missing ]] || continue
      [[ -z $(grep -v ' 2 1$' <<< "$seen") ]] || fail "a thread is not confined:
$seen"
      [[ ! -e /proc/$pid/fd/9 ]] || fail "descriptor 9 of the parent is still open"
      limits=$(core_limits_of "$pid")
      [[ $limits == "0 0" ]] || fail "core dumps are limited to: $limits"
      room=$(room_of "$pid")
      # Eight for the control socket's clients, and standard input's, which has come to its end.
      ((room == 8 || room == 9)) || fail "$room more descriptors can be opened"
      status=$("$virtcrypt" ctl "$folder/control" status) || fail "the control socket does not answer"
      [[ $status == *crypto0* ]] || fail "the control socket answers: $status"
      break
    done
    [[ -z $missing ]] || fail "threads, with mode of seccomp and no_new_privs, were:
$seen
missing:
$missing"
    wait $runner
    code=$?
    ((code == 0)) || fail "exit code $code"
    [[ ! -e $folder/control ]] || fail "the control socket is still there"
    [[ -s $folder/trace && -s $folder/report.json && -s $folder/log ]] || fail "a file is empty"
    cmp -s "$folder/copy" "$folder/guest.console" || fail "the console log is not what the console had"

    inherited=$(core_limits_of $BASHPID)
    run dumps --sandbox on --core-dumps &
    runner=$!
    limits=''
    while kill -0 $runner 2> /dev/null; do
      pid=$(monitor_of $runner) || continue
      [[ $(threads_of "$pid") == *vcpu0* ]] || continue  # not there yet
      limits=$(core_limits_of "$pid")
      break
    done
    [[ $limits == "$inherited" ]] || fail "with --core-dumps these are limited to: $limits, expected $inherited"
    wait $runner || fail "with --core-dumps: exit code $?"
    ;;

  intruders)
    try_all intruded vcpu0:execve vcpu1:open crypto0/0:socket crypto0/1:code crypto0/w0:ptrace console:execve main:open
    ;;

  vhost-user)
    sockets=$(mktemp -d)  # a socket's path must be short
    trap 'rm -rf "$sockets"' EXIT
    try_all intruded_backend main:open main:code crypto0/0:socket crypto0/1:code crypto0/w0:ptrace
    ;;

  # The terminal is in raw mode while the guest runs, and as it was whoever ends that: Ctrl-A x, or a violation.
  terminal)
    command -v script > /dev/null || { echo "skipped: no script(1)"; exit $skipped; }
    on_terminal() {  # NAME EXPECTED-CODE KEYS ENVIRONMENT...
      local name=$1 expected=$2 keys=$3
      shift 3
      { for _ in 1 2 3 4 5 6; do sleep 0.5; printf '%b' "$keys"; done; } |
        script -qec "stty -a > '$folder/before'; env $* timeout --foreground $time_limit '$virtcrypt' run --kernel '$guest' \
          --memory 64M --crypto queues=2; echo \$? > '$folder/code'; stty -a > '$folder/after'" /dev/null > "$folder/$name.console" 2>&1
      [[ $(< "$folder/code") == "$expected" ]] || fail "$name: exit code $(< "$folder/code"), expected $expected"
      cmp -s "$folder/before" "$folder/after" || fail "$name: the terminal was not restored"
    }
    on_terminal keys 130 '\001x'
    on_terminal violation $violation '' LD_PRELOAD="$intruder" INTRUDER=vcpu0:execve
    grep -q "forbids thread vcpu0 to call execve" "$folder/violation.console" || fail "violation: nothing is said of it"
    ;;

  # What stops it is the sandbox and nothing else.
  off)
    intruded off vcpu0 open --sandbox off || fail "exit code $?, with the sandbox switched off"
    grep -q "no sandbox, as asked for" "$folder/off.log" || fail "nothing is said of it"
    ;;
  *) fail "no such case" ;;
esac
