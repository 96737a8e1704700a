"""What a user would write today for the same batch: Polars for the features, scikit-learn for the clusters, csv.gz out.

    peer_pipeline.py --threads N --out OUT.csv.gz EVENTS.csv ...
"""

import argparse
import gzip
import json
import os


def read_words():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", required=True)
    parser.add_argument("paths", nargs="+")
    return parser.parse_args()


WORDS = read_words()
os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(WORDS.threads)  # read when they are loaded
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # a kernel that somebody chose for another library
    os.environ.pop(name, None)

import numpy  # noqa: E402
import polars as pl  # noqa: E402
from polars import col  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.metrics import silhouette_score  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

SCHEMA = {
    "event_time": pl.String, "event_type": pl.String, "product_id": pl.Int64, "category_id": pl.Int64,
    "category_code": pl.String, "brand": pl.String, "price": pl.Float64, "user_id": pl.Int64, "user_session": pl.String,
}
DAY_US = 86400e6


def read_features(paths):
    """The full features of bench/full.yml, days as numbers; without a purchase the last one is all of the time ago."""
    events = pl.scan_csv(paths, schema=SCHEMA).with_columns(
        event_time=col("event_time").str.head(19).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
        session=col("user_session").hash())
    bought = col("event_type") == "purchase"
    found = events.group_by("user_id").agg(
        col("event_time").filter(bought).max().alias("last_purchase"),
        bought.sum().alias("purchases"),
        col("price").filter(bought).sum().alias("revenue"),
        (col("event_type") == "view").sum().alias("views"),
        (col("event_type") == "cart").sum().alias("carts"),
        col("event_time").min().alias("first_event"),
        col("event_time").max().alias("last_event"),
        (col("event_type") == "remove_from_cart").sum().alias("removes"),
        col("session").n_unique().alias("sessions"),
        col("product_id").n_unique().alias("products"),
        col("category_id").n_unique().alias("categories"),
        col("event_time").dt.date().n_unique().alias("active_days"),
    ).collect(engine="streaming")
    newest, oldest = found["last_event"].max(), found["first_event"].min()
    days = [((pl.lit(newest) - col(name).fill_null(oldest)).dt.total_microseconds() / DAY_US).alias(name)
            for name in ("last_purchase", "first_event", "last_event")]
    return found.with_columns(days)


def main():
    found = read_features(WORDS.paths)
    values = found.drop("user_id").to_numpy().astype(float)
    scaled = StandardScaler().fit_transform(numpy.log1p(values))
    model = KMeans(8, n_init=4, random_state=1).fit(scaled)
    silhouette = silhouette_score(scaled, model.labels_, sample_size=10_000, random_state=1)
    with gzip.open(WORDS.out, "wb", compresslevel=1) as file:
        found.with_columns(segment=pl.Series(model.labels_)).write_csv(file)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    print(json.dumps({"customers": len(found), "inertia": model.inertia_, "silhouette": silhouette,
                      "peak_memory_bytes": peak}))


main()
