"""What a run leaves, read by others in a line each:  read_results.py RUN_DIR  (of a run with output.parquet: true)"""

import sys
from glob import glob

import duckdb
import h5py
import pandas
import polars

run = sys.argv[1]

# features.h5: rows in the order of customers/
features = h5py.File(f"{run}/features.h5")["features/values"][:]
ids = h5py.File(f"{run}/features.h5")["customers/id"][:]

# customers/ as Parquet: types are those of the run
by_pandas = pandas.concat(map(pandas.read_parquet, sorted(glob(f"{run}/customers/part-*.parquet"))), ignore_index=True)
by_polars = polars.read_parquet(f"{run}/customers/part-*.parquet")
by_duckdb = duckdb.sql(f"FROM '{run}/customers/part-*.parquet'")

# customers/ as CSV: say that ids are texts, or 00123 becomes 123
csv_pandas = pandas.concat(pandas.read_csv(p, dtype={"id": str}, keep_default_na=False) for p in sorted(glob(f"{run}/customers/*.gz")))
csv_polars = polars.read_csv(f"{run}/customers/part-*.csv.gz", schema_overrides={"id": polars.String})
csv_duckdb = duckdb.sql(f"FROM read_csv('{run}/customers/part-*.csv.gz', types={{'id': 'VARCHAR'}})")

# segments.csv: a line a segment
segments = pandas.read_csv(f"{run}/segments.csv", index_col="segment")

print(by_duckdb.aggregate("segment_name, count(*) AS customers, sum(monetary) AS revenue").order("revenue DESC"))
