#!/bin/sh
# Entry point of the container: rfmpi with as many ranks as there are cores to use (RANKS overrides). What needs no
# ranks starts plainly. (nproc would take OMP_NUM_THREADS for the number of cores.)
set -eu
case ${1:-} in
run | prepare | train | predict | generate)
    exec mpirun --oversubscribe --bind-to none -n "${RANKS:-$(env -u OMP_NUM_THREADS nproc)}" rfmpi "$@"
    ;;
*) exec rfmpi "$@" ;;
esac
