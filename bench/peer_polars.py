"""The features in Polars, lazily. Types are given, so nothing is guessed from the file; the result is a frame in memory.

    peer_polars.py --list simple|full --formulation NAME [--threads N] [--save X.npz] FILE ...
"""

import os

import peer

FORMULATIONS = {
    "simple": ["streaming", "in-memory"],
    "full": ["streaming", "in-memory", "sets-streaming", "sets-lazy-streaming"],
}
WORDS = peer.read_words(FORMULATIONS)
os.environ["POLARS_MAX_THREADS"] = str(WORDS.threads)  # read when the library is loaded

import polars as pl  # noqa: E402
from polars import col  # noqa: E402

SCHEMA = {
    "event_time": pl.String, "event_type": pl.String, "product_id": pl.Int64, "category_id": pl.Int64,
    "category_code": pl.String, "brand": pl.String, "price": pl.Float64, "user_id": pl.Int64, "user_session": pl.String,
}
DISTINCT = {"sessions": "session", "products": "product_id", "categories": "category_id", "active_days": "day"}


def scan(words):
    if words.paths[0].endswith(".parquet"):
        events = pl.scan_parquet(words.paths)
    else:
        events = pl.scan_csv(words.paths, schema=SCHEMA).with_columns(
            event_time=col("event_time").str.head(19).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"))
    if words.list == "full":
        events = events.with_columns(session=col("user_session").hash(), day=col("event_time").dt.date())
    return events


def simple():
    bought = col("event_type") == "purchase"
    return [
        col("event_time").filter(bought).max().alias("last_purchase"),
        bought.sum().alias("purchases"),
        col("price").filter(bought).sum().alias("revenue"),
        (col("event_type") == "view").sum().alias("views"),
        (col("event_type") == "cart").sum().alias("carts"),
        col("event_time").min().alias("first_event"),
        col("event_time").max().alias("last_event"),
    ]


def removes():
    return (col("event_type") == "remove_from_cart").sum().alias("removes")


def ask_by_sets(events):
    """A set of pairs for each distinct count."""
    result = events.group_by("user_id").agg(*simple(), removes())
    for name, column in DISTINCT.items():
        pairs = events.select("user_id", column).unique()
        result = result.join(pairs.group_by("user_id").agg(pl.len().alias(name)), on="user_id")
    return result


def compute(words):
    events = scan(words)
    engine = "in-memory" if words.formulation == "in-memory" else "streaming"
    if words.list == "simple":
        return events.group_by("user_id").agg(simple()).collect(engine=engine)
    if not words.formulation.startswith("sets"):
        distinct = [col(column).n_unique().alias(name) for name, column in DISTINCT.items()]
        return events.group_by("user_id").agg(*simple(), removes(), *distinct).collect(engine=engine)
    if words.formulation == "sets-streaming":  # the events once into memory
        events = events.select("user_id", "event_time", "event_type", "price", *DISTINCT.values())
        events = events.collect(engine=engine).lazy()
    return ask_by_sets(events).collect(engine=engine)


def columns_of(result):
    times = ["last_purchase", "first_event", "last_event"]
    numbers = result.with_columns(col(times).cast(pl.Datetime("us")).cast(pl.Int64), col("revenue").cast(pl.Float64))
    numbers = numbers.with_columns(col("last_purchase").fill_null(-2**63))
    return {name: numbers[name].to_numpy() for name in numbers.columns}


if __name__ == "__main__":
    peer.run(WORDS, compute, columns_of)
