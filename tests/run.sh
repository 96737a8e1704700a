#!/usr/bin/env bash
# Builds and runs the tests:  tests/run.sh [--long] [ctest arguments, e.g. -R kmeans]
# Installs what they need first. The short tier: all tests not labelled `long`, and the unit tests (at 1 and 3 ranks) and the fuzz
# corpus again under the address and undefined behaviour sanitizers. --long: every test, in the ci, sanitizer, clang and serial builds, and valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

long=no
if [ "${1:-}" = --long ]; then
    long=yes
    shift
fi
chosen=("$@")
jobs=$(nproc)
# Most tests of whole programs wait as much as they compute: for mpirun to start, for a peer, for a moment to kill at.
at_once=$((2 * jobs))
failed=()

phase() {
    printf '\n== %s (%d s so far)\n' "$1" $SECONDS
}

build() {
    phase "build: $1"
    cmake --preset "$1" >build/"$1".log 2>&1 || {
        cat build/"$1".log >&2
        return 1
    }
    cmake --build --preset "$1" -j "$jobs" | grep -v '^\[[0-9]*/[0-9]*\]' || [ "${PIPESTATUS[0]}" = 0 ]
}

# Of tests that passed, what they could not show here, and why; those that were skipped whole ctest lists itself.
tell_skips() {
    phase "skipped within tests: $1"
    grep -aho "skipped ['\"].*['\"]\$" "build/$1/Testing/Temporary/LastTest.log" | sort | uniq -c || echo none
}

# A choice of tests may leave none in the other builds; in the ci build, none is an error.
run_ctest() {
    local preset=$1 when_none=error
    shift
    [ ${#chosen[@]} -eq 0 ] || [ "$preset" = ci ] || when_none=ignore
    phase "test: $preset"
    ctest --preset "$preset" -j "$at_once" --output-on-failure --no-tests=$when_none "$@" "${chosen[@]}" ||
        failed+=("$preset")
    tell_skips "$preset"
}

phase "install"
jobs/install.sh build test package slurm
# Only root can build images.
[ $long = no ] || [ "$(id -u)" != 0 ] || jobs/install.sh container
mkdir -p build

if [ $long = yes ]; then
    for preset in debug ci-clang serial; do
        build $preset
        run_ctest $preset
    done
    build ci
    phase "test: valgrind"
    tests/valgrind.sh || failed+=(valgrind)
    run_ctest ci
else
    build debug
    run_ctest debug -L '^(unit|fuzz)$' -LE '^(long|even)$'
    build ci
    run_ctest ci -LE '^long$'
fi
[ ${#failed[@]} -eq 0 ] || {
    echo "tests failed in: ${failed[*]}" >&2
    exit 1
}
