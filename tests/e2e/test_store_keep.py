"""Modes that keep what a table has: merge knows each customer's first and last segments, history every run; and the table of models has
a row a run. All of it is the same when it is done again, and compared with what Python makes of the runs' own files."""

import json

import case
import warehouse

JOB = ("--set", "store.to=snowflake", "--set", "store.create=true", "--set", "store.retry=20")
RUNS = (("first", "2019-10-10", 3), ("second", "2019-10-20", 4), ("third", "2019-10-30", 3))


def clock(report):
    """as_of as the warehouse's reader tells it: without a zone, and without a fraction that is none."""
    return report["as_of"].removesuffix("Z").replace("T", " ")


class Keep(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.maker = case.Case()
        cls.maker.setUp()
        cls.addClassCleanup(cls.maker.doCleanups)
        events = cls.maker.generate(customers=400, events=9000, days=31)
        for name, day, k in RUNS:
            cls.maker.run_job("rees46.yml", events, name, "--set", f"features.as_of={day}", "--set", f"cluster.k={k}", "--set",
                              "output.part_rows=30", ranks=2)
        cls.house = warehouse.Warehouse(stage="s3")
        cls.enterClassContext(cls.house)

    def run_dir(self, name):
        return self.maker.dir / name

    def store(self, name, mode, table, *more):
        self.rfmpi("store", self.run_dir(name), *JOB, "--set", f"store.mode={mode}", "--set", f"store.table={table}", *more,
                   env=self.house.environment("password"), ranks=0)

    def segments(self, name):
        return {int(row["id"]): int(row["segment"]) for row in case.read_customers(self.run_dir(name))}

    def test_merge_keeps_the_first_and_the_last_change_of_each_customer(self):
        known = {}
        for name, _, _ in RUNS:
            when = clock(case.read_report(self.run_dir(name)))
            for again in ((), ("--force",)):
                self.store(name, "merge", "MERGED", *again)
                if not again:
                    for customer, segment in self.segments(name).items():
                        old = known.get(customer)
                        if old is None:
                            known[customer] = [segment, when, segment, when, None]
                        elif old[0] != segment:
                            known[customer] = [segment, *old[1:3], when, old[0]]
                rows = self.house.rows("SELECT ID, SEGMENT, FIRST_SEEN_AT, FIRST_SEGMENT, CHANGED_AT, PREVIOUS_SEGMENT FROM MERGED")
                self.assertEqual({row[0]: row[1:] for row in rows}, known)
                self.assertEqual(len(rows), len(known))
        self.assertTrue(any(row[4] is not None for row in known.values()), "no customer ever changed: nothing was shown")

    def test_history_has_every_run_once_and_the_view_each_customers_latest(self):
        for name, again in (("first", False), ("second", False), ("first", True), ("third", False), ("second", True)):
            self.store(name, "history", "HISTORY", *(("--force",) if again else ()))
        reports = {name: case.read_report(self.run_dir(name)) for name, _, _ in RUNS}
        rows = self.house.rows("SELECT RUN_ID, AS_OF, ID, SEGMENT FROM HISTORY")
        wanted = [[reports[name]["digest"], clock(reports[name]), customer, segment]
                  for name, _, _ in RUNS for customer, segment in self.segments(name).items()]
        self.assertEqual(sorted(rows), sorted(wanted))
        latest = {}
        for name, _, _ in RUNS:
            latest.update(self.segments(name))
        self.assertEqual({row[0]: row[1] for row in self.house.rows("SELECT ID, SEGMENT FROM HISTORY_LATEST")}, latest)

    def test_the_table_of_models_has_a_row_a_run(self):
        for name, again in (("first", False), ("second", False), ("first", True)):
            self.store(name, "replace", "NOW", "--set", "store.model_table=MODELS", *(("--force",) if again else ()))
        rows = self.house.rows("SELECT RUN_ID, AS_OF, N_CUSTOMERS, K, INERTIA, SILHOUETTE, PARAMETERS::VARCHAR, QUALITY::VARCHAR, "
                               "SEGMENTS::VARCHAR FROM MODELS")
        self.assertEqual(len(rows), 2)
        for name in ("first", "second"):
            report = case.read_report(self.run_dir(name))
            row, = (row for row in rows if row[0] == report["digest"])
            self.assertEqual(row[1:6], [clock(report), report["n_customers"], report["cluster"]["k"], report["cluster"]["inertia"],
                                        report["quality"]["silhouette"]])
            self.assertEqual(json.loads(row[6])["cluster"]["k"], report["options"]["cluster"]["k"])
            self.assertEqual(json.loads(row[7])["davies_bouldin"], report["quality"]["davies_bouldin"])
            segments = json.loads(row[8])
            self.assertEqual({str(int(one["segment"])): one["size"] for one in segments},
                             {key: one["size"] for key, one in report["segments"].items()})
            self.assertIn("monetary", segments[0])

    def test_a_feature_that_is_called_like_a_column_of_the_mode_is_refused(self):
        events = self.maker.generate(customers=50, events=500, name="few")
        self.maker.run_job("rees46.yml", events, "clash", "--set",
                           "features.list=[{name: as_of, count: '*'}, {name: monetary, sum: amount}]", "--set", "cluster.k=2")
        said = self.rfmpi("store", self.run_dir("clash"), *JOB, "--set", "store.mode=history", "--set", "store.table=CLASH",
                          env=self.house.environment("password"), ranks=0, code=64)
        self.assertIn("has a column 'as_of' of its own", said.stderr)


if __name__ == "__main__":
    warehouse.need()
    case.main()
