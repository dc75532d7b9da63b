#!/usr/bin/env bash
# Compiles the feature `cuda` where there is neither a GPU nor a toolkit: its
# types are checked, and its kernels compiled for one generation of GPUs,
# CUDA_COMPUTE_CAP (default 90). Nothing is linked, which needs NVIDIA's driver.
# About ten minutes on two cores, and 1.5 GB in target/cuda.
set -euo pipefail
cd "$(dirname "$0")/.."

wheels=target/cuda/wheels
wanted=scripts/cuda-requirements.txt

# This copy is made last: there means complete.
if ! cmp -s "$wanted" "$wheels/installed.txt"; then
	echo "fetching NVIDIA's compiler" >&2
	rm -rf "$wheels"
	PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-input \
		--no-deps --only-binary :all: --target "$wheels" --requirement "$wanted"
	cp "$wanted" "$wheels/installed.txt"
fi

toolkit=$PWD/$wheels/nvidia/cu13
# Build scripts look where an installed toolkit has its libraries.
ln -sfn lib "$toolkit/lib64"

export CUDA_HOME=$toolkit CUDA_PATH=$toolkit CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
export PATH="$toolkit/bin:$PATH"
# A folder of its own, so that the usual builds keep what they have compiled.
cargo check --locked --target-dir target/cuda -p afterimage-cli --features cuda
