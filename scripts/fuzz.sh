#!/usr/bin/env bash
# Runs fuzz targets one after the other: `scripts/fuzz.sh [seconds for each, by default 600] [targets, by default all]`.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-fuzz >/dev/null; then
    echo 'cargo-fuzz is missing: `cargo install cargo-fuzz`' >&2
    exit 1
fi
seconds=${1:-600}
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
    for target in fuzz/fuzz_targets/*.rs; do
        targets+=("$(basename "$target" .rs)")
    done
fi

# A stable compiler takes the flags of the instrumentation, too.
export RUSTC_BOOTSTRAP=1
# The versions that the library is tested with.
cp Cargo.lock fuzz/Cargo.lock
# Each input becomes a file.
if [[ -w /dev/shm ]]; then
    TMPDIR=$(mktemp -d -p /dev/shm)
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
fi
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -dict="fuzz/dictionaries/$target.dict" -print_final_stats=1
done
