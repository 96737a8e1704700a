#!/usr/bin/env bash
# Parts into a stage of the tests' warehouse, against curl -T of the same files to the same server:
#   bench/store.sh [--customers 3000000] [--rounds 5] [--stage s3|gcs] [--out RESULTS.json]
exec "$(dirname "$0")/start.sh" store.py "$@"
