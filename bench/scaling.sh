#!/usr/bin/env bash
# What ranks send, hold and take, the work of each being the same, against the model of docs/scaling.md:
#   bench/scaling.sh [--ranks 1,2,4,8,16] [--events-a-rank 1000000] [--events-for-rates 4000000] [--rounds 3]
#                    [--place DIR] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" scaling.py "$@"
