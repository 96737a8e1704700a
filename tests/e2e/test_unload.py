"""Rows of the warehouse come into files once, whole, and in steps: the daily chain of unload, prepare --onto, train and store gives
what all rows at once give."""

import csv
import datetime
import glob
import gzip
import json
import os
import signal
import subprocess
import time

import case
import warehouse

JOB = """
input:
  columns: {customer: USER_ID, time: EVENT_TIME, event: EVENT_TYPE, amount: PRICE, order: USER_SESSION}
features: {as_of: latest, list: rfm}
cluster: {k: 3, seed: 1}
store: {to: snowflake, table: SEGMENTS, create: true, retry: 20}
unload: {table: EVENTS, time_column: event_time, file_bytes: 20000}
"""


def event(i):
    when = datetime.datetime(2019, 10, 1) + datetime.timedelta(minutes=17 * i, microseconds=i)
    kind = ("view", "cart", "purchase")[i % 3]
    return f"('u, \"{i * 7 % 301}\"', '{when:%Y-%m-%d %H:%M:%S.%f}', '{kind}', {i % 97}.{i % 10}, 's{i // 9}')"


def fill(house, first, last):
    house.rows("insert into events values " + ", ".join(event(i) for i in range(first, last)))


def create(house):
    house.rows("create or replace table events (user_id varchar, event_time timestamp_ntz, event_type varchar, price double, "
               "user_session varchar)")


def rows_of(folder):
    rows = []
    for path in sorted(glob.glob(str(folder / "part*"))):
        with gzip.open(path, "rt", newline="") as file:
            rows += list(csv.reader(file))[1:]
    return rows


def met(house):
    """The requests that an order has met."""
    return [entry for entry in house.log() if entry.get("fault")]


class Unload(case.Case):
    def setUp(self):
        super().setUp()
        self.job = self.dir / "job.yml"
        self.job.write_text(JOB)

    def unload(self, house, out, *more, code=0, **how):
        return self.rfmpi("unload", self.job, "--set", f"unload.dir={self.dir / out}", "--set", "store.local_stage=true", *more,
                          code=code, env=house.environment("password"), ranks=how.pop("ranks", 0), **how)

    def test_rows_come_whole_from_every_kind_of_stage(self):
        for stage, encrypted in (("s3", False), ("s3", 128), ("s3", 256), ("gcs", False), ("gcs", 256), ("azure", False), ("azure", 128),
                                 ("local", False)):
            with self.subTest(stage=stage, encrypted=encrypted), warehouse.Warehouse(stage=stage, encrypted=encrypted) as house:
                create(house)
                fill(house, 0, 900)
                out = self.dir / f"{stage}-{encrypted}"
                said = self.unload(house, out.name).stdout
                self.assertIn("900 rows", said)
                got = rows_of(out)
                self.assertEqual(len(got), 900)
                wanted = house.rows("select user_id, to_varchar(event_time, 'YYYY-MM-DD HH24:MI:SS.FF6'), event_type from events")
                self.assertEqual(sorted((row[0], row[2]) for row in got), sorted((row[0], row[2]) for row in wanted))
                self.assertGreater(len(glob.glob(str(out / "part*"))), 1)
                self.assertEqual([files for files in house.stage_files().values() if files], [])
                self.assertIn("already", self.unload(house, out.name).stdout)

    def test_the_daily_chain_gives_what_all_rows_at_once_give(self):
        with warehouse.Warehouse(stage="s3") as house:
            env = house.environment("password")

            def run(task, *words):
                return self.rfmpi(task, self.job, *words, env=env, ranks=2)
            create(house)
            fill(house, 0, 1500)
            self.unload(house, "monday")
            run("prepare", "--set", f"input.paths=[{self.dir}/monday/part*]", "--set", f"output.dir={self.dir / 'run-monday'}")
            fill(house, 1500, 2600)
            self.unload(house, "tuesday", "--set", f"unload.after={self.dir / 'monday'}", ranks=2)
            self.assertEqual(len(rows_of(self.dir / "tuesday")), 1100)
            run("run", "--set", f"input.paths=[{self.dir}/tuesday/part*]", "--onto", self.dir / "run-monday", "--set",
                f"output.dir={self.dir / 'run-tuesday'}")
            self.unload(house, "all")
            run("run", "--set", f"input.paths=[{self.dir}/all/part*]", "--set", f"output.dir={self.dir / 'run-all'}", "--set",
                "store.table=SEGMENTS_AT_ONCE")
            digests = [case.read_report(self.dir / name)["digest"] for name in ("run-tuesday", "run-all")]
            self.assertEqual(*digests)
            self.assertEqual(house.rows("select * from segments order by id"), house.rows("select * from segments_at_once order by id"))

    def test_parquet_gives_the_same_customers_as_csv(self):
        if "parquet" not in subprocess.run([case.RFMPI, "--version"], capture_output=True, text=True).stdout.lower():
            self.skipTest("a build without Parquet")
        with warehouse.Warehouse(stage="s3") as house:
            create(house)
            fill(house, 0, 900)
            digests = []
            for kind in ("csv", "parquet"):
                self.unload(house, kind, "--set", f"unload.format={kind}")
                self.rfmpi("run", self.job, "--set", f"input.paths=[{self.dir / kind}/part*]", "--set",
                           f"output.dir={self.dir / ('run-' + kind)}", "--set", "store.to=files", ranks=2)
                digests.append(case.read_report(self.dir / ("run-" + kind))["digest"])
            self.assertEqual(*digests)

    def test_a_query_s_rows_and_rows_of_which_none_is_new(self):
        with warehouse.Warehouse(stage="s3") as house:
            create(house)
            fill(house, 0, 300)
            self.unload(house, "query", "--set", "unload.table=null", "--set", "unload.query=select * from events where price > 50")
            self.assertEqual(len(rows_of(self.dir / "query")), house.rows("select count(*) from events where price > 50")[0][0])
            self.unload(house, "first")
            self.assertIn("0 rows", self.unload(house, "second", "--set", f"unload.after={self.dir / 'first'}").stdout)
            fill(house, 300, 310)
            self.assertIn("10 rows", self.unload(house, "third", "--set", f"unload.after={self.dir / 'second'}").stdout)

    def test_a_killed_unload_goes_on_and_fetches_nothing_twice(self):
        with warehouse.Warehouse(stage="s3") as house:
            create(house)
            fill(house, 0, 2000)
            for point, nth in (("select", 1), ("copy", 1), ("list", 1), ("storage-get", 3), ("storage-get", 5)):
                with self.subTest(point=point, nth=nth):
                    out = f"killed-{point}-{nth}"
                    faults = len(met(house))
                    house.order(at=point, what="hang", nth=nth)
                    process = subprocess.Popen(
                        case.command("unload", self.job, "--set", f"unload.dir={self.dir / out}", "--set", "store.parallel=1", ranks=0),
                        env={**os.environ, **house.environment("password")}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
                    end = time.monotonic() + 20
                    while len(met(house)) == faults and time.monotonic() < end:
                        time.sleep(0.05)
                    self.assertGreater(len(met(house)), faults, "it never came to that point")
                    process.send_signal(signal.SIGKILL)
                    process.wait(timeout=10)
                    before = len(glob.glob(str(self.dir / out / "part*")))
                    gets = len(house.log("storage-get"))
                    self.unload(house, out, "--set", "store.parallel=1")
                    got = rows_of(self.dir / out)
                    self.assertEqual(len(got), 2000)
                    files = len(glob.glob(str(self.dir / out / "part*")))
                    self.assertEqual(len(house.log("storage-get")) - gets, files - before)

    def test_a_request_to_stop_ends_it_at_once_and_the_next_start_goes_on(self):
        with warehouse.Warehouse(stage="s3") as house:
            create(house)
            fill(house, 0, 2000)
            house.order(at="storage-get", what="hang", nth=3)
            process = subprocess.Popen(
                case.command("unload", self.job, "--set", f"unload.dir={self.dir / 'stopped'}", "--set", "store.parallel=1", ranks=0),
                env={**os.environ, **house.environment("password")}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
            end = time.monotonic() + 20
            while not met(house) and time.monotonic() < end:
                time.sleep(0.05)
            process.send_signal(signal.SIGUSR1)
            said = process.communicate(timeout=20)[1]
            self.assertEqual(process.returncode, 75, said)
            self.assertIn("stopped on request", said)
            before, gets = len(glob.glob(str(self.dir / "stopped" / "part*"))), len(house.log("storage-get"))
            self.unload(house, "stopped", "--set", "store.parallel=1")
            self.assertEqual(len(rows_of(self.dir / "stopped")), 2000)
            files = len(glob.glob(str(self.dir / "stopped" / "part*")))
            self.assertEqual(len(house.log("storage-get")) - gets, files - before)

    def test_what_is_wrong_is_told(self):
        with warehouse.Warehouse(stage="s3") as house:
            create(house)
            for words, code, told in (
                    (["--set", "unload.table=null"], 64, "unload.table or unload.query"),
                    (["--set", "unload.table=NO_SUCH"], 69, "NO_SUCH"),
                    (["--set", "unload.time_column=price, 1"], 64, "is no name"),
                    (["--set", f"unload.after={self.dir}"], 64, "unload.json")):
                with self.subTest(words=words):
                    self.assertIn(told, self.unload(house, "wrong", *words, code=code).stderr)
            fill(house, 0, 10)
            self.unload(house, "good")
            summary = self.dir / "good" / "unload.json"
            broken = json.loads(summary.read_text())
            broken["until"]["value"] = "2019-01-01' or '1'='1"
            summary.write_text(json.dumps(broken))
            said = self.unload(house, "wrong", "--set", f"unload.after={self.dir / 'good'}", code=65).stderr
            self.assertIn("a watermark that is none", said)


if __name__ == "__main__":
    warehouse.need()
    case.main()
