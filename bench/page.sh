#!/usr/bin/env bash
# What figures.json and report.html cost a run of 10,000,000 customers in 20 segments, and how large the page is:
#   bench/page.sh [--customers 10000000] [--events 20000000] [--k 20] [--ranks 2] [--rounds 3] [--place DIR] [--out RESULTS.json]
# What each option is for: bench/page.sh --help
exec "$(dirname "$0")/start.sh" page.py "$@"
