#!/usr/bin/env bash
# A sweep and a cross-validation as job arrays on a real Slurm of two nodes on this machine. One task gets the signal that Slurm
# sends before the time limit: it saves itself, goes back into the queue and ends bit for bit as the run without interruption.
#
#     tests/slurm/run.sh PROGRAM
#
# PROGRAM is the built example `slurm_sweep`. As root; needs Debian's packages `slurm-wlm` and `munge`.
set -euo pipefail

program=$(realpath "${1:?usage: run.sh PROGRAM}")
scripts=$(realpath "$(dirname "$0")/../../scripts")
dir=$(mktemp -d)
chmod 755 "$dir"
trap '"$scripts/slurm.sh" stop "$dir/cluster"; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "$1" >&2
    tail -n 30 "$dir"/array/*/slurm/*.log "$dir"/array.log >&2 || true
    exit 1
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
waiting=$!
folder=
for _ in $(seq 300); do
    folder=$(compgen -G 'array/runs/rate-0.01-*' | head -n 1) || true
    [[ -n $folder && -s $folder/checkpoint.safetensors ]] && break
    kill -0 "$waiting" 2>/dev/null || fail 'the program has ended early'
    sleep 0.2
done
[[ -n $folder && -s $folder/checkpoint.safetensors ]] || fail 'there is no checkpoint to resume from'
job=$(cat array/runs/slurm/job)
for _ in $(seq 20); do
    scancel --signal=USR1 --batch "${job}_1" && break
    sleep 0.2
done
for _ in $(seq 900); do
    kill -0 "$waiting" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$waiting" 2>/dev/null && { kill "$waiting"; fail 'the program does not end'; }
wait "$waiting" || fail 'the program fails'

log=array/runs/slurm/${job}_1.log
cat "$log"
for line in 'restart 0' 'goes back into the queue' 'restart 1'; do
    grep -q "$line" "$log" || fail "the log of the task does not say: $line"
done
grep -q 'restart 1' "array/runs/slurm/${job}_0.log" && fail 'another task was put back into the queue'

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
echo 'a sweep and a cross-validation ran as job arrays, with one requeue'
