#!/usr/bin/env bash
# Entry point of the container: rfmpi with as many ranks as there are whole cores to use (RANKS overrides). What needs
# no ranks starts plainly. `docker stop` is a request to stop: a checkpoint, and exit code 75.
set -eu

# A quota is none where it is "max", negative or not there.
quota_of() {
    local quota=max period=1
    if [ -r /sys/fs/cgroup/cpu.max ]; then
        read -r quota period </sys/fs/cgroup/cpu.max
    elif [ -r /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]; then
        quota=$(</sys/fs/cgroup/cpu/cpu.cfs_quota_us)
        period=$(</sys/fs/cgroup/cpu/cpu.cfs_period_us)
    fi
    case $quota in
    max | -*) ;;
    *) echo $((quota < period ? 1 : quota / period)) ;;
    esac
}

# nproc knows which cores there are, but would take OMP_NUM_THREADS for their number.
count_cores() {
    local cores quota
    cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
    quota=$(quota_of)
    echo $((${quota:-$cores} < cores ? quota : cores))
}

# Ranks talk through files of 4 MiB in /dev/shm, and share another of theirs. A container has 64 MiB there, unless
# --shm-size gives it more; MPI hangs when they are full.
find_room() {
    local per_rank_kib=6144 free_kib
    free_kib=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1) || free_kib=0
    [ "$free_kib" -lt $((per_rank_kib * $1)) ] || return 0
    export OMPI_MCA_btl_vader_backing_directory=${OMPI_MCA_btl_vader_backing_directory:-${TMPDIR:-/tmp}}
    export OMPI_MCA_osc_sm_backing_directory=${OMPI_MCA_osc_sm_backing_directory:-${TMPDIR:-/tmp}}
}

stop=TERM
command=(rfmpi "$@")
case ${1:-} in
run | prepare | train | predict | generate | convert)
    # mpirun answers SIGTERM by killing all ranks; this it passes on.
    stop=USR1
    ranks=${RANKS:-$(count_cores)}
    [[ $ranks =~ ^[1-9][0-9]{0,5}$ ]] || {
        echo "rfmpi: error: RANKS is a number of ranks, not '$ranks'" >&2
        exit 64
    }
    find_room "$ranks"
    command=(mpirun --oversubscribe --bind-to none -n "$ranks" rfmpi "$@")
    ;;
esac
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

stopped_by=$((128 + $(kill -l $stop)))

# A request that comes early may be lost: mpirun passes it on to the ranks there are. So it is made until it is heard.
stopped=no
repeated=no
child=
repeat() {
    while kill -s $stop "$child"; do
        sleep 1
    done
}
pass_on() {
    stopped=yes
    interrupted=yes
    if [ -n "$child" ] && [ $repeated = no ]; then
        repeated=yes
        repeat >/dev/null 2>&1 &
    fi
}

# Only now: bash may fail to read the trap while it substitutes a command. There is none from here on.
trap pass_on TERM INT

# In a session of its own: Ctrl-C of a terminal comes here alone.
setsid "${command[@]}" &
child=$!
[ $stopped = no ] || pass_on

# A request interrupts the wait, not what is waited for.
interrupted=yes
while [ $interrupted = yes ]; do
    interrupted=no
    status=0
    wait "$child" 2>/dev/null || status=$?
done
# Ended by the request itself, before there was anything to keep.
if [ $stopped = yes ] && [ "$status" = $stopped_by ]; then
    status=75
fi
exit "$status"
