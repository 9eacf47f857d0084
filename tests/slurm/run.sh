#!/usr/bin/env bash
# A sweep and a cross-validation of a program, and a sweep of a notebook, as job arrays on a real Slurm of two nodes on this
# machine. One task of each gets the signal that Slurm sends before the time limit: it saves itself, goes back into the queue and
# ends bit for bit as the run without interruption.
#
#     tests/slurm/run.sh PROGRAM COMMAND
#
# PROGRAM is the built example `slurm_sweep`, COMMAND the built command `cuaderno`. As root; needs Debian's packages `slurm-wlm`
# and `munge`.
set -euo pipefail

usage='usage: run.sh PROGRAM COMMAND'
program=$(realpath "${1:?$usage}")
command=$(realpath "${2:?$usage}")
notebook=$(realpath "$(dirname "$0")/sweep.ipynb")
scripts=$(realpath "$(dirname "$0")/../../scripts")
dir=$(mktemp -d)
chmod 755 "$dir"
trap '"$scripts/slurm.sh" stop "$dir/cluster"; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "$1" >&2
    tail -n 30 "$dir"/array/*/slurm/*.log "$dir"/notebook/slurm/*.log "$dir"/*.log >&2 || true
    exit 1
}

# Task 1 of the array in folder $1, which the last process in the background waits for, is interrupted once it has saved
# itself.
interrupt_task_1() {
    local waiting=$! folder= job log
    for _ in $(seq 900); do
        folder=$(compgen -G "$1/rate-0.01-*" | head -n 1) || true
        [[ -n $folder && -s $folder/checkpoint.safetensors ]] && break
        kill -0 "$waiting" 2>/dev/null || fail 'the program has ended early'
        sleep 0.2
    done
    [[ -n $folder && -s $folder/checkpoint.safetensors ]] || fail 'there is no checkpoint to resume from'
    job=$(cat "$1/slurm/job")
    for _ in $(seq 20); do
        scancel --signal=USR1 --batch "${job}_1" && break
        sleep 0.2
    done
    for _ in $(seq 1800); do
        kill -0 "$waiting" 2>/dev/null || break
        sleep 0.1
    done
    kill -0 "$waiting" 2>/dev/null && { kill "$waiting"; fail 'the program does not end'; }
    wait "$waiting" || fail 'the program fails'

    log=$1/slurm/${job}_1.log
    cat "$log"
    for line in 'restart 0' 'goes back into the queue' 'restart 1'; do
        grep -q "$line" "$log" || fail "the log of the task does not say: $line"
    done
    if grep -q 'restart 1' "$1/slurm/${job}_0.log"; then fail 'another task was put back into the queue'; fi
}

# Without a cluster: the script, and an error that names what is missing.
"$program" --out dry --dry-run >dry.txt
grep -q '^#SBATCH --array=0-3%2$' dry.txt || fail 'the dry run prints no script'
[[ ! -e dry/runs/slurm ]] || fail 'the dry run leaves something behind'
bash -n dry.txt
if SLURM_CONF=/nowhere PATH=/nowhere "$program" --out none 2>none.txt; then fail 'there is no Slurm, and no error'; fi
grep -q 'cannot run `sbatch`' none.txt || fail 'the error does not name what is missing'

RAYON_NUM_THREADS=1 "$program" --out local --local >local.txt

"$scripts/slurm.sh" start "$dir/cluster"
export SLURM_CONF=$dir/cluster/slurm.conf
"$program" --out array --epochs 6 --pause 100 >array.log 2>&1 &
interrupt_task_1 array/runs

# The same table as without a cluster, and the same bits.
grep -E '^(rate [^ ]+:|best:|cross)' array.log >array.txt
grep -E '^(rate [^ ]+:|best:|cross)' local.txt | diff - array.txt || fail 'the results differ'
for weights in local/runs/*/weights.safetensors; do
    cmp "$weights" "array/${weights#local/}" || fail 'the weights differ'
done
cat array.txt

# A second call submits only what failed.
"$program" --out array --epochs 6 >again.log 2>&1 || { cat again.log; fail 'the second call fails'; }
grep -q '^#SBATCH --array=3%2$' array/runs/slurm/array.sh || fail 'more than what failed has run again'

# The same from a notebook: each task runs it again up to the sweep.
sweep() {
    "$command" run "$notebook" --no-html "$@"
}
RAYON_NUM_THREADS=1 sweep --out out-local --param "out=$dir/notebook-local" --param local=true >notebook-local.txt
sweep --out out --param "out=$dir/notebook" --param pause=100 >notebook.log 2>&1 &
interrupt_task_1 notebook
grep -E '^ *rate [^ ]+:' notebook.log >notebook.txt
grep -E '^ *rate [^ ]+:' notebook-local.txt | diff - notebook.txt || fail 'the results of the notebook differ'
for weights in notebook-local/*/weights.safetensors; do
    cmp "$weights" "notebook/${weights#notebook-local/}" || fail 'the weights of the notebook differ'
done
echo 'a sweep and a cross-validation ran as job arrays, and a sweep from a notebook, with one requeue each'
