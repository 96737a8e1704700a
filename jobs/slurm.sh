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
asking=   # what asks it
# srun loses a signal that comes while it starts the step, and a rank that has not come to its main function dies of it: so it is sent a
# little later, and again until the step has ended.
pass_on() {
    n_asked=$((n_asked + 1))
    [ -n "$running" ] && [ -z "$asking" ] || return 0
    while sleep 3; do kill -USR1 "$running" 2>/dev/null || break; done &
    asking=$!
}
trap pass_on USR1

# When a rank has ended, the others have 15 seconds left (--wait), so that none hangs behind one that was killed. They are not killed at
# once (--kill-on-bad-exit): they may be about to say 75 as well, and srun ends with the highest of all codes.
step() {
    local status=129 seen=-1
    [ "$n_asked" = 0 ] || return 75
    say "rfmpi $*"
    srun --mpi=pmix --cpus-per-task="$OMP_NUM_THREADS" --cpu-bind=cores --kill-on-bad-exit=0 --wait=15 "$RFMPI" "$@" </dev/null &
    running=$!
    [ "$n_asked" = 0 ] || pass_on # it came in between
    while [ "$status" -gt 128 ] && [ "$n_asked" != "$seen" ]; do # the signal wakes us up while the step goes on
        seen=$n_asked status=0
        wait "$running" || status=$?
    done
    running=
    [ -z "$asking" ] || kill "$asking" 2>/dev/null || true
    return "$status"
}

finish() {
    [ "$1" != 75 ] || requeue
    say "ended with exit code $1"
    exit "$1"
}

# A controller that is busy, or being replaced, is asked again.
state_of_job() {
    local i
    for i in 1 2 3 4 5; do
        squeue -h -j "$job_name" -o %T && return
        sleep $((2 * i))
    done
    echo RUNNING # nothing says otherwise
}

# Not from the trap, and only while the job is running: what was cancelled stays cancelled, and what Slurm itself has put back into the
# queue (a node that failed, a job with precedence) is not put there twice.
requeue() {
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "$max_restarts" ]; then
        say "not requeued after $max_restarts restarts (max_restarts); the same job submitted again goes on"
    elif [ "$(state_of_job)" != RUNNING ]; then
        say "not requeued: Slurm is ending this job"
    else
        say "back into the queue"
        if scontrol requeue "$job_name"; then
            sleep 60 # until Slurm ends it
        else
            say "it could not be put there; the same job submitted again goes on"
        fi
    fi
}
