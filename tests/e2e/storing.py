"""Store a finished run in the tests' warehouse and see what became of it: shared by the tests of `rfmpi store`."""

import atexit
import csv
import functools
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import types

import case
import warehouse

PART_ROWS = 20
# What a customer may be called, and a loader must not take for anything else.
ODD_IDS = ["a,b", 'say "x"', '"', '""', "\\N", "\\\\N", "\\", "it's", "two\nlines", "tab\there", " before", "behind ", "NULL", "null", "0",
           "007", "-1", "1e5", "#", ";", "--", "%", "ünï", "日本", "🙂", "e\u0301", "\u00e9", "\ufeffmark", "é" * 127, "no value",
           "nan"]
COUNTER = itertools.count(1)


def write_events(path, ids):
    """A purchase or more of each of these customers."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["who", "when", "price", "basket"])
        for i, who in enumerate(ids):
            rows.writerows([who, f"2019-10-{1 + (i * 7 + j) % 28:02} 10:00:00", f"{(i * 37 + j * 11) % 900 + 0.25}", f"o{i}-{j}"]
                           for j in range(1 + i % 4))


def job_of(folder, **keys):
    """A job file for such events; keys are dotted with __."""
    job = {"input": {"paths": [str(folder / "events.csv")],
                     "columns": {"customer": "who", "time": "when", "amount": "price", "order": "basket"},
                     "quote": '"', "null": "no such text"},
           "cluster": {"k": 3, "names": ["Best, by far", 'The "middle"', "it's \\N"]},
           "output": {"dir": str(folder / "out"), "part_rows": PART_ROWS, "state": False}}
    for key, value in keys.items():
        section, _, name = key.partition("__")
        job[section] = {**job.get(section, {}), **({name: value} if name else value)}
    (folder / "job.yml").write_text(json.dumps(job))
    return folder / "job.yml"


@functools.cache
def finished_run(n_plain=80):
    """A run directory of several parts, made once; tests take copies of it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-finished-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_events(folder / "events.csv", ODD_IDS + [f"c{i:05}" for i in range(n_plain)])
    result = case.launch("run", job_of(folder), ranks=0)
    assert result.returncode == 0, result.stderr
    assert len(list((folder / "out" / "customers").glob("part-*"))) == -(-(n_plain + len(ODD_IDS)) // PART_ROWS)
    return folder / "out"


def manifest(run):
    return json.loads((pathlib.Path(run) / "customers" / "manifest.json").read_text())


def wanted(run):
    """The rows of customers/ as a table has them, sorted."""
    read = {"text": str, "integer": int, "number": float}
    columns = manifest(run)["columns"]
    return sorted([read[column["type"]](row[column["name"]]) for column in columns] for row in case.read_customers(run))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def yaml(text):
    """A text as the value of --set."""
    return "'" + text.replace("'", "''") + "'"


def core(secret):
    """The part of a secret that looks the same however it is escaped."""
    return max(re.findall(r"[\w+/=.-]+", secret), key=len).encode()


class Store(case.Case):
    """One warehouse for all tests of a class, a copy of the run and a table of its own for each."""

    options = {"stage": "s3"}
    words = ()                      # what each store of these tests says besides

    @classmethod
    def setUpClass(cls):
        cls.service = warehouse.Warehouse(**cls.options)
        cls.enterClassContext(cls.service)

    def setUp(self):
        super().setUp()
        self.service.reset()
        self.out, self.home, self.private = self.dir / "out", self.dir / "home", self.dir / "private"
        for folder in (self.home, self.private):
            folder.mkdir(0o700)
        shutil.copytree(finished_run(), self.out)
        self.table = f"T{next(COUNTER)}"
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                self.kill(process)
        self.assertEqual(self.service.log_text(), "")
        self.assert_no_secret_is_told()

    # ---- starting -------------------------------------------------------------------------------------------------

    def begin(self, *words, ranks=0, env=None):
        """Start rfmpi, what it says into files; nothing of this machine's own accounts and proxies is seen."""
        said = self.dir / f"said-{len(self.started)}"
        with open(said.with_suffix(".out"), "w") as out, open(said.with_suffix(".err"), "w") as err:
            process = subprocess.Popen(case.command(*words, ranks=ranks), cwd=self.dir, start_new_session=True,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env={**warehouse.outside(HOME=str(self.home)), **(env or {})})
        process.said = said
        self.started.append(process)
        return process

    def finish(self, process, code=0, timeout=60):
        process.wait(timeout)
        stdout, stderr = (process.said.with_suffix(suffix).read_text() for suffix in (".out", ".err"))
        told = types.SimpleNamespace(stdout=stdout, stderr=stderr)
        self.assertEqual(process.returncode, code, f"{process.args}\n{stdout}\n{stderr}")
        told.error = "\n".join(case.errors(told))
        return told

    def start(self, *words, code=0, timeout=60, **how):
        return self.finish(self.begin(*words, **how), code, timeout)

    def store_words(self, *more, table=None, mode="replace", run=None):
        sets = ["store.to=snowflake", f"store.table={yaml(self.table if table is None else table)}", f"store.mode={mode}",
                "log.level=debug", *self.words, *more]
        return ["store", run or self.out, *(word for one in sets for word in ("--set", one))]

    def begin_store(self, *more, env=None, login="password", **what):
        return self.begin(*self.store_words(*more, **what), env={**self.service.environment(login), **(env or {})})

    def store(self, *more, code=0, timeout=60, **what):
        return self.finish(self.begin_store(*more, **what), code, timeout)

    @staticmethod
    def kill(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait(20)

    def wait_until(self, holds, process=None, seconds=30):
        """Wait for something to be so, while the process lives."""
        until = time.monotonic() + seconds
        while not holds():
            self.assertIsNone(process and process.poll(), "it ended before")
            self.assertLess(time.monotonic(), until, "it never came to that")
            time.sleep(0.01)

    # ---- the warehouse --------------------------------------------------------------------------------------------

    def make_table(self, columns="", table=None, kind="TABLE"):
        """A table; without columns, one that has a run's, in their order, and two rows."""
        name = quoted(self.table if table is None else table)
        if columns:
            return self.service.rows(f"CREATE OR REPLACE {kind} {name} ({columns})")
        self.service.rows(f'CREATE OR REPLACE {kind} {name} ("ID" VARCHAR, "RECENCY_DAYS" DOUBLE, "FREQUENCY" DOUBLE, "MONETARY" DOUBLE, '
                          '"SEGMENT" NUMBER(38,0), "SEGMENT_NAME" VARCHAR, "DISTANCE" DOUBLE, "R_SCORE" NUMBER(38,0), '
                          '"F_SCORE" NUMBER(38,0), "M_SCORE" NUMBER(38,0), "RFM_SEGMENT" VARCHAR)',
                          f"INSERT INTO {name} SELECT 'old ' || column1, 1, 2, 3, 4, 'old', 5, 6, 7, 8, 'grid' FROM VALUES (1), (2)")
        return OLD

    def prepare(self, mode):
        """A table with old rows, and a run that has not been stored; returns what is to stay of the rows."""
        (self.out / "store.jsonl").unlink(missing_ok=True)
        self.table = f"T{next(COUNTER)}"
        self.make_table()
        self.service.reset()
        return OLD if mode == "append" else ()

    def rows(self, columns="*", table=None):
        return sorted(self.service.rows(f"SELECT {columns} FROM {quoted(self.table if table is None else table)}"))

    def assert_stored(self, more=(), **what):
        """The table has the run's rows once, and these; nothing else is left of the way there."""
        self.assertEqual(self.rows(**what), sorted([*wanted(self.out), *more]))
        self.assert_tidy()

    def assert_tidy(self):
        self.assertEqual((self.staged(), self.aside()), ([], []))
        self.assert_logged_out()

    def ids(self):
        """Of what this run directory has in the warehouse, or had."""
        journal = self.out / "store.jsonl"
        return {json.loads(line)["id"] for line in journal.read_text().splitlines()} if journal.exists() else set()

    def aside(self):
        """Tables that are on their way."""
        names = [row[0] for row in self.service.rows("SELECT TABLE_NAME FROM LOAD_DB.INFORMATION_SCHEMA.TABLES")]
        return [name for name in names if any(one in name for one in self.ids())]

    def staged(self):
        """Parts that are in a stage."""
        names = [file["name"] for files in self.service.stage_files().values() for file in files]
        return sorted(name.rpartition("/")[2] for name in names if any(one in name for one in self.ids()))

    def assert_logged_out(self):
        """Every session that was opened was closed; one whose login's answer did not arrive is nobody's."""
        def count(at):
            return sum(entry["status"] in (200, "drip") and not entry.get("code")
                       and entry.get("fault") not in ("truncated-json", "error-in-200") for entry in self.service.log(at))
        self.assertEqual(count("login"), count("logout"))

    def uploads(self):
        """Names of the parts that were sent and taken, in order."""
        return [entry["path"].rpartition("/")[2] for entry in self.service.log("storage-put") if entry["status"] in (200, 201)]

    def parts(self):
        return [part["name"] for part in manifest(self.out)["parts"]]

    def assert_no_secret_is_told(self):
        """Nothing rfmpi has written in this test, and nothing it has said, has a word that lets anybody in."""
        secrets = {core(secret): secret for secret in self.service.secrets()}
        self.assertGreater(len(secrets), 15)
        for path in self.dir.rglob("*"):
            if path.is_file() and not {self.home, self.private} & set(path.parents):
                content = path.read_bytes()
                self.assertEqual([secret for word, secret in secrets.items() if word in content], [], path.name)


OLD = [[f"old {i}", 1.0, 2.0, 3.0, 4, "old", 5.0, 6, 7, 8, "grid"] for i in (1, 2)]
