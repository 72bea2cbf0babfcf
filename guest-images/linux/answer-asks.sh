#!/bin/sh
# Passes a guest's console on, and does what the guest asks for in lines "@virtcrypt ask ready off|on".
# usage: virtcrypt run --control SOCKET ... | answer-asks.sh VIRTCRYPT SOCKET
virtcrypt=$1 socket=$2
return=$(printf '\r')

while IFS= read -r line || [ -n "$line" ]; do
  printf '%s\n' "$line"
  asked=${line##*@virtcrypt ask }
  case ${asked%"$return"} in
    'ready on') word=on ;;
    'ready off') word=off ;;
    *) continue ;;
  esac
  "$virtcrypt" ctl "$socket" ready "$word" > /dev/null ||
    echo "@virtcrypt check verdict=failed label=the host could not switch readiness $word"
done
