#!/usr/bin/env bash
# Bytes and messages between ranks, the work of each rank being the same:
#   bench/scaling.sh [--ranks 1,2,4,8] [--events-a-rank 1000000] [--shape log|wide] [--place DIR] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" scaling.py "$@"
