"""Generated events have the proportions of the real log, and their hidden types are found again by the batch."""

import csv

import case

import duckdb
from sklearn.metrics import adjusted_rand_score


class Generate(case.Case):
    def setUp(self):
        super().setUp()
        self.events = self.generate(events=300000, customers=20400, days=30, parts=3)

    def test_proportions_of_the_october_2019_log(self):
        n, views, purchases, no_code, no_brand, customers, sessions, pairs = duckdb.execute(
            """select count(*), avg((event_type = 'view')::int), avg((event_type = 'purchase')::int),
                      avg((category_code is null)::int), avg((brand is null)::int), count(distinct user_id),
                      count(distinct user_session), count(distinct (user_id, product_id)) from read_csv($1)""",
            [self.events]).fetchone()
        self.assertEqual((n, customers), (300000, 20400))
        self.assertAlmostEqual(views, 0.96, delta=0.01)
        self.assertAlmostEqual(purchases, 0.018, delta=0.003)
        self.assertAlmostEqual(no_code, 1 / 3, delta=0.02)
        self.assertAlmostEqual(no_brand, 0.14, delta=0.015)
        self.assertAlmostEqual(sessions / n, 0.22, delta=0.01)
        self.assertAlmostEqual(pairs / n, 0.48, delta=0.02)

    def test_clusters_find_the_hidden_types(self):
        self.run_job("quickstart.yml", self.events, "run", "--set", "features.list=rfm-behaviour", "--set", "cluster.k=5",
                     ranks=2)
        with open(self.dir / "events" / "customers.csv", newline="") as file:
            types = {row["user_id"]: row["type"] for row in csv.DictReader(file)}
        rows = case.read_customers(self.dir / "run")
        self.assertEqual({row["id"] for row in rows}, set(types))
        index = adjusted_rand_score([types[row["id"]] for row in rows], [row["segment"] for row in rows])
        self.assertGreater(index, 0.7)


if __name__ == "__main__":
    case.main()
