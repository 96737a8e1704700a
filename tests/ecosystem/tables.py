"""Run docs/examples/read_results.py and tell what each of its lines has read, as one line of JSON:  tables.py READ_RESULTS.py RUN_DIR"""

import json
import runpy
import sys

sys.argv = sys.argv[1:]
read = runpy.run_path(sys.argv[0])


def rows(name):
    table = read[name]
    if name.endswith("pandas"):
        return table.values.tolist()
    return table.rows() if name.endswith("polars") else table.fetchall()


told = {name: [list(row) for row in rows(name)] for name in read if name.startswith(("by_", "csv_"))}
told |= {"features": read["features"].tolist(), "ids": [text.decode() for text in read["ids"].tolist()],
         "segments": read["segments"].reset_index().values.tolist(), "customers": dict(read["by_duckdb"].aggregate(
             "segment_name, count(*)").fetchall())}
print(json.dumps(told))
