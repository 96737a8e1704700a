"""What a user would write today for the same batch: DuckDB for the features, scikit-learn for the clusters, csv.gz out.

    peer_batch.py THREADS OUT EVENTS.csv ...
"""

import gzip
import sys

import duckdb
import numpy
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

FEATURES = """
with limits as (select max(event_time) as newest, (epoch_us(max(event_time)) - epoch_us(min(event_time))) / 86400e6 as span
                from events)
select user_id,
       coalesce((epoch_us(newest) - epoch_us(max(event_time) filter (event_type = 'purchase'))) / 86400e6, span),
       count(distinct user_session) filter (event_type = 'purchase'),
       coalesce(sum(price) filter (event_type = 'purchase'), 0)::double,
       count(*) filter (event_type = 'view'), count(*) filter (event_type = 'cart'),
       count(distinct user_session), count(distinct event_time::date), count(distinct product_id),
       count(distinct category_id),
       (epoch_us(newest) - epoch_us(min(event_time))) / 86400e6, (epoch_us(newest) - epoch_us(max(event_time))) / 86400e6
from events, limits group by user_id, newest, span
"""


def read_features(paths, threads):
    connection = duckdb.connect(config={"threads": threads})
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    connection.execute(
        f"""create view events as
           select replace(event_time, ' UTC', '')::timestamp as event_time, event_type, product_id, category_id,
                  price::decimal(18, 4) as price, user_id, user_session
           from read_csv([{files}], header = true, columns = {{
               'event_time': 'varchar', 'event_type': 'varchar', 'product_id': 'varchar', 'category_id': 'varchar',
               'category_code': 'varchar', 'brand': 'varchar', 'price': 'varchar', 'user_id': 'bigint',
               'user_session': 'varchar'}})""")
    columns = connection.execute(FEATURES).fetchnumpy().values()
    ids, *features = columns
    return ids, numpy.column_stack([numpy.asarray(column, dtype=float) for column in features])


def main():
    threads, out, *paths = sys.argv[1:]
    ids, values = read_features(paths, int(threads))
    scaled = StandardScaler().fit_transform(numpy.log1p(values))
    model = KMeans(6, n_init=4, random_state=1).fit(scaled)
    with gzip.open(out, "wt", compresslevel=1) as file:
        for row in zip(ids, *values.T, model.labels_):
            file.write(",".join(map(str, row)) + "\n")
    print(f"{len(ids)} customers, inertia {model.inertia_:.6g}")


main()
