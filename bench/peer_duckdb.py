"""The features in DuckDB SQL. Types are given, so nothing is guessed from the file; the result is a table in memory.

    peer_duckdb.py --list simple|full --formulation NAME [--threads N] [--save X.npz] FILE ...
"""

import duckdb

import peer

FORMULATIONS = {
    "simple": ["plain"],
    "full": ["distinct", "distinct-hashed", "sets", "sets-hashed"],
}

COLUMNS = {
    "event_time": "timestamp", "event_type": "varchar", "product_id": "bigint", "category_id": "bigint",
    "category_code": "varchar", "brand": "varchar", "price": "decimal(18, 2)", "user_id": "bigint",
    "user_session": "varchar",
}

SIMPLE = """
    max(event_time) filter (event_type = 'purchase') as last_purchase,
    count(*) filter (event_type = 'purchase') as purchases,
    coalesce(sum(price) filter (event_type = 'purchase'), 0) as revenue,
    count(*) filter (event_type = 'view') as views,
    count(*) filter (event_type = 'cart') as carts,
    min(event_time) as first_event,
    max(event_time) as last_event"""
REMOVES = "count(*) filter (event_type = 'remove_from_cart') as removes"
DISTINCT = {"sessions": "session", "products": "product_id", "categories": "category_id", "active_days": "day"}


def source_of(paths):
    files = "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"
    if paths[0].endswith(".parquet"):
        return f"read_parquet({files})"
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    return f"""read_csv({files}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
                        columns = {{{columns}}})"""


def ask_at_once(source, session):
    distinct = ", ".join(f"count(distinct {column}) as {name}" for name, column in DISTINCT.items())
    return [f"""create temp table result as select user_id, {SIMPLE}, {REMOVES}, {distinct}
                from (select *, {session} as session, event_time::date as day from {source}) group by user_id"""]


def ask_by_sets(source, session):
    """The events once into memory, then a set of pairs for each distinct count."""
    joins = " ".join(
        f"join (select user_id, count(*) as {name} from (select distinct user_id, {column} from events) group by user_id)"
        " using (user_id)" for name, column in DISTINCT.items())
    return [f"""create temp table events as select user_id, event_time, event_type, product_id, category_id, price,
                {session} as session, event_time::date as day from {source}""",
            f"""create temp table result as
                select * from (select user_id, {SIMPLE}, {REMOVES} from events group by user_id) {joins}"""]


def compute(words):
    source = source_of(words.paths)
    session = "hash(user_session)" if words.formulation.endswith("-hashed") else "user_session"
    if words.formulation == "plain":
        queries = [f"create temp table result as select user_id, {SIMPLE} from {source} group by user_id"]
    else:
        queries = (ask_by_sets if words.formulation.startswith("sets") else ask_at_once)(source, session)
    connection = duckdb.connect(config={"threads": words.threads})
    for query in queries:
        connection.execute(query)
    return connection


def columns_of(connection):
    names = [row[0] for row in connection.execute("describe result").fetchall()]
    as_numbers = {"revenue": "revenue::double as revenue"}
    as_numbers |= {name: f"epoch_us({name}) as {name}" for name in ("first_event", "last_event")}
    as_numbers["last_purchase"] = f"coalesce(epoch_us(last_purchase), {-2**63}) as last_purchase"
    wanted = ", ".join(as_numbers.get(name, name) for name in names)
    return connection.execute(f"select {wanted} from result").fetchnumpy()


if __name__ == "__main__":
    peer.run(peer.read_words(FORMULATIONS), compute, columns_of)
