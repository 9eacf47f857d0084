#!/usr/bin/env bash
# Builds and links the library and its tests with the feature `cuda`, and runs the tests where there is a GPU.
#
# Takes NVIDIA's toolkit from CUDA_PATH; without that, the packages that PyPI carries, which it puts into target/cuda.
# They hold no driver: without one, programs are linked against an empty stand-in and cannot be run. CUDA_COMPUTE_CAP
# names the GPU to compile for where none is at hand (90 when unset).
set -euo pipefail
cd "$(dirname "$0")/.."

home=$PWD/target/cuda
say() { printf 'cuda: %s\n' "$*"; }
stop() {
    say "cannot be built here: $*" >&2
    exit 1
}

command -v cc >/dev/null || stop 'there is no C compiler; Debian has one in build-essential'
[ "$(uname -sm)" = 'Linux x86_64' ] || stop "the packages are for Linux on x86-64, this is $(uname -sm)"
mkdir -p "$home/bin" "$home/lib"

if [ -z "${CUDA_PATH:-}" ]; then
    [ -x "$home/venv/bin/pip" ] || python3 -m venv "$home/venv" || stop "python3 makes no virtual environment"
    say "NVIDIA's toolkit from PyPI, into target/cuda"
    # The compiler and its parts have to be of one version.
    "$home/venv/bin/pip" install --quiet \
        nvidia-cuda-nvcc==13.2.78 nvidia-nvvm==13.2.78 nvidia-cuda-crt==13.2.78 \
        nvidia-cuda-runtime==13.2.75 nvidia-cuda-nvrtc==13.2.78 nvidia-cuda-cccl==13.2.75 \
        'nvidia-cublas>=13.3,<13.5' 'nvidia-curand<11' || stop 'pip does not get the packages'
    toolkit=$(echo "$home"/venv/lib/python3*/site-packages/nvidia/cu13)
    [ -x "$toolkit/bin/nvcc" ] || stop "the packages hold no nvcc in $toolkit/bin"
    # The packages name libraries by version alone, and the linker looks for them without.
    for library in "$toolkit"/lib/lib*.so.*; do
        name=$(basename "$library")
        ln -sf "$library" "$toolkit/lib/${name%%.so.*}.so"
    done
    export CUDA_PATH=$toolkit
fi
export PATH=$CUDA_PATH/bin:$PATH
libraries=$CUDA_PATH/lib:$CUDA_PATH/lib64
say "$(nvcc --version | grep release)"

gpu=yes
if ! nvidia-smi -L >/dev/null 2>&1; then
    gpu=no
    export CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
    say "there is no GPU; compiling for compute capability $CUDA_COMPUTE_CAP"
    # dfdx asks it for the GPU even where CUDA_COMPUTE_CAP answers.
    printf '#!/bin/sh\necho compute_cap\necho %s\n' "$CUDA_COMPUTE_CAP" >"$home/bin/nvidia-smi"
    chmod +x "$home/bin/nvidia-smi"
    PATH=$home/bin:$PATH
fi

if ! ldconfig -p | grep -q 'libcuda\.so\.1'; then
    say 'there is no driver; linking against an empty stand-in for it'
    bindings=$(cargo metadata --format-version 1 --features cuda --filter-platform x86_64-unknown-linux-gnu | python3 -c '
import json, os, sys
crates = [p for p in json.load(sys.stdin)["packages"] if p["name"] == "cudarc"]
print(os.path.join(os.path.dirname(crates[0]["manifest_path"]), "src", "driver"))')
    # Whatever is asked of it, there is no device (error 100).
    {
        grep -rhoE 'pub fn cu[A-Z][A-Za-z0-9_]*' "$bindings" | grep -v cuGetError | sort -u |
            sed 's/pub fn \(.*\)/int \1(void) { return 100; }/'
        for what in Name String; do
            echo "int cuGetError$what(int e, const char **s) { *s = \"no CUDA driver\"; return 0; }"
        done
    } >"$home/driver.c"
    grep -q cuInit "$home/driver.c" || stop "no functions of the driver are named in $bindings"
    cc -shared -Wl,-soname,libcuda.so.1 -o "$home/lib/libcuda.so.1" "$home/driver.c"
    ln -sf libcuda.so.1 "$home/lib/libcuda.so"
    export RUSTFLAGS="${RUSTFLAGS:-} -L native=$home/lib"
    libraries=$libraries:$home/lib
fi
export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# Beside the ordinary build, which is kept.
export CARGO_TARGET_DIR=$home/build

say 'building and linking the library, its tests and its examples'
cargo test --package cuaderno --features cuda --no-run
cargo build --package cuaderno --features cuda --examples
ldd "$CARGO_TARGET_DIR/debug/examples/forward" | grep -E 'libcuda|libcublas|libnvrtc'

if [ "$gpu" = no ]; then
    say 'built and linked. There is no GPU here, so nothing was run.'
    exit 0
fi
say "running the tests on $(nvidia-smi -L | head -n 1)"
# One after the other: each test runs on a thread of its own, and each thread has a device with memory of its own.
cargo test --package cuaderno --features cuda -- --test-threads=1
