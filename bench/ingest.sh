#!/usr/bin/env bash
# Event files to features, against DuckDB and Polars, in turn on one machine; tables as Markdown on standard output:
#   bench/ingest.sh [--events 10000000] [--rounds 5] [--shapes log,wide] [--lists simple,full] [--formats plain,gz50,...]
#                   [--who rfmpi,duckdb,polars] [--place DIR] [--disk DIR] [--out RESULTS.json]
# What each option is for: bench/ingest.sh --help
exec "$(dirname "$0")/start.sh" ingest.py "$@"
