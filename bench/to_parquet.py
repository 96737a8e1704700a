"""Event files to one Parquet file as a warehouse would unload it:  to_parquet.py OUT.parquet EVENTS.csv ..."""

import sys

import duckdb

import peer_duckdb


def main():
    target, *paths = sys.argv[1:]
    source = peer_duckdb.source_of(paths)
    duckdb.execute(f"copy (select * from {source}) to '{target}' (format parquet, compression snappy)")


main()
