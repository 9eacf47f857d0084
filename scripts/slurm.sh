#!/usr/bin/env bash
# A Slurm cluster of two nodes on this machine, for tests: `slurm.sh start DIR`, then `export SLURM_CONF=DIR/slurm.conf`;
# `slurm.sh stop DIR`. As root, with Debian's packages `slurm-wlm` and `munge`; needs no systemd.
set -euo pipefail

usage='usage: slurm.sh start|stop DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)
export SLURM_CONF=$dir/slurm.conf

stop() {
    for name in slurmd-n1 slurmd-n2 slurmctld munged; do
        local pid
        pid=$(cat "$dir/$name.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        rm -f "$dir/$name.pid"
    done
}

fail() {
    echo "$1" >&2
    tail -n 20 "$dir"/*.log >&2 || true
    stop
    exit 1
}

# Waits until a command succeeds.
await() {
    local what=$1
    shift
    for _ in $(seq 150); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    fail "$what does not answer"
}

start() {
    mkdir -p "$dir/state" "$dir/munge"
    chmod 755 "$dir"
    # munged wants folders of its own user, and a socket that all may reach.
    chown munge:munge "$dir/munge"
    chmod 711 "$dir/munge"
    head -c 1024 /dev/urandom >"$dir/munge/munge.key"
    chmod 400 "$dir/munge/munge.key"
    chown munge:munge "$dir/munge/munge.key"
    local socket=$dir/munge/munge.socket
    runuser -u munge -- /usr/sbin/munged --force --key-file="$dir/munge/munge.key" --socket="$socket" \
        --pid-file="$dir/munge/munged.pid" --log-file="$dir/munge/munged.log" --seed-file="$dir/munge/munge.seed"
    await 'munged' munge --no-input --socket="$socket"
    cp "$dir/munge/munged.pid" "$dir/munged.pid"

    # Ports of their own, so that another cluster of this machine is left alone.
    local port=${SLURM_TEST_PORT:-17000}
    cat >"$SLURM_CONF" <<EOF
ClusterName=test
SlurmctldHost=localhost
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
NodeName=n[1-2] NodeHostName=localhost NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=2 State=UNKNOWN
PartitionName=test Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:2
EOF
    printf 'CgroupPlugin=cgroup/v1\n' >"$dir/cgroup.conf"
    slurmctld -c || fail 'slurmctld does not start'
    slurmd -N n1 || fail 'slurmd of n1 does not start'
    slurmd -N n2 || fail 'slurmd of n2 does not start'
    await 'the cluster' idle
    timeout 20 sinfo
}

# Whether both nodes wait for work.
idle() {
    [[ $(timeout 5 sinfo --noheader --Node --states=idle --format=%N | wc -l) == 2 ]]
}

case $command in
start) start ;;
stop) stop ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
