#!/usr/bin/env bash
# on_bare_metal.sh VIRTCRYPT DIALECT: the suite on the device in a machine on /dev/kvm, for ctest. All statements must fare
# as they do in process. Exit code 77: there is no /dev/kvm that this user may open.
set -euo pipefail
virtcrypt=$1 dialect=$2

if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
  echo "skipped: no /dev/kvm that this user may open"
  exit 77
fi

# verdicts DEVICE: what is printed of statements and checks; fails when a check fails. The time limit is for machines that
# have much else to do.
verdicts() { "$virtcrypt" conformance --device "$1" --dialect "$dialect" --ring both --timeout 120; }

status=0
seen=$(verdicts bare-metal) || status=$?
printf '%s\n' "$seen"
[[ $status == 0 ]] || exit "$status"
diff <(verdicts in-process) <(printf '%s\n' "$seen") || { echo "in process (<) and on KVM (>) the verdicts differ"; exit 1; }
