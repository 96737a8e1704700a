"""On a real Slurm, the daily chain against the tests' own warehouse: three days give what all rows at once give, a day that is stopped goes
on, and a day without rows is no failure."""

import datetime
import time

import case
import cluster
import hosts
import jobs
import warehouse

JOB = """
input:
  columns: {customer: USER_ID, time: EVENT_TIME, event: EVENT_TYPE, amount: PRICE, order: USER_SESSION}
features: {as_of: latest, list: rfm}
cluster: {k: 3, seed: 1}
store: {to: snowflake, table: SEGMENTS, create: true, mode: merge, retry: 20}
unload: {table: EVENTS, time_column: event_time, file_bytes: 20000}
"""


def event(i):
    when = datetime.datetime(2019, 10, 1) + datetime.timedelta(minutes=i)
    kind = ("view", "cart", "purchase")[i % 3]
    return f"('u{i * 7 % 301}', '{when:%Y-%m-%d %H:%M:%S}', '{kind}', {i % 97}.{i % 10}, 's{i // 9}')"


class Daily(jobs.Jobs):
    # The warehouse listens on the loopback of the test's own network: the job runs beside it.
    nodes = ("head",)

    def setUp(self):
        super().setUp()
        self.house = self.enterContext(warehouse.Warehouse(stage="s3"))
        self.house.rows("create or replace table events (user_id varchar, event_time timestamp_ntz, event_type varchar, price double, "
                        "user_session varchar)")
        self.filled = 0
        (self.dir / "job.yml").write_text(JOB)

    def fill(self, n):
        self.house.rows("insert into events values " + ", ".join(event(i) for i in range(self.filled, self.filled + n)))
        self.filled += n

    def begin(self, day, **env):
        return self.submit("daily.sbatch", day, "job.yml", options=["--ntasks-per-node=2"],
                           env={**self.house.environment(), **env})

    def run_day(self, day, **env):
        job = self.begin(day, **env)
        self.slurm.wait(job, "COMPLETED", seconds=150)
        return self.slurm.output(job)

    def table(self, name="segments"):
        return self.house.rows(f"select id, monetary, segment from {name} order by id")

    def test_three_days_are_all_rows_at_once(self):
        for day, n in (("2019-10-01", 1440), ("2019-10-02", 900), ("2019-10-03", 0), ("2019-10-04", 700)):
            if n:
                self.fill(n)
            self.run_day(day)
        alone = self.dir / "alone"
        self.rfmpi("unload", self.dir / "job.yml", "--set", f"unload.dir={self.dir / 'all'}", env=self.house.environment(), ranks=0)
        self.rfmpi("run", self.dir / "job.yml", "--set", f"input.paths=[{self.dir / 'all'}/part*]", "--set", f"output.dir={alone}", "--set",
                   "store.table=AT_ONCE", "--previous", self.dir / "runs" / "2019-10-02" / "model.h5", ranks=2,
                   env=self.house.environment())
        self.assertEqual(self.digest("runs/2019-10-04"), self.digest("alone"))
        self.assertEqual(self.table(), self.table("at_once"))
        self.assertIn("they were there already", self.run_day("2019-10-04"))
        self.assertEqual(self.table(), self.table("at_once"))

    def test_a_model_that_stays_gives_the_segments_of_predict(self):
        self.fill(1440)
        self.run_day("2019-10-01", REFIT="never")
        self.fill(900)
        self.assertIn("rfmpi predict", self.run_day("2019-10-02", REFIT="never"))
        self.fill(300)
        self.assertIn("runs/2019-10-01/model.h5", self.run_day("2019-10-03", REFIT="never"))
        self.assertIn("rfmpi train", self.run_day("2019-10-03", REFIT="Thu", RUNS="others"))
        customers = {row["id"]: row["segment"] for row in case.read_customers(self.dir / "runs" / "2019-10-03")}
        self.assertEqual({row[0]: str(row[2]) for row in self.house.rows("select id, monetary, segment from segments")}.keys(),
                         customers.keys())

    def test_a_day_for_which_the_warehouse_writes_no_file_is_no_failure(self):
        wrapper = self.dir / "rfmpi"
        wrapper.write_text(f'#!/bin/sh\nset -e\n{case.RFMPI} "$@"\n[ "$1" != unload ] || rm -f events/*/part*\n')
        wrapper.chmod(0o755)
        self.assertIn("nothing is new since ever", self.run_day("2019-10-01", RFMPI=str(wrapper)))
        self.assertFalse((self.dir / "runs").exists())

    def test_a_day_that_is_asked_to_stop_in_its_first_step_goes_on(self):
        self.fill(1440)
        self.house.order(at="storage-get", what="hang", nth=2, seconds=30)
        job = self.begin("2019-10-01")
        until = time.monotonic() + 60
        while not any(entry.get("fault") for entry in self.house.log()):
            self.assertLess(time.monotonic(), until, self.slurm.output(job))
            time.sleep(0.1)
        self.slurm.ask("scancel", "--signal=USR1", "--batch", job)
        self.slurm.wait(job, "COMPLETED", seconds=120)
        said = self.slurm.output(job)
        self.assertEqual(self.restarts(job), 1, said)
        self.assertIn("stopped on request", said)
        self.assertEqual(len(self.table()), len(case.read_customers(self.dir / "runs" / "2019-10-01")))

    def test_what_is_no_day_is_refused(self):
        job = self.begin("yesterday")
        self.slurm.wait(job, "FAILED", seconds=30)
        self.assertEqual(self.slurm.facts(job)["ExitCode"], "64:0")


if __name__ == "__main__":
    warehouse.need()
    cluster.need()
    hosts.enter_own_network()
    case.main()
