#!/usr/bin/env bash
# What mpirun starts on each rank, where one of them is to find another world than the others:
#     launch_on.sh RANK 'shell words for that rank' PROGRAM ARGUMENTS...
set -euo pipefail
rank=$1 words=$2
shift 2
if [ "${OMPI_COMM_WORLD_RANK:-0}" = "$rank" ]; then
    eval "$words"
fi
exec "$@"
