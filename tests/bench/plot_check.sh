#!/usr/bin/env bash
# The picture of `virtcrypt bench --plot`: well-formed, and for each engine a line with all sizes, and one of the raw engine.
# Asymmetric algorithms have no sizes: they are measured, and not drawn.
# usage: plot_check.sh VIRTCRYPT
set -euo pipefail
picture=$(mktemp --suffix=.svg) errors=$(mktemp)
trap 'rm -f "$picture" "$errors"' EXIT
"$1" bench --algorithm "AES-CBC,RSA 2048 raw" --direction encrypt --size 64,256,1024 --engine auto,cryptopp --depth 4 --milliseconds 2 --rounds 1 --plot "$picture" \
  > /dev/null 2> "$errors"
[[ $(< "$errors") == *"AKCIPHER has no sizes"* && $(wc -l < "$errors") == 1 ]] || { cat "$errors"; exit 1; }
python3 - "$picture" << 'PYTHON'
import sys, xml.etree.ElementTree as tree
lines = [each.get("points").split() for each in tree.parse(sys.argv[1]).getroot().iter("{http://www.w3.org/2000/svg}polyline")]
assert len(lines) == 4 and all(len(points) == 3 for points in lines), lines
PYTHON
echo "two engines, each with its raw ceiling, over three sizes"
