#!/usr/bin/env bash
# Fuzzes:  tests/fuzz/run.sh SECONDS [TARGET ...]   each target for so many seconds, one after the other; all if none is named.
# Stops at the first finding and names its file. What is new is kept: the whole working corpus in build/fuzz/corpus, for
# the next run, and of it what reaches code that nothing in tests/fuzz/corpus reached, there, to be committed.
set -euo pipefail
cd "$(dirname "$0")/../.."
usage() {
    echo "usage: tests/fuzz/run.sh SECONDS [TARGET ...]" >&2
    exit 64
}
[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || usage
seconds=$1
shift

# Ten seconds for one input are a hang; memory that an input of some KiB asks for in one piece has to have a reason.
limits=(-timeout=10 -report_slow_units=60 -rss_limit_mb=2048 -malloc_limit_mb=1100 -max_len=4096)
found=build/fuzz/found
TMPDIR=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

build() {
    jobs/install.sh build fuzz
    mkdir -p build $found
    cmake --preset fuzz >build/fuzz.log 2>&1 || {
        cat build/fuzz.log >&2
        exit 1
    }
    cmake --build --preset fuzz -j "$(nproc)" | grep -v '^\[[0-9]*/[0-9]*\]' || [ "${PIPESTATUS[0]}" = 0 ]
}

input_of() {
    sed -n 's/.*Test unit written to //p' "$1" | tail -n 1
}

# A machine that was stopped for a while looks like an input that takes long: it is given once more.
was_a_pause() {
    local target=$1 log=$2 input
    input=$(input_of "$log")
    [[ $input == *-timeout-* ]] && "build/fuzz/bin/fuzz_$target" "${limits[@]}" "$input" >/dev/null 2>&1 || return 1
    rm "$input"
    echo "$target: ended early: an input took long, and not when it was given again"
}

# What libFuzzer found is told with the check that failed, which is the first thing it says of it.
tell() {
    local target=$1 log=$2 input
    input=$(input_of "$log")
    {
        echo "$target: a finding: ${input:-no input was kept} (all of it: $log)"
        grep -m 3 -E 'does not hold|runtime error|ERROR:|SUMMARY|\[   LINE' "$log" || tail -n 5 "$log"
        echo "see it again: build/fuzz/bin/fuzz_$target ${input:-INPUT}"
        echo "when it is mended, move it to tests/fuzz/corpus/$target/ under a name that says what it was"
    } >&2
}

fuzz() {
    local target=$1 program=build/fuzz/bin/fuzz_$1 kept=tests/fuzz/corpus/$1 work=build/fuzz/corpus/$1 before after
    local log=build/fuzz/$target.log
    mkdir -p "$work"
    before=$(find "$kept" -type f | wc -l)
    if ! "$program" "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix=$found/"$target"- "$work" "$kept" \
        >"$log" 2>&1 && ! was_a_pause "$target" "$log"; then
        tell "$target" "$log"
        exit 1
    fi
    # As few inputs as reach every place of the code that any did, not one for each count of visits.
    "$program" "${limits[@]}" -set_cover_merge=1 -use_counters=0 "$kept" "$work" >>"$log" 2>&1
    after=$(find "$kept" -type f | wc -l)
    echo "$target: $(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs, $((after - before)) kept, no finding"
}

build
if [ $# -gt 0 ]; then
    targets=("$@")
else
    mapfile -t targets < <(find build/fuzz/bin -name 'fuzz_*' -printf '%f\n' | sed 's/^fuzz_//' | sort)
fi
for target in "${targets[@]}"; do
    [ -x "build/fuzz/bin/fuzz_$target" ] || {
        echo "tests/fuzz/run.sh: no target '$target'" >&2
        exit 64
    }
    fuzz "$target"
done
