#!/usr/bin/env bash
# The whole batch, from event files to labelled customers, against what a user would write today, in turn on one machine:
#   bench/batch.sh [EVENTS [ROUNDS]]      (1,000,000 and 3)
# Whole processes, wall seconds and peak memory; files in memory (/dev/shm). Prints medians and the ratio.
set -euo pipefail
cd "$(dirname "$0")/.."
events=${1:-1000000}
rounds=${2:-3}
place=$(mktemp -d /dev/shm/rfmpi-bench.XXXXXX)
trap 'rm -rf "$place"' EXIT
export OMP_NUM_THREADS=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
jobs/install.sh build test >&2
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
rfmpi=build/release/bin/rfmpi
python=build/venv/bin/python

# SECONDS and KiB of a command (the largest process) as a line of $2; its output goes to $1.
measure() {
    local log=$1 figures=$2
    shift 2
    $python - "$log" "$figures" "$@" <<'PY'
import resource, subprocess, sys, time
log, figures, *command = sys.argv[1:]
start = time.monotonic()
with open(log, "w") as out:
    code = subprocess.run(command, stdout=out, stderr=out).returncode
if code:
    sys.exit(open(log).read())
seconds = time.monotonic() - start
with open(figures, "a") as out:
    print(f"{seconds:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}", file=out)
PY
}

median() {
    sort -n "$1" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'
}

mpirun -n 2 --oversubscribe $rfmpi generate --events "$events" --days 30 --parts 4 --out "$place/events" 2>/dev/null
files=("$place"/events/part-*.csv)
list="[$(IFS=,; echo "${files[*]}")]"
for ((i = 0; i <= rounds; i++)); do
    figures=$([ $i = 0 ] && echo warm-up || echo figures)
    measure "$place/ours.log" "$place/ours.$figures" mpirun -n 2 --oversubscribe --bind-to none $rfmpi run \
        conf/quickstart.yml --set "input.paths=$list" --set "output.dir=$place/run-$i" --set features.list=rfm-behaviour
    OMP_NUM_THREADS=2 measure "$place/peer.log" "$place/peer.$figures" $python bench/peer_batch.py 2 "$place/peer.csv.gz" \
        "${files[@]}"
    rm -rf "$place"/run-[1-9]* "$place/peer.csv.gz"
done

ours=$(median "$place/ours.figures" 1)
peer=$(median "$place/peer.figures" 1)
memory=$($python -c "import json; print(json.load(open('$place/run-0/run.json'))['peak_memory_bytes'] // 1024)")
printf 'machine   %s, %s cores\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(env -u OMP_NUM_THREADS nproc)"
printf 'events    %s in %s bytes\n' "$events" "$(cat "${files[@]}" | wc -c)"
printf '%-24s %8s s  %8s MiB\n' "rfmpi, 2 ranks" "$ours" $((memory / 1024))
printf '%-24s %8s s  %8s MiB\n' "DuckDB and scikit-learn" "$peer" $(($(median "$place/peer.figures" 2) / 1024))
awk -v a="$peer" -v b="$ours" 'BEGIN { printf "ratio     %.1f\n", a / b }'
tail -n 1 "$place/peer.log"
