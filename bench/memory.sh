#!/usr/bin/env bash
# Peak memory as events grow, against 256 bytes a customer, 16 a distinct (customer, value) pair, and a constant:
#   bench/memory.sh [--events 10000000,40000000,100000000] [--shape log|wide] [--place DIR] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" memory.py "$@"
