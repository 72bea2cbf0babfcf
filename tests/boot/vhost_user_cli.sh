#!/usr/bin/env bash
# How the back-end of vhost-user starts, ends and answers as a program; its sandbox is on.
# usage: vhost_user_cli.sh VIRTCRYPT FRONT-END CASE
set -euo pipefail

virtcrypt=$1 front_end=$2 case=$3
scratch=$(mktemp -d)
backend=''
end_all() {
  if [[ -n $backend ]]; then kill -KILL "$backend" 2> /dev/null || true; fi
  rm -rf "$scratch"
}
trap end_all EXIT
socket=$scratch/socket

bad() {
  echo "failed: $1"
  cat "$scratch"/*.log 2> /dev/null
  exit 1
}

# wait_for TEXT FILE
wait_for() {
  local tries
  for ((tries = 0; tries < 200; ++tries)); do
    if grep -q "$1" "$2"; then return; fi
    sleep 0.1
  done
  bad "nobody says '$1'"
}

start_backend() {
  : > "$scratch/backend.log"
  "$virtcrypt" vhost-user --socket "$socket" --sandbox on --log-level debug "$@" < /dev/null 2> "$scratch/backend.log" &
  backend=$!
  wait_for "waiting for a front-end" "$scratch/backend.log"
}

# ends_with CODE: the back-end, by itself or by a signal that it was sent.
ends_with() {
  local code=0
  wait "$backend" || code=$?
  backend=''
  [[ $code == "$1" ]] || bad "exit code $code, wanted $1"
}

front_end() { timeout 60 "$front_end" "$@" || bad "front-end $1: exit code $?"; }

# capabilities ARGUMENT...: whatever else there is.
capabilities() {
  local said
  said=$(timeout 20 "$virtcrypt" vhost-user "$@" 2> "$scratch/capabilities.log") || bad "exit code $? with: $*"
  [[ $said == '{"type":"crypto"}' && ! -s $scratch/capabilities.log ]] || bad "with $* it says: $said"
}

case $case in
  capabilities)
    capabilities --print-capabilities
    capabilities --print-capabilities --frobnicate --fd none --crypto wheels=4 rubbish
    capabilities --frobnicate rubbish --socket "$scratch/no-such-folder/socket" --crypto wheels=4 --print-capabilities
    ;;
  sigterm)
    start_backend
    kill -TERM "$backend"
    ends_with 0
    [[ ! -e $socket ]] || bad "the socket is still there"
    ;;
  # Front-ends come one after another; the last one is connected when the signal comes.
  messages)
    start_backend --crypto queues=2
    front_end talk "$socket"
    front_end talk "$socket"
    : > "$scratch/hold.log"
    "$front_end" hold "$socket" > "$scratch/hold.log" 2>&1 &
    holder=$!
    wait_for holding "$scratch/hold.log"
    kill -TERM "$backend"
    ends_with 0
    wait "$holder" || bad "the front-end was not hung up on"
    [[ ! -e $socket ]] || bad "the socket is still there"
    if grep -E '\[(warning|error|critical)\]' "$scratch/backend.log" | grep -vE '(SET_CONFIG|CLOSE_CRYPTO_SESSION): '; then
      bad "it complains"
    fi
    ;;
  # What a front-end can do to the back-end, and what is left of that.
  truncated-memory)
    start_backend
    front_end truncate "$socket" > /dev/null
    ends_with $((128 + $(kill -l BUS)))
    [[ -S $socket ]] || bad "the socket was not left behind"
    start_backend
    front_end talk "$socket"
    kill -TERM "$backend"
    ends_with 0
    ;;
  fd-connected | fd-listening)
    front_end pass "${case#fd-}" "$virtcrypt" vhost-user --fd 3 --sandbox on
    ;;
  *) bad "no such case" ;;
esac
