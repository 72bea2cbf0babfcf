#!/usr/bin/env bash
# RSA key pairs and OpenSSL's answers for them, which the guest compares the device's with.
# usage: rsa-answers.sh FOLDER
# Makes FOLDER/BITS/* for 1024, 2048 and 4096 bits, and FOLDER/ready last. The keys are random and used nowhere else.
set -euo pipefail

folder=$1
if [[ -e $folder/ready ]]; then exit 0; fi
work=$folder.part
rm -rf "$work"
trap 'rm -rf "$work"' EXIT

# answers BITS: everything for one key, in the current folder.
answers() {
  openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$1" -out key.pem 2> /dev/null ||
    openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$1" -out key.pem 2> /dev/null
  openssl pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.pk8
  openssl req -x509 -new -key key.pem -sha256 -days 36500 -subj "/CN=virtcrypt $1" -outform DER -out cert.der

  openssl rand -out text 40
  openssl pkeyutl -encrypt -inkey key.pem -pkeyopt rsa_padding_mode:pkcs1 -in text -out pkcs1.cipher

  # A raw input has the length of the modulus and is less than it: the first byte is 0, the second is not.
  { printf '\0\1'; openssl rand $(($1 / 8 - 2)); } > raw
  openssl pkeyutl -encrypt -inkey key.pem -pkeyopt rsa_padding_mode:none -in raw -out raw.public
  openssl pkeyutl -decrypt -inkey key.pem -pkeyopt rsa_padding_mode:none -in raw -out raw.private

  local hash
  for hash in sha1 sha256; do
    openssl dgst "-$hash" -binary -out "$hash.digest" text
    openssl pkeyutl -sign -inkey key.pem -pkeyopt rsa_padding_mode:pkcs1 -pkeyopt "digest:$hash" \
      -in "$hash.digest" -out "$hash.signature"
  done
  rm key.pem
}

for bits in 1024 2048 4096; do
  mkdir -p "$work/$bits"
  (cd "$work/$bits" && answers "$bits")
done
touch "$work/ready"
rm -rf "$folder"
mv "$work" "$folder"
