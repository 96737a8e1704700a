#!/usr/bin/env bash
# What checkpoints cost a reading; --every 60, and so many repetitions that it takes ten minutes, are the default settings' ten minutes:
#   bench/checkpoint.sh [--events 100000000] [--repeat 1] [--shape log|wide] [--lists simple full] [--every SECONDS] [--rounds 3]
#                       [--fit] [--place DIR] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" checkpoint.py "$@"
