#!/usr/bin/env bash
# The same training with one process and with two: the same losses within rounding, and an error in one process that ends both.
#
#     tests/mpi/run.sh PROGRAM
#
# PROGRAM is the built example `data_parallel`. Needs `mpirun`, in Debian of the package `openmpi-bin`. Where `slurmctld` is
# installed and this is root, also with `srun` on a Slurm of this machine, within one of its nodes: those of two nodes here would
# share the sockets of PMIx.
set -euo pipefail

program=$(realpath "${1:?usage: run.sh PROGRAM}")
dir=$(mktemp -d)
scripts=$(realpath "$(dirname "$0")/../../scripts")
trap '"$scripts/slurm.sh" stop "$dir/cluster"; rm -rf "$dir"' EXIT
chmod 755 "$dir"
export RAYON_NUM_THREADS=1
# Containers: as root, with more processes than cores if need be, and without a network.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpi=(timeout 100 mpirun --oversubscribe --bind-to none --mca btl self,vader --mca btl_vader_single_copy_mechanism none)

# 250 examples in batches of 32: the last batch has 26.
arguments=(--epochs 3 --examples 250)
"$program" "${arguments[@]}" >"$dir/none"
for processes in 1 2 3; do
    "${mpi[@]}" -n "$processes" "$program" "${arguments[@]}" >"$dir/$processes"
done
"${mpi[@]}" -n 2 "$program" "${arguments[@]}" --norm >"$dir/norm"

python3 - "$dir" <<'PY'
import json, sys

def curve(name, processes):
    rows = [json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
    assert [row["epoch"] for row in rows] == [1, 2, 3], rows
    assert all(row["processes"] == processes for row in rows), rows
    return [[row["train_loss"], row["validation_loss"]] for row in rows]

alone = curve("none", 1)
assert curve("1", 1) == alone, "mpirun -n 1 differs from the program alone"
for processes in (2, 3):
    found = curve(str(processes), processes)
    most = max(abs(a - b) / b for row, other in zip(found, alone) for a, b in zip(row, other))
    print(f"{processes} processes: losses differ from those of one by at most {most:.1e} of their value")
    assert most < 1e-3, (found, alone)
norm = curve("norm", 2)
assert norm[-1][0] < norm[0][0], norm
PY

# An error in one process ends both, with its message.
if "${mpi[@]}" -n 2 "$program" "${arguments[@]}" --fail 1 >"$dir/fail" 2>"$dir/error"; then
    echo 'a process fails, and the program does not' >&2
    exit 1
elif (($? == 124)); then
    echo 'a process fails, and the other one waits for it' >&2
    exit 1
fi
grep -q 'process 1 of 2: .*requested by `--fail`' "$dir/error" || { cat "$dir/error"; exit 1; }
test "$(wc -l <"$dir/fail")" = 1
echo 'two and three processes train as one, and an error in one ends all'

if ((EUID)) || ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    echo 'skipped: there is no Slurm'
    exit
fi
SLURM_TEST_PORT=${SLURM_TEST_PORT:-17100} "$scripts/slurm.sh" start "$dir/cluster"
export SLURM_CONF=$dir/cluster/slurm.conf
OMPI_MCA_btl=self,vader,tcp timeout 60 srun --mpi=pmix --nodes 1 --ntasks 2 "$program" "${arguments[@]}" >"$dir/slurm"
cut -d, -f1-4 "$dir/2" >"$dir/expected"
cut -d, -f1-4 "$dir/slurm" | diff - "$dir/expected"
echo 'srun gives what mpirun gives'
