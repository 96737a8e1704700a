#!/usr/bin/env bash
# From a fresh checkout to customer segments: installs what is missing, builds, makes 1,000,000 events of 70,000
# customers in 30 days, and runs the whole batch on two ranks. A second start uses what the first one left.
set -euo pipefail
cd "$(dirname "$0")/.."

job=conf/quickstart.yml
events=build/quickstart/events
rfmpi=build/release/bin/rfmpi
run_dir=$(sed -nE 's/^([^#]*[ {])?dir: *"?([^ ,}"]+).*/\2/p' $job | tail -n 1)

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# Containers refuse the kernel call behind Open MPI's single copy, and it then warns on every start.
export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
two_ranks=(mpirun -n 2 --oversubscribe --bind-to none)

step() {
    printf '\n== %s\n' "$*" >&2
}

quietly() {
    local log=build/quickstart/$1
    shift
    "$@" >"$log" 2>&1 </dev/null || {
        tail -n 40 "$log" >&2
        echo "failed: $* (its whole output: $log)" >&2
        exit 70
    }
}

# The program's own table when it has made the segments; else what segments.csv holds, in columns.
show_segments() {
    if [ -n "$1" ]; then
        printf '%s\n' "$1"
    else
        awk -F, '{ gsub(/"/, ""); for (i = 1; i <= NF; i++) printf "%-*.*s ", i == NF ? 1 : 18, 18, $i; print "" }' \
            "$run_dir/segments.csv"
    fi
}

step "packages"
jobs/install.sh build
mkdir -p build/quickstart

step "build"
quietly configure.log cmake --preset release
quietly build.log cmake --build --preset release

if [ ! -d $events ]; then
    step "1,000,000 events into $events"
    rm -rf $events.part
    "${two_ranks[@]}" $rfmpi generate --customers 70000 --events 1000000 --days 30 --seed 1 --parts 4 --out $events.part
    mv $events.part $events
fi

step "mpirun -n 2 rfmpi run $job"
table=$("${two_ranks[@]}" $rfmpi run $job </dev/null)

printf '\n'
show_segments "$table"
printf '\nDone. The results are in %s: segments.csv (above), customers/ (one row a customer), model.h5, run.json\n' "$run_dir"
