#!/usr/bin/env bash
# What checkpoints cost a reading that makes about ten, as one of ten minutes does at default settings:
#   bench/checkpoint.sh [--events 100000000] [--repeat 1] [--shape log|wide] [--lists simple full] [--every SECONDS] [--rounds 3]
#                       [--fit] [--place DIR] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" checkpoint.py "$@"
