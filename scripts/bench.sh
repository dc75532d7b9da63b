#!/usr/bin/env bash
# Measures PROGRAM on a folder of photos: indexing into a library of its own,
# ranking, and a search in a new process. One JSON line each on standard output.
set -euo pipefail

program=$1
photos=$2
library=$(mktemp -d)
trap 'rm -rf "$library"' EXIT
export AFTERIMAGE_LIBRARY=$library

"$program" bench index "$photos"
"$program" index "$photos" >/dev/null
"$program" bench scan
TIMEFORMAT='{"bench":"search","what":"a new process","seconds":%3R}'
{ time "$program" search "a dog" --json >/dev/null 2>&1; } 2>&1
