#!/usr/bin/env bash
# Builds the wheel of the command `cuaderno` into target/wheels: `scripts/wheel.sh [PROFILE]`, by default `release`.
#
# Beside the command it carries the library's sources, which land in share/cuaderno of the environment that it is
# installed into. Needs maturin (`pip install maturin`), or MATURIN naming it.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:-release}
sources=target/wheel/data/share/cuaderno
rm -rf target/wheel
mkdir -p "$sources"
cp -r src benches Cargo.lock "$sources"
mkdir "$sources/examples"
cp examples/generate_data.rs "$sources/examples"
# The kernel is not part of it: the wheel has it compiled.
sed 's/^members = \["kernel"\]$/members = []/' Cargo.toml >"$sources/Cargo.toml"
grep -qx 'members = \[\]' "$sources/Cargo.toml"

strip=()
[ "$profile" = release ] && strip=(--strip)
maturin=$(realpath "$(command -v "${MATURIN:-maturin}")")
(cd python && "$maturin" build --profile "$profile" --out ../target/wheels \
    --compatibility linux "${strip[@]}")
