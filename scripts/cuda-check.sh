#!/usr/bin/env bash
# Compiles the feature `cuda` where there is neither a GPU nor a toolkit: its
# types are checked, and its kernels compiled for one generation of GPUs,
# CUDA_COMPUTE_CAP (default 90). Nothing is linked, which needs NVIDIA's driver.
# About ten minutes on two cores, and 3 GB in target/cuda.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/cuda/venv
wanted=scripts/cuda-requirements.txt

if ! cmp -s "$wanted" "$venv/installed.txt"; then
	echo "fetching NVIDIA's compiler" >&2
	rm -rf "$venv"
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
		--no-deps --only-binary :all: --requirement "$wanted"
	cp "$wanted" "$venv/installed.txt"
fi

toolkit=$(ls -d "$PWD/$venv"/lib/python3*/site-packages/nvidia/cu13)
# Build scripts look where an installed toolkit has its libraries.
ln -sfn lib "$toolkit/lib64"

export CUDA_HOME=$toolkit CUDA_PATH=$toolkit CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
export PATH="$toolkit/bin:$PATH"
# A folder of its own, so that the usual builds keep what they have compiled.
cargo check --locked --target-dir target/cuda -p afterimage-cli --features cuda
