#!/usr/bin/env bash
# Packs the programs with the starter model, which they find beside themselves,
# into target/bundle/afterimage-VERSION-SYSTEM-MACHINE.tar.gz.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=afterimage-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
folder=target/bundle/$name

rm -rf "$folder"
mkdir -p "$folder/models"
cp target/release/afterimage target/release/afterimage-desktop README.md LICENSE "$folder"
cp assets/NOTICE.md assets/cities.LICENSE "$folder"
cp -R assets/models/starter "$folder/models/"
tar -czf "$folder.tar.gz" -C target/bundle "$name"
rm -rf "$folder"
echo "$folder.tar.gz"
