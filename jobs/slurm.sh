# shellcheck shell=bash
# What the batch scripts of this folder share: where rfmpi is, how a step of it is started and asked to stop, and the way
# back into the queue. They read it; it knows nothing of what a job is about.
#
#   step WORD ...    rfmpi on all tasks of the allocation; its exit code
#   finish CODE      the end of the script; where rfmpi has said 75 and nothing else, the job goes back into the queue
#
# Slurm's signal before the limit (--signal=B:USR1@SECONDS) reaches the script alone, which passes it on to the step.

: "${max_restarts:=20}"
say() {
    echo "$(date +%FT%T) job ${SLURM_JOB_ID:?this is a script for sbatch}, start $((${SLURM_RESTART_COUNT:-0} + 1)): $*"
}

# An array's task has a number of its own, which may be that of the whole array: this name is never another's.
job_name=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_TASK_ID:-}" ] || job_name=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

# RFMPI says where the program is; else it is that of this checkout, else the one on PATH.
if [ -z "${RFMPI:-}" ]; then
    RFMPI=$(dirname "${BASH_SOURCE[0]}")/../build/release/bin/rfmpi
    [ -x "$RFMPI" ] || RFMPI=rfmpi
fi
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

n_asked=0 # how often this job was asked to stop
running=  # the step's srun
pass_on() {
    n_asked=$((n_asked + 1))
    [ -z "$running" ] || kill -USR1 "$running"
}
trap pass_on USR1

# When a rank is gone, the others are given half a minute, and not killed at once (--kill-on-bad-exit): they may be about to say 75
# as well. srun ends with the highest of all codes.
step() {
    local status seen
    [ "$n_asked" = 0 ] || return 75
    say "rfmpi $*"
    srun --mpi=pmix --cpus-per-task="$OMP_NUM_THREADS" --cpu-bind=cores --kill-on-bad-exit=0 --wait=30 "$RFMPI" "$@" </dev/null &
    running=$!
    seen=-1 status=129
    while [ "$status" -gt 128 ] && [ "$n_asked" != "$seen" ]; do # the signal wakes us up while the step goes on
        seen=$n_asked status=0
        wait "$running" || status=$?
    done
    running=
    # A command, or a start, that does not listen to the signal yet ends by it; it has nothing to keep, and begins again.
    [ "$status" != 138 ] || [ "$n_asked" = 0 ] || status=75
    [ "$status" = 0 ] || [ "$status" = 75 ] || wait_for_lost_nodes
    return "$status"
}

# Ranks fail soon after their node does, and Slurm, which then starts the job again, sees it later. A script that ends before that has
# failed for good.
wait_for_lost_nodes() {
    [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ] || return 0
    timeout 60 srun --overlap --ntasks-per-node=1 --immediate=20 true </dev/null 2>/dev/null && return 0
    say "a node does not answer: waiting for Slurm to take the job away"
    sleep 900
}

finish() {
    [ "$1" != 75 ] || requeue
    say "ended with exit code $1"
    exit "$1"
}

# Not from the trap, and only while the job is running: what was cancelled stays cancelled, and what Slurm itself has put back into the
# queue (a node that failed, a job with precedence) is not put there twice.
requeue() {
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "$max_restarts" ]; then
        say "not requeued after $max_restarts restarts (max_restarts); the same job submitted again goes on"
    elif [ "$(squeue -h -j "$job_name" -o %T)" != RUNNING ]; then
        say "not requeued: Slurm is ending this job"
    elif scontrol requeue "$job_name"; then
        say "requeued"
        sleep 60 # until Slurm ends it
    fi
}
