#!/usr/bin/env bash
# The whole batch, from event files to labelled customers, against what a user would write today, in turn on one machine:
#   bench/pipeline.sh [--events 10000000] [--rounds 3] [--shapes log,wide] [--place DIR] [--out RESULTS.json]
# Whole processes, 2 ranks and 2 threads, results in memory (/dev/shm). What each option is for: bench/pipeline.sh --help
exec "$(dirname "$0")/start.sh" pipeline.py "$@"
